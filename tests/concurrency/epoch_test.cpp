// epoch_domain: what guards hold off and what they do not, how much may wait, and who may end before whom.
#include <evac/epoch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/thread_end.hpp"

using namespace evac_test;
using evac::epoch_domain;
using domain_guard = epoch_domain::guard;

namespace {

/// What the domain itself needs for each object that waits counts as well.
constexpr std::size_t note_bytes = sizeof(evac::detail::retired_object);

struct counted {
  std::atomic<std::size_t>* gone;
  explicit counted(std::atomic<std::size_t>& count) : gone(&count) {}
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { ++*gone; }
};

void retire_some(epoch_domain& domain, std::atomic<std::size_t>& gone, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) domain.retire(new counted(gone));
}

template <class Condition>
void await(const Condition& condition) {
  while (!condition()) std::this_thread::yield();
}

/// Holds a guard in a thread of its own until release().
class guard_elsewhere {
 public:
  explicit guard_elsewhere(epoch_domain& domain) {
    std::latch inside(1);
    thread_ = std::thread([&] {
      const domain_guard held(domain);
      inside.count_down();
      await([&] { return released_.load(); });
    });
    inside.wait();
  }
  guard_elsewhere(const guard_elsewhere&) = delete;
  guard_elsewhere& operator=(const guard_elsewhere&) = delete;
  ~guard_elsewhere() { release(); }
  void release() {
    released_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<bool> released_{false};
  std::thread thread_;
};

/// What a child of fork() says by its exit status: 0 if `work` returns true. A child that hangs is killed.
template <class Work>
int status_of_child(const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(work() ? 0 : 1);
  }
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return status;
}

}  // namespace

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
    REQUIRE(domain.stats().retired_bytes == each * (sizeof(counted) + note_bytes));
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

TEST_CASE("who overwrites for long frees what it replaces, and hardly ever asks for a step of the epoch") {
  std::atomic<std::size_t> gone{0};
  constexpr std::size_t replaced = 62 * 200;  // 200 batches
  SECTION("objects") {
    epoch_domain domain;
    retire_some(domain, gone, replaced);
    CHECK(gone > replaced / 2);
    CHECK(domain.stats().epoch > 0);
    CHECK(domain.stats().epoch <= 100);
  }
  SECTION("nodes of a map") {
    epoch_domain domain;
    evac::sync_map<int, std::string> map(domain);
    for (std::size_t i = 0; i <= replaced; ++i) map.store(1, std::to_string(i));
    CHECK(domain.stats().retired_objects < replaced / 2);
    CHECK(domain.stats().epoch > 0);
    CHECK(domain.stats().epoch <= 100);
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
  constexpr std::size_t many = 62 * 200;
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
    for (std::size_t i = 0; i < 10'000'000 && total < count * (count + 1) / 2; ++i) domain.retire(new counted(gone));
    REQUIRE(domain.flush());
  }
  for (std::size_t i = 0; i < count; ++i) REQUIRE(objects[i].calls == i + 1);
  REQUIRE(domain.stats().retired_bytes == 0);
}

// --- how much may wait ----------------------------------------------------------------------------------------------

namespace {
constexpr std::size_t small_cap = std::size_t{16} << 10U;
constexpr std::size_t object_bytes = 256;
}  // namespace

TEST_CASE("at the cap writers wait until a guard ends; the statistics say so") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  std::atomic<std::size_t> retired{0};
  constexpr std::size_t each = 4 * small_cap / object_bytes;
  guard_elsewhere held(domain);
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&] {
      for (std::size_t n = 0; n < each; ++n) {
        domain.make_room(object_bytes);
        domain.retire(new counted(gone), object_bytes);
        ++retired;
      }
    });
  }
  await([&] { return domain.stats().waited_for_room >= 2; });
  const std::size_t retired_while_held = retired;
  const std::size_t gone_while_held = gone;
  const evac::epoch_stats stats = domain.stats();
  held.release();
  for (std::thread& writer : writers) writer.join();
  REQUIRE(gone_while_held == 0);
  REQUIRE(retired_while_held <= small_cap / object_bytes);
  REQUIRE(retired_while_held > 0);
  REQUIRE(stats.cap_bytes == small_cap);
  REQUIRE(stats.charged_bytes <= small_cap);
  REQUIRE(stats.retired_bytes <= small_cap);
  REQUIRE(stats.over_cap == 0);
  REQUIRE(retired == 2 * each);
  REQUIRE(domain.flush());
  REQUIRE(gone == 2 * each);
}

