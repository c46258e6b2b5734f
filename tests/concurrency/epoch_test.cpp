// epoch_domain: what guards hold off, and what destructors and functions that reclaim may do.
#include <algorithm>
#include <array>
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

#include "evac/detail/sync/garbage_batch.hpp"
#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

TEST_CASE("a domain may be a member of an aggregate that is initialised by empty braces") {
  struct with_domain {
    epoch_domain domain;
  };
  const with_domain made{};
  REQUIRE(made.domain.stats().cap_bytes == epoch_domain::default_cap);
}

TEST_CASE("nothing is reclaimed while a guard from before lives, and everything after") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain;
  constexpr std::size_t each = 200;
  std::size_t while_held = 0;
  bool empty_while_held = false;
  SECTION("a guard of the thread that retires") {
    const domain_guard held(domain);
    retire_some(domain, gone, each);
    empty_while_held = domain.flush();
    while_held = gone;
  }
  SECTION("a guard of another thread") {
    guard_elsewhere held(domain);
    retire_some(domain, gone, each);
    empty_while_held = domain.flush();
    while_held = gone;
    REQUIRE(domain.stats().retired_objects == each);
    REQUIRE(domain.stats().retired_bytes == each * (sizeof(tallied) + note_bytes));
    REQUIRE(domain.stats().guards == 1);
    REQUIRE(domain.stats().oldest_guard.count() > 0);
  }
  REQUIRE(while_held == 0);
  REQUIRE_FALSE(empty_while_held);
  REQUIRE(domain.flush());
  REQUIRE(gone == each);
  REQUIRE(domain.stats().retired_objects == 0);
  REQUIRE(domain.stats().retired_bytes == 0);
  REQUIRE(domain.stats().guards == 0);
  REQUIRE(domain.flush());
  REQUIRE(domain.stats().oldest_guard.count() == 0);
}

TEST_CASE("guards nest and may end in any order") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain;
  std::array<std::optional<domain_guard>, 6> guards;
  std::array<std::size_t, 6> order{0, 1, 2, 3, 4, 5};
  std::mt19937_64 random(seed());
  for (int round = 0; round < 20; ++round) {
    gone = 0;
    for (auto& each : guards) each.emplace(domain);
    REQUIRE(domain.stats().guards == 1);
    retire_some(domain, gone, 100);
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      REQUIRE_FALSE(domain.flush());
      REQUIRE(gone == 0);
      guards[i].reset();
    }
    REQUIRE(domain.stats().guards == 0);
    REQUIRE(domain.flush());
    REQUIRE(gone == 100);
  }
}

TEST_CASE("domains do not wait for each other's guards") {
  constexpr std::size_t count = 5;
  std::array<std::optional<epoch_domain>, count> domains;
  for (auto& each : domains) each.emplace();
  std::array<std::optional<domain_guard>, count> guards;
  std::array<std::atomic<std::size_t>, count> gone{};
  for (std::size_t held = 0; held < count; ++held) {
    guards[held].emplace(*domains[held]);
    for (std::size_t i = 0; i < count; ++i) {
      gone[i] = 0;
      retire_some(*domains[i], gone[i], 70);
    }
    for (std::size_t i = 0; i < count; ++i) {
      REQUIRE(domains[i]->flush() == (i != held));
      REQUIRE(gone[i] == (i == held ? 0 : 70));
    }
    guards[held].reset();
    REQUIRE(domains[held]->flush());
    REQUIRE(gone[held] == 70);
  }
  for (auto& each : domains) REQUIRE(each->stats().threads == 1);
}

TEST_CASE("readers find what they hold intact while writers replace and retire it") {
  struct node {
    std::atomic<std::uint64_t> alive{0x600DULL};
    ~node() { alive = 0xDEADULL; }
  };
  epoch_domain domain(std::size_t{64} << 10U);
  constexpr std::size_t places = 4;
  std::array<std::atomic<node*>, places> shared{};
  for (auto& each : shared) each = new node;
  const std::size_t each = rounds(4000);
  const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) {
    std::mt19937_64 random(seed() + thread);
    std::size_t seen_wrong = 0;
    for (std::size_t i = 0; i < each; ++i) {
      auto& place = shared[random() % places];
      if (thread % 2 == 0) {
        const domain_guard inside(domain);
        node* const found = place.load(std::memory_order_acquire);
        if (random() % 64 == 0) std::this_thread::yield();
        seen_wrong += found->alive == 0x600DULL ? 0 : 1;
      } else {
        domain.make_room(sizeof(node));
        domain.retire(place.exchange(new node));
        if (random() % 256 == 0) static_cast<void>(domain.flush());
      }
    }
    return seen_wrong;
  });
  REQUIRE(wrong == 0);
  REQUIRE(domain.stats().epoch > 0);
  REQUIRE(domain.flush());
  for (auto& place : shared) delete place.load();
}

// --- what is reclaimed does more ------------------------------------------------------------------------------------

namespace {

/// A chain of which each element retires the next when it goes.
struct chained {
  epoch_domain& domain;
  std::atomic<std::size_t>& gone;
  std::size_t left;
  static inline thread_local int depth = 0;
  static inline thread_local int deepest = 0;
  chained(epoch_domain& in, std::atomic<std::size_t>& count, std::size_t more) : domain(in), gone(count), left(more) {}
  chained(const chained&) = delete;
  chained& operator=(const chained&) = delete;
  ~chained() {
    deepest = std::max(deepest, ++depth);
    if (left != 0) domain.retire(new chained(domain, gone, left - 1));
    ++gone;
    --depth;
  }
};

}  // namespace

