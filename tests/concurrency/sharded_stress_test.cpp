// Many threads on the elements of one sharded map: what must come out exactly, whichever of them is where. Over three
// kinds of locks.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/overwrites.hpp"
#include "support/same_words.hpp"
#include "support/sharded_stress.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("in sharded maps increments of one key by all threads add up", "", EVAC_TEST_MUTEXES) {
  map_under<std::uint64_t, TestType> map(evac::shards{2});
  const std::size_t each = rounds(4000);
  in_threads(crowd(), [&](std::size_t) {
    const auto add_one = [](auto& element) {
      const std::uint64_t before = element.second;
      stumble();
      element.second = before + 1;
    };
    const std::array<shared_key, 1> only{7};
    for (std::size_t i = 0; i < each; ++i) {
      map.try_emplace_or_visit(7, 1U, add_one);
      map.insert_or_visit({7, 1}, add_one);
      map.visit(7, add_one);
      map.visit(only.begin(), only.end(), add_one);
      map.visit_all(add_one);
      map.visit2(7, 7, [&](auto& element, auto&) { add_one(element); });
    }
  });
  REQUIRE(map.size() == 1);
  REQUIRE(map.find(7) == 6 * each * crowd());
}

TEMPLATE_TEST_CASE("insertions that succeeded less erasures that did are the size", "", EVAC_TEST_MUTEXES) {
  constexpr shared_key keys = 48;
  map_under<live_value, TestType> map(evac::shards{2});
  set_under<TestType> set(evac::shards{2});
  std::atomic<std::ptrdiff_t> expected{0};
  std::atomic<std::ptrdiff_t> expected_of_set{0};
  in_threads(crowd(), [&](std::size_t thread) {
    dice roll(thread);
    std::ptrdiff_t more = 0;
    std::ptrdiff_t more_of_set = 0;
    for (std::size_t i = 0; i < rounds(30000); ++i) {
      const shared_key k = roll(keys);
      switch (roll(8)) {
        case 0:
          more += map.insert({k, live_value(k)}) ? 1 : 0;
          break;
        case 1:
          more += map.try_emplace(k, k) ? 1 : 0;
          break;
        case 2:
          more += map.insert_or_assign(k, live_value(k)) ? 1 : 0;
          break;
        case 3:
          more += map.emplace_or_visit(k, live_value(k), [](auto&) { stumble(); }) ? 1 : 0;
          break;
        case 4:
          more -= static_cast<std::ptrdiff_t>(map.erase(k));
          break;
        case 5:
          more -= static_cast<std::ptrdiff_t>(map.erase_if(k, [](auto&) { return stumble(), true; }));
          break;
        case 6:
          more -= static_cast<std::ptrdiff_t>(map.erase_if([&](auto& e) { return e.first == k; }));
          break;
        default:
          more_of_set += set.insert(k) ? 1 : 0;
          more_of_set -= static_cast<std::ptrdiff_t>(set.erase(roll(keys)));
      }
    }
    expected += more;
    expected_of_set += more_of_set;
  });
  REQUIRE(static_cast<std::ptrdiff_t>(map.size()) == expected);
  REQUIRE(static_cast<std::ptrdiff_t>(set.size()) == expected_of_set);
  REQUIRE(live_value::live == expected);
  REQUIRE_VALID_SHARDS(map);
  REQUIRE_VALID_SHARDS(set);
}

TEMPLATE_TEST_CASE("a value of 64 bytes is never seen torn", "", EVAC_TEST_MUTEXES) {
  constexpr shared_key keys = 24;
  map_under<same_words<8>, TestType> map(evac::shards{2});
  const std::size_t torn = in_threads(crowd(), [&](std::size_t thread) {
    dice roll(thread);
    std::size_t bad = 0;
    const auto look = [&](const auto& element) {
      stumble();
      bad += element.second.is_torn() ? 1 : 0;
    };
    for (std::size_t i = 0; i < rounds(12000); ++i) {
      const shared_key k = roll(keys);
      if (thread % 2 == 0) {
        map.insert_or_assign(k, same_words<8>(roll(1000)));
        map.visit(roll(keys), [&](auto& element) {
          for (auto& word : element.second.words) {
            word += 3;
            if (&word == &element.second.words[4]) stumble();
          }
        });
        if (i % 8 == 0) map.erase(roll(keys));
        continue;
      }
      if (const auto found = map.find(k)) bad += found->is_torn() ? 1 : 0;
      map.cvisit(k, look);
      if (i % 8 == 0) map.cvisit_all(look);
      if (i % 8 == 1) map.for_each(look);
      if (i % 32 == 2) {
        for (const auto& element : map.snapshot()) look(element);
      }
    }
    return bad;
  });
  REQUIRE(torn == 0);
  REQUIRE(map.size() != 0);
}

TEMPLATE_TEST_CASE("an element disappears only by a clear that ends after it was inserted", "", EVAC_TEST_MUTEXES) {
  {
    map_under<live_value, TestType> map(evac::shards{2});
    std::atomic<std::size_t> clears_begun{0};
    std::atomic<std::size_t> clears_ended{0};
    std::atomic<std::size_t> lost{0};
    const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) {
      std::size_t bad = 0;
      for (std::size_t i = 0; i < rounds(12000); ++i) {
        if (thread == 0) {
          if (i % 4 != 0) continue;
          ++clears_begun;
          map.clear();
          ++clears_ended;
          std::this_thread::yield();
          continue;
        }
        const shared_key mine = thread * 1000000 + i;
        const std::size_t ended_before = clears_ended;
        bad += map.insert({mine, live_value(mine)}) ? 0 : 1;
        stumble();
        const bool there = map.cvisit(mine, [&](const auto& e) { bad += *e.second.number == mine ? 0 : 1; }) != 0;
        if (there) continue;
        ++lost;
        bad += clears_begun == ended_before ? 1 : 0;
      }
      return bad;
    });
    REQUIRE(wrong == 0);
    REQUIRE(lost != 0);
    REQUIRE(live_value::live == static_cast<std::ptrdiff_t>(map.size()));
    REQUIRE_VALID_SHARDS(map);
  }
  REQUIRE(live_value::live == 0);
}

