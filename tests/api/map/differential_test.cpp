// Long random sequences of operations against std::unordered_map.
#include <evac/map.hpp>
#include <random>
#include <unordered_map>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

namespace {

template <class Map>
struct pair_of_maps {
  Map tested;
  std::unordered_map<std::uint64_t, int> model;
  std::mt19937_64 random{evac_test::seed()};
  bool evacuating_seen = false;

  void step(std::uint64_t keys) {
    const std::uint64_t key = random() % keys;
    const int value = static_cast<int>(random() % 1000);
    switch (random() % 12) {
      case 0:
      case 1:
      case 2:
        REQUIRE(tested.try_emplace(key, value).second == model.try_emplace(key, value).second);
        break;
      case 3:
        REQUIRE(tested.insert_or_assign(key, value).second == model.insert_or_assign(key, value).second);
        break;
      case 4:
        tested[key] += value;
        model[key] += value;
        break;
      case 5:
      case 6:
      case 7:
        REQUIRE(tested.erase(key) == model.erase(key));
        break;
      case 8: {
        auto node = tested.extract(key);
        REQUIRE(static_cast<bool>(node) == (model.count(key) == 1));
        if (node) tested.insert(std::move(node));
        break;
      }
      case 9:
        if (auto at = tested.find(key); at != tested.end()) {
          tested.erase(at);
          model.erase(key);
        }
        break;
      default: {
        const auto at = tested.find(key);
        const auto wanted = model.find(key);
        REQUIRE((at == tested.end()) == (wanted == model.end()));
        if (wanted != model.end()) REQUIRE(at->second == wanted->second);
      }
    }
    evacuating_seen |= tested.evacuating();
  }

  void rare_step() {
    switch (random() % 6) {
      case 0:
        tested.clear();
        model.clear();
        break;
      case 1:
        tested.shrink_to_fit();
        break;
      case 2:
        tested.reserve(random() % 3000);
        break;
      case 3:
        tested = Map(tested);
        break;
      case 4:
        tested.evacuate(random() % 50);
        break;
      default:
        tested.rehash(random() % 5000);
    }
  }

  void compare() {
    REQUIRE_VALID(tested);
    REQUIRE(tested.size() == model.size());
    std::size_t seen = 0;
    for (const auto& [key, value] : tested) {
      const auto wanted = model.find(key);
      REQUIRE(wanted != model.end());
      REQUIRE(wanted->second == value);
      ++seen;
    }
    REQUIRE(seen == model.size());
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a map agrees with std::unordered_map after every operation on few keys", "",
                   (evac::map<std::uint64_t, int>), evac_test::identity_map, evac_test::raw_map,
                   evac_test::constant_map, evac_test::four_bit_map) {
  pair_of_maps<TestType> maps;
  for (std::size_t i = 0; i < evac_test::rounds(3000); ++i) {
    maps.step(200);
    if (i % 500 == 499) maps.rare_step();
    maps.compare();
  }
  REQUIRE(maps.evacuating_seen);
}

TEMPLATE_TEST_CASE("a map agrees with std::unordered_map through growth and shrinking", "",
                   (evac::map<std::uint64_t, int>), evac_test::identity_map, evac_test::raw_map) {
  pair_of_maps<TestType> maps;
  for (std::size_t round = 0; round < evac_test::rounds(6); ++round) {
    for (const std::uint64_t keys : {100U, 60000U, 500U}) {
      for (int i = 0; i < 60000; ++i) maps.step(keys);
      maps.compare();
      // Down to a hundredth, without giving the table a chance to shrink on the way.
      for (auto at = maps.tested.begin(); at != maps.tested.end() && maps.tested.size() > keys / 100;) {
        maps.model.erase(at->first);
        at = maps.tested.erase(at);
      }
      maps.compare();
    }
    maps.rare_step();
    maps.compare();
  }
  REQUIRE(maps.evacuating_seen);
}
