// Whatever call fails on the way, a cache is as it was, has told nobody, and goes on.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <evac/cache.hpp>
#include <stdexcept>
#include <utility>

#include "support/allocators.hpp"
#include "support/catch.hpp"
#include "support/elements.hpp"
#include "support/failures.hpp"
#include "support/manual_clock.hpp"

using namespace evac_test;

namespace {

using cache_type =
    evac::cache<int, tracked, evac::hash<int>, evac::equal_to<int>, counting_allocator<std::pair<const int, tracked>>>;

struct told_cache {
  explicit told_cache(std::size_t capacity)
      : cached(evac::shards{1}, capacity, [this](const int&, tracked&, evac::removal_cause) { ++told; }) {}

  int told = 0;
  cache_type cached;
};
/// Whether exactly 0 ... count - 1 are there, each with its own value.
bool holds_first(const cache_type& cached, int count) {
  bool right = cached.size() == static_cast<std::size_t>(count);
  for (int key = 0; key < count; ++key) {
    right = cached.get(key, [&](const tracked& value) { right = right && value.value() == key; }) && right;
  }
  return right;
}

/// `put(cached, key)` puts an element in, of a key that is not there.
template <class Put>
void fail_growing(countdown& source, const Put& put) {
  const failures_seen seen = fail_each_call(source, [&](failing_run& run) {
    constexpr int most = 120;
    told_cache all(1000);
    int done = 0;
    run([&] {
      for (; done < most; ++done) put(all.cached, done);
    });
    REQUIRE(holds_first(all.cached, done));
    REQUIRE(all.told == 0);
    for (; done < most; ++done) put(all.cached, done);
    REQUIRE(holds_first(all.cached, most));
  });
  REQUIRE(seen.thrown > 0);
}
template <class Put>
void fail_evicting(countdown& source, const Put& put) {
  fail_each_call(source, [&](failing_run& run) {
    constexpr int full = 50;
    told_cache all(full);
    for (int key = 0; key < full; ++key) put(all.cached, key);
    run([&] { put(all.cached, 1000); });
    if (run.threw()) {
      REQUIRE(holds_first(all.cached, full));
      REQUIRE(all.told == 0);
      put(all.cached, 1000);
    }
    REQUIRE(all.cached.size() == full);
    REQUIRE(all.cached.contains(1000));
    REQUIRE(all.told == 1);
  });
}

}  // namespace

TEST_CASE("a put that fails leaves a cache as it was") {
  const auto put = [](cache_type& cached, int key) {
    const tracked value(key);
    cached.put(key, value);
  };
  fail_growing(fail_allocation, put);
  fail_growing(fail_copy, put);
  fail_evicting(fail_copy, put);
}

TEST_CASE("a put_if_absent that fails leaves a cache as it was") {
  const auto put = [](cache_type& cached, int key) {
    const tracked value(key);
    cached.put_if_absent(key, value);
  };
  fail_growing(fail_allocation, put);
  fail_growing(fail_copy, put);
  fail_evicting(fail_copy, put);
}

TEST_CASE("a get_or_compute that fails leaves a cache as it was, and the next one computes") {
  const auto put = [](cache_type& cached, int key) {
    const tracked got = cached.get_or_compute(key, [&] {
      fail_function.tick();
      return tracked(key);
    });
    if (got.value() != key) throw std::logic_error("another value");
  };
  fail_growing(fail_function, put);
  fail_evicting(fail_function, put);
}

TEST_CASE("a value that is computed in place of a stale one, and fails, leaves a cache as it was") {
  using timed_cache = evac::cache<int, tracked, evac::hash<int>, evac::equal_to<int>,
                                  counting_allocator<std::pair<const int, tracked>>, evac::one_each, manual_clock>;
  for (countdown* const source : {&fail_copy, &fail_function}) {
    const failures_seen seen = fail_each_call(*source, [&](failing_run& run) {
      int told = 0;
      timed_cache cached({.capacity = 10, .time_to_refresh = std::chrono::nanoseconds(1)},
                         [&](const int&, tracked&, evac::removal_cause) { ++told; });
      cached.put(1, tracked(1));
      manual_clock::advance(std::chrono::nanoseconds(1));
      const auto compute = [&] {
        return cached
            .get_or_compute(
                1,
                [] {
                  fail_function.tick();
                  return tracked(2);
                },
                evac::stale_while_computing)
            .value();
      };
      run([&] { static_cast<void>(compute()); });
      int found = 0;
      REQUIRE(cached.get(1, [&](const tracked& value) { found = value.value(); }));
      // The copy that is returned is made when all is done; else nothing has changed.
      REQUIRE((found == 1 ? told == 0 && run.threw() : told == 1));
      REQUIRE(compute() == 2);
      REQUIRE(told == 1);
    });
    REQUIRE(seen.thrown > 0);
  }
}

TEST_CASE("a put into a cache that weighs, and fails, leaves it as it was") {
  struct ten {
    std::size_t operator()(const int&, const tracked&) const { return 10; }
  };
  using heavy_cache = evac::cache<int, tracked, evac::hash<int>, evac::equal_to<int>,
                                  counting_allocator<std::pair<const int, tracked>>, ten>;
  for (countdown* const source : {&fail_allocation, &fail_copy}) {
    const failures_seen seen = fail_each_call(*source, [&](failing_run& run) {
      int told = 0;
      heavy_cache cached({.capacity = 500, .shard_count = 1},
                         [&](const int&, tracked&, evac::removal_cause) { ++told; });
      int done = 0;
      run([&] {
        for (; done < 80; ++done) {
          const tracked value(done);
          cached.put(done, value);
        }
      });
      REQUIRE(cached.size() == static_cast<std::size_t>(std::min(done, 50)));
      REQUIRE(cached.weight() == 10 * cached.size());
      REQUIRE(told == done - static_cast<int>(cached.size()));
    });
    REQUIRE(seen.thrown > 0);
  }
}

TEST_CASE("a cache gives all memory back, and each value is destroyed once") {
  memory = {};
  tracked_census = {};
  {
    told_cache all(100);
    for (int key = 0; key < 1000; ++key) all.cached.put(key, tracked(key));
    for (int key = 950; key < 1000; ++key) all.cached.erase(key);
    all.cached.clear();
    CHECK(tracked_census.live == 0);
    all.cached.put(1, tracked(1));
    CHECK(all.told == 1000);
  }
  CHECK(tracked_census.live == 0);
  CHECK(memory.blocks == 0);
}
