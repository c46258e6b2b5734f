// The order in which elements are scanned, in which they stay while their table grows and shrinks. Arithmetic only.
//
//   hash bits, lowest first:   0 0 ... | 0 1 ... | 1 0 ... | 1 1 ...       the order
//   homes at depth 1:          0       .         | 1       .
//   homes at depth 2:          0       | 2       | 1       | 3
//
// Ordered by its hash with the bits reversed, an element never changes its place: a split cuts the range of a home in
// two, a merge joins two neighbours. So a position in that order says exactly what has been visited (the idea of Redis'
// SCAN by P. Noordhuis). An element that is there throughout is visited once, any other at most once.
#ifndef EVAC_DETAIL_GEOMETRY_SCAN_ORDER_HPP
#define EVAC_DETAIL_GEOMETRY_SCAN_ORDER_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

[[nodiscard]] constexpr std::uint64_t reverse_bits(std::uint64_t bits) noexcept {
  bits = (bits & 0x5555555555555555U) << 1U | (bits >> 1U & 0x5555555555555555U);
  bits = (bits & 0x3333333333333333U) << 2U | (bits >> 2U & 0x3333333333333333U);
  bits = (bits & 0x0F0F0F0F0F0F0F0FU) << 4U | (bits >> 4U & 0x0F0F0F0F0F0F0F0FU);
  return __builtin_bswap64(bits);
}

/// How far a walk has come: all elements whose reversed hash is below have been visited.
struct scan_position {
  std::uint64_t reversed = 0;
  bool done = false;

  /// A hash whose home comes next.
  [[nodiscard]] constexpr std::size_t next_hash() const noexcept { return std::size_t{reverse_bits(reversed)}; }
  /// Whether all of this home is still to come, which comes next. If not, the walk began with it when its range was a
  /// smaller one.
  [[nodiscard]] constexpr bool begins(std::size_t home) const noexcept { return reversed == reverse_bits(home); }
  /// Whether the element of this hash, in the home that comes next, is still to come.
  [[nodiscard]] constexpr bool has_before_it(std::size_t hash) const noexcept { return reverse_bits(hash) >= reversed; }
  /// To the end of the home that comes next, which has this depth.
  constexpr void pass(std::size_t home, unsigned depth) noexcept {
    reversed = depth == 0 ? 0 : reverse_bits(home) + (std::uint64_t{1} << (64 - depth));
    done = reversed == 0;
  }
};

// The picture above: the homes of depth 2 in their order.
static_assert([] {
  scan_position at;
  for (const std::size_t home : {0U, 2U, 1U, 3U}) {
    if (at.done || !at.begins(home)) return false;
    at.pass(home, 2);
  }
  return at.done;
}());

}  // namespace evac::inline EVAC_ABI::detail

#endif
