// Counts of what threads ask a cache for: exact when all are done, whether a thread has counts of its own or not.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <evac/detail/cache/access_counts.hpp>
#include <evac/rw_lock.hpp>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using evac::detail::access_counts;
using evac::detail::visible_readers;
using namespace evac_test;

TEST_CASE("threads that know their number count in memory of their own, others do not, and nothing is lost") {
  access_counts counts;
  constexpr std::size_t threads = 300;  // more than have counts of their own, on any machine
  constexpr std::size_t calls = 50;
  std::atomic<std::size_t> here{0};
  in_threads(threads, [&](std::size_t thread) {
    if (thread % 4 != 0) visible_readers::be_known();
    ++here;
    await([&] { return here == threads; });  // so that all numbers are taken at a time
    for (std::size_t i = 0; i < calls; ++i) counts.count(i % 5 == 0);
  });
  CHECK(counts.hits() == threads * calls / 5);
  CHECK(counts.misses() == threads * calls - threads * calls / 5);
}

TEST_CASE("a thread that gets the number of one that has ended goes on with its counts") {
  access_counts counts;
  for (int i = 0; i < 50; ++i) {
    std::thread([&] {
      visible_readers::be_known();
      counts.count(true);
    }).join();
  }
  CHECK(counts.hits() == 50);
  CHECK(counts.misses() == 0);
}

TEST_CASE("a thread has the same number as long as it lives, and no other one that lives has it") {
  constexpr std::size_t threads = 8;
  std::vector<std::size_t> numbers(threads);
  std::atomic<std::size_t> here{0};
  in_threads(threads, [&](std::size_t thread) {
    visible_readers::be_known();
    numbers[thread] = visible_readers::number_of_this_thread();
    ++here;
    await([&] { return here == threads; });
    if (visible_readers::number_of_this_thread() != numbers[thread]) numbers[thread] = numbers[(thread + 1) % threads];
  });
  std::sort(numbers.begin(), numbers.end());
  CHECK(std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end());
  CHECK(numbers.back() < 400);  // no larger than needed: the tests above had 300 threads
}

TEST_CASE("loads are counted with their time, failures apart") {
  access_counts counts;
  counts.count_load(true, std::chrono::nanoseconds(5));
  counts.count_load(false, std::chrono::nanoseconds(7));
  counts.count_load(true, std::chrono::nanoseconds(1));
  CHECK(counts.loads() == 2);
  CHECK(counts.load_failures() == 1);
  CHECK(counts.load_time() == std::chrono::nanoseconds(13));
}
