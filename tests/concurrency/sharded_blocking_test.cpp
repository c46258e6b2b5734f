// Which calls on a sharded map wait for which others. Nothing is timed: a call that has to go through does so while the
// call that it must not wait for is stopped in the middle, and a test that waits for the wrong one never ends (ctest
// ends it).
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <evac/sharded_map.hpp>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/functors.hpp"
#include "support/held_call.hpp"
#include "support/sharded_stress.hpp"

using namespace evac_test;

namespace {

/// The n-th key of a shard, under a hash by which the bits from 40 on name it.
constexpr shared_key in_shard(shared_key shard, shared_key n) { return shard << 40U | n; }
struct shard_hash : shard_naming_hash {};
// The same with a state, so that the map has to keep it from changing under its users.
struct shard_hash_with_state : shard_naming_hash {
  int state = 0;
};

template <class T, class Mutex, class Hash = shard_hash>
using keyed_map_under = map_under<T, Mutex, Hash>;

template <class Map>
std::size_t waits_for_shard(const Map& map, std::size_t shard) {
  return evac::detail::table_access::shards_of(map)[shard].events().contended_count();
}

/// Everything that needs no lock, or only those of shards 1 to 3: returns how much of it went wrong.
template <class Map>
std::size_t use_other_shards(Map& map) {
  std::size_t wrong = 0;
  const auto expect = [&](bool right) { wrong += right ? 0 : 1; };
  const auto ignore = [](const auto&) {};
  // Enough to make shard 1 grow several times.
  for (shared_key n = 0; n < 500; ++n) expect(map.try_emplace(in_shard(1, n), 1));
  const shared_key mine = in_shard(2, 1);
  expect(map.insert({mine, 1}));
  expect(!map.emplace(mine, 2));
  expect(!map.insert_or_assign(mine, 3));
  expect(!map.insert_or_visit({mine, 1}, ignore));
  expect(!map.try_emplace_and_cvisit(mine, 1, ignore, ignore));
  expect(map.visit(mine, [](auto& element) { ++element.second; }) == 1);
  expect(map.cvisit(mine, ignore) == 1);
  expect(map.find(mine) == 4);
  expect(map.contains(mine) && map.count(in_shard(2, 2)) == 0);
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    expect(map.get_or_compute(in_shard(3, 1 + static_cast<shared_key>(mode)), [] { return 7; }, mode) == 7);
  }
  const std::array<shared_key, 4> several{in_shard(1, 0), in_shard(2, 1), in_shard(3, 1), in_shard(3, 99)};
  expect(map.visit(several.begin(), several.end(), ignore) == 3);
  expect(map.cvisit(several.begin(), several.end(), ignore) == 3);
  expect(map.visit2(several[0], several[1], [](auto&, auto&) {}));
  expect(map.erase_if(mine, [](auto&) { return true; }) == 1);
  for (shared_key n = 0; n < 500; ++n) expect(map.erase(in_shard(1, n)) == 1);
  expect(map.size() >= 3 && !map.empty());
  expect(map.dump_locks().find("shard 3") != std::string::npos);
  return wrong;
}

template <class Map>
struct holder {
  const char* name;
  std::function<void(Map& map, gate& stop)> call;
};

}  // namespace

TEMPLATE_TEST_CASE("a visitor that takes its time delays no call on other shards", "", EVAC_TEST_MUTEXES) {
  using map_type = keyed_map_under<int, TestType>;
  const shared_key there = in_shard(0, 1);
  const shared_key absent = in_shard(0, 2);
  const auto keep = [](gate& stop) { return [&stop](const auto&) { stop.hold(); }; };
  const holder<map_type> holders[] = {
      {"visit", [&](auto& map, gate& stop) { map.visit(there, keep(stop)); }},
      {"cvisit", [&](auto& map, gate& stop) { map.cvisit(there, keep(stop)); }},
      {"visit of several", [&](auto& map, gate& stop) { map.visit(&there, &there + 1, keep(stop)); }},
      {"visit2", [&](auto& map, gate& stop) { map.visit2(there, there, [&](auto&, auto&) { stop.hold(); }); }},
      {"insert_or_visit", [&](auto& map, gate& stop) { map.insert_or_visit({there, 1}, keep(stop)); }},
      {"try_emplace_and_visit",
       [&](auto& map, gate& stop) { map.try_emplace_and_visit(absent, 1, keep(stop), keep(stop)); }},
      {"erase_if of a key",
       [&](auto& map, gate& stop) { map.erase_if(there, [&](auto&) { return stop.hold(), true; }); }},
      {"erase_if", [&](auto& map, gate& stop) { map.erase_if([&](auto&) { return stop.hold(), false; }); }},
      {"visit_all", [&](auto& map, gate& stop) { map.visit_all(keep(stop)); }},
      {"cvisit_while", [&](auto& map, gate& stop) { map.cvisit_while([&](auto&) { return stop.hold(), true; }); }},
      {"get_or_compute under the lock",
       [&](auto& map, gate& stop) { static_cast<void>(map.get_or_compute(absent, [&] { return stop.hold(), 1; })); }},
  };
  for (const auto& one : holders) {
    map_type map(evac::shards{4});
    map.try_emplace(there, 1);
    std::size_t wrong = 0;
    while_held([&](gate& stop) { one.call(map, stop); }, [&] { wrong = use_other_shards(map); });
    INFO(one.name);
    CHECK(wrong == 0);
    CHECK_FALSE(map.empty());
    REQUIRE_VALID_SHARDS(map);
  }
}

