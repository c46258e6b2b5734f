// Writes of calls to memory that other threads read or write, counted by the atomics of support/instrumented.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/cache.hpp>
#include <evac/detail/table/table_access.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

template <class Call>
std::size_t writes_in(const Call& call) {
  const std::size_t before = shared_writes;
  call();
  return shared_writes - before;
}

}  // namespace

TEMPLATE_TEST_CASE("reading a sync map writes no shared memory, whatever is found and however the table stands", "",
                   sync_words, sync_several, sync_forced, sync_strings, sync_four_bits) {
  using K = typename TestType::key_type;
  using V = typename TestType::mapped_type;
  TestType map;
  const TestType& read = map;
  std::vector<K> keys;
  for (int i = -50; i < 350; ++i) keys.push_back(make_sync<K>(i));
  std::vector<std::optional<V>> out;
  out.reserve(keys.size());
  for (int n = 0; n < 300; n += 7) {  // none, one chain, the steps of growths
    fill(map, 0, n);
    CHECK(writes_in([&] { (void)map.store(keys[0], make_sync<V>(0)); }) > 0);
    std::size_t found = 0;
    CHECK(writes_in([&] {
            for (const K& key : keys) found += read.load(key).has_value() ? 1 : 0;
            for (const K& key : keys) read.load(key, [](const V&) {});
            for (const K& key : keys) (void)read.contains(key);
          }) == 0);
    REQUIRE(found == static_cast<std::size_t>(n) + 1);
    std::size_t visited = 0;
    CHECK(writes_in([&] {
            read.range([&](const K& key, const V&) {
              visited += read.contains(key) ? 1 : 0;
              return true;
            });
          }) == 0);
    REQUIRE(visited == found);
    out.clear();
    CHECK(writes_in([&] {
            found += read.load_many(keys, std::back_inserter(out));
            found += read.load_many(keys, [](const K&, const V&) {});
          }) == 0);
    REQUIRE(found == 3 * visited);
    CHECK(writes_in([&] { visited += read.size() + (read.empty() ? 1 : 0); }) == 0);
    REQUIRE(visited == found - found / 3);
    if constexpr (TestType::in_nodes) {
      CHECK(writes_in([&] {
              const auto pinned = read.pin();
              for (const K& key : keys) (void)pinned.find(key);
            }) == 0);
    }
  }
}

TEST_CASE("reading a sync set writes no shared memory") {
  evac::sync_set<int> set;
  std::vector<int> keys;
  for (int i = 0; i < 300; ++i) keys.push_back(i);
  CHECK(set.insert_many(keys) == 300);
  CHECK(writes_in([&] {
          (void)set.contains(5);
          (void)set.contains(-5);
          (void)set.count_many(keys);
          set.range([](int) { return true; });
        }) == 0);
}

TEST_CASE("look-ups that are counted write no shared memory either") {
  evac::sync_map<int, int, evac::counted_lookups<evac::hash<int>>> map;
  std::vector<int> keys;
  for (int i = 0; i < 300; ++i) {
    map.store(i, i);
    keys.push_back(2 * i);
  }
  CHECK(writes_in([&] { (void)map.contains(0); }) > 0);  // makes the lines
  CHECK(writes_in([&] {
          for (const int key : keys) (void)map.load(key);
          (void)map.load_many(keys, [](int, int) {});
        }) == 0);
  CHECK(map.counters().hits == 301);
  CHECK(map.counters().misses == 300);
}

TEST_CASE("a reader beside writers writes no shared memory but the count of its second looks") {
  sync_words map;
  fill(map, 0, 100);
  std::atomic<bool> over{false};
  std::atomic<std::size_t> writes{0};
  std::atomic<std::size_t> rounds_done{0};
  std::thread reader([&] {
    (void)map.contains(0);  // makes the record of this thread
    const std::size_t before = shared_writes;
    while (!over.load()) {
      for (std::uint64_t key = 0; key < 200; ++key) (void)map.load(key);
      map.range([](auto, auto) { return true; });
      ++rounds_done;
    }
    writes = shared_writes - before;
  });
  for (int round = 0; round < 50 || rounds_done.load() < 3; ++round) {
    fill(map, 50, 500);
    for (std::uint64_t key = 50; key < 500; ++key) map.erase(key);
  }
  over = true;
  reader.join();
  CHECK(writes.load() <= map.domain().stats().reader_retries);
}

