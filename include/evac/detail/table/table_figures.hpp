// Figures of the tables of a sharded container that are read without a lock: each table has a place for its own, where
// the thread that holds its lock publishes them at the end of each step that grows, shrinks or clears it.
//
//   tables   | table 0 ......... | table 1 ......... | ...        as far apart as
//   places   | figures 0 ....    | figures 1 ....    | ...        their places: made with the first table's memory
//
// So a place is found by the address of its table, and the tables need no word for it.
#ifndef EVAC_DETAIL_TABLE_TABLE_FIGURES_HPP
#define EVAC_DETAIL_TABLE_TABLE_FIGURES_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Figures that the holder of the table's lock writes, and any thread reads.
struct table_figures {
  relaxed_cell<std::size_t> homes{0};
  relaxed_cell<std::size_t> opened{0};         // homes that there is memory for
  relaxed_cell<std::size_t> segment_bytes{0};  // of that
  relaxed_cell<std::size_t> overflow_bytes{0};
  relaxed_cell<std::size_t> directory_bytes{0};
  relaxed_cell<std::size_t> moves{0};
  relaxed_cell<std::size_t> growths{0};
  relaxed_cell<std::size_t> shrinks{0};
  relaxed_cell<std::uint64_t> evacuation_ns{0};
  // By threads that wait for the lock:
  atomic<std::uint64_t> parked_ns{0};
  atomic<std::uint32_t> waits_begun{0};
  atomic<std::uint32_t> waits_over{0};
};

class figures_board {
  // Pairs
  //   made   of() releases, all others acquire: what a place is before the first figure
 public:
  figures_board() = default;
  figures_board(const figures_board&) = delete;
  figures_board& operator=(const figures_board&) = delete;
  ~figures_board() {
    if (auto* const all = places_.load(relaxed)) ::operator delete(all, alignment);  // relaxed: nobody else is left
  }

  /// For `count` tables from `first` on, `stride` bytes apart.
  void describe(const void* first, std::size_t count, std::size_t stride) noexcept {
    first_ = static_cast<const std::byte*>(first);
    bytes_ = count * stride;
    stride_ = stride;
  }
  /// Which of the tables one is.
  [[nodiscard]] std::size_t index_of(const void* table) const noexcept {
    return static_cast<std::size_t>(static_cast<const std::byte*>(table) - first_) / stride_;
  }
  /// Whether to make the places where there are none yet.
  enum class if_absent : bool { leave, make };

  /// The place of a table; null if there is none, without memory for one, or if the board was not told of the table.
  [[nodiscard]] table_figures* of(const void* table, if_absent then) const noexcept {
    std::byte* all = places_.load(acquire);  // acquire: made
    if (all == nullptr && then == if_absent::make) [[unlikely]]
      all = make();
    if (all == nullptr) return nullptr;
    return reinterpret_cast<table_figures*>(all + (static_cast<const std::byte*>(table) - first_));
  }

 private:
  static constexpr std::align_val_t alignment{line_pair};

  EVAC_NEVER_INLINE std::byte* make() const noexcept {
    if (bytes_ == 0) return nullptr;
    auto* const fresh = static_cast<std::byte*>(::operator new(bytes_, alignment, std::nothrow));
    if (fresh == nullptr) return nullptr;
    for (std::size_t at = 0; at < bytes_; at += stride_) ::new (static_cast<void*>(fresh + at)) table_figures;
    std::byte* there = nullptr;
    if (places_.compare_exchange_strong(there, fresh, acq_rel, acquire)) return fresh;  // acq_rel, acquire: made
    ::operator delete(fresh, alignment);
    return there;
  }

  mutable atomic<std::byte*> places_{nullptr};  // by the thread that first publishes something
  const std::byte* first_ = nullptr;            // written by describe(), as the rest
  std::size_t bytes_ = 0;
  std::size_t stride_ = 0;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
