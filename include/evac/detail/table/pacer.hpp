// Pacer of a table: the sizes at which inserts grow or shrink it. Numbers only, no memory, no elements;
// how large a table of a given size is to be: pacing.hpp.
//
//   size   0 ............ shrink_below ............................. next step
//          | oversized: counts inserts, then shrinks | nothing to do | each insert splits up to parents_per_step homes
//
// An insert asks one question, whether its size has reached the next step; so an oversized table has its next step at
// 0. A table that is cleared and filled again should keep its homes: it shrinks only after as many inserts as it has
// homes found it oversized, and then goes on until its homes hold two elements on average.
#ifndef EVAC_DETAIL_TABLE_PACER_HPP
#define EVAC_DETAIL_TABLE_PACER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/directory.hpp"
#include "evac/detail/table/pacing.hpp"

namespace evac::inline EVAC_ABI::detail {

class pacer {
 public:
  enum class step : unsigned char {
    wait,    // the table is oversized and may stay so for now: the numbers are as they should be
    settle,  // nothing but to settle
    grow,
    shrink
  };

  // --- transitions, each with the size that it leads to ---

  /// Whether the insert has a step to take: one compare.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool inserted(std::size_t size) const noexcept { return size >= next_step_; }
  EVAC_ALWAYS_INLINE void erased(std::size_t size) noexcept {
    if (size < shrink_below_) [[unlikely]]
      next_step_ = 0;
  }
  /// A table of so many homes keeps them from now on, until this is called with fewer; 0 takes the promise back.
  void reserved(std::size_t homes) noexcept {
    reserved_homes_ = homes;
    oversized_inserts_ = 0;
  }
  /// After anything else that changes the size or the number of homes, and after each step.
  void settle(std::size_t size, std::size_t homes, std::size_t home_slots) noexcept {
    if (homes > fewest_homes()) {
      const bool shrinking = out_of_patience(homes) && size < shrink_resume(homes);
      shrink_below_ = shrinking ? shrink_resume(homes) : shrink_threshold(homes);
      if (!shrinking && size >= shrink_below_) oversized_inserts_ = 0;
    } else {
      shrink_below_ = 0;
      oversized_inserts_ = 0;
    }
    next_step_ = size < shrink_below_ ? 0 : grow_threshold(homes, home_slots);
  }

  // --- what to do ---

  /// The step of an insert for which inserted() was true. Counts the inserts that find the table oversized.
  [[nodiscard]] step due(std::size_t size, std::size_t homes, std::size_t home_slots) noexcept {
    if (size < shrink_below_) {
      if (out_of_patience(homes)) return step::shrink;
      ++oversized_inserts_;
      return step::wait;
    }
    // A next step that is not 0 is where the table grows; 0 was left behind by an erase.
    return next_step_ != 0 || size >= grow_threshold(homes, home_slots) ? step::grow : step::settle;
  }
  /// To shrink below this would break a promise, or save nothing.
  [[nodiscard]] std::size_t fewest_homes() const noexcept { return (std::max)(reserved_homes_, base_homes); }
  [[nodiscard]] std::size_t reserved_homes() const noexcept { return reserved_homes_; }
  /// Whether an element may be moved for tidiness at this size: nothing moves up to the size that was reserved for.
  [[nodiscard]] bool may_move(std::size_t size, std::size_t home_slots) const noexcept {
    return size >= grow_threshold(reserved_homes_, home_slots);
  }

  /// Number by number: a copy of the whole would read its padding, where the lock of a shard counts.
  void swap(pacer& other) noexcept {
    std::swap(next_step_, other.next_step_);
    std::swap(shrink_below_, other.shrink_below_);
    std::swap(reserved_homes_, other.reserved_homes_);
    std::swap(oversized_inserts_, other.oversized_inserts_);
  }

 private:
  [[nodiscard]] bool out_of_patience(std::size_t homes) const noexcept {
    return oversized_inserts_ >= std::min<std::size_t>(homes, (std::numeric_limits<std::uint32_t>::max)());
  }

  std::size_t next_step_ = 0;
  std::size_t shrink_below_ = 0;
  std::size_t reserved_homes_ = 0;
  std::uint32_t oversized_inserts_ = 0;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
