// Every verb of sync maps and sets: what it returns and leaves behind for absent and present keys, in both storages.
#include <cstdint>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

// Others may be at work on a map: it is neither copied nor moved.
static_assert(!std::is_copy_constructible_v<sync_words> && !std::is_copy_assignable_v<sync_words>);
static_assert(!std::is_move_constructible_v<sync_words> && !std::is_move_assignable_v<sync_words>);
static_assert(!std::is_copy_constructible_v<evac::sync_set<int>> && !std::is_move_assignable_v<evac::sync_set<int>>);
static_assert(!std::is_swappable_v<sync_words>);
static_assert(!std::is_convertible_v<std::size_t, sync_words>);

namespace {

#define EVAC_TEST_SYNC_STORAGES \
  evac_test::sync_words, evac_test::sync_several, evac_test::sync_forced, evac_test::sync_strings

/// Elements that make one of each kind of table: none, one home, chains, a table that is splitting.
constexpr int sizes[] = {0, 1, 60, 700};
constexpr int absent = 100'000;

template <class Map>
struct fixture {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  static K key(int i) { return make_sync<K>(i); }
  static V value(int i) { return make_sync<V>(i); }

  explicit fixture(int n) { fill(map, 0, n); }
  fixture(const fixture&) = delete;
  fixture& operator=(const fixture&) = delete;
  // What waits in the domain of the process when that ends would be reported as leaked.
  ~fixture() { map.domain().flush(); }
  void require_size(int n) {
    REQUIRE_VALID_SYNC(map);
    REQUIRE(map.size() == static_cast<std::size_t>(n));
    REQUIRE(map.empty() == (n == 0));
  }
  Map map;
};

}  // namespace

TEMPLATE_TEST_CASE("store sets a value and says whether the key is new", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  for (const int n : sizes) {
    F f(n);
    f.require_size(n);
    for (int i = 0; i < n; ++i) {
      REQUIRE(f.map.load(F::key(i)) == F::value(i));
      REQUIRE_FALSE(f.map.store(F::key(i), F::value(i + 1)));
      REQUIRE(f.map.load(F::key(i)) == F::value(i + 1));
    }
    REQUIRE(f.map.store(F::key(absent), F::value(7)));
    REQUIRE(f.map.load(F::key(absent)) == F::value(7));
    f.require_size(n + 1);
  }
}

TEMPLATE_TEST_CASE("load and contains find what is there and nothing else", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  for (const int n : sizes) {
    const F f(n);
    for (int i = 0; i < n; ++i) {
      REQUIRE(f.map.contains(F::key(i)));
      int calls = 0;
      REQUIRE(f.map.load(F::key(i), [&](const typename F::V& value) {
        ++calls;
        CHECK(value == F::value(i));
      }));
      REQUIRE(calls == 1);
    }
    REQUIRE_FALSE(f.map.contains(F::key(absent)));
    REQUIRE(f.map.load(F::key(absent)) == std::nullopt);
    REQUIRE_FALSE(f.map.load(F::key(absent), [](const typename F::V&) { FAIL("no such key"); }));
  }
}