TEST_CASE("a thread that overwrites for long frees what it replaces, and hardly ever asks for a step of the epoch") {
  std::atomic<std::size_t> gone{0};
  constexpr std::size_t batches = 400;
  constexpr std::size_t replaced = batches * evac::detail::garbage_batch::capacity;
  SECTION("objects") {
    epoch_domain domain;
    retire_some(domain, gone, replaced);
    CHECK(gone > replaced / 2);
    CHECK(domain.stats().epoch > 0);
    CHECK(domain.stats().epoch <= batches / 4);
  }
  SECTION("nodes of a map") {
    epoch_domain domain;
    evac::sync_map<int, std::string> map(domain);
    for (std::size_t i = 0; i <= replaced; ++i) map.store(1, std::to_string(i));
    CHECK(domain.stats().retired_objects < replaced / 2);
    CHECK(domain.stats().epoch > 0);
    CHECK(domain.stats().epoch <= batches / 4);
  }
}

TEST_CASE("destructors may retire more: a flush takes that, too") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain;
  for (int i = 0; i < 100; ++i) domain.retire(new chained(domain, gone, 9));
  REQUIRE(domain.flush());
  REQUIRE(gone == 1000);
}

TEST_CASE("a domain that ends reclaims what destructors retire then") {
  std::atomic<std::size_t> gone{0};
  {
    epoch_domain domain;
    for (int i = 0; i < 100; ++i) domain.retire(new chained(domain, gone, 9));
    std::thread([&] {
      for (int i = 0; i < 100; ++i) domain.retire(new chained(domain, gone, 9));
    }).join();
  }
  REQUIRE(gone == 2000);
}

TEST_CASE("destructors that retire more do not nest as deep as there is garbage") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain;
  constexpr std::size_t many = 12000;
  {
    const domain_guard held(domain);
    for (std::size_t i = 0; i < many; ++i) domain.retire(new chained(domain, gone, 3));
  }
  chained::deepest = 0;
  bool by_flush = false;
  SECTION("as others come") {
    for (std::size_t i = 0; gone < 4 * many && i < 100 * many; ++i) domain.retire(new chained(domain, gone, 0));
  }
  SECTION("flushed") {
    by_flush = domain.flush();
    REQUIRE(by_flush);
  }
  REQUIRE(gone >= 4 * many);
  REQUIRE(chained::deepest >= 1);
  REQUIRE(chained::deepest <= 3);
  REQUIRE(domain.flush());
}

TEST_CASE("destructors may use maps of the same domain") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(std::size_t{32} << 10U);
  evac::sync_map<std::string, std::string> record(domain);
  struct value {
    evac::sync_map<std::string, std::string>* record;
    std::atomic<std::size_t>* gone;
    std::size_t number;
    ~value() {
      const std::string key = "value " + std::to_string(number % 50) + " of those that are gone";
      record->store(key, std::to_string(number));
      if (number % 3 == 0) record->erase(key);
      ++*gone;
    }
  };
  const std::size_t each = rounds(1500);
  const std::size_t threads = crowd();
  {
    evac::sync_map<std::uint64_t, std::shared_ptr<const value>> map(domain);
    in_threads(threads, [&](std::size_t thread) {
      std::mt19937_64 random(seed() + thread);
      for (std::size_t i = 0; i < each; ++i) {
        map.store(random() % 64, std::shared_ptr<const value>(new value{&record, &gone, thread * each + i}));
        if (random() % 4 == 0) map.erase(random() % 64);
        if (random() % 512 == 0) map.clear();
      }
    });
  }
  REQUIRE(domain.flush());
  REQUIRE(gone == threads * each);
  REQUIRE(domain.stats().retired_objects == 0);
}

TEST_CASE("a function that frees a part is called until it says that nothing is left, and then never again") {
  struct parts {
    std::atomic<std::size_t> left;
    std::atomic<std::size_t> calls{0};
    std::atomic<std::size_t>* total = nullptr;
  };
  std::atomic<std::size_t> total{0};
  constexpr std::size_t count = 50;
  std::vector<parts> objects(count);
  for (std::size_t i = 0; i < count; ++i) {
    objects[i].left = i;
    objects[i].total = &total;
  }
  epoch_domain domain;  // may not outlive the objects
  const auto free_part = [](void* object, void* context) {
    auto& part = *static_cast<parts*>(object);
    ++part.calls;
    ++*static_cast<std::atomic<std::size_t>*>(context);
    return part.left-- == 0;
  };
  for (parts& each : objects) domain.retire(&each, &total, 100, free_part);
  REQUIRE(domain.stats().retired_bytes == count * (100 + note_bytes));
  SECTION("by a flush") { REQUIRE(domain.flush()); }
  SECTION("by several flushes at a time") {
    in_threads(4, [&](std::size_t) {
      while (total < count * (count + 1) / 2) static_cast<void>(domain.flush());
    });
    REQUIRE(domain.flush());
  }
  SECTION("step by step, as others are retired") {
    std::atomic<std::size_t> gone{0};
    for (std::size_t i = 0; i < 10'000'000 && total < count * (count + 1) / 2; ++i) domain.retire(new tallied(gone));
    REQUIRE(domain.flush());
  }
  for (std::size_t i = 0; i < count; ++i) REQUIRE(objects[i].calls == i + 1);
  REQUIRE(domain.stats().retired_bytes == 0);
}
