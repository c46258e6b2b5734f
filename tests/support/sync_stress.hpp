// What stress tests of sync maps have in common: random numbers, and maps whose functors give way to other threads.
#ifndef EVAC_TESTS_SUPPORT_SYNC_STRESS_HPP
#define EVAC_TESTS_SUPPORT_SYNC_STRESS_HPP

#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <memory>
#include <random>
#include <utility>

#include "support/catch.hpp"
#include "support/sync_histories.hpp"

namespace evac_test {

using key = std::uint64_t;

/// Random numbers of one thread.
class dice {
 public:
  explicit dice(std::size_t thread) : engine_(seed() * 37 + thread) {}
  key operator()(key below) { return engine_() % below; }

 private:
  std::mt19937_64 engine_;
};

template <class K, class T, class Hash = stumbling<good>, evac::storage Storage = evac::storage::automatic,
          class Allocator = std::allocator<std::pair<const K, T>>>
using map_of = evac::sync_map<K, T, Hash, stumbling_equal, Allocator, Storage>;

}  // namespace evac_test

#endif
