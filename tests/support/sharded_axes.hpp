// The kinds of sharded maps that the API tests run over, and what they ask of each.
#ifndef EVAC_TESTS_SUPPORT_SHARDED_AXES_HPP
#define EVAC_TESTS_SUPPORT_SHARDED_AXES_HPP

#include <cstddef>
#include <cstdint>
#include <evac/detail/table/table_access.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <functional>
#include <string>

#include "support/axes.hpp"
#include "support/valid_shards.hpp"

namespace evac_test {

using sharded_ints = evac::sharded_map<std::uint64_t, std::uint64_t>;
using sharded_strings = evac::sharded_map<std::string, std::string>;
using sharded_tracked =
    evac::sharded_map<tracked, tracked, std::hash<tracked>, std::equal_to<tracked>, counted<tracked, tracked>>;
using sharded_throwers = evac::sharded_map<int, throwing_mover>;
using sharded_aligned = evac::sharded_map<std::uint64_t, over_aligned>;
using sharded_large = evac::sharded_map<int, four_kilobytes>;
using sharded_empties = evac::sharded_map<std::uint64_t, empty_value>;
using sharded_selves = evac::sharded_map<int, self_pointer>;
using sharded_identity = evac::sharded_map<std::uint64_t, int, identity_hash>;
using sharded_raw = evac::sharded_map<std::uint64_t, int, raw_identity_hash>;
using sharded_constant = evac::sharded_map<std::uint64_t, int, constant_hash>;
using sharded_four_bits = evac::sharded_map<std::uint64_t, int, four_bit_hash>;

// The list of axes as a TEMPLATE_TEST_CASE takes it.
#define EVAC_TEST_SHARDED_MAPS                                                                                         \
  evac_test::sharded_ints, evac_test::sharded_strings, evac_test::sharded_throwers, evac_test::sharded_aligned,        \
      evac_test::sharded_constant EVAC_TEST_AND_MORE(                                                                  \
          evac_test::sharded_tracked, evac_test::sharded_large, evac_test::sharded_empties, evac_test::sharded_selves, \
          evac_test::sharded_identity, evac_test::sharded_raw, evac_test::sharded_four_bits)

inline constexpr std::size_t shard_counts[] = {1, 2, 4};

template <class Map>
[[nodiscard]] Map filled_shards(std::size_t shard_count, int n) {
  Map map(evac::shards{shard_count});
  for (int i = 0; i < n; ++i) {
    map.try_emplace(make<typename Map::key_type>(i), make<typename Map::mapped_type>(i));
  }
  return map;
}

/// Empty if no shard is held, asked of the locks themselves.
template <class Map>
[[nodiscard]] std::string held_shards(Map& map) {
  auto& shards = evac::detail::table_access::shards_of(map);
  std::string held;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    auto& mutex = const_cast<typename Map::mutex_type&>(shards[i].mutex());
    if (mutex.try_lock()) {
      mutex.unlock();
    } else {
      held += "shard " + std::to_string(i) + " is held; ";
    }
  }
  return held;
}

}  // namespace evac_test

#define CHECK_VALID_SHARDS(map) CHECK(::evac_test::validate_shards(map) == std::string())
#define REQUIRE_ALL_FREE(map) REQUIRE(::evac_test::held_shards(map) == std::string())
#define CHECK_ALL_FREE(map) CHECK(::evac_test::held_shards(map) == std::string())

#endif
