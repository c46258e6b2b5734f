// Arguments of sync maps and sets that stand for keys and values: ranges of keys of another type find, store and erase
// as single calls do; a type without a conversion is no argument.
#include <cstdint>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

// Hashes of -1 as an int and as a long differ, with the hash of the key's type and without.
template <evac::storage Storage>
using longs = evac::sync_map<long, int, evac::hash<long>, evac::equal_to<long>,
                             std::allocator<std::pair<const long, int>>, Storage>;
using plain_strings = evac::sync_map<std::string, int, std::hash<std::string>, std::equal_to<std::string>>;

struct derived_string : std::string {
  using std::string::string;
};

struct bits {
  int first : 5;
  int second : 5;
};

struct base {};
struct derived : base {};
struct other {};
using pointers = evac::sync_map<int, base*>;
using pointers_in_nodes = evac::sync_map<int, base*, evac::hash<int>, evac::equal_to<int>,
                                         std::allocator<std::pair<const int, base*>>, evac::storage::in_nodes>;

template <class Map, class V>
concept stores = requires(Map& map, V value) { map.store(1, value); };
template <class Map, class V>
concept stores_moved_key = requires(Map& map, V value, int key) { map.store(std::move(key), value); };
template <class Map, class V>
concept swaps = requires(Map& map, V value) { map.swap(1, value); };
template <class Map, class V>
concept loads_or_stores = requires(Map& map, V value) { map.load_or_store(1, value); };
template <class Map, class V>
concept computes = requires(Map& map, V (*make)()) { map.load_or_compute(1, make); };
template <class Map, class V>
concept computes_and_shows =
    requires(Map& map, V (*make)(), void (*show)(base* const&)) { map.load_or_compute(1, make, show); };
template <class Map, class V>
concept compares_and_swaps = requires(Map& map, V value) { map.compare_and_swap(1, nullptr, value); };
template <class Map, class V>
concept stores_many = requires(Map& map, std::vector<std::pair<int, V>> pairs) { map.store_many(pairs); };

template <class Map, class V>
constexpr int verbs_that_take = int{stores<Map, V>} + int{stores_moved_key<Map, V>} + int{swaps<Map, V>} +
                                int{loads_or_stores<Map, V>} + int{computes<Map, V>} + int{computes_and_shows<Map, V>} +
                                int{compares_and_swaps<Map, V>} + int{stores_many<Map, V>};

static_assert(verbs_that_take<pointers, base*> == 8 && verbs_that_take<pointers_in_nodes, base*> == 8);
static_assert(verbs_that_take<pointers, derived*> == 8 && verbs_that_take<pointers_in_nodes, derived*> == 8);
static_assert(verbs_that_take<pointers, other*> == 0 && verbs_that_take<pointers_in_nodes, other*> == 0);
static_assert(verbs_that_take<pointers, const base*> == 0 && verbs_that_take<pointers_in_nodes, const base*> == 0);
static_assert(verbs_that_take<pointers, int> == 0 && verbs_that_take<pointers_in_nodes, int> == 0);
static_assert(verbs_that_take<pointers, std::uintptr_t> == 0);
static_assert(verbs_that_take<pointers, void*> == 0);
static_assert(verbs_that_take<evac::sync_map<int, derived*>, base*> == 0);
enum class signal_number : int {};
static_assert(!stores<evac::sync_map<int, signal_number>, int> && !swaps<evac::sync_map<int, signal_number>, int>);

// Ranges of what is no key.
template <class Container, class K>
concept takes_keys = requires(Container& container, const std::vector<K>& keys) { container.erase_many(keys); };
static_assert(takes_keys<longs<evac::storage::automatic>, int> && takes_keys<plain_strings, const char*>);
static_assert(!takes_keys<longs<evac::storage::automatic>, std::string> && !takes_keys<plain_strings, int>);
static_assert(!takes_keys<evac::sync_map<base*, int>, other*> && !takes_keys<evac::sync_set<base*>, std::uintptr_t>);

}  // namespace

