// expect: evac: Key must be an object type
#include "evac/sharded_set.hpp"

int main() {
  int number = 1;
  evac::sharded_set<int&> numbers;
  numbers.insert(number);
}
