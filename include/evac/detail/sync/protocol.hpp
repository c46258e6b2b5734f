// The steps that the protocols of sync_map and of epochs cannot do without. All are taken; a test puts a header of this
// name in place of this one, in which it can leave out one at a time, and must then find that something goes wrong.
#ifndef EVAC_DETAIL_SYNC_PROTOCOL_HPP
#define EVAC_DETAIL_SYNC_PROTOCOL_HPP

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

struct protocol {
  static constexpr bool validates_what_it_read() noexcept { return true; }  // chain_reader: step 3
  static constexpr bool compares_depth() noexcept { return true; }  // a reader or writer in the wrong bucket goes on
  static constexpr bool compares_tags() noexcept { return true; }   // locked_home: try_lock_as_seen()
  static constexpr bool stores_slot_before_tag() noexcept { return true; }         // locked_home
  static constexpr bool says_changing() noexcept { return true; }                  // locked_home: begin_change()
  static constexpr bool renews_version_of_losers() noexcept { return true; }       // locked_home: an element left
  static constexpr bool clears_tags_before_publishing() noexcept { return true; }  // split: 5 before 6
  static constexpr bool waits_for_readers() noexcept { return true; }              // epoch: E1
  static constexpr bool wakes_sleepers() noexcept { return true; }                 // parking

  /// How often a thread that wants a locked bucket looks at it before sleeping.
  static constexpr int looks_before_parking = 64;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
