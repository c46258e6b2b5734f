// Biased locks: when readers announce themselves, which writers wait for them, and the records in which they do it.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/rw_lock.hpp>
#include <latch>
#include <random>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/rw_locks.hpp"
#include "support/thread_end.hpp"

using namespace evac_test;
using evac::detail::visible_readers;

TEST_CASE("readers announce themselves after reads without a writer, and a writer ends that") {
  rw_lock lock;
  REQUIRE_FALSE(lock.is_biased());
  const int reads = make_biased(lock);
  // Which reads are counted is up to chance: one in sixteen on average.
  REQUIRE(reads >= static_cast<int>(visible_readers::first_price));
  REQUIRE(reads <= static_cast<int>(visible_readers::first_price) * 16 * 20);
  lock.lock_shared();
  REQUIRE(lock.reader_count() == 0);
  REQUIRE_FALSE(free_for_writers(lock));
  lock.unlock_shared();

  counted_events events;
  lock.lock(events);
  REQUIRE_FALSE(lock.is_biased());
  REQUIRE(events.revoked_count == 1);
  lock.unlock();
  lock.lock_shared();
  REQUIRE(lock.reader_count() == 1);
  lock.unlock_shared();
  lock.lock(events);
  lock.unlock();
  REQUIRE(events.revoked_count == 1);

  REQUIRE(make_biased(lock) > 0);
  REQUIRE(lock.try_lock());
  REQUIRE_FALSE(lock.is_biased());
  lock.unlock();
}

TEST_CASE("a writer after every few reads keeps readers from announcing themselves") {
  rw_lock lock;
  const bool by_try = GENERATE(false, true);
  int announced = 0;
  for (int writes = 0; writes < 1000; ++writes) {
    for (std::uint32_t i = 1; i < visible_readers::first_price; ++i) {
      lock.lock_shared();
      announced += lock.reader_count() == 0 ? 1 : 0;
      lock.unlock_shared();
    }
    if (by_try) {
      REQUIRE(lock.try_lock());
    } else {
      lock.lock();
    }
    lock.unlock();
  }
  REQUIRE(announced == 0);
}

