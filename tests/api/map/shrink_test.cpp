// Shrinking by inserts, what reserve() promises against it, memory that is not cleared, begin() after many erases.
#include <algorithm>
#include <cstring>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <map>
#include <random>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/first_steps.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

using mover_map = evac::map<std::uint64_t, tracked, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                            counted<std::uint64_t, tracked>>;

/// Every block that is alive, full of a pattern when it was handed out.
inline std::map<std::byte*, std::size_t> patterned_blocks;
constexpr auto pattern = std::byte{0xCD};

template <class T>
struct pattern_allocator {
  using value_type = T;
  pattern_allocator() = default;
  template <class U>
  explicit pattern_allocator(const pattern_allocator<U>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t n) {
    T* const block = std::allocator<T>{}.allocate(n);
    std::memset(static_cast<void*>(block), std::to_integer<int>(pattern), n * sizeof(T));
    patterned_blocks[reinterpret_cast<std::byte*>(block)] = n * sizeof(T);
    return block;
  }
  void deallocate(T* block, std::size_t n) noexcept {
    patterned_blocks.erase(reinterpret_cast<std::byte*>(block));
    std::allocator<T>{}.deallocate(block, n);
  }
  friend bool operator==(const pattern_allocator&, const pattern_allocator&) = default;
};

/// Bytes of the largest block that somebody has written.
std::size_t written_bytes_of_largest_block() {
  const auto largest = std::max_element(patterned_blocks.begin(), patterned_blocks.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  const std::byte* const begin = largest->first;
  const std::byte* const end = begin + largest->second;
  return largest->second - static_cast<std::size_t>(std::count(begin, end, pattern));
}

/// Homes that begin() looks at, summed over `while (!empty()) erase(begin())`.
template <class Set>
std::size_t steps_to_erase_all(Set& set) {
  std::size_t steps = 0;
  while (!set.empty()) {
    steps += evac_test::homes_looked_at_by_begin(set);
    set.erase(set.begin());
  }
  return steps;
}

}  // namespace

TEST_CASE("an insert that opens a segment does not clear it") {
  using patterned_map =
      evac::map<std::uint64_t, std::uint64_t, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                pattern_allocator<std::pair<const std::uint64_t, std::uint64_t>>>;
  std::size_t segments_opened = 0;
  {
    patterned_map map;
    const auto& table = evac::detail::table_access::of(map);  // stats() walks over all buckets
    for (std::uint64_t i = 0; i < 400000; ++i) {
      const std::size_t growths = table.growths();
      map[i] = i;
      if (table.growths() == growths || table.homes().segment_bytes() < 131072) continue;
      ++segments_opened;
      // One insert may write the elements that it moves, and the memory that it clears.
      constexpr std::size_t moved = patterned_map::max_moves_per_insert * sizeof(patterned_map::value_type);
      REQUIRE(written_bytes_of_largest_block() <= patterned_map::max_cleared_bytes_per_insert + moved);
    }
  }
  REQUIRE(segments_opened >= 4);
  REQUIRE(patterned_blocks.empty());
}

TEST_CASE("no insert of a shrinking map moves or allocates more than the constants say") {
  mover_map map;
  for (std::uint64_t i = 0; i < 300000; ++i) map.try_emplace(i, 0);
  for (std::uint64_t i = 1000; i < 300000; ++i) map.erase(i);
  const auto full = map.bucket_count();
  std::size_t most_moves = 0;
  std::size_t most_allocations = 0;
  std::uint64_t next = 300000;
  for (std::size_t i = 0; i < 4 * full; ++i, ++next) {
    const auto moves = tracked_census.moves;
    const auto allocations = memory.allocations;
    map.try_emplace(next, 0);
    most_moves = std::max(most_moves, tracked_census.moves - moves);
    most_allocations = std::max(most_allocations, memory.allocations - allocations);
    map.erase(next);
  }
  REQUIRE(map.bucket_count() < full / 50);
  REQUIRE(most_moves > 0);
  REQUIRE(most_moves <= mover_map::max_moves_per_insert);
  REQUIRE(most_allocations <= mover_map::max_allocations_per_insert);
  REQUIRE(map.size() == 1000);
  REQUIRE_VALID(map);
}

TEST_CASE("memory goes back while a map shrinks") {
  mover_map map;
  const auto before = memory.bytes;
  for (std::uint64_t i = 0; i < 200000; ++i) map.try_emplace(i, 0);
  const auto full = memory.bytes - before;
  for (std::uint64_t i = 100; i < 200000; ++i) map.erase(i);
  for (std::uint64_t i = 0; i < 500000; ++i) {
    map.try_emplace(i + 1000000, 0);
    map.erase(i + 1000000);
  }
  REQUIRE(memory.bytes - before < full / 20);
  REQUIRE_VALID(map);
}

TEST_CASE("a map never shrinks below what reserve promised") {
  mover_map map;
  map.reserve(50000);
  const auto promised = map.bucket_count();
  for (std::uint64_t i = 0; i < 300000; ++i) {
    map.try_emplace(i, 0);
    if (i >= 10) map.erase(i - 10);
  }
  REQUIRE(map.bucket_count() == promised);
  const auto moves = map.stats().elements_moved;
  for (std::uint64_t i = 300000; map.size() < 50000; ++i) map.try_emplace(i, 0);
  REQUIRE(map.bucket_count() == promised);
  CHECK(map.stats().elements_moved == moves);
  map.clear();
  map.shrink_to_fit();
  REQUIRE(map.bucket_count() == 0);
}

TEST_CASE("erase gives no bucket back") {
  evac::map<std::uint64_t, int> map;
  for (std::uint64_t i = 0; i < 20000; ++i) map[i] = 0;
  const auto buckets = map.bucket_count();
  for (std::uint64_t i = 0; i < 20000; ++i) {
    map.erase(i);
    REQUIRE(map.bucket_count() == buckets);
  }
  REQUIRE_VALID(map);
}

TEST_CASE("reserve gets all the memory that the promised inserts need") {
  std::size_t short_of_memory = 0;
  std::mt19937_64 random(evac_test::seed());
  for (std::uint64_t n = 1; n < 3000; ++n) {
    mover_map map;
    map.reserve(n);
    const auto buckets = map.bucket_count();
    const auto allocations = memory.allocations;
    const auto moves = tracked_census.moves;
    for (std::uint64_t i = 0; i < n; ++i) map.try_emplace(random(), 0);
    REQUIRE(map.bucket_count() == buckets);
    REQUIRE(tracked_census.moves == moves);
    if (memory.allocations != allocations) ++short_of_memory;
  }
  REQUIRE(short_of_memory == 0);
}

TEST_CASE("erasing begin until empty is linear however sparse the map is") {
  evac::set<std::uint64_t> set;
  for (std::uint64_t i = 0; i < 200000; ++i) set.insert(i);
  SECTION("when one element in a thousand is left") {
    for (std::uint64_t i = 0; i < 200000; ++i) {
      if (i % 1000 != 0) set.erase(i);
    }
  }
  SECTION("when the first half of the order was erased from its end") {
    std::vector<std::uint64_t> order(set.begin(), set.end());
    for (std::size_t i = order.size() / 2; i-- > 0;) set.erase(order[i]);
  }
  SECTION("when nothing was erased before") {}
  const std::size_t elements = set.size();
  REQUIRE(elements != 0);
  REQUIRE(steps_to_erase_all(set) <= elements);
}
