// Values that a factory makes: factories that decline or throw, calls that skip, and values that stay while they are
// made anew.
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
#include "support/manual_clock.hpp"

using namespace evac_test;
using namespace std::chrono_literals;

namespace {

using timed_cache = evac::expiring_cache<int, int, manual_clock>;

constexpr auto decline = []() -> std::optional<int> { return std::nullopt; };
constexpr auto fail = []() -> int { throw std::runtime_error("no"); };

/// While a cache is empty, only calls that compute are compared by this.
struct counting_equal {
  static inline std::atomic<int> calls{0};
  bool operator()(int left, int right) const {
    ++calls;
    return left == right;
  }
};

/// Calls a function between the first and the second hash.
struct hooked_hash {
  static inline std::function<void()> at_second_call;
  static inline int calls = 0;
  std::size_t operator()(int key) const {
    if (++calls == 2 && at_second_call) std::exchange(at_second_call, nullptr)();
    return static_cast<std::size_t>(key);
  }
};

/// Runs work() while another thread is inside of a factory for `key`, which returns `result` afterwards; returns what
/// the other thread got.
template <class Cache, class Mode, class Work>
int while_computing(Cache& cached, int key, int result, Mode mode, const Work& work) {
  std::atomic<bool> inside{false};
  std::atomic<bool> go_on{false};
  int got = 0;
  std::thread other([&] {
    got = *std::optional<int>(cached.get_or_compute(
        key,
        [&] {
          inside = true;
          await([&] { return go_on.load(); });
          return result;
        },
        mode));
  });
  await([&] { return inside.load(); });
  work();
  go_on = true;
  other.join();
  return got;
}

}  // namespace

TEST_CASE("load_or_compute of a cache tells whether the value was there") {
  evac::cache<int, int> cached(100);
  const evac::load_result<int> first = cached.load_or_compute(1, [] { return 10; });
  CHECK(first.value == 10);
  CHECK_FALSE(first.loaded);
  const evac::load_result<int> second = cached.load_or_compute(1, [] { return 20; });
  CHECK(second.value == 10);
  CHECK(second.loaded);
}

TEST_CASE("a factory that declines puts nothing in") {
  evac::cache<int, int> cached(100);
  CHECK_FALSE(cached.get_or_compute(1, decline).has_value());
  const evac::load_result<std::optional<int>> declined = cached.load_or_compute(1, decline);
  CHECK_FALSE(declined.value.has_value());
  CHECK_FALSE(declined.loaded);
  CHECK(cached.empty());
  CHECK(cached.counters().load_failures == 2);
  CHECK(cached.get_or_compute(1, [] { return std::optional<int>(7); }) == 7);
  CHECK(cached.get_or_compute(1, decline) == 7);
  CHECK(cached.counters().loads == 1);
}

TEST_CASE("an optional is a value like any other where it is what a cache keeps") {
  evac::cache<int, std::optional<int>> cached(100);
  const std::optional<int> none = cached.get_or_compute(1, [] { return std::optional<int>(); });
  CHECK_FALSE(none.has_value());
  CHECK(cached.contains(1));
  CHECK_FALSE(cached.get_or_compute(2, [] { return std::optional<std::optional<int>>(); }).has_value());
  CHECK_FALSE(cached.contains(2));
}

TEST_CASE(
    "callers that wait for another's factory are told so, or get nothing if it declines, and do not call theirs") {
  for (const bool declines : {false, true}) {
    evac::cache<int, int, evac::hash<int>, counting_equal> cached(100);
    std::atomic<bool> inside{false};
    std::atomic<int> calls{0};
    counting_equal::calls = 0;
    std::vector<evac::load_result<std::optional<int>>> got(4);
    in_threads(4, [&](std::size_t thread) {
      if (thread != 0) await([&] { return inside.load(); });
      got[thread] = cached.load_or_compute(7, [&] {
        ++calls;
        inside = true;
        await([&] { return counting_equal::calls == 3; });  // all others have found this call, and wait for it
        return declines ? std::optional<int>() : std::optional<int>(49);
      });
    });
    CHECK(calls == 1);
    for (std::size_t thread = 0; thread < 4; ++thread) {
      CHECK(got[thread].value.has_value() == !declines);
      CHECK(got[thread].loaded == (!declines && thread != 0));
    }
    CHECK(cached.size() == (declines ? 0 : 1));
  }
}

TEST_CASE("a caller whose factory never declines calls it if the one that it waited for has declined") {
  evac::cache<int, std::string, evac::hash<int>, counting_equal> cached(100);
  std::atomic<bool> inside{false};
  counting_equal::calls = 0;
  std::string got;
  in_threads(2, [&](std::size_t thread) {
    if (thread == 0) {
      CHECK_FALSE(cached
                      .get_or_compute(7,
                                      [&] {
                                        inside = true;
                                        await([&] { return counting_equal::calls == 1; });
                                        return std::optional<std::string>();
                                      })
                      .has_value());
    } else {
      await([&] { return inside.load(); });
      got = cached.get_or_compute(7, [] { return std::string("made"); });
    }
  });
  CHECK(got == "made");
  CHECK(cached.get(7) == "made");
}

TEST_CASE("a call that may skip returns nothing while another thread computes, and else computes itself") {
  evac::cache<int, int> cached(100);
  CHECK(while_computing(cached, 1, 10, evac::wait_while_computing, [&] {
          CHECK_FALSE(cached.get_or_compute(1, [] { return 20; }, evac::skip_while_computing).has_value());
          const auto skipped = cached.load_or_compute(1, [] { return 20; }, evac::skip_while_computing);
          CHECK_FALSE(skipped.value.has_value());
          CHECK_FALSE(skipped.loaded);
          CHECK(cached.get_or_compute(2, [] { return 30; }, evac::skip_while_computing) == 30);
        }) == 10);
  CHECK(cached.get_or_compute(1, [] { return 20; }, evac::skip_while_computing) == 10);
  CHECK(cached.get(2) == 30);
  CHECK_THROWS_AS(cached.get_or_compute(3, fail, evac::skip_while_computing), std::runtime_error);
  CHECK_FALSE(cached.contains(3));
}

