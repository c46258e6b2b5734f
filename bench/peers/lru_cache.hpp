// What most programs write when they need a cache: std::unordered_map and a list in the order of the last hits, behind
// a mutex, or several of these.
#ifndef EVAC_BENCH_PEERS_LRU_CACHE_HPP
#define EVAC_BENCH_PEERS_LRU_CACHE_HPP

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bench {

/// Keeps the keys that were asked for last. `shards` is a power of two; each has an equal part of the capacity.
class sharded_lru {
  using order = std::list<std::pair<std::uint64_t, std::uint64_t>>;  // key and value, the last hit first

 public:
  sharded_lru(std::size_t shards, std::size_t capacity) : shards_(shards) {
    for (std::size_t i = 0; i < shards; ++i) {
      shards_[i].room = capacity / shards + (i < capacity % shards ? 1 : 0);
      shards_[i].places.reserve(shards_[i].room);
    }
  }

  bool find(std::uint64_t key, std::uint64_t& out) {
    shard& own = shard_of(key);
    const std::lock_guard lock(own.mutex);
    const auto found = own.places.find(key);
    if (found == own.places.end()) return false;
    own.elements.splice(own.elements.begin(), own.elements, found->second);
    out = found->second->second;
    return true;
  }
  void put(std::uint64_t key, std::uint64_t value) {
    shard& own = shard_of(key);
    const std::lock_guard lock(own.mutex);
    const auto [at, fresh] = own.places.try_emplace(key);
    if (!fresh) return;  // another thread was faster
    own.elements.emplace_front(key, value);
    at->second = own.elements.begin();
    if (own.elements.size() <= own.room) return;
    own.places.erase(own.elements.back().first);
    own.elements.pop_back();
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t sum = 0;
    for (const shard& each : shards_) {
      const std::lock_guard lock(each.mutex);
      sum += each.elements.size();
    }
    return sum;
  }

 private:
  struct alignas(128) shard {
    mutable std::mutex mutex;
    std::size_t room = 0;
    order elements;
    std::unordered_map<std::uint64_t, order::iterator> places;
  };
  // By bits that std::hash leaves where they are, and buckets, a prime number of them, depend on all bits.
  [[nodiscard]] shard& shard_of(std::uint64_t key) { return shards_[(key >> 32U) & (shards_.size() - 1)]; }

  std::vector<shard> shards_;
};

}  // namespace bench

#endif
