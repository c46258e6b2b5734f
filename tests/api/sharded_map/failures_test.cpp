// Failure of the first, second, ... n-th allocation, copy, move, hash, comparison or visitor in every operation of
// sharded maps: nothing leaks, nothing stays locked, sizes are exact, and what has to be as before is.
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/leak_check.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

countdown fail_visit;

template <class Value>
using fragile =
    evac::sharded_map<tracked, Value, throwing_hash<tracked>, throwing_equal<tracked>, counted<tracked, Value>>;
using in_place = fragile<tracked>;
using in_nodes = fragile<throwing_mover>;

constexpr int present = 5;
constexpr int absent = 1000;
constexpr int elements = 60;

/// Keys from..to-1, each its own value.
template <class Map>
Map keyed(std::size_t count, int from, int to) {
  Map map(evac::shards{count});
  for (int i = from; i < to; ++i) map.try_emplace(tracked(i), i);
  return map;
}

enum class after { nothing_changed, each_is_there_once, some_are_there };

template <class Map>
struct operation {
  const char* name;
  std::string must_fail;  // letters of the failures that have to happen: h, e, c, a, m, v
  after promise;
  std::function<void(Map& map, Map& other)> call;
};

struct failure {
  char letter;
  countdown& source;
};
const std::vector<failure> failures{{'h', fail_hash},       {'e', fail_equal}, {'c', fail_copy},
                                    {'a', fail_allocation}, {'m', fail_move},  {'v', fail_visit}};

template <class Map>
void require_usable(Map& map) {
  REQUIRE_VALID_SHARDS(map);
  REQUIRE_ALL_FREE(map);
  REQUIRE(map.cvisit_all([](const auto&) {}) == map.size());
  // A lock, or a mark of a call, that was left behind would show here.
  const std::size_t before = map.size();
  for (int i = 5000; i < 5020; ++i) REQUIRE(map.try_emplace(tracked(i), i));
  for (int i = 5000; i < 5020; ++i) REQUIRE(map.erase(tracked(i)) == 1);
  REQUIRE(map.size() == before);
}

template <class Map>
void require_promise(const operation<Map>& tried, const Map& map, const Map& other, const Map& before,
                     const Map& other_before) {
  switch (tried.promise) {
    case after::nothing_changed:
      REQUIRE((map == before));
      REQUIRE((other == other_before));
      return;
    case after::each_is_there_once:
      REQUIRE(map.size() + other.size() == before.size() + other_before.size());
      before.cvisit_all([&](const auto& each) { REQUIRE(map.count(each.first) + other.count(each.first) >= 1); });
      return;
    case after::some_are_there:
      REQUIRE(map.size() <= before.size() + other_before.size());
  }
}

template <class Map>
void fail_everywhere(const operation<Map>& tried) {
  INFO(tried.name);
  const leak_check none_left;
  const Map before = keyed<Map>(4, 0, elements);
  const Map other_before = keyed<Map>(2, elements - 10, elements + 20);
  for (const failure& each : failures) {
    INFO("failure " << each.letter);
    std::size_t thrown = 0;
    bool struck = true;
    for (std::size_t calls = 1; struck && calls < 5000; ++calls) {
      const leak_check none_left_inside;
      Map map(before);
      Map other(other_before);
      const attempt made = with_failure(each.source, calls, [&] { tried.call(map, other); });
      struck = made.struck;
      thrown += made.threw ? 1 : 0;
      if (made.threw) REQUIRE(struck);
      if (made.threw) require_promise(tried, map, other, before, other_before);
      require_usable(map);
      require_usable(other);
    }
    REQUIRE_FALSE(struck);  // the operation came to its end
    const bool must = tried.must_fail.find(each.letter) != std::string::npos;
    REQUIRE((thrown > 0 || !must));
  }
}

constexpr auto visitor = [](auto&) { fail_visit.tick(); };

template <class Map>
std::vector<std::pair<const tracked, typename Map::mapped_type>> source_elements() {
  std::vector<std::pair<const tracked, typename Map::mapped_type>> source;
  source.reserve(8);
  for (const int i : {absent, present, absent + 1, present + 1}) source.emplace_back(i, i);
  return source;
}

}  // namespace

