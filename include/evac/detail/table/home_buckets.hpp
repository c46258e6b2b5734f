// The home buckets of a table: which exist, where they lie, and how segments are opened and closed.
//
//   count    homes that exist                     [0, count)
//   opened   homes there is memory for            a power of two; count <= opened, and count > opened / 2 at rest
//
// Up to base_homes homes lie in one block that is replaced by one of twice the size when it is full: a move of at most
// base_homes / 2 buckets. From there on memory is added segment by segment and no bucket ever moves.
#ifndef EVAC_DETAIL_TABLE_HOME_BUCKETS_HPP
#define EVAC_DETAIL_TABLE_HOME_BUCKETS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/directory.hpp"
#include "evac/detail/geometry/segment_memory.hpp"
#include "evac/detail/table/chain.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Elements, class Allocator>
class home_buckets {
  using chains = chain<Elements, Allocator>;
  using layout = typename chains::layout;
  using memory = segment_memory<Allocator, layout>;

 public:
  home_buckets() noexcept = default;

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t opened() const noexcept { return count_ == 0 ? 0 : mask_ + 1; }

  /// How often memory for as many homes again was opened.
  [[nodiscard]] std::size_t openings() const noexcept { return openings_; }

  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t home_of(std::size_t hash) const noexcept {
    const std::size_t fed = hash & mask_;
    const std::size_t unfed = hash & (mask_ >> 1U);
    return below_or(fed, count_, unfed);
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE bucket* at(std::size_t home) const noexcept {
    return directory_.at(home, layout::home_bytes());
  }

  /// The memory of the home that is to exist next, about to be written. O(1): pages are made for a piece at a time.
  [[nodiscard]] bucket* next_home() noexcept {
    const std::size_t first = opened() / 2;
    const std::size_t segment = first * layout::home_bytes();
    const std::size_t offset = (count_ - first) * layout::home_bytes();
    if (offset % populated_at_once < layout::home_bytes() && memory::is_mapped(segment)) {
      memory::populate(at(first), offset, (std::min)(round_up(offset + 1, populated_at_once), segment));
    }
    return at(count_);
  }
  /// Declares next_home() a home.
  void add_home() noexcept {
    ++count_;
    const std::size_t segment = count_ / 2 * layout::home_bytes();
    if (count_ == opened() && memory::is_mapped(segment)) memory::prefer_huge(at(count_ / 2), segment);
  }
  void remove_home() noexcept { --count_; }

  /// The first home of a table without memory.
  void open_first(const Allocator& allocator) { open_all(allocator, 1); }

  /// All of `count` homes at once, empty. O(1) per mapped segment, else O(count). On failure nothing is held.
  void open_all(const Allocator& allocator, std::size_t count) {
    EVAC_TRY {
      const std::size_t base = (std::min)(std::bit_ceil(count), base_homes);
      set_base(memory::allocate(allocator, base * layout::home_bytes()), base);
      write_headers(0, base);
      mask_ = base - 1;
      count_ = base;
      for (std::size_t first = base; first < count; first *= 2) {
        open_segment(allocator, first);
        if (memory::is_mapped(first * layout::home_bytes())) {
          memory::prefer_huge(at(first), first * layout::home_bytes());
        } else {
          write_headers(first, (std::min)(2 * first, count));
        }
        mask_ = 2 * first - 1;
        count_ = 2 * first;
      }
      count_ = count;
    }
    EVAC_CATCH_ALL {
      release(allocator);
      EVAC_RETHROW;
    }
  }

  /// Memory for as many homes again as there are. O(1), but for a base block that is full: then at most
  /// base_homes / 2 home buckets move. Strong guarantee.
  void open_next(Allocator& allocator, typename chains::context& work) {
    if (2 * count_ > base_homes) {
      open_segment(allocator, count_);
    } else if (base_capacity_ < 2 * count_) {
      relocate_base(allocator, 2 * count_, work);
    }
    mask_ = 2 * mask_ + 1;
    ++openings_;
  }

  /// After the last home was merged away: gives back what it lay in, once all of that is empty. Pages of a mapped
  /// segment go piece by piece on the way, so that no call frees more than one huge page and one empty segment.
  void close_emptied(const Allocator& allocator) noexcept {
    if (opened() <= base_homes) {
      if (count_ == opened() / 2) mask_ >>= 1U;
      return;
    }
    const std::size_t first = opened() / 2;
    const std::size_t segment_bytes = first * layout::home_bytes();
    const std::size_t offset = (count_ - first) * layout::home_bytes();
    if (count_ == first) {
      memory::deallocate(allocator, at(first), segment_bytes);
      mask_ >>= 1U;
    } else if (memory::is_mapped(segment_bytes) && offset % huge_page < layout::home_bytes()) {
      memory::discard(at(first), offset, (std::min)(round_up(offset + 1, huge_page), segment_bytes));
    }
  }

  /// Makes the base block as small as its contents allow.
  void trim_base(Allocator& allocator, typename chains::pool& overflow, std::size_t& moves) {
    const std::size_t wanted = (std::min)(opened(), base_homes);
    if (wanted >= base_capacity_) return;
    typename chains::context work{allocator, overflow, moves};
    relocate_base(allocator, wanted, work);
  }

  /// Frees all memory; the elements must be gone. O(segments).
  void release(const Allocator& allocator) noexcept {
    for (std::size_t first = base_homes; first < opened(); first *= 2) {
      memory::deallocate(allocator, at(first), first * layout::home_bytes());
    }
    if (base_capacity_ != 0) memory::deallocate(allocator, at(0), base_capacity_ * layout::home_bytes());
    if (directory_.has_block()) {
      memory::deallocate(allocator, directory_.block(), directory::block_bytes);
    }
    directory_.reset();
    mask_ = 0;
    count_ = 0;
    base_capacity_ = 0;
  }

  void swap(home_buckets& other) noexcept { std::swap(*this, other); }

  /// Bytes obtained for home buckets; of a mapped segment that is being filled, only what has been touched.
  [[nodiscard]] std::size_t touched_bytes() const noexcept {
    const std::size_t whole = segment_bytes();
    const std::size_t last = opened() / 2 * layout::home_bytes();
    if (opened() <= base_homes || !memory::is_mapped(last)) return whole;
    return whole - (opened() - count_) * layout::home_bytes();
  }
  [[nodiscard]] std::size_t segment_bytes() const noexcept {
    const std::size_t beyond = opened() > base_homes ? opened() - base_homes : 0;
    return (base_capacity_ + beyond) * layout::home_bytes();
  }
  [[nodiscard]] std::size_t directory_bytes() const noexcept {
    return directory_.has_block() ? directory::block_bytes : 0;
  }

 private:
  void set_base(void* block, std::size_t capacity) noexcept {
    directory_.set_segment(0, block, layout::home_bytes());
    base_capacity_ = static_cast<std::uint32_t>(capacity);
  }

  // A segment from an ordinary allocator holds anything: nobody looks at a home before its header has been written.
  void open_segment(const Allocator& allocator, std::size_t first) {
    if (!directory_.has_block()) directory_.adopt_block(memory::allocate(allocator, directory::block_bytes));
    directory_.set_segment(first, memory::allocate(allocator, first * layout::home_bytes()), layout::home_bytes());
  }

  void write_headers(std::size_t from, std::size_t to) noexcept {
    for (; from < to; ++from) *at(from) = bucket{tag_word(0), nullptr};
  }

  void relocate_base(Allocator& allocator, std::size_t capacity, typename chains::context& work) {
    auto* const block = static_cast<std::byte*>(memory::allocate(allocator, capacity * layout::home_bytes()));
    const std::size_t live = (std::min)(count_, base_homes);
    for (std::size_t home = 0; home < live; ++home) {
      bucket* const from = at(home);
      auto* const to = reinterpret_cast<bucket*>(block + home * layout::home_bytes());
      *to = *from;
      for (slot_mask taken = from->tags.occupied(); taken; taken.drop_first()) {
        chains::relocate(work, {to, taken.first()}, {from, taken.first()});
      }
    }
    memory::deallocate(allocator, at(0), base_capacity_ * layout::home_bytes());
    set_base(block, capacity);
  }

  directory directory_;
  std::size_t mask_ = 0;
  std::size_t count_ = 0;
  std::uint32_t base_capacity_ = 0;
  std::uint32_t openings_ = 0;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
