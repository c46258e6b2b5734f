// The events of one thread's calls: what an observer is told of each kind of map, in which order, and by which object.
#include <cstddef>
#include <evac/evac.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/event_recorder.hpp"

using evac_test::event_recorder;
using evac_test::in_turn;

namespace {

template <class Set>
void add(Set& to, int key) {
  if constexpr (requires { typename Set::mapped_type; } && requires { to.domain(); }) {
    to.store(key, key);
  } else if constexpr (requires { typename Set::mapped_type; }) {
    to.emplace(key, key);
  } else {
    to.insert(key);
  }
}
template <class Set>
void fill(Set& to, int count) {
  for (int key = 0; key < count; ++key) add(to, key);
}

// With one shard, so that its tables are as comparable as the others'.
template <class Map>
std::unique_ptr<Map> make() {
  if constexpr (requires { Map(evac::shards{1}); }) {
    return std::make_unique<Map>(evac::shards{1});
  } else {
    return std::make_unique<Map>();
  }
}
template <class Map>
inline constexpr bool is_sharded = requires(Map& map) { map.shard_count(); };

using sharded_by_std_hash = evac::sharded_map<int, int, std::hash<int>>;

}  // namespace

#define EVAC_TEST_OBSERVED                                                                                       \
  (evac::map<int, int>), (evac::map<int, int, std::hash<int>>), evac::set<int>, (evac::sharded_map<int, int>),   \
      sharded_by_std_hash, evac::sharded_set<int>, (evac::sync_map<int, int>),                                   \
      (evac::sync_map<int, int, evac::hash<int>, evac::equal_to<int>, std::allocator<std::pair<const int, int>>, \
                      evac::storage::in_nodes>),                                                                 \
      evac::sync_set<int>

TEMPLATE_TEST_CASE("an observer is told of each doubling when it begins and when it has ended, with its numbers", "",
                   EVAC_TEST_OBSERVED) {
  const auto map = make<TestType>();
  event_recorder told;
  map->observe(&told);
  CHECK(map->observed_by() == &told);
  constexpr int count = 5000;
  fill(*map, count);
  CHECK(told.count(true) >= 5);
  CHECK(told.count(true) == map->counters().growths);
  CHECK(told.count(false) == told.count(true) - (map->counters().parents_left != 0 ? 1 : 0));
  CHECK(in_turn(told.growths()));
  for (const auto& [begun, event] : told.growths()) {
    CHECK(event.map == map.get());
    CHECK(event.shard == (is_sharded<TestType> ? 0 : evac::observer::no_shard));
    CHECK(event.size <= count);
    CHECK(event.size > event.slots_before / 4);
  }
  CHECK(told.growths().back().event.elements_moved <= map->counters().elements_moved);
  CHECK(told.all() == told.growths().size());
}

TEMPLATE_TEST_CASE("an observer is told of clear() and of the size before", "", EVAC_TEST_OBSERVED) {
  const auto map = make<TestType>();
  event_recorder told;
  fill(*map, 300);
  map->observe(&told);
  map->clear();
  REQUIRE(told.clears().size() == 1);
  CHECK(told.clears()[0].map == map.get());
  CHECK(told.clears()[0].size == 300);
  CHECK(told.all() == 1);
}

TEMPLATE_TEST_CASE("an observer is told nothing before it is given to the map and after it is taken away", "",
                   EVAC_TEST_OBSERVED) {
  const auto map = make<TestType>();
  event_recorder told;
  CHECK(map->observed_by() == nullptr);
  fill(*map, 1000);
  map->observe(&told);
  map->observe(nullptr);
  CHECK(map->observed_by() == nullptr);
  fill(*map, 4000);
  map->clear();
  CHECK(told.all() == 0);
}

TEMPLATE_TEST_CASE("another observer takes the place of the first", "", EVAC_TEST_OBSERVED) {
  const auto map = make<TestType>();
  event_recorder first;
  event_recorder second;
  map->observe(&first);
  map->observe(&second);
  fill(*map, 1000);
  CHECK(first.all() == 0);
  CHECK(second.all() != 0);
  map->observe(nullptr);
}

