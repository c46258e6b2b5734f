// Many threads on one cache, with a listener that counts and uses the cache: what must come out exactly, whoever is
// where.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <evac/cache.hpp>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/in_threads.hpp"
#include "support/live_value.hpp"
#include "support/manual_clock.hpp"
#include "support/same_words.hpp"

using namespace evac_test;
using namespace std::chrono_literals;

namespace {

using number = std::uint64_t;

/// All verbs by several threads, and what the listener is told of each value.
class crowded_cache {
 public:
  static constexpr number keys = 300;
  static constexpr std::size_t shards = 4;

  crowded_cache(std::size_t capacity, std::size_t threads, std::size_t calls)
      : threads_(threads),
        calls_(calls),
        told_(threads * calls),
        came_in_(threads * calls),
        cached_(evac::shards{shards}, capacity,
                [this](const number& key, live_value& value, evac::removal_cause) { hear(key, value); }) {}

  /// Returns how often something was wrong.
  std::size_t run() {
    return in_threads(threads_, [&](std::size_t thread) {
      dice roll(thread);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < calls_; ++i) wrong += one(roll, thread * calls_ + i);
      return wrong;
    });
  }
  /// How many values were told another number of times than they came in, once or not at all. When the cache is empty
  /// again.
  [[nodiscard]] std::size_t told_wrongly() const {
    std::size_t wrong = 0;
    for (std::size_t id = 0; id < told_.size(); ++id) wrong += told_[id] == came_in_[id] ? 0 : 1;
    return wrong;
  }
  [[nodiscard]] std::size_t came_in() const {
    return static_cast<std::size_t>(std::count(came_in_.begin(), came_in_.end(), 1));
  }
  [[nodiscard]] std::size_t asked() const { return asked_; }
  [[nodiscard]] std::size_t failed() const { return failed_; }
  [[nodiscard]] auto& cached() { return cached_; }

 private:
  // A value says of which key it is.
  [[nodiscard]] static live_value value_of(number key, std::size_t id) { return live_value(id * keys + key); }
  [[nodiscard]] static bool is_of(const live_value& value, number key) { return *value.number % keys == key; }

  void hear(number key, const live_value& value) {
    stumble();
    if (is_of(value, key)) ++told_[*value.number / keys];
    // A listener may use the cache, also in ways of which it is told.
    ++asked_;
    static_cast<void>(cached_.get((key + 1) % keys, [](const live_value&) {}));
    if (*value.number % 64 == 0) static_cast<void>(cached_.erase((key + 7) % keys));
  }

  /// A call that may bring a value of this number in.
  [[nodiscard]] std::size_t one(dice& roll, std::size_t id) {
    const number key = roll(keys);
    std::size_t wrong = 0;
    const auto look = [&](const live_value& value) {
      stumble();
      wrong += is_of(value, key) ? 0 : 1;
    };
    switch (roll(20)) {
      case 0:
      case 1:
        static_cast<void>(cached_.erase(key));
        break;
      case 2:
        wrong += whole(id);
        static_cast<void>(cached_.contains(key));
        break;
      case 3:
      case 4:
        ++asked_;
        if (const auto found = cached_.get(key)) look(*found);
        break;
      case 5:
      case 6:
      case 7:
        ++asked_;
        static_cast<void>(cached_.get(key, look));
        break;
      case 8:
      case 9:
      case 10:
        came_in_[id] = cached_.put_if_absent(key, value_of(key, id)) ? 1 : 0;
        break;
      case 11:
      case 12:
      case 13:
      case 14:
        ++asked_;
        came_in_[id] = computed(key, id, look) ? 1 : 0;
        break;
      case 15:
        came_in_[id] = 1;
        cached_.put_range(std::array{std::pair(key, value_of(key, id))});
        break;
      default:
        came_in_[id] = 1;
        cached_.put(key, value_of(key, id));
    }
    // One more for each thread that is just putting one in, but no more than one in each shard.
    return wrong + (cached_.size() > cached_.capacity() + std::min(threads_, shards) ? 1 : 0);
  }
  /// Now and then, a call on many elements. Returns how often something was wrong.
  [[nodiscard]] std::size_t whole(std::size_t id) {
    std::size_t wrong = 0;
    const auto look = [&](const number& key, const live_value& value) { wrong += is_of(value, key) ? 0 : 1; };
    switch (id % 64) {
      case 0:
        cached_.clear();
        break;
      case 1:
        cached_.erase_if([&](const number& key, const live_value& value) { return look(key, value), key % 16 == 3; });
        break;
      case 2:
        cached_.for_each(look);
        break;
      case 3:
        cached_.set_capacity(cached_.capacity());
        break;
      default:
        const std::array<number, 3> some{id % keys, (id + 1) % keys, (id + 2) % keys};
        asked_ += some.size();
        cached_.get(some.begin(), some.end(), look);
    }
    return wrong;
  }
  [[nodiscard]] static live_value loaded(number key, std::size_t id) {
    stumble();
    if (id % 16 == 0) throw std::runtime_error("nothing to be had");
    return value_of(key, id);
  }
  /// Whether it is this value that get_or_compute() put in.
  template <class Look>
  [[nodiscard]] bool computed(number key, std::size_t id, const Look& look) {
    try {
      const live_value got = cached_.get_or_compute(key, [&] { return loaded(key, id); });
      look(got);
      return *got.number / keys == id;
    } catch (const std::runtime_error&) {
      ++failed_;
      return false;
    }
  }

  std::size_t threads_, calls_;
  std::vector<std::atomic<unsigned>> told_;  // by the number of the value
  std::vector<unsigned> came_in_;            // the same; each is written by the thread that made the value
  std::atomic<std::size_t> asked_{0};
  std::atomic<std::size_t> failed_{0};
  evac::cache<number, live_value> cached_;
};

}  // namespace

