// Linear-hash addressing: every hash has one home, and only a split changes it.
#include <evac/detail/geometry/addressing.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac::detail;

namespace {

constexpr std::size_t most = 600;

std::size_t home_of(std::size_t hash, std::size_t homes) { return home_among(half_mask_of(homes), homes, hash); }

}  // namespace

TEST_CASE("the home of a hash exists, and its index is the low bits of the hash, as many as the home is deep") {
  std::mt19937_64 random(evac_test::seed());
  for (std::size_t homes = 1; homes <= most; ++homes) {
    for (int i = 0; i < 200; ++i) {
      const std::size_t hash = random();
      const std::size_t home = home_of(hash, homes);
      REQUIRE(home < homes);
      REQUIRE((hash & ((std::size_t{1} << depth_of(home, homes)) - 1)) == home);
    }
  }
}

TEST_CASE("one more home takes hashes from its parent only, those with the child's bit, and all of these") {
  std::mt19937_64 random(evac_test::seed());
  for (std::size_t homes = 1; homes < most; ++homes) {
    const std::size_t child = homes;
    for (int i = 0; i < 200; ++i) {
      const std::size_t hash = random();
      const std::size_t before = home_of(hash, homes);
      const std::size_t after = home_of(hash, homes + 1);
      const bool leaves = before == parent_of(child) && (hash & std::bit_floor(child)) != 0;
      REQUIRE(after == (leaves ? child : before));
    }
    REQUIRE(depth_of(parent_of(child), homes) == depth_before(child));
    REQUIRE(child_of(parent_of(child), depth_before(child)) == child);
    REQUIRE(depth_of(child, homes + 1) == depth_before(child) + 1);
    REQUIRE(depth_of(parent_of(child), homes + 1) == depth_before(child) + 1);
  }
}

TEST_CASE("where the number of homes is a power of two, half of the mask does as well") {
  std::mt19937_64 random(evac_test::seed());
  for (std::size_t homes = 1; homes <= 512; homes *= 2) {
    for (int i = 0; i < 200; ++i) {
      const std::size_t hash = random();
      REQUIRE(home_among(half_mask_of(homes) / 2, homes, hash) == home_of(hash, homes));
    }
  }
}

TEST_CASE("tag and home are chosen by bits that have nothing in common, and any shard is possible with both") {
  const std::size_t tag = ~std::size_t{0} << tag_shift;
  const std::size_t between = (most_shards - 1) << shard_shift;
  const std::size_t home = most_independent_homes - 1;
  REQUIRE((tag & home) == 0);
  REQUIRE((tag | between | home) == ~std::size_t{0});
  REQUIRE(tag_bits_of(tag) == 0xFF);
  REQUIRE(tag_bits_of(between | home) == 0);
  std::mt19937_64 random(1);
  for (int i = 0; i < 20; ++i) {
    const std::size_t others = random() & (tag | home);
    std::vector<bool> reached(most_shards);
    for (std::size_t bits = 0; bits < most_shards; ++bits)
      reached[shard_of(others | bits << shard_shift, most_shards - 1)] = true;
    REQUIRE(std::count(reached.begin(), reached.end(), true) == most_shards);
  }
}
