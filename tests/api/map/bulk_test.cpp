// Calls that take many keys or elements: find_many, erase_many and insert of ranges, which hash and fetch ahead.
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <functional>
#include <list>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/axes.hpp"
#include "support/call_counts.hpp"
#include "support/catch.hpp"
#include "support/failures.hpp"
#include "support/leak_check.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

/// More than are hashed ahead, and fewer.
constexpr int range_sizes[] = {0, 1, 2, 31, 32, 33, 63, 64, 65, 200};

std::vector<std::pair<tracked, tracked>> pairs_up_to(int n) {
  std::vector<std::pair<tracked, tracked>> pairs;
  for (int i = 0; i < n; ++i) pairs.emplace_back(i, i);
  return pairs;
}

}  // namespace

TEST_CASE("find_many calls for each present key, in order, with what a change of the value reaches") {
  evac::map<int, int> map;
  for (int i = 0; i < 300; i += 2) map.emplace(i, i);
  for (const int n : range_sizes) {
    std::vector<int> keys;
    std::vector<int> present;
    for (int i = 0; i < n; ++i) {
      keys.push_back(i * 7 % 311);
      if (keys.back() % 2 == 0 && keys.back() < 300) present.push_back(keys.back());
    }
    std::vector<int> seen;
    REQUIRE(map.find_many(keys, [&](auto& element) { seen.push_back(element.first); }) == present.size());
    REQUIRE(seen == present);
    seen.clear();
    REQUIRE(std::as_const(map).find_many(
                std::span(keys), [&](const auto& element) { seen.push_back(element.second); }) == present.size());
    REQUIRE(seen == present);
  }
  map.find_many(std::vector{4, 4, 5}, [](auto& element) { element.second += 1; });
  REQUIRE(map.at(4) == 6);
}

TEST_CASE("find_many tells the index of each key that is there to a function that takes it") {
  evac::map<int, int> map;
  for (int i = 0; i < 300; i += 2) map.emplace(i, i);
  for (const int n : range_sizes) {
    std::vector<int> keys;
    std::vector<std::size_t> present;
    for (int i = 0; i < n; ++i) {
      keys.push_back(i * 7 % 311);
      if (keys.back() % 2 == 0 && keys.back() < 300) present.push_back(static_cast<std::size_t>(i));
    }
    std::vector<std::size_t> seen;
    const auto note = [&](std::size_t index, auto& element) {
      seen.push_back(element.first == keys[index] ? index : keys.size());
    };
    REQUIRE(map.find_many(keys, note) == present.size());
    REQUIRE(seen == present);
    seen.clear();
    REQUIRE(std::as_const(map).find_many(keys, note) == present.size());
    REQUIRE(seen == present);
  }
  map.find_many(std::vector{4, 8}, [](std::size_t index, auto& element) { element.second = static_cast<int>(index); });
  REQUIRE(map.at(8) == 1);
  const evac::set<int> set{1, 3};
  std::size_t last = 9;
  REQUIRE(set.find_many(std::vector{3, 2, 1}, [&](std::size_t index, const int&) { last = index; }) == 2);
  REQUIRE(last == 2);
}

TEST_CASE("find_many and erase_many of an empty map find nothing") {
  evac::map<int, int> map;
  const std::vector<int> keys{1, 2, 3};
  REQUIRE(map.find_many(keys, [](auto&) { FAIL("there is none"); }) == 0);
  REQUIRE(map.erase_many(keys) == 0);
  REQUIRE(map.bucket_count() == 0);
}

TEST_CASE("bulk calls look up keys of other types as single calls do") {
  evac::map<std::string, int> words{{"one", 1}, {"two", 2}, {"three", 3}};
  const std::list<std::string_view> views{"two", "four", "one"};
  int sum = 0;
  REQUIRE(words.find_many(views, [&](const auto& element) { sum += element.second; }) == 2);
  REQUIRE(sum == 3);
  REQUIRE(words.erase_many(views) == 2);
  REQUIRE(words.size() == 1);
  evac::set<long> numbers{1, 2, 3};
  REQUIRE(numbers.find_many(std::vector<short>{2, 9}, [](const long& each) { REQUIRE(each == 2); }) == 1);
  REQUIRE(numbers.erase_many(std::vector<short>{3, 3, 9}) == 1);
  REQUIRE(numbers == evac::set<long>{1, 2});
}

