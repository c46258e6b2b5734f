// Figures of a domain that cost nothing to read: no batch is walked and no bag is locked. O(threads).
#ifndef EVAC_DETAIL_SYNC_DOMAIN_COUNTERS_HPP
#define EVAC_DETAIL_SYNC_DOMAIN_COUNTERS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/epoch_core.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Fills in what a map's domain knows.
inline void count_domain(epoch_core& core, map_counters& result) noexcept {
  std::uint64_t oldest = 0;  // as `entered` of its record
  result.cap_bytes = core.budget().cap();
  result.over_cap = core.over_cap();
  result.cap_waits = core.cap_waits();
  result.retired_objects = core.retired_objects();
  result.retired_bytes = core.retired_bytes();
  result.oldest_guard = core.clock().held_for();
  core.clock().for_each_record([&](const epoch_record& each) {
    // before the waits: a thread that begins meanwhile is then counted in the waits, too
    result.waiting += each.parked ? 1U : 0U;
    result.waits += each.parks;
    result.contended += each.waits;
    result.parked += each.parks;
    result.parked_time += std::chrono::nanoseconds(each.parked_ns);
    const std::uint64_t entered = each.entered.load(relaxed);  // relaxed: a figure for people
    if (entered == 0) return;
    ++result.guards;
    if (oldest != 0 && oldest <= entered) return;
    oldest = entered;
    result.oldest_guard_thread = static_cast<std::size_t>(std::int32_t{each.system_id});
  });
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
