// get_or_compute in its three modes, and visit2.
#include <atomic>
#include <evac/sharded_map.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

using int_shards = evac::sharded_map<int, int>;
using value = int_shards::value_type;
constexpr evac::compute_mode modes[] = {evac::compute_mode::under_lock, evac::compute_mode::single_flight,
                                        evac::compute_mode::optimistic};

// Holds nothing: the thread sanitizer does not see the counter by which libstdc++ shares an exception, and would take a
// look inside for a race with its end.
struct factory_failed {};

/// The result that a thread got.
struct result {
  int got = 0;
  bool failed = false;
};
template <class Compute>
result outcome_of(const Compute& compute) {
  try {
    return {compute(), false};
  } catch (const factory_failed&) {
    return {0, true};
  }
}

/// Callers of one key while its factory runs: the leader is held inside until all others had time to come.
std::vector<result> share_one_flight(int_shards& map, bool fail, std::atomic<int>& computed) {
  constexpr int callers = 4;
  std::vector<result> results(callers);
  std::atomic<bool> leader_inside{false};
  std::atomic<int> calling{0};
  std::vector<std::thread> threads;
  const auto compute = [&](int caller) {
    results[static_cast<std::size_t>(caller)] = outcome_of([&] {
      return map.get_or_compute(
          1,
          [&] {
            leader_inside = true;
            await([&] { return calling.load() == callers - 1; });
            for (int i = 0; i < 1000; ++i) std::this_thread::yield();
            const int made = ++computed;
            if (fail) throw factory_failed();
            return made;
          },
          evac::compute_mode::single_flight);
    });
  };
  threads.emplace_back([&] { compute(0); });
  await([&] { return leader_inside.load(); });
  for (int caller = 1; caller < callers; ++caller) {
    threads.emplace_back([&, caller] {
      ++calling;
      compute(caller);
    });
  }
  for (std::thread& each : threads) each.join();
  return results;
}

}  // namespace

TEST_CASE("get_or_compute gives what is there, else inserts what the factory returns, in every mode") {
  for (const std::size_t count : shard_counts) {
    for (const evac::compute_mode mode : modes) {
      int_shards map(evac::shards{count});
      int calls = 0;
      const auto factory = [&, once = std::unique_ptr<int>()] { return 100 + ++calls; };
      CHECK(map.get_or_compute(1, std::ref(factory), mode) == 101);
      CHECK(map.get_or_compute(1, std::ref(factory), mode) == 101);
      CHECK(calls == 1);
      CHECK(map.find(1) == 101);
      const int key = 2;
      CHECK(map.get_or_compute(key, std::ref(factory), mode) == 102);
      CHECK(map.size() == 2);
      CHECK_VALID_SHARDS(map);
    }
  }
}

TEST_CASE("a factory that throws inserts nothing, in every mode, and the next one is asked again") {
  for (const evac::compute_mode mode : modes) {
    int_shards map(evac::shards{2});
    const auto failing = []() -> int { throw std::runtime_error("factory failed"); };
    CHECK_THROWS_WITH(map.get_or_compute(1, failing, mode), "factory failed");
    CHECK(map.empty());
    CHECK_ALL_FREE(map);
    CHECK(map.get_or_compute(1, [] { return 2; }, mode) == 2);
  }
}

