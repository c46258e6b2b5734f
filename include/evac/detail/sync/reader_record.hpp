// The locks under which one thread reads, for writers to see.
//
//   | lock A | - | lock C | - | ...        written by the thread, in any order; read by everybody
#ifndef EVAC_DETAIL_SYNC_READER_RECORD_HPP
#define EVAC_DETAIL_SYNC_READER_RECORD_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

struct thread_marks;

/// What no two threads have that are alive: the address of an object that each thread has one of. The same in all shared
/// objects, and in the child of a fork().
using thread_identity = const int*;

template <std::size_t Capacity>
class reader_record {
 public:
  // --- only the owner ------------------------------------------------------------------------------------------------

  /// Announces a lock; false if there is no room.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool enter(const void* lock) noexcept {
    // Most threads read under one lock at a time: the first slot is theirs without a loop. relaxed: only this thread
    // writes its slots.
    if (slots_[0].load(relaxed) == nullptr) [[likely]] {
      take(slots_[0], lock);
      return true;
    }
    return enter_behind(lock);
  }

  /// Withdraws the announcement; false if there is none.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool leave(const void* lock) noexcept {
    if (slots_[0].load(relaxed) == lock) {  // relaxed: only this thread writes its slots
      withdraw(slots_[0]);
      return true;
    }
    return held_ != 0 && leave_behind(lock);
  }

  /// True once in `period` calls on average, a power of two: by chance, so that no rhythm of the locks that a thread reads
  /// in turn leaves one of them out.
  [[nodiscard]] bool sample(std::uint32_t period) noexcept {
    chance_ = chance_ * 1664525U + 1013904223U;  // Numerical Recipes; the upper bits are the better ones
    return chance_ < ~std::uint32_t{0} / period;
  }

  /// What a lock says while its readers announce themselves beside this record.
  [[nodiscard]] EVAC_ALWAYS_INLINE std::uint32_t word() const noexcept { return word_; }

  /// Becomes the record of a thread, which is in a registry of this word and this fence.
  void begin(thread_identity owner, std::uint32_t word, bool plain) noexcept {
    word_ = word;
    plain_ = plain;
    owner_.store(owner, relaxed);  // relaxed: only its own thread finds it by that
  }
  /// The thread has ended. What it still holds, objects of it that outlive its record withdraw later.
  void end() noexcept { ended_ = true; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool is_empty() const noexcept { return held_ == 0; }

  /// Shared objects that use the record: one more; one less, and whether that was the last.
  void add_user() noexcept { ++users_; }
  [[nodiscard]] bool drop_user() noexcept { return --users_ == 0; }
  /// The marks of those: see reentry.hpp.
  [[nodiscard]] thread_marks*& marks() noexcept { return marks_; }

  // --- anybody -------------------------------------------------------------------------------------------------------

  /// For writers, after the bias was revoked and the heavy side of the fence.
  [[nodiscard]] bool holds(const void* lock) const noexcept {
    bool found = false;
    for (const auto& slot : slots_) {
      // seq_cst: after the revocation in the one order of both sides; and acquires what leave() released.
      if (slot.load(seq_cst) == lock) found = true;
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
    held_ = 0;
    ended_ = false;
    users_ = 0;
    marks_ = nullptr;
  }

 private:
  EVAC_ALWAYS_INLINE void take(own_atomic<const void*>& slot, const void* lock) noexcept {
    asymmetric_fence::announce(plain_, slot, lock);
    ++held_;
  }
  EVAC_ALWAYS_INLINE void withdraw(own_atomic<const void*>& slot) noexcept {
    slot.store(nullptr, release);  // release: what was read under the lock was read before
    --held_;
  }
  // The same in the slots behind the first.
  [[nodiscard]] EVAC_NEVER_INLINE bool enter_behind(const void* lock) noexcept {
    for (std::size_t i = 1; i != Capacity; ++i) {
      if (slots_[i].load(relaxed) != nullptr) continue;  // relaxed: as in enter()
      take(slots_[i], lock);
      return true;
    }
    return false;
  }
  [[nodiscard]] EVAC_NEVER_INLINE bool leave_behind(const void* lock) noexcept {
    for (std::size_t i = 1; i != Capacity; ++i) {
      if (slots_[i].load(relaxed) != lock) continue;  // relaxed: as in leave()
      withdraw(slots_[i]);
      return true;
    }
    return false;
  }

  own_atomic<const void*> slots_[Capacity] = {};  // written by the owner, read by writers
  own_atomic<thread_identity> owner_{nullptr};    // written by the owner
  // The owner's, all of these:
  thread_marks* marks_ = nullptr;
  std::uint32_t word_ = 0;
  std::uint32_t chance_ = 0;
  std::uint32_t held_ = 0;  // slots in use
  std::uint16_t users_ = 0;
  bool plain_ = false;
  bool ended_ = false;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
