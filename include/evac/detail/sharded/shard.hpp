// A shard: a table and the lock that guards it.
//
//   0                            64                                        128
//   +----------------------------+------------------------------------------+
//   | directory, mask, homes ... | size, thresholds, pool | counters | lock |
//   +----------------------------+------------------------------------------+
//     read by look-ups, written    written by every insert and erase
//     by growing and shrinking
//
// What its lock goes through is counted in the shard itself, by threads that have to wait anyway.
#ifndef EVAC_DETAIL_SHARDED_SHARD_HPP
#define EVAC_DETAIL_SHARDED_SHARD_HPP

#include <absl/base/thread_annotations.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/reentry.hpp"
#include "evac/detail/sync/visible_readers.hpp"
#include "evac/detail/table/table.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Asks, before the innermost call of a sharded container waits for a lock, whether this thread holds it through another
/// shared object. What EVAC_ASSERT_HANDLER throws passes.
struct reentry_check {
  static void about_to_wait() {
    visible_readers::be_known();
    inside_call::look_elsewhere_for_innermost();
  }
  static void contended() noexcept {}
  static void parked() noexcept {}
  static void revoked() noexcept {}
};

/// What a lock has gone through since construction. Any thread adds; the sums are for people.
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

/// Which thread holds the lock exclusively: known in builds without NDEBUG only.
template <bool Tracked>
class lock_owner {
 public:
  void enter() noexcept {}
  void leave() noexcept {}
  [[nodiscard]] std::size_t id() const noexcept { return 0; }
};
template <>
class lock_owner<true> {
 public:
  // relaxed, all of them: written under the lock, read by dump_locks() for people.
  void enter() noexcept { id_.store(std::hash<std::thread::id>{}(std::this_thread::get_id()), relaxed); }
  void leave() noexcept { id_.store(0, relaxed); }
  [[nodiscard]] std::size_t id() const noexcept { return id_.load(relaxed); }

 private:
  atomic<std::size_t> id_{0};
};

/// Locks any mutex, and tells `events` what that takes.
template <class Mutex, class Events>
EVAC_ALWAYS_INLINE void lock_counted(Mutex& mutex, Events& events) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (requires { mutex.lock(events); }) {
    mutex.lock(events);
  } else if (!mutex.try_lock()) {
    events.about_to_wait();
    events.contended();
    mutex.lock();
  }
}
template <class Mutex, class Events>
EVAC_ALWAYS_INLINE void lock_shared_counted(Mutex& mutex, Events& events) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (requires { mutex.lock_shared(events); }) {
    mutex.lock_shared(events);  // rw_lock makes itself known when it counts quiet reads
  } else {
    visible_readers::be_known();
    if (mutex.try_lock_shared()) return;
    events.about_to_wait();
    events.contended();
    mutex.lock_shared();
  }
}

template <class Policy, class Mutex>
class alignas(cache_line) ABSL_LOCKABLE shard {
 public:
  explicit shard(typename Policy::functors_type& functors) noexcept : table_(functors) {}

  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    visible_readers::be_known();
    lock_counted(mutex_, events_);
    owner_.enter();
  }
  void unlock() ABSL_UNLOCK_FUNCTION() {
    owner_.leave();
    mutex_.unlock();
  }
  void lock_shared() ABSL_SHARED_LOCK_FUNCTION() { lock_shared_counted(mutex_, events_); }
  void unlock_shared() ABSL_UNLOCK_FUNCTION() { mutex_.unlock_shared(); }

  /// The table, for a caller that holds the lock exclusively.
  [[nodiscard]] table<Policy>& table_locked() noexcept ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) { return table_; }
  /// The same for a caller that holds it shared.
  [[nodiscard]] const table<Policy>& table_locked_shared() const noexcept ABSL_SHARED_LOCKS_REQUIRED(this) {
    return table_;
  }
  /// Without the lock: a recent number.
  [[nodiscard]] std::size_t size() const noexcept { return table_.size(); }

  [[nodiscard]] const lock_events& events() const noexcept { return events_; }
  [[nodiscard]] const Mutex& mutex() const noexcept { return mutex_; }
  [[nodiscard]] std::size_t owner_id() const noexcept { return owner_.id(); }

 private:
  [[no_unique_address]] table<Policy> table_;  // guarded by mutex_; its size is read without
  [[no_unique_address]] lock_events events_;
  [[no_unique_address]] lock_owner<EVAC_CHECKS != 0> owner_;
  mutable Mutex mutex_;
};

/// Holds one shard exclusively.
template <class Shard>
class ABSL_SCOPED_LOCKABLE writing {
 public:
  explicit writing(Shard& held) ABSL_EXCLUSIVE_LOCK_FUNCTION(held) : held_(held) { held_.lock(); }
  writing(const writing&) = delete;
  writing& operator=(const writing&) = delete;
  ~writing() ABSL_UNLOCK_FUNCTION() { held_.unlock(); }

  [[nodiscard]] auto& table() const noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS { return held_.table_locked(); }

 private:
  Shard& held_;
};

/// Holds one shard for reading.
template <class Shard>
class ABSL_SCOPED_LOCKABLE reading {
 public:
  explicit reading(Shard& held) ABSL_SHARED_LOCK_FUNCTION(held) : held_(held) { held_.lock_shared(); }
  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;
  ~reading() ABSL_UNLOCK_FUNCTION() { held_.unlock_shared(); }

  [[nodiscard]] const auto& table() const noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return held_.table_locked_shared();
  }

 private:
  Shard& held_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
