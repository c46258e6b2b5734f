// Every member of sharded maps and sets that works on a range or on all elements, with its return values.
#include <algorithm>
#include <array>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

using int_shards = evac::sharded_map<int, int>;
using value = int_shards::value_type;
using pairs = std::vector<std::pair<const int, int>>;

/// Keys 1, 2, 3 and 2 again: the second 2 is not inserted.
const pairs four_values{{1, 10}, {2, 20}, {3, 30}, {2, 200}};

/// A map in which 3 is present, so that of four_values two are inserted, and 3 and 2 are met.
int_shards map_with_three(std::size_t count) {
  int_shards map(evac::shards{count});
  map.emplace(3, 3);
  return map;
}

template <class Insert>
void check_number(const Insert& insert) {
  for (const std::size_t count : shard_counts) {
    int_shards map = map_with_three(count);
    std::vector<int> inserted;
    std::vector<int> met;
    const std::size_t number = insert(
        map, [&](const value& element) { inserted.push_back(element.first); },
        [&, once = std::unique_ptr<int>()](const value& element) { met.push_back(element.first); });
    CHECK(number == 2);
    CHECK(met == std::vector<int>{3, 2});
    CHECK((inserted.empty() || inserted == std::vector<int>{1, 2}));
    CHECK(map.size() == 3);
    CHECK(map.find(3) == 3);
    CHECK(map.find(2) == 20);
    CHECK_VALID_SHARDS(map);
  }
}
}  // namespace

TEST_CASE("insert of a range, a list or anything iterable says how many it inserted") {
  for (const std::size_t count : shard_counts) {
    int_shards map = map_with_three(count);
    CHECK(map.insert(four_values.begin(), four_values.end()) == 2);
    CHECK(map.insert(four_values.begin(), four_values.end()) == 0);
    CHECK(map.insert({{4, 4}, {5, 5}, {1, 1}}) == 2);
    CHECK(map.insert_range(std::map<int, int>{{6, 6}, {1, 1}}) == 1);
    std::vector<std::pair<int, int>> others{{7, 7}, {8, 8}};
    CHECK(map.insert_range(others) == 2);
    CHECK(map.insert(others.begin(), others.begin()) == 0);
    CHECK(map.size() == 8);
    CHECK(map.find(2) == 20);
    CHECK_VALID_SHARDS(map);
  }
  std::istringstream words("a b c a");
  evac::sharded_set<std::string> seen;
  CHECK(seen.insert(std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()) == 3);
}

TEST_CASE("the visiting inserts of ranges and lists say how many they inserted, and visit each that is met") {
  check_number([](auto& map, auto&&, auto&& met) {
    return map.insert_or_visit(four_values.begin(), four_values.end(), std::move(met));
  });
  check_number([](auto& map, auto&&, auto&& met) {
    return map.insert_or_cvisit(four_values.begin(), four_values.end(), std::move(met));
  });
  check_number([](auto& map, auto&&, auto&& met) { return map.insert_range_or_visit(four_values, std::move(met)); });
  check_number(
      [](auto& map, auto&&, auto&& met) { return map.insert_range_or_cvisit(pairs(four_values), std::move(met)); });
  check_number([](auto& map, auto&& inserted, auto&& met) {
    return map.insert_range_and_visit(four_values, inserted, std::move(met));
  });
  check_number([](auto& map, auto&& inserted, auto&& met) {
    return map.insert_range_and_cvisit(pairs(four_values), inserted, std::move(met));
  });
  check_number([](auto& map, auto&&, auto&& met) {
    return map.insert_or_visit({{1, 10}, {2, 20}, {3, 30}, {2, 200}}, std::move(met));
  });
  check_number([](auto& map, auto&&, auto&& met) {
    return map.insert_or_cvisit({{1, 10}, {2, 20}, {3, 30}, {2, 200}}, std::move(met));
  });
  check_number([](auto& map, auto&& inserted, auto&& met) {
    return map.insert_and_visit(four_values.begin(), four_values.end(), inserted, std::move(met));
  });
  check_number([](auto& map, auto&& inserted, auto&& met) {
    return map.insert_and_cvisit(four_values.begin(), four_values.end(), inserted, std::move(met));
  });
  check_number([](auto& map, auto&& inserted, auto&& met) {
    return map.insert_and_visit({{1, 10}, {2, 20}, {3, 30}, {2, 200}}, inserted, std::move(met));
  });
  check_number([](auto& map, auto&& inserted, auto&& met) {
    return map.insert_and_cvisit({{1, 10}, {2, 20}, {3, 30}, {2, 200}}, inserted, std::move(met));
  });
}

