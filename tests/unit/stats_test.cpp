#include <atomic>
#include <cstdint>
#include <evac/map.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <functional>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>

#include "support/catch.hpp"

TEST_CASE("stats add up at every size") {
  evac::map<std::uint64_t, std::uint64_t> map;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    map[i] = i;
    if (i % 7 != 0) continue;
    const evac::table_stats stats = map.stats();
    REQUIRE(stats.size == map.size());
    const auto& chains = stats.chain_length_histogram;
    REQUIRE(std::accumulate(chains.begin(), chains.end(), std::size_t{0}) == stats.home_buckets);
    const auto& homes = stats.occupancy_histogram;
    REQUIRE(std::accumulate(homes.begin(), homes.end(), std::size_t{0}) == stats.home_buckets);
    std::size_t overflow = 0;
    for (std::size_t length = 1; length < chains.size(); ++length) overflow += chains[length] * (length - 1);
    REQUIRE(overflow == stats.overflow_buckets);
    REQUIRE(stats.longest_chain + 1 == chains.size());
    REQUIRE(stats.slot_count >= stats.size);
    REQUIRE(map.memory_usage() <= stats.total_bytes());
    REQUIRE(map.evacuating() == (stats.parents_left != 0));
    if (map.evacuating()) REQUIRE(stats.frontier + stats.parents_left == std::size_t{1} << (stats.depth - 1));
  }
  REQUIRE(map.stats().growths > 5);
  REQUIRE(map.stats().elements_moved > 1000);
}

TEST_CASE("stats print as a page and as JSON with every figure") {
  evac::map<int, int> map;
  for (int i = 0; i < 100; ++i) map[i] = i;
  std::ostringstream page;
  page << map.stats();
  const std::string json = map.stats().to_json();
  for (const char* name : {"size", "home_buckets", "overflow_buckets", "overflow_bytes", "longest_chain", "growths"}) {
    REQUIRE(page.str().find(name) != std::string::npos);
    REQUIRE(json.find('"' + std::string(name) + '"') != std::string::npos);
  }
  REQUIRE(json.find("\"size\":100") != std::string::npos);
  REQUIRE(json.front() == '{');
  REQUIRE(json.back() == '}');
}

TEST_CASE("the stats of an empty map are all zero") {
  const evac::map<int, int> map;
  const evac::table_stats stats = map.stats();
  REQUIRE(stats.total_bytes() == 0);
  REQUIRE(stats.home_buckets == 0);
  REQUIRE(map.memory_usage() == 0);
  REQUIRE_FALSE(map.evacuating());
}

namespace {

/// Hashes that differ in a few bits in the middle only, and are taken as they are.
struct narrow_hash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t key) const { return (key % 16) << 20U; }
};

/// Calls something of this thread.
thread_local std::function<void()> on_hash;
struct calling_hash {
  std::size_t operator()(std::uint64_t key) const {
    if (on_hash) on_hash();
    return key;
  }
};

template <class Map>
evac::table_stats stats_of(const Map& map) {
  const auto stats = map.stats();
  if constexpr (requires { stats.total; }) {
    return stats.total.table;
  } else if constexpr (requires { stats.domain; }) {
    return stats.table;
  } else {
    return stats;
  }
}
template <class Good, class Bad>
void check_sample() {
  Good good;
  Bad bad;
  CHECK(stats_of(good).hash_sample == 0);
  CHECK(stats_of(good).stuck_hash_bits() == 0);
  const auto add = [](auto& map, std::uint64_t key) {
    if constexpr (requires { map.emplace(key, 0); }) {
      map.emplace(key, 0);
    } else {
      map.store(key, 0);
    }
  };
  for (std::uint64_t i = 0; i < 20'000; ++i) add(good, i * 1024);
  for (std::uint64_t i = 0; i < 400; ++i) add(bad, i);
  const evac::table_stats spread = stats_of(good);
  CHECK(spread.hash_sample >= 100);
  CHECK(spread.hash_sample < 5000);  // some 64 chains, and the first 64 elements of each shard
  CHECK(spread.stuck_hash_bits() == 0);
  const evac::table_stats stuck = stats_of(bad);
  CHECK(stuck.hash_sample >= 20);
  CHECK(stuck.stuck_hash_bits() >= 60);
  CHECK((stuck.hash_and & ~(std::size_t{15} << 20U)) == 0);
}

}  // namespace

TEST_CASE("stats show a hash that does not spread by the bits that all elements of a sample have in common") {
  using key = std::uint64_t;
  check_sample<evac::map<key, int>, evac::map<key, int, narrow_hash>>();
  check_sample<evac::sharded_map<key, int>, evac::sharded_map<key, int, narrow_hash>>();
  check_sample<evac::sync_map<key, int>, evac::sync_map<key, int, narrow_hash>>();
}

TEST_CASE("a shard is free for writers between two buckets of a walk by stats()") {
  evac::sharded_map<std::uint64_t, int, calling_hash> map(evac::shards{1});
  for (std::uint64_t i = 0; i < 1000; ++i) map.emplace(i, 0);
  std::atomic<bool> walking{false};
  std::atomic<bool> written{false};
  std::thread writer([&] {
    while (!walking) std::this_thread::yield();
    map.visit(1, [&](auto&) { written = true; });
  });
  // An element of the sample is hashed while its shard is held. The first is until a writer sleeps for the shard; then
  // that one comes first.
  int hashes = 0;
  int before_writer = 0;
  on_hash = [&] {
    if (!written) ++before_writer;
    if (++hashes != 1) return;
    walking = true;
    while (map.counters().parked == 0) std::this_thread::yield();
  };
  const evac::sharded_stats stats = map.stats();
  on_hash = nullptr;
  writer.join();
  CHECK(hashes > 50);
  CHECK(before_writer > 0);
  CHECK(before_writer < 32);  // those of the first bucket
}
