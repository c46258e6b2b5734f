// A number that names the highest set bit of a word, by one instruction of any processor of the architecture.
#ifndef EVAC_DETAIL_PLATFORM_HIGHEST_BIT_HPP
#define EVAC_DETAIL_PLATFORM_HIGHEST_BIT_HPP

#include <bit>
#include <cstddef>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Below 64, the same for all words with one highest bit, and different for those with two; `value` is not zero.
///
/// LZCNT is one micro-operation where BSR is eight (Zen 4), but baseline x86-64 does not promise it: an older processor
/// ignores the prefix and executes BSR. Either answer names the bit, and one process sees only one of them.
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t name_of_highest_bit(std::size_t value) noexcept {
#if EVAC_LZCNT_OR_BSR
  std::size_t name;
  asm("lzcnt %1, %0" : "=r"(name) : "r"(value) : "cc");
  return name;
#else
  return static_cast<std::size_t>(std::countl_zero(value));
#endif
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
