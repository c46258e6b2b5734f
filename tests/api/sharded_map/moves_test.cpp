// Whole sharded containers on their way: conversions, moves and merges, counted; elements that cannot be moved or
// copied; types with operators that a library must not call.
#include <cstddef>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/propagation.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

constexpr std::size_t many = 16384;

using tracked_values = evac::sharded_map<std::uint64_t, tracked>;
/// All keys in one chain of one shard: what room is made for must be where they fall.
using one_chain = evac::sharded_map<std::uint64_t, tracked, constant_hash>;
/// All small keys in the first shard.
using first_shard = evac::sharded_map<std::uint64_t, tracked, shard_naming_hash>;

struct counted_work {
  std::size_t moves;
  std::size_t copies;
  friend bool operator==(const counted_work&, const counted_work&) = default;
};
template <class Operation>
counted_work work_of(const Operation& operation) {
  const census before = tracked_census;
  operation();
  return {tracked_census.moves - before.moves, tracked_census.copies - before.copies};
}

template <class Map>
void check_each_once(std::size_t n) {
  using owned = typename Map::map_type;
  const counted_work moved_once{n, 0};
  const counted_work copied_once{0, n};
  for (const std::size_t count : {std::size_t{1}, std::size_t{8}, std::size_t{64}}) {
    Map map(evac::shards{count});
    for (std::uint64_t i = 0; i < n; ++i) map.try_emplace(i, static_cast<int>(i));
    owned taken;
    CHECK(work_of([&] { taken = owned(std::move(map)); }) == moved_once);
    CHECK(map.empty());
    CHECK(work_of([&] { map = std::move(taken); }) == moved_once);
    CHECK(taken.empty());
    CHECK(work_of([&] { taken = std::move(map); }) == moved_once);
    Map back(evac::shards{1});
    CHECK(work_of([&] { back = Map(std::move(taken)); }).moves ==
          (evac::detail::default_shard_count() == 1 ? n : 2 * n));
    Map others(evac::shards{2 * count});
    CHECK(work_of([&] { others = back; }) == copied_once);
    CHECK(work_of([&] { (void)others.snapshot(); }) == copied_once);
    Map fewer(evac::shards{count});
    CHECK(work_of([&] { fewer = std::move(others); }) == moved_once);
    CHECK(work_of([&] { fewer.swap(others); }) == moved_once);
    CHECK(others.size() == n);
    CHECK(work_of([&] { map = Map(std::move(others)); }).copies == 0);
    CHECK(map.size() == n);
    CHECK_VALID_SHARDS(map);
    CHECK_VALID_SHARDS(others);
  }
}

/// Its state tells which of two it is; it can be swapped, but not assigned.
struct named_hash {
  int name;
  explicit named_hash(int a_name) : name(a_name) {}
  named_hash(const named_hash&) = default;
  named_hash& operator=(const named_hash&) = delete;
  ~named_hash() = default;
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key + name); }
  friend void swap(named_hash& left, named_hash& right) noexcept { std::swap(left.name, right.name); }
};
template <bool OnMove>
using named_map = evac::sharded_map<int, tracked, named_hash, evac::equal_to<int>,
                                    trait_allocator<std::pair<const int, tracked>, false, OnMove, true>>;
template <bool OnMove>
void check_functors_after_assignment(std::size_t shard_count, int other_identity) {
  using Map = named_map<OnMove>;
  using alloc = typename Map::allocator_type;
  Map target(evac::shards{2}, 0, named_hash(1), {}, alloc(5));
  Map source(evac::shards{shard_count}, 0, named_hash(2), {}, alloc(other_identity));
  for (int i = 0; i < 100; ++i) source.try_emplace(i, i);
  target = std::move(source);
  CHECK(target.hash_function().name == 2);
  CHECK(source.hash_function().name == 1);
  CHECK(target.size() == 100);
  CHECK(target.contains(7));
  CHECK(source.try_emplace(1, 1));
  CHECK(source.contains(1));
  CHECK_VALID_SHARDS(target);
  CHECK_VALID_SHARDS(source);
}

}  // namespace

