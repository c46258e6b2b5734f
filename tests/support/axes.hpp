// The kinds of maps that the API tests run over: key and value kinds, hashes, allocators.
#ifndef EVAC_TESTS_SUPPORT_AXES_HPP
#define EVAC_TESTS_SUPPORT_AXES_HPP

#include <cstdint>
#include <evac/map.hpp>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "support/allocators.hpp"
#include "support/elements.hpp"
#include "support/few_kinds.hpp"
#include "support/functors.hpp"

namespace evac_test {

template <class K, class V>
using counted = counting_allocator<std::pair<const K, V>>;

using int_map = evac::map<std::uint64_t, std::uint64_t>;
using string_map = evac::map<std::string, std::string>;
using tracked_map = evac::map<tracked, tracked, std::hash<tracked>, std::equal_to<tracked>, counted<tracked, tracked>>;
using thrower_map = evac::map<int, throwing_mover>;
using aligned_map = evac::map<std::uint64_t, over_aligned>;
using large_map = evac::map<int, four_kilobytes>;
using empty_map = evac::map<std::uint64_t, empty_value>;
using self_map = evac::map<int, self_pointer>;
using identity_map = evac::map<std::uint64_t, int, identity_hash>;
using raw_map = evac::map<std::uint64_t, int, raw_identity_hash>;
using constant_map = evac::map<std::uint64_t, int, constant_hash>;
using four_bit_map = evac::map<std::uint64_t, int, four_bit_hash>;

/// Everything that may throw does when it is told to.
using fragile_map =
    evac::map<tracked, tracked, throwing_hash<tracked>, throwing_equal<tracked>, counted<tracked, tracked>>;
using fragile_nodes = evac::map<tracked, throwing_mover, throwing_hash<tracked>, throwing_equal<tracked>,
                                counted<tracked, throwing_mover>>;

// The list of axes as a TEMPLATE_TEST_CASE takes it.
#define EVAC_TEST_MAPS                                                                                               \
  evac_test::int_map, evac_test::string_map, evac_test::thrower_map, evac_test::aligned_map,                         \
      evac_test::constant_map EVAC_TEST_AND_MORE(evac_test::tracked_map, evac_test::large_map, evac_test::empty_map, \
                                                 evac_test::self_map, evac_test::identity_map, evac_test::raw_map,   \
                                                 evac_test::four_bit_map)

/// The i-th key or value of a type.
template <class T>
[[nodiscard]] T make(int i) {
  if constexpr (std::is_same_v<T, std::string>) {
    return "a string that is too long to be stored in place " + std::to_string(i);
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(i);
  } else {
    return T(i);
  }
}

template <class Map>
[[nodiscard]] Map filled(int n) {
  Map map;
  for (int i = 0; i < n; ++i) {
    map.try_emplace(make<typename Map::key_type>(i), make<typename Map::mapped_type>(i));
  }
  return map;
}

}  // namespace evac_test

#endif
