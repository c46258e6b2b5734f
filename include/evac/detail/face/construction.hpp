// Constructors of a container in all their lengths, written once: the sources that elements may come from, and the
// tails.
//
//   (source, n, hash, equal, allocator)      each part of the tail may be left out from the right
//   (source, n, hash, allocator)             and the allocator may come early
//   (source, n, allocator)
//   (source, allocator)
//
// Each tail is an overload that is no template in its tail, so that braces stand for any part of it; one that leaves
// out a part takes part in overload resolution only if the part can be made by default. There is one constructor for
// iterators and for a range with its tag.
#ifndef EVAC_DETAIL_FACE_CONSTRUCTION_HPP
#define EVAC_DETAIL_FACE_CONSTRUCTION_HPP

#include <initializer_list>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/from_range.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Requirement of a constructor on the parts that it is not given.
template <class... Parts>
concept default_constructible = (std::is_default_constructible_v<Parts> && ...);

template <class First, class Second>
concept iterator_pair =
    std::input_iterator<std::decay_t<First>> && std::is_same_v<std::decay_t<First>, std::decay_t<Second>>;
template <class First, class Second>
concept tagged_range = std::is_same_v<std::remove_cvref_t<First>, from_range_t> && std::ranges::input_range<Second>;

/// Where elements come from, in two arguments: iterators, or from_range and a range.
template <class First, class Second>
concept element_source = iterator_pair<First, Second> || tagged_range<First, Second>;

/// Adds these constructors to a container that has the longest without a source, and insert(first, last) and
/// insert_range(range).
template <class Base>
class constructors : public Base {
 public:
  using typename Base::allocator_type;
  using typename Base::hasher;
  using typename Base::key_equal;
  using typename Base::size_type;
  using typename Base::value_type;

  using Base::Base;
  constructors()
    requires default_constructible<hasher, key_equal, allocator_type>
      : constructors(0, hasher(), key_equal(), allocator_type()) {}
  explicit constructors(const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : constructors(0, hasher(), key_equal(), allocator) {}
  explicit constructors(size_type n)
    requires default_constructible<hasher, key_equal, allocator_type>
      : constructors(n, hasher(), key_equal(), allocator_type()) {}
  explicit constructors(size_type n, const hasher& hash)
    requires default_constructible<key_equal, allocator_type>
      : constructors(n, hash, key_equal(), allocator_type()) {}
  explicit constructors(size_type n, const hasher& hash, const key_equal& equal)
    requires default_constructible<allocator_type>
      : constructors(n, hash, equal, allocator_type()) {}
  constructors(size_type n, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : constructors(n, hasher(), key_equal(), allocator) {}
  constructors(size_type n, const hasher& hash, const allocator_type& allocator)
    requires default_constructible<key_equal>
      : constructors(n, hash, key_equal(), allocator) {}

  template <class First, class Second>
    requires element_source<First, Second>
  constructors(First&& first, Second&& second, size_type n = 0)
    requires default_constructible<hasher, key_equal, allocator_type>
      : constructors(std::forward<First>(first), std::forward<Second>(second), n, hasher(), key_equal(),
                     allocator_type()) {}
  template <class First, class Second>
    requires element_source<First, Second>
  constructors(First&& first, Second&& second, size_type n, const hasher& hash)
    requires default_constructible<key_equal, allocator_type>
      : constructors(std::forward<First>(first), std::forward<Second>(second), n, hash, key_equal(), allocator_type()) {
  }
  template <class First, class Second>
    requires element_source<First, Second>
  constructors(First&& first, Second&& second, size_type n, const hasher& hash, const key_equal& equal)
    requires default_constructible<allocator_type>
      : constructors(std::forward<First>(first), std::forward<Second>(second), n, hash, equal, allocator_type()) {}
  template <class First, class Second>
    requires element_source<First, Second>
  constructors(First&& first, Second&& second, size_type n, const hasher& hash, const key_equal& equal,
               const allocator_type& allocator)
      : Base(n, hash, equal, allocator) {
    if constexpr (iterator_pair<First, Second>) {
      this->insert(std::forward<First>(first), std::forward<Second>(second));
    } else {
      this->insert_range(std::forward<Second>(second));
    }
  }
  template <class First, class Second>
    requires element_source<First, Second>
  constructors(First&& first, Second&& second, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : constructors(std::forward<First>(first), std::forward<Second>(second), 0, hasher(), key_equal(), allocator) {}
  template <class First, class Second>
    requires element_source<First, Second>
  constructors(First&& first, Second&& second, size_type n, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : constructors(std::forward<First>(first), std::forward<Second>(second), n, hasher(), key_equal(), allocator) {}
  template <class First, class Second>
    requires element_source<First, Second>
  constructors(First&& first, Second&& second, size_type n, const hasher& hash, const allocator_type& allocator)
    requires default_constructible<key_equal>
      : constructors(std::forward<First>(first), std::forward<Second>(second), n, hash, key_equal(), allocator) {}

  constructors(std::initializer_list<value_type> list, size_type n = 0)
    requires default_constructible<hasher, key_equal, allocator_type>
      : constructors(list.begin(), list.end(), n) {}
  constructors(std::initializer_list<value_type> list, size_type n, const hasher& hash)
    requires default_constructible<key_equal, allocator_type>
      : constructors(list.begin(), list.end(), n, hash) {}
  constructors(std::initializer_list<value_type> list, size_type n, const hasher& hash, const key_equal& equal)
    requires default_constructible<allocator_type>
      : constructors(list.begin(), list.end(), n, hash, equal) {}
  constructors(std::initializer_list<value_type> list, size_type n, const hasher& hash, const key_equal& equal,
               const allocator_type& allocator)
      : constructors(list.begin(), list.end(), n, hash, equal, allocator) {}
  constructors(std::initializer_list<value_type> list, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : constructors(list.begin(), list.end(), allocator) {}
  constructors(std::initializer_list<value_type> list, size_type n, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : constructors(list.begin(), list.end(), n, allocator) {}
  constructors(std::initializer_list<value_type> list, size_type n, const hasher& hash, const allocator_type& allocator)
    requires default_constructible<key_equal>
      : constructors(list.begin(), list.end(), n, hash, allocator) {}

  using Base::operator=;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
