// Operations on a sharded container as a whole, and on two of them: assignments, swap, merge, comparison, conversions.
// Each holds all locks of its containers, and so happens at one moment for all threads.
//
// The invariants S1 to S6 are those of sharded_state.hpp. Where something may fail, it does so before anything has
// changed.
#ifndef EVAC_DETAIL_SHARDED_WHOLE_HPP
#define EVAC_DETAIL_SHARDED_WHOLE_HPP

#include <cstddef>
#include <optional>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/sharded_state.hpp"
#include "evac/detail/sharded/transfer.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/single_owner.hpp"
#include "evac/detail/table/table_access.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class State>
using exclusive_state = state_guard<access::exclusive, State>;
template <class State>
using shared_state = state_guard<access::shared, State>;

/// The one rule for swap and for every move assignment: a source, which is empty afterwards, has what the target had.
template <class State>
void exchange_functors(State& left, State& right) {
  left.functors.swap_hash_and_equal(right.functors);
  std::swap(left.functors.seed, right.functors.seed);
}
/// Exchanges the elements of two states with as many shards, in O(shards).
template <class State>
void exchange_tables(State& left, State& right) noexcept {
  for (std::size_t i = 0; i < left.shards.size(); ++i) left.own_table(i).swap_contents(right.own_table(i));
}
/// Takes the elements out of a state in O(shards). Without memory for the empty tables, destroys them in O(elements),
/// under the locks.
template <class State>
void detach_elements(State& from, std::optional<State>& detached) noexcept {
  if (detached) return exchange_tables(from, *detached);
  for (std::size_t i = 0; i < from.shards.size(); ++i) from.own_table(i).release();
}
template <class State>
void make_detached(const State& like, std::optional<State>& detached) noexcept {
  EVAC_TRY { detached.emplace(like.functors, like.functors.allocator, like.shards.size()); }
  EVAC_CATCH_ALL {}
}

template <class State>
void clear_state(State& state, call_site site) {
  std::optional<State> detached;  // S5
  exclusive_state<State> mine(state, site);
  mine.lock();
  state.tell_cleared({std::addressof(state), state.size()});
  make_detached(state, detached);
  detach_elements(state, detached);
  state.clears.fetch_add(1, relaxed);  // relaxed: a figure for people
}

/// Afterwards no thread uses the observer before: it was told of events under one of these locks.
template <class State>
void observe_state(State& state, call_site site, observer* by) {
  exclusive_state<State> mine(state, site);
  mine.lock();
  state.observe(by);
}

template <class State>
void copy_assign(State& target, const State& source, call_site site) {
  constexpr bool propagate = State::traits::propagate_on_container_copy_assignment::value;
  std::optional<State> fresh;  // S5
  exclusive_state<State> mine(target, site);
  shared_state<State> theirs(source, site);
  lock_in_order(mine, theirs);
  fresh.emplace(source.functors, propagate ? source.functors.allocator : target.functors.allocator,
                target.shards.size());
  copy_all(*fresh, theirs);
  exchange_functors(target, *fresh);
  if constexpr (propagate) {
    // The replaced elements go back to the memory that they came from.
    const typename State::allocator_type before(target.functors.allocator);
    target.functors.allocator = source.functors.allocator;
    fresh->functors.allocator = before;
  }
  exchange_tables(target, *fresh);
}

/// Replaces all elements by copies of these. If that throws, nothing has changed.
template <class State, class Range>
void assign_range(State& target, const Range& range, call_site site) {
  using policy = typename State::policy;
  std::optional<State> fresh;  // S5
  exclusive_state<State> mine(target, site);
  mine.lock();
  fresh.emplace(target.functors, target.functors.allocator, target.shards.size());
  for (const typename State::value_type& element : range) {
    const std::size_t hash = fresh->functors.hash_of(policy::key(element));
    auto& table = fresh->own_table_of(hash);
    if (table.find_hashed(policy::key(element), hash).where != nullptr) continue;
    table.place(hash, [&](void* slot) { State::slot_ops::construct(fresh->functors.allocator, slot, element); });
  }
  exchange_tables(target, *fresh);
}

/// Takes all elements of the source. Where that moves them one by one between unequal allocators and a move throws, the
/// source is empty afterwards; else whatever throws has changed nothing.
template <class State>
void move_assign(State& target, State& source, call_site site) {
  using traits = typename State::traits;
  constexpr bool propagate = traits::propagate_on_container_move_assignment::value;
  std::optional<State> fresh;  // S5
  exclusive_state<State> mine(target, site);
  exclusive_state<State> theirs(source, site);
  lock_in_order(mine, theirs);
  if constexpr (!propagate && !traits::is_always_equal::value) {
    if (!same_memory(target.functors.allocator, source.functors.allocator)) {
      fresh.emplace(source.functors, target.functors.allocator, target.shards.size());
      move_each(*fresh, theirs);
      exchange_functors(target, source);
      exchange_tables(target, *fresh);
      return;
    }
  }
  const auto take_allocator = [&] {
    if constexpr (propagate) {
      if (fresh) fresh->functors.allocator = target.functors.allocator;  // of what is replaced
      target.functors.allocator = std::move(source.functors.allocator);
    }
  };
  if (mine.count() == theirs.count()) {
    make_detached(target, fresh);
    exchange_functors(target, source);
    detach_elements(target, fresh);
    take_allocator();
    exchange_tables(target, source);
    return;
  }
  fresh.emplace(source.functors, source.functors.allocator, target.shards.size());
  prepared_move elements(*fresh, theirs);
  exchange_functors(target, source);
  elements.move_all(theirs);
  for (std::size_t i = 0; i < theirs.count(); ++i) theirs.table(i).release();
  take_allocator();
  exchange_tables(target, *fresh);
}

