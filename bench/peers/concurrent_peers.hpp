// The maps that threads share, one small adapter each, all with this interface:
//
//   map<K, V>(expected)                     room for that many elements is made at once
//   insert(key, value) -> bool              true if the key was not there
//   upsert(key, value) -> bool              the same, and assigns if it was
//   increment(key, by)                      adds to the value in place; a key that was not there starts at `by`
//   find(key, out) -> bool, erase(key) -> bool, size(), for_each(f(key, value))
//   modify(key, f(value&)) -> bool          where elements can be changed in place
//   look(key, f(const value&)) -> bool      where elements can be read in place
//   find_many(first, last, f(value))        where keys can be looked up together
//
// A key of a map of strings is given as a std::string_view. Keys are hashed by the default hash of each map.
#ifndef EVAC_BENCH_PEERS_CONCURRENT_PEERS_HPP
#define EVAC_BENCH_PEERS_CONCURRENT_PEERS_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "peers/concurrent/libraries.hpp"
#include "peers/concurrent/locked.hpp"
#include "peers/peers.hpp"

namespace bench {

template <class Left, class Right>
struct joined_lists;
template <class... Left, class... Right>
struct joined_lists<peer_list<Left...>, peer_list<Right...>> {
  using type = peer_list<Left..., Right...>;
};
template <class Left, class Right>
using joined = typename joined_lists<Left, Right>::type;

using own_concurrent_peers = peer_list<evac_sharded_peer, evac_sync_peer>;
using standing_concurrent_peers = peer_list<std_shared_mutex_peer, absl_mutex_peer, absl_sharded_peer>;

// Peers that are there only where they were found; the others are named by missing_concurrent_peers().
#ifdef EVAC_BENCH_HAS_TBB
using found_tbb = peer_list<tbb_peer>;
#else
using found_tbb = peer_list<>;
#endif
#ifdef EVAC_BENCH_HAS_LIBCUCKOO
using found_libcuckoo = peer_list<libcuckoo_peer>;
#else
using found_libcuckoo = peer_list<>;
#endif
#ifdef EVAC_BENCH_HAS_BOOST
using found_boost = peer_list<boost_concurrent_peer>;
#else
using found_boost = peer_list<>;
#endif
#ifdef EVAC_BENCH_HAS_PHMAP
using found_phmap = peer_list<phmap_peer>;
#else
using found_phmap = peer_list<>;
#endif
#ifdef EVAC_BENCH_HAS_GTL
using found_gtl = peer_list<gtl_peer>;
#else
using found_gtl = peer_list<>;
#endif
#ifdef EVAC_BENCH_HAS_PARLAYHASH
using found_parlayhash = peer_list<parlayhash_peer>;
#else
using found_parlayhash = peer_list<>;
#endif

using concurrent_peers = joined<
    own_concurrent_peers,
    joined<standing_concurrent_peers,
           joined<found_tbb, joined<found_libcuckoo,
                                    joined<found_boost, joined<found_phmap, joined<found_gtl, found_parlayhash>>>>>>>;

/// Those that were not found when the build was configured.
[[nodiscard]] inline std::vector<std::string> missing_concurrent_peers() {
  std::vector<std::string> missing;
#ifndef EVAC_BENCH_HAS_TBB
  missing.emplace_back("tbb::concurrent_hash_map");
#endif
#ifndef EVAC_BENCH_HAS_LIBCUCKOO
  missing.emplace_back("libcuckoo");
#endif
#ifndef EVAC_BENCH_HAS_BOOST
  missing.emplace_back("boost::concurrent_flat_map");
#endif
#ifndef EVAC_BENCH_HAS_PHMAP
  missing.emplace_back("phmap");
#endif
#ifndef EVAC_BENCH_HAS_GTL
  missing.emplace_back("gtl");
#endif
#ifndef EVAC_BENCH_HAS_PARLAYHASH
  missing.emplace_back("ParlayHash");
#endif
  return missing;
}

}  // namespace bench

#endif
