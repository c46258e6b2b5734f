// Failure of the first, second, ... n-th allocation, copy, move, hash, comparison or visitor in every operation of
// sharded maps on one element.
#include <evac/sharded_map.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"
#include "support/sharded_failures.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("an operation on one element that throws has changed nothing", "", fragile_in_place,
                   fragile_in_nodes) {
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
      {"visit", "hef", same, [&](Map& map, Map&) { map.visit(there, failing_visitor); }},
      {"cvisit", "hef", same, [&](Map& map, Map&) { map.cvisit(there, failing_visitor); }},
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
      {"insert_or_visit", "hef", same, [&](Map& map, Map&) { map.insert_or_visit(known, failing_visitor); }},
      {"insert_or_cvisit", "hef", same, [&](Map& map, Map&) { map.insert_or_cvisit(known, failing_visitor); }},
      {"insert_and_visit", "hef", same,
       [&](Map& map, Map&) { map.insert_and_visit(known, failing_visitor, failing_visitor); }},
      {"insert_and_cvisit", "hef", same,
       [&](Map& map, Map&) { map.insert_and_cvisit(known, failing_visitor, failing_visitor); }},
      {"emplace_or_visit", "hef", same, [&](Map& map, Map&) { map.emplace_or_visit(there, value, failing_visitor); }},
      {"emplace_or_cvisit", "hef", same, [&](Map& map, Map&) { map.emplace_or_cvisit(there, value, failing_visitor); }},
      {"emplace_and_visit", "hef", same,
       [&](Map& map, Map&) { map.emplace_and_visit(there, value, failing_visitor, failing_visitor); }},
      {"emplace_and_cvisit", "hef", same,
       [&](Map& map, Map&) { map.emplace_and_cvisit(there, value, failing_visitor, failing_visitor); }},
      {"try_emplace_or_visit", "hef", same,
       [&](Map& map, Map&) { map.try_emplace_or_visit(there, value, failing_visitor); }},
      {"try_emplace_or_cvisit", "hef", same,
       [&](Map& map, Map&) { map.try_emplace_or_cvisit(there, value, failing_visitor); }},
      {"try_emplace_and_visit", "hef", same,
       [&](Map& map, Map&) { map.try_emplace_and_visit(there, value, failing_visitor, failing_visitor); }},
      {"try_emplace_and_cvisit", "hef", same,
       [&](Map& map, Map&) { map.try_emplace_and_cvisit(there, value, failing_visitor, failing_visitor); }},
      {"erase", "he", same, [&](Map& map, Map&) { map.erase(there); }},
      {"erase_if of a key", "hef", same,
       [&](Map& map, Map&) {
         map.erase_if(there, [](const auto&) {
           fail_function.tick();
           return true;
         });
       }},
      {"visit2", "hef", same,
       [&](Map& map, Map&) { map.visit2(there, tracked(present + 1), [](auto&, auto&) { fail_function.tick(); }); }},
      {"find without waiting", "hec", same, [&](Map& map, Map&) { (void)map.find(std::try_to_lock, there); }},
      {"visit without waiting", "hef", same,
       [&](Map& map, Map&) { (void)map.visit(std::try_to_lock, there, failing_visitor); }},
      {"insert without waiting", "hc", same, [&](Map& map, Map&) { (void)map.insert(std::try_to_lock, element); }},
      {"try_emplace without waiting", "hc", same,
       [&](Map& map, Map&) { (void)map.try_emplace(std::try_to_lock, missing, value); }},
      {"insert_or_assign without waiting", "he", same,
       [&](Map& map, Map&) { (void)map.insert_or_assign(std::try_to_lock, there, V(present)); }},
      {"erase without waiting", "he", same, [&](Map& map, Map&) { (void)map.erase(std::try_to_lock, there); }},
      {"prefetch", "h", same, [&](Map& map, Map&) { map.prefetch(there); }},
      {"sample", "f", same, [&](Map& map, Map&) { map.sample(std::minstd_rand(), 3, failing_visitor); }},
      {"pop_any", std::is_same_v<Map, fragile_in_nodes> ? "c" : "", same, [&](Map& map, Map&) { (void)map.pop_any(); }},
      {"prepare", "h", same, [&](Map& map, Map&) { (void)map.prepare(there); }},
      {"find of a prepared key", "hec", same, [&](Map& map, Map&) { (void)map.find(map.prepare(there)); }},
      {"erase of a prepared key", "he", same, [&](Map& map, Map&) { map.erase(map.prepare(there)); }},
      {"shard_of", "h", same, [&](Map& map, Map&) { (void)map.shard_of(there); }},
      {"visit_shard", "hf", same, [&](Map& map, Map&) { map.visit_shard(map.shard_of(there), failing_visitor); }},
      {"cvisit_shard", "hf", same, [&](Map& map, Map&) { map.cvisit_shard(map.shard_of(there), failing_visitor); }},
      {"get_or_compute of a present key", "hec", same,
       [&](Map& map, Map&) { (void)map.get_or_compute(there, [&] { return value; }); }},
  };
  for (const auto& each : operations) fail_everywhere(each);
}

