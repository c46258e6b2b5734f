// evac::sharded_map: a hash map for any thread, any type, with visits in place under a lock. The interface is that of
// boost::concurrent_flat_map; what is added to it stands at the end.
//
//   hash -> shard -> { reader-writer lock, table }        four shards per hardware thread, or as many as you say
//
// Threads     everything may be called by any thread at any time, but for construction and destruction.
// Progress    blocking. A call waits for calls on the same shard one of which writes; a visitor holds its shard as long as it
//             runs. A growing shard does a bounded piece of work per insert: nobody waits for a rehash.
// Readers     of a shard that is only read announce themselves in memory of their own (rw_lock.hpp): one hot key read by all
//             threads costs no shared write.
// Atomicity   single-element calls, copy, move, swap, ==, merge, assignment and clear are linearizable. visit_all and
//             the like hold one shard at a time. docs/guarantees/sharded_map.md has the table of what may run beside what.
// Visitors    must not call the same map: that would wait for itself, is noticed before any lock is taken, and ends in
//             EVAC_ASSERT_HANDLER with both call sites. Other maps may be called, in an order that all threads keep.
// Destruction of erased and replaced elements happens after the lock is released, so a destructor may use the map. For that an
//             erased element, or a replaced value, that is not trivially destructible is moved once.
// Exceptions  of hash, equality, constructors, the allocator and visitors pass through; locks are released, the map is
//             usable, a single insert that throws has inserted nothing (an element whose visitor throws stays).
// Memory      128 bytes a shard (192 without NDEBUG: who holds it is remembered) and the object itself while empty; then
//             as evac::map.
#ifndef EVAC_SHARDED_MAP_HPP
#define EVAC_SHARDED_MAP_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/deduction.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/sharded/sharded_container.hpp"
#include "evac/detail/sharded/single_flight.hpp"
#include "evac/fwd.hpp"
#include "evac/map.hpp"
#include "evac/rw_lock.hpp"

