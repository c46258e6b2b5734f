// In place of include/evac/detail/sync/protocol.hpp: the same steps, of which one is left out at a time.
#ifndef EVAC_DETAIL_SYNC_PROTOCOL_HPP
#define EVAC_DETAIL_SYNC_PROTOCOL_HPP

#include <evac/detail/config.hpp>
#include <string_view>

namespace evac_planted {

/// The step that is left out, by its name below; set before there are threads. Empty: none.
inline std::string_view left_out;

[[nodiscard]] inline bool takes(std::string_view step) noexcept { return step != left_out; }

}  // namespace evac_planted

namespace evac::inline EVAC_ABI::detail {

struct protocol {
  static bool validates_what_it_read() noexcept { return evac_planted::takes("validates_what_it_read"); }
  static bool compares_depth() noexcept { return evac_planted::takes("compares_depth"); }
  static bool compares_tags() noexcept { return evac_planted::takes("compares_tags"); }
  static bool stores_slot_before_tag() noexcept { return evac_planted::takes("stores_slot_before_tag"); }
  static bool says_changing() noexcept { return evac_planted::takes("says_changing"); }
  static bool renews_version_of_losers() noexcept { return evac_planted::takes("renews_version_of_losers"); }
  static bool clears_tags_before_publishing() noexcept { return evac_planted::takes("clears_tags_before_publishing"); }
  static bool waits_for_readers() noexcept { return evac_planted::takes("waits_for_readers"); }
  static bool wakes_sleepers() noexcept { return evac_planted::takes("wakes_sleepers"); }

  static constexpr int looks_before_parking = 8;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
