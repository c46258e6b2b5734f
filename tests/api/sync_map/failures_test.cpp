// Failure of the first, second, ... n-th allocation, copy, move, hash, comparison or function of the user in every verb
// of sync maps: nothing leaks, no bucket stays locked, sizes are exact, and what has to be as before is.
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <functional>
#include <iterator>
#include <map>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/failures.hpp"
#include "support/leak_check.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

template <class Key, class Value, class Hash = throwing_hash<Key>>
using fragile = evac::sync_map<Key, Value, Hash, throwing_equal<Key>, counted<Key, Value>>;

/// All keys in one chain: hashes, comparisons and overflow buckets where there are few elements.
struct throwing_constant_hash {
  std::size_t operator()(int) const {
    fail_hash.tick();
    return 42;
  }
};

using tracked_nodes = fragile<tracked, tracked>;
using throwing_nodes = fragile<tracked, throwing_mover>;
using word_slots = fragile<int, int>;
using chained_slots = fragile<int, int, throwing_constant_hash>;

constexpr int present = 5;
constexpr int absent = 1000;
constexpr int elements = 60;

[[nodiscard]] int number_of(int number) { return number; }
template <class T>
[[nodiscard]] int number_of(const T& object) {
  return object.value();
}

/// A map with a domain of its own, so that nothing is left over from one run to the next.
template <class Map>
struct subject {
  explicit subject(int n = elements) : map(domain) {
    for (int i = 0; i < n; ++i) map.store(key(i), value(i));
  }
  static typename Map::key_type key(int i) { return typename Map::key_type(i); }
  static typename Map::mapped_type value(int i) { return typename Map::mapped_type(i); }
  [[nodiscard]] std::map<int, int> contents() const {
    std::map<int, int> all;
    map.range([&](const auto& k, const auto& v) { return all.emplace(number_of(k), number_of(v)).second; });
    return all;
  }
  evac::epoch_domain domain;
  Map map;
};

enum class after { nothing_changed, some_are_there, nothing_changed_but_by_moving_the_result };

template <class Map>
struct operation {
  const char* name;
  std::string must_fail;  // letters of the failures that have to happen: h, e, c, a, m, f
  after promise;
  std::function<void(Map& map)> call;
};

/// Each key can be written and is found again; a bucket that was left locked would stop this for ever.
template <class Map>
void require_usable(subject<Map>& of) {
  REQUIRE_VALID_SYNC(of.map);
  const std::map<int, int> before = of.contents();
  REQUIRE(before.size() == of.map.size());
  for (const auto& [key, value] : before) {
    REQUIRE_FALSE(of.map.store(of.key(key), of.value(value)));
    REQUIRE(of.map.load_and_delete(of.key(key)).has_value());
    REQUIRE(of.map.store(of.key(key), of.value(value)));
  }
  for (int i = 5000; i < 5020; ++i) REQUIRE_FALSE(of.map.load_or_store(of.key(i), of.value(i)).loaded);
  for (int i = 5000; i < 5020; ++i) REQUIRE(of.map.erase(of.key(i)));
  REQUIRE(of.contents() == before);
  REQUIRE_VALID_SYNC(of.map);
}

template <class Map>
void require_flushed(subject<Map>& of, std::size_t live) {
  REQUIRE(of.domain.flush());
  REQUIRE(of.domain.stats().retired_objects == 0);
  const std::size_t kinds = (std::is_same_v<typename Map::key_type, tracked> ? 1 : 0) +
                            (std::is_same_v<typename Map::mapped_type, tracked> ? 1 : 0);
  REQUIRE(tracked_census.live == live + kinds * of.map.size());
}

/// Gives each map of a loop the same seed, so that the n-th call of one is the n-th of the next.
class one_seed {
 public:
  void begin_again() const { evac::detail::seed_sequence().store(first_, evac::detail::relaxed); }

 private:
  std::uint64_t first_ = evac::detail::next_seed();
};

