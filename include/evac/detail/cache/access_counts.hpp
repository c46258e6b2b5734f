// Counts of what threads ask a cache for, in stripes that few threads share.
#ifndef EVAC_DETAIL_CACHE_ACCESS_COUNTS_HPP
#define EVAC_DETAIL_CACHE_ACCESS_COUNTS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/thread_board.hpp"

namespace evac::inline EVAC_ABI::detail {

class access_counts {
  struct alignas(line_pair) stripe {
    atomic<std::size_t> hits{0};
    atomic<std::size_t> misses{0};
    atomic<std::size_t> loads{0};
    atomic<std::size_t> load_failures{0};
    atomic<std::uint64_t> load_ns{0};
  };

 public:
  // relaxed, all of them: counts that order nothing, and recent numbers
  EVAC_ALWAYS_INLINE void count(bool hit) noexcept {
    stripe& mine = of_this_thread();
    (hit ? mine.hits : mine.misses).fetch_add(1, relaxed);
  }
  void count(std::size_t hits, std::size_t misses) noexcept {
    stripe& mine = of_this_thread();
    mine.hits.fetch_add(hits, relaxed);
    mine.misses.fetch_add(misses, relaxed);
  }
  void count_load(bool gave_a_value, std::chrono::nanoseconds time) noexcept {
    stripe& mine = of_this_thread();
    (gave_a_value ? mine.loads : mine.load_failures).fetch_add(1, relaxed);
    mine.load_ns.fetch_add(static_cast<std::uint64_t>(time.count()), relaxed);
  }

  [[nodiscard]] std::size_t hits() const noexcept { return sum(&stripe::hits); }
  [[nodiscard]] std::size_t misses() const noexcept { return sum(&stripe::misses); }
  [[nodiscard]] std::size_t loads() const noexcept { return sum(&stripe::loads); }
  [[nodiscard]] std::size_t load_failures() const noexcept { return sum(&stripe::load_failures); }
  [[nodiscard]] std::chrono::nanoseconds load_time() const noexcept {
    return std::chrono::nanoseconds(sum(&stripe::load_ns));
  }

 private:
  [[nodiscard]] EVAC_ALWAYS_INLINE stripe& of_this_thread() noexcept {
    return stripes_[thread_board::hash_of_this_thread() % stripe_count];
  }
  template <class Number>
  [[nodiscard]] Number sum(atomic<Number> stripe::* count) const noexcept {
    Number total = 0;
    for (const stripe& each : stripes_) total += (each.*count).load(relaxed);
    return total;
  }

  static constexpr std::size_t stripe_count = 32;
  stripe stripes_[stripe_count];
};

/// What factory() returns; counts it, and how long it took, also if it throws.
template <class Factory>
[[nodiscard]] auto load_counted(access_counts& counts, Factory& factory) {
  struct measured {
    access_counts& counts;
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
    bool returned = false;
    ~measured() { counts.count_load(returned, std::chrono::steady_clock::now() - began); }
  } load{counts};
  auto result = factory();
  load.returned = true;
  return result;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
