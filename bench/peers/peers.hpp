// The maps that are measured: one small adapter each, all with their default hashes and equalities.
#ifndef EVAC_BENCH_PEERS_PEERS_HPP
#define EVAC_BENCH_PEERS_PEERS_HPP

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <evac/map.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#ifdef EVAC_BENCH_HAS_BOOST_FLAT_MAP
#include <boost/unordered/unordered_flat_map.hpp>
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
#ifdef EVAC_BENCH_HAS_BOOST_FLAT_MAP
struct boost_peer {
  static constexpr const char* name = "boost::unordered_flat_map";
  template <class K, class V>
  using map = boost::unordered_flat_map<K, V>;
};
#endif

template <class... Peers>
struct peer_list {};
using main_peers = peer_list<std_peer, absl_peer, evac_peer>;
#ifdef EVAC_BENCH_HAS_BOOST_FLAT_MAP
using all_peers = peer_list<std_peer, absl_peer, boost_peer, evac_peer>;
using flat_peers = peer_list<absl_peer, boost_peer, evac_peer>;
#else
using all_peers = main_peers;
using flat_peers = peer_list<absl_peer, evac_peer>;
#endif

/// visit(peer) for each, in order: rounds are interleaved by calling this once a round.
template <class... Peers, class Visit>
void for_each_peer(peer_list<Peers...>, const Visit& visit) {
  (visit(Peers{}), ...);
}

}  // namespace bench

#endif
