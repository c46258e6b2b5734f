// evac::set: evac::map without values. Everything that map.hpp says holds here; elements are never writable.
#ifndef EVAC_SET_HPP
#define EVAC_SET_HPP

#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/face/container.hpp"
#include "evac/detail/face/deduction.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/fwd.hpp"
#include "evac/hash.hpp"

namespace evac::inline EVAC_ABI {

template <class Key, class Hash, class KeyEqual, class Allocator>
class set : public detail::container<detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator>> {
  using base = detail::container<detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator>>;

 public:
  using typename base::value_type;

  using base::base;
  set() = default;
  // Declared here and not only inherited: g++ 12 deduces template arguments from a list of elements only then.
  set(std::initializer_list<value_type> list, std::size_t n = 0)
    requires detail::default_constructible<Hash, KeyEqual, Allocator>
      : base(list, n) {}
  set(const set&) = default;
  set(set&&) = default;
  set& operator=(const set&) = default;
  set& operator=(set&&) = default;
  set& operator=(std::initializer_list<value_type> list) {
    base::operator=(list);
    return *this;
  }
  ~set() = default;

  // For the type itself: std::swap would be a better match than one for its base.
  friend void swap(set& left, set& right) noexcept(noexcept(left.swap(right))) { left.swap(right); }
};

/// Erases all elements for which predicate is true; returns how many. Moves none. O(buckets + size).
template <class Key, class Hash, class KeyEqual, class Allocator, class Predicate>
std::size_t erase_if(set<Key, Hash, KeyEqual, Allocator>& from, Predicate predicate) {
  return detail::erase_matching(from, predicate);
}

// Deduction: what is left out of the tail (n, hash, equal, allocator) is what a set has by default.
template <std::input_iterator It, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
set(It, It, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<std::iter_value_t<It>, detail::hash_in<std::iter_value_t<It>, Hash>,
           detail::equal_in<std::iter_value_t<It>, KeyEqual>,
           detail::allocator_in<std::iter_value_t<It>, N, Hash, KeyEqual, Allocator>>;

template <std::ranges::input_range R, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
set(from_range_t, R&&, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<std::ranges::range_value_t<R>, detail::hash_in<std::ranges::range_value_t<R>, Hash>,
           detail::equal_in<std::ranges::range_value_t<R>, KeyEqual>,
           detail::allocator_in<std::ranges::range_value_t<R>, N, Hash, KeyEqual, Allocator>>;

template <class Key, class N = std::size_t, class Hash = detail::left_out, class KeyEqual = detail::left_out,
          class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
set(std::initializer_list<Key>, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<Key, detail::hash_in<Key, Hash>, detail::equal_in<Key, KeyEqual>,
           detail::allocator_in<Key, N, Hash, KeyEqual, Allocator>>;

template <class Key, class Hash, class KeyEqual, class Allocator>
set(const set<Key, Hash, KeyEqual, Allocator>&, const std::type_identity_t<Allocator>&)
    -> set<Key, Hash, KeyEqual, Allocator>;

}  // namespace evac::inline EVAC_ABI

#endif
