// The events of a lock that nobody counts.
#ifndef EVAC_DETAIL_SYNC_NO_LOCK_EVENTS_HPP
#define EVAC_DETAIL_SYNC_NO_LOCK_EVENTS_HPP

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The events of a lock, not counted. Another type with these members counts them; its about_to_wait() may throw, and
/// then the call has changed nothing. It may also have parked_for(std::chrono::nanoseconds), which is told after each
/// sleep how long that was.
struct no_lock_events {
  static void about_to_wait() noexcept {}
  static void contended() noexcept {}
  static void parked() noexcept {}
  static void revoked() noexcept {}
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
