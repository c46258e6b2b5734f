// Included in place of include/evac/detail/geometry/directory.hpp: tables begin with two homes, so that every home that
// is not needed for a model costs it nothing, and two doublings are three splits.
#ifndef EVAC_DETAIL_GEOMETRY_DIRECTORY_HPP
#define EVAC_DETAIL_GEOMETRY_DIRECTORY_HPP

#include <bit>
#include <cstddef>

#include <evac/detail/config.hpp>
#include "evac/detail/geometry/bucket.hpp"

namespace evac::inline EVAC_ABI::detail {

inline constexpr std::size_t base_homes = 2;

/// The questions that others ask of it.
struct directory {
  static constexpr std::size_t entries = 64;
};

[[nodiscard]] inline std::size_t segment_key(std::size_t home) noexcept {
  return static_cast<std::size_t>(std::countl_zero(home | (base_homes - 1)));
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
