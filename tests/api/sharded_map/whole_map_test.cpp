// Sharded maps as values: merges, copies, moves, swaps, comparison, conversion, room, and what they say of themselves.
#include <algorithm>
#include <cstddef>
#include <evac/detail/platform/thread_id.hpp>
#include <evac/map.hpp>
#include <evac/sharded_map.hpp>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

using int_shards = evac::sharded_map<int, int>;
using value = int_shards::value_type;

/// With an int for a hash and another for an equality, which merge must not confuse.
struct negating_hash {
  std::size_t operator()(int key) const { return static_cast<std::size_t>(-key); }
};
struct negating_equal {
  bool operator()(int left, int right) const { return -left == -right; }
};

}  // namespace

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
  if constexpr (EVAC_CHECKS != 0) {
    // As debuggers, /proc and top number it.
    CHECK(inside.find("held exclusively by thread " + std::to_string(evac::detail::system_thread_id()) + "\n", held) ==
          held);
  }
  CHECK(inside.find("held exclusively", held + 1) == std::string::npos);
  CHECK(map.dump_locks().find("exclusively") == std::string::npos);
}
