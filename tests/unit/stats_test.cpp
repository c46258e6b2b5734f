#include <cstdint>
#include <evac/map.hpp>
#include <numeric>
#include <sstream>
#include <string>

#include "support/catch.hpp"

TEST_CASE("stats add up at every size") {
  evac::map<std::uint64_t, std::uint64_t> map;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    map[i] = i;
    if (i % 7 != 0) continue;
    const evac::table_stats stats = map.stats();
    REQUIRE(stats.size == map.size());
    const auto& chains = stats.chain_length_histogram;
    REQUIRE(std::accumulate(chains.begin(), chains.end(), std::size_t{0}) == stats.home_buckets);
    const auto& homes = stats.occupancy_histogram;
    REQUIRE(std::accumulate(homes.begin(), homes.end(), std::size_t{0}) == stats.home_buckets);
    std::size_t overflow = 0;
    for (std::size_t length = 1; length < chains.size(); ++length) overflow += chains[length] * (length - 1);
    REQUIRE(overflow == stats.overflow_buckets);
    REQUIRE(stats.longest_chain + 1 == chains.size());
    REQUIRE(stats.slot_count >= stats.size);
    REQUIRE(map.memory_usage() <= stats.total_bytes());
    REQUIRE(map.evacuating() == (stats.parents_left != 0));
    if (map.evacuating()) REQUIRE(stats.frontier + stats.parents_left == std::size_t{1} << (stats.depth - 1));
  }
  REQUIRE(map.stats().growths > 5);
  REQUIRE(map.stats().elements_moved > 1000);
}

TEST_CASE("stats print as a page and as JSON with every figure") {
  evac::map<int, int> map;
  for (int i = 0; i < 100; ++i) map[i] = i;
  std::ostringstream page;
  page << map.stats();
  const std::string json = map.stats().to_json();
  for (const char* name : {"size", "home_buckets", "overflow_buckets", "slab_bytes", "longest_chain", "growths"}) {
    REQUIRE(page.str().find(name) != std::string::npos);
    REQUIRE(json.find('"' + std::string(name) + '"') != std::string::npos);
  }
  REQUIRE(json.find("\"size\":100") != std::string::npos);
  REQUIRE(json.front() == '{');
  REQUIRE(json.back() == '}');
}

TEST_CASE("the stats of an empty map are all zero") {
  const evac::map<int, int> map;
  const evac::table_stats stats = map.stats();
  REQUIRE(stats.total_bytes() == 0);
  REQUIRE(stats.home_buckets == 0);
  REQUIRE(map.memory_usage() == 0);
  REQUIRE_FALSE(map.evacuating());
}
