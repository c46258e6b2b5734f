// The bucket: a tag word, a link and a few slots, filling whole cache lines. For 16-byte elements:
//
//   home bucket, 128 bytes                                        overflow bucket, 64 bytes
//   0        8        16       32       48                 112 128   0        8        16       32       48   64
//   +--------+--------+--------+--------+-- - - - - - - - --+----+   +--------+--------+--------+--------+----+
//   |  tags  |overflow| slot 0 | slot 1 |        ...        | s6 |   |  tags  |overflow| slot 0 | slot 1 | s2 |
//   +--------+--------+--------+--------+-- - - - - - - - --+----+   +--------+--------+--------+--------+----+
//
// A chain is a home bucket and the overflow buckets behind its link. Overflow buckets are smaller because most hold
// one or two elements: at the load where a growth begins one home in five has one.
//
// The header does not depend on the element type, so that a map of an incomplete type can be declared.
#ifndef EVAC_DETAIL_GEOMETRY_BUCKET_HPP
#define EVAC_DETAIL_GEOMETRY_BUCKET_HPP

#include <bit>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/tags.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Directories hold biased addresses, which a leak checker takes for none: for it they keep the plain ones as well.
inline constexpr bool keeps_plain_addresses = EVAC_ADDRESS_SANITIZER != 0;

/// The unit in which buckets are allocated: a cache line, or more where a slot asks for more.
template <std::size_t Alignment>
struct alignas(Alignment) line {
  std::byte bytes[Alignment];
};

/// The head of every bucket. Written by the owner of the table only.
struct bucket {
  tag_word tags;
  bucket* overflow;

  // Asked for by a pool of overflow buckets.
  [[nodiscard]] static bucket* create(void* memory) noexcept { return static_cast<bucket*>(memory); }
  void make_empty() noexcept { *this = bucket{tag_word(0), nullptr}; }
  [[nodiscard]] bucket* next() const noexcept { return overflow; }
  void set_next(bucket* after) noexcept { overflow = after; }

  /// tags.tag(slot) != 0, and tags.may_overflow() for the tag of a hash: one byte is loaded.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool is_taken(std::size_t slot) const noexcept { return byte(slot) != 0; }
  [[nodiscard]] EVAC_ALWAYS_INLINE bool may_overflow_for(std::size_t hash) const noexcept {
    return (std::uint32_t{byte(7)} >> filter_index(hash) & 1U) != 0;
  }
  /// Whether neither this slot, nor one behind it, nor an overflow bucket behind this bucket has an element.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool is_last_behind(std::size_t slot) const noexcept {
    return (tags.bits() >> 8 * slot | reinterpret_cast<std::uintptr_t>(overflow)) == 0;
  }
  /// tags.tag(), and what replaces a tag of a slot whatever it was: single bytes.
  [[nodiscard]] EVAC_ALWAYS_INLINE tag_t tag_at(std::size_t slot) const noexcept { return byte(slot); }
  EVAC_ALWAYS_INLINE void put_tag(std::size_t slot, tag_t tag) noexcept {
    reinterpret_cast<unsigned char*>(this)[offset_of(slot)] = tag;
  }

 private:
  [[nodiscard]] static constexpr std::size_t offset_of(std::size_t byte_of_tags) noexcept {
    return std::endian::native == std::endian::little ? byte_of_tags : 7 - byte_of_tags;
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE std::uint8_t byte(std::size_t index) const noexcept {
    return reinterpret_cast<const unsigned char*>(this)[offset_of(index)];
  }
};
static_assert(sizeof(bucket) == 16);

/// Where the slots of a bucket lie, derived from the size and alignment of a slot: for buckets of one owner, and for
/// those that all threads share (lockfree/atomic_bucket.hpp).
template <std::size_t SlotSize, std::size_t SlotAlign, unsigned FewestOverflowSlots = 1,
          std::size_t HeaderSize = sizeof(bucket)>
class bucket_layout {
 public:
  static constexpr std::size_t alignment = SlotAlign > cache_line ? SlotAlign : cache_line;
  static constexpr std::size_t slots_offset = round_up(HeaderSize, SlotAlign);

  [[nodiscard]] static constexpr std::size_t bytes_for(unsigned slot_count) noexcept {
    return round_up(slots_offset + slot_count * SlotSize, alignment);
  }

 private:
  // The number of slots in [fewest, most] that wastes the smallest share of its cache lines.
  [[nodiscard]] static constexpr unsigned densest(unsigned fewest, unsigned most) noexcept {
    unsigned best = fewest;
    for (unsigned slot_count = fewest + 1; slot_count <= most; ++slot_count) {
      if (slot_count * bytes_for(best) >= best * bytes_for(slot_count)) best = slot_count;
    }
    return best;
  }

 public:
  static constexpr unsigned home_slots = densest(4, max_slots);
  static constexpr unsigned overflow_slots = densest(FewestOverflowSlots, home_slots / 2);
  static constexpr std::size_t home_bytes = bytes_for(home_slots);
  static constexpr std::size_t overflow_bytes = bytes_for(overflow_slots);

  [[nodiscard]] EVAC_ALWAYS_INLINE static void* slot(const bucket* where, std::size_t index) noexcept {
    auto* bytes = reinterpret_cast<std::byte*>(const_cast<bucket*>(where));
    return bytes + slots_offset + index * SlotSize;
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE static unsigned index_of(const bucket* where, const void* slot) noexcept {
    const auto offset = static_cast<const std::byte*>(slot) - reinterpret_cast<const std::byte*>(where);
    return static_cast<unsigned>((static_cast<std::size_t>(offset) - slots_offset) / SlotSize);
  }
};

// The picture above.
static_assert(bucket_layout<16, 8>::home_slots == 7 && bucket_layout<16, 8>::home_bytes == 128);
static_assert(bucket_layout<16, 8>::overflow_slots == 3 && bucket_layout<16, 8>::overflow_bytes == 64);
static_assert(bucket_layout<16, 8>::slots_offset == 16);
// Pointers, and sets of words: one line.
static_assert(bucket_layout<8, 8>::home_slots == 6 && bucket_layout<8, 8>::home_bytes == 64);

}  // namespace evac::inline EVAC_ABI::detail

#endif
