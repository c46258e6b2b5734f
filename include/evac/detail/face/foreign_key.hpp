// Keys of another type than the container's: which parameters take them, and the object that is hashed, compared and
// looked up in their place. Two objects that are equal as keys of the container need not have equal hashes as what they
// were before.
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

/// The object that hash and equality are given for `key`: itself (a reference) if it is a key or if both are
/// transparent for its type, else a key made from it (a value: name it, or use it within the expression).
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

/// The type of a parameter for a key. Where hash and equality are transparent it is K, deduced from the argument; else
/// the container's key, whatever K is: then arguments are converted at the call, as for a function that is no template.
template <bool Transparent>
struct key_parameter {
  template <class K, class Key>
  using type = K;
};
template <>
struct key_parameter<false> {
  template <class K, class Key>
  using type = Key;
};
template <class K, class Policy>
using key_arg = typename key_parameter<transparent<typename Policy::hasher, typename Policy::key_equal>>::template type<
    K, typename Policy::key_type>;

/// Whether a key parameter of a writing verb takes this argument by a forwarding reference. Lvalues that may be
/// bit-fields are left to the overload for const Key&, and so are lvalue keys.
template <class K, class Policy>
concept forwarded_as_key =
    std::is_same_v<K, typename Policy::key_type> ||
    (lookup_key<K, Policy> && !std::is_same_v<K, typename Policy::key_type&>) ||
    (std::is_convertible_v<K&&, typename Policy::key_type> && !may_be_bit_field<K, typename Policy::key_type> &&
     !std::is_same_v<std::remove_cvref_t<K>, typename Policy::key_type>);

/// The object that an element's key is made of: the argument itself if it can be looked up as it is, else a key made of
/// it.
template <class Policy, class K>
[[nodiscard]] EVAC_ALWAYS_INLINE decltype(auto) as_written_key(K&& key) {
  if constexpr (usable_as_it_is<std::remove_cvref_t<K>, Policy>) {
    return std::forward<K>(key);
  } else {
    return typename Policy::key_type(std::forward<K>(key));
  }
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
