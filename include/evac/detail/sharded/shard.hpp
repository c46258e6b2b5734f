// One shard of a sharded container: a table, the lock that guards it, and the guard that holds it.
//
//   0                            64                                        128
//   +----------------------------+------------------------------------------+
//   | directory, mask, homes ... | size, thresholds, pool | counters | lock |
//   +----------------------------+------------------------------------------+
//     read by look-ups, written    written by every insert and erase
//     by growing and shrinking
//
// Threads that have to wait for the lock count what happens to it, in the shard itself.
#ifndef EVAC_DETAIL_SHARDED_SHARD_HPP
#define EVAC_DETAIL_SHARDED_SHARD_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/platform/thread_annotations.hpp"
#include "evac/detail/platform/thread_id.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/lock_events.hpp"
#include "evac/detail/sync/reentry.hpp"
#include "evac/detail/sync/visible_readers.hpp"
#include "evac/detail/table/table.hpp"
#include "evac/detail/table/table_census.hpp"
#include "evac/observer.hpp"

namespace evac::inline EVAC_ABI::detail {

/// How a lock is held: beside other readers, or alone.
enum class access : bool { shared, exclusive };

/// The events of a lock that only has to find re-entry: before the innermost call of a sharded container waits for a
/// lock, it looks whether this thread holds it through another shared object. An exception of EVAC_ASSERT_HANDLER
/// passes.
struct reentry_check {
  static void about_to_wait() {
    visible_readers::be_known();
    inside_call::look_elsewhere_for_innermost();
  }
  static void contended() noexcept {}
  static void parked() noexcept {}
  static void revoked() noexcept {}
};

/// Counts of a lock's events since construction. Any thread adds; the sums are for people.
class lock_events {
 public:
  static void about_to_wait() { reentry_check::about_to_wait(); }
  // relaxed, all of them: counts that order nothing.
  void contended() noexcept { contended_.fetch_add(1, relaxed); }
  void parked() noexcept { parked_.fetch_add(1, relaxed); }
  void revoked() noexcept { revoked_.fetch_add(1, relaxed); }

  [[nodiscard]] std::size_t contended_count() const noexcept { return contended_.load(relaxed); }
  [[nodiscard]] std::size_t parked_count() const noexcept { return parked_.load(relaxed); }
  [[nodiscard]] std::size_t revoked_count() const noexcept { return revoked_.load(relaxed); }

 private:
  atomic<std::uint32_t> contended_{0};
  atomic<std::uint32_t> parked_{0};
  atomic<std::uint32_t> revoked_{0};
};

/// The thread that holds a lock exclusively, and the call by which it does.
struct lock_holder {
  observer::call_place call{};
  std::int32_t thread = 0;  // as the system counts; 0: none, or not known
};

/// The same of one lock: known in builds without NDEBUG only.
template <bool Tracked>
class lock_owner {
 public:
  void enter() noexcept {}
  void leave() noexcept {}
  [[nodiscard]] std::int32_t id() const noexcept { return 0; }
  [[nodiscard]] lock_holder holder() const noexcept { return {}; }
};
template <>
class lock_owner<true> {
 public:
  // relaxed, all of them: written under the lock, read for people: by dump_locks(), and by a thread that falls asleep.
  void enter() noexcept {
    const observer::call_place call = inside_call::innermost_place();
    operation_.store(call.operation, relaxed);
    file_.store(call.file, relaxed);
    line_.store(call.line, relaxed);
    id_.store(kept_thread_id::of_this_thread(), relaxed);
  }
  void leave() noexcept { id_.store(0, relaxed); }
  [[nodiscard]] std::int32_t id() const noexcept { return id_.load(relaxed); }
  /// Nothing if it changes meanwhile.
  [[nodiscard]] lock_holder holder() const noexcept {
    const lock_holder seen = look();
    const lock_holder again = look();
    const bool same = seen.thread == again.thread && seen.call.operation == again.call.operation &&
                      seen.call.file == again.call.file && seen.call.line == again.call.line;
    return same && seen.thread != 0 ? seen : lock_holder();
  }

