// Verbs of sync maps and sets, from the public class to the steps of sync_table. One key each, and bulks of keys.
//
// User code other than hash, equality and the allocator runs without a lock. Verbs that depend on the value:
// conditional_verbs.hpp.
#ifndef EVAC_DETAIL_LOCKFREE_VERBS_HPP
#define EVAC_DETAIL_LOCKFREE_VERBS_HPP

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/lockfree/guards.hpp"
#include "evac/detail/lockfree/sync_table.hpp"
#include "evac/detail/platform/probes.hpp"
#include "evac/load_result.hpp"

namespace evac::inline EVAC_ABI::detail::verbs {

// --- looking ---------------------------------------------------------------------------------------------------------

/// A function that a look-up calls for an element that it finds: counts that, and calls on_hit(element).
template <class Table, class OnHit>
[[nodiscard]] auto counting(const Table& table, const OnHit& on_hit) {
  return [&table, &on_hit](const auto& element) {
    table.lookups().count(true);
    return on_hit(element);
  };
}
template <class Table, class K, class OnHit>
EVAC_NEVER_INLINE bool find_from_inside(const Table& table, epoch_record& own, const K& key, std::size_t hash,
                                        const typename Table::bucket_type* behind, bucket_state state, OnHit on_hit) {
  const read_guard inside(std::adopt_lock, own);
  if (table.find_further(own, behind, state, key, hash, verbs::counting(table, on_hit))) return true;
  table.lookups().count(false);
  return false;
}
/// A look-up: calls on_hit(slot_value) inside the domain; returns whether the key is there.
template <class Table, class K, class OnHit>
EVAC_ALWAYS_INLINE bool find(const Table& table, const K& key, OnHit on_hit) {
  using outcome = typename Table::outcome;
  const std::size_t hash = table.hash_of(key);
  read_guard inside(table.core());
  typename Table::sight seen;
  outcome at_once = outcome::elsewhere;
  if (const auto count = table.lookups().of_this_thread(); count.is_there()) [[likely]] {
    at_once = table.look(key, hash, seen);
    if (at_once == outcome::found) {
      count.count_hit();
      on_hit(seen.element);
      return true;
    }
    if (at_once == outcome::absent) [[likely]] {
      count.count_miss();
      return false;
    }
  }
  // The thread stays inside. A tail call, so that nothing it needs stays live across the fast path.
  return verbs::find_from_inside(table, inside.release(), key, hash, at_once == outcome::behind ? seen.home : nullptr,
                                 seen.state, on_hit);
}
/// Fetches the memory that a look-up will read first. Always inline: g++ drops calls of functions that only fetch.
template <class Table, class K>
EVAC_ALWAYS_INLINE void prefetch(const Table& table, const K& key) {
  const std::size_t hash = table.hash_of(key);
  const read_guard inside(table.core());
  const auto* const root = table.root();
  if (root != nullptr) typename Table::reader_type(*root, inside.own).prefetch(hash);
}
/// Calls f with the value of an element: a reference into its node, or to a copy of its words.
template <class Storage, class F>
void show_value(const typename Storage::slot_value& element, F&& f) {
  const auto& value = Storage::value(element);
  f(value);
}
template <class T, class Table, class K>
[[nodiscard]] EVAC_ALWAYS_INLINE std::optional<T> load(const Table& table, const K& key) {
  std::optional<T> value;
  verbs::find(table, key, [&](const auto& element) { value.emplace(Table::storage::value(element)); });
  return value;
}

// --- storing ---------------------------------------------------------------------------------------------------------

template <class Table, class K, class... V>
bool store_hashed(Table& table, std::size_t hash, K&& key, V&&... value) {
  typename Table::fresh_type fresh(table.allocator(), hash, std::forward<K>(key), std::forward<V>(value)...);
  const write_guard inside(table.core(), Table::retired_bytes);
  const auto seen = table.look_at_home(fresh.key(), hash);
  if (seen.there) {
    if (table.replace_as_seen(inside.own, seen, fresh, always())) return false;
  } else if (table.insert_as_seen(inside.own, seen, fresh)) {
    return true;
  }
  return table.put(inside.own, detail::hand_over(fresh), hash);
}
template <class Table, class K, class V>
bool store(Table& table, K&& key, V&& value) {
  const std::size_t hash = table.hash_of(key);
  return verbs::store_hashed(table, hash, std::forward<K>(key), std::forward<V>(value));
}

/// Adds an element if its key is absent; nothing is built if it is there.
template <class Table, class K, class... V>
bool insert_hashed(Table& table, std::size_t hash, K&& key, V&&... value) {
  const write_guard inside(table.core(), 0);
  const auto seen = table.look_for(inside.own, key, hash);
  if (seen.there) return false;
  typename Table::fresh_type fresh(table.allocator(), hash, std::forward<K>(key), std::forward<V>(value)...);
  return table.insert_as_seen(inside.own, seen, fresh) ||
         !table.put_if_absent(inside.own, detail::hand_over(fresh), hash).has_value();
}
template <class Table, class K>
bool insert(Table& table, K&& key) {
  const std::size_t hash = table.hash_of(key);
  return verbs::insert_hashed(table, hash, std::forward<K>(key));
}

/// Result is {value, whether it was there}.
template <class Result, class Table, class K, class V>
Result load_or_store(Table& table, K&& key, V&& value) {
  const std::size_t hash = table.hash_of(key);
  const write_guard inside(table.core(), 0);
  const auto seen = table.look_for(inside.own, key, hash);
  if (seen.there) return {Table::storage::value(seen.home.element), true};
  typename Table::fresh_type fresh(table.allocator(), hash, std::forward<K>(key), std::forward<V>(value));
  Result made{Table::storage::value(fresh.get()), false};  // copied before anything changes
  if (table.insert_as_seen(inside.own, seen, fresh)) [[likely]]
    return made;
  if (const auto there = table.put_if_absent(inside.own, detail::hand_over(fresh), hash))
    return {Table::storage::value(*there), true};
  return made;
}

// --- computing -------------------------------------------------------------------------------------------------------

/// on_hit(slot_value), inside the domain, if the key is there; else absent(), outside of it.
template <class Table, class K, class OnHit, class Absent>
auto look_or(const Table& table, const K& key, std::size_t hash, const OnHit& on_hit, const Absent& absent) {
  {
    const read_guard inside(table.core());
    const auto seen = table.look_for(inside.own, key, hash);
    if (seen.there) return on_hit(seen.home.element);
  }
  return absent();
}
/// on_hit(slot_value) if the key is there; else, after the factory has run, declined(std::nullopt) or stored(its
/// value). The factory runs outside of the domain: it may take long, and wait for other threads' writes. A key that
/// could be moved from is looked for again after that, and is not if another thread was faster.
template <class T, class Table, class K, class Factory, class OnHit, class Declined, class Stored>
auto look_or_compute(const Table& table, const K& key, std::size_t hash, Factory&& factory, const OnHit& on_hit,
                     const Declined& declined, const Stored& stored) {
  const auto store = [&](auto&& value) {
    if constexpr (Table::storage::in_nodes) {
      return verbs::look_or(table, key, hash, on_hit, [&] { return stored(std::forward<decltype(value)>(value)); });
    } else {
      return stored(std::forward<decltype(value)>(value));
    }
  };
  return verbs::look_or(table, key, hash, verbs::counting(table, on_hit), [&] {
    table.lookups().count(false);
    auto&& computed = std::forward<Factory>(factory)();
    if constexpr (may_decline<Factory, T>()) {
      if (!computed.has_value()) return declined(std::nullopt);
      return store(*std::forward<decltype(computed)>(computed));
    } else {
      return store(std::forward<decltype(computed)>(computed));
    }
  });
}
/// Puts an element in if its key is absent; returns the one that is there else.
template <class Table>
[[nodiscard]] std::optional<typename Table::slot_value> insert_or_find(Table& table, epoch_record& own,
                                                                       typename Table::fresh_type& fresh,
                                                                       std::size_t hash) {
  const auto seen = table.look_for(own, fresh.key(), hash);
  if (seen.there || table.insert_as_seen(own, seen, fresh)) return seen.element();
  return table.put_if_absent(own, detail::hand_over(fresh), hash);
}
/// load_or_store() of the result of a factory.
template <class T, class Table, class K, class Factory>
load_result<computed_by<Factory, T>> load_or_compute(Table& table, K&& key, Factory&& factory) {
  using result = load_result<computed_by<Factory, T>>;
  const std::size_t hash = table.hash_of(key);
  const auto load = [](const auto& element) { return result{Table::storage::value(element), true}; };
  const auto declined = [](auto none) { return result{none, false}; };
  return verbs::look_or_compute<T>(table, key, hash, std::forward<Factory>(factory), load, declined, [&](auto&& value) {
    typename Table::fresh_type fresh(table.allocator(), hash, std::forward<K>(key),
                                     std::forward<decltype(value)>(value));
    result made{Table::storage::value(fresh.get()), false};
    const write_guard inside(table.core(), 0);
    const auto there = verbs::insert_or_find(table, inside.own, fresh, hash);
    if (there.has_value()) return load(*there);
    return made;
  });
}
/// The same without a copy: calls f with the value, inside the domain; returns whether it was there.
template <class T, class Table, class K, class Factory, class F>
bool show_or_compute(Table& table, K&& key, Factory&& factory, F& f) {
  using storage = typename Table::storage;
  const std::size_t hash = table.hash_of(key);
  const auto show = [&](const auto& element) {
    verbs::show_value<storage>(element, f);
    return true;
  };
  const auto declined = [](std::nullopt_t) { return false; };
  return verbs::look_or_compute<T>(table, key, hash, std::forward<Factory>(factory), show, declined, [&](auto&& value) {
    typename Table::fresh_type fresh(table.allocator(), hash, std::forward<K>(key),
                                     std::forward<decltype(value)>(value));
    const write_guard inside(table.core(), 0);
    const typename Table::slot_value made = fresh.get();
    const auto there = verbs::insert_or_find(table, inside.own, fresh, hash);
    verbs::show_value<storage>(there.has_value() ? *there : made, f);  // replaced by now, perhaps, but not reclaimed
    return there.has_value();
  });
}

// --- erasing ---------------------------------------------------------------------------------------------------------

template <class Table, class K>
EVAC_ALWAYS_INLINE bool erase_hashed(Table& table, const K& key, std::size_t hash) {
  const write_guard inside(table.core(), Table::retired_bytes);
  const auto seen = table.look_at_home(key, hash);
  if (seen.at_home && !seen.there) return false;
  return (seen.there && table.erase_as_seen(inside.own, seen, always())) ||
         table.erase_if(inside.own, key, hash, always());
}
template <class Table, class K>
bool erase(Table& table, const K& key) {
  const probed_erase probes(std::addressof(table));
  return verbs::erase_hashed(table, key, table.hash_of(key));
}

// --- bulks -----------------------------------------------------------------------------------------------------------

/// Keys whose memory a bulk call fetches at a time.
inline constexpr std::size_t bulk_size = 32;
using bulk_hashes = std::array<std::size_t, bulk_size>;

// Fetches the memory of the next bulk of keys; returns how many these are.
template <class Table, class At, class Last, class HashOf>
std::size_t fetch_bulk(const Table& table, const read_guard& inside, At at, const Last& last, const HashOf& hash_of,
                       bulk_hashes& hashes) {
  std::size_t count = 0;
  for (; count != bulk_size && at != last; ++at) hashes[count++] = hash_of(*at);
  const auto* const root = table.root();
  if (root == nullptr) return count;
  const typename Table::reader_type reader(*root, inside.own);
  for (std::size_t i = 0; i != count; ++i) reader.prefetch(hashes[i]);
  if constexpr (Table::storage::in_nodes) {
    for (std::size_t i = 0; i != count; ++i) reader.prefetch_node(hashes[i]);
  }
  return count;
}
/// Looks each key of a range up, inside the domain, after the memory of its bulk is on its way: calls on_hit(element of
/// the range, slot_value), and after each key next(whether it is there). Returns how many are there.
template <class Table, class Keys, class OnHit, class Next>
std::size_t find_many(const Table& table, const Keys& keys, const OnHit& on_hit, const Next& next) {
  using policy = typename Table::policy;
  bulk_hashes hashes;
  std::size_t found = 0;
  const auto hash_of = [&](const auto& key) { return table.hash_of(as_lookup_key<policy>(key)); };
  const auto last = std::ranges::end(keys);
  for (auto first = std::ranges::begin(keys); first != last;) {
    const read_guard inside(table.core());
    const std::size_t count = verbs::fetch_bulk(table, inside, first, last, hash_of, hashes);
    for (std::size_t i = 0; i != count; ++i, static_cast<void>(++first)) {
      const auto& key = *first;
      const auto show = [&](const auto& element) { on_hit(key, element); };
      if (table.find(inside.own, as_lookup_key<policy>(key), hashes[i], verbs::counting(table, show))) {
        ++found;
      } else {
        table.lookups().count(false);
      }
      next();
    }
  }
  return found;
}
/// Calls each(element of the range, hash_of(it)), which may change something, in the same way. It comes outside of the
/// domain: a thread that is inside never waits for room. Returns how often that returned true.
template <class Table, class Range, class HashOf, class Each>
std::size_t write_many(Table& table, const Range& range, const HashOf& hash_of, const Each& each) {
  bulk_hashes hashes;
  std::size_t done = 0;
  const auto last = std::ranges::end(range);
  for (auto first = std::ranges::begin(range); first != last;) {
    const std::size_t count = verbs::fetch_bulk(table, read_guard(table.core()), first, last, hash_of, hashes);
    for (std::size_t i = 0; i != count; ++i, static_cast<void>(++first)) done += each(*first, hashes[i]) ? 1U : 0U;
  }
  return done;
}
template <class Table, class Keys>
std::size_t erase_many(Table& table, const Keys& keys) {
  using policy = typename Table::policy;
  return verbs::write_many(
      table, keys, [&](const auto& key) { return table.hash_of(as_lookup_key<policy>(key)); },
      [&](const auto& key, std::size_t hash) { return verbs::erase_hashed(table, as_lookup_key<policy>(key), hash); });
}

}  // namespace evac::inline EVAC_ABI::detail::verbs

#endif
