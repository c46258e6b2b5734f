// Scans while other threads write: a thread goes through the container by cursors, others grow it, shrink it and erase.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/in_threads.hpp"
#include "support/scans.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("keys that stay are shown exactly once by a scan, others at most once, while threads write", "",
                   EVAC_TEST_SCANNED_BY_MANY, (evac::sharded_map<std::uint64_t, int, four_bit_hash>), sync_four_bits,
                   sync_four_bit_nodes) {
  constexpr bool has_long_chains = requires { requires std::is_same_v<typename TestType::hasher, four_bit_hash>; };
  constexpr int permanent = has_long_chains ? 30 : 300;
  constexpr int others = has_long_chains ? 60 : 3000;
  scanned<TestType> all(permanent);
  std::atomic<std::size_t> scanning{2};
  std::atomic<std::size_t> rewritten{0};
  const std::size_t wrong = in_threads(4, [&](std::size_t thread) -> std::size_t {
    dice roll(thread);
    if (thread < 2) {
      // The first scan is slow: what the others write falls between its calls.
      const auto after_others = [&](std::size_t call) { await([&] { return rewritten >= call || rewritten >= 6; }); };
      std::size_t bad = count_wrong<TestType>(all.scan_all(1, after_others), permanent);
      for (std::size_t round = 0; round < rounds(15); ++round) {
        bad += count_wrong<TestType>(all.scan_all(1 + roll(40), [](std::size_t) { stumble(); }), permanent);
      }
      --scanning;
      return bad;
    }
    const int first = permanent + static_cast<int>(thread) * others;
    while (scanning != 0) {
      for (int i = 0; i < others; ++i) all.put(first + i);
      for (int i = 0; i < others; ++i) all.erase(first + i);
      all.shrink();
      ++rewritten;
    }
    return 0;
  });
  CHECK(wrong == 0);
  CHECK(rewritten >= 6);
}

TEMPLATE_TEST_CASE("a cursor may go from thread to thread", "", EVAC_TEST_SCANNED_BY_MANY) {
  constexpr int elements = 500;
  scanned<TestType> all(elements);
  typename scanned<TestType>::shown_keys shown;
  evac::scan_cursor at;
  do {
    in_another_thread([&] { at = all.scan(at, 60, [&](const auto& key) { ++shown[key]; }); });
  } while (!at.done());
  CHECK(shown.size() == elements);
  CHECK(count_wrong<TestType>(shown, elements) == 0);
}