TEMPLATE_TEST_CASE("load_or_store and load_or_compute store absent keys only", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  for (const int n : sizes) {
    F f(n);
    for (int i = 0; i < n; ++i) {
      const auto loaded = f.map.load_or_store(F::key(i), F::value(absent));
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
    const auto stored = f.map.load_or_store(F::key(absent), F::value(1));
    CHECK_FALSE(stored.loaded);
    CHECK(stored.value == F::value(1));
    const auto made = f.map.load_or_compute(F::key(absent + 1), [] { return F::value(2); });
    CHECK_FALSE(made.loaded);
    CHECK(made.value == F::value(2));
    int calls = 0;
    CHECK_FALSE(f.map.load_or_compute(
        F::key(absent + 2), [] { return F::value(3); },
        [&](const typename F::V& value) { calls += value == F::value(3) ? 1 : 100; }));
    CHECK(calls == 1);
    for (int i = 0; i < 3; ++i) CHECK(f.map.load(F::key(absent + i)) == F::value(i + 1));
    f.require_size(n + 3);
  }
}

TEMPLATE_TEST_CASE("load_and_delete and erase remove a key and say what or whether", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  for (const int n : sizes) {
    F f(n);
    CHECK(f.map.load_and_delete(F::key(absent)) == std::nullopt);
    CHECK_FALSE(f.map.erase(F::key(absent)));
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
  using F = fixture<TestType>;
  for (const int n : sizes) {
    F f(n);
    for (int i = 0; i < n; ++i) {
      REQUIRE(f.map.swap(F::key(i), F::value(i + 1)) == F::value(i));
      REQUIRE(f.map.load(F::key(i)) == F::value(i + 1));
    }
    REQUIRE(f.map.swap(F::key(absent), F::value(5)) == std::nullopt);
    REQUIRE(f.map.load(F::key(absent)) == F::value(5));
    f.require_size(n + 1);
  }
}

TEMPLATE_TEST_CASE("the compare verbs change what is as expected, and nothing else", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  for (const int n : sizes) {
    F f(n);
    for (int i = 0; i < n; ++i) {
      REQUIRE_FALSE(f.map.compare_and_swap(F::key(i), F::value(i + 1), F::value(0)));
      REQUIRE_FALSE(f.map.compare_and_delete(F::key(i), F::value(i + 1)));
      REQUIRE(f.map.load(F::key(i)) == F::value(i));
      REQUIRE(f.map.compare_and_swap(F::key(i), F::value(i), F::value(i + 1)));
      REQUIRE(f.map.load(F::key(i)) == F::value(i + 1));
    }
    CHECK_FALSE(f.map.compare_and_swap(F::key(absent), F::value(0), F::value(1)));
    CHECK_FALSE(f.map.compare_and_delete(F::key(absent), F::value(0)));
    CHECK_FALSE(f.map.contains(F::key(absent)));
    f.require_size(n);
    for (int i = 0; i < n; ++i) REQUIRE(f.map.compare_and_delete(F::key(i), F::value(i + 1)));
    f.require_size(0);
  }
}

TEMPLATE_TEST_CASE("update replaces, inserts and deletes as its function says", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  using optional = std::optional<typename F::V>;
  for (const int n : sizes) {
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
    CHECK(f.map.update(F::key(absent), once(std::nullopt)) == std::nullopt);
    CHECK_FALSE(f.map.contains(F::key(absent)));
    CHECK(f.map.update(F::key(absent), once(F::value(9))) == F::value(9));
    CHECK(f.map.load(F::key(absent)) == F::value(9));
    CHECK(calls == 2);
    f.require_size(n + 1);
    CHECK(f.map.update(F::key(absent), [](const optional&) { return optional(); }) == std::nullopt);
    CHECK_FALSE(f.map.contains(F::key(absent)));
    f.require_size(n);
  }
}

TEMPLATE_TEST_CASE("the bulk forms do to each key what the single ones do", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  using K = typename F::K;
  using V = typename F::V;
  for (const int n : {0, 1, 31, 32, 33, 200}) {
    F f(0);
    std::vector<std::pair<K, V>> pairs;
    std::vector<K> keys;
    for (int i = 0; i < n; ++i) pairs.emplace_back(F::key(i), F::value(i));
    for (int i = 0; i < 2 * n; ++i) keys.push_back(F::key(i));
    const auto count = static_cast<std::size_t>(n);
    REQUIRE(f.map.store_many(pairs) == count);
    REQUIRE(f.map.store_many(pairs) == 0);
    f.require_size(n);

    std::vector<std::optional<V>> out;
    REQUIRE(f.map.load_many(keys, std::back_inserter(out)) == count);
    REQUIRE(out.size() == keys.size());
    for (int i = 0; i < 2 * n; ++i)
      REQUIRE(out[static_cast<std::size_t>(i)] == (i < n ? std::optional<V>(F::value(i)) : std::nullopt));
    std::size_t shown = 0;
    REQUIRE(f.map.load_many(keys, [&](const K& key, const V& value) {
      shown += key == F::key(static_cast<int>(shown)) && value == F::value(static_cast<int>(shown)) ? 1 : 1000;
    }) == count);
    REQUIRE(shown == count);

    keys.resize(count + count / 2);
    REQUIRE(f.map.erase_many(keys) == count);
    REQUIRE(f.map.erase_many(keys) == 0);
    f.require_size(0);
  }
}

TEMPLATE_TEST_CASE("range visits each element once, stops when asked, and its function may do anything", "",
                   EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  using K = typename F::K;
  using V = typename F::V;
  for (const int n : sizes) {
    F f(n);
    std::multiset<K> seen;
    REQUIRE(f.map.range([&](const K& key, const V& value) {
      REQUIRE(f.map.load(key) == value);
      seen.insert(key);
      return true;
    }));
    REQUIRE(seen.size() == static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) REQUIRE(seen.count(F::key(i)) == 1);

    int left = n / 2 + 1;
    CHECK(f.map.range([&](const K&, const V&) { return --left != 0; }) == (n == 0));

    // Nested, with an insert, an overwrite and an erase in each.
    std::size_t inner = 0;
    bool grown = false;
    f.map.range([&](const K& key, const V&) {
      if (!std::exchange(grown, true)) fill(f.map, n, 3 * n);
      if (inner < 3 * static_cast<std::size_t>(n)) {
        f.map.range([&](const K&, const V&) {
          ++inner;
          return true;
        });
      }
      f.map.store(key, F::value(0));
      CHECK(f.map.erase(key));
      return true;
    });
    REQUIRE((n == 0 || inner >= static_cast<std::size_t>(n)));
    for (int i = 0; i < n; ++i) REQUIRE_FALSE(f.map.contains(F::key(i)));
    REQUIRE_VALID_SYNC(f.map);

    // An inner clear() ends the outer walk, and what is stored then is not visited by it.
    fill(f.map, 0, n);
    std::size_t visited = 0;
    f.map.range([&](const K&, const V&) {
      if (visited++ == 0) f.map.clear();
      return true;
    });
    REQUIRE(visited <= static_cast<std::size_t>(3 * n));
    f.require_size(0);
  }
}

TEMPLATE_TEST_CASE("an exception of range's or load's function passes through", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  F f(60);
  const auto refuse = [](const auto&...) -> bool { throw std::runtime_error("no"); };
  CHECK_THROWS_AS(f.map.range(refuse), std::runtime_error);
  CHECK_THROWS_AS(f.map.load(F::key(1), refuse), std::runtime_error);
  CHECK_THROWS_AS(f.map.load_many(std::vector{F::key(1)}, refuse), std::runtime_error);
  CHECK_THROWS_AS(
      f.map.update(F::key(1), [](const auto&) -> std::optional<typename F::V> { throw std::runtime_error("no"); }),
      std::runtime_error);
  CHECK_THROWS_AS(f.map.load_or_compute(F::key(absent), []() -> typename F::V { throw std::runtime_error("no"); }),
                  std::runtime_error);
  f.require_size(60);
  REQUIRE_FLUSHED(f.map);
}

TEMPLATE_TEST_CASE("clear removes everything, and what comes after it stays", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  for (const int n : sizes) {
    F f(n);
    f.map.clear();
    f.require_size(0);
    CHECK_FALSE(f.map.contains(F::key(0)));
    CHECK(f.map.range([](const auto&...) { return false; }));
    CHECK(f.map.load_and_delete(F::key(0)) == std::nullopt);
    CHECK_FALSE(f.map.compare_and_swap(F::key(0), F::value(0), F::value(1)));
    f.map.clear();
    fill(f.map, 5, n + 6);
    f.require_size(n + 1);
    for (int i = 5; i < n + 6; ++i) REQUIRE(f.map.load(F::key(i)) == F::value(i));
  }
}

TEMPLATE_TEST_CASE("snapshot has what range visits, with the functors of the map", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  for (const int n : sizes) {
    const F f(n);
    const auto copy = f.map.snapshot();
    STATIC_REQUIRE(std::is_same_v<typename std::remove_const_t<decltype(copy)>::hasher, typename TestType::hasher>);
    REQUIRE(copy.size() == static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) REQUIRE(copy.at(F::key(i)) == F::value(i));
  }
}

TEMPLATE_TEST_CASE("reserve makes the homes that so many elements need, and refuses absurd numbers", "",
                   EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  for (const int n : sizes) {
    F f(n);
    f.map.reserve(3000);
    f.require_size(n);
    const std::size_t homes = f.map.stats().table.home_buckets;
    const std::size_t growths = f.map.stats().table.growths;
    fill(f.map, 0, 3000);
    CHECK(f.map.stats().table.home_buckets == homes);
    CHECK(f.map.stats().table.growths == growths);
    f.require_size(3000);
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    for (const std::size_t absurd : {most, most / 2, f.map.max_size(), f.map.max_size() + 1})
      CHECK_THROWS_AS(f.map.reserve(absurd), std::length_error);
    f.require_size(3000);
    CHECK(f.map.stats().table.home_buckets == homes);
    f.map.reserve(10);
    CHECK(f.map.stats().table.home_buckets == homes);
  }
  CHECK_THROWS_AS(TestType(std::numeric_limits<std::size_t>::max()), std::length_error);
  TestType untouched;
  CHECK_THROWS_AS(TestType(untouched.max_size()), std::length_error);
  CHECK_THROWS_AS(untouched.reserve(untouched.max_size()), std::length_error);
  CHECK(untouched.memory_usage() == 0);
}

TEST_CASE("strings are looked up by views, and a key is built only for a new node") {
  sync_strings map;
  const std::string_view view = "a view of a key that is too long to be stored in place";
  CHECK(map.store(view, "one"));
  CHECK(map.contains(view));
  CHECK(map.load(view) == "one");
  CHECK(map.load(view, [](const std::string& value) { CHECK(value == "one"); }));
  CHECK(map.swap(view, "two") == "one");
  CHECK(map.load_or_store(view, "three").value == "two");
  CHECK(map.load_or_compute(view, [] { return "four"; }).loaded);
  CHECK(map.load_or_compute(view, [] { return "four"; }, [](const std::string& value) { CHECK(value == "two"); }));
  CHECK(map.compare_and_swap(view, "two", "five"));
  CHECK(map.update(view, [](std::optional<std::string> was) { return std::optional(was.value_or("") + "!"); }) ==
        "five!");
  CHECK_FALSE(map.compare_and_delete(view, "five"));
  CHECK(map.compare_and_delete(view, "five!"));
  CHECK(map.load_and_delete(view) == std::nullopt);
  CHECK_FALSE(map.load_or_compute("literal", [] { return "six"; }).loaded);
  CHECK(map.load_and_delete(std::string_view("literal")) == "six");
  CHECK_FALSE(map.erase(view));
  const auto pinned = map.pin();
  CHECK(pinned.find(view) == nullptr);
  const std::vector<std::string_view> views{view, "another"};
  CHECK(map.load_many(views, [](std::string_view, const std::string&) {}) == 0);
  CHECK(map.erase_many(views) == 0);
  CHECK(map.empty());
}

namespace {

struct found_by_number;
int keys_built = 0;
/// A key that counts how often it is made of a number.
struct costly_key {
  explicit costly_key(int n) : number(n) { ++keys_built; }
  int number;
};
struct found_by_number {
  using is_transparent = void;
  static int of(int number) { return number; }
  static int of(const costly_key& key) { return key.number; }
  template <class K>
  std::size_t operator()(const K& key) const {
    return static_cast<std::size_t>(of(key));
  }
  template <class K>
  bool operator()(const costly_key& stored, const K& wanted) const {
    return stored.number == of(wanted);
  }
};

template <evac::storage Storage>
using costly_map = evac::sync_map<costly_key, std::uint64_t, found_by_number, found_by_number,
                                  std::allocator<std::pair<const costly_key, std::uint64_t>>, Storage>;

template <class Call>
int keys_built_by(const Call& call) {
  keys_built = 0;
  call();
  return keys_built;
}

}  // namespace

TEMPLATE_TEST_CASE("look-ups and deletions by another type build no key", "", costly_map<evac::storage::automatic>,
                   costly_map<evac::storage::in_nodes>) {
  TestType map;
  CHECK(keys_built_by([&] { CHECK(map.store(1, 10U)); }) == 1);
  CHECK(keys_built_by([&] { CHECK(map.contains(1)); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load(1) == 10U); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load(1, [](std::uint64_t) {})); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load_or_store(1, 11U).loaded); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load_or_compute(1, [] { return 11U; }).loaded); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.compare_and_swap(1, 11U, 12U)); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.compare_and_swap(2, 11U, 12U)); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.compare_and_delete(1, 11U)); }) == 0);
  CHECK(keys_built_by([&] { map.load_many(std::vector{1, 2, 3}, [](int key, std::uint64_t) { CHECK(key == 1); }); }) ==
        0);
  CHECK(keys_built_by([&] { CHECK(map.update(2, [](auto before) { return before; }) == std::nullopt); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.load_or_store(2, 20U).loaded); }) == 1);
  CHECK(keys_built_by([&] { CHECK(map.swap(2, 21U) == 20U); }) == 1);
  CHECK(keys_built_by([&] { CHECK(map.erase_many(std::vector{1, 7}) == 1); }) == 0);
  CHECK(keys_built_by([&] { CHECK_FALSE(map.erase(1)); }) == 0);
  CHECK(keys_built_by([&] { CHECK(map.load_and_delete(2) == 21U); }) == 0);
  CHECK(map.empty());
}

