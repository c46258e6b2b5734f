// Which constructors and look-ups take part: only those whose missing parts can be made, and whose keys can be used.
#include <evac/evac.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/allocators.hpp"
#include "support/catch.hpp"
#include "support/elements.hpp"
#include "support/functors.hpp"

namespace {

using evac_test::stateful_hash;

class given_equal {
 public:
  explicit given_equal(int) {}
  bool operator()(std::uint64_t left, std::uint64_t right) const { return left == right; }
};

template <class T>
class given_allocator {
 public:
  using value_type = T;
  explicit given_allocator(int identity) : identity_(identity) {}
  template <class U>
  explicit given_allocator(const given_allocator<U>& other) noexcept : identity_(other.identity()) {}
  [[nodiscard]] T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* block, std::size_t n) noexcept { std::allocator<T>().deallocate(block, n); }
  [[nodiscard]] int identity() const noexcept { return identity_; }
  friend bool operator==(const given_allocator&, const given_allocator&) = default;

 private:
  int identity_;
};

using key = std::uint64_t;
using element = std::pair<const key, int>;
using hash = evac::hash<key>;
using equal = evac::equal_to<key>;
using made_allocator = std::allocator<element>;

/// Which constructors there are that leave something out. The source is `From...`: nothing, iterators, a list or a
/// range.
template <class Map, class... From>
struct constructors {
  using n = std::size_t;
  using h = typename Map::hasher;
  using e = typename Map::key_equal;
  using a = typename Map::allocator_type;
  static constexpr bool sized = std::is_constructible_v<Map, From..., n>;
  static constexpr bool with_hash = std::is_constructible_v<Map, From..., n, h>;
  static constexpr bool with_equal = std::is_constructible_v<Map, From..., n, h, e>;
  static constexpr bool with_all = std::is_constructible_v<Map, From..., n, h, e, a>;
  static constexpr bool with_allocator = std::is_constructible_v<Map, From..., a>;
  static constexpr bool sized_with_allocator = std::is_constructible_v<Map, From..., n, a>;
  static constexpr bool with_hash_and_allocator = std::is_constructible_v<Map, From..., n, h, a>;
};

template <class Map, class... From>
constexpr bool as_made(bool made_hash, bool made_equal, bool made_allocator_) {
  using seen = constructors<Map, From...>;
  return seen::sized == (made_hash && made_equal && made_allocator_) &&
         seen::with_hash == (made_equal && made_allocator_) && seen::with_equal == made_allocator_ && seen::with_all &&
         seen::with_allocator == (made_hash && made_equal) && seen::sized_with_allocator == (made_hash && made_equal) &&
         seen::with_hash_and_allocator == made_equal;
}

/// The same for all sources, and the default constructor.
template <class Map>
constexpr bool all_as_made(bool made_hash, bool made_equal, bool made_allocator_) {
  using value = typename Map::value_type;
  using it = const value*;
  using list = std::initializer_list<value>;
  using range = const std::vector<std::pair<key, int>>&;
  const bool all = made_hash && made_equal && made_allocator_;
  return std::is_default_constructible_v<Map> == all && std::is_constructible_v<Map, it, it> == all &&
         std::is_constructible_v<Map, list> == all && std::is_constructible_v<Map, evac::from_range_t, range> == all &&
         as_made<Map>(made_hash, made_equal, made_allocator_) &&
         as_made<Map, it, it>(made_hash, made_equal, made_allocator_) &&
         as_made<Map, list>(made_hash, made_equal, made_allocator_) &&
         as_made<Map, evac::from_range_t, range>(made_hash, made_equal, made_allocator_);
}

/// Turns into a key, but is neither a string_view nor hashed as one.
struct name {
  std::string text;
  operator std::string() const { return text; }  // NOLINT(google-explicit-constructor): the point of the tests
};

/// Turns into a key or an iterator, as asked.
template <class Iterator>
struct key_or_iterator {
  operator Iterator() const { return {}; }          // NOLINT(google-explicit-constructor): the point of the tests
  operator std::string_view() const { return ""; }  // NOLINT(google-explicit-constructor): the point of the tests
};

template <class Map, class K>
constexpr bool finds_by = requires(Map map, const Map constant, const K& key) {
  map.find(key);
  constant.find(key);
  map.contains(key);
  map.count(key);
  map.equal_range(key);
  constant.equal_range(key);
  map.prefetch(key);
};
template <class Map, class K>
constexpr bool finds_something_by =
    requires(Map map, const K& key) { map.find(key); } || requires(Map map, const K& key) { map.contains(key); } ||
    requires(Map map, const K& key) { map.count(key); } || requires(Map map, const K& key) { map.equal_range(key); } ||
    requires(Map map, const K& key) { map.prefetch(key); } || requires(Map map, const K& key) { map.erase(key); } ||
    requires(Map map, const K& key) { map.extract(key); } || requires(Map map, const K& key) { map.at(key); } ||
    requires(Map map, const K& key) { map[key]; } || requires(Map map, const K& key) { map.try_emplace(key); } ||
    requires(Map map, const K& key) { map.insert_or_assign(key, 1); };

