// Visitors that call another map, or what takes no lock; and calls beside a visit.
#include "evac/cache.hpp"
#include "evac/map.hpp"
#include "evac/sharded_map.hpp"

evac::sharded_map<int, int> numbers;
evac::sharded_map<int, int> others;

int main() {
  numbers.visit(1, [](auto& each) { others.visit(each.first, [](auto& other) { ++other.second; }); });
  evac::map<int, int> copy;
  numbers.cvisit_all([&](const auto& each) { copy.insert(each); });
  numbers.erase_if([](const auto& each) { return each.second > static_cast<int>(numbers.size()); });
  numbers.erase(static_cast<int>(numbers.size()));
  numbers.visit(numbers.contains(1) ? 1 : 2, [](auto& each) { ++each.second; });
  evac::cache<int, int> pages(10);
  pages.get_or_compute(1, [&] { return pages.contains(2) ? 1 : 0; });  // a factory runs without a lock
}