 private:
  [[nodiscard]] lock_holder look() const noexcept {
    return {{operation_.load(relaxed), file_.load(relaxed), line_.load(relaxed)}, id_.load(relaxed)};
  }

  atomic<std::int32_t> id_{0};
  atomic<const char*> operation_{nullptr};
  atomic<const char*> file_{nullptr};
  atomic<std::uint_least32_t> line_{0};
};

/// Locks any mutex, and tells `events` how that went.
template <access A, class Mutex, class Events>
EVAC_ALWAYS_INLINE void lock_counted(Mutex& mutex, Events& events) EVAC_NO_THREAD_SAFETY_ANALYSIS {
  constexpr bool exclusive = A == access::exclusive;
  // An rw_lock makes the thread known when it counts quiet reads.
  constexpr bool counts = requires { mutex.lock_shared(events); };
  if constexpr (exclusive || !counts) visible_readers::be_known();
  if constexpr (counts) {
    exclusive ? mutex.lock(events) : mutex.lock_shared(events);
  } else if (!(exclusive ? mutex.try_lock() : mutex.try_lock_shared())) {
    events.about_to_wait();
    one_wait wait(events);
    wait.begin();
    events.contended();
    exclusive ? mutex.lock() : mutex.lock_shared();
    wait.over();
  }
}
/// Locks any mutex if that needs no waiting; returns whether it did. Looks for re-entry through another shared object
/// first, as a call does that is about to wait: a mutex must not be tried by the thread that has it.
template <access A, class Mutex>
[[nodiscard]] EVAC_ALWAYS_INLINE bool try_lock_mutex(Mutex& mutex) EVAC_NO_THREAD_SAFETY_ANALYSIS {
  reentry_check::about_to_wait();
  if constexpr (A == access::exclusive) {
    return mutex.try_lock();
  } else {
    return mutex.try_lock_shared();
  }
}
/// Unlocks a mutex or a shard.
template <access A, class Lockable>
EVAC_ALWAYS_INLINE void unlock_as(Lockable& locked) EVAC_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (A == access::exclusive) {
    locked.unlock();
  } else {
    locked.unlock_shared();
  }
}

template <class Policy, class Mutex>
class alignas(cache_line) EVAC_LOCKABLE shard {
 public:
  explicit shard(typename Policy::functors_type& functors) noexcept : table_(functors) {}

