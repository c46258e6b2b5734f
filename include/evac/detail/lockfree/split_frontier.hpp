// How far the buckets of a table that all threads share are split: numbers only, no memory and no elements.
//
//   child index   0 ........... initial ........ finished .......... tried .......... claimed ........... 2^d
//                 | from the start | split off      | split off or gaps | at work        | do not exist
//
// Children are split off in the order of their indices, in runs that writers claim. A child is `finished` when it and
// all before it are split off.
//
// A gap is a child that could not be split off: the hash of an element threw, or there was no memory. Its parent keeps
// the elements, and is not split further; so descendants of both are gaps, too. All others are split off all the same.
// Without gaps, `tried` is `finished`.
#ifndef EVAC_DETAIL_LOCKFREE_SPLIT_FRONTIER_HPP
#define EVAC_DETAIL_LOCKFREE_SPLIT_FRONTIER_HPP

#include <algorithm>
#include <bit>
#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/table/pacing.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Raises a number that only goes up; the highest of several threads' values stays. Returns what it has raised, or what
/// is there and no less.
inline std::size_t raise(atomic<std::size_t>& to, std::size_t value) noexcept {
  std::size_t before = to.load(relaxed);  // relaxed: the exchange decides
  while (before < value && !to.compare_exchange_weak(before, value, acq_rel, relaxed)) {  // release: split
  }
  return before;
}

class split_frontier {
 public:
  /// Children that one thread splits off at most at a time.
  static constexpr std::size_t longest_run = 16;

  struct run {
    std::size_t from = 0;
    std::size_t to = 0;
    [[nodiscard]] bool empty() const noexcept { return from == to; }
  };

  explicit split_frontier(std::size_t homes) noexcept : claimed_(homes), finished_(homes) {}
  split_frontier(const split_frontier&) = delete;
  split_frontier& operator=(const split_frontier&) = delete;

  /// A lower bound on the number of homes.
  [[nodiscard]] std::size_t finished() const noexcept { return finished_.load(acquire); }  // acquire: split
  /// Children below have been split off, or are gaps.
  [[nodiscard]] std::size_t tried() const noexcept {
    return (std::max)(finished_.load(acquire), tried_.load(acquire));  // acquire, both: split
  }
  [[nodiscard]] std::size_t claimed() const noexcept { return claimed_.load(relaxed); }  // relaxed: a recent number

  // --- runs ----------------------------------------------------------------------------------------------------------

  /// Claims the next run of children if a table of so many elements, with so many slots a home, lacks some; at most
  /// `most`. Empty if there is nothing to do. begin(homes) is asked for the memory of a doubling; false: not now.
  template <class Begin>
  [[nodiscard]] run claim(std::size_t elements, std::size_t home_slots, std::size_t most, const Begin& begin) noexcept {
    std::size_t from = claimed_.load(relaxed);  // relaxed: the exchange decides
    for (;;) {
      const std::size_t threshold = grow_threshold(from, home_slots, shared_load);
      if (elements < threshold || from >= most_independent_homes) return {};
      const std::size_t half = std::bit_floor(from);
      // A doubling begins when the one before is done: so a child's parent exists, and has no split due before, unless
      // that could not be done.
      if (from == half && (tried() != from || !begin(from))) return {};
      const std::size_t wanted = (elements - threshold) / inserts_per_parent + 1;
      const std::size_t to = (std::min)(from + (std::min)(wanted, most), 2 * half);
      // relaxed: what the run needs was acquired above, or by the thread that claimed the first run of this doubling
      if (claimed_.compare_exchange_weak(from, to, acq_rel, relaxed)) return {from, to};
    }
  }
  /// The oldest children that are claimed and not split off, for a thread that has to wait for them. Empty if there are
  /// none.
  [[nodiscard]] run oldest_unfinished(std::size_t most) const noexcept {
    const std::size_t from = tried();
    const std::size_t claimed = claimed_.load(acquire);  // acquire: split
    return {from, (std::min)(claimed, from + most)};
  }
  /// Moves over what is finished: is_split_off(child) tells of one whose parent exists, exists(child) of any. Returns
  /// how many homes are finished now. Bounded, so that a delayed thread does not have to publish the whole backlog.
  template <class IsSplitOff, class Exists>
  std::size_t publish(const IsSplitOff& is_split_off, const Exists& exists) noexcept {
    std::size_t known = finished_.load(acquire);  // acquire: split
    std::size_t finished = known;
    const std::size_t end = (std::min)(claimed_.load(acquire), finished + longest_publication);
    while (finished < end && is_split_off(finished)) ++finished;
    // release: split
    while (known < finished && !finished_.compare_exchange_weak(known, finished, acq_rel, acquire)) {
    }
    if (has_gaps()) [[unlikely]]
      publish_behind_gap(exists);
    return finished;
  }

  // --- gaps ----------------------------------------------------------------------------------------------------------

  [[nodiscard]] bool has_gaps() const noexcept { return tried_.load(acquire) > finished_.load(acquire); }
  /// A thread has tried to split this child off, and it does not exist: it is a gap.
  void note_gap(std::size_t child) noexcept {
    if (tried() == child) raise(tried_, child + 1);
  }
  /// Whether the last gap that was tried again could be filled. relaxed, both: a hint
  [[nodiscard]] bool gaps_yield() const noexcept { return gaps_yield_.load(relaxed); }
  void set_gaps_yield(bool yield) noexcept { gaps_yield_.store(yield, relaxed); }
  /// Where the next search for gaps begins, so that one that stays does not keep the others. relaxed, both: a hint
  [[nodiscard]] std::size_t next_gap_search() const noexcept { return next_gap_search_.load(relaxed); }
  void search_gaps_from(std::size_t child) noexcept { next_gap_search_.store(child, relaxed); }

 private:
  static constexpr std::size_t longest_publication = 4 * longest_run;

  // Behind a gap `finished` does not move.
  template <class Exists>
  EVAC_NEVER_INLINE void publish_behind_gap(const Exists& exists) noexcept {
    std::size_t tried = tried_.load(acquire);                                                 // acquire: split
    const std::size_t end = (std::min)(claimed_.load(acquire), tried + longest_publication);  // acquire: split
    while (tried < end && exists(tried)) ++tried;
    raise(tried_, tried);
  }

  atomic<std::size_t> claimed_;             // by the thread that claims a run
  atomic<std::size_t> finished_;            // only up; by threads that have split something off
  atomic<std::size_t> tried_{0};            // only up; by threads that meet a gap, and where there are any
  atomic<std::size_t> next_gap_search_{0};  // by threads that have searched for gaps
  atomic<bool> gaps_yield_{false};          // by threads that come back to a gap
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
