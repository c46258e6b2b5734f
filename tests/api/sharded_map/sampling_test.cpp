// Samples of sharded maps, and elements popped from them. The hash and the generators are fixed: nothing depends on
// luck.
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/draws.hpp"
#include "support/in_threads.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

using fixed_map = evac::sharded_map<std::uint64_t, int, fixed_hash>;

}  // namespace

TEST_CASE("samples of a sharded map draw each element equally often, at any point of a growth") {
  std::mt19937_64 generator(1);
  for (const std::size_t elements : {50U, 300U, 700U, 1000U}) {
    for (const std::size_t n : {1U, 7U, 1000U}) {
      fixed_map map(evac::shards{4});
      for (std::uint64_t i = 0; i < elements; ++i) map.emplace(i, 0);
      std::vector<std::size_t> drawn(elements, 0);
      std::size_t draws = 0;
      while (draws < 100 * elements) {
        const std::size_t now = map.sample(generator, n, [&](const auto& element) { ++drawn[element.first]; });
        REQUIRE(now == n);
        draws += now;
      }
      INFO(elements << " elements, " << n << " at a time");
      CHECK(unevenness(drawn) < 1.4);
    }
  }
}

TEMPLATE_TEST_CASE("samples draw what is there and nothing else, and as many as asked for", "",
                   EVAC_TEST_SHARDED_MAPS) {
  using Map = TestType;
  std::minstd_rand generator(3);
  for (const std::size_t count : shard_counts) {
    Map map = filled_shards<Map>(count, 100);
    std::size_t same = 0;
    REQUIRE(map.sample(generator, 500, [&](const auto& element) {
      for (int i = 0; i < 100; ++i) {
        if (element.first != make<typename Map::key_type>(i)) continue;
        same += element.second == make<typename Map::mapped_type>(i) ? 1 : 0;
      }
    }) == 500);
    REQUIRE(same == 500);
    REQUIRE(map.sample(generator, 0, [](const auto&) { FAIL("none was asked for"); }) == 0);
    REQUIRE(Map(evac::shards{count}).sample(generator, 5, [](const auto&) { FAIL("there is none"); }) == 0);
    REQUIRE_ALL_FREE(map);
  }
}

TEST_CASE("samples find the few elements of a sharded map that was emptied") {
  fixed_map map(evac::shards{4});
  for (std::uint64_t i = 0; i < 20000; ++i) map.emplace(i, 0);
  for (std::uint64_t i = 3; i < 20000; ++i) map.erase(i);
  std::mt19937 generator(5);
  std::set<std::uint64_t> seen;
  REQUIRE(map.sample(generator, 300, [&](const auto& element) { seen.insert(element.first); }) == 300);
  CHECK(seen == std::set<std::uint64_t>{0, 1, 2});
}

TEMPLATE_TEST_CASE("pop_any takes each element out once, with its value", "", EVAC_TEST_SHARDED_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  constexpr int some = 100;
  for (const std::size_t count : shard_counts) {
    Map map = filled_shards<Map>(count, some);
    std::vector<bool> popped(some, false);
    for (int left = some; left != 0; --left) {
      const auto element = map.pop_any();
      REQUIRE(element.has_value());
      REQUIRE(map.size() == static_cast<std::size_t>(left - 1));
      for (int i = 0; i < some; ++i) {
        if (element->first != make<K>(i)) continue;
        REQUIRE_FALSE(popped[static_cast<std::size_t>(i)]);
        popped[static_cast<std::size_t>(i)] = true;
        REQUIRE(element->second == make<typename Map::mapped_type>(i));
      }
      REQUIRE_FALSE(map.contains(element->first));
    }
    REQUIRE_FALSE(map.pop_any().has_value());
    REQUIRE_VALID_SHARDS(map);
    REQUIRE_ALL_FREE(map);
    REQUIRE(map.try_emplace(make<K>(0), make<typename Map::mapped_type>(0)));
  }
}

TEST_CASE("elements that only move are popped, and those of a set") {
  evac::sharded_map<int, std::unique_ptr<int>> owners(evac::shards{2});
  owners.try_emplace(1, std::make_unique<int>(7));
  const auto popped = owners.pop_any();
  REQUIRE(popped.has_value());
  CHECK(*popped->second == 7);
  evac::sharded_set<std::string> set{"one", "two"};
  std::set<std::string> taken;
  while (auto key = set.pop_any()) taken.insert(*std::move(key));
  CHECK(taken == std::set<std::string>{"one", "two"});
  CHECK(set.sample(std::minstd_rand(), 1, [](const std::string&) {}) == 0);
}

TEST_CASE("threads that pop until there is nothing take each element out once") {
  fixed_map map(evac::shards{4});
  constexpr std::uint64_t elements = 4000;
  for (std::uint64_t i = 0; i < elements; ++i) map.emplace(i, 0);
  std::vector<std::vector<std::uint64_t>> popped(crowd());
  in_threads(crowd(), [&](std::size_t thread) {
    while (const auto element = map.pop_any()) popped[thread].push_back(element->first);
  });
  std::vector<std::size_t> times(elements, 0);
  for (const auto& mine : popped) {
    for (const std::uint64_t key : mine) ++times[key];
  }
  CHECK(times == std::vector<std::size_t>(elements, 1));
  CHECK(map.empty());
  CHECK_VALID_SHARDS(map);
}
