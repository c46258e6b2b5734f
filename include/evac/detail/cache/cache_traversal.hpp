// Operations on all elements of a cache, a shard at a time.
#ifndef EVAC_DETAIL_CACHE_CACHE_TRAVERSAL_HPP
#define EVAC_DETAIL_CACHE_CACHE_TRAVERSAL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

#include "evac/detail/cache/cache_state.hpp"
#include "evac/detail/cache/cache_steps.hpp"
#include "evac/detail/cache/cache_verbs.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/sharded/traversal.hpp"
#include "evac/scan_cursor.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Calls f(key, value) for every element; returns how many there were.
template <class State, class F>
std::size_t visit_cached(const State& state, call_site site, F& f) {
  std::size_t visited = 0;
  const auto visit = [&](const typename State::value_type& element) {
    if (!is_there<request::no, State>(element)) return;
    f(element.first, element.second.value);
    ++visited;
  };
  visit_every<access::shared>(state, site, in_turn{}, visit);
  return visited;
}

/// As scan_shards(), with f(key, value) for those that are not over.
template <class State, class F>
[[nodiscard]] scan_cursor scan_cached(const State& state, call_site site, scan_cursor from, std::size_t budget, F& f) {
  const auto show = [&](const typename State::value_type& element) {
    if (is_there<request::no, State>(element)) f(element.first, element.second.value);
  };
  return scan_shards(state, site, from, budget, show);
}

/// Erases the elements of one shard for which predicate(key, value) is true; returns how many.
template <class State, class Predicate>
std::size_t erase_from_cache_shard(State& state, std::size_t index, call_site site, Predicate& predicate) {
  std::deque<departures<State, 1>> gone;
  const inside_call mark(&state, site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[index]);
  auto& table = guard.table();
  std::size_t erased = 0;
  for (position at = table.first(); at.where != nullptr;) {
    const position next = table.next(at);
    const auto& element = State::table_type::element(at);
    const bool over = !is_there<request::no, State>(element);
    if (over || predicate(element.first, element.second.value)) {
      remove_cached<State>(table, at, over ? removal_cause::expired : removal_cause::erased, state.companions[index],
                           gone.emplace_back(state));
      erased += over ? 0 : 1;
    }
    at = next;
  }
  return erased;
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
    leave<State>(table, beside.order.take_oldest(look_into<State>(table, {0})).at, removal_cause::cleared, beside,
                 gone);
    return true;
  };
  for (std::size_t i = 0; i != state.shards.size(); ++i) {
    for (std::size_t left = state.shards[i].size(); left != 0 && clear_one(i); --left) {
    }
  }
}

/// Lets elements of a shard go that are too many, most_shed_at_a_time at most; returns how many.
template <class State>
std::size_t shed_excess(State& state, std::size_t index, call_site site) {
  departures<State, most_shed_at_a_time> gone(state);
  const inside_call mark(&state, site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[index]);
  auto& beside = state.companions[index];
  const rules_of<State> rules{State::now()};
  while (State::is_too_full(guard.table(), beside) && gone.room() != 0)
    evict<State>(guard.table(), rules, beside, gone);
  return gone.count();
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

/// The work of some steps of a sweep in one shard.
struct swept {
  std::size_t left = 0;  // elements that have left
  bool to_the_end = false;
};
/// Looks through up to `chains` chains of a shard for elements that are over, as many under one lock as are looked
/// through in a microsecond or two; subtracts those that it has looked at.
template <class State>
[[nodiscard]] swept sweep_some(State& state, std::size_t index, call_site site, std::size_t& chains) {
  constexpr std::size_t chains_at_a_time = 32;
  departures<State, most_shed_at_a_time> gone(state);
  const inside_call mark(&state, site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[index]);
  const std::int64_t now = State::now();
  bool to_the_end = false;
  for (std::size_t looks = 0; looks != chains_at_a_time && chains != 0 && gone.room() != 0 && !to_the_end; ++looks) {
    to_the_end = sweep_chain<State>(guard.table(), now, state.companions[index], gone);
    --chains;
  }
  return {gone.count(), to_the_end};
}
/// Lets go what is over in the places of about so many elements, and what is too much in the shards that it comes to;
/// returns how many have left. The next call goes on there.
template <class State>
std::size_t sweep_cache(State& state, call_site site, std::size_t elements) {
  constexpr std::size_t room = State::layout::home_slots();
  std::size_t chains = elements / room + (elements % room != 0 ? 1 : 0);
  std::size_t left = 0;
  for (std::size_t visits = 0; visits <= state.shards.size() && chains != 0; ++visits) {
    // relaxed, both: two threads that sweep at a time may come to the same shard
    const std::size_t index = state.next_swept.load(relaxed) % state.shards.size();
    for (std::size_t shed = most_shed_at_a_time; shed == most_shed_at_a_time && chains != 0;) {
      shed = shed_excess(state, index, site);
      left += shed;
      chains -= (std::min)(chains, shed);
    }
    swept here{.to_the_end = !State::timed};
    while (chains != 0 && !here.to_the_end) {
      here = sweep_some(state, index, site, chains);
      left += here.left;
    }
    if (here.to_the_end) state.next_swept.store(index + 1, relaxed);
  }
  return left;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