TEMPLATE_TEST_CASE("bulk calls do what single calls do, through growth and with chains of any length", "", identity_map,
                   constant_map, four_bit_map, (evac::map<std::uint64_t, int>)) {
  TestType map;
  if (GENERATE(false, true)) map.reserve(100'000);  // so large that elements are fetched ahead
  std::unordered_map<std::uint64_t, int> model;
  std::mt19937_64 random(evac_test::seed());
  for (int round = 0; round < 60; ++round) {
    const auto n = static_cast<std::size_t>(range_sizes[random() % std::size(range_sizes)]);
    std::vector<std::pair<std::uint64_t, int>> elements;
    std::vector<std::uint64_t> keys;
    for (std::size_t i = 0; i < n; ++i) {
      elements.emplace_back(random() % 500, static_cast<int>(i));
      keys.push_back(random() % 500);
    }
    if (round % 2 == 0) {
      map.insert(elements.begin(), elements.end());
    } else {
      map.insert_range(elements);
    }
    model.insert(elements.begin(), elements.end());
    CHECK_VALID(map);
    std::size_t present = 0;
    for (const std::uint64_t key : keys) present += model.count(key);
    REQUIRE(map.find_many(keys, [&](auto& element) { REQUIRE(model.at(element.first) == element.second); }) == present);
    std::size_t erased = 0;
    for (const std::uint64_t key : keys) erased += model.erase(key);
    REQUIRE(map.erase_many(keys) == erased);
    CHECK_VALID(map);
    REQUIRE(map.size() == model.size());
  }
}

TEST_CASE("each key of a bulk call is hashed once") {
  evac::map<int, int, noting_hash, stored_first> map;
  std::vector<std::pair<int, int>> elements;
  std::vector<int> keys;
  for (int i = 0; i < 100; ++i) {
    elements.emplace_back(i, i);
    keys.push_back(2 * i);
  }
  map.reserve(200'000);  // so large that elements are fetched ahead
  REQUIRE(counted_calls([&] { map.insert(elements.begin(), elements.end()); }).hashes == 100);
  REQUIRE(counted_calls([&] { map.find_many(keys, [](const auto&) {}); }).hashes == 100);
  REQUIRE(counted_calls([&] { REQUIRE(map.erase_many(keys) == 50); }).hashes == 100);
}

TEST_CASE("where a range of elements throws, those before are in, and none behind") {
  const leak_check none_left;
  const auto elements = pairs_up_to(100);
  for (countdown* const source : {&fail_hash, &fail_copy, &fail_allocation}) {
    fail_each_call(*source, [&](failing_run& run) {
      fragile_map map;
      if (source != &fail_allocation) map.reserve(100'000);  // so large that elements are fetched ahead
      run([&] { map.insert(elements.begin(), elements.end()); });
      CHECK_VALID(map);
      if (!run.threw()) REQUIRE(map.size() == elements.size());
      for (std::size_t i = 0; i < elements.size(); ++i) {
        REQUIRE(map.contains(elements[i].first) == (i < map.size()));
      }
    });
  }
}

TEST_CASE("the n-th hash of a range that fails leaves n - 1 elements, although others had been hashed") {
  const auto elements = pairs_up_to(100);
  fragile_map map;
  map.reserve(100'000);  // no split asks for a hash, and elements are fetched ahead
  for (const std::size_t n : {1U, 2U, 32U, 33U, 64U, 100U}) {
    map.clear();
    failing_run run(fail_hash, n);
    run([&] { map.insert_range(elements); });
    REQUIRE(run.threw());
    REQUIRE(map.size() == n - 1);
  }
}

TEST_CASE("where a bulk look-up or a bulk erase throws, the keys before are done, and none behind") {
  const leak_check none_left;
  fragile_map full;
  std::vector<tracked> keys;
  for (int i = 0; i < 100; ++i) {
    full.try_emplace(tracked(i), i);
    keys.emplace_back(i);
  }
  for (countdown* const source : {&fail_hash, &fail_equal}) {
    fail_each_call(*source, [&](failing_run& run) {
      int next = 0;
      run([&] { full.find_many(keys, [&](const auto& element) { REQUIRE(element.first.value() == next++); }); });
      if (!run.threw()) REQUIRE(next == 100);
    });
    fail_each_call(*source, [&](failing_run& run) {
      fragile_map map = full;
      run([&] { map.erase_many(keys); });
      CHECK_VALID(map);
      const std::size_t gone = full.size() - map.size();
      for (std::size_t i = 0; i < keys.size(); ++i) REQUIRE(map.contains(keys[i]) == (i >= gone));
    });
  }
}

TEST_CASE("what the function of find_many throws passes through") {
  evac::map<int, int> map{{1, 1}, {2, 2}, {3, 3}};
  int calls = 0;
  const auto second_fails = [&](auto&) {
    if (++calls == 2) throw std::runtime_error("enough");
  };
  REQUIRE_THROWS_AS(map.find_many(std::vector{1, 2, 3}, second_fails), std::runtime_error);
  REQUIRE(calls == 2);
  REQUIRE(map.size() == 3);
}
