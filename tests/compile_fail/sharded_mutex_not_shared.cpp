// expect: evac: Mutex must be SharedLockable
#include <memory>
#include <mutex>

#include "evac/sharded_map.hpp"

int main() {
  using allocator = std::allocator<std::pair<const int, int>>;
  evac::sharded_map<int, int, evac::hash<int>, evac::equal_to<int>, allocator, std::mutex> numbers;
  numbers.emplace(1, 2);
}
