// update() of a cache: what its function is shown and may answer, what becomes of times to stay, weights and refreshes,
// and what an exception leaves.
#include <chrono>
#include <cstddef>
#include <evac/cache.hpp>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/elements.hpp"
#include "support/failures.hpp"
#include "support/in_threads.hpp"
#include "support/manual_clock.hpp"

using namespace evac_test;
using namespace std::chrono_literals;
using evac::removal_cause;
using evac::update_outcome;

namespace {

/// A value weighs what it says.
struct value_itself {
  std::size_t operator()(const int&, const int& value) const { return static_cast<std::size_t>(value); }
};
struct told {
  int key;
  int value;
  removal_cause cause;
  bool operator==(const told&) const = default;
};
/// A cache of ints, and what its listener was told.
template <class Cache>
struct told_cache {
  explicit told_cache(typename Cache::options_type options)
      : cached(options,
               [this](const int& key, int& value, removal_cause cause) { all.push_back({key, value, cause}); }) {}
  /// What was told since the last call.
  std::vector<told> news() { return std::exchange(all, {}); }

  std::vector<told> all;
  Cache cached;
};
using plain = told_cache<evac::cache<int, int>>;
using weighed = told_cache<evac::weighed_cache<int, int, value_itself>>;
using expiring = told_cache<evac::expiring_cache<int, int, manual_clock>>;

constexpr auto add_one = [](std::optional<int> value) { return std::optional(value.value_or(0) + 1); };

}  // namespace

TEST_CASE("update of a cache is shown what the key has, and does what its function answers") {
  plain it({.capacity = 10, .shard_count = 1});
  using answer = evac::update_answer<int>;
  CHECK(it.cached.update(1, add_one) == 1);
  CHECK(it.cached.update(1, add_one) == 2);
  CHECK(it.news() == std::vector<told>{{1, 1, removal_cause::replaced}});
  CHECK(it.cached.update(1, [](const int* value) -> answer { return *value == 2 ? answer(7) : evac::keep; }) ==
        update_outcome::stored);
  CHECK(it.cached.update(1, [](const int*) { return evac::keep; }) == update_outcome::kept);
  CHECK(it.cached.update(2, [](const int* value) -> answer {
    if (value == nullptr) return evac::keep;
    return 1;
  }) == update_outcome::kept);
  CHECK(it.cached.update(2, [](const int*) -> answer { return std::nullopt; }) == update_outcome::kept);
  CHECK(it.cached.get(1) == 7);
  CHECK(it.cached.size() == 1);
  CHECK(it.news() == std::vector<told>{{1, 2, removal_cause::replaced}});
  CHECK(it.cached.update(1, [](const int*) -> answer { return std::nullopt; }) == update_outcome::erased);
  CHECK(it.news() == std::vector<told>{{1, 7, removal_cause::erased}});
  CHECK(it.cached.update(1, [](std::optional<int>) { return std::optional<int>(); }) == std::nullopt);
  CHECK(it.news().empty());
  const evac::cache_counters counted = it.cached.counters();
  CHECK(counted.size == 0);
  CHECK(counted.replaced == 2);
  CHECK(counted.erased == 1);
  CHECK(counted.hits == 1);
  CHECK(counted.misses == 0);
}

TEST_CASE("update of a cache takes keys of other types, and values that only move") {
  evac::cache<std::string, std::unique_ptr<int>> cached(10);
  using answer = evac::update_answer<std::unique_ptr<int>>;
  const auto add = [](const std::unique_ptr<int>* value) -> answer {
    return std::make_unique<int>(value != nullptr ? **value + 1 : 1);
  };
  CHECK(cached.update(std::string_view("a"), add) == update_outcome::stored);
  CHECK(cached.update("a", add) == update_outcome::stored);
  int seen = 0;
  CHECK(cached.get("a", [&](const std::unique_ptr<int>& value) { seen = *value; }));
  CHECK(seen == 2);
}

