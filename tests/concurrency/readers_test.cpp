// Concurrent const access to every kind of map, stopped mid-growth, mid-shrinking and with holes in its chains.
#include <atomic>
#include <cstdint>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

constexpr int readers_at_once = 4;

template <class Read>
std::size_t wrong_answers(const Read& read) {
  std::atomic<std::size_t> wrong{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < readers_at_once; ++reader) {
    readers.emplace_back([&, reader] { wrong += read(reader); });
  }
  for (std::thread& reader : readers) reader.join();
  return wrong;
}

/// Compares every read-only operation with what `present(i)` says of the i-th key.
template <class Map, class Present>
std::size_t read_all(const Map& map, int keys, int first, const Present& present) {
  using K = typename Map::key_type;
  std::size_t wrong = 0;
  for (int i = first; i < keys; i += 2) {
    const K key = make<K>(i);
    map.prefetch(key);
    wrong += map.contains(key) == present(i) ? 0 : 1;
    wrong += map.count(key) == (present(i) ? 1U : 0U) ? 0 : 1;
    const auto range = map.equal_range(key);
    wrong += (range.first != range.second) == present(i) ? 0 : 1;
    if (present(i)) wrong += map.at(key) == make<typename Map::mapped_type>(i) ? 0 : 1;
  }
  wrong += static_cast<std::size_t>(std::distance(map.begin(), map.end())) == map.size() ? 0 : 1;
  Map copy(map);
  wrong += copy == map ? 0 : 1;
  copy.clear();
  wrong += map.memory_usage() > 0 && map.load_factor() > 0 ? 0 : 1;
  return wrong;
}

}  // namespace

TEMPLATE_TEST_CASE("readers of a map in mid-growth, with holes in its chains, agree", "", int_map, string_map,
                   thrower_map, identity_map, four_bit_map) {
  TestType map = filled<TestType>(500);
  while (!map.evacuating()) {
    const int next = static_cast<int>(map.size());
    map.try_emplace(make<typename TestType::key_type>(next), make<typename TestType::mapped_type>(next));
  }
  const int keys = static_cast<int>(map.size());
  for (int i = 0; i < keys; i += 3) map.erase(make<typename TestType::key_type>(i));
  REQUIRE(map.evacuating());
  const TestType& shared = map;
  REQUIRE(wrong_answers([&](int reader) {
            return read_all(shared, keys + 100, reader % 2, [&](int i) { return i < keys && i % 3 != 0; });
          }) == 0);
  REQUIRE_VALID(map);
}

TEST_CASE("readers of a map in mid-shrinking agree") {
  int_map map = filled<int_map>(30000);
  for (std::uint64_t i = 100; i < 30000; ++i) map.erase(i);
  const auto full = map.bucket_count();
  while (map.bucket_count() == full || !map.evacuating()) {
    map[100] = 100;
    map.erase(100);
  }
  REQUIRE(map.bucket_count() < full);
  const int_map& shared = map;
  REQUIRE(wrong_answers(
              [&](int reader) { return read_all(shared, 1000, reader % 2, [](int i) { return i < 100; }); }) == 0);
  REQUIRE_VALID(map);
}

TEST_CASE("readers of an empty map find nothing") {
  const int_map map;
  REQUIRE(wrong_answers([&](int reader) {
            std::size_t wrong = 0;
            for (std::uint64_t i = 0; i < 1000; ++i) wrong += map.count(i + static_cast<std::uint64_t>(reader));
            return wrong + (map.begin() == map.end() ? 0U : 1U);
          }) == 0);
}

TEST_CASE("readers of a set of strings look keys up by views") {
  evac::set<std::string> set;
  for (int i = 0; i < 700; ++i) set.insert(make<std::string>(i));
  const evac::set<std::string>& shared = set;
  REQUIRE(wrong_answers([&](int reader) {
            std::size_t wrong = 0;
            for (int i = reader; i < 1000; ++i) {
              const std::string key = make<std::string>(i);
              wrong += shared.contains(std::string_view(key)) == (i < 700) ? 0 : 1;
            }
            for (const std::string& key : shared) wrong += key.empty() ? 1 : 0;
            return wrong;
          }) == 0);
}
