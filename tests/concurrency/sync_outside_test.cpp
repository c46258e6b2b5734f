// User code that sync maps call and that may take long runs outside of the epoch domain: no other thread waits for it,
// and it may wait for any other.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/in_threads.hpp"
#include "support/sync_axes.hpp"

using namespace evac_test;

namespace {

const std::string long_text(100, 'x');

/// More garbage than the domain may hold, made by another thread: who holds a guard meanwhile waits for ever.
void fill_up(evac::epoch_domain& domain) {
  in_threads(1, [&](std::size_t) {
    evac::sync_map<int, std::string> other(domain);
    const std::size_t each = sizeof(std::string);
    for (std::size_t i = 0; i < 4 * small_cap / each; ++i) other.store(1, long_text);
  });
}

/// Whether a value or a key is made while its thread is inside the domain.
struct witness {
  static inline evac::epoch_domain* domain = nullptr;
  static inline std::size_t inside = 0;
  explicit witness(int a_number) : number(a_number) { inside += domain->stats().guards; }
  witness(const witness& other) noexcept = default;
  witness& operator=(const witness&) = default;
  ~witness() {}  // NOLINT(modernize-use-equals-default): so that it is in a node
  [[nodiscard]] friend bool operator==(const witness&, const witness&) = default;
  int number;
};

}  // namespace

TEMPLATE_TEST_CASE("factories and the function of update() may wait for writers at the cap", "", evac_test::sync_words,
                   evac_test::sync_forced) {
  evac::epoch_domain domain(small_cap);
  TestType map(domain);
  std::size_t inside = 0;
  const auto waited_for = [&](std::uint64_t value) {
    inside += domain.stats().guards;
    fill_up(domain);
    return value;
  };
  CHECK(map.load_or_compute(1U, [&] { return waited_for(1); }).value == 1U);
  CHECK_FALSE(map.load_or_compute(2U, [&] { return waited_for(2); }, [](std::uint64_t value) { CHECK(value == 2); }));
  CHECK(map.update(3U, [&](auto) { return std::optional(waited_for(3)); }) == 3U);
  CHECK(map.update(3U, [&](auto before) { return std::optional(waited_for(*before + 1)); }) == 4U);
  CHECK(map.update(3U, [&](auto before) {
    waited_for(*before);
    return std::optional<std::uint64_t>();
  }) == std::nullopt);
  CHECK(inside == 0);
  CHECK(map.size() == 2);
  CHECK(domain.stats().over_cap == 0);
}

TEST_CASE("store and swap build their elements outside of the domain") {
  evac::epoch_domain domain;
  evac::sync_map<int, witness> map(domain);
  witness::domain = &domain;
  witness::inside = 0;
  CHECK(map.store(1, 1));
  CHECK(map.swap(1, 2) == witness(1));
  CHECK(map.load_or_compute(2, [] { return 2; }).value == witness(2));
  CHECK(map.update(2, [](auto) { return std::optional<witness>(3); }) == witness(3));
  CHECK(witness::inside == 0);
}

TEMPLATE_TEST_CASE("update() notices a key that has had other values meanwhile, wherever these have been", "",
                   evac_test::sync_words, evac_test::sync_forced, evac_test::sync_tracked) {
  using K = typename TestType::key_type;
  using V = typename TestType::mapped_type;
  evac::epoch_domain domain;
  TestType map(domain);
  const K key = make_sync<K>(1);
  map.store(key, make_sync<V>(0));
  // Each call of the function meets a value that came after the one before was reclaimed: its memory is free, and would
  // be used again.
  int calls = 0;
  int flushed = 0;
  const auto last = map.update(key, [&](const std::optional<V>& before) {
    if (++calls < 50) {
      in_threads(1, [&](std::size_t) {
        map.erase(key);
        flushed += domain.flush() ? 1 : 0;
        map.store(key, make_sync<V>(calls));
      });
    }
    return before == make_sync<V>(calls - 1) ? std::optional<V>(make_sync<V>(1000)) : std::nullopt;
  });
  CHECK(calls == 50);
  CHECK(flushed == 49);  // what the function was called with holds nothing up
  CHECK(last == make_sync<V>(1000));
  CHECK(map.load(key) == make_sync<V>(1000));
  CHECK(domain.flush());
  CHECK(domain.stats().retired_objects == 0);
}

TEST_CASE("a value that update() has seen is destroyed when its function throws") {
  const std::size_t live = tracked_census.live;
  {
    evac::epoch_domain domain;
    sync_tracked map(domain);
    map.store(tracked(1), tracked(1));
    CHECK_THROWS_AS(map.update(tracked(1),
                               [&](const std::optional<tracked>&) -> std::optional<tracked> {
                                 in_threads(1, [&](std::size_t) { map.erase(tracked(1)); });
                                 CHECK(domain.flush());
                                 throw 1;
                               }),
                    int);
    CHECK(map.empty());
    CHECK(tracked_census.live == live);
  }
  CHECK(tracked_census.live == live);
}

TEST_CASE("a map that is cleared while the function of update() runs leaves it the element that it was given") {
  evac::epoch_domain domain;
  evac::sync_map<int, std::string> map(domain);
  for (int key = 0; key < 100; ++key) map.store(key, long_text);
  int calls = 0;
  bool flushed = false;
  const auto after = map.update(7, [&](std::optional<std::string> before) {
    if (++calls == 1) {
      in_threads(1, [&](std::size_t) { map.clear(); });
      flushed = domain.flush();  // all that was cleared is reclaimed, but for what this call holds
    }
    return before.has_value() ? std::optional(*before + "!") : std::optional<std::string>("none");
  });
  CHECK(flushed);
  CHECK(calls == 2);
  CHECK(after == "none");
  CHECK(map.size() == 1);
}
