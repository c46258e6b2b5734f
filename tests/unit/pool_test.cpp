// A pool of maps: what it hands out is empty, has memory, and keeps within the limits; from the second request on
// nothing is allocated.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/observer.hpp>
#include <evac/pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/allocators.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/in_threads.hpp"

namespace {

using map_type = evac::map<std::uint64_t, std::uint64_t>;
using counted_map = evac::map<std::uint64_t, std::uint64_t, evac::hash<std::uint64_t>, evac::equal_to<std::uint64_t>,
                              evac_test::counting_allocator<std::pair<const std::uint64_t, std::uint64_t>>>;

template <class Map>
void fill(Map& map, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) map.emplace(i, i);
}

struct seeded_hash {
  std::size_t seed = 0;
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key) ^ seed; }
};

}  // namespace

TEST_CASE("from the second request on a pool allocates nothing, and what it hands out is empty") {
  evac_test::memory = {};
  {
    evac::pool<counted_map> pool;
    const auto request = [&] {
      const auto lease = pool.acquire();
      REQUIRE(lease->empty());
      fill(*lease, 1000);
      REQUIRE(lease->size() == 1000);
    };
    request();
    const std::size_t allocations = evac_test::memory.allocations;
    REQUIRE(allocations > 3);
    for (int i = 0; i < 20; ++i) request();
    REQUIRE(evac_test::memory.allocations == allocations);
    REQUIRE(pool.idle() == 1);
    REQUIRE(pool.leased() == 0);
  }
  REQUIRE(evac_test::memory.blocks == 0);
}

TEST_CASE("maps in use at a time are different ones, and the one that came back last is handed out first") {
  evac::pool<map_type> pool;
  auto first = pool.acquire();
  auto second = pool.acquire();
  map_type* const first_map = std::addressof(*first);
  map_type* const second_map = std::addressof(*second);
  REQUIRE(first_map != second_map);
  REQUIRE(pool.leased() == 2);
  first.reset();
  REQUIRE_FALSE(first);
  second.reset();
  REQUIRE(pool.idle() == 2);
  REQUIRE(pool.leased() == 0);
  const auto third = pool.acquire();
  REQUIRE(std::addressof(*third) == second_map);
  REQUIRE(std::addressof(*pool.acquire()) == first_map);
}

TEST_CASE("a lease that is moved leaves its map to the other, which gives back what it had") {
  evac::pool<map_type> pool;
  auto one = pool.acquire();
  auto other = pool.acquire();
  map_type* const map = std::addressof(*one);
  other = std::move(one);
  REQUIRE(pool.leased() == 1);
  REQUIRE(pool.idle() == 1);
  REQUIRE(std::addressof(*other) == map);
  decltype(other) third(std::move(other));
  REQUIRE(std::addressof(*third) == map);
  third = {};
  REQUIRE(pool.leased() == 0);
  REQUIRE(pool.idle() == 2);
}

