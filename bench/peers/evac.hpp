// evac's maps.
#ifndef EVAC_BENCH_PEERS_EVAC_HPP
#define EVAC_BENCH_PEERS_EVAC_HPP

#include <cstddef>
#include <evac/map.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <optional>
#include <ranges>
#include <string_view>
#include <type_traits>

#include "peers/adapting.hpp"
#include "peers/visited_map.hpp"

namespace bench {

struct evac_peer {
  static constexpr const char* name = "evac::map";
  template <class K, class V>
  using map = evac::map<K, V>;
  static std::string_view lookup_key(std::string_view text) { return text; }
};

struct evac_sharded_peer {
  static constexpr const char* name = "evac::sharded_map";
  static constexpr bool locked = true;
  template <class K, class V>
  struct map : visited_map<evac::sharded_map<K, V>, K, V> {
    explicit map(std::size_t expected = 0) : visited_map<evac::sharded_map<K, V>, K, V>(expected) {}
  };
};

struct evac_sync_peer {
  static constexpr const char* name = "evac::sync_map";
  static constexpr bool locked = false;
  template <class K, class V, class Hash = evac::hash<K>>
  class map {
    // Elements in slots are replaced in place anyway.
    static constexpr bool counts_in_place = is_text<K> && std::is_integral_v<V>;
    using value_type = counted_value<counts_in_place, V>;

   public:
    explicit map(std::size_t expected = 0) : map_(expected) {}
    template <class Q>
    bool insert(const Q& key, const V& value) {
      return !map_.load_or_store(as_key<K>(key), value).loaded;
    }
    template <class Q>
    bool upsert(const Q& key, const V& value) {
      return map_.store(as_key<K>(key), value);
    }
    template <class Q>
    void increment(const Q& key, const V& by) {
      if constexpr (counts_in_place) {
        const auto add = [&](const value_type& value) { value.add(by); };
        while (!map_.load(key, add) && map_.load_or_store(as_key<K>(key), by).loaded) {
        }
      } else {
        map_.update(as_key<K>(key),
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
    evac::sync_map<K, value_type, Hash> map_;
  };
};

/// The same maps, which count their look-ups.
struct evac_counting_peer {
  static constexpr const char* name = evac_peer::name;
  template <class K, class V>
  using map = evac::map<K, V, evac::counted_lookups<evac::hash<K>>>;
};
struct evac_counting_sharded_peer {
  static constexpr const char* name = evac_sharded_peer::name;
  template <class K, class V>
  using map = visited_map<evac::sharded_map<K, V, evac::counted_lookups<evac::hash<K>>>, K, V>;
};
struct evac_counting_sync_peer {
  static constexpr const char* name = evac_sync_peer::name;
  template <class K, class V>
  using map = evac_sync_peer::map<K, V, evac::counted_lookups<evac::hash<K>>>;
};

}  // namespace bench

#endif
