// std::from_range, or what stands for it before C++23.
#ifndef EVAC_DETAIL_FACE_FROM_RANGE_HPP
#define EVAC_DETAIL_FACE_FROM_RANGE_HPP

#include <ranges>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI {

#if defined(__cpp_lib_containers_ranges)
using std::from_range;
using std::from_range_t;
#else
/// Tag of the constructors from a range, as in C++23.
struct from_range_t {
  explicit from_range_t() = default;
};
inline constexpr from_range_t from_range{};
#endif

}  // namespace evac::inline EVAC_ABI

#endif
