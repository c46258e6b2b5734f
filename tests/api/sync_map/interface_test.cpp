// Every verb of one key of sync maps and sets: what it returns and leaves behind for absent and present keys, in both
// storages.
#include <cstdint>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/filled_sync.hpp"

using namespace evac_test;

// Others may be at work on a map: it is neither copied nor moved.
static_assert(!std::is_copy_constructible_v<sync_words> && !std::is_copy_assignable_v<sync_words>);
static_assert(!std::is_move_constructible_v<sync_words> && !std::is_move_assignable_v<sync_words>);
static_assert(!std::is_copy_constructible_v<evac::sync_set<int>> && !std::is_move_assignable_v<evac::sync_set<int>>);
static_assert(!std::is_swappable_v<sync_words>);
static_assert(!std::is_convertible_v<std::size_t, sync_words>);

TEMPLATE_TEST_CASE("store sets a value and says whether the key is new", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    F f(n);
    f.require_size(n);
    for (int i = 0; i < n; ++i) {
      REQUIRE(f.map.load(F::key(i)) == F::value(i));
      REQUIRE_FALSE(f.map.store(F::key(i), F::value(i + 1)));
      REQUIRE(f.map.load(F::key(i)) == F::value(i + 1));
    }
    REQUIRE(f.map.store(F::key(absent_key), F::value(7)));
    REQUIRE(f.map.load(F::key(absent_key)) == F::value(7));
    f.require_size(n + 1);
  }
}

TEMPLATE_TEST_CASE("load and contains find what is there and nothing else", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    const F f(n);
    f.map.prefetch(F::key(absent_key));
    for (int i = 0; i < n; ++i) {
      f.map.prefetch(F::key(i));
      REQUIRE(f.map.contains(F::key(i)));
      int calls = 0;
      REQUIRE(f.map.load(F::key(i), [&](const typename F::V& value) {
        ++calls;
        CHECK(value == F::value(i));
      }));
      REQUIRE(calls == 1);
    }
    REQUIRE_FALSE(f.map.contains(F::key(absent_key)));
    REQUIRE(f.map.load(F::key(absent_key)) == std::nullopt);
    REQUIRE_FALSE(f.map.load(F::key(absent_key), [](const typename F::V&) { FAIL("no such key"); }));
  }
}

TEMPLATE_TEST_CASE("load_or_store and load_or_compute store absent keys only", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    F f(n);
    for (int i = 0; i < n; ++i) {
      const auto loaded = f.map.load_or_store(F::key(i), F::value(absent_key));
      REQUIRE(loaded.loaded);
      REQUIRE(loaded.value == F::value(i));
      const auto computed = f.map.load_or_compute(F::key(i), []() -> typename F::V {
        FAIL("the key is there");
        return F::value(0);
      });
      REQUIRE(computed.loaded);
      REQUIRE(computed.value == F::value(i));
      REQUIRE(f.map.load_or_compute(
          F::key(i), [] { return F::value(0); }, [&](const typename F::V& value) { CHECK(value == F::value(i)); }));
    }
    const auto stored = f.map.load_or_store(F::key(absent_key), F::value(1));
    CHECK_FALSE(stored.loaded);
    CHECK(stored.value == F::value(1));
    const auto made = f.map.load_or_compute(F::key(absent_key + 1), [] { return F::value(2); });
    CHECK_FALSE(made.loaded);
    CHECK(made.value == F::value(2));
    int calls = 0;
    CHECK_FALSE(f.map.load_or_compute(
        F::key(absent_key + 2), [] { return F::value(3); },
        [&](const typename F::V& value) { calls += value == F::value(3) ? 1 : 100; }));
    CHECK(calls == 1);
    for (int i = 0; i < 3; ++i) CHECK(f.map.load(F::key(absent_key + i)) == F::value(i + 1));
    f.require_size(n + 3);
  }
}