TEST_CASE("without guards writers at the cap reclaim for themselves") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  const std::size_t each = rounds(20) * small_cap / object_bytes;
  const std::size_t too_much = in_threads(crowd(), [&](std::size_t) {
    std::size_t over = 0;
    for (std::size_t n = 0; n < each; ++n) {
      domain.make_room(object_bytes);
      domain.retire(new counted(gone), object_bytes);
      if (domain.stats().charged_bytes > small_cap) ++over;
    }
    return over;
  });
  REQUIRE(too_much == 0);
  REQUIRE(gone > 0);
  REQUIRE(domain.flush());
  REQUIRE(gone == crowd() * each);
}

TEST_CASE("a writer never waits for a guard of its own thread; that is counted") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  constexpr std::size_t count = 4 * small_cap / object_bytes;
  {
    const domain_guard held(domain);
    for (std::size_t n = 0; n < count; ++n) {
      domain.make_room(object_bytes);
      domain.retire(new counted(gone), object_bytes);
    }
    REQUIRE(gone == 0);
    REQUIRE(domain.stats().over_cap > 0);
    REQUIRE(domain.stats().waited_for_room == 0);
    REQUIRE(domain.stats().retired_bytes == count * (object_bytes + note_bytes));
  }
  REQUIRE(domain.flush());
  REQUIRE(gone == count);
}

TEST_CASE("a writer does not wait for room that others only set aside") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  std::atomic<bool> over{false};
  std::latch set_aside(4);
  std::vector<std::thread> idle;
  for (int i = 0; i < 4; ++i) {
    idle.emplace_back([&] {
      domain.make_room(small_cap / 4);
      set_aside.count_down();
      await([&] { return over.load(); });
    });
  }
  set_aside.wait();
  domain.make_room(object_bytes);
  domain.retire(new counted(gone), object_bytes);
  over = true;
  for (std::thread& each : idle) each.join();
  REQUIRE(domain.flush());
  REQUIRE(gone == 1);
  // What they had set aside is given back when they end.
  REQUIRE(domain.stats().charged_bytes <= object_bytes);
}

TEST_CASE("an object larger than the cap can be retired") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  for (int i = 0; i < 10; ++i) {
    domain.make_room(10 * small_cap);
    domain.retire(new counted(gone), 10 * small_cap);
  }
  REQUIRE(gone > 0);
  REQUIRE(domain.flush());
  REQUIRE(gone == 10);
  REQUIRE(domain.stats().charged_bytes <= small_cap);
}

// --- threads come and go --------------------------------------------------------------------------------------------

TEST_CASE("a flush takes what other threads have retired, whether they live or not") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain;
  std::atomic<bool> over{false};
  std::latch retired(4);
  std::vector<std::thread> alive;
  for (int i = 0; i < 4; ++i) {
    alive.emplace_back([&] {
      retire_some(domain, gone, 100);
      retired.count_down();
      await([&] { return over.load(); });
    });
  }
  for (int i = 0; i < 4; ++i) std::thread([&] { retire_some(domain, gone, 100); }).join();
  retired.wait();
  const bool empty = domain.flush();
  const std::size_t reclaimed = gone;
  over = true;
  for (std::thread& each : alive) each.join();
  REQUIRE(empty);
  REQUIRE(reclaimed == 800);
}

TEST_CASE("what idle threads have retired goes while another writes, however many there are") {
  const std::size_t idle = GENERATE(1U, 3U, 7U);
  CAPTURE(idle);
  std::atomic<std::size_t> gone{0};
  epoch_domain domain;
  evac::sync_map<int, int> map(domain);  // its elements make no garbage
  map.store(1, 1);
  std::latch retired(static_cast<std::ptrdiff_t>(idle));
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < idle; ++i) {
    threads.emplace_back([&] {
      domain.retire(new counted(gone));
      retired.count_down();
      await([&] { return over.load(); });
    });
  }
  retired.wait();
  for (int i = 0; i < 200'000 && gone != idle; ++i) map.store(1, i);
  over = true;
  for (std::thread& each : threads) each.join();
  REQUIRE(gone == idle);
}

