// Home buckets of a table that all threads share: where each lies, and the memory of all.
//
//   home index   0 ... 15 | 16 ... 31 | 32 ... 63 | 64 ... 127 | ...        a segment is as large as all before it
//   entry        0 until its segment is opened, then its biased address (geometry/directory.hpp); written once
//
// Segments are opened in order, and closed when nobody is left. Mapped memory is not touched before a bucket in it is
// made: all zeros are an empty bucket at rest.
#ifndef EVAC_DETAIL_LOCKFREE_SEGMENTS_HPP
#define EVAC_DETAIL_LOCKFREE_SEGMENTS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/directory.hpp"
#include "evac/detail/geometry/segment_memory.hpp"
#include "evac/detail/lockfree/atomic_bucket.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/spin_lock.hpp"
#include "evac/detail/table/segments_ahead.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Each call that takes an allocator takes an equal one.
template <class Allocator, class Layout>
class sync_segments {
 public:
  using bucket_type = atomic_bucket<Layout>;

  /// Opened for so many homes, at least base_homes, which are made. Throws std::bad_alloc, and what the allocator
  /// throws.
  sync_segments(const Allocator& allocator, std::size_t homes) {
    if (!memory::could_hold(bytes_of(homes))) throw_bad_alloc();
    EVAC_TRY {
      for (std::size_t first = 0; first < homes; first = (std::max)(2 * first, base_homes))
        open_with_buckets(allocator, first, homes);
    }
    EVAC_CATCH_ALL {
      close_all(allocator);
      EVAC_RETHROW;
    }
  }
  sync_segments(const sync_segments&) = delete;
  sync_segments& operator=(const sync_segments&) = delete;
  /// Closed before by close_all().
  ~sync_segments() = default;

  [[nodiscard]] EVAC_ALWAYS_INLINE bucket_type* at(std::size_t index) const noexcept {
    // relaxed: the thread that has the index has synchronised with the one that set the entry: split
    return reinterpret_cast<bucket_type*>(entries_[segment_key(index)].load(relaxed) + bytes_of(index));
  }
  /// Homes that there is memory for: a power of two.
  [[nodiscard]] std::size_t opened() const noexcept {
    std::size_t homes = base_homes;
    while (is_open(homes)) homes *= 2;
    return homes;
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_of(opened()); }
  /// Without the memory of mapped segments behind so many homes, which nobody has touched.
  [[nodiscard]] std::size_t touched_bytes(std::size_t homes) const noexcept {
    return memory::is_mapped(bytes() / 2) ? bytes_of(homes) : bytes();
  }

  // --- opening -------------------------------------------------------------------------------------------------------

  /// Memory for as many homes again as there are, a power of two; false if there is none, or if another thread is at
  /// it.
  bool open_next(const Allocator& allocator, std::size_t homes) noexcept {
    if (is_open(homes)) return true;
    const std::unique_lock guard(opening_, std::try_to_lock);
    if (!guard.owns_lock()) return false;
    if (is_open(homes)) return true;
    EVAC_TRY { set(homes, memory::allocate(allocator, bytes_of(homes))); }
    EVAC_CATCH_ALL { return false; }
    return true;
  }
  /// Memory for so many homes, all of it before any of it is used. Throws std::bad_alloc, and what the allocator
  /// throws; nothing has changed then.
  void open_until(const Allocator& allocator, std::size_t homes) {
    if (opened() >= homes) return;
    const std::lock_guard guard(opening_);
    const std::size_t before = opened();
    segments_ahead<Allocator, memory, segment_size> got(allocator);
    got.get(before, homes);
    for (std::size_t first = before; first < homes; first *= 2) set(first, got.take(first));
  }
  /// Makes the pages for children that are about to be written, a piece at a time.
  void populate(std::size_t from, std::size_t to) noexcept {
    const std::size_t first = std::bit_floor(from);
    if (!memory::is_mapped(bytes_of(first))) return;
    const std::size_t piece = round_up(bytes_of(from - first), populated_at_once);
    if (piece >= bytes_of(to - first)) return;
    memory::populate(at(first), piece, (std::min)(piece + populated_at_once, bytes_of(first)));
  }
  /// All homes of the last segment exist: asks for huge pages under them, if that many homes end a segment.
  void finish(std::size_t homes) noexcept {
    if (!std::has_single_bit(homes) || homes < 2 * base_homes) return;
    const std::size_t bytes = bytes_of(homes / 2);
    if (memory::is_mapped(bytes)) memory::prefer_huge(at(homes / 2), bytes);
  }

  // --- closing -------------------------------------------------------------------------------------------------------

  void close_all(const Allocator& allocator) noexcept {
    for (std::size_t first = 0; first < most_independent_homes; first = (std::max)(2 * first, base_homes)) {
      if (is_open(first)) memory::deallocate(allocator, at(first), bytes_of(homes_from(first)));
    }
  }
  /// Gives a piece of the memory of mapped segments back, the largest first; false when no more is to be had so.
  bool close_piece(const Allocator& allocator) noexcept {
    for (std::size_t first = opened() / 2; first >= base_homes; first /= 2) {
      const std::size_t bytes = bytes_of(first);
      if (!memory::is_mapped(bytes)) continue;
      if (discarded_ >= bytes) {
        memory::deallocate(allocator, at(first), bytes);
        entries_[segment_key(first)].store(0, relaxed);  // relaxed: nobody else is left
        discarded_ = 0;
        return true;
      }
      const std::size_t to = (std::min)(discarded_ + huge_page, bytes);
      memory::discard(at(first), discarded_, to);
      discarded_ = to;
      return true;
    }
    return false;
  }

 private:
  using memory = segment_memory<Allocator, Layout>;
  struct segment_size {
    [[nodiscard]] std::size_t operator()(std::size_t first) const noexcept { return bytes_of(first); }
  };
  // Written under opening_; see keeps_plain_addresses.
  struct plain_addresses {
    void* of[most_segments] = {};
  };
  struct no_plain_addresses {};

  [[nodiscard]] EVAC_ALWAYS_INLINE static constexpr std::size_t bytes_of(std::size_t homes) noexcept {
    return homes * Layout::home_bytes();
  }
  [[nodiscard]] static std::size_t homes_from(std::size_t first) noexcept { return first == 0 ? base_homes : first; }
  [[nodiscard]] bool is_open(std::size_t first) const noexcept {
    return entries_[segment_key(first)].load(acquire) != 0;  // acquire: split
  }
  void set(std::size_t first, void* block) noexcept {
    // release: split, for the thread that opens the next segment; buckets are published by their parents
    entries_[segment_key(first)].store(reinterpret_cast<std::uintptr_t>(block) - bytes_of(first), release);
    if constexpr (keeps_plain_addresses) plain_.of[segment_key(first)] = block;
  }
  void open_with_buckets(const Allocator& allocator, std::size_t first, std::size_t homes) {
    const std::size_t bytes = bytes_of(homes_from(first));
    void* const block = memory::allocate(allocator, bytes);
    set(first, block);
    if (memory::is_mapped(bytes)) return memory::prefer_huge(block, bytes);
    const std::size_t end = (std::min)(first + homes_from(first), homes);
    for (std::size_t i = first; i < end; ++i) bucket_type::create_home(at(i));
  }

  atomic<std::uintptr_t> entries_[most_segments] = {};
  spin_lock opening_;          // held by the thread that asks for memory
  std::size_t discarded_ = 0;  // bytes of the last segment that are given back already; by the thread that closes
  [[no_unique_address]] std::conditional_t<keeps_plain_addresses, plain_addresses, no_plain_addresses> plain_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
