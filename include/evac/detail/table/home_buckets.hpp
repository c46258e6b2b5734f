// Home buckets of a table: which exist, where they lie, and how segments are opened and closed.
//
//   count    homes that exist                     [0, count)
//   opened   homes there is memory for            0 or a power of two; opened / 2 <= count <= opened
//
// Up to base_homes homes lie in one block that is replaced by one of twice the size when it is full: a move of at most
// base_homes / 2 buckets. From there on memory is added segment by segment and no bucket ever moves. Where the first
// element is asked for (KeepsOccupied), a segment ends with its words of occupied_homes.hpp.
#ifndef EVAC_DETAIL_TABLE_HOME_BUCKETS_HPP
#define EVAC_DETAIL_TABLE_HOME_BUCKETS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/directory.hpp"
#include "evac/detail/geometry/segment_memory.hpp"
#include "evac/detail/table/chain.hpp"
#include "evac/detail/table/occupied_homes.hpp"
#include "evac/detail/table/segments_ahead.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Elements, class Allocator, bool KeepsOccupied>
class home_buckets {
  using chains = chain_ops<Elements, Allocator>;
  using layout = typename chains::layout;
  using memory = segment_memory<Allocator, layout>;

  // Bytes behind the buckets of a segment.
  [[nodiscard]] static constexpr std::size_t summary_bytes(std::size_t first) noexcept {
    return KeepsOccupied && first >= occupied_homes::unkept_homes ? occupied_homes::segment_bytes(first) : 0;
  }
  struct segment_size {
    [[nodiscard]] std::size_t operator()(std::size_t first) const noexcept {
      return first * layout::home_bytes() + summary_bytes(first);
    }
  };

 public:
  /// Memory for segments that are about to be opened.
  using ahead = segments_ahead<Allocator, memory, segment_size>;

  home_buckets() noexcept = default;

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t opened() const noexcept { return count_ == 0 ? 0 : std::size_t{1} << opened_depth_; }

  /// Half of them, where there are more than one: the number of parents of a doubling that is under way, and the bit
  /// that children are told by.
  [[nodiscard]] std::size_t half() const noexcept { return half_mask_ + 1; }

