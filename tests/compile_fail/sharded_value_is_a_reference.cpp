// expect: evac: T must be an object type
#include "evac/sharded_map.hpp"

int main() {
  int number = 1;
  evac::sharded_map<int, int&> numbers;
  numbers.try_emplace(1, number);
}
