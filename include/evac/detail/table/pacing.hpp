// The number of home buckets of a table of a given size, and the sizes at which it takes a step towards that.
//
//   homes
//   2B |                     ___________     growth from B to 2B homes begins at 11/14 of the slots (5.5 of 7 per
//      |                 ___/                home) and evacuates one parent for every two elements gained
//    B |________________/
//      +----------------|----|-----------> elements
//                     5.5 B  7.5 B
//
// So the number of homes is a function of the number of elements (linear hashing, Litwin 1980, with the parents split
// in order), and memory follows the contents instead of doubling at once: `bench/run --bars --only memory` measures 36
// bytes per 16-byte element at the worst size.
#ifndef EVAC_DETAIL_TABLE_PACING_HPP
#define EVAC_DETAIL_TABLE_PACING_HPP

#include <bit>
#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/directory.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Parents that one insert evacuates at most.
inline constexpr std::size_t parents_per_step = 2;
/// Elements gained per parent evacuated.
inline constexpr std::size_t inserts_per_parent = 2;
/// Children that one insert merges back at most while a table shrinks.
inline constexpr std::size_t merges_per_step = 4;

/// The load at which a doubling begins, in fourteenths of the slots of all homes.
inline constexpr std::size_t owned_load = 11;
/// A chain that all threads share gives up a slot of its home for its link, so that it overflows sooner: at 11 a tenth
/// of the elements would be in overflow buckets, twice as many as in a table of one owner.
inline constexpr std::size_t shared_load = 10;

/// The size at which a table of `homes` home buckets evacuates its next parent.
[[nodiscard]] constexpr std::size_t grow_threshold(std::size_t homes, std::size_t home_slots,
                                                   std::size_t load = owned_load) noexcept {
  if (homes <= 1) return homes * home_slots;  // a lone bucket may as well be full
  const std::size_t half = std::bit_floor(homes);
  return half / 2 * (home_slots * load) / 7 + inserts_per_parent * (homes - half);
}

/// The fewest homes that a table needs so that `elements` elements cause no growth.
[[nodiscard]] constexpr std::size_t homes_for(std::size_t elements, std::size_t home_slots,
                                              std::size_t load = owned_load) noexcept {
  std::size_t half = 1;
  while (grow_threshold(2 * half, home_slots, load) <= elements) half *= 2;
  const std::size_t start = grow_threshold(half, home_slots, load);
  if (start > elements) return half;
  const std::size_t parents = (elements - start) / inserts_per_parent + 1;
  return half + (parents < half ? parents : half);
}

/// A table with fewer elements than this is oversized; its inserts merge buckets back until a bucket holds two elements
/// on average (shrink_resume).
[[nodiscard]] constexpr std::size_t shrink_threshold(std::size_t homes) noexcept { return homes / 8 * 7; }
[[nodiscard]] constexpr std::size_t shrink_resume(std::size_t homes) noexcept { return homes * 2; }

}  // namespace evac::inline EVAC_ABI::detail

#endif
