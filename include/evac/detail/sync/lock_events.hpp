// Events of a lock: the members that a lock calls on an object that counts them, an object that counts none, and the
// measuring of one wait.
#ifndef EVAC_DETAIL_SYNC_LOCK_EVENTS_HPP
#define EVAC_DETAIL_SYNC_LOCK_EVENTS_HPP

#include <chrono>
#include <cstdint>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The events of a lock, not counted. Another type with these members counts them; its about_to_wait() may throw, and
/// then the call has changed nothing. It may also have parked_for(std::chrono::nanoseconds), which is told after each
/// sleep how long that was; and wait_begins() together with waited(std::chrono::nanoseconds, holder): the first is told
/// that looking was not enough, and the second, when the thread has the lock, how long that took, and what the first
/// returned.
struct no_lock_events {
  static void about_to_wait() noexcept {}
  static void contended() noexcept {}
  static void parked() noexcept {}
  static void revoked() noexcept {}
};

/// Whether the events want to know of whole waits.
template <class Events>
concept told_of_waits = requires(Events& events) { events.waited(std::chrono::nanoseconds(), events.wait_begins()); };

/// One wait for a lock, from the moment when the thread has to wait until it has the lock.
template <class Events>
class one_wait {
 public:
  explicit one_wait(Events& events) noexcept : events_(events) {}
  one_wait(const one_wait&) = delete;
  one_wait& operator=(const one_wait&) = delete;

  /// Sleeps while the word has that value.
  void sleep(const atomic<std::uint32_t>& word, std::uint32_t value) noexcept {
    events_.parked();
    if constexpr (requires { events_.parked_for(std::chrono::nanoseconds()); }) {
      begin();
      sleep_while(word, value);
      const auto before = taken_;
      end();
      events_.parked_for(taken_ - before);
    } else {
      sleep_while(word, value);
    }
  }
  /// Around what keeps the thread waiting in another way.
  void begin() noexcept {
    if constexpr (told_of_waits<Events>) {
      if (!std::exchange(begun_, true)) holder_ = events_.wait_begins();
    }
    began_ = std::chrono::steady_clock::now();
  }
  void end() noexcept { taken_ += std::chrono::steady_clock::now() - std::exchange(began_, {}); }
  /// The thread has the lock.
  void over() noexcept {
    if (began_ != std::chrono::steady_clock::time_point()) end();
    if constexpr (told_of_waits<Events>) {
      if (begun_) events_.waited(taken_, holder_);
    }
  }

 private:
  struct unknown {};
  template <class E>
  struct holder {
    using type = unknown;
  };
  template <told_of_waits E>
  struct holder<E> {
    using type = decltype(std::declval<E&>().wait_begins());
  };

  Events& events_;
  std::chrono::steady_clock::time_point began_;
  std::chrono::nanoseconds taken_{0};
  bool begun_ = false;
  [[no_unique_address]] typename holder<Events>::type holder_{};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
