// Keys of sharded maps that are hashed once and used in several calls.
#include <cstddef>
#include <evac/map.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

constexpr auto at_once = std::try_to_lock;
constexpr auto yes = [](const auto&) { return true; };
constexpr auto no = [](const auto&) { return false; };
constexpr int some = 100;

template <class Map, class Key>
constexpr bool takes = requires(Map map, Key key) { map.contains(key); };

template <class Map, class Key>
constexpr bool inserts = requires(Map map, Key key) { map.try_emplace(key, 1); };

}  // namespace

TEMPLATE_TEST_CASE("calls with a prepared key do what those with the key do", "", EVAC_TEST_SHARDED_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  for (const std::size_t count : shard_counts) {
    Map map = filled_shards<Map>(count, some);
    const Map& constant = map;
    for (int i = 0; i <= some; ++i) {
      const K plain = make<K>(i);
      const auto key = map.prepare(plain);
      const std::size_t there = i < some ? 1 : 0;
      std::size_t same = 0;
      const auto look = [&](const auto& element) { same += element.second == make<V>(i) ? 1 : 0; };
      REQUIRE(key.key() == plain);
      REQUIRE(map.contains(key) == (there == 1));
      REQUIRE(map.count(key) == there);
      REQUIRE(map.visit(key, [&](auto& element) { look(element); }) == there);
      REQUIRE(constant.visit(key, look) == there);
      REQUIRE(map.cvisit(key, look) == there);
      REQUIRE(map.visit(at_once, key, look).result() == there);
      REQUIRE(constant.visit(at_once, key, look).result() == there);
      REQUIRE(map.cvisit(at_once, key, look).result() == there);
      REQUIRE(same == 6 * there);
      map.prefetch(key);
      REQUIRE(map.shard_of(key) == map.shard_of(plain));
      if constexpr (std::is_copy_constructible_v<V>) {
        REQUIRE(map.find(key).has_value() == (there == 1));
        REQUIRE(map.find(at_once, key).result().has_value() == (there == 1));
      }
      REQUIRE(map.erase_if(key, no) == 0);
      REQUIRE(map.erase_if(at_once, key, no).result() == 0);
    }
    for (int i = 0; i < some; ++i) {
      const K plain = make<K>(i);
      const auto key = map.prepare(plain);
      const std::size_t erased = i % 4 == 0   ? map.erase(key)
                                 : i % 4 == 1 ? map.erase_if(key, yes)
                                 : i % 4 == 2 ? map.erase(at_once, key).result()
                                              : map.erase_if(at_once, key, yes).result();
      REQUIRE(erased == 1);
      REQUIRE(map.erase(key) == 0);
    }
    REQUIRE(map.empty());
    REQUIRE_VALID_SHARDS(map);
    REQUIRE_ALL_FREE(map);
  }
}

TEST_CASE("a prepared key of a sharded map stays valid through growth and clear()") {
  sharded_strings map(evac::shards{2});
  const std::string plain = make<std::string>(1);
  const auto key = map.prepare(plain);
  CHECK_FALSE(map.contains(key));
  for (int i = 0; i < 2000; ++i) map.try_emplace(make<std::string>(i), "x");
  CHECK(map.contains(key));
  map.rehash(0);
  map.clear();
  CHECK_FALSE(map.contains(key));
  map.try_emplace(plain, "y");
  CHECK(map.find(key) == "y");
}

TEST_CASE("a prepared key is of another type for each type of map, and is no key itself") {
  using ints = evac::sharded_map<int, int>;
  using prepared = decltype(std::declval<ints&>().prepare(1));
  STATIC_REQUIRE(takes<ints, prepared>);
  STATIC_REQUIRE_FALSE(takes<evac::sharded_map<int, long>, prepared>);
  STATIC_REQUIRE_FALSE(takes<evac::sharded_set<int>, prepared>);
  STATIC_REQUIRE_FALSE(takes<evac::map<int, int>, prepared>);
  STATIC_REQUIRE_FALSE(inserts<ints, prepared>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<prepared, int>);
}

TEST_CASE("views and literals are prepared for sharded maps and sets of strings, and none is copied into a string") {
  evac::sharded_set<std::string> set{"one", "two"};
  const std::string_view view = "one";
  const auto key = set.prepare(view);
  STATIC_REQUIRE(std::is_same_v<decltype(key.key()), const std::string_view&>);
  CHECK(set.contains(key));
  CHECK(set.contains(set.prepare("two")));
  CHECK(set.visit(set.prepare(std::string("two")), [](const std::string& found) { CHECK(found == "two"); }) == 1);
  CHECK(set.erase(key) == 1);
}
