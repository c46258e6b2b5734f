// What a cache finds of a trace: each shard evicts by itself, which must cost next to nothing beside one shard for all;
// and the least that is expected of a cache is what exact LRU finds. By counting, the same in each run.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <evac/cache.hpp>
#include <iterator>
#include <list>
#include <random>
#include <unordered_map>
#include <vector>

#include "support/catch.hpp"
#include "support/functors.hpp"

using namespace evac_test;

namespace {

using number = std::uint64_t;
using trace = std::vector<number>;

constexpr std::size_t room = 8192;  // 256 elements in each of 32 shards
constexpr std::size_t requests = 16 * room;

/// Keys of which the first has the probability 1, the next 1 / 2^skew, 1 / 3^skew, ..., of all ten times as many as
/// there is room for.
class zipf_keys {
 public:
  explicit zipf_keys(double skew) {
    double sum = 0;
    for (std::size_t i = 0; i < 10 * room; ++i) {
      sums_.push_back(sum += std::pow(static_cast<double>(i + 1), -skew));
      keys_.push_back(roll_());
    }
  }
  [[nodiscard]] number next() {
    const double at = static_cast<double>(roll_() >> 11U) * 0x1p-53 * sums_.back();
    const auto found = std::upper_bound(sums_.begin(), std::prev(sums_.end()), at);
    return keys_[static_cast<std::size_t>(found - sums_.begin())];
  }
  /// One that never comes again.
  [[nodiscard]] number other() { return roll_(); }

 private:
  std::mt19937_64 roll_{7};  // not the seed of the run: these tests are about numbers
  std::vector<double> sums_;
  std::vector<number> keys_;
};

trace zipf_trace(double skew) {
  zipf_keys keys(skew);
  trace all(requests);
  std::generate(all.begin(), all.end(), [&] { return keys.next(); });
  return all;
}
/// A fifth are scans, each as long as there is room for.
trace scanned_trace() {
  zipf_keys keys(0.99);
  trace all(requests);
  for (std::size_t i = 0; i < requests; ++i) all[i] = i % (5 * room) < 4 * room ? keys.next() : keys.other();
  return all;
}

std::size_t hits_of_cache(const trace& keys, std::size_t shards) {
  evac::cache<number, number, raw_identity_hash> cached(evac::shards{shards}, room);
  std::size_t hits = 0;
  for (const number key : keys) {
    if (cached.get(key, [](const number&) {})) {
      ++hits;
    } else {
      cached.put(key, key);
    }
  }
  const evac::cache_counters counted = cached.counters();
  REQUIRE(counted.hits == hits);
  REQUIRE(counted.misses == keys.size() - hits);
  return hits;
}

std::size_t hits_of_lru(const trace& keys) {
  std::list<number> order;  // the last hit first
  std::unordered_map<number, std::list<number>::iterator> places;
  std::size_t hits = 0;
  for (const number key : keys) {
    if (const auto found = places.find(key); found != places.end()) {
      ++hits;
      order.splice(order.begin(), order, found->second);
      continue;
    }
    places[key] = order.insert(order.begin(), key);
    if (order.size() <= room) continue;
    places.erase(order.back());
    order.pop_back();
  }
  return hits;
}

constexpr std::array skews{0.8, 0.99, 1.1};

}  // namespace

TEST_CASE("a cache of many shards finds as much of a zipf trace as one of a single shard, to a hundredth") {
  for (const double skew : skews) {
    const trace keys = zipf_trace(skew);
    const std::size_t undivided = hits_of_cache(keys, 1);
    for (const std::size_t shards : {4U, 32U}) {
      INFO("skew " << skew << " shards " << shards);
      const std::size_t divided = hits_of_cache(keys, shards);
      CHECK(100 * divided > 99 * undivided);
      CHECK(100 * divided < 101 * undivided);
    }
  }
}

TEST_CASE("a cache finds at least as much of a zipf trace as exact LRU") {
  for (const double skew : skews) {
    const trace keys = zipf_trace(skew);
    const std::size_t found_by_lru = hits_of_lru(keys);
    REQUIRE(found_by_lru > requests / 4);
    for (const std::size_t shards : {1U, 32U}) {
      INFO("skew " << skew << " shards " << shards);
      CHECK(hits_of_cache(keys, shards) >= found_by_lru);
    }
  }
}

TEST_CASE("scans cost a cache at least a twentieth fewer misses than exact LRU") {
  const trace keys = scanned_trace();
  const std::size_t missed_by_lru = requests - hits_of_lru(keys);
  for (const std::size_t shards : {1U, 32U}) {
    INFO("shards " << shards);
    CHECK(100 * (requests - hits_of_cache(keys, shards)) <= 95 * missed_by_lru);
  }
}
