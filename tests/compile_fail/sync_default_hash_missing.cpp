// expect: evac: Hash must be callable on a const Key
#include "evac/sync_map.hpp"

struct point {
  int x;
  bool operator==(const point&) const = default;
};

int main() {
  evac::sync_map<point, int> heights;
  heights.store(point{1}, 3);
}
