// The finishing mix: two multiplications that let every bit of a number decide about every bit of the result.
#ifndef EVAC_DETAIL_HASH_FINISH_HASH_HPP
#define EVAC_DETAIL_HASH_FINISH_HASH_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The two halves of a product of 128 bits, folded.
[[nodiscard]] EVAC_ALWAYS_INLINE std::uint64_t folded_product(std::uint64_t left, std::uint64_t right) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = wide{left} * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// The mix that wyhash ends with (Wang Yi): a 128-bit product, and the folded product of its two halves. One product
// alone, as Boost's mulx mix and absl::Hash have it, leaves strides of 2^30 and more in the low bits: chains of 17
// buckets. The two multiplications of murmur3's fmix64 fail the same test with strides of 2^33 + 1. The requirements on
// all cuts of the hash (home, shard, tag) are in tests/unit/hash_test.cpp.
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t finish_hash(std::size_t value, std::uint64_t seed) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = wide{value ^ seed} * 0x9E3779B97F4A7C15ULL;
  return folded_product(static_cast<std::uint64_t>(product) ^ 0xA0761D6478BD642FULL,
                        static_cast<std::uint64_t>(product >> 64U) ^ 0xE7037ED1A0B428DBULL);
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
