// Long random sequences of whole-map and single operations on elements that are counted, on strings and on sets.
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

/// Two maps of the kind under test and a model of each, so that merge, swap, moves and node handles have a partner.
template <class Map>
class two_maps {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  using model_type = std::unordered_map<int, int>;

 public:
  explicit two_maps(int keys) : keys_(keys) {}

  void step() {
    const std::size_t side = random_() % 2;
    const auto kind = random_() % 40;
    if (kind < 24) {
      single(map_[side], model_[side], kind);
    } else if (kind < 36) {
      between_two(side, kind);
    } else {
      whole(map_[side], model_[side]);
    }
    evacuating_seen_ |= map_[side].evacuating();
    most_elements_ = std::max(most_elements_, map_[side].size());
  }

  void require_same() const {
    for (const std::size_t side : {0U, 1U}) {
      REQUIRE_VALID(map_[side]);
      REQUIRE(map_[side].size() == model_[side].size());
      for (const auto& [key, value] : model_[side]) {
        const auto found = map_[side].find(make<K>(key));
        REQUIRE(found != map_[side].end());
        REQUIRE(found->second == make<V>(value));
      }
      REQUIRE(std::distance(map_[side].begin(), map_[side].end()) == static_cast<std::ptrdiff_t>(model_[side].size()));
    }
  }
  [[nodiscard]] bool evacuating_seen() const { return evacuating_seen_; }
  [[nodiscard]] std::size_t most_elements() const { return most_elements_; }
  [[nodiscard]] std::size_t elements() const { return map_[0].size() + map_[1].size(); }

 private:
  [[nodiscard]] int any_key() { return static_cast<int>(random_() % static_cast<std::size_t>(keys_)); }

  void single(Map& map, model_type& model, std::size_t kind) {
    const int key = any_key();
    const int value = any_key();
    if (kind < 6) {
      REQUIRE(map.try_emplace(make<K>(key), make<V>(value)).second == model.try_emplace(key, value).second);
    } else if (kind < 10) {
      REQUIRE(map.insert({make<K>(key), make<V>(value)}).second == model.insert({key, value}).second);
    } else if (kind < 14) {
      REQUIRE(map.insert_or_assign(make<K>(key), make<V>(value)).second == model.insert_or_assign(key, value).second);
    } else if (kind < 16) {
      map[make<K>(key)] = make<V>(value);
      model[key] = value;
    } else if (kind < 21) {
      REQUIRE(map.erase(make<K>(key)) == model.erase(key));
    } else if (const auto at = map.find(make<K>(key)); at != map.end()) {
      REQUIRE(at->second == make<V>(model.at(key)));
      map.erase(at);
      model.erase(key);
    }
  }

  void between_two(std::size_t side, std::size_t kind) {
    Map& map = map_[side];
    Map& other = map_[1 - side];
    if (kind < 34) {
      const int key = any_key();
      auto done = other.insert(map.extract(make<K>(key)));
      auto wanted = model_[1 - side].insert(model_[side].extract(key));
      REQUIRE(done.inserted == wanted.inserted);
      REQUIRE(done.node.empty() == wanted.node.empty());
    } else if (random_() % 100 < 5) {
      map.merge(other);
      model_[side].merge(model_[1 - side]);
    } else if (random_() % 2 == 0) {
      map.swap(other);
      model_[side].swap(model_[1 - side]);
    }
  }

  void whole(Map& map, model_type& model) {
    switch (random_() % 300) {
      case 0:
        map.clear();
        model.clear();
        break;
      case 1:
        map.shrink_to_fit();
        break;
      case 2:
        map.reserve(random_() % 2000);
        break;
      case 3:
        map.rehash(random_() % 4000);
        break;
      case 4: {
        Map copy = map;
        map = std::move(copy);
        break;
      }
      case 5: {
        const Map copy = map;
        REQUIRE(copy == map);
        map = copy;
        break;
      }
      case 6: {
        Map moved = std::move(map);
        map = Map();
        map = std::move(moved);
        break;
      }
      case 7: {
        const int divisor = 2 + any_key() % 5;
        const auto chosen = [&](int key) { return key % divisor == 0; };
        std::vector<int> gone;
        for (const auto& element : model) {
          if (chosen(element.first)) gone.push_back(element.first);
        }
        for (const int key : gone) model.erase(key);
        erase_if(map, [&](const auto& element) { return model.count(back(element.first)) == 0; });
        break;
      }
      default:
        map.evacuate(random_() % 4);
    }
  }

  // The int that a key was made of.
  [[nodiscard]] static int back(const std::string& key) { return std::stoi(key.substr(key.rfind(' ') + 1)); }
  [[nodiscard]] static int back(const tracked& key) { return key.value(); }
  template <class T>
    requires std::is_integral_v<T>
  [[nodiscard]] static int back(T key) {
    return static_cast<int>(key);
  }

  int keys_;
  Map map_[2];
  model_type model_[2];
  std::mt19937_64 random_{evac_test::seed()};
  bool evacuating_seen_ = false;
  std::size_t most_elements_ = 0;
};

}  // namespace

TEMPLATE_TEST_CASE("random operations on two maps agree with the standard's and keep count of live objects", "",
                   tracked_map, string_map, thrower_map, self_map, four_bit_map, aligned_map) {
  const auto live = tracked_census.live;
  const auto blocks = memory.blocks;
  for (const int keys : {40, 900}) {
    two_maps<TestType> maps(keys);
    for (std::size_t i = 0; i < rounds(20000); ++i) {
      maps.step();
      if (i % 400 == 0) maps.require_same();
      if (std::is_same_v<TestType, tracked_map>) REQUIRE(tracked_census.live == live + 2 * maps.elements());
    }
    maps.require_same();
    REQUIRE(maps.evacuating_seen());
    REQUIRE(maps.most_elements() > static_cast<std::size_t>(keys) / 4);
  }
  REQUIRE(tracked_census.live == live);
  REQUIRE(memory.blocks == blocks);
}

TEMPLATE_TEST_CASE("random operations on a set agree with the standard's", "", evac::set<int>,
                   (evac::set<int, identity_hash>), (evac::set<int, constant_hash>)) {
  TestType set;
  std::unordered_set<int> model;
  std::mt19937_64 random(evac_test::seed());
  bool evacuating_seen = false;
  for (std::size_t i = 0; i < rounds(20000); ++i) {
    const int key = static_cast<int>(random() % 700);
    if (random() % 5 < 3) {
      REQUIRE(set.insert(key).second == model.insert(key).second);
    } else {
      REQUIRE(set.erase(key) == model.erase(key));
    }
    REQUIRE(set.contains(key) == (model.count(key) == 1));
    evacuating_seen |= set.evacuating();
    if (i % 1000 != 0) continue;
    REQUIRE_VALID(set);
    REQUIRE(set.size() == model.size());
    for (const int seen : set) REQUIRE(model.count(seen) == 1);
    REQUIRE(set == TestType(model.begin(), model.end()));
  }
  REQUIRE(evacuating_seen);
}
