// Members of maps and sets, each on one kind of map: return values, deduction, heterogeneous look-up, oddities of keys.
#include <cmath>
#include <deque>
#include <evac/evac.hpp>
#include <limits>
#include <map>
#include <memory>
#include <memory_resource>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/constructors.hpp"
#include "support/valid.hpp"

namespace {
struct tree {
  int value = 0;
  evac::map<int, tree> children;
};
}  // namespace

TEST_CASE("all constructors build the same map") {
  evac_test::require_all_constructors_agree<evac::map<int, std::string>>();
}

TEST_CASE("template arguments are deduced") {
  const std::vector<std::pair<int, double>> source{{1, 1.5}, {2, 2.5}};
  const evac::map from_iterators(source.begin(), source.end());
  STATIC_REQUIRE(std::is_same_v<decltype(from_iterators), const evac::map<int, double>>);
  const evac::map from_list{std::pair{1, 1.5}, std::pair{2, 2.5}};
  REQUIRE(from_list == from_iterators);
  const evac::map from_range(evac::from_range, source);
  REQUIRE(from_range == from_iterators);
  const evac::set numbers{3, 1, 2};
  STATIC_REQUIRE(std::is_same_v<decltype(numbers), const evac::set<int>>);
  REQUIRE(numbers.size() == 3);
}

TEST_CASE("an input iterator that can be read once is enough") {
  std::istringstream words("a b c a");
  const evac::set<std::string> seen{std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()};
  REQUIRE(seen.size() == 3);
}

TEST_CASE("at, operator[], try_emplace and insert_or_assign return what the standard says") {
  evac::map<std::string, int> map;
  REQUIRE(map["new"] == 0);
  map["new"] = 4;
  REQUIRE(map.at("new") == 4);
  REQUIRE_THROWS_AS(map.at("absent"), std::out_of_range);
  REQUIRE_THROWS_AS(std::as_const(map).at("absent"), std::out_of_range);
  REQUIRE(map.try_emplace("new", 5).second == false);
  REQUIRE(map.try_emplace(map.begin(), "other", 5)->second == 5);
  REQUIRE(map.insert_or_assign("new", 6).second == false);
  REQUIRE(map.at("new") == 6);
  REQUIRE(map.insert_or_assign("third", 7).second);
  REQUIRE(map.insert_or_assign(map.cbegin(), "third", 8)->second == 8);
  REQUIRE(map.emplace_hint(map.cbegin(), "fourth", 9)->second == 9);
  REQUIRE(map.insert(map.cbegin(), {"fifth", 10})->second == 10);
  REQUIRE(map.count("fifth") == 1);
  const auto [from, to] = map.equal_range("fifth");
  REQUIRE(std::distance(from, to) == 1);
  const auto nothing = map.equal_range("absent");
  REQUIRE(nothing.first == nothing.second);
}

TEST_CASE("nothing is moved from an argument whose key is present") {
  evac::map<std::string, std::unique_ptr<int>> map;
  map["key"] = std::make_unique<int>(1);
  auto value = std::make_unique<int>(2);
  std::string key = "key";
  REQUIRE_FALSE(map.try_emplace(std::move(key), std::move(value)).second);
  REQUIRE(value != nullptr);
  REQUIRE(key == "key");
  REQUIRE_FALSE(map.emplace(std::move(key), std::move(value)).second);
  REQUIRE(value != nullptr);
  REQUIRE_FALSE(map.insert({std::string("key"), std::make_unique<int>(5)}).second);
  REQUIRE(*map.at("key") == 1);
}

TEST_CASE("string keys are looked up, erased and extracted by views without building a string") {
  evac::map<std::string, int, evac::hash<std::string>, evac::equal_to<std::string>,
            evac_test::counted<std::string, int>>
      map;
  const std::string_view key = "a key that does not fit into the string object itself";
  map.try_emplace(key, 1);
  const auto before = evac_test::memory.allocations;
  REQUIRE(map.contains(key));
  REQUIRE(map.find(key)->second == 1);
  REQUIRE(map.count(key) == 1);
  REQUIRE(map.at(key) == 1);
  REQUIRE_FALSE(map.try_emplace(key, 2).second);
  map[key] = 3;
  map.prefetch(key);
  REQUIRE(map.erase(key) == 1);
  REQUIRE(map.extract(key).empty());
  REQUIRE(evac_test::memory.allocations == before);
}

TEST_CASE("arguments may be elements of the map itself, also when the insert makes it grow") {
  evac::map<int, std::string> map;
  map[0] = "a value that is certainly stored on the heap";
  const std::string wanted = map.at(0);
  for (int i = 1; i < 3000; ++i) {
    if (i % 2 == 0) {
      map.insert_or_assign(i, map.find(i - 1)->second);
    } else {
      map.try_emplace(i, map.find(i / 2)->second);
    }
    REQUIRE(map.at(i) == wanted);
    REQUIRE_FALSE(map.insert(*map.begin()).second);
  }
  evac::set<std::string> set;
  for (int i = 0; i < 300; ++i) {
    set.insert(std::to_string(i));
    REQUIRE_FALSE(set.insert(*set.begin()).second);
  }
}

