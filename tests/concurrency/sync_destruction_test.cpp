// Destruction of a sync_map that has retired objects which still wait.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/epoch.hpp>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <functional>
#include <latch>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

namespace {

/// Counts its live objects, and calls a function when the last copy of it ends.
class value {
 public:
  explicit value(std::atomic<std::ptrdiff_t>& live, std::function<void()> at_end = {})
      : end_(std::make_shared<ending>(live, std::move(at_end))) {}

 private:
  struct ending {
    ending(std::atomic<std::ptrdiff_t>& count, std::function<void()> f) : live(count), at_end(std::move(f)) { ++live; }
    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;
    ~ending() {
      if (at_end) at_end();
      --live;
    }
    std::atomic<std::ptrdiff_t>& live;
    std::function<void()> at_end;
  };
  std::shared_ptr<ending> end_;
};

using map_type = evac::sync_map<std::size_t, value>;
using counter = std::atomic<std::ptrdiff_t>;

/// Of `count` values that are put in, half stay; the others are replaced, erased, or go with a cleared table.
template <class Map>
void use(Map& map, counter& live, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) map.store(i % 50, value(live));
  map.clear();
  for (std::size_t i = 0; i < count; ++i) map.store(i, value(live));
  for (std::size_t i = 0; i < count; i += 2) map.erase(i);
}

