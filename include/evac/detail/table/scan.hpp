// A walk over a table that may grow and shrink between two steps of the walk, in the order of scan_order.hpp.
#ifndef EVAC_DETAIL_TABLE_SCAN_HPP
#define EVAC_DETAIL_TABLE_SCAN_HPP

#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/scan_order.hpp"
#include "evac/detail/table/table.hpp"
#include "evac/scan_cursor.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Calls visit(home, whether all of its chain is next) for the chain that is next in the walk, and advances `at`. O(1).
template <class Policy, class Visit>
void scan_bucket(const table<Policy>& from, scan_position& at, const Visit& visit) {
  const auto& homes = from.homes();
  if (homes.count() == 0) {
    at.done = true;
    return;
  }
  const std::size_t home = homes.home_of(at.next_hash());
  visit(home, at.begins(home));
  at.pass(home, depth_of(home, homes.count()));
}
/// Calls visit(element) for what is next in the walk, the rest of one chain, and advances `at`. O(chain).
template <class Policy, class Visit>
void scan_chain(const table<Policy>& from, scan_position& at, const Visit& visit) {
  const scan_position before = at;
  scan_bucket(from, at, [&](std::size_t home, bool whole) {
    for (bucket* where = from.homes().at(home); where != nullptr; where = where->overflow) {
      for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
        const auto& element = table<Policy>::element({where, taken.first()});
        if (whole || before.has_before_it(from.hash_of(Policy::key(element)))) visit(element);
      }
    }
  });
}
/// The walk as scan_cursor.hpp describes it, from a cursor on. Returns the next cursor.
template <class Policy, class Visit>
[[nodiscard]] scan_cursor scan_table(const table<Policy>& from, scan_cursor cursor, std::size_t budget,
                                     const Visit& visit) {
  scan_position at{.reversed = cursor.number()};
  std::size_t looked_at = 0;
  do {
    ++looked_at;
    scan_chain(from, at, [&](const auto& element) {
      ++looked_at;
      visit(element);
    });
  } while (!at.done && looked_at < budget);
  return at.done ? scan_cursor::at_end() : scan_cursor(at.reversed);
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
