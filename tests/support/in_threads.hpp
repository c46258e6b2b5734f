// Threads that begin together, and what they found.
#ifndef EVAC_TESTS_SUPPORT_IN_THREADS_HPP
#define EVAC_TESTS_SUPPORT_IN_THREADS_HPP

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <latch>
#include <thread>
#include <vector>

namespace evac_test {

/// Threads of a stress test: more than this machine runs at once, so that some are always stopped in the middle.
[[nodiscard]] inline std::size_t crowd() noexcept {
  return std::clamp<std::size_t>(2 * std::thread::hardware_concurrency(), 4, 8);
}

/// Gives way to another thread now and then: in visitors and functors, that is inside of what is tested. On few or busy
/// processors threads meet there only by that.
inline void stumble() noexcept {
  static thread_local unsigned steps = 0;
  if (++steps % 16 == 0) std::this_thread::yield();
}

/// Waits until another thread has made it true.
template <class Condition>
void await(const Condition& condition) {
  while (!condition()) std::this_thread::yield();
}

/// Runs work(0) ... work(threads - 1) at once, each in a thread of its own; returns the sum of what they return.
/// Catch2's assertions are for the main thread: work counts what is wrong, and the caller requires that there was
/// nothing.
template <class Work>
std::size_t in_threads(std::size_t threads, const Work& work) {
  std::atomic<std::size_t> sum{0};
  std::latch start(static_cast<std::ptrdiff_t>(threads));
  std::vector<std::thread> running;
  for (std::size_t i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      start.arrive_and_wait();
      if constexpr (std::same_as<decltype(work(i)), void>) {
        work(i);
      } else {
        sum += static_cast<std::size_t>(work(i));
      }
    });
  }
  for (std::thread& each : running) each.join();
  return sum;
}

/// Runs work in a thread of its own and waits for it; passes on what it throws.
template <class Work>
void in_another_thread(const Work& work) {
  std::exception_ptr thrown;
  std::thread([&] {
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace evac_test

#endif