TEMPLATE_TEST_CASE("an operation on one element that throws has changed nothing", "", in_place, in_nodes) {
  using Map = TestType;
  using V = typename Map::mapped_type;
  const tracked there(present);
  const tracked missing(absent);
  const V value(7);
  const typename Map::value_type element(missing, value);
  const typename Map::value_type known(there, value);
  constexpr auto same = after::nothing_changed;
  const operation<Map> operations[] = {
      {"find", "hec", same, [&](Map& map, Map&) { (void)map.find(there); }},
      {"contains", "he", same, [&](Map& map, Map&) { (void)map.contains(there); }},
      {"count", "he", same, [&](Map& map, Map&) { (void)map.count(there); }},
      {"visit", "hev", same, [&](Map& map, Map&) { map.visit(there, visitor); }},
      {"cvisit", "hev", same, [&](Map& map, Map&) { map.cvisit(there, visitor); }},
      {"insert", "hc", same, [&](Map& map, Map&) { map.insert(element); }},
      {"insert of a present key", "he", same, [&](Map& map, Map&) { map.insert(known); }},
      {"emplace", "hc", same, [&](Map& map, Map&) { map.emplace(missing, value); }},
      {"emplace by pieces", "hc", same,
       [&](Map& map, Map&) {
         map.emplace(std::piecewise_construct, std::forward_as_tuple(missing), std::forward_as_tuple(value));
       }},
      {"try_emplace", "hc", same, [&](Map& map, Map&) { map.try_emplace(missing, value); }},
      {"insert_or_assign", "hc", same, [&](Map& map, Map&) { map.insert_or_assign(missing, value); }},
      {"insert_or_assign of a present key", "he", same,
       [&](Map& map, Map&) { map.insert_or_assign(there, V(present)); }},
      {"insert_or_visit", "hev", same, [&](Map& map, Map&) { map.insert_or_visit(known, visitor); }},
      {"insert_or_cvisit", "hev", same, [&](Map& map, Map&) { map.insert_or_cvisit(known, visitor); }},
      {"insert_and_visit", "hev", same, [&](Map& map, Map&) { map.insert_and_visit(known, visitor, visitor); }},
      {"insert_and_cvisit", "hev", same, [&](Map& map, Map&) { map.insert_and_cvisit(known, visitor, visitor); }},
      {"emplace_or_visit", "hev", same, [&](Map& map, Map&) { map.emplace_or_visit(there, value, visitor); }},
      {"emplace_or_cvisit", "hev", same, [&](Map& map, Map&) { map.emplace_or_cvisit(there, value, visitor); }},
      {"emplace_and_visit", "hev", same,
       [&](Map& map, Map&) { map.emplace_and_visit(there, value, visitor, visitor); }},
      {"emplace_and_cvisit", "hev", same,
       [&](Map& map, Map&) { map.emplace_and_cvisit(there, value, visitor, visitor); }},
      {"try_emplace_or_visit", "hev", same, [&](Map& map, Map&) { map.try_emplace_or_visit(there, value, visitor); }},
      {"try_emplace_or_cvisit", "hev", same, [&](Map& map, Map&) { map.try_emplace_or_cvisit(there, value, visitor); }},
      {"try_emplace_and_visit", "hev", same,
       [&](Map& map, Map&) { map.try_emplace_and_visit(there, value, visitor, visitor); }},
      {"try_emplace_and_cvisit", "hev", same,
       [&](Map& map, Map&) { map.try_emplace_and_cvisit(there, value, visitor, visitor); }},
      {"erase", "he", same, [&](Map& map, Map&) { map.erase(there); }},
      {"erase_if of a key", "hev", same,
       [&](Map& map, Map&) {
         map.erase_if(there, [](const auto&) {
           fail_visit.tick();
           return true;
         });
       }},
      {"visit2", "hev", same,
       [&](Map& map, Map&) { map.visit2(there, tracked(present + 1), [](auto&, auto&) { fail_visit.tick(); }); }},
      {"get_or_compute of a present key", "hec", same,
       [&](Map& map, Map&) { (void)map.get_or_compute(there, [&] { return value; }); }},
  };
  for (const auto& each : operations) fail_everywhere(each);
}

