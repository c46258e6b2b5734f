// A cache whose capacity is a weight: the bound, what makes room for what, and what is refused.
#include <cstddef>
#include <evac/cache.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/failures.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

namespace {

/// A value weighs what it says.
struct value_itself {
  std::size_t operator()(const int&, const std::size_t& value) const { return value; }
};
using heavy_cache = evac::weighed_cache<int, std::size_t, value_itself>;

struct told_cache {
  explicit told_cache(evac::cache_options options)
      : cached(options,
               [this](const int& key, std::size_t&, evac::removal_cause cause) { told.emplace_back(key, cause); }) {}
  [[nodiscard]] std::size_t weight_of_all() const {
    std::size_t sum = 0;
    cached.for_each([&](const int&, const std::size_t& value) { sum += value; });
    return sum;
  }

  std::vector<std::pair<int, evac::removal_cause>> told;
  heavy_cache cached;
};
using evac::removal_cause;

}  // namespace

TEST_CASE("a cache weighs what its elements weigh, and never more than its capacity") {
  told_cache all({.capacity = 1000, .shard_count = 1});
  dice roll(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto key = static_cast<int>(roll(100));
    const std::size_t kind = roll(8);
    if (kind == 0) {
      all.cached.erase(key);
    } else if (kind == 1) {
      all.cached.put_if_absent(key, 1 + roll(300));
    } else if (kind == 2) {
      static_cast<void>(all.cached.get(key));
    } else {
      all.cached.put(key, 1 + roll(300));
      REQUIRE(all.cached.contains(key));
    }
    REQUIRE(all.cached.weight() <= 1000);
    if (i % 64 == 0) REQUIRE(all.cached.weight() == all.weight_of_all());
  }
  CHECK(all.told.size() > 1000);
  CHECK(all.cached.counters().weight == all.cached.weight());
  all.cached.clear();
  CHECK(all.cached.weight() == 0);
}

TEST_CASE("a heavy element makes as many others leave as it needs, also more than leave under one lock") {
  told_cache all({.capacity = 1000, .shard_count = 1});
  for (int key = 0; key < 1000; ++key) all.cached.put(key, std::size_t{1});
  CHECK(all.cached.put(5000, std::size_t{700}));
  CHECK(all.cached.weight() == 1000);
  CHECK(all.cached.size() == 301);
  CHECK(all.cached.contains(5000));
  CHECK(all.told.size() == 700);
  CHECK(all.cached.put(5001, std::size_t{1000}));
  CHECK(all.cached.size() == 1);
  CHECK(all.cached.contains(5001));
}

TEST_CASE("a value that takes the place of a lighter one makes others leave, and stays itself") {
  told_cache all({.capacity = 100, .shard_count = 1});
  for (int key = 0; key < 100; ++key) all.cached.put(key, std::size_t{1});
  CHECK_FALSE(all.cached.put(0, std::size_t{6}));
  CHECK(all.cached.weight() == 100);
  CHECK(all.cached.get(0) == 6);
  CHECK(all.told.size() == 6);  // it was replaced, and five made room
  CHECK_FALSE(all.cached.put(0, std::size_t{100}));
  CHECK(all.cached.size() == 1);
  CHECK(all.cached.get(0) == 100);
  CHECK_FALSE(all.cached.put(0, std::size_t{1}));
  CHECK(all.cached.weight() == 1);
}

TEST_CASE("an element that is heavier than a shard's part is refused, and its key has no value then") {
  told_cache all({.capacity = 100, .shard_count = 1});
  all.cached.put(1, std::size_t{10});
  all.cached.put(2, std::size_t{10});
  all.told.clear();
  CHECK(all.cached.put(3, std::size_t{101}));
  CHECK(all.told == std::vector<std::pair<int, removal_cause>>{{3, removal_cause::size}});
  all.told.clear();
  CHECK_FALSE(all.cached.put(1, std::size_t{101}));
  CHECK(all.told == std::vector<std::pair<int, removal_cause>>{{1, removal_cause::replaced}, {1, removal_cause::size}});
  CHECK_FALSE(all.cached.contains(1));
  CHECK(all.cached.put_if_absent(4, std::size_t{101}));
  CHECK_FALSE(all.cached.contains(4));
  CHECK(all.cached.get_or_compute(5, [] { return std::size_t{101}; }) == 101);
  CHECK_FALSE(all.cached.contains(5));
  CHECK(all.cached.weight() == 10);
}

