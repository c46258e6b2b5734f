// Keys of another type than the container's, in ranges of keys or pairs: what is hashed, compared and looked up in
// their place. Two keys that are equal as keys of the container need not have equal hashes as what they were before.
#ifndef EVAC_DETAIL_FACE_FOREIGN_KEY_HPP
#define EVAC_DETAIL_FACE_FOREIGN_KEY_HPP

#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/key_in_arguments.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Whether an object of this type can stand for a key: it is one, hash and equality take it as it is, or it converts.
template <class K, class Policy>
concept stands_for_key =
    std::is_same_v<std::remove_cvref_t<K>, typename Policy::key_type> || lookup_key<std::remove_cvref_t<K>, Policy> ||
    std::is_convertible_v<const std::remove_cvref_t<K>&, typename Policy::key_type> ||
    std::is_convertible_v<const std::remove_cvref_t<K>*, const typename Policy::key_type*>;

/// Whether an element can be made with what as_lookup_key() returns for an object of this type.
template <class K, class Policy>
concept makes_key =
    stands_for_key<K, Policy> && (!lookup_key<std::remove_cvref_t<K>, Policy> ||
                                  std::is_constructible_v<typename Policy::key_type, const std::remove_cvref_t<K>&>);

/// What hash and equality are to be given for `key`: itself (a reference) if it is a key or if both are transparent for
/// its type, else a key made from it (a value: name it, or use it within the expression).
template <class Policy, class K>
  requires stands_for_key<K, Policy>
[[nodiscard]] EVAC_ALWAYS_INLINE decltype(auto) as_lookup_key(const K& key) {
  using key_type = typename Policy::key_type;
  if constexpr (std::is_same_v<K, key_type> || lookup_key<K, Policy>) {
    return (key);
  } else if constexpr (std::is_convertible_v<const K*, const key_type*>) {
    return static_cast<const key_type&>(key);  // derived from it: not sliced off
  } else {
    return static_cast<key_type>(key);  // implicit, but without a warning where it narrows
  }
}

/// The parameter of a look-up whose argument is of type K. Where hash and equality are transparent it is K, which is deduced;
/// else it is the container's key, and arguments convert to it as they do to any parameter. Braces make a key either way.
template <bool Transparent>
struct key_parameter {
  template <class K, class>
  using type = K;
};
template <>
struct key_parameter<false> {
  template <class, class Key>
  using type = Key;
};
template <class K, class Policy>
using key_argument = typename key_parameter<
    transparent<typename Policy::hasher, typename Policy::key_equal>>::template type<K, typename Policy::key_type>;

/// An argument that becomes the key of a new element, by a forwarding reference: a key, what is looked up as it is before
/// a key is made from it, or what converts to a key. Not what may be a bit-field, which binds to a const key only.
template <class K, class Policy>
concept inserted_key =
    (lookup_key<K, Policy> && !std::is_same_v<std::remove_cvref_t<K>, typename Policy::key_type>) ||
    (std::is_convertible_v<K&&, typename Policy::key_type> && !may_be_bit_field<K, typename Policy::key_type>);

/// Such an argument as it is looked up: itself, or a key made from it.
template <class Policy, class K>
  requires inserted_key<K, Policy>
[[nodiscard]] EVAC_ALWAYS_INLINE decltype(auto) as_inserted_key(K&& key) {
  if constexpr (std::is_same_v<std::remove_cvref_t<K>, typename Policy::key_type> || lookup_key<K, Policy>) {
    return std::forward<K>(key);
  } else {
    return static_cast<typename Policy::key_type>(std::forward<K>(key));
  }
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
