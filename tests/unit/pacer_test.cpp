// The pacer alone: at which sizes inserts grow a table, when one that is too large shrinks, and that a promise keeps
// it.
#include <evac/detail/table/pacer.hpp>

#include <cstddef>

#include "support/catch.hpp"

namespace {

using evac::detail::grow_threshold;
using evac::detail::pacer;
using evac::detail::shrink_resume;
using evac::detail::shrink_threshold;
using step = evac::detail::pacer::step;

constexpr std::size_t slots = 7;
constexpr std::size_t homes = 256;

/// A pacer of a table at rest.
pacer at_rest(std::size_t size) {
  pacer pace;
  pace.settle(size, homes, slots);
  return pace;
}

/// Inserts that find an oversized table of this size before one of them is to shrink it.
std::size_t inserts_until_shrinking(pacer& pace, std::size_t size) {
  std::size_t inserts = 0;
  while (pace.due(size, homes, slots) == step::wait && inserts <= 2 * homes) {
    ++inserts;
    pace.settle(size, homes, slots);
  }
  return inserts;
}

}  // namespace

TEST_CASE("an insert has a step to take from the size on at which a table of its homes grows") {
  const std::size_t threshold = grow_threshold(homes, slots);
  pacer pace = at_rest(threshold - 1);
  REQUIRE_FALSE(pace.inserted(threshold - 1));
  REQUIRE(pace.inserted(threshold));
  REQUIRE(pace.due(threshold, homes, slots) == step::grow);
  pace.settle(threshold, homes + 1, slots);
  REQUIRE_FALSE(pace.inserted(threshold));
}

TEST_CASE("the first insert into a table without homes has a step to take") {
  pacer pace;
  REQUIRE(pace.inserted(1));
}

TEST_CASE("an oversized table shrinks after as many inserts as it has homes") {
  pacer pace = at_rest(shrink_threshold(homes));
  pace.erased(shrink_threshold(homes) - 1);
  const std::size_t small = shrink_threshold(homes) - 1;
  REQUIRE(pace.inserted(small));
  REQUIRE(inserts_until_shrinking(pace, small) == homes);
  REQUIRE(pace.due(small, homes, slots) == step::shrink);
}

TEST_CASE("a table that shrinks goes on until its homes hold two elements on average") {
  pacer pace = at_rest(10);
  REQUIRE(inserts_until_shrinking(pace, 10) == homes);
  pace.settle(10, homes - 4, slots);
  REQUIRE(pace.due(shrink_resume(homes - 4) - 1, homes - 4, slots) == step::shrink);
  pace.settle(shrink_resume(homes - 4), homes - 4, slots);
  REQUIRE_FALSE(pace.inserted(shrink_resume(homes - 4)));
}

TEST_CASE("a table that is filled again in time keeps its homes") {
  pacer pace = at_rest(10);
  for (std::size_t i = 1; i < homes; ++i) REQUIRE(pace.due(10, homes, slots) == step::wait);
  pace.settle(shrink_threshold(homes), homes, slots);
  REQUIRE_FALSE(pace.inserted(shrink_threshold(homes)));
  pace.erased(10);
  pace.settle(10, homes, slots);
  REQUIRE(inserts_until_shrinking(pace, 10) == homes);
}

TEST_CASE("a table whose homes were reserved never shrinks, until the promise is taken back") {
  pacer pace;
  pace.reserved(homes);
  pace.settle(0, homes, slots);
  pace.erased(0);
  REQUIRE_FALSE(pace.inserted(1));
  REQUIRE(pace.fewest_homes() == homes);
  REQUIRE(pace.reserved_homes() == homes);
  pace.reserved(0);
  pace.settle(0, homes, slots);
  REQUIRE(pace.inserted(1));
  REQUIRE(inserts_until_shrinking(pace, 1) == homes);
}

TEST_CASE("a table of few homes is never oversized") {
  pacer pace;
  pace.settle(0, evac::detail::base_homes, slots);
  pace.erased(0);
  REQUIRE_FALSE(pace.inserted(1));
}

TEST_CASE("nothing may move up to the size that was reserved for") {
  pacer pace;
  pace.reserved(homes);
  REQUIRE_FALSE(pace.may_move(grow_threshold(homes, slots) - 1, slots));
  REQUIRE(pace.may_move(grow_threshold(homes, slots), slots));
  pace.reserved(0);
  REQUIRE(pace.may_move(0, slots));
}
