// Calling a sharded map from inside its own visitor, factory, hash or equality is reported before any lock is taken,
// with both calls; calling another map is not.
#include "support/throwing_handler.hpp"  // before evac

#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <functional>
#include <mutex>
#include <random>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/allocators.hpp"
#include "support/catch.hpp"
#include "support/functors.hpp"
#include "support/sharded_axes.hpp"

namespace {

// Allocators that are not always equal: swap and move assignment are not noexcept then, and may report.
using allocator = evac_test::identity_allocator<std::pair<const int, int>, false>;
using Map = evac::sharded_map<int, int, evac::hash<int>, evac::equal_to<int>, allocator>;
using value = Map::value_type;

Map four_shards() {
  Map map(evac::shards{4});
  for (int i = 0; i < 100; ++i) map.emplace(i, i);
  return map;
}

struct call {
  std::string name;     // as in the message
  bool names_its_site;  // calls of any number of arguments cannot
  std::function<void(Map& map, Map& other)> enter;
};

constexpr auto ignore = [](const auto&) {};
constexpr auto ignore_both = [](const auto&, const auto&) {};
constexpr auto yes = [](const auto&) { return true; };
constexpr auto one = [] { return 1; };
const std::vector<int> keys{1, 2, 3};
const std::vector<value> values{{1, 1}, {200, 2}};

const std::vector<call> inner_calls{
    {"visit", true, [](Map& map, Map&) { map.visit(2, ignore); }},
    {"visit", true, [](Map& map, Map&) { std::as_const(map).visit(2, ignore); }},
    {"cvisit", true, [](Map& map, Map&) { map.cvisit(2, ignore); }},
    {"contains", true, [](Map& map, Map&) { (void)map.contains(2); }},
    {"count", true, [](Map& map, Map&) { (void)map.count(2); }},
    {"find", true, [](Map& map, Map&) { (void)map.find(2); }},
    {"visit", true, [](Map& map, Map&) { map.visit(keys.begin(), keys.end(), ignore); }},
    {"cvisit", true, [](Map& map, Map&) { map.cvisit(keys.begin(), keys.end(), ignore); }},
    {"visit_all", true, [](Map& map, Map&) { map.visit_all(ignore); }},
    {"cvisit_all", true, [](Map& map, Map&) { map.cvisit_all(ignore); }},
    {"visit_while", true, [](Map& map, Map&) { map.visit_while(yes); }},
    {"cvisit_while", true, [](Map& map, Map&) { map.cvisit_while(yes); }},
    {"for_each", true, [](Map& map, Map&) { map.for_each(ignore); }},
    {"insert", true, [](Map& map, Map&) { map.insert({200, 1}); }},
    {"insert", true, [](Map& map, Map&) { map.insert(values.begin(), values.end()); }},
    {"insert_range", true, [](Map& map, Map&) { map.insert_range(values); }},
    {"insert_range_or_visit", true, [](Map& map, Map&) { map.insert_range_or_visit(values, ignore); }},
    {"emplace", false, [](Map& map, Map&) { map.emplace(200, 1); }},
    {"try_emplace", false, [](Map& map, Map&) { map.try_emplace(200, 1); }},
    {"insert_or_assign", true, [](Map& map, Map&) { map.insert_or_assign(2, 1); }},
    {"insert_or_visit", true, [](Map& map, Map&) { map.insert_or_visit({2, 1}, ignore); }},
    {"insert_or_cvisit", true, [](Map& map, Map&) { map.insert_or_cvisit({2, 1}, ignore); }},
    {"insert_and_visit", true, [](Map& map, Map&) { map.insert_and_visit({2, 1}, ignore, ignore); }},
    {"insert_and_cvisit", true, [](Map& map, Map&) { map.insert_and_cvisit({2, 1}, ignore, ignore); }},
    {"emplace_or_visit", false, [](Map& map, Map&) { map.emplace_or_visit(2, 1, ignore); }},
    {"emplace_or_cvisit", false, [](Map& map, Map&) { map.emplace_or_cvisit(2, 1, ignore); }},
    {"emplace_and_visit", false, [](Map& map, Map&) { map.emplace_and_visit(2, 1, ignore, ignore); }},
    {"emplace_and_cvisit", false, [](Map& map, Map&) { map.emplace_and_cvisit(2, 1, ignore, ignore); }},
    {"try_emplace_or_visit", false, [](Map& map, Map&) { map.try_emplace_or_visit(2, 1, ignore); }},
    {"try_emplace_or_cvisit", false, [](Map& map, Map&) { map.try_emplace_or_cvisit(2, 1, ignore); }},
    {"try_emplace_and_visit", false, [](Map& map, Map&) { map.try_emplace_and_visit(2, 1, ignore, ignore); }},
    {"try_emplace_and_cvisit", false, [](Map& map, Map&) { map.try_emplace_and_cvisit(2, 1, ignore, ignore); }},
    {"erase", true, [](Map& map, Map&) { map.erase(2); }},
    {"erase_if", true, [](Map& map, Map&) { map.erase_if(2, yes); }},
    {"erase_if", true, [](Map& map, Map&) { map.erase_if(yes); }},
    {"visit2", true, [](Map& map, Map&) { map.visit2(2, 3, ignore_both); }},
    {"get_or_compute", true, [](Map& map, Map&) { (void)map.get_or_compute(200, one); }},
    {"visit", true, [](Map& map, Map&) { (void)map.visit(std::try_to_lock, 2, ignore); }},
    {"cvisit", true, [](Map& map, Map&) { (void)map.cvisit(std::try_to_lock, 2, ignore); }},
    {"find", true, [](Map& map, Map&) { (void)map.find(std::try_to_lock, 2); }},
    {"insert", true, [](Map& map, Map&) { (void)map.insert(std::try_to_lock, {200, 1}); }},
    {"try_emplace", false, [](Map& map, Map&) { (void)map.try_emplace(std::try_to_lock, 200, 1); }},
    {"erase", true, [](Map& map, Map&) { (void)map.erase(std::try_to_lock, 2); }},
    {"prefetch", true, [](Map& map, Map&) { map.prefetch(2); }},
    {"prepare", true, [](Map& map, Map&) { (void)map.prepare(2); }},
    {"shard_of", true, [](Map& map, Map&) { (void)map.shard_of(2); }},
    {"sample", true, [](Map& map, Map&) { map.sample(std::minstd_rand(), 1, ignore); }},
    {"pop_any", true, [](Map& map, Map&) { (void)map.pop_any(); }},
    {"scan", true, [](Map& map, Map&) { (void)map.scan({}, 1, ignore); }},
    {"visit_shard", true, [](Map& map, Map&) { map.visit_shard(2, ignore); }},
    {"visit_shard", true, [](Map& map, Map&) { std::as_const(map).visit_shard(2, ignore); }},
    {"cvisit_shard", true, [](Map& map, Map&) { map.cvisit_shard(2, ignore); }},
    {"load_or_compute", true, [](Map& map, Map&) { (void)map.load_or_compute(200, one); }},
    {"merge", true, [](Map& map, Map& other) { map.merge(other); }},
    {"merge", true, [](Map& map, Map& other) { other.merge(map); }},
    {"swap", true, [](Map& map, Map& other) { map.swap(other); }},
    {"swap", true, [](Map& map, Map& other) { other.swap(map); }},
    {"operator==", false, [](Map& map, Map& other) { (void)(map == other); }},
    {"operator==", false, [](Map& map, Map& other) { (void)(other == map); }},
    {"copy assignment", false, [](Map& map, Map& other) { map = other; }},
    {"copy assignment", false, [](Map& map, Map& other) { other = map; }},
    {"move assignment", false, [](Map& map, Map& other) { map = std::move(other); }},
    {"move assignment", false, [](Map& map, Map& other) { other = std::move(map); }},
    {"assignment", false, [](Map& map, Map&) { map = {{1, 1}}; }},
    {"copy construction", false, [](Map& map, Map&) { const Map copy(map); }},
    {"move construction", false, [](Map& map, Map&) { const Map moved(std::move(map)); }},
    {"conversion to map", false, [](Map& map, Map&) { const Map::map_type taken(std::move(map)); }},
    {"snapshot", true, [](Map& map, Map&) { (void)map.snapshot(); }},
    {"reserve", true, [](Map& map, Map&) { map.reserve(1000); }},
    {"rehash", true, [](Map& map, Map&) { map.rehash(1000); }},
    {"bucket_count", true, [](Map& map, Map&) { (void)map.bucket_count(); }},
    {"bucket_count", true, [](Map& map, Map&) { (void)map.load_factor(); }},
    {"stats", true, [](Map& map, Map&) { (void)map.stats(); }},
};

/// Calls `enter` from its visitor, factory or predicate.
struct outer_call {
  std::string name;
  bool names_its_site;
  std::function<void(Map& map, const std::function<void()>& enter)> run;
};

const std::vector<outer_call> outer_calls{
    {"visit", true, [](Map& map, auto& enter) { map.visit(1, [&](value&) { enter(); }); }},
    {"cvisit", true, [](Map& map, auto& enter) { map.cvisit(1, [&](const value&) { enter(); }); }},
    {"visit", true, [](Map& map, auto& enter) { map.visit(keys.begin(), keys.end(), [&](value&) { enter(); }); }},
    {"visit", true, [](Map& map, auto& enter) { (void)map.visit(std::try_to_lock, 1, [&](value&) { enter(); }); }},
    {"visit_all", true, [](Map& map, auto& enter) { map.visit_all([&](value&) { enter(); }); }},
    {"cvisit_all", true, [](Map& map, auto& enter) { map.cvisit_all([&](const value&) { enter(); }); }},
    {"visit_while", true,
     [](Map& map, auto& enter) {
       map.visit_while([&](value&) {
         enter();
         return true;
       });
     }},
    {"visit_shard", true, [](Map& map, auto& enter) { map.visit_shard(map.shard_of(1), [&](value&) { enter(); }); }},
    {"sample", true, [](Map& map, auto& enter) { map.sample(std::minstd_rand(), 1, [&](const value&) { enter(); }); }},
    {"scan", true, [](Map& map, auto& enter) { (void)map.scan({}, 9, [&](const value&) { enter(); }); }},
    {"visit2", true, [](Map& map, auto& enter) { map.visit2(1, 2, [&](value&, value&) { enter(); }); }},
    {"insert_or_visit", true, [](Map& map, auto& enter) { map.insert_or_visit({1, 1}, [&](value&) { enter(); }); }},
    {"insert_and_visit", true,
     [](Map& map, auto& enter) { map.insert_and_visit({999, 1}, [&](value&) { enter(); }, ignore); }},
    {"emplace_or_visit", false, [](Map& map, auto& enter) { map.emplace_or_visit(1, 1, [&](value&) { enter(); }); }},
    {"try_emplace_and_cvisit", false,
     [](Map& map, auto& enter) { map.try_emplace_and_cvisit(1, 1, ignore, [&](const value&) { enter(); }); }},
    {"erase_if", true,
     [](Map& map, auto& enter) {
       map.erase_if(1, [&](value&) {
         enter();
         return true;
       });
     }},
    {"erase_if", true,
     [](Map& map, auto& enter) {
       map.erase_if([&](value&) {
         enter();
         return true;
       });
     }},
    {"get_or_compute", true,
     [](Map& map, auto& enter) {
       (void)map.get_or_compute(777, [&] {
         enter();
         return 1;
       });
     }},
};

/// The report of entering the map again; empty if there was none.
std::string report_of(const outer_call& outer, const call& inner, Map& map, Map& other) {
  std::string report;
  const std::function<void()> enter = [&] {
    try {
      inner.enter(map, other);
    } catch (const std::runtime_error& error) {
      report = error.what();
      throw;
    }
  };
  CHECK_THROWS_AS(outer.run(map, enter), std::runtime_error);
  return report;
}

std::string site(bool named) { return named ? "sharded_reentry_test.cpp:" : ":0)"; }

void check_report(const outer_call& outer, const call& inner) {
  INFO(inner.name << " inside " << outer.name);
  Map map = four_shards();
  Map other(evac::shards{2});
  other.emplace(300, 300);
  const Map before(map);
  const std::string report = report_of(outer, inner, map, other);
  const auto inside = report.find(" called inside " + outer.name + " (");
  REQUIRE(inside != std::string::npos);
  CHECK(report.find("evac: " + inner.name + " (") == 0);
  CHECK(report.substr(0, inside).find(site(inner.names_its_site)) != std::string::npos);
  CHECK(report.substr(inside).find(site(outer.names_its_site)) != std::string::npos);
  CHECK_VALID_SHARDS(map);
  CHECK_ALL_FREE(map);
  CHECK_ALL_FREE(other);
  CHECK(other.size() == 1);
  map.erase(999);
  CHECK((map == before));  // not for the report: it would name every element
  // Nobody is thought to be inside any more.
  CHECK(map.visit(1, ignore) == 1);
  CHECK(map.merge(other) == 1);
}

}  // namespace

