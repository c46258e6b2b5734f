// expect: evac: KeyEqual must return a bool
#include "evac/sharded_map.hpp"

struct equal_in_vain {
  void operator()(int, int) const {}
};

int main() {
  evac::sharded_map<int, int, evac::hash<int>, equal_in_vain> numbers;
  numbers.insert({1, 2});
}
