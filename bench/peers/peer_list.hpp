// Lists of peers, put together at compile time from those that this build has found.
#ifndef EVAC_BENCH_PEERS_PEER_LIST_HPP
#define EVAC_BENCH_PEERS_PEER_LIST_HPP

#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bench {

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

/// visit(peer) for each, in order: rounds are interleaved by calling this once a round.
template <class... Peers, class Visit>
void for_each_peer(peer_list<Peers...>, const Visit& visit) {
  (visit(Peers{}), ...);
}

}  // namespace bench

#endif
