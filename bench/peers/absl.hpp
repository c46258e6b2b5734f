// Abseil's map.
#ifndef EVAC_BENCH_PEERS_ABSL_HPP
#define EVAC_BENCH_PEERS_ABSL_HPP

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <string_view>

namespace bench {

struct absl_peer {
  static constexpr const char* name = "absl::flat_hash_map";
  template <class K, class V>
  using map = absl::flat_hash_map<K, V>;
  // An abseil built for C++14 has a string_view of its own.
  static absl::string_view lookup_key(std::string_view text) { return {text.data(), text.size()}; }
};

}  // namespace bench

#endif