TEST_CASE("what threads that are gone have retired goes while another retires") {
  std::atomic<std::size_t> gone{0};
  std::atomic<std::size_t> own{0};
  epoch_domain domain;
  for (int i = 0; i < 20; ++i) std::thread([&] { retire_some(domain, gone, 50); }).join();
  for (int i = 0; i < 2000 && gone != 1000; ++i) retire_some(domain, own, 50);
  REQUIRE(gone == 1000);
}

TEST_CASE("threads that wait for room in each other's domains do not wait for each other") {
  std::atomic<std::size_t> gone{0};
  epoch_domain first(small_cap);
  epoch_domain second(small_cap);
  std::latch inside(2);
  const auto fill = [&](epoch_domain& mine, epoch_domain& other) {
    const domain_guard held(mine);
    inside.arrive_and_wait();
    for (std::size_t i = 0; i < 4 * small_cap / object_bytes; ++i) {
      other.make_room(object_bytes);
      other.retire(new counted(gone), object_bytes);
    }
  };
  std::thread one([&] { fill(first, second); });
  fill(second, first);
  one.join();
  REQUIRE(first.flush());
  REQUIRE(second.flush());
  REQUIRE(gone == 8 * (small_cap / object_bytes));
  REQUIRE(first.stats().over_cap + second.stats().over_cap > 0);
}

TEST_CASE("records are used again: there are as many as threads at one time") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain;
  for (int i = 0; i < 100; ++i) std::thread([&] { retire_some(domain, gone, 10); }).join();
  REQUIRE(domain.stats().threads == 1);
  constexpr std::size_t at_once = 12;
  for (int i = 0; i < 5; ++i) {
    std::latch all(at_once);
    in_threads(at_once, [&](std::size_t) {
      retire_some(domain, gone, 10);
      all.arrive_and_wait();
    });
  }
  REQUIRE(domain.stats().threads == at_once);
  REQUIRE(domain.flush());
  REQUIRE(gone == 1000 + 5 * at_once * 10);
  REQUIRE(domain.stats().charged_bytes == 0);
}

TEST_CASE("a domain may end before threads that have used it") {
  std::atomic<std::size_t> gone{0};
  auto first = std::make_unique<epoch_domain>();
  epoch_domain second;
  std::atomic<int> step{0};
  std::thread thread([&] {
    retire_some(*first, gone, 100);
    retire_some(second, gone, 100);
    step = 1;
    await([&] { return step == 2; });
    // Another may now have the address of the first.
    for (int i = 0; i < 10; ++i) {
      epoch_domain another;
      const domain_guard inside(another);
      retire_some(second, gone, 10);
    }
  });
  await([&] { return step == 1; });
  first.reset();
  const std::size_t of_first = gone;
  step = 2;
  thread.join();
  REQUIRE(of_first == 100);
  REQUIRE(second.flush());
  REQUIRE(gone == 300);
}

