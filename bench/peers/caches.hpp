// Bounded caches that threads share, one small adapter each, all with this interface:
//
//   cache(capacity)
//   find(key, out) -> bool        a hit
//   put(key, value)               of a key that is not there; makes room
//   ask(key, out) -> bool         in the place of both, for a cache that has only that: what is not there comes in, and
//                                 this is no hit
//   size()
//
// Keys and values are 64-bit numbers, and the value of a key is always the same.
#ifndef EVAC_BENCH_PEERS_CACHES_HPP
#define EVAC_BENCH_PEERS_CACHES_HPP

#include <cstddef>
#include <cstdint>
#include <evac/cache.hpp>
#include <evac/sharded_map.hpp>
#include <string>
#include <vector>

#include "peers/clock_cache.hpp"
#include "peers/lru_cache.hpp"
#include "peers/peer_list.hpp"

#if EVAC_BENCH_HAS_TBB
#define TBB_PREVIEW_CONCURRENT_LRU_CACHE 1
#include <tbb/concurrent_lru_cache.h>
#endif

namespace bench {

[[nodiscard]] constexpr std::uint64_t value_of(std::uint64_t key) { return ~key; }

/// A look-up, and where the key is not there what makes it come in. Returns whether it was a hit.
template <class Cache>
bool ask(Cache& cache, std::uint64_t key, std::uint64_t& value) {
  if constexpr (requires { cache.ask(key, value); }) {
    return cache.ask(key, value);
  } else {
    if (cache.find(key, value)) return true;
    value = value_of(key);
    cache.put(key, value);
    return false;
  }
}

/// The key itself: those of the benchmarks are spread. Unlike the default hash the same in each run, so that each key
/// is in the same shard.
struct unchanged_hash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t key) const noexcept { return key; }
};

template <class Hash>
class evac_cache {
 public:
  explicit evac_cache(std::size_t capacity) : cache_(capacity) {}
  evac_cache(evac::shards count, std::size_t capacity) : cache_(count, capacity) {}
  bool find(std::uint64_t key, std::uint64_t& out) const {
    return cache_.get(key, [&](const std::uint64_t& value) { out = value; });
  }
  void put(std::uint64_t key, std::uint64_t value) { cache_.put(key, value); }
  [[nodiscard]] std::size_t size() const { return cache_.size(); }

 private:
  evac::cache<std::uint64_t, std::uint64_t, Hash> cache_;
};

struct evac_cache_peer {
  static constexpr const char* name = "evac::cache";
  using cache = evac_cache<evac::hash<std::uint64_t>>;
};
struct evac_cache_counted_peer {
  static constexpr const char* name = evac_cache_peer::name;
  using cache = evac_cache<unchanged_hash>;
};
struct evac_cache_undivided_peer {
  static constexpr const char* name = "a single shard of evac::cache";
  struct cache : evac_cache<unchanged_hash> {
    explicit cache(std::size_t capacity) : evac_cache<unchanged_hash>(evac::shards{1}, capacity) {}
  };
};

struct lru_peer {
  static constexpr const char* name = "std::unordered_map and list, LRU";
  struct cache : sharded_lru {
    explicit cache(std::size_t capacity) : sharded_lru(1, capacity) {}
  };
};
struct lru_sharded_peer {
  static constexpr const char* name = "std::unordered_map and list, LRU, sharded";
  /// As many shards as evac::cache has.
  struct cache : sharded_lru {
    explicit cache(std::size_t capacity)
        : sharded_lru(evac::cache<std::uint64_t, std::uint64_t>(capacity).shard_count(), capacity) {}
  };
};

#if EVAC_BENCH_HAS_TBB
struct tbb_lru_peer {
  static constexpr const char* name = "tbb::concurrent_lru_cache";
  class cache {
    struct computes {
      std::uint64_t operator()(std::uint64_t key) const {
        has_computed() = true;
        return value_of(key);
      }
    };

   public:
    explicit cache(std::size_t capacity) : cache_(computes{}, capacity) {}
    bool ask(std::uint64_t key, std::uint64_t& out) {
      has_computed() = false;
      out = cache_[key].value();
      return !has_computed();
    }

   private:
    // By the call of this thread that is under way.
    [[nodiscard]] static bool& has_computed() {
      thread_local bool computed = false;
      return computed;
    }
    tbb::concurrent_lru_cache<std::uint64_t, std::uint64_t, computes> cache_;
  };
};
#endif

#if EVAC_BENCH_HAS_BOOST_CONCURRENT
struct boost_clock_peer {
  static constexpr const char* name = "boost::concurrent_flat_map and a clock hand";
  using cache = clock_cache;
};
#endif

/// No cache: a map that grows, as the measure of what a cache costs more.
struct unbounded_peer {
  static constexpr const char* name = "evac::sharded_map";
  class cache {
   public:
    explicit cache(std::size_t) {}
    bool find(std::uint64_t key, std::uint64_t& out) const {
      return map_.cvisit(key, [&](const auto& element) { out = element.second; }) != 0;
    }
    void put(std::uint64_t key, std::uint64_t value) { map_.try_emplace(key, value); }
    [[nodiscard]] std::size_t size() const { return map_.size(); }

   private:
    evac::sharded_map<std::uint64_t, std::uint64_t> map_;
  };
};

using other_caches = joined<peer_list<lru_peer, lru_sharded_peer>, if_found<EVAC_BENCH_HAS_TBB, struct tbb_lru_peer>,
                            if_found<EVAC_BENCH_HAS_BOOST_CONCURRENT, struct boost_clock_peer>>;
/// For rates.
using cache_peers = joined<peer_list<evac_cache_peer>, other_caches>;
using cache_and_map_peers = joined<peer_list<unbounded_peer>, cache_peers>;
/// For hits that are counted.
using counted_cache_peers = joined<peer_list<evac_cache_counted_peer, evac_cache_undivided_peer>, other_caches>;

/// Those that were not found when the build was configured.
[[nodiscard]] inline std::vector<std::string> missing_caches() {
  return missing_of({{"tbb::concurrent_lru_cache", EVAC_BENCH_HAS_TBB},
                     {"boost::concurrent_flat_map and a clock hand", EVAC_BENCH_HAS_BOOST_CONCURRENT}});
}

}  // namespace bench

#endif
