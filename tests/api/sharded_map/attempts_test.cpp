// Calls with std::try_to_lock on maps that nobody else uses: each does what the call without it does, and says so in an
// attempt.
#include <evac/attempt.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

constexpr auto at_once = std::try_to_lock;
constexpr auto ignore = [](const auto&) {};
constexpr int some = 60;

struct bits {
  unsigned low : 3;
};

template <class Tried>
constexpr bool compares_with_bool = requires(const Tried& one) { one == true; };

}  // namespace

TEMPLATE_TEST_CASE("calls that do not wait change and tell as those that do", "", EVAC_TEST_SHARDED_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  for (const std::size_t count : shard_counts) {
    Map map(evac::shards{count});
    for (int i = 0; i < some; ++i) {
      const auto insert = [&](int v) {
        switch (i % 4) {
          case 0:
            return map.insert(at_once, typename Map::value_type(make<K>(i), make<V>(v)));
          case 1:
            return map.try_emplace(at_once, make<K>(i), make<V>(v));
          case 2:
            return map.try_emplace_or_visit(at_once, make<K>(i), make<V>(v), ignore);
          default:
            return map.try_emplace_or_cvisit(at_once, make<K>(i), make<V>(v), ignore);
        }
      };
      REQUIRE(insert(i).result());
      REQUIRE_FALSE(insert(some).result());
    }
    REQUIRE_VALID_SHARDS(map);
    for (int i = 0; i <= some; ++i) {
      const std::size_t there = i < some ? 1 : 0;
      bool same = false;
      const auto look = [&](const auto& element) { same = element.second == make<V>(i); };
      REQUIRE(map.cvisit(at_once, make<K>(i), look).result() == there);
      REQUIRE(same == (there == 1));
      REQUIRE(std::as_const(map).visit(at_once, make<K>(i), look).result() == there);
      REQUIRE(map.visit(at_once, make<K>(i), [](auto& element) { element.second = make<V>(some); }).result() == there);
      if constexpr (std::is_copy_constructible_v<V>) {
        const auto found = map.find(at_once, make<K>(i));
        REQUIRE(found.result().has_value() == (there == 1));
        if (there == 1) REQUIRE(*found.result() == make<V>(some));
      }
      REQUIRE(map.insert_or_assign(at_once, make<K>(i), make<V>(i)).result() == (there == 0));
    }
    for (int i = 0; i <= some; ++i) {
      REQUIRE(map.erase_if(at_once, make<K>(i), [](const auto&) { return false; }).result() == 0);
      if (i % 2 == 0) {
        REQUIRE(map.erase_if(at_once, make<K>(i), [](const auto&) { return true; }).result() == 1);
      } else {
        REQUIRE(map.erase(at_once, make<K>(i)).result() == 1);
      }
      REQUIRE(map.erase(at_once, make<K>(i)).result() == 0);
    }
    REQUIRE(map.empty());
    REQUIRE_VALID_SHARDS(map);
    REQUIRE_ALL_FREE(map);
  }
}

TEST_CASE("an attempt is not taken for a bool, nor compared with a result") {
  using tried = evac::attempt<bool>;
  STATIC_REQUIRE_FALSE(std::is_convertible_v<tried, bool>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<bool, tried>);
  STATIC_REQUIRE_FALSE(compares_with_bool<tried>);
  constexpr tried none;
  STATIC_REQUIRE(none.busy());
  constexpr tried refused = false;
  STATIC_REQUIRE_FALSE(refused.busy());
  STATIC_REQUIRE_FALSE(refused.result());
  evac::attempt<std::unique_ptr<int>> owner(std::make_unique<int>(3));
  const std::unique_ptr<int> taken = std::move(owner).result();
  CHECK(*taken == 3);
}

TEST_CASE(
    "calls that do not wait take bit-fields, braces, views and literals for keys, and keys that cannot be copied") {
  evac::sharded_map<unsigned, int> numbers;
  const bits of{3};
  CHECK(numbers.try_emplace(at_once, of.low, 1).result());
  CHECK_FALSE(numbers.insert_or_assign(at_once, of.low, 2).result());
  CHECK(numbers.find(at_once, of.low).result() == 2);
  CHECK(numbers.insert(at_once, {7, 8}).result());
  CHECK(numbers.insert(at_once, std::pair<short, char>(short{9}, char{1})).result());
  CHECK(numbers.erase(at_once, of.low).result() == 1);

  sharded_strings strings;
  const std::string_view key = "a key that does not fit into the string object itself";
  CHECK(strings.try_emplace(at_once, key, "value").result());
  CHECK(strings.find(at_once, key).result() == "value");
  CHECK_FALSE(strings.try_emplace_or_visit(at_once, key, "", [](auto& found) { found.second += "!"; }).result());
  CHECK(strings.find(at_once, key).result() == "value!");
  CHECK(strings.insert(at_once, {"literal", "x"}).result());
  CHECK(strings.erase(at_once, "literal").result() == 1);

  evac::sharded_map<std::unique_ptr<int>, std::unique_ptr<int>, std::hash<std::unique_ptr<int>>,
                    std::equal_to<std::unique_ptr<int>>>
      owners;
  auto pointer = std::make_unique<int>(1);
  const auto* const address = pointer.get();
  CHECK(owners.try_emplace(at_once, std::move(pointer), std::make_unique<int>(2)).result());
  owners.cvisit_all([&](const auto& element) { CHECK(element.first.get() == address); });
}

TEST_CASE("a set has calls that do not wait") {
  evac::sharded_set<std::string> set;
  const std::string key = "key";
  CHECK(set.insert(at_once, key).result());
  CHECK_FALSE(set.insert(at_once, "key").result());
  CHECK(set.insert(at_once, std::string("other")).result());
  CHECK(set.visit(at_once, "key", ignore).result() == 1);
  CHECK(set.cvisit(at_once, "none", ignore).result() == 0);
  CHECK(set.erase_if(at_once, key, [](const std::string&) { return true; }).result() == 1);
  CHECK(set.erase(at_once, "other").result() == 1);
  CHECK(set.empty());
  evac::sharded_set<unsigned> numbers;
  const bits of{3};
  CHECK(numbers.insert(at_once, of.low).result());
}
