// Maps that are never destroyed, as services have them: a leak checker must find all that they hold, also what a
// cleared map leaves to be reclaimed. Under AddressSanitizer the end of this program is the test.
#include <cstdio>
#include <evac/evac.hpp>
#include <string>

int main() {
  static auto* const owned = new evac::map<int, int>;
  static auto* const sharded = new evac::sharded_map<int, int>;
  static auto* const in_slots = new evac::sync_map<int, int>;
  static auto* const in_nodes = new evac::sync_map<std::string, int>;
  for (int i = 0; i < 20'000; ++i) {
    owned->emplace(i, i);
    sharded->insert({i, i});
    in_slots->store(i, i);
    in_nodes->store(std::to_string(i), i);
  }
  const bool right =
      owned->size() == 20'000 && sharded->size() == 20'000 && in_slots->size() == 20'000 && in_nodes->size() == 20'000;
  in_nodes->clear();
  if (!right || !in_nodes->empty()) std::puts("wrong size");
  return right && in_nodes->empty() ? 0 : 1;
}