namespace guarded {

/// No address and no comma: whoever uses them on types of this namespace, or on templates of them, does not compile.
template <class T>
void operator&(T&&) = delete;
template <class T, class U>
void operator,(T&&, U&&) = delete;

struct number {
  int value;
  friend bool operator==(const number& left, const number& right) { return left.value == right.value; }
};
struct number_hash {
  std::size_t operator()(const number& key) const { return static_cast<std::size_t>(key.value); }
};
using map = evac::sharded_map<number, number, number_hash>;
using set = evac::sharded_set<number, number_hash>;

/// Calls what there is; returns how many elements are left in the end.
std::size_t use_all() {
  map a(evac::shards{2}, 100);
  const auto ignore = [](const auto&) {};
  const auto yes = [](const auto&) { return true; };
  const std::vector<std::pair<number, number>> pairs{{{1}, {1}}, {{2}, {2}}};
  const std::vector<number> keys{{1}, {2}, {3}};
  a.insert(pairs.begin(), pairs.end());
  a.insert_or_visit(pairs.begin(), pairs.end(), ignore);
  a.insert_range_and_cvisit(pairs, ignore, ignore);
  a.emplace(number{3}, number{3});
  a.try_emplace_or_visit(number{3}, number{3}, ignore);
  a.insert_or_assign(number{3}, number{4});
  a.visit(keys.begin(), keys.end(), ignore);
  a.cvisit(keys.begin(), keys.end(), ignore);
  a.visit2(number{1}, number{2}, [](auto&, auto&) {});
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    (void)a.get_or_compute(number{5}, [] { return number{5}; }, mode);
  }
  a.visit_all(ignore);
  a.for_each(ignore);
  map b = a;
  map c = std::move(b);
  b = c;
  b.swap(c);
  swap(b, c);
  if (b != a) return 0;
  b.merge(c);
  b.reserve(1000);
  b.rehash(0);
  map::map_type owned = std::move(b);
  b = std::move(owned);
  owned = b.snapshot();
  b.merge(owned);
  b.erase(number{1});
  b.erase_if(number{2}, yes);
  b.erase_if([](const auto& element) { return element.first.value == 3; });
  (void)b.stats();
  (void)b.bucket_count();
  (void)b.find(number{5});
  set d{number{1}, number{2}};
  d.insert_range(keys);
  set e = d;
  if (d != e) return 0;
  d.clear();
  return b.size() + d.size() + e.size();
}

}  // namespace guarded

TEST_CASE("conversions, assignments and snapshots move or copy each element once, however the hashes fall") {
  check_each_once<tracked_values>(many);
  check_each_once<first_shard>(many);
  check_each_once<one_chain>(300);
}

TEST_CASE("the room that a conversion, a swap or an assignment made is no promise: the container shrinks with it") {
  const auto shrinks = [](tracked_values& map) {
    const std::size_t full = map.bucket_count();
    map.erase_if([](const auto&) { return true; });
    for (std::uint64_t i = 0; i < 2 * many; ++i) {
      map.try_emplace(i, 0);
      map.erase(i);
    }
    CHECK(map.bucket_count() < full / 8);
  };
  tracked_values map(evac::shards{1});
  const auto fill = [&] {
    for (std::uint64_t i = 0; i < many; ++i) map.try_emplace(i, 0);
  };
  fill();
  tracked_values::map_type owned = std::move(map);
  map = std::move(owned);
  shrinks(map);
  fill();
  tracked_values swapped(evac::shards{2});
  map.swap(swapped);
  shrinks(swapped);
  fill();
  tracked_values assigned(evac::shards{2});
  assigned = std::move(map);
  shrinks(assigned);
}

TEST_CASE("a vector of sharded maps moves them when it grows, also those whose elements cannot be copied") {
  using owning = evac::sharded_map<int, std::unique_ptr<int>>;
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<owning>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<evac::sharded_set<std::string>>);
  STATIC_REQUIRE_FALSE(std::is_nothrow_move_constructible_v<named_map<true>>);
  std::vector<owning> maps;
  for (int i = 0; i < 10; ++i) {
    maps.emplace_back(evac::shards{2});
    maps.back().emplace(i, std::make_unique<int>(i));
  }
  for (int i = 0; i < 10; ++i) CHECK(maps[static_cast<std::size_t>(i)].contains(i));
  owning target(evac::shards{4});
  target = std::move(maps[3]);
  CHECK(target.contains(3));
  swap(target, maps[4]);
  CHECK(target.contains(4));
}

