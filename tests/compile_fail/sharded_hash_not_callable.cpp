// expect: evac: Hash must be callable on a const Key
#include "evac/sharded_map.hpp"

struct hash_of_something_else {};

int main() {
  evac::sharded_map<int, int, hash_of_something_else> heights;
  heights.emplace(1, 2);
}
