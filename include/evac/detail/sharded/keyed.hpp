// Operations on the elements of keys: one key, two, or many at a time, under the locks of their shards.
//
// They are functions over a state, and may be called by any thread that holds none of its locks. The invariants S1 to
// S6 are those of sharded_state.hpp.
#ifndef EVAC_DETAIL_SHARDED_KEYED_HPP
#define EVAC_DETAIL_SHARDED_KEYED_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/bulk_function.hpp"
#include "evac/detail/face/detached_element.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/face/key_in_arguments.hpp"
#include "evac/detail/platform/probes.hpp"
#include "evac/detail/sharded/entering.hpp"
#include "evac/detail/sharded/sharded_state.hpp"

namespace evac::inline EVAC_ABI::detail {

/// An element on its way in or out.
template <class State>
using detached_of = detached_element<typename State::elements, typename State::allocator_type>;

/// Removes an element; `keep()` makes room for it where it has to be destroyed (S5).
template <class State, class Keep>
void remove(typename State::table_type& table, position at, const Keep& keep) {
  if constexpr (std::is_trivially_destructible_v<typename State::value_type> && !State::slot_ops::in_nodes()) {
    table.erase(at);
  } else {
    keep().take(State::table_type::chains::layout::slot(at.where, at.index));
    table.forget(at);
  }
}

/// A sentence instead of a page of errors where f is no visitor of such elements.
template <access A, class State, class F>
constexpr void check_visitor() {
  static_assert(
      std::is_invocable_v<F&, typename State::template visited<A>&>,
      "evac: the visitor must accept an element: value_type&, or const value_type& in the c-forms, on a const "
      "container and in sets; the forms without c of a map that is not const let it write the value");
}

/// Visits the element of a key, if it is there; returns how many that is, and has it counted.
template <access A, class Entry = waiting, class State, class K, class F, class Counts>
EVAC_ALWAYS_INLINE typename Entry::template result<std::size_t> visit_counting(const State& state, call_site site,
                                                                               const K& key, F& f, Counts& counts) {
  check_visitor<A, State, F>();
  const inside_call mark(std::addressof(state), site);
  const typename Entry::template entered<A, State> in(state, key);
  if (!in.succeeded()) return {};
  const position at = in.find(key);
  if (at.where == nullptr) {
    counts.count_miss();
    return std::size_t{0};
  }
  counts.count_hit();
  f(static_cast<typename State::template visited<A>&>(State::table_type::element(at)));
  return std::size_t{1};
}
/// The same for a call that is a look-up.
template <access A, class Entry = waiting, class State, class K, class F>
EVAC_ALWAYS_INLINE typename Entry::template result<std::size_t> visit_one(const State& state, call_site site,
                                                                          const K& key, F& f) {
  return visit_counting<A, Entry>(state, site, key, f, state.lookups);
}

/// Finds the key and visits its element, or places what construct(slot) builds and visits that. Returns whether it
/// placed.
template <class Entry = waiting, class State, class K, class Construct, class OnNew, class OnExisting>
EVAC_ALWAYS_INLINE typename Entry::template result<bool> place_one(State& state, call_site site, const K& key,
                                                                   const Construct& construct, const OnNew& on_new,
                                                                   const OnExisting& on_existing) {
  const inside_call mark(std::addressof(state), site);
  const typename Entry::template entered<access::exclusive, State> in(state, key);
  if (!in.succeeded()) return {};
  auto& table = in.table();
  const auto chain = table.chain_of(in.hash());
  if (const position found = table.find_in(chain, key, in.hash()); found.where != nullptr) {
    on_existing(State::table_type::element(found));
    return false;
  }
  on_new(State::table_type::element(table.place_in(chain, in.hash(), construct)));
  return true;
}

/// The same for an element made from args. Where they do not show its key it is built, and if not needed destroyed,
/// without a lock.
template <class Entry = waiting, class State, class OnNew, class OnExisting, class... Args>
typename Entry::template result<bool> emplace_one(State& state, call_site site, const OnNew& on_new,
                                                  const OnExisting& on_existing, Args&&... args) {
  using policy = typename State::policy;
  using slot_ops = typename State::slot_ops;
  if constexpr (requires { key_in_arguments<policy>(args...); }) {
    const auto construct = [&](void* slot) {
      slot_ops::construct(state.functors.allocator, slot, std::forward<Args>(args)...);
    };
    return place_one<Entry>(state, site, key_in_arguments<policy>(args...), construct, on_new, on_existing);
  } else {
    static_assert(std::is_same_v<Entry, waiting>, "copy_allocator() waits");
    detached_of<State> built(copy_allocator(state, site));
    built.construct(std::forward<Args>(args)...);
    const auto construct = [&](void* slot) {
      if constexpr (State::allocator_may_change &&
                    std::is_move_constructible_v<typename State::elements::movable_type>) {
        // The container has another allocator by now: memory of the one before must not get in.
        if (!same_memory(built.allocator(), state.functors.allocator)) {
          slot_ops::construct(state.functors.allocator, slot, std::move(slot_ops::movable(built.element())));
          return;
        }
      }
      built.release_to(slot);
    };
    return place_one(state, site, policy::key(built.element()), construct, on_new, on_existing);
  }
}

/// The same for each of a range; returns how many it placed.
template <class State, class R, class OnNew, class OnExisting>
std::size_t insert_each(State& state, R&& range, call_site site, const OnNew& on_new, const OnExisting& on_existing) {
  std::size_t inserted = 0;
  for (auto&& value : range) {
    if (emplace_one(state, site, on_new, on_existing, std::forward<decltype(value)>(value))) ++inserted;
  }
  return inserted;
}

template <class Entry = waiting, class State, class K, class Predicate>
typename Entry::template result<std::size_t> erase_one(State& state, call_site site, const K& key,
                                                       Predicate& predicate) {
  const probed_erase probes(std::addressof(state));
  std::optional<detached_of<State>> erased;  // S5
  const inside_call mark(std::addressof(state), site);
  const typename Entry::template entered<access::exclusive, State> in(state, key);
  if (!in.succeeded()) return {};
  const position at = in.find(key);
  if (at.where == nullptr ||
      !predicate(static_cast<typename State::template visited<access::exclusive>&>(State::table_type::element(at)))) {
    return std::size_t{0};
  }
  remove<State>(in.table(), at, [&]() -> auto& { return erased.emplace(state.functors.allocator); });
  return std::size_t{1};
}

/// Fetches what a look-up of the key will read, if its shard can be read without waiting.
template <class State, class K>
void prefetch_one(const State& state, call_site site, const K& key) {
  const inside_call mark(std::addressof(state), site);
  const entered_at_once<access::shared, State> in(state, key);
  if (in.succeeded()) in.table().prefetch_hashed(in.hash());
}

/// Keys that a bulk visit works on at a time, and how many of their buckets are fetched ahead. 10 M elements, ns per
/// key: 49 with 32 keys all fetched at first, 43 with 64 of which 32 are fetched ahead, 43 with 128 and 16.
inline constexpr std::size_t bulk_size = 64;
inline constexpr std::size_t bulk_fetch_ahead = 32;

/// Holds the shards of up to bulk_size hashes, locked in the order of S1.
template <access A, class State>
class shards_guard {
  using shard_type = typename State::shard_type;

