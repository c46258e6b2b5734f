// The verbs of sync maps on each kind of key, value and hash, in slots and in nodes, at sizes that pass through several
// growths.
#include <cmath>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

constexpr int some = 250;

/// Keys from..to-1 of values of the same numbers, and nothing else.
template <class Map>
void require_contents(const Map& map, int from, int to) {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  REQUIRE_VALID_SYNC(map);
  REQUIRE(map.size() == static_cast<std::size_t>(to - from));
  std::size_t same = 0;
  for (int i = from; i < to; ++i) {
    map.load(make_sync<K>(i), [&](const V& value) { same += value == make_sync<V>(i) ? 1 : 0; });
  }
  REQUIRE(same == map.size());
  REQUIRE_FALSE(map.contains(make_sync<K>(to)));
  std::size_t visited = 0;
  map.range([&](const K& key, const V& value) {
    visited += map.load(key) == value ? 1 : 1000;
    return true;
  });
  REQUIRE(visited == same);
}

}  // namespace

TEMPLATE_TEST_CASE("values come, change and go under every kind of key, value and hash", "", EVAC_TEST_SYNC_MAPS) {
  using Map = TestType;
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  evac::epoch_domain domain;
  Map map(domain);
  fill(map, 0, some);
  require_contents(map, 0, some);
  for (int i = 0; i < some; ++i) {
    const K key = make_sync<K>(i);
    REQUIRE_FALSE(map.store(key, make_sync<V>(1)));
    REQUIRE(map.swap(key, make_sync<V>(2)) == make_sync<V>(1));
    REQUIRE(map.compare_and_swap(key, make_sync<V>(2), make_sync<V>(3)));
    REQUIRE(map.load_or_store(key, make_sync<V>(4)).value == make_sync<V>(3));
    REQUIRE(map.update(key, [&](const auto&) { return std::optional<V>(make_sync<V>(i)); }) == make_sync<V>(i));
  }
  require_contents(map, 0, some);
  for (int i = 0; i < some / 2; ++i) {
    if (i % 3 == 0) REQUIRE(map.erase(make_sync<K>(i)));
    if (i % 3 == 1) REQUIRE(map.load_and_delete(make_sync<K>(i)) == make_sync<V>(i));
    if (i % 3 == 2) REQUIRE(map.compare_and_delete(make_sync<K>(i), make_sync<V>(i)));
  }
  require_contents(map, some / 2, some);
  REQUIRE(map.snapshot().size() == map.size());
  map.reserve(2000);
  require_contents(map, some / 2, some);
  map.clear();
  require_contents(map, 0, 0);
  fill(map, 0, 20);
  require_contents(map, 0, 20);
  REQUIRE(domain.flush());
}

TEMPLATE_TEST_CASE("bulk calls see every kind of element", "", EVAC_TEST_SYNC_MAPS) {
  using K = typename TestType::key_type;
  using V = typename TestType::mapped_type;
  TestType map;
  std::vector<std::pair<K, V>> pairs;
  std::vector<K> keys;
  for (int i = 0; i < some; ++i) {
    pairs.emplace_back(make_sync<K>(i), make_sync<V>(i));
    keys.push_back(make_sync<K>(i));
  }
  REQUIRE(map.store_many(pairs) == pairs.size());
  require_contents(map, 0, some);
  std::size_t same = 0;
  REQUIRE(map.load_many(keys, [&](const K& key, const V& value) { same += map.load(key) == value ? 1 : 0; }) == some);
  REQUIRE(same == some);
  REQUIRE(map.erase_many(keys) == some);
  require_contents(map, 0, 0);
}

TEMPLATE_TEST_CASE("every NaN is a key of its own, and both zeros are one", "", sync_doubles,
                   (sync_nodes<double, float>)) {
  evac::epoch_domain domain;
  TestType map(domain);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 300; ++i) {
    if (i % 3 == 0) REQUIRE(map.store(nan, 1.0F));
    if (i % 3 == 1) REQUIRE_FALSE(map.load_or_store(nan, 1.0F).loaded);
    if (i % 3 == 2) REQUIRE(map.swap(nan, 1.0F) == std::nullopt);
  }
  CHECK(map.size() == 300);
  CHECK_FALSE(map.contains(nan));
  CHECK_FALSE(map.erase(nan));
  CHECK_FALSE(map.compare_and_swap(nan, 1.0F, 2.0F));
  CHECK(map.update(nan, [](const auto& before) { return before; }) == std::nullopt);
  std::size_t visited = 0;
  map.range([&](double key, float) {
    visited += std::isnan(key) ? 1 : 0;
    return true;
  });
  CHECK(visited == 300);
  CHECK_VALID_SYNC(map);
  map.clear();
  CHECK(map.empty());
  CHECK(map.store(0.0, 1.0F));
  CHECK_FALSE(map.store(-0.0, 2.0F));
  CHECK(map.load(0.0) == 2.0F);
  CHECK(map.compare_and_swap(0.0, 2.0F, 3.0F));
  CHECK(map.load_and_delete(-0.0) == 3.0F);
  CHECK(map.empty());
  // Values are compared by ==: a NaN is never what is expected.
  map.store(1.0, std::numeric_limits<float>::quiet_NaN());
  CHECK_FALSE(map.compare_and_delete(1.0, std::numeric_limits<float>::quiet_NaN()));
  CHECK(map.erase(1.0));
}

TEST_CASE("a key in slots stays the one that was stored first, in nodes it comes with its value") {
  const auto is_negative = [](const auto& map) {
    bool negative = false;
    map.range([&](double key, float) { return negative = std::signbit(key); });
    return negative;
  };
  sync_doubles slots;
  sync_nodes<double, float> nodes;
  slots.store(0.0, 1.0F);
  nodes.store(0.0, 1.0F);
  slots.store(-0.0, 2.0F);
  nodes.store(-0.0, 2.0F);
  CHECK_FALSE(is_negative(slots));
  CHECK(is_negative(nodes));
}

