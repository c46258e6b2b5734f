// Failure of the first, second, ... n-th allocation, copy, move, hash, comparison or visitor in operations of sharded
// maps on many elements or on two maps.
#include <evac/sharded_map.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sharded_failures.hpp"

using namespace evac_test;

namespace {

template <class Map>
std::vector<std::pair<const tracked, typename Map::mapped_type>> source_elements() {
  std::vector<std::pair<const tracked, typename Map::mapped_type>> source;
  source.reserve(8);
  for (const int i : {absent, present, absent + 1, present + 1}) source.emplace_back(i, i);
  return source;
}

}  // namespace

TEMPLATE_TEST_CASE("operations on many elements that throw lose none and release all locks", "", fragile_in_place,
                   fragile_in_nodes) {
  using Map = TestType;
  const auto source = source_elements<Map>();
  std::vector<tracked> keys;
  for (int i = 0; i < 40; ++i) keys.emplace_back(i * 2);
  constexpr auto same = after::nothing_changed;
  const operation<Map> operations[] = {
      {"visit of many keys", "hef", same,
       [&](Map& map, Map&) { map.visit(keys.begin(), keys.end(), failing_visitor); }},
      {"cvisit of many keys", "hef", same,
       [&](Map& map, Map&) { map.cvisit(keys.begin(), keys.end(), failing_visitor); }},
      {"visit_all", "f", same, [](Map& map, Map&) { map.visit_all(failing_visitor); }},
      {"cvisit_all", "f", same, [](Map& map, Map&) { map.cvisit_all(failing_visitor); }},
      {"visit_while", "f", same,
       [](Map& map, Map&) {
         map.visit_while([](auto&) {
           fail_function.tick();
           return true;
         });
       }},
      {"for_each", "cf", same, [](Map& map, Map&) { map.for_each(failing_visitor); }},
      {"comparison", "he", same,
       [](Map& map, Map&) {
         const Map copy(map);
         if (copy != map) throw std::logic_error("a copy differs");
       }},
      {"insert of a range", "hec", after::some_are_there,
       [&](Map& map, Map&) { map.insert(source.begin(), source.end()); }},
      {"insert_and_visit of a range", "hecf", after::some_are_there,
       [&](Map& map, Map&) { map.insert_and_visit(source.begin(), source.end(), failing_visitor, failing_visitor); }},
      {"erase_if", "f", after::some_are_there,
       [](Map& map, Map&) {
         map.erase_if([](const auto& each) {
           fail_function.tick();
           return each.first.value() % 2 == 0;
         });
       }},
      {"merge", "he", after::each_is_there_once, [](Map& map, Map& other) { map.merge(other); }},
      {"reserve", "a", same, [](Map& map, Map&) { map.reserve(4000); }},
      {"rehash", "a", same, [](Map& map, Map&) { map.rehash(3000); }},
      {"rehash to fewer", "", same, [](Map& map, Map&) { map.rehash(0); }},
      {"clear", "", same,
       [](Map& map, Map&) {
         map.clear();
         if (!map.empty()) throw std::logic_error("not empty");
       }},
  };
  for (const auto& each : operations) fail_everywhere(each);
}

TEMPLATE_TEST_CASE("copies and assignments that throw leave both maps as they were", "", fragile_in_place,
                   fragile_in_nodes) {
  using Map = TestType;
  const auto source = source_elements<Map>();
  constexpr auto same = after::nothing_changed;
  const std::initializer_list<typename Map::value_type> list{{tracked(1), 1}, {tracked(absent), 2}, {tracked(3), 3}};
  const operation<Map> operations[] = {
      {"copy construction", "ca", same, [](Map& map, Map&) { const Map copy(map); }},
      {"construction from a range", "hca", same, [&](Map&, Map&) { const Map made(source.begin(), source.end()); }},
      {"construction with room", "a", same, [](Map&, Map&) { const Map made(evac::shards{2}, 1000); }},
      {"move construction", "a", same,
       [](Map& map, Map&) {
         Map moved(std::move(map), map.get_allocator());  // without an allocator it is noexcept
         map = std::move(moved);
       }},
      {"copy assignment to other numbers of shards", "hca", same, [](Map& map, Map& other) { map = other; }},
      {"copy assignment to as many shards", "ca", same,
       [](Map& map, Map&) {
         const Map twin(map);
         map.erase(tracked(0));
         try {
           map = twin;
         } catch (...) {
           map.try_emplace(tracked(0), 0);
           throw;
         }
       }},
      {"assignment of a list", "hca", same, [&](Map& map, Map&) { map = list; }},
      {"snapshot", "hca", same, [](Map& map, Map&) { (void)map.snapshot(); }},
  };
  for (const auto& each : operations) fail_everywhere(each);
}

