// Use that either translation unit makes of maps of its own. They get large enough for segments that are mapped.
#ifndef EVAC_TESTS_PACKAGE_USE_ALONE_HPP
#define EVAC_TESTS_PACKAGE_USE_ALONE_HPP

#include <evac/evac.hpp>

static bool works_alone() {
  constexpr int count = 100000;
  evac::map<int, int> map;
  evac::sharded_map<int, int> sharded;
  evac::sync_map<int, int> sync;
  for (int i = 0; i < count; ++i) {
    map[i] = i;
    sharded.insert_or_assign(i, i);
    sync.store(i, i);
  }
  bool right = true;
  for (int i = 0; i < count; ++i) {
    right = right && map.at(i) == i && sharded.find(i) == i && sync.load(i) == i;
    sync.erase(i);
  }
  return right && map.size() == count && sharded.size() == count && sync.empty();
}

#endif
