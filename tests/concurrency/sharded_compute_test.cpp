// get_or_compute of one key by many threads, in its three modes. Over three kinds of locks.
#include <atomic>
#include <cstddef>
#include <evac/sharded_map.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/sharded_stress.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("a value is computed exactly once, under the lock or in a single flight, and all get that one", "",
                   EVAC_TEST_MUTEXES) {
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    constexpr shared_key keys = 100;
    for (std::size_t round = 0; round < rounds(20); ++round) {
      map_under<live_value, TestType> map(evac::shards{2});
      std::vector<std::atomic<unsigned>> computed(keys);
      std::vector<std::vector<shared_key>> got(crowd(), std::vector<shared_key>(keys));
      in_threads(crowd(), [&](std::size_t thread) {
        for (shared_key k = 0; k < keys; ++k) {
          const auto factory = [&] {
            std::this_thread::yield();
            return live_value(1000 * k + 100 * thread + ++computed[k]);
          };
          got[thread][k] = *map.get_or_compute(k, factory, mode).number;
        }
      });
      std::size_t wrong = 0;
      for (shared_key k = 0; k < keys; ++k) {
        const bool once = computed[k] == 1 || (mode == evac::compute_mode::optimistic && computed[k] > 1);
        wrong += once && got[0][k] / 1000 == k ? 0 : 1;
        for (const auto& one : got) wrong += one[k] == got[0][k] ? 0 : 1;
        wrong += map.find(k).value_or(live_value(0)) == live_value(got[0][k]) ? 0 : 1;
      }
      INFO("mode " << static_cast<int>(mode));
      REQUIRE(wrong == 0);
      REQUIRE(map.size() == keys);
    }
  }
}

TEMPLATE_TEST_CASE(
    "an exception of a single flight's factory reaches all threads that wait for it, and the next call begins anew", "",
    EVAC_TEST_MUTEXES) {
  map_under<live_value, TestType> map(evac::shards{2});
  std::size_t shared = 0;
  for (std::size_t round = 0; round < rounds(40); ++round) {
    std::atomic<std::size_t> arrived{0};
    std::atomic<std::size_t> calls{0};
    const std::size_t caught = in_threads(crowd(), [&](std::size_t) {
      ++arrived;
      try {
        static_cast<void>(map.get_or_compute(
            round,
            [&]() -> live_value {
              ++calls;
              // The others are on their way to the flight, and most of them there when it fails.
              await([&] { return arrived == crowd(); });
              for (int i = 0; i < 20; ++i) std::this_thread::yield();
              throw std::runtime_error("no value");
            },
            evac::compute_mode::single_flight));
      } catch (const std::runtime_error&) {
        return 1;
      }
      return 0;
    });
    REQUIRE(caught == crowd());
    REQUIRE(!map.contains(round));
    shared += crowd() - calls;
    REQUIRE(*map.get_or_compute(
                    round, [&] { return live_value(round); }, evac::compute_mode::single_flight)
                 .number == round);
  }
  REQUIRE(shared != 0);
}
