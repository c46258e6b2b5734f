// Maps that are made for many threads, each with its own hash where it has one for the key.
#ifndef EVAC_BENCH_PEERS_CONCURRENT_LIBRARIES_HPP
#define EVAC_BENCH_PEERS_CONCURRENT_LIBRARIES_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <functional>
#include <optional>
#include <ranges>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <type_traits>

#include "peers/peers.hpp"

#if EVAC_BENCH_HAS_BOOST
#include <boost/unordered/concurrent_flat_map.hpp>
#endif
#if EVAC_BENCH_HAS_TBB
#include <tbb/concurrent_hash_map.h>
#include <tbb/concurrent_unordered_map.h>
#endif
#if EVAC_BENCH_HAS_LIBCUCKOO
#include <libcuckoo/cuckoohash_map.hh>
#endif
#if EVAC_BENCH_HAS_PHMAP
#include <parallel_hashmap/phmap.h>
#endif
#if EVAC_BENCH_HAS_GTL
#include <gtl/phmap.hpp>
#endif
#if EVAC_BENCH_HAS_PARLAYHASH
// g++ sees an empty optional copied in it, and not that nobody reads the copy.
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <parlay_hash/unordered_map.h>
#pragma GCC diagnostic pop
#endif

namespace bench {

template <class K>
inline constexpr bool is_text = std::is_same_v<K, std::string>;

/// For maps that are asked by keys only: a string is kept per thread, so that asking by a view allocates nothing.
template <class K, class Q>
const K& kept_key(const Q& key) {
  if constexpr (std::is_same_v<Q, K>) {
    return key;
  } else {
    thread_local K kept;
    kept = key;
    return kept;
  }
}

/// What evac::sharded_map and boost::concurrent_flat_map have in common: all but look-ups of a new key by a view.
template <class Map, class K, class V>
class visited_map {
 public:
  explicit visited_map(std::size_t expected) : map_(expected) {}

  template <class Q>
  bool insert(const Q& key, const V& value) {
    return map_.try_emplace(K(key), value);
  }
  template <class Q>
  bool upsert(const Q& key, const V& value) {
    return map_.insert_or_assign(K(key), value);
  }
  template <class Q>
  void increment(const Q& key, const V& by) {
    const auto add = [&](auto& element) { element.second += by; };
    // A view is tried first, so that a string is made for new words only.
    if constexpr (is_text<K>) {
      if (map_.visit(key, add) != 0) return;
    }
    map_.try_emplace_or_visit(K(key), by, add);
  }
  template <class Q>
  bool find(const Q& key, V& out) const {
    return map_.cvisit(key, [&](const auto& element) { out = element.second; }) != 0;
  }
  template <class Q, class F>
  bool modify(const Q& key, const F& f) {
    return map_.visit(key, [&](auto& element) { f(element.second); }) != 0;
  }
  template <class Q, class F>
  bool look(const Q& key, const F& f) const {
    return map_.cvisit(key, [&](const auto& element) { f(element.second); }) != 0;
  }
  /// f(value) for those of the keys that are there; their cache misses may overlap.
  template <class It, class F>
  std::size_t find_many(It first, It last, const F& f) const {
    return map_.cvisit(first, last, [&](const auto& element) { f(element.second); });
  }
  template <class Q>
  bool erase(const Q& key) {
    return map_.erase(key) != 0;
  }
  [[nodiscard]] std::size_t size() const { return map_.size(); }
  template <class F>
  void for_each(const F& f) const {
    map_.cvisit_all([&](const auto& element) { f(element.first, element.second); });
  }
  [[nodiscard]] Map& native() { return map_; }

 private:
  Map map_;
};

struct evac_sharded_peer {
  static constexpr const char* name = "evac::sharded_map";
  static constexpr bool locked = true;
  template <class K, class V>
  struct map : visited_map<evac::sharded_map<K, V>, K, V> {
    explicit map(std::size_t expected = 0) : visited_map<evac::sharded_map<K, V>, K, V>(expected) {}
  };
};

/// A number that all threads may change where it is: how one counts in a map whose values are not changed in place.
template <class V>
struct counter {
  counter(V start) : value(start) {}  // NOLINT(google-explicit-constructor): it stands for the number
  counter(const counter& other) : value(other.value.load(std::memory_order_relaxed)) {}
  counter& operator=(const counter&) = delete;
  operator V() const { return value.load(std::memory_order_relaxed); }  // NOLINT(google-explicit-constructor)
  void add(const V& by) const { value.fetch_add(by, std::memory_order_relaxed); }
  mutable std::atomic<V> value;
};
template <bool counts, class V>
using counted_value = typename std::conditional_t<counts, std::type_identity<counter<V>>, std::type_identity<V>>::type;

struct evac_sync_peer {
  static constexpr const char* name = "evac::sync_map";
  static constexpr bool locked = false;
  template <class K, class V>
  class map {
    // Elements in slots are replaced in place anyway.
    static constexpr bool counts_in_place = is_text<K> && std::is_integral_v<V>;
    using value_type = counted_value<counts_in_place, V>;

