// Sync maps of each storage and of sizes that make each kind of table, filled with numbers.
#ifndef EVAC_TESTS_SUPPORT_FILLED_SYNC_HPP
#define EVAC_TESTS_SUPPORT_FILLED_SYNC_HPP

#include <cstddef>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

namespace evac_test {

#define EVAC_TEST_SYNC_STORAGES \
  evac_test::sync_words, evac_test::sync_several, evac_test::sync_forced, evac_test::sync_strings

/// Elements that make one of each kind of table: none, one home, chains, a table that is splitting.
inline constexpr int sync_sizes[] = {0, 1, 60, 700};
inline constexpr int absent_key = 100'000;

template <class Map>
struct filled_sync {
  using K = typename Map::key_type;
  using V = typename Map::mapped_type;
  static K key(int i) { return make_sync<K>(i); }
  static V value(int i) { return make_sync<V>(i); }

  explicit filled_sync(int n) { fill(map, 0, n); }
  filled_sync(const filled_sync&) = delete;
  filled_sync& operator=(const filled_sync&) = delete;
  // What waits in the domain of the process when that ends would be reported as leaked.
  ~filled_sync() { map.domain().flush(); }
  void require_size(int n) {
    REQUIRE_VALID_SYNC(map);
    REQUIRE(map.size() == static_cast<std::size_t>(n));
    REQUIRE(map.empty() == (n == 0));
  }
  Map map;
};

}  // namespace evac_test

#endif