 public:
  /// The caller holds a hash_guard (S3).
  shards_guard(const State& of, const std::size_t* hashes, std::size_t count) : shards_(of.shards) {
    unlock_at_exit undo{this};
    if (shards_.size() <= 64) {
      // Sorting random numbers mispredicts a branch in two: with it a bulk look-up was hardly faster than single ones.
      std::uint64_t wanted = 0;
      for (std::size_t i = 0; i != count; ++i) wanted |= std::uint64_t{1} << shards_.index_of(hashes[i]);
      for (; wanted != 0; wanted &= wanted - 1) lock(shards_[static_cast<std::size_t>(std::countr_zero(wanted))]);
    } else {
      std::array<shard_type*, bulk_size> wanted;
      for (std::size_t i = 0; i != count; ++i) wanted[i] = std::addressof(shards_.of_hash(hashes[i]));
      std::sort(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(count));
      for (std::size_t i = 0; i != count; ++i) {
        if (i == 0 || wanted[i] != wanted[i - 1]) lock(*wanted[i]);
      }
    }
    undo.guard = nullptr;
  }
  shards_guard(const shards_guard&) = delete;
  shards_guard& operator=(const shards_guard&) = delete;
  ~shards_guard() { unlock(); }

  [[nodiscard]] auto& table(std::size_t hash) const noexcept { return table_as<A>(shards_.of_hash(hash)); }