TEST_CASE("objects of a thread that outlive its records may read, retire and make room") {
  std::atomic<std::size_t> gone{0};
  std::atomic<std::size_t> wrong{0};
  epoch_domain domain(small_cap);
  evac::sync_map<std::string, std::string> map(domain);
  map.store("before", "all");
  const bool after_records = GENERATE(false, true);
  const bool holds_guard = GENERATE(false, true);
  CAPTURE(after_records, holds_guard);
  const auto use = [&] {
    if (map.load("before") != "all") ++wrong;
    const std::string key = "a key that is in a node";
    for (int i = 0; i < 100; ++i) {
      map.store(key, std::to_string(i));
      const domain_guard inside(domain);
      const domain_guard again(domain);
      if (!map.load(key).has_value()) ++wrong;
    }
    for (int i = 0; i < 100; ++i) {
      domain.make_room(object_bytes);
      retire_some(domain, gone, 1);
    }
    domain.make_room(object_bytes);
  };
  constexpr int threads = 20;
  for (int i = 0; i < threads; ++i) {
    std::thread([&] {
      // Set before or after the records come to be.
      when_thread_ends* const end = after_records ? &at_end() : nullptr;
      {
        const domain_guard inside(domain);
      }
      auto late = std::make_shared<std::optional<domain_guard>>();
      if (holds_guard) late->emplace(domain);
      (end != nullptr ? *end : at_end()).run = [&use, late] {
        use();
        late->reset();
        use();
      };
    }).join();
  }
  REQUIRE(wrong == 0);
  REQUIRE(domain.stats().guards == 0);
  // The main thread's, and one or two for those that came one after the other.
  REQUIRE(domain.stats().threads <= 3);
  REQUIRE(domain.flush());
  REQUIRE(gone == threads * 200);
  // What the threads had set aside came back.
  REQUIRE(domain.stats().charged_bytes <= 1024);
}

TEST_CASE("guards on several domains may outlive the records of their thread") {
  std::atomic<std::size_t> gone{0};
  epoch_domain first;
  epoch_domain second;
  std::atomic<bool> empty_while_held{false};
  std::thread([&] {
    at_end();
    auto guards = std::make_shared<std::pair<domain_guard, domain_guard>>(first, second);
    at_end().run = [&, guards]() mutable {
      retire_some(first, gone, 100);
      retire_some(second, gone, 100);
      if (first.flush() || second.flush() || gone != 0) empty_while_held = true;
      guards.reset();
      retire_some(first, gone, 100);
      retire_some(second, gone, 100);
    };
  }).join();
  REQUIRE_FALSE(empty_while_held);
  REQUIRE(first.stats().guards == 0);
  REQUIRE(second.stats().guards == 0);
  REQUIRE(first.flush());
  REQUIRE(second.flush());
  REQUIRE(gone == 400);
}

// --- fork -----------------------------------------------------------------------------------------------------------

TEST_CASE("in the child of a fork guards of other threads are forgotten, and those of the caller stay") {
  std::atomic<std::size_t> gone{0};
  epoch_domain domain(small_cap);
  const guard_elsewhere held(domain);
  retire_some(domain, gone, 50);
  const bool inside = GENERATE(false, true);
  CAPTURE(inside);
  auto own = inside ? std::make_unique<domain_guard>(domain) : nullptr;
  const int status = status_of_child([&] {
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
      domain.retire(new counted(gone), object_bytes);
    }
    return good && domain.flush() && domain.stats().charged_bytes <= small_cap / 2;
  });
  REQUIRE(status == 0);
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
    const int status = status_of_child([&] {
      domain.reinit_after_fork();
      return domain.stats().retired_objects == objects;
    });
    wrong += status == 0 ? 0 : 1;
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
          domain.retire(new counted(gone), object_bytes);
        }
      }
    });
  }
  std::size_t wrong = 0;
  const std::size_t forks = rounds(20);
  for (std::size_t i = 0; i < forks; ++i) {
    retire_some(domain, gone, 3);
    const int status = status_of_child([&] {
      domain.reinit_after_fork();
      if (domain.stats().guards != 0) return false;
      evac::sync_map<std::string, std::string> map(domain);
      std::atomic<std::size_t> child_gone{0};
      for (std::size_t n = 0; n < 4 * small_cap / object_bytes; ++n) {
        domain.make_room(object_bytes);
        domain.retire(new counted(child_gone), object_bytes);
        map.store("key", std::to_string(n));
      }
      return domain.flush() && child_gone == 4 * small_cap / object_bytes &&
             domain.stats().charged_bytes <= small_cap / 2 && map.load("key").has_value();
    });
    wrong += status == 0 ? 0 : 1;
    static_cast<void>(domain.flush());
  }
  over = true;
  for (std::thread& each : busy) each.join();
  REQUIRE(wrong == 0);
  REQUIRE(domain.flush());
  REQUIRE(domain.stats().charged_bytes <= small_cap);
}
