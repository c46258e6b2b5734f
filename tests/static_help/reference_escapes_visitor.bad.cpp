// Addresses and references of elements that outlive their visitors.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evac/sharded_map.hpp"
#include "evac/sync_map.hpp"

struct session {
  std::string name;
  int requests;
};

int main() {
  evac::sharded_map<int, session> sessions;
  evac::sync_map<int, std::string> names;
  session* kept = nullptr;
  int* counter = nullptr;
  const std::string* name = nullptr;
  std::string_view view;
  std::vector<const session*> all;
  std::vector<std::reference_wrapper<const session>> wrapped;
  sessions.visit(1, [&](auto& each) { kept = &each.second; });                                    // found
  sessions.visit(1, [&](auto& each) { counter = &each.second.requests; });                        // found
  sessions.cvisit_all([&](const auto& each) { all.push_back(&each.second); });                    // found
  sessions.cvisit_all([&](const auto& each) { wrapped.push_back(std::cref(each.second)); });      // found
  names.load(1, [&](const std::string& found) { name = std::addressof(found); });                 // found
  names.load(1, [&](const std::string& found) { view = found; });                                 // found
  static_cast<void>(sessions.scan({}, 10, [&](const auto& each) { name = &each.second.name; }));  // found
  return kept == nullptr && counter == nullptr && name == nullptr && view.empty() ? 0 : 1;
}