TEST_CASE("a class may hold a map of itself") {
  tree root;
  root.children[1].children[2].value = 3;
  tree copy = root;
  REQUIRE(copy.children.at(1).children.at(2).value == 3);
}

TEST_CASE("move-only, immovable and non-default-constructible values work") {
  evac::map<int, std::unique_ptr<int>> owners;
  evac::map<int, evac_test::immovable> fixed;
  evac::map<int, evac_test::no_default> plain;
  for (int i = 0; i < 500; ++i) {
    owners.emplace(i, std::make_unique<int>(i));
    fixed.try_emplace(i, i);
    plain.try_emplace(i, i);
  }
  for (int i = 0; i < 500; ++i) {
    REQUIRE(*owners.at(i) == i);
    REQUIRE(fixed.at(i).value == i);
    REQUIRE(plain.at(i).value == i);
  }
  auto moved = std::move(owners);
  REQUIRE(moved.size() == 500);
  REQUIRE_VALID(fixed);
}

TEST_CASE("every NaN is a key of its own and both zeros are one") {
  evac::map<double, int> map;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 300; ++i) REQUIRE(map.emplace(nan, i).second);
  REQUIRE(map.size() == 300);
  REQUIRE(std::distance(map.begin(), map.end()) == 300);
  REQUIRE_FALSE(map.contains(nan));
  REQUIRE(map.erase(nan) == 0);
  map.clear();
  map[0.0] = 1;
  map[-0.0] = 2;
  REQUIRE(map.size() == 1);
  REQUIRE(map.at(0.0) == 2);
}

TEST_CASE("a constant hash makes chains long, not the table large") {
  evac_test::constant_map bad;
  evac_test::identity_map good;
  for (std::uint64_t i = 0; i < 2000; ++i) bad[i] = good[i] = static_cast<int>(i);
  REQUIRE_VALID(bad);
  REQUIRE(bad.bucket_count() == good.bucket_count());
  REQUIRE(bad.stats().longest_chain > 300);
}

TEST_CASE("absurd sizes throw and change nothing") {
  evac::map<int, int> map{{1, 1}};
  const auto buckets = map.bucket_count();
  REQUIRE_THROWS_AS(map.reserve(std::numeric_limits<std::size_t>::max()), std::length_error);
  REQUIRE_THROWS_AS(map.rehash(std::numeric_limits<std::size_t>::max()), std::length_error);
  REQUIRE_THROWS_AS((evac::map<int, int>(std::numeric_limits<std::size_t>::max())), std::length_error);
  REQUIRE(map.bucket_count() == buckets);
  REQUIRE(map.at(1) == 1);
  map.max_load_factor(0.1F);
  REQUIRE(map.load_factor() == static_cast<float>(map.size()) / static_cast<float>(map.bucket_count()));
}

TEST_CASE("comparison ignores order and history") {
  evac::map<int, int> up;
  evac::map<int, int> down(5000);
  for (int i = 0; i < 700; ++i) up[i] = i;
  for (int i = 699; i >= 0; --i) down[i] = i;
  REQUIRE(up == down);
  down[3] = 4;
  REQUIRE(up != down);
  down.erase(3);
  REQUIRE(up != down);
}

TEST_CASE("pmr containers pass their resource on to the elements") {
  std::pmr::monotonic_buffer_resource resource;
  using alloc = std::pmr::polymorphic_allocator<std::pair<const std::pmr::string, std::pmr::string>>;
  evac::map<std::pmr::string, std::pmr::string, evac::hash<std::pmr::string>, evac::equal_to<std::pmr::string>, alloc>
      map{alloc(&resource)};
  for (int i = 0; i < 400; ++i) map.emplace(std::to_string(i), "a value that does not fit into the string object");
  REQUIRE(map.find(std::string_view("17"))->second.get_allocator().resource() == &resource);
  REQUIRE(map.size() == 400);
  REQUIRE_VALID(map);
}

TEST_CASE("a set finds, iterates and erases its keys") {
  evac::set<std::string> set;
  for (int i = 0; i < 400; ++i) REQUIRE(set.insert("key " + std::to_string(i)).second);
  REQUIRE_FALSE(set.insert("key 7").second);
  REQUIRE(set.contains(std::string_view("key 399")));
  STATIC_REQUIRE(std::is_same_v<decltype(*set.begin()), const std::string&>);
  REQUIRE(erase_if(set, [](const std::string& key) { return key.back() == '0'; }) == 40);
  REQUIRE(set.size() == 360);
  auto node = set.extract("key 1");
  node.value() = "renamed";
  REQUIRE(set.insert(std::move(node)).inserted);
  REQUIRE(set.contains("renamed"));
  REQUIRE_VALID(set);
}
