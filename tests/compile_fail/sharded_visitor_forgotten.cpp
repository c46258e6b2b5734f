// expect: evac: the visitors come last, and must accept an element
#include "evac/sharded_map.hpp"

int main() {
  evac::sharded_map<int, int> numbers;
  numbers.try_emplace_or_visit(1, 2);
}
