// Ends of elements that readers move on side by side, when one of them is stopped on its way.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <evac/detail/cache/cached.hpp>
#include <functional>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;
using namespace std::chrono_literals;

namespace {

/// A word that another reader comes to between a load and what follows it.
struct disturbed_word {
  std::int64_t& value;
  const std::function<void()>& after_load;

  [[nodiscard]] std::int64_t load(std::memory_order) const {
    const std::int64_t seen = value;
    after_load();
    return seen;
  }
  bool compare_exchange_weak(std::int64_t& expected, std::int64_t desired, std::memory_order, std::memory_order) const {
    if (std::exchange(expected, value) != expected) return false;
    value = desired;
    return true;
  }
};

}  // namespace

TEST_CASE("a reader that is stopped before it writes takes back no later end, and still moves on an earlier one") {
  constexpr std::int64_t mine = 1000;
  constexpr std::int64_t unwritten = 10;
  for (const auto& [theirs, left] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{2000, 2000}, {995, 995}, {500, 1000}, {0, 1000}}) {
    std::int64_t word = 0;
    const std::function<void()> other = [&word, moment = theirs] { word = moment; };
    evac::detail::move_on(disturbed_word{word, other}, mine, unwritten);
    CHECK(word == left);
  }
}

TEST_CASE("of many readers that find an element the last one counts, in whatever order they come to it") {
  constexpr std::int64_t idle = 6400;
  constexpr std::size_t readers = 4;
  constexpr std::int64_t finds = 2000;
  for (int round = 0; round < 20; ++round) {
    evac::detail::lifetime<true> life;
    life.begin(0, {.time_to_idle = std::chrono::nanoseconds(idle)});
    // Each of them goes through the same moments, farther apart than what may stay unwritten.
    in_threads(readers, [&](std::size_t) {
      for (std::int64_t i = 1; i <= finds; ++i) life.note_found(1000 * i);
    });
    REQUIRE(life.left(1000 * finds) == std::chrono::nanoseconds(idle));
  }
}
