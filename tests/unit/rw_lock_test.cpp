// rw_lock on this machine, with the real records, fence and system calls; tests/model has it in all interleavings. What
// is particular to biased locks is in rw_lock_bias_test.cpp.
#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <evac/rw_lock.hpp>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/rw_locks.hpp"

using namespace evac_test;

static_assert(sizeof(evac::rw_lock) == 8);
static_assert(std::is_nothrow_default_constructible_v<evac::rw_lock>);
static_assert(!std::copy_constructible<evac::rw_lock> && !std::move_constructible<evac::rw_lock>);
static_assert(!std::is_copy_assignable_v<evac::rw_lock>);

namespace {

constinit evac::rw_lock lock_without_dynamic_initialisation;

}  // namespace

TEST_CASE("a writer excludes everybody, readers exclude writers only") {
  rw_lock lock;
  const bool biased = GENERATE(false, true);
  if (biased) REQUIRE(make_biased(lock) > 0);
  SECTION("lock") {
    lock.lock();
    REQUIRE(lock.is_write_locked());
    REQUIRE_FALSE(free_for_writers(lock));
    REQUIRE_FALSE(free_for_readers(lock));
    lock.unlock();
  }
  SECTION("try_lock") {
    REQUIRE(lock.try_lock());
    REQUIRE(lock.is_write_locked());
    REQUIRE_FALSE(free_for_writers(lock));
    REQUIRE_FALSE(free_for_readers(lock));
    lock.unlock();
  }
  SECTION("lock_shared") {
    lock.lock_shared();
    REQUIRE_FALSE(lock.is_write_locked());
    REQUIRE(lock.reader_count() == (biased ? 0 : 1));
    REQUIRE_FALSE(free_for_writers(lock));
    REQUIRE(free_for_readers(lock));
    lock.unlock_shared();
  }
  SECTION("try_lock_shared") {
    REQUIRE(lock.try_lock_shared());
    REQUIRE(lock.reader_count() == (biased ? 0 : 1));
    REQUIRE_FALSE(free_for_writers(lock));
    REQUIRE(free_for_readers(lock));
    lock.unlock_shared();
  }
  REQUIRE(free_for_writers(lock));
  REQUIRE(free_for_readers(lock));
  REQUIRE_FALSE(lock.is_write_locked());
  REQUIRE(lock.reader_count() == 0);
}

TEST_CASE("rw_lock works with the standard's guards, two of them in any order") {
  evac::rw_lock first;
  evac::rw_lock& second = lock_without_dynamic_initialisation;
  {
    std::unique_lock<evac::rw_lock> own(first, std::try_to_lock);
    REQUIRE(own.owns_lock());
    std::shared_lock<evac::rw_lock> shared(second);
    REQUIRE_FALSE(elsewhere([&] { return std::shared_lock<evac::rw_lock>(first, std::try_to_lock).owns_lock(); }));
    REQUIRE(elsewhere([&] { return std::shared_lock<evac::rw_lock>(second, std::try_to_lock).owns_lock(); }));
    REQUIRE_FALSE(elsewhere([&] { return std::unique_lock<evac::rw_lock>(second, std::try_to_lock).owns_lock(); }));
  }
  int sum = 0;
  const int rounds_each = static_cast<int>(rounds(2000));
  in_threads(4, [&](std::size_t thread) {
    for (int i = 0; i < rounds_each; ++i) {
      if (thread % 2 == 0) {
        const std::scoped_lock both(first, second);
        ++sum;
      } else {
        const std::scoped_lock both(second, first);
        ++sum;
      }
    }
  });
  REQUIRE(sum == 4 * rounds_each);
  REQUIRE(std::unique_lock<evac::rw_lock>(first, std::try_to_lock).owns_lock());
  REQUIRE(std::unique_lock<evac::rw_lock>(second, std::try_to_lock).owns_lock());
}

