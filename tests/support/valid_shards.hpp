// The invariants of every table of a sharded container. For when no other thread uses it.
#ifndef EVAC_TESTS_SUPPORT_VALID_SHARDS_HPP
#define EVAC_TESTS_SUPPORT_VALID_SHARDS_HPP

#include <cstddef>
#include <evac/detail/table/table_access.hpp>
#include <evac/detail/table/validate_table.hpp>
#include <string>

namespace evac_test {

/// Empty if all invariants hold in all shards and every element lies in the shard of its hash.
template <class Map>
[[nodiscard]] std::string validate_shards(const Map& map) {
  const auto& shards = evac::detail::table_access::shards_of(map);
  for (auto& each : shards) {
    each.lock_shared();
    const auto& table = each.table_locked_shared();
    std::string broken = evac::detail::validate_table(table);
    for (auto at = table.first(); at.where != nullptr; at = table.next(at)) {
      const auto& key = [&]() -> const auto& {
        if constexpr (requires { typename Map::mapped_type; }) {
          return table.element(at).first;
        } else {
          return table.element(at);
        }
      }();
      if (&shards.of_hash(table.hash_of(key)) != &each) broken = "an element lies in another's shard";
    }
    each.unlock_shared();
    if (!broken.empty()) return broken;
  }
  return {};
}

}  // namespace evac_test

#define REQUIRE_VALID_SHARDS(map) REQUIRE(::evac_test::validate_shards(map) == std::string())

#endif
