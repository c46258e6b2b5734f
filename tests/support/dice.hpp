// Random numbers of the threads of a stress test.
#ifndef EVAC_TESTS_SUPPORT_DICE_HPP
#define EVAC_TESTS_SUPPORT_DICE_HPP

#include <cstddef>
#include <cstdint>
#include <random>

#include "support/catch.hpp"

namespace evac_test {

/// Random numbers of one thread: others for each thread, the same in each run with one seed.
class dice {
 public:
  explicit dice(std::size_t thread) : engine_(seed() * 37 + thread) {}
  std::uint64_t operator()(std::uint64_t below) { return engine_() % below; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace evac_test

#endif
