// Counts of look-ups that found their key (hits) and of those that did not (misses).
//
//   base        v                                                   base: the last line before those of threads; or no_base
//   | line of others 0 ... 7 | thread 0 | thread 1 | ...            each line: hits, misses
//
// A thread that has a line of its own counts there, with plain stores, so that no look-up writes what another thread
// writes. The others share lines, by read-modify-writes: threads that live beside lines_of_threads others, and
// one that ends, when its line may be another's already. The lines are made by the first look-up; without memory for
// them, all count in the object itself.
//
// A thread's line is told from its record in a registry of readers. Where shared objects have a registry each, two
// threads may have the same line, and some of their counts may be lost.
#ifndef EVAC_DETAIL_SYNC_LOOKUP_COUNTS_HPP
#define EVAC_DETAIL_SYNC_LOOKUP_COUNTS_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"
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
  static constexpr bool counting = true;

  lookup_counts() = default;
  lookup_counts(const lookup_counts&) = delete;
  lookup_counts& operator=(const lookup_counts&) = delete;
  ~lookup_counts() {
    const std::uintptr_t base = base_.load(relaxed);  // relaxed: nobody else is left
    if (base != no_base) ::operator delete(lines_of_others_at(base), alignment);
  }

  /// Where a thread counts, if it has a line of its own: asked for before the look-up, so that nothing but an addition
  /// is left to do after it. A call that gets none goes a way of its own, out of line, and calls count().
  class line {
   public:
    [[nodiscard]] EVAC_ALWAYS_INLINE bool is_there() const noexcept { return is_there_; }
    EVAC_ALWAYS_INLINE void count_hit() const noexcept { raise(at_->hits, 1); }
    EVAC_ALWAYS_INLINE void count_miss() const noexcept { raise(at_->misses, 1); }

   private:
    friend lookup_counts;
    EVAC_ALWAYS_INLINE line(own_line* at, bool is_there) noexcept : at_(at), is_there_(is_there) {}
    own_line* at_;
    bool is_there_;
  };
  // One addition tells where the line is, and whether there is one.
  [[nodiscard]] EVAC_ALWAYS_INLINE line of_this_thread() const noexcept {
    const std::uintptr_t base = base_.load(acquire);  // acquire: made
    const std::uintptr_t at = base + visible_readers::line_of_this_thread();
    return {reinterpret_cast<own_line*>(at), at >= base};
  }
  /// Counts one look-up.
  EVAC_ALWAYS_INLINE void count_hit() noexcept {
    const line mine = of_this_thread();
    mine.is_there() ? mine.count_hit() : add(1, 0);
  }
  EVAC_ALWAYS_INLINE void count_miss() noexcept {
    const line mine = of_this_thread();
    mine.is_there() ? mine.count_miss() : add(0, 1);
  }
  EVAC_ALWAYS_INLINE void count(bool found) noexcept { found ? count_hit() : count_miss(); }
  /// Counts many.
  EVAC_NEVER_INLINE void add(std::size_t hits, std::size_t misses) noexcept {
    visible_readers::be_known();
    const std::uintptr_t base = make_lines();
    if (const line mine = of_this_thread(); mine.is_there()) {
      raise(mine.at_->hits, hits);
      raise(mine.at_->misses, misses);
    } else {
      shared_line& ours = base == no_base
                              ? without_lines_
                              : lines_of_others_at(base)[thread_board::hash_of_this_thread() % lines_of_others];
      ours.hits.fetch_add(hits, relaxed);      // relaxed: a count that orders nothing
      ours.misses.fetch_add(misses, relaxed);  // relaxed: the same
    }
  }

  /// Recent numbers; exact where the calls that count have returned.
  [[nodiscard]] std::size_t hits() const noexcept { return sum(&shared_line::hits, &own_line::hits); }
  [[nodiscard]] std::size_t misses() const noexcept { return sum(&shared_line::misses, &own_line::misses); }

 private:
  static constexpr std::align_val_t alignment{cache_line};
  static constexpr std::size_t lines_of_others = 8;
  static constexpr std::size_t lines_of_threads = visible_readers::most_lines;
  /// Overflows with the distance of any line; so does any base with the distance that a thread without a line has.
  static constexpr std::uintptr_t no_base = ~std::uintptr_t{0};

  // This thread's alone: no read-modify-write.
  EVAC_ALWAYS_INLINE static void raise(own_atomic<std::size_t>& count, std::size_t by) noexcept {
    count.store(count.load(relaxed) + by, relaxed);  // relaxed, both: a count that orders nothing
  }
  // The base of the lines, which are made if there are none; no_base without memory for them.
  [[nodiscard]] std::uintptr_t make_lines() noexcept {
    std::uintptr_t base = base_.load(acquire);  // acquire: made
    if (base != no_base) return base;
    void* const memory = ::operator new((lines_of_others + lines_of_threads) * cache_line, alignment, std::nothrow);
    if (memory == nullptr) return no_base;
    auto* const shared = static_cast<shared_line*>(memory);
    std::uninitialized_value_construct_n(shared, lines_of_others);
    std::uninitialized_value_construct_n(reinterpret_cast<own_line*>(shared + lines_of_others), lines_of_threads);
    const auto fresh = reinterpret_cast<std::uintptr_t>(shared + lines_of_others - 1);
    if (base_.compare_exchange_strong(base, fresh, acq_rel, acquire)) return fresh;  // acq_rel, acquire: made
    ::operator delete(memory, alignment);
    return base;
  }
  [[nodiscard]] static shared_line* lines_of_others_at(std::uintptr_t base) noexcept {
    return reinterpret_cast<shared_line*>(base) - (lines_of_others - 1);
  }
  [[nodiscard]] std::size_t sum(atomic<std::size_t> shared_line::* of_others,
                                own_atomic<std::size_t> own_line::* of_threads) const noexcept {
    // relaxed, all of them but the base: figures for people
    std::size_t total = (without_lines_.*of_others).load(relaxed);
    const std::uintptr_t base = base_.load(acquire);  // acquire: made
    if (base == no_base) return total;
    const shared_line* const shared = lines_of_others_at(base);
    const auto* const own = reinterpret_cast<const own_line*>(shared + lines_of_others);
    for (std::size_t i = 0; i != lines_of_others; ++i) total += (shared[i].*of_others).load(relaxed);
    for (std::size_t i = 0; i != lines_of_threads; ++i) total += (own[i].*of_threads).load(relaxed);
    return total;
  }

  atomic<std::uintptr_t> base_{no_base};  // read by every look-up, written by the first one that counts
  shared_line without_lines_;             // by threads that find no memory for them
};

