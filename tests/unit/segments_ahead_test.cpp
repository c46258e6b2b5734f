// Segments that are got all at once: which, in which order, and how they are freed.
#include <cstddef>
#include <evac/detail/geometry/bucket.hpp>
#include <evac/detail/geometry/segment_memory.hpp>
#include <evac/detail/table/segments_ahead.hpp>
#include <limits>
#include <new>
#include <vector>

#include "support/allocators.hpp"
#include "support/catch.hpp"

using namespace evac::detail;

namespace {

/// Memory that writes down what it is asked for.
struct noted_memory {
  inline static std::vector<std::size_t> allocated;
  inline static std::size_t largest_allowed = std::numeric_limits<std::size_t>::max();
  inline static std::size_t in_use = 0;

  static bool could_hold(std::size_t bytes) { return bytes <= largest_allowed; }
  static void* allocate(const int&, std::size_t bytes) {
    evac_test::fail_allocation.tick();
    allocated.push_back(bytes);
    ++in_use;
    return ::operator new(bytes);
  }
  static void deallocate(const int&, void* memory, std::size_t) {
    --in_use;
    ::operator delete(memory);
  }
};
struct size_of_segment {
  std::size_t operator()(std::size_t first) const { return first * 10; }
};
using ahead = segments_ahead<int, noted_memory, size_of_segment>;

const int no_allocator = 0;

}  // namespace

TEST_CASE("all segments that are missing are got, the largest first, and none that is there") {
  noted_memory::allocated.clear();
  {
    ahead segments(no_allocator);
    segments.get(64, 500);
    CHECK(noted_memory::allocated == std::vector<std::size_t>{2560, 1280, 640});
    void* const taken = segments.take(128);
    CHECK(taken != nullptr);
    CHECK(segments.take(128) == nullptr);
    CHECK(noted_memory::in_use == 3);
    noted_memory::deallocate(no_allocator, taken, 1280);
  }
  CHECK(noted_memory::in_use == 0);  // what was not taken is freed
}

TEST_CASE("a table that has enough homes asks for nothing") {
  noted_memory::allocated.clear();
  ahead segments(no_allocator);
  segments.get(0, base_homes);
  segments.get(512, 512);
  segments.get(512, 100);
  CHECK(noted_memory::allocated.empty());
  segments.get(0, base_homes + 1);
  CHECK(noted_memory::allocated == std::vector<std::size_t>{base_homes * 10});
}

TEST_CASE("more than the machine holds is refused before anything is asked for") {
  noted_memory::allocated.clear();
  noted_memory::largest_allowed = 10'000;
  ahead segments(no_allocator);
  CHECK_THROWS_AS(segments.get(64, 2048), std::bad_alloc);
  noted_memory::largest_allowed = std::numeric_limits<std::size_t>::max();
  CHECK(noted_memory::allocated.empty());
}

TEST_CASE("whichever segment cannot be got, those before it are freed") {
  for (std::size_t n = 1; n <= 3; ++n) {
    evac_test::fail_allocation.arm(n);
    {
      ahead segments(no_allocator);
      CHECK_THROWS_AS(segments.get(64, 500), std::runtime_error);
    }
    evac_test::fail_allocation.arm(0);
    CHECK(noted_memory::in_use == 0);
  }
}
