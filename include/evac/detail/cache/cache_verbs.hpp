// Operations of a cache on the element of one key, and look-ups of many.
#ifndef EVAC_DETAIL_CACHE_CACHE_VERBS_HPP
#define EVAC_DETAIL_CACHE_CACHE_VERBS_HPP

#include <cstddef>
#include <iterator>
#include <tuple>
#include <utility>

#include "evac/detail/cache/cache_state.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/sharded/keyed.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Whether a look-up is a request for the value, which is counted and which the order goes by.
enum class request : bool { no, yes };

/// Calls f(value) under the shared lock if the key is there; returns whether.
template <request Request, class State, class K, class F>
EVAC_ALWAYS_INLINE bool look_up(const State& state, call_site site, const K& key, F&& f) {
  const std::size_t hash = state.functors.hash_of(key);
  bool found = false;
  {
    const inside_call mark(&state, site);
    const shard_guard<access::shared, typename State::shard_type> guard(state.shards.of_hash(hash));
    const position at = guard.table().find_hashed(key, hash);
    if (at.where != nullptr) {
      const auto& present = State::table_type::element(at).second;
      if constexpr (Request == request::yes) present.note_found();
      f(present.value);
      found = true;
    }
  }
  if constexpr (Request == request::yes) state.accesses.count(found);
  return found;
}

/// Calls f(key, value) for those of the keys that are there, as visit_many(); returns how many.
template <class State, class It, class F>
std::size_t look_up_many(const State& state, call_site site, It first, It last, F& f) {
  std::size_t found = 0;
  const auto visit = [&](const typename State::value_type& element) {
    element.second.note_found();
    f(element.first, element.second.value);
    ++found;
  };
  visit_many<access::shared>(state, site, first, last, visit);
  state.accesses.count(found, static_cast<std::size_t>(std::distance(first, last)) - found);
  return found;
}

/// Gives the key this value; returns whether it was new. `fresh` is an element with that key.
template <class State>
bool put_element(State& state, call_site site, detached_of<State>& fresh) {
  const auto& key = fresh.element().first;
  const std::size_t hash = state.functors.hash_of(key);
  typename State::departed gone(state);
  const inside_call mark(&state, site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards.of_hash(hash));
  auto& table = guard.table();
  auto& beside = state.companions[state.shards.index_of(hash)];
  const position at = table.find_hashed(key, hash);
  if (beside.part == 0) [[unlikely]] {
    if (at.where != nullptr) {
      beside.order.remove(State::table_type::element(at).second.place());
      leave<State>(table, at, removal_cause::replaced, beside, gone);
    }
    refuse<State>(fresh, beside, gone);
  } else if (at.where != nullptr) {
    auto& present = State::table_type::element(at).second;
    present.note_found();
    fresh.element().second.mark = present.mark;
    void* const slot = State::layout::slot(at.where, at.index);
    gone.take(slot, removal_cause::replaced, beside);
    fresh.release_to(slot);
  } else {
    admit<State>(table, hash, [&](void* slot) { fresh.release_to(slot); }, beside, gone);
  }
  return at.where == nullptr;
}
/// The same if the key is not here, and the element is made of key and args only then; else calls present(value). In either
/// case calls locked() first, under the lock.
template <class State, class Locked, class Present, class K, class... Args>
bool put_if_absent_element(State& state, call_site site, const Locked& locked, const Present& present, K&& key,
                           Args&&... args) {
  const std::size_t hash = state.functors.hash_of(std::as_const(key));
  typename State::departed gone(state);
  detached_of<State> fresh(state.functors.allocator);
  const inside_call mark(&state, site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards.of_hash(hash));
  auto& table = guard.table();
  auto& beside = state.companions[state.shards.index_of(hash)];
  locked();
  if (const position at = table.find_hashed(std::as_const(key), hash); at.where != nullptr) {
    const auto& found = State::table_type::element(at).second;
    found.note_found();
    present(found.value);
    return false;
  }
  fresh.construct(std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
                  std::forward_as_tuple(std::in_place, std::forward<Args>(args)...));
  if (beside.part == 0) [[unlikely]] {
    refuse<State>(fresh, beside, gone);
  } else {
    admit<State>(table, hash, [&](void* slot) { fresh.release_to(slot); }, beside, gone);
  }
  return true;
}

template <class State, class K>
std::size_t erase_element(State& state, call_site site, const K& key) {
  const std::size_t hash = state.functors.hash_of(key);
  typename State::departed gone(state);
  const inside_call mark(&state, site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(state.shards.of_hash(hash));
  const position at = guard.table().find_hashed(key, hash);
  if (at.where == nullptr) return 0;
  auto& beside = state.companions[state.shards.index_of(hash)];
  beside.order.remove(State::table_type::element(at).second.place());
  leave<State>(guard.table(), at, removal_cause::erased, beside, gone);
  return 1;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
