// Promises that hold only in combination: a failure followed by shrinking, reserve behind erases, swap by the generic
// way, moves that fail half-way.
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/pointers.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

using fragile_ints = evac::map<int, int, throwing_hash<int>, std::equal_to<int>, counted<int, int>>;

/// Bytes that limited_allocator may still hand out.
std::size_t byte_budget = std::numeric_limits<std::size_t>::max();

template <class T>
struct limited_allocator {
  using value_type = T;
  limited_allocator() = default;
  template <class U>
  explicit limited_allocator(const limited_allocator<U>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t n) {
    if (n > byte_budget / sizeof(T)) throw std::bad_alloc();
    T* const block = std::allocator<T>{}.allocate(n);
    byte_budget -= n * sizeof(T);
    return block;
  }
  void deallocate(T* block, std::size_t n) noexcept {
    byte_budget += n * sizeof(T);
    std::allocator<T>{}.deallocate(block, n);
  }
  [[nodiscard]] friend bool operator==(const limited_allocator&, const limited_allocator&) = default;
};

/// A set's key that counts how often it is built from an int.
struct built_key {
  explicit built_key(int number) : value(number) { ++built; }
  int value;
  inline static std::size_t built = 0;
};
struct built_hash {
  using is_transparent = void;
  std::size_t operator()(const built_key& key) const { return static_cast<std::size_t>(key.value); }
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key); }
};
struct built_equal {
  using is_transparent = void;
  bool operator()(const built_key& stored, const built_key& wanted) const { return stored.value == wanted.value; }
  bool operator()(const built_key& stored, int wanted) const { return stored.value == wanted; }
};

}  // namespace

TEST_CASE("shrinking after a growth whose first split threw keeps every element findable") {
  std::size_t reached = 0;
  for (int n = 8; n < 3000; ++n) {
    fragile_ints map;
    for (int i = 0; i < n; ++i) map.try_emplace(i, i);
    if (map.evacuating()) continue;
    // The first call is for the new key, the second for the first element of the first parent.
    fail_hash.arm(2);
    map.try_emplace(n, n);
    const bool struck = fail_hash.struck;
    fail_hash.arm(0);
    // Where the first parent is empty, it is the split of the second that throws.
    if (!struck || !map.evacuating() || map.stats().frontier != 0) continue;
    ++reached;
    for (int i = 3; i < n; ++i) map.erase(i);
    map.shrink_to_fit();
    CHECK_VALID(map);
    CHECK(map.size() == 4);
    for (const int i : {0, 1, 2, n}) CHECK(map.contains(i));
  }
  REQUIRE(reached > 4);
}

TEST_CASE("the two-step swap of generic code is the member swap") {
  using Map = evac::map<int, tracked, evac::hash<int>, evac::equal_to<int>,
                        trait_allocator<std::pair<const int, tracked>, false, false, true>>;
  Map left{Map::allocator_type(1)};
  Map right{Map::allocator_type(2)};
  for (int i = 0; i < 100; ++i) left.try_emplace(i, i);
  const auto moves = tracked_census.moves;
  using std::swap;
  swap(left, right);
  CHECK(tracked_census.moves == moves);
  CHECK(left.get_allocator().id == 2);
  CHECK(right.get_allocator().id == 1);
  CHECK(right.size() == 100);
}

TEST_CASE("a move between unequal allocators that fails leaves two whole maps") {
  // The keys show when they have been moved from, so that a half-moved source has elements in wrong homes.
  using Map = evac::map<tracked, throwing_mover, std::hash<tracked>, std::equal_to<tracked>,
                        trait_allocator<std::pair<const tracked, throwing_mover>, false, false, false>>;
  for (const std::size_t calls : {1U, 2U, 50U, 100U}) {
    Map source{Map::allocator_type(1)};
    for (int i = 0; i < 100; ++i) source.try_emplace(tracked(i), i);
    Map target{Map::allocator_type(2)};
    fail_move.arm(calls);
    CHECK_THROWS_AS(target = std::move(source), std::runtime_error);
    CHECK(fail_move.struck);
    fail_move.arm(0);
    CHECK_VALID(source);  // NOLINT(bugprone-use-after-move): the point of the test
    CHECK_VALID(target);
  }
}

TEST_CASE("inserts within what reserve promised move nothing, also into chains that erases left holes in") {
  using Map = evac::map<std::uint64_t, tracked, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                        counted<std::uint64_t, tracked>>;
  Map map;
  std::uint64_t next = 0;
  for (; next < 20000; ++next) map.try_emplace(next, 0);
  for (std::uint64_t i = 0; i < 20000; i += 3) map.erase(i);
  map.reserve(20000);
  const auto moves = tracked_census.moves;
  while (map.size() < 20000) map.try_emplace(next++, 0);
  CHECK(tracked_census.moves == moves);
}

TEST_CASE("a set builds no key from what is inserted when the key is present") {
  evac::set<built_key, built_hash, built_equal> set;
  REQUIRE(set.insert(1).second);
  const std::size_t before = built_key::built;
  REQUIRE_FALSE(set.insert(1).second);
  CHECK(built_key::built == before);
}

TEST_CASE("a reserve or rehash that cannot get its memory changes nothing") {
  using Map = evac::map<int, int, evac::hash<int>, evac::equal_to<int>, limited_allocator<std::pair<const int, int>>>;
  byte_budget = std::size_t{1} << 20U;
  Map map;
  for (int i = 0; i < 100; ++i) map[i] = i;
  const auto buckets = map.bucket_count();
  const auto left = byte_budget;
  CHECK_THROWS_AS(map.reserve(100000000), std::bad_alloc);
  CHECK(map.bucket_count() == buckets);
  CHECK(byte_budget == left);
  CHECK_THROWS_AS(map.rehash(100000000), std::bad_alloc);
  CHECK(map.bucket_count() == buckets);
  CHECK(byte_budget == left);
  CHECK_VALID(map);
}
