// expect: evac: the visitors come last
#include "evac/sharded_map.hpp"

int main() {
  evac::sharded_map<int, int> numbers;
  numbers.emplace_and_visit(1);
}
