// Operations on many elements of a cache: traversals, erase_if, another capacity, ranges of keys and of elements.
#include <algorithm>
#include <cstddef>
#include <evac/cache.hpp>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

namespace {

struct told_cache {
  told_cache(std::size_t shard_count, std::size_t capacity)
      : cached(evac::shards{shard_count}, capacity,
               [this](const int& key, int&, evac::removal_cause cause) { told.emplace_back(key, cause); }) {}
  void fill(int count) {
    for (int key = 0; key < count; ++key) cached.put(key, 10 * key);
  }
  [[nodiscard]] std::size_t told_as(evac::removal_cause cause) const {
    return static_cast<std::size_t>(
        std::count_if(told.begin(), told.end(), [&](const auto& each) { return each.second == cause; }));
  }

  std::vector<std::pair<int, evac::removal_cause>> told;
  evac::cache<int, int> cached;
};

}  // namespace

TEST_CASE("for_each of a cache visits each element once, and is no request") {
  told_cache all(4, 1000);
  all.fill(500);
  std::map<int, int> seen;
  CHECK(all.cached.for_each([&](const int& key, const int& value) { seen[key] += value + 1; }) == 500);
  CHECK(seen.size() == 500);
  bool right = true;
  for (const auto& [key, sum] : seen) right = right && sum == 10 * key + 1;
  CHECK(right);
  CHECK(all.cached.counters().hits == 0);
}

TEST_CASE("erase_if of a cache erases what the predicate says, and tells of each") {
  told_cache all(4, 1000);
  all.fill(500);
  CHECK(all.cached.erase_if([](const int& key, const int& value) { return key % 3 == 0 && value == 10 * key; }) == 167);
  CHECK(all.cached.size() == 333);
  CHECK(all.told.size() == 167);
  CHECK(all.told_as(evac::removal_cause::erased) == 167);
  CHECK_FALSE(all.cached.contains(3));
  CHECK(all.cached.contains(4));
  CHECK(all.cached.counters().erased == 167);
}

TEST_CASE("a predicate of erase_if that throws has erased, and told, what it was true for before") {
  told_cache all(1, 1000);
  all.fill(100);
  int asked = 0;
  CHECK_THROWS_AS(all.cached.erase_if([&](const int&, const int&) {
    if (++asked == 41) throw std::runtime_error("no");
    return true;
  }),
                  std::runtime_error);
  CHECK(all.told.size() == 40);
  CHECK(all.cached.size() == 60);
  all.cached.clear();
  CHECK(all.told.size() == 100);
}

TEST_CASE(
    "a cache that is made smaller evicts 16 of each shard at once, and one for each key that comes beyond its own") {
  told_cache all(1, 1000);
  all.fill(1000);
  all.cached.set_capacity(900);
  CHECK(all.cached.capacity() == 900);
  CHECK(all.cached.size() == 1000 - 16);
  for (int key = 1000; all.cached.size() != 900; ++key) {
    const std::size_t before = all.cached.size();
    all.cached.put(key, 0);
    REQUIRE(all.cached.size() == before - 1);
  }
  all.cached.put(5000, 0);
  CHECK(all.cached.size() == 900);
  CHECK(all.told_as(evac::removal_cause::size) == all.told.size());
}

TEST_CASE("a cache that is made larger keeps more, and one that is made empty keeps nothing new") {
  told_cache all(1, 10);
  all.fill(20);
  CHECK(all.cached.size() == 10);
  all.cached.set_capacity(15);
  for (int key = 100; key < 120; ++key) all.cached.put(key, 0);
  CHECK(all.cached.size() == 15);
  all.cached.set_capacity(0);
  CHECK(all.cached.empty());
  all.cached.put(1, 1);
  CHECK(all.cached.empty());
  all.cached.set_capacity(100);
  all.fill(50);
  all.cached.set_capacity(0);
  CHECK(all.cached.size() == 34);
  CHECK_FALSE(all.cached.put(49, 1));  // its element is replaced by one that there is no room for
  CHECK(all.cached.size() == 33);
  CHECK_FALSE(all.cached.contains(49));
}

TEST_CASE("each put of a new key into a cache that was made empty takes out one of those that are left") {
  told_cache all(1, 100);
  all.fill(50);
  all.cached.set_capacity(0);
  CHECK(all.cached.size() == 34);
  for (int key = 100; key < 134; ++key) all.cached.put(key, 0);
  CHECK(all.cached.empty());
  CHECK(all.told.size() == 50 + 34);
}

