// The mixes of evac_bench_throughput on evac's maps, counted instead of timed.
#ifndef EVAC_BENCH_SCALE_COUNTED_MIXES_HPP
#define EVAC_BENCH_SCALE_COUNTED_MIXES_HPP

#include <array>
#include <cstddef>
#include <optional>

#include "scale/coherence.hpp"
#include "throughput/streams.hpp"

namespace bench {

enum class counted_map { sharded, sync };
inline constexpr std::array counted_maps{counted_map::sharded, counted_map::sync};
[[nodiscard]] inline const char* name_of(counted_map map) {
  return map == counted_map::sharded ? "evac::sharded_map" : "evac::sync_map";
}

struct counted_mix {
  enum class keys { of_skew, one_hot };
  keys which = keys::of_skew;
  skew of = skew::uniform;
  unsigned updates = 0;  // percent
  std::size_t resident = 100'000;
  std::size_t threads = 2;
  std::size_t unrecorded = 300'000;  // operations of all threads together, before those that count
  std::size_t recorded = 100'000;
};

/// Each thread is one of the system, as maps keep a record for each, but they run in turn, and what they did is then
/// taken one operation at a time from each: no operation meets another one half-way. Maps are told that there are as
/// many cores as threads: sharded_map has shards by them, sync_map stripes of its count. In a process of its own, so
/// that no thread takes over the records of earlier ones; nothing if that failed.
[[nodiscard]] std::optional<operation_counts> count_mix(counted_map map, const counted_mix& mix);

}  // namespace bench

#endif