  /// How often memory for as many homes again was opened.
  [[nodiscard]] std::size_t openings() const noexcept { return openings_; }
  /// How often the half that was opened last has become empty and was closed.
  [[nodiscard]] std::size_t closings() const noexcept { return closings_; }
  /// Time spent in growth steps; known where an account of occupied homes is kept, and forgotten with it.
  void note_evacuation(std::uint64_t nanoseconds) noexcept {
    if constexpr (KeepsOccupied) {
      if (occupied_.kept()) occupied_.note_evacuation(nanoseconds);
    }
  }
  [[nodiscard]] std::uint64_t evacuation_nanoseconds() const noexcept {
    if constexpr (KeepsOccupied) {
      if (occupied_.kept()) return occupied_.evacuation_nanoseconds();
    }
    return 0;
  }

  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t home_of(std::size_t hash) const noexcept {
    return home_among(half_mask_, count_, hash);
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE bucket* at(std::size_t home) const noexcept {
    return directory_.at(home, layout::home_bytes());
  }

  /// The memory of the home that is to exist next, about to be written. O(1): pages are made for a piece at a time.
  [[nodiscard]] bucket* next_home() noexcept {
    const std::size_t first = half();
    const std::size_t offset = (count_ - first) * layout::home_bytes();
    if (offset % populated_at_once < layout::home_bytes() && memory::is_mapped(segment_size()(first))) {
      const std::size_t end = (std::min)(round_up(offset + 1, populated_at_once), segment_size()(first));
      memory::populate(at(first), offset, end);
    }
    return at(count_);
  }
  /// Declares next_home() a home. It has no elements yet, as far as note_filled() is concerned. Returns whether there
  /// are twice as many homes now as when the doubling began.
  bool add_home() noexcept {
    const std::size_t home = count_++;
    if constexpr (KeepsOccupied) {
      if (occupied_.kept()) occupied_.add_home(home);
    }
    if (count_ != 2 * half()) return false;
    const std::size_t segment = segment_size()(count_ / 2);
    if (memory::is_mapped(segment)) memory::prefer_huge(at(count_ / 2), segment);
    return true;
  }
  void remove_home() noexcept {
    note_emptied_if(count_ - 1, true);
    --count_;
  }

  /// To be told whenever a home gets an element, and whenever it may have lost its last one.
  EVAC_ALWAYS_INLINE void note_filled(std::size_t home) noexcept {
    if constexpr (KeepsOccupied) {
      if (occupied_.kept()) occupied_.set(home);
    }
  }
  EVAC_ALWAYS_INLINE void note_emptied_if(std::size_t home, bool empty) noexcept {
    if constexpr (KeepsOccupied) {
      if (occupied_.kept()) occupied_.clear_if(home, empty);
    }
  }
  /// The next home from `home` on that has elements, or count(). Where no account is kept of them, `home` itself.
  [[nodiscard]] std::size_t next_filled(std::size_t home) const noexcept {
    if constexpr (KeepsOccupied) {
      if (occupied_.kept()) return occupied_.next(home, count_);
    }
    return home;
  }
  /// Where an account is kept: for validate().
  [[nodiscard]] const occupied_homes* occupied() const noexcept {
    if constexpr (KeepsOccupied) {
      if (occupied_.kept()) return std::addressof(occupied_);
    }
    return nullptr;
  }

  /// The first home of a table without memory.
  void open_first(const Allocator& allocator) { open_base(allocator, 1); }

  /// All of `count` homes at once, empty, of a table without memory; `got` has the memory for their segments. O(1) per
  /// mapped segment, else O(count). On failure nothing is held but what `got` has.
  void open_all(const Allocator& allocator, std::size_t count, ahead& got) {
    struct undo {
      home_buckets& homes;
      const Allocator& allocator;
      bool done = false;
      ~undo() {
        if (!done) homes.release(allocator);
      }
    } undone{*this, allocator};
    open_base(allocator, (std::min)(std::bit_ceil(count), base_homes));
    for (std::size_t first = count_; first < count; first *= 2) {
      open_segment(allocator, first, std::addressof(got));
      if (memory::is_mapped(segment_size()(first))) {
        memory::prefer_huge(at(first), segment_size()(first));
      } else {
        write_headers(first, (std::min)(2 * first, count));
        std::memset(behind_buckets(first), 0, summary_bytes(first));
      }
      set_opened(2 * first);
      count_ = 2 * first;
    }
    count_ = count;
    undone.done = true;
  }

  /// Memory for as many homes again as there are. O(1), but for a base block that is full: then at most
  /// base_homes / 2 home buckets move. Strong guarantee.
  void open_next(Allocator& allocator, typename chains::context& work, ahead* got = nullptr) {
    if (2 * count_ > base_homes) {
      open_segment(allocator, count_, got);
    } else if (base_capacity_ < 2 * count_) {
      relocate_base(allocator, 2 * count_, work);
    }
    set_opened(2 * opened());
    ++openings_;
  }

  /// The blocks that stand beside the segments of a table of `homes` homes.
  void get_blocks(const Allocator& allocator, std::size_t homes) {
    if (homes > base_homes && !directory_.has_block()) {
      directory_.adopt_block(memory::allocate(allocator, directory::block_bytes));
    }
    if (homes > occupied_homes::unkept_homes) keep_occupied(allocator);
  }

  /// After the last home was merged away: gives back what it lay in, once all of that is empty. Pages of a mapped
  /// segment go piece by piece on the way, so that no call frees more than one huge page and one empty segment.
  void close_emptied(const Allocator& allocator) noexcept {
    if (opened() <= base_homes) {
      if (count_ == opened() / 2) close_half(count_);
      return;
    }
    const std::size_t first = opened() / 2;
    const std::size_t buckets = first * layout::home_bytes();
    const std::size_t offset = (count_ - first) * layout::home_bytes();
    if (count_ == first) {
      memory::deallocate(allocator, at(first), segment_size()(first));
      close_half(first);
      if (first == occupied_homes::unkept_homes) release_occupied(allocator);
    } else if (memory::is_mapped(segment_size()(first)) && offset % huge_page < layout::home_bytes()) {
      memory::discard(at(first), offset, (std::min)(round_up(offset + 1, huge_page), buckets));
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
      memory::deallocate(allocator, at(first), segment_size()(first));
    }
    release_occupied(allocator);
    if (base_capacity_ != 0) memory::deallocate(allocator, at(0), base_capacity_ * layout::home_bytes());
    if (directory_.has_block()) {
      memory::deallocate(allocator, directory_.block(), directory::block_bytes);
    }
    directory_.reset();
    half_mask_ = 0;
    count_ = 0;
    base_capacity_ = 0;
  }

  void swap(home_buckets& other) noexcept { std::swap(*this, other); }

  /// Bytes obtained for home buckets; of a mapped segment that is being filled, only what has been touched.
  [[nodiscard]] std::size_t touched_bytes() const noexcept { return touched_of(segment_bytes(), opened(), count_); }
  /// The same, of `whole` bytes of memory for `opened` homes, of which `count` exist; these may be numbers of
  /// different moments.
  [[nodiscard]] static std::size_t touched_of(std::size_t whole, std::size_t opened, std::size_t count) noexcept {
    if (opened <= base_homes || !memory::is_mapped(segment_size()(opened / 2))) return whole;
    return whole - (std::min)(whole, (opened - count) * layout::home_bytes());
  }
  /// Calls visit(memory, bytes) for each block that home buckets lie in.
  template <class Visit>
  void for_each_block(const Visit& visit) const noexcept {
    if (base_capacity_ != 0) visit(at(0), base_capacity_ * layout::home_bytes());
    for (std::size_t first = base_homes; first < opened(); first *= 2) visit(at(first), first * layout::home_bytes());
  }
  [[nodiscard]] std::size_t segment_bytes() const noexcept {
    std::size_t bytes = base_capacity_ * layout::home_bytes();
    for (std::size_t first = base_homes; first < opened(); first *= 2) bytes += segment_size()(first);
    return bytes;
  }
  [[nodiscard]] std::size_t directory_bytes() const noexcept {
    std::size_t bytes = directory_.has_block() ? directory::block_bytes : 0;
    if constexpr (KeepsOccupied) bytes += occupied_.kept() ? occupied_homes::block_bytes : 0;
    return bytes;
  }

 private:
  void set_opened(std::size_t homes) noexcept {
    opened_depth_ = static_cast<std::uint8_t>(std::countr_zero(homes));
    half_mask_ = homes == 1 ? 0 : homes / 2 - 1;
  }
  void set_base(void* block, std::size_t capacity) noexcept {
    directory_.set_segment(0, block, layout::home_bytes());
    base_capacity_ = static_cast<std::uint8_t>(capacity);
  }
  void close_half(std::size_t homes_left) noexcept {
    set_opened(homes_left);
    ++closings_;
  }

  void open_base(const Allocator& allocator, std::size_t homes) {
    set_base(memory::allocate(allocator, homes * layout::home_bytes()), homes);
    write_headers(0, homes);
    set_opened(homes);
    count_ = homes;
  }
  // A segment from an ordinary allocator holds anything: no home is looked at before its header has been written.
  void open_segment(const Allocator& allocator, std::size_t first, ahead* got) {
    get_blocks(allocator, 2 * first);
    void* const segment = got != nullptr ? got->take(first) : memory::allocate(allocator, segment_size()(first));
    directory_.set_segment(first, segment, layout::home_bytes());
    if constexpr (KeepsOccupied) {
      if (summary_bytes(first) != 0) occupied_.set_segment(first, behind_buckets(first));
    }
  }
  [[nodiscard]] void* behind_buckets(std::size_t first) const noexcept {
    return reinterpret_cast<std::byte*>(at(first)) + first * layout::home_bytes();
  }

  // Begins to keep account of the homes that there are, if that has not been done: at most unkept_homes.
  void keep_occupied(const Allocator& allocator) {
    if constexpr (KeepsOccupied) {
      if (occupied_.kept()) return;
      occupied_.adopt_block(memory::allocate(allocator, occupied_homes::block_bytes));
      for (std::size_t home = 0; home < count_; ++home) {
        if (!at(home)->tags.empty()) occupied_.set(home);
      }
    }
  }
  void release_occupied(const Allocator& allocator) noexcept {
    if constexpr (KeepsOccupied) {
      if (!occupied_.kept()) return;
      memory::deallocate(allocator, occupied_.block(), occupied_homes::block_bytes);
      occupied_.forget_block();
    }
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
  std::size_t half_mask_ = 0;  // all bits of the index of a home in the lower half of those opened
  std::size_t count_ = 0;
  std::uint8_t opened_depth_ = 0;
  std::uint8_t base_capacity_ = 0;
  std::uint64_t openings_ : 24 = 0;
  std::uint64_t closings_ : 24 = 0;
  [[no_unique_address]] std::conditional_t<KeepsOccupied, occupied_homes, no_occupied_homes> occupied_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
