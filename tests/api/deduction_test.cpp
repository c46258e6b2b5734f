// Deduction of template arguments: what std::unordered_map and std::unordered_set deduce in C++23, and what they
// refuse.
#include <evac/evac.hpp>
#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"

namespace {

struct own_hash {
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key) * 7; }
};
struct own_equal {
  bool operator()(int left, int right) const { return left == right; }
};

using pairs = std::vector<std::pair<int, double>>;
using map_allocator = evac_test::counting_allocator<std::pair<const int, double>>;
using set_allocator = evac_test::counting_allocator<int>;

template <class Hash = evac::hash<int>, class Equal = evac::equal_to<int>,
          class Allocator = std::allocator<std::pair<const int, double>>>
using map_of = evac::map<int, double, Hash, Equal, Allocator>;
template <class Hash = evac::hash<int>, class Equal = evac::equal_to<int>, class Allocator = std::allocator<int>>
using set_of = evac::set<int, Hash, Equal, Allocator>;

template <class Wanted, class Deduced>
bool is(const Deduced& container) {
  STATIC_REQUIRE(std::is_same_v<Wanted, Deduced>);
  return container.size() == 2;
}

template <class... Args>
constexpr bool map_deduced_from = requires(Args... args) { evac::map(args...); };
template <class... Args>
constexpr bool set_deduced_from = requires(Args... args) { evac::set(args...); };

}  // namespace

TEST_CASE("a map is deduced from iterators") {
  const pairs source{{1, 1.5}, {2, 2.5}};
  const auto first = source.begin();
  const auto last = source.end();
  const own_hash hash;
  const own_equal equal;
  const map_allocator allocator;
  REQUIRE(is<map_of<>>(evac::map(first, last)));
  REQUIRE(is<map_of<>>(evac::map(first, last, 10)));
  REQUIRE(is<map_of<own_hash>>(evac::map(first, last, 10, hash)));
  REQUIRE(is<map_of<own_hash, own_equal>>(evac::map(first, last, 10, hash, equal)));
  REQUIRE(is<map_of<own_hash, own_equal, map_allocator>>(evac::map(first, last, 10, hash, equal, allocator)));
  REQUIRE(is<map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>>(evac::map(first, last, allocator)));
  REQUIRE(is<map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>>(evac::map(first, last, 10, allocator)));
  REQUIRE(is<map_of<own_hash, evac::equal_to<int>, map_allocator>>(evac::map(first, last, 10, hash, allocator)));
}

TEST_CASE("a map is deduced from a list of pairs, constant keys or not") {
  const own_hash hash;
  const own_equal equal;
  const map_allocator allocator;
  using constant_list = std::initializer_list<std::pair<const int, double>>;
  const auto deduce = [&](const auto& source) {
    REQUIRE(is<map_of<>>(evac::map(source)));
    REQUIRE(is<map_of<>>(evac::map(source, 10)));
    REQUIRE(is<map_of<own_hash>>(evac::map(source, 10, hash)));
    REQUIRE(is<map_of<own_hash, own_equal>>(evac::map(source, 10, hash, equal)));
    REQUIRE(is<map_of<own_hash, own_equal, map_allocator>>(evac::map(source, 10, hash, equal, allocator)));
    REQUIRE(is<map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>>(evac::map(source, allocator)));
    REQUIRE(is<map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>>(evac::map(source, 10, allocator)));
    REQUIRE(is<map_of<own_hash, evac::equal_to<int>, map_allocator>>(evac::map(source, 10, hash, allocator)));
  };
  // The elements of a map, of which the constructors take a list.
  const constant_list constants{{1, 1.5}, {2, 2.5}};
  deduce(constants);
  REQUIRE(is<map_of<>>(evac::map{std::pair{1, 1.5}, std::pair{2, 2.5}}));
  REQUIRE(is<map_of<own_hash>>(evac::map({std::pair{1, 1.5}, std::pair{2, 2.5}}, 10, hash)));
  REQUIRE(is<map_of<own_hash, own_equal>>(evac::map({std::pair{1, 1.5}, std::pair{2, 2.5}}, 10, hash, equal)));
  REQUIRE(is<map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>>(
      evac::map({std::pair{1, 1.5}, std::pair{2, 2.5}}, allocator)));
  REQUIRE(is<map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>>(
      evac::map({std::pair{1, 1.5}, std::pair{2, 2.5}}, 10, allocator)));
  REQUIRE(is<map_of<own_hash, evac::equal_to<int>, map_allocator>>(
      evac::map({std::pair{1, 1.5}, std::pair{2, 2.5}}, 10, hash, allocator)));
}

