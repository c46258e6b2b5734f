// The count of elements that threads keep in stripes of their own.
#include <cstddef>
#include <cstdint>
#include <evac/detail/sync/striped_count.hpp>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using evac::detail::striped_count;

TEST_CASE("without stripes each insertion is told, and asks for growth from the mark on") {
  striped_count count(3);
  CHECK(count.insert(1) == 0);
  CHECK(count.insert(2) == 0);
  CHECK(count.insert(3) == 3);
  count.erase(1);
  CHECK(count.sum() == 2);
  count.set_mark(2);
  CHECK(count.insert(1) == 3);
}

TEST_CASE("with stripes a thread tells what it has gained once in so many insertions") {
  constexpr auto untold = static_cast<std::size_t>(striped_count::changes_untold);
  striped_count count(1);
  count.make_stripes();
  for (std::size_t i = 1; i < untold; ++i) REQUIRE(count.insert(1) == 0);
  CHECK(count.sum() == untold - 1);  // a sum looks into the stripes
  CHECK(count.insert(1) == untold);
  CHECK(count.insert(2) == 0);
  CHECK(count.sum() == untold + 1);
}

TEST_CASE("counts from before there were stripes, and of threads without one, are kept") {
  striped_count count(1000);
  for (int i = 0; i < 10; ++i) count.insert(1);
  count.make_stripes();
  count.make_stripes();
  constexpr std::uint32_t beyond = 1U << 20U;
  for (int i = 0; i < 7; ++i) count.insert(beyond);
  for (int i = 0; i < 5; ++i) count.erase(1);
  count.erase(beyond);
  CHECK(count.sum() == 11);
}

TEST_CASE("no insertion and no erasure of several threads is lost, and no sum goes below what was never erased") {
  constexpr std::size_t threads = 4;
  constexpr std::size_t kept = 100;
  constexpr std::size_t rounds = 2000;
  striped_count count(1);
  for (std::size_t i = 0; i < kept; ++i) count.insert(1);
  std::size_t lowest[threads] = {kept, kept, kept, kept};
  evac_test::in_threads(threads, [&](std::size_t thread) {
    const auto index = static_cast<std::uint32_t>(thread + 1);
    for (std::size_t i = 0; i < rounds; ++i) {
      if (i == rounds / 2) count.make_stripes();
      count.insert(index);
      if (const std::size_t sum = count.sum(); sum < lowest[thread]) lowest[thread] = sum;
      count.erase(index);
    }
  });
  for (const std::size_t each : lowest) CHECK(each == kept);
  CHECK(count.sum() == kept);
}
