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

template <std::size_t Capacity>
class reader_record {
 public:
  /// Announces a lock; false if there is no room. Only the owner, as everything but holds().
  [[nodiscard]] EVAC_ALWAYS_INLINE bool enter(const void* lock) noexcept {
    for (auto& slot : slots_) {
      // relaxed: only this thread writes its slots.
      if (slot.load(relaxed) != nullptr) continue;
      asymmetric_fence::announce(slot, lock);
      ++held_;
      return true;
    }
    return false;
  }

  /// Withdraws the announcement; false if there is none.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool leave(const void* lock) noexcept {
    if (held_ == 0) return false;
    for (auto& slot : slots_) {
      if (slot.load(relaxed) != lock) continue;  // relaxed: only this thread writes its slots
      slot.store(nullptr, release);              // release: what was read under the lock was read before
      --held_;
      return true;
    }
    return false;
  }

  /// For writers, after the bias was revoked and asymmetric_fence::heavy().
  [[nodiscard]] bool holds(const void* lock) const noexcept {
    bool found = false;
    for (const auto& slot : slots_) {
      // seq_cst: after the revocation in the one order of both sides; and acquires what leave() released.
      if (slot.load(seq_cst) == lock) found = true;
    }
    return found;
  }

  /// True once in `period` calls, a power of two.
  [[nodiscard]] bool sample(std::uint32_t period) noexcept { return (++samples_ & (period - 1)) == 0; }

  /// The thread ends. What it still holds, it withdraws later.
  void end() noexcept { held_ |= ended; }
  /// Whether the thread has ended and holds nothing any more.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool over() const noexcept { return held_ == ended; }
  /// Ready for another thread.
  void renew() noexcept { held_ = 0; }

 private:
  static constexpr std::uint32_t ended = std::uint32_t{1} << 31U;

  own_atomic<const void*> slots_[Capacity] = {};  // written by the owner, read by writers
  std::uint32_t held_ = 0;                        // slots in use, and `ended`; the owner's
  std::uint32_t samples_ = 0;                     // the owner's
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