TEST_CASE("move-only keys and values go where nothing is copied") {
  evac::sync_map<int, std::unique_ptr<int>> values;
  for (int i = 0; i < 200; ++i) CHECK(values.store(i, std::make_unique<int>(i)));
  CHECK_FALSE(values.store(7, std::make_unique<int>(70)));
  CHECK(values.load(7, [](const std::unique_ptr<int>& value) { CHECK(*value == 70); }));
  const auto show = [](int wanted) { return [wanted](const std::unique_ptr<int>& value) { CHECK(*value == wanted); }; };
  CHECK(values.load_or_compute(8, [] { return std::make_unique<int>(0); }, show(8)));
  CHECK_FALSE(values.load_or_compute(1000, [] { return std::make_unique<int>(5); }, show(5)));
  CHECK(values.load_many(std::vector{7, -7}, [](int, const std::unique_ptr<int>& value) { CHECK(*value == 70); }) == 1);
  CHECK(values.erase(7));
  CHECK(values.range([](int, const std::unique_ptr<int>& value) { return value != nullptr; }));
  CHECK(*values.pin().find(8) != nullptr);
  CHECK_VALID_SYNC(values);
  CHECK(values.size() == 200);
  values.clear();
  REQUIRE_FLUSHED(values);

  evac::sync_map<std::unique_ptr<int>, int> keys;
  auto key = std::make_unique<int>(1);
  const auto* const at = &key;
  CHECK(keys.store(std::move(key), 1));
  CHECK(keys.load_or_compute(std::unique_ptr<int>(), [] { return 2; }, [](int value) { CHECK(value == 2); }) == false);
  CHECK(keys.load_or_compute(std::unique_ptr<int>(), [] { return 3; }).value == 2);
  CHECK(keys.load_or_store(std::make_unique<int>(3), 4).value == 4);
  CHECK(keys.swap(std::make_unique<int>(4), 5) == std::nullopt);
  CHECK(at != nullptr);
  CHECK(keys.size() == 4);
  CHECK(keys.load_and_delete(nullptr) == 2);
  CHECK_FALSE(keys.contains(nullptr));

  evac::sync_set<std::unique_ptr<int>> set;
  CHECK(set.insert(std::make_unique<int>(1)));
  CHECK(set.insert(nullptr));
  CHECK_FALSE(set.insert(nullptr));
  CHECK(set.erase(nullptr));
}

