// Which bytes of a word equal a given one: SSE2, NEON, or arithmetic in a general register.
#ifndef EVAC_DETAIL_PLATFORM_MATCHING_BYTES_HPP
#define EVAC_DETAIL_PLATFORM_MATCHING_BYTES_HPP

#include <cstdint>

#include "evac/detail/config.hpp"

#if EVAC_HAS_SSSE3
#include <tmmintrin.h>
#elif EVAC_HAS_SSE2
#include <emmintrin.h>
#elif EVAC_HAS_NEON
#include <arm_neon.h>
#endif

namespace evac::inline EVAC_ABI::detail {

/// Bit i of the result is byte i, the lowest first. Exact: no borrow runs into a neighbour. The product gathers the
/// lowest bits of all bytes in the top byte.
[[nodiscard]] constexpr std::uint32_t matching_bytes_portable(std::uint64_t bytes, std::uint8_t wanted) noexcept {
  constexpr std::uint64_t low_bits = 0x7F7F7F7F7F7F7F7FULL;
  constexpr std::uint64_t ones = 0x0101010101010101ULL;
  const std::uint64_t difference = bytes ^ (ones * wanted);
  const std::uint64_t zero_bytes = ~(((difference & low_bits) + low_bits) | difference) >> 7U & ones;
  return static_cast<std::uint32_t>(zero_bytes * 0x0102040810204080ULL >> 56U);
}

/// The same with what the processor has. SSE2 won over the portable comparison in a throw-away timing of hits.
[[nodiscard]] EVAC_ALWAYS_INLINE std::uint32_t matching_bytes(std::uint64_t bytes, std::uint8_t wanted) noexcept {
#if EVAC_HAS_SSE2
  const __m128i all_wanted = _mm_cvtsi64_si128(static_cast<long long>(0x0101010101010101ULL * wanted));
  const __m128i equal = _mm_cmpeq_epi8(_mm_cvtsi64_si128(static_cast<long long>(bytes)), all_wanted);
  return static_cast<std::uint32_t>(_mm_movemask_epi8(equal));
#elif EVAC_HAS_NEON
  constexpr std::uint64_t bit_of_byte = 0x8040201008040201ULL;
  const uint8x8_t equal = vceq_u8(vcreate_u8(bytes), vdup_n_u8(wanted));
  return std::uint32_t{vaddv_u8(vand_u8(equal, vcreate_u8(bit_of_byte)))};
#else
  return matching_bytes_portable(bytes, wanted);
#endif
}

/// The top byte of a word, or 1 where that is 0, to be looked for as above. It is spread over a vector and raised to 1
/// there, which takes three instructions in place of six in general registers.
///
/// The bytes that are searched are loaded as the eight that were stored. A load of sixteen, compared in memory, is one
/// instruction less, but waits until the store has left the processor: a small map that inserts, finds and erases took
/// a fifth more time.
class wanted_top_byte {
 public:
#if EVAC_HAS_SSE2
  EVAC_ALWAYS_INLINE explicit wanted_top_byte(std::uint64_t word) noexcept
      : spread_(_mm_max_epu8(spread_top_byte_of(word), _mm_set_epi64x(all_twos, all_ones))) {}

  [[nodiscard]] EVAC_ALWAYS_INLINE std::uint8_t byte() const noexcept {
    return static_cast<std::uint8_t>(_mm_cvtsi128_si32(spread_));
  }

  [[nodiscard]] EVAC_ALWAYS_INLINE std::uint32_t matching(std::uint64_t bytes) const noexcept {
    const __m128i equal = _mm_cmpeq_epi8(_mm_cvtsi64_si128(static_cast<long long>(bytes)), spread_);
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal));
  }

 private:
  [[nodiscard]] EVAC_ALWAYS_INLINE static __m128i spread_top_byte_of(std::uint64_t word) noexcept {
#if EVAC_HAS_SSSE3
    return _mm_shuffle_epi8(_mm_cvtsi64_si128(static_cast<long long>(word)), _mm_set_epi64x(0, all_ones * 7));
#else
    const __m128i bytes = _mm_cvtsi64_si128(static_cast<long long>(word));
    const __m128i high_half = _mm_shufflehi_epi16(_mm_unpacklo_epi8(bytes, bytes), 0xFF);
    return _mm_unpackhi_epi64(high_half, high_half);
#endif
  }

  // Constants whose halves differ: compilers load them in one instruction, and make others in three.
  static constexpr long long all_ones = 0x0101010101010101;
  static constexpr long long all_twos = 2 * all_ones;

  __m128i spread_;
#else
  EVAC_ALWAYS_INLINE explicit wanted_top_byte(std::uint64_t word) noexcept
      : byte_(static_cast<std::uint8_t>((word >> 56U) + ((word >> 56U) == 0 ? 1U : 0U))) {}

  [[nodiscard]] EVAC_ALWAYS_INLINE std::uint8_t byte() const noexcept { return byte_; }
  [[nodiscard]] EVAC_ALWAYS_INLINE std::uint32_t matching(std::uint64_t bytes) const noexcept {
    return matching_bytes(bytes, byte_);
  }

 private:
  std::uint8_t byte_;
#endif
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