TEST_CASE("a pool keeps no more maps, and none with more memory, than its limits say") {
  evac::pool<map_type> pool({.idle_maps = 2, .idle_bytes = 1U << 16U});
  {
    std::vector<evac::pool<map_type>::lease> all;
    for (int i = 0; i < 7; ++i) all.push_back(pool.acquire());
    REQUIRE(pool.leased() == 7);
  }
  REQUIRE(pool.idle() == 2);
  {
    const auto large = pool.acquire();
    fill(*large, 100'000);
    REQUIRE(large->memory_usage() > (1U << 16U));
  }
  REQUIRE(pool.idle() == 1);
  pool.drop_idle();
  REQUIRE(pool.idle() == 0);
  evac::pool<map_type> none({.idle_maps = 0});
  none.acquire().reset();
  REQUIRE(none.idle() == 0);
}

TEST_CASE("maps of a pool have the hash, the equality and the allocator of the map that it was made with") {
  const evac::map<int, int, seeded_hash> like(0, seeded_hash{77});
  evac::pool<evac::map<int, int, seeded_hash>> pool({}, like);
  REQUIRE(pool.acquire()->hash_function().seed == 77);
  REQUIRE(pool.acquire()->hash_function().seed == 77);
  using allocator = evac_test::identity_allocator<int, false>;
  using set_type = evac::set<int, evac::hash<int>, evac::equal_to<int>, allocator>;
  evac_test::foreign_frees = 0;
  {
    evac::pool<set_type> sets({}, set_type(0, {}, {}, allocator(5)));
    for (int round = 0; round < 3; ++round) {
      const auto lease = sets.acquire();
      for (int i = 0; i < 500; ++i) lease->insert(i);
      REQUIRE(lease->get_allocator().id == 5);
    }
  }
  REQUIRE(evac_test::foreign_frees == 0);
  REQUIRE(evac_test::block_owner.empty());
}

TEST_CASE("elements are destroyed when their map is given back, and an observer goes with the lease") {
  struct : evac::observer {
    int cleared_maps = 0;
    int others = 0;
    void cleared(const cleared_event&) noexcept override { ++cleared_maps; }
    void growth_begun(const growth_event&) noexcept override { ++others; }
  } watches;
  evac::pool<evac::map<int, std::shared_ptr<int>>> pool;
  const auto value = std::make_shared<int>(1);
  {
    const auto lease = pool.acquire();
    lease->observe(&watches);
    lease->emplace(1, value);
    REQUIRE(value.use_count() == 2);
  }
  REQUIRE(value.use_count() == 1);
  REQUIRE(watches.cleared_maps == 1);
  const auto lease = pool.acquire();
  REQUIRE(lease->observed_by() == nullptr);
  for (int i = 0; i < 100; ++i) lease->emplace(i, nullptr);
  REQUIRE(watches.others == 0);
}

TEST_CASE("threads share a pool: no map is in two hands, and all come back") {
  constexpr int requests = 3000;
  evac::pool<map_type> pool({.idle_maps = 8});
  const std::size_t wrong = evac_test::in_threads(evac_test::crowd(), [&](std::size_t thread) {
    std::size_t found = 0;
    auto kept = pool.acquire();
    for (int i = 0; i < requests; ++i) {
      auto lease = pool.acquire();
      if (!lease->empty()) ++found;
      lease->emplace(thread, i);
      evac_test::stumble();
      if (lease->size() != 1 || lease->find(thread) == lease->end()) ++found;
      if (i % 3 == 0) std::swap(kept, lease);
      if (i % 3 == 1) kept->clear();
    }
    return found;
  });
  REQUIRE(wrong == 0);
  REQUIRE(pool.leased() == 0);
  REQUIRE(pool.idle() <= 8);
  REQUIRE(pool.idle() > 0);
}

TEST_CASE("a lease may end in another thread, and after the thread that took it") {
  evac::pool<map_type> pool;
  std::optional<evac::pool<map_type>::lease> passed;
  evac_test::in_another_thread([&] {
    passed = pool.acquire();
    (*passed)->emplace(1, 2);
  });
  REQUIRE((*passed)->at(1) == 2);
  passed.reset();
  REQUIRE(pool.leased() == 0);
  REQUIRE(pool.idle() == 1);
}

TEST_CASE("misuse of a pool is named, where checks are on") {
  if constexpr (EVAC_CHECKS == 0) {
    WARN("skipped: without checks misuse is not noticed");
    return;
  }
  const auto destroyed_early = evac_test::in_child([] {
    auto pool = std::make_unique<evac::pool<map_type>>();
    const auto lease = pool->acquire();
    pool.reset();
  });
  CHECK(destroyed_early.aborted_with("a pool was destroyed while maps of it were in use"));
  const auto used_empty = evac_test::in_child([] {
    evac::pool<map_type> pool;
    auto lease = pool.acquire();
    const auto other = std::move(lease);
    lease->clear();  // NOLINT(bugprone-use-after-move): that is what is reported
  });
  CHECK(used_empty.aborted_with("a lease of a pool that has no map"));
}

TEST_CASE("in the child of a fork() a pool works on, and does not ask for maps that other threads had") {
  evac::pool<map_type> pool;
  std::atomic<bool> taken{false};
  std::atomic<bool> over{false};
  std::thread other([&] {
    const auto lease = pool.acquire();
    taken = true;
    evac_test::await([&] { return over.load(); });
  });
  evac_test::await([&] { return taken.load(); });
  const auto child = evac_test::in_child([&] {
    pool.acquire()->emplace(1, 1);
    const bool emptied = pool.acquire()->empty();
    const bool works = emptied && pool.idle() == 1 && pool.leased() == 1;
    std::destroy_at(&pool);
    return works;
  });
  over = true;
  other.join();
  CHECK(child.good());
}

#if EVAC_ADDRESS_SANITIZER
TEST_CASE("a reference that has outlived its lease is reported by AddressSanitizer") {
  const auto outlived = [](bool element) {
    return evac_test::in_child([element] {
      evac::pool<map_type> pool;
      auto lease = pool.acquire();
      map_type& map = *lease;
      std::uint64_t& value = map[1];
      lease.reset();
      if (element) {
        value = 2;
      } else {
        map.clear();
      }
    });
  };
  CHECK(outlived(true).message.find("use-after-poison") != std::string::npos);
  CHECK(outlived(false).message.find("use-after-poison") != std::string::npos);
}
#endif