TEMPLATE_TEST_CASE("each halving is told: by rehash(), by inserts into an oversized table, and the release of all", "",
                   (evac::map<int, int>), evac::set<int>, (evac::sharded_map<int, int>), evac::sharded_set<int>) {
  const auto map = make<TestType>();
  fill(*map, 4000);
  for (int key = 10; key < 4000; ++key) map->erase(key);
  event_recorder told;
  map->observe(&told);
  map->rehash(0);
  CHECK(told.shrinks().size() >= 5);
  CHECK(told.shrinks().size() == map->counters().shrinks);
  for (std::size_t i = 0; i < told.shrinks().size(); ++i) {
    const auto& event = told.shrinks()[i];
    CHECK(event.map == map.get());
    CHECK(event.slots_before == 2 * event.slots_after);
    CHECK(event.size == 10);
    if (i != 0) CHECK(event.slots_before == told.shrinks()[i - 1].slots_after);
  }
  CHECK(told.all() == told.shrinks().size());
  for (int key = 0; key < 10; ++key) map->erase(key);
  map->rehash(0);
  CHECK(told.shrinks().back().slots_after == 0);
  const std::size_t asked_for = told.shrinks().size();
  fill(*map, 4000);
  for (int key = 0; key < 4000; ++key) map->erase(key);
  for (int round = 0; round < 20'000; ++round) {
    add(*map, round);
    map->erase(round);
  }
  CHECK(told.shrinks().size() > asked_for);
}

TEMPLATE_TEST_CASE("an observer stays with its object: copies, moves, assignments and swaps do not take it along", "",
                   (evac::map<int, int>), (evac::map<int, int, std::hash<int>>), evac::set<int>,
                   (evac::sharded_map<int, int>), sharded_by_std_hash, evac::sharded_set<int>) {
  event_recorder told;
  TestType map;
  fill(map, 100);
  map.observe(&told);
  TestType copy(map);
  CHECK(copy.observed_by() == nullptr);
  TestType moved(std::move(map));
  CHECK(moved.observed_by() == nullptr);
  CHECK(map.observed_by() == &told);
  map = copy;
  copy = std::move(map);
  map.swap(copy);
  CHECK(map.observed_by() == &told);
  CHECK(copy.observed_by() == nullptr);
  CHECK(map.size() == 100);
  const std::size_t before = told.all();
  fill(copy, 100'000);
  copy.clear();
  CHECK(told.all() == before);
  fill(map, 100'000);
  CHECK(told.all() > before);
  for (const auto& [begun, event] : told.growths()) CHECK(event.map == &map);
}

TEST_CASE("the growths of a sharded map are told shard by shard") {
  evac::sharded_map<int, int> map(evac::shards{8});
  event_recorder told;
  map.observe(&told);
  fill(map, 4000);
  std::size_t sum = 0;
  for (std::size_t shard = 0; shard < 8; ++shard) {
    std::vector<event_recorder::growth> of_shard;
    for (const auto& each : told.growths()) {
      if (each.event.shard == shard) of_shard.push_back(each);
    }
    CHECK(of_shard.size() >= 4);
    CHECK(in_turn(of_shard));
    sum += of_shard.size();
  }
  CHECK(sum == told.growths().size());
}

TEST_CASE("an observer may ask the map for its size, its memory and its counters") {
  struct asks : evac::observer {
    evac::map<int, int>* own = nullptr;
    evac::sharded_map<int, int>* sharded = nullptr;
    evac::sync_map<int, std::string>* sync = nullptr;
    std::size_t seen = 0;
    void growth_begun(const growth_event&) noexcept override {
      if (own != nullptr) seen += own->size() + own->counters().size + own->memory_usage();
      if (sharded != nullptr) seen += sharded->size() + sharded->counters().size + sharded->memory_usage();
      if (sync != nullptr) seen += sync->size() + sync->counters().size + sync->memory_usage();
    }
  };
  asks by;
  evac::map<int, int> own;
  by.own = &own;
  own.observe(&by);
  fill(own, 1000);
  by.own = nullptr;
  CHECK(by.seen > 0);
  evac::sharded_map<int, int> sharded;
  by.sharded = &sharded;
  sharded.observe(&by);
  fill(sharded, 1000);
  by.sharded = nullptr;
  by.seen = 0;
  evac::sync_map<int, std::string> sync;
  by.sync = &sync;
  sync.observe(&by);
  for (int key = 0; key < 1000; ++key) sync.store(key, "value");
  CHECK(by.seen > 0);
}
