// The foundations of announced readers: the record of a thread, and the fence between the reader that announces itself
// and the writer that looks.
#include "evac/detail/sync/reader_record.hpp"

#include <atomic>
#include <cstddef>
#include <deque>
#include <random>
#include <vector>

#include "evac/detail/sync/asymmetric_fence.hpp"
#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

TEST_CASE("a reader record holds what was announced and not withdrawn") {
  evac::detail::reader_record<3> record;
  int locks[4] = {};
  REQUIRE_FALSE(record.leave(&locks[0]));
  for (int i = 0; i < 3; ++i) REQUIRE(record.enter(&locks[i]));
  REQUIRE_FALSE(record.enter(&locks[3]));
  REQUIRE_FALSE(record.holds(&locks[3]));
  REQUIRE_FALSE(record.leave(&locks[3]));
  REQUIRE(record.leave(&locks[1]));
  REQUIRE_FALSE(record.holds(&locks[1]));
  REQUIRE(record.holds(&locks[0]));
  REQUIRE(record.enter(&locks[3]));
  REQUIRE(record.holds(&locks[3]));

  record.end();
  REQUIRE(record.ended());
  REQUIRE(record.leave(&locks[3]));
  REQUIRE(record.leave(&locks[2]));
  REQUIRE_FALSE(record.is_empty());
  REQUIRE(record.leave(&locks[0]));
  REQUIRE(record.is_empty());
  record.renew();
  REQUIRE_FALSE(record.ended());
}

TEST_CASE("a reader record samples its share of reads, also of each of several that take turns") {
  evac::detail::reader_record<3> record;
  const std::size_t turns = GENERATE(1U, 2U, 3U, 4U, 16U, 48U);
  CAPTURE(turns);
  std::vector<int> sampled(turns);
  constexpr int each = 16 * 100;
  for (int i = 0; i < each; ++i) {
    for (int& own : sampled) {
      if (!record.is_sampled()) continue;
      record.draw_next_read();
      ++own;
    }
  }
  for (const int own : sampled) {
    REQUIRE(own > 50);
    REQUIRE(own < 150);
  }
}

TEST_CASE("the first reads of many threads are sampled as any others are") {
  std::vector<evac::detail::reader_record<3>> records(1600);
  int own = 0;
  constexpr int reads = 3;
  std::vector<int> sampled(reads);
  for (auto& record : records) {
    record.begin(&own, 0, false);
    for (int& at : sampled) {
      if (!record.is_sampled()) continue;
      record.draw_next_read();
      ++at;
    }
  }
  for (const int at : sampled) {
    REQUIRE(at > 50);
    REQUIRE(at < 150);
  }
}

TEST_CASE("a reader that announces itself and a writer that looks do not miss each other") {
  using evac::detail::asymmetric_fence;
  struct alignas(64) cell {
    evac::detail::atomic<int> announced{0};
    alignas(64) evac::detail::atomic<int> condition{0};
    int condition_seen = 0;
    int announced_seen = 0;
  };
  const std::size_t count = rounds(5000);
  std::deque<cell> cells(count);
  std::atomic<std::size_t> at[2] = {0, 0};
  in_threads(2, [&](std::size_t side) {
    std::mt19937_64 random(seed() + side);
    for (std::size_t i = 0; i < count; ++i) {
      cell& each = cells[i];
      // Both have the lines: then a load may overtake the store before it.
      static_cast<void>(each.announced.load(evac::detail::relaxed) + each.condition.load(evac::detail::relaxed));
      at[side] = i;
      // Meet, but not for long: on one processor the other may be stopped anywhere.
      for (int spins = 0; spins < 1000 && at[1 - side] < i; ++spins) evac::detail::spin_pause();
      for (auto late = random() % 8; late != 0; --late) evac::detail::spin_pause();
      if (side == 0) {
        asymmetric_fence::announce(each.announced, 1);
        each.condition_seen = each.condition.load(evac::detail::seq_cst);
      } else {
        each.condition.store(1, evac::detail::seq_cst);
        asymmetric_fence::heavy();
        each.announced_seen = each.announced.load(evac::detail::seq_cst);
      }
    }
  });
  std::size_t missed = 0;
  for (const cell& each : cells) missed += each.condition_seen + each.announced_seen == 0 ? 1 : 0;
  REQUIRE(missed == 0);
}
