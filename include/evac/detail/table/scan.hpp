// A walk over a table that may grow and shrink between two steps of the walk.
//
//   hash bits, lowest first:   0 0 ... | 0 1 ... | 1 0 ... | 1 1 ...       the order of the walk
//   homes at depth 1:          0       .         | 1       .
//   homes at depth 2:          0       | 2       | 1       | 3
//
// Ordered by its hash with the bits reversed, an element never changes its place: a split cuts the range of a home in two, a merge
// joins two neighbours. So a position in that order says exactly what has been visited (the idea of Redis' SCAN by
// P. Noordhuis). An element that is there throughout is visited once, any other at most once.
#ifndef EVAC_DETAIL_TABLE_SCAN_HPP
#define EVAC_DETAIL_TABLE_SCAN_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/table/table.hpp"

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
};

/// Calls visit(home, whether all of its chain is next) for the chain that is next in the walk, and advances `at`. O(1).
template <class Policy, class Visit>
void scan_bucket(const table<Policy>& from, scan_position& at, const Visit& visit) {
  const auto& homes = from.homes();
  if (homes.count() == 0) {
    at.done = true;
    return;
  }
  const std::size_t home = homes.home_of(std::size_t{reverse_bits(at.reversed)});
  const unsigned depth = depth_of(home, homes.count());
  const std::uint64_t first = reverse_bits(home);
  // Only a walk that began this range when it was a smaller one has seen some of it.
  visit(home, at.reversed == first);
  at.reversed = depth == 0 ? 0 : first + (std::uint64_t{1} << (64 - depth));
  at.done = at.reversed == 0;
}
/// Calls visit(element) for what is next in the walk, the rest of one chain, and advances `at`. O(chain).
template <class Policy, class Visit>
void scan_chain(const table<Policy>& from, scan_position& at, const Visit& visit) {
  const std::uint64_t begin = at.reversed;
  scan_bucket(from, at, [&](std::size_t home, bool whole) {
    for (bucket* where = from.homes().at(home); where != nullptr; where = where->overflow) {
      for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
        const auto& element = table<Policy>::element({where, taken.first()});
        if (whole || reverse_bits(from.hash_of(Policy::key(element))) >= begin) visit(element);
      }
    }
  });
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