TEST_CASE("the order of a cache keeps no more places of erased elements than there are elements, but for some") {
  evac::cache<int, int> cached(evac::shards{1}, 100'000);
  for (int key = 0; key < 100'000; ++key) cached.put(key, 0);
  const std::size_t full = cached.memory_usage();
  for (int round = 0; round < 10; ++round) {
    for (int key = 0; key < 100'000; ++key) CHECK_FALSE(cached.erase(key) == 0);
    for (int key = 0; key < 100'000; ++key) cached.put(key, 0);
  }
  CHECK(cached.memory_usage() < full * 5 / 4);
}

TEST_CASE("a capacity beyond what a shard can hold is refused, and changes nothing") {
  told_cache all(2, 10);
  CHECK_THROWS_AS(all.cached.set_capacity(std::size_t{1} << 40U), std::length_error);
  CHECK(all.cached.capacity() == 10);
}

TEST_CASE("of several threads that set the capacity one prevails, in all shards") {
  constexpr std::size_t threads = 4;
  told_cache all(8, 800);
  in_threads(threads, [&](std::size_t thread) {
    for (std::size_t i = 0; i < 200; ++i) all.cached.set_capacity(400 + 8 * thread);
  });
  const std::size_t capacity = all.cached.capacity();
  all.fill(20'000);
  CHECK(all.cached.size() == capacity);
}

TEST_CASE("a bulk look-up finds what is there, in order, and counts a request for each key") {
  told_cache all(4, 1000);
  all.fill(300);
  std::vector<int> keys;
  for (int key = 200; key < 400; ++key) keys.push_back(key);
  std::vector<int> found;
  CHECK(all.cached.get(keys.begin(), keys.end(), [&](const int& key, const int& value) {
    found.push_back(key);
    found.push_back(value);
  }) == 100);
  std::vector<int> expected;
  for (int key = 200; key < 300; ++key) expected.insert(expected.end(), {key, 10 * key});
  CHECK(found == expected);
  CHECK(all.cached.counters().hits == 100);
  CHECK(all.cached.counters().misses == 100);
}

TEST_CASE("what a bulk look-up finds stays when others make room") {
  told_cache all(1, 20);
  all.fill(20);
  const std::vector<int> hot{3, 7, 11};
  all.cached.get(hot.begin(), hot.end(), [](const int&, const int&) {});
  for (int key = 100; key < 117; ++key) all.cached.put(key, 0);
  for (const int key : hot) CHECK(all.cached.contains(key));
  CHECK(all.told.size() == 17);
}

TEST_CASE("a range of pairs is put in, by moving where it is one that is moved from") {
  evac::cache<std::string, std::unique_ptr<int>> cached(100);
  std::vector<std::pair<std::string, std::unique_ptr<int>>> pairs;
  for (int i = 0; i < 10; ++i) pairs.emplace_back(std::to_string(i % 8), std::make_unique<int>(i));
  CHECK(cached.put_range(
            std::ranges::subrange(std::make_move_iterator(pairs.begin()), std::make_move_iterator(pairs.end()))) == 8);
  int seen = 0;
  CHECK(cached.get("1", [&](const std::unique_ptr<int>& value) { seen = *value; }));
  CHECK(seen == 9);
  const std::map<std::string, int> words{{"one", 1}, {"two", 2}};
  evac::cache<std::string, int> lengths(100);
  CHECK(lengths.put_range(words) == 2);
  CHECK(lengths.get("two") == 2);
}

TEST_CASE("a cache says how much memory it holds, and lets an observer know of its growth") {
  struct counting : evac::observer {
    void growth_begun(const growth_event&) noexcept override { ++growths; }
    std::size_t growths = 0;
  } watcher;
  told_cache all(1, 1000);
  all.cached.observe(&watcher);
  CHECK(all.cached.observed_by() == &watcher);
  const std::size_t empty = all.cached.memory_usage();
  all.fill(1000);
  CHECK(watcher.growths > 3);
  CHECK(all.cached.memory_usage() >= empty + 1000 * (sizeof(std::pair<int, int>) + sizeof(int)));
  all.cached.observe(nullptr);
  const std::size_t before = watcher.growths;
  all.cached.set_capacity(4000);
  all.fill(4000);
  CHECK(watcher.growths == before);
}
