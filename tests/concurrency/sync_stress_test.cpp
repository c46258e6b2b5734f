// Many threads on the same keys of one sync_map: what must come out exactly, whichever of them is where.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/overwrites.hpp"
#include "support/sync_stress.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("a value of 64 bytes is never torn", "", same_words<7>, same_words<8>) {
  using map_type = map_of<key, TestType>;
  constexpr key keys = 4;
  map_type map;
  for (key k = 0; k < keys; ++k) map.store(k, TestType(1));
  std::atomic<std::size_t> overwrites{0};
  const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) {
    dice roll(thread);
    std::size_t bad = 0;
    const auto look = [&](const TestType& value) { bad += value.is_torn() ? 1 : 0; };
    const auto look_in = [&](const std::optional<TestType>& value) {
      if (value.has_value()) look(*value);
    };
    for (std::size_t i = 0; i < rounds(20000); ++i) {
      const key k = roll(keys);
      if (thread % 2 == 0) {
        ++overwrites;
        switch (roll(5)) {
          case 0:
            look_in(map.swap(k, TestType(roll(1000))));
            break;
          case 1:
            map.update(k, [&](std::optional<TestType> before) {
              look_in(before);
              return std::optional<TestType>(roll(1000));
            });
            break;
          case 2:
            look_in(map.load_and_delete(k));
            break;
          default:
            map.store(k, TestType(roll(1000)));
        }
      } else {
        switch (roll(4)) {
          case 0:
            map.load(k, look);
            break;
          case 1:
            if (i % 8 == 0) map.range([&](key, const TestType& value) { return look(value), true; });
            break;
          case 2:
            map.load_many(std::array<key, 3>{0, k, 2}, [&](key, const TestType& value) { look(value); });
            break;
          default:
            look_in(map.load(k));
        }
      }
    }
    return bad;
  });
  REQUIRE(wrong == 0);
  REQUIRE(overwrites != 0);
}

TEMPLATE_TEST_CASE("stores and clears that race leave what was stored after the last clear", "", stressed_slots,
                   stressed_wide_slots, stressed_nodes, stressed_strings) {
  for (std::size_t round = 0; round < rounds(15); ++round) {
    TestType map;
    constexpr std::size_t each = 400;
    const std::size_t wrong = in_threads(4, [&](std::size_t thread) {
      std::size_t bad = 0;
      for (std::size_t i = 0; i < each; ++i) {
        if (thread == 0) {
          if (i % 8 == 0) map.clear();
          stumble();
          continue;
        }
        // Keys of its own: a clear is all that can come between.
        const auto k = key_of<TestType>(thread * each + i);
        bad += map.store(k, value_of<TestType>(i + 1)) ? 0 : 1;
        const auto found = map.load(k);
        bad += !found.has_value() || decode(*found) == i + 1 ? 0 : 1;
        if (i % 3 == 0 && !map.erase(k)) bad += map.contains(k) ? 1 : 0;
      }
      return bad;
    });
    REQUIRE(wrong == 0);
    std::size_t visited = 0;
    map.range([&](const auto&, const auto&) { return ++visited, true; });
    REQUIRE(visited == map.size());
    map.clear();
    REQUIRE(map.size() == 0);
    REQUIRE(map.range([](const auto&, const auto&) { return false; }));
    REQUIRE(map.store(key_of<TestType>(1), value_of<TestType>(2)));
    REQUIRE(map.size() == 1);
  }
}

TEMPLATE_TEST_CASE("the values that overwrites of one key return form one chain", "", stressed_slots, stressed_nodes) {
  TestType map;
  constexpr key only = 7;
  const std::size_t each = 65536 / crowd();
  std::vector<std::vector<key>> previous(crowd(), std::vector<key>(each, 0));
  map.store(only, 0U);
  in_threads(crowd(), [&](std::size_t thread) {
    for (std::size_t i = 0; i < each; ++i) {
      const key mine = thread * each + i + 1;
      // A third of them as an update, whose function may see a value that is overwritten before it is done.
      if (i % 3 == 0) {
        map.update(only, [&](std::optional<key> before) {
          previous[thread][i] = before.value_or(0);
          return std::optional<key>(mine);
        });
      } else {
        previous[thread][i] = map.swap(only, mine).value_or(0);
      }
      if (i % 64 == 0) std::this_thread::yield();
    }
  });
  const overwrite_chain chain = chain_of_overwrites(previous);
  REQUIRE(chain.replaced_twice == 0);
  REQUIRE(chain.length == crowd() * each);
  REQUIRE(map.load(only) == chain.last);
}

TEMPLATE_TEST_CASE("in sync maps increments of one key by all threads add up", "", stressed_slots, stressed_wide_slots,
                   stressed_nodes, stressed_strings) {
  TestType map;
  const auto only = key_of<TestType>(7);
  const std::size_t each = rounds(1500);
  in_threads(crowd(), [&](std::size_t) {
    for (std::size_t i = 0; i < each; ++i) {
      map.update(only, [](std::optional<typename TestType::mapped_type> before) {
        stumble();
        return std::optional(value_of<TestType>(before.has_value() ? decode(*before) + 1 : 1));
      });
      for (;;) {
        const auto before = map.load(only);
        if (map.compare_and_swap(only, *before, value_of<TestType>(decode(*before) + 1))) break;
      }
    }
  });
  REQUIRE(map.size() == 1);
  REQUIRE(decode(*map.load(only)) == 2 * each * crowd());
}

