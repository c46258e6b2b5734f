// Long random sequences of all operations on two sharded maps and a set, against std::unordered_map.
#include <algorithm>
#include <array>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

/// Two maps of the kind under test, with different numbers of shards, and a model of each.
template <class Map>
class two_maps {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  using model_type = std::unordered_map<int, int>;
  using element = typename Map::value_type;

 public:
  two_maps(int keys, std::size_t count, std::size_t other_count)
      : keys_(keys), map_{Map(evac::shards{count}), Map(evac::shards{other_count})} {}

  void step() {
    const std::size_t side = random_() % 2;
    const auto kind = random_() % 40;
    if (kind < 30) {
      single(map_[side], model_[side], kind);
    } else if (kind < 38) {
      several(map_[side], model_[side], kind);
    } else {
      whole(side);
    }
    most_elements_ = std::max(most_elements_, map_[side].size());
  }

  void require_same() {
    for (const std::size_t side : {0U, 1U}) {
      const model_type& model = model_[side];
      REQUIRE_VALID_SHARDS(map_[side]);
      REQUIRE_ALL_FREE(map_[side]);
      REQUIRE(map_[side].size() == model.size());
      std::size_t same = 0;
      for (const auto& [key, value] : model) {
        map_[side].cvisit(make<K>(key), [&, wanted = value](const element& found) {
          same += found.second == make<V>(wanted) ? 1 : 0;
        });
      }
      REQUIRE(same == model.size());
      REQUIRE(map_[side].cvisit_all([](const element&) {}) == model.size());
    }
  }
  [[nodiscard]] std::size_t most_elements() const { return most_elements_; }
  [[nodiscard]] std::size_t elements() const { return map_[0].size() + map_[1].size(); }

 private:
  [[nodiscard]] int any_key() { return static_cast<int>(random_() % static_cast<std::size_t>(keys_)); }

  // A visitor of a present element has to see the model's value; a value that it writes goes to the model, too.
  struct checked_visit {
    model_type& model;
    int key;
    int written;
    mutable bool called = false;

    void operator()(element& found) const {
      (*this)(std::as_const(found));
      found.second = make<V>(written);
      model[key] = written;
    }
    void operator()(const element& found) const {
      called = true;
      CHECK(found.second == make<V>(model.at(key)));
    }
  };

  void single(Map& map, model_type& model, std::size_t kind) {
    const int key = any_key();
    const int value = any_key();
    const bool absent = model.count(key) == 0;
    const checked_visit visit{model, key, any_key()};
    const auto& cvisit = visit;
    const auto note_new = [&](const element& added) {
      CHECK(absent);
      CHECK(added.first == make<K>(key));
    };
    const K k = make<K>(key);
    const auto inserted = [&](bool said) {
      REQUIRE(said == absent);
      if (absent) model.emplace(key, value);
    };
    const auto read_only = [&](const element& found) { cvisit(found); };
    switch (kind) {
      case 0:
        return inserted(map.insert({make<K>(key), make<V>(value)}));
      case 1:
        return inserted(map.emplace(k, make<V>(value)));
      case 2:
        return inserted(map.try_emplace(k, make<V>(value)));
      case 3:
        return inserted(map.insert_or_visit({make<K>(key), make<V>(value)}, std::cref(visit)));
      case 4:
        return inserted(map.insert_or_cvisit({make<K>(key), make<V>(value)}, read_only));
      case 5:
        return inserted(map.emplace_or_visit(k, make<V>(value), visit));
      case 6:
        return inserted(map.emplace_or_cvisit(k, make<V>(value), read_only));
      case 7:
        return inserted(map.try_emplace_or_visit(k, make<V>(value), visit));
      case 8:
        return inserted(map.try_emplace_or_cvisit(k, make<V>(value), read_only));
      case 9:
        return inserted(map.insert_and_visit({make<K>(key), make<V>(value)}, note_new, std::cref(visit)));
      case 10:
        return inserted(map.insert_and_cvisit({make<K>(key), make<V>(value)}, note_new, read_only));
      case 11:
        return inserted(map.emplace_and_visit(k, make<V>(value), note_new, visit));
      case 12:
        return inserted(map.emplace_and_cvisit(k, make<V>(value), note_new, read_only));
      case 13:
        return inserted(map.try_emplace_and_visit(k, make<V>(value), note_new, visit));
      case 14:
        return inserted(map.try_emplace_and_cvisit(k, make<V>(value), note_new, read_only));
      case 15:
      case 16:
        REQUIRE(map.insert_or_assign(k, make<V>(value)) == absent);
        model[key] = value;
        return;
      case 17:
        REQUIRE(map.visit(k, visit) == (absent ? 0 : 1));
        return;
      case 18:
        REQUIRE(map.cvisit(k, read_only) == (absent ? 0 : 1));
        return;
      case 19: {
        const auto found = map.find(k);
        REQUIRE(found.has_value() == !absent);
        if (found) REQUIRE(*found == make<V>(model.at(key)));
        return;
      }
      case 20: {
        const auto mode = static_cast<evac::compute_mode>(random_() % 3);
        const V got = map.get_or_compute(k, [&] { return make<V>(value); }, mode);
        REQUIRE(got == make<V>(model.emplace(key, value).first->second));
        return;
      }
      case 21:
        REQUIRE(map.erase_if(k, [&](const element&) { return value % 2 == 0; }) ==
                (absent || value % 2 != 0 ? 0 : model.erase(key)));
        return;
      case 22: {
        const int second = any_key();
        const bool both = !absent && model.count(second) != 0;
        REQUIRE(map.visit2(k, make<K>(second), [](element& one, element& two) {
          if (&one != &two) std::swap(one.second, two.second);
        }) == both);
        if (both && second != key) std::swap(model.at(key), model.at(second));
        return;
      }
      case 23:
        REQUIRE(map.contains(k) == !absent);
        REQUIRE(map.count(k) == (absent ? 0 : 1));
        return;
      default:
        REQUIRE(map.erase(k) == model.erase(key));
    }
  }

