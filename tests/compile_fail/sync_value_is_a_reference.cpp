// expect: evac: T must be an object type without const or volatile, not a reference or void
#include "evac/sync_map.hpp"

int main() {
  const evac::sync_map<int, int&> numbers;
  return numbers.empty() ? 0 : 1;
}
