// expect: evac: Key must be an object type
#include "evac/set.hpp"

int main() {
  int number = 1;
  evac::set<int&> numbers;
  numbers.insert(number);
}
