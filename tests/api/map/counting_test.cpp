// Calls of the hash, the equality and the key type by each operation: how often, in which order, only when needed.
#include <evac/map.hpp>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "support/call_counts.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

/// A key that can be looked up by an int, and notes when one is built from it.
class built_key {
 public:
  explicit built_key(int value) : value_(value) { ++noted_calls.keys_built; }
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_;
};

int number(const built_key& key) { return key.value(); }
int number(int key) { return key; }

struct counting_hash {
  using is_transparent = void;
  template <class K>
  std::size_t operator()(const K& key) const {
    ++noted_calls.hashes;
    return static_cast<std::size_t>(number(key));
  }
};

/// The stored key is always on the left: what is looked up by an int arrives as an int on the right.
struct built_first {
  using is_transparent = void;
  bool operator()(const built_key& stored, int wanted) const {
    ++noted_calls.comparisons;
    return stored.value() == wanted;
  }
  bool operator()(const built_key& stored, const built_key& wanted) const { return (*this)(stored, wanted.value()); }
  bool operator()(int, const built_key&) const = delete;
};

struct tag_hash {
  using is_avalanching = void;
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key) << 56U; }
};
struct noting_equal {
  bool operator()(int stored, int wanted) const {
    ++noted_calls.comparisons;
    return stored == wanted;
  }
};

using counting_map = evac::map<built_key, int, counting_hash, built_first>;

counting_map counted_map(int n) {
  counting_map map;
  map.reserve(1000);  // so that no hash is asked for on behalf of a growth
  for (int i = 0; i < n; ++i) map.try_emplace(i, i);
  return map;
}

}  // namespace

TEST_CASE("every operation on one key computes one hash") {
  counting_map map = counted_map(500);
  const auto hashes = [](const auto& operation) { return counted_calls(operation).hashes; };
  CHECK(hashes([&] { (void)map.find(7); }) == 1);
  CHECK(hashes([&] { (void)map.find(-7); }) == 1);
  CHECK(hashes([&] { (void)map.contains(7); }) == 1);
  CHECK(hashes([&] { (void)map.count(7); }) == 1);
  CHECK(hashes([&] { (void)map.at(7); }) == 1);
  CHECK(hashes([&] { (void)map.equal_range(7); }) == 1);
  CHECK(hashes([&] { map[7] = 8; }) == 1);
  CHECK(hashes([&] { map[501] = 8; }) == 1);
  CHECK(hashes([&] { map.try_emplace(502, 8); }) == 1);
  CHECK(hashes([&] { map.insert_or_assign(503, 8); }) == 1);
  CHECK(hashes([&] { map.insert_or_assign(503, 9); }) == 1);
  CHECK(hashes([&] { map.emplace(504, 8); }) == 1);
  CHECK(hashes([&] { map.insert({built_key(505), 8}); }) == 1);
  CHECK(hashes([&] { map.emplace(std::piecewise_construct, std::tuple(506), std::tuple(8)); }) == 1);
  CHECK(hashes([&] { map.erase(502); }) == 1);
  CHECK(hashes([&] { map.erase(502); }) == 1);
  CHECK(hashes([&] { (void)map.extract(503); }) == 1);
  CHECK(hashes([&] { map.erase(map.begin()); }) == 0);
  CHECK(hashes([&] { map.clear(); }) == 0);
  REQUIRE_VALID(map);
}

TEST_CASE("copying, moving, iterating and swapping compute no hash") {
  counting_map map = counted_map(500);
  counting_map other = counted_map(3);
  const call_counts seen = counted_calls([&] {
    const counting_map copy = map;
    counting_map moved = std::move(map);
    other = copy;
    other.swap(moved);
    std::size_t sum = 0;
    for (const auto& element : other) sum += static_cast<std::size_t>(element.second);
    REQUIRE(sum != 0);
  });
  REQUIRE(seen.hashes == 0);
  REQUIRE(seen.comparisons == 0);
}

TEST_CASE("a key is built from what is looked up only when an element is inserted") {
  counting_map map = counted_map(100);
  const call_counts present = counted_calls([&] {
    map.try_emplace(7, 1);
    map.insert_or_assign(7, 1);
    map[7] = 2;
    (void)map.find(7);
    (void)map.contains(1000);
    (void)map.erase(1000);
    (void)map.extract(1000);
    map.prefetch(7);
  });
  CHECK(present.keys_built == 0);
  CHECK(counted_calls([&] { map.try_emplace(100, 1); }).keys_built == 1);
  CHECK(counted_calls([&] { map.insert_or_assign(101, 1); }).keys_built == 1);
  CHECK(counted_calls([&] { map[102] = 1; }).keys_built == 1);
  CHECK(counted_calls([&] { map.erase(102); }).keys_built == 0);
}

TEST_CASE("keys are compared only where a tag matches") {
  // Seven keys of one home, with seven tags: an absent key of that home and an eighth tag meets no comparison.
  evac::map<int, int, tag_hash, noting_equal> map;
  for (int i = 1; i < 8; ++i) map[i] = i;
  CHECK(counted_calls([&] { (void)map.contains(9); }).comparisons == 0);
  for (int i = 1; i < 8; ++i) CHECK(counted_calls([&] { (void)map.contains(i); }).comparisons == 1);
  // 256 and 512 times this is another key of the same tag.
  CHECK(counted_calls([&] { (void)map.contains(3 + 256); }).comparisons == 1);
}

TEST_CASE("fewer than one look-up of an absent key in twenty compares keys") {
  evac::map<int, int, evac::hash<int>, noting_equal> map;
  std::mt19937 random(static_cast<std::uint32_t>(seed()));
  while (map.size() < 30000) map[static_cast<int>(random() / 4 * 2)] = 0;
  const call_counts seen = counted_calls([&] {
    for (int i = 0; i < 30000; ++i) (void)map.contains(static_cast<int>(random() / 4 * 2 + 1));
  });
  REQUIRE(seen.comparisons > 0);
  REQUIRE(seen.comparisons < 30000 / 20);
}
