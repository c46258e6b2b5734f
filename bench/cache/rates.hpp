// Runs of caches whose rates are measured: hits alone, puts of new keys into a full cache, and traces. All of this is
// meant for a child process (support/field.hpp).
//
// Each answer of a cache is compared with what it must be; a run with a wrong one has no operations.
#ifndef EVAC_BENCH_CACHE_RATES_HPP
#define EVAC_BENCH_CACHE_RATES_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "cache/traces.hpp"
#include "peers/caches.hpp"
#include "support/backed_memory.hpp"
#include "support/measure.hpp"
#include "support/threads.hpp"

namespace bench {

/// Keys that are all there, a zipf of 0.99 over them for each thread. Made once: child processes share the memory.
struct hit_streams {
  static constexpr std::size_t length = std::size_t{1} << 19U;
  std::size_t keys;
  std::vector<trace> of_thread;

  hit_streams(std::size_t resident, std::size_t threads) : keys(resident), of_thread(threads, trace(length)) {
    const zipf_distribution ranks(keys, 0.99);
    for (std::size_t t = 0; t < threads; ++t) {
      random_numbers roll(100 + t);
      for (std::uint64_t& key : of_thread[t]) key = random_key(ranks(roll));
    }
  }
};

/// Requests of one thread, how many got a wrong value, and how many were no hits.
struct answers {
  std::uint64_t asked = 0;
  std::uint64_t wrong = 0;
  std::uint64_t missed = 0;
};
/// Asks for key_at(0), key_at(1), ... until time is up.
template <class Cache, class KeyAt>
[[nodiscard]] answers ask_until(const std::atomic<bool>& stop, Cache& cache, const KeyAt& key_at) {
  constexpr std::uint64_t block = 64;  // between two looks at the clock
  answers all;
  while (!stop.load(std::memory_order_relaxed)) {  // relaxed: when exactly it is seen does not matter
    for (const std::uint64_t end = all.asked + block; all.asked < end; ++all.asked) {
      const std::uint64_t key = key_at(all.asked);
      std::uint64_t value = 0;
      all.missed += ask(cache, key, value) ? 0 : 1;
      all.wrong += value == value_of(key) ? 0 : 1;
    }
  }
  return all;
}

/// That run, or one without operations.
[[nodiscard]] inline threads_run if_right(const threads_run& run, bool right) { return right ? run : threads_run{}; }

/// Hits in a cache that has room for twice as many keys.
template <class Peer>
[[nodiscard]] threads_run run_hits(const hit_streams& streams, std::size_t threads, double length) {
  typename Peer::cache cache(2 * streams.keys);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < streams.keys; ++i) static_cast<void>(ask(cache, random_key(i), value));
  std::atomic<std::uint64_t> wrong{0};
  const threads_run run = run_threads(threads, length, [&](std::size_t thread, const std::atomic<bool>& stop) {
    const trace& keys = streams.of_thread[thread];
    const answers got = ask_until(stop, cache, [&](std::uint64_t i) { return keys[i % hit_streams::length]; });
    wrong += got.wrong + got.missed;
    return got.asked;
  });
  return if_right(run, wrong == 0);
}

/// Puts of new keys into a cache that is full, until time is up, but no more than it has room for: a map doubles at
/// most.
template <class Peer>
[[nodiscard]] threads_run run_puts(std::size_t room, std::size_t threads, double length) {
  constexpr std::size_t bytes_of_an_element = 200;  // more than any of them takes
  static_cast<void>(backed_memory(2 * room * bytes_of_an_element));
  typename Peer::cache cache(room);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < room + room / 4; ++i) static_cast<void>(ask(cache, random_key(i), value));
  std::atomic<std::uint64_t> wrong{0};
  const threads_run run = run_threads(threads, length, [&](std::size_t thread, const std::atomic<bool>& stop) {
    std::uint64_t done = 0;
    std::uint64_t hits = 0;
    for (std::size_t i = room + room / 4 + thread; i < 2 * room + room / 4; i += threads, ++done) {
      if (done % 64 == 0 && stop.load(std::memory_order_relaxed)) break;  // relaxed: when it is seen does not matter
      const std::uint64_t key = random_key(i);
      if constexpr (requires { cache.put(key, key); }) {
        cache.put(key, value_of(key));
      } else {
        std::uint64_t computed = 0;
        hits += cache.ask(key, computed) ? 1 : 0;
      }
    }
    wrong += hits;
    return done;
  });
  return if_right(run, wrong == 0);
}

/// Requests of a trace, each a look-up, and where that finds nothing a put. Threads take turns at the requests, so that
/// these come in about their order, and begin anew at the end. A tenth of them come before the clock starts.
template <class Peer>
[[nodiscard]] threads_run run_trace(std::size_t room, const trace& keys, std::size_t threads, double length) {
  typename Peer::cache cache(room);
  const std::size_t before = keys.size() / 10;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < before; ++i) static_cast<void>(ask(cache, keys[i], value));
  std::atomic<std::uint64_t> wrong{0};
  const threads_run run = run_threads(threads, length, [&](std::size_t thread, const std::atomic<bool>& stop) {
    const answers got =
        ask_until(stop, cache, [&](std::uint64_t i) { return keys[(before + i * threads + thread) % keys.size()]; });
    wrong += got.wrong;
    return got.asked;
  });
  if constexpr (requires { cache.size(); }) wrong += cache.size() > room ? 1 : 0;
  return if_right(run, wrong == 0);
}

/// Whether a cache does what it is for: values are right, what was asked for last is there, the bound holds, also with
/// threads.
template <class Peer>
[[nodiscard]] bool behaves_as_cache() {
  constexpr std::size_t room = 1000;
  constexpr std::size_t threads = 4;
  typename Peer::cache cache(room);
  const auto is_bounded = [&] {
    if constexpr (requires { cache.size(); }) return cache.size() <= room && cache.size() > room / 2;
    return true;
  };
  std::uint64_t value = 0;
  for (std::uint64_t i = 0; i < 20 * room; ++i) {
    const std::uint64_t key = random_key(random_key(i) % (4 * room));
    for (const bool again : {false, true}) {
      const bool hit = ask(cache, key, value);
      if (value != value_of(key) || (again && !hit)) return false;
    }
  }
  if (!is_bounded()) return false;
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> running;
  for (std::size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 20 * room; ++i) {
        const std::uint64_t key = random_key(random_key(~(i * threads + t)) % (4 * room));
        std::uint64_t got = 0;
        static_cast<void>(ask(cache, key, got));
        wrong += got == value_of(key) ? 0 : 1;
      }
    });
  }
  for (std::thread& each : running) each.join();
  return wrong == 0 && is_bounded();
}

}  // namespace bench

#endif
