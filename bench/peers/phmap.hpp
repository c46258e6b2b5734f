// phmap: a map of 16 shards behind std::shared_mutex.
#ifndef EVAC_BENCH_PEERS_PHMAP_HPP
#define EVAC_BENCH_PEERS_PHMAP_HPP

#if EVAC_BENCH_HAS_PHMAP
#include <parallel_hashmap/phmap.h>
#include <cstddef>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <type_traits>
#include <utility>

#include "peers/adapting.hpp"
#include "peers/submapped_map.hpp"

namespace bench {

struct phmap_peer {
  static constexpr const char* name = "phmap::parallel_flat_hash_map";
  static constexpr bool locked = true;
  template <class K, class V>
  using native =
      phmap::parallel_flat_hash_map<K, V,
                                    std::conditional_t<is_text<K>, string_hash, phmap::priv::hash_default_hash<K>>,
                                    std::equal_to<>, std::allocator<std::pair<const K, V>>, 4, std::shared_mutex>;
  template <class K, class V>
  struct map : submapped_map<native<K, V>, K, V> {
    explicit map(std::size_t expected = 0) : submapped_map<native<K, V>, K, V>(expected) {}
  };
};

}  // namespace bench
#endif

#endif
