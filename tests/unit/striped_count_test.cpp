// A count of what comes and goes, kept by each thread in a stripe of its own.
#include <cstddef>
#include <cstdint>
#include <evac/detail/sync/striped_count.hpp>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using evac::detail::striped_count;

TEST_CASE("the sum is exact for one thread, with stripes and without, and for threads that have none") {
  striped_count count(1'000'000);
  std::size_t expected = 0;
  for (const bool stripes : {false, true}) {
    if (stripes) count.make_stripes();
    for (const std::uint32_t thread : {1U, 2U, 5000U}) {
      for (int i = 0; i < 100; ++i) CHECK(count.insert(thread) == 0);
      for (int i = 0; i < 30; ++i) count.erase(thread);
      expected += 70;
      CHECK(count.sum() == expected);
    }
  }
  count.make_stripes();
  CHECK(count.sum() == expected);
}

TEST_CASE("a thread learns that the count has reached the mark, within as many insertions as it may keep for itself") {
  striped_count count(500);
  count.make_stripes();
  std::size_t told_at = 0;
  for (std::size_t i = 1; i <= 600 && told_at == 0; ++i) {
    if (const std::size_t told = count.insert(1); told != 0) {
      told_at = i;
      CHECK(told == i);
    }
  }
  CHECK(told_at >= 500);
  CHECK(told_at <= 500 + static_cast<std::size_t>(striped_count::changes_untold));
  count.set_mark(10'000);
  for (int i = 0; i < 100; ++i) CHECK(count.insert(1) == 0);
}

TEST_CASE("without stripes the thread that reaches the mark learns it at once") {
  striped_count count(3);
  CHECK(count.insert(1) == 0);
  CHECK(count.insert(2) == 0);
  CHECK(count.insert(1) == 3);
  count.erase(2);
  CHECK(count.insert(3) == 3);
}

TEST_CASE("no thread sees an erasure without its insertion, and in the end the sum is exact") {
  striped_count count(1'000'000);
  constexpr std::size_t each = 4000;
  const std::size_t wrong = evac_test::in_threads(4, [&](std::size_t thread) {
    std::size_t bad = 0;
    if (thread == 0) count.make_stripes();
    for (std::size_t i = 0; i < each; ++i) {
      if (thread == 3) {
        bad += count.sum() > 3 * each ? 1 : 0;  // below zero it would be huge
        continue;
      }
      static_cast<void>(count.insert(static_cast<std::uint32_t>(thread + 1)));
      evac_test::stumble();
      if (i % 2 == 0) count.erase(static_cast<std::uint32_t>(thread + 1));
    }
    return bad;
  });
  CHECK(wrong == 0);
  CHECK(count.sum() == 3 * each / 2);
}
