// evac::sync_set: the keys of a sync_map without values. sync_map.hpp says how it works, what progress its calls make,
// what becomes of erased keys, and what happens in a fork().
//
//   evac::sync_set<std::string> seen;
//   if (seen.insert("http")) greet("http");
#ifndef EVAC_SYNC_SET_HPP
#define EVAC_SYNC_SET_HPP

#include <concepts>
#include <cstddef>
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
#include "evac/detail/lockfree/sampling.hpp"
#include "evac/detail/lockfree/sync_statistics.hpp"
#include "evac/detail/lockfree/sync_table.hpp"
#include "evac/detail/lockfree/verbs.hpp"
#include "evac/detail/lockfree/walk.hpp"
#include "evac/detail/table/table_access.hpp"
#include "evac/epoch.hpp"
#include "evac/fwd.hpp"
#include "evac/hash.hpp"
#include "evac/observer.hpp"
#include "evac/scan_cursor.hpp"
#include "evac/set.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI {

template <class Key, class Hash, class KeyEqual, class Allocator, storage Storage>
class sync_set : public detail::sync_container<sync_set<Key, Hash, KeyEqual, Allocator, Storage>,
                                               detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator>> {
  static_assert(detail::storable_key<Key>,
                "evac: Key must be an object type without const or volatile, not a reference");

 public:
  using key_type = Key;
  using value_type = Key;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using size_type = std::size_t;

 private:
  using policy = detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator>;
  using face = detail::sync_container<sync_set, policy>;

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

 public:
  // --- construction --------------------------------------------------------------------------------------------------

  /// Empty, in the domain of the process. No memory is allocated before the first key, but for a stateful allocator.
  sync_set()
    requires detail::default_constructible<Hash, KeyEqual, Allocator>
      : sync_set(0, Hash()) {}
  /// Room for n keys, as reserve(n) makes it, in a domain that must outlive the set. Throws what reserve() throws.
  explicit sync_set(size_type n, const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
                    const Allocator& allocator = Allocator(), epoch_domain& domain = epoch_domain::process())
      : table_(domain.core(), hash, equal, allocator), domain_(&domain) {
    detail::check_functors_and_allocator<policy>();
    if (n != 0) reserve(n);
  }
  explicit sync_set(epoch_domain& domain) : sync_set(0, Hash(), KeyEqual(), Allocator(), domain) {}
  explicit sync_set(const Allocator& allocator) : sync_set(0, Hash(), KeyEqual(), allocator) {}
  // Other threads may be at work on the source. snapshot() gives a copy that has one owner.
  sync_set(const sync_set&) = delete;
  sync_set& operator=(const sync_set&) = delete;
  /// No other thread may be inside a call. Destroys all keys, also those that were erased or cleared and still wait,
  /// whatever threads hold guards of the domain; but not those that a thread is destroying at that moment, a cleared
  /// table being one of them. O(keys), and O(garbage of the domain) if the set has retired anything.
  ~sync_set() = default;

  // --- looking: O(1) expected; lock-free but for a writer inside a few stores to the very bucket ---------------------

  /// Whether the key is there.
  template <class K = Key>
    requires looks_up<K>
  [[nodiscard]] bool contains(const key_arg<K>& key) const {
    return detail::verbs::find(table_, detail::as_lookup_key<policy>(key), [](const slot_value&) {});
  }
  /// Starts to fetch the memory that a look-up of this key will read first. O(1); lock-free.
  using face::prefetch;
  /// prepare(key): the key with its hash, which contains, prefetch and erase take in place of the key. It refers to the
  /// key that was passed; it keeps one that was a temporary, or is trivially copyable and of two words at most.
  using face::contains;
  using face::erase;
  using face::prepare;
  /// sample(generator, n, f): calls f(const Key&), inside the domain, for n keys drawn at random; returns how many:
  /// fewer if there are none. Each is as likely as any other, but for those in chains of more than 16 keys, which are
  /// less likely, and where most buckets are empty those behind a long gap, which are more likely. O(n), but O(n
  /// buckets) where few buckets have keys. Throws std::bad_alloc, and what f and the generator throw.
  template <detail::bit_generator Generator, std::invocable<const Key&> F>
  size_type sample(Generator&& generator, size_type n, F&& f) const {
    return detail::verbs::sample(table_, generator, n, [&](const slot_value& element) {
      const auto& key = elements::key(element);
      f(key);
    });
  }
  /// Removes some key and returns a copy of it; nothing if no key was there all the time. As erase, and O(buckets)
  /// where few buckets have keys.
  [[nodiscard]] std::optional<Key> pop_any() {
    return detail::verbs::pop_any(table_, [&](Key&& key) -> std::optional<Key> {
      return detail::verbs::erase(table_, key) ? std::optional<Key>(std::move(key)) : std::nullopt;
    });
  }
  /// How many of the keys are there, fetching them ahead; each is looked up at a moment of its own. Here and in the
  /// other calls that take ranges: keys of another type are looked up as they are where hash and equality are
  /// transparent, else as the keys that they convert to (twice each).
  template <std::ranges::forward_range Keys>
    requires looks_up<std::ranges::range_reference_t<const Keys>>
  [[nodiscard]] size_type count_many(const Keys& keys) const {
    return detail::verbs::find_many(table_, keys, [](const auto&, const slot_value&) {}, [] {});
  }

  // --- changing: O(1) expected; waits for writers of its bucket, and for garbage at the cap --------------------------
  // These throw what hash, equality, constructors and the allocator throw; nothing has changed then.

  /// Adds a key; false if it is there already, which is a look-up.
  bool insert(const Key& key) { return detail::verbs::insert(table_, key); }
  bool insert(Key&& key) { return detail::verbs::insert(table_, std::move(key)); }
  /// Adds each key by itself, fetching them ahead. Returns how many were new. If one throws, those before it are there.
  template <std::ranges::forward_range Keys>
    requires detail::makes_key<std::ranges::range_reference_t<const Keys>, policy>
  size_type insert_many(const Keys& keys) {
    return detail::verbs::write_many(
        table_, keys, [&](const auto& key) { return table_.hash_of(detail::as_lookup_key<policy>(key)); },
        [&](const auto& key, size_type hash) {
          return detail::verbs::insert_hashed(table_, hash, detail::as_lookup_key<policy>(key));
        });
  }
  /// Removes a key; false if it was absent. It is destroyed when no reader can hold it.
  template <class K = Key>
    requires looks_up<K>
  bool erase(const key_arg<K>& key) {
    return detail::verbs::erase(table_, detail::as_lookup_key<policy>(key));
  }
  /// Erases each of the keys by itself, fetching them ahead. Returns how many were there.
  template <std::ranges::forward_range Keys>
    requires looks_up<std::ranges::range_reference_t<const Keys>>
  size_type erase_many(const Keys& keys) {
    return detail::verbs::erase_many(table_, keys);
  }

  // --- the whole -----------------------------------------------------------------------------------------------------

  /// Calls f(const Key&) for keys until it returns false. No snapshot: a key that is there all the time is visited
  /// exactly once, however the table grows, others at most once. f runs without a lock and may call anything, also
  /// range(). Returns whether f never returned false. O(buckets + keys). Throws std::bad_alloc, and what f throws.
  template <class F>
    requires std::is_invocable_r_v<bool, F&, const Key&>
  bool range(F&& f) const {
    return detail::for_each_element(table_, [&](const slot_value& element) {
      const auto& key = elements::key(element);
      return static_cast<bool>(f(key));
    });
  }
  /// Calls f(const Key&) for about `budget` keys, those that come next; returns the cursor to go on with, in this
  /// thread or another, now or much later: see evac/scan_cursor.hpp. f runs as that of range(). O(budget + chain).
  /// Throws std::bad_alloc, and what hash and f throw.
  template <std::invocable<const Key&> F>
  [[nodiscard]] scan_cursor scan(scan_cursor from, size_type budget, F&& f) const {
    return detail::scan_elements(table_, from, budget, [&](const slot_value& element) {
      const auto& key = elements::key(element);
      f(key);
    });
  }
  /// Removes the keys for which predicate(const Key&) is true; visits keys as range() does. Returns how many it
  /// removed. O(buckets + keys). Throws std::bad_alloc, and what hash, equality and the predicate throw; what was
  /// removed by then is gone.
  template <std::predicate<const Key&> Predicate>
  size_type erase_if(Predicate&& predicate) {
    return detail::verbs::erase_matching(table_, [&](const slot_value& element) {
      const auto& key = elements::key(element);
      return static_cast<bool>(predicate(key));
    });
  }
  /// A set of one owner with what range() visits. Copies each key once, as long as no others come meanwhile.
  [[nodiscard]] set<Key, Hash, KeyEqual, Allocator> snapshot() const {
    set<Key, Hash, KeyEqual, Allocator> copy(size(), hash_function(), key_eq(), get_allocator());
    range([&](const Key& key) {
      copy.insert(key);
      return true;
    });
    return copy;
  }
  /// Removes everything, in one step that all other calls see as before or after theirs. O(stripes); the memory goes
  /// later, piece by piece, with the writes that follow. Counts as garbage of the table's size, but no more than a
  /// quarter of the cap of the domain: at the cap it waits. Throws std::bad_alloc.
  void clear() { table_.clear(); }
  /// Every call that had returned before this one began is counted; calls that run meanwhile may or may not be, but an
  /// erasure never without its insertion: so a set is empty() only if, at a moment of the call, it held nothing that
  /// had been added by then. O(stripes): a cache line for each, a few times.
  [[nodiscard]] size_type size() const { return table_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// The largest n that reserve() accepts; the machine may have memory for fewer.
  [[nodiscard]] size_type max_size() const noexcept { return detail::most_elements(table_); }
  /// Makes the memory for n keys, so that no write has to split buckets before. O(n) at worst, without stopping others.
  /// Throws std::length_error, std::bad_alloc, and what the hash and the allocator throw; the set then has the keys
  /// that it had.
  void reserve(size_type n) {
    if (n > max_size()) detail::throw_length_error("evac: reserve() or constructor asked for more than max_size()");
    table_.reserve(n);
  }

  [[nodiscard]] Hash hash_function() const { return table_.functors().hash; }
  [[nodiscard]] KeyEqual key_eq() const { return table_.functors().equal; }
  [[nodiscard]] Allocator get_allocator() const { return table_.allocator(); }
  /// The epoch domain of this set: while a guard of it is held, nothing that is erased meanwhile is destroyed.
  [[nodiscard]] epoch_domain& domain() const noexcept { return *domain_; }
  /// Figures, collected while others go on. O(buckets).
  [[nodiscard]] sync_stats stats() const {
    sync_stats result = detail::collect_stats(table_);
    result.domain = domain_->stats();
    return result;
  }
  /// The figures of this set that cost nothing to read, and those of its domain: a map_counters (evac/counters.hpp).
  /// O(stripes + threads): no bucket is walked, no lock taken. noexcept.
  [[nodiscard]] map_counters counters() const noexcept { return detail::count(table_); }
  /// Lets an observer (evac/observer.hpp) know of clear, growth, long waits, re-entry and the cap of the domain; null:
  /// none. Any thread. Waits until the calls of the domain that are under way have ended, unless this thread holds a
  /// guard of any domain, or is inside a visitor: afterwards the observer before is used no more. Throws
  /// std::bad_alloc; nothing has changed then.
  void observe(observer* by) { detail::observe_table(table_, by); }
  [[nodiscard]] observer* observed_by() const noexcept { return table_.functors().observed.observed_by(); }
  /// Bytes held, without what has not been touched of the segment that is being filled, and without garbage.
  /// O(stripes). Throws std::bad_alloc in a thread that is new to the domain.
  [[nodiscard]] size_type memory_usage() const { return detail::memory_of(table_); }

 private:
  friend struct detail::table_access;

  table_type table_;
  epoch_domain* domain_;
};

}  // namespace evac::inline EVAC_ABI

#endif
