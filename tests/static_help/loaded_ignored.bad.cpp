// Results of load_or_store() and load_or_compute() whose `loaded` is not looked at.
#include <string>

#include "evac/sync_map.hpp"

int main() {
  evac::sync_map<int, int> ports;
  evac::sync_map<int, std::string> names;
  ports.load_or_store(1, 80);                                             // found
  names.load_or_store(1, "http");                                         // found
  const int port = ports.load_or_compute(2, [] { return 443; }).value;    // found
  const std::string name = names.load_or_store(2, "https").value;         // found
  if (port != 0) names.load_or_compute(3, [] { return std::string(); });  // found
  return static_cast<int>(name.size());
}
