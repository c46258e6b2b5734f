// expect: evac: Hash must return a std::size_t
#include "evac/set.hpp"

struct hash_in_vain {
  void operator()(int) const {}
};

int main() {
  evac::set<int, hash_in_vain> numbers;
  numbers.insert(1);
}
