// evac::sync_map: a hash map that all threads may use at once, and whose look-ups write no memory that others write.
// The verbs are those of Go's sync.Map.
//
//   evac::sync_map<std::string, int> ports;
//   ports.store("http", 80);
//   if (std::optional<int> port = ports.load("http")) connect(*port);
//
// A look-up enters an epoch (two stores to a line of its own thread), reads a bucket, and leaves. Writers lock one
// bucket. The table grows by splitting buckets in order, a few per write; no thread ever waits for the whole. How, and
// why it is right: docs/design.md, "sync_map". After Go's sync.Map (interface), linear hashing (Litwin, VLDB 1980),
// sequence locks, and Fraser's epochs.
//
//   complexity     O(1) expected for all verbs of one key; clear and size O(stripes), of which there are 8 to 128, by
//                  the number of processors; range, reserve, stats linear
//   linearizable   all verbs of one key, and clear(). range() is no snapshot: see there
//   progress       readers are lock-free but for writers that are inside a few stores to the very bucket; writers wait
//                  for those of the same bucket only: they spin, then sleep. Your functions run without a lock
//   callbacks      hash, equality and allocator are called in writes with a bucket locked: they must not use the map
//   memory         what was erased or replaced is destroyed when no reader can hold it, by a later write. Garbage
//                  that waits (nodes and their entries, not what their elements own) is bounded by the cap of the
//                  epoch_domain: at the cap writers wait. flush() of the domain empties it
//   lifetime       the domain must outlive the map. When the map is gone, so is every element that it ever had, but for
//                  those that another thread is destroying at that moment: to wait for these, and for memory that they
//                  give back to a stateful allocator, flush the domain
//   exceptions     hash, equality, constructors and the allocator may throw, and any call std::bad_alloc the first time
//                  that a thread uses the domain: nothing changes then. Growing makes no write fail: chains get longer
//   storage        keys and values that are trivially copyable and together at most 64 bytes, each rounded up to a
//                  multiple of 8, are in the table itself, others in a node each (or all, with evac::storage::in_nodes)
//   fork           in the child, call reinit_after_fork() of the domain first; maps that another thread was writing to
//                  at that moment are lost to the child, since a bucket may stay locked for ever
#ifndef EVAC_SYNC_MAP_HPP
#define EVAC_SYNC_MAP_HPP

#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/face/key_in_arguments.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/face/sync_container.hpp"
#include "evac/detail/lockfree/conditional_verbs.hpp"
#include "evac/detail/lockfree/observing.hpp"
#include "evac/detail/lockfree/sync_statistics.hpp"
#include "evac/detail/lockfree/sync_table.hpp"
#include "evac/detail/lockfree/verbs.hpp"
#include "evac/detail/lockfree/walk.hpp"
#include "evac/detail/table/table_access.hpp"
#include "evac/epoch.hpp"
#include "evac/fwd.hpp"
#include "evac/hash.hpp"
#include "evac/load_result.hpp"
#include "evac/map.hpp"
#include "evac/observer.hpp"
#include "evac/stats.hpp"
#include "evac/update.hpp"

