// Each allocator trait alone, fancy pointers, memory resources, and allocators that are never default-constructed.
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <memory_resource>
#include <string>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/pointers.hpp"
#include "support/propagation.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

template <bool OnCopy, bool OnMove, bool OnSwap, class Value = tracked>
using trait_map = evac::map<int, Value, evac::hash<int>, evac::equal_to<int>,
                            trait_allocator<std::pair<const int, Value>, OnCopy, OnMove, OnSwap>>;

template <class Map>
Map made_by(int identity, int n) {
  Map map{typename Map::allocator_type(identity)};
  for (int i = 0; i < n; ++i) map.try_emplace(i, i);
  return map;
}

template <class Map>
void require_elements(Map& map, int n) {
  REQUIRE(map.size() == static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) REQUIRE(map.contains(i));
  REQUIRE_VALID(map);
  for (int i = n; i < n + 40; ++i) map.try_emplace(i, i);
  REQUIRE_VALID(map);
  for (int i = n; i < n + 40; ++i) map.erase(i);
}

}  // namespace

TEMPLATE_TEST_CASE("each propagation trait decides for its own operation only", "", (trait_map<false, false, false>),
                   (trait_map<true, false, false>), (trait_map<false, true, false>), (trait_map<false, false, true>),
                   (trait_map<true, true, true>), (trait_map<false, false, false, throwing_mover>),
                   (trait_map<true, true, true, throwing_mover>)) {
  foreign_frees = 0;
  const auto live = tracked_census.live;
  const auto usable = [](TestType& map, int n) { require_elements(map, n); };
  copy_assign_and_move_assign<TestType>(made_by<TestType>, made_by<TestType>, usable);
  construct_and_swap<TestType>(made_by<TestType>, made_by<TestType>, usable);
  REQUIRE(foreign_frees == 0);
  REQUIRE(block_owner.empty());
  REQUIRE(tracked_census.live == live);
}

TEST_CASE("moves between maps say noexcept exactly when the allocator allows it") {
  using always_equal = evac::map<int, int>;
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<always_equal>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<always_equal>);
  STATIC_REQUIRE(std::is_nothrow_swappable_v<always_equal>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<trait_map<false, true, false>>);
  STATIC_REQUIRE_FALSE(std::is_nothrow_move_assignable_v<trait_map<true, false, true>>);
  CHECK(std::is_nothrow_swappable_v<trait_map<false, false, true>>);
  STATIC_REQUIRE(noexcept(std::declval<always_equal&>().clear()));
}

TEMPLATE_TEST_CASE("an allocator with fancy pointers serves elements in place and in nodes", "", tracked,
                   throwing_mover, over_aligned, four_kilobytes) {
  using Map =
      evac::map<int, TestType, evac::hash<int>, evac::equal_to<int>, fancy_allocator<std::pair<const int, TestType>>>;
  const auto blocks = memory.blocks;
  {
    Map map;
    for (int i = 0; i < 500; ++i) map.try_emplace(i, i);
    for (int i = 0; i < 500; i += 3) map.erase(i);
    const Map copy = map;
    map.shrink_to_fit();
    REQUIRE(copy == map);
    auto node = map.extract(1);
    REQUIRE(map.insert(std::move(node)).inserted);
    Map moved = std::move(map);
    REQUIRE(moved == copy);
    REQUIRE_VALID(moved);
    REQUIRE(memory.blocks > blocks);
  }
  REQUIRE(memory.blocks == blocks);
}

TEST_CASE("over-aligned elements lie where their alignment asks") {
  aligned_map map;
  for (std::uint64_t i = 0; i < 2000; ++i) map.try_emplace(i, static_cast<int>(i));
  for (const auto& element : map) REQUIRE(reinterpret_cast<std::uintptr_t>(&element.second) % 64 == 0);
}

TEST_CASE("elements are constructed and moved with the resource of their map") {
  std::pmr::monotonic_buffer_resource one;
  std::pmr::monotonic_buffer_resource two;
  using allocator = std::pmr::polymorphic_allocator<std::pair<const int, std::pmr::vector<int>>>;
  using Map = evac::map<int, std::pmr::vector<int>, evac::hash<int>, evac::equal_to<int>, allocator>;
  Map source{allocator(&one)};
  for (int i = 0; i < 300; ++i) source.try_emplace(i, std::size_t{5}, i);
  Map target{allocator(&two)};
  target = source;
  for (const auto& [key, value] : target) {
    REQUIRE(value.get_allocator().resource() == &two);
    REQUIRE(value == source.at(key));
  }
  target = std::move(source);
  REQUIRE(target.size() == 300);
  for (const auto& [key, value] : target) REQUIRE(value.get_allocator().resource() == &two);
  const Map moved(std::move(target), allocator(&one));
  REQUIRE(moved.size() == 300);
  for (const auto& [key, value] : moved) REQUIRE(value.get_allocator().resource() == &one);
  const Map by_default(moved);
  REQUIRE(by_default.get_allocator().resource() == std::pmr::get_default_resource());
}
