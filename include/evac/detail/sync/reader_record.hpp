// Record of the locks under which one thread reads, for writers to see.
//
//   0            8                             376       384
//   | mark, word | lock A | - | lock C | ...  | ...  | chances | owner, marks ... |
//                     written by the thread, in any order; writers read as far as the mark
//
// The mark is one more than the last slot that was ever used. Most threads read under one lock at a time, so that a
// writer looks at one line of each record; a bulk of look-ups holds a lock for each of its keys.
#ifndef EVAC_DETAIL_SYNC_READER_RECORD_HPP
#define EVAC_DETAIL_SYNC_READER_RECORD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/bias_word.hpp"

namespace evac::inline EVAC_ABI::detail {

struct thread_marks;

/// Identity of a living thread: the address of an object that each thread has one of. The same in all shared
/// objects, and in the child of a fork().
using thread_identity = const int*;

template <std::size_t Capacity>
class reader_record {
  static_assert(Capacity != 0 && Capacity < 256);  // what counts the slots in use is a byte

 public:
  // --- only the owner ------------------------------------------------------------------------------------------------

  /// Announces a lock with this word in the usual case: the lock is biased to the registry of this record, where
  /// announcing is a plain store, and the thread reads under no other lock. False in any other case.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool enter_at_once(const void* lock, std::uint32_t word) noexcept {
    if (word != plain_word_) return false;
    if (slots_[0].load(relaxed) != nullptr) return false;  // relaxed: only this thread writes its slots
    asymmetric_fence::announce(true, slots_[0], lock);
    return true;
  }
  /// Announces a lock; false if there is no room.
  [[nodiscard]] bool enter(const void* lock) noexcept { return enter(lock, plain_word_ == word_); }
  /// The same for writers that pass no fence before they look.
  [[nodiscard]] bool enter_by_exchange(const void* lock) noexcept { return enter(lock, false); }

