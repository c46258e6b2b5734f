// Arguments that only the right overload takes, look-ups that build no key, arguments that stay untouched, constructors
// and deduction.
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/constructors.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

struct bits {
  unsigned low : 3;
  unsigned high : 5;
};
constexpr auto ignore = [](const auto&) {};
constexpr auto ignore_both = [](const auto&, const auto&) {};
constexpr auto two = [] { return 2; };
constexpr auto always = [](const auto&) { return true; };

template <class Map>
constexpr bool takes_bit_fields_as_keys = requires(Map map, bits of) {
  map.visit(of.low, ignore);
  map.cvisit(of.low, ignore);
  map.contains(of.low);
  map.count(of.low);
  map.find(of.low);
  map.erase(of.low);
  map.erase_if(of.low, always);
  map.try_emplace(of.low, 1);
  map.try_emplace_or_visit(of.low, 1, ignore);
  map.try_emplace_or_cvisit(of.low, 1, ignore);
  map.try_emplace_and_visit(of.low, 1, ignore, ignore);
  map.try_emplace_and_cvisit(of.low, 1, ignore, ignore);
  map.insert_or_assign(of.low, 1);
  map.get_or_compute(of.low, two);
  map.visit2(of.low, of.low, ignore_both);
};
template <class Set>
constexpr bool inserts_bit_fields = requires(Set set, bits of) {
  set.insert(of.low);
  set.insert_or_visit(of.low, ignore);
  set.insert_or_cvisit(of.low, ignore);
  set.insert_and_visit(of.low, ignore, ignore);
  set.insert_and_cvisit(of.low, ignore, ignore);
};

struct point {
  int x = 0;
  int y = 0;
  friend bool operator==(const point&, const point&) = default;
};
struct point_hash {
  std::size_t operator()(const point& p) const { return static_cast<std::size_t>(p.x * 31 + p.y); }
};

std::size_t keys_built = 0;

/// A key that can be looked up by an int, and notes when one is built from it.
class built_key {
 public:
  explicit built_key(int value) : value_(value) { ++keys_built; }
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_;
};
int number(const built_key& key) { return key.value(); }
int number(int key) { return key; }
struct built_hash {
  using is_transparent = void;
  template <class K>
  std::size_t operator()(const K& key) const {
    return static_cast<std::size_t>(number(key));
  }
};
struct built_equal {
  using is_transparent = void;
  template <class K>
  bool operator()(const built_key& stored, const K& wanted) const {
    return stored.value() == number(wanted);
  }
};
using built_map = evac::sharded_map<built_key, int, built_hash, built_equal>;

template <class Operation>
std::size_t built_by(const Operation& operation) {
  const std::size_t before = keys_built;
  operation();
  return keys_built - before;
}

struct own_hash {
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key) * 7; }
};
struct own_equal {
  bool operator()(int left, int right) const { return left == right; }
};
using map_allocator = counting_allocator<std::pair<const int, double>>;
using set_allocator = counting_allocator<int>;
template <class Hash = evac::hash<int>, class Equal = evac::equal_to<int>,
          class Allocator = std::allocator<std::pair<const int, double>>>
using map_of = evac::sharded_map<int, double, Hash, Equal, Allocator>;
template <class Hash = evac::hash<int>, class Equal = evac::equal_to<int>, class Allocator = std::allocator<int>>
using set_of = evac::sharded_set<int, Hash, Equal, Allocator>;

template <class Wanted, class Deduced>
bool is(const Deduced& container) {
  STATIC_REQUIRE(std::is_same_v<Wanted, Deduced>);
  return container.size() == 2;
}

}  // namespace

TEST_CASE("in sharded maps bit-fields are taken as keys") {
  STATIC_REQUIRE(takes_bit_fields_as_keys<evac::sharded_map<unsigned, int>>);
  STATIC_REQUIRE(inserts_bit_fields<evac::sharded_set<unsigned>>);
  const bits of{3, 4};
  evac::sharded_set<unsigned> set;
  CHECK(set.insert(of.low));
  CHECK(set.contains(3));
}

