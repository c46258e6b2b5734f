// expect: evac: T must be an object type
#include "evac/map.hpp"

int main() {
  int number = 1;
  evac::map<int, int&> numbers;
  numbers.try_emplace(1, number);
}
