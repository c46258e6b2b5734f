// evac::sync_map: a hash map for all threads whose readers write no shared memory. The verbs are those of Go's
// sync.Map.
//
//   evac::sync_map<std::string, int> ports;
//   ports.store("http", 80);
//   if (std::optional<int> port = ports.load("http")) connect(*port);
//
// A look-up enters an epoch (one store to a word of its own thread), reads a bucket, and leaves. Writers lock one
// bucket. The table grows by splitting buckets in order, a few per write, by whoever writes; nobody ever waits for the
// whole. How, and why it is right: docs/design.md, "sync_map". After Go's sync.Map (interface), linear hashing (Litwin,
// VLDB 1980), sequence locks, and Fraser's epochs.
//
//   complexity     O(1) expected for all verbs of one key; clear O(threads); range, reserve, stats linear
//   linearizable   all verbs of one key, and clear(). range() is no snapshot: see there
//   progress       readers are lock-free but for writers that are inside a few stores to the very bucket; writers wait
//                  for writers of the same bucket only: they spin, then sleep. Functions that you pass in run without
//                  any lock
//   hash, equality are called with a bucket locked in writes: they must not use the map
//   memory         what was erased or replaced is destroyed when no reader can hold it, by whoever writes then. What
//                  waits (nodes and their entries, not what their elements own) is bounded by the cap of the
//                  epoch_domain: at the cap writers wait. flush() of the domain empties it
//   lifetime       the domain must outlive the map. When the map is gone, so is every element that it ever had, but for
//                  those that another thread is destroying at that moment: to wait for these, and for memory that they
//                  give back to a stateful allocator, flush the domain
//   exceptions     hash, equality, constructors and the allocator may throw: nothing changes then. Growing makes no
//                  write fail: chains get longer
//   storage        keys and values that are trivially copyable and together at most 64 bytes are in the table itself,
//                  others in a node each (or all, with evac::storage::in_nodes)
//   fork           in the child, call reinit_after_fork() of the domain first; maps that another thread was writing to
//                  at that moment are lost to the child, since a bucket may stay locked for ever
#ifndef EVAC_SYNC_MAP_HPP
#define EVAC_SYNC_MAP_HPP

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/sync_container.hpp"
#include "evac/fwd.hpp"
#include "evac/hash.hpp"
#include "evac/map.hpp"

