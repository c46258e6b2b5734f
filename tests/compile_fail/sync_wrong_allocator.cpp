// expect: evac: the allocator's value_type must be the container's value_type
#include <memory>

#include "evac/sync_map.hpp"

int main() {
  evac::sync_map<int, int, evac::hash<int>, evac::equal_to<int>, std::allocator<int>> numbers;
  numbers.store(1, 2);
}
