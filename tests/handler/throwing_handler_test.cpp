// A program whose EVAC_ASSERT_HANDLER throws: misuse arrives as an exception, and the map stays usable.
#include "support/throwing_handler.hpp"  // before evac

#include <evac/evac.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocators.hpp"
#include "support/catch.hpp"
#include "support/functors.hpp"
#include "support/in_threads.hpp"
#include "support/valid.hpp"

namespace {

using evac_test::entering_hash;
using entered_map = evac::map<int, int, entering_hash>;

#ifndef NDEBUG
using unequal = evac_test::identity_allocator<std::pair<const int, int>, false>;
using unequal_map = evac::map<int, int, evac::hash<int>, evac::equal_to<int>, unequal>;

unequal_map made_by(int allocator) {
  unequal_map map{unequal(allocator)};
  for (int i = 0; i < 100; ++i) map[i + 1000 * allocator] = i;
  return map;
}
#endif

}  // namespace

#ifdef NDEBUG

TEST_CASE("without checks nothing is reported and noexcept stays") {
  WARN("not checked: this build defines NDEBUG, which turns the checks off");
  STATIC_REQUIRE(std::is_nothrow_swappable_v<evac::map<int, int>>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<evac::map<int, int>>);
  std::function<void()> enter;
  entered_map map(0, entering_hash{&enter});
  enter = [&] { (void)map.contains(2); };
  REQUIRE_NOTHROW(map[1] = 1);
}

#else

TEST_CASE("a call that enters a map in the middle of an insert throws, and so does the insert, which changed nothing") {
  struct misuse {
    const char* name;
    std::function<void(entered_map& map, entered_map& other)> call;
  };
  const misuse misuses[] = {
      {"find", [](auto& map, auto&) { (void)map.find(2); }},
      {"contains", [](auto& map, auto&) { (void)map.contains(2); }},
      {"at", [](auto& map, auto&) { (void)map.at(2); }},
      {"operator[]", [](auto& map, auto&) { map[2] = 3; }},
      {"try_emplace", [](auto& map, auto&) { map.try_emplace(3, 3); }},
      {"emplace", [](auto& map, auto&) { map.emplace(3, 3); }},
      {"insert_or_assign", [](auto& map, auto&) { map.insert_or_assign(2, 3); }},
      {"insert of a range", [](auto& map, auto& other) { map.insert(other.begin(), other.end()); }},
      {"insert of a node", [](auto& map, auto& other) { map.insert(other.extract(7)); }},
      {"erase", [](auto& map, auto&) { map.erase(2); }},
      {"erase of an iterator", [](auto& map, auto&) { map.erase(map.begin()); }},
      {"erase_if", [](auto& map, auto&) { erase_if(map, [](const auto&) { return true; }); }},
      {"extract", [](auto& map, auto&) { (void)map.extract(2); }},
      {"extract of an iterator", [](auto& map, auto&) { (void)map.extract(map.begin()); }},
      {"merge", [](auto& map, auto& other) { map.merge(other); }},
      {"merge, as the source", [](auto& map, auto& other) { other.merge(map); }},
      {"swap", [](auto& map, auto& other) { swap(map, other); }},
      {"swap, as the other one", [](auto& map, auto& other) { swap(other, map); }},
      {"copy", [](auto& map, auto&) { (void)entered_map(map); }},
      {"move with an allocator", [](auto& map, auto&) { (void)entered_map(std::move(map), map.get_allocator()); }},
      {"copy assignment", [](auto& map, auto& other) { map = other; }},
      {"copy assignment, as the source", [](auto& map, auto& other) { other = map; }},
      {"move assignment", [](auto& map, auto& other) { map = std::move(other); }},
      {"move assignment, as the source", [](auto& map, auto& other) { other = std::move(map); }},
      {"assignment of a list", [](auto& map, auto&) { map = {{5, 5}}; }},
      {"comparison", [](auto& map, auto& other) { (void)(map == other); }},
      {"comparison, as the right one", [](auto& map, auto& other) { (void)(other == map); }},
      {"reserve", [](auto& map, auto&) { map.reserve(1000); }},
      {"rehash", [](auto& map, auto&) { map.rehash(1000); }},
      {"evacuate", [](auto& map, auto&) { map.evacuate(1); }},
  };
  for (const misuse& one : misuses) {
    INFO(one.name);
    std::function<void()> enter;
    entered_map map(0, entering_hash{&enter});
    entered_map other({{7, 7}, {8, 8}}, 0, map.hash_function());
    for (int i = 2; i < 200; ++i) map[i] = i;
    const entered_map before = map;
    bool thrown_inside = false;
    enter = [&] {
      try {
        evac_test::in_another_thread([&] { one.call(map, other); });
      } catch (const std::runtime_error& error) {
        thrown_inside = true;
        CHECK(error.what() == std::string("evac: concurrent map writes"));
        throw;
      }
    };
    CHECK_THROWS_AS(map[1], std::runtime_error);
    CHECK(thrown_inside);
    CHECK_VALID(map);
    CHECK_VALID(other);
    CHECK((map == before));  // not for the report: it would name every element
    // Both take part in everything again: nobody is thought to be inside.
    CHECK_NOTHROW(map[1] = 1);
    CHECK_NOTHROW(swap(map, other));
    CHECK(other.size() == before.size() + 1);
    CHECK_NOTHROW(map.merge(other));
    CHECK(map.at(1) == 1);
    CHECK_VALID(map);
  }
}

