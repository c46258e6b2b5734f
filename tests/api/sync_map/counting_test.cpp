// Costs of the verbs of sync maps, by counting: hashes, comparisons, allocations; and the arguments that they take.
#include <algorithm>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/call_counts.hpp"
#include "support/catch.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

template <evac::storage Storage>
using noting_map =
    evac::sync_map<int, int, noting_hash, stored_first, std::allocator<std::pair<const int, int>>, Storage>;

template <class Call>
std::size_t hashes_of(const Call& call) {
  return counted_calls(call).hashes;
}

struct settings {
  unsigned channel : 4;
  unsigned level : 12;
};

}  // namespace

TEMPLATE_TEST_CASE("every verb of one key computes one hash, and bulk verbs one for each key", "",
                   (noting_map<evac::storage::automatic>), (noting_map<evac::storage::in_nodes>)) {
  TestType map(2000);  // room, so that no hash is asked for on behalf of a growth
  for (int i = 0; i < 500; ++i) map.store(i, i);
  const auto keep = [](std::optional<int> before) { return before.value_or(1); };
  const auto answer = [](const int* before) -> evac::update_answer<int> {
    if (before != nullptr) return evac::keep;
    return 1;
  };
  for (const int key : {7, 900}) {  // present, absent
    CHECK(hashes_of([&] { (void)map.load(key); }) == 1);
    CHECK(hashes_of([&] { (void)map.load(long{key}); }) == 1);
    CHECK(hashes_of([&] { map.load(key, [](int) {}); }) == 1);
    CHECK(hashes_of([&] { (void)map.contains(long{key}); }) == 1);
    CHECK(hashes_of([&] { map.compare_and_swap(key, key, key); }) == 1);
    CHECK(hashes_of([&] { map.compare_and_swap(long{key}, -1, key); }) == 1);
    CHECK(hashes_of([&] { map.load_and_delete(key); }) == 1);
    CHECK(hashes_of([&] { map.load_or_store(key, key); }) == 1);
    CHECK(hashes_of([&] { map.load_or_compute(key, [] { return 1; }); }) == 1);
    CHECK(hashes_of([&] { map.load_or_compute(key, [] { return 1; }, [](int) {}); }) == 1);
    CHECK(hashes_of([&] { map.load_or_compute(key + 1000, [] { return std::optional<int>(); }); }) == 1);
    CHECK(hashes_of([&] { map.store(key, key); }) == 1);
    CHECK(hashes_of([&] { map.swap(key, key); }) == 1);
    CHECK(hashes_of([&] { map.update(key, keep); }) == 1);
    CHECK(hashes_of([&] { map.compare_and_delete(key, key); }) == 1);
    CHECK(hashes_of([&] { map.update(key, answer); }) == 1);
    CHECK(hashes_of([&] { map.erase_if(long{key}, [](int) { return false; }); }) == 1);
    CHECK(hashes_of([&] { map.erase_if(key, [](int) { return true; }); }) == 1);
    CHECK(hashes_of([&] { map.erase(long{key}); }) == 1);
    CHECK(hashes_of([&] { map.update(long{key}, keep); }) == 1);
  }
  const std::vector<int> keys{5, 6, 7, -8};
  const std::vector<std::pair<int, int>> pairs{{5, 1}, {-9, 1}};
  std::vector<std::optional<int>> out;
  CHECK(hashes_of([&] { map.load_many(keys, std::back_inserter(out)); }) == 4);
  CHECK(hashes_of([&] { map.load_many(keys, [](int, int) {}); }) == 4);
  CHECK(hashes_of([&] { map.store_many(pairs); }) == 2);
  CHECK(hashes_of([&] { map.erase_many(keys); }) == 4);
  CHECK(hashes_of([&] { map.range([](int, int) { return true; }); }) == 0);
  CHECK(hashes_of([&] { map.erase_if([](int key, int) { return key == 10 || key == 20; }); }) == 2);
  CHECK(hashes_of([&] { map.clear(); }) == 0);

  evac::sync_set<int, noting_hash, stored_first> set(200);
  CHECK(hashes_of([&] { set.insert_many(keys); }) == 4);
  CHECK(hashes_of([&] { (void)set.count_many(keys); }) == 4);
  CHECK(hashes_of([&] { set.insert(1); }) == 1);
  CHECK(hashes_of([&] { set.erase(1L); }) == 1);
}

