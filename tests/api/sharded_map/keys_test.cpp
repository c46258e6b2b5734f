// Keys of other types than the container's: in ranges, in pairs, and keys that can only be moved.
#include <cstddef>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/made_key.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

/// Takes anything, and gives ints and longs different hashes, as hash functions of the sizes of their arguments do.
struct by_size {
  template <class K>
  std::size_t operator()(const K& key) const {
    return static_cast<std::size_t>(key) * 8 + sizeof(K);
  }
};
struct any_equal {
  template <class K, class L>
  bool operator()(const K& left, const L& right) const {
    return left == right;
  }
};
using longs = evac::sharded_map<long, int, by_size, any_equal>;
using long_set = evac::sharded_set<long, by_size, any_equal>;

using counted_keys = evac::sharded_map<made_key, std::string, made_key_hash, made_key_equal>;

struct pointed_hash {
  std::size_t operator()(const std::unique_ptr<int>& key) const { return static_cast<std::size_t>(*key); }
};
struct pointed_equal {
  bool operator()(const std::unique_ptr<int>& left, const std::unique_ptr<int>& right) const { return *left == *right; }
};
using owning_keys = evac::sharded_map<std::unique_ptr<int>, int, pointed_hash, pointed_equal>;

}  // namespace

TEST_CASE("ranges of another type than the key's find and insert what the key that they convert to would") {
  for (const std::size_t count : shard_counts) {
    longs map(evac::shards{count});
    long_set set(evac::shards{count});
    std::vector<int> keys;
    std::vector<std::pair<int, int>> pairs;
    for (int i = 0; i < 200; ++i) {
      keys.push_back(i);
      pairs.emplace_back(i, i);
    }
    for (int twice = 0; twice < 2; ++twice) {
      CHECK(map.insert(pairs.begin(), pairs.end()) == (twice == 0 ? 200 : 0));
      CHECK(map.insert_range(pairs) == 0);
      CHECK(set.insert(keys.begin(), keys.end()) == (twice == 0 ? 200 : 0));
      CHECK(set.insert_range(keys) == 0);
    }
    const auto ignore = [](const auto&) {};
    std::size_t existing = 0;
    const auto note = [&](const auto&) { ++existing; };
    map.insert_or_visit(pairs.begin(), pairs.end(), note);
    map.insert_or_cvisit(pairs.begin(), pairs.end(), note);
    map.insert_and_visit(pairs.begin(), pairs.end(), ignore, note);
    map.insert_and_cvisit(pairs.begin(), pairs.end(), ignore, note);
    CHECK(existing == 800);
    CHECK(map.size() == 200);
    CHECK(set.size() == 200);
    CHECK(map.visit(keys.begin(), keys.end(), ignore) == 200);
    CHECK(map.cvisit(keys.begin(), keys.end(), ignore) == 200);
    CHECK(std::as_const(map).visit(keys.begin(), keys.end(), ignore) == 200);
    CHECK(set.visit(keys.begin(), keys.end(), ignore) == 200);
    CHECK(set.cvisit(keys.begin(), keys.end(), ignore) == 200);
    CHECK(map.emplace(7, 7) == false);
    CHECK(map.insert(std::pair(7, 7)) == false);
    CHECK(map.visit2(7, 8, [](auto&, auto&) {}));
    CHECK(map.erase(7) == 1);
    CHECK_VALID_SHARDS(map);
    CHECK_VALID_SHARDS(set);
  }
}

TEST_CASE("ranges of references to proxies and of types that are derived from the key are looked up as the key") {
  evac::sharded_map<bool, int> bools;
  bools.emplace(true, 1);
  const std::vector<bool> flags{true, false, true};
  CHECK(bools.cvisit(flags.begin(), flags.end(), [](const auto&) {}) == 2);

  struct more_than_text : std::string {
    using std::string::string;
  };
  sharded_strings strings;
  strings.emplace("a", "b");
  const std::vector<more_than_text> keys{"a", "c"};
  CHECK(strings.cvisit(keys.begin(), keys.end(), [](const auto&) {}) == 1);
}

TEST_CASE(
    "by a key of another type and transparent functors, emplace and insert look up first and make no key in vain") {
  counted_keys map(evac::shards{2});
  made_key::made = 0;
  std::string value(100, 'v');
  CHECK(map.emplace(std::string_view("a"), value));
  CHECK(made_key::made == 1);
  CHECK_FALSE(map.emplace(std::string_view("a"), std::move(value)));
  CHECK(value.size() == 100);
  CHECK_FALSE(map.emplace("a", std::move(value)));
  CHECK(value.size() == 100);
  std::pair<std::string_view, std::string> pair("a", value);
  CHECK_FALSE(map.emplace(std::move(pair)));
  CHECK(pair.second.size() == 100);
  std::size_t seen = 0;
  const auto note = [&](const auto& element) { seen += element.second.size(); };
  CHECK_FALSE(map.emplace_or_visit(std::string_view("a"), std::move(value), note));
  CHECK_FALSE(map.emplace_and_cvisit(std::string_view("a"), std::move(value), note, note));
  CHECK(value.size() == 100);
  CHECK(seen == 200);
  CHECK(made_key::made == 1);
  CHECK(map.emplace(std::move(pair)) == false);

  sharded_strings strings(evac::shards{1});
  CHECK(strings.insert(std::pair("k", value)));
  std::pair<std::string_view, std::string> present("k", value);
  CHECK_FALSE(strings.insert(std::move(present)));
  CHECK(present.second.size() == 100);
  CHECK_FALSE(strings.insert_or_visit(std::move(present), note));
  CHECK(present.second.size() == 100);
}

TEST_CASE("keys that can only be moved are inserted by every mode of get_or_compute") {
  for (const auto mode :
       {evac::compute_mode::under_lock, evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    owning_keys map(evac::shards{2});
    CHECK(map.get_or_compute(std::make_unique<int>(1), [] { return 10; }, mode) == 10);
    auto key = std::make_unique<int>(1);
    CHECK(map.get_or_compute(std::move(key), [] { return 11; }, mode) == 10);
    CHECK(key != nullptr);
    CHECK(map.size() == 1);
  }
}