  void several(Map& map, model_type& model, std::size_t kind) {
    std::vector<std::pair<const int, int>> chosen;
    std::size_t present = 0;
    for (std::size_t i = 0; i < random_() % 40; ++i) {
      chosen.emplace_back(any_key(), any_key());
      present += model.count(chosen.back().first);
    }
    std::vector<typename Map::value_type> elements;
    std::vector<K> keys;
    for (const auto& [key, value] : chosen) {
      elements.emplace_back(make<K>(key), make<V>(value));
      keys.push_back(make<K>(key));
    }
    std::size_t seen = 0;
    const auto count = [&](const element&) { ++seen; };
    if (kind == 30) {
      const std::size_t before = model.size();
      model.insert(chosen.begin(), chosen.end());
      REQUIRE(map.insert(elements.begin(), elements.end()) == model.size() - before);
    } else if (kind == 31) {
      const std::size_t before = model.size();
      model.insert(chosen.begin(), chosen.end());
      REQUIRE(map.insert_or_cvisit(elements.begin(), elements.end(), count) == model.size() - before);
      REQUIRE(seen == chosen.size() - (model.size() - before));
    } else if (kind < 34) {
      REQUIRE(map.visit(keys.begin(), keys.end(), count) == present);
      REQUIRE(seen == present);
    } else if (kind < 36) {
      REQUIRE(map.cvisit(keys.begin(), keys.end(), count) == present);
      const std::size_t last = 1 + random_() % static_cast<std::size_t>(keys_);
      seen = 0;
      REQUIRE(map.cvisit_while([&](const element&) { return ++seen != last; }) == (model.size() < last));
      REQUIRE(seen == std::min(last, model.size()));
    } else {
      for (const K& key : keys) seen += map.erase(key);
      std::size_t wanted = 0;
      for (const auto& each : chosen) wanted += model.erase(each.first);
      REQUIRE(seen == wanted);
    }
  }

