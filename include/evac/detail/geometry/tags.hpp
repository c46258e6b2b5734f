// The tag word: one byte for each slot of a bucket, and one byte that tells what its overflow buckets may hold.
//
//   byte   7        6      5      4      3      2      1      0
//        +--------+------+------+------+------+------+------+------+
//        | filter | tag6 | tag5 | tag4 | tag3 | tag2 | tag1 | tag0 |     tag = top byte of the hash, never 0
//        +--------+------+------+------+------+------+------+------+     0   = the slot is empty
//
// The filter is a Bloom filter of one hash function: bit (tag % 8) is set when some element in an overflow bucket of
// this chain has such a tag (the idea of the overflow byte of Boost.Unordered's groups). A look-up that misses goes
// on to the overflow buckets only when its bit is set. It is kept exact: erasing recomputes it.
//
// A slot_mask holds 0x80 in the byte of each selected slot, whatever instructions produced it.
#ifndef EVAC_DETAIL_GEOMETRY_TAGS_HPP
#define EVAC_DETAIL_GEOMETRY_TAGS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"

#if EVAC_HAS_SSE2
#include <emmintrin.h>
#elif EVAC_HAS_NEON
#include <arm_neon.h>
#endif

namespace evac::detail {

using tag_t = std::uint8_t;

inline constexpr unsigned max_slots = 7;

/// The tag of a hash: its top byte, with 0 (which means "empty") replaced.
[[nodiscard]] EVAC_ALWAYS_INLINE tag_t tag_of(std::size_t hash) noexcept {
  const auto top = static_cast<std::uint64_t>(hash) >> 56;
  return static_cast<tag_t>(top + (top == 0 ? 1U : 0U));
}

/// A set of slots of one bucket, iterable from the lowest.
class slot_mask {
 public:
  constexpr explicit slot_mask(std::uint64_t flags) noexcept : flags_(flags) {}

  [[nodiscard]] static constexpr slot_mask below(unsigned slots) noexcept {
    return slot_mask(all & ((std::uint64_t{1} << (8 * slots)) - 1));
  }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return flags_ != 0; }
  [[nodiscard]] constexpr unsigned first() const noexcept {
    return static_cast<unsigned>(std::countr_zero(flags_)) >> 3U;
  }
  constexpr void drop_first() noexcept { flags_ &= flags_ - 1; }
  [[nodiscard]] constexpr unsigned count() const noexcept { return static_cast<unsigned>(std::popcount(flags_)); }
  [[nodiscard]] constexpr bool contains(unsigned slot) const noexcept { return ((flags_ >> (8 * slot)) & 0x80U) != 0; }
  constexpr void add(unsigned slot) noexcept { flags_ |= std::uint64_t{0x80} << (8 * slot); }
  [[nodiscard]] constexpr slot_mask from(unsigned slot) const noexcept {
    return slot_mask(slot >= 8 ? 0 : flags_ & (~std::uint64_t{0} << (8 * slot)));
  }
  [[nodiscard]] constexpr slot_mask operator&(slot_mask other) const noexcept { return slot_mask(flags_ & other.flags_); }
  [[nodiscard]] constexpr slot_mask operator~() const noexcept { return slot_mask(~flags_ & all); }
  [[nodiscard]] constexpr bool operator==(const slot_mask&) const noexcept = default;

  static constexpr std::uint64_t all = 0x0080808080808080ULL;

 private:
  std::uint64_t flags_;
};

/// Portable comparison of each tag of `tags` with `tag`, exact (no borrow runs into a neighbour).
[[nodiscard]] EVAC_ALWAYS_INLINE slot_mask match_portable(std::uint64_t tags, tag_t tag) noexcept {
  constexpr std::uint64_t low_bits = 0x7F7F7F7F7F7F7F7FULL;
  const std::uint64_t difference = tags ^ (0x0101010101010101ULL * tag);
  return slot_mask(~(((difference & low_bits) + low_bits) | difference) & slot_mask::all);
}

#if EVAC_HAS_SSE2
[[nodiscard]] EVAC_ALWAYS_INLINE slot_mask match_sse2(std::uint64_t tags, tag_t tag) noexcept {
  const __m128i wanted = _mm_cvtsi64_si128(static_cast<long long>(0x0101010101010101ULL * tag));
  const __m128i equal = _mm_cmpeq_epi8(_mm_cvtsi64_si128(static_cast<long long>(tags)), wanted);
  return slot_mask(static_cast<std::uint64_t>(_mm_cvtsi128_si64(equal)) & slot_mask::all);
}
#elif EVAC_HAS_NEON
[[nodiscard]] EVAC_ALWAYS_INLINE slot_mask match_neon(std::uint64_t tags, tag_t tag) noexcept {
  const uint8x8_t equal = vceq_u8(vcreate_u8(tags), vdup_n_u8(tag));
  return slot_mask(vget_lane_u64(vreinterpret_u64_u8(equal), 0) & slot_mask::all);
}
#endif

[[nodiscard]] EVAC_ALWAYS_INLINE slot_mask match_native(std::uint64_t tags, tag_t tag) noexcept {
#if EVAC_HAS_SSE2
  return match_sse2(tags, tag);
#elif EVAC_HAS_NEON
  return match_neon(tags, tag);
#else
  return match_portable(tags, tag);
#endif
}

/// The tags and the overflow filter of one bucket.
class tag_word {
 public:
  tag_word() = default;
  constexpr explicit tag_word(std::uint64_t bits) noexcept : bits_(bits) {}

  [[nodiscard]] slot_mask match(tag_t tag) const noexcept { return match_native(bits_, tag); }
  [[nodiscard]] constexpr slot_mask occupied() const noexcept {
    constexpr std::uint64_t low_bits = 0x7F7F7F7F7F7F7F7FULL;
    return slot_mask((((bits_ & low_bits) + low_bits) | bits_) & slot_mask::all);
  }
  [[nodiscard]] constexpr slot_mask free(unsigned slots) const noexcept { return ~occupied() & slot_mask::below(slots); }
  [[nodiscard]] constexpr bool no_slot_occupied() const noexcept { return (bits_ << 8U) == 0; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  [[nodiscard]] constexpr tag_t tag(unsigned slot) const noexcept { return static_cast<tag_t>(bits_ >> (8 * slot)); }

  /// Marks an empty slot as taken by an element of this tag.
  constexpr void occupy(unsigned slot, tag_t tag) noexcept { bits_ |= std::uint64_t{tag} << (8 * slot); }
  constexpr void vacate(unsigned slot) noexcept { bits_ &= ~(std::uint64_t{0xFF} << (8 * slot)); }
  constexpr void vacate(slot_mask slots) noexcept {
    for (; slots; slots.drop_first()) vacate(slots.first());
  }

  [[nodiscard]] constexpr bool may_overflow(tag_t tag) const noexcept { return ((bits_ >> (56 + (tag & 7U))) & 1U) != 0; }
  [[nodiscard]] constexpr bool any_overflow() const noexcept { return (bits_ >> 56U) != 0; }
  constexpr void add_to_filter(tag_t tag) noexcept { bits_ |= std::uint64_t{1} << (56 + (tag & 7U)); }
  constexpr void clear_filter() noexcept { bits_ &= ~(std::uint64_t{0xFF} << 56U); }
  [[nodiscard]] constexpr std::uint8_t filter() const noexcept { return static_cast<std::uint8_t>(bits_ >> 56U); }

  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }

 private:
  std::uint64_t bits_;
};

}  // namespace evac::detail

#endif
