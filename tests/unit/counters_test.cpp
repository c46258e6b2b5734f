// What counters() says, beside what walks over the same map say.
#include <cstdint>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <sstream>
#include <string>
#include <utility>

#include "support/catch.hpp"

namespace {

using key = std::uint64_t;
using owned = evac::map<key, key>;
using sharded = evac::sharded_map<key, key>;

// Tables of these sizes have no mapped memory, so that all of it counts as touched.
void check_table(const evac::map_counters& counters, const evac::table_stats& stats) {
  REQUIRE(counters.size == stats.size);
  REQUIRE(counters.segment_bytes == stats.reserved_bytes);
  REQUIRE(counters.overflow_bytes == stats.overflow_bytes);
  REQUIRE(counters.node_bytes == stats.node_bytes);
  REQUIRE(counters.directory_bytes == stats.directory_bytes);
  REQUIRE(counters.growths == stats.growths);
  REQUIRE(counters.elements_moved == stats.elements_moved);
  REQUIRE(counters.parents_left == stats.parents_left);
}
void check(const owned& map) {
  check_table(map.counters(), map.stats());
  REQUIRE(map.counters().home_slots == map.bucket_count());
  REQUIRE(map.counters().total_bytes() == map.memory_usage());
}
template <class Sharded>
void check(const Sharded& map) {
  const evac::map_counters counters = map.counters();
  const evac::sharded_stats stats = map.stats();
  check_table(counters, stats.total.table);
  REQUIRE(counters.home_slots == map.bucket_count());
  REQUIRE(map.memory_usage() == stats.total.table.total_bytes());
  evac::map_counters sum;
  for (std::size_t shard = 0; shard < map.shard_count(); ++shard) {
    check_table(map.counters_of_shard(shard), stats.shards[shard].table);
    sum += map.counters_of_shard(shard);
  }
  sum.clears = counters.clears;
  REQUIRE(sum.to_json() == counters.to_json());
}
template <class Sync>
void check_sync(const Sync& map) {
  const evac::map_counters counters = map.counters();
  const evac::sync_stats stats = map.stats();
  check_table(counters, stats.table);
  REQUIRE(counters.total_bytes() == map.memory_usage());
  // One thread is filling one batch.
  REQUIRE(counters.retired_objects <= stats.domain.retired_objects);
  REQUIRE(counters.retired_objects + evac::detail::garbage_batch::capacity > stats.domain.retired_objects);
  REQUIRE(counters.retired_bytes <= stats.domain.retired_bytes);
  if (counters.retired_objects == stats.domain.retired_objects)
    REQUIRE(counters.retired_bytes == stats.domain.retired_bytes);
  REQUIRE(counters.cap_bytes == stats.domain.cap_bytes);
}

}  // namespace

TEST_CASE("counters() throws nothing and waits for nothing, on every kind of map") {
  STATIC_REQUIRE(noexcept(std::declval<const owned&>().counters()));
  STATIC_REQUIRE(noexcept(std::declval<const evac::set<int>&>().counters()));
  STATIC_REQUIRE(noexcept(std::declval<const sharded&>().counters()));
  STATIC_REQUIRE(noexcept(std::declval<const sharded&>().counters_of_shard(0)));
  STATIC_REQUIRE(noexcept(std::declval<const sharded&>().memory_usage()));
  STATIC_REQUIRE(noexcept(std::declval<const evac::sharded_set<int>&>().counters()));
  STATIC_REQUIRE(noexcept(std::declval<const evac::sync_map<int, int>&>().counters()));
  STATIC_REQUIRE(noexcept(std::declval<const evac::sync_set<int>&>().counters()));
}

TEST_CASE("the counters of a map are what a walk finds, at every size on the way up and down") {
  owned map;
  check(map);
  for (key i = 0; i < 3000; ++i) {
    map[i] = i;
    check(map);
  }
  CHECK(map.counters().growths > 5);
  CHECK(map.counters().shrinks == 0);
  for (key i = 100; i < 3000; ++i) map.erase(i);
  for (key i = 10'000; map.counters().shrinks < 3; ++i) {
    map[i] = i;
    map.erase(i);
    check(map);
  }
  map.shrink_to_fit();
  check(map);
  map.clear();
  map.clear();
  check(map);
  CHECK(map.counters().clears == 2);
  map.rehash(0);
  check(map);
  CHECK(map.counters().total_bytes() == 0);
}

