// Keys of sync maps that are hashed once, samples, and elements popped. The hash and the generators are fixed: nothing
// depends on luck.
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <limits>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/draws.hpp"
#include "support/filled_sync.hpp"
#include "support/in_threads.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

using fixed_map = evac::sync_map<std::uint64_t, int, fixed_hash>;

template <class Map, class Key>
constexpr bool takes = requires(Map map, Key key) { map.contains(key); };

}  // namespace

TEMPLATE_TEST_CASE("calls of sync maps with a prepared key do what those with the key do", "",
                   EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  using V = typename F::V;
  for (const int n : sync_sizes) {
    F f(n);
    auto& map = f.map;
    for (int i = 0; i < n; ++i) {
      const auto plain = F::key(i);
      const auto key = map.prepare(plain);
      REQUIRE(key.key() == plain);
      map.prefetch(key);
      REQUIRE(map.contains(key));
      REQUIRE(map.load(key) == F::value(i));
      bool same = false;
      REQUIRE(map.load(key, [&](const V& value) { same = value == F::value(i); }));
      REQUIRE(same);
      REQUIRE_FALSE(map.erase_if(key, [](const V&) { return false; }));
      REQUIRE_FALSE(map.compare_and_delete(key, F::value(n)));
      switch (i % 4) {
        case 0:
          REQUIRE(map.erase(key));
          break;
        case 1:
          REQUIRE(map.load_and_delete(key) == F::value(i));
          break;
        case 2:
          REQUIRE(map.compare_and_delete(key, F::value(i)));
          break;
        default:
          REQUIRE(map.erase_if(key, [](const V&) { return true; }));
      }
      REQUIRE_FALSE(map.contains(key));
      REQUIRE_FALSE(map.erase(key));
      REQUIRE(map.load(key) == std::nullopt);
    }
    REQUIRE(map.empty());
    REQUIRE_VALID_SYNC(map);
  }
}

TEST_CASE("a prepared key of a sync map stays valid through growth and clear(), and is none of another type of map") {
  evac::sync_map<std::string, int> map;
  const auto key = map.prepare("literal");
  CHECK_FALSE(map.contains(key));
  for (int i = 0; i < 3000; ++i) map.store(std::to_string(i), i);
  map.store("literal", 7);
  CHECK(map.load(key) == 7);
  map.clear();
  CHECK_FALSE(map.contains(key));
  STATIC_REQUIRE_FALSE(takes<evac::sync_map<std::string, long>, decltype(key)>);
  evac::sync_set<std::string> set;
  set.insert("one");
  const std::string_view view = "one";
  const auto in_set = set.prepare(view);
  set.prefetch(in_set);
  CHECK(set.contains(in_set));
  CHECK(set.erase(in_set));
  STATIC_REQUIRE_FALSE(takes<evac::sync_set<std::string>, decltype(key)>);
}

TEST_CASE("samples of a sync map draw each element equally often, at any point of a growth") {
  std::mt19937_64 generator(1);
  for (const std::size_t elements : {3U, 10U, 40U, 300U, 600U, 1000U, 1500U}) {
    fixed_map map;
    for (std::uint64_t i = 0; i < elements; ++i) map.store(i, 0);
    std::vector<std::size_t> drawn(elements, 0);
    const std::size_t draws = std::max<std::size_t>(100 * elements, 30'000);
    REQUIRE(map.sample(generator, draws, [&](std::uint64_t key, int) { ++drawn[key]; }) == draws);
    INFO(elements << " elements");
    CHECK(unevenness(drawn) < (elements < 100 ? 5 : 1.4));  // of few elements it varies more
  }
}

TEMPLATE_TEST_CASE("samples of sync maps draw what is there, and none where nothing is", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  const F f(100);
  std::size_t same = 0;
  REQUIRE(f.map.sample(std::minstd_rand(3), 300, [&](const typename F::K& key, const typename F::V& value) {
    for (int i = 0; i < 100; ++i) same += key == F::key(i) && value == F::value(i) ? 1 : 0;
  }) == 300);
  REQUIRE(same == 300);
  const F none(0);
  const auto fail = [](const typename F::K&, const typename F::V&) { FAIL("there is none"); };
  REQUIRE(none.map.sample(std::minstd_rand(), 5, fail) == 0);
}

TEST_CASE("samples find the few elements of a sync map that was emptied") {
  fixed_map map;
  for (std::uint64_t i = 0; i < 20000; ++i) map.store(i, 0);
  for (std::uint64_t i = 3; i < 20000; ++i) map.erase(i);
  std::set<std::uint64_t> seen;
  REQUIRE(map.sample(std::mt19937(5), 300, [&](std::uint64_t key, int) { seen.insert(key); }) == 300);
  CHECK(seen == std::set<std::uint64_t>{0, 1, 2});
  for (int left = 3; left != 0; --left) CHECK(map.pop_any().has_value());
  CHECK_FALSE(map.pop_any().has_value());
  CHECK(map.sample(std::mt19937(5), 3, [](std::uint64_t, int) {}) == 0);
}

TEMPLATE_TEST_CASE("pop_any of sync maps takes each element out once, with its value", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  F f(100);
  std::vector<std::size_t> popped(100, 0);
  while (const auto element = f.map.pop_any()) {
    for (int i = 0; i < 100; ++i) {
      if (element->first == F::key(i) && element->second == F::value(i)) ++popped[static_cast<std::size_t>(i)];
    }
    REQUIRE_FALSE(f.map.contains(element->first));
  }
  REQUIRE(popped == std::vector<std::size_t>(100, 1));
  REQUIRE(f.map.empty());
  REQUIRE_VALID_SYNC(f.map);
}

TEST_CASE("pop_any finds what can be found among keys that are not equal to themselves") {
  evac::sync_map<double, int> map;
  for (int i = 0; i < 30; ++i) map.store(std::numeric_limits<double>::quiet_NaN(), i);
  CHECK_FALSE(map.pop_any().has_value());
  map.store(1.0, 7);
  CHECK(map.pop_any() == std::optional(std::pair(1.0, 7)));
  CHECK(map.size() == 30);
}

TEST_CASE("threads that pop from a sync set until there is nothing take each key out once") {
  evac::sync_set<std::uint64_t> set;
  constexpr std::uint64_t elements = 2000;
  for (std::uint64_t i = 0; i < elements; ++i) set.insert(i);
  std::vector<std::vector<std::uint64_t>> popped(crowd());
  in_threads(crowd(), [&](std::size_t thread) {
    while (const auto key = set.pop_any()) popped[thread].push_back(*key);
  });
  std::vector<std::size_t> times(elements, 0);
  for (const auto& mine : popped) {
    for (const std::uint64_t key : mine) ++times[key];
  }
  CHECK(times == std::vector<std::size_t>(elements, 1));
  CHECK(set.empty());
  CHECK(set.sample(std::minstd_rand(), 1, [](std::uint64_t) {}) == 0);
}
