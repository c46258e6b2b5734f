// Counts of the factories that a cache calls, and of the time that they take.
//
//   stripe 0 | loads, failures, time | stripe 1 | ...       by all threads: a factory takes longer than that costs
#ifndef EVAC_DETAIL_CACHE_LOAD_COUNTS_HPP
#define EVAC_DETAIL_CACHE_LOAD_COUNTS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/thread_board.hpp"

namespace evac::inline EVAC_ABI::detail {

class load_counts {
  struct alignas(line_pair) stripe {
    atomic<std::size_t> loads{0};
    atomic<std::size_t> failures{0};
    atomic<std::uint64_t> nanoseconds{0};
  };

 public:
  // relaxed, all of them: counts that order nothing, and recent numbers
  void count(bool gave_a_value, std::chrono::nanoseconds time) noexcept {
    stripe& mine = stripes_[thread_board::hash_of_this_thread() % stripe_count];
    (gave_a_value ? mine.loads : mine.failures).fetch_add(1, relaxed);
    mine.nanoseconds.fetch_add(static_cast<std::uint64_t>(time.count()), relaxed);
  }

  [[nodiscard]] std::size_t loads() const noexcept { return sum(&stripe::loads); }
  [[nodiscard]] std::size_t failures() const noexcept { return sum(&stripe::failures); }
  [[nodiscard]] std::chrono::nanoseconds time() const noexcept {
    return std::chrono::nanoseconds(sum(&stripe::nanoseconds));
  }

 private:
  static constexpr std::size_t stripe_count = 8;

  template <class Number>
  [[nodiscard]] Number sum(atomic<Number> stripe::* count) const noexcept {
    Number total = 0;
    for (const stripe& each : stripes_) total += (each.*count).load(relaxed);
    return total;
  }

  stripe stripes_[stripe_count];
};

/// Counts one call of a factory at the end of its scope, and the time since it began.
class load_measured {
 public:
  explicit load_measured(load_counts& counts) noexcept : counts_(counts) {}
  load_measured(const load_measured&) = delete;
  load_measured& operator=(const load_measured&) = delete;
  ~load_measured() { counts_.count(gave_a_value_, std::chrono::steady_clock::now() - began_); }

  void gave_a_value() noexcept { gave_a_value_ = true; }

 private:
  load_counts& counts_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool gave_a_value_ = false;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
