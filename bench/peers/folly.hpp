// folly's map with hazard pointers: readers take no lock, and a changed value is a new node.
#ifndef EVAC_BENCH_PEERS_FOLLY_HPP
#define EVAC_BENCH_PEERS_FOLLY_HPP

#if EVAC_BENCH_HAS_FOLLY
#include <folly/concurrency/ConcurrentHashMap.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <type_traits>

#include "peers/adapting.hpp"

namespace bench {

struct folly_peer {
  static constexpr const char* name = "folly::ConcurrentHashMap";
  static constexpr bool locked = false;
  template <class K, class V>
  class map {
    static constexpr bool counts_in_place = is_text<K> && std::is_integral_v<V>;
    using value_type = counted_value<counts_in_place, V>;
    using native = std::conditional_t<is_text<K>, folly::ConcurrentHashMap<K, value_type, string_hash, std::equal_to<>>,
                                      folly::ConcurrentHashMap<K, value_type>>;

   public:
    explicit map(std::size_t expected = 0) : map_(std::max<std::size_t>(expected, 8)) {}  // 8: its own default
    template <class Q>
    bool insert(const Q& key, const V& value) {
      return map_.try_emplace(as_key<K>(key), value).second;
    }
    template <class Q>
    bool upsert(const Q& key, const V& value) {
      bool there = false;
      map_.insert_or_assign_if(as_key<K>(key), value_type(value), [&](const value_type&) { return there = true; });
      return !there;
    }
    template <class Q>
    void increment(const Q& key, const V& by) {
      for (;;) {
        const auto at = map_.find(key);
        if (at == map_.cend()) {
          if (map_.try_emplace(as_key<K>(key), by).second) return;
        } else if constexpr (counts_in_place) {
          at->second.add(by);
          return;
        } else {
          const V before = at->second;
          if (map_.assign_if_equal(as_key<K>(key), before, before + by)) return;
        }
      }
    }
    template <class Q>
    bool find(const Q& key, V& out) const {
      return look(key, [&](const value_type& value) { out = value; });
    }
    template <class Q, class F>
    bool look(const Q& key, const F& f) const {
      const auto at = map_.find(key);
      if (at == map_.cend()) return false;
      f(at->second);
      return true;
    }
    template <class Q>
    bool erase(const Q& key) {
      return map_.erase(key) != 0;
    }
    [[nodiscard]] std::size_t size() const { return map_.size(); }
    template <class F>
    void for_each(const F& f) const {
      for (const auto& [key, value] : map_) f(key, value);
    }

   private:
    native map_;
  };
};

}  // namespace bench
#endif

#endif
