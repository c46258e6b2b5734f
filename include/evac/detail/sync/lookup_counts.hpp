// Counts of look-ups that found their key (hits) and of those that did not (misses).
//
//   base        v                                                   base: the last line before those of threads; or no_base
//   | line of others 0 ... 7 | thread 0 | thread 1 | ...            each line: hits, misses
//
// A thread that has a line of its own counts there, with plain stores, so that no look-up writes what another thread
// writes. The others share lines, by read-modify-writes: threads that live beside lines_of_threads others, and
// one that ends, when its line may be another's already. The lines are made by the first look-up; without memory for them,
// all count in the object itself.
//
// A thread's line is told from its record in a registry of readers. Where shared objects have a registry each, two
// threads may have the same line, and some of their counts may be lost.
#ifndef EVAC_DETAIL_SYNC_LOOKUP_COUNTS_HPP
#define EVAC_DETAIL_SYNC_LOOKUP_COUNTS_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/thread_board.hpp"
#include "evac/detail/sync/visible_readers.hpp"

namespace evac::inline EVAC_ABI::detail {

/// For objects that any thread may look into.
class lookup_counts {
  // Pairs
  //   made   make_lines() releases, all others acquire: lines that say 0
  struct alignas(cache_line) own_line {
    own_atomic<std::size_t> hits{0};
    own_atomic<std::size_t> misses{0};
  };
  struct alignas(cache_line) shared_line {
    atomic<std::size_t> hits{0};
    atomic<std::size_t> misses{0};
  };
  static_assert(sizeof(own_line) == cache_line && sizeof(shared_line) == cache_line);

 public:
  lookup_counts() = default;
  lookup_counts(const lookup_counts&) = delete;
  lookup_counts& operator=(const lookup_counts&) = delete;
  ~lookup_counts() {
    const std::uintptr_t base = base_.load(relaxed);  // relaxed: nobody else is left
    if (base != no_base) ::operator delete(others(base), alignment);
  }

  EVAC_ALWAYS_INLINE void hit() noexcept {
    if (own_line* const mine = line_of_this_thread()) [[likely]] {
      raise(mine->hits, 1);
    } else {
      add_slowly(1, 0);
    }
  }
  EVAC_ALWAYS_INLINE void miss() noexcept {
    if (own_line* const mine = line_of_this_thread()) [[likely]] {
      raise(mine->misses, 1);
    } else {
      add_slowly(0, 1);
    }
  }
  EVAC_ALWAYS_INLINE void count(bool found) noexcept { found ? hit() : miss(); }
  void add(std::size_t hits, std::size_t misses) noexcept {
    if (own_line* const mine = line_of_this_thread()) {
      raise(mine->hits, hits);
      raise(mine->misses, misses);
    } else {
      add_slowly(hits, misses);
    }
  }

  /// Recent numbers; exact where the calls that count have returned.
  [[nodiscard]] std::size_t hits() const noexcept {
    return hits_.load(relaxed) + sum(&shared_line::hits, &own_line::hits);  // relaxed: a figure for people
  }
  [[nodiscard]] std::size_t misses() const noexcept {
    return misses_.load(relaxed) + sum(&shared_line::misses, &own_line::misses);  // relaxed: a figure for people
  }

 private:
  static constexpr std::align_val_t alignment{cache_line};
  static constexpr std::size_t lines_of_others = 8;
  static constexpr std::size_t lines_of_threads = visible_readers::most_lines;
  /// With any thread's distance, it overflows; and so does any base with the distance of a thread without a line.
  static constexpr std::uintptr_t no_base = ~std::uintptr_t{0};

  // One addition tells where the line is, and whether there is one.
  [[nodiscard]] EVAC_ALWAYS_INLINE own_line* line_of_this_thread() const noexcept {
    const std::uintptr_t base = base_.load(acquire);  // acquire: made
    const std::uintptr_t line = base + visible_readers::line_of_this_thread();
    return line < base ? nullptr : reinterpret_cast<own_line*>(line);
  }
  // This thread's alone: no read-modify-write.
  EVAC_ALWAYS_INLINE static void raise(own_atomic<std::size_t>& count, std::size_t by) noexcept {
    count.store(count.load(relaxed) + by, relaxed);  // relaxed, both: a count that orders nothing
  }
  // For threads that have no line, or no record yet, and for the first look-up.
  EVAC_NEVER_INLINE void add_slowly(std::size_t hits, std::size_t misses) noexcept {
    visible_readers::be_known();
    const std::uintptr_t base = make_lines();
    if (own_line* const mine = line_of_this_thread()) {
      raise(mine->hits, hits);
      raise(mine->misses, misses);
    } else if (base != no_base) {
      shared_line& ours = others(base)[thread_board::hash_of_this_thread() % lines_of_others];
      ours.hits.fetch_add(hits, relaxed);      // relaxed: a count that orders nothing
      ours.misses.fetch_add(misses, relaxed);  // relaxed: the same
    } else {
      hits_.fetch_add(hits, relaxed);      // relaxed: the same
      misses_.fetch_add(misses, relaxed);  // relaxed: the same
    }
  }
  // The base of the lines, which are made if there are none; no_base without memory for them.
  [[nodiscard]] std::uintptr_t make_lines() noexcept {
    std::uintptr_t base = base_.load(acquire);  // acquire: made
    if (base != no_base) return base;
    void* const memory = ::operator new((lines_of_others + lines_of_threads) * cache_line, alignment, std::nothrow);
    if (memory == nullptr) return no_base;
    auto* const shared = static_cast<shared_line*>(memory);
    std::uninitialized_default_construct_n(shared, lines_of_others);
    std::uninitialized_default_construct_n(reinterpret_cast<own_line*>(shared + lines_of_others), lines_of_threads);
    const auto fresh = reinterpret_cast<std::uintptr_t>(shared + lines_of_others - 1);
    if (base_.compare_exchange_strong(base, fresh, acq_rel, acquire)) return fresh;  // acq_rel, acquire: made
    ::operator delete(memory, alignment);
    return base;
  }
  [[nodiscard]] static shared_line* others(std::uintptr_t base) noexcept {
    return reinterpret_cast<shared_line*>(base) - (lines_of_others - 1);
  }
  [[nodiscard]] std::size_t sum(atomic<std::size_t> shared_line::* of_others,
                                own_atomic<std::size_t> own_line::* of_threads) const noexcept {
    const std::uintptr_t base = base_.load(acquire);  // acquire: made
    if (base == no_base) return 0;
    std::size_t total = 0;
    const shared_line* const shared = others(base);
    const auto* const own = reinterpret_cast<const own_line*>(base + cache_line);
    // relaxed, both: figures for people
    for (std::size_t i = 0; i != lines_of_others; ++i) total += (shared[i].*of_others).load(relaxed);
    for (std::size_t i = 0; i != lines_of_threads; ++i) total += (own[i].*of_threads).load(relaxed);
    return total;
  }

  atomic<std::uintptr_t> base_{no_base};  // read by every look-up; by the first one that counts
  atomic<std::size_t> hits_{0};           // without memory for lines
  atomic<std::size_t> misses_{0};         // the same
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
