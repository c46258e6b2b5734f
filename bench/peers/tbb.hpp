// TBB's maps.
#ifndef EVAC_BENCH_PEERS_TBB_HPP
#define EVAC_BENCH_PEERS_TBB_HPP

#if EVAC_BENCH_HAS_TBB
#include <tbb/concurrent_hash_map.h>
#include <tbb/concurrent_unordered_map.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string_view>
#include <type_traits>

#include "peers/adapting.hpp"

namespace bench {

struct text_hash_compare {
  using is_transparent = void;
  static std::size_t hash(std::string_view text) { return std::hash<std::string_view>{}(text); }
  static bool equal(std::string_view left, std::string_view right) { return left == right; }
};
struct tbb_peer {
  static constexpr const char* name = "tbb::concurrent_hash_map";
  static constexpr bool locked = true;
  template <class K, class V>
  class map {
   public:
    explicit map(std::size_t expected = 0) : map_(expected) {}
    template <class Q>
    bool insert(const Q& key, const V& value) {
      return map_.emplace(as_key<K>(key), value);
    }
    template <class Q>
    bool upsert(const Q& key, const V& value) {
      typename native::accessor at;
      const bool fresh = map_.insert(at, key);
      at->second = value;
      return fresh;
    }
    template <class Q>
    void increment(const Q& key, const V& by) {
      typename native::accessor at;
      map_.insert(at, key);  // a new value is zero
      at->second += by;
    }
    template <class Q>
    bool find(const Q& key, V& out) const {
      typename native::const_accessor at;
      if (!map_.find(at, key)) return false;
      out = at->second;
      return true;
    }
    template <class Q, class F>
    bool look(const Q& key, const F& f) const {
      typename native::const_accessor at;
      if (!map_.find(at, key)) return false;
      f(at->second);
      return true;
    }
    template <class Q, class F>
    bool modify(const Q& key, const F& f) {
      typename native::accessor at;
      if (!map_.find(at, key)) return false;
      f(at->second);
      return true;
    }
    template <class Q>
    bool erase(const Q& key) {
      return map_.erase(key);
    }
    [[nodiscard]] std::size_t size() const { return map_.size(); }
    template <class F>
    void for_each(const F& f) const {
      for (const auto& [key, value] : map_) f(key, value);
    }

   private:
    using native =
        tbb::concurrent_hash_map<K, V, std::conditional_t<is_text<K>, text_hash_compare, tbb::tbb_hash_compare<K>>>;
    mutable native map_;  // its look-up by a view is not const
  };
};
struct tbb_text_hash : string_hash {
  using transparent_key_equal = std::equal_to<>;
};
/// Not asked to erase and assign, which it can only do while no other thread looks.
struct tbb_unordered_peer {
  static constexpr const char* name = "tbb::concurrent_unordered_map";
  static constexpr bool locked = false;
  template <class K, class V>
  class map {
    using native =
        std::conditional_t<is_text<K>, tbb::concurrent_unordered_map<K, counter<V>, tbb_text_hash, std::equal_to<>>,
                           tbb::concurrent_unordered_map<K, counter<V>>>;

   public:
    // Its reserve() of fewer elements than there is room for does not return. The default is 8 buckets of 4 elements.
    explicit map(std::size_t expected = 0) : map_(std::max<std::size_t>(8, expected / 4)) {}
    template <class Q>
    bool insert(const Q& key, const V& value) {
      return map_.emplace(as_key<K>(key), value).second;
    }
    template <class Q>
    void increment(const Q& key, const V& by) {
      if (const auto at = map_.find(key); at != map_.end()) {
        at->second.add(by);
      } else if (const auto [other, fresh] = map_.emplace(as_key<K>(key), by); !fresh) {
        other->second.add(by);
      }
    }
    template <class Q>
    bool find(const Q& key, V& out) const {
      return look(key, [&](const V& value) { out = value; });
    }
    template <class Q, class F>
    bool look(const Q& key, const F& f) const {
      const auto at = map_.find(key);
      if (at == map_.end()) return false;
      f(at->second);
      return true;
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