TEST_CASE("every call of a map from inside its visitor is reported with both calls, and changes nothing") {
  for (const call& inner : inner_calls) check_report(outer_calls.front(), inner);
}

TEST_CASE("every call that runs user code reports what enters the map there") {
  for (const outer_call& outer : outer_calls) {
    check_report(outer, inner_calls[2]);
    check_report(outer, inner_calls[14]);
  }
}

TEST_CASE("a report names the lines of both calls") {
  Map map = four_shards();
  std::string report;
  const auto here = std::source_location::current();
  const auto erase_another = [&](value&) { map.erase(2); };
  try {
    map.visit(1, erase_another);
  } catch (const std::runtime_error& error) {
    report = error.what();
  }
  const std::string file = here.file_name();
  const std::string outer = file + ":" + std::to_string(here.line() + 3);
  const std::string inner = file + ":" + std::to_string(here.line() + 1);
  CHECK(report ==
        "evac: erase (" + inner + ") called inside visit (" + outer + ") of the same map: this would wait for itself");
}

TEST_CASE("calls that lock nothing are welcome in a visitor") {
  Map map = four_shards();
  CHECK(map.visit(1, [&](value&) {
    CHECK(map.size() == 100);
    CHECK_FALSE(map.empty());
    CHECK(map.shard_count() == 4);
    CHECK(map.hash_function()(1) == evac::hash<int>()(1));
    CHECK(map.key_eq()(1, 1));
    CHECK(map.get_allocator().id == 0);
    CHECK(map.max_size() > 0);
    CHECK_FALSE(map.dump_locks().empty());
  }) == 1);
}

