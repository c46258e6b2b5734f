// ParlayHash: readers take no lock, and nothing is changed in place: an update makes a new element.
#ifndef EVAC_BENCH_PEERS_PARLAYHASH_HPP
#define EVAC_BENCH_PEERS_PARLAYHASH_HPP

#if EVAC_BENCH_HAS_PARLAYHASH
#include <cstddef>
#include <optional>

#include "peers/adapting.hpp"

// g++ sees an empty optional copied in it, and not that nothing reads the copy.
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <parlay_hash/unordered_map.h>
#pragma GCC diagnostic pop

namespace bench {

struct parlayhash_peer {
  static constexpr const char* name = "ParlayHash";
  static constexpr bool locked = false;
  template <class K, class V>
  class map {
   public:
    explicit map(std::size_t expected = 0) : map_(static_cast<long>(expected)) {}
    template <class Q>
    bool insert(const Q& key, const V& value) {
      return !map_.Insert(kept_key<K>(key), value).has_value();
    }
    template <class Q>
    bool upsert(const Q& key, const V& value) {
      return !map_.Upsert(kept_key<K>(key), [&](const std::optional<V>&) { return value; }).has_value();
    }
    template <class Q>
    void increment(const Q& key, const V& by) {
      map_.Upsert(kept_key<K>(key), [&](const std::optional<V>& there) { return there ? *there + by : by; });
    }
    template <class Q>
    bool find(const Q& key, V& out) const {
      const std::optional<V> found = map_.Find(kept_key<K>(key));
      if (!found) return false;
      out = *found;
      return true;
    }
    template <class Q>
    bool erase(const Q& key) {
      return map_.Remove(kept_key<K>(key)).has_value();
    }
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(map_.size()); }
    template <class F>
    void for_each(const F& f) const {
      for (auto at = map_.begin(); at != map_.end(); ++at) f((*at).first, (*at).second);
    }

   private:
    mutable parlay::parlay_unordered_map<K, V> map_;
  };
};

}  // namespace bench
#endif

#endif
