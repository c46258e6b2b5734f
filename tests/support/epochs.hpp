// Common parts of the tests of epoch_domain: objects that count their end, guards in other threads.
#ifndef EVAC_TESTS_SUPPORT_EPOCHS_HPP
#define EVAC_TESTS_SUPPORT_EPOCHS_HPP

#include <atomic>
#include <cstddef>
#include <evac/epoch.hpp>
#include <latch>
#include <thread>

#include "support/in_threads.hpp"

namespace evac_test {

using evac::epoch_domain;
using domain_guard = epoch_domain::guard;

/// The domain's own bytes for each object that waits count as well.
inline constexpr std::size_t note_bytes = sizeof(evac::detail::retired_object);

/// A domain that is full after a few objects of this size.
inline constexpr std::size_t small_cap = std::size_t{16} << 10U;
inline constexpr std::size_t object_bytes = 256;

/// Counts its end.
struct tallied {
  std::atomic<std::size_t>* gone;
  explicit tallied(std::atomic<std::size_t>& count) : gone(&count) {}
  tallied(const tallied&) = delete;
  tallied& operator=(const tallied&) = delete;
  ~tallied() { ++*gone; }
};

inline void retire_some(epoch_domain& domain, std::atomic<std::size_t>& gone, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) domain.retire(new tallied(gone));
}

/// Holds a guard in a thread of its own until release().
class guard_elsewhere {
 public:
  explicit guard_elsewhere(epoch_domain& domain) {
    std::latch inside(1);
    thread_ = std::thread([&] {
      const domain_guard held(domain);
      inside.count_down();
      await([&] { return released_.load(); });
    });
    inside.wait();
  }
  guard_elsewhere(const guard_elsewhere&) = delete;
  guard_elsewhere& operator=(const guard_elsewhere&) = delete;
  ~guard_elsewhere() { release(); }
  void release() {
    released_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<bool> released_{false};
  std::thread thread_;
};

}  // namespace evac_test

#endif