TEMPLATE_TEST_CASE("calls that wait for a held shard delay no call on other shards, also where the hash has a state",
                   "", EVAC_TEST_MUTEXES) {
  keyed_map_under<int, TestType, shard_hash_with_state> map(evac::shards{4});
  map.try_emplace(in_shard(0, 1), 1);
  std::size_t wrong = 0;
  std::deque<std::thread> waiting;  // in a vector g++ 12 at -O3 sees an access beyond its end
  while_held([&](gate& stop) { map.visit(in_shard(0, 1), [&](auto&) { stop.hold(); }); },
             [&] {
               waiting.emplace_back([&] { map.visit(in_shard(0, 1), [](auto& element) { ++element.second; }); });
               waiting.emplace_back([&] { map.insert({in_shard(0, 2), 1}); });
               await([&] { return waits_for_shard(map, 0) >= 2; });
               wrong = use_other_shards(map);
             });
  for (std::thread& each : waiting) each.join();
  REQUIRE(wrong == 0);
  REQUIRE(map.find(in_shard(0, 1)) == 2);
  REQUIRE(map.contains(in_shard(0, 2)));
}

TEMPLATE_TEST_CASE("readers of one shard do not wait for each other", "", EVAC_TEST_MUTEXES) {
  keyed_map_under<int, TestType> map(evac::shards{1});
  for (shared_key k = 0; k < 100; ++k) map.try_emplace(k, 1);
  std::size_t wrong = 0;
  const auto ignore = [](const auto&) {};
  while_held([&](gate& stop) { map.cvisit(1, [&](const auto&) { stop.hold(); }); },
             [&] {
               // Often enough for a lock that biases itself to readers to do so.
               for (int i = 0; i < 3000; ++i) wrong += map.cvisit(1, ignore) == 1 && map.contains(2) ? 0 : 1;
               wrong += map.find(1) == 1 && map.cvisit_all(ignore) == 100 ? 0 : 1;
               wrong += map.snapshot().size() == 100 && map == keyed_map_under<int, TestType>(map) ? 0 : 1;
               wrong += map.stats().total.table.size == 100 && map.bucket_count() >= 100 ? 0 : 1;
               map.for_each(ignore);
             });
  REQUIRE(wrong == 0);
}

TEMPLATE_TEST_CASE("no lock is held while for_each's visitor or a factory of a single flight runs", "",
                   EVAC_TEST_MUTEXES) {
  using map_type = keyed_map_under<int, TestType>;
  const holder<map_type> holders[] = {
      {"for_each", [](auto& map, gate& stop) { map.for_each([&](const auto&) { stop.hold(); }); }},
      {"single flight",
       [](auto& map, gate& stop) {
         static_cast<void>(map.get_or_compute(99, [&] { return stop.hold(), 1; }, evac::compute_mode::single_flight));
       }},
      {"optimistic",
       [](auto& map, gate& stop) {
         static_cast<void>(map.get_or_compute(99, [&] { return stop.hold(), 1; }, evac::compute_mode::optimistic));
       }},
  };
  for (const auto& one : holders) {
    map_type map(evac::shards{2});
    for (shared_key k = 0; k < 50; ++k) map.try_emplace(k, 1);
    std::size_t visited = 0;
    while_held([&](gate& stop) { one.call(map, stop); },
               [&] {
                 visited = map.visit_all([](auto& element) { ++element.second; });
                 map.try_emplace(50, 1);
                 static_cast<void>(map.get_or_compute(51, [] { return 1; }, evac::compute_mode::single_flight));
                 map.rehash(1000);
                 map_type other(map);
                 map.swap(other);
                 map.clear();
               });
    INFO(one.name);
    CHECK(visited == 50);
    CHECK(map.size() <= 1);
    REQUIRE_VALID_SHARDS(map);
  }
}

namespace {
/// Stops the thread that moves it, when it is told to: elements of a shard move when the shard grows.
struct held_when_moved {
  inline static std::atomic<gate*> stop{nullptr};
  int value;
  explicit held_when_moved(int of) : value(of) {}
  held_when_moved(held_when_moved&& other) noexcept : value(other.value) {
    if (gate* const armed = stop) armed->hold();
  }
  held_when_moved(const held_when_moved&) = delete;
  held_when_moved& operator=(const held_when_moved&) = delete;
  held_when_moved& operator=(held_when_moved&&) = delete;
  ~held_when_moved() = default;
};
}  // namespace

TEMPLATE_TEST_CASE("a shard that grows delays no call on other shards", "", EVAC_TEST_MUTEXES) {
  keyed_map_under<held_when_moved, TestType> map(evac::shards{4});
  map.try_emplace(in_shard(1, 1), 5);
  std::size_t wrong = 0;
  while_held(
      [&](gate& stop) {
        held_when_moved::stop = &stop;
        for (shared_key n = 0; n < 1000; ++n) map.try_emplace(in_shard(0, n), 1);
      },
      [&] {
        held_when_moved::stop = nullptr;
        const auto expect = [&](bool right) { wrong += right ? 0 : 1; };
        for (shared_key n = 2; n < 1000; ++n) expect(map.try_emplace(in_shard(1, n), 1));
        expect(map.visit(in_shard(1, 1), [](auto& element) { ++element.second.value; }) == 1);
        expect(map.cvisit(in_shard(1, 1), [&](auto& element) { expect(element.second.value == 6); }) == 1);
        expect(map.erase(in_shard(1, 500)) == 1);
        expect(map.size() >= 998);
      });
  held_when_moved::stop = nullptr;
  REQUIRE(wrong == 0);
  REQUIRE(map.size() == 1000 + 998);
  REQUIRE_VALID_SHARDS(map);
}
