// Dependent look-ups: each key is the value that was found before, so that the latency of a look-up shows, which
// independent look-ups hide behind each other. A service that follows references waits so long.
#ifndef EVAC_BENCH_SUPPORT_DEPENDENT_HPP
#define EVAC_BENCH_SUPPORT_DEPENDENT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "support/measure.hpp"
#include "support/results.hpp"

namespace bench {

struct dependent_size {
  const char* name;
  std::size_t elements;
};
inline constexpr std::array dependent_sizes{dependent_size{"1 K", 1'000}, dependent_size{"64 K", 64'000},
                                            dependent_size{"1 M", 1'000'000}, dependent_size{"10 M", 10'000'000},
                                            dependent_size{"16 M", 16'000'000}};
[[nodiscard]] inline std::string dependent_name(const dependent_size& size) {
  return std::string("dependent hits / ") + size.name;
}

/// A random permutation of one cycle (S. Sattolo): the successor of each number.
[[nodiscard]] inline std::vector<std::uint32_t> one_cycle(std::size_t size) {
  std::vector<std::uint32_t> next(size);
  std::iota(next.begin(), next.end(), 0U);
  for (std::size_t i = size - 1; i > 0; --i) std::swap(next[i], next[random_key(i) % i]);
  return next;
}

/// Nanoseconds a look-up, in a map that was grown from empty; not a number where the map was wrong. Elements are
/// inserted in an order that is not that of the look-ups.
template <class Map>
[[nodiscard]] double time_dependent_hits(std::size_t size) {
  constexpr std::size_t look_ups = 4'000'000;
  const std::vector<std::uint32_t> next = one_cycle(size);
  Map map(0);
  for (std::size_t i = 0; i < size; ++i) {
    if (!map.insert(random_key(i), random_key(next[i]))) return invalid;
  }
  std::uint64_t key = random_key(0);
  const double start = seconds();
  for (std::size_t i = 0; i < look_ups; ++i) {
    const std::uint64_t wanted = key;
    if (!map.find(wanted, key)) return invalid;
  }
  const double taken = seconds() - start;
  std::uint32_t expected = 0;
  for (std::size_t i = 0; i < look_ups; ++i) expected = next[expected];
  return key == random_key(expected) ? taken / static_cast<double>(look_ups) * 1e9 : invalid;
}

}  // namespace bench

#endif
