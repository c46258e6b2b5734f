// Elements that expire: at the very nanosecond, by age and by idleness; and how they leave.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <evac/cache.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/in_threads.hpp"
#include "support/manual_clock.hpp"

using namespace evac_test;
using namespace std::chrono_literals;
using evac::removal_cause;

namespace {

struct told_cache {
  explicit told_cache(evac::expiring_cache_options options)
      : cached(options, [this](const int& key, int&, removal_cause cause) { told.emplace_back(key, cause); }) {}
  [[nodiscard]] bool all_told_as(removal_cause cause) const {
    bool right = true;
    for (const auto& each : told) right = right && each.second == cause;
    return right;
  }

  std::vector<std::pair<int, removal_cause>> told;
  evac::expiring_cache<int, int, manual_clock> cached;
};

}  // namespace

TEST_CASE("an element is there until its time to live is over, and not a nanosecond longer") {
  told_cache all({.capacity = 100, .time_to_live = 10ns});
  all.cached.put(1, 1);
  CHECK(all.cached.time_left(1) == 10ns);
  manual_clock::advance(9ns);
  CHECK(all.cached.get(1) == 1);
  CHECK(all.cached.time_left(1) == 1ns);
  manual_clock::advance(1ns);
  CHECK_FALSE(all.cached.get(1).has_value());
  CHECK_FALSE(all.cached.contains(1));
  CHECK_FALSE(all.cached.time_left(1).has_value());
  CHECK(all.told == std::vector<std::pair<int, removal_cause>>{{1, removal_cause::expired}});
  const evac::cache_counters counted = all.cached.counters();
  CHECK(counted.expired == 1);
  CHECK(counted.hits == 1);
  CHECK(counted.misses == 1);
}

TEST_CASE("a hit makes an idle element stay, up to a 64th of the time less than that, and a look does not") {
  told_cache all({.capacity = 100, .time_to_idle = 640ns});
  all.cached.put(1, 1);
  manual_clock::advance(639ns);
  CHECK(all.cached.contains(1));
  CHECK(all.cached.get(1) == 1);
  CHECK(all.cached.time_left(1) == 640ns);
  manual_clock::advance(10ns);
  CHECK(all.cached.get(1) == 1);  // too soon to be written
  CHECK(all.cached.time_left(1) == 630ns);
  manual_clock::advance(1ns);
  CHECK(all.cached.get(1) == 1);
  CHECK(all.cached.time_left(1) == 640ns);
  for (int i = 0; i < 64; ++i) {
    manual_clock::advance(10ns);
    CHECK(all.cached.contains(1) == (i < 63));
  }
}

TEST_CASE("hits do not make an element live longer than its time to live") {
  told_cache all({.capacity = 100, .time_to_live = 1000ns, .time_to_idle = 100ns});
  all.cached.put(1, 1);
  for (int i = 0; i < 19; ++i) {
    manual_clock::advance(50ns);
    REQUIRE(all.cached.get(1) == 1);
  }
  manual_clock::advance(50ns);
  CHECK_FALSE(all.cached.get(1).has_value());
}

TEST_CASE("elements may have a time of their own, and get another one") {
  told_cache all({.capacity = 100, .time_to_live = 100ns});
  all.cached.put(1, 1, {.time_to_live = 1000ns});
  all.cached.put_if_absent(2, 2, {.time_to_idle = 10ns});
  all.cached.put(3, 3, evac::expiry());
  manual_clock::advance(10ns);
  CHECK_FALSE(all.cached.contains(2));
  CHECK(all.cached.time_left(3) == evac::expiry::never);
  CHECK(all.cached.set_expiry(3, {.time_to_live = 5ns}));
  CHECK(all.cached.set_expiry(1, {}));
  CHECK_FALSE(all.cached.set_expiry(2, {}));
  manual_clock::advance(5ns);
  CHECK_FALSE(all.cached.contains(3));
  CHECK_FALSE(all.cached.set_expiry(3, {}));
  manual_clock::advance(1h);
  CHECK(all.cached.get(1) == 1);
}

