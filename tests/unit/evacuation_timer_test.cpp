#include <chrono>
#include <cstddef>
#include <cstdint>
#include <evac/detail/table/evacuation_timer.hpp>
#include <set>

#include "support/catch.hpp"

using evac::detail::evacuation_timer;
using evac::detail::parents_per_step;
using evac::detail::populated_at_once;

TEST_CASE("the timed steps together stand for all steps, up to a hundredth") {
  constexpr std::size_t steps = 1U << 16U;
  std::size_t timed = 0;
  std::uint64_t stood_for = 0;
  for (std::size_t step = 0; step < steps; ++step) {
    const std::size_t homes = step * parents_per_step;
    if (!evacuation_timer::times(homes, 128)) continue;
    ++timed;
    stood_for += evacuation_timer::weighted(homes, std::chrono::nanoseconds(1));
  }
  CHECK(timed == steps / 32);
  CHECK(stood_for > steps - steps / 100);
  CHECK(stood_for < steps + steps / 100);
}

TEST_CASE("a step that may make pages is timed whatever the size of a bucket is, and counts once") {
  constexpr std::size_t begin = std::size_t{1} << 20U;
  for (const std::size_t home_bytes : {64U, 128U, 192U, 256U, 320U, 512U}) {
    for (std::size_t homes = begin; homes < 2 * begin; homes += parents_per_step) {
      if (homes * home_bytes % populated_at_once < parents_per_step * home_bytes)
        REQUIRE(evacuation_timer::times(homes, home_bytes));
    }
  }
  CHECK(evacuation_timer::weighted(begin, std::chrono::nanoseconds(1)) == 1);
  CHECK(evacuation_timer::weighted(begin + 66, std::chrono::milliseconds(1)) == 1'000'000);
}

TEST_CASE("the timed steps begin at every place of a page") {
  std::set<std::size_t> places;
  for (std::size_t homes = 0; homes < 4096; homes += parents_per_step) {
    if (evacuation_timer::times(homes, 128)) places.insert(homes % 64);
  }
  CHECK(places.size() == 64 / parents_per_step);
}
