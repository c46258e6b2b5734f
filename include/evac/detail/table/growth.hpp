// Steps by which a table grows and shrinks: one parent split, one child merged back, and how many of these an insert
// does.
//
// Free functions over table_parts. None changes the size. A step that throws has moved nothing: the table is whole,
// chains get longer, and a later insert tries again.
#ifndef EVAC_DETAIL_TABLE_GROWTH_HPP
#define EVAC_DETAIL_TABLE_GROWTH_HPP

#include <algorithm>
#include <cstddef>
#include <memory>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/table/evacuation.hpp"
#include "evac/detail/table/evacuation_timer.hpp"
#include "evac/detail/table/pacing.hpp"
#include "evac/detail/table/table_parts.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Whether a doubling is under way: some parents are split and others not.
template <class Policy>
[[nodiscard]] bool is_growing(const table_parts<Policy>& of) noexcept {
  return of.homes.count() != of.homes.opened();
}

/// Begins a doubling. Throws what the allocator throws; nothing has changed then.
template <class Policy>
void begin_growth(table_parts<Policy>& of, typename table_parts<Policy>::chains::context& work,
                  typename table_parts<Policy>::homes_type::ahead* got) {
  of.homes.open_next(of.allocator(), work, got);
  of.tell_growth_begun();
}

/// Splits the parent at the frontier. Throws what the hash and the allocator throw. O(its chain).
template <class Policy>
void split_next(table_parts<Policy>& of, typename table_parts<Policy>::chains::context& work,
                typename table_parts<Policy>::homes_type::ahead* got = nullptr) {
  using parts = table_parts<Policy>;
  if (!is_growing(of)) begin_growth(of, work, got);
  const std::size_t child = of.homes.count();
  const std::size_t bit = of.homes.half();
  const std::size_t parent = child - bit;
  const auto leaves = [&of, bit](const typename parts::value_type& stored) {
    return (of.hash_of(Policy::key(stored)) & bit) != 0;
  };
  using evacuation_type = evacuation<typename parts::elements, typename parts::allocator_type>;
  const auto has = evacuation_type::split(of.homes.at(parent), of.homes.next_home(), leaves, work);
  const bool complete = of.homes.add_home();
  if (has.child_has) [[likely]]
    of.homes.note_filled(child);
  if (!has.parent_has) [[unlikely]]
    of.homes.note_emptied_if(parent, true);
  if (complete) [[unlikely]]
    of.tell_growth_ended();
}

/// Gives back what the last home lay in, if that is empty now.
template <class Policy>
void close_emptied(table_parts<Policy>& of) noexcept {
  const std::size_t opened = of.homes.opened();
  of.homes.close_emptied(of.allocator());
  if (of.homes.opened() != opened) of.tell_shrunk(opened);
}

/// Merges the last child back into its parent. Throws what the allocator throws. O(their chains).
template <class Policy>
void merge_last(table_parts<Policy>& of, typename table_parts<Policy>::chains::context& work) {
  using parts = table_parts<Policy>;
  // A split that threw can leave a segment opened and unused; it goes before a home of the half below does.
  if (of.homes.count() == of.homes.opened() / 2) close_emptied(of);
  const std::size_t child = of.homes.count() - 1;
  const std::size_t parent = parent_of(child);
  evacuation<typename parts::elements, typename parts::allocator_type>::merge(of.homes.at(parent), of.homes.at(child),
                                                                              work);
  if (!of.homes.at(parent)->tags.empty()) of.homes.note_filled(parent);
  of.homes.remove_home();
  close_emptied(of);
}

/// Splits up to `parents` parents of the doubling that is under way; returns how many. Throws as split_next().
template <class Policy>
std::size_t split_some(table_parts<Policy>& of, typename table_parts<Policy>::chains::context& work,
                       std::size_t parents) {
  std::size_t done = 0;
  for (; done < parents && is_growing(of); ++done) split_next(of, work);
  return done;
}

// Always inline, as every function that only fetches: g++ 12 takes a call of one for a call without effect, and drops
// it.
template <class Layout>
EVAC_ALWAYS_INLINE void prefetch_bucket(const bucket* where) noexcept {
  constexpr std::size_t most = 256;
  for (std::size_t at = 0; at < (std::min)(Layout::home_bytes(), most); at += cache_line) {
    prefetch_for_write(reinterpret_cast<const std::byte*>(where) + at);
  }
}

/// Fetches what the next two steps will touch: the buckets of the one after the next, and, now that the buckets of the
/// next are here, what hangs on them. Parents are taken in order, but steps are several inserts apart.
template <class Policy>
EVAC_ALWAYS_INLINE void prefetch_next_parents(const table_parts<Policy>& of) noexcept {
  using layout = typename table_parts<Policy>::layout;
  const std::size_t parents = of.homes.half();
  const std::size_t next = of.homes.count() - parents;
  if (!is_growing(of) || parents - next < 2 * parents_per_step) return;
  for (std::size_t i = 0; i < parents_per_step; ++i) {
    prefetch_for_write(of.homes.at(next + i)->overflow);
    prefetch_bucket<layout>(of.homes.at(next + parents_per_step + i));
    prefetch_bucket<layout>(of.homes.at(of.homes.count() + parents_per_step + i));
  }
}

/// The growth of one insert. Throws as split_next().
template <class Policy>
void split_step(table_parts<Policy>& of, typename table_parts<Policy>::chains::context& work) {
  split_next(of, work);
  split_some(of, work, parents_per_step - 1);
  prefetch_next_parents(of);
}
template <class Policy>
EVAC_NEVER_INLINE void timed_split_step(table_parts<Policy>& of, typename table_parts<Policy>::chains::context& work) {
  const evacuation_timer timer(of.homes.count());
  split_step(of, work);
  of.note_evacuation(timer.nanoseconds());
}
template <class Policy>
void merge_step(table_parts<Policy>& of, typename table_parts<Policy>::chains::context& work) {
  for (std::size_t i = 0; i < merges_per_step && of.homes.count() > of.pace.fewest_homes(); ++i) merge_last(of, work);
  of.overflow.release_one_if_idle(of.allocator());
}

/// The step of an insert whose element is in; returns where that is afterwards. A step that throws is left to a later
/// insert.
template <class Policy>
[[nodiscard]] EVAC_NEVER_INLINE slot_ref take_step(table_parts<Policy>& of, slot_ref added) noexcept {
  using layout = typename table_parts<Policy>::layout;
  const pacer::step due = of.pace.due(of.size, of.homes.count(), layout::home_slots());
  if (due == pacer::step::wait) return added;
  auto work = of.work(std::addressof(added));
  EVAC_TRY {
    if (due == pacer::step::shrink) {
      merge_step(of, work);
    } else if (due == pacer::step::grow) {
      evacuation_timer::times(of.homes.count(), layout::home_bytes()) ? timed_split_step(of, work)
                                                                      : split_step(of, work);
    }
  }
  EVAC_CATCH_ALL {}
  of.settle_step();
  return added;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