   public:
    explicit map(std::size_t expected = 0) : map_(expected) {}
    template <class Q>
    bool insert(const Q& key, const V& value) {
      return !map_.load_or_store(K(key), value).loaded;
    }
    template <class Q>
    bool upsert(const Q& key, const V& value) {
      return map_.store(K(key), value);
    }
    template <class Q>
    void increment(const Q& key, const V& by) {
      if constexpr (counts_in_place) {
        const auto add = [&](const value_type& value) { value.add(by); };
        while (!map_.load(key, add) && map_.load_or_store(K(key), by).loaded) {
        }
      } else {
        map_.update(K(key),
                    [&](const std::optional<V>& before) { return std::optional<V>(before.value_or(V{}) + by); });
      }
    }
    template <class Q>
    bool find(const Q& key, V& out) const {
      return map_.load(key, [&](const value_type& value) { out = value; });
    }
    template <class Q, class F>
    bool look(const Q& key, const F& f) const {
      return map_.load(key, [&](const value_type& value) { f(value); });
    }
    template <class It, class F>
    std::size_t find_many(It first, It last, const F& f) const {
      return map_.load_many(std::ranges::subrange(first, last),
                            [&](const auto&, const value_type& value) { f(value); });
    }
    template <class Q>
    bool erase(const Q& key) {
      return map_.erase(key);
    }
    [[nodiscard]] std::size_t size() const { return map_.size(); }
    template <class F>
    void for_each(const F& f) const {
      map_.range([&](const K& key, const value_type& value) {
        f(key, value);
        return true;
      });
    }

   private:
    evac::sync_map<K, value_type> map_;
  };
};

#if EVAC_BENCH_HAS_BOOST
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
#endif

#if EVAC_BENCH_HAS_TBB
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
      return map_.emplace(K(key), value);
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
/// Erases and assigns only where nobody else looks, so that it is not asked to.
struct tbb_unordered_peer {
  static constexpr const char* name = "tbb::concurrent_unordered_map";
  static constexpr bool locked = false;
  template <class K, class V>
  class map {
    using native =
        std::conditional_t<is_text<K>, tbb::concurrent_unordered_map<K, counter<V>, tbb_text_hash, std::equal_to<>>,
                           tbb::concurrent_unordered_map<K, counter<V>>>;

   public:
    // Its reserve() of fewer elements than there is room for does not come back. By default 8 buckets of 4 elements.
    explicit map(std::size_t expected = 0) : map_(std::max<std::size_t>(8, expected / 4)) {}
    template <class Q>
    bool insert(const Q& key, const V& value) {
      return map_.emplace(K(key), value).second;
    }
    template <class Q>
    void increment(const Q& key, const V& by) {
      if (const auto at = map_.find(key); at != map_.end()) {
        at->second.add(by);
      } else if (const auto [other, fresh] = map_.emplace(K(key), by); !fresh) {
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
#endif

#if EVAC_BENCH_HAS_LIBCUCKOO
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
#endif

/// phmap and its successor gtl have one interface. Native: a parallel_flat_hash_map of 16 shards behind
/// std::shared_mutex.
template <class Native, class K, class V>
class submapped_map {
 public:
  explicit submapped_map(std::size_t expected) { map_.reserve(expected); }
  template <class Q>
  bool insert(const Q& key, const V& value) {
    return map_.try_emplace_l(K(key), [](auto&) {}, value);
  }
  template <class Q>
  bool upsert(const Q& key, const V& value) {
    return map_.try_emplace_l(K(key), [&](auto& element) { element.second = value; }, value);
  }
  template <class Q>
  void increment(const Q& key, const V& by) {
    const auto add = [&](auto& element) { element.second += by; };
    if constexpr (is_text<K>) {
      if (map_.modify_if(key, add)) return;
    }
    map_.try_emplace_l(K(key), add, by);
  }
  template <class Q>
  bool find(const Q& key, V& out) const {
    return map_.if_contains(key, [&](const auto& element) { out = element.second; });
  }
  template <class Q, class F>
  bool look(const Q& key, const F& f) const {
    return map_.if_contains(key, [&](const auto& element) { f(element.second); });
  }
  template <class Q, class F>
  bool modify(const Q& key, const F& f) {
    return map_.modify_if(key, [&](auto& element) { f(element.second); });
  }
  template <class Q>
  bool erase(const Q& key) {
    bool erased = false;
    map_.erase_if(key, [&](auto&) { return erased = true; });
    return erased;  // gtl itself says so too when another thread was faster
  }
  [[nodiscard]] std::size_t size() const { return map_.size(); }
  template <class F>
  void for_each(const F& f) const {
    map_.for_each([&](const auto& element) { f(element.first, element.second); });
  }

 private:
  Native map_;
};

#if EVAC_BENCH_HAS_PHMAP
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
#endif
#if EVAC_BENCH_HAS_GTL
struct gtl_peer {
  static constexpr const char* name = "gtl::parallel_flat_hash_map";
  static constexpr bool locked = true;
  template <class K, class V>
  using native =
      gtl::parallel_flat_hash_map<K, V, std::conditional_t<is_text<K>, string_hash, gtl::priv::hash_default_hash<K>>,
                                  std::equal_to<>, std::allocator<std::pair<const K, V>>, 4, std::shared_mutex>;
  template <class K, class V>
  struct map : submapped_map<native<K, V>, K, V> {
    explicit map(std::size_t expected = 0) : submapped_map<native<K, V>, K, V>(expected) {}
  };
};
#endif

#if EVAC_BENCH_HAS_PARLAYHASH
/// Readers take no lock here. Nothing is changed in place: an update makes a new element.
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
#endif

}  // namespace bench

#endif
