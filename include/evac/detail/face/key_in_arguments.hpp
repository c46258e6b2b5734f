// Keys among the arguments of a call: which types can be looked up as they are, which have to become a key first, and
// the key inside the arguments of emplace, where it can be seen without building an element.
#ifndef EVAC_DETAIL_FACE_KEY_IN_ARGUMENTS_HPP
#define EVAC_DETAIL_FACE_KEY_IN_ARGUMENTS_HPP

#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Hash, class KeyEqual>
concept transparent = requires {
  typename Hash::is_transparent;
  typename KeyEqual::is_transparent;
};

template <class Container, class K>
class prepared_key;
template <class K>
inline constexpr bool is_prepared_key = false;
template <class Container, class K>
inline constexpr bool is_prepared_key<prepared_key<Container, K>> = true;

/// A type other than the key that hash and equality accept. Where they do not, the overloads for the key itself are
/// left, and with them a conversion. Keys that are prepared have overloads of their own.
template <class K, class Policy>
concept lookup_key =
    transparent<typename Policy::hasher, typename Policy::key_equal> && !is_prepared_key<std::remove_cvref_t<K>> &&
    std::is_invocable_v<const typename Policy::hasher&, const std::remove_reference_t<K>&> &&
    std::is_invocable_v<const typename Policy::key_equal&, const typename Policy::key_type&,
                        const std::remove_reference_t<K>&>;

/// A type whose objects can be looked up as they are, before a key is made of them.
template <class K, class Policy>
concept usable_as_it_is = std::is_same_v<K, typename Policy::key_type> || lookup_key<K, Policy>;

template <class Policy, class K, class T>
  requires(Policy::is_map && usable_as_it_is<K, Policy>)
[[nodiscard]] const K& key_in_arguments(const K& key, const T&) {
  return key;
}
template <class Policy, class K, class T>
  requires(Policy::is_map && usable_as_it_is<std::remove_cvref_t<K>, Policy>)
[[nodiscard]] const std::remove_cvref_t<K>& key_in_arguments(const std::pair<K, T>& value) {
  return value.first;
}
template <class Policy, class K>
  requires(!Policy::is_map && usable_as_it_is<K, Policy>)
[[nodiscard]] const K& key_in_arguments(const K& key) {
  return key;
}

/// An lvalue that a value is made from and that may be a bit-field, to which only a const reference binds: where a
/// forwarding reference would be chosen, an overload with a const reference has to stand beside it.
template <class P, class To>
concept may_be_bit_field =
    std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>> &&
    (std::is_integral_v<std::remove_reference_t<P>> || std::is_enum_v<std::remove_reference_t<P>>) &&
    std::is_constructible_v<To, const std::remove_reference_t<P>&>;

}  // namespace evac::inline EVAC_ABI::detail

#endif