TEST_CASE("each value that came into a cache is there or was told once, whatever threads and the listener do") {
  for (const std::size_t capacity : {0U, 1U, 7U, 100U, 1000U}) {
    {
      crowded_cache all(capacity, crowd(), rounds(12000));
      INFO("capacity " << capacity);
      REQUIRE(all.run() == 0);
      auto& cached = all.cached();
      REQUIRE(cached.size() <= capacity);
      REQUIRE(live_value::live == static_cast<std::ptrdiff_t>(cached.size()));
      for (number key = 0; key < crowded_cache::keys; ++key) static_cast<void>(cached.erase(key));
      cached.clear();
      REQUIRE(cached.empty());
      REQUIRE(live_value::live == 0);
      REQUIRE(all.told_wrongly() == 0);
      REQUIRE(all.came_in() > 1000);
      REQUIRE(all.failed() > 0);
      const evac::cache_counters counted = cached.counters();
      CHECK(counted.evicted + counted.replaced + counted.erased + counted.cleared == all.came_in());
      CHECK(counted.hits + counted.misses == all.asked());
      if (capacity == 100) CHECK(std::min({counted.evicted, counted.replaced, counted.erased, counted.hits}) > 0);
    }
    REQUIRE(live_value::live == 0);
  }
}

TEST_CASE(
    "each value that came into a cache that weighs and expires is there or was told once, while its capacity changes") {
  struct two_or_one {
    std::size_t operator()(const number& key, const live_value&) const { return 1 + key % 2; }
  };
  constexpr number keys = 300;
  const std::size_t calls = rounds(12000);
  std::vector<std::atomic<unsigned>> told(crowd() * calls);
  std::atomic<std::size_t> expired{0};
  {
    evac::expiring_cache<number, live_value, manual_clock, two_or_one> cached(
        {.capacity = 200, .shard_count = 2, .time_to_live = 300ns, .time_to_idle = 200ns},
        [&](const number&, const live_value& value, evac::removal_cause cause) {
          ++told[*value.number];
          expired += cause == evac::removal_cause::expired ? 1 : 0;
        });
    in_threads(crowd(), [&](std::size_t thread) {
      dice roll(thread);
      for (std::size_t i = 0; i < calls; ++i) {
        const number key = roll(keys);
        static_cast<void>(cached.get(key, [](const live_value&) { stumble(); }));
        cached.put(key, live_value(thread * calls + i));
        switch (roll(64)) {
          case 0:
            cached.set_capacity(100 + roll(200));
            break;
          case 1:
            cached.sweep(50);
            break;
          case 2:
            cached.erase(roll(keys));
            break;
          case 3:
            cached.set_expiry(roll(keys), {.time_to_live = 20ns});
            break;
          default:
            if (i % 16 == 0) manual_clock::advance(5ns);
        }
      }
    });
    cached.clear();
    REQUIRE(cached.empty());
    REQUIRE(cached.weight() == 0);
    REQUIRE(std::all_of(told.begin(), told.end(), [](unsigned times) { return times == 1; }));
    CHECK(expired != 0);
    CHECK(cached.counters().evicted != 0);
  }
  REQUIRE(live_value::live == 0);
}

TEST_CASE("a value of 64 bytes is never seen torn in a cache, while others replace, erase and evict it") {
  evac::cache<number, same_words<8>> cached(evac::shards{2}, 20);
  for (number key = 0; key < 24; ++key) cached.put(key, same_words<8>(key));  // for threads that look before any writes
  std::atomic<std::size_t> seen{0};
  const std::size_t torn = in_threads(crowd(), [&](std::size_t thread) {
    dice roll(thread);
    std::size_t bad = 0;
    for (std::size_t i = 0; i < rounds(12000); ++i) {
      const number key = roll(24);
      if (thread % 2 == 0) {
        cached.put(key, same_words<8>(roll(1000)));
        if (i % 8 == 0) cached.erase(roll(24));
        continue;
      }
      if (const auto found = cached.get(key)) bad += found->is_torn() ? 1 : 0;
      seen += cached.get(key, [&](const same_words<8>& value) {
        stumble();
        bad += value.is_torn() ? 1 : 0;
      });
    }
    return bad;
  });
  REQUIRE(torn == 0);
  REQUIRE(seen != 0);
}

TEST_CASE("all that a thread did before it put a value into a cache is visible to every thread that gets it") {
  constexpr number keys = 8000;
  evac::cache<number, number> cached(evac::shards{2}, 2 * keys);
  std::vector<number> before(keys,
                             0);  // on purpose not atomic: the cache orders the accesses, or ThreadSanitizer complains
  std::atomic<std::size_t> seen_early{0};
  const std::size_t wrong = in_threads(3, [&](std::size_t thread) {
    std::size_t bad = 0;
    if (thread == 0) {
      for (number key = 0; key < keys; ++key) {
        before[key] = key + 1;
        switch (key % 3) {
          case 0:
            cached.put(key, key);
            break;
          case 1:
            cached.put_if_absent(key, key);
            break;
          default:
            static_cast<void>(cached.get_or_compute(key, [key] { return key; }));
        }
        stumble();
      }
      return bad;
    }
    for (number next = 0; next < keys;) {
      const bool there = cached.get(next, [&](const number& value) {
        bad += before[value] == next + 1 ? 0 : 1;
        if (value + 1 < keys) ++seen_early;
      });
      next += there ? 1 : 0;
      stumble();
    }
    return bad;
  });
  REQUIRE(wrong == 0);
  REQUIRE(seen_early != 0);
}
