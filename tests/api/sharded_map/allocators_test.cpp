// Allocators of sharded maps: each propagation trait alone, fancy pointers, memory resources; each block freed by its
// own.
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/pointers.hpp"
#include "support/propagation.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

template <bool OnCopy, bool OnMove, bool OnSwap, class Value = tracked>
using trait_map = evac::sharded_map<int, Value, evac::hash<int>, evac::equal_to<int>,
                                    trait_allocator<std::pair<const int, Value>, OnCopy, OnMove, OnSwap>>;

template <class Map>
Map made_by(int identity, std::size_t count, int n) {
  using alloc = typename Map::allocator_type;
  Map map(evac::shards{count}, 0, typename Map::hasher(), typename Map::key_equal(), alloc(identity));
  for (int i = 0; i < n; ++i) map.try_emplace(i, i);
  return map;
}

template <class Map>
void require_elements(Map& map, int n) {
  REQUIRE(map.size() == static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    REQUIRE(map.cvisit(i, [&](const auto& element) { CHECK(element.second.value() == i); }) == 1);
  }
  REQUIRE_VALID_SHARDS(map);
  for (int i = n; i < n + 40; ++i) map.try_emplace(i, i);
  REQUIRE_VALID_SHARDS(map);
  for (int i = n; i < n + 40; ++i) map.erase(i);
}

/// To the map of one owner and back.
template <class Map>
void convert(Map elsewhere) {
  using traits = std::allocator_traits<typename Map::allocator_type>;
  typename Map::map_type one_owner(std::move(elsewhere));
  REQUIRE(one_owner.get_allocator().id == 5);
  REQUIRE(one_owner.size() == 2);
  Map back(std::move(one_owner));
  REQUIRE(back.get_allocator().id == 5);
  require_elements(back, 2);
  typename Map::map_type another(typename Map::allocator_type(9));
  for (int i = 0; i < 60; ++i) another.try_emplace(i, i);
  back = std::move(another);
  REQUIRE(back.get_allocator().id == (traits::propagate_on_container_move_assignment::value ? 9 : 5));
  require_elements(back, 60);
}

}  // namespace

TEMPLATE_TEST_CASE("each propagation trait decides for its own operation only, and the allocator that allocated frees",
                   "", (trait_map<false, false, false>), (trait_map<true, false, false>),
                   (trait_map<false, true, false>), (trait_map<false, false, true>), (trait_map<true, true, true>),
                   (trait_map<false, false, false, throwing_mover>), (trait_map<true, true, true, throwing_mover>)) {
  const auto live = tracked_census.live;
  for (const std::size_t count : shard_counts) {
    for (const std::size_t other_count : shard_counts) {
      foreign_frees = 0;
      const auto make = [&](int identity, int n) { return made_by<TestType>(identity, count, n); };
      const auto make_other = [&](int identity, int n) { return made_by<TestType>(identity, other_count, n); };
      const auto usable = [](TestType& map, int n) { require_elements(map, n); };
      copy_assign_and_move_assign<TestType>(make, make_other, usable);
      convert(construct_and_swap<TestType>(make, make_other, usable));
      REQUIRE(foreign_frees == 0);
      REQUIRE(block_owner.empty());
      REQUIRE(tracked_census.live == live);
    }
  }
}

TEST_CASE("moves between sharded maps say noexcept exactly when the allocator allows it") {
  using always_equal = evac::sharded_map<int, int>;
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<always_equal>);
  STATIC_REQUIRE(std::is_nothrow_swappable_v<always_equal>);
  STATIC_REQUIRE(noexcept(std::declval<always_equal&>().swap(std::declval<always_equal&>())));
  STATIC_REQUIRE(noexcept(std::declval<always_equal&>().clear()));
  STATIC_REQUIRE(noexcept(std::declval<const always_equal&>().size()));
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<evac::sharded_set<int>>);
  STATIC_REQUIRE(std::is_nothrow_swappable_v<evac::sharded_set<int>>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<trait_map<false, true, false>>);
  STATIC_REQUIRE_FALSE(std::is_nothrow_move_assignable_v<trait_map<true, false, true>>);
  STATIC_REQUIRE(std::is_nothrow_swappable_v<trait_map<false, false, true>>);
  STATIC_REQUIRE_FALSE(std::is_nothrow_swappable_v<trait_map<true, true, false>>);
  STATIC_REQUIRE(noexcept(std::declval<trait_map<false, false, false>&>().clear()));
  CHECK(std::is_nothrow_destructible_v<always_equal>);
}

TEMPLATE_TEST_CASE("moves between unequal allocators move each element once", "", (trait_map<false, false, false>),
                   (trait_map<true, false, true>)) {
  using alloc = typename TestType::allocator_type;
  for (const std::size_t count : shard_counts) {
    TestType source = made_by<TestType>(1, count, 100);
    auto moves = tracked_census.moves;
    auto copies = tracked_census.copies;
    TestType elsewhere(std::move(source), alloc(2));
    CHECK(tracked_census.moves - moves == 100);
    TestType target = made_by<TestType>(3, count, 10);
    moves = tracked_census.moves;
    target = std::move(elsewhere);
    CHECK(tracked_census.moves - moves == 100);
    CHECK(tracked_census.copies == copies);
    moves = tracked_census.moves;
    TestType same(std::move(target));
    target = std::move(same);
    swap(target, same);
    swap(target, same);
    target.clear();
    CHECK(tracked_census.moves == moves);
  }
}