TEMPLATE_TEST_CASE("permanent keys are seen exactly once, and others at most once, while these come and go", "",
                   EVAC_TEST_MUTEXES) {
  constexpr shared_key permanent = 10;
  constexpr shared_key keys = 1000;
  map_under<live_value, TestType> map(evac::shards{2});
  for (shared_key k = 0; k < permanent; ++k) map.try_emplace(k * 97 % keys, k * 97 % keys);
  const auto is_permanent = [](shared_key k) { return k % 97 == 0 && k / 97 < permanent; };
  std::atomic<bool> over{false};
  std::atomic<std::size_t> walkers{4};
  const std::size_t wrong = in_threads(6, [&](std::size_t thread) -> std::size_t {
    if (thread < 2) {
      // In waves, so that the shards grow and shrink all the time.
      for (std::size_t wave = thread; !over; ++wave) {
        for (shared_key k = 0; k < keys && !over; ++k) {
          if (is_permanent(k)) continue;
          if (wave % 2 == 0) {
            map.try_emplace(k, k);
          } else {
            map.erase(k);
          }
          if (k % 64 == 0) stumble();
        }
        if (thread == 0) map.rehash(0);
      }
      return 0;
    }
    std::size_t bad = 0;
    for (std::size_t i = 0; i < rounds(100); ++i) {
      std::vector<unsigned> seen(keys, 0);
      const auto look = [&](const auto& element) {
        bad += *element.second.number == element.first ? 0 : 1;
        ++seen.at(element.first);
        if (element.first % 16 == 0) stumble();
      };
      switch ((thread + i) % 5) {
        case 0:
          map.visit_all([&](auto& element) { look(element); });
          break;
        case 1:
          map.cvisit_all(look);
          break;
        case 2:
          map.for_each(look);
          break;
        case 3:
          bad += map.cvisit_while([&](const auto& e) { return look(e), true; }) ? 0 : 1;
          break;
        default:
          for (const auto& element : map.snapshot()) look(element);
      }
      for (shared_key k = 0; k < keys; ++k) bad += (is_permanent(k) ? seen[k] == 1 : seen[k] <= 1) ? 0 : 1;
    }
    if (--walkers == 0) over = true;
    return bad;
  });
  REQUIRE(wrong == 0);
  REQUIRE(map.stats().total.table.growths > 4);
  REQUIRE_VALID_SHARDS(map);
}

TEMPLATE_TEST_CASE("the previous values that overwriting one key yields form one chain", "", EVAC_TEST_MUTEXES) {
  map_under<std::uint64_t, TestType> map(evac::shards{2});
  constexpr shared_key only = 5;
  map.try_emplace(only, 0U);
  const std::size_t each = (std::size_t{1} << 16U) / crowd();
  std::vector<std::vector<std::uint64_t>> previous(crowd(), std::vector<std::uint64_t>(each));
  in_threads(crowd(), [&](std::size_t thread) {
    for (std::size_t i = 0; i < each; ++i) {
      const std::uint64_t mine = thread * each + i + 1;
      const auto overwrite = [&](auto& element) {
        stumble();
        previous[thread][i] = std::exchange(element.second, mine);
      };
      if (i % 2 == 0) {
        map.visit(only, overwrite);
      } else {
        map.insert_or_visit({only, mine}, overwrite);
      }
    }
  });
  const overwrite_chain chain = chain_of_overwrites(previous);
  REQUIRE(chain.replaced_twice == 0);
  REQUIRE(chain.length == crowd() * each);
  REQUIRE(map.find(only) == chain.last);
}

TEMPLATE_TEST_CASE("all that a thread did before it inserted a key is visible to every thread that visits the key", "",
                   EVAC_TEST_MUTEXES) {
  constexpr shared_key keys = 8000;
  map_under<shared_key, TestType> map(evac::shards{2});
  std::vector<shared_key> before(
      keys, 0);  // on purpose not atomic: the map orders the accesses, or ThreadSanitizer complains
  std::atomic<std::size_t> seen_early{0};
  const std::size_t wrong = in_threads(3, [&](std::size_t thread) {
    std::size_t bad = 0;
    if (thread == 0) {
      for (shared_key k = 0; k < keys; ++k) {
        before[k] = k + 1;
        switch (k % 4) {
          case 0:
            map.insert({k, k});
            break;
          case 1:
            map.try_emplace(k, k);
            break;
          case 2:
            map.insert_or_assign(k, k);
            break;
          default:
            static_cast<void>(map.get_or_compute(k, [k] { return k; }, evac::compute_mode::single_flight));
        }
        stumble();
      }
      return bad;
    }
    const auto look = [&](const auto& element) {
      bad += before[element.first] == element.first + 1 ? 0 : 1;
      if (element.first + 1 < keys) ++seen_early;
    };
    for (shared_key next = 0; next < keys;) {
      next += map.cvisit(next, look);
      if (next % 256 == 17) map.cvisit_all(look);
      if (next % 256 == 18) map.for_each(look);
      stumble();
    }
    return bad;
  });
  REQUIRE(wrong == 0);
  REQUIRE(seen_early != 0);
}