TEMPLATE_TEST_CASE("a conversion to or from a map of one owner that throws has moved no element", "", fragile_in_place,
                   fragile_in_nodes) {
  using Map = TestType;
  const leak_check none_left;
  const Map before = keyed<Map>(4, 0, elements);
  const auto of_one_owner = before.snapshot();
  for (countdown* const source : {&fail_allocation, &fail_hash}) {
    const failures_seen there = fail_each_call(*source, [&](failing_run& run) {
      const leak_check none_left_inside;
      Map map(before);
      run([&] { const typename Map::map_type taken(std::move(map)); });
      if (run.threw()) REQUIRE((map == before));
      require_usable(map);
    });
    CHECK(there.thrown > 0);
    const failures_seen back = fail_each_call(*source, [&](failing_run& run) {
      const leak_check none_left_inside;
      typename Map::map_type owned(of_one_owner);
      run([&] { const Map taken(std::move(owned)); });
      if (run.threw()) REQUIRE((owned == of_one_owner));
    });
    CHECK(back.thrown > 0);
  }
}

namespace {

/// Of an identity, not propagating, and able to fail: moves between two of them are element by element.
template <class T>
class failing_identity {
 public:
  using value_type = T;
  using is_always_equal = std::false_type;

  explicit failing_identity(int identity = 0) : id(identity) {}
  template <class U>
  explicit failing_identity(const failing_identity<U>& other) noexcept : id(other.id) {}
  [[nodiscard]] T* allocate(std::size_t n) { return counting_allocator<T>{}.allocate(n); }
  void deallocate(T* block, std::size_t n) noexcept { counting_allocator<T>{}.deallocate(block, n); }
  [[nodiscard]] friend bool operator==(const failing_identity& left, const failing_identity& right) {
    return left.id == right.id;
  }
  int id;
};

template <class Value>
using identity_map = evac::sharded_map<tracked, Value, throwing_hash<tracked>, throwing_equal<tracked>,
                                       failing_identity<std::pair<const tracked, Value>>>;

template <class Map>
Map with_identity(int identity, std::size_t count, int n) {
  using alloc = typename Map::allocator_type;
  Map map(evac::shards{count}, 0, typename Map::hasher(), typename Map::key_equal(), alloc(identity));
  for (int i = 0; i < n; ++i) map.try_emplace(tracked(i), i);
  return map;
}

/// How often the move from one map to another threw; each time both were usable, and never a mix of old and new. With
/// one identity for both, nothing had changed.
template <class Map, class Move>
std::size_t failing_moves(countdown& source, int identity, std::size_t count, const Move& move) {
  const failures_seen seen = fail_any_calls(source, [&](failing_run& run) {
    const leak_check none_left;
    Map from = with_identity<Map>(1, 4, elements);
    Map to = with_identity<Map>(identity, count, 0);
    for (int i = 200; i < 230; ++i) to.try_emplace(tracked(i), i);
    const Map from_before(from);
    const Map to_before(to);
    run([&] { move(to, from); });
    if (run.threw() && identity == 1) {
      REQUIRE((from == from_before));
      REQUIRE((to == to_before));
    }
    require_usable(from);
    require_usable(to);
    std::size_t of_old = 0;
    to.cvisit_all([&](const auto& each) { of_old += each.first.value() >= 200 ? 1 : 0; });
    REQUIRE((of_old == 0 || of_old == to.size()));
  });
  return seen.thrown;
}

}  // namespace

TEMPLATE_TEST_CASE(
    "a move assignment that throws has changed nothing, or, between unequal allocators, leaves both maps usable", "",
    (identity_map<tracked>), (identity_map<throwing_mover>)) {
  using Map = TestType;
  const auto assign = [](Map& to, Map& from) { to = std::move(from); };
  const auto construct = [](Map& to, Map& from) { const Map moved(std::move(from), to.get_allocator()); };
  constexpr bool nodes = std::is_same_v<typename Map::mapped_type, throwing_mover>;
  for (const std::size_t count : shard_counts) {
    // Unequal allocators: element by element.
    CHECK(failing_moves<Map>(fail_allocation, 2, count, assign) > 0);
    CHECK((failing_moves<Map>(fail_move, 2, count, assign) > 0) == nodes);
    CHECK((failing_moves<Map>(fail_hash, 2, count, assign) > 0) == (count != 4));
    CHECK(failing_moves<Map>(fail_allocation, 2, count, construct) > 0);
    CHECK((failing_moves<Map>(fail_move, 2, count, construct) > 0) == nodes);
    // Equal ones: tables change hands if there are as many shards, else elements do.
    CHECK((failing_moves<Map>(fail_allocation, 1, count, assign) > 0) == (count != 4));
    CHECK((failing_moves<Map>(fail_hash, 1, count, assign) > 0) == (count != 4));
  }
}

TEMPLATE_TEST_CASE("a swap between different numbers of shards that throws has changed nothing", "",
                   (identity_map<tracked>), (identity_map<throwing_mover>)) {
  using Map = TestType;
  for (countdown* const source : {&fail_allocation, &fail_hash}) {
    const failures_seen seen = fail_each_call(*source, [](failing_run& run) {
      const leak_check none_left;
      Map one = with_identity<Map>(1, 4, elements);
      Map other = with_identity<Map>(1, 2, 30);
      const Map one_before(one);
      const Map other_before(other);
      run([&] { one.swap(other); });
      REQUIRE((one == (run.threw() ? one_before : other_before)));
      REQUIRE((other == (run.threw() ? other_before : one_before)));
      require_usable(one);
      require_usable(other);
    });
    CHECK(seen.thrown > 0);
  }
}
