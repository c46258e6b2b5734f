// erase_if() of a container with iterators.
#ifndef EVAC_DETAIL_FACE_ERASE_MATCHING_HPP
#define EVAC_DETAIL_FACE_ERASE_MATCHING_HPP

#include <cstddef>
#include <iterator>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Container, class Predicate>
std::size_t erase_matching(Container& from, Predicate& predicate) {
  const std::size_t before = from.size();
  for (auto at = from.begin(); at != from.end();) at = predicate(*at) ? from.erase(at) : std::next(at);
  return before - from.size();
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