TEMPLATE_TEST_CASE("ranges of keys of another type mean the keys that these convert to", "",
                   (longs<evac::storage::automatic>), (longs<evac::storage::in_nodes>)) {
  TestType map;
  std::vector<int> keys;
  std::vector<std::pair<int, short>> pairs;
  for (int i = -100; i < 100; ++i) {
    keys.push_back(i);
    pairs.emplace_back(i, static_cast<short>(2 * i));
  }
  CHECK(map.store_many(pairs) == 200);
  CHECK(map.store_many(pairs) == 0);
  CHECK(map.size() == 200);
  CHECK_VALID_SYNC(map);
  for (const int key : keys) REQUIRE(map.load(key) == 2 * key);
  std::vector<std::optional<int>> out;
  CHECK(map.load_many(keys, std::back_inserter(out)) == 200);
  for (std::size_t i = 0; i < keys.size(); ++i) REQUIRE(out.at(i) == 2 * keys[i]);
  CHECK(map.load_many(keys, [](int key, int value) { CHECK(value == 2 * key); }) == 200);
  CHECK(map.erase_many(keys) == 200);
  CHECK(map.empty());

  const std::map<int, int> sorted{{-1, 1}, {-2, 2}};
  CHECK(map.store_many(sorted) == 2);
  CHECK(map.store_many(std::views::transform(sorted, [](const auto& pair) { return std::pair(pair.first, 3); })) == 0);
  CHECK(map.load(-2) == 3);
  const std::list<bits> fields{{-1, 5}, {-2, 6}, {-3, 7}};
  CHECK(map.store_many(fields) == 1);
  CHECK(map.load(-3) == 7);
  CHECK(map.erase_many(std::vector<bool>{true, false}) == 0);
}

TEST_CASE("ranges of other types mean what they convert to in sync sets, too") {
  evac::sync_set<long> set;
  const std::vector<int> keys{-3, -2, -1, 0, 1};
  CHECK(set.insert_many(keys) == 5);
  CHECK(set.insert_many(keys) == 0);
  CHECK(set.count_many(keys) == 5);
  CHECK(set.contains(-3));
  CHECK_VALID_SYNC(set);
  CHECK(set.erase_many(std::views::iota(-2, 7)) == 4);
  CHECK(set.size() == 1);
}

TEST_CASE("strings without transparent functors are made of what a range has; derived ones are taken as they are") {
  plain_strings map;
  const std::vector<const char*> literals{"one", "two", "three"};
  const std::vector<std::pair<const char*, int>> pairs{{"one", 1}, {"two", 2}};
  CHECK(map.store_many(pairs) == 2);
  CHECK(map.store_many(pairs) == 0);
  CHECK(map.load_many(literals, [](const char*, int) {}) == 2);
  const std::vector<derived_string> heirs{"two", "four"};
  CHECK(map.erase_many(heirs) == 1);
  CHECK(map.erase_many(literals) == 1);
  CHECK(map.empty());

  // A key that cannot be copied is not, either.
  struct heir : std::unique_ptr<int> {};
  evac::sync_set<std::unique_ptr<int>> unique;
  CHECK(unique.insert(nullptr));
  CHECK(unique.erase_many(std::vector<heir>(2)) == 1);
}

TEMPLATE_TEST_CASE("pointers convert as they do elsewhere", "", pointers, pointers_in_nodes) {
  TestType map;
  base one;
  derived two;
  CHECK(map.store(1, &one));
  CHECK(map.swap(1, &two) == &one);
  CHECK(map.compare_and_swap(1, &two, nullptr));
  CHECK(map.load_or_store(1, &one).value == nullptr);
  CHECK(map.load_or_compute(2, [&] { return &two; }).value == &two);
  CHECK(map.store_many(std::vector<std::pair<int, derived*>>{{3, &two}}) == 1);
  CHECK(map.load(3) == &two);
}
