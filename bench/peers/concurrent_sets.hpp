// Sets that threads share, with the interface of the maps (concurrent_peers.hpp), so that they run the same mixes: of a
// present key, the mixes expect the value ~key, which a set makes up.
#ifndef EVAC_BENCH_PEERS_CONCURRENT_SETS_HPP
#define EVAC_BENCH_PEERS_CONCURRENT_SETS_HPP

#include <absl/container/flat_hash_set.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_set.hpp>
#include <evac/sync_set.hpp>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <unordered_set>

#include "peers/concurrent_peers.hpp"
#include "support/measure.hpp"

#if EVAC_BENCH_HAS_BOOST_CONCURRENT && __has_include(<boost/unordered/concurrent_flat_set.hpp>)  // from 1.84 on
#define EVAC_BENCH_HAS_BOOST_SET 1
#include <boost/unordered/concurrent_flat_set.hpp>
#else
#define EVAC_BENCH_HAS_BOOST_SET 0
#endif
#if EVAC_BENCH_HAS_PARLAYHASH
#include <parlay_hash/unordered_set.h>
#endif

namespace bench {

/// Native: insert(key) -> bool, contains(key), erase(key) -> bool or a number, size().
template <class Native, class K>
class set_as_map {
 public:
  explicit set_as_map(std::size_t expected) : set_(expected) {}
  bool insert(const K& key, const K&) { return set_.insert(key); }
  bool find(const K& key, K& out) const {
    if (!set_.contains(key)) return false;
    out = ~key;
    return true;
  }
  bool erase(const K& key) { return static_cast<bool>(set_.erase(key)); }
  [[nodiscard]] std::size_t size() const { return set_.size(); }

 private:
  Native set_;
};

struct evac_sharded_set_peer {
  static constexpr const char* name = "evac::sharded_set";
  static constexpr bool locked = true;
  template <class K, class>
  using map = set_as_map<evac::sharded_set<K>, K>;
};
struct evac_sync_set_peer {
  static constexpr const char* name = "evac::sync_set";
  static constexpr bool locked = false;
  template <class K, class>
  using map = set_as_map<evac::sync_set<K>, K>;
};

/// As many shards as evac::sharded_set has by default, chosen by the hash's top bits.
template <class K>
class sharded_absl_set {
 public:
  explicit sharded_absl_set(std::size_t expected) {
    const double mean = static_cast<double>(expected) / static_cast<double>(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      shards_[i].set.reserve(static_cast<std::size_t>(mean + 5 * std::sqrt(mean)));
    }
  }
  bool insert(const K& key) {
    shard& at = shard_of(key);
    const std::unique_lock lock(at.mutex);
    return at.set.insert(key).second;
  }
  bool contains(const K& key) const {
    const shard& at = shard_of(key);
    const std::shared_lock lock(at.mutex);
    return at.set.contains(key);
  }
  bool erase(const K& key) {
    shard& at = shard_of(key);
    const std::unique_lock lock(at.mutex);
    return at.set.erase(key) != 0;
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t total = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::shared_lock lock(shards_[i].mutex);
      total += shards_[i].set.size();
    }
    return total;
  }

 private:
  struct alignas(64) shard {
    mutable std::shared_mutex mutex;
    absl::flat_hash_set<K> set;
  };
  [[nodiscard]] shard& shard_of(const K& key) const {
    return shards_[absl::Hash<K>{}(key) >> (64 - std::countr_zero(count_))];
  }
  std::size_t count_ = std::bit_ceil(std::size_t{4} * std::max(1U, std::thread::hardware_concurrency()));
  std::unique_ptr<shard[]> shards_ = std::make_unique<shard[]>(count_);
};
struct absl_sharded_set_peer {
  static constexpr const char* name = "absl::flat_hash_set sharded";
  static constexpr bool locked = true;
  template <class K, class>
  using map = set_as_map<sharded_absl_set<K>, K>;
};

#if EVAC_BENCH_HAS_BOOST_SET
struct boost_set_peer {
  static constexpr const char* name = "boost::concurrent_flat_set";
  static constexpr bool locked = true;
  template <class K, class>
  using map = set_as_map<boost::concurrent_flat_set<K>, K>;
};
#endif

#if EVAC_BENCH_HAS_PHMAP
struct phmap_set_peer {
  static constexpr const char* name = "phmap::parallel_flat_hash_set";
  static constexpr bool locked = true;
  template <class K>
  class native {
   public:
    explicit native(std::size_t expected) { set_.reserve(expected); }
    bool insert(const K& key) { return set_.insert(key).second; }
    [[nodiscard]] bool contains(const K& key) const { return set_.contains(key); }
    bool erase(const K& key) { return set_.erase(key) != 0; }
    [[nodiscard]] std::size_t size() const { return set_.size(); }

   private:
    phmap::parallel_flat_hash_set<K, phmap::priv::hash_default_hash<K>, phmap::priv::hash_default_eq<K>,
                                  std::allocator<K>, 4, std::shared_mutex>
        set_;
  };
  template <class K, class>
  using map = set_as_map<native<K>, K>;
};
#endif

#if EVAC_BENCH_HAS_PARLAYHASH
struct parlayhash_set_peer {
  static constexpr const char* name = "ParlayHash, set";
  static constexpr bool locked = false;
  template <class K>
  class native {
   public:
    explicit native(std::size_t expected) : set_(static_cast<long>(expected)) {}
    bool insert(const K& key) { return set_.Insert(key); }
    [[nodiscard]] bool contains(const K& key) const { return set_.Find(key); }
    bool erase(const K& key) { return set_.Remove(key); }
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(set_.size()); }

   private:
    mutable parlay::parlay_unordered_set<K> set_;  // its look-ups are not const
  };
  template <class K, class>
  using map = set_as_map<native<K>, K>;
};
#endif

using concurrent_sets = joined<peer_list<evac_sharded_set_peer, evac_sync_set_peer, absl_sharded_set_peer>,
                               if_found<EVAC_BENCH_HAS_BOOST_SET, struct boost_set_peer>,
                               if_found<EVAC_BENCH_HAS_PHMAP, struct phmap_set_peer>,
                               if_found<EVAC_BENCH_HAS_PARLAYHASH, struct parlayhash_set_peer>>;

/// One thread, random operations, beside std::unordered_set.
template <class Peer>
[[nodiscard]] bool behaves_as_set() {
  typename Peer::template map<std::uint64_t, std::uint64_t> set(3000);
  std::unordered_set<std::uint64_t> model;
  for (std::uint64_t step = 0; step < 40'000; ++step) {
    const std::uint64_t dice = random_key(step);
    const std::uint64_t key = random_key(dice % 3000);
    const bool present = model.contains(key);
    std::uint64_t value = 0;
    switch (dice >> 62U) {
      case 0:
        if (set.insert(key, 0) == present) return false;
        model.insert(key);
        break;
      case 1:
        if (set.erase(key) != present) return false;
        model.erase(key);
        break;
      default:
        if (set.find(key, value) != present) return false;
    }
  }
  return set.size() == model.size();
}

}  // namespace bench

#endif
