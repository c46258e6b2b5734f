// Each operation on each kind of map, at sizes that pass through several growths.
#include <evac/map.hpp>
#include <set>
#include <utility>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

using evac_test::filled;
using evac_test::make;

namespace {
constexpr int some = 150;

template <class Map>
void require_contents(const Map& map, int from, int to) {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  REQUIRE_VALID(map);
  REQUIRE(map.size() == static_cast<std::size_t>(to - from));
  for (int i = from; i < to; ++i) {
    const auto found = map.find(make<K>(i));
    REQUIRE(found != map.end());
    REQUIRE(found->first == make<K>(i));
    REQUIRE(found->second == make<V>(i));
  }
  REQUIRE_FALSE(map.contains(make<K>(to)));
  std::size_t seen = 0;
  for (const auto& element : map) {
    REQUIRE(map.find(element.first) != map.end());
    ++seen;
  }
  REQUIRE(seen == map.size());
}
}  // namespace

TEMPLATE_TEST_CASE("insert adds absent keys and leaves present ones", "", EVAC_TEST_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  Map map;
  for (int i = 0; i < some; ++i) {
    const auto [at, inserted] = map.insert(typename Map::value_type(make<K>(i), make<V>(i)));
    REQUIRE(inserted);
    REQUIRE(at->first == make<K>(i));
    REQUIRE(at->second == make<V>(i));
    REQUIRE_VALID(map);
  }
  for (int i = 0; i < some; ++i) {
    const auto [at, inserted] = map.emplace(make<K>(i), make<V>(some));
    REQUIRE_FALSE(inserted);
    REQUIRE(at->second == make<V>(i));
  }
  require_contents(map, 0, some);
}

TEMPLATE_TEST_CASE("erase by key and by iterator removes just that element", "", EVAC_TEST_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  Map map = filled<Map>(some);
  for (int i = 0; i < some / 3; ++i) {
    REQUIRE(map.erase(make<K>(i)) == 1);
    REQUIRE(map.erase(make<K>(i)) == 0);
    REQUIRE_VALID(map);
  }
  require_contents(map, some / 3, some);
  for (int i = some / 3; i < some / 2; ++i) map.erase(map.find(make<K>(i)));
  require_contents(map, some / 2, some);
  while (!map.empty()) map.erase(map.begin());
  REQUIRE(map.begin() == map.end());
  REQUIRE_VALID(map);
  map.insert({make<K>(1), make<typename Map::mapped_type>(1)});
  require_contents(map, 1, 2);
}

TEMPLATE_TEST_CASE("copies, moves, assignments and swaps carry everything", "", EVAC_TEST_MAPS) {
  using Map = TestType;
  for (const int n : {0, 1, 7, 8, 60, some}) {
    const Map map = filled<Map>(n);
    Map copy(map);
    require_contents(copy, 0, n);
    REQUIRE(copy == map);
    Map moved(std::move(copy));
    require_contents(moved, 0, n);
    REQUIRE(copy.empty());  // NOLINT(bugprone-use-after-move): promised
    copy = moved;
    require_contents(copy, 0, n);
    Map other = filled<Map>(3);
    other = std::move(copy);
    require_contents(other, 0, n);
    REQUIRE_VALID(copy);
    copy = filled<Map>(5);
    swap(copy, other);
    require_contents(copy, 0, n);
    require_contents(other, 0, 5);
    const Map& self = copy;
    copy = self;
    require_contents(copy, 0, n);
  }
}

TEMPLATE_TEST_CASE("clear, rehash, reserve and shrink_to_fit keep or drop just what they say", "", EVAC_TEST_MAPS) {
  using Map = TestType;
  Map map = filled<Map>(some);
  map.reserve(5 * some);
  require_contents(map, 0, some);
  const auto roomy = map.bucket_count();
  map.shrink_to_fit();
  require_contents(map, 0, some);
  REQUIRE(map.bucket_count() < roomy);
  map.rehash(roomy);
  require_contents(map, 0, some);
  REQUIRE(map.bucket_count() >= roomy);
  while (map.evacuating()) {
    map.evacuate(1);
    require_contents(map, 0, some);
  }
  map.clear();
  require_contents(map, 0, 0);
  map.rehash(0);
  REQUIRE(map.bucket_count() == 0);
  REQUIRE(map.memory_usage() == 0);
}

TEMPLATE_TEST_CASE("extract and insert of nodes, and merge, move elements over", "", EVAC_TEST_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  Map source = filled<Map>(some);
  Map target;
  for (int i = 0; i < some / 2; ++i) {
    auto node = source.extract(make<K>(i));
    REQUIRE(node);
    REQUIRE(node.key() == make<K>(i));
    auto done = target.insert(std::move(node));
    REQUIRE(done.inserted);
    REQUIRE(done.node.empty());
    REQUIRE(done.position->first == make<K>(i));
  }
  REQUIRE(source.extract(make<K>(0)).empty());
  require_contents(target, 0, some / 2);
  require_contents(source, some / 2, some);
  source.insert({make<K>(0), make<typename Map::mapped_type>(0)});
  target.merge(source);
  require_contents(target, 0, some);
  require_contents(source, 0, 1);
  auto refused = target.insert(source.extract(source.begin()));
  REQUIRE_FALSE(refused.inserted);
  REQUIRE(refused.node.key() == make<K>(0));
  REQUIRE(source.empty());
}

TEMPLATE_TEST_CASE("erasing while iterating visits every element once and moves none", "", EVAC_TEST_MAPS) {
  using Map = TestType;
  Map map = filled<Map>(some);
  std::vector<typename Map::key_type> order;
  for (const auto& element : map) order.push_back(element.first);
  const std::size_t moved = map.stats().elements_moved;
  std::size_t step = 0;
  for (auto at = map.begin(); at != map.end(); ++step) {
    REQUIRE(at->first == order[step]);
    at = step % 3 == 0 ? map.erase(at) : std::next(at);
    REQUIRE_VALID(map);
  }
  REQUIRE(step == static_cast<std::size_t>(some));
  REQUIRE(map.size() == static_cast<std::size_t>(some - some / 3));
  REQUIRE(map.stats().elements_moved == moved);
}

TEMPLATE_TEST_CASE("every operation works at every step of an evacuation", "", evac_test::int_map,
                   evac_test::string_map, evac_test::raw_map, evac_test::self_map) {
  using Map = TestType;
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  std::set<std::size_t> frontiers;
  for (int n = 0; n < 2 * some; ++n) {
    const Map map = filled<Map>(n);
    if (map.evacuating()) frontiers.insert(map.stats().frontier);
    Map copy = map;
    copy.try_emplace(make<K>(n), make<V>(n));
    require_contents(copy, 0, n + 1);
    copy = map;
    if (n != 0) REQUIRE(copy.erase(make<K>(n / 2)) == 1);
    REQUIRE_VALID(copy);
    copy = map;
    copy.evacuate(3);
    require_contents(copy, 0, n);
    copy.shrink_to_fit();
    require_contents(copy, 0, n);
    Map moved = std::move(copy);
    moved.clear();
    require_contents(moved, 0, 0);
  }
  REQUIRE(frontiers.size() >= 8);
}
