// evac::set: evac::map without values. Everything that map.hpp says holds here; elements are never writable.
#ifndef EVAC_SET_HPP
#define EVAC_SET_HPP

#include <initializer_list>
#include <iterator>
#include <type_traits>

#include "evac/detail/container.hpp"
#include "evac/fwd.hpp"
#include "evac/hash.hpp"

namespace evac {

template <class Key, class Hash, class KeyEqual, class Allocator>
class set : public detail::container<detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator>> {
  using base = detail::container<detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator>>;

 public:
  using typename base::value_type;

  using base::base;
  set() = default;
  // Declared here and not only inherited so that class template arguments are deduced from a list of elements.
  set(std::initializer_list<value_type> list, std::size_t n = 0, const Hash& hash = Hash(),
      const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : base(list, n, hash, equal, allocator) {}
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

template <std::input_iterator It, class Hash = hash<std::iter_value_t<It>>,
          class KeyEqual = equal_to<std::iter_value_t<It>>, class Allocator = std::allocator<std::iter_value_t<It>>>
set(It, It, std::size_t = 0, Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<std::iter_value_t<It>, Hash, KeyEqual, Allocator>;
template <class Key, class Hash = hash<Key>, class KeyEqual = equal_to<Key>, class Allocator = std::allocator<Key>>
set(std::initializer_list<Key>, std::size_t = 0, Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<Key, Hash, KeyEqual, Allocator>;

}  // namespace evac

#endif
