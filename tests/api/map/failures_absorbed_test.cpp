// Failures that inserts absorb: the insert succeeds, and the growth or shrinking that failed is made up for later.
#include <evac/map.hpp>
#include <stdexcept>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/leak_check.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

fragile_map grown(int n) {
  fragile_map map;
  for (int i = 0; i < n; ++i) map.try_emplace(tracked(i), i);
  return map;
}

}  // namespace

TEST_CASE("growth goes on after memory was short for a while") {
  fragile_map map = grown(60);
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
  const fragile_map fresh = grown(6000);
  REQUIRE(map.bucket_count() == fresh.bucket_count());
  REQUIRE_VALID(map);
}

TEST_CASE("a shrinking map survives failing allocations and hashes") {
  const leak_check none_left;
  fragile_map map = grown(4000);
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
