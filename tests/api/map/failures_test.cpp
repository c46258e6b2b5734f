// A failure at the first, second, ... n-th call of everything that may throw.
#include <evac/map.hpp>
#include <functional>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

template <class Map>
Map grown(int n) {
  Map map;
  for (int i = 0; i < n; ++i) map.try_emplace(tracked(i), i);
  return map;
}

// Runs `operation` on a fresh copy of `start`, failing at the first call of `failure`, then the second, and so on,
// until it gets through. Whatever happens the map must be whole; if it threw, `unchanged` demands the old contents.
template <class Map, class Operation>
void fail_everywhere(const Map& start, countdown& failure, bool unchanged, const Operation& operation) {
  bool struck_once = false;
  for (std::size_t calls = 1;; ++calls) {
    REQUIRE(calls < 100000);
    Map map = start;
    const auto [struck, threw] = with_failure(failure, calls, [&] { operation(map); });
    struck_once |= struck;
    CHECK_VALID(map);
    if (threw) REQUIRE(struck);
    if (threw && unchanged) CHECK(map == start);
    if (!struck) break;
  }
  REQUIRE(struck_once);
}

template <class Map>
void fail_inserts(countdown& failure, int from, int to) {
  for (int n = from; n < to; ++n) {
    const Map start = grown<Map>(n);
    const tracked key(n);
    fail_everywhere(start, failure, true, [&](Map& map) { map.try_emplace(key, n); });
  }
}

}  // namespace

TEMPLATE_TEST_CASE("an insert that throws has changed nothing", "", fragile_map, fragile_nodes) {
  const auto live = tracked_census.live;
  const auto blocks = memory.blocks;
  SECTION("hash") { fail_inserts<TestType>(fail_hash, 0, 120); }
  SECTION("copy of the key") { fail_inserts<TestType>(fail_copy, 0, 120); }
  SECTION("equality, on a present key") {
    const TestType start = grown<TestType>(120);
    fail_everywhere(start, fail_equal, true, [](TestType& map) { map.try_emplace(tracked(7), 1); });
  }
  REQUIRE(tracked_census.live == live);
  REQUIRE(memory.blocks == blocks);
}

TEMPLATE_TEST_CASE("many inserts with failing allocations lose nothing", "", fragile_map, fragile_nodes) {
  const auto blocks = memory.blocks;
  {
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
  REQUIRE(memory.blocks == blocks);
}

TEST_CASE("growth goes on after memory was short for a while") {
  fragile_map map = grown<fragile_map>(60);
  const auto buckets = map.bucket_count();
  std::size_t failures = 0;
  for (int i = 60; i < 400; ++i) {
    fail_allocation.arm(1);
    try {
      map.try_emplace(tracked(i), i);
    } catch (const std::runtime_error&) {
      ++failures;
    }
    fail_allocation.arm(0);
  }
  REQUIRE(failures != 0);
  REQUIRE_VALID(map);
  for (int i = 400; i < 2000; ++i) map.try_emplace(tracked(i), i);
  REQUIRE_VALID(map);
  REQUIRE(map.bucket_count() > 10 * buckets);
  REQUIRE(map.stats().longest_chain < 6);
}

TEMPLATE_TEST_CASE("a copy that throws leaks nothing and leaves both maps alone", "", fragile_map, fragile_nodes) {
  const auto live = tracked_census.live;
  const auto blocks = memory.blocks;
  {
    const TestType source = grown<TestType>(100);
    const TestType start = grown<TestType>(20);
    fail_everywhere(start, fail_copy, true, [&](TestType& map) { map = source; });
    fail_everywhere(start, fail_allocation, true, [&](TestType& map) { map = source; });
    REQUIRE(source == grown<TestType>(100));
  }
  REQUIRE(tracked_census.live == live);
  REQUIRE(memory.blocks == blocks);
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
