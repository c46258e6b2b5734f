// All elements of a table one after the other, in the order of homes.
//
// Free functions over table_parts that write nothing. A step looks at the next slot first, which is mostly taken,
// because elements are put into the first free slot; then at the rest of the tag word, at overflow buckets, at the next
// home.
#ifndef EVAC_DETAIL_TABLE_ITERATION_HPP
#define EVAC_DETAIL_TABLE_ITERATION_HPP

#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/table/table_parts.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Where an element is; where is null for "nowhere", which is also the end. The index is as wide as an address, which
/// an iteration makes of it at every step.
struct position {
  bucket* where = nullptr;
  std::size_t index = 0;
  std::size_t home = 0;

  position() noexcept = default;
  EVAC_ALWAYS_INLINE position(bucket* a_where, std::size_t an_index, std::size_t a_home) noexcept
      : where{a_where}, index{an_index}, home{a_home} {}
  EVAC_ALWAYS_INLINE position(slot_ref at, std::size_t a_home) noexcept : position(at.where, at.index, a_home) {}

  [[nodiscard]] slot_ref slot() const noexcept { return {where, static_cast<unsigned>(index)}; }
};

/// Homes whose overflow buckets are fetched at a time, so far ahead: these lie anywhere, and an iteration would wait
/// for each of them. Such a group never spans two segments.
inline constexpr std::size_t homes_fetched = 8;
static_assert(base_homes % homes_fetched == 0);

template <class Policy>
EVAC_ALWAYS_INLINE void prefetch_overflow_of_group(const table_parts<Policy>& of, std::size_t first) noexcept {
  if (first + homes_fetched > of.homes.count()) return;
  const auto* bytes = reinterpret_cast<const std::byte*>(of.homes.at(first));
  for (std::size_t i = 0; i < homes_fetched; ++i, bytes += table_parts<Policy>::layout::home_bytes()) {
    prefetch_for_read(reinterpret_cast<const bucket*>(bytes)->overflow);
  }
}

/// The first element of this home or a later one; the first slot of the home is empty.
template <class Policy>
[[nodiscard]] EVAC_NEVER_INLINE position first_behind_free(const table_parts<Policy>& of, std::size_t home) noexcept {
  for (; home < of.homes.count(); home = of.homes.next_filled(home + 1)) {
    for (bucket* where = of.homes.at(home); where != nullptr; where = where->overflow) {
      if (const slot_mask taken = where->tags.occupied()) return {where, taken.first(), home};
    }
  }
  return {};
}
/// The first element of this home or a later one.
template <class Policy>
[[nodiscard]] EVAC_ALWAYS_INLINE position first_from(const table_parts<Policy>& of, std::size_t home) noexcept {
  if (home >= of.homes.count()) return {};
  if (home % homes_fetched == 0) prefetch_overflow_of_group(of, home + homes_fetched);
  bucket* const head = of.homes.at(home);
  if (head->is_taken(0)) [[likely]]
    return {head, 0, home};
  return first_behind_free(of, home);
}
/// The first element of this overflow bucket, if there is one, or of a later home. (Two numbers by themselves: a
/// position that is passed would lie in memory all along.)
template <class Policy>
[[nodiscard]] EVAC_NEVER_INLINE position first_in_overflow(const table_parts<Policy>& of, bucket* where,
                                                           std::size_t home) noexcept {
  if (where == nullptr) return first_from(of, home + 1);
  return {where, where->tags.occupied().first(), home};
}

template <class Policy>
[[nodiscard]] position first_element(const table_parts<Policy>& of) noexcept {
  return of.size == 0 ? position{} : first_from(of, of.homes.next_filled(0));
}
template <class Policy>
[[nodiscard]] EVAC_ALWAYS_INLINE position next_element(const table_parts<Policy>& of, position at) noexcept {
  std::size_t index = at.index + 1;
  if (index < table_parts<Policy>::layout::home_slots() && at.where->is_taken(index)) [[likely]]
    return {at.where, index, at.home};
  if (at.where->is_last_behind(index)) [[likely]]
    return first_from(of, at.home + 1);
  index = at.where->tags.occupied_from(index);
  if (index != max_slots) return {at.where, index, at.home};
  return first_in_overflow(of, at.where->overflow, at.home);
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
