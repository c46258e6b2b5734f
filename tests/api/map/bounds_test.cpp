// The bounds that docs/guarantees/ promises, by counting.
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <random>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/first_steps.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {
using counted_ints = evac::map<std::uint64_t, std::uint64_t, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                               counted<std::uint64_t, std::uint64_t>>;
using mover_map = evac::map<std::uint64_t, tracked, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                            counted<std::uint64_t, tracked>>;
}  // namespace

TEST_CASE("an empty map allocates nothing and has the documented size") {
  const auto before = memory.allocations;
  counted_ints map;
  REQUIRE_FALSE(map.contains(1));
  REQUIRE(map.erase(1) == 0);
  REQUIRE(map.begin() == map.end());
  counted_ints moved(std::move(map));
  moved.clear();
  REQUIRE(memory.allocations == before);
  STATIC_REQUIRE(sizeof(void*) != 8 || sizeof(evac::map<std::uint64_t, std::uint64_t>) == 128);
}

TEST_CASE("no insert on the way to a million moves or allocates more than the constants say") {
  mover_map map;
  std::mt19937_64 random(evac_test::seed());
  std::size_t most_moves = 0;
  std::size_t most_allocations = 0;
  std::size_t all_moves = 0;
  for (int i = 0; i < 1000000; ++i) {
    const auto moves = tracked_census.moves;
    const auto allocations = memory.allocations;
    map.try_emplace(random(), i);
    most_moves = std::max(most_moves, tracked_census.moves - moves);
    most_allocations = std::max(most_allocations, memory.allocations - allocations);
    all_moves += tracked_census.moves - moves;
  }
  REQUIRE(map.stats().growths >= 17);
  REQUIRE(most_moves > 0);
  REQUIRE(most_moves <= mover_map::max_moves_per_insert);
  REQUIRE(most_allocations <= mover_map::max_allocations_per_insert);
  REQUIRE(all_moves == map.stats().elements_moved);
  CHECK(all_moves < 3 * map.size());
  REQUIRE_VALID(map);
}

TEST_CASE("look-ups, iteration and erase move, copy and construct nothing") {
  mover_map map;
  for (std::uint64_t i = 0; i < 100000; ++i) map.try_emplace(i, static_cast<int>(i));
  const census before = tracked_census;
  const auto allocations = memory.allocations;
  std::size_t seen = 0;
  for (std::uint64_t i = 0; i < 200000; ++i) seen += map.count(i);
  for (const auto& element : map) seen += static_cast<std::size_t>(element.second.value() >= 0);
  REQUIRE(seen == 200000);
  for (std::uint64_t i = 0; i < 100000; i += 2) REQUIRE(map.erase(i) == 1);
  for (auto at = map.begin(); at != map.end();) at = map.erase(at);
  REQUIRE(map.empty());
  REQUIRE(tracked_census.moves == before.moves);
  REQUIRE(tracked_census.copies == before.copies);
  REQUIRE(memory.allocations == allocations);
}

TEST_CASE("after reserve the promised inserts move nothing and the bucket count stays") {
  for (const std::uint64_t n : {1U, 5U, 6U, 7U, 8U, 100U, 1000U, 5000U, 100000U}) {
    mover_map map;
    map.reserve(n);
    const auto buckets = map.bucket_count();
    const auto moves = tracked_census.moves;
    const auto allocations = memory.allocations;
    // The promise is for a hash that spreads. absl::Hash of consecutive integers does so at most addresses of a
    // program, not at all.
    for (std::uint64_t i = 0; i < n; ++i) map.try_emplace(evac::detail::finish_hash(i, 12345), 1);
    REQUIRE(map.bucket_count() == buckets);
    REQUIRE(tracked_census.moves == moves);
    REQUIRE(memory.allocations == allocations);
    REQUIRE_VALID(map);
    REQUIRE(mover_map(n).bucket_count() == buckets);
  }
}

TEST_CASE("growing never holds more than a tenth beyond what it ends with") {
  const auto before = memory.bytes;
  for (const std::uint64_t n : {1000U, 30000U, 200000U, 700000U}) {
    counted_ints map;
    memory.peak = memory.bytes;
    for (std::uint64_t i = 0; i < n; ++i) map[i] = i;
    REQUIRE(static_cast<double>(memory.peak - before) <= 1.1 * static_cast<double>(memory.bytes - before));
  }
  REQUIRE(memory.bytes == before);
}

TEST_CASE("a map filled, emptied to a hundredth and churned looks like a fresh one of its size") {
  evac::map<std::uint64_t, std::uint64_t> map;
  constexpr std::uint64_t many = 100000;
  for (std::uint64_t i = 0; i < many; ++i) map[i] = i;
  const auto full = map.bucket_count();
  for (std::uint64_t i = many / 100; i < many; ++i) map.erase(i);
  REQUIRE(map.bucket_count() == full);
  for (std::uint64_t i = 0; i < 2 * many; ++i) {
    map[many + i] = i;
    map.erase(many + i - many / 100);
    map.erase(i);
  }
  REQUIRE_VALID(map);
  evac::map<std::uint64_t, std::uint64_t> fresh;
  for (const auto& element : map) fresh.insert(element);
  REQUIRE(map.bucket_count() <= 3 * fresh.bucket_count());
  REQUIRE(map.stats().longest_chain <= fresh.stats().longest_chain + 1);
  REQUIRE(map.stats().overflow_buckets <= fresh.stats().overflow_buckets + fresh.size() / 20);
}

TEST_CASE("a map that is cleared and filled again keeps its buckets") {
  evac::map<std::uint64_t, std::uint64_t> map;
  for (std::uint64_t i = 0; i < 50000; ++i) map[i] = i;
  const auto buckets = map.bucket_count();
  map.clear();
  for (std::uint64_t i = 0; i < 50000; ++i) map[i] = i;
  REQUIRE(map.bucket_count() == buckets);
}

TEST_CASE("churn at a constant size leaves at most two and a half times a fresh map's overflow buckets") {
  evac::map<std::uint64_t, std::uint64_t> map;
  std::uint64_t oldest = 0;
  std::uint64_t next = 0;
  for (; next < 40000; ++next) map[next] = next;
  for (int i = 0; i < 400000; ++i) {
    map.erase(oldest++);
    map[next] = next;
    ++next;
  }
  evac::map<std::uint64_t, std::uint64_t> fresh(map.begin(), map.end());
  REQUIRE(map.bucket_count() <= fresh.bucket_count() * 11 / 10);
  REQUIRE(map.stats().overflow_buckets <= fresh.stats().overflow_buckets * 5 / 2 + 16);
}

TEST_CASE("erasing the first element until none is left takes a linear number of steps") {
  evac::set<std::uint64_t> set;
  for (std::uint64_t i = 0; i < 200000; ++i) set.insert(i);
  std::size_t most = 0;
  for (; !set.empty(); set.erase(set.begin())) {
    if (set.size() % 10 == 0) most = std::max(most, homes_looked_at_by_begin(set));
  }
  REQUIRE(most <= evac::detail::occupied_homes::unkept_homes);
}

TEST_CASE("permanent elements are seen exactly once by every iteration while others come and go") {
  evac::map<std::uint64_t, int> map;
  for (std::uint64_t i = 0; i < 10; ++i) map[i] = 0;
  for (std::uint64_t i = 10; i < 3000; ++i) {
    map[i] = 1;
    if (i % 3 == 0) map.erase(i - 5 >= 10 ? i - 5 : i);
    std::size_t permanent = 0;
    for (const auto& [key, value] : map) permanent += key < 10 ? 1 : 0;
    REQUIRE(permanent == 10);
  }
}
