// reserve and rehash of sharded maps: too much is refused at once, a failure changes no shard, and room goes back.
#include <sys/resource.h>

#include <cstddef>
#include <evac/sharded_map.hpp>
#include <evac/sharded_set.hpp>
#include <new>
#include <stdexcept>
#include <vector>

#include "support/allocators.hpp"
#include "support/catch.hpp"
#include "support/failures.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

using int_shards = evac::sharded_map<int, int>;

std::vector<std::size_t> slots_of(const auto& map) {
  std::vector<std::size_t> slots;
  for (const evac::shard_stats& each : map.stats().shards) slots.push_back(each.table.slot_count);
  return slots;
}

/// Pages that this process has touched first, ever.
long touched_pages() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

/// Whether the operation is refused before it writes to much memory, and the map is as before.
template <class Map, class Operation>
bool refused_at_once(Map& map, const Operation& operation) {
  const std::vector<std::size_t> slots = slots_of(map);
  const long before = touched_pages();
  bool refused = false;
  try {
    operation(map);
  } catch (const std::bad_alloc&) {
    refused = true;
  } catch (const std::length_error&) {
    refused = true;
  }
  constexpr long most = 2048;
  return refused && touched_pages() - before < most && slots_of(map) == slots && held_shards(map).empty();
}

/// Says that it has room for a thousand objects.
template <class T>
struct narrow_allocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = narrow_allocator<U>;
  };
  narrow_allocator() = default;
  template <class U>
  explicit narrow_allocator(const narrow_allocator<U>&) noexcept {}
  [[nodiscard]] std::size_t max_size() const noexcept { return 1000; }
};

}  // namespace

TEST_CASE("sharded maps refuse to reserve more than the system has, and touch nothing for it") {
  for (const std::size_t count : {std::size_t{1}, std::size_t{8}, std::size_t{1024}}) {
    int_shards map(evac::shards{count});
    evac::sharded_set<int> set(evac::shards{count});
    for (const int elements : {0, 1, 5000}) {
      for (int i = 0; i < elements; ++i) {
        map.emplace(i, i);
        set.emplace(i);
      }
      for (const unsigned bits : {40U, 44U, 48U, 60U}) {
        const std::size_t far_too_much = std::size_t{1} << bits;
        const auto reserves = [&](auto& each) { each.reserve(far_too_much); };
        const auto rehashes = [&](auto& each) { each.rehash(far_too_much); };
        CAPTURE(count, elements, bits);
        CHECK(refused_at_once(map, reserves));
        CHECK(refused_at_once(map, rehashes));
        CHECK(refused_at_once(set, reserves));
        CHECK(refused_at_once(set, rehashes));
      }
    }
    CHECK(map.size() == 5000);
    CHECK_VALID_SHARDS(map);
  }
}

TEST_CASE("a reserve or a rehash that fails in a later shard has changed none") {
  const auto reserves = [](sharded_tracked& map) { map.reserve(4000); };
  const auto rehashes = [](sharded_tracked& map) { map.rehash(4000); };
  const auto check = [](int elements, const auto& operation) {
    const failures_seen seen = fail_each_call(fail_allocation, [&](failing_run& run) {
      sharded_tracked map = filled_shards<sharded_tracked>(4, elements);
      const std::vector<std::size_t> slots = slots_of(map);
      const std::size_t buckets = map.bucket_count();
      run([&] { operation(map); });
      if (!run.struck()) return;
      REQUIRE(run.threw());
      CHECK(map.bucket_count() == buckets);
      CHECK(map.size() == static_cast<std::size_t>(elements));
      if (elements == 0) CHECK(slots_of(map) == slots);
      CHECK_VALID_SHARDS(map);
      CHECK_ALL_FREE(map);
    });
    CHECK(seen.thrown > 8);  // also in the last of four shards
  };
  for (const int elements : {0, 1, 300}) {
    check(elements, reserves);
    check(elements, rehashes);
  }
}

TEST_CASE("a failed reserve leaves no promise behind: a map that empties gives its buckets back as before") {
  const auto buckets_in_the_end = [](bool fail) {
    sharded_tracked map(evac::shards{2});
    for (int i = 0; i < 4000; ++i) map.try_emplace(i, i);
    for (std::size_t n = 1; fail && n <= 3; ++n) {
      failing_run run(fail_allocation, n);
      run([&] { map.reserve(20000); });
      CHECK(run.threw());
    }
    map.erase_if([](const auto&) { return true; });
    for (int i = 0; i < 20000; ++i) {
      map.try_emplace(i, i);
      map.erase(i);
    }
    return map.bucket_count();
  };
  CHECK(buckets_in_the_end(true) == buckets_in_the_end(false));
}

TEST_CASE("room for fewer elements takes room back from an empty map, and none from one with elements") {
  for (const std::size_t count : shard_counts) {
    int_shards map(evac::shards{count});
    map.reserve(512);
    const std::size_t for_512 = map.bucket_count();
    map.reserve(1024);
    const std::size_t for_1024 = map.bucket_count();
    CHECK(for_1024 > for_512);
    map.reserve(512);
    CHECK(map.bucket_count() == for_512);
    map.reserve(1024);
    map.emplace(1, 1);
    map.reserve(512);
    CHECK(map.bucket_count() == for_1024);
    map.erase(1);
    map.rehash(for_512);
    CHECK(map.bucket_count() <= for_512);
    map.reserve(0);
    CHECK(map.bucket_count() == 0);
    map.reserve(100000);
    map.rehash(0);
    CHECK(map.bucket_count() == 0);
    CHECK(map.stats().total.table.total_bytes() == 0);
  }
}

TEST_CASE("max_size of a sharded container is no more than the allocator's, and more is not to be reserved") {
  using narrow_map =
      evac::sharded_map<int, int, evac::hash<int>, evac::equal_to<int>, narrow_allocator<std::pair<const int, int>>>;
  narrow_map map(evac::shards{4});
  CHECK(map.max_size() == 1000);
  CHECK_THROWS_AS(map.reserve(1001), std::length_error);
  CHECK(map.bucket_count() == 0);
  CHECK_THROWS_AS(narrow_map(1001), std::length_error);
  CHECK(int_shards().max_size() == int_shards::map_type().max_size());
}