TEST_CASE("a factory that holds no lock may use the map") {
  for (const evac::compute_mode mode : {evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    int_shards map(evac::shards{1});
    CHECK(map.get_or_compute(
              5,
              [&] {
                map.emplace(4, 40);
                return 2 + map.get_or_compute(3, [] { return 30; }, mode);
              },
              mode) == 32);
    CHECK(map.size() == 3);
  }
}

TEST_CASE("a value that another call inserted while the factory ran wins, in every mode without a lock") {
  for (const evac::compute_mode mode : {evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    int_shards map(evac::shards{1});
    const auto overtaken = [&] {
      map.emplace(1, 7);
      return 8;
    };
    CHECK(map.get_or_compute(1, overtaken, mode) == 7);
    CHECK(map.find(1) == 7);
  }
}

TEST_CASE("load_or_compute tells whether the key was there, in every mode") {
  for (const evac::compute_mode mode : modes) {
    int_shards map(evac::shards{2});
    const int_shards::load_result made = map.load_or_compute(1, [] { return 5; }, mode);
    CHECK(made.value == 5);
    CHECK_FALSE(made.loaded);
    const int key = 1;
    const auto found = map.load_or_compute(key, [] { return 6; }, mode);
    CHECK(found.value == 5);
    CHECK(found.loaded);
  }
}

TEST_CASE("a value that another call inserted while the factory ran was loaded") {
  for (const evac::compute_mode mode : {evac::compute_mode::single_flight, evac::compute_mode::optimistic}) {
    int_shards map(evac::shards{1});
    const auto overtaken = [&] {
      map.emplace(1, 7);
      return 8;
    };
    const auto got = map.load_or_compute(1, overtaken, mode);
    CHECK(got.value == 7);
    CHECK(got.loaded);
  }
}

TEST_CASE("a factory that declines inserts nothing, in every mode, and the next one is asked again") {
  using strings = evac::sharded_map<int, std::string>;
  for (const evac::compute_mode mode : modes) {
    strings map(evac::shards{2});
    const auto declined = map.load_or_compute(1, []() -> std::optional<std::string> { return std::nullopt; }, mode);
    CHECK_FALSE(declined.value.has_value());
    CHECK_FALSE(declined.loaded);
    CHECK(map.get_or_compute(1, []() -> std::optional<std::string> { return {}; }, mode) == std::nullopt);
    CHECK(map.empty());
    CHECK_ALL_FREE(map);
    const auto made = map.load_or_compute(1, [] { return std::optional<std::string>("made"); }, mode);
    CHECK(made.value == "made");
    CHECK_FALSE(made.loaded);
    CHECK(map.get_or_compute(1, []() -> std::optional<std::string> { return {}; }, mode) == "made");
    CHECK(map.get_or_compute(1, [] { return "other"; }, mode) == "made");
  }
}

TEST_CASE("values that are optional are declined by one optional more") {
  evac::sharded_map<int, std::optional<int>> map(evac::shards{1});
  const std::optional<int> made = map.get_or_compute(1, []() -> std::optional<int> { return std::nullopt; });
  CHECK_FALSE(made.has_value());
  CHECK(map.size() == 1);
  CHECK_FALSE(map.get_or_compute(2, []() -> std::optional<std::optional<int>> { return std::nullopt; }).has_value());
  CHECK(map.size() == 1);
}

TEST_CASE("a key that cannot be copied is moved from only if it is inserted, in every mode") {
  using key_type = std::unique_ptr<int>;
  evac::sharded_map<key_type, int, std::hash<key_type>> map(evac::shards{2});
  for (const evac::compute_mode mode : modes) {
    auto key = std::make_unique<int>(1);
    const int* const address = key.get();
    CHECK_THROWS_AS(map.load_or_compute(std::move(key), []() -> int { throw factory_failed(); }, mode), factory_failed);
    CHECK(key.get() == address);
    CHECK_FALSE(map.load_or_compute(std::move(key), []() -> std::optional<int> { return {}; }, mode).value.has_value());
    CHECK(key.get() == address);
    CHECK_FALSE(map.load_or_compute(std::move(key), [] { return 3; }, mode).loaded);
    CHECK(key == nullptr);
    map.cvisit_all([&](const auto& element) {
      // The same key as in the map: whatever looks it up must not take it.
      if (element.first.get() == address) key.reset(const_cast<int*>(address));
    });
    CHECK(map.load_or_compute(std::move(key), [] { return 4; }, mode).loaded);
    REQUIRE(key.get() == address);
    static_cast<void>(key.release());
  }
  CHECK(map.size() == 3);
}

TEST_CASE("of those that join a flight which declines, those that may decline have, and the others call their own") {
  int_shards map(evac::shards{1});
  std::atomic<bool> leader_inside{false};
  std::atomic<int> calling{0};
  std::optional<int> lead = 1;
  std::optional<int> joined = 1;
  int own = 0;
  const auto mode = evac::compute_mode::single_flight;
  std::thread leader([&] {
    lead = map.get_or_compute(
        1,
        [&]() -> std::optional<int> {
          leader_inside = true;
          await([&] { return calling.load() == 2; });
          for (int i = 0; i < 1000; ++i) std::this_thread::yield();
          return std::nullopt;
        },
        mode);
  });
  await([&] { return leader_inside.load(); });
  std::atomic<int> asked{0};
  std::thread declining([&] {
    ++calling;
    joined = map.get_or_compute(1, [&]() -> std::optional<int> { return ++asked, std::nullopt; }, mode);
  });
  std::thread computing([&] {
    ++calling;
    own = map.get_or_compute(1, [] { return 7; }, mode);
  });
  for (std::thread* each : {&leader, &declining, &computing}) each->join();
  CHECK(lead == std::nullopt);
  CHECK((joined == std::nullopt || joined == 7));  // 7 if it came late
  CHECK(own == 7);
  CHECK(map.find(1) == 7);
}

TEST_CASE("callers of one key share one flight") {
  int_shards map(evac::shards{4});
  std::atomic<int> computed{0};
  const std::vector<result> results = share_one_flight(map, false, computed);
  CHECK(computed == 1);
  for (const result& each : results) {
    CHECK(each.got == 1);
    CHECK_FALSE(each.failed);
  }
  CHECK(map.find(1) == 1);
  CHECK(map.size() == 1);
}

TEST_CASE("an exception of the flight's factory reaches all that wait, and nothing is inserted") {
  int_shards map(evac::shards{4});
  std::atomic<int> computed{0};
  const std::vector<result> results = share_one_flight(map, true, computed);
  // A thread that comes after the flight has landed starts another one, which fails as well.
  CHECK(computed >= 1);
  for (const result& each : results) CHECK(each.failed);
  CHECK(map.empty());
  CHECK(map.get_or_compute(1, [] { return 3; }, evac::compute_mode::single_flight) == 3);
}

TEST_CASE("under_lock computes once however many threads ask") {
  int_shards map(evac::shards{2});
  std::atomic<int> computed{0};
  std::vector<int> got(4, 0);
  std::vector<std::thread> threads;
  for (int& mine : got) {
    threads.emplace_back([&] { mine = map.get_or_compute(1, [&] { return ++computed; }); });
  }
  for (std::thread& each : threads) each.join();
  CHECK(computed == 1);
  CHECK(got == std::vector<int>(4, 1));
}

TEST_CASE("a map with flights can be copied, moved and assigned") {
  int_shards map(evac::shards{1});
  int_shards copy(evac::shards{1});
  const int computed = map.get_or_compute(
      1,
      [&] {
        map.emplace(2, 2);
        copy = map;
        const int_shards moved(std::move(map));
        return static_cast<int>(moved.size());
      },
      evac::compute_mode::single_flight);
  CHECK(computed == 1);
  CHECK(copy.size() == 1);
  CHECK(map.find(1) == 1);
  CHECK(map.size() == 1);
}

TEST_CASE("visit2 gives both elements in the order of the keys, the same one twice for equal keys") {
  for (const std::size_t count : shard_counts) {
    int_shards map = filled_shards<int_shards>(count, 64);
    // 64 keys in at most 4 shards: pairs of the same shard, of two, and in both orders of address.
    for (int i = 0; i < 64; ++i) {
      for (int j = 0; j < 64; ++j) {
        std::pair<int, int> keys{-1, -1};
        const bool both = map.visit2(i, j, [&, once = std::unique_ptr<int>()](value& first, value& second) {
          keys = {first.first, second.first};
          if (i == j) {
            keys.first += &first == &second ? 0 : 1000;
          } else {
            std::swap(first.second, second.second);
          }
        });
        REQUIRE(both);
        REQUIRE(keys == std::pair(i, j));
      }
    }
    int visits = 0;
    const auto note = [&](value&, value&) { ++visits; };
    CHECK_FALSE(map.visit2(1, 64, note));
    CHECK_FALSE(map.visit2(64, 1, note));
    CHECK_FALSE(map.visit2(64, 64, note));
    CHECK_FALSE(map.visit2(64, 65, note));
    CHECK(visits == 0);
    CHECK_ALL_FREE(map);
    int sum = 0;
    map.cvisit_all([&](const value& element) { sum += element.second; });
    CHECK(sum == 63 * 64 / 2);
  }
}
