// expect: evac: Hash must be callable on a const Key
#include <string>

#include "evac/sync_map.hpp"

struct hash_of_numbers {
  std::size_t operator()(int number) const { return static_cast<std::size_t>(number); }
};

int main() {
  evac::sync_map<std::string, int, hash_of_numbers> ports;
  return ports.empty() ? 0 : 1;
}
