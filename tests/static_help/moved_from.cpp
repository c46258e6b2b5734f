// Maps that are used after a move. A line that clang-tidy must warn of ends in a comment that names the check; no other
// may be: clear() and assignment begin anew.
// checks: bugprone-use-after-move
#include <cstddef>
#include <utility>

#include "evac/map.hpp"
#include "evac/set.hpp"
#include "evac/sharded_map.hpp"
#include "evac/sharded_set.hpp"

template <class Container>
void take(Container&& from) {
  const Container taken = std::forward<Container>(from);
}

std::size_t used(evac::map<int, int> map, evac::sharded_map<int, int> sharded) {
  take(std::move(map));
  take(std::move(sharded));
  return map.size() +     // warns: bugprone-use-after-move
         sharded.size();  // warns: bugprone-use-after-move
}
std::size_t cleared(evac::map<int, int> map, evac::set<int> set, evac::sharded_map<int, int> sharded,
                    evac::sharded_set<int> sharded_set) {
  take(std::move(map));
  take(std::move(set));
  take(std::move(sharded));
  take(std::move(sharded_set));
  map.clear();
  set.clear();
  sharded.clear();
  sharded_set.clear();
  return map.size() + set.size() + sharded.size() + sharded_set.size();
}
std::size_t assigned(evac::map<int, int> map) {
  take(std::move(map));
  map = {{1, 2}};
  return map.size();
}