TEST_CASE("bulk visits find those keys that are there, in their order, twice if they are asked for twice") {
  // With more than 64 shards they are put in order in another way.
  for (const std::size_t count : {std::size_t{1}, std::size_t{4}, std::size_t{64}, std::size_t{256}}) {
    int_shards map = filled_shards<int_shards>(count, 300);
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, int_shards::bulk_visit_size - 1,
                                int_shards::bulk_visit_size, int_shards::bulk_visit_size + 1, std::size_t{200}}) {
      std::list<int> keys;  // forward iterators only
      std::vector<int> wanted;
      for (std::size_t i = 0; i < n; ++i) {
        const int key = static_cast<int>(i * 7 % 600);
        keys.push_back(key);
        if (key < 300) wanted.push_back(key);
      }
      if (n > 2) {
        keys.push_back(keys.front());
        wanted.push_back(keys.front());
      }
      std::vector<int> seen;
      const auto note = [&, once = std::unique_ptr<int>()](const value& element) { seen.push_back(element.first); };
      CHECK(map.cvisit(keys.begin(), keys.end(), std::ref(note)) == wanted.size());
      CHECK(seen == wanted);
      seen.clear();
      CHECK(std::as_const(map).visit(keys.begin(), keys.end(), std::ref(note)) == wanted.size());
      CHECK(seen == wanted);
      CHECK(map.visit(keys.begin(), keys.end(), [](value& element) { element.second += 1000; }) == wanted.size());
    }
    CHECK(map.find(0) == 0 + 1000 * (5 + 4));  // once in each of five rounds, twice in those of more than two keys
    CHECK_ALL_FREE(map);
  }
}

TEST_CASE("visit_all visits every element once, and writes where it may") {
  for (const std::size_t count : shard_counts) {
    int_shards map = filled_shards<int_shards>(count, 500);
    std::set<int> seen;
    const auto note = [&](const value& element) { seen.insert(element.first); };
    CHECK(map.cvisit_all(note) == 500);
    CHECK(seen.size() == 500);
    seen.clear();
    CHECK(std::as_const(map).visit_all(note) == 500);
    CHECK(seen.size() == 500);
    CHECK(map.visit_all([](value& element) { ++element.second; }) == 500);
    std::size_t changed = 0;
    map.cvisit_all([&](const value& element) { changed += element.second == element.first + 1 ? 1 : 0; });
    CHECK(changed == 500);
    CHECK(int_shards().visit_all([](value&) {}) == 0);
  }
}

TEST_CASE("visit_while goes on until a visitor says no, and says whether none did") {
  for (const std::size_t count : shard_counts) {
    int_shards map = filled_shards<int_shards>(count, 500);
    const int_shards& constant = map;
    int left = 0;
    const auto down = [&](const value&) { return --left != 0; };
    left = 501;
    CHECK(map.visit_while(down));
    CHECK(left == 1);
    left = 200;
    CHECK_FALSE(map.visit_while(down));
    CHECK(left == 0);
    left = 500;
    CHECK_FALSE(constant.visit_while(down));
    CHECK(left == 0);
    left = 1;
    CHECK_FALSE(map.cvisit_while(down));
    CHECK(left == 0);
    left = 501;
    CHECK(map.cvisit_while(down));
    CHECK(map.visit_while([](value& element) {
      element.second = 7;
      return true;
    }));
    CHECK(map.find(499) == 7);
    CHECK(int_shards().visit_while([](value&) { return false; }));
    CHECK_ALL_FREE(map);
  }
}

TEST_CASE("erase_if of all erases just what the predicate asks for, once asked about each") {
  for (const std::size_t count : shard_counts) {
    int_shards map = filled_shards<int_shards>(count, 500);
    std::size_t asked = 0;
    CHECK(map.erase_if([&](value& element) {
      ++asked;
      element.second += 1;
      return element.first % 3 == 0;
    }) == 167);
    CHECK(asked == 500);
    CHECK(map.size() == 333);
    CHECK_FALSE(map.contains(0));
    CHECK(map.find(1) == 2);
    CHECK(erase_if(map, [](const value& element) { return element.first % 3 == 1; }) == 167);
    CHECK(map.size() == 166);
    CHECK_VALID_SHARDS(map);
    CHECK(map.erase_if([](const value&) { return true; }) == 166);
    CHECK(map.empty());
    evac::sharded_set<std::string> set{"a", "b"};
    CHECK(erase_if(set, [](const std::string& key) { return key == "a"; }) == 1);
  }
}

TEST_CASE("for_each sees every element that stays once while it inserts, erases and looks up in the same map") {
  for (const std::size_t count : shard_counts) {
    int_shards map = filled_shards<int_shards>(count, 300);
    std::map<int, int> seen;
    int next = 1000;
    map.for_each([&](const value& element) {
      ++seen[element.first];
      for (int i = 0; i < 5; ++i) map.emplace(next++, 0);  // makes every shard grow meanwhile
      if (element.first % 3 == 0) map.erase(element.first);
      CHECK(map.contains(element.first) == (element.first % 3 != 0));
    });
    int permanent = 0;
    for (const auto& [key, times] : seen) {
      CHECK(times == 1);
      permanent += key < 300 ? 1 : 0;
    }
    CHECK(permanent == 300);
    CHECK_VALID_SHARDS(map);
    std::size_t cleared_after = 0;
    map.for_each([&](const value&) {
      ++cleared_after;
      map.clear();
    });
    CHECK(cleared_after >= 1);
    CHECK(cleared_after < 100);
    CHECK(map.empty());
  }
}
