// Readers that announce themselves in memory of their own instead of in the lock that they hold.
//
//   record of one thread, on lines of its own:   | lock A | - | lock C | - | ...    14 slots
//
// A reader of a biased lock writes the lock's address into a free slot of its thread's record; a writer that has revoked the
// bias looks through the records of all threads. This is the table of visible readers of BRAVO (Dice and Kogan, USENIX
// ATC 2019), with a row for each thread instead of one hash table, so that no two threads ever write the same line.
#ifndef EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP
#define EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/record_list.hpp"

namespace evac::detail {

class visible_readers {
 public:
  /// Sampled reads without a writer after which a lock is biased at the earliest.
  static constexpr std::uint32_t least_price = 64;

  /// Announces that this thread reads under `lock`; false if it has no slot left. The caller must look again whether
  /// the lock is biased: only then does a writer see the announcement.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool enter(const void* lock) noexcept {
    record* const own = mine();
    if (own == nullptr) [[unlikely]] return false;
    for (auto& slot : own->slots) {
      // relaxed: only this thread writes its slots.
      if (slot.load(relaxed) != nullptr) continue;
      asymmetric_fence::announce(slot, lock);
      ++own->held;
      return true;
    }
    return false;
  }

  /// Withdraws the announcement; false if there is none.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool leave(const void* lock) noexcept {
    record* const own = mine_;
    if (own == nullptr || own->held == 0) return false;
    for (auto& slot : own->slots) {
      if (slot.load(relaxed) != lock) continue;  // relaxed: only this thread writes its slots
      slot.store(nullptr, release);              // release: what was read under the lock was read before
      --own->held;
      return true;
    }
    return false;
  }

  /// Whether any thread reads under `lock`. After the bias was revoked and asymmetric_fence::heavy().
  [[nodiscard]] static bool any(const void* lock) noexcept {
    bool found = false;
    records_.for_each([&](const record& each) {
      for (const auto& slot : each.slots) {
        // seq_cst: after the revocation in the one order of both sides; and acquires what leave() released.
        if (slot.load(seq_cst) == lock) found = true;
      }
      return !found;
    });
    return found;
  }

  /// True once in `period` calls of this thread, a power of two.
  [[nodiscard]] static bool sample(std::uint32_t period) noexcept {
    record* const own = mine();
    return own != nullptr && (++own->samples & (period - 1)) == 0;
  }

 private:
  struct record {
    static constexpr std::size_t capacity = 12;
    atomic<const void*> slots[capacity] = {};  // written by the owner, read by writers
    std::uint32_t held = 0;                    // slots in use; the owner's
    std::uint32_t samples = 0;                 // the owner's
  };
  // Gives the record back when the thread ends. What the thread does after that, in destructors of other thread-local objects,
  // finds no record and takes the way of an unbiased lock.
  struct owner {
    owner() noexcept : own(records_.take()) {}
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;
    ~owner() {
      mine_ = nullptr;
      ended_ = true;
      if (own != nullptr) record_list<record>::give_back(own);
    }
    record* own;
  };

  [[nodiscard]] EVAC_ALWAYS_INLINE static record* mine() noexcept {
    record* const own = mine_;
    return own != nullptr ? own : join();
  }
  EVAC_NEVER_INLINE static record* join() noexcept {
    if (ended_) return nullptr;
    static thread_local owner joined;
    mine_ = joined.own;
    return mine_;
  }

  // Visible, so that there is one list for all shared objects of a process that lock the same locks.
  [[gnu::visibility("default")]] static inline constinit record_list<record> records_;
  [[gnu::visibility("default")]] static inline constinit thread_local record* mine_ = nullptr;
  [[gnu::visibility("default")]] static inline constinit thread_local bool ended_ = false;
};

}  // namespace evac::detail

#endif
