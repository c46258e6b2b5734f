// Operations of a cache on the element of one key, and look-ups of many.
#ifndef EVAC_DETAIL_CACHE_CACHE_VERBS_HPP
#define EVAC_DETAIL_CACHE_CACHE_VERBS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <tuple>
#include <utility>

#include "evac/detail/cache/cache_state.hpp"
#include "evac/detail/cache/cache_steps.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/sharded/keyed.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Whether a look-up is a request for the value, which is counted and which the order goes by; or one by the leader of
/// a flight that has not landed, which must not call the listener, and so leaves an element that is over where it is.
enum class request : unsigned char { no, yes, of_leader };

/// Where the element of a key is; one that is over leaves, and is nowhere.
template <class State, class K>
EVAC_ALWAYS_INLINE position find_unless_over(typename State::table_type& table, const K& key, std::size_t hash,
                                             std::int64_t now, typename State::companion& beside,
                                             typename State::departed& gone) {
  const position at = table.find_hashed(key, hash);
  if constexpr (State::timed) {
    if (at.where != nullptr && State::table_type::element(at).second.life.is_over(now)) {
      remove_cached<State>(table, at, removal_cause::expired, beside, gone);
      return {};
    }
  }
  return at;
}

/// Calls f(table, where the element of the key is, now, beside, gone) under the exclusive lock; one that is over has
/// left.
template <class State, class K, class F>
auto with_element(State& state, call_site site, const K& key, std::size_t hash, const F& f) {
  typename State::departed gone(state);
  const inside_call mark(&state, site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards.of_hash(hash));
  auto& beside = state.companions[state.shards.index_of(hash)];
  const std::int64_t now = State::now();
  return f(guard.table(), find_unless_over<State>(guard.table(), key, hash, now, beside, gone), now, beside, gone);
}

/// Takes out an element that a reader has found to be over.
template <class State, class K>
EVAC_NEVER_INLINE void drop_if_over(State& state, call_site site, const K& key, std::size_t hash) {
  with_element(state, site, key, hash, [](const auto&...) {});
}

/// Whether an element that was found is there for a request; notes that it was found.
template <request Request, class State>
[[nodiscard]] EVAC_ALWAYS_INLINE bool is_there(const typename State::value_type& element) {
  if constexpr (State::timed) {
    if (element.second.life.ends()) {
      const std::int64_t now = State::now();
      if (element.second.life.is_over(now)) return false;
      if constexpr (Request == request::yes) element.second.life.note_found(now);
    }
  }
  if constexpr (Request == request::yes) element.second.note_found();
  return true;
}

/// Calls f(element) under the shared lock if the key is there; returns whether.
template <request Request, class State, class K, class F>
EVAC_ALWAYS_INLINE bool look_up(State& state, call_site site, const K& key, F&& f) {
  const std::size_t hash = state.functors.hash_of(key);
  bool found = false;
  [[maybe_unused]] bool over = false;
  {
    const inside_call mark(&state, site);
    const shard_guard<access::shared, typename State::shard_type> guard(state.shards.of_hash(hash));
    const position at = guard.table().find_hashed(key, hash);
    if (at.where != nullptr) {
      const typename State::value_type& element = State::table_type::element(at);
      if (is_there<Request, State>(element)) {
        f(element);
        found = true;
      } else {
        over = true;
      }
    }
  }
  if constexpr (State::timed && Request != request::of_leader) {
    if (over) [[unlikely]]
      drop_if_over(state, site, key, hash);
  }
  if constexpr (Request == request::yes) state.requests.count(found);
  return found;
}

/// Calls f(key, value) for those of the keys that are there, as visit_many(); returns how many.
template <class State, class It, class F>
std::size_t look_up_many(State& state, call_site site, It first, It last, F& f) {
  std::size_t found = 0;
  const auto visit = [&](const typename State::value_type& element) {
    if (!is_there<request::yes, State>(element)) return;
    f(element.first, element.second.value);
    ++found;
  };
  visit_many<access::shared>(state, site, first, last, visit);
  state.requests.add(found, static_cast<std::size_t>(std::distance(first, last)) - found);
  return found;
}

/// Evicts elements of a shard until that makes up for the weight that came in: up to most_shed_at_a_time under each
/// lock.
template <class State>
void make_up_for(State& state, call_site site, std::size_t shard, std::size_t owed) {
  while (State::weighed && owed != 0) {
    departures<State, most_shed_at_a_time> gone(state);
    const inside_call mark(&state, site);
    const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[shard]);
    owed = shed<State>(guard.table(), owed, {State::now()}, state.companions[shard], gone);
  }
}

/// Gives an element another value, which is in `fresh`. Returns the weight that is still to be evicted.
template <class State>
std::size_t replace(typename State::table_type& table, position at, detached_of<State>& fresh, std::int64_t now,
                    typename State::companion& beside, typename State::departed& gone) noexcept {
  auto& present = State::table_type::element(at).second;
  present.note_found();
  fresh.element().second.mark = present.mark;
  if constexpr (State::timed) fresh.element().second.life.follow(present.life);
  const std::size_t before = State::weight_of(State::table_type::element(at));
  const std::size_t after = State::weight_of(fresh.element());
  void* const slot = State::layout::slot(at.where, at.index);
  gone.take(slot, removal_cause::replaced, beside);
  fresh.release_to(slot);
  if constexpr (State::weighed) {
    beside.weight += after - before;
    if (!State::is_too_full(table, beside)) return 0;
    const std::size_t came_in = after - (std::min)(before, after);
    const std::size_t owed = shed<State>(table, came_in, {now, at}, beside, gone);
    State::table_type::element(at).second.note_found();  // the hand may have come by
    return owed;
  }
  return 0;
}

