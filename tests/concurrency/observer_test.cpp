// Observers of maps that several threads use: waits, the cap of a domain, and observe() beside calls that are under
// way.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <evac/detail/platform/thread_id.hpp>
#include <evac/epoch.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/event_recorder.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

namespace {

using sharded = evac::sharded_map<int, int>;
using over_mutex = evac::sharded_map<int, int, evac::hash<int>, evac::equal_to<int>,
                                     std::allocator<std::pair<const int, int>>, std::shared_mutex>;

constexpr std::chrono::nanoseconds any_time{0};

/// One thread waits for a visitor that holds the only shard until it sleeps.
template <class Map>
void make_one_wait(Map& map) {
  std::thread waits;
  map.visit(1, [&](auto&) {
    waits = std::thread([&] { map.erase(2); });
    await([&] { return map.counters().contended + map.counters().parked != 0; });
    if constexpr (!std::is_same_v<typename Map::mutex_type, std::shared_mutex>) {
      await([&] { return map.counters().parked != 0; });
    }
  });
  waits.join();
}

/// Equality that, in one thread, stops at a call of a given number until it may go on.
struct stopping_equal {
  static inline thread_local std::size_t calls = 0;
  static inline thread_local std::size_t stops_at = 0;
  static inline thread_local const std::function<void()>* stop = nullptr;
  bool operator()(int left, int right) const {
    if (++calls == stops_at) (*stop)();
    return left == right;
  }
};
struct one_hash {
  using is_avalanching = void;
  std::size_t operator()(int) const noexcept { return 0; }
};

/// Counts calls, and those that come when its map should have forgotten it.
struct dies_first : evac::observer {
  std::atomic<std::size_t>& told;
  std::atomic<bool> alive{true};
  std::atomic<std::size_t>& told_when_dead;
  dies_first(std::atomic<std::size_t>& count, std::atomic<std::size_t>& wrong) : told(count), told_when_dead(wrong) {}
  void growth_begun(const growth_event&) noexcept override { note(); }
  void growth_ended(const growth_event&) noexcept override { note(); }
  void cleared(const cleared_event&) noexcept override { note(); }
  void note() noexcept {
    ++told;
    stumble();
    if (!alive) ++told_when_dead;
  }
};

template <class Map>
void change_observers_beside_writers(Map& map, const std::function<void(int)>& write) {
  std::atomic<std::size_t> told{0};
  std::atomic<std::size_t> wrong{0};
  std::atomic<bool> done{false};
  std::thread writer([&] {
    while (!done) {
      for (int key = 0; key < 2000; ++key) write(key);
      map.clear();
    }
  });
  for (int round = 0; round < 30; ++round) {
    const std::size_t before = told;
    const auto by = std::make_unique<dies_first>(told, wrong);
    map.observe(by.get());
    await([&] { return told != before; });
    map.observe(nullptr);
    by->alive = false;  // and its memory goes right after: a sanitizer would find a late call
  }
  done = true;
  writer.join();
  CHECK(told >= 30);
  CHECK(wrong == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("a thread that had to wait for a shard is told with both calls, under the lock", "", sharded,
                   over_mutex) {
  TestType map(evac::shards{1});
  map.emplace(1, 1);
  map.emplace(2, 2);
  event_recorder told(any_time);
  map.observe(&told);
  make_one_wait(map);
  map.observe(nullptr);
  REQUIRE(told.waits().size() == 1);
  const auto& event = told.waits()[0];
  CHECK(event.map == &map);
  CHECK(event.shard == 0);
  CHECK(event.time.count() > 0);
  CHECK(event.waiter.operation == std::string_view("erase"));
  REQUIRE(event.waiter.file != nullptr);
  CHECK(std::string_view(event.waiter.file).ends_with("observer_test.cpp"));
  CHECK(event.waiter.line != 0);
  if constexpr (EVAC_CHECKS != 0) {
    REQUIRE(event.holder.operation != nullptr);
    CHECK(event.holder.operation == std::string_view("visit"));
    CHECK(event.holder.line != 0);
    CHECK(event.holder.line < event.waiter.line + 1);
    CHECK(event.holder_thread == static_cast<std::size_t>(evac::detail::system_thread_id()));
  } else {
    CHECK(event.holder_thread == 0);
  }
}

TEST_CASE("a wait that is shorter than the patience of the observer is not told") {
  sharded map(evac::shards{1});
  map.emplace(1, 1);
  event_recorder patient{std::chrono::hours(1)};
  map.observe(&patient);
  make_one_wait(map);
  map.observe(nullptr);
  CHECK(patient.patience() == std::chrono::hours(1));
  CHECK(patient.all() == 0);
}

TEST_CASE("a writer that had to wait for readers of a biased shard is told") {
  sharded map(evac::shards{1});
  map.emplace(1, 1);
  event_recorder told(any_time);
  map.observe(&told);
  // A writer that meets the reader at its first few looks does not look at the clock: then another has to.
  while (told.waits().empty()) {
    for (int reads = 0; reads < 10'000; ++reads) map.cvisit(1, [](const auto&) {});
    std::thread writer;
    map.cvisit(1, [&](const auto&) {
      writer = std::thread([&] { map.visit(1, [](auto&) {}); });
      await([&] { return map.dump_locks().find("held exclusively") != std::string::npos; });
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    writer.join();
  }
  map.observe(nullptr);
  CHECK(told.waits()[0].shard == 0);
  CHECK(told.waits()[0].waiter.operation == std::string_view("visit"));
}

TEST_CASE("a thread that slept for a bucket of a sync map is told once it has unlocked it") {
  evac::epoch_domain domain;
  evac::sync_map<int, int, one_hash, stopping_equal> map(0, one_hash(), stopping_equal(), {}, domain);
  for (int key = 0; key < 6; ++key) map.store(key, key);
  event_recorder told(any_time);
  map.observe(&told);
  // The last comparison of a write that finds no room in the home is under the lock.
  for (int key = 6; key < 20; ++key) map.store(key, key);
  stopping_equal::calls = 0;
  map.store(100, 1);
  const std::size_t calls = stopping_equal::calls;
  map.erase(100);
  std::thread waits;
  const std::function<void()> stop = [&] {
    waits = std::thread([&] { map.store(101, 1); });
    await([&] { return domain.stats().parked != 0; });
  };
  stopping_equal::calls = 0;
  stopping_equal::stops_at = calls;
  stopping_equal::stop = &stop;
  map.store(100, 1);
  stopping_equal::stops_at = 0;
  waits.join();
  map.observe(nullptr);
  REQUIRE(told.waits().size() == 1);
  CHECK(told.waits()[0].map == &map);
  CHECK(told.waits()[0].shard == evac::observer::no_shard);
  CHECK(told.waits()[0].time.count() > 0);
  CHECK(told.waits()[0].waiter.operation == nullptr);
  CHECK(map.contains(101));
}

TEST_CASE("all observed maps of a domain are told when it goes over its cap, and when a writer waits there") {
  evac::epoch_domain domain(small_cap);
  evac::sync_map<int, std::string> writes(domain);
  evac::sync_map<int, std::string> watches(domain);
  evac::sync_map<int, std::string> alone(domain);
  event_recorder told;
  event_recorder gone;
  writes.observe(&told);
  watches.observe(&told);
  alone.observe(&gone);
  alone.observe(nullptr);
  writes.store(1, "first");
  {
    const domain_guard guard(domain);
    while (domain.stats().over_cap == 0) writes.store(1, "again");
    const std::size_t once = told.over_caps().size();
    CHECK(once == 2);  // one for each map
    for (int round = 0; round < 100; ++round) writes.store(1, "again");
    CHECK(told.over_caps().size() == once);
  }
  for (const auto& event : told.over_caps()) {
    CHECK_FALSE(event.waits);
    CHECK(event.charged_bytes > event.cap_bytes);
    CHECK(event.cap_bytes == small_cap);
  }
  CHECK(told.over_caps().front().map != told.over_caps().back().map);
  std::thread writer;
  {
    const guard_elsewhere old(domain);
    writer = std::thread([&] {
      for (int round = 0; round < 1000; ++round) writes.store(1, "again");
    });
    await([&] { return domain.stats().cap_waits != 0; });
  }
  writer.join();
  writes.observe(nullptr);
  watches.observe(nullptr);
  CHECK(told.over_caps().back().waits);
  CHECK(gone.all() == 0);
}

TEST_CASE("a sync map that is destroyed while it is observed is told of nothing more") {
  std::atomic<std::size_t> gone{0};  // outlives the domain, which destroys what counts there
  evac::epoch_domain domain(small_cap);
  event_recorder told;
  {
    evac::sync_map<int, std::string> map(domain);
    map.observe(&told);
  }
  {
    const domain_guard guard(domain);
    while (domain.stats().over_cap == 0) domain.retire(new tallied(gone), object_bytes);
  }
  CHECK(told.all() == 0);
}

TEST_CASE("an observer whose own writes come to the cap of the domain is not told of that") {
  struct writes_too : evac::observer {
    evac::sync_map<int, std::string>* other = nullptr;
    std::size_t told = 0;
    void over_cap(const over_cap_event&) noexcept override {
      ++told;
      for (int round = 0; round < 100; ++round) other->store(1, "again");
    }
  };
  evac::epoch_domain domain(small_cap);
  evac::sync_map<int, std::string> other(domain);
  evac::sync_map<int, std::string> map(domain);
  writes_too by;
  by.other = &other;
  map.observe(&by);
  const domain_guard guard(domain);
  while (by.told == 0) map.store(1, "again");
  CHECK(by.told == 1);
  map.observe(nullptr);
}

TEST_CASE("when observe() of a sharded map has returned, the observer before is not called any more") {
  sharded map(evac::shards{4});
  change_observers_beside_writers(map, [&](int key) { map.emplace(key, key); });
}

TEST_CASE("when observe() of a sync map has returned, the observer before is not called any more") {
  evac::epoch_domain domain;
  evac::sync_map<int, int> map(domain);
  change_observers_beside_writers(map, [&](int key) { map.store(key, key); });
}

TEST_CASE("observe() of a sync map does not wait for a guard of its own thread") {
  evac::epoch_domain domain;
  evac::sync_map<int, int> map(domain);
  event_recorder told;
  const domain_guard guard(domain);
  map.observe(&told);
  for (int key = 0; key < 1000; ++key) map.store(key, key);
  map.observe(nullptr);
  CHECK(told.all() != 0);
}
