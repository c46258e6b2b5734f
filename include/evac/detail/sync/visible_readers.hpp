// Readers that announce themselves in memory of their own instead of in the lock that they hold.
//
//   record of one thread, on lines of its own:   | lock A | - | lock C | - | ...    12 slots
//
// A reader of a biased lock writes the lock's address into a free slot of its thread's record; a writer that has
// revoked the bias looks through the records of all threads. This is the table of visible readers of BRAVO (Dice and
// Kogan, USENIX ATC 2019), with a row for each thread instead of one hash table, so that no two threads ever write the
// same line.
#ifndef EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP
#define EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/reader_record.hpp"
#include "evac/detail/sync/record_list.hpp"

namespace evac::inline EVAC_ABI::detail {

class visible_readers {
 public:
  /// Sampled reads without a writer after which a lock is biased at the earliest, and at the latest.
  static constexpr std::uint32_t least_price = 64;
  static constexpr std::uint32_t highest_price = 0x7FFF;
  // With the pauses in between one to three microseconds: longer than most critical sections, shorter than a system
  // call to sleep and one to wake.
  static constexpr int looks_before_parking = 8;

  /// What a thread does after the given number of looks at a lock that it does not get. The longer the pauses, the more
  /// operations whoever has the line gets done on it: 8 threads on 2 cores, 10 % writes, 72 million a second instead of
  /// 61 with single pauses.
  static void pause(int looks) noexcept {
    for (int pauses = 1 << (std::min)(looks, 5); pauses > 0; --pauses) spin_pause();
  }

  /// Announces that this thread reads under `lock`; false if it has no slot left. The caller must look again whether
  /// the lock is biased: only then does a writer see the announcement.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool enter(const void* lock) noexcept {
    record* const own = mine();
    return own != nullptr && own->enter(lock);
  }

  /// Withdraws the announcement; false if there is none.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool leave(const void* lock) noexcept {
    record* const own = mine_;
    if (own == nullptr || !own->leave(lock)) return false;
    if (own->over()) [[unlikely]]
      retire();
    return true;
  }

  /// Whether any thread reads under `lock`. After the bias was revoked and asymmetric_fence::heavy().
  [[nodiscard]] static bool any(const void* lock) noexcept {
    bool found = false;
    records_.for_each([&](const record& each) {
      found = each.holds(lock);
      return !found;
    });
    return found;
  }

  /// What a writer does after the given number of looks at any().
  static void await_leavers(int looks) noexcept {
    if (looks < looks_before_yielding) {
      spin_pause();
    } else if (looks < 2 * looks_before_yielding) {
      std::this_thread::yield();
    } else {
      // A reader that leaves by its record wakes nobody; it would have to look at the lock for that.
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

  /// True once in `period` calls of this thread, a power of two.
  [[nodiscard]] static bool sample(std::uint32_t period) noexcept {
    record* const own = mine();
    return own != nullptr && own->sample(period);
  }

  /// Records that there are: as many as threads used biased locks at one time. For tests and statistics.
  [[nodiscard]] static std::size_t record_count() noexcept {
    std::size_t count = 0;
    records_.for_each([&](const record&) { return ++count != 0; });
    return count;
  }

 private:
  static constexpr int looks_before_yielding = 40;

  using record = reader_record<12>;
  // Gives the record back when the thread ends; or later, if an object of the thread that outlives this one still
  // reads. What the thread does after that, in destructors of other thread-local objects, finds no record and takes the
  // way of an unbiased lock.
  struct owner {
    owner() noexcept : own(records_.take()) {}
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;
    ~owner() {
      ended_ = true;
      if (own == nullptr) return;
      own->end();
      if (own->over()) retire();
    }
    record* own;
  };

  [[nodiscard]] EVAC_ALWAYS_INLINE static record* mine() noexcept {
    record* const own = mine_;
    return own != nullptr ? own : join();
  }
  EVAC_NEVER_INLINE static record* join() noexcept {
    if (ended_) return nullptr;
    static thread_local owner joined;
    mine_ = joined.own;
    return mine_;
  }
  EVAC_NEVER_INLINE static void retire() noexcept {
    record* const own = mine_;
    mine_ = nullptr;
    own->renew();
    record_list<record>::give_back(own);
  }

  // Visible, so that there is one list for all shared objects of a process that lock the same locks.
  [[gnu::__visibility__("default")]] static inline constinit record_list<record> records_;
  [[gnu::__visibility__("default")]] static inline constinit thread_local record* mine_ = nullptr;
  [[gnu::__visibility__("default")]] static inline constinit thread_local bool ended_ = false;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