TEST_CASE("maps of values that cannot be moved are moved, assigned and swapped, whatever their numbers of shards") {
  using locks = evac::sharded_map<int, std::mutex>;
  locks map(evac::shards{2});
  for (int i = 0; i < 100; ++i) map.try_emplace(i);
  locks moved(std::move(map));
  const locks with_allocator(std::move(moved), std::allocator<std::pair<const int, std::mutex>>());
  CHECK(with_allocator.size() == 100);
  locks other(evac::shards{8});
  other.try_emplace(1000);
  map.try_emplace(1);
  other = std::move(map);
  CHECK(other.size() == 1);
  map.try_emplace(2);
  map.swap(other);
  CHECK(map.contains(1));
  CHECK(other.contains(2));
  CHECK(map.merge(other) == 1);
  locks::map_type owned = std::move(map);
  CHECK(owned.size() == 2);
  map = std::move(owned);
  CHECK(map.size() == 2);
  CHECK_VALID_SHARDS(map);
}

TEMPLATE_TEST_CASE("maps whose hashes do not spread are swapped and assigned, whatever their numbers of shards", "",
                   sharded_constant, sharded_four_bits, sharded_raw, sharded_strings, sharded_throwers) {
  using Map = TestType;
  for (const std::size_t here : shard_counts) {
    for (const std::size_t there : shard_counts) {
      Map one = filled_shards<Map>(here, 300);
      Map other = filled_shards<Map>(there, 20);
      one.swap(other);
      REQUIRE_VALID_SHARDS(one);
      REQUIRE_VALID_SHARDS(other);
      REQUIRE((one == filled_shards<Map>(4, 20)));
      REQUIRE((other == filled_shards<Map>(1, 300)));
      one = std::move(other);
      REQUIRE_VALID_SHARDS(one);
      REQUIRE(other.empty());
      REQUIRE((one == filled_shards<Map>(2, 300)));
      REQUIRE(one.shard_count() == here);
    }
  }
}

TEST_CASE("a map that was assigned from has the functors of the one assigned to, whatever the allocators") {
  for (const std::size_t count : {std::size_t{2}, std::size_t{4}}) {
    for (const int identity : {5, 6}) {
      check_functors_after_assignment<true>(count, identity);
      check_functors_after_assignment<false>(count, identity);
    }
  }
}

TEST_CASE("functors that can be swapped and not assigned are swapped by every form of swap") {
  named_map<true> one(evac::shards{2}, 0, named_hash(1));
  named_map<true> two(evac::shards{2}, 0, named_hash(2));
  one.try_emplace(1, 1);
  swap(one, two);
  CHECK(two.contains(1));
  std::ranges::swap(one, two);
  CHECK(one.contains(1));
  CHECK(one.hash_function().name == 1);
  std::swap(one, two);
  CHECK(two.contains(1));
}

TEST_CASE("a sharded container merges the elements of a container of one owner that it has not") {
  sharded_tracked map = filled_shards<sharded_tracked>(4, 50);
  sharded_tracked::map_type owned;
  for (int i = 25; i < 100; ++i) owned.try_emplace(i, i);
  CHECK(map.merge(owned) == 50);
  CHECK(map.size() == 100);
  CHECK(owned.size() == 25);
  for (int i = 25; i < 50; ++i) CHECK(owned.contains(i));
  CHECK(map.merge(std::move(owned)) == 0);
  evac::sharded_set<int> set{1, 2};
  CHECK(set.merge(evac::set<int, constant_hash>{2, 3}) == 1);
  CHECK(set.size() == 3);
  CHECK_VALID_SHARDS(map);
}

TEST_CASE("types whose operators & and comma must not be called can be keys and values") {
  CHECK(guarded::use_all() > 0);
}