TEMPLATE_TEST_CASE("get_or_compute that throws inserts nothing or what the factory made, and lets the next one try", "",
                   fragile_in_place, fragile_in_nodes) {
  using Map = TestType;
  using V = typename Map::mapped_type;
  const tracked missing(absent);
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    const operation<Map> computing{"get_or_compute", "hcf", after::some_are_there, [&](Map& map, Map&) {
                                     (void)map.get_or_compute(
                                         missing,
                                         [&] {
                                           fail_function.tick();
                                           return V(absent);
                                         },
                                         mode);
                                   }};
    fail_everywhere(computing);
    Map map = keyed<Map>(2, 0, elements);
    fail_function.arm(1);
    CHECK_THROWS_AS((map.get_or_compute(
                        missing,
                        [&] {
                          fail_function.tick();
                          return V(absent);
                        },
                        mode)),
                    std::runtime_error);
    CHECK(map.size() == elements);
    CHECK(map.get_or_compute(missing, [] { return V(absent); }, mode).value() == absent);
  }
}

TEMPLATE_TEST_CASE("load_or_compute whose factory declines or throws has changed nothing", "", fragile_in_place,
                   fragile_in_nodes) {
  using Map = TestType;
  using V = typename Map::mapped_type;
  const tracked missing(absent);
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    const operation<Map> declining{"load_or_compute", "hf", after::nothing_changed, [&](Map& map, Map&) {
                                     (void)map.load_or_compute(
                                         missing,
                                         [&]() -> std::optional<V> {
                                           fail_function.tick();
                                           return std::nullopt;
                                         },
                                         mode);
                                   }};
    fail_everywhere(declining);
  }
}

TEMPLATE_TEST_CASE("an element whose visitor throws stays inserted", "", fragile_in_place, fragile_in_nodes) {
  using Map = TestType;
  using V = typename Map::mapped_type;
  const leak_check none_left;
  Map map = keyed<Map>(2, 0, elements);
  const auto insert = [&](const auto& call) {
    const tracked key(absent);
    fail_function.arm(1);
    CHECK_THROWS_AS(call(key, V(absent)), std::runtime_error);
    CHECK(map.contains(key));
    require_usable(map);
    CHECK(map.erase(key) == 1);
  };
  insert([&](const tracked& key, const V& value) {
    map.insert_and_visit({key, value}, failing_visitor, failing_visitor);
  });
  insert([&](const tracked& key, const V& value) {
    map.insert_and_cvisit({key, value}, failing_visitor, failing_visitor);
  });
  insert(
      [&](const tracked& key, const V& value) { map.emplace_and_visit(key, value, failing_visitor, failing_visitor); });
  insert([&](const tracked& key, const V& value) {
    map.emplace_and_cvisit(key, value, failing_visitor, failing_visitor);
  });
  insert([&](const tracked& key, const V& value) {
    map.try_emplace_and_visit(key, value, failing_visitor, failing_visitor);
  });
  insert([&](const tracked& key, const V& value) {
    map.try_emplace_and_cvisit(key, value, failing_visitor, failing_visitor);
  });
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
