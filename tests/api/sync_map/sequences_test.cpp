// Long random sequences of all verbs on a sync map and a sync set, against the standard's.
#include <algorithm>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <iterator>
#include <optional>
#include <random>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

/// A map of the kind under test, and a model of it.
template <class Map>
class modelled_map {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  using optional = std::optional<V>;

 public:
  explicit modelled_map(int keys) : keys_(keys), map_(domain_) {}

  /// Mostly one key; now and then many, or all.
  void step() {
    const auto kind = roll_() % 200;
    if (kind < 190) {
      single(kind % 22);
    } else if (kind < 196) {
      several(kind % 3);
    } else {
      whole(roll_() % 40);
    }
    most_elements_ = std::max(most_elements_, map_.size());
  }

  void require_valid() {
    REQUIRE_VALID_SYNC(map_);
    REQUIRE(evac::detail::unsplit_children(map_) == 0);
    REQUIRE(map_.size() == model_.size());
  }
  void require_same() {
    require_valid();
    std::size_t same = 0;
    for (const auto& [key, value] : model_) same += map_.load(k(key)) == v(value) ? 1 : 0;
    REQUIRE(same == model_.size());
    std::size_t visited = 0;
    REQUIRE(map_.range([&](const K&, const V&) { return ++visited != 0; }));
    REQUIRE(visited == model_.size());
    REQUIRE(domain_.flush());
    REQUIRE(domain_.stats().retired_objects == 0);
    if (std::is_same_v<Map, sync_tracked>) REQUIRE(tracked_census.live == live_ + 2 * model_.size());
  }
  [[nodiscard]] std::size_t most_elements() const { return most_elements_; }
  void clear() {
    map_.clear();
    model_.clear();
    REQUIRE(map_.empty());
  }

 private:
  static K k(int key) { return make_sync<K>(key); }
  static V v(int value) { return make_sync<V>(value); }
  [[nodiscard]] int any_key() { return static_cast<int>(roll_() % static_cast<std::size_t>(keys_)); }
  [[nodiscard]] optional known(int key) const {
    const auto found = model_.find(key);
    return found == model_.end() ? optional() : optional(v(found->second));
  }
  void set(int key, int value) { model_[key] = value; }

  void single(std::size_t kind) {
    const int key = any_key();
    const int value = static_cast<int>(roll_() % 4);
    const int other = static_cast<int>(roll_() % 4);
    const optional before = known(key);
    switch (kind) {
      case 0:
      case 1:
      case 2:
      case 3:
        REQUIRE(map_.store(k(key), v(value)) == !before.has_value());
        return set(key, value);
      case 4:
        REQUIRE(map_.swap(k(key), v(value)) == before);
        return set(key, value);
      case 5:
      case 6:
        return inserted(key, value, map_.load_or_store(k(key), v(value)));
      case 7:
        return inserted(key, value, map_.load_or_compute(k(key), [&] { return v(value); }));
      case 8: {
        optional shown;
        REQUIRE(map_.load_or_compute(
                    k(key), [&] { return v(value); }, [&](const V& seen) { shown.emplace(seen); }) ==
                before.has_value());
        model_.emplace(key, value);
        REQUIRE(shown == known(key));
        return;
      }
      case 9: {
        const bool swaps = before == v(other);
        REQUIRE(map_.compare_and_swap(k(key), v(other), v(value)) == swaps);
        if (swaps) set(key, value);
        return;
      }
      case 10: {
        const bool deletes = before == v(value);
        REQUIRE(map_.compare_and_delete(k(key), v(value)) == deletes);
        if (deletes) model_.erase(key);
        return;
      }
      case 11:
      case 12: {
        const bool deletes = other == 0;
        const optional after = map_.update(k(key), [&](const optional& seen) {
          REQUIRE(seen == before);
          return deletes ? optional() : optional(v(value));
        });
        REQUIRE(after == (deletes ? optional() : optional(v(value))));
        if (deletes) {
          model_.erase(key);
        } else {
          set(key, value);
        }
        return;
      }
      case 13:
        REQUIRE(map_.load(k(key)) == before);
        REQUIRE(map_.contains(k(key)) == before.has_value());
        return;
      case 14:
        REQUIRE(map_.load(k(key), [&](const V& seen) { REQUIRE(seen == before); }) == before.has_value());
        return;
      case 19: {
        const auto declined = map_.load_or_compute(k(key), [] { return optional(); });
        REQUIRE(declined.loaded == before.has_value());
        REQUIRE(declined.value == before);
        return;
      }
      case 20:
        return answered(key, value, other, before);
      case 21:
        REQUIRE(map_.erase_if(k(key), [&](const V& seen) { return seen == v(value); }) == (before == v(value)));
        if (before == v(value)) model_.erase(key);
        return;
      case 15:
        REQUIRE(map_.load_and_delete(k(key)) == before);
        model_.erase(key);
        return;
      default:
        REQUIRE(map_.erase(k(key)) == before.has_value());
        model_.erase(key);
    }
  }
  void answered(int key, int value, int other, const optional& before) {
    const auto outcome = map_.update(k(key), [&](const V* seen) -> evac::update_answer<V> {
      REQUIRE((seen == nullptr ? !before.has_value() : *seen == before));
      if (other == 0) return evac::keep;
      if (other == 1) return std::nullopt;
      return v(value);
    });
    REQUIRE((outcome == evac::update_outcome::stored) == (other > 1));
    REQUIRE((outcome == evac::update_outcome::erased) == (other == 1 && before.has_value()));
    if (other == 1) model_.erase(key);
    if (other > 1) set(key, value);
  }
  template <class Result>
  void inserted(int key, int value, const Result& result) {
    REQUIRE(result.loaded == !model_.emplace(key, value).second);
    REQUIRE(result.value == known(key));
  }

