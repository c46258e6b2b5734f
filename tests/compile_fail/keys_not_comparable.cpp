// expect: evac: KeyEqual must be callable on two const Keys
#include "evac/map.hpp"

struct point {
  int x;
};
struct point_hash {
  std::size_t operator()(const point& of) const { return static_cast<std::size_t>(of.x); }
};

int main() {
  evac::map<point, int, point_hash> heights;
  heights[point{1}] = 3;
}
