// A count of what comes and goes. The first threads of a domain, up to 127, keep it in a stripe each; the others share.
//
//   stripe 1 | inserted, erased, told | stripe 2 | ... | ... each written by one thread, on a line of its own
//   shared   | mark | told | inserted, erased |                           told: the sum of what threads have told
//
// A thread tells the others what it has gained once in changes_untold calls; then it learns whether the count has
// reached the mark. Until make_stripes() is called, and without memory for it, all count in one place.
#ifndef EVAC_DETAIL_SYNC_STRIPED_COUNT_HPP
#define EVAC_DETAIL_SYNC_STRIPED_COUNT_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <thread>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Stripes for so many threads that most have one of their own: a power of two.
[[nodiscard]] inline std::size_t stripes_for_threads() noexcept {
  return std::clamp<std::size_t>(std::bit_ceil(2 * std::size_t{std::thread::hardware_concurrency()}), 8, 128);
}

class striped_count {
  // Pairs
  //   made      make_stripes() releases, all others acquire
  //   balance   the thread that counts an erasure has the insertion behind it, and releases; the thread that reads
  //             erasures first, and acquires, finds the insertions
 public:
  /// Insertions, and erasures, of a thread until it tells the others what it has gained.
  static constexpr std::int64_t changes_untold = 16;

  explicit striped_count(std::size_t mark) noexcept : mark_(static_cast<std::int64_t>(mark)) {}
  striped_count(const striped_count&) = delete;
  striped_count& operator=(const striped_count&) = delete;
  ~striped_count() { delete[] stripes_.load(relaxed); }  // relaxed: nobody else is left

  /// Counts one that has come, by the thread of this index: 1, 2, ..., different for all threads. Returns the count,
  /// roughly, if it has reached the mark, else 0.
  EVAC_ALWAYS_INLINE std::size_t insert(std::uint32_t thread) noexcept {
    if (has_stripe(thread)) [[likely]] {
      // This thread's alone: no read-modify-write.
      stripe& mine = stripe_of(thread);
      const std::int64_t inserted = mine.inserted.load(relaxed) + 1;
      mine.inserted.store(inserted, release);  // release: balance
      return inserted % changes_untold != 0 ? 0 : tell(mine);
    }
    const std::int64_t inserted = inserted_.fetch_add(1, release) + 1;  // release: balance
    return if_marked(inserted - erased_.load(relaxed) + told_.load(relaxed));
  }
  /// Counts one that has gone.
  EVAC_ALWAYS_INLINE void erase(std::uint32_t thread) noexcept {
    if (has_stripe(thread)) [[likely]] {
      stripe& mine = stripe_of(thread);
      const std::int64_t erased = mine.erased.load(relaxed) + 1;
      mine.erased.store(erased, release);  // release: balance
      if (erased % changes_untold == 0) static_cast<void>(tell(mine));
    } else {
      erased_.fetch_add(1, release);  // release: balance
    }
  }

  /// Every call that is over counts, and no erasure without its insertion. O(stripes), a few times if erasures come in
  /// between.
  [[nodiscard]] std::size_t sum() const noexcept {
    std::int64_t erased = sum_of(&stripe::erased, erased_);
    for (int tries = 0;; ++tries) {
      const std::int64_t inserted = sum_of(&stripe::inserted, inserted_);
      const std::int64_t erased_by_now = sum_of(&stripe::erased, erased_);
      constexpr int patience = 4;
      if (erased == erased_by_now || tries == patience) return static_cast<std::size_t>(inserted - erased);
      erased = erased_by_now;
    }
  }

  /// relaxed: a hint; if two threads set it at a time, either may stay.
  void set_mark(std::size_t count) noexcept { mark_.store(static_cast<std::int64_t>(count), relaxed); }
  /// Makes the stripes, once: each thread whose index is below their number has one from then on. O(processors).
  void make_stripes() noexcept {
    stripe* all = stripes_.load(relaxed);  // relaxed: the exchange decides
    if (all != nullptr) return;
    const auto count = static_cast<std::uint32_t>(stripes_for_threads());
    auto* const fresh = new (std::nothrow) stripe[count];
    if (fresh == nullptr) return;
    if (stripes_.compare_exchange_strong(all, fresh, relaxed, relaxed)) {  // relaxed: the count is stored after it
      stripe_count_.store(count, release);                                 // release: made
    } else {
      delete[] fresh;
    }
  }

 private:
  struct alignas(cache_line) stripe {
    // By the thread of this index; the sums never go down.
    own_atomic<std::int64_t> inserted{0};
    own_atomic<std::int64_t> erased{0};
    own_atomic<std::int64_t> told{0};  // the difference, as far as it is in told_
  };

  [[nodiscard]] EVAC_ALWAYS_INLINE bool has_stripe(std::uint32_t thread) const noexcept {
    return thread < stripe_count_.load(acquire);  // acquire: made
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE stripe& stripe_of(std::uint32_t thread) const noexcept {
    return stripes_.load(relaxed)[thread];  // relaxed: acquired with their count
  }
  // relaxed, all of them: a rough number, and one that is the thread's
  EVAC_NEVER_INLINE std::size_t tell(stripe& mine) noexcept {
    const std::int64_t gained = mine.inserted.load(relaxed) - mine.erased.load(relaxed);
    const std::int64_t untold = gained - mine.told.load(relaxed);
    mine.told.store(gained, relaxed);
    const std::int64_t told = untold == 0 ? told_.load(relaxed) : told_.fetch_add(untold, relaxed) + untold;
    return if_marked(told + inserted_.load(relaxed) - erased_.load(relaxed));
  }
  [[nodiscard]] std::size_t if_marked(std::int64_t count) const noexcept {
    return count >= mark_.load(relaxed) ? static_cast<std::size_t>(count) : 0;  // relaxed: a hint
  }
  [[nodiscard]] std::int64_t sum_of(own_atomic<std::int64_t> stripe::* number,
                                    const atomic<std::int64_t>& rest) const noexcept {
    std::int64_t sum = rest.load(acquire);                    // acquire: balance, and one sum after the other
    const std::uint32_t count = stripe_count_.load(acquire);  // acquire: made
    const stripe* const all = stripes_.load(relaxed);         // relaxed: acquired with their count
    for (std::uint32_t i = 0; i < count; ++i) sum += (all[i].*number).load(acquire);  // acquire: balance
    return sum;
  }

  // Read by every call, and written once:
  atomic<stripe*> stripes_{nullptr};
  atomic<std::uint32_t> stripe_count_{0};
  alignas(line_pair) atomic<std::int64_t> mark_;
  atomic<std::int64_t> told_{0};      // what threads with a stripe have told
  atomic<std::int64_t> inserted_{0};  // by threads without a stripe
  atomic<std::int64_t> erased_{0};    // the same
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