TEST_CASE("with fewer writes a bias stands: writers wait for announced readers and leave it as it is") {
  rw_lock lock;
  REQUIRE(make_standing(lock));
  REQUIRE_FALSE(lock.is_biased());
  std::size_t announced = 0;
  for (int round = 0; round < 30; ++round) {
    lock.lock_shared();
    announced += 1 - lock.reader_count();
    REQUIRE_FALSE(free_for_writers(lock));
    REQUIRE(free_for_readers(lock));
    lock.unlock_shared();
    REQUIRE(lock.reader_count() == 0);
    REQUIRE(free_for_writers(lock));
    if (!lock.bias_stands()) REQUIRE(make_standing(lock));
  }
  REQUIRE(announced > 20);  // but for one in 256 on average, which go by the state

  REQUIRE(make_standing(lock));
  counted_events events;
  int writes = 0;
  const bool by_try = GENERATE(false, true);
  for (; lock.bias_stands() && writes < 50'000; ++writes) {
    if (by_try) {
      REQUIRE(lock.try_lock());
    } else {
      lock.lock(events);
    }
    REQUIRE_FALSE(free_for_readers(lock));
    lock.unlock();
  }
  REQUIRE(events.revoked_count == 0);
  REQUIRE(events.about_to_wait_count == 0);
  REQUIRE_FALSE(lock.is_biased());
  REQUIRE_FALSE(lock.bias_stands());
  REQUIRE(writes < 50'000);
}

TEST_CASE("reads of a thread that has no room to announce itself end a bias that stands no sooner") {
  std::vector<rw_lock> locks(100);
  for (rw_lock& each : locks) REQUIRE(make_standing(each));
  std::vector<rw_lock> held(visible_readers::record_slots);
  for (rw_lock& each : held) REQUIRE(make_biased(each) > 0);
  for (rw_lock& each : held) each.lock_shared();
  std::size_t by_state = 0;
  std::size_t standing = 0;
  constexpr std::size_t reads = 64;
  for (rw_lock& each : locks) {
    for (std::size_t i = 0; i < reads; ++i) {
      each.lock_shared();
      by_state += each.reader_count();
      each.unlock_shared();
    }
    standing += each.bias_stands() ? 1 : 0;
  }
  for (rw_lock& each : held) each.unlock_shared();
  REQUIRE(by_state == reads * locks.size());
  REQUIRE(standing > locks.size() - 5);  // two counted reads would end it: by chance one lock in some 8000
}

TEST_CASE("reads per write are a moving average, which leaves the price as it is") {
  using word = evac::detail::bias_word;
  const std::uint32_t price = std::uint32_t{3} << word::price_shift;
  std::uint32_t average = price;
  for (const std::uint32_t sampled : {2U, 7U, 1U, 0U}) {
    CAPTURE(sampled);
    for (int writes = 0; writes < 400; ++writes) {
      average = word::after_write(average + sampled);
      REQUIRE((average & ~word::reads) == price);
      REQUIRE((average & word::quiet_reads) == 0);
    }
    const std::uint32_t reads = word::reads_per_write(average + sampled);
    REQUIRE(reads <= 16 * sampled);
    REQUIRE(reads + 4 >= 16 * sampled);
  }
  REQUIRE(average == price);
  REQUIRE(word::reads_per_write(price + word::quiet_reads) == word::most_reads_per_write);
}

TEST_CASE("a bias stands where there are many reads between two writes, and not where there are few") {
  const auto use = [](int reads_between) {
    rw_lock lock;
    make_biased(lock);
    int stood = 0;
    for (int writes = 0; writes < 300; ++writes) {
      lock.lock();
      lock.unlock();
      for (int reads = 0; reads < reads_between; ++reads) {
        lock.lock_shared();
        lock.unlock_shared();
      }
      stood += lock.bias_stands() ? 1 : 0;
    }
    return stood;
  };
  REQUIRE(use(3) == 0);
  REQUIRE(use(500) > 200);
}

TEST_CASE("a bias that stands keeps readers and writers apart") {
  rw_lock lock;
  REQUIRE(make_standing(lock));
  long first = 0;
  long second = 0;
  std::atomic<long> written{0};
  std::atomic<int> wrong{0};
  std::atomic<int> seen_standing{0};
  in_threads(4, [&](std::size_t thread) {
    std::mt19937_64 random(seed() + thread);
    for (std::size_t i = 0; i < rounds(20'000); ++i) {
      if (random() % 128 == 0) {
        if (random() % 2 == 0) {
          lock.lock();
        } else if (!lock.try_lock()) {
          continue;
        }
        ++first;
        ++second;
        ++written;
        lock.unlock();
      } else {
        lock.lock_shared();
        if (lock.bias_stands()) ++seen_standing;
        if (first != second) ++wrong;
        lock.unlock_shared();
      }
    }
  });
  REQUIRE(wrong == 0);
  REQUIRE(first == written);
  REQUIRE(seen_standing > 0);
}

TEST_CASE("a writer waits for announced readers") {
  rw_lock lock;
  int read_wrongly = 0;
  for (std::size_t round = 0; round < rounds(30); ++round) {
    REQUIRE(make_biased(lock) > 0);
    std::atomic<bool> left{false};
    std::atomic<bool> writes{false};
    lock.lock_shared();
    std::thread writer([&] {
      lock.lock();
      writes = true;
      if (!left) ++read_wrongly;
      lock.unlock();
    });
    await([&] { return !lock.is_biased(); });
    for (int i = 0; i < 50; ++i) {
      if (writes) ++read_wrongly;
      std::this_thread::yield();
    }
    left = true;
    lock.unlock_shared();
    writer.join();
  }
  REQUIRE(read_wrongly == 0);
}

TEST_CASE("a try_lock that finds an announced reader fails, and the next writer finds it too") {
  rw_lock lock;
  REQUIRE(make_biased(lock) > 0);
  lock.lock_shared();
  REQUIRE_FALSE(free_for_writers(lock));
  REQUIRE(lock.is_biased());
  REQUIRE_FALSE(lock.is_write_locked());
  REQUIRE(free_for_readers(lock));
  REQUIRE_FALSE(free_for_writers(lock));
  lock.unlock_shared();
  REQUIRE(lock.is_biased());
  REQUIRE(free_for_writers(lock));
  REQUIRE_FALSE(lock.is_biased());
}

TEST_CASE("a thread may read under more locks than its record has room for") {
  constexpr std::size_t count = 2 * visible_readers::record_slots;
  std::vector<rw_lock> locks(count);
  for (rw_lock& each : locks) REQUIRE(make_biased(each) > 0);
  for (rw_lock& each : locks) each.lock_shared();
  std::size_t announced = 0;
  for (rw_lock& each : locks) {
    REQUIRE(each.reader_count() <= 1);
    announced += 1 - each.reader_count();
    REQUIRE_FALSE(free_for_writers(each));
    REQUIRE(free_for_readers(each));
  }
  REQUIRE(announced == visible_readers::record_slots);
  std::mt19937_64 random(seed());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < count; ++i) order.push_back(i);
  std::shuffle(order.begin(), order.end(), random);
  for (const std::size_t i : order) {
    locks[i].unlock_shared();
    REQUIRE(locks[i].reader_count() == 0);
    REQUIRE(free_for_writers(locks[i]));
  }
}

TEST_CASE("a lock may be read twice by one thread while no writer waits") {
  rw_lock lock;
  REQUIRE(make_biased(lock) > 0);
  lock.lock_shared();
  REQUIRE(lock.try_lock_shared());
  lock.unlock_shared();
  REQUIRE_FALSE(free_for_writers(lock));
  lock.unlock_shared();
  REQUIRE(free_for_writers(lock));
}

TEST_CASE("objects of a thread that outlive its record may still lock and leave") {
  rw_lock lock;
  rw_lock held;
  REQUIRE(make_biased(lock) > 0);
  REQUIRE(make_biased(held) > 0);
  const bool ends_as_reader = GENERATE(false, true);
  std::vector<std::uint32_t> by_state;
  const auto read = [&] {
    lock.lock_shared();
    by_state.push_back(lock.reader_count());
    lock.unlock_shared();
  };
  std::thread([&] {
    at_end().run = [&] {
      read();
      if (ends_as_reader) held.unlock_shared();
      read();
    };
    held.lock_shared();
    if (!ends_as_reader) held.unlock_shared();
  }).join();
  REQUIRE(by_state == std::vector<std::uint32_t>{1, 1});
  REQUIRE(free_for_writers(lock));
  REQUIRE(free_for_writers(held));
}

TEST_CASE("a thread that ends while it reads is seen by writers until its object leaves") {
  rw_lock held;
  REQUIRE(make_biased(held) > 0);
  std::atomic<bool> ending{false};
  std::atomic<bool> may_leave{false};
  std::thread thread([&] {
    at_end().run = [&] {
      ending = true;
      await([&] { return may_leave.load(); });
      held.unlock_shared();
    };
    held.lock_shared();
  });
  await([&] { return ending.load(); });
  const bool excluded = !free_for_writers(held);
  may_leave = true;
  thread.join();
  REQUIRE(excluded);
  REQUIRE(free_for_writers(held));
}

TEST_CASE("records are used again: there are as many as threads at one time") {
  rw_lock lock;
  REQUIRE(make_biased(lock) > 0);
  const auto read = [&] {
    lock.lock_shared();
    lock.unlock_shared();
  };
  std::thread(read).join();
  const std::size_t before = visible_readers::record_count();
  for (int i = 0; i < 100; ++i) std::thread(read).join();
  REQUIRE(visible_readers::record_count() == before);

  const auto with_late_leavers = [&] {
    at_end().run = [&] { lock.unlock_shared(); };
    lock.lock_shared();
  };
  for (int i = 0; i < 100; ++i) std::thread(with_late_leavers).join();
  REQUIRE(visible_readers::record_count() == before);

  constexpr std::size_t at_once = 24;
  const auto together = [&] {
    std::latch all_read(at_once);
    in_threads(at_once, [&](std::size_t) {
      lock.lock_shared();
      all_read.arrive_and_wait();
      lock.unlock_shared();
    });
  };
  together();
  const std::size_t most = visible_readers::record_count();
  REQUIRE(most >= at_once);
  REQUIRE(most <= before + at_once);
  for (int i = 0; i < 5; ++i) together();
  REQUIRE(visible_readers::record_count() == most);
}