TEST_CASE("a map is deduced from a range") {
  const own_hash hash;
  const own_equal equal;
  const map_allocator allocator;
  const auto deduce = [&](const auto& source) {
    REQUIRE(is<map_of<>>(evac::map(evac::from_range, source)));
    REQUIRE(is<map_of<>>(evac::map(evac::from_range, source, 10)));
    REQUIRE(is<map_of<own_hash>>(evac::map(evac::from_range, source, 10, hash)));
    REQUIRE(is<map_of<own_hash, own_equal>>(evac::map(evac::from_range, source, 10, hash, equal)));
    REQUIRE(is<map_of<own_hash, own_equal, map_allocator>>(
        evac::map(evac::from_range, source, 10, hash, equal, allocator)));
    REQUIRE(is<map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>>(
        evac::map(evac::from_range, source, allocator)));
    REQUIRE(is<map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>>(
        evac::map(evac::from_range, source, 10, allocator)));
    REQUIRE(is<map_of<own_hash, evac::equal_to<int>, map_allocator>>(
        evac::map(evac::from_range, source, 10, hash, allocator)));
  };
  deduce(pairs{{1, 1.5}, {2, 2.5}});
  deduce(std::map<int, double>{{1, 1.5}, {2, 2.5}});  // whose keys are constant
}

TEST_CASE("a set is deduced from iterators, lists and ranges") {
  const std::list<int> source{1, 2};
  const auto first = source.begin();
  const auto last = source.end();
  const own_hash hash;
  const own_equal equal;
  const set_allocator allocator;
  using with_allocator = set_of<evac::hash<int>, evac::equal_to<int>, set_allocator>;
  REQUIRE(is<set_of<>>(evac::set(first, last)));
  REQUIRE(is<set_of<>>(evac::set(first, last, 10)));
  REQUIRE(is<set_of<own_hash>>(evac::set(first, last, 10, hash)));
  REQUIRE(is<set_of<own_hash, own_equal>>(evac::set(first, last, 10, hash, equal)));
  REQUIRE(is<set_of<own_hash, own_equal, set_allocator>>(evac::set(first, last, 10, hash, equal, allocator)));
  REQUIRE(is<with_allocator>(evac::set(first, last, allocator)));
  REQUIRE(is<with_allocator>(evac::set(first, last, 10, allocator)));
  REQUIRE(is<set_of<own_hash, evac::equal_to<int>, set_allocator>>(evac::set(first, last, 10, hash, allocator)));

  REQUIRE(is<set_of<>>(evac::set{1, 2}));
  REQUIRE(is<set_of<>>(evac::set({1, 2}, 10)));
  REQUIRE(is<set_of<own_hash>>(evac::set({1, 2}, 10, hash)));
  REQUIRE(is<set_of<own_hash, own_equal>>(evac::set({1, 2}, 10, hash, equal)));
  REQUIRE(is<set_of<own_hash, own_equal, set_allocator>>(evac::set({1, 2}, 10, hash, equal, allocator)));
  REQUIRE(is<with_allocator>(evac::set({1, 2}, allocator)));
  REQUIRE(is<with_allocator>(evac::set({1, 2}, 10, allocator)));
  REQUIRE(is<set_of<own_hash, evac::equal_to<int>, set_allocator>>(evac::set({1, 2}, 10, hash, allocator)));

  REQUIRE(is<set_of<>>(evac::set(evac::from_range, source)));
  REQUIRE(is<set_of<>>(evac::set(evac::from_range, source, 10)));
  REQUIRE(is<set_of<own_hash>>(evac::set(evac::from_range, source, 10, hash)));
  REQUIRE(is<set_of<own_hash, own_equal>>(evac::set(evac::from_range, source, 10, hash, equal)));
  REQUIRE(
      is<set_of<own_hash, own_equal, set_allocator>>(evac::set(evac::from_range, source, 10, hash, equal, allocator)));
  REQUIRE(is<with_allocator>(evac::set(evac::from_range, source, allocator)));
  REQUIRE(is<with_allocator>(evac::set(evac::from_range, source, 10, allocator)));
  REQUIRE(is<set_of<own_hash, evac::equal_to<int>, set_allocator>>(
      evac::set(evac::from_range, source, 10, hash, allocator)));
}

