// evac::rw_lock: a reader-writer lock of eight bytes whose readers, while no thread writes, write nothing that other
// readers touch.
//
//   evac::rw_lock lock;
//   { std::shared_lock reader(lock); ... }         { std::lock_guard writer(lock); ... }
//
// Threads     everything may be called by any thread, but for construction and destruction. A thread that knows that no
//             other will use the lock any more may destroy it, also right after an unlock() or unlock_shared() of
//             another thread.
// Fairness    a waiting writer keeps new readers out, so readers do not starve writers. There is no order of arrival.
// Visibility  what was written under the lock is visible to the threads that hold it next.
// Bias        after some 60 reads without a writer in between, and some 1000 once there was one, readers announce
//             themselves in a record of their own thread (512 bytes) and do not touch the lock. The first writer after
//             that revokes this and waits for the announced readers, in O(threads); how long that takes decides how
//             many reads it takes until the bias returns. Where there are many more reads than writes, but writes come
//             too often for that, the bias stands: writers look through the records and leave it as it is.
// Throws      nothing, but lock(events) and lock_shared(events) what events.about_to_wait() throws; the lock is then
//             not held, and nothing has changed. No operation is a cancellation point.
//
// docs/guarantees/rw_lock.md has more: shared objects, fork, real-time threads, filters for system calls. How it works
// is in detail/sync/basic_rw_lock.hpp.
#ifndef EVAC_RW_LOCK_HPP
#define EVAC_RW_LOCK_HPP

#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/debugger.hpp"
#include "evac/detail/platform/thread_annotations.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/basic_rw_lock.hpp"
#include "evac/detail/sync/visible_readers.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI {

/// Lockable and SharedLockable; not recursive, neither for readers nor for writers. Default-constructible without
/// running code, neither copyable nor movable.
class EVAC_LOCKABLE rw_lock : public detail::basic_rw_lock<detail::visible_readers> {
  using base = detail::basic_rw_lock<detail::visible_readers>;

 public:
  /// Waits for the writer and for all readers that are in. Blocking: spins briefly, then sleeps. lock(events) reports
  /// to an object with the members of detail/sync/lock_events.hpp: about_to_wait(), contended(), parked() and
  /// revoked(); and, if it has them, parked_for(std::chrono::nanoseconds) after each sleep, and wait_begins() and
  /// waited().
  using base::lock;
  /// Whether it got the lock. Lock-free, never waits; of a biased lock it makes one system call (membarrier) and looks
  /// through the readers' records; it only looks where the bias stands. One that fails leaves the bias as it was.
  using base::try_lock;
  /// Lock-free; a system call if a thread sleeps.
  using base::unlock;

  /// Waits for the writer that is in, and for those that wait. Blocking: spins briefly, then sleeps. One load and a
  /// store to memory of the thread's own while the lock is biased. lock_shared(events) as lock(events).
  using base::lock_shared;
  /// Whether it got the lock. Lock-free, never waits.
  using base::try_lock_shared;
  /// Lock-free; a system call if a thread sleeps.
  using base::unlock_shared;

  /// Snapshots for tests and statistics: whether readers announce themselves in records of their own, and writers
  /// revoke that; whether they do, and writers leave it so; whether a writer holds the lock; and how many readers hold
  /// it that are not announced. O(1), no lock.
  using base::bias_stands;
  using base::is_biased;
  using base::is_write_locked;
  using base::reader_count;
};

static_assert(sizeof(rw_lock) == 2 * sizeof(detail::atomic<std::uint32_t>));

}  // namespace evac::inline EVAC_ABI

#endif
