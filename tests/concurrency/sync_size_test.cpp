// size() and empty() of sync maps while other threads store and erase: no call that is over is missed.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <limits>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("a map that never holds fewer than fifteen elements never says so", "", evac_test::sync_words,
                   evac_test::sync_forced) {
  // Room for stripes: each thread counts on a line of its own.
  TestType map(4000);
  constexpr std::size_t fewest = 15;
  constexpr std::size_t ahead = 20;
  constexpr std::size_t steps = 10'000;
  std::atomic<std::size_t> stored{0};
  std::atomic<std::size_t> erased{0};
  std::size_t smallest = std::numeric_limits<std::size_t>::max();
  bool looked_empty = false;
  in_threads(3, [&](std::size_t thread) {
    if (thread == 0) {
      for (std::size_t i = 0; i < steps + fewest; ++i) {
        await([&] { return i <= erased + fewest + ahead; });
        map.store(i, i);
        ++stored;
      }
    } else if (thread == 1) {
      for (std::size_t i = 0; i < steps; ++i) {
        await([&] { return stored > i + fewest; });
        map.erase(i);
        ++erased;
      }
    } else {
      await([&] { return stored >= fewest; });
      do {
        smallest = std::min(smallest, map.size());
        looked_empty = looked_empty || map.empty();
      } while (erased < steps);
    }
  });
  CHECK(smallest >= fewest);
  CHECK_FALSE(looked_empty);
  CHECK(map.size() == fewest);
  CHECK_VALID_SYNC(map);
}
