// A first program for each of the maps, and for keys of several kinds.
#include <evac/cache.hpp>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>

#include <iostream>
#include <string>
#include <utility>

int main() {
  evac::map<std::string, int> map;
  evac::set<double> set;
  evac::sharded_map<std::pair<int, int>, int> sharded;
  evac::sync_map<int, std::string> sync;
  evac::cache<std::string, int> cache(100);
  for (int i = 0; i < 1000; ++i) {
    map["key " + std::to_string(i)] = i;
    set.insert(i / 4.0);
    sharded.insert_or_assign({i, i + 1}, i);
    sync.store(i, std::to_string(i));
    cache.put(std::to_string(i), i);
  }
  bool right = map.at("key 999") == 999 && set.contains(3.75) && cache.size() <= 100 && sync.load(500) == "500";
  right = right && sharded.cvisit({1, 2}, [&](const auto& element) { right = element.second == 1; }) == 1 && right;
  std::cout << (right ? "evac works\n" : "evac is broken\n");
  return right ? 0 : 1;
}
