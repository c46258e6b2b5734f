// Bounds of sharded maps, by counting: memory while empty, hashes, comparisons, moves and allocations per operation.
#include <algorithm>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/call_counts.hpp"
#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

using noting_map = evac::sharded_map<int, int, noting_hash, stored_first>;

template <class Operation>
std::size_t moves_in(const Operation& operation) {
  const std::size_t before = tracked_census.moves;
  operation();
  return tracked_census.moves - before;
}

// Builds with checks also remember who holds the lock, which takes a cache line of its own.
constexpr std::size_t bytes_per_shard = EVAC_CHECKS != 0 ? 192 : 128;
constexpr std::size_t fixed_part = 256;

template <class Map>
void check_empty_size() {
  for (const std::size_t count : {1U, 2U, 4U, 64U, 1024U}) {
    const std::size_t bytes = memory.bytes;
    const std::size_t blocks = memory.blocks;
    const Map map(evac::shards{count});
    CHECK(memory.bytes - bytes <= bytes_per_shard * count);
    CHECK(memory.blocks - blocks == 1);
    CHECK_FALSE(map.contains(typename Map::key_type(1)));
    CHECK(map.cvisit_all([](const auto&) {}) == 0);
    CHECK(memory.blocks - blocks == 1);
  }
  CHECK(sizeof(Map) <= fixed_part);
}

}  // namespace

TEST_CASE("an empty sharded map holds at most 128 bytes per shard and one fixed block") {
  check_empty_size<evac::sharded_map<int, int, evac::hash<int>, evac::equal_to<int>, counted<int, int>>>();
  check_empty_size<sharded_tracked>();
  check_empty_size<evac::sharded_set<int, evac::hash<int>, evac::equal_to<int>, counting_allocator<int>>>();
}

TEST_CASE("the memory of a shard comes with its first element") {
  using Map = evac::sharded_map<int, int, shard_naming_hash, evac::equal_to<int>, counted<int, int>>;
  const std::size_t empty = memory.blocks;
  Map map(evac::shards{64});
  const std::size_t blocks = memory.blocks;
  CHECK(blocks == empty + 1);
  map.emplace(1, 1);  // all small keys are of the first shard
  const std::size_t one_shard = memory.blocks - blocks;
  CHECK(one_shard >= 1);
  CHECK(one_shard <= 3);
  std::size_t with_memory = 0;
  for (const evac::shard_stats& each : map.stats().shards) with_memory += each.table.total_bytes() != 0 ? 1 : 0;
  CHECK(with_memory == 1);
}

TEST_CASE("in sharded maps every operation on one key computes one hash") {
  noting_map map(evac::shards{4}, 2000);  // room, so that no hash is asked for on behalf of a growth
  for (int i = 0; i < 500; ++i) map.try_emplace(i, i);
  const auto ignore = [](const auto&) {};
  const auto yes = [](const auto&) { return true; };
  const auto hashes = [](const auto& operation) { return counted_calls(operation).hashes; };
  CHECK(hashes([&] { (void)map.find(7); }) == 1);
  CHECK(hashes([&] { (void)map.find(-7); }) == 1);
  CHECK(hashes([&] { (void)map.contains(7L); }) == 1);
  CHECK(hashes([&] { (void)map.count(7); }) == 1);
  CHECK(hashes([&] { map.visit(7, ignore); }) == 1);
  CHECK(hashes([&] { map.cvisit(7, ignore); }) == 1);
  int key = 500;
  const auto both = [&](const auto& insert) {
    ++key;
    CHECK(hashes([&] { CHECK(insert(key)); }) == 1);
    CHECK(hashes([&] { CHECK_FALSE(insert(key)); }) == 1);
  };
  both([&](int k) { return map.insert({k, 1}); });
  both([&](int k) { return map.insert(std::pair<const int, int>(k, 1)); });
  both([&](int k) { return map.insert(std::pair<short, short>(static_cast<short>(k), short{1})); });
  both([&](int k) { return map.emplace(k, 1); });
  both([&](int k) { return map.emplace(std::piecewise_construct, std::tuple(k), std::tuple(1)); });
  both([&](int k) { return map.try_emplace(k, 1); });
  both([&](int k) { return map.try_emplace(long{k}, 1); });
  both([&](int k) { return map.insert_or_assign(k, 1); });
  both([&](int k) { return map.insert_or_visit({k, 1}, ignore); });
  both([&](int k) { return map.insert_or_cvisit({k, 1}, ignore); });
  both([&](int k) { return map.insert_and_visit({k, 1}, ignore, ignore); });
  both([&](int k) { return map.insert_and_cvisit({k, 1}, ignore, ignore); });
  both([&](int k) { return map.emplace_or_visit(k, 1, ignore); });
  both([&](int k) { return map.emplace_and_cvisit(k, 1, ignore, ignore); });
  both([&](int k) { return map.try_emplace_or_visit(k, 1, ignore); });
  both([&](int k) { return map.try_emplace_and_cvisit(k, 1, ignore, ignore); });
  CHECK(hashes([&] { map.erase(1); }) == 1);
  CHECK(hashes([&] { map.erase(1); }) == 1);
  CHECK(hashes([&] { map.erase_if(2, yes); }) == 1);
  CHECK(hashes([&] { map.visit2(3, 4, [](auto&, auto&) {}); }) == 2);
  const std::vector<int> keys{5, 6, 7, -8};
  CHECK(hashes([&] { map.visit(keys.begin(), keys.end(), ignore); }) == 4);
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    CHECK(hashes([&] { (void)map.get_or_compute(7, [] { return 1; }, mode); }) == 1);
  }
  CHECK(hashes([&] { map.visit_all(ignore); }) == 0);
  CHECK(hashes([&] { map.erase_if([](const auto& each) { return each.first % 7 == 0; }); }) == 0);
  CHECK(hashes([&] { map.clear(); }) == 0);
  CHECK_VALID_SHARDS(map);
}

