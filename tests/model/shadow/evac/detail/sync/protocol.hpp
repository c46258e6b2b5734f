// Included in place of include/evac/detail/sync/protocol.hpp: each step can be left out. Constants are such that few
// steps get everywhere.
#ifndef EVAC_DETAIL_SYNC_PROTOCOL_HPP
#define EVAC_DETAIL_SYNC_PROTOCOL_HPP

#include <evac/detail/config.hpp>
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

struct protocol {
  static bool validates_what_it_read() { return !has(bug::no_validation); }
  static bool compares_depth() { return !has(bug::no_comparison_of_homes); }
  static bool compares_tags() { return !has(bug::tags_are_not_compared); }
  static bool stores_slot_before_tag() { return !has(bug::tag_before_slot); }
  static bool says_changing() { return !has(bug::nobody_says_changing); }
  static bool renews_version_of_losers() { return !has(bug::losers_keep_version); }
  static bool clears_tags_before_publishing() { return !has(bug::child_before_tags); }
  static bool waits_for_readers() { return !has(bug::no_wait_for_readers); }
  static bool wakes_sleepers() { return !has(bug::nobody_is_woken); }

  static constexpr int looks_before_parking = 1;

 private:
  using bug = evac_model::sync_bug;
  static bool has(bug which) { return evac_model::sync_planted == which; }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
