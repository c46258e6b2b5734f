// A clock that goes on when a test says so.
#ifndef EVAC_TESTS_SUPPORT_MANUAL_CLOCK_HPP
#define EVAC_TESTS_SUPPORT_MANUAL_CLOCK_HPP

#include <atomic>
#include <chrono>
#include <cstddef>

namespace evac_test {

struct manual_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<manual_clock>;

  [[nodiscard]] static time_point now() {
    ++looks;
    return time_point(duration(time.load()));
  }
  static void advance(std::chrono::nanoseconds by) { time += by.count(); }

  static inline std::atomic<rep> time{1'000'000};
  static inline std::atomic<std::size_t> looks{0};  // how often it was read
};

}  // namespace evac_test

#endif
