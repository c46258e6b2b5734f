// Everything lives in an inline namespace, so that a declaration by hand names something else: evac/fwd.hpp declares.
// expect: reference to 'map' is ambiguous
namespace evac {
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class map;
}

#include "evac/map.hpp"

evac::map<int, int, evac::hash<int>, evac::equal_to<int>, std::allocator<std::pair<const int, int>>>* pointer;

int main() { return pointer == nullptr ? 0 : 1; }
