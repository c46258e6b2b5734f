// counters() beside threads that write, wait and hold locks and guards.
#include <atomic>
#include <cstdint>
#include <evac/detail/platform/thread_id.hpp>
#include <evac/map.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

namespace {

using sharded = evac::sharded_map<std::uint64_t, std::uint64_t>;

/// Holds a guard of a domain in a thread of its own.
class guard_elsewhere {
 public:
  explicit guard_elsewhere(evac::epoch_domain& domain)
      : thread_([&] {
          const evac::epoch_domain::guard inside(domain);
          id_ = evac::detail::system_thread_id();
          await([&] { return done_.load(); });
        }) {
    await([&] { return id_.load() != 0; });
  }
  guard_elsewhere(const guard_elsewhere&) = delete;
  guard_elsewhere& operator=(const guard_elsewhere&) = delete;
  ~guard_elsewhere() {
    done_ = true;
    thread_.join();
  }
  [[nodiscard]] std::size_t id() const { return static_cast<std::size_t>(id_.load()); }

 private:
  std::atomic<int> id_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE(
    "counters of a sharded map can be read while a shard is held, and tell how long another thread sleeps for it") {
  sharded map(evac::shards{1});
  map.emplace(1, 1);
  std::thread waits;
  evac::map_counters inside;
  map.visit(1, [&](auto&) {
    waits = std::thread([&] { map.emplace(2, 2); });
    await([&] { return map.counters().parked != 0; });
    await([&] { return map.counters().waits != 0; });
    inside = map.counters();
  });
  waits.join();
  const evac::map_counters counters = map.counters();
  CHECK(inside.size == 1);
  CHECK(inside.waiting == 1);
  CHECK(counters.size == 2);
  CHECK(counters.contended >= 1);
  CHECK(counters.parked >= 1);
  CHECK(counters.waits == 1);
  CHECK(counters.waiting == 0);
  CHECK(counters.parked_time.count() > 0);
  CHECK(counters.parked_time == map.counters_of_shard(0).parked_time);
}

TEST_CASE("counters of a sharded map never show more than was there, whatever else runs") {
  sharded map(evac::shards{2});
  sharded other(evac::shards{2});
  constexpr std::uint64_t keys = 400;
  constexpr int rounds = 30;
  std::atomic<bool> done{false};
  std::atomic<std::size_t> wrong{0};
  std::thread scrapes([&] {
    while (!done) {
      const evac::map_counters all = map.counters();
      if (all.size > keys || all.home_slots > 64 * keys || all.clears > rounds || map.memory_usage() > (1U << 20U))
        ++wrong;
      std::this_thread::yield();
    }
  });
  in_threads(3, [&](std::size_t thread) {
    for (int round = 0; round < rounds; ++round) {
      for (std::uint64_t i = thread; i < keys; i += 3) map.emplace(i, i);
      for (std::uint64_t i = thread; i < keys; i += 6) map.erase(i);
      if (thread == 0) map.clear();
      if (thread == 1) map.swap(other);
      if (thread == 2) map.rehash(0);
    }
  });
  done = true;
  scrapes.join();
  CHECK(wrong == 0);
  CHECK(map.counters().size == map.size());
  CHECK(map.counters().home_slots == map.bucket_count());
  CHECK(map.memory_usage() == map.stats().total.table.total_bytes());
}

TEST_CASE("counters of a sync map can be read beside writers and clear()") {
  evac::epoch_domain domain;
  evac::sync_map<int, std::string> map(domain);
  constexpr int rounds = 20;
  std::atomic<bool> done{false};
  std::atomic<std::size_t> wrong{0};
  std::thread scrapes([&] {
    while (!done) {
      const evac::map_counters all = map.counters();
      if (all.size > 60 * 200 || all.clears > rounds || all.guards > 5) ++wrong;
      std::this_thread::yield();
    }
  });
  in_threads(3, [&](std::size_t thread) {
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < 200; ++i) map.store(3 * i + static_cast<int>(thread), "value");
      for (int i = 0; i < 100; ++i) map.erase(6 * i + static_cast<int>(thread));
      if (thread == 0) map.clear();
    }
  });
  done = true;
  scrapes.join();
  CHECK(wrong == 0);
  CHECK(domain.flush());
  CHECK(map.counters().size == map.size());
  CHECK(map.counters().clears == rounds);
  CHECK(map.counters().retired_objects == 0);
  CHECK(map.counters().retired_bytes == 0);
}

TEST_CASE("counters of a sync map name the thread whose guard keeps garbage, and for how long") {
  evac::epoch_domain domain;
  evac::sync_map<int, std::string> map(domain);
  map.store(1, "first");
  CHECK(map.counters().guards == 0);
  CHECK(map.counters().oldest_guard_thread == 0);
  {
    const guard_elsewhere old(domain);
    map.store(1, "second");
    CHECK_FALSE(domain.flush());
    const evac::map_counters counters = map.counters();
    CHECK(counters.guards == 1);
    CHECK(counters.oldest_guard_thread == old.id());
    CHECK(counters.oldest_guard.count() > 0);
    CHECK(counters.retired_objects == 1);
    CHECK(counters.retired_bytes > sizeof(std::string));
  }
  CHECK(domain.flush());
  CHECK(map.counters().oldest_guard.count() == 0);
  CHECK(map.counters().retired_objects == 0);
}

TEST_CASE("look-ups of many threads are all counted, while another thread reads the counts") {
  using hash = evac::counted_lookups<evac::hash<std::uint64_t>>;
  evac::sharded_map<std::uint64_t, std::uint64_t, hash> of_shards;
  evac::sync_map<std::uint64_t, std::uint64_t, hash> of_all;
  constexpr std::uint64_t keys = 3000;
  for (std::uint64_t i = 0; i < keys; i += 3) {
    of_shards.emplace(i, i);
    of_all.store(i, i);
  }
  const std::size_t threads = crowd();
  std::atomic<std::size_t> running{threads};
  std::atomic<std::size_t> backwards{0};
  in_threads(threads + 1, [&](std::size_t thread) {
    if (thread == threads) {
      evac::map_counters before;
      while (running != 0) {
        const evac::map_counters now = of_all.counters();
        if (now.hits < before.hits || now.misses < before.misses) ++backwards;
        before = now;
      }
      return;
    }
    for (std::uint64_t i = 0; i < keys; ++i) {
      static_cast<void>(of_shards.contains(i));
      static_cast<void>(of_all.contains(i));
    }
    --running;
  });
  CHECK(backwards == 0);
  CHECK(of_shards.counters().hits == threads * keys / 3);
  CHECK(of_shards.counters().misses == threads * (keys - keys / 3));
  CHECK(of_all.counters().hits == threads * keys / 3);
  CHECK(of_all.counters().misses == threads * (keys - keys / 3));
}

TEST_CASE("threads may read a map of one owner together that counts its look-ups: some may be lost, none is made up") {
  evac::map<std::uint64_t, std::uint64_t, evac::counted_lookups<evac::hash<std::uint64_t>>> map = {{1, 1}};
  const std::size_t threads = crowd();
  constexpr std::size_t calls = 1000;
  in_threads(threads, [&](std::size_t) {
    for (std::size_t i = 0; i < calls; ++i) static_cast<void>(map.contains(i % 2));
  });
  const evac::map_counters counters = map.counters();
  CHECK(counters.hits > 0);
  CHECK(counters.hits <= threads * calls / 2);
  CHECK(counters.misses <= threads * calls / 2);
}