TEST_CASE("the counters of a sharded map are what a walk finds, after every kind of change") {
  sharded map(evac::shards{4});
  check(map);
  for (key i = 0; i < 3000; ++i) {
    map.emplace(i, i);
    if (i % 16 == 0) check(map);
  }
  check(map);
  CHECK(map.counters().growths > 10);
  map.reserve(10'000);
  check(map);
  for (key i = 0; i < 2900; ++i) map.erase(i);
  check(map);
  map.rehash(0);
  check(map);
  CHECK(map.counters().shrinks > 0);
  sharded other(evac::shards{4});
  for (key i = 0; i < 500; ++i) other.emplace(i, i);
  map.swap(other);
  check(map);
  check(other);
  sharded uneven(evac::shards{1});
  uneven = map;
  check(uneven);
  uneven.swap(map);
  check(uneven);
  check(map);
  map.merge(other);
  check(map);
  check(other);
  other = std::move(map);
  check(other);
  check(map);
  const sharded copy = other;
  check(copy);
  sharded moved = std::move(other);
  check(moved);
  moved.clear();
  check(moved);
  CHECK(moved.counters().clears == 1);
  CHECK(moved.memory_usage() == 0);
  check(sharded(owned{{1, 1}, {2, 2}}));
}

TEST_CASE("the counters of a sharded map tell of overflow buckets that inserts between two growth steps get") {
  sharded map(evac::shards{1});
  map.reserve(64);
  for (key i = 0; i < 2000; ++i) {
    map.emplace(i, i);
    const evac::map_counters counters = map.counters();
    REQUIRE(counters.overflow_bytes == map.stats().total.table.overflow_bytes);
  }
  CHECK(map.counters().overflow_bytes > 0);
}

TEST_CASE("the counters of a sync map are what a walk finds, with elements in slots and in nodes") {
  evac::epoch_domain domain;
  evac::sync_map<key, key> slots(domain);
  evac::sync_map<key, std::string> nodes(domain);
  check_sync(slots);
  for (key i = 0; i < 3000; ++i) {
    slots.store(i, i);
    nodes.store(i % 1000, std::to_string(i));
    if (i % 3 == 0) nodes.erase(i % 700);
    if (i % 16 == 0) check_sync(slots);
    if (i % 16 == 0) check_sync(nodes);
  }
  CHECK(nodes.counters().retired_objects > 0);
  CHECK(slots.counters().growths > 5);
  CHECK(slots.counters().clears == 0);
  slots.clear();
  slots.clear();  // finds nothing
  nodes.clear();
  check_sync(slots);
  check_sync(nodes);
  CHECK(slots.counters().clears == 1);
  CHECK(domain.flush());
  check_sync(nodes);
  CHECK(nodes.counters().retired_objects == 0);
  CHECK(nodes.counters().retired_bytes == 0);
}

TEST_CASE("garbage that a map takes along when it is destroyed is retired no more") {
  evac::epoch_domain domain;
  evac::sync_map<int, std::string> stays(domain);
  {
    evac::sync_map<int, std::string> goes(domain);
    for (int i = 0; i < 150; ++i) {
      goes.store(i % 10, std::to_string(i));
      stays.store(i % 10, std::to_string(i));
    }
    check_sync(stays);
    CHECK(stays.counters().retired_objects > 150);
  }
  CHECK(domain.stats().retired_objects == 140);
  check_sync(stays);
  CHECK(stays.counters().retired_objects > 0);
}

TEST_CASE("growth takes time on every kind of map, and the time does not go when the map stops growing") {
  owned map;
  sharded of_shards(evac::shards{2});
  evac::sync_map<key, key> of_all;
  for (key i = 0; i < 20'000; ++i) {
    map[i] = i;
    of_shards.emplace(i, i);
    of_all.store(i, i);
  }
  CHECK(map.counters().evacuation_time.count() > 0);
  CHECK(of_shards.counters().evacuation_time.count() > 0);
  CHECK(of_all.counters().evacuation_time.count() > 0);
  const auto before = map.counters().evacuation_time;
  for (key i = 0; i < 20'000; ++i) map.erase(i);
  CHECK(map.counters().evacuation_time == before);
}

TEST_CASE("counters print as a page and as JSON with every figure, and add up") {
  owned map;
  for (key i = 0; i < 100; ++i) map[i] = i;
  evac::map_counters counters = map.counters();
  std::ostringstream page;
  page << counters;
  const std::string json = counters.to_json();
  std::size_t figures = 0;
  evac::detail::for_each_figure(counters, [&](std::string_view name, std::size_t value) {
    ++figures;
    CHECK(page.str().find("  " + std::string(name) + ' ') != std::string::npos);
    CHECK(json.find('"' + std::string(name) + "\":" + std::to_string(value)) != std::string::npos);
  });
  CHECK(figures == sizeof(evac::map_counters) / sizeof(std::size_t));
  counters += map.counters();
  CHECK(counters.size == 200);
  CHECK(counters.total_bytes() == 2 * map.memory_usage());
}
