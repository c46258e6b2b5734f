// Look-ups of maps and sets that count them: which calls are counted, and that nothing is where they are not.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"

namespace {

using counted = evac::counted_lookups<evac::hash<std::string>>;
using owned_map = evac::map<std::string, int, counted>;
using owned_set = evac::set<std::string, counted>;
using shared_map = evac::sharded_map<std::string, int, counted>;
using shared_set = evac::sharded_set<std::string, counted>;
using read_map = evac::sync_map<std::string, int, counted>;
using read_set = evac::sync_set<std::string, counted>;
constexpr std::array<std::string_view, 3> two_of_three = {"a", "x", "b"};
constexpr auto nothing = [](const auto&...) {};

/// What a call of a map has counted.
template <class Map, class Call>
[[nodiscard]] std::pair<std::size_t, std::size_t> counted_by(Map& map, const Call& call) {
  const evac::map_counters before = map.counters();
  call(map);
  const evac::map_counters after = map.counters();
  return {after.hits - before.hits, after.misses - before.misses};
}
/// Hits and misses.
using counts = std::pair<std::size_t, std::size_t>;

/// The calls that all maps and sets have which are no look-ups.
template <class Map>
void check_others(Map& map) {
  CHECK(counted_by(map, [](Map& of) { of.prefetch("a"); }) == counts(0, 0));
  CHECK(counted_by(map, [](Map& of) { static_cast<void>(of.prepare("a")); }) == counts(0, 0));
  CHECK(counted_by(map, [](Map& of) { of.erase("x"); }) == counts(0, 0));
  CHECK(counted_by(map, [](Map& of) { of.erase(of.prepare("y")); }) == counts(0, 0));
}

struct plain_hash final {
  std::uint64_t seed;
  using counts_lookups = void;
  std::size_t operator()(int key) const noexcept { return static_cast<std::size_t>(key) ^ seed; }
};
struct seeded {
  std::uint64_t seed = 0;
  std::size_t operator()(int key) const noexcept { return static_cast<std::size_t>(key) ^ seed; }
};
struct always_spread : seeded {};

}  // namespace

template <>
struct evac::is_avalanching<always_spread> : std::true_type {};

TEST_CASE("a counted hash has what the hash has") {
  STATIC_REQUIRE(evac::is_avalanching<counted>::value);
  STATIC_REQUIRE(evac::is_avalanching<evac::counted_lookups<always_spread>>::value);
  STATIC_REQUIRE(!evac::is_avalanching<evac::counted_lookups<seeded>>::value);
  STATIC_REQUIRE(requires { typename counted::is_transparent; });
  STATIC_REQUIRE(std::is_empty_v<counted>);
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<counted>);
  CHECK(counted()(std::string_view("a")) == evac::hash<std::string>()("a"));
  const evac::map<int, int, evac::counted_lookups<seeded>> map(0, seeded{7});
  CHECK(map.hash_function().seed == 7);
}

TEST_CASE("a map that counts no look-ups is no larger for it, and says so") {
  using plain = evac::hash<std::string>;
  STATIC_REQUIRE(std::is_empty_v<evac::detail::counts_if<evac::detail::counts_lookups<plain>, int>>);
  STATIC_REQUIRE(sizeof(owned_map) > sizeof(evac::map<std::string, int>));
  STATIC_REQUIRE(sizeof(shared_map) > sizeof(evac::sharded_map<std::string, int>));
  STATIC_REQUIRE(sizeof(read_map) > sizeof(evac::sync_map<std::string, int>));
  const evac::map<std::string, int> map = {{"a", 1}};
  CHECK(map.contains("a"));
  CHECK(!map.counters().counts_lookups);
  CHECK(map.counters().hits == 0);
  CHECK(owned_map().counters().counts_lookups);
  CHECK(shared_map().counters().counts_lookups);
  CHECK(read_map().counters().counts_lookups);
}

TEST_CASE("any hash with the member type counts_lookups has its map count") {
  evac::map<int, int, plain_hash> map(0, plain_hash{1});
  map[1] = 1;
  CHECK(map.count(1) + map.count(2) == 1);
  CHECK(map.counters().hits == 1);
  CHECK(map.counters().misses == 1);
  CHECK(map.counters().hit_ratio() == 0.5);
}

