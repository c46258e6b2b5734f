// Where the elements of a table are, roughly: so that begin() and ++ of a sparse table skip homes that have none.
//
//   counts    3 0 0 91 0 ...                   elements in 16 homes each
//   level 1   1 0 0 1 0 ... | 0 ... | 1 ...    a bit per count that is not zero
//   level 2   1 0 1 ...                        a bit per word of level 1 that is not zero, and so on
//
//   segment   | home buckets ... | counts | level 1 | level 2 | ...     its own, behind its buckets
//   block     | where the counts of each segment lie | the first counts | word 0 of each level
//
// Every insert and erase counts in memory that is near, without asking its bucket anything: whether a chain is empty now
// would be a branch on memory that has just been fetched (docs/design.md). The bits change when a count leaves or
// reaches zero. So begin(), ++, erase(begin()) and a queue look at most at 16 homes more than they need to and at two
// words per level, whatever was in the table before. A quarter of a byte per home is 0.05 bytes per element.
//
// Kept from 65 homes on. Counts and words are zeroed when the first of their homes comes into being, not ahead.
#ifndef EVAC_DETAIL_TABLE_OCCUPIED_HOMES_HPP
#define EVAC_DETAIL_TABLE_OCCUPIED_HOMES_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/directory.hpp"

namespace evac::inline EVAC_ABI::detail {

class occupied_homes {
  using counter = std::uint32_t;
  using word = std::uint64_t;
  static constexpr unsigned counter_shift = 4;  // homes of a count: 16
  static constexpr unsigned word_shift = 6;     // bits of a word: 64
  static constexpr unsigned levels = 10;

 public:
  /// Homes that a table may have before this is kept.
  static constexpr std::size_t unkept_homes = 64;
  /// Homes that are counted together.
  static constexpr std::size_t homes_per_count = std::size_t{1} << counter_shift;

 private:
  struct block_type {
    std::uintptr_t origins[directory::entries];  // by segment_key(); biased: plus home / 16 counts is the home's count
    counter first_counts[unkept_homes / homes_per_count];
    word first_words[levels];  // of levels 1, 2, ...
  };

 public:
  static constexpr std::size_t block_bytes = sizeof(block_type);

  /// Bytes behind the buckets of the segment that begins with home `first`; words above level 1 are fewer than one for
  /// 32 of its own.
  [[nodiscard]] static constexpr std::size_t segment_bytes(std::size_t first) noexcept {
    return (first >> counter_shift) * sizeof(counter) + ((first >> 10U) + (first >> 15U)) * sizeof(word);
  }

  [[nodiscard]] EVAC_ALWAYS_INLINE bool kept() const noexcept { return block_ != nullptr; }
  [[nodiscard]] void* block() const noexcept { return block_; }
  /// Begins to be kept, of homes below unkept_homes, which are said to be empty.
  void adopt_block(void* memory) noexcept {
    block_ = ::new (memory) block_type{};
    const auto first_counts = reinterpret_cast<std::uintptr_t>(&block_->first_counts[0]);
    for (std::size_t home = 0; home < unkept_homes; home += base_homes)
      block_->origins[segment_key(home)] = first_counts;
  }
  /// The caller frees the block.
  void forget_block() noexcept { block_ = nullptr; }
  /// `behind` is the memory of segment_bytes(first) bytes behind the buckets of a segment.
  void set_segment(std::size_t first, void* behind) noexcept {
    const std::size_t counts_before = (first >> counter_shift) * sizeof(counter);
    block_->origins[segment_key(first)] = reinterpret_cast<std::uintptr_t>(behind) - counts_before;
  }

  /// A home comes into being, without elements. Homes are added in order.
  void add_home(std::size_t home) noexcept {
    if (home % homes_per_count != 0) return;
    count_of(home) = 0;
    std::size_t index = home >> counter_shift;
    for (unsigned level = 1; index != 0 && index % bits_per_word == 0; ++level) {
      index >>= word_shift;
      word_at(level, index) = 0;
    }
  }
  /// `elements` elements, at least one, are in this home now that were not.
  EVAC_ALWAYS_INLINE void gain(std::size_t home, std::size_t elements) noexcept {
    counter& count = count_of(home);
    const counter before = count;
    count = before + static_cast<counter>(elements);
    if (before == 0) [[unlikely]]
      set_above(home);
  }
  EVAC_ALWAYS_INLINE void lose(std::size_t home, std::size_t elements) noexcept {
    counter& count = count_of(home);
    count -= static_cast<counter>(elements);
    if (count == 0) [[unlikely]]
      clear_above(home);
  }
  /// Elements in the homes that are counted together with this one.
  [[nodiscard]] std::size_t elements_near(std::size_t home) const noexcept { return count_of(home); }

  /// The first home from `from` on that may have elements, of `homes` homes; `homes` if there is none.
  [[nodiscard]] EVAC_NEVER_INLINE std::size_t next(std::size_t from, std::size_t homes) const noexcept {
    if (from >= homes) return homes;
    if (count_of(from) != 0) return from;
    std::size_t at = (from >> counter_shift) + 1;
    const std::size_t last = (homes - 1) >> counter_shift;
    unsigned level = 1;
    for (;; ++level) {
      if (at > last >> (word_shift * (level - 1))) return homes;
      if (const word bits = word_at(level, at >> word_shift) >> at % bits_per_word; bits != 0) {
        at += static_cast<std::size_t>(std::countr_zero(bits));
        break;
      }
      at = (at >> word_shift) + 1;
    }
    while (--level != 0) at = at << word_shift | static_cast<std::size_t>(std::countr_zero(word_at(level, at)));
    return at << counter_shift;
  }

 private:
  static constexpr std::size_t bits_per_word = std::size_t{1} << word_shift;

  [[nodiscard]] static constexpr word bit(std::size_t index) noexcept { return word{1} << index % bits_per_word; }
  [[nodiscard]] EVAC_ALWAYS_INLINE counter& count_of(std::size_t home) const noexcept {
    return reinterpret_cast<counter*>(block_->origins[segment_key(home)])[home >> counter_shift];
  }
  // Word `index` of a level. It lies in the segment that the first of its homes lies in, behind the lower levels.
  [[nodiscard]] word& word_at(unsigned level, std::size_t index) const noexcept {
    if (index == 0) return block_->first_words[level - 1];
    const std::size_t first_index = std::bit_floor(index);
    const std::size_t first = first_index << (counter_shift + word_shift * level);
    auto* words = reinterpret_cast<word*>(&count_of(first) + (first >> counter_shift));
    for (unsigned below = 1; below < level; ++below) words += first >> (counter_shift + word_shift * below);
    return words[index - first_index];
  }

  EVAC_NEVER_INLINE void set_above(std::size_t home) noexcept {
    std::size_t index = home >> counter_shift;
    for (unsigned level = 1; level <= levels; ++level, index >>= word_shift) {
      word& bits = word_at(level, index >> word_shift);
      const word before = bits;
      bits = before | bit(index);
      if (before != 0) return;
    }
  }
  EVAC_NEVER_INLINE void clear_above(std::size_t home) noexcept {
    std::size_t index = home >> counter_shift;
    for (unsigned level = 1; level <= levels; ++level, index >>= word_shift) {
      word& bits = word_at(level, index >> word_shift);
      bits &= ~bit(index);
      if (bits != 0) return;
    }
  }

  block_type* block_ = nullptr;
};

/// Where nobody asks for the first element.
class no_occupied_homes {};

}  // namespace evac::inline EVAC_ABI::detail

#endif
