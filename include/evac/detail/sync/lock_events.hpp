// Events of a lock: what a lock tells an object that counts them, and the one that does not.
#ifndef EVAC_DETAIL_SYNC_LOCK_EVENTS_HPP
#define EVAC_DETAIL_SYNC_LOCK_EVENTS_HPP

#include <chrono>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

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

/// Sleeps while the word has that value, and tells the events how long that was, if they want to know.
template <class Events>
void sleep_and_tell(const atomic<std::uint32_t>& word, std::uint32_t value, Events& events) noexcept {
  if constexpr (requires { events.parked_for(std::chrono::nanoseconds()); }) {
    const auto began = std::chrono::steady_clock::now();
    sleep_while(word, value);
    events.parked_for(std::chrono::steady_clock::now() - began);
  } else {
    sleep_while(word, value);
  }
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