TEST_CASE("nothing is moved from an argument when the key is there") {
  evac::sync_map<std::string, std::string> map;
  map.store("key", "first");
  std::string key = "key";
  std::string value = "second";
  CHECK(map.load_or_store(std::move(key), std::move(value)).loaded);
  CHECK(key == "key");       // NOLINT(bugprone-use-after-move): promised
  CHECK(value == "second");  // NOLINT(bugprone-use-after-move): promised
  CHECK_FALSE(map.compare_and_swap(key, "third", std::move(value)));
  CHECK(value == "second");  // NOLINT(bugprone-use-after-move): promised
  evac::sync_set<std::string> set;
  set.insert("a key that is too long to be stored in place");
  std::string again = "a key that is too long to be stored in place";
  CHECK_FALSE(set.insert(std::move(again)));
  CHECK(again.size() == 44);  // NOLINT(bugprone-use-after-move): promised
}

TEMPLATE_TEST_CASE("what a pin finds stays as it is through overwrite, erase, growth, clear and flush", "",
                   evac_test::sync_forced, evac_test::sync_strings) {
  using F = fixture<TestType>;
  evac::epoch_domain domain;
  TestType map(domain);
  fill(map, 0, 60);
  {
    const auto pinned = map.pin();
    const auto* const one = pinned.find(F::key(1));
    const auto* const two = pinned.find(F::key(2));
    const auto* const three = pinned.find(F::key(3));
    REQUIRE(one != nullptr);
    CHECK(pinned.find(F::key(absent)) == nullptr);
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

TEST_CASE("an empty map allocates nothing, is small, and a million of them stay so") {
  const memory_census before = memory;
  {
    const evac::sync_map<int, int, evac::hash<int>, evac::equal_to<int>, counted<int, int>> map;
    CHECK(map.size() == 0);
    CHECK_FALSE(map.contains(1));
    CHECK(map.load(1) == std::nullopt);
    CHECK(map.range([](int, int) { return false; }));
    CHECK(map.memory_usage() == 0);
    CHECK(map.stats().table.total_bytes() == 0);
  }
  CHECK(memory.allocations == before.allocations);
  CHECK(sizeof(sync_words) == 48);
  CHECK(sizeof(sync_strings) == 48);
  CHECK(sizeof(evac::sync_set<int>) == 48);
  constexpr std::size_t million = 1'000'000;
  const auto maps = std::make_unique<sync_words[]>(million);
  CHECK(maps[0].domain().stats().threads == sync_words().domain().stats().threads);  // one domain for all
  std::size_t held = million * sizeof(sync_words);
  for (std::size_t i = 0; i < million; ++i) held += maps[i].memory_usage();
  CHECK(held <= 256 * million);
}

TEST_CASE("the constructors take room, functors, an allocator and a domain") {
  using resource_allocator = std::pmr::polymorphic_allocator<std::pair<const std::uint64_t, std::uint64_t>>;
  using Map =
      evac::sync_map<std::uint64_t, std::uint64_t, stateful_hash, evac::equal_to<std::uint64_t>, resource_allocator>;
  evac::epoch_domain domain;
  std::pmr::monotonic_buffer_resource resource;
  {
    Map map(500, stateful_hash(3), {}, &resource, domain);
    CHECK(map.hash_function().id == 3);
    CHECK(map.get_allocator().resource() == &resource);
    CHECK(&map.domain() == &domain);
    CHECK(map.memory_usage() > 500 * 16);
    CHECK(map.stats().table.home_buckets >= 500 / 6);
    CHECK(map.store(1, 2));
    CHECK(map.key_eq()(1, 1));
    CHECK(domain.stats().threads == 1);
  }
  using Plain = evac::sync_map<std::uint64_t, std::uint64_t, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                               resource_allocator>;
  const Plain by_allocator{resource_allocator(&resource)};
  CHECK(by_allocator.get_allocator().resource() == &resource);
  CHECK(&by_allocator.domain() == &evac::epoch_domain::process());
  const sync_words by_domain(domain);
  CHECK(&by_domain.domain() == &domain);
  const evac::sync_set<int> set(64);
  CHECK(set.stats().table.home_buckets >= 16);
}

TEMPLATE_TEST_CASE("stats counts what is there, as a page and as JSON", "", EVAC_TEST_SYNC_STORAGES) {
  using F = fixture<TestType>;
  for (const int n : sizes) {
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
  for (const int n : sizes) {
    TestType set;
    std::vector<K> keys;
    for (int i = 0; i < n; ++i) keys.push_back(make<K>(i));
    for (const K& key : keys) {
      REQUIRE(set.insert(key));
      REQUIRE_FALSE(set.insert(key));
    }
    CHECK(set.insert_many(keys) == 0);
    CHECK(set.count_many(keys) == keys.size());
    CHECK(set.size() == keys.size());
    CHECK_VALID_SYNC(set);
    CHECK_FALSE(set.contains(make<K>(absent)));
    std::multiset<K> seen;
    CHECK(set.range([&](const K& key) {
      seen.insert(key);
      return true;
    }));
    CHECK(seen == std::multiset<K>(keys.begin(), keys.end()));
    CHECK(set.snapshot().size() == keys.size());
    CHECK(set.insert(make<K>(absent)));
    CHECK(set.erase(make<K>(absent)));
    CHECK_FALSE(set.erase(make<K>(absent)));
    CHECK(set.erase_many(keys) == keys.size());
    CHECK(set.empty());
    CHECK(set.insert_many(keys) == keys.size());
    set.clear();
    CHECK(set.count_many(keys) == 0);
    CHECK(set.range([](const K&) { return false; }));
    REQUIRE_FLUSHED(set);
  }
}

TEST_CASE("bulk writes hold no guard while they write, and so stay below the cap") {
  evac::epoch_domain domain(std::size_t{1} << 16U);
  evac::sync_map<int, std::string> map(domain);
  std::vector<std::pair<int, std::string>> pairs;
  for (int i = 0; i < 100; ++i) pairs.emplace_back(i, "a value that is too long to be stored in place");
  for (int round = 0; round < 200; ++round) map.store_many(pairs);
  const evac::epoch_stats stats = domain.stats();
  CHECK(stats.over_cap == 0);
  CHECK(stats.charged_bytes <= stats.cap_bytes);
}