/// Transparent for everything by name, for ints only by what it can be called with.
struct picky_hash {
  using is_transparent = void;
  std::size_t operator()(const std::string& text) const { return text.size(); }
  std::size_t operator()(int length) const { return static_cast<std::size_t>(length); }
  std::size_t operator()(double length) { return static_cast<std::size_t>(length); }  // not const
};
struct picky_equal {
  using is_transparent = void;
  bool operator()(const std::string& left, const std::string& right) const { return left == right; }
  bool operator()(const std::string& left, int length) const { return left.size() == static_cast<std::size_t>(length); }
  bool operator()(const std::string& left, double length) const {
    return left.size() == static_cast<std::size_t>(length);
  }
  bool operator()(const std::string&, std::nullptr_t) const { return false; }
};

/// Not transparent: its body must not be looked at for anything but strings.
struct opaque_hash {
  auto operator()(const auto& text) const { return text.size(); }
};

struct node {
  int value = 0;
  evac::map<int, node> by_number;
  evac::map<std::string, node> by_name = {};
  evac::map<int, std::vector<node>, evac::hash<int>, std::equal_to<int>> nested{16};
};

}  // namespace

TEST_CASE("a constructor takes part when the parts that it is not given can be made") {
  STATIC_REQUIRE(all_as_made<evac::map<key, int>>(true, true, true));
  STATIC_REQUIRE(all_as_made<evac::map<key, int, stateful_hash>>(false, true, true));
  STATIC_REQUIRE(all_as_made<evac::map<key, int, hash, given_equal>>(true, false, true));
  STATIC_REQUIRE(all_as_made<evac::map<key, int, stateful_hash, given_equal>>(false, false, true));
  STATIC_REQUIRE(all_as_made<evac::map<key, int, hash, equal, given_allocator<element>>>(true, true, false));
  STATIC_REQUIRE(all_as_made<evac::map<key, int, stateful_hash, equal, given_allocator<element>>>(false, true, false));
  STATIC_REQUIRE(
      all_as_made<evac::map<key, int, stateful_hash, given_equal, given_allocator<element>>>(false, false, false));
  STATIC_REQUIRE_FALSE(std::is_default_constructible_v<evac::set<key, stateful_hash>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<evac::set<key, stateful_hash>, std::initializer_list<key>>);
  STATIC_REQUIRE(std::is_constructible_v<evac::set<key, stateful_hash>, int, stateful_hash>);
}

TEST_CASE("parts that cannot be made are given") {
  using Map = evac::map<key, int, stateful_hash, given_equal, given_allocator<element>>;
  const stateful_hash hash_3(3);
  const given_equal equal_4(4);
  const given_allocator<element> allocator_5(5);
  const std::initializer_list<element> list{{1, 1}, {2, 2}};
  const Map map(list, 0, hash_3, equal_4, allocator_5);
  REQUIRE(map.hash_function().id == 3);
  REQUIRE(map.get_allocator().identity() == 5);
  REQUIRE(Map(list.begin(), list.end(), 0, hash_3, equal_4, allocator_5) == map);
  REQUIRE(Map(evac::from_range, list, 0, hash_3, equal_4, allocator_5) == map);
  REQUIRE(Map(map) == map);
  REQUIRE(Map(map, allocator_5) == map);
  Map other(0, hash_3, equal_4, allocator_5);
  other = list;
  REQUIRE(other == map);
  other = {};
  REQUIRE(other.empty());

  evac::map<key, int, stateful_hash> hashed(0, hash_3);
  hashed[1] = 2;
  REQUIRE(hashed.at(1) == 2);
  evac::set<key, stateful_hash> set({1, 2, 3}, 0, hash_3);
  REQUIRE(set.contains(2));
}

TEST_CASE("constructors that take a source and the allocator use the allocator") {
  using Map = evac::map<key, int, hash, equal, given_allocator<element>>;
  const given_allocator<element> allocator(7);
  const std::vector<element> source{{1, 1}, {2, 2}};
  REQUIRE(Map(allocator).get_allocator() == allocator);
  REQUIRE(Map(5, allocator).get_allocator() == allocator);
  REQUIRE(Map(5, hash(), allocator).get_allocator() == allocator);
  REQUIRE(Map(source.begin(), source.end(), allocator).size() == 2);
  REQUIRE(Map(source.begin(), source.end(), 5, allocator).size() == 2);
  REQUIRE(Map(source.begin(), source.end(), 5, hash(), allocator).size() == 2);
  REQUIRE(Map({{1, 1}, {2, 2}}, allocator).size() == 2);
  REQUIRE(Map({{1, 1}, {2, 2}}, 5, allocator).size() == 2);
  REQUIRE(Map({{1, 1}, {2, 2}}, 5, hash(), allocator).size() == 2);
  REQUIRE(Map(evac::from_range, source, allocator).size() == 2);
  REQUIRE(Map(evac::from_range, source, 5, allocator).size() == 2);
  REQUIRE(Map(evac::from_range, source, 5, hash(), allocator).size() == 2);
}

