// The maps of one owner, one small adapter each, all with their default hashes and equalities; and an adapter that
// gives them the interface of those that threads share (concurrent_peers.hpp).
#ifndef EVAC_BENCH_PEERS_OWNED_PEERS_HPP
#define EVAC_BENCH_PEERS_OWNED_PEERS_HPP

#include <cstddef>
#include <ranges>
#include <string>
#include <vector>

#include "peers/absl.hpp"
#include "peers/ankerl.hpp"
#include "peers/boost.hpp"
#include "peers/evac.hpp"
#include "peers/peer_list.hpp"
#include "peers/std.hpp"

namespace bench {

using main_peers = peer_list<std_peer, absl_peer, evac_peer>;
using flat_peers = joined<peer_list<absl_peer>, if_found<EVAC_BENCH_HAS_BOOST_FLAT, struct boost_peer>,
                          if_found<EVAC_BENCH_HAS_ANKERL, struct ankerl_peer>, peer_list<evac_peer>>;
using all_peers = joined<peer_list<std_peer>, flat_peers>;

/// Those that were not found when the build was configured.
[[nodiscard]] inline std::vector<std::string> missing_owned_peers() {
  return missing_of(
      {{"boost::unordered_flat_map", EVAC_BENCH_HAS_BOOST_FLAT}, {"ankerl::unordered_dense", EVAC_BENCH_HAS_ANKERL}});
}

/// A map of one owner with the interface of a map that threads share.

template <class Peer>
struct owned {
  static constexpr const char* name = Peer::name;
  template <class K, class V>
  class map {
   public:
    explicit map(std::size_t expected = 0) {
      if (expected != 0) map_.reserve(expected);
    }
    bool insert(const K& key, const V& value) { return map_.emplace(key, value).second; }
    bool upsert(const K& key, const V& value) { return map_.insert_or_assign(key, value).second; }
    void increment(const K& key, const V& by) { map_[key] += by; }
    bool find(const K& key, V& out) const {
      const auto at = map_.find(key);
      if (at == map_.end()) return false;
      out = at->second;
      return true;
    }
    template <class It, class F>
      requires requires(const typename Peer::template map<K, V>& map, std::ranges::subrange<It> keys) {
        map.find_many(keys, [](const auto&) {});
      }
    std::size_t find_many(It first, It last, const F& f) const {
      return map_.find_many(std::ranges::subrange(first, last), [&](const auto& found) { f(found.second); });
    }
    bool erase(const K& key) { return map_.erase(key) != 0; }
    [[nodiscard]] std::size_t size() const { return map_.size(); }
    template <class F>
    void for_each(const F& f) const {
      for (const auto& [key, value] : map_) f(key, value);
    }

   private:
    typename Peer::template map<K, V> map_;
  };
};

template <class List>
struct owned_list;
template <class... Peers>
struct owned_list<peer_list<Peers...>> {
  using type = peer_list<owned<Peers>...>;
};
/// All maps of one owner, with that interface.
using owned_peers = owned_list<all_peers>::type;

}  // namespace bench

#endif