  void lock() EVAC_EXCLUSIVE_LOCK_FUNCTION() {
    lock_counted<access::exclusive>(mutex_, *this);
    owner_.enter();
  }
  void unlock() EVAC_UNLOCK_FUNCTION() {
    owner_.leave();
    mutex_.unlock();
  }
  [[nodiscard]] bool try_lock() EVAC_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    if (!try_lock_mutex<access::exclusive>(mutex_)) return false;
    owner_.enter();
    return true;
  }
  void lock_shared() EVAC_SHARED_LOCK_FUNCTION() { lock_counted<access::shared>(mutex_, *this); }
  [[nodiscard]] bool try_lock_shared() EVAC_SHARED_TRYLOCK_FUNCTION(true) {
    return try_lock_mutex<access::shared>(mutex_);
  }
  void unlock_shared() EVAC_UNLOCK_FUNCTION() { mutex_.unlock_shared(); }

  /// The table, for a caller that holds the lock exclusively.
  [[nodiscard]] table<Policy>& table_locked() noexcept EVAC_EXCLUSIVE_LOCKS_REQUIRED(this) { return table_; }
  /// The same for a caller that holds it shared.
  [[nodiscard]] const table<Policy>& table_locked_shared() const noexcept EVAC_SHARED_LOCKS_REQUIRED(this) {
    return table_;
  }
  /// Without the lock: a recent number.
  [[nodiscard]] std::size_t size() const noexcept { return table_.size(); }

  /// The events of the lock, which the shard counts: by any thread that has to wait for it.
  static void about_to_wait() { lock_events::about_to_wait(); }
  void contended() noexcept { events_.contended(); }
  void parked() noexcept { events_.parked(); }
  void parked_for(std::chrono::nanoseconds time) noexcept {
    table_figures* const figures = table_.figures(figures_board::if_absent::make);
    // relaxed: a figure for people
    if (figures != nullptr) figures->parked_ns.fetch_add(static_cast<std::uint64_t>(time.count()), relaxed);
  }
  void revoked() noexcept { events_.revoked(); }
  [[nodiscard]] lock_holder wait_begins() const noexcept {
    table_figures* const figures = table_.figures(figures_board::if_absent::make);
    if (figures != nullptr) figures->waits_begun.fetch_add(1, relaxed);  // relaxed: as above
    return owner_.holder();
  }
  /// Under the lock.
  void waited(std::chrono::nanoseconds time, const lock_holder& holder) const noexcept {
    table_figures* const figures = table_.figures(figures_board::if_absent::make);
    if (figures != nullptr) figures->waits_over.fetch_add(1, relaxed);  // relaxed: as above
    const watched& container = table_.container();
    container.tell_waited({.map = std::addressof(container),
                           .shard = table_.shard(),
                           .time = time,
                           .waiter = inside_call::place_of(std::addressof(container)),
                           .holder = holder.call,
                           .holder_thread = static_cast<std::size_t>(holder.thread)});
  }

  /// Figures of the shard that any thread may read without its lock. O(1).
  [[nodiscard]] map_counters counters() const noexcept {
    map_counters result = count_published(table_);
    result.contended = events_.contended_count();
    result.parked = events_.parked_count();
    result.bias_revocations = events_.revoked_count();
    return result;
  }
  [[nodiscard]] const lock_events& events() const noexcept { return events_; }
  [[nodiscard]] const Mutex& mutex() const noexcept { return mutex_; }
  [[nodiscard]] std::int32_t owner_id() const noexcept { return owner_.id(); }

 private:
  [[no_unique_address]] table<Policy> table_;  // guarded by mutex_; its size is read without
  [[no_unique_address]] lock_events events_;
  [[no_unique_address]] lock_owner<EVAC_CHECKS != 0> owner_;
  mutable Mutex mutex_;
};

/// Locks a shard.
template <access A, class Shard>
EVAC_ALWAYS_INLINE void lock_as(Shard& unlocked) EVAC_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (A == access::exclusive) {
    unlocked.lock();
  } else {
    unlocked.lock_shared();
  }
}
/// Locks a shard if that needs no waiting; returns whether it did.
template <access A, class Shard>
[[nodiscard]] EVAC_ALWAYS_INLINE bool try_lock_as(Shard& unlocked) EVAC_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (A == access::exclusive) {
    return unlocked.try_lock();
  } else {
    return unlocked.try_lock_shared();
  }
}
/// The table of a shard that the caller holds so.
template <access A, class Shard>
[[nodiscard]] EVAC_ALWAYS_INLINE auto& table_as(Shard& locked) noexcept EVAC_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (A == access::exclusive) {
    return locked.table_locked();
  } else {
    return locked.table_locked_shared();
  }
}

/// Holds one shard to the end of its scope.
template <access A, class Shard>
class EVAC_SCOPED_LOCKABLE shard_guard {
 public:
  template <access B = A>
    requires(B == access::exclusive)
  EVAC_ALWAYS_INLINE explicit shard_guard(Shard& held) EVAC_EXCLUSIVE_LOCK_FUNCTION(held) : held_(held) {
    held_.lock();
  }
  template <access B = A>
    requires(B == access::shared)
  EVAC_ALWAYS_INLINE explicit shard_guard(Shard& held) EVAC_SHARED_LOCK_FUNCTION(held) : held_(held) {
    held_.lock_shared();
  }
  shard_guard(const shard_guard&) = delete;
  shard_guard& operator=(const shard_guard&) = delete;
  ~shard_guard() EVAC_UNLOCK_FUNCTION() { unlock_as<A>(held_); }

  [[nodiscard]] EVAC_ALWAYS_INLINE auto& table() const noexcept { return table_as<A>(held_); }

 private:
  Shard& held_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
