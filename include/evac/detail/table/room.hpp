// Room for a promised number of elements: all homes, segments and overflow buckets got at once, and given back again.
//
// Free functions over table_parts. None but release_memory() changes the size.
#ifndef EVAC_DETAIL_TABLE_ROOM_HPP
#define EVAC_DETAIL_TABLE_ROOM_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/table/growth.hpp"
#include "evac/detail/table/overflow_bound.hpp"
#include "evac/detail/table/pacing.hpp"
#include "evac/detail/table/table_parts.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The most that reserve_room() takes: as many as there are addresses for.
template <class Policy>
[[nodiscard]] constexpr std::size_t addressable_elements() noexcept {
  return static_cast<std::size_t>((std::numeric_limits<std::ptrdiff_t>::max)()) /
         (4 * table_parts<Policy>::layout::home_bytes());
}
/// The same where an allocator may know a narrower limit.
template <class Policy>
[[nodiscard]] constexpr std::size_t most_elements(const typename Policy::allocator_type& allocator) noexcept {
  return (std::min)(addressable_elements<Policy>(),
                    static_cast<std::size_t>(Policy::allocator_traits::max_size(allocator)));
}

/// Gives all memory back. There are no elements, or none that want to be destroyed.
template <class Policy>
void release_memory(table_parts<Policy>& of) noexcept {
  of.homes.release(of.allocator());
  of.overflow.release(of.allocator());
  of.size = 0;
  of.pace.reserved(0);
  of.settle();
}

template <class Policy>
void grow_to(table_parts<Policy>& of, std::size_t homes, typename table_parts<Policy>::homes_type::ahead& got) {
  if (of.homes.count() == 0) return of.homes.open_all(of.allocator(), homes, got);
  auto work = of.work();
  while (of.homes.count() < homes) split_next(of, work, std::addressof(got));
}

template <class Policy>
void shrink_to(table_parts<Policy>& of, std::size_t homes) {
  auto work = of.work();
  while (of.homes.count() > homes) merge_last(of, work);
}

/// Nothing is touched before all segments and overflow buckets are there. If a hash or the memory for less fails on the
/// way, the homes that were made are merged back.
template <class Policy>
void grow_or_undo(table_parts<Policy>& of, std::size_t homes, std::size_t overflow_buckets) {
  const std::size_t before = of.homes.count();
  typename table_parts<Policy>::homes_type::ahead got(of.allocator());
  got.get(of.homes.opened(), homes);
  of.overflow.provide(of.allocator(), overflow_buckets);
  if (before != 0) of.homes.get_blocks(of.allocator(), homes);
  EVAC_TRY { grow_to(of, homes, got); }
  EVAC_CATCH_ALL {
    EVAC_TRY {
      if (before != 0) shrink_to(of, before);
    }
    EVAC_CATCH_ALL {
      // No memory for an overflow bucket: the table keeps some of the new homes, and is whole.
    }
    if (before == 0) release_memory(of);
    of.settle();
    EVAC_RETHROW;
  }
}

/// Overflow buckets that a promise of `wanted` elements in `homes` homes has to get. Of those that an earlier promise
/// of as much has got, the ones in use count.
template <class Policy>
[[nodiscard]] std::size_t overflow_to_promise(const table_parts<Policy>& of, std::size_t wanted, std::size_t homes) {
  using layout = typename table_parts<Policy>::layout;
  if (wanted <= of.size) return 0;
  const std::size_t most =
      overflow_bound(wanted, (std::max)(homes, of.homes.count()), layout::home_slots(), layout::overflow_slots());
  const std::size_t used = of.pace.reserved_homes() >= homes ? of.overflow.in_use() : 0;
  return (std::min)(most - (std::min)(most, used), wanted - of.size);
}

/// Room for `wanted` elements: until then no insert moves an element, nor allocates anything but nodes, given a hash
/// that spreads. Asks for all memory before anything is touched; what cannot be had changes nothing. Strong guarantee
/// but for hash exceptions, which leave a table that is larger than before. O(size + new homes).
template <class Policy>
void reserve_room(table_parts<Policy>& of, std::size_t wanted) {
  if (wanted > most_elements<Policy>(of.allocator())) {
    throw_length_error("evac: reserve() or constructor asked for more than max_size()");
  }
  if (wanted == 0) return;
  const std::size_t homes = homes_for(wanted, table_parts<Policy>::layout::home_slots());
  grow_or_undo(of, homes, overflow_to_promise(of, wanted, homes));
  of.pace.reserved(of.homes.count());  // all of them: to shrink would move what must stay
  of.settle();
}

/// Puts all overflow elements into one new slab of just their size, so that the old slabs can go.
template <class Policy>
void repack_overflow(table_parts<Policy>& of) {
  using chains = typename table_parts<Policy>::chains;
  typename chains::pool dense;
  std::size_t needed = 0;
  for (std::size_t home = 0; home < of.homes.count(); ++home) {
    const bucket* const overflow = of.homes.at(home)->overflow;
    if (overflow != nullptr) needed += chains::overflow_for(chains::count(overflow));
  }
  if (needed != 0) dense.provide(of.allocator(), needed);
  typename chains::context work{of.allocator(), dense, of.moves};
  for (std::size_t home = 0; home < of.homes.count(); ++home) {
    bucket* const head = of.homes.at(home);
    bucket* old = std::exchange(head->overflow, nullptr);
    head->tags.clear_filter();
    for (; old != nullptr; old = old->overflow) {
      for (slot_mask taken = old->tags.occupied(); taken; taken.drop_first()) {
        chains::append(head, {old, taken.first()}, old->tags.tag(taken.first()), work);
      }
    }
  }
  of.overflow.release(of.allocator());
  of.overflow = dense;
}

/// All memory of a table without elements.
template <class Policy>
void release_room(table_parts<Policy>& of) noexcept {
  const std::size_t opened = of.homes.opened();
  release_memory(of);
  if (opened != 0) of.tell_shrunk(opened);
}

/// Exactly `wanted` homes, or as many as the contents need; withdraws what was promised and gives memory back.
/// O(size + homes). Throws what the hash and the allocator throw; the table is whole then.
template <class Policy>
void fit_room(table_parts<Policy>& of, std::size_t wanted) {
  const std::size_t needed = of.size == 0 ? 0 : homes_for(of.size, table_parts<Policy>::layout::home_slots());
  const std::size_t homes = (std::max)(wanted, needed);
  if (homes == 0) return release_room(of);
  if (wanted > most_elements<Policy>(of.allocator())) {
    throw_length_error("evac: rehash() asked for more than max_size()");
  }
  grow_or_undo(of, homes, 0);
  // Also after a failure: the pacer must not go on waiting for the size of the table that was.
  struct settled {
    table_parts<Policy>& parts;
    ~settled() { parts.settle(); }
  } const at_exit{of};
  of.pace.reserved(0);
  shrink_to(of, homes);
  repack_overflow(of);
  of.homes.trim_base(of.allocator(), of.overflow, of.moves);
  of.pace.reserved((std::min)(wanted, of.homes.count()));
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