TEMPLATE_TEST_CASE("in sync maps keys are compared only where a tag matches", "",
                   (noting_map<evac::storage::automatic>), (noting_map<evac::storage::in_nodes>)) {
  TestType map;
  for (int i = 0; i < 20000; ++i) map.store(2 * i, 0);
  noted_calls = {};
  for (int i = 0; i < 20000; ++i) (void)map.contains(2 * i + 1);
  CHECK(noted_calls.comparisons > 0);
  CHECK(noted_calls.comparisons < 20000 / 20);
  noted_calls = {};
  for (int i = 0; i < 20000; ++i) (void)map.load(2 * i);
  CHECK(noted_calls.comparisons >= 20000);
  CHECK(noted_calls.comparisons < 20000 + 20000 / 20);
}

TEST_CASE("no store allocates more than its node, a segment and the overflow buckets of its splits") {
  evac::epoch_domain domain;
  sync_tracked map(domain);
  std::size_t most = 0;
  std::size_t all = 0;
  constexpr int count = 5000;
  for (int i = 0; i < count; ++i) {
    const std::size_t before = memory.allocations;
    map.store(i, i);
    most = std::max(most, memory.allocations - before);
    all += memory.allocations - before;
  }
  CHECK(most > 1);
  CHECK(most <= 1 + 1 + 4 + 1);  // a slab for each pool of overflow buckets at most, and the root with the first
  CHECK(all < count + count / 10);
  const std::size_t before = memory.allocations;
  for (int i = 0; i < count; ++i) (void)map.contains(i);
  map.range([](const tracked&, const tracked&) { return true; });
  for (int i = 0; i < count; ++i) map.erase(i);
  CHECK(memory.allocations == before);
}

TEST_CASE("elements in slots are stored, replaced and erased without memory") {
  evac::sync_map<int, int, evac::hash<int>, evac::equal_to<int>, counted<int, int>> map(2000);
  const std::size_t before = memory.allocations;
  for (int i = 0; i < 1000; ++i) map.store(i, i);
  for (int i = 0; i < 1000; ++i) map.store(i, 2 * i);
  for (int i = 0; i < 1000; ++i) map.erase(i);
  CHECK(memory.allocations <= before + 4);  // slabs of overflow buckets
  CHECK(map.domain().flush());
}

TEST_CASE("keys and values may be bit-fields, braces and what converts") {
  const settings set{3, 100};
  evac::sync_map<unsigned, unsigned> map;
  CHECK(map.store(set.channel, set.level));
  CHECK(map.load(set.channel) == 100);
  CHECK(map.swap(set.channel, set.level) == 100U);
  CHECK(map.load_or_store(set.channel, set.level).loaded);
  CHECK(map.compare_and_swap(set.channel, set.level, set.level));
  CHECK(map.contains(set.channel));
  CHECK(map.erase(set.channel));
  CHECK(map.store(short{1}, short{2}));

  evac::sync_map<std::string, std::string> words;
  CHECK(words.store({'a', 'b'}, {'c', 'd'}));
  CHECK(words.load({'a', 'b'}) == "cd");
  CHECK(words.swap({'a', 'b'}, {'x', 'y'}) == "cd");
  CHECK(words.load_or_store({'a', 'b'}, {}).value == "xy");
  CHECK(words.compare_and_swap({'a', 'b'}, {'x', 'y'}, {}));
  CHECK(words.load_and_delete({'a', 'b'}) == "");
  CHECK_FALSE(words.erase({'a', 'b'}));
}