TEST_CASE("in sharded maps keys and elements may be written in braces") {
  evac::sharded_map<point, int, point_hash> map;
  CHECK(map.try_emplace({1, 2}, 3));
  CHECK_FALSE(map.try_emplace_or_visit({1, 2}, 3, ignore));
  CHECK_FALSE(map.try_emplace_or_cvisit({1, 2}, 3, ignore));
  CHECK_FALSE(map.try_emplace_and_visit({1, 2}, 3, ignore, ignore));
  CHECK_FALSE(map.try_emplace_and_cvisit({1, 2}, 3, ignore, ignore));
  CHECK(map.contains({1, 2}));
  CHECK(map.count({2, 1}) == 0);
  CHECK(map.find({1, 2}) == 3);
  CHECK(map.visit({1, 2}, ignore) == 1);
  CHECK(map.cvisit({1, 2}, ignore) == 1);
  CHECK_FALSE(map.insert_or_assign({1, 2}, 4));
  CHECK(map.insert({{5, 6}, 7}));
  CHECK_FALSE(map.insert_or_visit({{5, 6}, 7}, ignore));
  CHECK_FALSE(map.insert_and_cvisit({{5, 6}, 7}, ignore, ignore));
  CHECK(map.insert({{{7, 8}, 9}, {{9, 10}, 11}}) == 2);
  CHECK(map.visit2({7, 8}, {9, 10}, ignore_both));
  CHECK(map.get_or_compute({11, 12}, two) == 2);
  CHECK(map.erase_if({1, 2}, always) == 1);
  CHECK(map.erase({5, 6}) == 1);
  map = {{{1, 1}, 1}};
  CHECK(map.size() == 1);
}

