// evac::sharded_set: evac::sharded_map without values. Everything that sharded_map.hpp says holds here; elements are never
// writable, so visitors get const elements.
#ifndef EVAC_SHARDED_SET_HPP
#define EVAC_SHARDED_SET_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/deduction.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/sharded/sharded_container.hpp"
#include "evac/fwd.hpp"
#include "evac/rw_lock.hpp"
#include "evac/set.hpp"

namespace evac::inline EVAC_ABI {

template <class Key, class Hash, class KeyEqual, class Allocator, class Mutex>
class sharded_set
    : public detail::sharded_container<
          detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator, detail::shares_functors>, Mutex> {
  using base = detail::sharded_container<
      detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator, detail::shares_functors>, Mutex>;

 public:
  using typename base::value_type;
  /// The set of one owner with the same elements.
  using set_type = set<Key, Hash, KeyEqual, Allocator>;

  using base::base;
  sharded_set() = default;
  // Declared here and not only inherited: g++ 12 deduces template arguments from a list of elements only then.
  sharded_set(std::initializer_list<value_type> list, std::size_t n = 0)
    requires detail::default_constructible<Hash, KeyEqual, Allocator>
      : base(list, n) {}
  sharded_set(const sharded_set&) = default;
  sharded_set(sharded_set&&) = default;
  /// Takes the elements of a set of one owner, each moved once. O(size).
  explicit sharded_set(set_type&& other)
      : sharded_set(shards{detail::default_shard_count()}, 0, other.hash_function(), other.key_eq(),
                    other.get_allocator()) {
    this->core_.take_owned(other);
  }
  sharded_set& operator=(const sharded_set&) = default;
  sharded_set& operator=(sharded_set&&) = default;
  sharded_set& operator=(std::initializer_list<value_type> list) {
    base::operator=(list);
    return *this;
  }
  /// The same in place of what is here; the number of shards stays. Hash, equality and, where the allocator says so, the
  /// allocator come along; if it does not and is unequal, each element is moved twice.
  sharded_set& operator=(set_type&& other) {
    sharded_set fresh(shards{this->shard_count()}, 0, other.hash_function(), other.key_eq(), other.get_allocator());
    fresh.core_.take_owned(other);
    return *this = std::move(fresh);
  }
  ~sharded_set() = default;

  friend void swap(sharded_set& left, sharded_set& right) noexcept(noexcept(left.swap(right))) { left.swap(right); }

  /// A copy of all elements at one moment, each copied once. Holds all shards for reading. O(size).
  [[nodiscard]] set_type snapshot(std::source_location where = std::source_location::current()) const {
    return this->core_.template copy_into<set_type>({"snapshot", where});
  }
  /// All elements, moved into a set of one owner, each once: also in `set = std::move(sharded)`. Empty afterwards. O(size).
  [[nodiscard]] operator set_type() && {  // NOLINT(google-explicit-constructor)
    return this->core_.template move_into<set_type>({"conversion to set"});
  }
};

/// Erases all elements for which predicate is true, as the member does; returns how many. Shard by shard.
template <class Key, class Hash, class KeyEqual, class Allocator, class Mutex, class Predicate>
std::size_t erase_if(sharded_set<Key, Hash, KeyEqual, Allocator, Mutex>& from, Predicate predicate) {
  return from.erase_if(std::move(predicate));
}

// Deduction: what is left out of the tail (n, hash, equal, allocator) is what a sharded_set has by default.
template <std::input_iterator It, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
sharded_set(It, It, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> sharded_set<std::iter_value_t<It>, detail::hash_in<std::iter_value_t<It>, Hash>,
                   detail::equal_in<std::iter_value_t<It>, KeyEqual>,
                   detail::allocator_in<std::iter_value_t<It>, N, Hash, KeyEqual, Allocator>>;

template <std::ranges::input_range R, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
sharded_set(from_range_t, R&&, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> sharded_set<std::ranges::range_value_t<R>, detail::hash_in<std::ranges::range_value_t<R>, Hash>,
                   detail::equal_in<std::ranges::range_value_t<R>, KeyEqual>,
                   detail::allocator_in<std::ranges::range_value_t<R>, N, Hash, KeyEqual, Allocator>>;

template <class Key, class N = std::size_t, class Hash = detail::left_out, class KeyEqual = detail::left_out,
          class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
sharded_set(std::initializer_list<Key>, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> sharded_set<Key, detail::hash_in<Key, Hash>, detail::equal_in<Key, KeyEqual>,
                   detail::allocator_in<Key, N, Hash, KeyEqual, Allocator>>;

template <class Key, class Hash, class KeyEqual, class Allocator>
sharded_set(set<Key, Hash, KeyEqual, Allocator>&&) -> sharded_set<Key, Hash, KeyEqual, Allocator>;
template <class Key, class Hash, class KeyEqual, class Allocator, class Mutex>
sharded_set(const sharded_set<Key, Hash, KeyEqual, Allocator, Mutex>&, const std::type_identity_t<Allocator>&)
    -> sharded_set<Key, Hash, KeyEqual, Allocator, Mutex>;

}  // namespace evac::inline EVAC_ABI

#endif
