// Elements of a sharded container drawn at random, to be looked at or taken out.
//
// The invariants S1 to S6 are those of sharded_state.hpp.
#ifndef EVAC_DETAIL_SHARDED_SAMPLING_HPP
#define EVAC_DETAIL_SHARDED_SAMPLING_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/table/drawing.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Draws `most` elements, and calls f with each; returns how many there were to draw. A shard's share is its part of
/// all elements, rounded so that each element is drawn equally often on average (systematic sampling), and each shard
/// is held once.
template <class State, class Generator, class F>
std::size_t sample_at_once(const State& state, call_site site, Generator& generator, std::size_t most, F& f) {
  const std::size_t total = state.size();
  if (total == 0) return 0;
  std::size_t drawn = 0;
  std::size_t due = draw_below(generator, total);
  for (auto& each : state.shards) {
    due += most * each.size();
    const std::size_t share = (std::min)(due / total, most - drawn);  // others may insert meanwhile
    due %= total;
    if (share == 0) continue;
    const inside_call mark(std::addressof(state), site);
    const shard_guard<access::shared, typename State::shard_type> guard(each);
    for (std::size_t i = 0; i != share; ++i) {
      const position at = draw_element(guard.table(), generator);
      if (at.where == nullptr) break;
      f(static_cast<typename State::template visited<access::shared>&>(State::table_type::element(at)));
      ++drawn;
    }
  }
  return drawn;
}
/// The same for any number.
template <class State, class Generator, class F>
std::size_t sample_elements(const State& state, call_site site, Generator& generator, std::size_t n, F& f) {
  check_visitor<access::shared, State, F>();
  constexpr std::size_t most_at_once = std::size_t{1} << 20U;  // times the size of a shard it fits into 64 bits
  std::size_t drawn = 0;
  for (std::size_t left = n; left != 0;) {
    const std::size_t some = (std::min)(left, most_at_once);
    drawn += sample_at_once(state, site, generator, some, f);
    left -= some;
  }
  return drawn;
}

/// Takes an element out of a shard, if it has one, and returns whether it had: the next behind a home drawn at random,
/// so that a shard that is emptied so is not searched from its beginning each time.
template <class State>
bool pop_from_shard(State& state, typename State::shard_type& from, call_site site, thread_generator generator,
                    std::optional<typename State::policy::init_type>& popped) {
  using popped_type = typename State::policy::init_type;
  using table_type = typename State::table_type;
  constexpr bool copies =
      !std::is_nothrow_move_constructible_v<popped_type> && std::is_copy_constructible_v<popped_type>;
  std::optional<detached_of<State>> taken;  // S5
  {
    const inside_call mark(std::addressof(state), site);
    const shard_guard<access::exclusive, typename State::shard_type> guard(from);
    auto& table = guard.table();
    if (table.size() == 0) return false;
    const position at = next_from(table, draw_below(generator, table.home_count()));
    if constexpr (copies) popped.emplace(std::as_const(table_type::element(at)));
    taken.emplace(state.functors.allocator).take(table_type::chains::layout::slot(at.where, at.index));
    table.forget(at);
  }
  if constexpr (!copies) popped.emplace(std::move(State::slot_ops::movable(taken->element())));
  return true;
}
/// Takes an element out of the first shard that has one, beginning with any.
template <class State>
[[nodiscard]] std::optional<typename State::policy::init_type> pop_element(State& state, call_site site) {
  const thread_generator generator;
  const std::size_t first = draw_below(generator, state.shards.size());
  std::optional<typename State::policy::init_type> popped;  // made here, where the move to the caller is elided
  for (std::size_t i = 0; i != state.shards.size(); ++i) {
    auto& each = state.shards[(first + i) % state.shards.size()];
    if (each.size() != 0 && pop_from_shard(state, each, site, generator, popped)) break;
  }
  return popped;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
