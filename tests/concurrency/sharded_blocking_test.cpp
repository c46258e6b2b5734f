// Who waits for whom in a sharded map. Nothing is timed: a call that has to go through does so while the call that it
// must not wait for is held in the middle, and a test that waits for the wrong one never ends (ctest ends it).
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <evac/sharded_map.hpp>
#include <functional>
#include <latch>
#include <memory>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/absl_shared_mutex.hpp"
#include "support/catch.hpp"
#include "support/functors.hpp"
#include "support/in_threads.hpp"
#include "support/valid_shards.hpp"

using namespace evac_test;

namespace {

using key = std::uint64_t;

/// The n-th key of a shard, under a hash that changes nothing: shards are told by the bits from 40 on.
constexpr key in_shard(key shard, key n) { return shard << 40U | n; }
struct shard_hash : raw_identity_hash {};
// The same with a state, so that the map has to keep it from changing under its users.
struct shard_hash_with_state : raw_identity_hash {
  int state = 0;
};

template <class T, class Mutex, class Hash = shard_hash>
using map_under = evac::sharded_map<key, T, Hash, evac::equal_to<key>, std::allocator<std::pair<const key, T>>, Mutex>;

#define EVAC_TEST_ALL_MUTEXES evac::rw_lock, std::shared_mutex, evac_test::absl_shared_mutex

/// Stops the thread that calls hold(), once, until the scope of the gate ends or open() is called.
class gate {
 public:
  void hold() {
    if (held_.exchange(true)) return;
    inside_.count_down();
    opened_.wait();
  }
  void await_held() { inside_.wait(); }
  void open() { opened_.count_down(); }

 private:
  std::atomic<bool> held_{false};
  std::latch inside_{1};
  std::latch opened_{1};
};

/// Runs `held`, which has to call gate.hold() somewhere, in another thread, and `meanwhile` while it stands there.
template <class Held, class Meanwhile>
void while_held(const Held& held, const Meanwhile& meanwhile) {
  gate stop;
  std::thread other([&] { held(stop); });
  stop.await_held();
  meanwhile();
  stop.open();
  other.join();
}

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
  for (key n = 0; n < 500; ++n) expect(map.try_emplace(in_shard(1, n), 1));
  const key mine = in_shard(2, 1);
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
    expect(map.get_or_compute(in_shard(3, 1 + static_cast<key>(mode)), [] { return 7; }, mode) == 7);
  }
  const std::array<key, 4> several{in_shard(1, 0), in_shard(2, 1), in_shard(3, 1), in_shard(3, 99)};
  expect(map.visit(several.begin(), several.end(), ignore) == 3);
  expect(map.cvisit(several.begin(), several.end(), ignore) == 3);
  expect(map.visit2(several[0], several[1], [](auto&, auto&) {}));
  expect(map.erase_if(mine, [](auto&) { return true; }) == 1);
  for (key n = 0; n < 500; ++n) expect(map.erase(in_shard(1, n)) == 1);
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

