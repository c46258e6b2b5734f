// Maps that own what their pointers point to, and lose it.
#include "evac/map.hpp"
#include "evac/sharded_map.hpp"
#include "evac/sync_map.hpp"

struct session {
  int requests;
};

void forget(evac::map<int, session*>* all) {
  all->clear();  // found
}

int main() {
  evac::map<int, session*> owned;
  owned[1] = new session{};
  owned.erase(1);  // found
  evac::sharded_map<int, session*> shared;
  shared.erase_if([](const auto& each) { return each.second->requests == 0; });  // found
  evac::sync_map<int, const session*> read;
  read.clear();  // found
  forget(&owned);
}