/// For objects of one owner, which threads may read together while nobody writes: then the numbers are not torn, but
/// some counts may be lost.
class owned_lookup_counts {
 public:
  static constexpr bool counting = true;

  EVAC_ALWAYS_INLINE void count(bool found) noexcept {
    if (found) {
      ++hits_;
    } else {
      ++misses_;
    }
  }
  [[nodiscard]] std::size_t hits() const noexcept { return hits_; }
  [[nodiscard]] std::size_t misses() const noexcept { return misses_; }

 private:
  relaxed_cell<std::size_t> hits_{0};
  relaxed_cell<std::size_t> misses_{0};
};

/// Where look-ups are not counted: no memory, no instruction.
class no_lookup_counts {
 public:
  static constexpr bool counting = false;

  struct line {
    [[nodiscard]] static constexpr bool is_there() noexcept { return true; }
    static void count_hit() noexcept {}
    static void count_miss() noexcept {}
  };
  [[nodiscard]] static line of_this_thread() noexcept { return {}; }
  static void count_hit() noexcept {}
  static void count_miss() noexcept {}
  static void count(bool) noexcept {}
  [[nodiscard]] static std::size_t hits() noexcept { return 0; }
  [[nodiscard]] static std::size_t misses() noexcept { return 0; }
};

template <bool Wanted, class Counts>
using counts_if = std::conditional_t<Wanted, Counts, no_lookup_counts>;

/// Fills in what counters() says of look-ups.
template <class Counts>
void show_lookups(const Counts& counts, map_counters& result) noexcept {
  result.counts_lookups = Counts::counting;
  result.hits = counts.hits();
  result.misses = counts.misses();
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
