// update() of a cache: another value of a key, made from the one that it has, under one lock.
#ifndef EVAC_DETAIL_CACHE_CACHE_UPDATE_HPP
#define EVAC_DETAIL_CACHE_CACHE_UPDATE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "evac/detail/cache/cache_state.hpp"
#include "evac/detail/cache/cache_steps.hpp"
#include "evac/detail/cache/cache_verbs.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/detached_element.hpp"
#include "evac/update.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Makes `fresh` an element of this key and value. It stays as long as the one at `at` would have, if there is one and
/// no terms are given.
template <class State, class K, class V>
void make_updated(const State& state, detached_of<State>& fresh, const K& key, V&& value, position at, std::int64_t now,
                  const typename State::terms_type* terms) {
  fresh.construct(std::piecewise_construct, std::forward_as_tuple(key),
                  std::forward_as_tuple(std::in_place, std::forward<V>(value)));
  state.weigh(fresh.element());
  if (at.where == nullptr || terms != nullptr) {
    State::begin_life(fresh.element(), now, terms != nullptr ? *terms : state.usual);
  } else if constexpr (State::timed) {
    const auto& present = State::table_type::element(at);
    State::note_found(present, now);
    fresh.element().second.life = present.second.life;
  }
}

/// Asks f, which is shown the value of the key, and does what it answers. Terms may be null: see above.
template <class State, class K, class F>
update_result<F, typename State::mapped_type> update_element(State& state, call_site site, const K& key, F& f,
                                                             const typename State::terms_type* terms) {
  using T = typename State::mapped_type;
  using result = update_result<F, T>;
  const std::size_t hash = state.functors.hash_of(key);
  detached_of<State> fresh(state.functors.allocator);
  std::size_t owed = 0;
  const auto change = [&](auto& table, position at, std::int64_t now, auto& beside, auto& gone) -> result {
    const bool is_there = at.where != nullptr;
    const T* const present = is_there ? std::addressof(State::table_type::element(at).second.value) : nullptr;
    answer_of<F, T> answer = ask<T>(f, present);
    now = State::now();  // f may have taken its time
    const auto give = [&](auto&& value) {
      make_updated(state, fresh, key, std::forward<decltype(value)>(value), at, now, terms);
      owed = set_element<State>(table, at, hash, fresh, now, beside, gone);
      if constexpr (State::timed) static_cast<void>(sweep_chain<State>(table, now, beside, gone));
    };
    const auto erase = [&] {
      if (is_there) remove_cached<State>(table, at, removal_cause::erased, beside, gone);
      if constexpr (State::timed) static_cast<void>(sweep_chain<State>(table, now, beside, gone));
      return is_there ? update_outcome::erased : update_outcome::kept;
    };
    if constexpr (answers<F, T>()) {
      if (answer.keeps()) {
        if (is_there) State::note_found(State::table_type::element(at), now);
        return update_outcome::kept;
      }
      std::optional<T>&& after = std::move(answer).value();
      if (!after.has_value()) return erase();
      give(*std::move(after));
      return update_outcome::stored;
    } else {
      answer.has_value() ? give(std::as_const(*answer)) : static_cast<void>(erase());
      return answer;
    }
  };
  result done = with_element(state, site, key, hash, change);
  make_up_for(state, site, state.shards.index_of(hash), owed);
  return done;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