namespace evac::inline EVAC_ABI {

template <class Key, class T, class Hash, class KeyEqual, class Allocator, storage Storage>
class sync_map
    : public detail::sync_container<detail::policy<detail::map_elements<Key, T>, Hash, KeyEqual, Allocator>, Storage> {
  static_assert(std::is_object_v<T> && std::is_same_v<T, std::remove_cv_t<T>>,
                "evac: T must be an object type without const or volatile, not a reference or void");

  using policy = detail::policy<detail::map_elements<Key, T>, Hash, KeyEqual, Allocator>;
  using base = detail::sync_container<policy, Storage>;
  using typename base::fresh_element;
  using typename base::held;
  using typename base::storage_type;
  using typename base::table_type;

 public:
  using typename base::key_type;
  using typename base::size_type;

 private:
  // What a key is looked up by, and made of if it is stored: a key that is given up, or something else.
  template <class K>
  static constexpr bool makes_key =
      std::is_same_v<K, key_type> || (detail::lookup_key<K, policy> && std::is_constructible_v<key_type, K&&>);
  template <class V>
  static constexpr bool makes_value = std::is_constructible_v<T, V&&>;
  // A pair, or what looks like one, that a key and a value can be made of.
  template <class Pair>
  static constexpr bool makes_element = requires(const std::remove_reference_t<Pair>& pair) {
    requires detail::makes_key<decltype((pair.first)), policy>;
    requires std::is_constructible_v<T, decltype((pair.second))>;
  };
  // A function whose result a value can be made of.
  template <class Factory>
  static constexpr bool makes_value_by = [] {
    if constexpr (std::is_invocable_v<Factory>) {
      return std::is_constructible_v<T, std::invoke_result_t<Factory>>;
    } else {
      return false;
    }
  }();

 public:
  using mapped_type = T;
  using base::base;
  using base::in_nodes;

  /// What load_or_store and load_or_compute return: the value of the key, and whether it was there before.
  struct load_result {
    T value;
    bool loaded;
  };

  // --- looking -------------------------------------------------------------------------------------------------------

  /// The value of a key, copied.
  [[nodiscard]] std::optional<T> load(const key_type& key) const { return load_key(key); }
  template <class K>
    requires detail::lookup_key<K, policy>
  [[nodiscard]] std::optional<T> load(const K& key) const {
    return load_key(key);
  }
  /// Calls f(const T&) if the key is there, without a copy (of values in nodes), inside the domain: keep it short.
  /// Returns whether.
  template <std::invocable<const T&> F>
  bool load(const key_type& key, F&& f) const {
    return load_with(key, f);
  }
  template <class K, std::invocable<const T&> F>
    requires detail::lookup_key<K, policy>
  bool load(const K& key, F&& f) const {
    return load_with(key, f);
  }
  /// Loads many keys, fetching them ahead: for tables larger than the caches several times the speed of one by one.
  /// Writes one std::optional<T> per key, in order; returns how many keys were there. Each key is looked up at a moment
  /// of its own.
  template <std::ranges::forward_range Keys, std::output_iterator<std::optional<T>> Out>
    requires detail::stands_for_key<std::ranges::range_reference_t<const Keys>, policy>
  size_type load_many(const Keys& keys, Out out) const {
    size_type found = 0;
    this->read_bulks(keys, [&](const auto& key, size_type hash, detail::epoch_record& own) {
      std::optional<T> value;
      const auto copy = [&](const held& element) { value.emplace(storage_type::value(element)); };
      found += this->table_.find(own, detail::as_lookup_key<policy>(key), hash, copy) ? 1U : 0U;
      *out++ = std::move(value);
    });
    return found;
  }
  /// The same, calling f(key, const T&) for those that are there.
  template <std::ranges::forward_range Keys, std::invocable<std::ranges::range_reference_t<const Keys>, const T&> F>
    requires detail::stands_for_key<std::ranges::range_reference_t<const Keys>, policy>
  size_type load_many(const Keys& keys, F&& f) const {
    size_type found = 0;
    this->read_bulks(keys, [&](const auto& key, size_type hash, detail::epoch_record& own) {
      const auto show = [&](const held& element) { show_value(element, [&](const T& value) { f(key, value); }); };
      found += this->table_.find(own, detail::as_lookup_key<policy>(key), hash, show) ? 1U : 0U;
    });
    return found;
  }

  /// A guard under which found values stay: see pinned. Garbage waits as long as it lives.
  class [[nodiscard]] pinned {
   public:
    /// The value of a key as it is now, or null. It stays, unchanged, as long as the guard, whatever others do.
    [[nodiscard]] const T* find(const key_type& key) const { return find_key(key); }
    template <class K>
      requires detail::lookup_key<K, policy>
    [[nodiscard]] const T* find(const K& key) const {
      return find_key(key);
    }

   private:
    friend sync_map;
    explicit pinned(const sync_map& map) : map_(map), inside_(map.table_.core()) {}
    template <class K>
    [[nodiscard]] const T* find_key(const K& key) const {
      const T* found = nullptr;
      map_.find(key, [&](const held& element) { found = &storage_type::value(element); });
      return found;
    }
    const sync_map& map_;
    detail::read_call inside_;
  };
  [[nodiscard]] pinned pin() const {
    static_assert(
        in_nodes,
        "evac: elements in slots have no address that stays; use load(), or give the map evac::storage::in_nodes");
    return pinned(*this);
  }

  // --- storing -------------------------------------------------------------------------------------------------------

  /// Sets the value of a key. Returns whether the key is new.
  template <class V = T>
    requires makes_value<V>
  bool store(const key_type& key, V&& value) {
    return store_key(key, std::forward<V>(value));
  }
  template <class K = key_type, class V = T>
    requires(makes_key<K> && makes_value<V>)
  bool store(K&& key, V&& value) {
    return store_key(std::forward<K>(key), std::forward<V>(value));
  }
  /// Stores each pair by itself, fetching the keys ahead. Returns how many keys were new.
  template <std::ranges::forward_range Pairs>
    requires makes_element<std::ranges::range_reference_t<const Pairs>>
  size_type store_many(const Pairs& pairs) {
    size_type added = 0;
    this->write_bulks(
        pairs, [&](const auto& pair) { return this->table_.hash_of(detail::as_lookup_key<policy>(pair.first)); },
        [&](const auto& pair, size_type hash) {
          added += store_hashed(hash, detail::as_lookup_key<policy>(pair.first), pair.second) ? 1U : 0U;
        });
    return added;
  }

  /// Sets the value of a key; returns the one it replaced.
  template <class V = T>
    requires makes_value<V>
  std::optional<T> swap(const key_type& key, V&& value) {
    return swap_key(key, std::forward<V>(value));
  }
  template <class K = key_type, class V = T>
    requires(makes_key<K> && makes_value<V>)
  std::optional<T> swap(K&& key, V&& value) {
    return swap_key(std::forward<K>(key), std::forward<V>(value));
  }

  /// The value of a key, which is set to `value` if it is absent. Of several threads one stores, and the others load
  /// what it stored.
  template <class V = T>
    requires makes_value<V>
  load_result load_or_store(const key_type& key, V&& value) {
    return load_or(key, std::forward<V>(value));
  }
  template <class K = key_type, class V = T>
    requires(makes_key<K> && makes_value<V>)
  load_result load_or_store(K&& key, V&& value) {
    return load_or(std::forward<K>(key), std::forward<V>(value));
  }
  /// The same with the result of factory(), which is called if the key is absent, without a lock and outside of the
  /// domain: it may take long, call the map, and wait for other threads. Two threads may both call theirs; one result
  /// wins. Use sharded_map::get_or_compute to have it called once.
  template <class Factory>
    requires makes_value_by<Factory>
  load_result load_or_compute(const key_type& key, Factory&& factory) {
    return compute(key, std::forward<Factory>(factory));
  }
  template <class K = key_type, class Factory>
    requires(makes_key<K> && makes_value_by<Factory>)
  load_result load_or_compute(K&& key, Factory&& factory) {
    return compute(std::forward<K>(key), std::forward<Factory>(factory));
  }
  /// The same without a copy: calls f(const T&), inside the domain, with the value that the key then has; returns
  /// whether it was there before. If f throws, the element stays.
  template <class Factory, std::invocable<const T&> F>
    requires makes_value_by<Factory>
  bool load_or_compute(const key_type& key, Factory&& factory, F&& f) {
    return compute_and_show(key, std::forward<Factory>(factory), f);
  }
  template <class K = key_type, class Factory, std::invocable<const T&> F>
    requires(makes_key<K> && makes_value_by<Factory>)
  bool load_or_compute(K&& key, Factory&& factory, F&& f) {
    return compute_and_show(std::forward<K>(key), std::forward<Factory>(factory), f);
  }

  // --- changing ------------------------------------------------------------------------------------------------------

  /// Sets the value of a key to `desired` if it is `expected` (by ==, called without a lock). An absent key: false.
  template <class V = T>
    requires makes_value<V>
  bool compare_and_swap(const key_type& key, const T& expected, V&& desired) {
    return compare_and_swap_key(key, expected, std::forward<V>(desired));
  }
  template <class K, class V = T>
    requires(makes_key<const K&> && makes_value<V>)
  bool compare_and_swap(const K& key, const T& expected, V&& desired) {
    return compare_and_swap_key(key, expected, std::forward<V>(desired));
  }
  /// Removes a key if its value is `expected` (by ==, called without a lock).
  bool compare_and_delete(const key_type& key, const T& expected) { return compare_and_delete_key(key, expected); }
  template <class K>
    requires detail::lookup_key<K, policy>
  bool compare_and_delete(const K& key, const T& expected) {
    return compare_and_delete_key(key, expected);
  }
  /// Removes a key; returns its last value.
  std::optional<T> load_and_delete(const key_type& key) { return load_and_delete_key(key); }
  template <class K>
    requires detail::lookup_key<K, policy>
  std::optional<T> load_and_delete(const K& key) {
    return load_and_delete_key(key);
  }
  /// Replaces what the key has by f(what it has): an atomic read-modify-write. f gets and returns a std::optional<T>,
  /// empty for an absent key; it is called without a lock and outside of the domain, and again with the new value when
  /// another thread has changed it meanwhile. Returns what f returned last. f may do anything but change this key in this
  /// map: that is reported through EVAC_ASSERT_HANDLER before it happens.
  template <class F>
    requires std::is_invocable_r_v<std::optional<T>, F&, std::optional<T>>
  std::optional<T> update(const key_type& key, F&& f) {
    return update_key(key, f);
  }
  template <class K, class F>
    requires(makes_key<const K&> && std::is_invocable_r_v<std::optional<T>, F&, std::optional<T>>)
  std::optional<T> update(const K& key, F&& f) {
    return update_key(key, f);
  }

  // --- all elements --------------------------------------------------------------------------------------------------

  /// Calls f(const Key&, const T&) for elements until it returns false. No snapshot: a key that is there all the time
  /// is visited exactly once, however the table grows, others at most once; a value is one that the key had during the
  /// call. f runs without a lock and may call anything, also range(). Returns whether f never returned false. O(buckets
  /// + elements).
  template <class F>
    requires std::is_invocable_r_v<bool, F&, const Key&, const T&>
  bool range(F&& f) const {
    return this->table_.for_each([&](const held& element) {
      const auto& key = storage_type::key(element);
      const auto& value = storage_type::value(element);
      return static_cast<bool>(f(key, value));
    });
  }
  /// A map of one owner with what range() visits. Copies each element once, as long as no others come meanwhile.
  [[nodiscard]] map<Key, T, Hash, KeyEqual, Allocator> snapshot() const {
    map<Key, T, Hash, KeyEqual, Allocator> copy(this->size(), this->hash_function(), this->key_eq(),
                                                this->get_allocator());
    range([&](const Key& key, const T& value) {
      copy.try_emplace(key, value);
      return true;
    });
    return copy;
  }

 private:
  template <class F>
  static void show_value(const held& element, const F& f) {
    const auto& value = storage_type::value(element);
    f(value);
  }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE std::optional<T> load_key(const K& key) const {
    std::optional<T> value;
    this->find(key, [&](const held& element) { value.emplace(storage_type::value(element)); });
    return value;
  }
  template <class K, class F>
  EVAC_ALWAYS_INLINE bool load_with(const K& key, F& f) const {
    return this->find(key, [&](const held& element) { show_value(element, f); });
  }

  template <class K, class V>
  bool store_key(K&& key, V&& value) {
    const size_type hash = this->table_.hash_of(key);
    return store_hashed(hash, std::forward<K>(key), std::forward<V>(value));
  }
  template <class K, class V>
  bool store_hashed(size_type hash, K&& key, V&& value) {
    fresh_element fresh(this->table_, hash, std::forward<K>(key), std::forward<V>(value));
    const detail::write_call call(this->table_.core(), table_type::retired_bytes);
    std::optional<held> replaced;
    const bool is_new = this->table_.put(call.own, fresh, hash, replaced);
    if (replaced.has_value()) this->table_.retire(call.own, *replaced);
    return is_new;
  }
  template <class K, class V>
  std::optional<T> swap_key(K&& key, V&& value) {
    const size_type hash = this->table_.hash_of(key);
    fresh_element fresh(this->table_, hash, std::forward<K>(key), std::forward<V>(value));
    const detail::write_call call(this->table_.core(), table_type::retired_bytes);
    // Copied before anything changes: a copy may throw. Not in the loop, where its move to the caller would not be
    // elided.
    std::optional<T> before;
    for (;; before.reset()) {
      const std::optional<held> seen = this->table_.seen(call.own, fresh.key(), hash);
      if (seen.has_value()) {
        before.emplace(storage_type::value(*seen));
        if (this->table_.put_if_same(call.own, fresh, hash, *seen)) return before;
      } else if (!this->table_.put_absent(call.own, fresh, hash).has_value()) {
        return before;
      }
    }
  }
  template <class K, class V>
  load_result load_or(K&& key, V&& value) {
    const size_type hash = this->table_.hash_of(key);
    const detail::write_call call(this->table_.core(), 0);
    if (const std::optional<held> seen = this->table_.seen(call.own, key, hash))
      return {storage_type::value(*seen), true};
    fresh_element fresh(this->table_, hash, std::forward<K>(key), std::forward<V>(value));
    return put_or_load(call, fresh, hash, {storage_type::value(fresh.get()), false});
  }
  // The factory runs outside of the domain: it may take long, and wait for other threads' writes.
  template <class K, class Factory>
  load_result compute(K&& key, Factory&& factory) {
    const size_type hash = this->table_.hash_of(key);
    {
      const detail::read_call inside(this->table_.core());
      if (const std::optional<held> seen = this->table_.seen(inside.own, key, hash))
        return {storage_type::value(*seen), true};
    }
    fresh_element fresh(this->table_, hash, std::forward<K>(key), std::forward<Factory>(factory)());
    load_result made{storage_type::value(fresh.get()), false};
    const detail::write_call call(this->table_.core(), 0);
    return put_or_load(call, fresh, hash, std::move(made));
  }
  // `made` was copied before anything changes.
  load_result put_or_load(const detail::write_call& call, fresh_element& fresh, size_type hash, load_result&& made) {
    const std::optional<held> there = this->table_.put_absent(call.own, fresh, hash);
    if (there.has_value()) return {storage_type::value(*there), true};
    return std::move(made);
  }
  template <class K, class Factory, class F>
  bool compute_and_show(K&& key, Factory&& factory, F& f) {
    const size_type hash = this->table_.hash_of(key);
    {
      const detail::read_call inside(this->table_.core());
      if (const std::optional<held> seen = this->table_.seen(inside.own, key, hash)) {
        show_value(*seen, f);
        return true;
      }
    }
    fresh_element fresh(this->table_, hash, std::forward<K>(key), std::forward<Factory>(factory)());
    const detail::write_call call(this->table_.core(), 0);
    const held made = fresh.get();
    const std::optional<held> there = this->table_.put_absent(call.own, fresh, hash);
    show_value(there.has_value() ? *there : made, f);  // replaced by now, perhaps, but not reclaimed
    return there.has_value();
  }
  template <class K, class V>
  bool compare_and_swap_key(const K& key, const T& expected, V&& desired) {
    const size_type hash = this->table_.hash_of(key);
    const detail::write_call call(this->table_.core(), table_type::retired_bytes);
    std::optional<fresh_element> fresh;
    for (;;) {
      const std::optional<held> seen = this->table_.seen(call.own, key, hash);
      if (!seen.has_value() || !(storage_type::value(*seen) == expected)) return false;
      if (!fresh.has_value()) fresh.emplace(this->table_, hash, key, std::forward<V>(desired));
      if (this->table_.put_if_same(call.own, *fresh, hash, *seen)) return true;
    }
  }
  template <class K>
  bool compare_and_delete_key(const K& key, const T& expected) {
    const size_type hash = this->table_.hash_of(key);
    const detail::write_call call(this->table_.core(), table_type::retired_bytes);
    for (;;) {
      const std::optional<held> seen = this->table_.seen(call.own, key, hash);
      if (!seen.has_value() || !(storage_type::value(*seen) == expected)) return false;
      if (take_same(call, key, hash, *seen)) return true;
    }
  }
  template <class K>
  std::optional<T> load_and_delete_key(const K& key) {
    const size_type hash = this->table_.hash_of(key);
    const detail::write_call call(this->table_.core(), table_type::retired_bytes);
    std::optional<T> value;  // as in swap_key()
    for (;; value.reset()) {
      const std::optional<held> seen = this->table_.seen(call.own, key, hash);
      if (!seen.has_value()) return value;
      value.emplace(storage_type::value(*seen));
      if (take_same(call, key, hash, *seen)) return value;
    }
  }
  template <class K, class F>
  std::optional<T> update_key(const K& key, F& f) {
    const size_type hash = this->table_.hash_of(key);
    for (;;) {
      typename table_type::kept_element kept(this->table_);
      std::optional<T> before;
      {
        const detail::read_call inside(this->table_.core());
        kept.look(inside.own, key, hash);
        if (kept.get().has_value()) before.emplace(storage_type::value(*kept.get()));
      }
      // Outside of the domain: it may take long, and wait for other threads' writes.
      std::optional<T> after =
          this->table_.call_within_update(key, hash, [&]() -> std::optional<T> { return f(std::move(before)); });
      if (change_kept(key, hash, kept.get(), after)) return after;
    }
  }
  template <class K>
  bool change_kept(const K& key, size_type hash, const std::optional<held>& kept, const std::optional<T>& after) {
    if (after.has_value()) {
      fresh_element fresh(this->table_, hash, key, *after);
      const detail::write_call call(this->table_.core(), table_type::retired_bytes);
      return kept.has_value() ? this->table_.put_if_same(call.own, fresh, hash, *kept)
                              : !this->table_.put_absent(call.own, fresh, hash).has_value();
    }
    if (!kept.has_value()) return true;
    const detail::write_call call(this->table_.core(), table_type::retired_bytes);
    return take_same(call, key, hash, *kept);
  }
  template <class K>
  bool take_same(const detail::write_call& call, const K& key, size_type hash, const held& seen) {
    const auto same = [&](const held& there) { return storage_type::same(there, seen); };
    return this->table_.take_if(call.own, key, hash, same).has_value();
  }
};

}  // namespace evac::inline EVAC_ABI

#endif
