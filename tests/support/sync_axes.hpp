// The kinds of sync maps that the API tests run over, and what they ask of each.
#ifndef EVAC_TESTS_SUPPORT_SYNC_AXES_HPP
#define EVAC_TESTS_SUPPORT_SYNC_AXES_HPP

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <evac/detail/lockfree/validate_sync.hpp>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <functional>
#include <memory>
#include <string>

#include "support/axes.hpp"

namespace evac_test {

/// A value of four words, in slots, that belong together.
struct several_words {
  several_words(int value = 0) { words.fill(value); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] friend bool operator==(const several_words&, const several_words&) = default;
  std::array<std::int64_t, 4> words;
};
enum class colour : std::int16_t {};

template <class K, class V, class Hash = evac::hash<K>>
using sync_nodes =
    evac::sync_map<K, V, Hash, evac::equal_to<K>, std::allocator<std::pair<const K, V>>, evac::storage::in_nodes>;

// In slots.
using sync_words = evac::sync_map<std::uint64_t, std::uint64_t>;
using sync_several = evac::sync_map<std::uint64_t, several_words>;
using sync_empties = evac::sync_map<std::uint64_t, empty_value>;
using sync_enums = evac::sync_map<colour, std::uint8_t>;
using sync_doubles = evac::sync_map<double, float>;
using sync_identity = evac::sync_map<std::uint64_t, int, identity_hash>;
using sync_raw = evac::sync_map<std::uint64_t, int, raw_identity_hash>;
using sync_constant = evac::sync_map<std::uint64_t, int, constant_hash>;
using sync_four_bits = evac::sync_map<std::uint64_t, int, four_bit_hash>;
// In nodes.
using sync_strings = evac::sync_map<std::string, std::string>;
using sync_tracked =
    evac::sync_map<tracked, tracked, std::hash<tracked>, std::equal_to<tracked>, counted<tracked, tracked>>;
using sync_throwers = evac::sync_map<int, throwing_mover>;
using sync_aligned = evac::sync_map<std::uint64_t, over_aligned>;
using sync_large = evac::sync_map<int, four_kilobytes>;
using sync_selves = evac::sync_map<int, self_pointer>;
using sync_forced = sync_nodes<std::uint64_t, std::uint64_t>;
using sync_constant_nodes = sync_nodes<std::uint64_t, int, constant_hash>;
using sync_four_bit_nodes = sync_nodes<std::uint64_t, int, four_bit_hash>;

static_assert(!sync_words::in_nodes && !sync_several::in_nodes && !sync_empties::in_nodes && !sync_enums::in_nodes);
static_assert(sync_strings::in_nodes && sync_tracked::in_nodes && sync_large::in_nodes && sync_forced::in_nodes);

// The list of axes as a TEMPLATE_TEST_CASE takes it.
#define EVAC_TEST_SYNC_MAPS                                                                                  \
  evac_test::sync_words, evac_test::sync_several, evac_test::sync_four_bits, evac_test::sync_strings,        \
      evac_test::sync_throwers, evac_test::sync_aligned,                                                     \
      evac_test::sync_constant_nodes EVAC_TEST_AND_MORE(                                                     \
          evac_test::sync_empties, evac_test::sync_enums, evac_test::sync_doubles, evac_test::sync_identity, \
          evac_test::sync_raw, evac_test::sync_constant, evac_test::sync_tracked, evac_test::sync_large,     \
          evac_test::sync_selves, evac_test::sync_forced, evac_test::sync_four_bit_nodes)

/// The i-th key or value of a type that is an enumeration, too.
template <class T>
[[nodiscard]] T make_sync(int i) {
  if constexpr (std::is_enum_v<T> || std::is_floating_point_v<T>) {
    return static_cast<T>(i);
  } else {
    return make<T>(i);
  }
}

/// Fills a map, which cannot be returned from a function that names it.
template <class Map>
void fill(Map& map, int from, int to) {
  for (int i = from; i < to; ++i)
    map.store(make_sync<typename Map::key_type>(i), make_sync<typename Map::mapped_type>(i));
}

}  // namespace evac_test

#define REQUIRE_VALID_SYNC(map) REQUIRE(::evac::detail::validate_sync(map) == std::string())
#define CHECK_VALID_SYNC(map) CHECK(::evac::detail::validate_sync(map) == std::string())
/// Nothing waits to be destroyed. Requires that no guard is held.
#define REQUIRE_FLUSHED(map) REQUIRE((map).domain().flush())

#endif