/// Counts bytes, and can be told from others of its kind.
struct counting_resource : std::pmr::memory_resource {
  std::atomic<std::size_t> bytes{0};
  void* do_allocate(std::size_t size, std::size_t alignment) override {
    bytes += size;
    return std::pmr::new_delete_resource()->allocate(size, alignment);
  }
  void do_deallocate(void* block, std::size_t size, std::size_t alignment) override {
    bytes -= size;
    std::pmr::new_delete_resource()->deallocate(block, size, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

}  // namespace

TEST_CASE("a map that is destroyed takes along all that it has retired, whichever thread holds a guard of its domain") {
  counter live{0};
  counter of_another{0};
  epoch_domain domain;
  map_type another(domain);
  const bool held_here = GENERATE(false, true);
  const bool retired_elsewhere = GENERATE(false, true);
  CAPTURE(held_here, retired_elsewhere);
  guard_elsewhere held(domain);
  std::unique_ptr<domain_guard> own;
  if (held_here) own = std::make_unique<domain_guard>(domain);
  {
    map_type map(domain);
    const auto use_both = [&] {
      for (std::size_t i = 0; i < 10; ++i) {
        use(map, live, 100);
        use(another, of_another, 100);
      }
    };
    if (retired_elsewhere) {
      std::thread(use_both).join();
    } else {
      use_both();
    }
    REQUIRE(live > 1000);
  }
  REQUIRE(live == 0);
  REQUIRE(of_another > 1000);
  REQUIRE_FALSE(domain.flush());
  REQUIRE(of_another > 1000);
  own.reset();
  held.release();
  REQUIRE(domain.flush());
  REQUIRE(of_another == 50);
  another.clear();
  REQUIRE(domain.flush());
  REQUIRE(of_another == 0);
  REQUIRE(domain.stats().charged_bytes <= epoch_domain::default_cap / 1024);
}

TEST_CASE("a map in the domain of the process leaves nothing behind either") {
  counter live{0};
  const domain_guard held(epoch_domain::process());
  {
    map_type map;
    use(map, live, 1000);
  }
  REQUIRE(live == 0);
}

TEST_CASE("a map with an allocator of its own gives all of its memory back when it is destroyed") {
  counting_resource memory;
  epoch_domain domain;
  const domain_guard held(domain);
  counter live{0};
  {
    using pair = std::pair<const std::size_t, value>;
    evac::sync_map<std::size_t, value, std::hash<std::size_t>, std::equal_to<>, std::pmr::polymorphic_allocator<pair>>
        map(0, {}, {}, &memory, domain);
    use(map, live, 1000);
    using number = std::pair<const std::size_t, std::size_t>;
    evac::sync_map<std::size_t, std::size_t, std::hash<std::size_t>, std::equal_to<>,
                   std::pmr::polymorphic_allocator<number>>
        numbers(0, {}, {}, &memory, domain);
    evac::sync_set<std::string, std::hash<std::string>, std::equal_to<>, std::pmr::polymorphic_allocator<std::string>>
        set(0, {}, {}, &memory, domain);
    for (std::size_t i = 0; i < 1000; ++i) {
      numbers.store(i, i);
      set.insert("a text that is long enough to have memory of its own " + std::to_string(i));
      if (i % 3 == 0) set.erase("a text that is long enough to have memory of its own " + std::to_string(i));
    }
    numbers.clear();
    set.clear();
    REQUIRE(memory.bytes > 10'000);
  }
  REQUIRE(live == 0);
  REQUIRE(memory.bytes == 0);
  REQUIRE(domain.stats().retired_objects == 0);
  REQUIRE(domain.stats().retired_bytes == 0);
}

TEST_CASE("a map takes along what it has in a batch that another thread is busy with") {
  counter live{0};
  counter of_another{0};
  epoch_domain domain;
  map_type another(domain);
  std::latch busy(1);
  std::atomic<bool> go_on{false};
  const auto block = [&] {
    busy.count_down();
    await([&] { return go_on.load(); });
  };
  std::optional<map_type> map(std::in_place, domain);
  // One batch: of the map, the value that keeps the other thread, and again of the map.
  const auto replace_some = [&] {
    for (std::size_t i = 0; i < 10; ++i) map->store(0, value(live));
  };
  replace_some();
  another.store(0, value(of_another, block));
  another.erase(0);
  another.store(0, value(of_another));
  another.erase(0);
  replace_some();
  std::thread flushing([&] { static_cast<void>(domain.flush()); });
  busy.wait();
  const std::ptrdiff_t before = live;
  map.reset();
  const std::ptrdiff_t after = live;
  const std::ptrdiff_t other_after = of_another;
  go_on = true;
  flushing.join();
  REQUIRE(before == 11);  // the last ten that were replaced, and the one that is there
  REQUIRE(after == 0);
  REQUIRE(other_after == 2);
  REQUIRE(domain.flush());
  REQUIRE(of_another == 0);
}

TEST_CASE("a thread that is destroying a cleared table comes to the end of it when the map is gone") {
  counter live{0};
  epoch_domain domain;
  std::latch busy(1);
  std::atomic<bool> go_on{false};
  std::optional<map_type> map(std::in_place, domain);
  constexpr std::size_t count = 20'000;  // many steps
  for (std::size_t i = 0; i < count; ++i) map->store(i, value(live));
  map->store(0, value(live, [&] {
               busy.count_down();
               await([&] { return go_on.load(); });
             }));
  map->clear();
  std::thread writing([&] {
    epoch_domain& in = domain;
    map_type another(in);
    // One step of the table at a time, until it comes to the value that keeps it.
    for (std::size_t i = 0; !busy.try_wait(); ++i) another.store(i % 7, value(live));
  });
  busy.wait();
  map.reset();
  go_on = true;
  writing.join();
  REQUIRE(live == 0);
  REQUIRE(domain.stats().retired_objects == 0);
}

TEST_CASE("a cleared table of which a part is gone goes with its map") {
  counter live{0};
  counter of_another{0};
  epoch_domain domain;
  map_type another(domain);
  constexpr std::size_t count = 20'000;
  std::ptrdiff_t before = 0;
  {
    map_type map(domain);
    for (std::size_t i = 0; i < count; ++i) map.store(i, value(live));
    map.clear();
    while (live > static_cast<std::ptrdiff_t>(count) / 2) another.store(0, value(of_another));
    before = live;
  }
  REQUIRE(before > 0);
  REQUIRE(live == 0);
  another.clear();
  REQUIRE(domain.flush());
  REQUIRE(of_another == 0);
}

TEST_CASE("destructors may destroy maps of the domain that has called them, and use others") {
  counter live{0};
  counter inner_live{0};
  epoch_domain domain(small_cap);
  map_type record(domain);
  std::atomic<std::size_t> left_over{0};
  const auto owner_of_a_map = [&](std::size_t values) {
    auto inner = std::make_shared<map_type>(domain);
    use(*inner, inner_live, values);
    return value(live, [&record, &inner_live, &live, &left_over, inner, values]() mutable {
      const std::ptrdiff_t before = inner_live;
      inner.reset();
      if (inner_live >= before) ++left_over;
      for (std::size_t i = 0; i < values; ++i) record.store(i, value(live));
    });
  };
  SECTION("as the domain reclaims: in one batch with what these maps have retired") {
    {
      map_type map(domain);
      for (std::size_t i = 0; i < 100; ++i) map.store(0, owner_of_a_map(i % 12 + 2));
      map.erase(0);
      static_cast<void>(domain.flush());
      REQUIRE(domain.flush());
      REQUIRE(inner_live == 0);
    }
  }
  SECTION("as a map is destroyed that has retired them") {
    const guard_elsewhere held(domain);
    {
      const domain_guard own(domain);  // else who stores would wait for the other
      map_type map(domain);
      for (std::size_t i = 0; i < 100; ++i) map.store(0, owner_of_a_map(i % 12 + 2));
    }
    REQUIRE(inner_live == 0);
  }
  SECTION("as the domain is destroyed") {
    counter others{0};
    {
      epoch_domain second;
      auto inner = std::make_shared<map_type>(second);
      use(*inner, others, 100);
      second.retire(new value(live, [&left_over, &others, inner]() mutable {
        inner.reset();
        if (others != 0) ++left_over;
      }));
      inner.reset();
    }
    REQUIRE(others == 0);
  }
  REQUIRE(left_over == 0);
  record.clear();
  REQUIRE(domain.flush());
  REQUIRE(live == 0);
  REQUIRE(inner_live == 0);
}

TEST_CASE("a value that owns the map in which it was may be destroyed by the domain") {
  counter live{0};
  epoch_domain domain;
  auto map = std::make_shared<map_type>(domain);
  map_type* const use_it = map.get();
  for (std::size_t i = 0; i < 20; ++i) use_it->store(0, value(live));
  use_it->store(0, value(live, [map]() mutable { map.reset(); }));
  map.reset();
  for (std::size_t i = 1; i < 20; ++i) use_it->store(i, value(live));
  use_it->erase(0);
  REQUIRE(live == 40);
  REQUIRE(domain.flush());
  REQUIRE(live == 0);
}

TEST_CASE(
    "maps come and go while others write and flush: each value is destroyed once, and before its map is gone but "
    "for those at hand") {
  counter live{0};
  counter of_maps{0};
  epoch_domain domain(std::size_t{64} << 10U);
  map_type lasting(domain);
  const std::size_t threads = crowd();
  const std::size_t times = rounds(60);
  in_threads(threads, [&](std::size_t thread) {
    for (std::size_t i = 0; i < times; ++i) {
      if (thread % 3 == 0) {
        map_type map(domain);
        use(map, of_maps, 200);
      } else {
        for (std::size_t n = 0; n < 200; ++n) lasting.store(n, value(live));
        if (thread % 3 == 1) static_cast<void>(domain.flush());
        if (i % 8 == 0) lasting.clear();
      }
    }
  });
  REQUIRE(of_maps == 0);
  lasting.clear();
  REQUIRE(domain.flush());
  REQUIRE(live == 0);
  REQUIRE(domain.stats().retired_objects == 0);
  REQUIRE(domain.stats().charged_bytes <= (std::size_t{64} << 10U));
}
