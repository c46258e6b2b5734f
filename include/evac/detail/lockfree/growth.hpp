// Growth of a sync map's table: the children that one write splits off, and new attempts at those that could not be.
#ifndef EVAC_DETAIL_LOCKFREE_GROWTH_HPP
#define EVAC_DETAIL_LOCKFREE_GROWTH_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/lockfree/observing.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/lockfree/split.hpp"
#include "evac/detail/table/pacing.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Request of an insertion for room: for so many elements in this root; 0: nothing is to be done.
template <class Root>
struct growth_request {
  Root* of = nullptr;
  std::size_t elements = 0;
};

/// By a thread that is inside the domain, and holds no lock.
template <class Storage, class Allocator, class Functors>
class growth {
  using root_type = sync_root<Storage, Allocator>;
  using run = split_frontier::run;
  static constexpr std::size_t longest_run = split_frontier::longest_run;

 public:
  /// `map` is what its observer is told.
  growth(const void* map, const Functors& functors, root_type& root, epoch_record& own, epoch_core& core) noexcept
      : map_(map), functors_(functors), root_(root), own_(own), frontier_(root.frontier()), split_(root, own, core) {}

  /// Splits off what a table of so many elements lacks, a run at most; whether there was anything.
  EVAC_NEVER_INLINE bool grow(std::size_t wanted) noexcept {
    const told_wait tells(map_, functors_.observed, own_);
    const run claimed = root_.claim(wanted, longest_run);
    if (claimed.empty()) {
      // Or a doubling waits for others: their work can be done by anybody.
      if (wanted >= grow_threshold(root_.claimed(), root_type::layout::home_slots(), shared_load))
        help_stragglers(longest_run);
      return false;
    }
    if (std::has_single_bit(claimed.from)) functors_.observed.tell_growth_begun(event(claimed.from));
    split_off(claimed);
    if (frontier_.has_gaps()) [[unlikely]] {
      fill_gaps(claimed);
    }
    if (frontier_.claimed() - frontier_.tried() > backlog) [[unlikely]] {
      help_stragglers(2);
    }
    return true;
  }

  /// Whether all of so many homes, which are claimed, exist, after some more have been made. Throws what splitting
  /// throws.
  bool complete(std::size_t homes) {
    for (std::size_t made = 0; made < longest_run; ++made) {
      const std::size_t next = root_.homes();
      if (next >= homes) return true;
      EVAC_TRY { root_.count_moves(split_.run(functors_, next)); }
      EVAC_CATCH_ALL {
        // Those behind the gap are made all the same, as far as they can be.
        for (std::size_t child = next + 1; child < homes; ++child) try_to_fill(child);
        publish_finished();
        EVAC_RETHROW;
      }
      publish_finished();
    }
    return false;
  }

 private:
  // Children that are claimed but not done before others help with the oldest.
  static constexpr std::size_t backlog = 16 * longest_run;

  void help_stragglers(std::size_t most) noexcept { split_off(frontier_.oldest_unfinished(most)); }
  // One run in 16 of a thread is timed, and stands for the others: two looks at the clock take some 50 ns, and there
  // may be a run every 16 inserts.
  void split_off(run children) noexcept {
    if (children.empty()) return;
    constexpr std::uint32_t timed_one_in = 16;
    if (own_.split_runs++ % timed_one_in != 0) return split_off_untimed(children);
    const auto began = std::chrono::steady_clock::now();
    split_off_untimed(children);
    root_.count_evacuation(timed_one_in * (std::chrono::steady_clock::now() - began));
  }
  void split_off_untimed(run children) noexcept {
    std::size_t moved = 0;
    for (std::size_t child = children.from; child < children.to; ++child) {
      prefetch_for_write(root_.at(parent_of((std::min)(child + 2, children.to - 1))));
      const std::size_t left = try_to_split(child);
      moved += left;
      if (left == 0 && !root_.exists(child)) [[unlikely]]
        frontier_.note_gap(child);
    }
    root_.count_moves(moved);
    publish_finished();
  }
  void publish_finished() noexcept {
    const std::size_t homes = root_.publish_finished();
    if (homes != 0) [[unlikely]]
      functors_.observed.tell_growth_ended(event(homes / 2));
  }
  [[nodiscard]] observer::growth_event event(std::size_t homes_before) const noexcept {
    constexpr std::size_t home_slots = root_type::layout::home_slots();
    return {.map = map_,
            .shard = observer::no_shard,
            .slots_before = homes_before * home_slots,
            .slots_after = 2 * homes_before * home_slots,
            .size = root_.size(),
            .elements_moved = root_.moved()};
  }
  // Chains stay longer if it fails; the next write that finds gaps tries again.
  std::size_t try_to_split(std::size_t child) noexcept {
    EVAC_TRY { return split_.run(functors_, child); }
    EVAC_CATCH_ALL {
      frontier_.set_gaps_yield(true);
      return 0;
    }
  }
  // Tries again at once, then only now and then, since a gap may stay one for ever, but as long as it works; in turns
  // through all gaps. The run has just been claimed.
  EVAC_NEVER_INLINE void fill_gaps(run claimed) noexcept {
    constexpr std::size_t seldom = 256;
    if (!frontier_.gaps_yield() && claimed.from / seldom == claimed.to / seldom && !std::has_single_bit(claimed.from))
      return;
    bool filled = true;
    for (std::size_t tries = 0; filled && tries < longest_run && frontier_.has_gaps(); ++tries) {
      filled = try_to_fill(root_.homes());
      publish_finished();
    }
    frontier_.set_gaps_yield(filled || fill_some_behind());
  }
  // The first gap stays one: so a part of what is behind it is looked through each time. Whether there may be more to
  // do.
  bool fill_some_behind() noexcept {
    constexpr std::size_t looks = 4 * longest_run;
    const std::size_t end = frontier_.tried();
    const std::size_t from = frontier_.next_gap_search();
    std::size_t child = from < root_.homes() || from >= end ? root_.homes() : from;
    bool filled = false;
    for (const std::size_t last = (std::min)(end, child + looks); child < last; ++child) {
      filled = try_to_fill(child) || filled;
    }
    frontier_.search_gaps_from(child);
    return filled || child < end;
  }
  // Whether the child was a gap and is none any more.
  bool try_to_fill(std::size_t child) noexcept {
    if (!root_.exists(parent_of(child)) || root_.exists(child)) return false;
    root_.count_moves(try_to_split(child));
    return root_.exists(child);
  }

  const void* map_;
  const Functors& functors_;
  root_type& root_;
  epoch_record& own_;
  split_frontier& frontier_;
  child_split<Storage, Allocator> split_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