  void whole(std::size_t side) {
    Map& map = map_[side];
    Map& other = map_[1 - side];
    model_type& model = model_[side];
    model_type& other_model = model_[1 - side];
    switch (random_() % 60) {
      case 0:
        map.clear();
        model.clear();
        return;
      case 1:
        map.rehash(random_() % 2 == 0 ? 0 : random_() % 4000);
        return;
      case 2:
        map.reserve(random_() % 2000);
        return;
      case 3:
        map.swap(other);
        model.swap(other_model);
        return;
      case 4: {
        const std::size_t before = model.size();
        model.merge(other_model);
        REQUIRE(map.merge(other) == model.size() - before);
        return;
      }
      case 5:
        if (random_() % 2 == 0) return;
        map = other;
        model = other_model;
        REQUIRE(map == other);
        return;
      case 6:
        if (random_() % 4 != 0) return;
        map = std::move(other);
        model = std::exchange(other_model, {});
        return;
      case 7: {
        Map moved = std::move(map);
        REQUIRE(map.empty());
        map = std::move(moved);
        return;
      }
      case 8: {
        typename Map::map_type taken(std::move(map));
        REQUIRE(taken.size() == model.size());
        map = std::move(taken);
        return;
      }
      case 9: {
        const typename Map::map_type copy = map.snapshot();
        REQUIRE(copy.size() == model.size());
        for (const auto& [key, value] : model) REQUIRE(copy.at(make<K>(key)) == make<V>(value));
        return;
      }
      case 10: {
        std::unordered_set<int> doomed;
        for (const auto& each : model) {
          if (any_key() % 3 == 0) doomed.insert(each.first);
        }
        std::vector<K> keys;
        for (const int key : doomed) keys.push_back(make<K>(key));
        REQUIRE(map.erase_if([&](const element& each) {
          return std::find(keys.begin(), keys.end(), each.first) != keys.end();
        }) == doomed.size());
        for (const int key : doomed) model.erase(key);
        return;
      }
      case 11:
        REQUIRE(map == Map(map));
        map = {};
        model.clear();
        return;
      default: {
        std::size_t seen = 0;
        map.for_each([&](const element& each) { seen += map.contains(each.first) ? 1 : 0; });
        REQUIRE(seen == model.size());
      }
    }
  }

  int keys_;
  std::array<Map, 2> map_;
  std::array<model_type, 2> model_;
  std::mt19937_64 random_{evac_test::seed()};
  std::size_t most_elements_ = 0;
};

template <class Map>
void run_sequences(const std::initializer_list<int>& key_counts) {
  for (const int keys : key_counts) {
    for (const auto& [count, other_count] : {std::pair(1, 4), std::pair(2, 2)}) {
      const auto live = tracked_census.live;
      two_maps<Map> maps(keys, static_cast<std::size_t>(count), static_cast<std::size_t>(other_count));
      for (std::size_t i = 0; i < rounds(20000); ++i) {
        maps.step();
        if (i % 100 == 0) maps.require_same();
        if (std::is_same_v<Map, sharded_tracked>) REQUIRE(tracked_census.live == live + 2 * maps.elements());
      }
      maps.require_same();
      REQUIRE(maps.most_elements() > static_cast<std::size_t>(keys) / 4);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("random operations on two sharded maps agree with the standard's and keep count of live objects", "",
                   sharded_tracked, sharded_strings, sharded_throwers, sharded_ints, sharded_identity) {
  const auto live = tracked_census.live;
  const auto blocks = memory.blocks;
  run_sequences<TestType>({30, 700});
  REQUIRE(tracked_census.live == live);
  REQUIRE(memory.blocks == blocks);
}

TEMPLATE_TEST_CASE("random operations agree with the standard's under hashes that do not spread", "", sharded_constant,
                   sharded_four_bits, sharded_raw) {
  run_sequences<TestType>({30, 200});
}

TEMPLATE_TEST_CASE("random operations on a sharded set agree with the standard's", "", evac::sharded_set<int>,
                   (evac::sharded_set<int, identity_hash>), (evac::sharded_set<int, constant_hash>)) {
  for (const std::size_t count : shard_counts) {
    TestType set(evac::shards{count});
    std::unordered_set<int> model;
    std::mt19937_64 random(evac_test::seed());
    for (std::size_t i = 0; i < rounds(5000); ++i) {
      const int key = static_cast<int>(random() % 300);
      if (random() % 5 < 3) {
        REQUIRE(set.insert(key) == model.insert(key).second);
      } else {
        REQUIRE(set.erase(key) == model.erase(key));
      }
      REQUIRE(set.contains(key) == (model.count(key) == 1));
      if (i % 500 != 0) continue;
      REQUIRE_VALID_SHARDS(set);
      REQUIRE(set.size() == model.size());
      REQUIRE(set == TestType(model.begin(), model.end()));
    }
  }
}
