// A function of a sync_map's update() that changes its own key is reported before it does, whichever verb it uses; what
// else it does is its own business.
#include "support/throwing_handler.hpp"  // before evac

#include <cstdint>
#include <evac/sync_map.hpp>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

#define EVAC_TEST_UPDATED_MAPS \
  evac_test::sync_words, evac_test::sync_forced, evac_test::sync_constant, evac_test::sync_constant_nodes

namespace {

template <class Map>
using verbs = std::vector<std::pair<std::string, std::function<void(Map&, typename Map::key_type)>>>;

/// That change a key which has the value 1.
template <class Map>
verbs<Map> changes() {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  return {
      {"store", [](Map& map, K key) { map.store(key, V{2}); }},
      {"store_many", [](Map& map, K key) { map.store_many(std::vector<std::pair<K, V>>{{key, V{2}}}); }},
      {"swap", [](Map& map, K key) { map.swap(key, V{2}); }},
      {"compare_and_swap", [](Map& map, K key) { map.compare_and_swap(key, V{1}, V{2}); }},
      {"compare_and_delete", [](Map& map, K key) { map.compare_and_delete(key, V{1}); }},
      {"load_and_delete", [](Map& map, K key) { map.load_and_delete(key); }},
      {"erase", [](Map& map, K key) { map.erase(key); }},
      {"erase_many", [](Map& map, K key) { map.erase_many(std::vector<K>{key}); }},
      {"erase_if", [](Map& map, K key) { map.erase_if(key, [](const V&) { return true; }); }},
      {"erase_if of all", [](Map& map, K key) { map.erase_if([&](const K& each, const V&) { return each == key; }); }},
      {"answered update",
       [](Map& map, K key) { map.update(key, [](const V*) -> evac::update_answer<V> { return V{2}; }); }},
      {"update", [](Map& map, K key) { map.update(key, [](auto) { return std::optional<V>(V{2}); }); }},
      {"deleting update", [](Map& map, K key) { map.update(key, [](auto) { return std::optional<V>(); }); }},
  };
}
/// That change an absent key.
template <class Map>
verbs<Map> insertions() {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  return {
      {"store", [](Map& map, K key) { map.store(key, V{2}); }},
      {"load_or_store", [](Map& map, K key) { map.load_or_store(key, V{2}); }},
      {"load_or_compute", [](Map& map, K key) { map.load_or_compute(key, [] { return V{2}; }); }},
      {"load_or_compute and look",
       [](Map& map, K key) { map.load_or_compute(key, [] { return V{2}; }, [](const V&) {}); }},
      {"swap", [](Map& map, K key) { map.swap(key, V{2}); }},
      {"update", [](Map& map, K key) { map.update(key, [](auto) { return std::optional<V>(V{2}); }); }},
  };
}

/// Whether update(1) by a function that calls a verb on a key is refused with the message.
template <class Map, class Verb>
bool is_refused(Map& map, const Verb& verb, typename Map::key_type key) {
  using V = typename Map::mapped_type;
  int calls = 0;
  try {
    map.update(1U, [&](std::optional<V>) -> std::optional<V> {
      if (++calls == 10) throw std::logic_error("called again and again");
      verb(map, key);
      return V{9};
    });
  } catch (const std::runtime_error& misuse) {
    return std::string(misuse.what()).find("update() changes its own key") != std::string::npos;
  }
  return false;
}

}  // namespace

TEMPLATE_TEST_CASE("a function of update() that changes its own key is reported, and nothing has changed", "",
                   EVAC_TEST_UPDATED_MAPS) {
  using V = typename TestType::mapped_type;
  TestType map;
  for (const auto& [name, verb] : changes<TestType>()) {
    INFO(name);
    map.store(1U, V{1});
    CHECK(is_refused(map, verb, 1U));
    CHECK(map.load(1U) == V{1});
    CHECK(map.size() == 1);
  }
  for (const auto& [name, verb] : insertions<TestType>()) {
    INFO(name);
    map.erase(1U);
    CHECK(is_refused(map, verb, 1U));
    CHECK(map.empty());
  }
  REQUIRE_FLUSHED(map);
}

TEMPLATE_TEST_CASE("a function of update() may change other keys, look at its own, and do anything to other maps", "",
                   EVAC_TEST_UPDATED_MAPS) {
  using V = typename TestType::mapped_type;
  TestType map;
  TestType other;
  for (const auto& [name, verb] : changes<TestType>()) {
    INFO(name);
    map.store(1U, V{1});
    map.store(2U, V{1});
    other.store(1U, V{1});
    CHECK_FALSE(is_refused(map, verb, 2U));
    CHECK(map.load(1U) == V{9});
    CHECK_FALSE(is_refused(other, [&](TestType&, std::uint64_t key) { verb(map, key); }, 1U));
    CHECK(other.load(1U) == V{9});
  }
  map.store(1U, V{1});
  const auto look = [](TestType& of, std::uint64_t key) {
    CHECK(of.load(key) == V{1});
    CHECK_FALSE(of.compare_and_swap(key, V{2}, V{3}));
    CHECK_FALSE(of.erase_if(key, [](const V& value) { return value == V{2}; }));
    CHECK(of.load_or_store(key, V{4}).loaded);
    of.update(key, [](std::optional<V>) -> std::optional<V> { throw 1; });
  };
  CHECK_THROWS_AS(is_refused(map, look, 1U), int);
  // Nothing is left of the marks.
  CHECK_FALSE(map.store(1U, V{5}));
  CHECK(map.erase(1U));
}

TEMPLATE_TEST_CASE("another thread may change the key meanwhile, and a clear() ends nothing", "",
                   EVAC_TEST_UPDATED_MAPS) {
  using V = typename TestType::mapped_type;
  TestType map;
  map.store(1U, V{1});
  int calls = 0;
  CHECK(map.update(1U, [&](std::optional<V> before) {
    if (++calls < 5) in_threads(1, [&](std::size_t) { map.store(1U, static_cast<V>(*before + 1)); });
    return std::optional<V>(static_cast<V>(*before + 10));
  }) == V{15});
  CHECK(calls == 5);
  CHECK(map.update(1U, [&](std::optional<V> before) {
    map.clear();
    return std::optional<V>(static_cast<V>(before.value_or(V{100}) + V{1}));
  }) == V{101});
  CHECK(map.size() == 1);
  REQUIRE_FLUSHED(map);
}
