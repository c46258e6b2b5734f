// Scans of all kinds of containers: what a cursor shows while they grow and shrink, how much a call looks at, and
// cursors that no call has returned.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <shared_mutex>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/manual_clock.hpp"
#include "support/scans.hpp"

using namespace evac_test;
using evac::scan_cursor;

namespace {

constexpr std::size_t everything = (std::numeric_limits<std::size_t>::max)();

/// A lock that counts how often it was taken by readers.
struct counting_mutex : std::shared_mutex {
  void lock_shared() {
    std::shared_mutex::lock_shared();
    ++taken;
  }
  bool try_lock_shared() {
    const bool locked = std::shared_mutex::try_lock_shared();
    taken += locked ? 1 : 0;
    return locked;
  }
  static inline std::size_t taken = 0;
};

}  // namespace

TEST_CASE("a cursor is a number, which is 0 at the beginning and at the end") {
  constexpr scan_cursor beginning;
  static_assert(beginning.number() == 0 && !beginning.done() && beginning == scan_cursor(0));
  static_assert(scan_cursor::at_end().number() == 0 && scan_cursor::at_end().done());
  static_assert(scan_cursor::at_end() != beginning);
  static_assert(static_cast<std::uint64_t>(scan_cursor(7)) == 7 && scan_cursor(7) != scan_cursor(8));
  static_assert(!std::is_convertible_v<std::uint64_t, scan_cursor> && !std::is_convertible_v<scan_cursor, int>);
  const evac::map<int, int> empty;
  CHECK(empty.scan({}, 10, [](const auto&) { FAIL("there is none"); }) == scan_cursor::at_end());
}

TEMPLATE_TEST_CASE("a scan of a container at rest shows each element once, whatever its budget", "",
                   EVAC_TEST_SCANNED) {
  for (const int elements : {0, 1, 60, 700}) {
    const scanned<TestType> all(elements);
    for (const std::size_t budget : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{100}, everything}) {
      CAPTURE(elements, budget);
      std::size_t calls = 0;
      const auto shown = all.scan_all(budget, [&](std::size_t call) { calls = call + 1; });
      CHECK(shown.size() == static_cast<std::size_t>(elements));
      CHECK(count_wrong<TestType>(shown, elements) == 0);
      if (budget == everything) CHECK(calls == 1);
    }
  }
}

TEMPLATE_TEST_CASE("elements that stay are shown once while the container grows, shrinks and is emptied between calls",
                   "", EVAC_TEST_SCANNED) {
  std::size_t grown_meanwhile = 0;
  for (const int permanent : {3, 50, 400}) {
    for (std::size_t round = 0; round < rounds(6); ++round) {
      dice roll(static_cast<std::size_t>(permanent) + round);
      scanned<TestType> all(permanent);
      int next = permanent;
      const auto change = [&](std::size_t call) {
        if (next > 2000) return;
        for (int i = 0; i < 30; ++i) all.put(next++);
        grown_meanwhile += call;
        if (call % 7 != 6) return;
        for (int i = permanent; i < next; ++i) all.erase(i);
        all.shrink();
      };
      CHECK(count_wrong<TestType>(all.scan_all(1 + roll(20), change), permanent) == 0);
    }
  }
  REQUIRE(grown_meanwhile > 0);
}

TEMPLATE_TEST_CASE("a scan goes on in a table that was given up and filled again meanwhile, and shows no key twice", "",
                   EVAC_TEST_SCANNED) {
  scanned<TestType> all(300);
  const auto change = [&](std::size_t call) {
    if (call % 5 != 2) return;
    all.container.clear();
    for (int i = 0; i < 300; ++i) all.put(i);
  };
  const auto shown = all.scan_all(5, change);
  CHECK(shown.size() > 10);
  CHECK(count_wrong<TestType>(shown, 0) == 0);
}

TEMPLATE_TEST_CASE("a call of scan shows at most its budget and a bucket, and looks at few buckets without elements",
                   "", (evac::map<std::uint64_t, int, raw_identity_hash>),
                   (evac::sharded_map<std::uint64_t, int, raw_identity_hash>),
                   (evac::sync_map<std::uint64_t, int, raw_identity_hash>)) {
  // Keys are their own hashes, so that each bucket has a few elements.
  constexpr std::size_t most_in_bucket = 8;
  scanned<TestType> all(5000);
  for (const std::size_t budget : {std::size_t{1}, std::size_t{10}, std::size_t{500}}) {
    std::size_t calls = 0;
    for (scan_cursor at; calls == 0 || !at.done(); ++calls) {
      std::size_t shown = 0;
      at = all.scan(at, budget, [&](const auto&) { ++shown; });
      REQUIRE(shown < budget + most_in_bucket);
    }
    CHECK(calls >= 5000 / (budget + most_in_bucket));
  }
  // All that are left lie in one place: a call passes so many buckets and no more.
  for (int i = 1; i < 5000; ++i) all.erase(i);
  std::size_t calls = 0;
  CHECK(all.scan_all(20, [&](std::size_t call) { calls = call + 1; }).size() == 1);
  CHECK(calls > 5000 / most_in_bucket / 20);
  CHECK(calls < 5000);
}

