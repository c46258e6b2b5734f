// Visitors that copy what they need, or use an address only while they run.
#include <string>
#include <vector>

#include "evac/sharded_map.hpp"
#include "evac/sync_map.hpp"

struct session {
  std::string name;
  int requests;
};

int length_of(const std::string* text) { return static_cast<int>(text->size()); }

int main() {
  evac::sharded_map<int, session> sessions;
  evac::sync_map<int, std::string> names;
  int length = 0;
  std::string name;
  std::vector<session> all;
  sessions.visit(1, [&](auto& each) {
    session* const here = &each.second;
    ++here->requests;
    length = length_of(&each.second.name);
  });
  sessions.cvisit_all([&](const auto& each) { all.push_back(each.second); });
  names.load(1, [&](const std::string& found) { name = found; });
  const std::string* const mine = &name;
  return length + length_of(mine);
}