template <class Map>
void fail_everywhere(const operation<Map>& tried, int n = elements) {
  INFO(tried.name);
  const one_seed seeds;
  for (const failure_source& each : failure_sources) {
    INFO("failing " << each.letter);
    const failures_seen seen = fail_any_calls(each.calls, [&](failing_run& run) {
      const leak_check none_left;
      const std::size_t live = tracked_census.live;
      seeds.begin_again();
      subject<Map> of(n);
      const auto before = of.contents();
      run([&] { tried.call(of.map); });
      const bool moved = each.letter == 'm' && tried.promise == after::nothing_changed_but_by_moving_the_result;
      if (run.threw() && tried.promise != after::some_are_there && !moved) REQUIRE(of.contents() == before);
      require_usable(of);
      require_flushed(of, live);
    });
    const bool must = tried.must_fail.find(each.letter) != std::string::npos;
    REQUIRE((seen.thrown > 0 || !must));
  }
}

const auto ticking = [](const auto&...) {
  fail_function.tick();
  return true;
};

/// Of the letters, those that can fail in maps of this kind.
template <class Map>
std::string possible(std::string letters) {
  if constexpr (!Map::in_nodes) std::erase_if(letters, [](char letter) { return letter == 'c' || letter == 'a'; });
  if constexpr (!std::is_same_v<typename Map::mapped_type, throwing_mover>) std::erase(letters, 'm');
  return letters;
}

#define EVAC_TEST_FRAGILE_SYNC_MAPS tracked_nodes, throwing_nodes, word_slots

}  // namespace

TEMPLATE_TEST_CASE("verbs of one key that throw change nothing, leak nothing and leave no bucket locked", "",
                   EVAC_TEST_FRAGILE_SYNC_MAPS) {
  using Map = TestType;
  using V = typename Map::mapped_type;
  using K = typename Map::key_type;
  using optional = std::optional<V>;
  const K there(present);
  const K missing(absent);
  const V value(7);
  const V old(present);
  constexpr auto same = after::nothing_changed;
  constexpr auto moved = after::nothing_changed_but_by_moving_the_result;
  const auto to_value = [&](const optional&) {
    fail_function.tick();
    return optional(value);
  };
  const auto to_nothing = [](const optional&) {
    fail_function.tick();
    return optional();
  };
  const auto to_answer = [&](const V*) -> evac::update_answer<V> {
    fail_function.tick();
    return value;
  };
  const auto to_keep = [](const V*) -> evac::update_answer<V> {
    fail_function.tick();
    return evac::keep;
  };
  const auto make_value = [&] {
    fail_function.tick();
    return value;
  };
  const auto make_optional = [&] { return optional(make_value()); };
  const auto decline = [] {
    fail_function.tick();
    return optional();
  };
  const std::vector<operation<Map>> operations{
      {"load", "hec", same, [&](Map& map) { (void)map.load(there); }},
      {"load with a function", "hef", same, [&](Map& map) { map.load(there, ticking); }},
      {"prefetch", "h", same, [&](Map& map) { map.prefetch(there); }},
      {"contains", "he", same, [&](Map& map) { (void)map.contains(there); }},
      {"store", "hca", same, [&](Map& map) { map.store(missing, value); }},
      {"store of a present key", "heca", same, [&](Map& map) { map.store(there, value); }},
      {"store that moves", "ham", same, [&](Map& map) { map.store(K(absent), V(7)); }},
      {"swap", "hca", same, [&](Map& map) { map.swap(missing, value); }},
      {"swap of a present key", "heca", same, [&](Map& map) { map.swap(there, value); }},
      {"load_or_store", "hcam", moved, [&](Map& map) { map.load_or_store(missing, value); }},
      {"load_or_store of a present key", "hec", same, [&](Map& map) { map.load_or_store(there, value); }},
      {"load_or_compute", "hcaf", moved, [&](Map& map) { map.load_or_compute(missing, make_value); }},
      {"load_or_compute of a present key", "hec", same, [&](Map& map) { map.load_or_compute(there, make_value); }},
      {"load_or_compute of a present key, with a function", "hef", same,
       [&](Map& map) { map.load_or_compute(there, make_value, ticking); }},
      {"load_or_compute by a factory that might decline", "hcaf", moved,
       [&](Map& map) { map.load_or_compute(missing, make_optional); }},
      {"load_or_compute that declines", "hf", same, [&](Map& map) { map.load_or_compute(missing, decline); }},
      {"load_and_delete", "hec", same, [&](Map& map) { map.load_and_delete(there); }},
      {"erase", "he", same, [&](Map& map) { map.erase(there); }},
      {"compare_and_swap", "heca", same, [&](Map& map) { map.compare_and_swap(there, old, value); }},
      {"compare_and_delete", "he", same, [&](Map& map) { map.compare_and_delete(there, old); }},
      {"update", "hcaf", moved, [&](Map& map) { map.update(missing, to_value); }},
      {"update of a present key", "hecaf", moved, [&](Map& map) { map.update(there, to_value); }},
      {"update that deletes", "hecf", moved, [&](Map& map) { map.update(there, to_nothing); }},
      {"update by an answer", "hcaf", same, [&](Map& map) { map.update(missing, to_answer); }},
      {"update of a present key by an answer", "hecaf", same, [&](Map& map) { map.update(there, to_answer); }},
      {"update that keeps", "hef", same, [&](Map& map) { map.update(there, to_keep); }},
      {"erase_if of a key", "hef", same, [&](Map& map) { map.erase_if(there, ticking); }},
  };
  for (operation<Map> each : operations) {
    each.must_fail = possible<Map>(each.must_fail);
    fail_everywhere(each);
  }
}

