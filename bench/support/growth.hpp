// Growing a map to many random keys: in total, and insert by insert.
#ifndef EVAC_BENCH_SUPPORT_GROWTH_HPP
#define EVAC_BENCH_SUPPORT_GROWTH_HPP

#include <cstddef>
#include <cstdint>
#include <limits>

#include "support/measure.hpp"

namespace bench {

/// Seconds for `keys` inserts; not a number if they are not all there.
template <class Peer>
[[nodiscard]] double grow_untimed(std::size_t keys) {
  typename Peer::template map<std::uint64_t, std::uint64_t> map;
  const double start = seconds();
  for (std::uint64_t i = 0; i < keys; ++i) map.emplace(random_key(i), i);
  const double taken = seconds() - start;
  return map.size() == keys ? taken : std::numeric_limits<double>::quiet_NaN();
}

/// record(i, nanoseconds) for each of `keys` inserts; true if they are all there.
template <class Peer, class Record>
[[nodiscard]] bool grow_timed(std::size_t keys, const Record& record) {
  typename Peer::template map<std::uint64_t, std::uint64_t> map;
  const stopwatch watch;
  for (std::uint64_t i = 0; i < keys; ++i) {
    const std::uint64_t key = random_key(i);
    const std::uint64_t begin = watch.now();
    map.emplace(key, i);
    record(i, watch.now() - begin);
  }
  return map.size() == keys;
}

}  // namespace bench

#endif
