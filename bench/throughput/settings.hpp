// Settings of a run of evac_bench_throughput.
#ifndef EVAC_BENCH_THROUGHPUT_SETTINGS_HPP
#define EVAC_BENCH_THROUGHPUT_SETTINGS_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "throughput/mixes.hpp"
#include "throughput/streams.hpp"

namespace bench {

struct settings {
  std::string only;
  std::string maps;
  std::string json;
  std::size_t rounds = 3;
  double seconds = 0.3;
  bool all_sizes = false;
  bool by_cpu = false;
  bool all_parts = false;
  std::size_t most_threads = 4;
  std::string text = "/usr/include";
  [[nodiscard]] bool wants(const std::string& part) const { return part.find(only) != std::string::npos; }
  /// Parts that take long, or say more of the same: only when they are asked for.
  [[nodiscard]] bool wants_besides(const std::string& part) const {
    return wants(part) && (all_parts || !only.empty());
  }
  /// Go's maps take minutes to be filled.
  [[nodiscard]] bool wants_go() const { return wants_besides("go") || !maps.empty(); }
  [[nodiscard]] timing how() const { return {seconds, most_threads, by_cpu}; }
  [[nodiscard]] std::vector<std::size_t> threads() const {
    std::vector<std::size_t> counts;
    for (const std::size_t each : thread_counts) {
      if (each <= most_threads) counts.push_back(each);
    }
    return counts;
  }
  /// "map", "1 thread", "2 threads", ...
  [[nodiscard]] std::vector<std::string> head() const {
    std::vector<std::string> cells{"map"};
    for (const std::size_t each : threads()) cells.push_back(threads_text(each));
    return cells;
  }
};

struct size_case {
  std::string name;
  std::size_t resident;
};
[[nodiscard]] inline std::vector<size_case> sizes_of(const settings& chosen) {
  std::vector<size_case> all{{"100 K", 100'000}, {"10 M", 10'000'000}};
  if (chosen.all_sizes) all.insert(all.begin(), {"10 K", 10'000});
  std::erase_if(all, [&](const size_case& each) { return !chosen.wants("mixes " + each.name); });
  return all;
}

[[nodiscard]] inline std::string geometric_mean_name(std::size_t threads) {
  return "geometric mean, " + threads_text(threads);
}

template <class Visit>
void for_each_mix(const std::vector<size_case>& sizes, const Visit& visit) {
  for (const auto& size : sizes) {
    for (const skew of : skews) {
      for (const unsigned updates : update_shares) visit(size.name, of, updates);
    }
  }
}

}  // namespace bench

#endif
