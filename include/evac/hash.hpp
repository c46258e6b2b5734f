// The default hash and equality of all evac maps, and the finishing mix for hashes that do not spread their bits.
//
//   evac::hash<K>       absl::Hash<K>, which also takes and mixes a std::hash<K>; transparent for string-like keys
//   evac::equal_to<K>   std::equal_to<K>; transparent for string-like keys
//   finish_hash(h, s)   two multiplications, the last step of wyhash, keyed with the seed of one map
//
// A hash that spreads its entropy over all 64 bits says so with a member type `is_avalanching` (the convention of
// ankerl::unordered_dense and Boost.Unordered); every other hash is finished with a mix that is keyed per map.
#ifndef EVAC_HASH_HPP
#define EVAC_HASH_HPP

#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI {

namespace detail {

template <class T>
concept hashable_by_absl = std::is_default_constructible_v<absl::Hash<T>>;

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
/// that only a hash of the user's own (std::hash or AbslHashValue for the very type) can go with them.
template <class T>
concept string_of_plain_characters =
    string_like<T> && std::is_same_v<typename T::traits_type, std::char_traits<typename T::value_type>>;

template <class T>
concept hashable_by_std = std::is_default_constructible_v<std::hash<T>>;

}  // namespace detail

/// The default hash. Seeded once per process, as absl::Hash is; the same key may hash differently in another run.
/// Cannot be called for types that have none: specialise std::hash, overload AbslHashValue, or specialise this one.
/// Thread safety: stateless. Throws what the type's own hash throws.
template <class T>
struct hash {};

template <detail::hashable_by_std T>
  requires(!detail::hashable_by_absl<T>)
struct hash<T> : std::hash<T> {};

template <detail::hashable_by_absl T>
struct hash<T> {
  using is_avalanching = void;
  [[nodiscard]] std::size_t operator()(const T& value) const { return absl::Hash<T>{}(value); }
};

template <detail::hashable_by_absl T>
  requires detail::string_of_plain_characters<T>
struct hash<T> {
  using is_avalanching = void;
  using is_transparent = void;
  using view = typename detail::is_string<T>::view;
  [[nodiscard]] std::size_t operator()(view value) const {
    if constexpr (std::is_same_v<view, std::string_view>) {
      // An abseil built for C++14 has a string_view of its own, and takes the standard one by way of std::hash only.
      return absl::Hash<absl::string_view>{}(absl::string_view(value.data(), value.size()));
    } else {
      return absl::Hash<view>{}(value);
    }
  }
};

/// The default equality: std::equal_to, transparent for string-like keys so that a look-up builds no string.
template <class T>
struct equal_to {
  [[nodiscard]] constexpr bool operator()(const T& left, const T& right) const
    requires requires { left == right; }
  {
    return std::equal_to<T>{}(left, right);
  }
};

template <detail::string_like T>
struct equal_to<T> {
  using is_transparent = void;
  using view = typename detail::is_string<T>::view;
  [[nodiscard]] bool operator()(view left, view right) const noexcept { return left == right; }
};

/// True for hashes whose every output bit depends on the whole key. Specialise it for a hash that cannot have the
/// member type `is_avalanching`.
template <class Hash>
struct is_avalanching : std::bool_constant<[] {
  if constexpr (requires { Hash::is_avalanching::value; }) {
    return static_cast<bool>(Hash::is_avalanching::value);
  } else {
    return requires { typename Hash::is_avalanching; };
  }
}()> {};

template <class T>
struct is_avalanching<absl::Hash<T>> : std::true_type {};

namespace detail {

// The mix that wyhash ends with (Wang Yi): a 128-bit product, and the folded product of its two halves. One product alone,
// as Boost's mulx mix and absl::Hash have it, leaves strides of 2^30 and more in the low bits: chains of 17 buckets. The two
// multiplications of murmur3's fmix64 fail the same test with strides of 2^33 + 1. The requirements on all cuts of the hash (home, shard,
// tag) are in tests/unit/hash_test.cpp.
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t finish_hash(std::size_t value, std::uint64_t seed) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = wide{value ^ seed} * 0x9E3779B97F4A7C15ULL;
  const auto low = static_cast<std::uint64_t>(product) ^ 0xA0761D6478BD642FULL;
  const auto high = static_cast<std::uint64_t>(product >> 64U) ^ 0xE7037ED1A0B428DBULL;
  const wide mixed = wide{low} * high;
  return static_cast<std::size_t>(mixed) ^ static_cast<std::size_t>(mixed >> 64U);
}

}  // namespace detail

}  // namespace evac::inline EVAC_ABI

#endif
