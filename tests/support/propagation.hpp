// Checks of copies, moves, assignments and swaps with allocators that have an identity (trait_allocator), for all kinds
// of maps.
#ifndef EVAC_TESTS_SUPPORT_PROPAGATION_HPP
#define EVAC_TESTS_SUPPORT_PROPAGATION_HPP

#include <memory>
#include <utility>

#include "support/allocators.hpp"
#include "support/catch.hpp"

namespace evac_test {

/// make(identity, n) and make_other(identity, n) make maps of the keys 0 to n - 1 with the allocator of that identity;
/// require_elements(map, n) requires that these are there, and that the map is usable.
template <class Map, class Make, class MakeOther, class RequireElements>
void copy_assign_and_move_assign(const Make& make, const MakeOther& make_other,
                                 const RequireElements& require_elements) {
  using traits = std::allocator_traits<typename Map::allocator_type>;
  for (const int n : {0, 1, 20, 300}) {
    const Map source = make(1, n);
    Map target = make_other(2, 30);
    target = source;
    REQUIRE(target.get_allocator().id == (traits::propagate_on_container_copy_assignment::value ? 1 : 2));
    require_elements(target, n);
    Map moved = make(3, 40);
    const int before = target.get_allocator().id;
    moved = std::move(target);
    REQUIRE(moved.get_allocator().id == (traits::propagate_on_container_move_assignment::value ? before : 3));
    require_elements(moved, n);
    require_elements(target, 0);  // NOLINT(bugprone-use-after-move): a moved-from map is empty and usable
  }
}

/// Returns the last map, of the keys 0 and 1 with allocator 5.
template <class Map, class Make, class MakeOther, class RequireElements>
Map construct_and_swap(const Make& make, const MakeOther& make_other, const RequireElements& require_elements) {
  using traits = std::allocator_traits<typename Map::allocator_type>;
  Map first = make(1, 100);
  Map second = make_other(traits::propagate_on_container_swap::value ? 2 : 1, 7);
  const int id = second.get_allocator().id;
  swap(first, second);
  REQUIRE(first.get_allocator().id == id);
  require_elements(first, 7);
  require_elements(second, 100);
  Map copy(second);
  REQUIRE(copy.get_allocator().id == 101);
  require_elements(copy, 100);
  Map moved(std::move(copy));
  REQUIRE(moved.get_allocator().id == 101);
  require_elements(moved, 100);
  Map elsewhere(std::move(moved), typename Map::allocator_type(5));
  require_elements(elsewhere, 100);
  REQUIRE(elsewhere.get_allocator().id == 5);
  elsewhere = {{1, 1}, {0, 0}};
  REQUIRE(elsewhere.get_allocator().id == 5);
  require_elements(elsewhere, 2);
  return elsewhere;
}

}  // namespace evac_test

#endif
