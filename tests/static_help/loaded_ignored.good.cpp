// Results of load_or_store() and load_or_compute() that are looked at.
#include <string>

#include "evac/sync_map.hpp"

int main() {
  evac::sync_map<int, int> ports;
  evac::sync_map<int, std::string> names;
  if (ports.load_or_store(1, 80).loaded) return 1;
  const auto [name, loaded] = names.load_or_store(1, "http");
  const auto computed = ports.load_or_compute(2, [] { return 443; });
  ports.store(3, 22);
  return loaded && computed.loaded ? static_cast<int>(name.size()) : computed.value;
}
