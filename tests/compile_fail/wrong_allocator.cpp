// expect: evac: the allocator's value_type must be the container's value_type
#include <memory>

#include "evac/map.hpp"

int main() {
  evac::map<int, int, evac::hash<int>, evac::equal_to<int>, std::allocator<int>> numbers;
  numbers[1] = 2;
}