TEST_CASE("a map of one owner counts the calls that ask for a key, and no others") {
  owned_map map = {{"a", 1}, {"b", 2}};
  const owned_map& same = map;
  CHECK(counted_by(map, [](owned_map& of) { of.find("a")->second = 3; }) == counts(1, 0));
  CHECK(counted_by(map, [&](owned_map&) { CHECK(same.find(std::string("x")) == same.end()); }) == counts(0, 1));
  CHECK(counted_by(map, [&](owned_map&) { CHECK(same.contains("a")); }) == counts(1, 0));
  CHECK(counted_by(map, [&](owned_map&) { CHECK(same.count("x") == 0); }) == counts(0, 1));
  CHECK(counted_by(map, [&](owned_map&) { CHECK(same.equal_range("b").first->second == 2); }) == counts(1, 0));
  CHECK(counted_by(map, [](owned_map& of) { CHECK(of.at("a") == 3); }) == counts(1, 0));
  CHECK(counted_by(map, [&](owned_map&) { CHECK_THROWS_AS(same.at("x"), std::out_of_range); }) == counts(0, 1));
  CHECK(counted_by(map, [](owned_map& of) { CHECK(of.contains(of.prepare("a"))); }) == counts(1, 0));
  CHECK(counted_by(map, [](owned_map& of) { CHECK(of.find_many(two_of_three, nothing) == 2); }) == counts(2, 1));
  check_others(map);
  CHECK(counted_by(map, [](owned_map& of) {
          of["a"] = 1;
          of["c"] = 1;
          of.try_emplace("c", 2);
          of.insert({"c", 2});
          of.insert_or_assign("c", 3);
          of.erase_many(two_of_three);
          CHECK(of.extract("c").mapped() == 3);
          CHECK(of.extract("c").empty());
          CHECK(of == owned_map());
        }) == counts(0, 0));
  owned_set set = {"a", "b"};
  CHECK(counted_by(set, [](owned_set& of) { CHECK(of.find("a") != of.end()); }) == counts(1, 0));
  CHECK(counted_by(set, [](owned_set& of) { CHECK(of.find_many(two_of_three, nothing) == 2); }) == counts(2, 1));
  check_others(set);
}

TEST_CASE("a sharded map counts visits of keys, also those that may write the value, and look-ups that compute") {
  shared_map map = {{"a", 1}, {"b", 2}};
  CHECK(counted_by(map, [](shared_map& of) { of.visit("a", [](auto& each) { ++each.second; }); }) == counts(1, 0));
  CHECK(counted_by(map, [](shared_map& of) { of.cvisit("x", nothing); }) == counts(0, 1));
  CHECK(counted_by(map, [](shared_map& of) { CHECK(of.contains(std::string("a"))); }) == counts(1, 0));
  CHECK(counted_by(map, [](shared_map& of) { CHECK(of.count(of.prepare("x")) == 0); }) == counts(0, 1));
  CHECK(counted_by(map, [](shared_map& of) { CHECK(of.find("a") == 2); }) == counts(1, 0));
  CHECK(counted_by(map, [](shared_map& of) { CHECK(of.find(std::try_to_lock, "a").result() == 2); }) == counts(1, 0));
  CHECK(counted_by(map, [](shared_map& of) {
          CHECK(of.cvisit(two_of_three.begin(), two_of_three.end(), nothing) == 2);
        }) == counts(2, 1));
  CHECK(counted_by(map, [](shared_map& of) { CHECK(!of.visit2("a", "x", nothing)); }) == counts(1, 1));
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    const auto compute = [&](shared_map& of) { CHECK(of.get_or_compute("c", [] { return 3; }, mode) == 3); };
    CHECK(counted_by(map, compute) == counts(0, 1));
    CHECK(counted_by(map, compute) == counts(1, 0));
    map.erase("c");
  }
  check_others(map);
  CHECK(counted_by(map, [](shared_map& of) {
          of.emplace("c", 1);
          of.try_emplace_or_visit("c", 2, nothing);
          of.insert_or_assign("c", 2);
          of.erase_if("c", [](const auto&) { return false; });
          of.visit_all(nothing);
          static_cast<void>(of.shard_of("a"));
        }) == counts(0, 0));
  CHECK(map.counters_of_shard(0).hits == 0);
  shared_set set = {"a", "b"};
  CHECK(counted_by(set, [](shared_set& of) { CHECK(of.visit("x", nothing) == 0); }) == counts(0, 1));
  check_others(set);
}