TEST_CASE("times of no length, and lengths beyond what a clock can say, mean at once and never") {
  told_cache all({.capacity = 100});
  all.cached.put(1, 1, {.time_to_live = 0ns});
  CHECK_FALSE(all.cached.contains(1));
  all.cached.put(2, 2, {.time_to_live = -5s});
  CHECK_FALSE(all.cached.contains(2));
  all.cached.put(3, 3, {.time_to_live = evac::expiry::never - 1ns});
  CHECK(all.cached.time_left(3) == evac::expiry::never);
}

TEST_CASE("an element that has expired is absent for every verb, and leaves as expired") {
  told_cache all({.capacity = 100, .shard_count = 1, .time_to_live = 10ns});
  const auto expire_all = [&] {
    for (int key = 0; key < 8; ++key) all.cached.put(key, key);
    all.told.clear();
    manual_clock::advance(10ns);
  };
  expire_all();
  CHECK(all.cached.put(1, 1));
  expire_all();
  CHECK(all.cached.put_if_absent(2, 2));
  expire_all();
  CHECK(all.cached.erase(3) == 0);
  expire_all();
  CHECK(all.cached.get_or_compute(4, [] { return 44; }) == 44);
  expire_all();
  const std::vector<int> keys{0, 1, 2, 3};
  CHECK(all.cached.get(keys.begin(), keys.end(), [](const int&, const int&) {}) == 0);
  CHECK(all.cached.for_each([](const int&, const int&) {}) == 0);
  CHECK(all.cached.erase_if([](const int&, const int&) { return true; }) == 0);
  CHECK(all.cached.empty());
  CHECK(all.all_told_as(removal_cause::expired));
}

TEST_CASE("what expires while all elements are visited is not visited") {
  told_cache all({.capacity = 100, .shard_count = 1, .time_to_live = 10ns});
  for (int key = 0; key < 8; ++key) all.cached.put(key, key);
  int visited = 0;
  CHECK(all.cached.for_each([&](const int&, const int&) {
    if (++visited == 3) manual_clock::advance(10ns);
  }) == 3);
  for (int key = 0; key < 8; ++key) all.cached.put(key, key);
  visited = 0;
  CHECK(all.cached.erase_if([&](const int&, const int&) {
    if (++visited == 3) manual_clock::advance(10ns);
    return true;
  }) == 3);
  CHECK(all.cached.empty());
}

TEST_CASE("the hand takes what has expired before what was not asked for, and also what was") {
  told_cache all({.capacity = 20, .shard_count = 1});
  for (int key = 0; key < 19; ++key) all.cached.put(key, key);
  all.cached.put(19, 19, {.time_to_live = 10ns});
  for (int key = 0; key < 20; ++key) static_cast<void>(all.cached.get(key));
  manual_clock::advance(10ns);
  all.cached.put(100, 100, evac::expiry());
  CHECK(all.told == std::vector<std::pair<int, removal_cause>>{{19, removal_cause::expired}});
}

