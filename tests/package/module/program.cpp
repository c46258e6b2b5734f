// A program that imports evac and includes nothing of it.
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

import evac;

int main() {
  evac::map<std::string, int> map;
  evac::set<int> set;
  evac::sharded_map<int, std::string> sharded;
  evac::sync_map<int, int> sync;
  evac::cache<int, std::string> cache(10);
  evac::pool<evac::map<int, int>> pool;
  for (int i = 0; i < 1000; ++i) {
    map["key " + std::to_string(i)] = i;
    set.insert(i % 7);
    sharded.insert_or_assign(i, std::to_string(i));
    sync.store(i, i);
    cache.put(i, "value");
    (*pool.acquire())[i] = i;
  }
  const std::size_t erased = evac::erase_if(map, [](const auto& element) { return element.second % 2 == 0; });
  const bool right = erased == 500 && set.size() == 7 && sharded.size() == 1000 && sync.load(999) == 999 &&
                     cache.size() <= 10 && sync.counters().size == 1000;
  std::puts(right ? "evac works" : "evac is broken");
  return right ? 0 : 1;
}