  /// Withdraws the announcement if it is in the first slot.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool leave_at_once(const void* lock) noexcept {
    if (slots_[0].load(relaxed) != lock) return false;  // relaxed: as in enter_at_once()
    slots_[0].store(nullptr, release);                  // release: what was read under the lock was read before
    return true;
  }
  /// Withdraws the announcement; false if there is none.
  [[nodiscard]] bool leave(const void* lock) noexcept {
    return leave_at_once(lock) || (behind_first_ != 0 && leave_behind(lock));
  }

  /// Whether this read is one of those that count: one in sixteen on average, by chance, so that no rhythm of the locks
  /// that a thread reads in turn leaves one of them out. If so, the owner draws the next one. Always true of a record
  /// that no thread has: it is not written.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool is_sampled() noexcept {
    if (until_sampled_ == 0) return true;
    --until_sampled_;
    return false;
  }
  void draw_next_read() noexcept { until_sampled_ = draw(); }
  /// True once in `period` calls on average, a power of two.
  [[nodiscard]] bool sample(std::uint32_t period) noexcept {
    advance_chance();
    return chance_ < ~std::uint32_t{0} / period;
  }

  /// The word of a lock while its readers announce themselves beside this record.
  [[nodiscard]] EVAC_ALWAYS_INLINE std::uint32_t word() const noexcept { return word_; }

  /// Becomes the record of a thread, which is in a registry of this word and this fence.
  void begin(thread_identity owner, std::uint32_t word, bool plain) noexcept {
    word_ = word;
    plain_word_ = plain ? word : bias_word::of_none;
    owner_.store(owner, relaxed);  // relaxed: only its own thread finds it by that
    // Threads that read once or twice are sampled as others are: not all at the same read, and not the first one more or
    // less often. The lesser of two draws has the distribution of what is left of one, seen at any time.
    if (chance_ == 0) chance_ = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(this) / cache_line);
    const std::uint16_t first = draw();
    until_sampled_ = (std::min)(first, draw());
  }
  /// The thread has ended. What it still holds, objects of it that outlive its record withdraw later.
  void end() noexcept { ended_ = true; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool is_empty() const noexcept {
    return slots_[0].load(relaxed) == nullptr && behind_first_ == 0;  // relaxed: as in enter_at_once()
  }

  /// Shared objects that use the record: one more; one less, and whether that was the last.
  void add_user() noexcept { ++users_; }
  [[nodiscard]] bool drop_user() noexcept { return --users_ == 0; }
  /// The marks of those: see reentry.hpp.
  [[nodiscard]] thread_marks*& marks() noexcept { return marks_; }

  // --- anybody -------------------------------------------------------------------------------------------------------

  /// For writers, after the bias was revoked and the heavy side of the fence.
  [[nodiscard]] bool holds(const void* lock) const noexcept {
    bool found = false;
    // seq_cst, both: after the revocation in the one order of both sides; and acquires what leave() released.
    const std::size_t used = mark_.load(seq_cst);
    for (std::size_t i = 0; i != used; ++i) {
      if (slots_[i].load(seq_cst) == lock) found = true;
    }
    return found;
  }
  [[nodiscard]] bool is_of(thread_identity thread) const noexcept {
    return owner_.load(relaxed) == thread;  // relaxed: as in begin()
  }

  /// As a new one, for another thread: by the owner, or in the child of a fork() in which the owner is gone.
  void renew() noexcept {
    for (auto& slot : slots_) {
      if (slot.load(relaxed) != nullptr) slot.store(nullptr, relaxed);  // relaxed, both: there is one thread
    }
    owner_.store(nullptr, relaxed);  // relaxed: as in begin()
    behind_first_ = 0;
    ended_ = false;
    users_ = 0;
    marks_ = nullptr;
  }

 private:
  // 0 to 30, 15 on average.
  [[nodiscard]] std::uint16_t draw() noexcept {
    advance_chance();
    return static_cast<std::uint16_t>((chance_ >> 16U) * 31U >> 16U);
  }
  // Numerical Recipes; the upper bits are the better ones.
  void advance_chance() noexcept { chance_ = chance_ * 1664525U + 1013904223U; }
  [[nodiscard]] EVAC_ALWAYS_INLINE bool enter(const void* lock, bool by_store) noexcept {
    const std::size_t at = free_slot();
    if (at == Capacity) return false;
    if (at != 0) ++behind_first_;
    // relaxed: only this thread writes it. seq_cst: by the same rule as the announcement a writer sees it
    if (at >= mark_.load(relaxed)) mark_.exchange(static_cast<std::uint16_t>(at + 1), seq_cst);
    asymmetric_fence::announce(by_store, slots_[at], lock);
    return true;
  }
  // Threads mostly leave first what they have entered last: then the slots in use are those at the front.
  // relaxed, all of these loads: only this thread writes its slots.
  [[nodiscard]] std::size_t free_slot() const noexcept {
    if (slots_[0].load(relaxed) == nullptr) return 0;
    std::size_t at = std::size_t{behind_first_} + 1;
    if (at != Capacity && slots_[at].load(relaxed) != nullptr) {
      for (at = 1; slots_[at].load(relaxed) != nullptr;) ++at;  // there is one: fewer are in use than there are
    }
    return at;
  }
  [[nodiscard]] EVAC_NEVER_INLINE bool leave_behind(const void* lock) noexcept {
    std::size_t at = behind_first_;
    if (slots_[at].load(relaxed) != lock) {
      at = 1;
      while (at != Capacity && slots_[at].load(relaxed) != lock) ++at;
      if (at == Capacity) return false;
    }
    slots_[at].store(nullptr, release);  // release: as in leave()
    --behind_first_;
    return true;
  }

  own_atomic<std::uint16_t> mark_{1};              // written by the owner, read by writers; never becomes less
  std::uint32_t plain_word_ = bias_word::of_none;  // word_ where announcing is a plain store
  own_atomic<const void*> slots_[Capacity] = {};   // written by the owner, read by writers
  std::uint32_t chance_ = 0;                       // the owner's
  // In use behind the first. That is not counted: its owner writes one line for it, and one is what writers take away.
  std::uint8_t behind_first_ = 0;
  std::uint16_t until_sampled_ = 0;  // the owner's
  // Written when the owner changes, and so apart: writers come by the line when they go to the next record.
  alignas(cache_line) own_atomic<thread_identity> owner_{nullptr};
  thread_marks* marks_ = nullptr;
  std::uint32_t word_ = bias_word::of_none;
  std::uint16_t users_ = 0;
  bool ended_ = false;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