TEST_CASE("in sharded maps a key is built from what is looked up only when an element is inserted") {
  built_map map(evac::shards{4});
  for (int i = 0; i < 100; ++i) map.try_emplace(i, i);
  CHECK(built_by([&] {
          (void)map.find(7);
          (void)map.contains(7);
          (void)map.count(1000);
          map.visit(7, ignore);
          std::as_const(map).visit(7, ignore);
          map.cvisit(7, ignore);
          map.try_emplace(7, 1);
          map.try_emplace_or_visit(7, 1, ignore);
          map.try_emplace_or_cvisit(7, 1, ignore);
          map.try_emplace_and_visit(7, 1, ignore, ignore);
          map.try_emplace_and_cvisit(7, 1, ignore, ignore);
          map.insert_or_assign(7, 1);
          map.visit2(7, 8, ignore_both);
          map.visit2(7, 1000, ignore_both);
          map.erase_if(7, [](const auto&) { return false; });
          map.erase(1000);
          for (const auto mode :
               {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
            (void)map.get_or_compute(7, two, mode);
          }
          const int keys[] = {1, 2, 3, 1000};
          map.visit(std::begin(keys), std::end(keys), ignore);
          map.erase(8);
        }) == 0);
  CHECK(built_by([&] { map.try_emplace(100, 1); }) == 1);
  CHECK(built_by([&] { map.try_emplace_or_visit(101, 1, ignore); }) == 1);
  CHECK(built_by([&] { map.try_emplace_or_cvisit(102, 1, ignore); }) == 1);
  CHECK(built_by([&] { map.try_emplace_and_visit(103, 1, ignore, ignore); }) == 1);
  CHECK(built_by([&] { map.try_emplace_and_cvisit(104, 1, ignore, ignore); }) == 1);
  CHECK(built_by([&] { map.insert_or_assign(105, 1); }) == 1);
  CHECK(built_by([&] { (void)map.get_or_compute(106, two); }) == 1);
  CHECK(built_by([&] { (void)map.get_or_compute(107, two, evac::compute_mode::optimistic); }) == 1);
  CHECK(built_by([&] { (void)map.get_or_compute(108, two, evac::compute_mode::single_flight); }) == 1);
  CHECK_VALID_SHARDS(map);
}

TEST_CASE("string keys are looked up and erased by views and literals") {
  sharded_strings map;
  const std::string_view key = "a key that does not fit into the string object itself";
  CHECK(map.try_emplace(key, "value"));
  CHECK(map.contains(key));
  CHECK(map.find(key) == "value");
  CHECK_FALSE(map.try_emplace_or_visit(key, "other", ignore));
  CHECK_FALSE(map.insert_or_assign(key, "third"));
  CHECK(map.get_or_compute(key, [] { return std::string("unused"); }) == "third");
  CHECK(map.get_or_compute("literal", [] { return std::string("new"); }) == "new");
  CHECK(map.visit2(key, "literal", [](auto& one, auto& two_) { std::swap(one.second, two_.second); }));
  CHECK(map.find("literal") == "third");
  const std::vector<std::string_view> keys{key, "absent", "literal"};
  CHECK(map.cvisit(keys.begin(), keys.end(), ignore) == 2);
  CHECK(map.erase_if(key, always) == 1);
  CHECK(map.erase("literal") == 1);
  evac::sharded_set<std::string> set;
  CHECK(set.insert(key));
  CHECK_FALSE(set.insert(key));
  CHECK_FALSE(set.emplace(key));
  CHECK(set.visit(key, ignore) == 1);
}

TEST_CASE("in sharded maps nothing is moved from an argument whose key is present") {
  evac::sharded_map<std::string, std::unique_ptr<int>> map;
  map.try_emplace("key", std::make_unique<int>(1));
  auto value = std::make_unique<int>(2);
  std::string key = "key";
  // NOLINTBEGIN(bugprone-use-after-move): the point of the test
  CHECK_FALSE(map.try_emplace(std::move(key), std::move(value)));
  CHECK_FALSE(map.try_emplace_or_visit(std::move(key), std::move(value), ignore));
  CHECK_FALSE(map.try_emplace_or_cvisit(std::move(key), std::move(value), ignore));
  CHECK_FALSE(map.try_emplace_and_visit(std::move(key), std::move(value), ignore, ignore));
  CHECK_FALSE(map.try_emplace_and_cvisit(std::move(key), std::move(value), ignore, ignore));
  CHECK_FALSE(map.emplace(std::move(key), std::move(value)));
  CHECK_FALSE(map.emplace_or_visit(std::move(key), std::move(value), ignore));
  CHECK_FALSE(map.emplace_and_cvisit(std::move(key), std::move(value), ignore, ignore));
  std::pair<std::string, std::unique_ptr<int>> element("key", std::make_unique<int>(3));
  CHECK_FALSE(map.insert(std::move(element)));
  CHECK_FALSE(map.insert_or_visit(std::move(element), ignore));
  CHECK_FALSE(map.insert_or_cvisit(std::move(element), ignore));
  CHECK_FALSE(map.insert_and_visit(std::move(element), ignore, ignore));
  CHECK_FALSE(map.insert_and_cvisit(std::move(element), ignore, ignore));
  CHECK(key == "key");
  CHECK(value != nullptr);
  CHECK(element.first == "key");
  CHECK(element.second != nullptr);
  CHECK_FALSE(map.insert_or_assign(std::move(key), std::move(value)));
  CHECK(key == "key");
  CHECK(value == nullptr);
  sharded_strings strings;
  strings.emplace(key, "value");
  (void)strings.get_or_compute(std::move(key), [] { return std::string(); });
  CHECK(key == "key");
  // NOLINTEND(bugprone-use-after-move)
  map.cvisit("key", [](const auto& present) { CHECK(*present.second == 2); });
}

TEST_CASE("keys and values that cannot be copied are moved in") {
  evac::sharded_map<std::unique_ptr<int>, std::unique_ptr<int>> map;
  for (int i = 0; i < 200; ++i) CHECK(map.try_emplace(std::make_unique<int>(i), std::make_unique<int>(i)));
  CHECK(map.emplace(std::make_unique<int>(200), nullptr));
  CHECK(map.insert({nullptr, nullptr}));
  CHECK(map.insert_or_assign(std::make_unique<int>(201), nullptr));
  CHECK(map.visit_all([](auto& element) { element.second = nullptr; }) == 203);
  auto moved = std::move(map);
  CHECK(moved.size() == 203);
  map = std::move(moved);
  CHECK(map.erase_if(always) == 203);
  std::vector<std::pair<int, std::unique_ptr<int>>> owners;
  for (int i = 0; i < 50; ++i) owners.emplace_back(i, std::make_unique<int>(i));
  evac::sharded_map<int, std::unique_ptr<int>> taken;
  CHECK(taken.insert(std::make_move_iterator(owners.begin()), std::make_move_iterator(owners.end())) == 50);
  CHECK(owners.front().second == nullptr);
  evac::sharded_map<int, immovable> fixed(evac::shards{2});
  for (int i = 0; i < 200; ++i) CHECK(fixed.try_emplace(i, i));
  CHECK(fixed.erase(7) == 1);
  CHECK_VALID_SHARDS(fixed);
}

TEST_CASE("arguments may be elements of another map, and visitors of one map may use another") {
  evac::sharded_map<int, std::string> from;
  evac::sharded_map<int, std::string> to;
  for (int i = 0; i < 300; ++i) from.emplace(i, make<std::string>(i));
  from.visit_all([&](auto& element) { to.insert(element); });
  CHECK(to == from);
  from.cvisit(1, [&](const auto& outer) { to.visit(1, [&](auto& inner) { inner.second = outer.second + "!"; }); });
  CHECK(to.find(1) == make<std::string>(1) + "!");
}

TEST_CASE("in sharded maps all constructors build the same map") {
  using Map = evac::sharded_map<int, std::string>;
  require_all_constructors_agree<Map>();
  const Map::allocator_type allocator;
  CHECK(Map(evac::shards{2}, 10, Map::hasher(), Map::key_equal(), allocator).shard_count() == 2);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::size_t, Map>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<evac::shards, Map>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Map::map_type, Map>);
}

