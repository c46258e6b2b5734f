// Every way to construct a map of several strings.
#ifndef EVAC_TESTS_SUPPORT_CONSTRUCTORS_HPP
#define EVAC_TESTS_SUPPORT_CONSTRUCTORS_HPP

#include <evac/fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace evac_test {

/// Map: with keys int and values std::string.
template <class Map>
void require_all_constructors_agree() {
  const std::vector<std::pair<int, std::string>> source{{1, "one"}, {2, "two"}, {3, "three"}};
  const Map wanted{{1, "one"}, {2, "two"}, {3, "three"}};
  const typename Map::hasher h;
  const typename Map::key_equal e;
  const typename Map::allocator_type a;
  const auto first = source.begin();
  const auto last = source.end();
  REQUIRE(wanted.size() == 3);
  CHECK(Map(first, last) == wanted);
  CHECK(Map(first, last, 100) == wanted);
  CHECK(Map(first, last, 100, h) == wanted);
  CHECK(Map(first, last, 100, h, e) == wanted);
  CHECK(Map(first, last, 100, h, e, a) == wanted);
  CHECK(Map(first, last, a) == wanted);
  CHECK(Map(first, last, 100, a) == wanted);
  CHECK(Map(first, last, 100, h, a) == wanted);
  CHECK(Map(evac::from_range, source) == wanted);
  CHECK(Map(evac::from_range, source, 9) == wanted);
  CHECK(Map(evac::from_range, source, 9, h) == wanted);
  CHECK(Map(evac::from_range, source, 9, h, e) == wanted);
  CHECK(Map(evac::from_range, source, 9, h, e, a) == wanted);
  CHECK(Map(evac::from_range, source, a) == wanted);
  CHECK(Map(evac::from_range, source, 9, a) == wanted);
  CHECK(Map(evac::from_range, source, 9, h, a) == wanted);
  CHECK(Map({{1, "one"}, {2, "two"}, {3, "three"}}, 5) == wanted);
  CHECK(Map({{1, "one"}, {2, "two"}, {3, "three"}}, 5, h) == wanted);
  CHECK(Map({{1, "one"}, {2, "two"}, {3, "three"}}, 5, h, e) == wanted);
  CHECK(Map({{1, "one"}, {2, "two"}, {3, "three"}}, 5, h, e, a) == wanted);
  CHECK(Map({{1, "one"}, {2, "two"}, {3, "three"}}, a) == wanted);
  CHECK(Map({{1, "one"}, {2, "two"}, {3, "three"}}, 5, a) == wanted);
  CHECK(Map({{1, "one"}, {2, "two"}, {3, "three"}}, 5, h, a) == wanted);
  CHECK(Map(wanted, a) == wanted);
  CHECK(Map(Map(wanted), a) == wanted);
  CHECK(Map(10).empty());
  CHECK(Map(10, h).empty());
  CHECK(Map(10, h, e).empty());
  CHECK(Map(10, h, e, a).empty());
  CHECK(Map(10, a).empty());
  CHECK(Map(10, h, a).empty());
  CHECK(Map(a).empty());
  Map assigned;
  assigned = {{1, "one"}, {2, "two"}, {3, "three"}};
  CHECK(assigned == wanted);
}

}  // namespace evac_test

#endif
