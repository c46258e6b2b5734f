// Where the parts of a table lie: a map fits two cache lines, and in a shard a writer does not touch the line that
// look-ups read.
#include <evac/map.hpp>
#include <evac/sharded_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "support/catch.hpp"

namespace {

using evac::detail::cache_line;

template <class Ownership>
using policy_of = evac::detail::policy<evac::detail::map_elements<std::uint64_t, std::uint64_t>,
                                       evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                                       std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, Ownership>;

template <class Part, class Whole>
std::size_t offset(const Part& part, const Whole& whole) {
  return reinterpret_cast<std::uintptr_t>(&part) - reinterpret_cast<std::uintptr_t>(&whole);
}

}  // namespace

TEST_CASE("a map takes two cache lines") {
  STATIC_REQUIRE(sizeof(void*) != 8 || sizeof(evac::map<std::uint64_t, std::uint64_t>) == 2 * cache_line);
}

TEST_CASE("a shard takes two cache lines, unless it keeps the thread that holds it") {
  using shard = evac::detail::shard<policy_of<evac::detail::shares_functors>, evac::rw_lock>;
  STATIC_REQUIRE(sizeof(void*) != 8 || EVAC_CHECKS != 0 || sizeof(shard) == 2 * cache_line);
}

TEST_CASE("a look-up reads one line of a shard, and an insert or erase writes the other") {
  using policy = policy_of<evac::detail::shares_functors>;
  typename policy::functors_type functors({}, {}, {});
  const evac::detail::table_parts<policy> parts(functors);
  REQUIRE(offset(parts.homes, parts) + sizeof(parts.homes) <= cache_line);
  REQUIRE(offset(parts.functors, parts) + sizeof(parts.functors) <= cache_line);
  REQUIRE(offset(parts.size, parts) >= cache_line);
  REQUIRE(offset(parts.pace, parts) >= cache_line);
}
