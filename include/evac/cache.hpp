// evac::cache: a map with room for so many elements, for any thread. Which element goes when another one needs the room is
// decided by SIEVE (Zhang et al., NSDI 2024).
//
//   evac::cache<std::string, page> pages(10'000, [](const std::string& url, page& gone, evac::removal_cause) { ... });
//   const page shown = pages.get_or_compute(url, [&] { return render(url); });
//
//   hash -> shard -> { reader-writer lock, table, order of arrival }
//
// Threads     any thread may call anything at any time, but for construction and destruction.
// Bound       never more elements than capacity() and one for each thread that is just putting one in. Each shard has an equal
//             part of the capacity.
// Hits        hold their shard shared. A hit sets a bit of its element if it is not set, and counts itself in a line that few
//             threads share; nothing is moved, so that a key which all threads ask for is no bottleneck.
// Listener    is told of each element that leaves, exactly once, by the thread whose call made it leave, when that holds no
//             lock: it may use the cache. It must not throw; that ends the program. Elements that are there when the cache
//             is destroyed do not leave.
// Visitors    must not call the same cache: EVAC_ASSERT_HANDLER, as for sharded_map.
//
// Every operation, unless its comment says otherwise:
//
// Complexity  O(1) expected. The call that makes room looks at elements in their order until one was not asked for since it was
//             looked at last: at 65 of them at most.
// Progress    blocking, as sharded_map. Verbs of one key take effect at one moment under the lock of its shard; an element may
//             vanish at any time.
// Throws      what hash, equality, constructors, the allocator and f throw. Then nothing has changed.
#ifndef EVAC_CACHE_HPP
#define EVAC_CACHE_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "evac/detail/cache/cache_state.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/sharded/single_flight.hpp"
#include "evac/detail/table/table_access.hpp"
#include "evac/fwd.hpp"
#include "evac/rw_lock.hpp"

namespace evac::inline EVAC_ABI {

/// Figures of a cache. Recent ones while other threads are at work; totals only rise.
struct cache_counters {
  std::size_t size = 0;
  std::size_t capacity = 0;
  std::size_t hits = 0;    ///< of get() and get_or_compute(); total
  std::size_t misses = 0;  ///< the same
  // Elements that have left, by cause; totals.
  std::size_t evicted = 0;
  std::size_t replaced = 0;
  std::size_t erased = 0;
  std::size_t cleared = 0;
};

/// See the top of this file. Not copyable, not movable.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class cache {
  using state = detail::cache_state<Key, T, Hash, KeyEqual, Allocator, rw_lock>;
  using policy_type = typename state::policy_type;
  using location = std::source_location;
  template <class K>
  using key_arg = detail::key_arg<K, policy_type>;

 public:
  using key_type = Key;
  using mapped_type = T;
  using size_type = std::size_t;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  /// Any function of (const Key&, T&, removal_cause). It may move the value away.
  using listener_type = typename state::listener_type;

