// A walk over a table that grows and shrinks between two steps of the walk.
#include <cstddef>
#include <cstdint>
#include <evac/detail/table/scan.hpp>
#include <evac/detail/table/table_access.hpp>
#include <evac/map.hpp>
#include <map>
#include <random>

#include "support/catch.hpp"

using namespace evac::detail;

namespace {

using table_map = evac::map<std::uint64_t, int>;

/// Walks over the map; between(step) may change it before each step. How often each key was visited.
template <class Between>
std::map<std::uint64_t, int> visits_of_walk(table_map& map, const Between& between) {
  std::map<std::uint64_t, int> visits;
  scan_position at;
  for (int step = 0; !at.done; ++step) {
    REQUIRE(step < 1'000'000);
    between(step);
    scan_chain(table_access::of(map), at, [&](const auto& element) { ++visits[element.first]; });
  }
  return visits;
}

}  // namespace

TEST_CASE("reversing bits twice gives the number, and the lowest bit becomes the highest") {
  CHECK(reverse_bits(0) == 0);
  CHECK(reverse_bits(1) == std::uint64_t{1} << 63U);
  CHECK(reverse_bits(6) == std::uint64_t{3} << 61U);
  std::mt19937_64 random(evac_test::seed());
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t bits = random();
    REQUIRE(reverse_bits(reverse_bits(bits)) == bits);
    REQUIRE(reverse_bits(bits ^ 1U) == (reverse_bits(bits) ^ std::uint64_t{1} << 63U));
  }
}

TEST_CASE("a walk over a table at rest visits every element once, and one over a table without memory ends") {
  for (const std::uint64_t n : {0U, 1U, 5U, 100U, 113U, 5000U}) {
    table_map map;
    for (std::uint64_t key = 0; key < n; ++key) map[key] = 1;
    const auto visits = visits_of_walk(map, [](int) {});
    REQUIRE(visits.size() == n);
    for (const auto& [key, times] : visits) REQUIRE(times == 1);
  }
}

TEST_CASE("elements that stay are visited once, others at most once, however the table grows and shrinks meanwhile") {
  std::mt19937_64 random(evac_test::seed());
  std::size_t grown = 0;
  std::size_t shrunk = 0;
  for (std::size_t round = 0; round < evac_test::rounds(20); ++round) {
    constexpr std::uint64_t stay = 200;
    table_map map;
    for (std::uint64_t key = 0; key < stay; ++key) map[key] = 1;
    std::uint64_t next = stay;
    const auto visits = visits_of_walk(map, [&](int step) {
      const std::size_t buckets = map.bucket_count();
      if ((static_cast<std::size_t>(step) / 20 + round) % 2 == 0) {
        for (int i = 0; i < 40; ++i) map[next++] = 1;
      } else {
        for (std::uint64_t key = stay; key < next; ++key) map.erase(key);
        if (random() % 4 == 0) map.shrink_to_fit();
        map.evacuate(random() % 8);
      }
      grown += map.bucket_count() > buckets ? 1 : 0;
      shrunk += map.bucket_count() < buckets ? 1 : 0;
    });
    for (std::uint64_t key = 0; key < stay; ++key) {
      REQUIRE(visits.count(key) == 1);
    }
    for (const auto& [key, times] : visits) REQUIRE(times == 1);
  }
  REQUIRE(grown > 20);
  REQUIRE(shrunk > 5);
}