TEST_CASE("copying, moving and swapping between as many shards compute no hash and compare nothing") {
  noting_map map(evac::shards{4});
  for (int i = 0; i < 500; ++i) map.try_emplace(i, i);
  noting_map other(evac::shards{4});
  const call_counts seen = counted_calls([&] {
    const noting_map copy = map;
    noting_map moved = std::move(map);
    other = copy;
    other.swap(moved);
    map = std::move(other);
  });
  CHECK(seen.hashes == 0);
  CHECK(seen.comparisons == 0);
  CHECK(map.size() == 500);
}

TEST_CASE("in sharded maps fewer than one look-up of an absent key in twenty compares keys") {
  noting_map map(evac::shards{4});
  for (int i = 0; i < 20000; ++i) map.try_emplace(2 * i, 0);
  const call_counts seen = counted_calls([&] {
    for (int i = 0; i < 20000; ++i) (void)map.contains(2 * i + 1);
  });
  CHECK(seen.comparisons > 0);
  CHECK(seen.comparisons < 20000 / 20);
}

TEST_CASE("look-ups and visits move and copy nothing, an erase moves its own element once") {
  sharded_tracked map = filled_shards<sharded_tracked>(4, 300);
  const auto ignore = [](const auto&) {};
  const std::size_t copies = tracked_census.copies;
  const tracked key(7);
  CHECK(moves_in([&] {
          (void)map.contains(key);
          map.visit(key, ignore);
          map.visit_all(ignore);
          map.erase_if([](const auto&) { return false; });
          map.erase_if(key, [](const auto&) { return false; });
          map.try_emplace(key, 1);
          map.emplace_or_visit(key, tracked(1), ignore);
        }) == 0);
  CHECK(moves_in([&] { map.erase(key); }) <= 2);  // key and value
  CHECK(moves_in([&] { map.erase_if([](const auto& each) { return each.first.value() < 100; }); }) <= 2 * 99);
  CHECK(moves_in([&] { map.clear(); }) == 0);
  CHECK(tracked_census.copies == copies);
}

TEST_CASE("inserts that reserve promised room for move nothing and change no bucket_count") {
  for (const std::size_t count : shard_counts) {
    sharded_tracked map(evac::shards{count});
    map.reserve(2000);
    const std::size_t buckets = map.bucket_count();
    CHECK(moves_in([&] {
            for (int i = 0; i < 2000; ++i) map.try_emplace(tracked(i), i);
          }) == 2000);  // the keys, into the map
    CHECK(map.bucket_count() == buckets);
    CHECK(map.stats().total.table.elements_moved == 0);
  }
}

TEST_CASE("no insert moves more elements or allocates more often than a map of one owner may") {
  using one_owner = sharded_tracked::map_type;
  for (const std::size_t count : shard_counts) {
    sharded_tracked map(evac::shards{count});
    std::size_t most_moves = 0;
    std::size_t most_allocations = 0;
    for (int i = 0; i < 5000; ++i) {
      const tracked key(i);
      const std::size_t allocations = memory.allocations;
      most_moves = std::max(most_moves, moves_in([&] { map.try_emplace(key, i); }));
      most_allocations = std::max(most_allocations, memory.allocations - allocations);
    }
    CHECK(most_moves > 0);
    CHECK(most_moves <= 2 * one_owner::max_moves_per_insert);  // key and value
    CHECK(most_allocations > 0);
    CHECK(most_allocations <= one_owner::max_allocations_per_insert);
  }
}

TEST_CASE("a constant hash makes one chain long, and no table large") {
  sharded_constant bad(evac::shards{4});
  sharded_identity good(evac::shards{1});
  for (std::uint64_t i = 0; i < 2000; ++i) {
    bad.emplace(i, 0);
    good.emplace(i, 0);
  }
  CHECK(bad.bucket_count() == good.bucket_count());
  CHECK(bad.stats().total.table.longest_chain > 300);
  CHECK_VALID_SHARDS(bad);
}

TEST_CASE("keys of any stride and small range fall evenly into the shards") {
  for (const std::uint64_t stride : {std::uint64_t{1}, std::uint64_t{4096}, std::uint64_t{1} << 40U}) {
    sharded_identity map(evac::shards{16});
    for (std::uint64_t i = 0; i < 16000; ++i) map.emplace(i * stride, 0);
    std::size_t least = map.size();
    std::size_t most = 0;
    for (const evac::shard_stats& each : map.stats().shards) {
      least = std::min(least, each.table.size);
      most = std::max(most, each.table.size);
    }
    CHECK(least > 500);
    CHECK(most < 2000);
  }
}
