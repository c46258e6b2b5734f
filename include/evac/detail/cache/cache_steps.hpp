// Steps by which the elements of a cache come and go, for a caller that holds the lock of their shard exclusively.
//
// They keep the invariants K1 and K2 of cache_state.hpp.
#ifndef EVAC_DETAIL_CACHE_CACHE_STEPS_HPP
#define EVAC_DETAIL_CACHE_CACHE_STEPS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "evac/detail/cache/cache_state.hpp"
#include "evac/detail/cache/departures.hpp"
#include "evac/detail/cache/sieve_order.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/table/scan.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Elements of one shard that leave under one lock where they are many.
inline constexpr std::size_t most_shed_at_a_time = 16;

/// The circumstances of a step of the hand, beside the marks: the time, and the element that the call itself is about.
/// Nothing where elements neither expire nor weigh.
template <bool Needed>
struct hand_rules {
  std::int64_t now;
  position kept{};

  [[nodiscard]] bool keep(position at) const noexcept { return at.where == kept.where && at.index == kept.index; }
};
template <>
struct hand_rules<false> {
  static constexpr std::int64_t now = 0;

  constexpr hand_rules(std::int64_t /*now*/, position /*kept*/ = {}) noexcept {}
  [[nodiscard]] static constexpr bool keep(position) noexcept { return false; }
};
template <class State>
using rules_of = hand_rules<State::weighed || State::timed>;

/// The element of a place, as the order sees it.
template <class State>
struct cache_candidate {
  position at;
  [[no_unique_address]] rules_of<State> rules;

  [[nodiscard]] auto& element() const noexcept { return State::table_type::element(at).second; }
  [[nodiscard]] bool is_over() const noexcept { return element().life.is_over(rules.now); }
  [[nodiscard]] bool stays(bool hand_is_tired) const noexcept {
    return rules.keep(at) || (element().is_marked() && !hand_is_tired && !is_over());
  }
  void move_to(std::uint32_t place) const noexcept { element().mark = place; }
  void keep_mark_at(std::uint32_t place) const noexcept {
    element().mark = place | (element().mark ^ element().place());
  }
};
template <class State>
[[nodiscard]] auto look_into(const typename State::table_type& table, rules_of<State> rules) noexcept {
  return [&table, rules](std::uint32_t place, std::uint32_t name) noexcept {
    const std::size_t hash = hash_like(name);
    const auto chain = table.chain_of(hash);
    const auto is_there = [&](const typename State::value_type& element) { return element.second.place() == place; };
    const position at(State::table_type::chains::find(chain.head, hash, is_there), chain.home);
    if (at.where == nullptr) impossible();  // K1
    return cache_candidate<State>{at, rules};
  };
}

/// Takes an element out of the cache, which its order does not know any more.
template <class State, class Departed>
EVAC_ALWAYS_INLINE void leave(typename State::table_type& table, position at, removal_cause cause,
                              typename State::companion& beside, Departed& gone) noexcept {
  if constexpr (State::weighed) beside.weight -= State::weight_of(State::table_type::element(at));
  gone.take(State::layout::slot(at.where, at.index), cause, beside);
  table.forget(at);
}
/// Takes an element out of the cache and its order.
template <class State, class Departed>
void remove_cached(typename State::table_type& table, position at, removal_cause cause,
                   typename State::companion& beside, Departed& gone) noexcept {
  beside.order.remove(State::table_type::element(at).second.place());
  leave<State>(table, at, cause, beside, gone);
  beside.order.tidy(table.size(), look_into<State>(table, {0}));
}

/// Lets the element go that the hand takes.
template <class State, class Departed>
EVAC_ALWAYS_INLINE void evict(typename State::table_type& table, rules_of<State> rules,
                              typename State::companion& beside, Departed& gone) noexcept {
  const auto taken = beside.order.take(look_into<State>(table, rules));
  leave<State>(table, taken.at, taken.is_over() ? removal_cause::expired : removal_cause::size, beside, gone);
}
/// The same until the shard fits into its part, or until that makes up for the weight that came in and for one element
/// more, so that no call has to make up for all that set_capacity() has left. Returns what is not yet made up for,
/// where `gone` has no more room.
template <class State, class Departed>
EVAC_NEVER_INLINE std::size_t shed(typename State::table_type& table, std::size_t came_in, rules_of<State> rules,
                                   typename State::companion& beside, Departed& gone) noexcept {
  for (bool one_more = true; one_more && State::is_too_full(table, beside);) {
    if (gone.room() == 0) return came_in;
    one_more = came_in != 0;
    const std::size_t before = State::weight_in(table, beside);
    evict<State>(table, rules, beside, gone);
    came_in -= (std::min)(came_in, before - State::weight_in(table, beside));
  }
  return 0;
}

/// Gives a key that is not here its element, which is `fresh`, and makes room for it. Strong guarantee. Returns the
/// weight that is still to be evicted.
template <class State>
std::size_t admit(typename State::table_type& table, std::size_t hash, detached_of<State>& fresh, std::int64_t now,
                  typename State::companion& beside, typename State::departed& gone) {
  const rules_of<State> rules{now};
  const std::size_t weight = State::weight_of(fresh.element());
  beside.order.make_room();
  const position at = table.place(hash, [&](void* slot) { fresh.release_to(slot); });
  if constexpr (State::weighed) beside.weight += weight;
  // Its mark says no_place: no name leads to it while others are looked for.
  std::size_t owed = 0;
  if (State::is_too_full(table, beside)) {
    if constexpr (State::weighed) {
      owed = shed<State>(table, weight, rules, beside, gone);
    } else {
      evict<State>(table, rules, beside, gone);
      if (State::is_too_full(table, beside)) [[unlikely]]
        shed<State>(table, 0, rules, beside, gone);
    }
  }
  beside.order.tidy(table.size(), look_into<State>(table, rules));
  auto& admitted = State::table_type::element(at).second;
  admitted.mark = beside.order.add(name_of(hash));
  if (owed != 0) admitted.note_found();  // so that the hand spares it when it comes back for more
  return owed;
}

/// A shard without room for an element does not keep it.
template <class State>
void refuse(detached_of<State>& fresh, typename State::companion& beside, typename State::departed& gone) noexcept {
  alignas(State::slot_ops::alignment()) std::byte between[State::slot_ops::size()];
  fresh.release_to(between);
  gone.take(between, removal_cause::size, beside);
}

/// Looks for elements that are over in the chain that is next, and lets them go. Returns whether that was the last
/// chain.
template <class State, class Departed>
[[nodiscard]] bool sweep_chain(typename State::table_type& table, std::int64_t now, typename State::companion& beside,
                               Departed& gone) noexcept {
  const scan_position before = beside.swept;
  bool complete = true;
  scan_bucket(table, beside.swept, [&](std::size_t home, bool) {
    bucket* next = nullptr;
    for (bucket* where = table.homes().at(home); where != nullptr; where = next) {
      next = where->overflow;  // a bucket without elements goes
      for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
        const position at(where, taken.first(), home);
        if (!State::table_type::element(at).second.life.is_over(now)) continue;
        complete = gone.room() != 0;
        if (!complete) return;
        remove_cached<State>(table, at, removal_cause::expired, beside, gone);
      }
    }
  });
  if (!complete) beside.swept = before;
  const bool last = beside.swept.done;
  if (last) beside.swept = {};
  return last;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
