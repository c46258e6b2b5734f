// Bounds of sync maps, by counting: memory while empty.
#include <cstddef>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <memory>
#include <optional>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

TEST_CASE("an empty map allocates nothing, is small, and a million of them stay so") {
  const memory_census before = memory;
  {
    const evac::sync_map<int, int, evac::hash<int>, evac::equal_to<int>, counted<int, int>> map;
    CHECK(map.size() == 0);
    CHECK_FALSE(map.contains(1));
    CHECK(map.load(1) == std::nullopt);
    CHECK(map.range([](int, int) { return false; }));
    CHECK(map.memory_usage() == 0);
    CHECK(map.stats().table.total_bytes() == 0);
  }
  CHECK(memory.allocations == before.allocations);
  CHECK(sizeof(sync_words) == 48);
  CHECK(sizeof(sync_strings) == 48);
  CHECK(sizeof(evac::sync_set<int>) == 48);
  constexpr std::size_t million = 1'000'000;
  const auto maps = std::make_unique<sync_words[]>(million);
  CHECK(maps[0].domain().stats().threads == sync_words().domain().stats().threads);  // one domain for all
  std::size_t held = million * sizeof(sync_words);
  for (std::size_t i = 0; i < million; ++i) held += maps[i].memory_usage();
  CHECK(held <= 256 * million);
}
