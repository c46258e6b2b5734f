// Every operation timed by itself while a map grows from empty.
#ifndef EVAC_BENCH_LATENCY_GROWING_HPP
#define EVAC_BENCH_LATENCY_GROWING_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/measure.hpp"
#include "support/thread_latencies.hpp"
#include "support/threads.hpp"

namespace bench {

enum class operation { insert, hit, miss, erase };
inline constexpr std::array operations_timed{operation::insert, operation::hit, operation::miss, operation::erase};
[[nodiscard]] inline const char* name_of(operation of) {
  constexpr std::array names{"insert", "hit", "miss", "erase"};
  return names[static_cast<std::size_t>(of)];
}

struct growing_figures {
  static constexpr std::size_t windows = 400;
  std::array<thread_latencies, operations_timed.size()> of;
  std::array<std::uint64_t, windows> worst_insert;  // of each stretch of the growth
  std::uint64_t reached;                            // elements at the end: all, unless time was up
  bool right;
};

/// Each thread, over and over: inserts a new key, looks up one that is there and one that is not, and after every
/// fourth insert erases its oldest key; so the map grows by three elements for four inserts. Keys of threads are apart,
/// so that each knows what it must find.
template <class Map>
[[nodiscard]] growing_figures time_growing(std::size_t threads, std::size_t elements, double patience) {
  constexpr std::uint64_t never = std::uint64_t{1} << 63U;
  auto& map = *new Map(0);  // never destroyed: the process ends here
  const stopwatch watch;
  struct alignas(64) outcome {
    growing_figures figures{};
    std::uint64_t held = 0;
    std::uint64_t wrong = 0;
  };
  std::vector<outcome> outcomes(threads);
  const std::uint64_t inserts = elements / threads * 4 / 3;
  const threads_run run = run_threads(threads, patience, [&](std::size_t t, const std::atomic<bool>& stop) {
    outcome& own = outcomes[t];
    const auto timed = [&](operation of, const auto& work) {
      const std::uint64_t begin = watch.now_in_order();
      const bool done = work();
      const std::uint64_t taken = watch.now_in_order() - begin;
      own.figures.of[static_cast<std::size_t>(of)].add(taken);
      return std::pair(done, taken);
    };
    const auto key_of = [&](std::uint64_t index) { return random_key(index * threads + t); };
    std::uint64_t erased = 0;
    std::uint64_t i = 0;
    // relaxed: when exactly it is seen does not matter
    for (; i < inserts && !stop.load(std::memory_order_relaxed); ++i) {
      const std::uint64_t fresh = key_of(i);
      const auto [inserted, taken] = timed(operation::insert, [&] { return map.insert(fresh, ~fresh); });
      std::uint64_t& worst = own.figures.worst_insert[i * growing_figures::windows / inserts];
      worst = std::max(worst, taken);

      const std::uint64_t present = key_of(erased + random_key(~i) % (i + 1 - erased));
      std::uint64_t value = 0;
      const bool hit = timed(operation::hit, [&] { return map.find(present, value); }).first && value == ~present;

      const std::uint64_t absent = key_of(never / threads + i);
      const bool missed = !timed(operation::miss, [&] { return map.find(absent, value); }).first;

      own.wrong += inserted && hit && missed ? 0 : 1;
      if (i % 4 != 3) continue;
      const std::uint64_t oldest = key_of(erased++);
      own.wrong += timed(operation::erase, [&] { return map.erase(oldest); }).first ? 0 : 1;
    }
    own.held = i - erased;
    return i;
  });
  static_cast<void>(run);
  growing_figures all{};
  std::uint64_t wrong = 0;
  for (const outcome& each : outcomes) {
    for (std::size_t i = 0; i < all.of.size(); ++i) all.of[i].add(each.figures.of[i]);
    for (std::size_t i = 0; i < all.worst_insert.size(); ++i) {
      all.worst_insert[i] = std::max(all.worst_insert[i], each.figures.worst_insert[i]);
    }
    all.reached += each.held;
    wrong += each.wrong;
  }
  all.right = wrong == 0 && map.size() == all.reached;
  return all;
}

/// The share of the stopwatch in each figure: the median of timing nothing.
[[nodiscard]] inline std::uint64_t cost_of_timing() {
  const stopwatch watch;
  latency_histogram nothing;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t begin = watch.now_in_order();
    nothing.add(watch.now_in_order() - begin);
  }
  return nothing.percentile(0.5);
}

}  // namespace bench

#endif
