// The growth of a sync map's table: which children one write splits off, and what becomes of those that could not be.
#ifndef EVAC_DETAIL_LOCKFREE_GROWTH_HPP
#define EVAC_DETAIL_LOCKFREE_GROWTH_HPP

#include <algorithm>
#include <bit>
#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/lockfree/split.hpp"
#include "evac/detail/table/pacing.hpp"

namespace evac::inline EVAC_ABI::detail {

/// What a thread does inside the domain, without a lock.
template <class Storage, class Allocator, class Functors>
class growth {
  using root_type = sync_root<Storage, Allocator>;

 public:
  growth(const Functors& functors, root_type& root, epoch_record& own, epoch_core& core) noexcept
      : functors_(functors), root_(root), split_(root, own, core) {}

  /// Splits off what a table of so many elements lacks, a run at most; whether there was anything.
  EVAC_NEVER_INLINE bool grow(std::size_t wanted) noexcept {
    auto run = root_.claim(wanted, root_type::longest_run);
    const bool claimed = run.from != run.to;
    // Nothing to claim, but a doubling that waits for others: their work can be done by anybody.
    if (!claimed && wanted >= grow_threshold(root_.claimed(), root_type::layout::home_slots(), shared_load))
      run = root_.late(root_type::longest_run);
    split_off(run.from, run.to);
    if (claimed && root_.has_gaps()) [[unlikely]] {
      fill_gaps(run.from, run.to);
    }
    if (claimed && root_.claimed() - root_.tried() > backlog) [[unlikely]] {
      const auto late = root_.late(2);
      split_off(late.from, late.to);
    }
    return claimed;
  }

  /// Whether all of so many homes, which are claimed, exist, after some more have been made. Throws what splitting
  /// throws.
  bool complete(std::size_t homes) {
    for (std::size_t made = 0; made < root_type::longest_run; ++made) {
      const std::size_t next = root_.homes();
      if (next >= homes) return true;
      EVAC_TRY { root_.count_moves(split_.run(functors_, next)); }
      EVAC_CATCH_ALL {
        // Those behind the gap are made all the same, as far as they can be.
        for (std::size_t child = next + 1; child < homes; ++child) try_to_fill(child);
        root_.publish_done();
        EVAC_RETHROW;
      }
      root_.publish_done();
    }
    return false;
  }

 private:
  // Children that are claimed but not done before others help with the oldest.
  static constexpr std::size_t backlog = 16 * root_type::longest_run;

  void split_off(std::size_t from, std::size_t to) noexcept {
    if (from == to) return;
    std::size_t moved = 0;
    for (std::size_t child = from; child < to; ++child) {
      prefetch_for_write(root_.at(parent_of((std::min)(child + 2, to - 1))));
      const std::size_t left = try_to_split(child);
      moved += left;
      if (left == 0 && !root_.exists(child)) [[unlikely]]
        root_.note_gap(child);
    }
    root_.count_moves(moved);
    root_.publish_done();
  }
  // Chains stay longer if it fails; who comes by next tries again.
  std::size_t try_to_split(std::size_t child) noexcept {
    EVAC_TRY { return split_.run(functors_, child); }
    EVAC_CATCH_ALL {
      root_.set_gaps_yield(true);
      return 0;
    }
  }
  // What could not be done before, in turns through all of it, for a gap may stay one for ever: at once, after that only
  // now and then, but as long as it works. from ... to - 1 have just been claimed.
  EVAC_NEVER_INLINE void fill_gaps(std::size_t from, std::size_t to) noexcept {
    constexpr std::size_t seldom = 256;
    if (!root_.gaps_yield() && from / seldom == to / seldom && !std::has_single_bit(from)) return;
    bool filled = true;
    for (std::size_t tries = 0; filled && tries < root_type::longest_run && root_.has_gaps(); ++tries) {
      filled = try_to_fill(root_.homes());
      root_.publish_done();
    }
    root_.set_gaps_yield(filled || fill_some_behind());
  }
  // The first gap stays one: so a part of what is behind it is looked through each time. Whether there may be more to do.
  bool fill_some_behind() noexcept {
    constexpr std::size_t looks = 4 * root_type::longest_run;
    const std::size_t end = root_.tried();
    const std::size_t from = root_.next_look_for_gaps();
    std::size_t child = from < root_.homes() || from >= end ? root_.homes() : from;
    bool filled = false;
    for (const std::size_t last = (std::min)(end, child + looks); child < last; ++child) {
      filled = try_to_fill(child) || filled;
    }
    root_.look_for_gaps_from(child);
    return filled || child < end;
  }
  // Whether the child was a gap and is none any more.
  bool try_to_fill(std::size_t child) noexcept {
    if (!root_.exists(parent_of(child)) || root_.exists(child)) return false;
    root_.count_moves(try_to_split(child));
    return root_.exists(child);
  }

  const Functors& functors_;
  root_type& root_;
  child_split<Storage, Allocator> split_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
