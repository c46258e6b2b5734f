// The forms with an execution policy: same return values, every element once, whatever threads the policy takes.
#include <atomic>
#include <cstddef>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <execution>
#include <source_location>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

using int_shards = evac::sharded_map<int, int>;
using value = int_shards::value_type;

/// How often each key was visited, by whatever thread.
class visit_counts {
 public:
  explicit visit_counts(std::size_t keys) : counts_(keys) {}
  void note(const value& element) { ++counts_[static_cast<std::size_t>(element.first)]; }
  [[nodiscard]] bool each_once() const {
    for (const std::atomic<int>& count : counts_) {
      if (count != 1) return false;
    }
    return true;
  }

 private:
  std::vector<std::atomic<int>> counts_;
};

/// Transparent without limits: takes anything for a key.
struct any_hash {
  using is_transparent = void;
  template <class K>
  std::size_t operator()(const K& key) const {
    return static_cast<std::size_t>(key);
  }
};
struct any_equal {
  using is_transparent = void;
  template <class K, class L>
  bool operator()(const K& left, const L& right) const {
    return left == right;
  }
};

template <class Policy>
void check_policy(const Policy& policy) {
  for (const std::size_t count : {std::size_t{1}, std::size_t{4}, std::size_t{64}}) {
    int_shards map = filled_shards<int_shards>(count, 1000);
    const int_shards& constant = map;
    visit_counts by_visit(1000);
    visit_counts by_const_visit(1000);
    visit_counts by_cvisit(1000);
    CHECK(map.visit_all(policy, [&](value& element) {
      element.second += 1;
      by_visit.note(element);
    }) == 1000);
    CHECK(constant.visit_all(policy, [&](const value& element) { by_const_visit.note(element); }) == 1000);
    CHECK(map.cvisit_all(policy, [&](const value& element) { by_cvisit.note(element); }) == 1000);
    CHECK(by_visit.each_once());
    CHECK(by_const_visit.each_once());
    CHECK(by_cvisit.each_once());
    CHECK(map.find(17) == 18);

    visit_counts by_while(1000);
    CHECK(map.visit_while(policy, [&](value& element) {
      by_while.note(element);
      return true;
    }));
    CHECK(by_while.each_once());
    CHECK_FALSE(map.visit_while(policy, [](value& element) { return element.first != 500; }));
    CHECK_FALSE(constant.visit_while(policy, [](const value& element) { return element.first != 500; }));
    CHECK(map.cvisit_while(policy, [](const value&) { return true; }));
    std::atomic<int> asked{0};
    CHECK_FALSE(map.cvisit_while(policy, [&](const value&) {
      ++asked;
      return false;
    }));
    CHECK(asked >= 1);
    CHECK(asked <= static_cast<int>(count));

    CHECK(map.erase_if(policy, [](value& element) { return element.first % 2 == 0; }) == 500);
    CHECK(map.size() == 500);
    CHECK(map.erase_if(policy, [](const value&) { return false; }) == 0);
    CHECK_VALID_SHARDS(map);
    CHECK_ALL_FREE(map);
  }
}

}  // namespace

TEST_CASE("a sequenced policy gives the same return values") { check_policy(std::execution::seq); }

TEST_CASE("a parallel policy gives the same return values") { check_policy(std::execution::par); }

TEST_CASE("a set takes execution policies") {
  evac::sharded_set<std::string> set(evac::shards{4});
  for (int i = 0; i < 200; ++i) set.insert(std::to_string(i));
  std::atomic<int> seen{0};
  CHECK(set.visit_all(std::execution::par, [&](const std::string&) { ++seen; }) == 200);
  CHECK(seen == 200);
  CHECK(set.erase_if(std::execution::par, [](const std::string& key) { return key.size() == 1; }) == 10);
  CHECK(set.size() == 190);
}

TEST_CASE("where hash and equality take anything for a key, a policy and a predicate are none") {
  evac::sharded_map<int, int, any_hash, any_equal> map(evac::shards{4});
  evac::sharded_set<int, any_hash, any_equal> set(evac::shards{4});
  for (int i = 0; i < 100; ++i) {
    map.emplace(i, i);
    set.emplace(i);
  }
  const auto odd = [](const value& element) { return element.first % 2 == 1; };
  CHECK(map.erase_if(std::execution::par, odd) == 50);
  CHECK(map.erase_if(odd, std::source_location::current()) == 0);
  CHECK(map.erase_if(2, [](const value&) { return true; }) == 1);
  CHECK(map.erase_if(4L, [](const value&) { return true; }) == 1);
  CHECK(map.size() == 48);
  CHECK(set.erase_if(std::execution::seq, [](int key) { return key % 2 == 1; }) == 50);
  CHECK(set.erase_if([](int key) { return key < 10; }, std::source_location::current()) == 5);
  CHECK(set.erase_if(50L, [](int) { return true; }) == 1);
  std::atomic<int> seen{0};
  CHECK(map.visit_all(std::execution::par, [&](const value&) { ++seen; }) == 48);
  CHECK(seen == 48);
}
