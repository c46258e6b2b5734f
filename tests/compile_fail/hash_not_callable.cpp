// expect: evac: Hash must be callable on a const Key
#include "evac/map.hpp"

struct point {
  int x;
  int y;
  bool operator==(const point&) const = default;
};

struct hash_of_something_else {};

int main() {
  evac::map<point, int, hash_of_something_else> heights;
  heights[point{1, 2}] = 3;
}