/// Exchanges everything. If it throws, nothing has changed.
template <class State>
void swap_states(State& left, State& right, call_site site) {
  using traits = typename State::traits;
  std::optional<State> for_left;   // S5
  std::optional<State> for_right;  // S5
  exclusive_state<State> mine(left, site);
  exclusive_state<State> theirs(right, site);
  lock_in_order(mine, theirs);
  if constexpr (!traits::propagate_on_container_swap::value && !traits::is_always_equal::value) {
    EVAC_ASSERT(same_memory(left.functors.allocator, right.functors.allocator), "evac: swap with unequal allocators");
  }
  const auto swap_allocators = [](State& one, State& other) {
    if constexpr (traits::propagate_on_container_swap::value) {
      using std::swap;
      swap(one.functors.allocator, other.functors.allocator);
    }
  };
  if (mine.count() == theirs.count()) {
    exchange_functors(left, right);
    swap_allocators(left, right);
    exchange_tables(left, right);
    return;
  }
  for_left.emplace(right.functors, right.functors.allocator, left.shards.size());
  for_right.emplace(left.functors, left.functors.allocator, right.shards.size());
  prepared_move to_left(*for_left, theirs);
  prepared_move to_right(*for_right, mine);
  exchange_functors(left, right);
  to_left.move_all(theirs);
  to_right.move_all(mine);
  swap_allocators(left, right);
  swap_allocators(*for_left, *for_right);
  exchange_tables(left, *for_left);
  exchange_tables(right, *for_right);
}

/// Moves over every element of source whose key is not here; returns how many.
template <class State, class Source>
std::size_t merge_states(State& target, Source& source, call_site site) {
  exclusive_state<State> mine(target, site);
  exclusive_state<Source> theirs(source, site);
  lock_in_order(mine, theirs);
  EVAC_ASSERT(same_memory(target.functors.allocator, source.functors.allocator), "evac: merge with unequal allocators");
  return absorb(target, theirs);
}
/// The same from a container of one owner.
template <class State, class Owned>
std::size_t merge_owned(State& target, Owned& source, call_site site) {
  const single_owner::writer guard(table_access::owner_of(source));
  auto& theirs = table_access::of(source);
  exclusive_state<State> mine(target, site);
  mine.lock();
  EVAC_ASSERT(same_memory(target.functors.allocator, theirs.allocator()), "evac: merge with unequal allocators");
  return absorb(target, single_source{theirs});
}

/// Moves all elements of a container of one owner into a detached state. If it throws, none has been moved.
template <class State, class Owned>
void take_owned(State& target, Owned& source) {
  const single_owner::writer guard(table_access::owner_of(source));
  const single_source theirs{table_access::of(source)};
  prepared_move elements(target, theirs);
  elements.move_all(theirs);
}
/// A container of one owner with a copy of all elements.
template <class Owned, class State>
[[nodiscard]] Owned copy_into(const State& source, call_site site) {
  shared_state<State> held(source, site);
  held.lock();
  Owned copy(0, source.functors.hash, source.functors.equal, source.functors.allocator);
  auto& to = table_access::of(copy);
  to.reserve(source.size());
  for_each_position(held, [&](auto& from, position at) {
    to.place(to.hash_of(key_at(from, at)),
             [&](void* slot) { State::slot_ops::construct(to.allocator(), slot, std::as_const(from.element(at))); });
  });
  to.withdraw_promise();
  return copy;
}
/// A container of one owner with the elements themselves. If it throws, none has been moved.
template <class Owned, class State>
[[nodiscard]] Owned move_into(State& source, call_site site) {
  exclusive_state<State> held(source, site);
  held.lock();
  Owned taken(0, source.functors.hash, source.functors.equal, source.functors.allocator);
  {
    prepared_move elements(table_access::of(taken), held);
    elements.move_all(held);
  }
  return taken;
}

/// Whether both have the same elements.
template <class State>
[[nodiscard]] bool equal_states(const State& left, const State& right, call_site site) {
  using table_type = typename State::table_type;
  using policy = typename State::policy;
  shared_state<State> mine(left, site);
  shared_state<State> theirs(right, site);
  lock_in_order(mine, theirs);
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < mine.count(); ++i) {
    const auto& table = mine.table(i);
    for (position at = table.first(); at.where != nullptr; at = table.next(at)) {
      const auto& element = table_type::element(at);
      const std::size_t hash = right.functors.hash_of(policy::key(element));
      const position twin = theirs.table(right.shards.index_of(hash)).find_hashed(policy::key(element), hash);
      if (twin.where == nullptr || !(table_type::element(twin) == element)) return false;
    }
  }
  return true;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