TEST_CASE("nested visits of different maps are no re-entry, and the innermost is found out through them") {
  Map map = four_shards();
  Map other = four_shards();
  Map third = four_shards();
  int depth = 0;
  CHECK(map.visit(1, [&](value&) {
    other.visit(1, [&](value&) {
      third.visit_all([&](value&) { ++depth; });
      CHECK_THROWS_AS(map.contains(2), std::runtime_error);
      CHECK_THROWS_AS(third.merge(map), std::runtime_error);
    });
    CHECK(other.erase(1) == 1);
  }) == 1);
  CHECK(depth == 100);
  CHECK(map.visit(1, ignore) == 1);
  CHECK_ALL_FREE(map);
  CHECK_ALL_FREE(third);
}

TEST_CASE("a visitor that copes with the report goes on") {
  Map map = four_shards();
  CHECK(map.visit(1, [&](value& element) {
    CHECK_THROWS_AS(map.erase(1), std::runtime_error);
    element.second = 17;
  }) == 1);
  CHECK(map.find(1) == 17);
}

TEST_CASE("for_each and factories without a lock may call the map") {
  Map map = four_shards();
  int found = 0;
  CHECK_NOTHROW(map.for_each([&](const value& element) { found += map.contains(element.first) ? 1 : 0; }));
  CHECK(found == 100);
  for (const auto mode : {evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    CHECK_NOTHROW(map.get_or_compute(
        1000,
        [&] {
          map.erase(5);
          return 1;
        },
        mode));
    map.erase(1000);
  }
}

TEST_CASE("a single flight that waits for itself is reported, and the next one flies") {
  Map map = four_shards();
  constexpr auto mode = evac::compute_mode::single_flight;
  const auto circular = [&] { return map.get_or_compute(1000, one, mode); };
  CHECK_THROWS_WITH(
      map.get_or_compute(1000, circular, mode),
      "evac: get_or_compute's factory asks for the very key that it computes: this would wait for itself");
  CHECK_FALSE(map.contains(1000));
  CHECK(map.get_or_compute(1000, one, mode) == 1);
}

TEST_CASE("a hash that enters its own map is reported") {
  std::function<void()> enter;
  using evac_test::entering_hash;
  evac::sharded_map<int, int, entering_hash> map(evac::shards{2}, 0, entering_hash{&enter});
  for (int i = 2; i < 100; ++i) map.emplace(i, i);
  enter = [&] { (void)map.contains(2); };
  CHECK_THROWS_AS(map.emplace(1, 1), std::runtime_error);
  CHECK(map.size() == 98);
  CHECK_NOTHROW(map.emplace(1, 1));
  CHECK_VALID_SHARDS(map);
  CHECK_ALL_FREE(map);
}

TEST_CASE("a set reports as a map does") {
  evac::sharded_set<int> set{1, 2, 3};
  CHECK_THROWS_AS(set.visit_all([&](int) { (void)set.contains(1); }), std::runtime_error);
  CHECK_THROWS_AS(set.erase_if([&](int) { return set.erase(1) == 1; }), std::runtime_error);
  CHECK(set.size() == 3);
}

#ifndef NDEBUG
TEST_CASE("a visit of a shard that is not there is reported") {
  Map map = four_shards();
  const std::string report = "evac: visit_shard() or cvisit_shard() of a shard that is not there";
  CHECK_THROWS_WITH(map.visit_shard(4, ignore), report);
  CHECK_THROWS_WITH(std::as_const(map).visit_shard(4, ignore), report);
  CHECK_THROWS_WITH(map.cvisit_shard(4, ignore), report);
}

TEST_CASE("sharded maps of unequal allocators are reported and stay as they are") {
  Map first(evac::shards{2}, 0, Map::hasher(), Map::key_equal(), allocator(1));
  Map second(evac::shards{2}, 0, Map::hasher(), Map::key_equal(), allocator(2));
  first.emplace(1, 1);
  second.emplace(2, 2);
  CHECK_THROWS_WITH(first.merge(second), "evac: merge with unequal allocators");
  CHECK_THROWS_WITH(first.swap(second), "evac: swap with unequal allocators");
  CHECK(first.find(1) == 1);
  CHECK(second.find(2) == 2);
  CHECK_ALL_FREE(first);
  CHECK_ALL_FREE(second);
}
#endif
