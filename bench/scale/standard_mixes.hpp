// The mixes that are run with more and more threads, and the names of their counts in files of results.
#ifndef EVAC_BENCH_SCALE_STANDARD_MIXES_HPP
#define EVAC_BENCH_SCALE_STANDARD_MIXES_HPP

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "scale/coherence.hpp"
#include "scale/counted_mixes.hpp"
#include "support/results.hpp"
#include "throughput/mixes.hpp"

namespace bench {

/// Uniform and skewed, each with all shares of updates, and one key that all threads read.
[[nodiscard]] inline std::vector<counted_mix> standard_mixes() {
  std::vector<counted_mix> all;
  for (const skew of : skews) {
    for (const unsigned updates : update_shares) {
      counted_mix& mix = all.emplace_back();
      mix.of = of;
      mix.updates = updates;
    }
  }
  all.emplace_back().which = counted_mix::keys::one_hot;
  return all;
}
/// The name that evac_bench_throughput uses.
[[nodiscard]] inline std::string name_of(const counted_mix& mix, std::size_t threads) {
  if (mix.which == counted_mix::keys::one_hot) return hot_key_name("100 K", threads);
  return mix_name("100 K", mix.of, mix.updates, threads);
}

struct named_count {
  const char* name;
  double operation_counts::* count;
};
inline constexpr std::array<named_count, 6> named_counts{{
    {"atomic loads", &operation_counts::atomic_loads},
    {"atomic stores", &operation_counts::atomic_stores},
    {"read-modify-writes", &operation_counts::read_modify_writes},
    {"shared-line reads", &operation_counts::shared_reads},
    {"shared-line writes", &operation_counts::shared_writes},
    {"transfers of the hottest line", &operation_counts::hottest},
}};

inline void record(results& all, const std::string& mix, const std::string& map, const operation_counts& counts) {
  for (const named_count& each : named_counts)
    all.add(mix + ", " + each.name, "per operation", map, counts.*each.count);
}
/// Not numbers where the results lack them.
[[nodiscard]] inline operation_counts counts_of(const results& all, const std::string& mix, const std::string& map) {
  operation_counts counts{};
  for (const named_count& each : named_counts) counts.*each.count = all.median(mix + ", " + each.name, map);
  return counts;
}

}  // namespace bench

#endif
