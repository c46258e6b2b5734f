// A walk through all elements of a sync map, while others change it: in one call, or a piece at a time, from a cursor
// on.
//
// A bucket is copied at one moment, together with its depth; of its children those are visited that were there at that
// moment, and no other: a key that moves on later has been copied already. A scan needs not even that: it goes by the
// order of geometry/scan_order.hpp, which no split changes. User code runs without a lock. Between buckets the thread
// leaves the domain for an instant.
#ifndef EVAC_DETAIL_LOCKFREE_WALK_HPP
#define EVAC_DETAIL_LOCKFREE_WALK_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/scan_order.hpp"
#include "evac/detail/lockfree/guards.hpp"
#include "evac/detail/lockfree/sync_table.hpp"
#include "evac/scan_cursor.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Homes that a walk looks at before it leaves the domain for an instant.
inline constexpr std::size_t homes_per_visit = 64;

/// Calls f(slot_value, record of this thread) for elements until it returns false; returns whether it never did. Each
/// key that is there all the time is seen once, others at most once. Calls outside(the record) now and then, outside of
/// the domain.
template <class Table, class F, class Outside>
bool walk_elements(const Table& table, const F& f, const Outside& outside) {
  struct subtree {
    std::size_t index;
    unsigned depth;
  };
  read_guard inside(table.core());
  const auto* const root = table.root();
  if (root == nullptr) return true;
  const std::uint64_t serial = root->serial();
  // All homes below a power of two that exist: those beyond descend from them.
  const std::size_t homes = std::bit_floor(root->homes());
  const auto depth = static_cast<unsigned>(std::bit_width(homes)) - 1;
  std::vector<typename Table::slot_value> copied;
  std::vector<subtree> left;
  std::size_t visited = 0;
  for (std::size_t home = 0; home < homes; ++home) {
    left.push_back({home, depth});
    while (!left.empty()) {
      const subtree next = left.back();
      left.pop_back();
      const unsigned reached = typename Table::reader_type(*root, inside.own).copy(next.index, copied);
      for (unsigned bit = next.depth; bit < reached; ++bit) left.push_back({child_of(next.index, bit), bit + 1});
      for (const auto& each : copied) {
        if (!f(each, inside.own)) return false;
      }
      if (++visited % homes_per_visit != 0) continue;
      inside.refresh(outside);
      if (!table.is_current(*root, serial)) return true;  // after a clear() no key has been there all the time
    }
  }
  return true;
}

/// The same with f(slot_value), for a walk that only looks.
template <class Table, class F>
bool for_each_element(const Table& table, const F& f) {
  return detail::walk_elements(
      table, [&](const auto& element, epoch_record&) { return f(element); }, [](epoch_record&) {});
}

/// The walk as scan_cursor.hpp describes it, from a cursor on, which calls f(slot_value). Returns the next cursor.
template <class Table, class F>
[[nodiscard]] scan_cursor scan_elements(const Table& table, scan_cursor cursor, std::size_t budget, const F& f) {
  std::vector<typename Table::slot_value> copied;
  scan_position at{.reversed = cursor.number()};
  std::size_t looked_at = 0;
  do {
    const read_guard inside(table.core());
    const auto* const root = table.root();
    if (root == nullptr) return scan_cursor::at_end();
    const scan_position before = at;
    const auto home = typename Table::reader_type(*root, inside.own).copy_home_of(at.next_hash(), copied);
    at.pass(home.index, home.depth);
    for (const auto& each : copied) {
      if (before.begins(home.index) || before.has_before_it(table.hash_of(Table::storage::key(each)))) f(each);
    }
    looked_at += copied.size() + 1;
  } while (!at.done && looked_at < budget);
  return at.done ? scan_cursor::at_end() : scan_cursor(at.reversed);
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
