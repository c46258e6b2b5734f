// Counts of what threads ask a cache for.
//
//   thread 0 | hits, misses | thread 1 | hits, misses | ...     each written by the thread of this number, with plain stores
//   stripe 0 | hits, misses, loads ... | stripe 1 | ...         by threads whose number is too large, or that have none
//
// A number belongs to one thread at a time in a registry of readers. Where shared objects have a registry each, two
// threads may have the same, and some of their counts may be lost.
#ifndef EVAC_DETAIL_CACHE_ACCESS_COUNTS_HPP
#define EVAC_DETAIL_CACHE_ACCESS_COUNTS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/striped_count.hpp"
#include "evac/detail/sync/thread_board.hpp"
#include "evac/detail/sync/visible_readers.hpp"

namespace evac::inline EVAC_ABI::detail {

class access_counts {
  struct alignas(line_pair) own_stripe {
    own_atomic<std::size_t> hits{0};
    own_atomic<std::size_t> misses{0};
  };
  struct alignas(line_pair) stripe {
    atomic<std::size_t> hits{0};
    atomic<std::size_t> misses{0};
    atomic<std::size_t> loads{0};
    atomic<std::size_t> load_failures{0};
    atomic<std::uint64_t> load_ns{0};
  };

 public:
  /// Throws std::bad_alloc.
  access_counts() : own_count_(stripes_for_threads()), own_(new own_stripe[own_count_]) {}

  // relaxed, all of them: counts that order nothing, and recent numbers
  EVAC_ALWAYS_INLINE void count(bool hit) noexcept {
    const std::size_t thread = visible_readers::number_of_this_thread();
    if (thread < own_count_) [[likely]] {
      // This thread's alone: no read-modify-write.
      own_atomic<std::size_t>& mine = hit ? own_[thread].hits : own_[thread].misses;
      mine.store(mine.load(relaxed) + 1, relaxed);
    } else {
      count_shared(hit ? 1 : 0, hit ? 0 : 1);
    }
  }
  EVAC_NEVER_INLINE void count_shared(std::size_t hits, std::size_t misses) noexcept {
    stripe& mine = of_this_thread();
    mine.hits.fetch_add(hits, relaxed);
    mine.misses.fetch_add(misses, relaxed);
  }
  void count_load(bool gave_a_value, std::chrono::nanoseconds time) noexcept {
    stripe& mine = of_this_thread();
    (gave_a_value ? mine.loads : mine.load_failures).fetch_add(1, relaxed);
    mine.load_ns.fetch_add(static_cast<std::uint64_t>(time.count()), relaxed);
  }

  [[nodiscard]] std::size_t hits() const noexcept { return sum(&stripe::hits) + sum(&own_stripe::hits); }
  [[nodiscard]] std::size_t misses() const noexcept { return sum(&stripe::misses) + sum(&own_stripe::misses); }
  [[nodiscard]] std::size_t loads() const noexcept { return sum(&stripe::loads); }
  [[nodiscard]] std::size_t load_failures() const noexcept { return sum(&stripe::load_failures); }
  [[nodiscard]] std::chrono::nanoseconds load_time() const noexcept {
    return std::chrono::nanoseconds(sum(&stripe::load_ns));
  }

 private:
  static constexpr std::size_t stripe_count = 8;

  [[nodiscard]] stripe& of_this_thread() noexcept {
    return stripes_[thread_board::hash_of_this_thread() % stripe_count];
  }
  template <class Number>
  [[nodiscard]] Number sum(atomic<Number> stripe::* count) const noexcept {
    Number total = 0;
    for (const stripe& each : stripes_) total += (each.*count).load(relaxed);
    return total;
  }
  [[nodiscard]] std::size_t sum(own_atomic<std::size_t> own_stripe::* count) const noexcept {
    std::size_t total = 0;
    for (std::size_t i = 0; i != own_count_; ++i) total += (own_[i].*count).load(relaxed);
    return total;
  }

  // Read by every request, and never written again.
  const std::size_t own_count_;
  const std::unique_ptr<own_stripe[]> own_;
  stripe stripes_[stripe_count];
};

/// Counts one call of a factory at the end of its scope, and the time since it began.
class load_measured {
 public:
  explicit load_measured(access_counts& counts) noexcept : counts_(counts) {}
  load_measured(const load_measured&) = delete;
  load_measured& operator=(const load_measured&) = delete;
  ~load_measured() { counts_.count_load(gave_a_value_, std::chrono::steady_clock::now() - began_); }

  void gave_a_value() noexcept { gave_a_value_ = true; }

 private:
  access_counts& counts_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool gave_a_value_ = false;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
