// Counts of a cache's factories.
#include <chrono>
#include <evac/detail/cache/load_counts.hpp>

#include "support/catch.hpp"

using evac::detail::load_counts;

TEST_CASE("loads are counted with their time, failures apart") {
  load_counts counts;
  counts.count(true, std::chrono::nanoseconds(5));
  counts.count(false, std::chrono::nanoseconds(7));
  counts.count(true, std::chrono::nanoseconds(1));
  CHECK(counts.loads() == 2);
  CHECK(counts.failures() == 1);
  CHECK(counts.time() == std::chrono::nanoseconds(13));
}