TEST_CASE("writes to one key of a sync map take a known number of shared writes") {
  sync_words words(10'000);
  sync_several several(10'000);
  sync_forced nodes(10'000);
  fill(words, 0, 10);
  fill(several, 0, 10);
  fill(nodes, 0, 10);
  // The lock, the value, the new state.
  CHECK(writes_in([&] { words.store(1, 2); }) == 3);
  CHECK(writes_in([&] { words.swap(1, 3); }) == 3);
  CHECK(writes_in([&] { words.compare_and_swap(1, 3, 4); }) == 3);
  // And before that the word that more than one word is about to change.
  CHECK(writes_in([&] { several.store(1, several_words(5)); }) == 3 + 4);
  // The lock and the new state; for an element that was not there that the bucket changes, its slot and its tag. The
  // number of elements is the thread's own, but for once in a while.
  CHECK(writes_in([&] { words.store(100, 1); }) == 2 + 4);
  CHECK(writes_in([&] { words.erase(100); }) == 2 + 1);
  // Nothing was found, or is as it was.
  CHECK(writes_in([&] { words.load_or_store(1, 7); }) == 0);
  CHECK(writes_in([&] { words.load_or_compute(1, [] { return std::uint64_t{7}; }); }) == 0);
  CHECK(writes_in([&] { words.compare_and_swap(1, 70, 8); }) == 0);
  CHECK(writes_in([&] { words.compare_and_delete(1, 70); }) == 0);
  CHECK(writes_in([&] { words.load_and_delete(1000); }) == 0);
  CHECK(writes_in([&] { words.update(1000, [](auto before) { return before; }); }) == 0);
  const auto keep = [](const std::uint64_t*) -> evac::update_answer<std::uint64_t> { return evac::keep; };
  CHECK(writes_in([&] { words.update(1, keep); }) == 0);
  CHECK(writes_in([&] { words.update(1000, keep); }) == 0);
  CHECK(writes_in([&] { nodes.update(1000, keep); }) == 0);
  // The node is held while the function runs.
  CHECK(writes_in([&] { nodes.update(1, keep); }) == 2);
  CHECK(writes_in([&] { words.erase_if(1, [](std::uint64_t) { return false; }); }) == 0);
  CHECK(writes_in([&] { words.erase_if([](std::uint64_t, std::uint64_t) { return false; }); }) == 0);
  CHECK(writes_in([&] { words.load_or_compute(1000, [] { return std::optional<std::uint64_t>(); }); }) == 0);
  CHECK(writes_in([&] { words.erase(1000); }) <= 2);
  // A node that is replaced goes to the thread's own bag of garbage, under that bag's lock, and is claimed there by who
  // reclaims it; every 30 a batch is sealed, taken and freed, which takes a few more: how often within a thousand
  // depends on how full the bag was.
  CHECK(writes_in([&] {
          for (std::uint64_t i = 0; i < 1000; ++i) nodes.store(1, i);
        }) <= 9 * 1000 + 5 * (1000 / 30 + 1));
}

TEST_CASE("visiting a sharded map under reader bias writes no shared memory") {
  evac::sharded_map<int, int> map(evac::shards{1});
  for (int i = 0; i < 100; ++i) map.emplace(i, i);
  const auto& mutex = evac::detail::table_access::shards_of(map)[0].mutex();
  int sum = 0;
  const auto add = [&](const auto& element) { sum += element.second; };
  for (int reads = 0; !mutex.is_biased() && reads < 10'000'000; ++reads) map.cvisit(reads % 100, add);
  REQUIRE(mutex.is_biased());
  CHECK(writes_in([&] {
          for (int i = 0; i < 200; ++i) map.cvisit(i, add);
          for (int i = 0; i < 200; ++i) (void)map.find(i);
          (void)map.contains(7);
          (void)map.size();
        }) == 0);
  CHECK(writes_in([&] { map.visit(1, add); }) > 0);
  CHECK(sum != 0);
}

TEST_CASE("requests to a cache under reader bias write no shared memory once their elements are marked") {
  evac::cache<int, int> cached(evac::shards{1}, 200);
  for (int i = 0; i < 100; ++i) cached.put(i, i);
  const auto& mutex = evac::detail::table_access::shards_of(cached)[0].mutex();
  int sum = 0;
  const auto add = [&](const int& value) { sum += value; };
  for (int reads = 0; !mutex.is_biased() && reads < 10'000'000; ++reads) cached.get(reads % 100, add);
  REQUIRE(mutex.is_biased());
  for (int i = 0; i < 100; ++i) cached.get(i, add);
  const std::size_t hits = cached.counters().hits;
  CHECK(writes_in([&] {
          for (int i = 0; i < 200; ++i) cached.get(i, add);
          (void)cached.contains(7);
          (void)cached.size();
          (void)cached.counters();
        }) == 0);
  CHECK(cached.counters().hits == hits + 100);
  CHECK(cached.counters().misses == 100);
  CHECK(writes_in([&] { cached.put(1, 1); }) > 0);
  CHECK(sum != 0);
}
