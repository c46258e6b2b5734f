// A lock for a few instructions that hardly ever meet: one byte, spins, then gives the processor away.
#ifndef EVAC_DETAIL_SYNC_SPIN_LOCK_HPP
#define EVAC_DETAIL_SYNC_SPIN_LOCK_HPP

#include <absl/base/thread_annotations.h>

#include <thread>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

class ABSL_LOCKABLE spin_lock {
 public:
  spin_lock() noexcept = default;  // constexpr where the atomic's is

  void lock() noexcept ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    for (int spins = 0; !try_lock(); ++spins) {
      if (spins < spins_before_yielding) {
        spin_pause();
      } else {
        std::this_thread::yield();
      }
    }
  }
  [[nodiscard]] bool try_lock() noexcept ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    // relaxed: a hint that spares the exchange. acquire: what was done under the lock
    return !held_.load(relaxed) && !held_.exchange(true, acquire);
  }
  void unlock() noexcept ABSL_UNLOCK_FUNCTION() { held_.store(false, release); }  // release: what was done under it

 private:
  static constexpr int spins_before_yielding = 64;
  atomic<bool> held_{false};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
