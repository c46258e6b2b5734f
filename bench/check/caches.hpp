// Checks of the traces that caches get, and of the policies that they are compared with.
#ifndef EVAC_BENCH_CHECK_CACHES_HPP
#define EVAC_BENCH_CHECK_CACHES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "cache/policies.hpp"
#include "cache/traces.hpp"
#include "check/require.hpp"
#include "peers/lru_cache.hpp"
#include "support/measure.hpp"

namespace bench {

[[nodiscard]] inline std::size_t distinct_keys(const trace& keys) {
  return std::unordered_set<std::uint64_t>(keys.begin(), keys.end()).size();
}

inline void check_traces() {
  constexpr std::size_t room = 1000;
  constexpr std::size_t length = 50 * room;
  const trace_maker make(room, length);
  for (const trace_kind& kind : trace_kinds) {
    const trace keys = kind.make(make);
    require("a trace is as long as it should be, and the same each time",
            keys.size() == length && keys == kind.make(make));
  }
  const trace popular = make.zipf(0.99);
  const auto first = std::count(popular.begin(), popular.end(), random_key(0));
  const auto second = std::count(popular.begin(), popular.end(), random_key(1));
  require("the second key of a zipf is about half as popular as the first",
          std::abs(static_cast<double>(second) / static_cast<double>(first) - 0.503) < 0.03);
  require("a loop is a tenth longer than there is room for", distinct_keys(make.loop()) == room + room / 10);
  const trace scanned = make.scanned();
  std::unordered_map<std::uint64_t, std::size_t> times;
  for (const std::uint64_t key : scanned) ++times[key];
  bool once = true;
  for (std::size_t i = 4 * room; i < 5 * room; ++i) once = once && times.at(scanned[i]) == 1;
  require("no key of a scan comes again", once);
  const trace growing = make.growing();
  const auto part = [&](std::size_t from, std::size_t to) {
    return distinct_keys(trace(growing.begin() + static_cast<std::ptrdiff_t>(from * room),
                               growing.begin() + static_cast<std::ptrdiff_t>(to * room)));
  };
  require("a growing working set fits at first, and later does not", part(0, 3) < room && part(45, 50) > room);
}

inline void check_policies() {
  sharded_lru lru(1, 2);
  std::uint64_t value = 0;
  lru.put(1, 10);
  lru.put(2, 20);
  static_cast<void>(lru.find(1, value));
  lru.put(3, 30);
  require("LRU lets the key go that was not asked for longest",
          lru.find(1, value) && value == 10 && !lru.find(2, value) && lru.find(3, value) && lru.size() == 2);

  sieve_policy sieve(3);
  for (const std::uint64_t key : {1, 2, 3, 1, 4}) sieve.ask(key);  // the hand spares 1 and takes 2
  require("SIEVE spares what was found, and takes the next one", sieve.ask(1) && sieve.ask(3) && sieve.ask(4));
  sieve.ask(5);  // the hand spares 3, 4 and 1, and takes 3 when it comes round
  require("SIEVE's hand goes on from where it was", sieve.ask(1) && sieve.ask(4) && !sieve.ask(3));

  s3_fifo_policy s3_fifo(20);
  for (std::uint64_t i = 0; i < 40; ++i) s3_fifo.ask(i % 10);
  for (std::uint64_t i = 100; i < 1100; ++i) s3_fifo.ask(i);
  bool all = true;
  for (std::uint64_t i = 0; i < 10; ++i) all = s3_fifo.ask(i) && all;
  require("a scan passes S3-FIFO by", all);
  require("Belady's optimum keeps what is asked for again", percent_of_best_hits(2, {1, 2, 3, 1, 2}) == 40);
  const trace keys = trace_maker(100, 10'000).growing();
  const double best = percent_of_best_hits(100, keys);
  require("no policy finds more than the optimum",
          percent_of_hits<sieve_policy>(100, keys) < best && percent_of_hits<s3_fifo_policy>(100, keys) < best);
}

}  // namespace bench

#endif
