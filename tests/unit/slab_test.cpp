#include <algorithm>
#include <evac/detail/geometry/slab.hpp>
#include <evac/detail/table/policy.hpp>
#include <memory>
#include <set>
#include <vector>

#include "support/allocators.hpp"
#include "support/catch.hpp"

using namespace evac::detail;

namespace {
using elements = map_elements<std::uint64_t, std::uint64_t>;
using allocator = evac_test::counting_allocator<std::pair<const std::uint64_t, std::uint64_t>>;
using pool = overflow_pool<allocator, slot_layout<elements, allocator>>;

/// Frees the slabs of a pool, which does not own them.
struct released_pool : pool {
  released_pool() = default;
  released_pool(const released_pool&) = delete;
  released_pool& operator=(const released_pool&) = delete;
  ~released_pool() { release(allocator()); }
};
}  // namespace

TEST_CASE("the pool hands out different, empty, aligned buckets and counts them") {
  const auto blocks = evac_test::memory.blocks;
  {
    released_pool of;
    REQUIRE(of.bytes() == 0);
    std::set<bucket*> taken;
    for (std::size_t i = 0; i < 3000; ++i) {
      of.provide(allocator(), 1);
      bucket* const fresh = of.take();
      REQUIRE(taken.insert(fresh).second);
      REQUIRE(fresh->tags.empty());
      REQUIRE(fresh->overflow == nullptr);
      REQUIRE(reinterpret_cast<std::uintptr_t>(fresh) % cache_line == 0);
      fresh->tags.occupy(0, 1);
      fresh->overflow = fresh;
      REQUIRE(of.in_use() == i + 1);
    }
    REQUIRE(of.bytes() >= 3000 * 64);
    REQUIRE(of.bytes() <= 3000 * 64 * 5 / 4);
  }
  REQUIRE(evac_test::memory.blocks == blocks);
}

TEST_CASE("buckets given back are handed out again before new memory is asked for") {
  released_pool of;
  std::vector<bucket*> held;
  for (int i = 0; i < 500; ++i) {
    of.provide(allocator(), 1);
    held.push_back(of.take());
  }
  const auto allocations = evac_test::memory.allocations;
  const auto bytes = of.bytes();
  for (int round = 0; round < 20; ++round) {
    for (bucket* const each : held) of.give_back(each);
    REQUIRE(of.in_use() == 0);
    of.provide(allocator(), held.size());
    for (bucket*& each : held) each = of.take();
  }
  REQUIRE(evac_test::memory.allocations == allocations);
  REQUIRE(of.bytes() == bytes);
}

TEST_CASE("after provide(n) the next n buckets need no memory, and it allocates one slab at most") {
  for (const std::size_t n : {1U, 2U, 9U, 100U, 5000U}) {
    released_pool of;
    for (int round = 0; round < 5; ++round) {
      const auto before = evac_test::memory.allocations;
      of.provide(allocator(), n);
      REQUIRE(evac_test::memory.allocations <= before + 1);
      const auto ensured = evac_test::memory.allocations;
      for (std::size_t i = 0; i < n; ++i) (void)of.take();
      REQUIRE(evac_test::memory.allocations == ensured);
    }
  }
}

TEST_CASE("ensure that fails has changed nothing") {
  released_pool of;
  of.provide(allocator(), 8);
  bucket* const one = of.take();
  evac_test::fail_allocation.arm(1);
  REQUIRE_THROWS_AS(of.provide(allocator(), 1000), std::runtime_error);
  evac_test::fail_allocation.arm(0);
  REQUIRE(of.in_use() == 1);
  REQUIRE(of.take() != one);
}

TEST_CASE("an idle pool gives its slabs back one by one") {
  released_pool of;
  std::vector<bucket*> held;
  for (int i = 0; i < 2000; ++i) {
    of.provide(allocator(), 1);
    held.push_back(of.take());
  }
  of.release_one_if_idle(allocator());
  REQUIRE(of.in_use() == 2000);
  for (bucket* const each : held) of.give_back(each);
  std::size_t before = of.bytes();
  std::size_t slabs = 0;
  for (; of.bytes() != 0; ++slabs) {
    const auto blocks = evac_test::memory.blocks;
    of.release_one_if_idle(allocator());
    REQUIRE(evac_test::memory.blocks == blocks - 1);
    REQUIRE(of.bytes() < before);
    before = of.bytes();
    of.provide(allocator(), 1);
    if (of.bytes() != before) break;  // it had to begin anew
    of.give_back(of.take());
  }
  REQUIRE(slabs > 1);
}
