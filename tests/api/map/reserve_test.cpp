// reserve() and rehash() of far too much, and what reserve() promises: memory is asked for as a whole, before anything
// is touched, and inserts that were promised allocate nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/failures.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

/// Knows that it can hand out room for 1000 elements.
template <class T>
struct narrow_allocator {
  using value_type = T;
  narrow_allocator() = default;
  template <class U>
  explicit narrow_allocator(const narrow_allocator<U>&) noexcept {}
  [[nodiscard]] static std::size_t max_size() noexcept { return 1000; }
  [[nodiscard]] T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* block, std::size_t n) noexcept { std::allocator<T>{}.deallocate(block, n); }
  [[nodiscard]] friend bool operator==(const narrow_allocator&, const narrow_allocator&) = default;
};

/// Refuses to hand out more than a megabyte at once.
std::size_t refused = 0;
template <class T>
struct bounded_allocator {
  using value_type = T;
  bounded_allocator() = default;
  template <class U>
  explicit bounded_allocator(const bounded_allocator<U>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t n) {
    if (n > (std::size_t{1} << 20U) / sizeof(T)) {
      ++refused;
      throw std::bad_alloc();
    }
    return std::allocator<T>{}.allocate(n);
  }
  void deallocate(T* block, std::size_t n) noexcept { std::allocator<T>{}.deallocate(block, n); }
  [[nodiscard]] friend bool operator==(const bounded_allocator&, const bounded_allocator&) = default;
};

using mover_map = evac::map<std::uint64_t, tracked, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                            counted<std::uint64_t, tracked>>;

template <class Map>
void refuses(Map& map, std::size_t n) {
  INFO(n);
  const auto buckets = map.bucket_count();
  const auto used = map.memory_usage();
  const auto moved = map.stats().elements_moved;
  CHECK_THROWS_AS(map.reserve(n), std::exception);
  CHECK_THROWS_AS(map.rehash(n), std::exception);
  CHECK(map.bucket_count() == buckets);
  CHECK(map.memory_usage() == used);
  CHECK(map.stats().elements_moved == moved);
  CHECK_VALID(map);
}

}  // namespace

TEST_CASE("a reserve of more than the machine could ever hold is refused at once") {
  evac::map<std::uint64_t, std::uint64_t> empty;
  evac::map<std::uint64_t, std::uint64_t> some;
  for (std::uint64_t i = 0; i < 1000; ++i) some[i] = i;
  // 2^42 elements take 90 terabytes, which could be mapped.
  for (unsigned bit = 42; bit < 64; ++bit) {
    refuses(empty, std::size_t{1} << bit);
    refuses(some, std::size_t{1} << bit);
  }
  refuses(some, std::numeric_limits<std::size_t>::max());
  CHECK_THROWS_AS((evac::map<std::uint64_t, std::uint64_t>(std::size_t{1} << 44U)), std::bad_alloc);
  CHECK(empty.bucket_count() == 0);
}