TEST_CASE("functors and allocators may be given as empty braces") {
  const evac::map<int, int> map(8, {}, {}, {});
  REQUIRE(map.empty());
  const evac::map<int, int> filled({{1, 2}}, 8, {}, {}, {});
  REQUIRE(filled.size() == 1);
}

TEST_CASE("a class may hold maps of itself that it constructs by default") {
  STATIC_REQUIRE(std::is_default_constructible_v<node>);
  node root;
  root.by_number[1].by_name["x"].nested[2].emplace_back().value = 3;
  const node copy = root;
  REQUIRE(copy.by_number.at(1).by_name.at("x").nested.at(2).front().value == 3);
}

TEST_CASE("an argument that turns into a key, but cannot be looked up as it is, is converted") {
  evac::map<std::string, int> map;
  const name constant{"constant"};
  name variable{"variable"};
  map[constant] = 1;
  map[variable] = 2;
  map[name{"temporary"}] = 3;
  REQUIRE(map.at("constant") == 1);
  REQUIRE(map.at(variable) == 2);
  REQUIRE(std::as_const(map).at(name{"temporary"}) == 3);
  REQUIRE(map.find(constant)->second == 1);
  REQUIRE(map.contains(variable));
  REQUIRE(map.count(name{"absent"}) == 0);
  REQUIRE(map.equal_range(constant).first == map.find("constant"));
  map.prefetch(variable);
  REQUIRE_FALSE(map.try_emplace(variable, 4).second);
  REQUIRE(map.try_emplace(map.end(), name{"fourth"}, 4)->second == 4);
  REQUIRE(map.insert_or_assign(name{"fifth"}, 5).second);
  REQUIRE(map.insert_or_assign(map.end(), variable, 6)->second == 6);
  REQUIRE(map.insert({constant, 7}).second == false);
  REQUIRE(map.emplace(name{"sixth"}, 6).second);
  REQUIRE(map.erase(constant) == 1);
  REQUIRE(map.extract(variable).mapped() == 6);
  REQUIRE(map.size() == 4);

  evac::set<std::string> set;
  REQUIRE(set.insert(constant).second);
  REQUIRE(set.emplace(variable).second);
  REQUIRE(set.contains(variable));
  REQUIRE(set.erase(variable) == 1);
  REQUIRE_FALSE(set.extract(constant).empty());
}

TEST_CASE("a key is looked up as it is only if constant hash and equality take it") {
  using Map = evac::map<std::string, int, picky_hash, picky_equal>;
  STATIC_REQUIRE(finds_by<Map, std::string>);
  STATIC_REQUIRE(finds_by<Map, int>);
  STATIC_REQUIRE_FALSE(finds_something_by<Map, std::vector<int>>);
  STATIC_REQUIRE_FALSE(finds_something_by<evac::map<std::string, int>, int>);
  STATIC_REQUIRE_FALSE(finds_something_by<evac::set<std::string>, int>);
  STATIC_REQUIRE_FALSE(finds_something_by<evac::map<std::string, int, opaque_hash>, std::vector<int>>);
  Map map{{"abc", 1}, {"de", 2}};
  REQUIRE(map.at(3) == 1);
  REQUIRE(map.find(2)->second == 2);
  REQUIRE(map.erase(2) == 1);
  REQUIRE(map.extract(3).mapped() == 1);
}

TEST_CASE("an iterator, or a type that turns into one, is never taken for a key") {
  using Map = evac::map<std::string, int>;
  using Set = evac::set<std::string>;
  STATIC_REQUIRE(
      std::is_same_v<decltype(std::declval<Map&>().erase(key_or_iterator<Map::const_iterator>())), Map::iterator>);
  STATIC_REQUIRE(std::is_same_v<decltype(std::declval<Set&>().erase(key_or_iterator<Set::iterator>())), Set::iterator>);
  Map map{{"a", 1}};
  REQUIRE(map.erase(map.find("a")) == map.end());
  REQUIRE(map.try_emplace(map.cbegin(), "b", 2)->second == 2);
  REQUIRE(map.insert_or_assign(map.begin(), std::string_view("b"), 3)->second == 3);
  REQUIRE(map.extract(map.cbegin()).mapped() == 3);
}
