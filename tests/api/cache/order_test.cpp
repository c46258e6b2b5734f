// A cache of one shard decides as SIEVE's paper says; what leaves is told once; the bound holds.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <evac/cache.hpp>
#include <iterator>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

namespace {

using number = std::uint64_t;

/// SIEVE with a list, for one thread; it takes one that was found if it has spared so many.
class sieve_of_the_paper {
  static constexpr unsigned most_spared = 64;
  struct entry {
    number key;
    bool visited;
  };
  using entries = std::list<entry>;

 public:
  explicit sieve_of_the_paper(std::size_t capacity) : capacity_(capacity) {}
  [[nodiscard]] bool get(number key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return false;
    found->second->visited = true;
    return true;
  }
  /// Returns what it evicts, or 0.
  number put(number key) {
    if (get(key)) return 0;
    number evicted = 0;
    if (places_.size() == capacity_) evicted = evict();
    order_.push_back({key, false});
    places_[key] = std::prev(order_.end());
    return evicted;
  }
  [[nodiscard]] std::size_t erase(number key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return 0;
    if (hand_ == found->second) ++hand_;
    order_.erase(found->second);
    places_.erase(found);
    return 1;
  }

 private:
  number evict() {
    for (unsigned spared = 0;; ++spared) {
      if (hand_ == order_.end()) hand_ = order_.begin();
      if (!hand_->visited || spared == most_spared) break;
      hand_->visited = false;
      ++hand_;
    }
    const number key = hand_->key;
    places_.erase(key);
    hand_ = order_.erase(hand_);
    return key;
  }

  std::size_t capacity_;
  entries order_;
  entries::iterator hand_ = order_.end();
  std::unordered_map<number, entries::iterator> places_;
};

}  // namespace

TEST_CASE("a cache of one shard evicts what SIEVE evicts") {
  for (const std::size_t capacity : {1U, 2U, 3U, 10U, 100U, 1000U}) {
    std::vector<number> evicted;
    evac::cache<number, number> cached(evac::shards{1}, capacity,
                                       [&](const number& key, number&, evac::removal_cause cause) {
                                         if (cause == evac::removal_cause::size) evicted.push_back(key);
                                       });
    sieve_of_the_paper expected(capacity);
    dice roll(capacity);
    std::size_t evictions = 0;
    for (int i = 0; i < 40'000; ++i) {
      const number key = 1 + (roll(2) == 0 ? roll(capacity) : roll(4 * capacity));
      const number kind = roll(64);  // few are erased: where most names are of such, the hand goes on by itself
      if (kind == 0) {
        REQUIRE(cached.erase(key) == expected.erase(key));
      } else if (kind < 32) {
        REQUIRE(cached.get(key).has_value() == expected.get(key));
      } else {
        evicted.clear();
        cached.put(key, i);
        const number gone = expected.put(key);
        REQUIRE(evicted == (gone == 0 ? std::vector<number>{} : std::vector<number>{gone}));
        evictions += gone == 0 ? 0 : 1;
      }
      REQUIRE(cached.size() <= capacity);
    }
    REQUIRE(evictions > 1000);
    CHECK(cached.counters().evicted == evictions);
  }
}

TEST_CASE("keys that come and go do not make the order longer than twice what is there") {
  evac::cache<number, number> cached(evac::shards{1}, 1000);
  for (number i = 0; i < 10; ++i) cached.put(i, i);
  const auto& order = evac::detail::table_access::state_of(cached).companions[0].order;
  std::size_t most = 0;
  for (number i = 100; i < 100'000; ++i) {
    cached.put(i, i);
    REQUIRE(cached.erase(i) == 1);
    most = std::max(most, order.places());
  }
  constexpr std::size_t names_of_blocks = 2 * 63;
  constexpr std::size_t live = 10 + 1;  // while the hand passes these, it frees no place
  CHECK(most <= 2 * live + names_of_blocks + live);
  CHECK(most > 10);  // places of keys that are gone are counted
  CHECK(order.bytes() <= 8 * 256);
  for (number i = 0; i < 10; ++i) CHECK(cached.get(i) == i);
}

TEST_CASE("each element that leaves is told once, by threads that put, erase and clear at the same time") {
  for (const std::size_t capacity : {0U, 1U, 7U, 200U}) {
    constexpr std::size_t threads = 4;
    constexpr number calls = 4000;
    std::mutex told_mutex;
    std::map<number, int> told;  // by value, which no two elements have in common
    evac::cache<number, number> cached(evac::shards{2}, capacity,
                                       [&](const number&, number& value, evac::removal_cause) {
                                         const std::lock_guard lock(told_mutex);
                                         ++told[value];
                                       });
    std::array<std::size_t, threads> over{};
    in_threads(threads, [&](std::size_t thread) {
      dice roll(thread);
      for (number i = 0; i < calls; ++i) {
        const number key = roll(300);
        static_cast<void>(cached.get(key));
        cached.put(key, thread * calls + i);
        if (roll(4) == 0) cached.erase(roll(300));
        if (i % 1000 == 999) cached.clear();
        over[thread] += cached.size() > capacity + threads ? 1 : 0;
      }
    });
    for (const std::size_t each : over) CHECK(each == 0);
    cached.clear();
    CHECK(cached.empty());
    CHECK(told.size() == threads * calls);
    bool once = true;
    for (const auto& [value, times] : told) once = once && times == 1;
    CHECK(once);
    const evac::cache_counters counted = cached.counters();
    CHECK(counted.evicted + counted.replaced + counted.erased + counted.cleared == threads * calls);
    CHECK(counted.hits + counted.misses == threads * calls);
  }
}