TEST_CASE("copies and moves are deduced as what they copy, with an allocator or without") {
  map_of<own_hash, own_equal, map_allocator> map{{1, 1.5}, {2, 2.5}};
  set_of<own_hash, own_equal, set_allocator> set{1, 2};
  REQUIRE(is<decltype(map)>(evac::map(map)));
  REQUIRE(is<decltype(map)>(evac::map(map, map.get_allocator())));
  REQUIRE(is<decltype(map)>(evac::map(std::move(map), map_allocator())));
  REQUIRE(is<decltype(set)>(evac::set(set)));
  REQUIRE(is<decltype(set)>(evac::set(set, set.get_allocator())));
  REQUIRE(is<decltype(set)>(evac::set(std::move(set), set_allocator())));
}

TEST_CASE("parts that are given as empty braces are deduced as if they were left out") {
  const pairs source{{1, 1.5}, {2, 2.5}};
  const auto first = source.begin();
  const auto last = source.end();
  const map_allocator allocator;
  using with_allocator = map_of<evac::hash<int>, evac::equal_to<int>, map_allocator>;
  REQUIRE(is<map_of<evac::hash<int>, own_equal>>(evac::map(first, last, 10, {}, own_equal())));
  REQUIRE(is<with_allocator>(evac::map(first, last, 10, {}, {}, allocator)));
  REQUIRE(is<with_allocator>(evac::map(evac::from_range, source, {}, {}, {}, allocator)));
  REQUIRE(is<set_of<evac::hash<int>, own_equal>>(evac::set({1, 2}, 10, {}, own_equal())));
}

TEST_CASE("nothing is deduced where an allocator stands for a hash, or anything for an iterator") {
  using it = pairs::const_iterator;
  using n = std::size_t;
  using range_tag = evac::from_range_t;
  STATIC_REQUIRE(map_deduced_from<it, it, n, own_hash, own_equal, map_allocator>);
  STATIC_REQUIRE_FALSE(map_deduced_from<it, it, own_hash>);
  STATIC_REQUIRE_FALSE(map_deduced_from<it, it, n, n>);
  STATIC_REQUIRE_FALSE(map_deduced_from<it, it, n, map_allocator, own_hash>);
  STATIC_REQUIRE_FALSE(map_deduced_from<it, it, n, map_allocator, map_allocator>);
  STATIC_REQUIRE_FALSE(map_deduced_from<it, it, n, map_allocator, own_equal, map_allocator>);
  STATIC_REQUIRE_FALSE(map_deduced_from<it, it, n, own_hash, map_allocator, map_allocator>);
  STATIC_REQUIRE_FALSE(map_deduced_from<it, it, n, own_hash, own_equal, own_hash>);
  STATIC_REQUIRE_FALSE(map_deduced_from<int, int>);
  STATIC_REQUIRE_FALSE(map_deduced_from<n, own_hash>);
  STATIC_REQUIRE(map_deduced_from<range_tag, pairs, n, own_hash, map_allocator>);
  STATIC_REQUIRE_FALSE(map_deduced_from<range_tag, pairs, own_hash>);
  STATIC_REQUIRE_FALSE(map_deduced_from<range_tag, pairs, n, n>);
  STATIC_REQUIRE_FALSE(map_deduced_from<range_tag, pairs, n, map_allocator, own_hash>);
  STATIC_REQUIRE_FALSE(map_deduced_from<range_tag, pairs, n, own_hash, own_equal, own_hash>);
  STATIC_REQUIRE_FALSE(map_deduced_from<range_tag, int>);

  using number = std::vector<int>::const_iterator;
  using list = std::initializer_list<int>;
  STATIC_REQUIRE(set_deduced_from<number, number, n, own_hash, own_equal, set_allocator>);
  STATIC_REQUIRE_FALSE(set_deduced_from<number, number, own_hash>);
  STATIC_REQUIRE_FALSE(set_deduced_from<number, number, n, n>);
  STATIC_REQUIRE_FALSE(set_deduced_from<number, number, n, set_allocator, own_hash>);
  STATIC_REQUIRE_FALSE(set_deduced_from<number, number, n, own_hash, set_allocator, set_allocator>);
  STATIC_REQUIRE_FALSE(set_deduced_from<int, int>);
  STATIC_REQUIRE(set_deduced_from<list, n, own_hash, set_allocator>);
  STATIC_REQUIRE_FALSE(set_deduced_from<list, own_hash>);
  STATIC_REQUIRE_FALSE(set_deduced_from<list, n, n>);
  STATIC_REQUIRE_FALSE(set_deduced_from<list, n, set_allocator, own_hash>);
  STATIC_REQUIRE_FALSE(set_deduced_from<range_tag, std::vector<int>, own_hash>);
  STATIC_REQUIRE_FALSE(set_deduced_from<range_tag, std::vector<int>, n, n>);
  STATIC_REQUIRE_FALSE(set_deduced_from<range_tag, int>);
}
