// The observer of a sync map: how it gets one, and how it is told of waits for the locks of buckets.
#ifndef EVAC_DETAIL_LOCKFREE_OBSERVING_HPP
#define EVAC_DETAIL_LOCKFREE_OBSERVING_HPP

#include <chrono>
#include <cstdint>
#include <memory>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/backoff.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/thread_records.hpp"
#include "evac/detail/sync/watched.hpp"
#include "evac/observer.hpp"

namespace evac::inline EVAC_ABI::detail {

/// From before a thread locks a bucket until it has unlocked it: tells then how long it has slept for that.
class told_wait {
 public:
  EVAC_ALWAYS_INLINE told_wait(const void* map, const watched& observed, const epoch_record& own) noexcept
      : map_(map), observed_(observed), own_(own), before_(own.parked_ns) {}
  told_wait(const told_wait&) = delete;
  told_wait& operator=(const told_wait&) = delete;
  EVAC_ALWAYS_INLINE ~told_wait() {
    if (own_.parked_ns != before_) [[unlikely]]
      tell(map_, observed_, own_.parked_ns - before_);
  }

 private:
  EVAC_NEVER_INLINE static void tell(const void* map, const watched& observed, std::uint64_t nanoseconds) noexcept {
    observed.tell_waited({.map = map,
                          .shard = observer::no_shard,
                          .time = std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds)),
                          .waiter = {},
                          .holder = {}});
  }

  const void* map_;
  const watched& observed_;
  const epoch_record& own_;
  std::uint64_t before_;
};

/// Waits until all threads have left that are inside now; not if this thread is one, or is inside of another domain.
inline void await_calls_under_way(epoch_core& core) {
  constexpr backoff patience{.pauses = 16, .yields = 256};
  epoch_record& own = thread_records::of(core);
  const std::uint64_t wanted = core.clock().epoch() + 2;
  for (int looks = 0; !core.clock().is_busy(own) && core.clock().epoch() < wanted;) {
    if (!core.clock().try_advance()) patience.wait(looks++);
  }
  thread_records::used(own);
}

/// Gives a table an observer, or takes it away. All observers are called by threads that are inside, or by the domain:
/// so none is called any more that the table had before, when the threads have left that were inside.
template <class Table>
void observe_table(Table& table, observer* by) {
  static_cast<void>(thread_records::of(table.core()));  // which may throw
  table.core().observers().observe(std::addressof(table), table.observed(), by);
  await_calls_under_way(table.core());
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
