// How evenly a sample draws: a hash that is the same in each run, and the chi-squared statistic of the draws.
#ifndef EVAC_TESTS_SUPPORT_DRAWS_HPP
#define EVAC_TESTS_SUPPORT_DRAWS_HPP

#include <cstddef>
#include <cstdint>
#include <evac/detail/hash/finish_hash.hpp>
#include <numeric>
#include <vector>

namespace evac_test {

struct fixed_hash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t key) const { return evac::detail::finish_hash(key, 12345); }
};

/// How much the numbers of draws differ from each other: the chi-squared statistic over its degrees of freedom, which
/// is 1 on average if each element is as likely as any other.
[[nodiscard]] inline double unevenness(const std::vector<std::size_t>& drawn) {
  const auto draws = static_cast<double>(std::accumulate(drawn.begin(), drawn.end(), std::size_t{0}));
  const double due = draws / static_cast<double>(drawn.size());
  double sum = 0;
  for (const std::size_t each : drawn)
    sum += (static_cast<double>(each) - due) * (static_cast<double>(each) - due) / due;
  return sum / static_cast<double>(drawn.size() - 1);
}

}  // namespace evac_test

#endif
