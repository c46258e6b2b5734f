// Every member that works on one element, with its return values: those of boost::concurrent_flat_map.
#include <bit>
#include <cstddef>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

using string_shards = evac::sharded_map<int, std::string>;
using value = string_shards::value_type;

/// Notes which elements a visitor sees, and whether they were writable.
struct seen {
  int calls = 0;
  std::string last;
  bool writable = false;

  [[nodiscard]] auto visitor() {
    return [this, only_once = std::unique_ptr<int>()](auto& element) {  // cannot be copied
      ++calls;
      last = element.second;
      writable = !std::is_const_v<std::remove_reference_t<decltype(element)>>;
    };
  }
};

/// Calls insert(on_new, on_existing) for a key that is absent and again: which visitor was called, with what.
template <class Insert>
void check_and_visit(string_shards& map, bool existing_is_writable, const Insert& insert) {
  map.clear();
  seen on_new;
  seen on_existing;
  CHECK(insert(map, on_new, on_existing) == true);
  CHECK(on_new.calls == 1);
  CHECK(on_new.last == "one");
  CHECK(on_new.writable);
  CHECK(on_existing.calls == 0);
  map.visit(1, [](value& element) { element.second = "changed"; });
  CHECK(insert(map, on_new, on_existing) == false);
  CHECK(on_new.calls == 1);
  CHECK(on_existing.calls == 1);
  CHECK(on_existing.last == "changed");
  CHECK(on_existing.writable == existing_is_writable);
  CHECK(map.size() == 1);
}

template <class Insert>
void check_or_visit(string_shards& map, bool existing_is_writable, const Insert& insert) {
  map.clear();
  seen on_existing;
  CHECK(insert(map, on_existing) == true);
  CHECK(on_existing.calls == 0);
  map.visit(1, [](value& element) { element.second = "changed"; });
  CHECK(insert(map, on_existing) == false);
  CHECK(on_existing.calls == 1);
  CHECK(on_existing.last == "changed");
  CHECK(on_existing.writable == existing_is_writable);
  CHECK(map.find(1) == "changed");
}

}  // namespace

TEST_CASE("the types a sharded map names are those of the standard") {
  using Map = evac::sharded_map<int, std::string>;
  STATIC_REQUIRE(std::is_same_v<Map::key_type, int>);
  STATIC_REQUIRE(std::is_same_v<Map::mapped_type, std::string>);
  STATIC_REQUIRE(std::is_same_v<Map::value_type, std::pair<const int, std::string>>);
  STATIC_REQUIRE(std::is_same_v<Map::init_type, std::pair<int, std::string>>);
  STATIC_REQUIRE(std::is_same_v<Map::size_type, std::size_t>);
  STATIC_REQUIRE(std::is_same_v<Map::difference_type, std::ptrdiff_t>);
  STATIC_REQUIRE(std::is_same_v<Map::hasher, evac::hash<int>>);
  STATIC_REQUIRE(std::is_same_v<Map::key_equal, evac::equal_to<int>>);
  STATIC_REQUIRE(std::is_same_v<Map::allocator_type, std::allocator<value>>);
  STATIC_REQUIRE(std::is_same_v<Map::reference, value&>);
  STATIC_REQUIRE(std::is_same_v<Map::const_reference, const value&>);
  STATIC_REQUIRE(std::is_same_v<Map::pointer, value*>);
  STATIC_REQUIRE(std::is_same_v<Map::const_pointer, const value*>);
  STATIC_REQUIRE(Map::bulk_visit_size > 1);
  CHECK(Map().max_size() > std::size_t{1} << 40U);
}