TEMPLATE_TEST_CASE("load_and_delete and erase remove a key and say what or whether", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    F f(n);
    CHECK(f.map.load_and_delete(F::key(absent_key)) == std::nullopt);
    CHECK_FALSE(f.map.erase(F::key(absent_key)));
    for (int i = 0; i < n; ++i) {
      if (i % 2 == 0) {
        REQUIRE(f.map.load_and_delete(F::key(i)) == F::value(i));
        REQUIRE(f.map.load_and_delete(F::key(i)) == std::nullopt);
      } else {
        REQUIRE(f.map.erase(F::key(i)));
        REQUIRE_FALSE(f.map.erase(F::key(i)));
      }
      REQUIRE_FALSE(f.map.contains(F::key(i)));
    }
    f.require_size(0);
    fill(f.map, 0, n);
    f.require_size(n);
  }
}

TEMPLATE_TEST_CASE("swap sets a value and returns the one before", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    F f(n);
    for (int i = 0; i < n; ++i) {
      REQUIRE(f.map.swap(F::key(i), F::value(i + 1)) == F::value(i));
      REQUIRE(f.map.load(F::key(i)) == F::value(i + 1));
    }
    REQUIRE(f.map.swap(F::key(absent_key), F::value(5)) == std::nullopt);
    REQUIRE(f.map.load(F::key(absent_key)) == F::value(5));
    f.require_size(n + 1);
  }
}

TEMPLATE_TEST_CASE("the compare verbs change what is as expected, and nothing else", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    F f(n);
    for (int i = 0; i < n; ++i) {
      REQUIRE_FALSE(f.map.compare_and_swap(F::key(i), F::value(i + 1), F::value(0)));
      REQUIRE_FALSE(f.map.compare_and_delete(F::key(i), F::value(i + 1)));
      REQUIRE(f.map.load(F::key(i)) == F::value(i));
      REQUIRE(f.map.compare_and_swap(F::key(i), F::value(i), F::value(i + 1)));
      REQUIRE(f.map.load(F::key(i)) == F::value(i + 1));
    }
    CHECK_FALSE(f.map.compare_and_swap(F::key(absent_key), F::value(0), F::value(1)));
    CHECK_FALSE(f.map.compare_and_delete(F::key(absent_key), F::value(0)));
    CHECK_FALSE(f.map.contains(F::key(absent_key)));
    f.require_size(n);
    for (int i = 0; i < n; ++i) REQUIRE(f.map.compare_and_delete(F::key(i), F::value(i + 1)));
    f.require_size(0);
  }
}

TEMPLATE_TEST_CASE("update replaces, inserts and deletes as its function says", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  using optional = std::optional<typename F::V>;
  for (const int n : sync_sizes) {
    F f(n);
    for (int i = 0; i < n; ++i) {
      const optional after = f.map.update(F::key(i), [&](const optional& before) {
        CHECK(before == F::value(i));
        return optional(F::value(i + 1));
      });
      REQUIRE(after == F::value(i + 1));
      REQUIRE(f.map.load(F::key(i)) == F::value(i + 1));
    }
    int calls = 0;
    const auto once = [&](const optional& returned) {
      return [&calls, returned](const optional& before) {
        ++calls;
        CHECK_FALSE(before.has_value());
        return returned;
      };
    };
    CHECK(f.map.update(F::key(absent_key), once(std::nullopt)) == std::nullopt);
    CHECK_FALSE(f.map.contains(F::key(absent_key)));
    CHECK(f.map.update(F::key(absent_key), once(F::value(9))) == F::value(9));
    CHECK(f.map.load(F::key(absent_key)) == F::value(9));
    CHECK(calls == 2);
    f.require_size(n + 1);
    CHECK(f.map.update(F::key(absent_key), [](const optional&) { return optional(); }) == std::nullopt);
    CHECK_FALSE(f.map.contains(F::key(absent_key)));
    f.require_size(n);
  }
}

