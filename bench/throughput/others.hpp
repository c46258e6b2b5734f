// Measurements other than mixes on a filled map: growing under load, footprint, visitors that sleep.
#ifndef EVAC_BENCH_THROUGHPUT_OTHERS_HPP
#define EVAC_BENCH_THROUGHPUT_OTHERS_HPP

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "support/memory_use.hpp"
#include "support/results.hpp"
#include "support/thread_latencies.hpp"
#include "support/threads.hpp"
#include "throughput/streams.hpp"

namespace bench {

// ---- growing under load

/// Nanoseconds of single operations, and million operations a second in all.
struct growth_figures {
  double p50, p99, p999, p9999, longest, longest_undisturbed;
  double rate;
  double reached;  // elements at the end: all, or as many as were there when time was up
};

/// Two threads, each a tenth inserts of new keys and nine tenths look-ups of which half hit, from empty to `keys`.
template <class Peer>
[[nodiscard]] growth_figures grow_under_load(std::size_t keys) {
  constexpr std::size_t threads = 2;
  constexpr double patience = 30;
  auto& map = *new typename Peer::template map<std::uint64_t, std::uint64_t>(0);  // as in run_mixes()
  const stopwatch watch;
  std::vector<thread_latencies> latencies(threads);
  std::array<std::uint64_t, threads> wrong{};
  std::array<std::uint64_t, threads> reached{};
  const threads_run run = run_threads(threads, patience, [&](std::size_t t, const std::atomic<bool>& stop) {
    thread_latencies& own = latencies[t];
    std::uint64_t done = 0;
    std::uint64_t inserted = 0;
    // relaxed: when exactly it is seen does not matter
    for (; inserted < keys / threads && !stop.load(std::memory_order_relaxed); ++done) {
      const std::uint64_t dice = random_key(~(done * threads + t));
      const bool inserts = dice % 10 == 0;
      // The keys of this thread are 2 i + t; a look-up draws from twice as many as it has inserted.
      const std::uint64_t drawn = inserts ? inserted++ : (dice >> 32U) * (2 * inserted) >> 32U;
      const std::uint64_t key = random_key(drawn * threads + t);
      const bool expected = drawn < inserted;
      bool found = true;
      std::uint64_t value = ~key;
      const std::uint64_t begin = watch.now();
      if (inserts) {
        found = map.insert(key, ~key);
      } else {
        found = map.find(key, value);
      }
      own.add(watch.now() - begin);
      wrong[t] += found != expected || value != ~key ? 1 : 0;
    }
    reached[t] = inserted;
    return done;
  });
  thread_latencies all;
  for (const auto& each : latencies) all.add(each);
  const std::uint64_t elements = reached[0] + reached[1];
  if (map.size() != elements || wrong[0] + wrong[1] != 0) {
    return {invalid, invalid, invalid, invalid, invalid, invalid, invalid, invalid};
  }
  const auto at = [&](double share) { return static_cast<double>(all.histogram().percentile(share)); };
  const auto longest = static_cast<double>(all.histogram().most());
  return {at(0.5),    at(0.99),
          at(0.999),  at(0.9999),
          longest,    static_cast<double>(all.longest_undisturbed()),
          run.mops(), static_cast<double>(elements)};
}

// ---- footprint

struct footprint {
  double empty;                   // resident bytes of a map without elements, the object included
  double grown, made_to_measure;  // resident bytes per element at a million, grown from empty or made for so many
};

template <class Peer>
[[nodiscard]] footprint weigh() {
  using map_type = typename Peer::template map<std::uint64_t, std::uint64_t>;
  constexpr std::size_t elements = 1'000'000;
  footprint result{};
  result.grown = grow_through<map_type>({elements}).bytes_per_element[0];
  result.made_to_measure = grow_through<map_type>({elements}, elements).bytes_per_element[0];
  // Last: between many maps lie crumbs that malloc would give to the elements of the others.
  result.empty = weigh_many<map_type>(0, elements, std::size_t{32} << 20U).bytes_each;
  return result;
}

// ---- visitors that sleep

/// Microseconds of processor time per operation.
struct sleepers_cost {
  double alone, crowded;
};

/// Half look-ups, half changes that sleep 50 us inside, on few keys.
template <class Peer>
[[nodiscard]] sleepers_cost sleep_in_visitors(double seconds) {
  typename Peer::template map<std::uint64_t, std::uint64_t> map(0);
  constexpr std::uint64_t keys = 1000;
  for (std::uint64_t i = 0; i < keys; ++i) map.insert(random_key(i), 0);
  std::uint64_t changed = 0;
  const auto cpu_per_operation = [&](std::size_t threads) {
    std::array<std::uint64_t, streams::most_threads> changes{};
    const threads_run run = run_threads(threads, seconds, [&](std::size_t t, const std::atomic<bool>& stop) {
      std::uint64_t done = 0;
      for (; !stop.load(); ++done) {
        const std::uint64_t dice = random_key(done * streams::most_threads + t);
        const std::uint64_t key = random_key(dice % keys);
        std::uint64_t value = 0;
        if ((dice >> 63U) == 0) {
          map.find(key, value);
          continue;
        }
        changes[t] += map.modify(key, [](std::uint64_t& at) {
          ++at;
          std::this_thread::sleep_for(std::chrono::microseconds(50));
        });
      }
      return done;
    });
    for (const std::uint64_t each : changes) changed += each;
    return run.cpu / static_cast<double>(run.operations) * 1e6;
  };
  sleepers_cost cost{cpu_per_operation(1), cpu_per_operation(4)};
  std::uint64_t sum = 0;
  map.for_each([&](std::uint64_t, std::uint64_t value) { sum += value; });
  return sum == changed ? cost : sleepers_cost{invalid, invalid};
}

}  // namespace bench

#endif
