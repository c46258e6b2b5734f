// The account of which homes have elements, so that begin() and ++ of a sparse table skip those that have none.
//
//   level 0   0 0 0 1 0 ... 0 | 0 0 0 ... 0 | 0 1 0 ...        a bit per home, 64 to a word
//   level 1   1 0 1 ...                                        a bit per word of level 0 that is not zero
//   level 2   1 ...                                            a bit per word of level 1 that is not zero, and so on
//
//   segment   | home buckets ... | level 0 | level 1 | ...     its own words, behind its buckets
//   block     | where level 0 of each segment lies | word 0 of each level
//
// Every insert sets a bit, and every erase clears one if its chain is empty now, both without a branch on what a bucket
// holds: that has just been fetched from afar (docs/design.md). Whether a home is the first of its word to be filled,
// or the last to be emptied, is asked of the word, which is near. So begin(), ++, erase(begin()) and a queue look at
// two words per level and at no home in vain, whatever was in the table before. A bit and a 32nd per home are 0.03
// bytes per element.
//
// Kept from 65 homes on. Words are zeroed when the first of their homes comes into being: nothing is cleared ahead.
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
  using bit_row = std::uint64_t;        // `word` is a macro elsewhere
  static constexpr unsigned shift = 6;  // 64 bits to a word
  static constexpr std::size_t bits_per_word = std::size_t{1} << shift;
  static constexpr unsigned levels = 10;

  struct block_type {
    std::uintptr_t origins[directory::entries];  // by segment_key(); biased: plus home / 64 words is the home's word
    bit_row first_words[levels];
    std::uint64_t evacuation_ns;  // a figure of the table, which has no other room for it
  };

 public:
  /// Homes that a table may have before this is kept: those of one word.
  static constexpr std::size_t unkept_homes = bits_per_word;
  static constexpr std::size_t block_bytes = sizeof(block_type);

  /// Bytes behind the buckets of the segment that begins with home `first`: a word for 64 homes, and for all levels
  /// above fewer than one for 2048.
  [[nodiscard]] static constexpr std::size_t segment_bytes(std::size_t first) noexcept {
    return ((first >> shift) + (first >> 11U)) * sizeof(bit_row);
  }

  [[nodiscard]] EVAC_ALWAYS_INLINE bool kept() const noexcept { return block_ != nullptr; }
  [[nodiscard]] void* block() const noexcept { return block_; }
  /// Begins to be kept, of homes below unkept_homes, which are said to be empty.
  void adopt_block(void* memory) noexcept {
    block_ = ::new (memory) block_type{};
    const auto first_word = reinterpret_cast<std::uintptr_t>(&block_->first_words[0]);
    for (std::size_t home = 0; home < unkept_homes; home += base_homes) block_->origins[segment_key(home)] = first_word;
  }
  void note_evacuation(std::uint64_t nanoseconds) noexcept { block_->evacuation_ns += nanoseconds; }
  [[nodiscard]] std::uint64_t evacuation_nanoseconds() const noexcept { return block_->evacuation_ns; }
  /// The caller frees the block.
  void forget_block() noexcept { block_ = nullptr; }
  /// `words` is the memory of segment_bytes(first) bytes behind the buckets of a segment.
  void set_segment(std::size_t first, void* words) noexcept {
    block_->origins[segment_key(first)] = reinterpret_cast<std::uintptr_t>(words) - (first >> shift) * sizeof(bit_row);
  }

  /// A home comes into being, without elements. Homes are added in order.
  void add_home(std::size_t home) noexcept {
    for (unsigned level = 0; home != 0 && home % bits_per_word == 0; ++level) {
      home >>= shift;
      word_at(level, home) = 0;
    }
  }
  EVAC_ALWAYS_INLINE void set(std::size_t home) noexcept {
    bit_row& bits = lowest_word(home);
    const bit_row before = bits;
    bits = before | mask_of(home);
    if (before == 0) [[unlikely]]
      set_above(home);
  }
  EVAC_ALWAYS_INLINE void clear_if(std::size_t home, bool empty) noexcept {
    bit_row& bits = lowest_word(home);
    const bit_row after = bits & ~(bit_row{empty} << home % bits_per_word);
    bits = after;
    if (after == 0) [[unlikely]]
      clear_above(home);
  }
  [[nodiscard]] bool contains(std::size_t home) const noexcept { return (lowest_word(home) & mask_of(home)) != 0; }

  /// The first home from `from` on that has elements, of `homes` homes; `homes` if there is none.
  [[nodiscard]] EVAC_NEVER_INLINE std::size_t next(std::size_t from, std::size_t homes) const noexcept {
    if (from >= homes) return homes;
    std::size_t at = from;
    unsigned level = 0;
    for (;; ++level) {
      if (at > (homes - 1) >> (shift * level)) return homes;
      if (const bit_row bits = word_at(level, at >> shift) >> at % bits_per_word; bits != 0) {
        at += static_cast<std::size_t>(std::countr_zero(bits));
        break;
      }
      at = (at >> shift) + 1;
    }
    while (level-- != 0) at = at << shift | static_cast<std::size_t>(std::countr_zero(word_at(level, at)));
    return at;
  }

 private:
  [[nodiscard]] static constexpr bit_row mask_of(std::size_t index) noexcept {
    return bit_row{1} << index % bits_per_word;
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE bit_row& lowest_word(std::size_t home) const noexcept {
    return reinterpret_cast<bit_row*>(block_->origins[segment_key(home)])[home >> shift];
  }
  // Word `index` of a level. It lies in the segment that the first of its homes lies in, behind the lower levels.
  [[nodiscard]] bit_row& word_at(unsigned level, std::size_t index) const noexcept {
    if (index == 0) return block_->first_words[level];
    const std::size_t first_index = std::bit_floor(index);
    const std::size_t first = first_index << (shift * (level + 1));
    bit_row* words = &lowest_word(first);
    for (unsigned below = 0; below < level; ++below) words += first >> (shift * (below + 1));
    return words[index - first_index];
  }

  // The first element in the homes of a bit_row has come, or the last has gone.
  EVAC_NEVER_INLINE void set_above(std::size_t home) noexcept {
    for (unsigned level = 1; level < levels; ++level) {
      home >>= shift;
      bit_row& bits = word_at(level, home >> shift);
      const bit_row before = bits;
      bits = before | mask_of(home);
      if (before != 0) return;
    }
  }
  EVAC_NEVER_INLINE void clear_above(std::size_t home) noexcept {
    for (unsigned level = 1; level < levels; ++level) {
      home >>= shift;
      bit_row& bits = word_at(level, home >> shift);
      bits &= ~mask_of(home);
      if (bits != 0) return;
    }
  }

  block_type* block_ = nullptr;
};

/// For tables whose first element is never asked for.
class no_occupied_homes {};

}  // namespace evac::inline EVAC_ABI::detail

#endif
