// Threads that read, write and grow a sync map while the hash of one of its keys throws, and when it has ceased to.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

std::atomic<bool> refuses{false};
constexpr std::uint64_t refused = 7;

struct refusing_hash {
  std::size_t operator()(std::uint64_t key) const {
    if (key == refused && refuses.load(std::memory_order_relaxed)) throw std::runtime_error("refused");
    return evac::hash<std::uint64_t>{}(key);
  }
};

}  // namespace

TEST_CASE("all threads find everything beside a bucket that cannot be split, and when it can be again") {
  evac::sync_map<std::uint64_t, std::uint64_t, refusing_hash> map;
  constexpr std::uint64_t few = 40;
  constexpr std::size_t threads = 4;
  constexpr std::uint64_t each = 4000;
  for (std::uint64_t i = 0; i < few; ++i) map.store(i, i);
  refuses = true;
  const std::size_t wrong = in_threads(threads, [&](std::size_t thread) {
    std::size_t missed = 0;
    for (std::uint64_t i = 0; i < each; ++i) {
      const std::uint64_t key = few + i * threads + thread;
      missed += map.store(key, key) ? 0U : 1U;
      if (i == each / 2 && thread == 0) refuses = false;
      const std::uint64_t other = (key * 7919) % (i + 1) * threads + thread + few;
      missed += map.load(other) == other ? 0U : 1U;
      if (i % 3 == 0) {
        missed += map.erase(other) ? 0U : 1U;
        missed += map.store(other, other) ? 0U : 1U;
      }
      missed += map.load(i % few == refused ? 0 : i % few) == (i % few == refused ? 0 : i % few) ? 0U : 1U;
    }
    return missed;
  });
  CHECK(wrong == 0);
  CHECK(map.size() == few + threads * each);
  CHECK_VALID_SYNC(map);
  map.reserve(2 * threads * each);
  CHECK(map.stats().unsplit_buckets == 0);
  CHECK(map.load(refused) == refused);
  CHECK_VALID_SYNC(map);
}