TEST_CASE("visit and cvisit say 1 or 0 and give the element, writable only to visit of a map that is not const") {
  for (const std::size_t count : shard_counts) {
    string_shards map(evac::shards{count});
    map.emplace(1, "one");
    const string_shards& constant = map;
    seen by_visit;
    seen by_const_visit;
    seen by_cvisit;
    CHECK(map.visit(1, by_visit.visitor()) == 1);
    CHECK(constant.visit(1, by_const_visit.visitor()) == 1);
    CHECK(map.cvisit(1, by_cvisit.visitor()) == 1);
    CHECK(by_visit.last == "one");
    CHECK(by_visit.writable);
    CHECK_FALSE(by_const_visit.writable);
    CHECK_FALSE(by_cvisit.writable);
    CHECK(map.visit(2, by_visit.visitor()) == 0);
    CHECK(constant.visit(2, by_visit.visitor()) == 0);
    CHECK(map.cvisit(2, by_visit.visitor()) == 0);
    CHECK(by_visit.calls == 1);
    CHECK(map.visit(1, [](value& element) { element.second += "!"; }) == 1);
    CHECK(map.find(1) == "one!");
    CHECK(map.find(2) == std::nullopt);
    CHECK(map.contains(1));
    CHECK_FALSE(map.contains(2));
    CHECK(map.count(1) == 1);
    CHECK(map.count(2) == 0);
  }
}

TEST_CASE("insert, emplace and try_emplace say whether they inserted and leave a present element alone") {
  for (const std::size_t count : shard_counts) {
    string_shards map(evac::shards{count});
    CHECK(map.empty());
    CHECK(map.insert({1, "one"}));
    CHECK_FALSE(map.insert({1, "other"}));
    const value constant(2, "two");
    CHECK(map.insert(constant));
    CHECK_FALSE(map.insert(constant));
    CHECK(map.insert(std::pair<const int, const char*>(3, "three")));
    CHECK(map.emplace(4, "four"));
    CHECK_FALSE(map.emplace(4, "other"));
    CHECK(map.emplace(std::piecewise_construct, std::forward_as_tuple(5), std::forward_as_tuple(2U, '5')));
    CHECK(map.try_emplace(6, 2U, '6'));
    CHECK_FALSE(map.try_emplace(6, "other"));
    CHECK(map.emplace() == true);  // {0, ""}
    CHECK(map.size() == 7);
    CHECK(map.find(1) == "one");
    CHECK(map.find(4) == "four");
    CHECK(map.find(5) == "55");
    CHECK(map.find(6) == "66");
    CHECK(map.find(0) == "");
    CHECK_FALSE(map.empty());
    REQUIRE_VALID_SHARDS(map);
  }
}

TEST_CASE("insert_or_assign says whether it inserted, and assigns to a present element") {
  string_shards map(evac::shards{2});
  const int key = 1;
  CHECK(map.insert_or_assign(key, "one"));
  CHECK_FALSE(map.insert_or_assign(key, std::string("two")));
  CHECK(map.find(1) == "two");
  CHECK_FALSE(map.insert_or_assign(1, "three"));
  CHECK(map.find(1) == "three");
  CHECK(map.size() == 1);
  evac::sharded_map<int, int> numbers;  // a value that is trivially destructible
  CHECK(numbers.insert_or_assign(1, 1));
  CHECK_FALSE(numbers.insert_or_assign(1, 2));
  CHECK(numbers.find(1) == 2);
}

TEST_CASE("the or_visit forms visit a present element only, writable unless it is a cvisit") {
  for (const std::size_t count : shard_counts) {
    string_shards map(evac::shards{count});
    const value element(1, "one");
    check_or_visit(map, true, [](auto& m, seen& f) { return m.insert_or_visit({1, "one"}, f.visitor()); });
    check_or_visit(map, true, [&](auto& m, seen& f) { return m.insert_or_visit(element, f.visitor()); });
    check_or_visit(map, false, [](auto& m, seen& f) { return m.insert_or_cvisit({1, "one"}, f.visitor()); });
    check_or_visit(map, false, [&](auto& m, seen& f) { return m.insert_or_cvisit(element, f.visitor()); });
    check_or_visit(map, true, [](auto& m, seen& f) { return m.emplace_or_visit(1, "one", f.visitor()); });
    check_or_visit(map, false, [](auto& m, seen& f) { return m.emplace_or_cvisit(1, "one", f.visitor()); });
    check_or_visit(map, true, [&](auto& m, seen& f) { return m.emplace_or_visit(element, f.visitor()); });
    check_or_visit(map, true, [](auto& m, seen& f) { return m.try_emplace_or_visit(1, "one", f.visitor()); });
    check_or_visit(map, false, [](auto& m, seen& f) { return m.try_emplace_or_cvisit(1, "one", f.visitor()); });
    const int key = 1;
    check_or_visit(map, true, [&](auto& m, seen& f) { return m.try_emplace_or_visit(key, "one", f.visitor()); });
    check_or_visit(map, false, [&](auto& m, seen& f) { return m.try_emplace_or_cvisit(key, "one", f.visitor()); });
  }
}

