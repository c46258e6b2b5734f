// Calls with std::try_to_lock while other threads hold what they need: they return, and have changed nothing. Nothing
// is timed: a call that waits never ends.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "support/catch.hpp"
#include "support/functors.hpp"
#include "support/held_call.hpp"
#include "support/sharded_stress.hpp"

using namespace evac_test;

namespace {

constexpr auto at_once = std::try_to_lock;
constexpr auto ignore = [](const auto&) {};

/// Its copies stop where `stop` says; they can be compared with what they were made from.
struct held_when_copied {
  inline static std::atomic<gate*> stop{nullptr};
  int value;
  held_when_copied(int of) : value(of) {}  // NOLINT(google-explicit-constructor)
  held_when_copied(const held_when_copied& other) : value(other.value) {
    if (gate* const armed = stop) armed->hold();
  }
  held_when_copied(held_when_copied&&) noexcept = default;
  held_when_copied& operator=(const held_when_copied&) = default;
  held_when_copied& operator=(held_when_copied&&) noexcept = default;
  ~held_when_copied() = default;
};

// With a state, so that the map has to keep it from changing under its users.
struct hash_with_state : raw_identity_hash {
  int state = 0;
};

/// How many of the calls that write are busy.
template <class Map>
std::size_t busy_writers(Map& map, shared_key k) {
  std::size_t busy = 0;
  const auto count = [&](const auto& tried) { busy += tried.busy() ? 1 : 0; };
  count(map.visit(at_once, k, ignore));
  count(map.insert(at_once, {k, 7}));
  count(map.try_emplace(at_once, k, 7));
  count(map.try_emplace_or_visit(at_once, k, 7, ignore));
  count(map.try_emplace_or_cvisit(at_once, k, 7, ignore));
  count(map.insert_or_assign(at_once, k, 7));
  count(map.erase(at_once, k));
  count(map.erase_if(at_once, k, [](const auto&) { return true; }));
  return busy;
}
constexpr std::size_t all_writers = 8;
/// How many of the calls that read are.
template <class Map>
std::size_t busy_readers(const Map& map, shared_key k) {
  return (map.find(at_once, k).busy() ? 1U : 0U) + (map.cvisit(at_once, k, ignore).busy() ? 1U : 0U) +
         (map.visit(at_once, k, ignore).busy() ? 1U : 0U);
}
constexpr std::size_t all_readers = 3;

}  // namespace

TEMPLATE_TEST_CASE("a call that does not wait finds a shard busy that another thread writes, and changes nothing", "",
                   EVAC_TEST_MUTEXES) {
  using map_type = map_under<int, TestType>;
  map_type map(evac::shards{1});
  for (shared_key k = 0; k < 20; ++k) map.try_emplace(k, 1);
  const map_type before(map);
  std::size_t writers = 0;
  std::size_t absent = 0;
  std::size_t readers = 0;
  while_held([&](gate& stop) { map.visit(1, [&](auto&) { stop.hold(); }); },
             [&] {
               writers = busy_writers(map, 2);
               absent = busy_writers(map, 99);
               readers = busy_readers(map, 2);
             });
  CHECK(writers == all_writers);
  CHECK(absent == all_writers);
  CHECK(readers == all_readers);
  CHECK(map == before);
  CHECK(busy_writers(map, 2) == 0);
  CHECK(busy_readers(map, 2) == 0);
  REQUIRE_VALID_SHARDS(map);
}

TEMPLATE_TEST_CASE("a call that does not wait and reads is not busy beside readers, one that writes is", "",
                   EVAC_TEST_MUTEXES) {
  map_under<int, TestType> map(evac::shards{1});
  for (shared_key k = 0; k < 20; ++k) map.try_emplace(k, 1);
  // Once before and once after so many reads that a lock which biases itself to readers has done so.
  for (const int reads : {0, 5000}) {
    for (int i = 0; i < reads; ++i) static_cast<void>(map.contains(1));
    std::size_t writers = 0;
    std::size_t readers = 0;
    while_held([&](gate& stop) { map.cvisit(1, [&](const auto&) { stop.hold(); }); },
               [&] {
                 readers = busy_readers(map, 2);
                 writers = busy_writers(map, 2);
                 readers += busy_readers(map, 2);
               });
    CHECK(readers == 0);
    CHECK(writers == all_writers);
  }
  CHECK(map.size() == 20);
  CHECK(busy_writers(map, 2) == 0);
}

TEMPLATE_TEST_CASE(
    "a call that does not wait finds a map busy that is held as a whole, also where the hash has a state", "",
    (map_under<held_when_copied, evac::rw_lock>), (map_under<held_when_copied, evac::rw_lock, hash_with_state>),
    (map_under<held_when_copied, std::shared_mutex, hash_with_state>)) {
  TestType map(evac::shards{4});
  TestType source(evac::shards{2});
  for (shared_key k = 0; k < 20; ++k) map.try_emplace(k, 1);
  source.try_emplace(1, 2);
  std::size_t writers = 0;
  std::size_t readers = 0;
  while_held(
      [&](gate& stop) {
        held_when_copied::stop = &stop;
        map = std::as_const(source);
      },
      [&] {
        held_when_copied::stop = nullptr;
        for (shared_key k = 0; k < 20; ++k) {
          writers += busy_writers(map, k);
          readers += busy_readers(map, k);
        }
      });
  CHECK(writers == 20 * all_writers);
  CHECK(readers == 20 * all_readers);
  CHECK(map.size() == 1);
  CHECK(busy_writers(map, 1) == 0);
}

TEST_CASE("a busy call has moved nothing from its arguments, built nothing and called no visitor") {
  using map_type = map_under<std::unique_ptr<int>, evac::rw_lock>;
  map_type map(evac::shards{1});
  map.try_emplace(1, nullptr);
  std::size_t calls = 0;
  const auto count = [&](const auto&) { return ++calls != 0; };
  auto mine = std::make_unique<int>(5);
  while_held([&](gate& stop) { map.visit(1, [&](auto&) { stop.hold(); }); },
             [&] {
               static_cast<void>(map.try_emplace(at_once, 2, std::move(mine)));
               static_cast<void>(map.insert_or_assign(at_once, 1, std::move(mine)));
               static_cast<void>(map.try_emplace_or_visit(at_once, 1, std::move(mine), count));
               static_cast<void>(map.visit(at_once, 1, count));
               static_cast<void>(map.erase_if(at_once, 1, count));
             });
  CHECK(calls == 0);
  REQUIRE(mine != nullptr);
  CHECK(*mine == 5);
  CHECK(map.size() == 1);
}

TEMPLATE_TEST_CASE("of calls that do not wait, by many threads, those that were made are those that are counted", "",
                   EVAC_TEST_MUTEXES) {
  map_under<std::size_t, TestType> map(evac::shards{2});
  for (shared_key k = 0; k < 4; ++k) map.try_emplace(k, 0U);
  const std::size_t made = in_threads(crowd(), [&](std::size_t thread) {
    std::size_t mine = 0;
    for (std::size_t i = 0; i < rounds(4000); ++i) {
      const auto add = [](auto& element) {
        stumble();
        ++element.second;
      };
      const auto tried = map.visit(at_once, (thread + i) % 4, add);
      mine += tried.busy() ? 0 : tried.result();
    }
    return mine;
  });
  std::size_t counted = 0;
  map.cvisit_all([&](const auto& element) { counted += element.second; });
  CHECK(counted == made);
  CHECK(made != 0);
}
