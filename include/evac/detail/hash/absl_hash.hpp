// Hashes of keys by abseil, the default.
#ifndef EVAC_DETAIL_HASH_ABSL_HASH_HPP
#define EVAC_DETAIL_HASH_ABSL_HASH_HPP

#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <string_view>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Types that have a hash which spreads over all bits: those of absl::Hash, which also takes and mixes a std::hash.
template <class T>
concept absl_hashable = std::is_default_constructible_v<absl::Hash<T>>;

template <absl_hashable T>
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t absl_hash_of(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    // An abseil built for C++14 has a string_view of its own, and takes the standard one by way of std::hash only.
    return absl::Hash<absl::string_view>{}(absl::string_view(value.data(), value.size()));
  } else {
    return absl::Hash<T>{}(value);
  }
}

}  // namespace evac::inline EVAC_ABI::detail

namespace evac::inline EVAC_ABI {

template <class T>
struct is_avalanching<absl::Hash<T>> : std::true_type {};

}  // namespace evac::inline EVAC_ABI

#endif
