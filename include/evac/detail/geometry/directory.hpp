// The directory: where the home buckets of a table lie.
//
//   home index        0 ... 15 | 16 ... 31 | 32 ... 63 | 64 ... 127 | ...
//   segment           base     | 1         | 2         | 3          |       each as large as all before it
//
// A segment is found by the highest set bit of (home | 15), which is the same for all homes of a segment. Entries are
// biased: entry + home * bucket size is the bucket, with no subtraction of the segment's first home.
//
// Up to 16 homes there is only the base segment, and its entry lies in the directory object itself; the 64 entries of a
// larger table are a block of their own. Either way origin_ points where entry 0 is, or would be.
#ifndef EVAC_DETAIL_GEOMETRY_DIRECTORY_HPP
#define EVAC_DETAIL_GEOMETRY_DIRECTORY_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/bucket.hpp"
#include "evac/detail/platform/highest_bit.hpp"

namespace evac::inline EVAC_ABI::detail {

inline constexpr std::size_t base_homes = 16;

/// A number below 64 that is the same for all homes of one segment and different for those of two.
[[nodiscard]] EVAC_ALWAYS_INLINE std::size_t segment_key(std::size_t home) noexcept {
  return name_of_highest_bit(home | (base_homes - 1));
}

/// The home of every key in a table without memory: empty, never written.
alignas(cache_line) inline constinit const bucket no_home{tag_word(0), nullptr};

class directory {
 public:
  static constexpr std::size_t entries = most_segments;
  // The plain addresses follow the biased ones.
  static constexpr std::size_t block_bytes = (keeps_plain_addresses ? 2 : 1) * entries * sizeof(std::uintptr_t);

  directory() noexcept : origin_(inline_origin()), base_(reinterpret_cast<std::uintptr_t>(&no_home)) {}
  directory(const directory& other) noexcept
      : origin_(other.has_block() ? other.origin_ : inline_origin()), base_(other.base_) {}
  directory& operator=(const directory& other) noexcept {
    origin_ = other.has_block() ? other.origin_ : inline_origin();
    base_ = other.base_;
    return *this;
  }
  ~directory() = default;

  /// The bucket of this home; its segment must have been set.
  [[nodiscard]] EVAC_ALWAYS_INLINE bucket* at(std::size_t home, std::size_t bucket_bytes) const noexcept {
    const auto* entry = reinterpret_cast<const std::uintptr_t*>(origin_ + segment_key(home) * sizeof(std::uintptr_t));
    return reinterpret_cast<bucket*>(*entry + home * bucket_bytes);
  }

  /// Enters the segment whose first home is `first` (0 for the base).
  void set_segment(std::size_t first, void* memory, std::size_t bucket_bytes) noexcept {
    const std::uintptr_t biased = reinterpret_cast<std::uintptr_t>(memory) - first * bucket_bytes;
    if (first == 0) base_ = biased;
    if (first == 0 && !has_block()) return;
    block()[segment_key(first)] = biased;
    if constexpr (keeps_plain_addresses)
      block()[entries + segment_key(first)] = reinterpret_cast<std::uintptr_t>(memory);
  }

  [[nodiscard]] bool has_block() const noexcept { return origin_ != inline_origin(); }
  [[nodiscard]] std::uintptr_t* block() const noexcept { return reinterpret_cast<std::uintptr_t*>(origin_); }
  /// Takes a block of block_bytes bytes for the entries; the base segment's entry is copied into it.
  void adopt_block(void* memory) noexcept {
    origin_ = reinterpret_cast<std::uintptr_t>(memory);
    block()[segment_key(0)] = base_;  // base_ itself is not biased
  }
  /// Back to the entry in the object, which is no_home; the caller frees the block and the segments.
  void reset() noexcept {
    base_ = reinterpret_cast<std::uintptr_t>(&no_home);
    origin_ = inline_origin();
  }

 private:
  [[nodiscard]] std::uintptr_t inline_origin() const noexcept {
    return reinterpret_cast<std::uintptr_t>(&base_) - segment_key(0) * sizeof(std::uintptr_t);
  }

  std::uintptr_t origin_;
  std::uintptr_t base_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
