// epoch_domain: how much may wait to be reclaimed, and which threads wait for room.
#include <atomic>
#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

TEST_CASE("at the cap writers wait until a guard ends; the statistics say so") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  std::atomic<std::size_t> retired{0};
  constexpr std::size_t each = 4 * small_cap / object_bytes;
  guard_elsewhere held(domain);
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&] {
      for (std::size_t n = 0; n < each; ++n) {
        domain.make_room(object_bytes);
        domain.retire(new tallied(gone), object_bytes);
        ++retired;
      }
    });
  }
  await([&] { return domain.stats().cap_waits >= 2; });
  const std::size_t retired_while_held = retired;
  const std::size_t gone_while_held = gone;
  const evac::epoch_stats stats = domain.stats();
  held.release();
  for (std::thread& writer : writers) writer.join();
  REQUIRE(gone_while_held == 0);
  REQUIRE(retired_while_held <= small_cap / object_bytes);
  REQUIRE(retired_while_held > 0);
  REQUIRE(stats.cap_bytes == small_cap);
  REQUIRE(stats.charged_bytes <= small_cap);
  REQUIRE(stats.retired_bytes <= small_cap);
  REQUIRE(stats.over_cap == 0);
  REQUIRE(retired == 2 * each);
  REQUIRE(domain.flush());
  REQUIRE(gone == 2 * each);
}

TEST_CASE("without guards writers at the cap reclaim for themselves") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  const std::size_t each = rounds(20) * small_cap / object_bytes;
  const std::size_t too_much = in_threads(crowd(), [&](std::size_t) {
    std::size_t over = 0;
    for (std::size_t n = 0; n < each; ++n) {
      domain.make_room(object_bytes);
      domain.retire(new tallied(gone), object_bytes);
      if (domain.stats().charged_bytes > small_cap) ++over;
    }
    return over;
  });
  REQUIRE(too_much == 0);
  REQUIRE(gone > 0);
  REQUIRE(domain.flush());
  REQUIRE(gone == crowd() * each);
}

TEST_CASE("a writer never waits for a guard of its own thread; that is tallied") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  constexpr std::size_t count = 4 * small_cap / object_bytes;
  {
    const domain_guard held(domain);
    for (std::size_t n = 0; n < count; ++n) {
      domain.make_room(object_bytes);
      domain.retire(new tallied(gone), object_bytes);
    }
    REQUIRE(gone == 0);
    REQUIRE(domain.stats().over_cap > 0);
    REQUIRE(domain.stats().cap_waits == 0);
    REQUIRE(domain.stats().retired_bytes == count * (object_bytes + note_bytes));
  }
  REQUIRE(domain.flush());
  REQUIRE(gone == count);
}

TEST_CASE("a writer does not wait for room that others only set aside") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  std::atomic<bool> over{false};
  std::latch set_aside(4);
  std::vector<std::thread> idle;
  for (int i = 0; i < 4; ++i) {
    idle.emplace_back([&] {
      domain.make_room(small_cap / 4);
      set_aside.count_down();
      await([&] { return over.load(); });
    });
  }
  set_aside.wait();
  domain.make_room(object_bytes);
  domain.retire(new tallied(gone), object_bytes);
  over = true;
  for (std::thread& each : idle) each.join();
  REQUIRE(domain.flush());
  REQUIRE(gone == 1);
  // Threads give back the bytes that they had set aside when they end.
  REQUIRE(domain.stats().charged_bytes <= object_bytes);
}

TEST_CASE("an object larger than the cap can be retired") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  for (int i = 0; i < 10; ++i) {
    domain.make_room(10 * small_cap);
    domain.retire(new tallied(gone), 10 * small_cap);
  }
  REQUIRE(gone > 0);
  REQUIRE(domain.flush());
  REQUIRE(gone == 10);
  REQUIRE(domain.stats().charged_bytes <= small_cap);
}

TEST_CASE("threads that wait for room in each other's domains do not wait for each other") {
  std::atomic<std::size_t> gone{0};
  epoch_domain first(small_cap);
  epoch_domain second(small_cap);
  std::latch inside(2);
  const auto fill = [&](epoch_domain& mine, epoch_domain& other) {
    const domain_guard held(mine);
    inside.arrive_and_wait();
    for (std::size_t i = 0; i < 4 * small_cap / object_bytes; ++i) {
      other.make_room(object_bytes);
      other.retire(new tallied(gone), object_bytes);
    }
  };
  std::thread one([&] { fill(first, second); });
  fill(second, first);
  one.join();
  REQUIRE(first.flush());
  REQUIRE(second.flush());
  REQUIRE(gone == 8 * (small_cap / object_bytes));
  REQUIRE(first.stats().over_cap + second.stats().over_cap > 0);
}