TEST_CASE("readers that come after a waiting writer go in after it") {
  rw_lock lock;
  const bool biased = GENERATE(false, true);
  // A lock whose bias was revoked has no other after a few reads.
  REQUIRE(make_biased(lock) > 0);
  lock.lock();
  lock.unlock();
  int tries_that_failed = 0;
  for (std::size_t round = 0; round < rounds(30); ++round) {
    if (biased) REQUIRE(make_biased(lock) > 0);
    std::vector<int> order;
    lock.lock_shared();
    std::thread writer([&] {
      lock.lock();
      order.push_back(1);
      lock.unlock();
    });
    // Until the writer waits, a reader comes in beside this one.
    await([&] {
      if (!lock.try_lock_shared()) return true;
      lock.unlock_shared();
      return false;
    });
    std::vector<std::thread> readers;
    std::mutex of_order;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        lock.lock_shared();
        const std::scoped_lock alone(of_order);
        order.push_back(2);
        lock.unlock_shared();
      });
    }
    for (int i = 0; i < 100; ++i) {
      if (!lock.try_lock_shared()) ++tries_that_failed;
    }
    lock.unlock_shared();
    writer.join();
    for (std::thread& reader : readers) reader.join();
    REQUIRE(order == std::vector<int>{1, 2, 2, 2});
  }
  REQUIRE(tries_that_failed == static_cast<int>(100 * rounds(30)));
}

TEST_CASE("a writer among readers that never pause gets all its turns") {
  rw_lock lock;
  std::atomic<bool> done{false};
  std::atomic<std::size_t> reads{0};
  const std::size_t writes = rounds(40);
  std::size_t written = 0;
  const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) {
    std::size_t seen_wrong = 0;
    if (thread == 0) {
      while (written < writes) {
        lock.lock();
        ++written;
        lock.unlock();
        // Without reads in between this would show nothing.
        const std::size_t before = reads.load();
        await([&] { return reads.load() > before; });
      }
      done = true;
      return seen_wrong;
    }
    while (!done) {
      lock.lock_shared();
      const std::size_t before = written;
      ++reads;
      seen_wrong += written == before ? 0 : 1;
      lock.unlock_shared();
    }
    return seen_wrong;
  });
  REQUIRE(wrong == 0);
  REQUIRE(written == writes);
  REQUIRE(reads >= writes);
}

TEST_CASE("a thread that waits for long sleeps, says so, and is woken by the thread that leaves") {
  rw_lock lock;
  counted_events events;
  const bool holder_writes = GENERATE(false, true);
  const bool waiter_writes = GENERATE(false, true);
  if (!holder_writes && !waiter_writes) return;
  CAPTURE(holder_writes, waiter_writes);
  int entered = 0;
  const int all = static_cast<int>(rounds(300));
  for (int round = 0; round < all; ++round) {
    if (holder_writes) {
      lock.lock();
    } else {
      lock.lock_shared();
    }
    const int before = events.parked_count;
    std::thread waiter([&] {
      if (waiter_writes) {
        lock.lock(events);
        ++entered;
        lock.unlock();
      } else {
        lock.lock_shared(events);
        ++entered;
        lock.unlock_shared();
      }
    });
    // From here the waiter is on its way to sleep: now and then it has got there, now and then not yet.
    await([&] { return events.parked_count > before; });
    if (holder_writes) {
      lock.unlock();
    } else {
      lock.unlock_shared();
    }
    waiter.join();
  }
  REQUIRE(entered == all);
  REQUIRE(events.parked_count >= all);
  REQUIRE(events.contended_count == all);
  REQUIRE(events.revoked_count == 0);
}

TEST_CASE("no wake-up is lost among many sleeping threads") {
  rw_lock lock;
  counted_events events;
  const std::size_t threads = crowd();
  const int each = static_cast<int>(rounds(500));
  int written = 0;
  std::atomic<int> read{0};
  std::atomic<std::size_t> running{threads};
  in_threads(threads, [&](std::size_t thread) {
    for (int i = 0; i < each; ++i) {
      const int slept = events.parked_count;
      if ((thread + static_cast<std::size_t>(i)) % 3 != 0) {
        lock.lock(events);
        ++written;
        // Until somebody sleeps, if there still is somebody who could.
        for (int looks = 0; looks < 100 && events.parked_count == slept && running > 1; ++looks)
          std::this_thread::yield();
        lock.unlock();
      } else {
        lock.lock_shared(events);
        ++read;
        if (i % 8 == 0) std::this_thread::yield();
        lock.unlock_shared();
      }
    }
    --running;
  });
  REQUIRE(written + read == static_cast<int>(threads) * each);
  REQUIRE(events.parked_count > 0);
  REQUIRE(free_for_writers(lock));
}

