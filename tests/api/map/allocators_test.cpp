// Allocators with an identity: propagation, unequal moves, every block freed by its own.
#include <evac/map.hpp>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {
template <bool Propagate>
using owned_map = evac::map<int, tracked, evac::hash<int>, evac::equal_to<int>,
                            identity_allocator<std::pair<const int, tracked>, Propagate>>;

template <class Map>
Map owned(int identity, int n) {
  Map map{typename Map::allocator_type(identity)};
  for (int i = 0; i < n; ++i) map.try_emplace(i, i);
  return map;
}
}  // namespace

TEMPLATE_TEST_CASE("every block is freed by an allocator equal to the one that made it", "", owned_map<true>,
                   owned_map<false>) {
  constexpr bool propagate = TestType::allocator_type::propagate_on_container_move_assignment::value;
  foreign_frees = 0;
  {
    const TestType source = owned<TestType>(1, 300);
    TestType copied = owned<TestType>(2, 50);
    copied = source;
    REQUIRE(copied.get_allocator().id == (propagate ? 1 : 2));
    REQUIRE(copied == source);
    TestType moved = owned<TestType>(3, 50);
    moved = std::move(copied);
    REQUIRE(moved == source);
    REQUIRE(moved.get_allocator().id == (propagate ? 1 : 3));
    REQUIRE(copied.empty());  // NOLINT(bugprone-use-after-move): promised
    copied[7] = tracked(7);
    REQUIRE(copied.size() == 1);
    TestType elsewhere(source, typename TestType::allocator_type(9));
    REQUIRE(elsewhere == source);
    TestType taken(std::move(elsewhere), typename TestType::allocator_type(10));
    REQUIRE(taken == source);
    REQUIRE(taken.get_allocator().id == 10);
    TestType same(std::move(taken), typename TestType::allocator_type(10));
    REQUIRE(same == source);
    TestType other = owned<TestType>(10, 3);
    same.swap(other);
    REQUIRE(other == source);
    REQUIRE_VALID(other);
    REQUIRE_VALID(same);
    auto node = other.extract(5);
    REQUIRE(same.insert(std::move(node)).inserted);
  }
  REQUIRE(foreign_frees == 0);
  REQUIRE(block_owner.empty());
}

TEST_CASE("move assignment with unequal allocators moves each element once and copies none") {
  auto source = owned<owned_map<false>>(1, 500);
  auto target = owned<owned_map<false>>(2, 10);
  const census before = tracked_census;
  target = std::move(source);
  REQUIRE(tracked_census.moves == before.moves + 500);
  REQUIRE(tracked_census.copies == before.copies);
  REQUIRE(target.size() == 500);
}

TEST_CASE("stateful functors follow the contents, by swap only") {
  using Map = evac::map<std::uint64_t, int, stateful_hash>;
  Map one(0, stateful_hash(1));
  Map two(0, stateful_hash(2));
  for (std::uint64_t i = 0; i < 200; ++i) one[i] = 1;
  two[5] = 5;
  one.swap(two);
  REQUIRE(one.hash_function().id == 2);
  REQUIRE_VALID(one);
  REQUIRE_VALID(two);
  one = two;
  REQUIRE(one.hash_function().id == 1);
  REQUIRE(one == two);
  Map three(0, stateful_hash(3));
  three = std::move(two);
  REQUIRE(three.hash_function().id == 1);
  REQUIRE_VALID(three);
  two[1] = 1;  // NOLINT(bugprone-use-after-move): a moved-from map is empty and usable
  REQUIRE_VALID(two);
}

TEST_CASE("a copy gets what select_on_container_copy_construction says and nothing leaks") {
  const auto blocks = memory.blocks;
  const auto live = tracked_census.live;
  {
    const auto map = filled<tracked_map>(1000);
    const auto copy = map;
    REQUIRE(memory.blocks > blocks);
    REQUIRE(copy == map);
  }
  REQUIRE(memory.blocks == blocks);
  REQUIRE(tracked_census.live == live);
}