TEMPLATE_TEST_CASE("insertions that succeeded less removals that did are the size", "", stressed_slots,
                   stressed_constant_slots, stressed_wide_slots, stressed_nodes, stressed_strings) {
  using mapped = typename TestType::mapped_type;
  TestType map;
  const std::size_t keys = std::is_same_v<TestType, stressed_constant_slots> ? 12 : 48;
  std::atomic<std::ptrdiff_t> expected{0};
  in_threads(crowd(), [&](std::size_t thread) {
    dice roll(thread);
    std::ptrdiff_t more = 0;
    for (std::size_t i = 0; i < rounds(std::is_same_v<TestType, stressed_constant_slots> ? 4000 : 15000); ++i) {
      const auto k = key_of<TestType>(roll(keys));
      const mapped value = value_of<TestType>(1 + roll(3));
      switch (roll(10)) {
        case 0:
          more += map.store(k, value) ? 1 : 0;
          break;
        case 1:
          more += map.load_or_store(k, value).loaded ? 0 : 1;
          break;
        case 2:
          more += map.load_or_compute(k, [&] { return value; }).loaded ? 0 : 1;
          break;
        case 3:
          more += map.swap(k, value).has_value() ? 0 : 1;
          break;
        case 4:
          more -= map.erase(k) ? 1 : 0;
          break;
        case 5:
          more -= map.load_and_delete(k).has_value() ? 1 : 0;
          break;
        case 6:
          more -= map.compare_and_delete(k, value) ? 1 : 0;
          break;
        case 7: {
          std::ptrdiff_t change = 0;
          map.update(k, [&](std::optional<mapped> before) {
            stumble();
            change = before.has_value() ? -1 : 1;
            return before.has_value() ? std::nullopt : std::optional<mapped>(value);
          });
          more += change;
          break;
        }
        case 8:
          more += static_cast<std::ptrdiff_t>(map.store_many(std::array{std::pair(k, value), std::pair(k, value)}));
          break;
        default:
          more -= static_cast<std::ptrdiff_t>(map.erase_many(std::array{k, k}));
      }
    }
    expected += more;
  });
  REQUIRE(static_cast<std::ptrdiff_t>(map.size()) == expected);
  std::ptrdiff_t visited = 0;
  map.range([&](const auto&, const auto&) { return ++visited, true; });
  REQUIRE(visited == expected);
}

TEMPLATE_TEST_CASE("what a thread did before it stored a key is visible to whoever loads the key", "", stressed_slots,
                   stressed_wide_slots, stressed_nodes) {
  constexpr std::size_t keys = 3000;
  TestType map;
  std::vector<key> before(keys, 0);  // on purpose not atomic: the map orders the accesses, or ThreadSanitizer complains
  std::atomic<std::size_t> seen_early{0};
  const std::size_t wrong = in_threads(3, [&](std::size_t thread) {
    std::size_t bad = 0;
    if (thread == 0) {
      for (std::size_t k = 0; k < keys; ++k) {
        before[k] = k + 1;
        map.store(k, value_of<TestType>(k + 1));
      }
      return bad;
    }
    for (std::size_t next = 0; next < keys;) {
      if (!map.contains(next)) {
        std::this_thread::yield();
        continue;
      }
      bad += before[next] == next + 1 ? 0 : 1;
      if (++next < keys) ++seen_early;
    }
    return bad;
  });
  REQUIRE(wrong == 0);
  REQUIRE(seen_early != 0);
}

// Histories cannot tell this: taking a stamp waits until what was written before is visible.
TEMPLATE_TEST_CASE("of two threads that both write a key and then look at the other's, one sees what the other wrote",
                   "", (evac::sync_map<key, key>),
                   (evac::sync_map<key, key, evac::hash<key>, evac::equal_to<key>,
                                   std::allocator<std::pair<const key, key>>, evac::storage::in_nodes>)) {
  constexpr key last = 20000;
  std::size_t neither = 0;
  std::size_t met = 0;
  // On a busy machine the two are seldom at it at the same time.
  for (std::size_t round = 0; round < rounds(20) && met < 4000; ++round) {
    TestType map(1000);  // with homes of their own for the two keys
    std::array<std::vector<key>, 2> seen{std::vector<key>(last + 2, 0), std::vector<key>(last + 2, 0)};
    in_threads(2, [&](std::size_t thread) {
      for (key step = 1; step <= last; ++step) {
        map.store(thread, step);
        seen[thread][step] = map.load(1 - thread).value_or(0);
      }
    });
    for (key step = 1; step <= last; ++step) {
      const key others = seen[0][step];
      met += others != seen[0][step - 1] ? 1 : 0;
      neither += others < last && seen[1][others + 1] < step ? 1 : 0;
    }
  }
  REQUIRE(met != 0);
  REQUIRE(neither == 0);
}
