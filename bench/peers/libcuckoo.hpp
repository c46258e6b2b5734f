// libcuckoo's map.
#ifndef EVAC_BENCH_PEERS_LIBCUCKOO_HPP
#define EVAC_BENCH_PEERS_LIBCUCKOO_HPP

#if EVAC_BENCH_HAS_LIBCUCKOO
#include <cstddef>
#include <functional>
#include <libcuckoo/cuckoohash_map.hh>
#include <type_traits>

#include "peers/adapting.hpp"

namespace bench {

struct libcuckoo_peer {
  static constexpr const char* name = "libcuckoo";
  static constexpr bool locked = true;
  template <class K, class V>
  class map {
   public:
    explicit map(std::size_t expected = 0) {
      if (expected != 0) map_.reserve(expected);
    }
    template <class Q>
    bool insert(const Q& key, const V& value) {
      return map_.insert(key, value);
    }
    template <class Q>
    bool upsert(const Q& key, const V& value) {
      return map_.insert_or_assign(key, value);
    }
    template <class Q>
    void increment(const Q& key, const V& by) {
      map_.upsert(key, [&](V& value) { value += by; }, by);
    }
    template <class Q>
    bool find(const Q& key, V& out) const {
      return map_.find_fn(key, [&](const V& value) { out = value; });
    }
    template <class Q, class F>
    bool look(const Q& key, const F& f) const {
      return map_.find_fn(key, f);
    }
    template <class Q, class F>
    bool modify(const Q& key, const F& f) {
      return map_.update_fn(key, f);
    }
    template <class Q>
    bool erase(const Q& key) {
      return map_.erase(key);
    }
    [[nodiscard]] std::size_t size() const { return map_.size(); }
    template <class F>
    void for_each(const F& f) {
      for (const auto& [key, value] : map_.lock_table()) f(key, value);
    }

   private:
    std::conditional_t<is_text<K>, libcuckoo::cuckoohash_map<K, V, string_hash, std::equal_to<>>,
                       libcuckoo::cuckoohash_map<K, V>>
        map_;
  };
};

}  // namespace bench
#endif

#endif
