// Visitors that call the map that they visit.
#include "evac/cache.hpp"
#include "evac/sharded_map.hpp"

evac::sharded_map<int, int> numbers;

struct accounts {
  evac::sharded_map<int, int> totals;
  void add(int key) {
    totals.visit(key, [&](auto& each) { each.second += static_cast<int>(totals.count(key + 1)); });  // found
  }
};

int main() {
  numbers.visit(1, [](auto& each) {
    each.second = 1;
    numbers.erase(2);  // found
  });
  numbers.cvisit_all([](const auto& each) {
    numbers.visit(each.first + 1, [](auto&) {});  // found
  });
  const auto counting = [](const auto&) { return numbers.contains(2); };  // found
  numbers.erase_if(counting);
  evac::sharded_map<int, int> local;
  local.try_emplace_or_visit(1, 2, [&local](auto&) { local.clear(); });  // found
  accounts().add(1);
  evac::scan_cursor at;
  while (!at.done()) {
    at = numbers.scan(at, 10, [](const auto& each) { numbers.erase(each.first); });  // found
  }
  evac::cache<int, int> pages(10);
  pages.update(1, [&](const int*) { return pages.contains(2) ? 1 : 0; });  // found
  pages.get(1, [&](const int& each) { pages.put(2, each); });              // found
}