TEMPLATE_TEST_CASE("verbs of many keys that throw have done so many and leave the rest", "",
                   EVAC_TEST_FRAGILE_SYNC_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  std::vector<std::pair<K, V>> pairs;
  std::vector<K> keys;
  for (int i = 0; i < 40; ++i) pairs.emplace_back(subject<Map>::key(elements - 20 + i), subject<Map>::value(i));
  for (int i = 0; i < 40; ++i) keys.push_back(subject<Map>::key(elements - 20 + i));
  constexpr auto same = after::nothing_changed;
  const std::vector<operation<Map>> operations{
      {"load_many", "hec", same,
       [&](Map& map) {
         std::vector<std::optional<V>> out;
         out.reserve(keys.size());
         map.load_many(keys, std::back_inserter(out));
       }},
      {"load_many with a function", "hef", same, [&](Map& map) { map.load_many(keys, ticking); }},
      {"store_many", "heca", after::some_are_there, [&](Map& map) { map.store_many(pairs); }},
      {"erase_many", "he", after::some_are_there, [&](Map& map) { map.erase_many(keys); }},
      {"erase_if", "hef", after::some_are_there, [&](Map& map) { map.erase_if(ticking); }},
      {"range", "f", same, [](Map& map) { map.range(ticking); }},
      {"snapshot", "hc", same, [](Map& map) { (void)map.snapshot(); }},
      {"clear", "", same,
       [](Map& map) {
         map.clear();
         if (!map.empty()) throw std::logic_error("not empty");
       }},
  };
  for (operation<Map> each : operations) {
    each.must_fail = possible<Map>(each.must_fail);
    fail_everywhere(each);
  }
  fail_everywhere(operation<Map>{"reserve", "a", same, [](Map& map) { map.reserve(4000); }});
}

TEMPLATE_TEST_CASE("the first element of a map is stored in full or not at all", "", EVAC_TEST_FRAGILE_SYNC_MAPS,
                   chained_slots) {
  using Map = TestType;
  using of = subject<Map>;
  fail_everywhere(operation<Map>{"first store", Map::in_nodes ? "hca" : "ha", after::nothing_changed,
                                 [](Map& map) {
                                   const auto key = of::key(1);
                                   const auto value = of::value(1);
                                   map.store(key, value);
                                 }},
                  0);
  fail_everywhere(operation<Map>{"reserve", "a", after::nothing_changed, [](Map& map) { map.reserve(500); }}, 0);
  fail_everywhere(
      operation<Map>{"construction with room", "a", after::nothing_changed, [](Map&) { const Map made(500); }}, 0);
}