TEST_CASE("a call that does not get a shard at once has looked for nothing") {
  shared_map map(evac::shards{1});
  map.emplace("a", 1);
  map.visit("a", [](const auto&) {});
  const auto before = map.counters().hits;
  std::thread holder;
  std::atomic<bool> held{false};
  std::atomic<bool> done{false};
  holder = std::thread([&] {
    map.visit("a", [&](const auto&) {
      held = true;
      while (!done) std::this_thread::yield();
    });
  });
  while (!held) std::this_thread::yield();
  const bool busy = map.find(std::try_to_lock, "a").busy() && map.visit(std::try_to_lock, "x", nothing).busy();
  done = true;
  holder.join();
  CHECK(busy);
  CHECK(map.counters().hits == before + 1);
  CHECK(map.counters().misses == 0);
}

TEST_CASE("a sync map counts loads, and look-ups that compute") {
  read_map map;
  map.store("a", 1);
  map.store("b", 2);
  CHECK(counted_by(map, [](read_map& of) { CHECK(of.load("a") == 1); }) == counts(1, 0));
  CHECK(counted_by(map, [](read_map& of) { CHECK(!of.load("x", nothing)); }) == counts(0, 1));
  CHECK(counted_by(map, [](read_map& of) { CHECK(of.contains(of.prepare("a"))); }) == counts(1, 0));
  CHECK(counted_by(map, [](read_map& of) { CHECK(of.load(of.prepare("x")) == std::nullopt); }) == counts(0, 1));
  CHECK(counted_by(map, [](read_map& of) {
          const auto pinned = of.pin();
          CHECK(*pinned.find("a") == 1);
          CHECK(pinned.find("x") == nullptr);
        }) == counts(1, 1));
  CHECK(counted_by(map, [](read_map& of) { CHECK(of.load_many(two_of_three, nothing) == 2); }) == counts(2, 1));
  const auto compute = [](read_map& of) { CHECK(of.load_or_compute("c", [] { return 3; }).value == 3); };
  CHECK(counted_by(map, compute) == counts(0, 1));
  CHECK(counted_by(map, compute) == counts(1, 0));
  check_others(map);
  CHECK(counted_by(map, [](read_map& of) {
          static_cast<void>(of.load_or_store("c", 4));
          of.store("c", 5);
          of.swap("c", 6);
          of.compare_and_swap("c", 6, 7);
          of.update("c", [](std::optional<int> before) { return before; });
          CHECK(of.load_and_delete("c") == 7);
          of.range([](const auto&, int) { return true; });
          CHECK(of.snapshot().size() == 2);
        }) == counts(0, 0));
  read_set set;
  set.insert("a");
  set.insert("b");
  CHECK(counted_by(set, [](read_set& of) { CHECK(of.contains("a")); }) == counts(1, 0));
  CHECK(counted_by(set, [](read_set& of) { CHECK(of.count_many(two_of_three) == 2); }) == counts(2, 1));
  check_others(set);
}

TEST_CASE("keys behind the home of a sync map are counted once, too") {
  constexpr int keys = 5000;
  evac::sync_map<int, int, evac::counted_lookups<evac::hash<int>>> map;
  for (int i = 0; i < keys; ++i) map.store(i, i);
  REQUIRE(map.stats().table.longest_chain > 1);
  for (int i = 0; i < 2 * keys; ++i) static_cast<void>(map.contains(i));
  CHECK(map.counters().hits == keys);
  CHECK(map.counters().misses == keys);
}

TEST_CASE("counts stay with their object, whatever becomes of its elements") {
  owned_map map = {{"a", 1}};
  CHECK(map.contains("a"));
  owned_map copy(map);
  CHECK(copy.counters().hits == 0);
  CHECK(!copy.contains("x"));
  map.swap(copy);
  CHECK(map.counters().hits == 1);
  CHECK(map.counters().misses == 0);
  map = std::move(copy);
  map.clear();
  CHECK(map.counters().hits == 1);
  shared_map shared = {{"a", 1}};
  CHECK(shared.contains("a"));
  shared_map other(std::move(shared));
  CHECK(other.counters().hits == 0);
  shared = std::move(other);
  shared.clear();
  CHECK(shared.counters().hits == 1);
  read_map read;
  CHECK(!read.contains("a"));
  read.clear();
  CHECK(read.counters().misses == 1);
}