TEST_CASE("an insert goes on when the function that entered the map copes with the exception") {
  std::function<void()> enter;
  entered_map map(0, entering_hash{&enter});
  map[2] = 2;
  enter = [&] { CHECK_THROWS_AS(map.erase(2), std::runtime_error); };
  CHECK_NOTHROW(map[1] = 1);
  CHECK(map.size() == 2);
  CHECK_VALID(map);
}

TEST_CASE("iterators and node handles that hold nothing are reported and the map stays as it is") {
  evac::map<int, int> map{{1, 1}, {2, 2}};
  CHECK_THROWS_WITH(map.erase(map.end()), "evac: end iterator erased");
  CHECK_THROWS_WITH(map.extract(map.end()), "evac: end iterator extracted");
  auto node = map.extract(1);
  CHECK(map.extract(7).empty());
  auto taken = std::move(node);
  CHECK_THROWS_WITH(node.key(), "evac: access to an empty node handle");  // NOLINT(bugprone-use-after-move): the point
  CHECK_THROWS_WITH(node.mapped(), "evac: access to an empty node handle");
  CHECK_THROWS_WITH(node.get_allocator(), "evac: get_allocator() of an empty node handle");
  CHECK(map.insert(std::move(taken)).inserted);
  CHECK(map.size() == 2);
  CHECK_VALID(map);
}

TEST_CASE("unequal allocators are reported and both maps stay as they are") {
  unequal_map one = made_by(1);
  unequal_map two = made_by(2);
  CHECK_THROWS_WITH(one.merge(two), "evac: merge with unequal allocators");
  CHECK_THROWS_WITH(swap(one, two), "evac: swap with unequal allocators");
  auto node = two.extract(2000);
  CHECK_THROWS_WITH(one.insert(std::move(node)), "evac: node of an unequal allocator inserted");
  REQUIRE_FALSE(node.empty());  // NOLINT(bugprone-use-after-move): the point of the test
  CHECK(two.insert(std::move(node)).inserted);
  CHECK(one == made_by(1));
  CHECK(two == made_by(2));
  CHECK_VALID(one);
  CHECK_VALID(two);
  one = std::move(two);
  CHECK(one == made_by(2));
  CHECK(evac_test::foreign_frees == 0);
}

TEST_CASE("a function that may report misuse is not noexcept, but for those that a drop-in needs so") {
  using Map = evac::map<int, int>;
  using Set = evac::set<int>;
  STATIC_REQUIRE_FALSE(std::is_nothrow_swappable_v<Map>);
  STATIC_REQUIRE_FALSE(std::is_nothrow_swappable_v<Set>);
  STATIC_REQUIRE_FALSE(std::is_nothrow_move_assignable_v<Map>);
  STATIC_REQUIRE_FALSE(std::is_nothrow_move_assignable_v<Set>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Map>);
  STATIC_REQUIRE(noexcept(std::declval<Map&>().clear()));
  std::vector<Map> maps(3);
  for (Map& map : maps) map[1] = 1;
  maps.erase(maps.begin());
  maps.resize(10);
  CHECK(maps[1].at(1) == 1);
}

#endif