TEST_CASE("random updates of a cache leave what a map has after the same") {
  evac::cache<int, int> cached(100'000);
  std::map<int, int> model;
  dice roll(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto key = static_cast<int>(roll(300));
    const std::size_t kind = roll(4);
    const auto found = model.find(key);
    const bool is_there = found != model.end();
    bool saw_the_same = false;
    const update_outcome outcome = cached.update(key, [&](const int* value) -> evac::update_answer<int> {
      saw_the_same = is_there ? value != nullptr && *value == found->second : value == nullptr;
      if (kind == 0) return evac::keep;
      if (kind == 1) return std::nullopt;
      return i;
    });
    REQUIRE(saw_the_same);
    REQUIRE(outcome == (kind > 1                ? update_outcome::stored
                        : kind == 1 && is_there ? update_outcome::erased
                                                : update_outcome::kept));
    if (kind == 1) model.erase(key);
    if (kind > 1) model[key] = i;
    REQUIRE(cached.size() == model.size());
  }
  std::map<int, int> left;
  cached.for_each([&](const int& key, const int& value) { left[key] = value; });
  CHECK(left == model);
}

TEST_CASE("an element that update has changed, or looked at, is one that was asked for") {
  for (const bool keeps : {false, true}) {
    plain it({.capacity = 3, .shard_count = 1});
    for (const int key : {1, 2, 3}) it.cached.put(key, key);
    it.cached.update(1, [&](const int*) { return keeps ? evac::update_answer<int>(evac::keep) : 10; });
    it.news();
    it.cached.put(4, 4);
    CHECK(it.news() == std::vector<told>{{2, 2, removal_cause::size}});
    CHECK(it.cached.contains(1));
  }
}

TEST_CASE("a weight that grows by update makes room, and one beyond its shard takes the key out") {
  weighed it({.capacity = 100, .shard_count = 1});
  for (int key = 0; key < 10; ++key) it.cached.put(key, 10);
  const auto grow = [&](int key, int to) {
    return it.cached.update(key, [&](std::optional<int>) { return std::optional(to); });
  };
  CHECK(grow(5, 60) == 60);
  CHECK(it.cached.weight() <= 100);
  CHECK(it.cached.get(5) == 60);
  CHECK(it.news().size() == 6);  // the value before, and five others
  CHECK(grow(5, 1) == 1);
  CHECK(it.cached.weight() == 41);
  it.news();
  CHECK(grow(5, 101) == 101);
  CHECK_FALSE(it.cached.contains(5));
  CHECK(it.cached.weight() == 40);
  CHECK(it.news() == std::vector<told>{{5, 1, removal_cause::replaced}, {5, 101, removal_cause::size}});
  CHECK(grow(77, 101) == 101);
  CHECK(it.news() == std::vector<told>{{77, 101, removal_cause::size}});
  CHECK(it.cached.weight() == 40);
  // More leave than one lock lets go.
  weighed many({.capacity = 1000, .shard_count = 1});
  for (int key = 0; key < 1000; ++key) many.cached.put(key, 1);
  many.cached.update(1, [](std::optional<int>) { return std::optional(900); });
  CHECK(many.cached.weight() == 1000);
  CHECK(many.cached.get(1) == 900);
}

TEST_CASE("an update leaves the time to live as it is, unless it is given another one") {
  expiring it({.capacity = 10, .shard_count = 1, .time_to_live = 100ns});
  it.cached.update(1, add_one);
  CHECK(it.cached.time_left(1) == 100ns);
  manual_clock::advance(60ns);
  it.cached.update(1, add_one);
  CHECK(it.cached.time_left(1) == 40ns);
  it.cached.update(1, add_one, {.time_to_live = 500ns});
  CHECK(it.cached.time_left(1) == 500ns);
  it.cached.update(2, add_one, evac::expiry());
  CHECK(it.cached.time_left(2) == evac::expiry::never);
  it.cached.update(1, [](const int*) { return evac::keep; }, {.time_to_live = 1ns});
  CHECK(it.cached.time_left(1) == 500ns);
  manual_clock::advance(500ns);
  it.news();
  CHECK(it.cached.update(1, add_one) == 1);  // it was over: a new element
  CHECK(it.news() == std::vector<told>{{1, 3, removal_cause::expired}});
  CHECK(it.cached.time_left(1) == 100ns);
}

TEST_CASE("an update begins the time to idle anew, also one that keeps what is there") {
  for (const bool keeps : {false, true}) {
    expiring it({.capacity = 10, .shard_count = 1, .time_to_idle = 640ns});
    it.cached.put(1, 1);
    manual_clock::advance(600ns);
    it.cached.update(1, [&](const int*) { return keeps ? evac::update_answer<int>(evac::keep) : 10; });
    manual_clock::advance(600ns);
    CHECK(it.cached.contains(1));
  }
}

TEST_CASE("a value that is computed for a stale one does not take the place of what an update has made of that") {
  evac::expiring_cache<int, int, manual_clock> cached({.capacity = 10, .time_to_refresh = 10ns});
  for (const bool keeps : {false, true}) {
    cached.put(1, 1);
    manual_clock::advance(10ns);
    const int got = cached.get_or_compute(
        1,
        [&] {
          cached.update(1, [&](const int*) { return keeps ? evac::update_answer<int>(evac::keep) : 50; });
          return 7;
        },
        evac::stale_while_computing);
    CHECK(got == (keeps ? 7 : 50));
    CHECK(cached.get(1) == got);
  }
}

TEST_CASE("what was put in beside a computation stays where no time passes, and all values are stale at once") {
  evac::expiring_cache<int, int, manual_clock> cached({.capacity = 10, .time_to_refresh = 0ns});
  const auto beside = [&](const auto& change) {
    manual_clock::advance(1us);
    cached.put(1, 1);
    const auto compute = [&] {
      change();
      return 7;
    };
    CHECK(cached.get_or_compute(1, compute, evac::stale_while_computing) == 50);
    CHECK(cached.get(1) == 50);
  };
  const auto fifty = [](const int*) { return std::optional(50); };
  beside([&] { cached.put(1, 50); });
  beside([&] {
    for (int i = 41; i <= 50; ++i) cached.put(1, i);
  });
  beside([&] { cached.update(1, fifty); });
  beside([&] { cached.update(1, fifty, evac::expiry{.time_to_refresh = 0ns}); });
}

TEST_CASE("what an update puts in lives from the moment at which its function has returned") {
  evac::expiring_cache<int, int, manual_clock> cached({.capacity = 10, .time_to_live = 5ns});
  const auto slowly = [](const int*) {
    manual_clock::advance(10ns);
    return std::optional(1);
  };
  cached.update(1, slowly);
  CHECK(cached.get(1) == 1);
  manual_clock::advance(4ns);
  CHECK(cached.get(1) == 1);
  cached.update(1, slowly, evac::expiry{.time_to_live = 3ns});
  CHECK(cached.get(1) == 1);
  manual_clock::advance(3ns);
  CHECK_FALSE(cached.contains(1));
}

TEST_CASE("an update that throws has changed nothing, wherever it does") {
  struct throwing_weigher {
    std::size_t operator()(const int&, const tracked&) const {
      fail_hash.tick();
      return 1;
    }
  };
  using cache_type = evac::weighed_cache<int, tracked, throwing_weigher>;
  std::size_t thrown = 0;
  for (countdown* const source : {&fail_hash, &fail_copy}) {
    for (const bool is_there : {false, true}) {
      const failures_seen seen = fail_each_call(*source, [&](failing_run& run) {
        std::vector<int> gone;
        cache_type cached({.capacity = 10},
                          [&](const int&, tracked& value, removal_cause) { gone.push_back(value.value()); });
        if (is_there) cached.put(1, tracked(5));
        bool done = false;
        run([&] {
          cached.update(
              1, [](std::optional<tracked> value) { return std::optional<tracked>(value ? value->value() + 1 : 1); });
          done = true;
        });
        int value = 0;
        cached.get(1, [&](const tracked& found) { value = found.value(); });
        REQUIRE(value == (done ? 1 : 0) + (is_there ? 5 : 0));
        REQUIRE(gone.size() == (done && is_there ? 1 : 0));
      });
      thrown += seen.thrown;
    }
  }
  CHECK(thrown > 0);
  evac::cache<int, int> cached(10);
  cached.put(1, 1);
  const auto fail = [](const int*) -> evac::update_answer<int> { throw std::runtime_error("no"); };
  CHECK_THROWS_AS(cached.update(1, fail), std::runtime_error);
  CHECK_THROWS_AS(cached.update(2, fail), std::runtime_error);
  CHECK(cached.get(1) == 1);
  CHECK(cached.size() == 1);
}

TEST_CASE("no update of any thread is lost") {
  evac::cache<int, std::size_t> cached(1000);
  const std::size_t each = rounds(3000);
  constexpr std::size_t threads = 4;
  in_threads(threads, [&](std::size_t) {
    for (std::size_t i = 0; i < each; ++i)
      cached.update(static_cast<int>(i % 5), [](std::optional<std::size_t> sum) { return sum.value_or(0) + 1; });
  });
  std::size_t sum = 0;
  cached.for_each([&](const int&, const std::size_t& part) { sum += part; });
  CHECK(sum == each * threads);
}
