// An adapter for maps with Boost's interface of visitors: evac::sharded_map and boost::concurrent_flat_map.
#ifndef EVAC_BENCH_PEERS_VISITED_MAP_HPP
#define EVAC_BENCH_PEERS_VISITED_MAP_HPP

#include <cstddef>

#include "peers/adapting.hpp"

namespace bench {

/// The interface that evac::sharded_map and boost::concurrent_flat_map share: everything except inserts by a view.
template <class Map, class K, class V>
class visited_map {
 public:
  explicit visited_map(std::size_t expected) : map_(expected) {}

  template <class Q>
  bool insert(const Q& key, const V& value) {
    return map_.try_emplace(as_key<K>(key), value);
  }
  template <class Q>
  bool upsert(const Q& key, const V& value) {
    return map_.insert_or_assign(as_key<K>(key), value);
  }
  template <class Q>
  void increment(const Q& key, const V& by) {
    const auto add = [&](auto& element) { element.second += by; };
    // A view is tried first, so that a string is made for new words only.
    if constexpr (is_text<K>) {
      if (map_.visit(key, add) != 0) return;
    }
    map_.try_emplace_or_visit(as_key<K>(key), by, add);
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

}  // namespace bench

#endif
