// Segments that a table is about to open, got all at once: a table that is to grow far asks for all of them before it
// touches or moves anything, so that a request that cannot be met is refused at once.
#ifndef EVAC_DETAIL_TABLE_SEGMENTS_AHEAD_HPP
#define EVAC_DETAIL_TABLE_SEGMENTS_AHEAD_HPP

#include <bit>
#include <cstddef>
#include <new>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/directory.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Memory is a segment_memory, SegmentSize tells the bytes of the segment that begins with a home.
template <class Allocator, class Memory, class SegmentSize>
class segments_ahead {
 public:
  explicit segments_ahead(const Allocator& allocator) noexcept : allocator_(allocator) {}
  segments_ahead(const segments_ahead&) = delete;
  segments_ahead& operator=(const segments_ahead&) = delete;
  /// Frees what has not been taken.
  ~segments_ahead() {
    for (unsigned i = 0; i < most_segments; ++i) {
      if (memory_[i] != nullptr) Memory::deallocate(allocator_, memory_[i], SegmentSize()(std::size_t{1} << i));
    }
  }

  /// All segments between what has been opened and `homes` homes, the largest first. Throws std::bad_alloc where the
  /// machine could never hold them, and what the allocator throws.
  void get(std::size_t opened, std::size_t homes) {
    const std::size_t lowest = opened < base_homes ? base_homes : opened;
    if (homes <= lowest) return;
    std::size_t bytes = 0;
    for (std::size_t first = lowest; first < homes; first *= 2) bytes += SegmentSize()(first);
    if (!Memory::could_hold(bytes)) throw_bad_alloc();
    for (std::size_t first = std::bit_ceil(homes) / 2; first >= lowest; first /= 2) {
      memory_[index_of(first)] = Memory::allocate(allocator_, SegmentSize()(first));
    }
  }
  /// The segment that begins with home `first`; it belongs to the caller now.
  [[nodiscard]] void* take(std::size_t first) noexcept { return std::exchange(memory_[index_of(first)], nullptr); }

 private:
  [[nodiscard]] static std::size_t index_of(std::size_t first) noexcept {
    return static_cast<std::size_t>(std::countr_zero(first)) % most_segments;
  }

  const Allocator& allocator_;
  void* memory_[most_segments] = {};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
