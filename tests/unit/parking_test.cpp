// parking on this machine, with the real fence and system calls; tests/model has it in all interleavings.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/detail/sync/parking.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;
using evac::detail::acquire;
using evac::detail::parking;
using evac::detail::relaxed;
using evac::detail::seq_cst;

namespace {

struct alignas(64) word {
  evac::detail::atomic<std::uint64_t> value{0};
};

/// Sleeps until the word is at least so much; returns how often it was about to sleep.
std::size_t await(parking& sleepers, word& at, std::uint64_t value) {
  std::size_t sleeps = 0;
  while (at.value.load(acquire) < value) {
    sleepers.wait(&at.value, [&] {
      const bool still_there = at.value.load(seq_cst) < value;
      sleeps += still_there ? 1 : 0;
      return still_there;
    });
  }
  return sleeps;
}

}  // namespace

TEST_CASE("the thread that changes a word stores to it, whether another sleeps or not") {
  parking sleepers;
  word here;
  sleepers.change(here.value, std::uint64_t{7});
  REQUIRE(here.value.load(relaxed) == 7);
  std::thread sleeper([&] { await(sleepers, here, 8); });
  sleepers.change(here.value, std::uint64_t{8});
  sleeper.join();
  REQUIRE(here.value.load(relaxed) == 8);
}

TEST_CASE("a thread that finds the word changed does not sleep") {
  parking sleepers;
  const word here;
  int looks = 0;
  sleepers.wait(&here.value, [&] {
    ++looks;
    return false;
  });
  REQUIRE(looks == 1);
}

TEST_CASE("two that wait for each other in turn never miss a wake-up") {
  parking sleepers;
  std::array<word, 2> at;
  const std::uint64_t last = rounds(4000);
  std::atomic<std::size_t> sleeps{0};
  in_threads(2, [&](std::size_t side) {
    for (std::uint64_t round = 1; round <= last; ++round) {
      // Now and then long enough for the other to fall asleep, now and then just as it does.
      for (std::uint64_t late = (round * 7 + side) % 64; late != 0; --late) evac::detail::spin_pause();
      sleepers.change(at[side].value, round);
      sleeps += await(sleepers, at[1 - side], round);
    }
  });
  REQUIRE(at[0].value.load(relaxed) == last);
  REQUIRE(at[1].value.load(relaxed) == last);
  REQUIRE(sleeps > 0);
}

TEST_CASE("all threads that wait for one word wake up") {
  parking sleepers;
  word turn;
  std::vector<word> arrived(crowd());
  const std::uint64_t last = rounds(300);
  std::atomic<std::size_t> sleeps{0};
  in_threads(arrived.size() + 1, [&](std::size_t thread) {
    for (std::uint64_t round = 1; round <= last; ++round) {
      if (thread == arrived.size()) {
        for (word& each : arrived) sleeps += await(sleepers, each, round);
        sleepers.change(turn.value, round);
      } else {
        sleepers.change(arrived[thread].value, round);
        sleeps += await(sleepers, turn, round);
      }
    }
  });
  REQUIRE(turn.value.load(relaxed) == last);
  REQUIRE(sleeps > 0);
}

TEST_CASE("words that share a spot wake each other's waiters, which then go on waiting") {
  parking sleepers;
  // Spots repeat; so among these many words there are some that share one with the first.
  constexpr std::size_t words = 256;
  const auto all = std::make_unique<std::array<word, words>>();
  std::atomic<std::size_t> sleeps{0};
  std::atomic<bool> done{false};
  std::thread sleeper([&] {
    sleeps += await(sleepers, (*all)[0], 1);
    done = true;
  });
  while (sleeps == 0 && !done) {
    // Every other word changes; the first does not.
    for (std::size_t i = 1; i < words; ++i) sleepers.change((*all)[i].value, std::uint64_t{1});
    if (!done) break;
  }
  const bool early = done;
  sleepers.change((*all)[0].value, std::uint64_t{1});
  sleeper.join();
  REQUIRE_FALSE(early);
  REQUIRE(done);
}
