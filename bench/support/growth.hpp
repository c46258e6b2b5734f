// Growing a map to many random keys: in total, and insert by insert.
#ifndef EVAC_BENCH_SUPPORT_GROWTH_HPP
#define EVAC_BENCH_SUPPORT_GROWTH_HPP

#include <cstddef>
#include <cstdint>
#include <limits>

#include "support/backed_memory.hpp"
#include "support/measure.hpp"

namespace bench {

/// What a growing map takes from the system, touched before: half a gigabyte at first, and then as much as 40 bytes a
/// key.
class memory_for_growth {
 public:
  explicit memory_for_growth(std::size_t keys) : held_(at_first + keys * for_a_key) { held_.give_back(at_first); }

  /// To be called before each insert.
  void before_insert(std::uint64_t i) noexcept {
    if (i % keys_of_a_piece == 0) held_.give_back(backed_memory::piece);
  }

 private:
  static constexpr std::size_t at_first = std::size_t{512} << 20U;
  static constexpr std::size_t for_a_key = 40;
  static constexpr std::size_t keys_of_a_piece = backed_memory::piece / for_a_key;

  backed_memory held_;
};

/// Seconds for `keys` inserts; not a number if they are not all there.
template <class Peer>
[[nodiscard]] double grow_untimed(std::size_t keys) {
  memory_for_growth memory(keys);
  typename Peer::template map<std::uint64_t, std::uint64_t> map;
  const double start = seconds();
  for (std::uint64_t i = 0; i < keys; ++i) {
    memory.before_insert(i);
    map.emplace(random_key(i), i);
  }
  const double taken = seconds() - start;
  return map.size() == keys ? taken : std::numeric_limits<double>::quiet_NaN();
}

/// record(i, nanoseconds) for each of `keys` inserts; true if they are all there.
template <class Peer, class Record>
[[nodiscard]] bool grow_timed(std::size_t keys, const Record& record) {
  memory_for_growth memory(keys);
  typename Peer::template map<std::uint64_t, std::uint64_t> map;
  const stopwatch watch;
  for (std::uint64_t i = 0; i < keys; ++i) {
    memory.before_insert(i);
    const std::uint64_t key = random_key(i);
    const std::uint64_t begin = watch.now();
    map.emplace(key, i);
    record(i, watch.now() - begin);
  }
  return map.size() == keys;
}

}  // namespace bench

#endif