namespace evac::inline EVAC_ABI {

template <class Key, class T, class Hash, class KeyEqual, class Allocator, storage Storage>
class sync_map : public detail::sync_values<sync_map<Key, T, Hash, KeyEqual, Allocator, Storage>,
                                            detail::policy<detail::map_elements<Key, T>, Hash, KeyEqual, Allocator>> {
  static_assert(detail::storable_key<Key>,
                "evac: Key must be an object type without const or volatile, not a reference");
  static_assert(std::is_object_v<T> && std::is_same_v<T, std::remove_cv_t<T>>,
                "evac: T must be an object type without const or volatile, not a reference or void");

 public:
  using key_type = Key;
  using mapped_type = T;
  using value_type = std::pair<const Key, T>;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using size_type = std::size_t;

 private:
  using policy = detail::policy<detail::map_elements<Key, T>, Hash, KeyEqual, Allocator>;
  using face = detail::sync_values<sync_map, policy>;

 public:
  /// Whether elements are in nodes of their own, or in the slots of the buckets.
  static constexpr bool in_nodes =
      detail::are_in_nodes<typename policy::elements, Storage == evac::storage::in_nodes>();
  /// Keys whose memory a bulk call fetches at a time.
  static constexpr size_type bulk_size = detail::verbs::bulk_size;

 private:
  using table_type = detail::sync_table<policy, in_nodes>;
  using elements = typename table_type::storage;
  using slot_value = typename table_type::slot_value;

  template <class K>
  using key_arg = typename detail::key_parameter<detail::transparent<Hash, KeyEqual>>::template type<K, Key>;
  template <class K>
  static constexpr bool looks_up = detail::stands_for_key<K, policy>;
  // Verbs that may store: a key that is given up, or an object that is looked up as it is and that a key is made of.
  template <class K>
  static constexpr bool makes_key =
      std::is_same_v<K, Key> || (detail::lookup_key<K, policy> && std::is_constructible_v<Key, K&&>);
  template <class V>
  static constexpr bool makes_value = std::is_constructible_v<T, V&&>;
  // A function whose result a value can be made of, or no value.
  template <class Factory>
  static constexpr bool makes_value_by = detail::makes_value_by<Factory, T>();
  template <class Factory>
  using computed = evac::load_result<detail::computed_by<Factory, T>>;

 public:
  /// Result of load_or_store and load_or_compute: the value of the key, and whether it was there before.
  using load_result = evac::load_result<T>;

  // --- construction --------------------------------------------------------------------------------------------------

  /// Empty, in the domain of the process. Allocates nothing before the first element, but for a stateful allocator.
  sync_map()
    requires detail::default_constructible<Hash, KeyEqual, Allocator>
      : sync_map(0, Hash()) {}
  /// Room for n elements, as reserve(n) makes it, in a domain that must outlive the map. Throws what reserve() throws.
  explicit sync_map(size_type n, const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
                    const Allocator& allocator = Allocator(), epoch_domain& domain = epoch_domain::process())
      : table_(domain.core(), hash, equal, allocator), domain_(&domain) {
    detail::check_functors_and_allocator<policy>();
    if (n != 0) reserve(n);
  }
  explicit sync_map(epoch_domain& domain) : sync_map(0, Hash(), KeyEqual(), Allocator(), domain) {}
  explicit sync_map(const Allocator& allocator) : sync_map(0, Hash(), KeyEqual(), allocator) {}
  // Other threads may be at work on the source. snapshot() gives a copy that has one owner.
  sync_map(const sync_map&) = delete;
  sync_map& operator=(const sync_map&) = delete;
  /// No other thread may be inside a call. Destroys all elements, also those that were erased, replaced or cleared and
  /// still wait, whatever threads hold guards of the domain; but not those that a thread is destroying at that moment,
  /// a cleared table being one of them. O(elements), and O(garbage of the domain) if the map has retired anything.
  ~sync_map() = default;

  // --- looking: O(1) expected; lock-free but for a writer inside a few stores to the very bucket ---------------------

  /// Whether the key is there.
  template <class K = Key>
    requires looks_up<K>
  [[nodiscard]] bool contains(const key_arg<K>& key) const {
    return detail::verbs::find(table_, detail::as_lookup_key<policy>(key), [](const slot_value&) {});
  }
  /// Starts to fetch the memory that a look-up of this key will read first. O(1); lock-free.
  using face::prefetch;
  /// prepare(key): the key with its hash, for contains, load, prefetch, erase, erase_if, load_and_delete and
  /// compare_and_delete. It refers to the key that was passed; it keeps temporaries, and short trivial keys.
  using face::compare_and_delete, face::load_and_delete;
  using face::contains, face::erase, face::erase_if, face::load, face::prepare;
  /// sample(generator, n, f): f(const Key&, const T&), as range() calls it, for n elements drawn at random; fewer if
  /// there are none. All are equally likely, but in long chains and behind long gaps, as of sharded_map. O(n), O(n
  /// buckets) where few buckets have elements. pop_any(): removes some element and returns a copy; as erase.
  using face::pop_any, face::sample;
  /// The value of a key, copied; throws what that throws.
  template <class K = Key>
    requires looks_up<K>
  [[nodiscard]] std::optional<T> load(const key_arg<K>& key) const {
    return detail::verbs::load<T>(table_, detail::as_lookup_key<policy>(key));
  }
  /// Calls f(const T&) if the key is there, inside the domain: keep it short; returns whether. Copies no node's value.
  template <class K = Key, std::invocable<const T&> F>
    requires looks_up<K>
  bool load(const key_arg<K>& key, F&& f) const {
    return detail::verbs::find(table_, detail::as_lookup_key<policy>(key),
                               [&](const slot_value& element) { detail::verbs::show_value<elements>(element, f); });
  }
  /// Loads many keys, fetching them ahead. Writes one std::optional<T> per key, in order; returns how many keys were
  /// there. Each key is looked up at a moment of its own. Here and in the other calls that take ranges, keys of another
  /// type are looked up as they are where hash and equality are transparent, else as keys made of them (twice each).
  template <std::ranges::forward_range Keys, std::output_iterator<std::optional<T>> Out>
    requires looks_up<std::ranges::range_reference_t<const Keys>>
  size_type load_many(const Keys& keys, Out out) const {
    std::optional<T> value;
    return detail::verbs::find_many(
        table_, keys, [&](const auto&, const slot_value& element) { value.emplace(elements::value(element)); },
        [&] {
          *out++ = std::move(value);
          value.reset();
        });
  }
  /// The same, calling f(key, const T&) for those that are there, as load() does.
  template <std::ranges::forward_range Keys, std::invocable<std::ranges::range_reference_t<const Keys>, const T&> F>
    requires looks_up<std::ranges::range_reference_t<const Keys>>
  size_type load_many(const Keys& keys, F&& f) const {
    const auto show = [&](const auto& key, const slot_value& element) {
      detail::verbs::show_value<elements>(element, [&](const T& value) { f(key, value); });
    };
    return detail::verbs::find_many(table_, keys, show, [] {});
  }

  /// A guard under which found values stay. Garbage waits as long as it lives.
  class [[nodiscard]] pinned {
   public:
    /// The value of a key as it is now, or null. It stays, unchanged, as long as the guard, whatever others do.
    template <class K = Key>
      requires looks_up<K>
    [[nodiscard]] const T* find(const key_arg<K>& key) const EVAC_LIFETIME_BOUND {
      const T* found = nullptr;
      detail::verbs::find(table_, detail::as_lookup_key<policy>(key),
                          [&](const slot_value& element) { found = &elements::value(element); });
      return found;
    }

   private:
    friend sync_map;
    explicit pinned(const table_type& table EVAC_LIFETIME_BOUND) : table_(table), inside_(table.core()) {}
    const table_type& table_;
    detail::read_guard inside_;
  };
  /// Only for maps whose elements are in nodes. A thread that holds one does not wait at the cap, but exceeds it.
  [[nodiscard]] pinned pin() const EVAC_LIFETIME_BOUND {
    static_assert(in_nodes,
                  "evac: elements in slots have no address that stays; use load() or evac::storage::in_nodes");
    return pinned(table_);
  }

  // --- storing: O(1) expected; waits for writers of its bucket, and for garbage at the cap ---------------------------
  // These throw what hash, equality, constructors and the allocator throw; nothing has changed then.

  /// Sets the value of a key. Returns whether the key is new.
  template <class V = T>
    requires makes_value<V>
  bool store(const Key& key, V&& value) {
    return detail::verbs::store(table_, key, std::forward<V>(value));
  }
  template <class K = Key, class V = T>
    requires(makes_key<K> && makes_value<V>)
  bool store(K&& key, V&& value) {
    return detail::verbs::store(table_, std::forward<K>(key), std::forward<V>(value));
  }
  /// Stores each pair by itself, fetching keys ahead. Returns how many were new. If one throws, those before it stay.
  template <std::ranges::forward_range Pairs>
    requires detail::makes_pair<std::ranges::range_reference_t<const Pairs>, policy>
  size_type store_many(const Pairs& pairs) {
    return detail::verbs::write_many(
        table_, pairs, [&](const auto& pair) { return table_.hash_of(detail::as_lookup_key<policy>(pair.first)); },
        [&](const auto& pair, size_type hash) {
          return detail::verbs::store_hashed(table_, hash, detail::as_lookup_key<policy>(pair.first), pair.second);
        });
  }
  /// Sets the value of a key; returns a copy of the one it replaced.
  template <class V = T>
    requires makes_value<V>
  std::optional<T> swap(const Key& key, V&& value) {
    return detail::verbs::swap<T>(table_, key, std::forward<V>(value));
  }
  template <class K = Key, class V = T>
    requires(makes_key<K> && makes_value<V>)
  std::optional<T> swap(K&& key, V&& value) {
    return detail::verbs::swap<T>(table_, std::forward<K>(key), std::forward<V>(value));
  }
  /// The value of a key, copied, which is set to `value` if it is absent. Of several threads one stores, and the others
  /// load what it stored. Where the key is present, this is a look-up.
  template <class V = T>
    requires makes_value<V>
  load_result load_or_store(const Key& key, V&& value) {
    return detail::verbs::load_or_store<load_result>(table_, key, std::forward<V>(value));
  }
  template <class K = Key, class V = T>
    requires(makes_key<K> && makes_value<V>)
  load_result load_or_store(K&& key, V&& value) {
    return detail::verbs::load_or_store<load_result>(table_, std::forward<K>(key), std::forward<V>(value));
  }
  /// The same with the result of factory(), which is called if the key is absent, without a lock and outside of the
  /// domain: it may take long, call the map, and wait for other threads. Two threads may both call theirs; one result
  /// wins. Use sharded_map::get_or_compute to have it called once. A factory that returns a std::optional<T> may
  /// decline: then nothing is stored, and the result's value, which is a std::optional<T> too, is empty.
  template <class Factory>
    requires makes_value_by<Factory>
  computed<Factory> load_or_compute(const Key& key, Factory&& factory) {
    return detail::verbs::load_or_compute<T>(table_, key, std::forward<Factory>(factory));
  }
  template <class K = Key, class Factory>
    requires(makes_key<K> && makes_value_by<Factory>)
  computed<Factory> load_or_compute(K&& key, Factory&& factory) {
    return detail::verbs::load_or_compute<T>(table_, std::forward<K>(key), std::forward<Factory>(factory));
  }
  /// The same without a copy: calls f(const T&), inside the domain, with the value that the key then has, unless the
  /// factory declines; returns whether it was there before. If f throws, the element stays.
  template <class Factory, std::invocable<const T&> F>
    requires makes_value_by<Factory>
  bool load_or_compute(const Key& key, Factory&& factory, F&& f) {
    return detail::verbs::show_or_compute<T>(table_, key, std::forward<Factory>(factory), f);
  }
  template <class K = Key, class Factory, std::invocable<const T&> F>
    requires(makes_key<K> && makes_value_by<Factory>)
  bool load_or_compute(K&& key, Factory&& factory, F&& f) {
    return detail::verbs::show_or_compute<T>(table_, std::forward<K>(key), std::forward<Factory>(factory), f);
  }

  // --- changing and erasing: as storing ------------------------------------------------------------------------------

  /// Sets the value of a key to `desired` if it is `expected` (by ==, called without a lock). An absent key: false.
  template <class K = Key, class V = T>
    requires(detail::makes_key<K, policy> && makes_value<V>)
  bool compare_and_swap(const key_arg<K>& key, const T& expected, V&& desired) {
    static_assert(
        requires(const T& value) { static_cast<bool>(value == value); },
        "evac: compare_and_swap() compares values with ==; give the mapped type an operator==");
    return detail::verbs::compare_and_swap(table_, detail::as_lookup_key<policy>(key), expected,
                                           std::forward<V>(desired));
  }
  /// Asks f what the key shall have, given what it has: an atomic read-modify-write. f is called without a lock and
  /// outside of the domain, and again with the new value when another thread has changed the key meanwhile. It may do
  /// anything but change this key in this map: that is reported through EVAC_ASSERT_HANDLER before it happens. f is
  /// given a std::optional<T> with a copy, empty if the key is absent; if it cannot take that, or T cannot be copied, a
  /// const T*, to the value itself or null, that is valid until f returns. f returns
  ///  - a T or std::optional<T>, where empty erases the key or leaves it absent. update() returns what f returned last;
  ///  - an update_answer<T> (evac/update.hpp), which may also be to keep what is there: then nothing is stored, allocated
  ///    or removed, and f is not called again. update() returns an update_outcome. Nothing is copied.
  template <class K = Key, class F>
    requires(detail::makes_key<K, policy> && detail::updates<std::remove_reference_t<F>, T>())
  detail::update_result<F, T> update(const key_arg<K>& key, F&& f) {
    return detail::verbs::update<T>(table_, detail::as_lookup_key<policy>(key), f);
  }
  /// Removes a key; false if it was absent. The element is destroyed when no reader can hold it.
  template <class K = Key>
    requires looks_up<K>
  bool erase(const key_arg<K>& key) {
    return detail::verbs::erase(table_, detail::as_lookup_key<policy>(key));
  }
  /// Removes a key if predicate(const T&) is true for its value; returns whether it did. The predicate is called
  /// without a lock, inside the domain: keep it short. It is called again if another thread has changed the value.
  template <class K = Key, std::predicate<const T&> Predicate>
    requires looks_up<K>
  bool erase_if(const key_arg<K>& key, Predicate&& predicate) {
    return detail::verbs::erase_if(table_, detail::as_lookup_key<policy>(key), predicate);
  }
  /// Erases each of the keys by itself, fetching them ahead. Returns how many were there.
  template <std::ranges::forward_range Keys>
    requires looks_up<std::ranges::range_reference_t<const Keys>>
  size_type erase_many(const Keys& keys) {
    return detail::verbs::erase_many(table_, keys);
  }
  /// Removes a key if its value is `expected` (by ==, called without a lock).
  template <class K = Key>
    requires looks_up<K>
  bool compare_and_delete(const key_arg<K>& key, const T& expected) {
    static_assert(
        requires(const T& value) { static_cast<bool>(value == value); },
        "evac: compare_and_delete() compares values with ==; give the mapped type an operator==");
    return detail::verbs::compare_and_delete(table_, detail::as_lookup_key<policy>(key), expected);
  }
  /// Removes a key; returns a copy of its last value.
  template <class K = Key>
    requires looks_up<K>
  std::optional<T> load_and_delete(const key_arg<K>& key) {
    return detail::verbs::load_and_delete<T>(table_, detail::as_lookup_key<policy>(key));
  }

  // --- the whole -----------------------------------------------------------------------------------------------------

  /// Calls f(const Key&, const T&) for elements until it returns false; returns whether it never did. No snapshot: a
  /// key that is there all the time is visited exactly once, however the table grows, others at most once; a value is
  /// one that the key had during the call. f runs without a lock and may call anything. O(buckets + elements). Throws
  /// std::bad_alloc, and what f throws.
  template <class F>
    requires std::is_invocable_r_v<bool, F&, const Key&, const T&>
  bool range(F&& f) const {
    return detail::for_each_element(table_, [&](const slot_value& element) {
      const auto& key = elements::key(element);
      const auto& value = elements::value(element);
      return static_cast<bool>(f(key, value));
    });
  }
  /// scan(cursor, budget, f): f(const Key&, const T&), as range() calls it, for about so many elements, those that come
  /// next. Returns the cursor to go on with, in any thread, at any time: evac/scan_cursor.hpp. O(budget + chain).
  /// Throws as range(), and what the hash throws.
  using face::scan;
  /// Removes the elements for which predicate(const Key&, const T&) is true, each at a moment at which it is; visits as
  /// range() does, and again those that another thread changes. Returns how many it removed. O(buckets + elements).
  /// Throws std::bad_alloc, and what hash, equality and the predicate throw; what was removed by then is gone.
  template <std::predicate<const Key&, const T&> Predicate>
  size_type erase_if(Predicate&& predicate) {
    return detail::verbs::erase_matching(table_, [&](const slot_value& element) {
      const auto& key = elements::key(element);
      const auto& value = elements::value(element);
      return static_cast<bool>(predicate(key, value));
    });
  }
  /// A map of one owner with what range() visits. Copies each element once, as long as no others come meanwhile.
  [[nodiscard]] map<Key, T, Hash, KeyEqual, Allocator> snapshot() const {
    map<Key, T, Hash, KeyEqual, Allocator> copy(size(), hash_function(), key_eq(), get_allocator());
    range([&](const Key& key, const T& value) {
      copy.try_emplace(key, value);
      return true;
    });
    return copy;
  }
  /// Removes everything, in one step that all other calls see as before or after theirs. O(stripes); the memory goes
  /// later, piece by piece, with the writes that follow. Counts as garbage of the table's size, but no more than a
  /// quarter of the cap of the domain: at the cap it waits. Throws std::bad_alloc.
  void clear() { table_.clear(); }
  /// Every call that had returned before this one began is counted; calls that run meanwhile may or may not be, but an
  /// erasure never without its insertion: so a map is empty() only if, at a moment of the call, it held nothing that
  /// had been stored by then. O(stripes): a cache line for each, a few times.
  [[nodiscard]] size_type size() const { return table_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// The largest n that reserve() accepts; the machine may have memory for fewer.
  [[nodiscard]] size_type max_size() const noexcept { return detail::most_elements(table_); }
  /// Makes the memory for n elements, so that no write has to split buckets before. O(n) at worst, without stopping
  /// others. Throws std::length_error, std::bad_alloc, what hash and allocator throw; the map then has what it had.
  void reserve(size_type n) {
    if (n > max_size()) detail::throw_length_error("evac: reserve() or constructor asked for more than max_size()");
    table_.reserve(n);
  }

  [[nodiscard]] Hash hash_function() const { return table_.functors().hash; }
  [[nodiscard]] KeyEqual key_eq() const { return table_.functors().equal; }
  [[nodiscard]] Allocator get_allocator() const { return table_.allocator(); }
  /// The epoch domain of this map: while a guard of it is held, nothing that is erased or replaced is destroyed.
  [[nodiscard]] epoch_domain& domain() const noexcept { return *domain_; }
  /// Figures, collected while others go on. O(buckets).
  [[nodiscard]] sync_stats stats() const {
    sync_stats result = detail::collect_stats(table_);
    result.domain = domain_->stats();
    return result;
  }
  /// Figures that cost little, and those of the domain (evac/counters.hpp). O(stripes + threads), no bucket, no lock.
  [[nodiscard]] map_counters counters() const noexcept { return detail::count(table_); }
  /// Lets an observer (evac/observer.hpp) know of clear, growth, long waits, re-entry and the cap of the domain; null:
  /// none. Any thread. Waits until the calls of the domain that are under way have ended, unless this thread holds a
  /// guard or is inside a visitor: then the observer before is used no more. Throws std::bad_alloc; nothing has changed
  /// then.
  void observe(observer* by) { detail::observe_table(table_, by); }
  [[nodiscard]] observer* observed_by() const noexcept { return table_.functors().observed.observed_by(); }
  /// Bytes held, without untouched memory of the segment that is being filled, and without garbage. O(stripes). Throws
  /// std::bad_alloc in a thread that is new to the domain.
  [[nodiscard]] size_type memory_usage() const { return detail::memory_of(table_); }

 private:
  friend struct detail::table_access;

  table_type table_;
  epoch_domain* domain_;
};

}  // namespace evac::inline EVAC_ABI

#endif
