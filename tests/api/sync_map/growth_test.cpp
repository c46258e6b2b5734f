// Growth of sync maps that meets obstacles: keys whose hash throws, numbers that no machine has the memory for,
// allocators with little.
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/catch.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

std::uint64_t refused_key = std::numeric_limits<std::uint64_t>::max();

/// Throws for one key, from the moment on that it is named.
struct refusing_hash {
  std::size_t operator()(std::uint64_t key) const {
    if (key == refused_key) throw std::runtime_error("refused");
    return evac::hash<std::uint64_t>{}(key);
  }
};
using refusing_map = evac::sync_map<std::uint64_t, std::uint64_t, refusing_hash>;

struct refusal {
  explicit refusal(std::uint64_t key) { refused_key = key; }
  refusal(const refusal&) = delete;
  refusal& operator=(const refusal&) = delete;
  ~refusal() { refused_key = std::numeric_limits<std::uint64_t>::max(); }
};

/// An allocator that has so many bytes to give at a time.
inline std::size_t most_bytes = std::numeric_limits<std::size_t>::max();
inline std::size_t refused_requests = 0;
template <class T>
struct bounded_allocator {
  using value_type = T;
  bounded_allocator() = default;
  template <class U>
  bounded_allocator(const bounded_allocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)
  T* allocate(std::size_t n) {
    if (n > most_bytes / sizeof(T)) {
      ++refused_requests;
      throw std::bad_alloc();
    }
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* memory, std::size_t n) noexcept { std::allocator<T>().deallocate(memory, n); }
  template <class U>
  bool operator==(const bounded_allocator<U>&) const noexcept {
    return true;
  }
};

constexpr std::uint64_t few = 40;
constexpr std::uint64_t many = 30'000;

void require_all(const refusing_map& map, std::uint64_t n, std::uint64_t but) {
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    if (i != but) found += map.load(i) == i ? 1U : 0U;
  }
  REQUIRE(found == n - 1);
  REQUIRE(map.size() == n);
  std::size_t visited = 0;
  map.range([&](std::uint64_t key, std::uint64_t value) {
    visited += key == value ? 1U : 0U;
    return true;
  });
  REQUIRE(visited == n);
}

}  // namespace

TEST_CASE("a key whose hash throws keeps its own bucket from being split, and no other") {
  refusing_map map;
  for (std::uint64_t i = 0; i < few; ++i) map.store(i, i);
  {
    const refusal of(7);
    for (std::uint64_t i = few; i < many; ++i) map.store(i, i);
    const evac::sync_stats stats = map.stats();
    CHECK(stats.table.home_buckets > many / 8);
    CHECK(stats.unsplit_buckets > 0);
    CHECK(stats.unsplit_buckets <= stats.table.home_buckets / 8);
    CHECK(stats.to_json().find("\"unsplit_buckets\":") != std::string::npos);
    require_all(map, many, 7);
    for (std::uint64_t i = few; i < many; i += 2) REQUIRE(map.erase(i));
    for (std::uint64_t i = few; i < many; i += 2) REQUIRE(map.store(i, i));
    require_all(map, many, 7);
  }
  CHECK_VALID_SYNC(map);
  // It has calmed down: the table grows into a whole one again.
  for (std::uint64_t i = many; i < 3 * many; ++i) map.store(i, i);
  CHECK(map.stats().unsplit_buckets == 0);
  CHECK(map.stats().table.longest_chain < 10);
  CHECK(map.load(7) == 7U);
  CHECK_VALID_SYNC(map);
}

TEST_CASE("reserve makes the buckets that can be made, and throws what keeps it from making the others") {
  refusing_map map;
  for (std::uint64_t i = 0; i < few; ++i) map.store(i, i);
  {
    const refusal of(7);
    CHECK_THROWS_AS(map.reserve(many), std::runtime_error);
    CHECK(map.stats().table.home_buckets > many / 8);
    CHECK(map.stats().unsplit_buckets > 0);
    CHECK_THROWS_AS(map.reserve(many), std::runtime_error);
    for (std::uint64_t i = few; i < many; ++i) map.store(i, i);
    require_all(map, many, 7);
  }
  map.reserve(many);
  CHECK(map.stats().unsplit_buckets == 0);
  CHECK(map.stats().table.longest_chain < 10);
  CHECK_VALID_SYNC(map);
  require_all(map, many, 7);
}

TEMPLATE_TEST_CASE("reserve of more than the machine has changes nothing, whatever the map holds", "",
                   evac_test::sync_words, evac_test::sync_forced, evac_test::sync_several) {
  for (const int n : {0, 1, 700}) {
    TestType map;
    fill(map, 0, n);
    const std::size_t homes = map.stats().table.home_buckets;
    const std::size_t bytes = map.memory_usage();
    const auto is_refused = [&](std::size_t elements) {
      try {
        map.reserve(elements);
      } catch (const std::length_error&) {
        return true;
      } catch (const std::bad_alloc&) {
        return true;
      }
      return false;
    };
    for (const unsigned power : {40U, 41U, 48U, 60U}) CHECK(is_refused(std::size_t{1} << power));
    CHECK(map.stats().table.home_buckets == homes);
    CHECK(map.memory_usage() == bytes);
    fill(map, n, n + 100);
    CHECK(map.size() == static_cast<std::size_t>(n + 100));
    CHECK_VALID_SYNC(map);
  }
  CHECK_THROWS(TestType(std::size_t{1} << 41U));
}

TEST_CASE("reserve asks an allocator for the whole first, and gives back what it has got if that is not to be had") {
  using Map = evac::sync_map<std::uint64_t, std::uint64_t, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                             bounded_allocator<std::pair<const std::uint64_t, std::uint64_t>>>;
  Map map;
  for (std::uint64_t i = 0; i < few; ++i) map.store(i, i);
  const evac::sync_stats before = map.stats();
  most_bytes = std::size_t{1} << 20U;
  CHECK_THROWS_AS(map.reserve(100'000), std::bad_alloc);
  CHECK(refused_requests == 1);
  CHECK(map.stats().table.home_buckets == before.table.home_buckets);
  CHECK(map.stats().table.reserved_bytes == before.table.reserved_bytes);
  map.reserve(10'000);
  most_bytes = std::numeric_limits<std::size_t>::max();
  const std::size_t homes = map.stats().table.home_buckets;
  for (std::uint64_t i = few; i < 10'000; ++i) map.store(i, i);
  CHECK(map.stats().table.home_buckets == homes);
  CHECK_VALID_SYNC(map);
}
