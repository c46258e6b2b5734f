// Failure of the first, second, ... n-th call in the operations beside single inserts; failures that inserts absorb.
#include <algorithm>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <functional>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/leak_check.hpp"
#include "support/pointers.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

struct outcome {
  std::size_t failures = 0;  // of the operation
  std::size_t absorbed = 0;  // struck, but the operation succeeded
};

/// Fails the first call of `failure` in operation(), then the second, ... until none is left to fail.
/// `check(threw)` is called after each.
outcome fail_each_call(countdown& failure, const std::function<void()>& operation,
                       const std::function<void(bool)>& check) {
  outcome result;
  for (std::size_t calls = 1; calls < 100000; ++calls) {
    const auto [struck, threw] = with_failure(failure, calls, operation);
    check(threw);
    if (threw) REQUIRE(struck);
    result.failures += threw ? 1 : 0;
    result.absorbed += struck && !threw ? 1 : 0;
    if (!struck) return result;
  }
  FAIL("the operation never came to its end");
  return result;
}

template <class Map>
Map grown(int n) {
  Map map;
  for (int i = 0; i < n; ++i) map.try_emplace(tracked(i), i);
  return map;
}

}  // namespace

TEMPLATE_TEST_CASE("a constructor that throws leaks nothing", "", fragile_map, fragile_nodes) {
  const leak_check none_left;
  std::vector<std::pair<tracked, typename TestType::mapped_type>> source;
  for (int i = 0; i < 60; ++i) source.emplace_back(i, i);
  const TestType whole(source.begin(), source.end());
  for (countdown* failure : {&fail_hash, &fail_copy, &fail_allocation}) {
    const outcome ranges = fail_each_call(*failure, [&] { TestType map(source.begin(), source.end()); }, [](bool) {});
    REQUIRE(ranges.failures > 0);
    if (failure == &fail_hash) continue;
    REQUIRE(fail_each_call(*failure, [&] { TestType map(whole); }, [](bool) {}).failures > 0);
  }
  REQUIRE(fail_each_call(fail_allocation, [&] { TestType map(5000); }, [](bool) {}).failures > 0);
}

TEMPLATE_TEST_CASE("insert_or_assign, operator[] and node handles that throw have changed nothing", "", fragile_map,
                   fragile_nodes) {
  const leak_check none_left;
  const TestType start = grown<TestType>(100);
  TestType map = start;
  const auto unchanged = [&](bool threw) {
    CHECK_VALID(map);
    if (threw) CHECK(map == start);
    map = start;
  };
  const tracked absent(1000);
  const tracked present(50);
  const typename TestType::mapped_type value(7);
  for (countdown* failure : {&fail_hash, &fail_copy}) {
    CHECK(fail_each_call(*failure, [&] { map.insert_or_assign(absent, value); }, unchanged).failures > 0);
    CHECK(fail_each_call(*failure, [&] { map[absent]; }, unchanged).failures > 0);
    CHECK(fail_each_call(*failure, [&] { map.insert({absent, value}); }, unchanged).failures > 0);
    CHECK(fail_each_call(*failure, [&] { map.emplace(absent, value); }, unchanged).failures > 0);
  }
  for (countdown* failure : {&fail_hash, &fail_equal}) {
    CHECK(fail_each_call(*failure, [&] { map.insert_or_assign(present, value); }, unchanged).failures > 0);
    CHECK(fail_each_call(*failure, [&] { map.erase(present); }, unchanged).failures > 0);
    CHECK(fail_each_call(*failure, [&] { (void)map.extract(present); }, unchanged).failures > 0);
    CHECK(fail_each_call(*failure, [&] { (void)map.find(present); }, unchanged).failures > 0);
    CHECK(fail_each_call(*failure, [&] { (void)map.at(present); }, unchanged).failures > 0);
  }
}

