// epoch_domain: threads come and go, before their domains and after them.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <evac/sync_map.hpp>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/epochs.hpp"
#include "support/in_threads.hpp"
#include "support/thread_end.hpp"

using namespace evac_test;

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

TEST_CASE("objects that idle threads have retired go while another writes, however many threads there are") {
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
      domain.retire(new tallied(gone));
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

TEST_CASE("objects that ended threads have retired go while another thread retires") {
  std::atomic<std::size_t> gone{0};
  std::atomic<std::size_t> own{0};
  epoch_domain domain;
  for (int i = 0; i < 20; ++i) std::thread([&] { retire_some(domain, gone, 50); }).join();
  for (int i = 0; i < 2000 && gone != 1000; ++i) retire_some(domain, own, 50);
  REQUIRE(gone == 1000);
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
  // The bytes that the threads had set aside came back.
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

namespace {

/// An object that retires more when it goes, also in another domain.
struct spreading {
  epoch_domain& here;
  epoch_domain& there;
  std::atomic<std::size_t>& gone;
  std::size_t left;
  static inline thread_local int depth = 0;
  static inline thread_local int deepest = 0;
  spreading(epoch_domain& mine, epoch_domain& other, std::atomic<std::size_t>& count, std::size_t more)
      : here(mine), there(other), gone(count), left(more) {}
  spreading(const spreading&) = delete;
  spreading& operator=(const spreading&) = delete;
  ~spreading() {
    deepest = std::max(deepest, ++depth);
    if (left != 0) {
      there.retire(new spreading(there, here, gone, left - 1));
      here.retire(new spreading(here, there, gone, left - 1));
      static_cast<void>(here.flush());  // does nothing
    }
    ++gone;
    --depth;
  }
};

}  // namespace

TEST_CASE("after the end of a thread destructors that retire more do not nest as deep as there is garbage") {
  std::atomic<std::size_t> gone{0};
  std::atomic<int> deepest{0};
  epoch_domain domain;
  epoch_domain another;
  const bool in_two = GENERATE(false, true);
  CAPTURE(in_two);
  constexpr std::size_t many = 6000;
  {
    const domain_guard held(domain);
    const domain_guard held_too(another);
    for (std::size_t i = 0; i < many; ++i) {
      domain.retire(new spreading(domain, in_two ? another : domain, gone, 2));
      another.retire(new spreading(another, in_two ? domain : another, gone, 2));
    }
  }
  bool flushed = false;
  std::thread([&] {
    at_end().run = [&] {
      spreading::deepest = 0;
      for (int i = 0; i < 4; ++i) flushed = domain.flush() && another.flush();
      deepest = spreading::deepest;
    };
    const domain_guard inside(domain);  // makes the records, which end before the object above
  }).join();
  REQUIRE(gone == 2 * many * 7);
  REQUIRE(flushed);
  // A domain does not nest in itself.
  REQUIRE(deepest >= 1);
  REQUIRE(deepest <= 2);
  REQUIRE(domain.stats().guards + another.stats().guards == 0);
  REQUIRE(domain.stats().charged_bytes + another.stats().charged_bytes <= 2 * epoch_domain::default_cap / 1024);
}

TEST_CASE("a thread that uses many domains finds the record of each, and forgets those that are gone") {
  std::atomic<std::size_t> gone{0};
  std::vector<std::unique_ptr<epoch_domain>> domains(300);
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < domains.size(); ++i) {
      if (i % 3 != 0 || round == 0) domains[i] = std::make_unique<epoch_domain>();
      retire_some(*domains[i], gone, 2);
    }
    for (const auto& each : domains) retire_some(*each, gone, 1);
    for (const auto& each : domains) REQUIRE(each->stats().threads == 1);
  }
  // At the cap of one, a guard of any other is found.
  epoch_domain full(small_cap);
  const guard_elsewhere held(full);
  for (std::size_t i = 0; i < domains.size(); i += 50) {
    const domain_guard own(*domains[i]);
    for (std::size_t n = 0; n < 4 * small_cap / object_bytes; ++n) {
      full.make_room(object_bytes);
      full.retire(new tallied(gone), object_bytes);
    }
  }
  REQUIRE(full.stats().cap_waits == 0);
  REQUIRE(full.stats().over_cap > 0);
}
