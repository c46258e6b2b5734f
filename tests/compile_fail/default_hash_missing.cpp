// expect: evac: Hash must be callable on a const Key
#include "evac/map.hpp"

struct point {
  int x;
  bool operator==(const point&) const = default;
};

int main() {
  evac::map<point, int> heights;
  heights[point{1}] = 3;
}