TEST_CASE("what has expired leaves with as many writes as a shard has buckets") {
  told_cache all({.capacity = 10'000, .shard_count = 1, .time_to_live = 10ns});
  for (int key = 0; key < 1000; ++key) all.cached.put(key, key);
  manual_clock::advance(10ns);
  std::size_t writes = 0;
  for (; all.cached.counters().expired < 1000 && writes < 1000; ++writes) all.cached.put(5000, 1, evac::expiry());
  CHECK(writes < 1000);
  CHECK(all.cached.size() == 1);
}

TEST_CASE("sweep looks at about so many elements, goes on where it stopped, and comes to all") {
  told_cache all({.capacity = 10'000, .shard_count = 4, .time_to_live = 10ns});
  for (int key = 0; key < 1000; ++key) all.cached.put(key, key);
  CHECK(all.cached.sweep(100'000) == 0);
  manual_clock::advance(10ns);
  const std::size_t few = all.cached.sweep(100);
  CHECK(few < 200);
  std::size_t gone = few;
  for (int calls = 0; calls < 100 && all.cached.size() != 0; ++calls) gone += all.cached.sweep(100);
  CHECK(gone == 1000);
  CHECK(all.cached.empty());
  CHECK(all.all_told_as(removal_cause::expired));
}

TEST_CASE("a clock is not looked at for elements that do not expire") {
  told_cache all({.capacity = 100});
  all.cached.put(1, 1);
  const std::size_t before = manual_clock::looks;
  for (int i = 0; i < 10; ++i) CHECK(all.cached.get(1) == 1);
  CHECK_FALSE(all.cached.get(2).has_value());
  CHECK(manual_clock::looks == before);
}

TEST_CASE("no call returns what has expired, whatever is put, found, erased and swept") {
  told_cache all({.capacity = 50, .shard_count = 2, .time_to_live = 20ns});
  struct entry {
    int value;
    manual_clock::rep until;
  };
  std::map<int, entry> model;
  dice roll(7);
  for (int i = 0; i < 30'000; ++i) {
    const auto key = static_cast<int>(roll(80));
    const auto now = manual_clock::time.load();
    const auto present = model.find(key);
    const bool alive = present != model.end() && now < present->second.until;
    switch (roll(6)) {
      case 0:
        if (all.cached.erase(key) != 0) REQUIRE(alive);
        model.erase(key);
        break;
      case 1: {
        const auto time = static_cast<std::int64_t>(roll(40));
        all.cached.put(key, i, {.time_to_live = std::chrono::nanoseconds(time)});
        model[key] = {i, now + time};
        break;
      }
      case 2:
        if (all.cached.put_if_absent(key, i)) {
          model[key] = {i, now + 20};
        } else {
          REQUIRE(alive);
        }
        break;
      case 3:
        all.cached.sweep(roll(20));
        break;
      case 4:
        manual_clock::advance(std::chrono::nanoseconds(roll(5)));
        break;
      default:
        if (const auto found = all.cached.get(key)) {
          REQUIRE(alive);
          REQUIRE(*found == present->second.value);
        }
    }
    REQUIRE(all.cached.size() <= 50);
  }
  CHECK(all.cached.counters().expired > 500);
  CHECK(all.cached.counters().hits > 500);
}

TEST_CASE("elements that expire while threads are at work are told once each") {
  constexpr std::size_t threads = 4;
  constexpr int calls = 3000;
  std::atomic<std::size_t> told{0};
  evac::expiring_cache<int, int, manual_clock> cached({.capacity = 100, .shard_count = 2, .time_to_idle = 50ns},
                                                      [&](const int&, int&, removal_cause) { ++told; });
  in_threads(threads, [&](std::size_t thread) {
    dice roll(thread);
    for (int i = 0; i < calls; ++i) {
      cached.put(static_cast<int>(roll(200)), i);
      static_cast<void>(cached.get(static_cast<int>(roll(200))));
      manual_clock::advance(1ns);
      if (i % 64 == 0) cached.sweep(50);
    }
  });
  cached.clear();
  CHECK(told == threads * calls);
  CHECK(cached.counters().expired > 0);
}

TEST_CASE("a cache may go by a clock of the standard library") {
  evac::expiring_cache<int, int, std::chrono::steady_clock> cached({.capacity = 100, .time_to_live = 1h});
  cached.put(1, 1);
  CHECK(cached.get(1) == 1);
  CHECK(cached.time_left(1) <= 1h);
  cached.put(2, 2, {.time_to_live = 1ns});
  CHECK_FALSE(cached.get(2).has_value());
}

TEST_CASE("a cache may weigh its elements and have them expire") {
  struct length {
    std::size_t operator()(const int&, const std::string& value) const { return value.size(); }
  };
  evac::weighed_cache<int, std::string, length, manual_clock> cached({.capacity = 100, .shard_count = 1});
  for (int key = 0; key < 10; ++key)
    cached.put(key, "ten bytes.", {.time_to_live = std::chrono::nanoseconds(10 + key)});
  manual_clock::advance(14ns);
  cached.put(100, std::string(50, 'x'), {.time_to_live = 1h});
  CHECK(cached.weight() == 100);
  CHECK(cached.counters().expired == 5);
  CHECK(cached.counters().evicted == 0);
}
