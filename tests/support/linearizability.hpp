// Whether a history can be explained by calls that happen one after the other, each at a moment between its invocation
// and its response (Herlihy & Wing, TOPLAS 1990).
//
// The search is that of Wing & Gong (JPDC 1993): which of the calls that are under way comes next? It goes through the
// history once, with all explanations side by side, and lets a call happen only when one must have by then because it
// responds: Lowe's just-in-time linearization (CCPE 2017). An explanation is what the future depends on: (which of the
// calls that are under way have happened, state), each kept once; so time is linear in the length of the history, for
// a given number of threads. A call that only looked, and sees now what it saw, happens now: to put it off gains
// nothing.
//
// A history of single-key calls is linearizable exactly if that of each key is (locality). clear() is a call on all
// keys: taken per key, as an erasure, it gives a condition that is necessary and not sufficient, since the keys may
// disagree about when it was. check_whole() asks about all keys at once.
#ifndef EVAC_TESTS_SUPPORT_LINEARIZABILITY_HPP
#define EVAC_TESTS_SUPPORT_LINEARIZABILITY_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/history.hpp"

namespace evac_test {

/// Empty if the history is linearizable from the state `initial`, else which call cannot be explained. next(call,
/// state) is the state after a call, or nothing if it cannot have returned what it did. At most 64 calls at a time.
template <class State, class Next>
[[nodiscard]] std::string explain(const history& calls, const State& initial, const Next& next) {
  struct event {
    std::uint64_t at;
    std::size_t of;
    bool response;
  };
  std::vector<event> events;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    events.push_back({calls[i].invoked, i, false});
    events.push_back({calls[i].responded, i, true});
  }
  // Of calls that share their stamps, because one stands for several, all begin before one ends.
  std::sort(events.begin(), events.end(), [](const event& left, const event& right) {
    return std::pair(left.at, left.response) < std::pair(right.at, right.response);
  });

  using explanation = std::pair<std::uint64_t, State>;  // bits of the calls under way that have happened
  std::set<explanation> explanations{{0, initial}};
  std::array<std::size_t, 64> under_way{};
  std::uint64_t used = 0;
  std::vector<unsigned> place(calls.size());
  // With those of `candidates` that only looked.
  const auto settled = [&](explanation from, std::uint64_t candidates) {
    for (std::uint64_t rest = candidates & ~from.first; rest != 0; rest &= rest - 1) {
      const call& other = calls[under_way[static_cast<unsigned>(std::countr_zero(rest))]];
      if (only_looked(other) && next(other, from.second).has_value()) from.first |= rest & (~rest + 1);
    }
    return from;
  };
  for (const event& each : events) {
    if (!each.response) {
      if (used == std::numeric_limits<std::uint64_t>::max()) return "more than 64 calls at a time";
      place[each.of] = static_cast<unsigned>(std::countr_one(used));
      under_way[place[each.of]] = each.of;
      const std::uint64_t begun = std::uint64_t{1} << place[each.of];
      used |= begun;
      std::set<explanation> with;
      for (const explanation& one : explanations) with.insert(settled(one, begun));
      explanations = std::move(with);
      continue;
    }
    const std::uint64_t responding = std::uint64_t{1} << place[each.of];
    std::set<explanation> seen = explanations;
    std::vector<explanation> open(explanations.begin(), explanations.end());
    std::set<explanation> left;
    while (!open.empty()) {
      const auto [happened, state] = open.back();
      open.pop_back();
      if ((happened & responding) != 0) {
        left.emplace(happened & ~responding, state);
        continue;
      }
      for (std::uint64_t rest = used & ~happened; rest != 0; rest &= rest - 1) {
        const std::optional<State> then = next(calls[under_way[static_cast<unsigned>(std::countr_zero(rest))]], state);
        if (!then.has_value()) continue;
        explanation more = settled({happened | (rest & (~rest + 1)), *then}, used);
        if (seen.insert(more).second) open.push_back(std::move(more));
      }
    }
    if (left.empty()) {
      std::ostringstream text;
      text << "nothing explains " << calls[each.of] << "; under way:";
      for (std::uint64_t rest = used & ~responding; rest != 0; rest &= rest - 1)
        text << "\n  " << calls[under_way[static_cast<unsigned>(std::countr_zero(rest))]];
      text << "\nbefore:";
      history before;
      std::copy_if(calls.begin(), calls.end(), std::back_inserter(before),
                   [&](const call& other) { return other.responded < each.at; });
      std::sort(before.begin(), before.end(),
                [](const call& one, const call& other) { return one.responded < other.responded; });
      for (std::size_t i = before.size() - std::min<std::size_t>(before.size(), 12); i < before.size(); ++i)
        text << "\n  " << before[i];
      return text.str();
    }
    explanations = std::move(left);
    used &= ~responding;
  }
  return {};
}

/// Empty if the history of each key is linearizable, from no keys at all. Calls on two keys have no place in it.
[[nodiscard]] inline std::string check_per_key(const history& all) {
  std::set<std::uint32_t> keys;
  for (const call& each : all) {
    if (each.what != verb::clear) keys.insert(each.key);
  }
  for (const std::uint32_t key : keys) {
    if (std::string wrong = explain(of_key(all, key), std::uint32_t{0}, after); !wrong.empty()) return wrong;
  }
  return {};
}

/// Empty if the history of all keys together is linearizable. Keys are below Keys.
template <std::size_t Keys>
[[nodiscard]] std::string check_whole(const history& all) {
  using state = std::array<std::uint32_t, Keys>;
  return explain(all, state{}, [](const call& made, const state& before) -> std::optional<state> {
    if (made.what == verb::clear) return state{};
    if (made.what == verb::visit_two) {
      const std::uint32_t one = before.at(made.key);
      const std::uint32_t two = before.at(made.other_key);
      if (made.flag != (one != 0 && two != 0)) return std::nullopt;
      if (!made.flag) return before;
      if (one != made.found || two != made.other_found) return std::nullopt;
      state both = before;
      both.at(made.key) = made.put;
      both.at(made.other_key) = made.other_put;
      return both;
    }
    const std::optional<std::uint32_t> value = after(made, before.at(made.key));
    if (!value.has_value()) return std::nullopt;
    state next = before;
    next.at(made.key) = *value;
    return next;
  });
}

}  // namespace evac_test

#endif
