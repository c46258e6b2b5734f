// An estimate of the time that a table spends in the growth steps of inserts, from the clock around few of them.
//
//   homes   0 ........... 66 ........... 132 ........... 198 ........ 2048 ........      a step begins where the last has ended
//           once          times 33       times 33        times 33     once               what its time counts
//
// A step that gets memory (a segment, pages a megabyte at a time) takes a thousand times as long as others: it is
// always timed, and counts as it is. Such steps begin at multiples of 2048 homes where the size of a bucket is a power
// of two up to 512, and are known by the address that they have come to where it is no power of two. Of the others one
// in 32 is timed, at another place of its page each time: the first to touch a page waits for the system. Two looks at
// the clock are some 50 ns, of a hundred inserts.
#ifndef EVAC_DETAIL_TABLE_EVACUATION_TIMER_HPP
#define EVAC_DETAIL_TABLE_EVACUATION_TIMER_HPP

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/segment_memory.hpp"
#include "evac/detail/table/pacing.hpp"

namespace evac::inline EVAC_ABI::detail {

class evacuation_timer {
  static constexpr std::size_t one_in = 32;                         // steps are timed
  static constexpr std::size_t within_step = parents_per_step - 1;  // a step may begin at an odd home
  static constexpr std::size_t long_period = one_in * one_in * parents_per_step;
  static_assert(std::has_single_bit(parents_per_step));
  // A step that took longer was kept waiting by the system, as others were not: it counts once.
  static constexpr std::chrono::microseconds longest_ordinary{100};

 public:
  /// Whether the step that begins at so many homes, of so many bytes each, is timed.
  [[nodiscard]] EVAC_ALWAYS_INLINE static constexpr bool times(std::size_t homes, std::size_t home_bytes) noexcept {
    constexpr std::size_t place = (one_in - 1) * parents_per_step;
    if (((homes ^ homes / one_in) & place) == 0) return true;
    if (std::has_single_bit(home_bytes)) return false;
    return (homes * home_bytes) % populated_at_once < parents_per_step * home_bytes;
  }

  explicit evacuation_timer(std::size_t homes) noexcept : homes_(homes), began_(std::chrono::steady_clock::now()) {}
  /// At the end of the step: the nanoseconds that it stands for.
  [[nodiscard]] std::uint64_t nanoseconds() const noexcept {
    return weighted(homes_, std::chrono::steady_clock::now() - began_);
  }
  [[nodiscard]] static constexpr std::uint64_t weighted(std::size_t homes, std::chrono::nanoseconds taken) noexcept {
    // One step of a long period counts once, and the others that are timed stand for the rest.
    constexpr std::uint64_t weight = (long_period / parents_per_step - 1) / (one_in - 1);
    const bool ordinary = homes % long_period > within_step && taken <= longest_ordinary;
    return static_cast<std::uint64_t>(taken.count()) * (ordinary ? weight : 1);
  }

 private:
  std::size_t homes_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
