// expect: evac: Key must be an object type
#include "evac/sync_set.hpp"

int main() {
  int number = 1;
  evac::sync_set<int&> numbers;
  numbers.insert(number);
}