TEST_CASE("functors and allocators that cannot be made by default have to be given") {
  using Map = evac::sharded_map<std::uint64_t, int, stateful_hash>;
  STATIC_REQUIRE_FALSE(std::is_default_constructible_v<Map>);
  Map map(10, stateful_hash(3));
  for (std::uint64_t i = 0; i < 200; ++i) map.emplace(i, 1);
  Map other(evac::shards{2}, 0, stateful_hash(4));
  other.emplace(1, 2);
  other.swap(map);
  CHECK(map.hash_function().id == 4);
  CHECK(other.hash_function().id == 3);
  CHECK_VALID_SHARDS(map);
  CHECK_VALID_SHARDS(other);
  map = other;
  CHECK(map.hash_function().id == 3);
  CHECK(map == other);
  const Map moved = std::move(other);
  CHECK(moved.hash_function().id == 3);
  CHECK(moved.size() == 200);
  CHECK_VALID_SHARDS(moved);
  const evac::map<std::uint64_t, int, stateful_hash> copy = moved.snapshot();
  CHECK(copy.hash_function().id == 3);
}

TEST_CASE("a sharded map is deduced as a map of one owner is") {
  const std::vector<std::pair<int, double>> source{{1, 1.5}, {2, 2.5}};
  const auto first = source.begin();
  const auto last = source.end();
  const own_hash hash;
  const own_equal equal;
  const map_allocator allocator;
  using with_allocator = map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>;
  CHECK(is<map_of<>>(evac::sharded_map(first, last)));
  CHECK(is<map_of<own_hash>>(evac::sharded_map(first, last, 10, hash)));
  CHECK(is<map_of<own_hash, own_equal, map_allocator>>(evac::sharded_map(first, last, 10, hash, equal, allocator)));
  CHECK(is<with_allocator>(evac::sharded_map(first, last, allocator)));
  CHECK(is<with_allocator>(evac::sharded_map(first, last, 10, allocator)));
  CHECK(is<map_of<own_hash, evac::equal_to<int>, map_allocator>>(evac::sharded_map(first, last, 10, hash, allocator)));
  CHECK(is<map_of<>>(evac::sharded_map(evac::from_range, source)));
  CHECK(is<with_allocator>(evac::sharded_map(evac::from_range, source, allocator)));
  CHECK(is<map_of<>>(evac::sharded_map{std::pair{1, 1.5}, std::pair{2, 2.5}}));
  CHECK(is<map_of<own_hash>>(evac::sharded_map({std::pair{1, 1.5}, std::pair{2, 2.5}}, 10, hash)));
  CHECK(is<with_allocator>(evac::sharded_map({std::pair{1, 1.5}, std::pair{2, 2.5}}, allocator)));
  CHECK(is<map_of<>>(evac::sharded_map(evac::map<int, double>{{1, 1.5}, {2, 2.5}})));
  const with_allocator map(first, last);
  CHECK(is<with_allocator>(evac::sharded_map(map)));
  CHECK(is<with_allocator>(evac::sharded_map(map, allocator)));
}

TEST_CASE("a sharded set is deduced as a set of one owner is") {
  const std::list<int> source{1, 2};
  const own_hash hash;
  const set_allocator allocator;
  using with_allocator = set_of<evac::hash<int>, evac::equal_to<int>, set_allocator>;
  CHECK(is<set_of<>>(evac::sharded_set(source.begin(), source.end())));
  CHECK(is<set_of<own_hash>>(evac::sharded_set(source.begin(), source.end(), 10, hash)));
  CHECK(is<with_allocator>(evac::sharded_set(source.begin(), source.end(), allocator)));
  CHECK(is<set_of<>>(evac::sharded_set{1, 2}));
  CHECK(is<set_of<own_hash>>(evac::sharded_set({1, 2}, 10, hash)));
  CHECK(is<set_of<>>(evac::sharded_set(evac::from_range, source)));
  CHECK(is<set_of<>>(evac::sharded_set(evac::set<int>{1, 2})));
  const with_allocator set{1, 2};
  CHECK(is<with_allocator>(evac::sharded_set(set)));
  CHECK(is<with_allocator>(evac::sharded_set(set, allocator)));
}
