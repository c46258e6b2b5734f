// The default hash and equality of all evac maps.
//
//   evac::hash<K>       absl::Hash<K>, which also takes and mixes a std::hash<K>; transparent for string-like keys
//   evac::equal_to<K>   std::equal_to<K>; transparent for string-like keys
//   evac::counted_lookups<H>   H, for maps that count their look-ups
//
// With EVAC_OWN_HASH defined as 1 evac::hash<K> needs no abseil: numbers, enumerations, pointers, strings, and pairs,
// tuples, arrays and optionals of them have a hash of evac's own, after wyhash (Wang Yi); other types that of
// std::hash.
//
// A hash that spreads its entropy over all 64 bits says so with a member type `is_avalanching` (the convention of
// ankerl::unordered_dense and Boost.Unordered); every other hash is finished with a mix that is keyed per map.
// One with a member type `counts_lookups` has its maps count how many look-ups find their key.
#ifndef EVAC_HASH_HPP
#define EVAC_HASH_HPP

#include <cstddef>
#include <functional>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/hash/strings.hpp"
#include "evac/fwd.hpp"

#if EVAC_OWN_HASH
#include "evac/detail/hash/own_hash.hpp"
#else
#include "evac/detail/hash/absl_hash.hpp"
#endif

namespace evac::inline EVAC_ABI {

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

namespace detail {

/// Whether a hash has its maps and sets count their look-ups.
template <class Hash>
concept counts_lookups = requires { typename Hash::counts_lookups; };

/// Types with a default hash that spreads over all bits of the result.
#if EVAC_OWN_HASH
template <class T>
concept spread_hashable = own_hashable<T>;
template <spread_hashable T>
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t spread_hash(const T& value) {
  return own_hash_of(value);
}
#else
template <class T>
concept spread_hashable = absl_hashable<T>;
template <spread_hashable T>
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t spread_hash(const T& value) {
  return absl_hash_of(value);
}
#endif

template <class T>
concept hashable_by_std = std::is_default_constructible_v<std::hash<T>>;

}  // namespace detail

/// The default hash. Seeded once per process, so that the same key may hash differently in another run.
/// Cannot be called for types that have none: specialise std::hash, overload AbslHashValue (not with EVAC_OWN_HASH), or
/// specialise this one.
/// Thread safety: stateless. Throws what the type's own hash throws.
template <class T>
struct hash {};

template <detail::hashable_by_std T>
  requires(!detail::spread_hashable<T>)
struct hash<T> : std::hash<T> {};

template <detail::spread_hashable T>
struct hash<T> {
  using is_avalanching = void;
  [[nodiscard]] std::size_t operator()(const T& value) const { return detail::spread_hash(value); }
};

template <detail::spread_hashable T>
  requires detail::string_of_plain_characters<T>
struct hash<T> {
  using is_avalanching = void;
  using is_transparent = void;
  using view = typename detail::is_string<T>::view;
  [[nodiscard]] std::size_t operator()(view value) const { return detail::spread_hash(value); }
};

/// The hash of a map or set of any kind that counts its look-ups: `hits` and `misses` of its counters()
/// (evac/counters.hpp).
///
///   evac::sync_map<std::string, int, evac::counted_lookups<evac::hash<std::string>>> ports;
///
/// It hashes as Hash does, and has what Hash has: `is_transparent`, `is_avalanching`, its constructors and its state. A
/// hash of your own does the same with a member type `counts_lookups`; so does one that cannot be a base class. A
/// look-up of an integer that is counted takes three to nine instructions more; maps with another hash have neither
/// these nor room for counts. docs/operations.md says which calls are look-ups.
template <class Hash>
  requires(std::is_class_v<Hash> && !std::is_final_v<Hash>)
struct counted_lookups : Hash {
  using counts_lookups = void;
  using Hash::Hash;
  counted_lookups() = default;
  counted_lookups(const Hash& hash) noexcept(
      std::is_nothrow_copy_constructible_v<Hash>)  // NOLINT(google-explicit-constructor)
      : Hash(hash) {}
};
template <class Hash>
struct is_avalanching<counted_lookups<Hash>> : is_avalanching<Hash> {};

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

}  // namespace evac::inline EVAC_ABI

#endif