  void several(std::size_t kind) {
    std::vector<int> chosen;
    for (std::size_t i = roll_() % 80; i != 0; --i) chosen.push_back(any_key());
    std::vector<K> keys;
    for (const int key : chosen) keys.push_back(k(key));
    const std::size_t before = model_.size();
    if (kind == 0) {
      std::vector<std::pair<K, V>> pairs;
      for (const int key : chosen) {
        pairs.emplace_back(k(key), v(key % 4));
        set(key, key % 4);
      }
      REQUIRE(map_.store_many(pairs) == model_.size() - before);
    } else if (kind == 1) {
      std::vector<optional> out;
      const std::size_t found = map_.load_many(keys, std::back_inserter(out));
      REQUIRE(out.size() == keys.size());
      std::size_t wanted = 0;
      for (std::size_t i = 0; i < out.size(); ++i) {
        wanted += out[i].has_value() ? 1 : 0;
        REQUIRE(out[i] == known(chosen[i]));
      }
      REQUIRE(found == wanted);
    } else {
      for (const int key : chosen) model_.erase(key);
      REQUIRE(map_.erase_many(keys) == before - model_.size());
    }
  }

  void whole(std::size_t kind) {
    if (kind == 0) {
      clear();
    } else if (kind == 1) {
      map_.reserve(roll_() % 1000);
    } else if (kind < 4) {
      // Erases what it visits; nested, so that the inner one sees less each time.
      std::size_t erased = 0;
      map_.range([&](const K& key, const V&) {
        if (roll_() % 4 == 0) erased += map_.erase(key) ? 1 : 0;
        return erased < 100;
      });
      REQUIRE(map_.size() + erased == model_.size());
      std::erase_if(model_, [&](const auto& each) { return !map_.contains(k(each.first)); });
    } else if (kind == 4) {
      const int one = static_cast<int>(roll_() % 4);
      const std::size_t before = model_.size();
      std::erase_if(model_, [&](const auto& each) { return v(each.second) == v(one); });
      REQUIRE(map_.erase_if([&](const K&, const V& value) { return value == v(one); }) == before - model_.size());
    } else if (kind < 8) {
      const auto copy = map_.snapshot();
      REQUIRE(copy.size() == model_.size());
      for (const auto& [key, value] : model_) REQUIRE(copy.at(k(key)) == v(value));
    } else {
      domain_.flush();
    }
  }

  std::size_t live_ = tracked_census.live;
  int keys_;
  evac::epoch_domain domain_;
  Map map_;
  std::unordered_map<int, int> model_;
  std::mt19937_64 roll_{evac_test::seed()};
  std::size_t most_elements_ = 0;
};

