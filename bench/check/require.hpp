// A sentence that should hold, and a count of those that do not.
#ifndef EVAC_BENCH_CHECK_REQUIRE_HPP
#define EVAC_BENCH_CHECK_REQUIRE_HPP

#include <iostream>
#include <string>

namespace bench {

inline int failures = 0;

inline void require(const std::string& sentence, bool holds) {
  if (holds) return;
  std::cout << "not so: " << sentence << '\n';
  ++failures;
}

}  // namespace bench

#endif
