// range() and bulk calls of sync maps while other threads write and the table grows.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/sync_stress.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("keys that stay are visited exactly once while others come and go and the table grows", "",
                   stressed_slots, stressed_constant_slots, stressed_wide_slots, stressed_nodes,
                   stressed_four_bit_nodes, stressed_strings) {
  constexpr std::size_t stay = 10;
  // One chain, or 16, must not get too long.
  const std::size_t others =
      std::is_same_v<TestType, stressed_constant_slots> || std::is_same_v<TestType, stressed_four_bit_nodes> ? 40
                                                                                                             : 1500;
  std::size_t twice_or_torn = 0;
  std::size_t grown = 0;
  for (std::size_t round = 0; round < rounds(3); ++round) {
    TestType map;
    for (std::size_t i = 0; i < stay; ++i) map.store(key_of<TestType>(i * 7), value_of<TestType>(i));
    std::atomic<std::size_t> ranging{2};
    std::atomic<std::size_t> filling{2};
    const std::size_t wrong = in_threads(4, [&](std::size_t thread) {
      std::size_t bad = 0;
      if (thread < 2) {
        for (std::size_t i = 0; i < 150 || filling != 0; ++i) {
          std::vector<unsigned> seen(stay * 7 + others + 1, 0);
          map.range([&](const auto& k, const auto& value) {
            ++seen.at(decode(k));
            bad += decode(value) == torn ? 1 : 0;
            return true;
          });
          for (std::size_t k = 0; k < seen.size(); ++k) {
            const bool stays = k < stay * 7 && k % 7 == 0;
            bad += seen[k] > 1 || (stays && seen[k] != 1) ? 1 : 0;
          }
        }
        --ranging;
        return bad;
      }
      dice roll(thread);
      for (bool first_time = true; ranging != 0; first_time = false) {
        const std::size_t first = stay * 7 + (thread - 2) * (others / 2);
        for (std::size_t i = 0; i < others / 2; ++i) {
          map.store(key_of<TestType>(first + i), value_of<TestType>(i + 1));
          // What comes and goes beside those that stay, so that elements move in their buckets.
          const std::size_t near = roll(stay * 7);
          if (near % 7 != 0 && i % 2 == 0) map.store(key_of<TestType>(near), value_of<TestType>(i + 1));
          if (near % 7 != 0 && i % 2 == 1) map.erase(key_of<TestType>(near));
        }
        if (first_time) --filling;
        for (std::size_t i = 0; i < others / 2; ++i) map.erase(key_of<TestType>(first + i));
      }
      return bad;
    });
    twice_or_torn += wrong;
    grown += map.stats().table.growths;
  }
  REQUIRE(twice_or_torn == 0);
  REQUIRE((grown != 0 || others == 40));
}

TEMPLATE_TEST_CASE("range may be nested and may erase what it visits, by all threads at once", "", stressed_slots,
                   stressed_wide_slots, stressed_nodes, stressed_strings) {
  constexpr std::size_t keys = 300;
  TestType map;
  for (std::size_t i = 0; i < keys; ++i) map.store(key_of<TestType>(i), value_of<TestType>(i + 1));
  // A visit of every key in every visit of a key.
  std::vector<unsigned> seen(keys, 0);
  std::size_t outer = 0;
  map.range([&](const auto&, const auto&) {
    if (++outer % 50 != 0) return true;
    return map.range([&](const auto& inner, const auto&) { return ++seen.at(decode(inner)), true; });
  });
  REQUIRE(outer == keys);
  REQUIRE(seen == std::vector<unsigned>(keys, keys / 50));

  std::atomic<std::size_t> erased{0};
  in_threads(4, [&](std::size_t thread) {
    map.range([&](const auto& k, const auto&) {
      stumble();
      if (thread % 2 == 0) {
        erased += map.erase(k) ? 1 : 0;
      } else {
        erased += map.load_and_delete(k).has_value() ? 1 : 0;
      }
      return true;
    });
  });
  REQUIRE(erased == keys);
  REQUIRE(map.empty());
}

TEMPLATE_TEST_CASE("bulk calls beside other writers do to each key what single ones do", "", stressed_slots,
                   stressed_wide_slots, stressed_nodes, stressed_strings) {
  using pair = std::pair<typename TestType::key_type, typename TestType::mapped_type>;
  constexpr std::size_t stay = 40;
  TestType map;
  for (std::size_t i = 0; i < stay; ++i) map.store(key_of<TestType>(i), value_of<TestType>(i + 1));
  std::atomic<std::ptrdiff_t> more{0};
  const std::size_t wrong = in_threads(4, [&](std::size_t thread) {
    dice roll(thread);
    std::size_t bad = 0;
    std::vector<pair> pairs;
    std::vector<typename TestType::key_type> keys;
    for (std::size_t i = 0; i < rounds(400); ++i) {
      pairs.clear();
      keys.clear();
      const std::size_t first = stay + roll(200);
      for (std::size_t k = first; k < first + 70; ++k) {
        pairs.emplace_back(key_of<TestType>(k), value_of<TestType>(k + 1));
        keys.push_back(pairs.back().first);
      }
      switch ((thread + i) % 4) {
        case 0:
          more += static_cast<std::ptrdiff_t>(map.store_many(pairs));
          break;
        case 1:
          more -= static_cast<std::ptrdiff_t>(map.erase_many(keys));
          break;
        default: {
          for (std::size_t k = 0; k < stay; ++k) keys.push_back(key_of<TestType>(k));
          std::vector<std::optional<typename TestType::mapped_type>> found;
          const std::size_t count = map.load_many(keys, std::back_inserter(found));
          std::size_t there = 0;
          for (std::size_t k = 0; k < found.size(); ++k) {
            there += found[k].has_value() ? 1 : 0;
            bad += found[k].has_value() && decode(*found[k]) != decode(keys[k]) + 1 ? 1 : 0;
            bad += k >= 70 && !found[k].has_value() ? 1 : 0;
          }
          bad += found.size() == keys.size() && there == count ? 0 : 1;
        }
      }
    }
    return bad;
  });
  REQUIRE(wrong == 0);
  REQUIRE(static_cast<std::ptrdiff_t>(map.size()) == static_cast<std::ptrdiff_t>(stay) + more);
}
