// Every member of sharded maps and sets that works on a range, on all elements or on two maps, with its return values.
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

/// With an int for a hash and another for an equality, which merge must not confuse.
struct negating_hash {
  std::size_t operator()(int key) const { return static_cast<std::size_t>(-key); }
};
struct negating_equal {
  bool operator()(int left, int right) const { return -left == -right; }
};

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

TEST_CASE("merge moves over what is absent, from any hash, equality and number of shards") {
  using other_type = evac::sharded_map<int, int, negating_hash, negating_equal>;
  for (const std::size_t count : shard_counts) {
    for (const std::size_t other_count : shard_counts) {
      int_shards map = filled_shards<int_shards>(count, 100);
      other_type other(evac::shards{other_count});
      for (int i = 50; i < 250; ++i) other.emplace(i, -i);
      CHECK(map.merge(other) == 150);
      CHECK(map.size() == 250);
      CHECK(other.size() == 50);
      CHECK(map.find(50) == 50);
      CHECK(map.find(249) == -249);
      CHECK(other.find(99) == -99);
      CHECK_VALID_SHARDS(map);
      CHECK_VALID_SHARDS(other);
      CHECK(map.merge(std::move(other)) == 0);
      int_shards same(evac::shards{other_count});
      same.emplace(1000, 1);
      CHECK(map.merge(std::move(same)) == 1);
      CHECK(map.merge(map) == 0);
      CHECK(map.size() == 251);
      CHECK_ALL_FREE(map);
      CHECK_ALL_FREE(other);  // NOLINT(bugprone-use-after-move): merge leaves what it does not take
    }
  }
}

TEMPLATE_TEST_CASE("copies, moves, swaps and assignments carry everything between any numbers of shards", "",
                   sharded_ints, sharded_strings, sharded_throwers, sharded_identity) {
  using Map = TestType;
  for (const std::size_t count : shard_counts) {
    for (const std::size_t other_count : shard_counts) {
      const Map source = filled_shards<Map>(count, 150);
      Map copy(source);
      CHECK(copy == source);
      CHECK(copy.shard_count() == count);
      Map assigned = filled_shards<Map>(other_count, 20);
      assigned = source;
      CHECK(assigned == source);
      CHECK(assigned.shard_count() == other_count);
      CHECK_VALID_SHARDS(assigned);
      Map moved(std::move(copy));
      CHECK(moved == source);
      CHECK(copy.empty());  // NOLINT(bugprone-use-after-move): promised
      copy = filled_shards<Map>(other_count, 3);
      CHECK(copy.size() == 3);
      CHECK(copy.shard_count() == count);
      Map target = filled_shards<Map>(other_count, 20);
      target = std::move(moved);
      CHECK(target == source);
      CHECK(target.shard_count() == other_count);
      CHECK(moved.empty());  // NOLINT(bugprone-use-after-move): promised
      CHECK_VALID_SHARDS(target);
      CHECK_VALID_SHARDS(moved);
      swap(copy, target);
      CHECK(copy == source);
      CHECK(target.size() == 3);
      CHECK_VALID_SHARDS(copy);
      CHECK_VALID_SHARDS(target);
      copy.swap(copy);
      const Map& self = copy;
      copy = self;
      CHECK(copy == source);
      copy = {};
      CHECK(copy.empty());
      CHECK(target != source);
      target = source;
      CHECK_ALL_FREE(copy);
      CHECK_ALL_FREE(target);
    }
  }
}

TEST_CASE("comparison ignores order, history and the number of shards") {
  int_shards up(evac::shards{2});
  int_shards down(evac::shards{4}, 5000);
  for (int i = 0; i < 700; ++i) up.emplace(i, i);
  for (int i = 699; i >= 0; --i) down.emplace(i, i);
  CHECK(up == down);
  CHECK(up == up);
  down.insert_or_assign(3, 4);
  CHECK(up != down);
  down.erase(3);
  CHECK(up != down);
  down.emplace(-3, 3);
  CHECK(up != down);
}