TEST_CASE("what weighs nothing weighs 1") {
  told_cache all({.capacity = 10, .shard_count = 1});
  for (int key = 0; key < 30; ++key) all.cached.put(key, std::size_t{0});
  CHECK(all.cached.size() == 10);
  CHECK(all.cached.weight() == 10);
}

TEST_CASE("a cache that may weigh less from now on gets lighter with each element that comes") {
  told_cache all({.capacity = 10'000, .shard_count = 1});
  for (int key = 0; key < 1000; ++key) all.cached.put(key, std::size_t{10});
  all.cached.set_capacity(5000);
  CHECK(all.cached.weight() == 10'000 - 16 * 10);
  std::size_t before = all.cached.weight();
  for (int key = 2000; all.cached.weight() > 5000; ++key) {
    const std::size_t told_before = all.told.size();
    all.cached.put(key, std::size_t{35});
    REQUIRE(all.cached.weight() < before);
    REQUIRE(all.told.size() - told_before <= 5);  // 4 for its weight, and one more
    before = all.cached.weight();
  }
  CHECK(all.cached.sweep(1) == 0);
}

TEST_CASE("sweep evicts what a smaller capacity has left") {
  told_cache all({.capacity = 1000, .shard_count = 4});
  for (int key = 0; key < 5000; ++key) all.cached.put(key, std::size_t{1});
  const std::size_t full = all.cached.size();
  all.cached.set_capacity(100);
  CHECK(all.cached.size() == full - 4 * 16);
  const std::size_t swept = all.cached.sweep(10'000);
  CHECK(all.cached.size() == 100);
  CHECK(swept == full - 4 * 16 - 100);
}

TEST_CASE("a weigher with a state is the one that was given") {
  struct times {
    std::size_t factor = 1;
    std::size_t operator()(const std::string& key, const int&) const { return factor * key.size(); }
  };
  const evac::weighed_cache<std::string, int, times> cached({.capacity = 1000}, {}, times{7});
  auto& written = const_cast<evac::weighed_cache<std::string, int, times>&>(cached);
  written.put("four", 4);
  CHECK(cached.weight() == 28);
}

TEST_CASE("a weigher that throws leaves a cache as it was") {
  struct failing {
    std::size_t operator()(const int&, const int&) const {
      fail_function.tick();
      return 3;
    }
  };
  const failures_seen seen = fail_each_call(fail_function, [&](failing_run& run) {
    std::size_t told = 0;
    evac::weighed_cache<int, int, failing> cached({.capacity = 30, .shard_count = 1},
                                                  [&](const int&, int&, removal_cause) { ++told; });
    std::size_t done = 0;
    run([&] {
      for (int key = 0; key < 20; ++key, ++done) {
        if (key % 2 == 0) {
          cached.put(key, key);
        } else {
          cached.put_if_absent(key, key);
        }
      }
    });
    REQUIRE(cached.size() == std::min<std::size_t>(done, 10));
    REQUIRE(cached.weight() == 3 * cached.size());
    REQUIRE(told == done - cached.size());
  });
  CHECK(seen.thrown == 20);
}

TEST_CASE("threads that put at the same time weigh no more than the capacity and an element each") {
  constexpr std::size_t threads = 4;
  constexpr std::size_t heaviest = 200;
  told_cache all({.capacity = 2000, .shard_count = 2});
  std::vector<std::size_t> over(threads, 0);
  heavy_cache cached({.capacity = 2000, .shard_count = 2});
  in_threads(threads, [&](std::size_t thread) {
    dice roll(thread);
    for (int i = 0; i < 5000; ++i) {
      cached.put(static_cast<int>(roll(400)), 1 + roll(heaviest));
      if (cached.weight() > 2000 + threads * heaviest) ++over[thread];
    }
  });
  for (const std::size_t each : over) CHECK(each == 0);
  CHECK(cached.weight() <= 2000);
}
