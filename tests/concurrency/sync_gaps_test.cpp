// Threads that read, write and grow a sync map while the hash of one of its keys throws, and when it has ceased to.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

std::atomic<bool> refuses{false};
constexpr std::uint64_t refused = 7;

struct refusing_hash {
  std::size_t operator()(std::uint64_t key) const {
    if (key == refused && refuses.load(std::memory_order_relaxed)) throw std::runtime_error("refused");
    return evac::hash<std::uint64_t>{}(key);
  }
};

// Keys 1 and 2 have homes of their own in the first table, and throw as long as this says.
int refused_keys = 0;
struct two_refusing_hash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t key) const {
    if (key != 0 && key <= static_cast<std::uint64_t>(refused_keys)) throw std::runtime_error("refused");
    if (key == 1) return 3;
    if (key == 2) return 9;
    return evac::hash<std::uint64_t>{}(key);
  }
};
using two_refusing_map = evac::sync_map<std::uint64_t, std::uint64_t, two_refusing_hash>;

}  // namespace

TEST_CASE("a bucket that can never be split does not keep those behind it from being split later") {
  two_refusing_map map;
  map.store(1, 1);
  map.store(2, 2);
  std::uint64_t key = 100;
  refused_keys = 2;
  for (int i = 0; i < 2000; ++i) map.store(key++, 0);
  REQUIRE(map.stats().unsplit_buckets > 0);
  refused_keys = 1;
  CHECK_THROWS_AS(map.reserve(60'000), std::runtime_error);
  const std::size_t homes = map.stats().table.home_buckets;
  const std::size_t unsplit = map.stats().unsplit_buckets;
  CAPTURE(homes, unsplit);
  CHECK(unsplit <= (homes + unsplit) / 16 + 1);  // descendants of one of sixteen
  for (int i = 0; i < 200'000; ++i) map.store(key++, 0);
  CHECK(map.stats().unsplit_buckets <= map.stats().table.home_buckets / 8);
  refused_keys = 0;
  map.reserve(300'000);
  CHECK(map.stats().unsplit_buckets == 0);
  CHECK_VALID_SYNC(map);
}

TEST_CASE("range() lets garbage go between buckets, also of a table with a bucket that could not be split") {
  evac::epoch_domain domain;
  two_refusing_map map(domain);
  map.store(1, 1);
  refused_keys = 1;
  for (std::uint64_t key = 100; key < 50'000; ++key) map.store(key, key);
  refused_keys = 0;
  REQUIRE(map.stats().unsplit_buckets > 0);
  const std::size_t before = domain.stats().epoch;
  std::size_t seen = 0;
  std::size_t flushes = 0;
  map.range([&](std::uint64_t, std::uint64_t) {
    if (++seen % 1000 == 0) {
      in_threads(1, [&](std::size_t) { static_cast<void>(domain.flush()); });
      ++flushes;
    }
    return true;
  });
  CHECK(seen == map.size());
  REQUIRE(flushes > 10);
  CHECK(domain.stats().epoch - before > flushes / 2);  // a walk under one guard would let it go on once
}

TEST_CASE("all threads find everything beside a bucket that cannot be split, and when it can be again") {
  evac::sync_map<std::uint64_t, std::uint64_t, refusing_hash> map;
  constexpr std::uint64_t few = 40;
  constexpr std::size_t threads = 4;
  constexpr std::uint64_t each = 4000;
  for (std::uint64_t i = 0; i < few; ++i) map.store(i, i);
  refuses = true;
  const std::size_t wrong = in_threads(threads, [&](std::size_t thread) {
    std::size_t missed = 0;
    for (std::uint64_t i = 0; i < each; ++i) {
      const std::uint64_t key = few + i * threads + thread;
      missed += map.store(key, key) ? 0U : 1U;
      if (i == each / 2 && thread == 0) refuses = false;
      const std::uint64_t other = (key * 7919) % (i + 1) * threads + thread + few;
      missed += map.load(other) == other ? 0U : 1U;
      if (i % 3 == 0) {
        missed += map.erase(other) ? 0U : 1U;
        missed += map.store(other, other) ? 0U : 1U;
      }
      missed += map.load(i % few == refused ? 0 : i % few) == (i % few == refused ? 0 : i % few) ? 0U : 1U;
    }
    return missed;
  });
  CHECK(wrong == 0);
  CHECK(map.size() == few + threads * each);
  CHECK_VALID_SYNC(map);
  map.reserve(2 * threads * each);
  CHECK(map.stats().unsplit_buckets == 0);
  CHECK(map.load(refused) == refused);
  CHECK_VALID_SYNC(map);
}
