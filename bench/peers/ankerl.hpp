// ankerl's map, whose elements lie in a vector.
#ifndef EVAC_BENCH_PEERS_ANKERL_HPP
#define EVAC_BENCH_PEERS_ANKERL_HPP

#if EVAC_BENCH_HAS_ANKERL
#include <ankerl/unordered_dense.h>

namespace bench {

struct ankerl_peer {
  static constexpr const char* name = "ankerl::unordered_dense::map";
  template <class K, class V>
  using map = ankerl::unordered_dense::map<K, V>;
};

}  // namespace bench
#endif

#endif