TEST_CASE("a factory that asks for its own key and may skip gets nothing") {
  evac::cache<int, int> cached(100);
  CHECK(cached.get_or_compute(1, [&] {
    CHECK_FALSE(cached.get_or_compute(1, [] { return 2; }, evac::skip_while_computing).has_value());
    return 1;
  }) == 1);
}

TEST_CASE("a value that is stale is returned to all but the one that computes it anew") {
  std::vector<int> replaced;
  timed_cache cached({.capacity = 100, .time_to_live = 100ns, .time_to_refresh = 10ns},
                     [&](const int&, int& value, evac::removal_cause cause) {
                       if (cause == evac::removal_cause::replaced) replaced.push_back(value);
                     });
  cached.put(1, 10);
  manual_clock::advance(9ns);
  const auto fresh = cached.load_or_compute(1, [] { return 20; }, evac::stale_while_computing);
  CHECK(fresh.value == 10);
  CHECK(fresh.loaded);
  manual_clock::advance(1ns);
  CHECK(while_computing(cached, 1, 20, evac::stale_while_computing, [&] {
          CHECK(cached.get_or_compute(1, [] { return 30; }, evac::stale_while_computing) == 10);
          CHECK(cached.get(1) == 10);
        }) == 20);
  CHECK(cached.get(1) == 20);
  CHECK(replaced == std::vector<int>{10});
  manual_clock::advance(9ns);
  CHECK(cached.get_or_compute(1, [] { return 30; }, evac::stale_while_computing) == 20);
  CHECK(cached.time_left(1) == 91ns);
}

TEST_CASE("a value stays stale if its factory throws or declines") {
  timed_cache cached({.capacity = 100, .time_to_refresh = 10ns});
  cached.put(1, 10);
  manual_clock::advance(10ns);
  CHECK_THROWS_AS(cached.get_or_compute(1, fail, evac::stale_while_computing), std::runtime_error);
  CHECK(cached.get(1) == 10);
  CHECK(cached.get_or_compute(1, decline, evac::stale_while_computing) == 10);
  const auto computed = cached.load_or_compute(1, [] { return 20; }, evac::stale_while_computing);
  CHECK(computed.value == 20);
  CHECK_FALSE(computed.loaded);
}

TEST_CASE("a value that is put in while another one is computed in place of a stale one stays") {
  timed_cache cached({.capacity = 100, .time_to_refresh = 10ns});
  cached.put(1, 10);
  manual_clock::advance(10ns);
  const auto result = cached.load_or_compute(
      1,
      [&] {
        cached.put(1, 15);
        return 20;
      },
      evac::stale_while_computing);
  CHECK(result.value == 15);
  CHECK(result.loaded);
  CHECK(cached.get(1) == 15);
}

TEST_CASE("what was put in meanwhile stays, also if it is stale by the time that the factory returns") {
  timed_cache cached({.capacity = 100, .time_to_refresh = 10ns});
  cached.put(1, 10);
  manual_clock::advance(15ns);
  const int got = cached.get_or_compute(
      1,
      [&] {
        cached.put(1, 15);
        manual_clock::advance(20ns);
        return 20;
      },
      evac::stale_while_computing);
  CHECK(got == 15);
  CHECK(cached.get(1) == 15);
}

TEST_CASE("a listener that is told of an element which a call found to be over may ask for the same key") {
  using hooked_cache = evac::cache<int, int, hooked_hash, std::equal_to<int>, std::allocator<std::pair<const int, int>>,
                                   evac::one_each, manual_clock>;
  hooked_cache* all = nullptr;
  std::vector<int> seen;
  hooked_cache cached(
      {.capacity = 100, .shard_count = 1, .time_to_live = 10ns},
      [&](const int& key, int&, evac::removal_cause) { seen.push_back(all->get_or_compute(key, [] { return -1; })); });
  all = &cached;
  // As another thread may do between the look-up of a call and its flight.
  hooked_hash::at_second_call = [&] {
    cached.put(1, 15);
    manual_clock::advance(10ns);
  };
  hooked_hash::calls = 0;
  CHECK(cached.get_or_compute(1, [] { return 20; }) == 20);
  CHECK(seen == std::vector{20});
}

TEST_CASE("a value that expires or is erased while it is computed anew is put in again") {
  timed_cache cached({.capacity = 100, .time_to_live = 20ns, .time_to_refresh = 10ns});
  cached.put(1, 10);
  manual_clock::advance(10ns);
  CHECK(cached.get_or_compute(
            1,
            [&] {
              manual_clock::advance(10ns);
              return 20;
            },
            evac::stale_while_computing) == 20);
  CHECK(cached.get(1) == 20);
  manual_clock::advance(20ns);
  CHECK(cached.get_or_compute(1, [] { return 30; }, evac::stale_while_computing) == 30);
}

TEST_CASE("what is computed may have a time to stay of its own") {
  timed_cache cached({.capacity = 100});
  CHECK(
      cached.get_or_compute(1, [] { return 10; }, evac::wait_while_computing, evac::expiry{.time_to_live = 5ns}) == 10);
  CHECK(cached.load_or_compute(
                  2, [] { return 20; }, evac::skip_while_computing, evac::expiry{.time_to_live = 6ns})
            .value == 20);
  manual_clock::advance(5ns);
  CHECK_FALSE(cached.contains(1));
  CHECK(cached.contains(2));
}
