// Boost's maps: the flat one, and from 1.83 on the one that threads share.
#ifndef EVAC_BENCH_PEERS_BOOST_HPP
#define EVAC_BENCH_PEERS_BOOST_HPP

#if EVAC_BENCH_HAS_BOOST_FLAT
#include <boost/unordered/unordered_flat_map.hpp>

namespace bench {

struct boost_peer {
  static constexpr const char* name = "boost::unordered_flat_map";
  template <class K, class V>
  using map = boost::unordered_flat_map<K, V>;
};

}  // namespace bench
#endif

#if EVAC_BENCH_HAS_BOOST_CONCURRENT
#include <boost/unordered/concurrent_flat_map.hpp>
#include <cstddef>
#include <functional>
#include <type_traits>

#include "peers/adapting.hpp"
#include "peers/visited_map.hpp"

namespace bench {

struct boost_concurrent_peer {
  static constexpr const char* name = "boost::concurrent_flat_map";
  static constexpr bool locked = true;
  template <class K, class V>
  using native = std::conditional_t<is_text<K>, boost::concurrent_flat_map<K, V, string_hash, std::equal_to<>>,
                                    boost::concurrent_flat_map<K, V>>;
  template <class K, class V>
  struct map : visited_map<native<K, V>, K, V> {
    explicit map(std::size_t expected = 0) : visited_map<native<K, V>, K, V>(expected) {}
  };
};

}  // namespace bench
#endif

#endif