TEST_CASE("the and_visit forms visit a new element with the first and a present one with the second visitor") {
  for (const std::size_t count : shard_counts) {
    string_shards map(evac::shards{count});
    const value element(1, "one");
    const int key = 1;
    check_and_visit(map, true, [](auto& m, seen& f1, seen& f2) {
      return m.insert_and_visit({1, "one"}, f1.visitor(), f2.visitor());
    });
    check_and_visit(map, true, [&](auto& m, seen& f1, seen& f2) {
      return m.insert_and_visit(element, f1.visitor(), f2.visitor());
    });
    check_and_visit(map, false, [](auto& m, seen& f1, seen& f2) {
      return m.insert_and_cvisit({1, "one"}, f1.visitor(), f2.visitor());
    });
    check_and_visit(map, false, [&](auto& m, seen& f1, seen& f2) {
      return m.insert_and_cvisit(element, f1.visitor(), f2.visitor());
    });
    check_and_visit(map, true, [](auto& m, seen& f1, seen& f2) {
      return m.emplace_and_visit(1, "one", f1.visitor(), f2.visitor());
    });
    check_and_visit(map, false, [](auto& m, seen& f1, seen& f2) {
      return m.emplace_and_cvisit(1, "one", f1.visitor(), f2.visitor());
    });
    check_and_visit(map, true, [](auto& m, seen& f1, seen& f2) {
      return m.try_emplace_and_visit(1, "one", f1.visitor(), f2.visitor());
    });
    check_and_visit(map, false, [&](auto& m, seen& f1, seen& f2) {
      return m.try_emplace_and_cvisit(key, "one", f1.visitor(), f2.visitor());
    });
  }
}

TEST_CASE("a visitor's changes stay, of a new element and of a present one") {
  evac::sharded_map<int, int> map;
  const auto add = [&](int key) {
    map.try_emplace_and_visit(
        key, 10, [](auto& element) { element.second += 1; }, [](auto& element) { element.second += 5; });
  };
  add(1);
  CHECK(map.find(1) == 11);
  add(1);
  CHECK(map.find(1) == 16);
}

TEST_CASE("erase and erase_if of a key say how many they erased") {
  for (const std::size_t count : shard_counts) {
    string_shards map = filled_shards<string_shards>(count, 100);
    CHECK(map.erase(7) == 1);
    CHECK(map.erase(7) == 0);
    CHECK(map.erase_if(8, [](const value&) { return false; }) == 0);
    CHECK(map.contains(8));
    CHECK(map.erase_if(8, [](value& element) { return element.second == make<std::string>(8); }) == 1);
    CHECK(map.erase_if(8, [](const value&) { return true; }) == 0);
    CHECK(map.size() == 98);
    REQUIRE_VALID_SHARDS(map);
  }
}

TEST_CASE("erase_if of a key changes an element or erases it in one call") {
  for (const std::size_t count : shard_counts) {
    string_shards map = filled_shards<string_shards>(count, 100);
    const auto shorten = [](value& element) {
      element.second = element.second.substr(0, element.second.size() / 2);
      return element.second.empty();
    };
    const std::size_t length = map.find(8)->size();
    REQUIRE(length > 1);
    CHECK(map.erase_if(8, shorten) == 0);
    CHECK(map.find(8)->size() == length / 2);
    int calls = 1;
    while (map.erase_if(8, shorten) == 0) ++calls;
    CHECK(calls == static_cast<int>(std::bit_width(length)) - 1);
    CHECK_FALSE(map.contains(8));
    CHECK(map.erase_if([](value& element) {
      element.second += "!";
      return element.first == 7;
    }) == 1);
    map.cvisit_all([](const value& element) { CHECK(element.second.back() == '!'); });
    CHECK(map.size() == 98);
    REQUIRE_VALID_SHARDS(map);
  }
}

