// Traversals of all elements of a sharded container, a shard at a time, in one thread or as an execution policy says;
// also those that only look: statistics, and a text about the locks.
#ifndef EVAC_DETAIL_SHARDED_TRAVERSAL_HPP
#define EVAC_DETAIL_SHARDED_TRAVERSAL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/scan_order.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/table/scan.hpp"
#include "evac/detail/table/table_census.hpp"
#include "evac/scan_cursor.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Whether the standard algorithms take this as an execution policy over the shards of a container.
template <class ExecutionPolicy, class State>
concept parallel_over =
    requires(ExecutionPolicy&& policy, typename State::shard_type* shard, void (*work)(typename State::shard_type&)) {
      std::for_each(std::forward<ExecutionPolicy>(policy), shard, shard, work);
    };

/// The policy of the calls that have none: shard by shard, in the calling thread.
struct in_turn {
  template <class Shards, class Work>
  void operator()(const Shards& shards, const Work& work) const {
    for (auto& each : shards) work(each);
  }
};
/// The standard's algorithm with an execution policy. It calls work() by several threads at once.
template <class ExecutionPolicy>
struct as_policy_says {
  ExecutionPolicy& policy;
  template <class Shards, class Work>
  void operator()(const Shards& shards, const Work& work) const {
    std::for_each(policy, shards.begin(), shards.end(), work);
  }
};

/// How many elements were visited, and whether no visit returned false.
struct visits {
  std::size_t count;
  bool complete;
};

/// Visits the elements of one shard until f returns false.
template <access A, class State, class F>
visits visit_shard(const State& state, typename State::shard_type& each, call_site site, F& f) {
  check_visitor<A, State, F>();
  const inside_call mark(std::addressof(state), site);
  const shard_guard<A, typename State::shard_type> guard(each);
  std::size_t visited = 0;
  for (position at = guard.table().first(); at.where != nullptr; at = guard.table().next(at)) {
    ++visited;
    if (!f(static_cast<typename State::template visited<A>&>(State::table_type::element(at)))) return {visited, false};
  }
  return {visited, true};
}
/// Visits the elements of all shards until f returns false. `run` is one of the two above.
template <access A, class State, class Run, class F>
visits visit_while_true(const State& state, call_site site, const Run& run, F&& f) {
  // relaxed, all of them: read when all have ended, or as a hint that there is nothing left to do
  atomic<std::size_t> total{0};
  atomic<bool> complete{true};
  run(state.shards, [&](auto& each) {
    if (!complete.load(relaxed)) return;
    const visits here = visit_shard<A>(state, each, site, f);
    total.fetch_add(here.count, relaxed);
    if (!here.complete) complete.store(false, relaxed);
  });
  return {total.load(relaxed), complete.load(relaxed)};
}
/// Visits all elements; returns how many.
template <access A, class State, class Run, class F>
std::size_t visit_every(const State& state, call_site site, const Run& run, F& f) {
  check_visitor<A, State, F>();
  return visit_while_true<A>(state, site, run,
                             [&f](auto& element) {
                               f(element);
                               return true;
                             })
      .count;
}

/// Visits the elements of one shard; returns how many.
template <access A, class State, class F>
std::size_t visit_one_shard(const State& state, std::size_t shard, call_site site, F& f) {
  check_visitor<A, State, F>();
  EVAC_ASSERT(shard < state.shards.size(), "evac: visit_shard() or cvisit_shard() of a shard that is not there");
  const auto go_on = [&f](auto& element) {
    f(element);
    return true;
  };
  return visit_shard<A>(state, state.shards[shard], site, go_on).count;
}

template <class State, class Predicate>
std::size_t erase_from_shard(State& state, typename State::shard_type& from, call_site site, Predicate& predicate) {
  std::deque<detached_of<State>> erased;  // S5
  const inside_call mark(std::addressof(state), site);
  const shard_guard<access::exclusive, typename State::shard_type> guard(from);
  auto& table = guard.table();
  std::size_t count = 0;
  for (position at = table.first(); at.where != nullptr;) {
    const position next = table.next(at);
    if (predicate(static_cast<typename State::template visited<access::exclusive>&>(State::table_type::element(at)))) {
      remove<State>(table, at, [&]() -> auto& { return erased.emplace_back(state.functors.allocator); });
      ++count;
    }
    at = next;
  }
  return count;
}
/// Erases the elements for which predicate is true; returns how many.
template <class State, class Run, class Predicate>
std::size_t erase_where(State& state, call_site site, const Run& run, Predicate& predicate) {
  atomic<std::size_t> erased{0};
  run(state.shards, [&](auto& each) {
    erased.fetch_add(erase_from_shard(state, each, site, predicate), relaxed);  // relaxed: read when all have ended
  });
  return erased.load(relaxed);  // relaxed: all have ended
}

