// The maps that are measured: one small adapter each, all with their default hashes and equalities.
#ifndef EVAC_BENCH_PEERS_PEERS_HPP
#define EVAC_BENCH_PEERS_PEERS_HPP

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <evac/map.hpp>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#if EVAC_BENCH_HAS_BOOST_FLAT_MAP
#include <boost/unordered/unordered_flat_map.hpp>
#endif
#if EVAC_BENCH_HAS_ANKERL
#include <ankerl/unordered_dense.h>
#endif

namespace bench {

// std::hash<std::string> cannot take a view: without this only std::unordered_map would have to build a string per word.
struct string_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

struct std_peer {
  static constexpr const char* name = "std::unordered_map";
  template <class K, class V>
  using map = std::conditional_t<std::is_same_v<K, std::string>, std::unordered_map<K, V, string_hash, std::equal_to<>>,
                                 std::unordered_map<K, V>>;
  static std::string_view lookup_key(std::string_view text) { return text; }
};
struct absl_peer {
  static constexpr const char* name = "absl::flat_hash_map";
  template <class K, class V>
  using map = absl::flat_hash_map<K, V>;
  // An abseil built for C++14 has a string_view of its own.
  static absl::string_view lookup_key(std::string_view text) { return {text.data(), text.size()}; }
};
struct evac_peer {
  static constexpr const char* name = "evac::map";
  template <class K, class V>
  using map = evac::map<K, V>;
  static std::string_view lookup_key(std::string_view text) { return text; }
};
#if EVAC_BENCH_HAS_BOOST_FLAT_MAP
struct boost_peer {
  static constexpr const char* name = "boost::unordered_flat_map";
  template <class K, class V>
  using map = boost::unordered_flat_map<K, V>;
};
#endif

#if EVAC_BENCH_HAS_ANKERL
struct ankerl_peer {
  static constexpr const char* name = "ankerl::unordered_dense::map";
  template <class K, class V>
  using map = ankerl::unordered_dense::map<K, V>;
};
#endif

template <class... Peers>
struct peer_list {};

template <class... Lists>
struct joined_lists;
template <class... Peers>
struct joined_lists<peer_list<Peers...>> {
  using type = peer_list<Peers...>;
};
template <class... Left, class... Right, class... Others>
struct joined_lists<peer_list<Left...>, peer_list<Right...>, Others...>
    : joined_lists<peer_list<Left..., Right...>, Others...> {};
template <class... Lists>
using joined = typename joined_lists<Lists...>::type;

/// A peer that is defined only where it was found when this was configured: then `found` is 1, else 0.
template <int found, class Peer>
using if_found = std::conditional_t<found != 0, peer_list<Peer>, peer_list<>>;

/// Names of those that were not found.
[[nodiscard]] inline std::vector<std::string> missing_of(std::initializer_list<std::pair<const char*, int>> peers) {
  std::vector<std::string> missing;
  for (const auto& [name, found] : peers) {
    if (found == 0) missing.emplace_back(name);
  }
  return missing;
}

using main_peers = peer_list<std_peer, absl_peer, evac_peer>;
using flat_peers = joined<peer_list<absl_peer>, if_found<EVAC_BENCH_HAS_BOOST_FLAT_MAP, struct boost_peer>,
                          if_found<EVAC_BENCH_HAS_ANKERL, struct ankerl_peer>, peer_list<evac_peer>>;
using all_peers = joined<peer_list<std_peer>, flat_peers>;
[[nodiscard]] inline std::vector<std::string> missing_owned_peers() {
  return missing_of({{"boost::unordered_flat_map", EVAC_BENCH_HAS_BOOST_FLAT_MAP},
                     {"ankerl::unordered_dense", EVAC_BENCH_HAS_ANKERL}});
}

/// visit(peer) for each, in order: rounds are interleaved by calling this once a round.
template <class... Peers, class Visit>
void for_each_peer(peer_list<Peers...>, const Visit& visit) {
  (visit(Peers{}), ...);
}

}  // namespace bench

#endif