TEMPLATE_TEST_CASE("an allocator with fancy pointers serves shards, elements in place and in nodes", "", tracked,
                   throwing_mover, over_aligned, four_kilobytes) {
  using Map = evac::sharded_map<int, TestType, evac::hash<int>, evac::equal_to<int>,
                                fancy_allocator<std::pair<const int, TestType>>>;
  const auto blocks = memory.blocks;
  {
    Map map = filled_shards<Map>(4, 300);
    map.erase_if([](const auto& element) { return element.first % 3 == 0; });
    const Map copy = map;
    map.rehash(0);
    REQUIRE(copy == map);
    Map fewer(evac::shards{2});
    fewer = std::move(map);
    REQUIRE(fewer == copy);
    REQUIRE_VALID_SHARDS(fewer);
    REQUIRE(memory.blocks > blocks);
  }
  REQUIRE(memory.blocks == blocks);
}

TEST_CASE("elements of a sharded map are constructed and moved with its resource") {
  std::pmr::monotonic_buffer_resource one;
  std::pmr::monotonic_buffer_resource two;
  using allocator = std::pmr::polymorphic_allocator<std::pair<const int, std::pmr::vector<int>>>;
  using Map = evac::sharded_map<int, std::pmr::vector<int>, evac::hash<int>, evac::equal_to<int>, allocator>;
  const auto require_all_in = [](const Map& map, std::pmr::memory_resource* resource) {
    REQUIRE(map.cvisit_all([&](const auto& element) {
      CHECK(element.second.get_allocator().resource() == resource);
      CHECK(element.second == std::pmr::vector<int>(5, element.first));
    }) == 300);
  };
  Map source{allocator(&one)};
  for (int i = 0; i < 300; ++i) source.try_emplace(i, std::size_t{5}, i);
  require_all_in(source, &one);
  Map target{allocator(&two)};
  target = source;
  require_all_in(target, &two);
  target.clear();
  target = std::move(source);
  require_all_in(target, &two);
  CHECK(source.empty());  // NOLINT(bugprone-use-after-move): promised
  const Map moved(std::move(target), allocator(&one));
  require_all_in(moved, &one);
  const Map by_default(moved);
  require_all_in(by_default, std::pmr::get_default_resource());
}

TEST_CASE("a map that nothing is asked of gives back all memory") {
  const auto blocks = memory.blocks;
  const auto bytes = memory.bytes;
  const auto live = tracked_census.live;
  for (const std::size_t count : shard_counts) {
    sharded_tracked map = filled_shards<sharded_tracked>(count, 1000);
    CHECK(memory.bytes > bytes);
    map.clear();
    CHECK(tracked_census.live == live);
    CHECK(memory.blocks == blocks + 1);  // the shards themselves
  }
  CHECK(memory.blocks == blocks);
  CHECK(memory.bytes == bytes);
}

namespace {

/// Has construct and destroy of its own, which count.
inline long built_by_allocator = 0;
template <class T>
struct balancing_allocator {
  using value_type = T;
  balancing_allocator() = default;
  template <class U>
  explicit balancing_allocator(const balancing_allocator<U>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* block, std::size_t n) noexcept { std::allocator<T>{}.deallocate(block, n); }
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
    ++built_by_allocator;
  }
  template <class U>
  void destroy(U* at) noexcept {
    std::destroy_at(at);
    --built_by_allocator;
  }
  [[nodiscard]] friend bool operator==(const balancing_allocator&, const balancing_allocator&) = default;
};

}  // namespace

TEST_CASE("a sharded map's allocator destroys all that it constructs, trivial elements too") {
  using Map =
      evac::sharded_map<int, int, evac::hash<int>, evac::equal_to<int>, balancing_allocator<std::pair<const int, int>>>;
  built_by_allocator = 0;
  {
    Map map(evac::shards{4});
    for (int i = 0; i < 1000; ++i) map.emplace(i, i);
    CHECK(built_by_allocator == 1000);
    map.erase(1);
    map.erase_if([](const auto& element) { return element.first % 2 == 0; });
    CHECK(built_by_allocator == static_cast<long>(map.size()));
    Map copy = map;
    CHECK(built_by_allocator == 2 * static_cast<long>(map.size()));
    copy.clear();
    CHECK(built_by_allocator == static_cast<long>(map.size()));
    Map other(evac::shards{1});
    for (int i = 0; i < 100; ++i) other.insert_or_assign(2 * i, 0);
    other = std::move(map);
    other = {{1, 1}, {2, 2}};
    CHECK(built_by_allocator == 2);
    map = other.snapshot();
    CHECK(built_by_allocator == 4);
    map.merge(other);
    CHECK(map.size() == 2);
  }
  CHECK(built_by_allocator == 0);
}
