// Which types are strings, and which of those have the hash of their characters.
#ifndef EVAC_DETAIL_HASH_STRINGS_HPP
#define EVAC_DETAIL_HASH_STRINGS_HPP

#include <string>
#include <string_view>
#include <type_traits>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class T>
struct is_string : std::false_type {};
template <class Char, class Traits, class Allocator>
struct is_string<std::basic_string<Char, Traits, Allocator>> : std::true_type {
  using view = std::basic_string_view<Char, Traits>;
};
template <class Char, class Traits>
struct is_string<std::basic_string_view<Char, Traits>> : std::true_type {
  using view = std::basic_string_view<Char, Traits>;
};

template <class T>
concept string_like = is_string<T>::value;

/// Strings whose hash is that of their characters. With traits of the user's own different characters may be equal, so
/// that only a hash of the user's own for the very type can go with them.
template <class T>
concept string_of_plain_characters =
    string_like<T> && std::is_same_v<typename T::traits_type, std::char_traits<typename T::value_type>>;

}  // namespace evac::inline EVAC_ABI::detail

#endif
