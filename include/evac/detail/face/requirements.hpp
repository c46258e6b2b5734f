// Requirements on template arguments, and the messages when they are not met.
#ifndef EVAC_DETAIL_FACE_REQUIREMENTS_HPP
#define EVAC_DETAIL_FACE_REQUIREMENTS_HPP

#include <cstddef>
#include <memory>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/face/construction.hpp"
#include "evac/detail/table/policy.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Key>
concept storable_key = std::is_object_v<Key> && std::is_same_v<Key, std::remove_cv_t<Key>>;

template <class Elements>
inline constexpr bool are_storable = true;
template <class Key, class T>
inline constexpr bool are_storable<map_elements<Key, T>> = storable_key<Key> && std::is_object_v<T>;
template <class Key>
inline constexpr bool are_storable<set_elements<Key>> = storable_key<Key>;

/// Instantiated for a container whose elements cannot be stored: says why, and leaves the compiler little to say beside
/// that.
template <class Elements>
class unstorable;
template <class Key>
class unstorable<set_elements<Key>> {
  static_assert(storable_key<Key>, "evac: Key must be an object type without const or volatile, not a reference");

 public:
  struct iterator {};
  using const_iterator = iterator;
  struct key_type {};
  using value_type = key_type;
  using size_type = std::size_t;
};
template <class Key, class T>
class unstorable<map_elements<Key, T>> : public unstorable<set_elements<Key>> {
  static_assert(std::is_object_v<T>,
                "evac: T must be an object type, not a reference or void; store a pointer or a std::reference_wrapper");
};

/// The policy of a container, or, where its elements cannot be stored, another with as many members, so that the
/// message above comes alone.
template <class Policy>
struct storable {
  using type = Policy;
};
template <class Policy>
  requires(!are_storable<typename Policy::elements>)
struct storable<Policy> {
  static_assert(sizeof(unstorable<typename Policy::elements>) != 0);
  template <class Elements>
  using of = policy<Elements, hash<int>, equal_to<int>, std::allocator<typename Elements::value_type>>;
  using type = std::conditional_t<Policy::is_map, of<map_elements<int, int>>, of<set_elements<int>>>;
};
template <class Policy>
using storable_policy = typename storable<Policy>::type;

template <class Hash, class Key>
concept hashes = requires(const Hash& hash, const Key& key) { static_cast<std::size_t>(hash(key)); };
template <class KeyEqual, class Key>
concept compares = requires(const KeyEqual& equal, const Key& key) { static_cast<bool>(equal(key, key)); };

/// For constructors: a class may be named before its functors are complete.
template <class Policy>
constexpr void check_functors_and_allocator() {
  using key_type = typename Policy::key_type;
  using hasher = typename Policy::hasher;
  using key_equal = typename Policy::key_equal;
  static_assert(std::is_same_v<typename Policy::allocator_traits::value_type, typename Policy::value_type>,
                "evac: the allocator's value_type must be the container's value_type; for a map that is "
                "std::pair<const Key, T>");
  static_assert(std::is_copy_constructible_v<typename Policy::allocator_traits::allocator_type>,
                "evac: the allocator must be copyable, as the standard asks of every allocator");
  static_assert(std::is_invocable_v<const hasher&, const key_type&>,
                "evac: Hash must be callable on a const Key; give the container a hash for this key type, or "
                "specialise std::hash or AbslHashValue");
  static_assert(hashes<hasher, key_type> || !std::is_invocable_v<const hasher&, const key_type&>,
                "evac: Hash must return a std::size_t");
  static_assert(
      std::is_invocable_v<const key_equal&, const key_type&, const key_type&>,
      "evac: KeyEqual must be callable on two const Keys; give the key type an operator==, or the container an "
      "equality for it");
  static_assert(
      compares<key_equal, key_type> || !std::is_invocable_v<const key_equal&, const key_type&, const key_type&>,
      "evac: KeyEqual must return a bool");
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
