// Memory for segments, slabs and the directory.
//
// Through std::allocator, blocks from mapping_threshold bytes on are anonymous mappings: the system hands out zeroed
// pages as they are first touched, so a new segment costs no clearing at once and no memory until the frontier comes
// by. The frontier asks for the pages of a megabyte at a time (populate), which costs half of what a fault for each
// page does and leaves all other inserts without one. Blocks from huge_from bytes on are made of huge pages, where the
// system has them: half of what far memory costs in a virtual machine is the walk through its page tables. A smaller
// segment is put on huge pages by the system when it finds the time: once it is complete, and at once if reserve() made
// it. Any other allocator is asked for everything; its memory needs no clearing either, because a bucket's header is
// written when its parent is evacuated into it.
//
// Other allocators may also ignore an alignment above that of std::max_align_t, as one by malloc does. They are asked
// for units of that and for the alignment more, and the block is aligned here:
//
//   | ... unused ... | where the whole begins | block, aligned ... |
#ifndef EVAC_DETAIL_GEOMETRY_SEGMENT_MEMORY_HPP
#define EVAC_DETAIL_GEOMETRY_SEGMENT_MEMORY_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/bucket.hpp"
#include "evac/detail/platform/pages.hpp"

namespace evac::inline EVAC_ABI::detail {

inline constexpr std::size_t mapping_threshold = std::size_t{1} << 20U;
/// Populated at a time: a quarter of a millisecond's work, once in some 16 000 inserts. Where the system gives a huge
/// page, the first half of it brings the second.
inline constexpr std::size_t populated_at_once = mapping_threshold;
/// Blocks from this size on are made of huge pages while they are filled. A smaller one is as large as all before it,
/// so that one huge page too early would be a good part of the table.
inline constexpr std::size_t huge_from = 4 * huge_page;

/// Allocation of whole blocks through the (rebound) allocator of a map.
template <class Allocator, class Layout>
class segment_memory {
 public:
  [[nodiscard]] static constexpr bool is_mapped(std::size_t bytes) noexcept {
    return EVAC_HAS_ANONYMOUS_MAPPINGS != 0 && bytes >= mapping_threshold && Layout::alignment() <= huge_page &&
           is_standard();
  }

  /// Whether it makes sense to ask for so much. Allocators other than std::allocator know for themselves.
  [[nodiscard]] static bool could_hold(std::size_t bytes) noexcept {
    return !is_standard() || machine_could_hold(bytes);
  }

  /// At least `bytes` bytes, all zero if is_mapped(bytes). Throws what the allocator throws.
  [[nodiscard]] static void* allocate([[maybe_unused]] const Allocator& allocator, std::size_t bytes) {
    if (is_mapped(bytes)) {
      void* const mapped = map_pages(whole_pages(bytes));
      name_pages(mapped, whole_pages(bytes), "evac: table");
      if (bytes >= huge_from) prefer_huge_pages(mapped, whole_pages(bytes));
      return mapped;
    }
    if constexpr (is_standard()) {
      return std::allocator<block<>>().allocate(whole_blocks(bytes));
    } else {
      unit_allocator units(allocator);
      unit* const begin = std::to_address(unit_traits::allocate(units, units_with_slack(bytes)));
      auto* const rounded = reinterpret_cast<unit**>(
          round_up(reinterpret_cast<std::uintptr_t>(begin) + sizeof(unit*), Layout::alignment()));
      rounded[-1] = begin;
      return rounded;
    }
  }

  static void deallocate([[maybe_unused]] const Allocator& allocator, void* memory, std::size_t bytes) noexcept {
    if (is_mapped(bytes)) return unmap_pages(memory, whole_pages(bytes));
    if constexpr (is_standard()) {
      std::allocator<block<>>().deallocate(static_cast<block<>*>(memory), whole_blocks(bytes));
    } else {
      unit_allocator units(allocator);
      unit* const begin = static_cast<unit**>(memory)[-1];
      using pointer = typename unit_traits::pointer;
      unit_traits::deallocate(units, std::pointer_traits<pointer>::pointer_to(*begin), units_with_slack(bytes));
    }
  }

  /// Makes pages for the part [from, to) of a mapped block, which is about to be written.
  static void populate(void* mapped, std::size_t from, std::size_t to) noexcept {
    from = from / page * page;
    populate_pages(static_cast<std::byte*>(mapped) + from, to - from);
  }
  /// Asks for huge pages under a mapped block.
  static void prefer_huge(void* memory, std::size_t bytes) noexcept { prefer_huge_pages(memory, bytes); }
  /// Gives the whole pages of the part [from, to) of a mapped block back to the system; they read as zero afterwards.
  static void discard(void* mapped, std::size_t from, std::size_t to) noexcept {
    from = round_up(from, page);
    if (from < to) discard_pages(static_cast<std::byte*>(mapped) + from, to - from);
  }

 private:
  // Templates, so that they are computed where they are used: the layout needs a complete element type.
  template <class L = Layout>
  using block = line<L::alignment()>;
  using unit = line<alignof(std::max_align_t)>;
  using unit_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<unit>;
  using unit_traits = std::allocator_traits<unit_allocator>;

  [[nodiscard]] static constexpr bool is_standard() noexcept {
    return std::is_same_v<unit_allocator, std::allocator<unit>>;
  }
  [[nodiscard]] static constexpr std::size_t units_with_slack(std::size_t bytes) noexcept {
    return (round_up(bytes, sizeof(unit)) + Layout::alignment()) / sizeof(unit);
  }
  [[nodiscard]] static constexpr std::size_t whole_pages(std::size_t bytes) noexcept { return round_up(bytes, page); }
  [[nodiscard]] static constexpr std::size_t whole_blocks(std::size_t bytes) noexcept {
    return round_up(bytes, Layout::alignment()) / Layout::alignment();
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