TEST_CASE("a map of one owner becomes a sharded map and comes back, and a snapshot leaves the source") {
  for (const int n : {0, 1, 400}) {
    evac::map<int, int> one_owner;
    for (int i = 0; i < n; ++i) one_owner.emplace(i, i);
    const evac::map<int, int> wanted = one_owner;
    int_shards map(std::move(one_owner));
    CHECK(one_owner.empty());  // NOLINT(bugprone-use-after-move): promised
    CHECK(map.size() == static_cast<std::size_t>(n));
    CHECK_VALID_SHARDS(map);
    CHECK(map.snapshot() == wanted);
    CHECK(map.size() == static_cast<std::size_t>(n));
    evac::map<int, int> back(std::move(map));
    CHECK(back == wanted);
    CHECK(map.empty());  // NOLINT(bugprone-use-after-move): promised
    int_shards assigned = filled_shards<int_shards>(2, 1000);
    assigned = std::move(back);
    CHECK(assigned.shard_count() == 2);
    CHECK(assigned.snapshot() == wanted);
    CHECK(back.empty());  // NOLINT(bugprone-use-after-move): promised
    CHECK_VALID_SHARDS(assigned);
  }
}

TEST_CASE("clear, reserve, rehash and the numbers about them") {
  for (const std::size_t count : shard_counts) {
    int_shards map = filled_shards<int_shards>(count, 500);
    CHECK(map.bucket_count() >= 500);
    CHECK(map.load_factor() == static_cast<float>(map.size()) / static_cast<float>(map.bucket_count()));
    CHECK(map.max_load() > 0);
    CHECK(map.max_load_factor() == 1.0F);
    map.max_load_factor(0.1F);
    map.reserve(5000);
    const std::size_t roomy = map.bucket_count();
    CHECK(roomy >= 5000);
    for (int i = 500; i < 5000; ++i) map.emplace(i, i);
    CHECK(map.bucket_count() == roomy);
    map.erase_if([](const value& element) { return element.first >= 500; });
    map.rehash(0);
    CHECK(map.bucket_count() < roomy);
    map.rehash(roomy);
    CHECK(map.bucket_count() >= roomy);
    CHECK(map.size() == 500);
    CHECK_VALID_SHARDS(map);
    map.clear();
    CHECK(map.empty());
    CHECK(map.bucket_count() == 0);
    CHECK(map.load_factor() == 0.0F);
    CHECK(int_shards(evac::shards{count}, 1000).bucket_count() >= 1000);
    map.reserve(1000);
    map.rehash(0);
    CHECK(map.bucket_count() == 0);
    CHECK(map.emplace(1, 1));
  }
}

TEST_CASE("in sharded maps absurd sizes throw and change nothing") {
  int_shards map = filled_shards<int_shards>(4, 10);
  const std::size_t buckets = map.bucket_count();
  constexpr auto absurd = std::numeric_limits<std::size_t>::max();
  CHECK_THROWS_AS(map.reserve(absurd), std::length_error);
  CHECK_THROWS_AS(map.rehash(absurd), std::length_error);
  CHECK_THROWS_AS(int_shards(absurd), std::length_error);
  CHECK_THROWS_AS(int_shards(evac::shards{1}, absurd), std::length_error);
  CHECK(map.bucket_count() == buckets);
  CHECK(map.size() == 10);
  CHECK_ALL_FREE(map);
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

TEST_CASE("stats add up over the shards and print as text and as JSON") {
  int_shards map = filled_shards<int_shards>(4, 1000);
  const evac::sharded_stats stats = map.stats();
  REQUIRE(stats.shards.size() == 4);
  std::size_t size = 0;
  std::size_t slots = 0;
  for (const evac::shard_stats& each : stats.shards) {
    CHECK(each.table.size > 0);
    size += each.table.size;
    slots += each.table.slot_count;
  }
  CHECK(size == 1000);
  CHECK(stats.total.table.size == 1000);
  CHECK(stats.total.table.slot_count == slots);
  CHECK(stats.total.contended == 0);
  std::ostringstream text;
  text << stats;
  CHECK(text.str().find("evac shards: 4") != std::string::npos);
  const std::string json = stats.to_json();
  CHECK(json.find("\"total\":{\"size\":1000,") != std::string::npos);
  CHECK(std::count(json.begin(), json.end(), '{') == std::count(json.begin(), json.end(), '}'));
  CHECK(std::count(json.begin(), json.end(), '{') == 6);
}

TEST_CASE("dump_locks names every shard and the one that a visitor holds, from inside the visitor") {
  int_shards map = filled_shards<int_shards>(4, 10);
  CHECK(map.dump_locks().find("exclusively") == std::string::npos);
  std::string inside;
  map.visit(1, [&](value&) { inside = map.dump_locks(); });
  CHECK(std::count(inside.begin(), inside.end(), '\n') == 4);
  const auto held = inside.find("held exclusively");
  REQUIRE(held != std::string::npos);
  CHECK(inside.find("held exclusively", held + 1) == std::string::npos);
  CHECK(map.dump_locks().find("exclusively") == std::string::npos);
}
