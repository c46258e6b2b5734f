// Counts of look-ups: exact when all are done, whether a thread has a line of its own or not.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <evac/detail/sync/lookup_counts.hpp>
#include <evac/rw_lock.hpp>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using evac::detail::lookup_counts;
using evac::detail::visible_readers;
using namespace evac_test;

TEST_CASE("threads count in lines of their own as long as there are some, and nothing is lost") {
  lookup_counts counts;
  constexpr std::size_t threads = 300;
  static_assert(threads > visible_readers::most_lines);
  constexpr std::size_t calls = 50;
  std::atomic<std::size_t> here{0};
  std::atomic<std::size_t> done{0};
  std::atomic<std::size_t> without{0};
  in_threads(threads, [&](std::size_t thread) {
    if (thread % 4 != 0) visible_readers::be_known();
    ++here;
    await([&] { return here == threads; });  // so that all lines are taken at a time
    for (std::size_t i = 0; i < calls; ++i) counts.count(i % 5 == 0);
    if (visible_readers::line_of_this_thread() == visible_readers::without_line) ++without;
    ++done;
    await([&] { return done == threads; });  // so that no line is free again before that
  });
  CHECK(without >= threads - visible_readers::most_lines);
  CHECK(without < threads);
  CHECK(counts.hits() == threads * calls / 5);
  CHECK(counts.misses() == threads * calls - threads * calls / 5);
}

TEST_CASE("a thread that gets the line of one that has ended goes on with its counts") {
  lookup_counts counts;
  for (int i = 0; i < 50; ++i) {
    std::thread([&] {
      visible_readers::be_known();
      counts.count(true);
    }).join();
  }
  CHECK(counts.hits() == 50);
  CHECK(counts.misses() == 0);
}

TEST_CASE("a thread has the same line as long as it lives, and no other one that lives has it") {
  constexpr std::size_t threads = 8;
  std::vector<std::size_t> lines(threads);
  std::atomic<std::size_t> here{0};
  std::atomic<std::size_t> changed{0};
  in_threads(threads, [&](std::size_t thread) {
    // Threads that come first, together, may have to ask again.
    for (int looks = 0; looks < 10'000 && visible_readers::line_of_this_thread() == visible_readers::without_line;
         ++looks) {
      visible_readers::be_known();
      std::this_thread::yield();
    }
    lines[thread] = visible_readers::line_of_this_thread();
    ++here;
    await([&] { return here == threads; });
    if (visible_readers::line_of_this_thread() != lines[thread]) ++changed;
  });
  CHECK(changed == 0);
  std::sort(lines.begin(), lines.end());
  CHECK(std::adjacent_find(lines.begin(), lines.end()) == lines.end());
}

TEST_CASE("a call for many keys counts all of them at once") {
  lookup_counts counts;
  counts.add(3, 4);
  counts.add(0, 1);
  counts.count(true);
  CHECK(counts.hits() == 4);
  CHECK(counts.misses() == 5);
}
