// Walks the invariants of every table of a sharded container, and S7 of sharded_state.hpp. O(size + buckets).
#ifndef EVAC_DETAIL_SHARDED_VALIDATE_SHARDS_HPP
#define EVAC_DETAIL_SHARDED_VALIDATE_SHARDS_HPP

#include <memory>
#include <string>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/sharded_state.hpp"
#include "evac/detail/sharded/transfer.hpp"
#include "evac/detail/table/validate_table.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Empty if all invariants hold, else what is broken. Shard by shard, each held shared.
template <class Policy, class Mutex>
[[nodiscard]] std::string validate_shards(const sharded_state<Policy, Mutex>& state) {
  for (auto& each : state.shards) {
    const shard_guard<access::shared, shard<Policy, Mutex>> guard(each);
    const auto& table = guard.table();
    if (std::string broken = validate_table(table); !broken.empty()) return broken;
    for (position at = table.first(); at.where != nullptr; at = table.next(at)) {
      const auto& place = state.shards.of_hash(table.hash_of(key_at(table, at)));
      if (std::addressof(place) != std::addressof(each)) return "S7: an element lies in another hash's shard";
    }
  }
  return {};
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