TEST_CASE("elements that know their place or need one of their own stay where they were made") {
  sync_selves selves;
  sync_aligned aligned;
  fill(selves, 0, 2000);
  fill(aligned, 0, 2000);
  for (int i = 0; i < 2000; i += 3) selves.erase(i);
  std::size_t intact = 0;
  selves.range([&](int, const self_pointer& value) { return intact += value.intact() ? 1 : 0, true; });
  CHECK(intact == selves.size());
  std::size_t in_place = 0;
  aligned.range([&](std::uint64_t, const over_aligned& value) {
    in_place += reinterpret_cast<std::uintptr_t>(&value) % alignof(over_aligned) == 0 ? 1 : 0;
    return true;
  });
  CHECK(in_place == 2000);
}

namespace {

struct node_of_tree;
/// A value of an incomplete type that has the map inside.
struct tree {
  evac::sync_map<std::string, std::shared_ptr<node_of_tree>> children;
};
struct node_of_tree {
  int value;
  tree below;
};

/// Trivially copyable, not default-constructible, and with bytes that hold nothing.
struct padded {
  padded(char a_letter, int a_number) : letter(a_letter), number(a_number) {}
  [[nodiscard]] friend bool operator==(const padded&, const padded&) = default;
  char letter;
  int number;
};

}  // namespace

TEST_CASE("maps nest, and values need neither a default nor all of their bytes") {
  tree root;
  root.children.store("a", std::make_shared<node_of_tree>());
  root.children.load("a", [](const auto& child) {
    child->below.children.store("b", std::make_shared<node_of_tree>());
    child->value = 1;
  });
  CHECK(root.children.load("a").value()->below.children.contains("b"));

  evac::sync_map<int, padded> map;
  STATIC_REQUIRE_FALSE(decltype(map)::in_nodes);
  for (int i = 0; i < 100; ++i) CHECK(map.store(i, padded('a', i)));
  for (int i = 0; i < 100; ++i) CHECK(map.compare_and_swap(i, padded('a', i), padded('b', i)));
  for (int i = 0; i < 100; ++i) CHECK(map.compare_and_delete(i, padded('b', i)));
  CHECK(map.empty());
}

namespace {

/// Its end changes the map that it was in, and another one.
class last_words {
 public:
  using map_type = evac::sync_map<int, std::shared_ptr<last_words>>;
  last_words(map_type& map, sync_words& log, int number) : map_(map), log_(log), number_(number) {}
  last_words(const last_words&) = delete;
  last_words& operator=(const last_words&) = delete;
  ~last_words() {
    map_.erase(number_ + 1000);
    map_.store(-number_, nullptr);
    log_.store(static_cast<std::uint64_t>(number_), map_.contains(-number_) ? 1 : 0);
  }

 private:
  map_type& map_;
  sync_words& log_;
  int number_;
};

}  // namespace

TEST_CASE("a destructor of what was removed may use the map") {
  evac::epoch_domain domain;
  sync_words log(domain);
  last_words::map_type map(domain);
  constexpr int count = 300;
  for (int i = 1; i <= count; ++i) map.store(i, std::make_shared<last_words>(map, log, i));
  for (int i = 1; i <= count; ++i) map.store(i + 1000, nullptr);
  for (int i = 1; i <= count; ++i) {
    if (i % 2 == 0) map.erase(i);
    if (i % 2 != 0) map.store(i, nullptr);
  }
  CHECK(domain.flush());
  CHECK(log.size() == count);
  CHECK(log.range([](std::uint64_t, std::uint64_t seen) { return seen == 1; }));
  CHECK(map.size() == count + count / 2);
  CHECK_VALID_SYNC(map);
}

TEST_CASE("pointers are keys by their address, and values that are not looked into") {
  evac::sync_map<const int*, int*> map;
  std::vector<int> numbers(500);
  for (int& each : numbers) CHECK(map.store(&each, &each));
  CHECK(map.store(nullptr, nullptr));
  for (int& each : numbers) CHECK(map.load(&each) == &each);
  CHECK(map.load(nullptr) == nullptr);
  CHECK(map.size() == 501);
  CHECK_VALID_SYNC(map);
}

TEST_CASE("a constant hash makes one chain of a sync map long, and no table large") {
  sync_constant bad;
  sync_identity good;
  fill(bad, 0, 1000);
  fill(good, 0, 1000);
  CHECK(bad.stats().table.home_buckets <= good.stats().table.home_buckets + 16);
  CHECK(bad.stats().table.longest_chain > 300);
  CHECK(good.stats().table.longest_chain < 10);
  CHECK_VALID_SYNC(bad);
}

TEMPLATE_TEST_CASE("keys of any stride are found, and their chains stay short", "",
                   (evac::sync_map<std::uint64_t, int, identity_hash>),
                   (sync_nodes<std::uint64_t, int, identity_hash>)) {
  for (const std::uint64_t stride : {std::uint64_t{1}, std::uint64_t{4096}, std::uint64_t{1} << 48U}) {
    TestType map;
    for (std::uint64_t i = 0; i < 3000; ++i) map.store(i * stride, static_cast<int>(i));
    std::size_t same = 0;
    for (std::uint64_t i = 0; i < 3000; ++i) same += map.load(i * stride) == static_cast<int>(i) ? 1 : 0;
    CHECK(same == 3000);
    CHECK(map.stats().table.longest_chain < 10);
    CHECK_VALID_SYNC(map);
  }
}