TEST_CASE("an element that finds no overflow bucket is not stored") {
  fail_everywhere(operation<chained_slots>{"store", "hea", after::nothing_changed,
                                           [](chained_slots& map) { map.store(absent, 1); }},
                  6 + 8 * 3);  // the first slab is full
  fail_everywhere(
      operation<chained_slots>{"erase", "he", after::nothing_changed, [](chained_slots& map) { map.erase(present); }});
}

TEMPLATE_TEST_CASE("growth that fails makes no store fail, and is made up for later", "", tracked_nodes, word_slots,
                   chained_slots) {
  using Map = TestType;
  const leak_check none_left;
  const one_seed seeds;
  const int n = std::is_same_v<Map, chained_slots> ? 100 : 300;
  std::size_t absorbed = 0;
  for (countdown* const source : {&fail_allocation, &fail_hash}) {
    fail_each_call(*source, [&](failing_run& run) {
      const std::size_t live = tracked_census.live;
      seeds.begin_again();
      subject<Map> of(0);
      std::size_t thrown = 0;
      run([&] {
        for (int i = 0; i < n; ++i) {
          try {
            of.map.store(of.key(i), of.value(i));
          } catch (const std::runtime_error&) {
            ++thrown;
            REQUIRE_FALSE(of.map.contains(of.key(i)));
            REQUIRE(of.map.store(of.key(i), of.value(i)));
          }
        }
      });
      REQUIRE(thrown <= 1);
      absorbed += run.struck() && thrown == 0 ? 1 : 0;
      REQUIRE(of.map.size() == static_cast<std::size_t>(n));
      REQUIRE_VALID_SYNC(of.map);
      for (int i = n; i < 3 * n; ++i) of.map.store(of.key(i), of.value(i));
      REQUIRE(evac::detail::unsplit_children(of.map) == 0);
      REQUIRE_VALID_SYNC(of.map);
      require_flushed(of, live);
    });
  }
  CHECK(absorbed > 0);
}

TEMPLATE_TEST_CASE("an element whose function throws stays, whichever call made it", "", tracked_nodes, word_slots) {
  subject<TestType> of;
  const auto make = [&] { return of.value(absent); };
  fail_function.arm(1);
  CHECK_THROWS_AS(of.map.load_or_compute(of.key(absent), make, ticking), std::runtime_error);
  CHECK(of.map.load(of.key(absent)) == of.value(absent));
  fail_function.arm(1);
  CHECK_THROWS_AS(of.map.load_or_compute(of.key(absent), make, ticking), std::runtime_error);
  CHECK(of.map.size() == elements + 1);
  require_usable(of);
}

TEMPLATE_TEST_CASE(
    "a set that fails to insert or erase has changed nothing", "",
    (evac::sync_set<tracked, throwing_hash<tracked>, throwing_equal<tracked>, counting_allocator<tracked>>),
    (evac::sync_set<int, throwing_hash<int>, throwing_equal<int>, counting_allocator<int>>)) {
  using K = typename TestType::key_type;
  const leak_check none_left;
  std::string failed;
  const auto fail_everywhere_in = [&](const auto& call) {
    for (const failure_source& each : failure_sources) {
      fail_any_calls(each.calls, [&](failing_run& run) {
        evac::epoch_domain domain;
        TestType set(domain);
        for (int i = 0; i < elements; ++i) set.insert(K(i));
        run([&] { call(set); });
        REQUIRE_VALID_SYNC(set);
        if (!run.threw()) return;
        failed += each.letter;
        REQUIRE(set.size() == elements);
        for (int i = 0; i < elements; ++i) REQUIRE_FALSE(set.insert(K(i)));
      });
    }
  };
  const K there(present);
  const K missing(absent);
  fail_everywhere_in([&](TestType& set) { set.insert(missing); });
  fail_everywhere_in([&](TestType& set) { set.insert(there); });
  fail_everywhere_in([&](TestType& set) { set.erase(there); });
  fail_everywhere_in([&](TestType& set) { set.erase_if([&](const K& key) { return key == there; }); });
  for (const char letter : std::string(TestType::in_nodes ? "heca" : "he"))
    CHECK(failed.find(letter) != std::string::npos);
}
