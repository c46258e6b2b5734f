// epoch_domain in the child of a fork.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/epochs.hpp"

using namespace evac_test;

TEST_CASE("in the child of a fork guards of other threads are forgotten, and those of the caller stay") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  const guard_elsewhere held(domain);
  retire_some(domain, gone, 50);
  const bool inside = GENERATE(false, true);
  CAPTURE(inside);
  auto own = inside ? std::make_unique<domain_guard>(domain) : nullptr;
  const ended_child child = in_child([&] {
    domain.reinit_after_fork();
    bool good = domain.stats().guards == (inside ? 1 : 0);
    retire_some(domain, gone, 50);
    if (inside) {
      good = good && !domain.flush() && gone == 0;
      own.reset();
    }
    good = good && domain.flush() && gone == 100;
    for (std::size_t i = 0; i < 4 * small_cap / object_bytes; ++i) {
      domain.make_room(object_bytes);
      domain.retire(new tallied(gone), object_bytes);
    }
    return good && domain.flush() && domain.stats().charged_bytes <= small_cap / 2;
  });
  INFO(child.message);
  REQUIRE(child.good());
}

TEST_CASE("a fork while another thread only looks into a domain loses nothing") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain;
  constexpr std::size_t objects = 2000;
  const domain_guard held(domain);
  retire_some(domain, gone, objects);
  std::atomic<bool> over{false};
  std::thread looking([&] {
    while (!over) static_cast<void>(domain.stats());
  });
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < rounds(20); ++i) {
    const ended_child child = in_child([&] {
      domain.reinit_after_fork();
      return domain.stats().retired_objects == objects;
    });
    wrong += child.good() ? 0 : 1;
  }
  over = true;
  looking.join();
  REQUIRE(wrong == 0);
}

TEST_CASE("a domain works in the child of a fork whatever other threads were doing") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  std::atomic<bool> over{false};
  std::vector<std::thread> busy;
  for (unsigned i = 0; i < 3; ++i) {
    busy.emplace_back([&, i] {
      std::mt19937_64 random(seed() + i);
      while (!over) {
        // Address sanitizers leave their allocator locked when another thread was inside at the fork.
        const auto dice = EVAC_ADDRESS_SANITIZER != 0 ? 1 : random() % 8;
        if (dice == 0) {
          static_cast<void>(domain.flush());
        } else if (dice < 3) {
          const domain_guard inside(domain);
          std::this_thread::yield();
        } else {
          domain.make_room(object_bytes);
          domain.retire(new tallied(gone), object_bytes);
        }
      }
    });
  }
  std::size_t wrong = 0;
  const std::size_t forks = rounds(20);
  for (std::size_t i = 0; i < forks; ++i) {
    retire_some(domain, gone, 3);
    const ended_child child = in_child([&] {
      domain.reinit_after_fork();
      if (domain.stats().guards != 0) return false;
      evac::sync_map<std::string, std::string> map(domain);
      std::atomic<std::size_t> child_gone{0};
      for (std::size_t n = 0; n < 4 * small_cap / object_bytes; ++n) {
        domain.make_room(object_bytes);
        domain.retire(new tallied(child_gone), object_bytes);
        map.store("key", std::to_string(n));
      }
      return domain.flush() && child_gone == 4 * small_cap / object_bytes &&
             domain.stats().charged_bytes <= small_cap / 2 && map.load("key").has_value();
    });
    wrong += child.good() ? 0 : 1;
    static_cast<void>(domain.flush());
  }
  over = true;
  for (std::thread& each : busy) each.join();
  REQUIRE(wrong == 0);
  REQUIRE(domain.flush());
  REQUIRE(domain.stats().charged_bytes <= small_cap);
}

TEST_CASE("in the child of a fork threads that are gone keep no domain alive, and nobody wakes them") {
  std::atomic<std::size_t> gone{0};
  auto domain = std::make_unique<epoch_domain>();
  const bool used_here = GENERATE(false, true);
  CAPTURE(used_here);
  if (used_here) retire_some(*domain, gone, 1);
  evac::detail::epoch_core& core = domain->core();
  evac::detail::atomic<std::uint64_t> word{0};
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([&] {
      retire_some(*domain, gone, 1);
      const auto still_there = [&] { return word.load(evac::detail::seq_cst) == 0; };
      while (still_there()) core.sleepers().wait(&word, still_there);
    });
  }
  await([&] { return core.sleepers().waiters() == 3; });
  const std::size_t before = core.references();
  const ended_child child = in_child([&] {
    domain->reinit_after_fork();
    // The domain itself, and the record of this thread.
    return core.references() == (used_here ? 2 : 1) && core.sleepers().waiters() == 0 && domain->flush() &&
           gone == (used_here ? 4 : 3);
  });
  core.sleepers().change(word, std::uint64_t{1});
  for (std::thread& each : others) each.join();
  INFO(child.message);
  REQUIRE(before == (used_here ? 5 : 4));
  REQUIRE(child.good());
  REQUIRE(core.sleepers().waiters() == 0);
}

TEST_CASE("a fork by a destructor that a domain has called stops a checked build with a message") {
  struct forker {
    epoch_domain* domain;
    ended_child* ended;
    explicit forker(epoch_domain& in, ended_child& into) : domain(&in), ended(&into) {}
    forker(const forker&) = delete;
    forker& operator=(const forker&) = delete;
    ~forker() {
      *ended = in_child([this] { domain->reinit_after_fork(); });
    }
  };
  ended_child child;
  epoch_domain domain;
  domain.retire(new forker(domain, child));
  REQUIRE(domain.flush());
  INFO(child.message);
#ifdef NDEBUG
  WARN("not checked: this build defines NDEBUG, which turns the check off; what is required is that it runs on");
  REQUIRE(child.good());
#else
  REQUIRE(child.aborted_with("evac: fork() by a destructor that an epoch_domain has called"));
#endif
}

TEST_CASE("a fork while another thread is in the function of update() leaves the child nothing of that call") {
  if constexpr (EVAC_THREAD_SANITIZER != 0) {
    WARN("not run: the thread sanitizer starts no threads in the child of a program that has several");
    return;
  }
  evac::epoch_domain domain;
  evac::sync_map<std::string, int> map(domain);
  map.store("other", 1);
  std::atomic<bool> inside{false};
  std::atomic<bool> go_on{false};
  std::thread updating([&] {
    map.update("key", [&](std::optional<int>) {
      inside = true;
      while (!go_on) std::this_thread::yield();
      return std::optional<int>(5);
    });
  });
  while (!inside) std::this_thread::yield();
  const ended_child child = in_child([&] {
    domain.reinit_after_fork();
    std::vector<std::thread> threads;
    std::atomic<int> stored{0};
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        map.store("key", 7);  // not from inside of an update() of this thread
        ++stored;
      });
    }
    for (std::thread& each : threads) each.join();
    return stored == 4 && map.load("key") == 7;
  });
  go_on = true;
  updating.join();
  INFO(child.message);
  REQUIRE(child.good());
  CHECK(map.load("key") == 5);
}
