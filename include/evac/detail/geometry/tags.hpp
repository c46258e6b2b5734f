// The tag word: one byte for each slot of a bucket, and one byte that tells what its overflow buckets may hold.
//
//   byte   7        6      5      4      3      2      1      0
//        +--------+------+------+------+------+------+------+------+
//        | filter | tag6 | tag5 | tag4 | tag3 | tag2 | tag1 | tag0 |     tag = top byte of the hash, never 0
//        +--------+------+------+------+------+------+------+------+     0   = the slot is empty
//
// The filter is a Bloom filter of one hash function: bit (tag / 32) is set when some element in an overflow bucket of
// this chain has such a tag (the idea of the overflow byte of Boost.Unordered's groups). A look-up that misses goes
// on to the overflow buckets only when its bit is set. It is kept exact: erasing recomputes it. The top three bits of
// the tag are those of the hash, also where a 0 has been replaced.
#ifndef EVAC_DETAIL_GEOMETRY_TAGS_HPP
#define EVAC_DETAIL_GEOMETRY_TAGS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/platform/matching_bytes.hpp"

namespace evac::inline EVAC_ABI::detail {

using tag_t = std::uint8_t;

inline constexpr unsigned max_slots = 7;

/// The tag of a hash: its top byte, with 0 (which means "empty") replaced.
[[nodiscard]] EVAC_ALWAYS_INLINE tag_t tag_of(std::size_t hash) noexcept {
  const auto top = tag_bits_of(hash);
  return static_cast<tag_t>(top + (top == 0 ? 1U : 0U));
}

/// The bit of the filter that its tag has.
[[nodiscard]] EVAC_ALWAYS_INLINE constexpr unsigned filter_index(std::size_t hash) noexcept {
  return static_cast<unsigned>(tag_bits_of(hash) / 32U);
}

/// A set of slots of one bucket, iterable from the lowest. Bit i is slot i.
class slot_mask {
 public:
  constexpr explicit slot_mask(std::uint32_t bits) noexcept : bits_(bits) {}

  [[nodiscard]] static constexpr slot_mask below(unsigned slot_count) noexcept {
    return slot_mask((1U << slot_count) - 1);
  }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return bits_ != 0; }
  [[nodiscard]] constexpr unsigned first() const noexcept { return static_cast<unsigned>(std::countr_zero(bits_)); }
  constexpr void drop_first() noexcept { bits_ &= bits_ - 1; }
  /// The same without a branch.
  constexpr void drop_first_if(bool wanted) noexcept { bits_ &= bits_ - std::uint32_t{wanted}; }
  [[nodiscard]] constexpr unsigned count() const noexcept { return static_cast<unsigned>(std::popcount(bits_)); }
  [[nodiscard]] constexpr bool contains(unsigned slot) const noexcept { return ((bits_ >> slot) & 1U) != 0; }
  constexpr void add(unsigned slot) noexcept { bits_ |= 1U << slot; }
  constexpr void add_if(unsigned slot, bool wanted) noexcept { bits_ |= std::uint32_t{wanted} << slot; }
  [[nodiscard]] constexpr slot_mask from(unsigned slot) const noexcept { return slot_mask(bits_ >> slot << slot); }
  [[nodiscard]] constexpr slot_mask operator&(slot_mask other) const noexcept { return slot_mask(bits_ & other.bits_); }
  [[nodiscard]] constexpr slot_mask operator~() const noexcept { return slot_mask(~bits_ & all); }
  [[nodiscard]] constexpr bool operator==(const slot_mask&) const noexcept = default;

  [[nodiscard]] constexpr std::uint32_t bits() const noexcept { return bits_; }

  static constexpr std::uint32_t all = (1U << max_slots) - 1;

 private:
  std::uint32_t bits_;
};

/// The tags and the overflow filter of one bucket.
class tag_word {
 public:
  tag_word() = default;
  constexpr explicit tag_word(std::uint64_t bits) noexcept : bits_(bits) {}

  [[nodiscard]] slot_mask match(tag_t tag) const noexcept {
    return slot_mask(matching_bytes(bits_, tag) & slot_mask::all);
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE slot_mask match(wanted_top_byte tag) const noexcept {
    return slot_mask(tag.matching(bits_) & slot_mask::all);
  }
  [[nodiscard]] slot_mask occupied() const noexcept { return ~match(0); }
  [[nodiscard]] slot_mask free(unsigned slot_count) const noexcept { return match(0) & slot_mask::below(slot_count); }
  /// The first occupied slot from this one on, or max_slots if there is none; max_slots is allowed here as well.
  [[nodiscard]] EVAC_ALWAYS_INLINE constexpr std::size_t occupied_from(std::size_t slot) const noexcept {
    const std::uint64_t rest = bits_ << 8U >> 8 * slot >> 8U;  // two steps: a word cannot be shifted by its width
    return rest == 0 ? max_slots : slot + static_cast<std::size_t>(std::countr_zero(rest)) / 8;
  }
  [[nodiscard]] constexpr bool no_slot_occupied() const noexcept { return (bits_ << 8U) == 0; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  [[nodiscard]] constexpr tag_t tag(unsigned slot) const noexcept { return static_cast<tag_t>(bits_ >> (8 * slot)); }

  /// Marks an empty slot as taken by an element of this tag.
  constexpr void occupy(unsigned slot, tag_t tag) noexcept { bits_ |= std::uint64_t{tag} << (8 * slot); }
  constexpr void vacate(unsigned slot) noexcept { bits_ &= ~(std::uint64_t{0xFF} << (8 * slot)); }
  /// The same for several slots, or none, without a branch.
  constexpr void vacate(slot_mask which) noexcept { bits_ &= ~bytes_of(which.bits()); }

  [[nodiscard]] constexpr bool may_overflow(tag_t tag) const noexcept { return (bits_ >> filter_bit(tag) & 1U) != 0; }
  /// The same for the tag of a hash.
  [[nodiscard]] constexpr bool may_overflow_for(std::size_t hash) const noexcept {
    return (bits_ >> (56U | filter_index(hash)) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool any_overflow() const noexcept { return (bits_ >> 56U) != 0; }
  constexpr void add_to_filter(tag_t tag) noexcept { bits_ |= std::uint64_t{1} << filter_bit(tag); }
  constexpr void clear_filter() noexcept { bits_ &= ~(std::uint64_t{0xFF} << 56U); }
  /// In an overflow bucket the top byte is free for a note of some of its slots.
  constexpr void note(slot_mask which) noexcept { bits_ = bits_ << 8U >> 8U | std::uint64_t{which.bits()} << 56U; }
  [[nodiscard]] constexpr slot_mask noted() const noexcept { return slot_mask(filter()); }
  [[nodiscard]] constexpr std::uint8_t filter() const noexcept { return static_cast<std::uint8_t>(bits_ >> 56U); }

  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }
  [[nodiscard]] constexpr bool operator==(const tag_word&) const noexcept = default;

 private:
  [[nodiscard]] static constexpr unsigned filter_bit(tag_t tag) noexcept { return 56U + tag / 32U; }
  // All bits of byte i for bit i of the mask: each byte gets its bit, and what is not 0 becomes 255.
  [[nodiscard]] static constexpr std::uint64_t bytes_of(std::uint32_t mask) noexcept {
    const std::uint64_t single = (std::uint64_t{mask} * 0x0101010101010101ULL) & 0x0040201008040201ULL;
    return ((single + 0x007F7F7F7F7F7F7FULL) >> 7U & 0x0101010101010101ULL) * 0xFFU;
  }

  std::uint64_t bits_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
