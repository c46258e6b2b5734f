// evac::set: evac::map without values. Everything that map.hpp says holds here; elements are never writable.
#ifndef EVAC_SET_HPP
#define EVAC_SET_HPP

#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/container.hpp"
#include "evac/detail/template_arguments.hpp"
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
    requires detail::made_by_default<Hash, KeyEqual, Allocator>
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

template <std::input_iterator It, detail::functor_like Hash = hash<std::iter_value_t<It>>,
          detail::functor_like KeyEqual = equal_to<std::iter_value_t<It>>,
          detail::allocator_like Allocator = std::allocator<std::iter_value_t<It>>>
set(It, It, std::size_t = 0, Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<std::iter_value_t<It>, Hash, KeyEqual, Allocator>;
template <std::input_iterator It, detail::allocator_like Allocator>
set(It, It, Allocator)
    -> set<std::iter_value_t<It>, hash<std::iter_value_t<It>>, equal_to<std::iter_value_t<It>>, Allocator>;
template <std::input_iterator It, detail::allocator_like Allocator>
set(It, It, std::size_t, Allocator)
    -> set<std::iter_value_t<It>, hash<std::iter_value_t<It>>, equal_to<std::iter_value_t<It>>, Allocator>;
template <std::input_iterator It, detail::functor_like Hash, detail::allocator_like Allocator>
set(It, It, std::size_t, Hash, Allocator)
    -> set<std::iter_value_t<It>, Hash, equal_to<std::iter_value_t<It>>, Allocator>;

template <std::ranges::input_range R, detail::functor_like Hash = hash<std::ranges::range_value_t<R>>,
          detail::functor_like KeyEqual = equal_to<std::ranges::range_value_t<R>>,
          detail::allocator_like Allocator = std::allocator<std::ranges::range_value_t<R>>>
set(from_range_t, R&&, std::size_t = 0, Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<std::ranges::range_value_t<R>, Hash, KeyEqual, Allocator>;
template <std::ranges::input_range R, detail::allocator_like Allocator>
set(from_range_t, R&&, Allocator) -> set<std::ranges::range_value_t<R>, hash<std::ranges::range_value_t<R>>,
                                         equal_to<std::ranges::range_value_t<R>>, Allocator>;
template <std::ranges::input_range R, detail::allocator_like Allocator>
set(from_range_t, R&&, std::size_t, Allocator)
    -> set<std::ranges::range_value_t<R>, hash<std::ranges::range_value_t<R>>, equal_to<std::ranges::range_value_t<R>>,
           Allocator>;
template <std::ranges::input_range R, detail::functor_like Hash, detail::allocator_like Allocator>
set(from_range_t, R&&, std::size_t, Hash, Allocator)
    -> set<std::ranges::range_value_t<R>, Hash, equal_to<std::ranges::range_value_t<R>>, Allocator>;

template <class Key, detail::functor_like Hash = hash<Key>, detail::functor_like KeyEqual = equal_to<Key>,
          detail::allocator_like Allocator = std::allocator<Key>>
set(std::initializer_list<Key>, std::size_t = 0, Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<Key, Hash, KeyEqual, Allocator>;
template <class Key, detail::allocator_like Allocator>
set(std::initializer_list<Key>, Allocator) -> set<Key, hash<Key>, equal_to<Key>, Allocator>;
template <class Key, detail::allocator_like Allocator>
set(std::initializer_list<Key>, std::size_t, Allocator) -> set<Key, hash<Key>, equal_to<Key>, Allocator>;
template <class Key, detail::functor_like Hash, detail::allocator_like Allocator>
set(std::initializer_list<Key>, std::size_t, Hash, Allocator) -> set<Key, Hash, equal_to<Key>, Allocator>;

template <class Key, class Hash, class KeyEqual, class Allocator>
set(const set<Key, Hash, KeyEqual, Allocator>&, const std::type_identity_t<Allocator>&)
    -> set<Key, Hash, KeyEqual, Allocator>;

}  // namespace evac::inline EVAC_ABI

#endif