TEMPLATE_TEST_CASE("a visitor that takes its time delays no call on other shards", "", EVAC_TEST_ALL_MUTEXES) {
  using map_type = map_under<int, TestType>;
  const key there = in_shard(0, 1);
  const key absent = in_shard(0, 2);
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
                   "", EVAC_TEST_ALL_MUTEXES) {
  map_under<int, TestType, shard_hash_with_state> map(evac::shards{4});
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

TEMPLATE_TEST_CASE("readers of one shard do not wait for each other", "", EVAC_TEST_ALL_MUTEXES) {
  map_under<int, TestType> map(evac::shards{1});
  for (key k = 0; k < 100; ++k) map.try_emplace(k, 1);
  std::size_t wrong = 0;
  const auto ignore = [](const auto&) {};
  while_held([&](gate& stop) { map.cvisit(1, [&](const auto&) { stop.hold(); }); },
             [&] {
               // Often enough for a lock that biases itself to readers to do so.
               for (int i = 0; i < 3000; ++i) wrong += map.cvisit(1, ignore) == 1 && map.contains(2) ? 0 : 1;
               wrong += map.find(1) == 1 && map.cvisit_all(ignore) == 100 ? 0 : 1;
               wrong += map.snapshot().size() == 100 && map == map_under<int, TestType>(map) ? 0 : 1;
               wrong += map.stats().total.table.size == 100 && map.bucket_count() >= 100 ? 0 : 1;
               map.for_each(ignore);
             });
  REQUIRE(wrong == 0);
}

TEMPLATE_TEST_CASE("no lock is held while for_each's visitor or a factory of a single flight runs", "",
                   EVAC_TEST_ALL_MUTEXES) {
  using map_type = map_under<int, TestType>;
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
    for (key k = 0; k < 50; ++k) map.try_emplace(k, 1);
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

TEMPLATE_TEST_CASE("a shard that grows delays no call on other shards", "", EVAC_TEST_ALL_MUTEXES) {
  map_under<held_when_moved, TestType> map(evac::shards{4});
  map.try_emplace(in_shard(1, 1), 5);
  std::size_t wrong = 0;
  while_held(
      [&](gate& stop) {
        held_when_moved::stop = &stop;
        for (key n = 0; n < 1000; ++n) map.try_emplace(in_shard(0, n), 1);
      },
      [&] {
        held_when_moved::stop = nullptr;
        const auto expect = [&](bool right) { wrong += right ? 0 : 1; };
        for (key n = 2; n < 1000; ++n) expect(map.try_emplace(in_shard(1, n), 1));
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

namespace {
/// Calls something when the value ends; what has been moved from is not the value any more.
class farewell {
 public:
  explicit farewell(const std::function<void()>& say) : say_(&say) {}
  farewell(farewell&& other) noexcept : say_(std::exchange(other.say_, nullptr)) {}
  farewell(const farewell&) = default;
  farewell& operator=(farewell other) noexcept {
    std::swap(say_, other.say_);
    return *this;
  }
  ~farewell() {
    if (say_ != nullptr) (*say_)();
  }

 private:
  const std::function<void()>* say_;
};
}  // namespace

TEMPLATE_TEST_CASE("elements are destroyed after the locks are released: a destructor may use the map", "",
                   EVAC_TEST_ALL_MUTEXES) {
  using map_type = map_under<farewell, TestType>;
  struct ending {
    const char* name;
    std::size_t ends;  // values that the call ends at least
    std::function<void(map_type& map, map_type& other, const std::function<void()>& say)> call;
  };
  const ending endings[] = {
      {"erase", 1, [](auto& map, auto&, auto&) { map.erase(1); }},
      {"erase_if of a key", 1, [](auto& map, auto&, auto&) { map.erase_if(1, [](auto&) { return true; }); }},
      {"erase_if", 40, [](auto& map, auto&, auto&) { map.erase_if([](auto&) { return true; }); }},
      {"insert_or_assign", 1, [](auto& map, auto&, auto& say) { map.insert_or_assign(1, farewell(say)); }},
      {"insert of a key that is there", 1, [](auto& map, auto&, auto& say) { map.insert({1, farewell(say)}); }},
      {"emplace of a key that is there", 1,
       [](auto& map, auto&, auto& say) {
         map.emplace(std::piecewise_construct, std::forward_as_tuple(1), std::forward_as_tuple(say));
       }},
      {"clear", 40, [](auto& map, auto&, auto&) { map.clear(); }},
      {"copy assignment", 40, [](auto& map, auto& other, auto&) { map = std::as_const(other); }},
      {"move assignment", 40, [](auto& map, auto& other, auto&) { map = std::move(other); }},
      {"list assignment", 40,
       [](auto& map, auto&, auto&) { map = std::initializer_list<typename map_type::value_type>{}; }},
      {"map assignment", 40, [](auto& map, auto&, auto&) { map = typename map_type::map_type(); }},
  };
  for (const ending& one : endings) {
    const std::function<void()> say_nothing = [] {};
    map_type* in_use = nullptr;
    std::size_t ended = 0;
    const std::function<void()> say = [&] {
      if (in_use == nullptr) return;
      map_type& map = *in_use;
      ++ended;
      in_use = nullptr;  // what this call ends itself is silent
      for (key k = 0; k < 100; k += 20) {
        map.try_emplace(k + ended, say_nothing);
        map.visit(k, [](auto&) {});
      }
      map.visit_all([](auto&) {});
      in_use = &map;
    };
    map_type map(evac::shards{2});
    map_type other(evac::shards{2});
    for (key k = 0; k < 40; ++k) map.try_emplace(k, say);
    other.try_emplace(3, say_nothing);
    in_use = &map;
    one.call(map, other, say);
    in_use = nullptr;
    INFO(one.name);
    CHECK(ended >= one.ends);
    REQUIRE_VALID_SHARDS(map);
  }
}

TEMPLATE_TEST_CASE("a visitor, a factory or a constructor that throws leaves the locks free for other threads", "",
                   EVAC_TEST_ALL_MUTEXES) {
  struct failure {};
  using map_type = map_under<std::string, TestType>;
  const auto fail = [](const auto&) { throw failure(); };
  const auto fail_to_answer = [](const auto&) -> bool { throw failure(); };
  const auto fail_to_make = []() -> std::string { throw failure(); };
  const std::array<key, 2> several{1, 2};
  struct thrower {
    const char* name;
    std::function<void(map_type& map)> call;
  };
  const thrower throwers[] = {
      {"visit", [&](auto& map) { map.visit(1, fail); }},
      {"cvisit", [&](auto& map) { map.cvisit(1, fail); }},
      {"visit of several", [&](auto& map) { map.visit(several.begin(), several.end(), fail); }},
      {"visit2", [&](auto& map) { map.visit2(1, 2, [](auto&, auto&) { throw failure(); }); }},
      {"insert_or_visit", [&](auto& map) { map.insert_or_visit({1, ""}, fail); }},
      {"insert_and_cvisit", [&](auto& map) { map.insert_and_cvisit({99, ""}, fail, fail); }},
      {"try_emplace_or_cvisit", [&](auto& map) { map.try_emplace_or_cvisit(1, "", fail); }},
      {"try_emplace of what cannot be made", [&](auto& map) { map.try_emplace(98, std::string().max_size(), 'x'); }},
      {"erase_if of a key", [&](auto& map) { map.erase_if(1, fail_to_answer); }},
      {"erase_if", [&](auto& map) { map.erase_if(fail_to_answer); }},
      {"visit_all", [&](auto& map) { map.visit_all(fail); }},
      {"cvisit_all", [&](auto& map) { map.cvisit_all(fail); }},
      {"visit_while", [&](auto& map) { map.visit_while(fail_to_answer); }},
      {"for_each", [&](auto& map) { map.for_each(fail); }},
      {"under_lock", [&](auto& map) { static_cast<void>(map.get_or_compute(97, fail_to_make)); }},
      {"single_flight",
       [&](auto& map) { static_cast<void>(map.get_or_compute(97, fail_to_make, evac::compute_mode::single_flight)); }},
      {"reserve", [&](auto& map) { map.reserve(map.max_size() * 2); }},
  };
  for (const thrower& one : throwers) {
    map_type map(evac::shards{2});
    for (key k = 0; k < 20; ++k) map.try_emplace(k, std::to_string(k));
    bool thrown = false;
    try {
      one.call(map);
    } catch (...) {
      thrown = true;
    }
    std::size_t cleared = 0;
    std::thread other([&] {
      map.visit_all([](auto& element) { element.second += "!"; });
      cleared = map.erase_if([](auto&) { return true; });
      map.clear();
      map.try_emplace(1, "after");
    });
    other.join();
    INFO(one.name);
    CHECK(thrown);
    CHECK((cleared == 20 || cleared == 21));
    CHECK(map.find(1) == "after");
  }
}

TEMPLATE_TEST_CASE("threads that wait for a sleeping holder sleep, too: eight to a core make progress and burn no time",
                   "", EVAC_TEST_ALL_MUTEXES) {
  using namespace std::chrono;
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t threads = std::min<std::size_t>(8 * cores, 32);
  constexpr std::size_t each = 6;
  map_under<int, TestType> map(evac::shards{2});
  map.try_emplace(1, 0);
  const auto processor_time = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
  };
  const auto burnt_before = processor_time();
  const auto began = steady_clock::now();
  in_threads(threads, [&](std::size_t thread) {
    for (std::size_t i = 0; i < each; ++i) {
      if ((thread + i) % 4 == 0) static_cast<void>(map.find(1));
      map.visit(1, [](auto& element) {
        const int before = element.second;
        std::this_thread::sleep_for(milliseconds(2));
        element.second = before + 1;
      });
    }
  });
  const auto took = steady_clock::now() - began;
  const auto burnt = processor_time() - burnt_before;
  REQUIRE(map.find(1) == static_cast<int>(threads * each));
  CAPTURE(duration_cast<microseconds>(burnt).count(), duration_cast<microseconds>(took).count());
  // The one place where a clock decides, with a wide margin: waiting by spinning would take all cores all the time.
  REQUIRE(burnt * 3 < took * static_cast<long>(cores));
}