TEMPLATE_TEST_CASE("a node whose insertion throws is still the caller's", "", fragile_map, fragile_nodes) {
  const leak_check none_left;
  TestType map = grown<TestType>(20);
  auto node = map.extract(tracked(3));
  const outcome seen = fail_each_call(
      fail_hash, [&] { map.insert(std::move(node)); },
      [&](bool threw) {
        CHECK_VALID(map);
        CHECK(map.size() == (threw ? 19 : 20));
        CHECK(node.empty() != threw);  // NOLINT(bugprone-use-after-move): the point of the test
        if (threw) CHECK(node.key() == tracked(3));
      });
  REQUIRE(seen.failures > 0);
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

TEST_CASE("an insert absorbs a hash that throws while other elements are evacuated, and the growth goes on later") {
  const leak_check none_left;
  std::size_t absorbed = 0;
  fragile_map map;
  for (int i = 0; i < 1500; ++i) {
    // The first call is for the new key; the second and later ones are made on behalf of the growth.
    fail_hash.arm(2 + static_cast<std::size_t>(i) % 5);
    REQUIRE(map.try_emplace(tracked(i), i).second);
    absorbed += fail_hash.struck ? 1 : 0;
    fail_hash.arm(0);
    if (i % 50 == 0) REQUIRE_VALID(map);
  }
  REQUIRE(absorbed > 20);
  for (int i = 0; i < 1500; ++i) REQUIRE(map.contains(tracked(i)));
  for (int i = 1500; i < 6000; ++i) map.try_emplace(tracked(i), i);
  const fragile_map fresh = grown<fragile_map>(6000);
  REQUIRE(map.bucket_count() == fresh.bucket_count());
  REQUIRE_VALID(map);
}

TEST_CASE("a shrinking map survives failing allocations and hashes") {
  const leak_check none_left;
  fragile_map map = grown<fragile_map>(4000);
  for (int i = 40; i < 4000; ++i) map.erase(tracked(i));
  const auto full = map.bucket_count();
  std::size_t struck = 0;
  for (int i = 4000; i < 12000; ++i) {
    countdown& failure = i % 2 == 0 ? fail_allocation : fail_hash;
    failure.arm(i % 2 == 0 ? 1 : 2);
    try {
      map.try_emplace(tracked(i), i);
    } catch (const std::runtime_error&) {
    }
    struck += failure.struck ? 1 : 0;
    failure.arm(0);
    map.erase(tracked(i));
    if (i % 100 == 0) REQUIRE_VALID(map);
  }
  CHECK(map.bucket_count() < full);
  for (int i = 0; i < 40; ++i) REQUIRE(map.contains(tracked(i)));
  REQUIRE(struck > 0);
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

  const outcome seen = fail_each_call(
      fail_move,
      [] {
        nodes from{nodes::allocator_type(1)};
        nodes to{nodes::allocator_type(2)};
        for (int i = 0; i < 30; ++i) from.try_emplace(i, i);
        to.try_emplace(100, 100);
        try {
          to = std::move(from);
        } catch (const std::runtime_error&) {
          fail_move.left = 0;
          CHECK_VALID(from);  // NOLINT(bugprone-use-after-move): the point of the test
          CHECK_VALID(to);
          CHECK(from.empty());  // some of its keys may have been moved from: none is kept
          CHECK(to.size() == 1);
          throw;
        }
      },
      [](bool) {});
  REQUIRE(seen.failures == 30);
  REQUIRE(foreign_frees == 0);
}

TEST_CASE("a set that throws leaks nothing and keeps its keys") {
  using fragile_set = evac::set<tracked, throwing_hash<tracked>, throwing_equal<tracked>, counting_allocator<tracked>>;
  const leak_check none_left;
  fragile_set start;
  for (int i = 0; i < 90; ++i) start.insert(tracked(i));
  for (countdown* failure : {&fail_hash, &fail_copy}) {
    fragile_set set = start;
    const tracked absent(200);
    const outcome seen = fail_each_call(
        *failure, [&] { set.insert(absent); },
        [&](bool threw) {
          CHECK_VALID(set);
          if (threw) CHECK(set == start);
        });
    REQUIRE(seen.failures > 0);
    REQUIRE(set.contains(absent));
  }
}