template <class Map>
void run_sequences(const std::initializer_list<int>& key_counts, std::size_t steps) {
  for (const int keys : key_counts) {
    modelled_map<Map> map(keys);
    for (std::size_t i = 0; i < rounds(steps); ++i) {
      map.step();
      if (i == rounds(steps) / 2) map.clear();  // dice alone might not come to it
      if (i % 16 == 0) map.require_valid();
      if (i % 100 == 0) map.require_same();
    }
    map.require_same();
    REQUIRE(map.most_elements() > static_cast<std::size_t>(keys) / 4);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("random verbs on a sync map agree with the standard's, and nothing erased lives on", "",
                   sync_tracked, sync_strings, sync_throwers, sync_words, sync_several, sync_forced) {
  const auto live = tracked_census.live;
  const auto blocks = memory.blocks;
  run_sequences<TestType>({30, 700}, 10000);
  REQUIRE(tracked_census.live == live);
  REQUIRE(memory.blocks == blocks);
}

TEMPLATE_TEST_CASE("random verbs agree with the standard's under hashes that do not spread", "", sync_constant,
                   sync_constant_nodes, sync_four_bits, sync_four_bit_nodes, sync_raw) {
  run_sequences<TestType>({30, 200}, 5000);
}

TEMPLATE_TEST_CASE("every verb leaves a valid table at every step of a growth and after it", "", sync_words,
                   sync_several, sync_tracked, sync_raw, sync_four_bits, sync_four_bit_nodes) {
  using Map = TestType;
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  constexpr int most = 400;
  evac::epoch_domain domain;
  Map map(domain);
  std::size_t growths = 0;
  for (int n = 0; n < most; ++n) {
    // Each step adds one element and takes one away and back again by other verbs.
    const K key = make_sync<K>(n);
    const K earlier = make_sync<K>(n / 2);
    REQUIRE(map.store(key, make_sync<V>(n)));
    REQUIRE_VALID_SYNC(map);
    REQUIRE(map.load_and_delete(earlier) == make_sync<V>(n / 2));
    REQUIRE_VALID_SYNC(map);
    REQUIRE_FALSE(map.load_or_store(earlier, make_sync<V>(n / 2)).loaded);
    REQUIRE_VALID_SYNC(map);
    REQUIRE(map.swap(earlier, make_sync<V>(n / 2)) == make_sync<V>(n / 2));
    REQUIRE(map.compare_and_delete(earlier, make_sync<V>(n / 2)));
    REQUIRE_VALID_SYNC(map);
    REQUIRE(map.update(earlier, [&](const auto&) { return std::optional(make_sync<V>(n / 2)); }).has_value());
    REQUIRE(map.size() == static_cast<std::size_t>(n) + 1);
    REQUIRE_VALID_SYNC(map);
    std::size_t visited = 0;
    REQUIRE(map.range([&](const K&, const V&) { return ++visited != 0; }));
    REQUIRE(visited == map.size());
    growths = map.stats().table.growths;
  }
  CHECK(growths >= 2);
  CHECK(map.stats().table.elements_moved > 0);
  for (int n = 0; n < most; ++n) {
    REQUIRE(map.erase(make_sync<K>(n)));
    REQUIRE_VALID_SYNC(map);
  }
  REQUIRE(map.empty());
}

TEMPLATE_TEST_CASE("a map that is filled and emptied again and again keeps its memory constant", "", sync_words,
                   sync_tracked) {
  evac::epoch_domain domain(std::size_t{1} << 20U);
  TestType map(domain);
  // The same keys come back, so that the same chains overflow: new ones now and then set a record of overflow buckets.
  const auto cycle = [&](int from) {
    fill(map, from, from + 500);
    for (int i = from; i < from + 500; ++i) map.erase(make_sync<typename TestType::key_type>(i));
    REQUIRE(domain.flush());
  };
  for (int i = 0; i < 20; ++i) cycle(500 * i);
  const std::size_t bytes = map.stats().table.total_bytes();
  const std::size_t blocks = memory.blocks;
  for (int i = 20; i < 80; ++i) cycle(500 * (i % 20));
  CHECK(map.empty());
  CHECK(map.stats().table.total_bytes() == bytes);
  CHECK(memory.blocks == blocks);
  CHECK_VALID_SYNC(map);
}

TEMPLATE_TEST_CASE(
    "random verbs on a sync set agree with the standard's", "", evac::sync_set<int>, evac::sync_set<std::string>,
    (evac::sync_set<int, constant_hash>),
    (evac::sync_set<int, four_bit_hash, evac::equal_to<int>, std::allocator<int>, evac::storage::in_nodes>)) {
  using K = typename TestType::key_type;
  TestType set;
  std::unordered_set<int> model;
  std::mt19937_64 roll(evac_test::seed());
  for (std::size_t i = 0; i < rounds(5000); ++i) {
    const int number = static_cast<int>(roll() % 300);
    const K key = make<K>(number);
    if (roll() % 5 < 3) {
      REQUIRE(set.insert(key) == model.insert(number).second);
    } else {
      REQUIRE(set.erase(key) == (model.erase(number) == 1));
    }
    REQUIRE(set.contains(key) == (model.count(number) == 1));
    if (i % 100 != 0) continue;
    REQUIRE_VALID_SYNC(set);
    REQUIRE(set.size() == model.size());
    std::size_t present = 0;
    for (const int each : model) present += set.contains(make<K>(each)) ? 1 : 0;
    REQUIRE(present == model.size());
  }
}