TEST_CASE("a reserve asks for all its memory before it moves an element") {
  using Map = evac::map<std::uint64_t, std::uint64_t, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                        bounded_allocator<std::pair<const std::uint64_t, std::uint64_t>>>;
  Map map;
  for (std::uint64_t i = 0; i < 1000; ++i) map[i] = i;
  refuses(map, 1'000'000);  // its last segments are larger than a megabyte
  CHECK(refused != 0);
  map.reserve(30'000);
  CHECK_VALID(map);
}

TEST_CASE("whichever allocation of a reserve fails, no element has moved but within sixteen homes") {
  const failures_seen seen = fail_each_call(fail_allocation, [](failing_run& run) {
    mover_map map;
    for (std::uint64_t i = 0; i < 200; ++i) map.try_emplace(i, 1);
    const auto buckets = map.bucket_count();
    const auto moves = tracked_census.moves;
    run([&] { map.reserve(20'000); });
    CHECK_VALID(map);
    if (!run.struck()) return;
    CHECK(map.bucket_count() == buckets);
    CHECK(tracked_census.moves == moves);
  });
  CHECK(seen.thrown + seen.absorbed >= 5);
}

TEST_CASE("max_size and what reserve takes follow the allocator's max_size") {
  using Set = evac::set<int, evac::hash<int>, evac::equal_to<int>, narrow_allocator<int>>;
  Set set;
  CHECK(set.max_size() == 1000);
  CHECK_THROWS_AS(set.reserve(1001), std::length_error);
  CHECK_THROWS_AS(set.rehash(100'000), std::length_error);
  CHECK_THROWS_AS(Set(1001), std::length_error);
  set.reserve(1000);
  for (int i = 0; i < 1000; ++i) set.insert(i);
  CHECK(set.size() == 1000);
}

TEST_CASE("after reserve the next inserts allocate nothing, whatever the seed and the size of the elements") {
  const auto fill = [](auto map, std::size_t n) {
    map.reserve(n);
    const auto buckets = map.bucket_count();
    const auto allocations = memory.allocations;
    for (std::size_t i = 0; i < n; ++i) map.try_emplace(i);
    CHECK(memory.allocations == allocations);
    CHECK(map.bucket_count() == buckets);
  };
  struct wide {
    std::uint64_t words[30] = {};
  };
  // Without `is_avalanching`, so that each map has another seed.
  using hash = identity_hash;
  for (const std::size_t n : {1U, 6U, 8U, 11U, 20U, 50U, 88U, 100U, 500U, 704U, 2000U, 5632U, 20'000U}) {
    for (int seed = 0; seed < 20; ++seed) {
      fill(evac::map<std::uint64_t, std::uint64_t, hash, std::equal_to<>, counted<std::uint64_t, std::uint64_t>>(), n);
      fill(evac::map<std::uint64_t, wide, hash, std::equal_to<>, counted<std::uint64_t, wide>>(), n);
    }
  }
}

TEST_CASE("a reserve that repeats a promise allocates nothing") {
  mover_map map;
  map.reserve(10'000);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const auto allocations = memory.allocations;
    if (i % 100 == 0) map.reserve(10'000);
    CHECK(memory.allocations == allocations);
    map.try_emplace(i, 1);
  }
}

TEST_CASE("a reserve for few elements holds in a table that is large and has holes") {
  mover_map map;
  for (std::uint64_t i = 0; i < 20'000; ++i) map.try_emplace(i, 1);
  for (std::uint64_t i = 0; i < 20'000; i += 2) map.erase(i);
  map.reserve(12'000);
  const auto moves = tracked_census.moves;
  const auto buckets = map.bucket_count();
  for (std::uint64_t i = 0; map.size() < 12'000; ++i) map.try_emplace(100'000 + i, 1);
  CHECK(tracked_census.moves == moves);
  CHECK(map.bucket_count() == buckets);
}

TEST_CASE("an empty container gives all its memory back, and rehash shrinks towards its argument") {
  const auto blocks = memory.blocks;
  mover_map map;
  for (std::uint64_t i = 0; i < 10'000; ++i) map.try_emplace(i, 1);
  map.rehash(100'000);
  CHECK(map.bucket_count() >= 100'000);
  CHECK(map.bucket_count() < 100'010);
  map.rehash(20'000);
  CHECK(map.bucket_count() >= 20'000);
  CHECK(map.bucket_count() < 20'010);
  map.clear();
  map.rehash(0);
  CHECK(map.bucket_count() == 0);
  CHECK(map.memory_usage() == 0);
  CHECK(memory.blocks == blocks);
  map.reserve(1000);
  map.shrink_to_fit();
  CHECK(map.bucket_count() == 0);
  CHECK(memory.blocks == blocks);
}

TEST_CASE("a first insert that fails leaves no buckets") {
  const auto blocks = memory.blocks;
  evac::map<std::uint64_t, tracked, evac::hash<std::uint64_t>, std::equal_to<>, counted<std::uint64_t, tracked>> map;
  const tracked original(1);
  fail_copy.arm(1);
  CHECK_THROWS(map.try_emplace(1, original));
  CHECK(fail_copy.struck);
  fail_copy.arm(0);
  CHECK(map.bucket_count() == 0);
  CHECK(memory.blocks == blocks);
  map.try_emplace(1, original);
  CHECK(map.size() == 1);
  CHECK_VALID(map);
}
