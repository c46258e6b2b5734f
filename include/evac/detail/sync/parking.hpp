// Parking lot for threads that wait for a word to change which has no bit to spare for them.
//
//   waiter                                 writer
//     waiters += 1                           exchange the word
//     word still as it was?  sleep           waiters != 0 ?   wake all
//
// All seq_cst: at least one of the two sees the other. The exchange is also what makes a write visible before the call
// that wrote returns: a plain store could still be in the processor's store buffer while the same thread reads another
// word, and two threads that each store one key and load the other's could both find the old value. An event count,
// after Vyukov's; the table of spots is that of a parking lot.
#ifndef EVAC_DETAIL_SYNC_PARKING_HPP
#define EVAC_DETAIL_SYNC_PARKING_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/protocol.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Spots are found by address: two words may share one, and then their waiters wake for each other's changes.
class parking {
 public:
  /// Sleeps until `still_there()` is false; it loads the word with seq_cst. May return early.
  template <class Condition>
  void wait(const void* word, const Condition& still_there) noexcept {
    spot& at = spot_of(word);
    at.waiters.fetch_add(1, seq_cst);  // seq_cst: before the look at the word in the one order of both sides
    const std::uint32_t seen = at.changes.load(acquire);  // acquire: changed
    if (still_there()) sleep_while(at.changes, seen);     // the caller looks at the word again
    at.waiters.fetch_sub(1, relaxed);                     // relaxed: orders nothing; to wake nobody is not wrong
  }

  /// Stores to the word and wakes the threads that sleep on it. The store is visible to all when this returns.
  template <class T>
  EVAC_ALWAYS_INLINE void change(atomic<T>& word, T value) noexcept {
    spot& at = spot_of(&word);
    word.exchange(value, seq_cst);  // seq_cst: before the look at the waiters in the one order of both sides
    if (at.waiters.load(seq_cst) != 0 && protocol::wakes_sleepers()) [[unlikely]] {
      wake(at);
    }
  }

  /// Threads that wait, or are about to. A recent number.
  [[nodiscard]] std::size_t waiters() const noexcept {
    std::size_t sum = 0;
    for (const spot& each : spots_) sum += each.waiters.load(relaxed);  // relaxed: a figure
    return sum;
  }
  /// In the child of a fork(), whose only thread does not wait: else all changes would go on waking those that are
  /// gone.
  void reset_after_fork() noexcept {
    for (spot& each : spots_) each.waiters.store(0, relaxed);  // relaxed: there is one thread
  }

 private:
  // Pairs
  //   changed   wake() releases, wait() acquires: a thread that finds the new count finds the new word as well
  struct alignas(cache_line) spot {
    atomic<std::uint32_t> waiters{0};  // written by threads that wait
    atomic<std::uint32_t> changes{0};  // written by threads that wake
  };
  static constexpr std::size_t spots = 64;

  [[nodiscard]] EVAC_ALWAYS_INLINE spot& spot_of(const void* word) noexcept {
    // Buckets are a cache line apart or more; neighbours get different spots.
    return spots_[reinterpret_cast<std::uintptr_t>(word) / cache_line % spots];
  }
  EVAC_NEVER_INLINE static void wake(spot& at) noexcept {
    at.changes.fetch_add(1, release);  // release: changed
    wake_all(at.changes);
  }

  spot spots_[spots];
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
