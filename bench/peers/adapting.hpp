// Pieces that adapters of several libraries share: strings that are looked up by a view, values that are counted in
// place.
#ifndef EVAC_BENCH_PEERS_ADAPTING_HPP
#define EVAC_BENCH_PEERS_ADAPTING_HPP

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

namespace bench {

template <class K>
inline constexpr bool is_text = std::is_same_v<K, std::string>;

/// The key itself, for maps that take nothing else: each thread keeps a string, so that a look-up by a view allocates
/// nothing.
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

/// A key that a map may store: the argument itself if it is a key, else a key made of it.
template <class K, class Q>
decltype(auto) as_key(const Q& key) {
  if constexpr (std::is_same_v<Q, K>) {
    return (key);
  } else {
    return K(key);
  }
}

/// A hash that takes a view: std::hash<std::string> does not, and a string would have to be built for each look-up.
struct string_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

/// A number that all threads may change where it is, for counting in maps whose values are not changed in place.
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

}  // namespace bench

#endif