  /// Room for `capacity` elements. There are as many shards as a sharded_map has, or fewer, so that each has room for 256
  /// elements. Throws std::bad_alloc, std::length_error for more than 2^23 elements a shard. O(shards).
  explicit cache(size_type capacity, listener_type listener = {}, const Hash& hash = Hash(),
                 const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : cache(shards{default_shards(capacity)}, capacity, std::move(listener), hash, equal, allocator) {}
  /// The same with so many shards, rounded up to a power of two. A shard whose part of the capacity is 0 keeps nothing.
  cache(shards count, size_type capacity, listener_type listener = {}, const Hash& hash = Hash(),
        const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : state_(capacity, std::move(listener), count.count, hash, equal, allocator) {}
  cache(const cache&) = delete;
  cache& operator=(const cache&) = delete;
  ~cache() = default;

  /// The number of elements: a recent one. No lock. O(shards).
  [[nodiscard]] size_type size() const noexcept { return state_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] size_type capacity() const noexcept { return state_.capacity; }
  [[nodiscard]] size_type shard_count() const noexcept { return state_.shards.size(); }
  /// No lock. O(shards).
  [[nodiscard]] cache_counters counters() const noexcept {
    cache_counters all;
    all.size = size();
    all.capacity = capacity();
    all.hits = state_.accesses.hits();
    all.misses = state_.accesses.misses();
    for (const auto& each : state_.companions) {
      all.evicted += each.left[0];
      all.replaced += each.left[1];
      all.erased += each.left[2];
      all.cleared += each.left[3];
    }
    return all;
  }

  /// A copy of the value, if the key is there: a hit.
  template <class K = Key>
    requires detail::stands_for_key<K, policy_type>
  [[nodiscard]] std::optional<T> get(const key_arg<K>& key, location where = location::current()) const {
    std::optional<T> copy;
    state_.template look_up<true>({"get", where}, detail::as_lookup_key<policy_type>(key),
                                  [&](const T& value) { copy.emplace(value); });
    return copy;
  }
  /// f(const T&) under the shared lock, if the key is there; returns whether. A hit.
  template <class K = Key, class F>
    requires(detail::stands_for_key<K, policy_type> && std::is_invocable_v<F&, const T&>)
  bool get(const key_arg<K>& key, F f, location where = location::current()) const {
    return state_.template look_up<true>({"get", where}, detail::as_lookup_key<policy_type>(key), f);
  }
  /// Whether the key is there. Not a hit, and not counted.
  template <class K = Key>
    requires detail::stands_for_key<K, policy_type>
  [[nodiscard]] bool contains(const key_arg<K>& key, location where = location::current()) const {
    return state_.template look_up<false>({"contains", where}, detail::as_lookup_key<policy_type>(key),
                                          [](const T&) {});
  }

  /// Gives the key this value; returns whether the key is new. An element that was there leaves as `replaced`; its key is still
  /// one that was asked for. Key and value are built before any lock is taken.
  template <class K = Key, class V = T>
    requires(std::is_constructible_v<Key, K &&> && std::is_constructible_v<T, V &&>)
  bool put(K&& key, V&& value, location where = location::current()) {
    typename state::detached fresh(state_.functors.allocator);
    fresh.construct(std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
                    std::forward_as_tuple(std::in_place, std::forward<V>(value)));
    return state_.put({"put", where}, fresh);
  }
  /// The same if the key is absent; returns whether it was. If not, nothing is moved from the arguments.
  template <class V = T>
    requires std::is_constructible_v<T, V&&>
  bool put_if_absent(const Key& key, V&& value, location where = location::current()) {
    return state_.put_if_absent({"put_if_absent", where}, [] {}, [](const T&) {}, key, std::forward<V>(value));
  }
  template <class V = T>
    requires std::is_constructible_v<T, V&&>
  bool put_if_absent(Key&& key, V&& value, location where = location::current()) {
    return state_.put_if_absent(
        {"put_if_absent", where}, [] {}, [](const T&) {}, std::move(key), std::forward<V>(value));
  }
  /// The value of the key; if there is none, what factory() returns, which is also put in. The factory runs in one thread at a
  /// time for a key, with no lock held; the others wait for its result, and get its exception. If put() is faster, its value
  /// is returned. Throws what the factory throws; then nothing is put in.
  template <class Factory>
    requires std::is_invocable_r_v<T, Factory&>
  [[nodiscard]] T get_or_compute(const Key& key, Factory factory, location where = location::current()) {
    if (std::optional<T> found = get(key, where)) return *std::move(found);
    const call_site site{"get_or_compute", where};
    return flights_.share(key, state_.functors.hash_of(key), state_.functors.equal, [&](auto& flight) {
      // Another flight may have landed since the look-up.
      std::optional<T> result;
      const auto settle = [&] { flight.settle(); };
      const auto take_copy = [&](const T& value) { result.emplace(value); };
      const auto settle_and_take = [&](const T& value) {
        settle();
        take_copy(value);
      };
      if (state_.template look_up<false>(site, key, settle_and_take)) return *std::move(result);
      T computed = factory();
      if (state_.put_if_absent(site, settle, take_copy, key, std::as_const(computed)))
        result.emplace(std::move(computed));
      return *std::move(result);
    });
  }

  /// Returns 1 if the key was there, else 0.
  template <class K = Key>
    requires detail::stands_for_key<K, policy_type>
  size_type erase(const key_arg<K>& key, location where = location::current()) {
    return state_.erase({"erase", where}, detail::as_lookup_key<policy_type>(key));
  }
  /// Erases what was there when it came to each shard, one element at a time, the oldest first. O(size).
  void clear(location where = location::current()) { state_.clear({"clear", where}); }

 private:
  friend struct detail::table_access;
  using call_site = detail::call_site;
  [[nodiscard]] static size_type default_shards(size_type capacity) noexcept {
    constexpr size_type fewest_elements = 256;
    return (std::clamp)(std::bit_floor(capacity / fewest_elements), size_type{1}, detail::default_shard_count());
  }

  mutable state state_;
  detail::single_flight<Key, T> flights_;
};

}  // namespace evac::inline EVAC_ABI

#endif
