// The standard's map.
#ifndef EVAC_BENCH_PEERS_STD_HPP
#define EVAC_BENCH_PEERS_STD_HPP

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "peers/adapting.hpp"

namespace bench {

struct std_peer {
  static constexpr const char* name = "std::unordered_map";
  template <class K, class V>
  using map = std::conditional_t<std::is_same_v<K, std::string>, std::unordered_map<K, V, string_hash, std::equal_to<>>,
                                 std::unordered_map<K, V>>;
  static std::string_view lookup_key(std::string_view text) { return text; }
};

}  // namespace bench

#endif
