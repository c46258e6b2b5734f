// Keys of maps that are hashed once and used in several calls.
#include <cstddef>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

constexpr int some = 200;

struct bits {
  unsigned low : 3;
};

std::size_t hashes = 0;
struct hash_that_counts {
  using is_avalanching = void;
  std::size_t operator()(int key) const {
    ++hashes;
    return std::hash<int>()(key) * 0x9E3779B97F4A7C15ULL;
  }
};

/// Takes whatever it is given for a key: so nothing must be taken for one by mistake.
struct hash_of_anything {
  using is_transparent = void;
  template <class K>
  std::size_t operator()(const K& key) const {
    return std::hash<int>()(static_cast<int>(key));
  }
};
struct equal_of_anything {
  using is_transparent = void;
  template <class K>
  bool operator()(int stored, const K& key) const {
    return stored == static_cast<int>(key);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("calls of maps with a prepared key do what those with the key do", "", EVAC_TEST_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  Map map = filled<Map>(some);
  const Map& constant = map;
  for (int i = 0; i <= some; ++i) {
    const K plain = make<K>(i);
    const auto key = map.prepare(plain);
    REQUIRE(key.key() == plain);
    REQUIRE(map.find(key) == map.find(plain));
    REQUIRE(constant.find(key) == constant.find(plain));
    REQUIRE(map.contains(key) == (i < some));
    REQUIRE(map.count(key) == (i < some ? 1 : 0));
    map.prefetch(key);
    if (i < some) {
      REQUIRE(std::addressof(map.at(key)) == std::addressof(map.at(plain)));
      REQUIRE(std::addressof(constant.at(key)) == std::addressof(map.at(plain)));
    } else {
      REQUIRE_THROWS_AS(map.at(key), std::out_of_range);
      REQUIRE_THROWS_AS(constant.at(key), std::out_of_range);
    }
  }
  for (int i = 0; i < some; ++i) {
    auto key = map.prepare(make<K>(i));  // kept, not referred to
    if (i % 2 == 0) {
      REQUIRE(map.erase(key) == 1);
    } else {
      REQUIRE(map.extract(key).key() == make<K>(i));
    }
    REQUIRE(map.erase(key) == 0);
    REQUIRE(map.extract(key).empty());
  }
  REQUIRE(map.empty());
  REQUIRE_VALID(map);
}

TEST_CASE("a key is hashed once, when it is prepared") {
  evac::map<int, int, hash_that_counts> map;
  for (int i = 0; i < 20; ++i) map.emplace(i, i);
  hashes = 0;
  const auto key = map.prepare(7);
  REQUIRE(hashes == 1);
  REQUIRE(map.contains(key));
  REQUIRE(map.find(key)->second == 7);
  REQUIRE(map.erase(key) == 1);
  // Builds that check hash again, to see whether the key still belongs here.
  REQUIRE(hashes == (EVAC_CHECKS != 0 ? 4 : 1));
}

TEST_CASE("a prepared key refers to the key that it was given, and keeps what is small or would be gone") {
  string_map map;
  const std::string plain = make<std::string>(1);
  CHECK(&map.prepare(plain).key() == &plain);
  const auto kept = map.prepare(make<std::string>(1));
  CHECK(kept.key() == plain);
  std::string given = plain;
  const auto moved = map.prepare(std::move(given));
  CHECK(moved.key() == plain);
  const std::string_view view = plain;
  CHECK(map.prepare(view).key().data() == plain.data());
  CHECK(map.prepare("literal").key() == std::string_view("literal"));

  evac::map<int, int> numbers{{3, 3}, {4, 4}};
  const short narrow = 3;
  const bits of{4};
  const auto by_short = numbers.prepare(narrow);
  const auto by_bits = numbers.prepare(of.low);
  STATIC_REQUIRE(std::is_same_v<decltype(by_short.key()), const int&>);
  CHECK(numbers.contains(by_short));
  CHECK(numbers.contains(by_bits));
  STATIC_REQUIRE(sizeof(std::string) > 2 * sizeof(void*));
}

TEST_CASE("a prepared key stays valid through growth, shrinking and clear()") {
  string_map map;
  const std::string plain = make<std::string>(1);
  const auto key = map.prepare(plain);
  CHECK_FALSE(map.contains(key));
  for (int i = 0; i < 2000; ++i) map.try_emplace(make<std::string>(i), "x");
  CHECK(map.at(key) == "x");
  map.clear();
  map.shrink_to_fit();
  CHECK_FALSE(map.contains(key));
}

TEST_CASE("where hash and equality take anything, a prepared key is still not taken for a key") {
  evac::map<int, int, hash_of_anything, equal_of_anything> map{{1, 1}, {2, 2}};
  auto key = map.prepare(1);
  CHECK(map.contains(key));
  CHECK(map.find(key)->second == 1);
  CHECK(map.extract(key).mapped() == 1);
  CHECK(map.erase(key) == 0);
  auto by_long = map.prepare(2L);
  STATIC_REQUIRE(std::is_same_v<decltype(by_long.key()), const long&>);
  CHECK(map.erase(by_long) == 1);
}

TEST_CASE("a set takes prepared keys") {
  evac::set<std::string> set{"one", "two"};
  const auto key = set.prepare("one");
  CHECK(set.contains(key));
  CHECK(*set.find(key) == "one");
  CHECK(set.erase(key) == 1);
  CHECK(set.size() == 1);
}