TEMPLATE_TEST_CASE("any number is a cursor: its scan ends, and shows no element twice and none that is not there", "",
                   EVAC_TEST_SCANNED) {
  dice roll(1);
  for (const int elements : {0, 1, 500}) {
    const scanned<TestType> all(elements);
    for (int i = 0; i < 200; ++i) {
      std::uint64_t number = roll((std::numeric_limits<std::uint64_t>::max)());
      if (i % 3 == 0) number <<= roll(64);
      if (i % 3 == 1) number >>= roll(64);
      if (i == 199) number = (std::numeric_limits<std::uint64_t>::max)();
      std::size_t calls = 0;
      const auto shown = all.scan_all(3, [&](std::size_t call) { calls = call + 1; }, scan_cursor(number));
      REQUIRE(calls <= 5000);
      REQUIRE(count_wrong<TestType>(shown, 0) == 0);
      for (const auto& each : shown) REQUIRE(all.container.contains(each.first));
    }
  }
}

TEMPLATE_TEST_CASE("a scan that begins with the cursor of another container shows elements once at most, and ends", "",
                   EVAC_TEST_SCANNED) {
  const scanned<TestType> large(3000);
  const scanned<TestType> small(100);
  scan_cursor at;
  do {
    at = large.scan(at, 40, [](const auto&) {});
    REQUIRE(count_wrong<TestType>(small.scan_all(40, at), 0) == 0);
  } while (!at.done());
}

TEMPLATE_TEST_CASE("a scan whose function has thrown goes on from the cursor before", "", EVAC_TEST_SCANNED) {
  const scanned<TestType> all(200);
  typename scanned<TestType>::shown_keys shown;
  std::size_t thrown = 0;
  scan_cursor at;
  do {
    std::size_t left = 3;
    try {
      static_cast<void>(all.scan(at, 30, [&](const auto&) {
        if (--left == 0) throw std::runtime_error("enough");
      }));
    } catch (const std::runtime_error&) {
      ++thrown;
    }
    at = all.scan(at, 30, [&](const auto& key) { ++shown[key]; });
  } while (!at.done());
  CHECK(thrown > 0);
  CHECK(count_wrong<TestType>(shown, 200) == 0);
}

TEMPLATE_TEST_CASE("the function of a sync map's scan may erase what it is shown, and scan", "", sync_words,
                   sync_strings, sync_forced) {
  scanned<TestType> all(300);
  std::size_t inner = 0;
  for (scan_cursor at; !at.done();) {
    at = all.scan(at, 10, [&](const auto& key) {
      if (inner == 0) inner = all.scan_all(50).size();
      REQUIRE(all.container.erase(key));
    });
  }
  CHECK(inner == 300);
  CHECK(all.container.empty());
}

TEST_CASE("a scan of a sharded map holds a shard for one bucket at a time") {
  using counted_map = evac::sharded_map<std::uint64_t, int, shard_naming_hash, evac::equal_to<std::uint64_t>,
                                        std::allocator<std::pair<const std::uint64_t, int>>, counting_mutex>;
  counted_map map(evac::shards{2});
  for (std::uint64_t key = 0; key < 5000; ++key) map.try_emplace(key, 0);
  const auto stats = map.stats();
  counting_mutex::taken = 0;
  std::size_t shown = 0;
  CHECK(map.scan({}, everything, [&](const auto&) { ++shown; }).done());
  CHECK(shown == 5000);
  CHECK(counting_mutex::taken == stats.total.table.home_buckets + 1);  // the shard without elements has no buckets
}

TEST_CASE("a scan of a cache shows no element that is over, and is no request") {
  evac::expiring_cache<int, int, manual_clock> cached({.capacity = 100, .shard_count = 1});
  cached.put(1, 10);
  cached.put(2, 20, {.time_to_live = std::chrono::nanoseconds(0)});
  int sum = 0;
  CHECK(cached.scan({}, 100, [&](const int& key, const int& value) { sum += key + value; }).done());
  CHECK(sum == 11);
  CHECK(cached.counters().hits == 0);
}