/// Calls f(copy) for every element with no lock held. scan.hpp says what it sees.
template <class State, class F>
void visit_copies(const State& state, call_site site, F& f) {
  using value_type = typename State::value_type;
  constexpr std::size_t at_a_time = 16;  // a lock for each chain would cost more than the copies
  std::vector<value_type> copies;
  for (auto& each : state.shards) {
    for (scan_position at; !at.done;) {
      copies.clear();
      {
        const inside_call mark(std::addressof(state), site);
        const shard_guard<access::shared, typename State::shard_type> guard(each);
        while (!at.done && copies.size() < at_a_time) {
          scan_chain(guard.table(), at, [&](const value_type& element) { copies.push_back(element); });
        }
      }
      for (const value_type& copy : copies) f(copy);
    }
  }
}

/// The walk as scan_cursor.hpp describes it, from a cursor on: visits elements with their shard held shared, for the
/// time of one chain. Returns the next cursor, whose upper bits say which shard is next: the lower ones suffice for the
/// homes of any table.
template <class State, class F>
[[nodiscard]] scan_cursor scan_shards(const State& state, call_site site, scan_cursor cursor, std::size_t budget,
                                      F& f) {
  check_visitor<access::shared, State, F>();
  constexpr unsigned shard_bits = tag_shift - shard_shift;
  std::size_t shard = cursor.number() >> (64 - shard_bits);
  scan_position at{.reversed = cursor.number() << shard_bits};
  for (std::size_t looked_at = 0; shard < state.shards.size();) {
    {
      const inside_call mark(std::addressof(state), site);
      const shard_guard<access::shared, typename State::shard_type> guard(state.shards[shard]);
      scan_chain(guard.table(), at, [&](const auto& element) {
        ++looked_at;
        f(static_cast<typename State::template visited<access::shared>&>(element));
      });
    }
    ++looked_at;
    if (at.done) {
      ++shard;
      at = {};
    }
    if (looked_at >= budget && shard < state.shards.size())
      return scan_cursor(std::uint64_t{shard} << (64 - shard_bits) | at.reversed >> shard_bits);
  }
  return scan_cursor::at_end();
}

/// Slots of all home buckets.
template <class State>
[[nodiscard]] std::size_t count_slots(const State& state, call_site site) {
  std::size_t total = 0;
  for (auto& each : state.shards) {
    const inside_call mark(std::addressof(state), site);
    const shard_guard<access::shared, typename State::shard_type> guard(each);
    total += guard.table().home_count() * State::table_type::chains::layout::home_slots();
  }
  return total;
}

/// The figures of one shard, which is held for the time of a chain: others write in between.
template <class State>
void collect_table_stats(table_stats& stats, const State& state, typename State::shard_type& each, call_site site) {
  const auto with_table = [&](const auto& work) {
    const inside_call mark(std::addressof(state), site);
    const shard_guard<access::shared, typename State::shard_type> guard(each);
    work(guard.table());
  };
  with_table([&](const auto& table) { fill_numbers(stats, table); });
  const std::size_t chains = stats.home_buckets * state.shards.size();
  const auto index = static_cast<std::size_t>(std::addressof(each) - state.shards.begin());
  scan_position at;
  while (!at.done) {
    with_table([&](const auto& table) {
      scan_bucket(table, at,
                  [&](std::size_t home, bool) { fill_chain(stats, table, home, is_sampled(home, chains, index)); });
    });
  }
}

template <class State>
[[nodiscard]] sharded_stats collect_sharded_stats(const State& state, call_site site) {
  sharded_stats all;
  for (auto& each : state.shards) {
    shard_stats one;
    collect_table_stats(one.table, state, each, site);
    one.contended = each.events().contended_count();
    one.parked = each.events().parked_count();
    one.bias_revocations = each.events().revoked_count();
    all.total.table += one.table;
    all.total.contended += one.contended;
    all.total.parked += one.parked;
    all.total.bias_revocations += one.bias_revocations;
    all.shards.push_back(std::move(one));
  }
  return all;
}

/// The sum of what the shards have. Takes no lock. O(shards).
template <class State>
[[nodiscard]] map_counters collect_counters(const State& state) noexcept {
  map_counters all;
  for (auto& each : state.shards) all += each.counters();
  all.clears = state.clears.load(relaxed);  // relaxed: a figure for people
  show_lookups(state.lookups, all);
  return all;
}

/// One line for each shard: what is known of its lock at the moment. Takes no lock.
template <class State>
[[nodiscard]] std::string describe_locks(const State& state) {
  std::ostringstream text;
  for (std::size_t i = 0; i < state.shards.size(); ++i) {
    const auto& each = state.shards[i];
    text << "shard " << i << ": ";
    if constexpr (requires { each.mutex().is_write_locked(); }) {
      if (each.mutex().is_write_locked()) {
        text << "held exclusively";
        if (each.owner_id() != 0) text << " by thread " << each.owner_id();
      } else if (each.mutex().is_biased() || each.mutex().bias_stands()) {
        text << "biased to readers, which are not counted";
      } else if (each.mutex().reader_count() != 0) {
        text << each.mutex().reader_count() << " readers";
      } else {
        text << "free";
      }
    } else if (each.owner_id() != 0) {
      text << "held exclusively by thread " << each.owner_id();
    } else {
      text << "not held exclusively, or not known";
    }
    text << '\n';
  }
  return text.str();
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
