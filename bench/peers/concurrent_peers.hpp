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

#include <string>
#include <vector>

#include "peers/boost.hpp"
#include "peers/evac.hpp"
#include "peers/folly.hpp"
#include "peers/growt.hpp"
#include "peers/gtl.hpp"
#include "peers/libcuckoo.hpp"
#include "peers/locked.hpp"
#include "peers/parlayhash.hpp"
#include "peers/peer_list.hpp"
#include "peers/phmap.hpp"
#include "peers/tbb.hpp"

namespace bench {

// Maps that offer all of this to many threads.
using concurrent_peers =
    joined<peer_list<evac_sharded_peer, evac_sync_peer, std_mutex_peer, std_shared_mutex_peer, std_sharded_peer,
                     absl_mutex_peer, absl_sharded_peer, absl_mutex_sharded_peer>,
           if_found<EVAC_BENCH_HAS_TBB, struct tbb_peer>, if_found<EVAC_BENCH_HAS_LIBCUCKOO, struct libcuckoo_peer>,
           if_found<EVAC_BENCH_HAS_BOOST_CONCURRENT, struct boost_concurrent_peer>,
           if_found<EVAC_BENCH_HAS_PHMAP, struct phmap_peer>, if_found<EVAC_BENCH_HAS_GTL, struct gtl_peer>,
           if_found<EVAC_BENCH_HAS_FOLLY, struct folly_peer>,
           if_found<EVAC_BENCH_HAS_PARLAYHASH, struct parlayhash_peer>>;

/// Also maps that can only insert, find and increment.
using counting_peers = joined<concurrent_peers, if_found<EVAC_BENCH_HAS_TBB, struct tbb_unordered_peer>,
                              if_found<EVAC_BENCH_HAS_GROWT, struct growt_peer>>;

/// Those that were not found when the build was configured.
[[nodiscard]] inline std::vector<std::string> missing_concurrent_peers() {
  return missing_of({{"tbb::concurrent_hash_map and concurrent_unordered_map", EVAC_BENCH_HAS_TBB},
                     {"libcuckoo", EVAC_BENCH_HAS_LIBCUCKOO},
                     {"boost::concurrent_flat_map", EVAC_BENCH_HAS_BOOST_CONCURRENT},
                     {"phmap", EVAC_BENCH_HAS_PHMAP},
                     {"gtl", EVAC_BENCH_HAS_GTL},
                     {"folly::ConcurrentHashMap", EVAC_BENCH_HAS_FOLLY},
                     {"ParlayHash", EVAC_BENCH_HAS_PARLAYHASH},
                     {"growt", EVAC_BENCH_HAS_GROWT}});
}

}  // namespace bench

#endif
