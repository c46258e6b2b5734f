// Each operation on each kind of key, value and hash, with 1, 2 and 4 shards, at sizes that pass through several
// growths.
#include <evac/sharded_map.hpp>
#include <set>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

constexpr int some = 150;

template <class Map>
void require_contents(Map& map, int from, int to) {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  REQUIRE_VALID_SHARDS(map);
  REQUIRE(map.size() == static_cast<std::size_t>(to - from));
  for (int i = from; i < to; ++i) {
    bool same = false;
    REQUIRE(map.cvisit(make<K>(i), [&](const auto& element) {
      same = element.first == make<K>(i) && element.second == make<V>(i);
    }) == 1);
    REQUIRE(same);
  }
  REQUIRE_FALSE(map.contains(make<K>(to)));
  std::size_t present = 0;
  const std::size_t visited = map.cvisit_all([&](const auto&) { ++present; });
  REQUIRE(present == map.size());
  REQUIRE(visited == present);
}

}  // namespace

TEMPLATE_TEST_CASE("inserts add absent keys and leave present ones", "", EVAC_TEST_SHARDED_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  const auto ignore = [](const auto&) {};
  for (const std::size_t count : shard_counts) {
    Map map(evac::shards{count});
    for (int i = 0; i < some; ++i) {
      const auto insert = [&](int v) {
        switch (i % 5) {
          case 0:
            return map.insert(typename Map::value_type(make<K>(i), make<V>(v)));
          case 1:
            return map.emplace(make<K>(i), make<V>(v));
          case 2:
            return map.try_emplace(make<K>(i), make<V>(v));
          case 3:
            return map.insert_and_visit({make<K>(i), make<V>(v)}, ignore, ignore);
          default:
            return map.emplace_or_cvisit(make<K>(i), make<V>(v), ignore);
        }
      };
      REQUIRE(insert(i));
      REQUIRE_FALSE(insert(some));
    }
    require_contents(map, 0, some);
    for (int i = 0; i < some; ++i) {
      REQUIRE_FALSE(map.insert_or_assign(make<K>(i), make<V>(some)));
      REQUIRE(map.cvisit(make<K>(i), [&](const auto& element) { CHECK(element.second == make<V>(some)); }) == 1);
      REQUIRE_FALSE(map.insert_or_assign(make<K>(i), make<V>(i)));
    }
    require_contents(map, 0, some);
  }
}

TEMPLATE_TEST_CASE("erases remove just what they are asked for", "", EVAC_TEST_SHARDED_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  for (const std::size_t count : shard_counts) {
    Map map = filled_shards<Map>(count, some);
    for (int i = 0; i < some / 3; ++i) {
      REQUIRE(map.erase(make<K>(i)) == 1);
      REQUIRE(map.erase(make<K>(i)) == 0);
    }
    require_contents(map, some / 3, some);
    for (int i = some / 3; i < some / 2; ++i) {
      REQUIRE(map.erase_if(make<K>(i), [](const auto&) { return false; }) == 0);
      REQUIRE(map.erase_if(make<K>(i), [](const auto&) { return true; }) == 1);
    }
    require_contents(map, some / 2, some);
    std::vector<K> doomed;
    for (int i = some / 2; i < some - 10; ++i) doomed.push_back(make<K>(i));
    const auto is_doomed = [&](const auto& element) {
      for (const K& key : doomed) {
        if (key == element.first) return true;
      }
      return false;
    };
    REQUIRE(map.erase_if(is_doomed) == doomed.size());
    require_contents(map, some - 10, some);
    map.clear();
    require_contents(map, 0, 0);
    REQUIRE(map.try_emplace(make<K>(0), make<typename Map::mapped_type>(0)));
    require_contents(map, 0, 1);
  }
}

