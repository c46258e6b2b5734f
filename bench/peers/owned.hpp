// A map of one owner, asked as those that threads share are (concurrent_peers.hpp).
#ifndef EVAC_BENCH_PEERS_OWNED_HPP
#define EVAC_BENCH_PEERS_OWNED_HPP

#include <cstddef>

#include "peers/peers.hpp"

namespace bench {

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
/// All maps of one owner, asked like this.
using owned_peers = owned_list<all_peers>::type;

}  // namespace bench

#endif
