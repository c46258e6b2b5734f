// The time it takes to move a cache line from one core to another.
#ifndef EVAC_BENCH_SCALE_TRANSFER_HPP
#define EVAC_BENCH_SCALE_TRANSFER_HPP

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <thread>

#include "support/measure.hpp"
#include "support/threads.hpp"

namespace bench {

/// Two threads on two cores hand a word to each other. Each handover is a read of a line that the other has written and
/// a write to a line that the other has read: two transfers, as line_directory counts. The fastest of many rounds, for
/// in the others one of the two was not running. Not a number where there is one core.
[[nodiscard]] inline double measured_transfer_nanoseconds() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  constexpr std::uint64_t rounds = 100;
  constexpr std::uint64_t handovers = 2'000;  // each way
  struct alignas(128) word {
    std::atomic<std::uint64_t> turn{0};
  };
  word shared;
  const auto wait_for = [&](std::uint64_t turn) {
    for (std::uint64_t looks = 0; shared.turn.load(std::memory_order_acquire) != turn; ++looks) {
      // Where both have to share a core after all, waiting must not use up the slice.
      if (looks > 10'000) std::this_thread::yield();
    }
  };
  std::thread other([&] {
    pin_thread(1);
    for (std::uint64_t i = 0; i < rounds * handovers; ++i) {
      wait_for(2 * i + 1);
      shared.turn.store(2 * i + 2, std::memory_order_release);
    }
  });
  double fastest = std::numeric_limits<double>::infinity();
  std::thread timer([&] {
    pin_thread(0);
    for (std::uint64_t round = 0; round < rounds; ++round) {
      const std::uint64_t begin = nanoseconds();
      for (std::uint64_t i = round * handovers; i < (round + 1) * handovers; ++i) {
        shared.turn.store(2 * i + 1, std::memory_order_release);
        wait_for(2 * i + 2);
      }
      fastest = std::min(fastest, static_cast<double>(nanoseconds() - begin));
    }
  });
  timer.join();
  other.join();
  return fastest / (4 * handovers);
}

}  // namespace bench

#endif
