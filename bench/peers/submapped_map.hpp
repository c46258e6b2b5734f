// An adapter for phmap and its successor gtl, which have one interface.
#ifndef EVAC_BENCH_PEERS_SUBMAPPED_MAP_HPP
#define EVAC_BENCH_PEERS_SUBMAPPED_MAP_HPP

#include <cstddef>

#include "peers/adapting.hpp"

namespace bench {

/// phmap and its successor gtl have one interface. Native: a parallel_flat_hash_map of 16 shards behind
/// std::shared_mutex.
template <class Native, class K, class V>
class submapped_map {
 public:
  explicit submapped_map(std::size_t expected) { map_.reserve(expected); }
  template <class Q>
  bool insert(const Q& key, const V& value) {
    return map_.try_emplace_l(as_key<K>(key), [](auto&) {}, value);
  }
  template <class Q>
  bool upsert(const Q& key, const V& value) {
    return map_.try_emplace_l(as_key<K>(key), [&](auto& element) { element.second = value; }, value);
  }
  template <class Q>
  void increment(const Q& key, const V& by) {
    const auto add = [&](auto& element) { element.second += by; };
    if constexpr (is_text<K>) {
      if (map_.modify_if(key, add)) return;
    }
    map_.try_emplace_l(as_key<K>(key), add, by);
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
    return erased;  // gtl's own answer is true also when another thread was faster
  }
  [[nodiscard]] std::size_t size() const { return map_.size(); }
  template <class F>
  void for_each(const F& f) const {
    map_.for_each([&](const auto& element) { f(element.first, element.second); });
  }

 private:
  Native map_;
};

}  // namespace bench

#endif
