// Operations of sharded maps tried with every failure: nothing leaks, nothing stays locked, sizes are exact, and what
// has to be as before is.
#ifndef EVAC_TESTS_SUPPORT_SHARDED_FAILURES_HPP
#define EVAC_TESTS_SUPPORT_SHARDED_FAILURES_HPP

#include <cstddef>
#include <evac/sharded_map.hpp>
#include <functional>
#include <string>

#include "support/catch.hpp"
#include "support/failures.hpp"
#include "support/leak_check.hpp"
#include "support/sharded_axes.hpp"

namespace evac_test {

template <class Value>
using fragile_shards =
    evac::sharded_map<tracked, Value, throwing_hash<tracked>, throwing_equal<tracked>, counted<tracked, Value>>;
using fragile_in_place = fragile_shards<tracked>;
using fragile_in_nodes = fragile_shards<throwing_mover>;

inline constexpr int present = 5;
inline constexpr int absent = 1000;
inline constexpr int elements = 60;

/// Keys from..to-1, each its own value.
template <class Map>
Map keyed(std::size_t count, int from, int to) {
  Map map(evac::shards{count});
  for (int i = from; i < to; ++i) map.try_emplace(tracked(i), i);
  return map;
}

enum class after { nothing_changed, each_is_there_once, some_are_there };

template <class Map>
struct operation {
  const char* name;
  std::string must_fail;  // letters of the failures that have to happen: see failure_sources
  after promise;
  std::function<void(Map& map, Map& other)> call;
};

template <class Map>
void require_usable(Map& map) {
  REQUIRE_VALID_SHARDS(map);
  REQUIRE_ALL_FREE(map);
  REQUIRE(map.cvisit_all([](const auto&) {}) == map.size());
  // A lock, or a mark of a call, that was left behind would show here.
  const std::size_t before = map.size();
  for (int i = 5000; i < 5020; ++i) REQUIRE(map.try_emplace(tracked(i), i));
  for (int i = 5000; i < 5020; ++i) REQUIRE(map.erase(tracked(i)) == 1);
  REQUIRE(map.size() == before);
}

template <class Map>
void require_promise(const operation<Map>& tried, const Map& map, const Map& other, const Map& before,
                     const Map& other_before) {
  switch (tried.promise) {
    case after::nothing_changed:
      REQUIRE((map == before));
      REQUIRE((other == other_before));
      return;
    case after::each_is_there_once:
      REQUIRE(map.size() + other.size() == before.size() + other_before.size());
      before.cvisit_all([&](const auto& each) { REQUIRE(map.count(each.first) + other.count(each.first) >= 1); });
      return;
    case after::some_are_there:
      REQUIRE(map.size() <= before.size() + other_before.size());
  }
}

template <class Map>
void fail_everywhere(const operation<Map>& tried) {
  INFO(tried.name);
  const leak_check none_left;
  const Map before = keyed<Map>(4, 0, elements);
  const Map other_before = keyed<Map>(2, elements - 10, elements + 20);
  for (const failure_source& each : failure_sources) {
    INFO("failing " << each.letter);
    const failures_seen seen = fail_any_calls(each.calls, [&](failing_run& run) {
      const leak_check none_left_inside;
      Map map(before);
      Map other(other_before);
      run([&] { tried.call(map, other); });
      if (run.threw()) require_promise(tried, map, other, before, other_before);
      require_usable(map);
      require_usable(other);
    });
    const bool must = tried.must_fail.find(each.letter) != std::string::npos;
    REQUIRE((seen.thrown > 0 || !must));
  }
}

inline constexpr auto failing_visitor = [](auto&) { fail_function.tick(); };

}  // namespace evac_test

#endif