 private:
  struct unlock_at_exit {
    shards_guard* guard;
    ~unlock_at_exit() {
      if (guard != nullptr) guard->unlock();
    }
  };
  void lock(shard_type& each) {
    lock_as<A>(each);
    locked_[count_++] = std::addressof(each);
  }
  void unlock() noexcept {
    while (count_ != 0) unlock_as<A>(*locked_[--count_]);
  }

  const typename State::array& shards_;
  std::array<shard_type*, bulk_size> locked_;
  std::size_t count_ = 0;
};

/// f(first element, second element) under both locks if both are there; returns whether.
template <class State, class K1, class K2, class F>
bool visit_two(State& state, call_site site, const K1& first_key, const K2& second_key, F& f) {
  using visited = typename State::template visited<access::exclusive>;
  const inside_call mark(std::addressof(state), site);
  std::array<std::size_t, 2> hashes;
  const auto lock_both = [&] {
    const hash_guard unchanged(state);
    hashes = {state.functors.hash_of(first_key), state.functors.hash_of(second_key)};
    return shards_guard<access::exclusive, State>(state, hashes.data(), 2);
  };
  const auto held = lock_both();
  const position first = held.table(hashes[0]).find_hashed(first_key, hashes[0]);
  const position second = held.table(hashes[1]).find_hashed(second_key, hashes[1]);
  state.lookups.count(first.where != nullptr);
  state.lookups.count(second.where != nullptr);
  if (first.where == nullptr || second.where == nullptr) return false;
  f(static_cast<visited&>(State::table_type::element(first)),
    static_cast<visited&>(State::table_type::element(second)));
  return true;
}

/// As check_visitor(), of a visitor that may also be told the index of the key.
template <access A, class State, class F>
constexpr void check_bulk_visitor() {
  static_assert(bulk_function<F, typename State::template visited<A>&>,
                "evac: the visitor must accept an element, or the index of a key and an element: value_type&, or const "
                "value_type& "
                "in the c-forms, on a const container and in sets; the forms without c of a map that is not const let "
                "it write the "
                "value");
}

/// Visits those of the keys that are there, bulk_size at a time, so that their cache misses overlap. Returns how many.
/// A key that has to be converted is converted once to hash it and once to find it.
template <access A, class State, class It, class F>
std::size_t visit_many(const State& state, call_site site, It first, It last, F& f) {
  using reference = typename State::template visited<A>&;
  check_bulk_visitor<A, State, F>();
  using policy = typename State::policy;
  std::size_t visited = 0;
  for (std::size_t done = 0; first != last;) {
    const inside_call mark(std::addressof(state), site);
    std::array<std::size_t, bulk_size> hashes;
    std::size_t keys = 0;
    const auto lock_next = [&] {
      const hash_guard unchanged(state);
      for (It at = first; keys != bulk_size && at != last; ++at) {
        hashes[keys++] = state.functors.hash_of(as_lookup_key<policy>(*at));
      }
      return shards_guard<A, State>(state, hashes.data(), keys);
    };
    const auto held = lock_next();
    const auto fetch = [&](std::size_t i) { held.table(hashes[i]).prefetch_hashed(hashes[i]); };
    for (std::size_t i = 0; i != (std::min)(keys, bulk_fetch_ahead); ++i) fetch(i);
    for (std::size_t i = 0; i != keys; ++i, (void)++first) {
      if (i + bulk_fetch_ahead < keys) fetch(i + bulk_fetch_ahead);
      const position at = held.table(hashes[i]).find_hashed(as_lookup_key<policy>(*first), hashes[i]);
      state.lookups.count(at.where != nullptr);
      if (at.where == nullptr) continue;
      call_with_index<reference>(f, done + i, State::table_type::element(at));
      ++visited;
    }
    done += keys;
  }
  return visited;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