TEMPLATE_TEST_CASE("get_or_compute that throws inserts nothing or what the factory made, and lets the next one try", "",
                   in_place, in_nodes) {
  using Map = TestType;
  using V = typename Map::mapped_type;
  const tracked missing(absent);
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    const operation<Map> computing{"get_or_compute", "hcv", after::some_are_there, [&](Map& map, Map&) {
                                     (void)map.get_or_compute(
                                         missing,
                                         [&] {
                                           fail_visit.tick();
                                           return V(absent);
                                         },
                                         mode);
                                   }};
    fail_everywhere(computing);
    Map map = keyed<Map>(2, 0, elements);
    fail_visit.arm(1);
    CHECK_THROWS_AS((map.get_or_compute(
                        missing,
                        [&] {
                          fail_visit.tick();
                          return V(absent);
                        },
                        mode)),
                    std::runtime_error);
    CHECK(map.size() == elements);
    CHECK(map.get_or_compute(missing, [] { return V(absent); }, mode).value() == absent);
  }
}

TEMPLATE_TEST_CASE("an element whose visitor throws stays inserted", "", in_place, in_nodes) {
  using Map = TestType;
  using V = typename Map::mapped_type;
  const leak_check none_left;
  Map map = keyed<Map>(2, 0, elements);
  const auto insert = [&](const auto& call) {
    const tracked key(absent);
    fail_visit.arm(1);
    CHECK_THROWS_AS(call(key, V(absent)), std::runtime_error);
    CHECK(map.contains(key));
    require_usable(map);
    CHECK(map.erase(key) == 1);
  };
  insert([&](const tracked& key, const V& value) { map.insert_and_visit({key, value}, visitor, visitor); });
  insert([&](const tracked& key, const V& value) { map.insert_and_cvisit({key, value}, visitor, visitor); });
  insert([&](const tracked& key, const V& value) { map.emplace_and_visit(key, value, visitor, visitor); });
  insert([&](const tracked& key, const V& value) { map.emplace_and_cvisit(key, value, visitor, visitor); });
  insert([&](const tracked& key, const V& value) { map.try_emplace_and_visit(key, value, visitor, visitor); });
  insert([&](const tracked& key, const V& value) { map.try_emplace_and_cvisit(key, value, visitor, visitor); });
}

