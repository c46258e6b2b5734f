// Tables with far more homes than elements: what begin(), ++ and draining cost, counted in homes that are looked at.
#include <cstddef>
#include <cstdint>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <utility>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/first_steps.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

using numbers = evac::set<std::uint64_t>;
using number_map = evac::map<std::uint64_t, std::uint64_t>;

// The homes that one begin() may look at: the one that it is after. (All these tables keep account of their homes.)
constexpr std::size_t most_for_begin = 1;

/// A map that had `many` elements and has every `step`-th of them still.
number_map thinned(std::uint64_t many, std::uint64_t step) {
  number_map map;
  for (std::uint64_t i = 0; i < many; ++i) map[i] = i;
  for (std::uint64_t i = 0; i < many; ++i) {
    if (i % step != 0) map.erase(i);
  }
  return map;
}

/// Calls remove(map) until map is empty; returns the most homes that begin() looked at before any of these calls.
template <class Remove>
std::size_t drain(number_map map, const Remove& remove) {
  std::size_t most = 0;
  while (!map.empty()) {
    most = std::max(most, homes_looked_at_by_begin(map));
    remove(map);
  }
  REQUIRE_VALID(map);
  return most;
}

/// One in, one out by begin(), with 200 elements; returns the most homes that begin() looked at.
std::size_t run_queue(numbers& queue) {
  std::size_t most = 0;
  std::uint64_t next = 1'000'000;
  for (int i = 0; i < 200; ++i) queue.insert(next++);
  for (int i = 0; i < 20'000; ++i) {
    queue.insert(next++);
    most = std::max(most, homes_looked_at_by_begin(queue));
    if (i % 2 == 0) {
      queue.erase(*queue.begin());
    } else {
      REQUIRE_FALSE(queue.extract(queue.begin()).empty());
    }
  }
  REQUIRE(queue.size() == 200);
  REQUIRE_VALID(queue);
  return most;
}

}  // namespace

TEST_CASE("draining a sparse map by its first element looks at few homes each time") {
  const number_map sparse = thinned(200'000, 300);
  const std::size_t homes = sparse.stats().home_buckets;
  REQUIRE(homes > 10'000);
  CHECK(drain(sparse, [](number_map& map) { map.erase(map.begin()->first); }) <= most_for_begin);
  CHECK(drain(sparse, [](number_map& map) { map.erase(map.begin()); }) <= most_for_begin);
  CHECK(drain(sparse, [](number_map& map) { map.extract(map.begin()); }) <= most_for_begin);
  CHECK(drain(sparse, [](number_map& map) { map.extract(map.begin()->first); }) <= most_for_begin);
}

TEST_CASE("a short queue in a table that was large looks at few homes for each element") {
  SECTION("grown by elements") {
    numbers queue;
    for (std::uint64_t i = 0; i < 200'000; ++i) queue.insert(i);
    for (std::uint64_t i = 0; i < 200'000; ++i) queue.erase(i);
    CHECK(run_queue(queue) <= most_for_begin);
  }
  SECTION("reserved") {
    numbers queue;
    queue.reserve(200'000);
    CHECK(run_queue(queue) <= most_for_begin);
  }
  SECTION("reserved in two steps") {
    numbers queue(200'000);
    queue.insert(0);
    queue.reserve(400'000);
    queue.erase(0);
    CHECK(run_queue(queue) <= most_for_begin);
  }
}

TEST_CASE("iterating over a sparse map skips most of its homes") {
  const number_map sparse = thinned(400'000, 1000);
  const std::size_t homes = sparse.stats().home_buckets;
  std::size_t seen = 0;
  for (const auto& element : sparse) seen += element.first % 1000 == 0 ? 1 : 0;
  CHECK(seen == 400);
  CHECK(homes_looked_at_by_iteration(sparse) <= 2 * sparse.size() + 1);
  CHECK(homes_looked_at_by_iteration(sparse) < homes / 5);
}

TEST_CASE("the account of occupied homes is right through growth, shrinking, copies, moves, swap and clear") {
  using counted_map = evac::map<std::uint64_t, tracked, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                                counted<std::uint64_t, tracked>>;
  counted_map map;
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    map.try_emplace(i, 1);
    if (i % 1000 == 0) REQUIRE_VALID(map);
  }
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    if (i % 250 != 0) map.erase(i);
  }
  REQUIRE_VALID(map);
  counted_map copy(map);
  REQUIRE_VALID(copy);
  REQUIRE(copy == map);
  counted_map moved(std::move(copy));
  REQUIRE_VALID(moved);
  moved.reserve(100'000);
  REQUIRE_VALID(moved);
  moved.swap(map);
  moved.rehash(0);
  REQUIRE_VALID(moved);
  // Inserts shrink it, from some 6000 homes to below what an account is kept of.
  for (std::uint64_t round = 0; round < 60'000; ++round) {
    map.try_emplace(1'000'000 + round, 1);
    map.erase(1'000'000 + round);
    if (round % 1000 == 0) REQUIRE_VALID(map);
  }
  map.clear();
  REQUIRE_VALID(map);
  REQUIRE(map.begin() == map.end());
  map.try_emplace(7, 7);
  REQUIRE(map.begin()->first == 7);
  REQUIRE_VALID(map);
}

TEST_CASE("the elements that a failed copy leaves in a large table are destroyed") {
  using copied_map = evac::map<std::uint64_t, tracked>;
  copied_map map;
  for (std::uint64_t i = 0; i < 2000; ++i) map.try_emplace(i, 1);
  const auto live = tracked_census.live;
  for (const int at : {1, 2, 500, 1999}) {
    fail_copy.arm(static_cast<std::size_t>(at));
    CHECK_THROWS(copied_map(map));
    CHECK(fail_copy.struck);
    fail_copy.arm(0);
    CHECK(tracked_census.live == live);
  }
}
