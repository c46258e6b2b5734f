// Allocators of sync maps: each block freed by its own, also after the map is gone; fancy pointers, memory resources;
// what is constructed with what.
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/pointers.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

template <class Value, evac::storage Storage = evac::storage::automatic>
using identity_map = evac::sync_map<int, Value, evac::hash<int>, evac::equal_to<int>,
                                    identity_allocator<std::pair<const int, Value>, false>, Storage>;

/// Some of all that makes and frees memory.
template <class Map>
void work(Map& map, int n) {
  for (int i = 0; i < n; ++i) map.store(i, i);
  for (int i = 0; i < n; ++i) map.store(i, i + 1);
  for (int i = 0; i < n; i += 2) map.erase(i);
  map.clear();
  for (int i = 0; i < n; ++i) map.store(i, i);
  for (int i = 0; i < n; i += 3) map.load_and_delete(i);
}

}  // namespace

TEMPLATE_TEST_CASE("an equal allocator frees what another has allocated, at the end of the map at the latest", "",
                   (identity_map<tracked>), (identity_map<int>), (identity_map<int, evac::storage::in_nodes>)) {
  const std::size_t live = tracked_census.live;
  REQUIRE(block_owner.empty());
  foreign_frees = 0;
  evac::epoch_domain domain;
  for (const int n : {1, 60, 1000}) {
    {
      const evac::epoch_domain::guard keeps_all(domain);
      {
        TestType one(0, {}, {}, typename TestType::allocator_type(1), domain);
        TestType other(100, {}, {}, typename TestType::allocator_type(2), domain);
        work(one, n);
        work(other, n);
        CHECK_FALSE(domain.flush());
        CHECK(one.get_allocator().id == 1);
        CHECK(one.snapshot().get_allocator().id == 1);
      }
      CHECK(block_owner.empty());  // of both maps, although what they had erased could not go before
    }
    CHECK(domain.flush());
    CHECK(block_owner.empty());
    CHECK(foreign_frees == 0);
    CHECK(tracked_census.live == live);
  }
}

TEMPLATE_TEST_CASE(
    "a map that is gone leaves nothing behind once its domain is flushed", "", sync_tracked,
    (evac::sync_map<int, int, evac::hash<int>, evac::equal_to<int>, counted<int, int>>),
    (evac::sync_map<int, throwing_mover, evac::hash<int>, evac::equal_to<int>, counted<int, throwing_mover>>)) {
  const memory_census before = memory;
  const std::size_t live = tracked_census.live;
  evac::epoch_domain domain;
  {
    TestType map(domain);
    work(map, 1000);
    CHECK(memory.blocks > before.blocks);
  }
  CHECK(domain.flush());
  CHECK(memory.blocks == before.blocks);
  CHECK(memory.bytes == before.bytes);
  CHECK(tracked_census.live == live);
  {
    evac::epoch_domain of_its_own;
    TestType map(of_its_own);
    work(map, 300);
  }  // the domain's end reclaims what waits
  CHECK(memory.blocks == before.blocks);
  CHECK(tracked_census.live == live);
}

TEMPLATE_TEST_CASE("an allocator with fancy pointers serves slots and nodes", "", int, tracked, over_aligned,
                   four_kilobytes) {
  using Map = evac::sync_map<int, TestType, evac::hash<int>, evac::equal_to<int>,
                             fancy_allocator<std::pair<const int, TestType>>>;
  const std::size_t blocks = memory.blocks;
  evac::epoch_domain domain;
  {
    Map map(domain);
    work(map, 300);
    CHECK_VALID_SYNC(map);
    CHECK(map.size() == 200);
    CHECK(memory.blocks > blocks);
  }
  CHECK(domain.flush());
  CHECK(memory.blocks == blocks);
}

TEST_CASE("elements are constructed with the memory resource of the map") {
  using allocator = std::pmr::polymorphic_allocator<std::pair<const int, std::pmr::string>>;
  using Map = evac::sync_map<int, std::pmr::string, evac::hash<int>, evac::equal_to<int>, allocator>;
  std::pmr::unsynchronized_pool_resource resource;
  evac::epoch_domain domain;
  {
    Map map(0, {}, {}, allocator(&resource), domain);
    for (int i = 0; i < 300; ++i) map.store(i, "a string that is too long to be stored in place");
    map.swap(7, "another string that is too long to be stored in place");
    map.load_or_store(1000, "one more string that is too long to be stored in place");
    map.update(8, [](auto before) { return before; });
    std::size_t in_resource = 0;
    map.range([&](int, const std::pmr::string& value) {
      return in_resource += value.get_allocator().resource() == &resource ? 1 : 0, true;
    });
    CHECK(in_resource == 301);
  }
  CHECK(domain.flush());  // before the resource goes
}

TEST_CASE("a set's nodes come from its allocator") {
  using Set = evac::sync_set<std::string, evac::hash<std::string>, evac::equal_to<std::string>,
                             counting_allocator<std::string>>;
  const std::size_t blocks = memory.blocks;
  evac::epoch_domain domain;
  {
    Set set(domain);
    for (int i = 0; i < 100; ++i) set.insert(make<std::string>(i));
    CHECK(memory.blocks >= blocks + 100);
    for (int i = 0; i < 100; ++i) set.erase(make<std::string>(i));
  }
  CHECK(domain.flush());
  CHECK(memory.blocks == blocks);
}

TEST_CASE("a lookup copies nothing but what it returns, and a node is written once") {
  evac::epoch_domain domain;
  sync_tracked map(domain);
  for (int i = 0; i < 300; ++i) map.store(i, i);
  const tracked key(7);
  const census before = tracked_census;
  const auto copies = [&] { return tracked_census.copies - before.copies; };
  CHECK(map.contains(key));
  CHECK(map.load(key, [](const tracked& value) { CHECK(value.value() == 7); }));
  CHECK(map.range([](const tracked&, const tracked&) { return true; }));
  CHECK(map.load_many(std::vector<int>{}, [](const auto&, const tracked&) {}) == 0);
  CHECK(map.erase(key));
  CHECK(map.erase(key) == false);
  CHECK(copies() == 0);
  CHECK(tracked_census.moves == before.moves);
  CHECK(map.load(tracked(8)).has_value());
  CHECK(copies() == 1);
  const std::size_t moves = tracked_census.moves;
  map.store(tracked(1000), tracked(1));
  CHECK(tracked_census.moves == moves + 2);
  fill(map, 1001, 5000);
  CHECK(map.stats().table.elements_moved > 0);
  CHECK(copies() == 1);
  CHECK(tracked_census.moves == moves + 2 + 2 * 3999);  // growth moves no element that is in a node
}
