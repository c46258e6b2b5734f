// Every member of sync maps that works on many keys or on all elements, with its return values, in both storages.
#include <cstdint>
#include <evac/sync_map.hpp>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/filled_sync.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("the bulk forms do to each key what the single ones do", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  using K = typename F::K;
  using V = typename F::V;
  for (const int n : {0, 1, 31, 32, 33, 200}) {
    F f(0);
    std::vector<std::pair<K, V>> pairs;
    std::vector<K> keys;
    for (int i = 0; i < n; ++i) pairs.emplace_back(F::key(i), F::value(i));
    for (int i = 0; i < 2 * n; ++i) keys.push_back(F::key(i));
    const auto count = static_cast<std::size_t>(n);
    REQUIRE(f.map.store_many(pairs) == count);
    REQUIRE(f.map.store_many(pairs) == 0);
    f.require_size(n);

    std::vector<std::optional<V>> out;
    REQUIRE(f.map.load_many(keys, std::back_inserter(out)) == count);
    REQUIRE(out.size() == keys.size());
    for (int i = 0; i < 2 * n; ++i)
      REQUIRE(out[static_cast<std::size_t>(i)] == (i < n ? std::optional<V>(F::value(i)) : std::nullopt));
    std::size_t shown = 0;
    REQUIRE(f.map.load_many(keys, [&](const K& key, const V& value) {
      shown += key == F::key(static_cast<int>(shown)) && value == F::value(static_cast<int>(shown)) ? 1 : 1000;
    }) == count);
    REQUIRE(shown == count);

    keys.resize(count + count / 2);
    REQUIRE(f.map.erase_many(keys) == count);
    REQUIRE(f.map.erase_many(keys) == 0);
    f.require_size(0);
  }
}

TEMPLATE_TEST_CASE("range visits each element once, stops when asked, and its function may do anything", "",
                   EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  using K = typename F::K;
  using V = typename F::V;
  for (const int n : sync_sizes) {
    F f(n);
    std::multiset<K> seen;
    REQUIRE(f.map.range([&](const K& key, const V& value) {
      REQUIRE(f.map.load(key) == value);
      seen.insert(key);
      return true;
    }));
    REQUIRE(seen.size() == static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) REQUIRE(seen.count(F::key(i)) == 1);

    int left = n / 2 + 1;
    CHECK(f.map.range([&](const K&, const V&) { return --left != 0; }) == (n == 0));

    // Nested, with an insert, an overwrite and an erase in each.
    std::size_t inner = 0;
    bool grown = false;
    f.map.range([&](const K& key, const V&) {
      if (!std::exchange(grown, true)) fill(f.map, n, 3 * n);
      if (inner < 3 * static_cast<std::size_t>(n)) {
        f.map.range([&](const K&, const V&) {
          ++inner;
          return true;
        });
      }
      f.map.store(key, F::value(0));
      CHECK(f.map.erase(key));
      return true;
    });
    REQUIRE((n == 0 || inner >= static_cast<std::size_t>(n)));
    for (int i = 0; i < n; ++i) REQUIRE_FALSE(f.map.contains(F::key(i)));
    REQUIRE_VALID_SYNC(f.map);

    // An inner clear() ends the outer walk, and what is stored then is not visited by it.
    fill(f.map, 0, n);
    std::size_t visited = 0;
    f.map.range([&](const K&, const V&) {
      if (visited++ == 0) f.map.clear();
      return true;
    });
    REQUIRE(visited <= static_cast<std::size_t>(3 * n));
    f.require_size(0);
  }
}

TEMPLATE_TEST_CASE("an exception of range's or load's function passes through", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  F f(60);
  const auto refuse = [](const auto&...) -> bool { throw std::runtime_error("no"); };
  CHECK_THROWS_AS(f.map.range(refuse), std::runtime_error);
  CHECK_THROWS_AS(f.map.load(F::key(1), refuse), std::runtime_error);
  CHECK_THROWS_AS(f.map.load_many(std::vector{F::key(1)}, refuse), std::runtime_error);
  CHECK_THROWS_AS(
      f.map.update(F::key(1), [](const auto&) -> std::optional<typename F::V> { throw std::runtime_error("no"); }),
      std::runtime_error);
  CHECK_THROWS_AS(f.map.load_or_compute(F::key(absent_key), []() -> typename F::V { throw std::runtime_error("no"); }),
                  std::runtime_error);
  f.require_size(60);
  REQUIRE_FLUSHED(f.map);
}

TEMPLATE_TEST_CASE("clear removes everything, and what comes after it stays", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    F f(n);
    f.map.clear();
    f.require_size(0);
    CHECK_FALSE(f.map.contains(F::key(0)));
    CHECK(f.map.range([](const auto&...) { return false; }));
    CHECK(f.map.load_and_delete(F::key(0)) == std::nullopt);
    CHECK_FALSE(f.map.compare_and_swap(F::key(0), F::value(0), F::value(1)));
    f.map.clear();
    fill(f.map, 5, n + 6);
    f.require_size(n + 1);
    for (int i = 5; i < n + 6; ++i) REQUIRE(f.map.load(F::key(i)) == F::value(i));
  }
}

TEMPLATE_TEST_CASE("snapshot has what range visits, with the functors of the map", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    const F f(n);
    const auto copy = f.map.snapshot();
    STATIC_REQUIRE(std::is_same_v<typename std::remove_const_t<decltype(copy)>::hasher, typename TestType::hasher>);
    REQUIRE(copy.size() == static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) REQUIRE(copy.at(F::key(i)) == F::value(i));
  }
}

TEMPLATE_TEST_CASE("reserve makes the homes that so many elements need, and refuses absurd numbers", "",
                   EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    F f(n);
    f.map.reserve(3000);
    f.require_size(n);
    const std::size_t homes = f.map.stats().table.home_buckets;
    const std::size_t growths = f.map.stats().table.growths;
    fill(f.map, 0, 3000);
    CHECK(f.map.stats().table.home_buckets == homes);
    CHECK(f.map.stats().table.growths == growths);
    f.require_size(3000);
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    for (const std::size_t absurd : {most, most / 2, f.map.max_size(), f.map.max_size() + 1})
      CHECK_THROWS_AS(f.map.reserve(absurd), std::length_error);
    f.require_size(3000);
    CHECK(f.map.stats().table.home_buckets == homes);
    f.map.reserve(10);
    CHECK(f.map.stats().table.home_buckets == homes);
  }
  CHECK_THROWS_AS(TestType(std::numeric_limits<std::size_t>::max()), std::length_error);
  TestType untouched;
  CHECK_THROWS_AS(TestType(untouched.max_size()), std::length_error);
  CHECK_THROWS_AS(untouched.reserve(untouched.max_size()), std::length_error);
  CHECK(untouched.memory_usage() == 0);
}

TEST_CASE("bulk writes hold no guard while they write, and so stay below the cap") {
  evac::epoch_domain domain(std::size_t{1} << 16U);
  evac::sync_map<int, std::string> map(domain);
  std::vector<std::pair<int, std::string>> pairs;
  for (int i = 0; i < 100; ++i) pairs.emplace_back(i, "a value that is too long to be stored in place");
  for (int round = 0; round < 200; ++round) map.store_many(pairs);
  const evac::epoch_stats stats = domain.stats();
  CHECK(stats.over_cap == 0);
  CHECK(stats.charged_bytes <= stats.cap_bytes);
}
