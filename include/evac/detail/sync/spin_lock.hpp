// A lock of one byte, for short sections that hardly ever meet: spins, gives the processor away, and at last sleeps.
#ifndef EVAC_DETAIL_SYNC_SPIN_LOCK_HPP
#define EVAC_DETAIL_SYNC_SPIN_LOCK_HPP

#include <algorithm>

#include "evac/detail/config.hpp"
#include "evac/detail/platform/thread_annotations.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/backoff.hpp"

namespace evac::inline EVAC_ABI::detail {

class EVAC_LOCKABLE spin_lock {
 public:
  spin_lock() noexcept = default;  // constexpr where the atomic's is

  void lock() noexcept EVAC_EXCLUSIVE_LOCK_FUNCTION() {
    for (int looks = 0; !try_lock(); looks = (std::min)(looks + 1, most_looks)) patience.wait(looks);
  }
  [[nodiscard]] bool try_lock() noexcept EVAC_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    // relaxed: a hint that spares the exchange. acquire: what was done under the lock
    return !held_.load(relaxed) && !held_.exchange(true, acquire);
  }
  void unlock() noexcept EVAC_UNLOCK_FUNCTION() { held_.store(false, release); }  // release: what was done under it

 private:
  static constexpr backoff patience{.pauses = 64, .yields = 64};
  static constexpr int most_looks = 128;  // counts no further
  atomic<bool> held_{false};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