TEST_CASE("an uncontended lock is neither contended nor parked") {
  rw_lock lock;
  counted_events events;
  for (int i = 0; i < 100; ++i) {
    lock.lock(events);
    lock.unlock();
    lock.lock_shared(events);
    lock.unlock_shared();
  }
  REQUIRE(events.contended_count == 0);
  REQUIRE(events.parked_count == 0);
  REQUIRE(events.revoked_count == 0);
}

TEST_CASE("the thread that leaves last may destroy the lock at once") {
  struct shared_object {
    rw_lock lock;
    std::size_t users;
    explicit shared_object(std::size_t count) : users(count) {}
  };
  const std::size_t threads = crowd();
  std::atomic<std::size_t> destroyed{0};
  const std::size_t all = rounds(5000);
  std::vector<shared_object*> objects;
  std::vector<std::atomic<std::size_t>> arrived(all);
  for (std::size_t i = 0; i < all; ++i) objects.push_back(new shared_object(threads));
  in_threads(threads, [&](std::size_t) {
    for (std::size_t i = 0; i < all; ++i) {
      shared_object* const object = objects[i];
      ++arrived[i];
      for (int spins = 0; spins < 100 && arrived[i] < threads; ++spins) evac::detail::spin_pause();
      object->lock.lock_shared();
      object->lock.unlock_shared();
      object->lock.lock();
      const bool last = --object->users == 0;
      object->lock.unlock();
      if (last) {
        delete object;
        ++destroyed;
      }
    }
  });
  REQUIRE(destroyed == all);
}

TEST_CASE("eight threads per core that read, write and try lose nothing") {
  const std::size_t threads = 8 * std::max(1U, std::thread::hardware_concurrency());
  rw_lock lock;
  counted_events events;
  std::size_t first = 0;
  std::size_t second = 0;
  const std::size_t each = rounds(3000);
  std::atomic<std::size_t> writes{0};
  std::atomic<std::size_t> reads{0};
  const unsigned write_share = GENERATE(1U, 20U, 90U);
  CAPTURE(write_share);
  const std::size_t wrong = in_threads(threads, [&](std::size_t thread) {
    std::mt19937_64 random(seed() + thread);
    std::size_t written = 0;
    std::size_t read = 0;
    std::size_t seen_wrong = 0;
    for (std::size_t i = 0; i < each; ++i) {
      const auto dice = random();
      const bool tries = (dice >> 32U) % 4 == 0;
      if (dice % 100 < write_share) {
        if (tries && !lock.try_lock()) continue;
        if (!tries) lock.lock(events);
        seen_wrong += first == second ? 0 : 1;
        ++first;
        if (dice % 512 < 8) std::this_thread::yield();
        ++second;
        ++written;
        lock.unlock();
      } else {
        if (tries && !lock.try_lock_shared()) continue;
        if (!tries) lock.lock_shared(events);
        const std::size_t before = first;
        if (dice % 512 < 8) std::this_thread::yield();
        seen_wrong += before == second ? 0 : 1;
        ++read;
        lock.unlock_shared();
      }
    }
    writes += written;
    reads += read;
    return seen_wrong;
  });
  REQUIRE(wrong == 0);
  REQUIRE(first == writes);
  REQUIRE(second == writes);
  REQUIRE(writes > 0);
  REQUIRE(reads > 0);
  REQUIRE(events.parked_count > 0);
  REQUIRE(free_for_writers(lock));
  REQUIRE(lock.reader_count() == 0);
}
