// Verbs of a cache: what they return, what they leave behind when something throws, and what its listener may do.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <evac/cache.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

namespace {

/// An int; when it moves, it calls what is armed, once. Such elements live in nodes, so that a cache moves none of
/// them.
struct calls_when_moved {
  int value;
  static inline std::function<void()> armed;

  explicit calls_when_moved(int a_value) : value(a_value) {}
  calls_when_moved(const calls_when_moved&) = default;
  // NOLINTNEXTLINE(performance-noexcept-move-constructor): that is the point
  calls_when_moved(calls_when_moved&& other) noexcept(false) : value(other.value) {
    if (const auto call = std::exchange(armed, nullptr)) call();
  }
  calls_when_moved& operator=(const calls_when_moved&) = delete;
  ~calls_when_moved() = default;
};

}  // namespace

TEST_CASE(
    "a call of get_or_compute that begins when the value is in, and erased again, does not join the flight before") {
  evac::cache<int, calls_when_moved> cached(100);
  std::atomic<bool> computed{false};
  int second = 0;
  std::thread other;
  const calls_when_moved first = cached.get_or_compute(7, [&] {
    calls_when_moved made(1);
    calls_when_moved::armed = [&] {
      calls_when_moved::armed =
          [&] {  // the first move is out of this factory; the next one when the value is in the cache
            REQUIRE(cached.erase(7) == 1);
            other = std::thread([&] {
              second = cached
                           .get_or_compute(7,
                                           [&] {
                                             computed = true;
                                             return calls_when_moved(2);
                                           })
                           .value;
            });
            for (int looks = 0; looks < 10'000 && !computed; ++looks)
              std::this_thread::sleep_for(std::chrono::milliseconds(1));
          };
    };
    return made;
  });
  other.join();
  CHECK(first.value == 1);
  CHECK(second == 2);
}

TEST_CASE("a cache returns what was put in last, and tells what it has replaced") {
  std::vector<std::string> told;
  evac::cache<std::string, std::string> cached(
      100, [&](const std::string& key, std::string& value, evac::removal_cause cause) {
        told.push_back(key + '=' + value + (cause == evac::removal_cause::replaced ? " replaced" : " otherwise"));
      });
  CHECK(cached.put("one", "1"));
  CHECK_FALSE(cached.put("one", "2"));
  CHECK(told == std::vector<std::string>{"one=1 replaced"});
  CHECK(cached.get("one") == "2");
  std::string unmoved = "long enough to be somewhere else on the heap";
  CHECK_FALSE(cached.put_if_absent("one", std::move(unmoved)));
  CHECK(unmoved == "long enough to be somewhere else on the heap");
  CHECK(cached.put_if_absent("two", "2"));
  CHECK(cached.contains("two"));
  CHECK(cached.erase("two") == 1);
  CHECK(cached.erase("two") == 0);
  CHECK_FALSE(cached.get("two").has_value());
  CHECK(told.back() == "two=2 otherwise");
}

TEST_CASE("a cache is made from its options as well") {
  int told = 0;
  evac::cache<std::string, int> cached({.capacity = 100, .shard_count = 3}, [&](const auto&, int&, auto) { ++told; });
  CHECK(cached.capacity() == 100);
  CHECK(cached.shard_count() == 4);
  cached.put("one", 1);
  CHECK(cached.erase("one") == 1);
  CHECK(told == 1);
  const evac::cache<std::string, int> shards_by_capacity({.capacity = 256});
  CHECK(shards_by_capacity.shard_count() == 1);
}

TEST_CASE("values that only move are kept, visited in place, and given to the listener") {
  std::vector<std::unique_ptr<int>> taken;
  evac::cache<int, std::unique_ptr<int>> cached(
      1, [&](const int&, std::unique_ptr<int>& value, evac::removal_cause) { taken.push_back(std::move(value)); });
  cached.put(1, std::make_unique<int>(10));
  int seen = 0;
  CHECK(cached.get(1, [&](const std::unique_ptr<int>& value) { seen = *value; }));
  CHECK(seen == 10);
  cached.put(2, std::make_unique<int>(20));
  REQUIRE(taken.size() == 1);
  CHECK(*taken[0] == 10);
}

TEST_CASE("a cache without room tells what is put in at once, and returns what is computed") {
  int told = 0;
  evac::cache<int, int> cached(0, [&](const int&, int&, evac::removal_cause) { ++told; });
  CHECK(cached.put(1, 1));
  CHECK(told == 1);
  CHECK(cached.get_or_compute(1, [] { return 5; }) == 5);
  CHECK(told == 2);
  CHECK(cached.empty());
}

TEST_CASE("a listener may use the cache") {
  evac::cache<int, int>* self = nullptr;
  int depth = 0;
  evac::cache<int, int> cached(evac::shards{1}, 2, [&](const int& key, int&, evac::removal_cause) {
    if (++depth < 10) self->put(key + 100, key);
    static_cast<void>(self->get(key));
  });
  self = &cached;
  for (int i = 0; i < 3; ++i) cached.put(i, i);
  CHECK(depth == 10);
  CHECK(cached.size() == 2);
}

TEST_CASE("one thread computes, and all get what it returns or throws") {
  evac::cache<int, int> cached(100);
  std::atomic<int> calls{0};
  std::vector<int> got(4);
  in_threads(4, [&](std::size_t thread) {
    got[thread] = cached.get_or_compute(7, [&] {
      ++calls;
      return 49;
    });
  });
  CHECK(calls == 1);
  CHECK(got == std::vector<int>(4, 49));
  CHECK_THROWS_AS(cached.get_or_compute(8, []() -> int { throw std::runtime_error("no"); }), std::runtime_error);
  CHECK_FALSE(cached.contains(8));
  CHECK(cached.get_or_compute(8, [] { return 64; }) == 64);
}