TEMPLATE_TEST_CASE("an element that a pin finds stays as it is through overwrite, erase, growth, clear and flush", "",
                   evac_test::sync_forced, evac_test::sync_strings) {
  using F = filled_sync<TestType>;
  evac::epoch_domain domain;
  TestType map(domain);
  fill(map, 0, 60);
  {
    const auto pinned = map.pin();
    const auto* const one = pinned.find(F::key(1));
    const auto* const two = pinned.find(F::key(2));
    const auto* const three = pinned.find(F::key(3));
    REQUIRE(one != nullptr);
    CHECK(pinned.find(F::key(absent_key)) == nullptr);
    map.store(F::key(1), F::value(100));
    map.erase(F::key(2));
    fill(map, 100, 2000);
    map.clear();
    CHECK_FALSE(domain.flush());
    CHECK(domain.stats().guards == 1);
    CHECK(*one == F::value(1));
    CHECK(*two == F::value(2));
    CHECK(*three == F::value(3));
    CHECK(pinned.find(F::key(3)) == nullptr);
  }
  CHECK(domain.flush());
  CHECK(domain.stats().retired_objects == 0);
}

TEMPLATE_TEST_CASE("stats counts what is there, as a page and as JSON", "", EVAC_TEST_SYNC_STORAGES) {
  using F = filled_sync<TestType>;
  for (const int n : sync_sizes) {
    F f(n);
    const evac::sync_stats stats = f.map.stats();
    const evac::table_stats& table = stats.table;
    CHECK(table.size == static_cast<std::size_t>(n));
    CHECK(table.slot_count >= table.size);
    std::size_t chains = 0;
    for (const std::size_t each : table.chain_length_histogram) chains += each;
    CHECK(chains == table.home_buckets);
    CHECK((n == 0) == (table.home_buckets == 0));
    CHECK((n < 100) == (table.growths == 0));
    CHECK((n < 100) == (table.elements_moved == 0));
    CHECK((table.node_bytes != 0) == (TestType::in_nodes && n != 0));
    CHECK(f.map.memory_usage() >= table.size * 16);
    CHECK(f.map.memory_usage() <= table.total_bytes());
    const std::string json = stats.to_json();
    CHECK(json.find("\"size\":" + std::to_string(n) + ",") != std::string::npos);
    CHECK(json.find("\"domain\":{\"retired_objects\":") != std::string::npos);
    std::ostringstream page;
    page << stats;
    CHECK(page.str().find("size") != std::string::npos);
    CHECK(page.str().find("retired_objects") != std::string::npos);
  }
}

TEMPLATE_TEST_CASE("a set has the verbs that need no value", "", evac::sync_set<int>, evac::sync_set<std::string>) {
  using K = typename TestType::key_type;
  for (const int n : sync_sizes) {
    TestType set;
    std::vector<K> keys;
    for (int i = 0; i < n; ++i) keys.push_back(make<K>(i));
    for (const K& key : keys) {
      set.prefetch(key);
      REQUIRE(set.insert(key));
      REQUIRE_FALSE(set.insert(key));
    }
    CHECK(set.insert_many(keys) == 0);
    CHECK(set.count_many(keys) == keys.size());
    CHECK(set.size() == keys.size());
    CHECK_VALID_SYNC(set);
    CHECK_FALSE(set.contains(make<K>(absent_key)));
    std::multiset<K> seen;
    CHECK(set.range([&](const K& key) {
      seen.insert(key);
      return true;
    }));
    CHECK(seen == std::multiset<K>(keys.begin(), keys.end()));
    CHECK(set.snapshot().size() == keys.size());
    CHECK(set.insert(make<K>(absent_key)));
    CHECK(set.erase(make<K>(absent_key)));
    CHECK_FALSE(set.erase(make<K>(absent_key)));
    CHECK(set.erase_many(keys) == keys.size());
    CHECK(set.empty());
    CHECK(set.insert_many(keys) == keys.size());
    set.clear();
    CHECK(set.count_many(keys) == 0);
    CHECK(set.range([](const K&) { return false; }));
    REQUIRE_FLUSHED(set);
  }
}
