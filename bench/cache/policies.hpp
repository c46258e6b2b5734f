// Eviction policies as their papers have them, for one thread and without values: what share of a trace they could
// find.
//
//   policy(capacity)
//   ask(key) -> bool       a hit; a key that is not there comes in
#ifndef EVAC_BENCH_CACHE_POLICIES_HPP
#define EVAC_BENCH_CACHE_POLICIES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <limits>
#include <list>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cache/traces.hpp"

namespace bench {

/// SIEVE (Zhang et al., NSDI 2024): a hand goes from the oldest key to the newest, clears marks, and takes the first
/// key without one.
class sieve_policy {
  struct entry {
    std::uint64_t key;
    bool marked;
  };
  using entries = std::list<entry>;

 public:
  static constexpr const char* name = "SIEVE, simulated";
  explicit sieve_policy(std::size_t capacity) : capacity_(capacity) {}
  sieve_policy(const sieve_policy&) = delete;
  sieve_policy& operator=(const sieve_policy&) = delete;
  ~sieve_policy() = default;

  bool ask(std::uint64_t key) {
    if (const auto found = places_.find(key); found != places_.end()) {
      found->second->marked = true;
      return true;
    }
    if (places_.size() == capacity_) evict();
    order_.push_back({key, false});
    places_[key] = std::prev(order_.end());
    return false;
  }

 private:
  void evict() {
    for (;; ++hand_) {
      if (hand_ == order_.end()) hand_ = order_.begin();
      if (!std::exchange(hand_->marked, false)) break;
    }
    places_.erase(hand_->key);
    hand_ = order_.erase(hand_);
  }

  std::size_t capacity_;
  entries order_;  // the oldest first
  entries::iterator hand_ = order_.end();
  std::unordered_map<std::uint64_t, entries::iterator> places_;
};

/// S3-FIFO (Yang et al., SOSP 2023): a tenth of the room for what is new, the rest for keys that were asked for more than once
/// there, and for those that come back soon after they had to leave, whose names are kept for that.
class s3_fifo_policy {
  static constexpr unsigned most_hits = 3;
  static constexpr unsigned hits_to_stay = 2;
  struct entry {
    unsigned hits = 0;
  };

 public:
  static constexpr const char* name = "S3-FIFO, simulated";
  explicit s3_fifo_policy(std::size_t capacity)
      : new_room_(std::max<std::size_t>(1, capacity / 10)), main_room_(capacity - new_room_) {}

  bool ask(std::uint64_t key) {
    if (const auto found = held_.find(key); found != held_.end()) {
      found->second.hits = std::min(found->second.hits + 1, most_hits);
      return true;
    }
    while (held_.size() >= new_room_ + main_room_) evict();
    (gone_.contains(key) ? main_ : new_).push_back(key);
    held_[key] = {};
    return false;
  }

 private:
  void evict() {
    if (new_.size() >= new_room_ || main_.empty()) {
      evict_new();
    } else {
      evict_main();
    }
  }
  void evict_new() {
    while (!new_.empty()) {
      const std::uint64_t key = new_.front();
      new_.pop_front();
      const auto own = held_.find(key);
      if (own->second.hits < hits_to_stay) {
        held_.erase(own);
        remember(key);
        return;
      }
      own->second.hits = 0;
      main_.push_back(key);
    }
  }
  void evict_main() {
    for (;;) {
      const std::uint64_t key = main_.front();
      main_.pop_front();
      const auto own = held_.find(key);
      if (own->second.hits == 0) {
        held_.erase(own);
        return;
      }
      --own->second.hits;
      main_.push_back(key);
    }
  }
  void remember(std::uint64_t key) {
    gone_order_.push_back(key);
    ++gone_[key];
    if (gone_order_.size() <= main_room_) return;
    const auto oldest = gone_.find(gone_order_.front());
    if (--oldest->second == 0) gone_.erase(oldest);
    gone_order_.pop_front();
  }

  std::size_t new_room_, main_room_;
  std::deque<std::uint64_t> new_, main_, gone_order_;  // the oldest first
  std::unordered_map<std::uint64_t, entry> held_;
  std::unordered_map<std::uint64_t, unsigned> gone_;  // how often the key is in gone_order_
};

/// Requests in a hundred that hit.
template <class Policy>
[[nodiscard]] double percent_of_hits(std::size_t capacity, const trace& keys) {
  Policy policy(capacity);
  const auto hits = std::count_if(keys.begin(), keys.end(), [&](std::uint64_t key) { return policy.ask(key); });
  return 100 * static_cast<double>(hits) / static_cast<double>(keys.size());
}

/// The same of Belady's optimum, which knows the future: the key goes that is asked for last.
[[nodiscard]] inline double percent_of_best_hits(std::size_t capacity, const trace& keys) {
  constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> next(keys.size(), never);
  std::unordered_map<std::uint64_t, std::size_t> later;
  for (std::size_t i = keys.size(); i-- != 0;) {
    const auto [at, last] = later.try_emplace(keys[i], i);
    if (!last) next[i] = std::exchange(at->second, i);
  }
  std::set<std::pair<std::size_t, std::uint64_t>> held;  // by the request that asks again
  std::unordered_map<std::uint64_t, std::size_t> due;    // of those that are held
  std::size_t hits = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (const auto found = due.find(keys[i]); found != due.end()) {
      ++hits;
      held.erase({found->second, keys[i]});
      due.erase(found);
    }
    held.emplace(next[i], keys[i]);
    due[keys[i]] = next[i];
    if (held.size() <= capacity) continue;
    due.erase(held.rbegin()->second);
    held.erase(std::prev(held.end()));
  }
  return 100 * static_cast<double>(hits) / static_cast<double>(keys.size());
}

}  // namespace bench

#endif
