// boost::concurrent_flat_map made a cache: elements with a mark that hits set, and a ring of keys that a hand goes
// round.
#ifndef EVAC_BENCH_PEERS_CLOCK_CACHE_HPP
#define EVAC_BENCH_PEERS_CLOCK_CACHE_HPP

#if EVAC_BENCH_HAS_BOOST_CONCURRENT
#include <algorithm>
#include <atomic>
#include <boost/unordered/concurrent_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "peers/adapting.hpp"

namespace bench {

/// Clock (Corbato, 1968). A place of the ring that a thread has under its hand is `taken` until the thread puts a key
/// there, so that there are never more elements than places. Two keys are no keys: the benchmarks do not use them.
class clock_cache {
 public:
  explicit clock_cache(std::size_t capacity) : map_(capacity), ring_(std::max<std::size_t>(1, capacity)) {
    for (auto& place : ring_) place.store(nothing);
  }

  bool find(std::uint64_t key, std::uint64_t& out) const {
    const auto take = [&](const auto& element) {
      out = element.second.value;
      auto& marked = element.second.marked.value;
      if (marked.load(std::memory_order_relaxed) == 0) marked.store(1, std::memory_order_relaxed);
    };
    return map_.cvisit(key, take) != 0;
  }
  void put(std::uint64_t key, std::uint64_t value) {
    std::atomic<std::uint64_t>& place = ring_[free_place()];
    place.store(map_.try_emplace(key, entry{value}) ? key : nothing);
  }
  [[nodiscard]] std::size_t size() const { return map_.size(); }

 private:
  static constexpr std::uint64_t nothing = ~std::uint64_t{0};
  static constexpr std::uint64_t taken = nothing - 1;
  struct entry {
    std::uint64_t value = 0;
    counter<unsigned char> marked = 0;
  };

  [[nodiscard]] std::size_t free_place() {
    for (;;) {
      const std::size_t at = hand_.fetch_add(1, std::memory_order_relaxed) % ring_.size();
      const std::uint64_t key = ring_[at].exchange(taken);
      if (key == taken) continue;  // another thread's
      if (key == nothing) return at;
      const auto is_due = [](const auto& element) { return element.second.marked.value.exchange(0) == 0; };
      if (map_.erase_if(key, is_due) != 0) return at;
      ring_[at].store(key);
    }
  }

  boost::concurrent_flat_map<std::uint64_t, entry> map_;
  std::vector<std::atomic<std::uint64_t>> ring_;
  std::atomic<std::size_t> hand_{0};
};

}  // namespace bench
#endif

#endif