/// Gives a key the element `fresh`, in place of the one at `at`, if it has one; a shard without room for it keeps none.
/// Returns the weight that is still to be evicted.
template <class State>
EVAC_ALWAYS_INLINE std::size_t set_element(typename State::table_type& table, const position& at, std::size_t hash,
                                           detached_of<State>& fresh, std::int64_t now,
                                           typename State::companion& beside, typename State::departed& gone) {
  if (State::weight_of(fresh.element()) > beside.part) [[unlikely]] {
    if (at.where != nullptr) remove_cached<State>(table, at, removal_cause::replaced, beside, gone);
    refuse<State>(fresh, beside, gone);
    shed<State>(table, 0, {now}, beside, gone);
    return 0;
  }
  if (at.where == nullptr) return admit<State>(table, hash, fresh, now, beside, gone);
  return replace<State>(table, at, fresh, now, beside, gone);
}
/// Gives the key this value, unless stays(element) is true for what is there; returns whether it was new. `fresh` is an
/// element with that key. Calls locked() first, under the lock.
template <class State, class Locked, class Stays>
bool put_element(State& state, call_site site, detached_of<State>& fresh, const typename State::terms_type& terms,
                 const Locked& locked, const Stays& stays) {
  const std::size_t hash = state.functors.hash_of(fresh.element().first);
  const std::size_t shard = state.shards.index_of(hash);
  state.weigh(fresh.element());
  bool is_new = true;
  std::size_t owed = 0;
  {
    typename State::departed gone(state);
    const inside_call mark(&state, site);
    const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[shard]);
    auto& table = guard.table();
    auto& beside = state.companions[shard];
    locked();
    const std::int64_t now = State::now();
    State::begin_life(fresh.element(), now, terms);
    const position at = find_unless_over<State>(table, fresh.element().first, hash, now, beside, gone);
    is_new = at.where == nullptr;
    if (!is_new && stays(std::as_const(State::table_type::element(at)))) return false;
    owed = set_element<State>(table, at, hash, fresh, now, beside, gone);
    if constexpr (State::timed) static_cast<void>(sweep_chain<State>(table, now, beside, gone));
  }
  make_up_for(state, site, shard, owed);
  return is_new;
}
/// The same if the key is not here, and the element is made of key and args only then; else calls present(element). In
/// either case calls locked() first, under the lock.
template <class State, class Locked, class Present, class K, class... Args>
bool put_if_absent_element(State& state, call_site site, const typename State::terms_type& terms, const Locked& locked,
                           const Present& present, K&& key, Args&&... args) {
  const std::size_t hash = state.functors.hash_of(std::as_const(key));
  const std::size_t shard = state.shards.index_of(hash);
  std::size_t owed = 0;
  {
    typename State::departed gone(state);
    detached_of<State> fresh(state.functors.allocator);
    const inside_call mark(&state, site);
    const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards[shard]);
    auto& table = guard.table();
    auto& beside = state.companions[shard];
    locked();
    const std::int64_t now = State::now();
    if (const position at = find_unless_over<State>(table, std::as_const(key), hash, now, beside, gone);
        at.where != nullptr) {
      State::note_found(State::table_type::element(at), now);
      present(State::table_type::element(at));
      return false;
    }
    fresh.construct(std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
                    std::forward_as_tuple(std::in_place, std::forward<Args>(args)...));
    state.weigh(fresh.element());
    State::begin_life(fresh.element(), now, terms);
    owed = set_element<State>(table, {}, hash, fresh, now, beside, gone);
    if constexpr (State::timed) static_cast<void>(sweep_chain<State>(table, now, beside, gone));
  }
  make_up_for(state, site, shard, owed);
  return true;
}

template <class State, class K>
std::size_t erase_element(State& state, call_site site, const K& key) {
  const auto erase = [](auto& table, position at, std::int64_t now, auto& beside, auto& gone) -> std::size_t {
    const bool there = at.where != nullptr;
    if (there) remove_cached<State>(table, at, removal_cause::erased, beside, gone);
    if constexpr (State::timed) static_cast<void>(sweep_chain<State>(table, now, beside, gone));
    return there ? 1 : 0;
  };
  return with_element(state, site, key, state.functors.hash_of(key), erase);
}

/// Gives an element that is there another time to stay; returns whether it is there.
template <class State, class K>
bool change_terms(State& state, call_site site, const K& key, const expiry& terms) {
  const auto begin = [&](auto&, position at, std::int64_t now, auto&, auto&) {
    if (at.where == nullptr) return false;
    State::begin_life(State::table_type::element(at), now, terms);
    return true;
  };
  return with_element(state, site, key, state.functors.hash_of(key), begin);
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
