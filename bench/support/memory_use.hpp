// Memory that maps take, as resident pages of their process: so memory that a map maps by itself is seen as well as
// memory that it allocates. Maps too small for that are weighed many at a time. All of this is meant for a child
// process (in_child): the maps are never destroyed.
#ifndef EVAC_BENCH_SUPPORT_MEMORY_USE_HPP
#define EVAC_BENCH_SUPPORT_MEMORY_USE_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <vector>

#include "support/measure.hpp"

namespace bench {

/// The growth of the resident memory since this was made.
class memory_watch {
 public:
  memory_watch() {
    ::malloc_trim(0);  // a map that moves into what others have freed would look free of charge
    std::ofstream("/proc/self/clear_refs") << 5;  // the high-water mark begins anew
    before_ = anonymous_bytes();
  }
  [[nodiscard]] double held() const { return difference(anonymous_bytes(), before_); }
  /// The peak, as the system knows it: a map that copies itself holds two tables between two looks.
  [[nodiscard]] double peak() const {
    return held() + std::max(0.0, difference(bytes_in("/proc/self/status", "VmHWM:"), resident_bytes()));
  }

 private:
  [[nodiscard]] static double difference(std::size_t now, std::size_t before) {
    return static_cast<double>(now) - static_cast<double>(before);
  }
  std::size_t before_ = 0;
};

/// Sizes that grow evenly, `per_doubling` in each doubling, both ends included.
[[nodiscard]] inline std::vector<std::size_t> sizes_between(std::size_t from, std::size_t to, unsigned per_doubling) {
  std::vector<std::size_t> sizes;
  for (unsigned i = 0;; ++i) {
    const auto size = static_cast<std::size_t>(
        std::llround(static_cast<double>(from) * std::exp2(static_cast<double>(i) / per_doubling)));
    if (size >= to) break;
    if (sizes.empty() || size != sizes.back()) sizes.push_back(size);
  }
  sizes.push_back(to);
  return sizes;
}

struct grown_memory {
  static constexpr std::size_t most_sizes = 320;
  std::array<double, most_sizes> bytes_per_element;  // not numbers if elements are missing
  double peak_over_final;
};
/// One map that grows through these sizes (at most most_sizes), made for `expected` elements.
template <class Map>
[[nodiscard]] grown_memory grow_through(const std::vector<std::size_t>& sizes, std::size_t expected = 0) {
  grown_memory grown{};
  const memory_watch watch;
  auto& map = *new Map(expected);
  std::uint64_t i = 0;
  for (std::size_t step = 0; step < sizes.size(); ++step) {
    for (; i < sizes[step]; ++i) map.insert(random_key(i), i);
    grown.bytes_per_element[step] =
        map.size() == i ? watch.held() / static_cast<double>(i) : std::numeric_limits<double>::quiet_NaN();
  }
  grown.peak_over_final = watch.peak() / watch.held();
  return grown;
}

struct many_maps {
  double bytes_each;  // not a number if elements are missing
  double maps;        // how many there were
};
/// At most `most` maps of this many elements, as soon as they take `enough` bytes together no more, but at least 16.
/// Each lies in an allocation of its own, which counts.
template <class Map>
[[nodiscard]] many_maps weigh_many(std::size_t elements, std::size_t most, std::size_t enough) {
  std::uint64_t next_key = 0;
  std::size_t wrong = 0;
  const auto make = [&] {
    auto& map = *new Map(0);
    for (std::size_t i = 0; i < elements; ++i, ++next_key) map.insert(random_key(next_key), next_key);
    wrong += map.size() == elements ? 0 : 1;
  };
  make();  // what the library makes once is not the map's
  const memory_watch watch;
  std::size_t maps = 0;
  double held = 0;
  for (std::size_t goal = 16; maps < most && held < static_cast<double>(enough); goal *= 2) {
    for (; maps < std::min(goal, most); ++maps) make();
    held = watch.held();
  }
  const auto count = static_cast<double>(maps);
  return {wrong == 0 ? held / count : std::numeric_limits<double>::quiet_NaN(), count};
}

}  // namespace bench

#endif
