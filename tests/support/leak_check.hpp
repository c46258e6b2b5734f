// A check that nothing is left over at the end of a scope.
#ifndef EVAC_TESTS_SUPPORT_LEAK_CHECK_HPP
#define EVAC_TESTS_SUPPORT_LEAK_CHECK_HPP

#include <cstddef>

#include "support/allocators.hpp"
#include "support/catch.hpp"
#include "support/elements.hpp"

namespace evac_test {

/// Nothing is left over from the section that this object lives in.
class leak_check {
 public:
  ~leak_check() {
    CHECK(tracked_census.live == live_);
    CHECK(memory.blocks == blocks_);
  }

 private:
  std::size_t live_ = tracked_census.live;
  std::size_t blocks_ = memory.blocks;
};

}  // namespace evac_test

#endif
