// The observer of one map, and the steps by which it is told of an event: a probe for tracers of the system first, and
// then the observer, if there is one.
//
// All callers are on paths that are rarely taken. The functions are out of line, so that these paths stay short.
#ifndef EVAC_DETAIL_SYNC_WATCHED_HPP
#define EVAC_DETAIL_SYNC_WATCHED_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/platform/probes.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/observer.hpp"

namespace evac::inline EVAC_ABI::detail {

/// A map that can be observed.
class watched {
  // Pairs
  //   observed   observe() releases, observed_by() acquires: the observer as its maker left it
 public:
  watched() noexcept = default;
  // The observer belongs to the object, not to its contents.
  watched(const watched&) noexcept {}
  watched& operator=(const watched&) noexcept { return *this; }
  ~watched() = default;

  [[nodiscard]] observer* observed_by() const noexcept { return observer_.load(acquire); }  // acquire: observed
  void observe(observer* by) noexcept { observer_.store(by, release); }                     // release: observed

  EVAC_NEVER_INLINE void tell_cleared(const observer::cleared_event& event) const noexcept {
    probes::cleared(event.map, event.size);
    if (observer* const by = observed_by()) by->cleared(event);
  }
  EVAC_NEVER_INLINE void tell_growth_begun(const observer::growth_event& event) const noexcept {
    probes::growth_begun(event.map, event.slots_before, event.slots_after, event.size);
    if (observer* const by = observed_by()) by->growth_begun(event);
  }
  EVAC_NEVER_INLINE void tell_growth_ended(const observer::growth_event& event) const noexcept {
    probes::growth_ended(event.map, event.slots_before, event.slots_after, event.size);
    if (observer* const by = observed_by()) by->growth_ended(event);
  }
  EVAC_NEVER_INLINE void tell_shrunk(const observer::shrunk_event& event) const noexcept {
    probes::shrunk(event.map, event.slots_before, event.slots_after, event.size);
    if (observer* const by = observed_by()) by->shrunk(event);
  }
  EVAC_NEVER_INLINE void tell_waited(const observer::waited_event& event) const noexcept {
    probes::waited(event.map, event.shard, static_cast<std::uint64_t>(event.time.count()));
    observer* const by = observed_by();
    if (by != nullptr && event.time >= by->patience()) by->waited(event);
  }
  EVAC_NEVER_INLINE void tell_reentered(const observer::reentered_event& event) const noexcept {
    probes::reentered(event.map);
    if (observer* const by = observed_by()) by->reentered(event);
  }

 private:
  atomic<observer*> observer_{nullptr};  // written by observe() of the map
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
