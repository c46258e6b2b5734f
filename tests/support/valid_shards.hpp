// The check of a sharded container's invariants, as tests ask for it.
#ifndef EVAC_TESTS_SUPPORT_VALID_SHARDS_HPP
#define EVAC_TESTS_SUPPORT_VALID_SHARDS_HPP

#include <evac/detail/sharded/validate_shards.hpp>
#include <evac/detail/table/table_access.hpp>
#include <string>

namespace evac_test {

/// Empty if all invariants hold in all shards.
template <class Map>
[[nodiscard]] std::string validate_shards(const Map& map) {
  return evac::detail::validate_shards(evac::detail::table_access::state_of(map));
}

}  // namespace evac_test

#define REQUIRE_VALID_SHARDS(map) REQUIRE(::evac_test::validate_shards(map) == std::string())

#endif
