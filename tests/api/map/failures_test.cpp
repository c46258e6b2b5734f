// A failure at the first, second, ... n-th call of everything that may throw: what an operation that throws leaves
// behind.
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <functional>
#include <utility>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/failures.hpp"
#include "support/leak_check.hpp"
#include "support/pointers.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

template <class Map>
Map grown(int n) {
  Map map;
  for (int i = 0; i < n; ++i) map.try_emplace(tracked(i), i);
  return map;
}

/// Fails each call of `source` in operation(map), on a fresh copy of `start` each time. The map must be whole whatever
/// happens; if the operation threw, `unchanged` demands the old contents.
template <class Map, class Operation>
void fail_everywhere(const Map& start, countdown& source, bool unchanged, const Operation& operation) {
  fail_each_call(source, [&](failing_run& run) {
    Map map = start;
    run([&] { operation(map); });
    CHECK_VALID(map);
    if (run.threw() && unchanged) CHECK(map == start);
  });
}

template <class Map>
void fail_inserts(countdown& source, int from, int to) {
  for (int n = from; n < to; ++n) {
    const Map start = grown<Map>(n);
    const tracked key(n);
    fail_everywhere(start, source, true, [&](Map& map) { map.try_emplace(key, n); });
  }
}

}  // namespace

TEMPLATE_TEST_CASE("an insert that throws has changed nothing", "", fragile_map, fragile_nodes) {
  const leak_check none_left;
  SECTION("hash") { fail_inserts<TestType>(fail_hash, 0, 120); }
  SECTION("copy of the key") { fail_inserts<TestType>(fail_copy, 0, 120); }
  SECTION("equality, on a present key") {
    const TestType start = grown<TestType>(120);
    fail_everywhere(start, fail_equal, true, [](TestType& map) { map.try_emplace(tracked(7), 1); });
  }
}

TEMPLATE_TEST_CASE("many inserts with failing allocations lose nothing", "", fragile_map, fragile_nodes) {
  const leak_check none_left;
  const TestType start = grown<TestType>(3);
  fail_everywhere(start, fail_allocation, false, [](TestType& map) {
    for (int i = 0; i < 200; ++i) {
      const auto before = map.size();
      try {
        map.try_emplace(tracked(i), i);
      } catch (const std::runtime_error&) {
        REQUIRE(map.size() == before);
        REQUIRE_FALSE(map.contains(tracked(i)));
        throw;
      }
      REQUIRE(map.find(tracked(i))->second == typename TestType::mapped_type(i));
    }
  });
}

TEMPLATE_TEST_CASE("a copy that throws leaks nothing and leaves both maps alone", "", fragile_map, fragile_nodes) {
  const leak_check none_left;
  const TestType source = grown<TestType>(100);
  const TestType start = grown<TestType>(20);
  fail_everywhere(start, fail_copy, true, [&](TestType& map) { map = source; });
  fail_everywhere(start, fail_allocation, true, [&](TestType& map) { map = source; });
  REQUIRE(source == grown<TestType>(100));
}

TEMPLATE_TEST_CASE("reserve, rehash and merge that throw lose no element", "", fragile_map, fragile_nodes) {
  const TestType start = grown<TestType>(90);
  fail_everywhere(start, fail_hash, true, [](TestType& map) { map.reserve(1000); });
  fail_everywhere(start, fail_allocation, true, [](TestType& map) { map.reserve(1000); });
  fail_everywhere(start, fail_allocation, true, [](TestType& map) {
    map.reserve(1000);
    map.shrink_to_fit();
  });
  fail_everywhere(start, fail_hash, false, [&](TestType& map) {
    TestType other = grown<TestType>(0);
    for (int i = 60; i < 150; ++i) other.try_emplace(tracked(i), i);
    try {
      map.merge(other);
    } catch (const std::runtime_error&) {
      fail_hash.left = 0;
      REQUIRE(map.size() + other.size() == 180);
      REQUIRE_VALID(other);
      throw;
    }
    REQUIRE(map.size() + other.size() == 180);
  });
}

TEMPLATE_TEST_CASE("a map that could not shrink grows on with its elements", "", fragile_map, fragile_nodes) {
  const failures_seen seen = fail_each_call(fail_allocation, [](failing_run& run) {
    TestType map = grown<TestType>(900);  // so many that some home overflows: then to shrink allocates
    map.reserve(20000);
    run([&] { map.shrink_to_fit(); });
    for (int i = 1000; i < 3000; ++i) map.try_emplace(tracked(i), i);
    REQUIRE(map.load_factor() < 1.0F);
    REQUIRE_VALID(map);
  });
  REQUIRE(seen.thrown > 0);
}

TEST_CASE("elements whose moves throw are never moved") {
  fail_move.arm(1);
  evac::map<int, throwing_mover> map;
  for (int i = 0; i < 5000; ++i) map.try_emplace(i, i);
  for (int i = 0; i < 5000; i += 2) map.erase(i);
  map.shrink_to_fit();
  REQUIRE_FALSE(fail_move.struck);
  fail_move.arm(0);
  for (int i = 1; i < 5000; i += 2) REQUIRE(map.at(i).value() == i);
}

