// The number of overflow buckets that a table of so many elements needs: against tables that are filled at random.
#include <cstddef>
#include <evac/detail/geometry/addressing.hpp>
#include <evac/detail/table/overflow_bound.hpp>
#include <random>
#include <vector>

#include "support/catch.hpp"

using evac::detail::overflow_bound;

namespace {

constexpr unsigned home_slots = 7;
constexpr unsigned overflow_slots = 3;

/// Overflow buckets of a table whose elements went to homes at random, as linear hashing divides the hashes.
std::size_t overflow_of_random_table(std::size_t elements, std::size_t homes, std::mt19937_64& random) {
  std::vector<std::size_t> chains(homes);
  std::size_t mask = 1;
  while (mask < homes) mask *= 2;
  for (std::size_t i = 0; i < elements; ++i) {
    const std::size_t hash = random();
    const std::size_t home = hash & (mask - 1);
    ++chains[home < homes ? home : hash & (mask / 2 - 1)];
  }
  std::size_t overflow = 0;
  for (const std::size_t chain : chains) {
    if (chain > home_slots) overflow += (chain - home_slots + overflow_slots - 1) / overflow_slots;
  }
  return overflow;
}

}  // namespace

TEST_CASE("no table that is filled at random needs more overflow buckets than the bound") {
  std::mt19937_64 random(evac_test::seed());
  std::size_t most = 0;
  for (std::size_t round = 0; round < evac_test::rounds(40); ++round) {
    for (const std::size_t homes : {2U, 16U, 23U, 64U, 100U, 1000U}) {
      const std::size_t elements = homes * (1 + round % 8);
      const std::size_t needed = overflow_of_random_table(elements, homes, random);
      most = most < needed ? needed : most;
      INFO(elements << " elements in " << homes << " homes");
      REQUIRE(needed <= overflow_bound(elements, homes, home_slots, overflow_slots));
    }
  }
  REQUIRE(most > 100);  // there were chains to bound
}

TEST_CASE("the bound is never more than a hash could need that sends all elements to one home") {
  CHECK(overflow_bound(0, 16, home_slots, overflow_slots) == 0);
  CHECK(overflow_bound(home_slots, 1, home_slots, overflow_slots) == 0);
  CHECK(overflow_bound(home_slots + 1, 1, home_slots, overflow_slots) == 1);
  CHECK(overflow_bound(home_slots + 4, 1, home_slots, overflow_slots) == 2);
  for (const std::size_t elements : {8U, 20U, 300U, 10'000U}) {
    for (const std::size_t homes : {1U, 2U, 16U, 2000U}) {
      CHECK(overflow_bound(elements, homes, home_slots, overflow_slots) <=
            (elements - home_slots + overflow_slots - 1) / overflow_slots);
    }
  }
}

TEST_CASE("for homes with far more elements than a table ever has, the bound is what any hash could need") {
  for (const std::size_t mean : {33U, 80U, 100U, 1000U}) {
    const std::size_t elements = 16 * mean;
    CHECK(overflow_bound(elements, 16, home_slots, overflow_slots) ==
          (elements - home_slots + overflow_slots - 1) / overflow_slots);
  }
}

TEST_CASE("the bound grows with the elements, and is a small part of a large table's homes at usual load") {
  std::size_t before = 0;
  for (std::size_t elements = 10'000; elements <= 80'000; elements += 10'000) {
    const std::size_t bound = overflow_bound(elements, 10'000, home_slots, overflow_slots);
    CHECK(bound >= before);
    before = bound;
  }
  constexpr std::size_t homes = std::size_t{1} << 20U;
  CHECK(overflow_bound(homes * 11 / 2, homes, home_slots, overflow_slots) < homes / 3);
}
