// Maps whose values delete themselves, or are deleted before.
#include <memory>

#include "evac/map.hpp"
#include "evac/sharded_map.hpp"

struct session {
  int requests;
};

void forget(evac::map<int, session*>& all) {
  for (const auto& [key, value] : all) delete value;
  all.clear();
}

int main() {
  evac::sharded_map<int, std::unique_ptr<session>> owning;
  owning.clear();
  evac::map<session*, int> by_address;
  by_address.clear();
  evac::map<int, session*> taken;
  forget(taken);
  return static_cast<int>(taken.size());
}
