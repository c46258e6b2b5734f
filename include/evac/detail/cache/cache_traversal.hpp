// Operations on all elements of a cache, a shard at a time.
#ifndef EVAC_DETAIL_CACHE_CACHE_TRAVERSAL_HPP
#define EVAC_DETAIL_CACHE_CACHE_TRAVERSAL_HPP

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>

#include "evac/detail/cache/cache_state.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/sharded/traversal.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Calls f(key, value) for every element; returns how many there were.
template <class State, class F>
std::size_t visit_cached(const State& state, call_site site, F& f) {
  const auto visit = [&](const typename State::value_type& element) { f(element.first, element.second.value); };
  return visit_every<access::shared>(state, site, in_turn{}, visit);
}

/// Erases the elements of one shard for which predicate(key, value) is true; returns how many.
template <class State, class Predicate>
std::size_t erase_from_cache_shard(State& state, std::size_t index, call_site site, Predicate& predicate) {
  std::deque<departures<State, 1>> gone;
  const inside_call mark(&state, site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[index]);
  auto& table = guard.table();
  auto& beside = state.companions[index];
  for (position at = table.first(); at.where != nullptr;) {
    const position next = table.next(at);
    const auto& element = State::table_type::element(at);
    if (predicate(element.first, element.second.value)) {
      gone.emplace_back(state);
      beside.order.remove(element.second.place());
      leave<State>(table, at, removal_cause::erased, beside, gone.back());
    }
    at = next;
  }
  return gone.size();
}
/// The same for all shards.
template <class State, class Predicate>
std::size_t erase_cached_where(State& state, call_site site, Predicate& predicate) {
  std::size_t erased = 0;
  for (std::size_t i = 0; i != state.shards.size(); ++i) erased += erase_from_cache_shard(state, i, site, predicate);
  return erased;
}

/// Erases what was there when it came to each shard: the oldest elements, one at a time.
template <class State>
void clear_oldest_first(State& state, call_site site) {
  const auto clear_one = [&](std::size_t index) {
    departures<State, 1> gone(state);
    const inside_call mark(&state, site);
    const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[index]);
    auto& table = guard.table();
    if (table.size() == 0) return false;
    auto& beside = state.companions[index];
    leave<State>(table, beside.order.take_oldest(look_into<State>(table)).at, removal_cause::cleared, beside, gone);
    return true;
  };
  for (std::size_t i = 0; i != state.shards.size(); ++i) {
    for (std::size_t left = state.shards[i].size(); left != 0 && clear_one(i); --left) {
    }
  }
}

/// Elements that one call evicts from a shard at most because they are too many; each shard is held for that once.
inline constexpr std::size_t most_shed_at_a_time = 16;

/// Lets elements of a shard go that are too many. Throws std::bad_alloc.
template <class State>
void shed_excess(State& state, std::size_t index, call_site site) {
  departures<State, most_shed_at_a_time> gone(state);
  const inside_call mark(&state, site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[index]);
  auto& beside = state.companions[index];
  beside.order.make_room();
  shed<State>(guard.table(), {}, beside, gone);
}

/// Gives each shard its part of another capacity, and begins to evict what is too much.
template <class State>
void change_capacity(State& state, call_site site, std::size_t most) {
  state.check_capacity(most);
  {
    const inside_call mark(&state, site);
    const std::lock_guard one_at_a_time(state.resizing);
    state.capacity.store(most, relaxed);  // relaxed: the parts decide
    for (std::size_t i = 0; i != state.shards.size(); ++i) {
      const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[i]);
      state.companions[i].part = state.part_of(i, most);
    }
  }
  for (std::size_t i = 0; i != state.shards.size(); ++i) shed_excess(state, i, site);
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
