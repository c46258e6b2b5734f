// Shards as a user sees them: which of them a key belongs to, visits of one, and prefetch, which looks at one.
#include <cstddef>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("visits of all shards see each element once, in the shard that its key names", "",
                   EVAC_TEST_SHARDED_MAPS) {
  using Map = TestType;
  constexpr int some = 150;
  for (const std::size_t count : shard_counts) {
    Map map = filled_shards<Map>(count, some);
    const Map& constant = map;
    REQUIRE(map.shard_count() == count);
    std::size_t visited = 0;
    for (std::size_t shard = 0; shard != count; ++shard) {
      std::vector<typename Map::key_type> keys;
      const std::size_t here = map.visit_shard(shard, [&](auto& element) {
        STATIC_REQUIRE(std::is_same_v<decltype(element), typename Map::value_type&>);
        keys.push_back(element.first);
      });
      REQUIRE(here == keys.size());
      for (const auto& key : keys) REQUIRE(map.shard_of(key) == shard);
      std::size_t again = 0;
      const auto look = [&](auto& element) {
        STATIC_REQUIRE(std::is_same_v<decltype(element), const typename Map::value_type&>);
        ++again;
      };
      REQUIRE(constant.visit_shard(shard, look) == here);
      REQUIRE(map.cvisit_shard(shard, look) == here);
      REQUIRE(again == 2 * here);
      REQUIRE(map.counters_of_shard(shard).size == here);
      visited += here;
    }
    REQUIRE(visited == some);
    for (int i = 0; i <= some; ++i) map.prefetch(make<typename Map::key_type>(i));
    REQUIRE_VALID_SHARDS(map);
    REQUIRE_ALL_FREE(map);
  }
}

TEST_CASE("changes of elements by a visit of their shard stay") {
  evac::sharded_map<int, int> map = filled_shards<evac::sharded_map<int, int>>(4, 100);
  const std::size_t shard = map.shard_of(7);
  const std::size_t changed = map.visit_shard(shard, [](auto& element) { element.second += 1000; });
  CHECK(map.find(7) == 1007);
  std::size_t seen = 0;
  map.cvisit_all([&](const auto& element) { seen += element.second >= 1000 ? 1 : 0; });
  CHECK(seen == changed);
  CHECK(seen < 100);
}

TEST_CASE("shard_of and prefetch take what look-ups take, of a map without memory too") {
  evac::sharded_map<std::string, int> map(evac::shards{4});
  const std::string_view view = "a view";
  map.prefetch(view);
  map.prefetch("a literal");
  CHECK(map.shard_of(view) == map.shard_of(std::string(view)));
  evac::sharded_set<std::string> set(evac::shards{4});
  set.prefetch(view);
  set.insert(std::string(view));
  CHECK(set.visit_shard(set.shard_of(view), [&](const std::string& key) { CHECK(key == view); }) == 1);
  CHECK(set.cvisit_shard(set.shard_of(view), [](const std::string&) {}) == 1);
}

TEST_CASE("bulk visits tell the index of each key that is there, however many there are") {
  for (const std::size_t count : shard_counts) {
    evac::sharded_map<int, int> map(evac::shards{count});
    for (int i = 0; i < 300; i += 2) map.emplace(i, i);
    for (const int n : {0, 1, 63, 64, 65, 128, 300}) {
      std::vector<int> keys;
      std::vector<std::size_t> present;
      for (int i = 0; i < n; ++i) {
        keys.push_back(i * 7 % 311);
        if (keys.back() % 2 == 0 && keys.back() < 300) present.push_back(static_cast<std::size_t>(i));
      }
      std::vector<std::size_t> seen;
      const auto note = [&](std::size_t index, auto& element) {
        seen.push_back(element.first == keys[index] ? index : keys.size());
      };
      REQUIRE(map.visit(keys.begin(), keys.end(), note) == present.size());
      REQUIRE(seen == present);
      seen.clear();
      REQUIRE(std::as_const(map).visit(keys.begin(), keys.end(), note) == present.size());
      REQUIRE(seen == present);
      seen.clear();
      REQUIRE(map.cvisit(keys.begin(), keys.end(), note) == present.size());
      REQUIRE(seen == present);
    }
    const std::vector<int> two{4, 8};
    map.visit(two.begin(), two.end(),
              [](std::size_t index, auto& element) { element.second = static_cast<int>(index); });
    REQUIRE(map.find(4) == 0);
    REQUIRE(map.find(8) == 1);
  }
}

TEST_CASE("a visitor that takes any arguments is given the element alone") {
  const evac::sharded_map<int, int> map{{1, 1}};
  const int key = 1;
  std::size_t arguments = 0;
  map.cvisit(&key, &key + 1, [&](const auto&... all) { arguments = sizeof...(all); });
  CHECK(arguments == 1);
}