namespace evac::inline EVAC_ABI {

/// How get_or_compute runs its factory.
enum class compute_mode {
  under_lock,  ///< exactly once, while the shard is held exclusively: for factories that take nanoseconds
  /// Exactly once, with no lock held. Callers for the same key wait; an exception reaches all of them. If the thread at
  /// work ends by pthread_exit or pthread_cancel, one that waits calls its own factory.
  single_flight,
  optimistic,  ///< perhaps in several threads at once, with no lock held; one result wins
};

/// See the top of this file. Mutex: any default-constructible type that is SharedLockable and Lockable.
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
class sharded_map
    : public detail::sharded_container<
          detail::policy<detail::map_elements<Key, T>, Hash, KeyEqual, Allocator, detail::shares_functors>, Mutex> {
  using policy_type = detail::policy<detail::map_elements<Key, T>, Hash, KeyEqual, Allocator, detail::shares_functors>;
  using base = detail::sharded_container<policy_type, Mutex>;
  using location = std::source_location;

 public:
  using mapped_type = T;
  using typename base::key_type;
  using typename base::size_type;
  using typename base::value_type;
  /// The map of one owner with the same elements.
  using map_type = map<Key, T, Hash, KeyEqual, Allocator>;

  using base::base;
  sharded_map() = default;
  // Declared here and not only inherited: g++ 12 deduces template arguments from a list of elements only then.
  sharded_map(std::initializer_list<value_type> list, size_type n = 0)
    requires detail::default_constructible<Hash, KeyEqual, Allocator>
      : base(list, n) {}
  sharded_map(const sharded_map&) = default;
  sharded_map(sharded_map&&) = default;
  /// Takes the elements of a map of one owner, each moved once. O(size).
  explicit sharded_map(map_type&& other)
      : sharded_map(shards{detail::default_shard_count()}, 0, other.hash_function(), other.key_eq(),
                    other.get_allocator()) {
    this->core_.take_owned(other);
  }
  sharded_map& operator=(const sharded_map&) = default;
  sharded_map& operator=(sharded_map&&) = default;
  sharded_map& operator=(std::initializer_list<value_type> list) {
    base::operator=(list);
    return *this;
  }
  /// The same in place of what is here; the number of shards stays. Hash, equality and, where the allocator says so, the
  /// allocator come along; if it does not and is unequal, each element is moved twice.
  sharded_map& operator=(map_type&& other) {
    sharded_map fresh(shards{this->shard_count()}, 0, other.hash_function(), other.key_eq(), other.get_allocator());
    fresh.core_.take_owned(other);
    return *this = std::move(fresh);
  }
  ~sharded_map() = default;

  friend void swap(sharded_map& left, sharded_map& right) noexcept(noexcept(left.swap(right))) { left.swap(right); }

  // --- as in boost::concurrent_flat_map ---------------------------------------------------------------------------

  /// Inserts T(args...) under the key if there is none; args are untouched if there is.
  template <class... Args>
  bool try_emplace(const Key& key, Args&&... args) {
    return try_place({"try_emplace"}, key, ignore, ignore, std::forward<Args>(args)...);
  }
  template <class... Args>
  bool try_emplace(Key&& key, Args&&... args) {
    return try_place({"try_emplace"}, std::move(key), ignore, ignore, std::forward<Args>(args)...);
  }
  template <class K, class... Args>
    requires(base::template is_lookup_key<K>)
  bool try_emplace(K&& key, Args&&... args) {
    return try_place({"try_emplace"}, std::forward<K>(key), ignore, ignore, std::forward<Args>(args)...);
  }
  /// The same; the last argument visits an element that is there already.
  template <class Arg, class... Args>
  bool try_emplace_or_visit(const Key& key, Arg&& arg, Args&&... args) {
    return try_or_visit<false>({"try_emplace_or_visit"}, key, std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool try_emplace_or_visit(Key&& key, Arg&& arg, Args&&... args) {
    return try_or_visit<false>({"try_emplace_or_visit"}, std::move(key), std::forward<Arg>(arg),
                               std::forward<Args>(args)...);
  }
  template <class K, class Arg, class... Args>
    requires(base::template is_lookup_key<K>)
  bool try_emplace_or_visit(K&& key, Arg&& arg, Args&&... args) {
    return try_or_visit<false>({"try_emplace_or_visit"}, std::forward<K>(key), std::forward<Arg>(arg),
                               std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool try_emplace_or_cvisit(const Key& key, Arg&& arg, Args&&... args) {
    return try_or_visit<true>({"try_emplace_or_cvisit"}, key, std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool try_emplace_or_cvisit(Key&& key, Arg&& arg, Args&&... args) {
    return try_or_visit<true>({"try_emplace_or_cvisit"}, std::move(key), std::forward<Arg>(arg),
                              std::forward<Args>(args)...);
  }
  template <class K, class Arg, class... Args>
    requires(base::template is_lookup_key<K>)
  bool try_emplace_or_cvisit(K&& key, Arg&& arg, Args&&... args) {
    return try_or_visit<true>({"try_emplace_or_cvisit"}, std::forward<K>(key), std::forward<Arg>(arg),
                              std::forward<Args>(args)...);
  }
  /// The same; the last two arguments visit a new element, and one that is there already.
  template <class Arg, class... Args>
  bool try_emplace_and_visit(const Key& key, Arg&& arg, Args&&... args) {
    return try_and_visit<false>({"try_emplace_and_visit"}, key, std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool try_emplace_and_visit(Key&& key, Arg&& arg, Args&&... args) {
    return try_and_visit<false>({"try_emplace_and_visit"}, std::move(key), std::forward<Arg>(arg),
                                std::forward<Args>(args)...);
  }
  template <class K, class Arg, class... Args>
    requires(base::template is_lookup_key<K>)
  bool try_emplace_and_visit(K&& key, Arg&& arg, Args&&... args) {
    return try_and_visit<false>({"try_emplace_and_visit"}, std::forward<K>(key), std::forward<Arg>(arg),
                                std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool try_emplace_and_cvisit(const Key& key, Arg&& arg, Args&&... args) {
    return try_and_visit<true>({"try_emplace_and_cvisit"}, key, std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool try_emplace_and_cvisit(Key&& key, Arg&& arg, Args&&... args) {
    return try_and_visit<true>({"try_emplace_and_cvisit"}, std::move(key), std::forward<Arg>(arg),
                               std::forward<Args>(args)...);
  }
  template <class K, class Arg, class... Args>
    requires(base::template is_lookup_key<K>)
  bool try_emplace_and_cvisit(K&& key, Arg&& arg, Args&&... args) {
    return try_and_visit<true>({"try_emplace_and_cvisit"}, std::forward<K>(key), std::forward<Arg>(arg),
                               std::forward<Args>(args)...);
  }

  /// True if it inserted, false if it assigned. A replaced value that is not trivially destructible and can be moved
  /// without throwing is moved once, and destroyed after the lock is released.
  template <class M>
    requires std::is_assignable_v<T&, M&&>
  bool insert_or_assign(const Key& key, M&& value, location where = location::current()) {
    return assign({"insert_or_assign", where}, key, std::forward<M>(value));
  }
  template <class M>
    requires std::is_assignable_v<T&, M&&>
  bool insert_or_assign(Key&& key, M&& value, location where = location::current()) {
    return assign({"insert_or_assign", where}, std::move(key), std::forward<M>(value));
  }
  template <class K, class M>
    requires(base::template is_lookup_key<K> && std::is_assignable_v<T&, M &&>)
  bool insert_or_assign(K&& key, M&& value, location where = location::current()) {
    return assign({"insert_or_assign", where}, std::forward<K>(key), std::forward<M>(value));
  }

  // --- beyond it ---------------------------------------------------------------------------------------------------

  /// A copy of the value, if the key is there.
  [[nodiscard]] std::optional<T> find(const Key& key, location where = location::current()) const {
    return find_copy({"find", where}, key);
  }
  template <class K>
    requires(base::template is_lookup_key<K>)
  [[nodiscard]] std::optional<T> find(const K& key, location where = location::current()) const {
    return find_copy({"find", where}, key);
  }

  /// The value of the key; if there is none, what factory() returns, which is also inserted. A hit takes the lock for
  /// reading only. Throws what the factory throws; then nothing is inserted.
  template <class Factory>
  [[nodiscard]] T get_or_compute(const Key& key, Factory factory, compute_mode mode = compute_mode::under_lock,
                                 location where = location::current()) {
    return find_or_compute({"get_or_compute", where}, key, factory, mode);
  }
  template <class Factory>
  [[nodiscard]] T get_or_compute(Key&& key, Factory factory, compute_mode mode = compute_mode::under_lock,
                                 location where = location::current()) {
    return find_or_compute({"get_or_compute", where}, std::move(key), factory, mode);
  }
  template <class K, class Factory>
    requires(base::template is_lookup_key<K>)
  [[nodiscard]] T get_or_compute(K&& key, Factory factory, compute_mode mode = compute_mode::under_lock,
                                 location where = location::current()) {
    return find_or_compute({"get_or_compute", where}, std::forward<K>(key), factory, mode);
  }

  /// f(first element, second element) with both held at once, if both are there; returns whether. Free of deadlock: the
  /// locks are taken in one order by all. Two equal keys give the same element twice.
  template <class F>
  bool visit2(const Key& first, const Key& second, F f, location where = location::current()) {
    return this->core_.visit_two({"visit2", where}, first, second, f);
  }
  template <class K1, class K2, class F>
    requires(base::template is_lookup_key<K1> && base::template is_lookup_key<K2>)
  bool visit2(const K1& first, const K2& second, F f, location where = location::current()) {
    return this->core_.visit_two({"visit2", where}, first, second, f);
  }

  /// A copy of all elements at one moment, each copied once. Holds all shards for reading. O(size).
  [[nodiscard]] map_type snapshot(location where = location::current()) const {
    return this->core_.template copy_into<map_type>({"snapshot", where});
  }
  /// All elements, moved into a map of one owner, each once: also in `map = std::move(sharded)`. Empty afterwards. O(size).
  [[nodiscard]] operator map_type() && {  // NOLINT(google-explicit-constructor)
    return this->core_.template move_into<map_type>({"conversion to map"});
  }

 private:
  static constexpr auto ignore = [](const value_type&) {};

  template <bool Const, class K, class... Args>
  bool try_or_visit(detail::call_site site, K&& key, Args&&... args) {
    return base::template with_last<1>(
        [&](auto&&... rest) {
          return [&](auto& f) {
            return try_place(site, std::forward<K>(key), ignore, base::template as_visited<Const>(f),
                             std::forward<decltype(rest)>(rest)...);
          };
        },
        std::forward<Args>(args)...);
  }
  template <bool Const, class K, class... Args>
  bool try_and_visit(detail::call_site site, K&& key, Args&&... args) {
    return base::template with_last<2>(
        [&](auto&&... rest) {
          return [&](auto& on_new, auto& on_existing) {
            return try_place(site, std::forward<K>(key), base::as_visited(on_new),
                             base::template as_visited<Const>(on_existing), std::forward<decltype(rest)>(rest)...);
          };
        },
        std::forward<Args>(args)...);
  }
  template <class K, class OnNew, class OnExisting, class... Args>
  bool try_place(detail::call_site site, K&& key, const OnNew& on_new, const OnExisting& on_existing, Args&&... args) {
    const auto construct = [&](void* slot) {
      base::core::slot_ops::construct(this->core_.functors().allocator, slot, std::piecewise_construct,
                                      std::forward_as_tuple(std::forward<K>(key)),
                                      std::forward_as_tuple(std::forward<Args>(args)...));
    };
    return this->core_.place_one(site, std::as_const(key), construct, on_new, on_existing);
  }
  template <class K, class M>
  bool assign(detail::call_site site, K&& key, M&& value) {
    if constexpr (std::is_trivially_destructible_v<T> || !std::is_nothrow_move_constructible_v<T>) {
      const auto replace = [&](value_type& element) { element.second = std::forward<M>(value); };
      return try_place(site, std::forward<K>(key), ignore, replace, std::forward<M>(value));
    } else {
      std::optional<T> replaced;  // destroyed when the lock is released
      const auto replace = [&](value_type& element) {
        replaced.emplace(std::move(element.second));
        EVAC_TRY { element.second = std::forward<M>(value); }
        EVAC_CATCH_ALL {
          // An assignment that fails must not cost the old value: what can be moved out without throwing moves back.
          std::destroy_at(std::addressof(element.second));
          std::construct_at(std::addressof(element.second), *std::move(replaced));
          EVAC_RETHROW;
        }
      };
      return try_place(site, std::forward<K>(key), ignore, replace, std::forward<M>(value));
    }
  }

  template <class K>
  [[nodiscard]] std::optional<T> find_copy(detail::call_site site, const K& key) const {
    return find_copy(site, key, [] {});
  }
  // The same, and calls found() under the shard's lock if the key is there.
  template <class K, class Found>
  [[nodiscard]] std::optional<T> find_copy(detail::call_site site, const K& key, const Found& found) const {
    std::optional<T> copy;
    const auto take_copy = [&](const value_type& element) {
      found();
      copy.emplace(element.second);
    };
    this->core_.template visit_one<typename base::reading_shard>(site, key, take_copy);
    return copy;
  }
  template <class K, class Factory>
  [[nodiscard]] T find_or_compute(detail::call_site site, K&& key, Factory& factory, compute_mode mode) {
    if (std::optional<T> found = find_copy(site, std::as_const(key))) return *std::move(found);
    switch (mode) {
      case compute_mode::under_lock:
        return insert_or_find(site, std::forward<K>(key), factory);
      case compute_mode::single_flight:
        return compute_once(site, std::forward<K>(key), factory);
      case compute_mode::optimistic:
        break;
    }
    return insert_computed(site, std::forward<K>(key), factory(), [] {});
  }
  template <class K, class Factory>
  [[nodiscard]] T insert_or_find(detail::call_site site, K&& key, Factory& factory) {
    std::optional<T> result;
    const auto construct = [&](void* slot) {
      base::core::slot_ops::construct(this->core_.functors().allocator, slot, std::forward<K>(key), factory());
    };
    const auto take_copy = [&](const value_type& element) { result.emplace(element.second); };
    this->core_.place_one(site, std::as_const(key), construct, take_copy, take_copy);
    return *std::move(result);
  }
  // Flights are compared by their keys, so what is looked up becomes one here.
  template <class K, class Factory>
  [[nodiscard]] T compute_once(detail::call_site site, K&& looked_up, Factory& factory) {
    using held_key = std::conditional_t<std::is_same_v<std::remove_cvref_t<K>, Key>, K&&, Key>;
    held_key key(std::forward<K>(looked_up));
    return flights_.share(key, this->core_.hash_of(site, std::as_const(key)), this->core_.copy_equal(site),
                          [&](auto& flight) {
                            const auto settle = [&] { flight.settle(); };
                            // Another flight may have landed since the look-up.
                            if (std::optional<T> found = find_copy(site, std::as_const(key), settle)) {
                              return *std::move(found);
                            }
                            return insert_computed(site, std::forward<held_key>(key), factory(), settle);
                          });
  }
  // The given value or, if another thread was faster, the one that is there. Calls settle() under the shard's lock, before
  // the key is moved from.
  template <class K, class Settle>
  [[nodiscard]] T insert_computed(detail::call_site site, K&& key, T&& computed, const Settle& settle) {
    std::optional<T> result;
    const auto construct = [&](void* slot) {
      settle();
      base::core::slot_ops::construct(this->core_.functors().allocator, slot, std::forward<K>(key),
                                      std::move(computed));
    };
    const auto take_new = [&](const value_type& element) { result.emplace(element.second); };
    const auto take_existing = [&](const value_type& element) {
      settle();
      result.emplace(element.second);
    };
    this->core_.place_one(site, std::as_const(key), construct, take_new, take_existing);
    return *std::move(result);
  }

  detail::single_flight<Key, T> flights_;
};

/// Erases all elements for which predicate is true, as the member does; returns how many. Shard by shard.
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex, class Predicate>
std::size_t erase_if(sharded_map<Key, T, Hash, KeyEqual, Allocator, Mutex>& from, Predicate predicate) {
  return from.erase_if(std::move(predicate));
}

// Deduction: what is left out of the tail (n, hash, equal, allocator) is what a sharded_map has by default.
template <std::input_iterator It, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
sharded_map(It, It, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> sharded_map<detail::key_of<It>, detail::mapped_of<It>, detail::hash_in<detail::key_of<It>, Hash>,
                   detail::equal_in<detail::key_of<It>, KeyEqual>,
                   detail::map_allocator_in<detail::key_of<It>, detail::mapped_of<It>, N, Hash, KeyEqual, Allocator>>;

template <std::ranges::input_range R, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
sharded_map(from_range_t, R&&, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator()) -> sharded_map<
    detail::range_key_of<R>, detail::range_mapped_of<R>, detail::hash_in<detail::range_key_of<R>, Hash>,
    detail::equal_in<detail::range_key_of<R>, KeyEqual>,
    detail::map_allocator_in<detail::range_key_of<R>, detail::range_mapped_of<R>, N, Hash, KeyEqual, Allocator>>;

template <class Key, class T, class N = std::size_t, class Hash = detail::left_out, class KeyEqual = detail::left_out,
          class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
sharded_map(std::initializer_list<std::pair<Key, T>>, N = N(), Hash = Hash(), KeyEqual = KeyEqual(),
            Allocator = Allocator())
    -> sharded_map<detail::list_key<Key>, T, detail::hash_in<detail::list_key<Key>, Hash>,
                   detail::equal_in<detail::list_key<Key>, KeyEqual>,
                   detail::map_allocator_in<detail::list_key<Key>, T, N, Hash, KeyEqual, Allocator>>;

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
sharded_map(map<Key, T, Hash, KeyEqual, Allocator>&&) -> sharded_map<Key, T, Hash, KeyEqual, Allocator>;
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
sharded_map(const sharded_map<Key, T, Hash, KeyEqual, Allocator, Mutex>&, const std::type_identity_t<Allocator>&)
    -> sharded_map<Key, T, Hash, KeyEqual, Allocator, Mutex>;

}  // namespace evac::inline EVAC_ABI

#endif
