// Waiting for another thread that gives no notice: pause, then give the processor away, then sleep.
//
//   looks    0 ............ pauses ............ pauses + yields ............
//            pause          yield               sleep
//
// Sleeping is what ends a wait whose other side never gets the processor: yielding gives it to threads of the same
// priority only, so that a real-time thread that yielded to a lower one would do so until the system's limit for such
// threads stops it for its part of a second.
#ifndef EVAC_DETAIL_SYNC_BACKOFF_HPP
#define EVAC_DETAIL_SYNC_BACKOFF_HPP

#include <pthread.h>

#include <chrono>
#include <thread>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Sleeps, also in a thread that is being cancelled: sleeping is a cancellation point, and the unwinding would end the
/// program in functions that are noexcept.
inline void sleep_uncancelled(std::chrono::microseconds time) noexcept {
  int before = PTHREAD_CANCEL_ENABLE;
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  std::this_thread::sleep_for(time);
  ::pthread_setcancelstate(before, nullptr);
}

/// How many looks are followed by a pause, and how many after that by giving the processor away.
struct backoff {
  int pauses;
  int yields;
  std::chrono::microseconds sleep{50};

  /// After the given number of looks in vain, the first being 0.
  void wait(int looks) const noexcept {
    if (looks < pauses) {
      spin_pause();
    } else if (looks < pauses + yields) {
      std::this_thread::yield();
    } else {
      sleep_uncancelled(sleep);
    }
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
