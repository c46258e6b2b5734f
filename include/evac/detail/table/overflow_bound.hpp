// A bound on the overflow buckets of a table that is filled to a promised size by a hash that spreads.
#ifndef EVAC_DETAIL_TABLE_OVERFLOW_BOUND_HPP
#define EVAC_DETAIL_TABLE_OVERFLOW_BOUND_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Elements per home up to which the bound is worth computing: tables grow long before.
inline constexpr unsigned highest_mean = 32;

/// log E[exp(theta * b)] for the b overflow buckets behind one home, whose chain has a Poisson number of elements.
[[nodiscard]] inline double log_overflow_moment(double mean, double theta, unsigned home_slots,
                                                unsigned overflow_slots) {
  constexpr unsigned longest = 3 * highest_mean;  // longer chains do not show in a double
  const double weight_of_bucket = std::exp(theta);
  double probability = std::exp(-mean);
  double weight = 1;
  double moment = 0;
  for (unsigned elements = 0; elements <= longest; ++elements) {
    if (elements > home_slots && (elements - home_slots - 1) % overflow_slots == 0) weight *= weight_of_bucket;
    moment += probability * weight;
    probability *= mean / (elements + 1);
  }
  return std::log(moment);
}

/// Overflow buckets that a table of `homes` homes does not exceed with `elements` elements: the Chernoff bound for a
/// failure in 10^19 tables, or all that any hash can need if that is less. Chains fill independently but for their sum
/// being given, which makes long ones rarer still. O(1), a few microseconds.
[[nodiscard]] inline std::size_t overflow_bound(std::size_t elements, std::size_t homes, unsigned home_slots,
                                                unsigned overflow_slots) {
  constexpr double certainty = 44;  // -log of the probability of failure
  if (elements <= home_slots) return 0;
  const std::size_t worst = (elements - home_slots + overflow_slots - 1) / overflow_slots;
  const auto half = static_cast<double>(std::bit_floor(homes));
  const double split = static_cast<double>(homes) - half;
  const double mean = static_cast<double>(elements) / half;
  if (mean > highest_mean) return worst;
  double best = static_cast<double>(worst);
  for (const double theta : {0.01, 0.03, 0.1, 0.3, 1.0, 3.0}) {
    const double whole = (half - split) * log_overflow_moment(mean, theta, home_slots, overflow_slots);
    const double halved = 2 * split * log_overflow_moment(mean / 2, theta, home_slots, overflow_slots);
    best = (std::min)(best, (whole + halved + certainty) / theta);
  }
  return (std::min)(worst, static_cast<std::size_t>(best) + 1);
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