TEMPLATE_TEST_CASE("copies, moves, assignments, swaps and merges carry everything", "", EVAC_TEST_SHARDED_MAPS) {
  using Map = TestType;
  for (const std::size_t count : shard_counts) {
    for (const int n : {0, 1, 8, some}) {
      Map map = filled_shards<Map>(count, n);
      Map copy(map);
      require_contents(copy, 0, n);
      REQUIRE(copy == map);
      Map moved(std::move(copy));
      require_contents(moved, 0, n);
      REQUIRE(copy.empty());  // NOLINT(bugprone-use-after-move): promised
      copy = moved;
      require_contents(copy, 0, n);
      Map other = filled_shards<Map>(5 - count, 3);
      other = std::move(copy);
      require_contents(other, 0, n);
      require_contents(copy, 0, 0);  // NOLINT(bugprone-use-after-move): promised
      copy = filled_shards<Map>(count, 5);
      swap(copy, other);
      require_contents(copy, 0, n);
      require_contents(other, 0, 5);
      other.merge(copy);
      require_contents(other, 0, n < 5 ? 5 : n);
      REQUIRE(copy.size() == static_cast<std::size_t>(n < 5 ? n : 5));
    }
  }
}

TEMPLATE_TEST_CASE("whole-map operations and conversions keep every element", "", EVAC_TEST_SHARDED_MAPS) {
  using Map = TestType;
  for (const std::size_t count : shard_counts) {
    Map map = filled_shards<Map>(count, some);
    map.reserve(5 * some);
    require_contents(map, 0, some);
    map.rehash(0);
    require_contents(map, 0, some);
    map.rehash(20 * some);
    require_contents(map, 0, some);
    const typename Map::map_type copy = map.snapshot();
    REQUIRE(copy.size() == map.size());
    typename Map::map_type taken(std::move(map));
    REQUIRE(taken == copy);
    require_contents(map, 0, 0);  // NOLINT(bugprone-use-after-move): promised
    Map back(std::move(taken));
    require_contents(back, 0, some);
    map = typename Map::map_type(copy);
    require_contents(map, 0, some);
    std::size_t seen = 0;
    map.for_each([&](const auto& element) { seen += map.contains(element.first) ? 1 : 0; });
    REQUIRE(seen == static_cast<std::size_t>(some));
  }
}

TEST_CASE("every NaN is a key of its own and both zeros are one, in one shard") {
  evac::sharded_map<double, int> map(evac::shards{4});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 300; ++i) REQUIRE(map.emplace(nan, i));
  CHECK(map.cvisit_all([](const auto&) {}) == 300);
  CHECK_FALSE(map.contains(nan));
  CHECK(map.erase(nan) == 0);
  evac::sharded_map<double, int> other(std::move(map));
  CHECK(other.size() == 300);
  map = std::move(other);
  CHECK(map.size() == 300);
  evac::sharded_map<double, int> fewer(evac::shards{1});
  fewer = std::move(map);
  CHECK(fewer.size() == 300);
  CHECK(fewer.merge(fewer) == 0);
  CHECK(map.merge(fewer) == 300);
  map.clear();
  CHECK(map.emplace(0.0, 1));
  CHECK_FALSE(map.insert_or_assign(-0.0, 2));
  CHECK(map.find(0.0) == 2);
  CHECK_VALID_SHARDS(map);
}

TEST_CASE("over-aligned elements and those that know their place survive growth, erasing and moving") {
  sharded_aligned aligned = filled_shards<sharded_aligned>(4, 2000);
  aligned.cvisit_all([](const auto& element) { REQUIRE(reinterpret_cast<std::uintptr_t>(&element.second) % 64 == 0); });
  sharded_selves selves = filled_shards<sharded_selves>(4, 2000);
  selves.erase_if([](const auto& element) { return element.first % 3 == 0; });
  selves.visit2(1, 2, [](auto& one, auto& two) { std::swap(one.second, two.second); });
  sharded_selves moved(std::move(selves));
  moved.cvisit_all([](const auto& element) { REQUIRE(element.second.intact()); });
  CHECK(moved.size() == 1333);
}