TEMPLATE_TEST_CASE("a constructor that throws leaks nothing", "", fragile_map, fragile_nodes) {
  const leak_check none_left;
  std::vector<std::pair<tracked, typename TestType::mapped_type>> source;
  for (int i = 0; i < 60; ++i) source.emplace_back(i, i);
  const TestType whole(source.begin(), source.end());
  for (countdown* failure : {&fail_hash, &fail_copy, &fail_allocation}) {
    REQUIRE(fail_each_call(*failure, [&] { TestType map(source.begin(), source.end()); }).thrown > 0);
    if (failure == &fail_hash) continue;  // a copy asks for no hash
    REQUIRE(fail_each_call(*failure, [&] { TestType map(whole); }).thrown > 0);
  }
  REQUIRE(fail_each_call(fail_allocation, [&] { TestType map(5000); }).thrown > 0);
}

TEMPLATE_TEST_CASE("insert_or_assign, operator[] and node handles that throw have changed nothing", "", fragile_map,
                   fragile_nodes) {
  const leak_check none_left;
  const TestType start = grown<TestType>(100);
  const tracked absent(1000);
  const tracked present(50);
  const typename TestType::mapped_type value(7);
  for (countdown* source : {&fail_hash, &fail_copy}) {
    fail_everywhere(start, *source, true, [&](TestType& map) { map.insert_or_assign(absent, value); });
    fail_everywhere(start, *source, true, [&](TestType& map) { map[absent]; });
    fail_everywhere(start, *source, true, [&](TestType& map) { map.insert({absent, value}); });
    fail_everywhere(start, *source, true, [&](TestType& map) { map.emplace(absent, value); });
  }
  for (countdown* source : {&fail_hash, &fail_equal}) {
    fail_everywhere(start, *source, true, [&](TestType& map) { map.insert_or_assign(present, value); });
    fail_everywhere(start, *source, true, [&](TestType& map) { map.erase(present); });
    fail_everywhere(start, *source, true, [&](TestType& map) { (void)map.extract(present); });
    fail_everywhere(start, *source, true, [&](TestType& map) { (void)map.find(present); });
    fail_everywhere(start, *source, true, [&](TestType& map) { (void)map.at(present); });
  }
}

TEMPLATE_TEST_CASE("a node whose insertion throws is still the caller's", "", fragile_map, fragile_nodes) {
  const leak_check none_left;
  TestType map = grown<TestType>(20);
  auto node = map.extract(tracked(3));
  const failures_seen seen = fail_each_call(fail_hash, [&](failing_run& run) {
    run([&] { map.insert(std::move(node)); });
    CHECK_VALID(map);
    CHECK(map.size() == (run.threw() ? 19 : 20));
    CHECK(node.empty() != run.threw());  // NOLINT(bugprone-use-after-move): the point of the test
    if (run.threw()) CHECK(node.key() == tracked(3));
  });
  REQUIRE(seen.thrown > 0);
  REQUIRE(map.contains(tracked(3)));
}

TEMPLATE_TEST_CASE("a predicate that throws leaves the rest of the map", "", fragile_map, fragile_nodes) {
  const leak_check none_left;
  for (std::size_t calls = 1; calls <= 100; calls += 9) {
    TestType map = grown<TestType>(100);
    std::size_t left = calls;
    REQUIRE_THROWS_AS(erase_if(map,
                               [&](const auto&) {
                                 if (--left == 0) throw std::runtime_error("predicate");
                                 return true;
                               }),
                      std::runtime_error);
    REQUIRE(map.size() == 101 - calls);
    REQUIRE_VALID(map);
  }
}

TEST_CASE("a move assignment that has to move each element loses none of a type whose moves do not throw") {
  using Map = evac::map<int, tracked, evac::hash<int>, evac::equal_to<int>,
                        trait_allocator<std::pair<const int, tracked>, false, false, false>>;
  using nodes = evac::map<int, throwing_mover, evac::hash<int>, evac::equal_to<int>,
                          trait_allocator<std::pair<const int, throwing_mover>, false, false, false>>;
  foreign_frees = 0;
  Map source{Map::allocator_type(1)};
  Map target{Map::allocator_type(2)};
  for (int i = 0; i < 200; ++i) source.try_emplace(i, i);
  target = std::move(source);
  REQUIRE(target.size() == 200);

  const failures_seen seen = fail_each_call(fail_move, [](failing_run& run) {
    nodes from{nodes::allocator_type(1)};
    nodes to{nodes::allocator_type(2)};
    for (int i = 0; i < 30; ++i) from.try_emplace(i, i);
    to.try_emplace(100, 100);
    run([&] { to = std::move(from); });
    CHECK_VALID(from);  // NOLINT(bugprone-use-after-move): the point of the test
    CHECK_VALID(to);
    if (!run.threw()) return;
    CHECK(from.empty());  // some of its keys may have been moved from: none is kept
    CHECK(to.size() == 1);
  });
  REQUIRE(seen.thrown == 30);
  REQUIRE(foreign_frees == 0);
}

TEST_CASE("a set that throws leaks nothing and keeps its keys") {
  using fragile_set = evac::set<tracked, throwing_hash<tracked>, throwing_equal<tracked>, counting_allocator<tracked>>;
  const leak_check none_left;
  fragile_set start;
  for (int i = 0; i < 90; ++i) start.insert(tracked(i));
  for (countdown* source : {&fail_hash, &fail_copy}) {
    fragile_set set = start;
    const tracked absent(200);
    const failures_seen seen = fail_each_call(*source, [&](failing_run& run) {
      run([&] { set.insert(absent); });
      CHECK_VALID(set);
      if (run.threw()) CHECK(set == start);
    });
    REQUIRE(seen.thrown > 0);
    REQUIRE(set.contains(absent));
  }
}