TEMPLATE_TEST_CASE("operations on many elements that throw lose none and release all locks", "", in_place, in_nodes) {
  using Map = TestType;
  const auto source = source_elements<Map>();
  std::vector<tracked> keys;
  for (int i = 0; i < 40; ++i) keys.emplace_back(i * 2);
  constexpr auto same = after::nothing_changed;
  const operation<Map> operations[] = {
      {"visit of many keys", "hev", same, [&](Map& map, Map&) { map.visit(keys.begin(), keys.end(), visitor); }},
      {"cvisit of many keys", "hev", same, [&](Map& map, Map&) { map.cvisit(keys.begin(), keys.end(), visitor); }},
      {"visit_all", "v", same, [](Map& map, Map&) { map.visit_all(visitor); }},
      {"cvisit_all", "v", same, [](Map& map, Map&) { map.cvisit_all(visitor); }},
      {"visit_while", "v", same,
       [](Map& map, Map&) {
         map.visit_while([](auto&) {
           fail_visit.tick();
           return true;
         });
       }},
      {"for_each", "cv", same, [](Map& map, Map&) { map.for_each(visitor); }},
      {"comparison", "he", same,
       [](Map& map, Map&) {
         const Map copy(map);
         if (copy != map) throw std::logic_error("a copy differs");
       }},
      {"insert of a range", "hec", after::some_are_there,
       [&](Map& map, Map&) { map.insert(source.begin(), source.end()); }},
      {"insert_and_visit of a range", "hecv", after::some_are_there,
       [&](Map& map, Map&) { map.insert_and_visit(source.begin(), source.end(), visitor, visitor); }},
      {"erase_if", "v", after::some_are_there,
       [](Map& map, Map&) {
         map.erase_if([](const auto& each) {
           fail_visit.tick();
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

TEMPLATE_TEST_CASE("copies and assignments that throw leave both maps as they were", "", in_place, in_nodes) {
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

TEMPLATE_TEST_CASE("a conversion to or from a map of one owner that throws has moved no element", "", in_place,
                   in_nodes) {
  using Map = TestType;
  const leak_check none_left;
  const Map before = keyed<Map>(4, 0, elements);
  const auto of_one_owner = before.snapshot();
  for (countdown* const source : {&fail_allocation, &fail_hash}) {
    std::size_t thrown_there = 0;
    std::size_t thrown_back = 0;
    bool struck = true;
    for (std::size_t calls = 1; struck && calls < 5000; ++calls) {
      const leak_check none_left_inside;
      Map map(before);
      typename Map::map_type owned(of_one_owner);
      const attempt there = with_failure(*source, calls, [&] { const typename Map::map_type taken(std::move(map)); });
      const attempt back = with_failure(*source, calls, [&] { const Map taken(std::move(owned)); });
      struck = there.struck || back.struck;
      thrown_there += there.threw ? 1 : 0;
      thrown_back += back.threw ? 1 : 0;
      if (there.threw) REQUIRE((map == before));
      if (back.threw) REQUIRE((owned == of_one_owner));
      require_usable(map);
    }
    CHECK_FALSE(struck);
    CHECK(thrown_there > 0);
    CHECK(thrown_back > 0);
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

/// How often the move from one map to another threw; each time both were usable, and never a mix of old and new. With one
/// identity for both, nothing had changed.
template <class Map, class Move>
std::size_t failing_moves(countdown& source, int identity, std::size_t count, const Move& move) {
  std::size_t thrown = 0;
  bool struck = true;
  for (std::size_t calls = 1; struck && calls < 5000; ++calls) {
    const leak_check none_left;
    Map from = with_identity<Map>(1, 4, elements);
    Map to = with_identity<Map>(identity, count, 0);
    for (int i = 200; i < 230; ++i) to.try_emplace(tracked(i), i);
    const Map from_before(from);
    const Map to_before(to);
    const attempt made = with_failure(source, calls, [&] { move(to, from); });
    struck = made.struck;
    thrown += made.threw ? 1 : 0;
    if (made.threw && identity == 1) {
      REQUIRE((from == from_before));
      REQUIRE((to == to_before));
    }
    require_usable(from);
    require_usable(to);
    std::size_t of_old = 0;
    to.cvisit_all([&](const auto& each) { of_old += each.first.value() >= 200 ? 1 : 0; });
    REQUIRE((of_old == 0 || of_old == to.size()));
  }
  REQUIRE_FALSE(struck);
  return thrown;
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
    std::size_t thrown = 0;
    bool struck = true;
    for (std::size_t calls = 1; struck && calls < 5000; ++calls) {
      const leak_check none_left;
      Map one = with_identity<Map>(1, 4, elements);
      Map other = with_identity<Map>(1, 2, 30);
      const Map one_before(one);
      const Map other_before(other);
      const attempt made = with_failure(*source, calls, [&] { one.swap(other); });
      struck = made.struck;
      thrown += made.threw ? 1 : 0;
      REQUIRE((one == (made.threw ? one_before : other_before)));
      REQUIRE((other == (made.threw ? other_before : one_before)));
      require_usable(one);
      require_usable(other);
    }
    CHECK_FALSE(struck);
    CHECK(thrown > 0);
  }
}

namespace {

/// Its assignment may throw, its moves never do.
class assign_thrower {
 public:
  assign_thrower(int value) : value_(std::make_unique<int>(value)) {}  // NOLINT(google-explicit-constructor)
  assign_thrower(assign_thrower&&) noexcept = default;
  assign_thrower& operator=(assign_thrower&&) {
    fail_copy.tick();
    FAIL("armed to throw");
    return *this;
  }
  ~assign_thrower() = default;
  [[nodiscard]] int value() const { return *value_; }

 private:
  std::unique_ptr<int> value_;
};

}  // namespace

TEST_CASE("a value whose assignment throws keeps what it was") {
  evac::sharded_map<int, assign_thrower> map(evac::shards{2});
  for (int i = 0; i < 100; ++i) map.try_emplace(i, i);
  for (int i = 0; i < 100; ++i) {
    fail_copy.arm(1);
    CHECK_THROWS_AS(map.insert_or_assign(i, assign_thrower(-1)), std::runtime_error);
    map.cvisit(i, [&](const auto& element) { CHECK(element.second.value() == i); });
  }
  CHECK(map.size() == 100);
  CHECK_VALID_SHARDS(map);
  CHECK_ALL_FREE(map);
}
