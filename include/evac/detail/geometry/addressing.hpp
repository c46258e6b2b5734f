// Linear-hash addressing: which home bucket a hash belongs to in a table of any number of homes, which bucket a new one
// is split off from, and which bits of a hash choose what. Arithmetic only: no memory, no elements.
//
//   homes   0 ............ frontier ............ 2^d ............ 2^d + frontier
//           |  depth d + 1  |      depth d       |  depth d + 1   |   not there yet
//
//   hash             63 ........ 56 |                      | 39 ................. 0
//                    tag            |                      | home, as many as the depth of its bucket
//   hash * a number                 | 55 ............... 40 |
//                                   | shard                 |
//
// The depth of a bucket is how many low bits of the hash all its elements have in common; they are its index. The next
// bucket to be made is the child of the one at the frontier, and takes those elements whose next bit is 1.
#ifndef EVAC_DETAIL_GEOMETRY_ADDRESSING_HPP
#define EVAC_DETAIL_GEOMETRY_ADDRESSING_HPP

#include <bit>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

// --- bits of a hash --------------------------------------------------------------------------------------------------

inline constexpr unsigned tag_shift = 56;
inline constexpr unsigned shard_shift = 40;
/// As many shards as there are bits for between home and tag.
inline constexpr std::size_t most_shards = std::size_t{1} << (tag_shift - shard_shift);
/// Beyond so many homes, the home would share bits with the shard.
inline constexpr std::size_t most_independent_homes = std::size_t{1} << shard_shift;

[[nodiscard]] EVAC_ALWAYS_INLINE constexpr std::uint64_t tag_bits_of(std::size_t hash) noexcept {
  return std::uint64_t{hash} >> tag_shift;
}
/// Odd, so that of hashes with one home and one tag as many belong to each shard; and below 2^31, for a short
/// instruction.
inline constexpr std::size_t shard_multiplier = 0x61C88647;
/// The mask is that of a number of shards, a power of two up to most_shards. Not bits of the hash itself: those of
/// abseil's hashes of numbers have too much in common with the home (docs/design.md).
[[nodiscard]] EVAC_ALWAYS_INLINE constexpr std::size_t shard_of(std::size_t hash, std::size_t mask) noexcept {
  return (hash * shard_multiplier >> shard_shift) & mask;
}

/// Segments double, so that there is one at most for each bit of a home's index.
inline constexpr std::size_t most_segments = 64;

// --- homes -----------------------------------------------------------------------------------------------------------

/// The mask for home_among(), beside a number of homes: all bits of the shallower of the two depths. 0 of a lone home.
[[nodiscard]] constexpr std::size_t half_mask_of(std::size_t homes) noexcept { return std::bit_floor(homes) - 1; }

/// The home of a hash. The mask is half_mask_of(homes), or half of that where `homes` is a power of two. (Half of the
/// mask, and not all of it: the other follows while this is copied.)
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t home_among(std::size_t half_mask, std::size_t homes,
                                                        std::size_t hash) noexcept {
  const std::size_t fed = hash & (2 * half_mask + 1);
  const std::size_t unfed = hash & half_mask;
  return below_or(fed, homes, unfed);
}

/// The home that this one was split off from. Not for 0.
[[nodiscard]] constexpr std::size_t parent_of(std::size_t child) noexcept { return child - std::bit_floor(child); }
/// The depth of the parent until this child is split off. Not for 0.
[[nodiscard]] constexpr unsigned depth_before(std::size_t child) noexcept {
  return static_cast<unsigned>(std::bit_width(child)) - 1;
}
/// The child of a home that is split when it has this depth.
[[nodiscard]] constexpr std::size_t child_of(std::size_t parent, unsigned depth) noexcept {
  return parent | std::size_t{1} << depth;
}
/// The depth of a home in a table of so many homes. O(1).
[[nodiscard]] constexpr unsigned depth_of(std::size_t home, std::size_t homes) noexcept {
  const std::size_t half = std::bit_floor(homes);
  const bool is_split = home >= half || home + half < homes;
  return static_cast<unsigned>(std::countr_zero(half)) + (is_split ? 1U : 0U);
}

// The picture above, for d = 2 and a frontier at 1.
static_assert(half_mask_of(5) == 3 && depth_of(0, 5) == 3 && depth_of(1, 5) == 2 && depth_of(4, 5) == 3);
static_assert(parent_of(4) == 0 && child_of(0, 2) == 4 && depth_before(4) == 2);
static_assert(most_shards == 65536);

}  // namespace evac::inline EVAC_ABI::detail

#endif