TEST_CASE("a set does all this, and its visitors cannot write") {
  using Set = evac::sharded_set<std::string>;
  STATIC_REQUIRE(std::is_same_v<Set::key_type, std::string>);
  STATIC_REQUIRE(std::is_same_v<Set::value_type, std::string>);
  for (const std::size_t count : shard_counts) {
    Set set(evac::shards{count});
    int visits = 0;
    const auto note = [&](auto& element) {
      STATIC_REQUIRE(std::is_same_v<decltype(element), const std::string&>);
      visits += element == "a" ? 1 : 100;
    };
    CHECK(set.insert("a"));
    CHECK_FALSE(set.insert(std::string("a")));
    CHECK_FALSE(set.emplace("a"));
    CHECK(set.visit("a", note) == 1);
    CHECK(set.cvisit("a", note) == 1);
    CHECK_FALSE(set.insert_or_visit("a", note));
    CHECK_FALSE(set.insert_or_cvisit(std::string("a"), note));
    CHECK_FALSE(set.insert_and_visit("a", note, note));
    CHECK_FALSE(set.insert_and_cvisit("a", note, note));
    CHECK_FALSE(set.emplace_or_visit("a", note));
    CHECK_FALSE(set.emplace_or_cvisit("a", note));
    CHECK_FALSE(set.emplace_and_visit("a", note, note));
    CHECK_FALSE(set.emplace_and_cvisit("a", note, note));
    CHECK(set.visit_all(note) == 1);
    CHECK(set.visit_while([&](const std::string&) { return true; }));
    CHECK(visits == 11);
    CHECK(set.erase_if("a", [](const std::string&) { return true; }) == 1);
    CHECK(set.insert({"x", "y", "x"}) == 2);
    CHECK(set.erase("x") == 1);
    CHECK(set.size() == 1);
    const evac::set<std::string> copy = set.snapshot();
    CHECK(copy.contains("y"));
    evac::set<std::string> taken(std::move(set));
    CHECK(taken == copy);
    CHECK(set.empty());  // NOLINT(bugprone-use-after-move): promised
    set = std::move(taken);
    CHECK(set.contains("y"));
    REQUIRE_VALID_SHARDS(set);
  }
}

TEST_CASE("any shared mutex can be the lock of a shard") {
  evac::sharded_map<int, int, std::hash<int>, std::equal_to<int>, std::allocator<std::pair<const int, int>>,
                    std::shared_mutex>
      map(evac::shards{2});
  for (int i = 0; i < 200; ++i) CHECK(map.emplace(i, i));
  const auto copy = map;
  CHECK(copy == map);
  CHECK(map.visit2(1, 2, [](auto& one, auto& two) { std::swap(one.second, two.second); }));
  CHECK(map.find(1) == 2);
  CHECK(map != copy);
  map.clear();
  CHECK(map.empty());
  CHECK(map.dump_locks().find("shard 1: ") != std::string::npos);
}

TEST_CASE("the number of shards is rounded up to a power of two, bounded, and kept") {
  const auto shards_of = [](std::size_t n) { return sharded_ints(evac::shards{n}).shard_count(); };
  CHECK(shards_of(0) == 1);
  CHECK(shards_of(1) == 1);
  CHECK(shards_of(3) == 4);
  CHECK(shards_of(4) == 4);
  CHECK(shards_of(65536) == 65536);
  CHECK_THROWS_AS(shards_of(65537), std::length_error);
  const std::size_t by_default = sharded_ints().shard_count();
  CHECK(by_default >= 4);
  CHECK((by_default & (by_default - 1)) == 0);
  sharded_ints two = filled_shards<sharded_ints>(2, 50);
  sharded_ints four = filled_shards<sharded_ints>(4, 3);
  CHECK(sharded_ints(two).shard_count() == 2);
  four = two;
  CHECK(four.shard_count() == 4);
  CHECK(four.size() == 50);
  REQUIRE_VALID_SHARDS(four);
}
