// How long a thread waits between two looks, and that a cancelled one sleeps, too.
#include <pthread.h>

#include <chrono>
#include <evac/detail/sync/backoff.hpp>
#include <evac/detail/sync/spin_lock.hpp>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac::detail;

TEST_CASE("looks in vain are followed by sleep only when the pauses and the yields are used up") {
  using clock = std::chrono::steady_clock;
  constexpr backoff patience{.pauses = 3, .yields = 2, .sleep = std::chrono::milliseconds(20)};
  for (const int looks : {5, 6, 1000}) {
    const auto began = clock::now();
    patience.wait(looks);
    CHECK(clock::now() - began >= std::chrono::milliseconds(20));  // sleeping is never shorter than asked for
  }
  // Pausing and yielding do no more than they are asked for: many of them end.
  for (int i = 0; i < 1000; ++i) patience.wait(i % 5);
}

TEST_CASE("a thread that is about to be cancelled sleeps, and can be cancelled afterwards") {
  pthread_t thread{};
  const auto sleep_cancelled = [](void* slept) -> void* {
    ::pthread_cancel(::pthread_self());
    sleep_uncancelled(std::chrono::microseconds(1));
    *static_cast<bool*>(slept) = true;
    ::pthread_testcancel();
    return nullptr;
  };
  bool slept = false;
  REQUIRE(::pthread_create(&thread, nullptr, sleep_cancelled, &slept) == 0);
  void* result = nullptr;
  REQUIRE(::pthread_join(thread, &result) == 0);
  CHECK(slept);
  CHECK(result == PTHREAD_CANCELED);
}

TEST_CASE("a spin lock lets in one thread at a time, however long it is held") {
  spin_lock lock;
  std::size_t count = 0;
  constexpr std::size_t each = 2000;
  evac_test::in_threads(evac_test::crowd(), [&](std::size_t) {
    for (std::size_t i = 0; i < each; ++i) {
      lock.lock();
      ++count;
      evac_test::stumble();
      lock.unlock();
    }
  });
  CHECK(count == each * evac_test::crowd());
  lock.lock();
  std::size_t entered = 0;
  evac_test::in_another_thread([&]() EVAC_NO_THREAD_SAFETY_ANALYSIS { entered = lock.try_lock() ? 1 : 0; });
  CHECK(entered == 0);
  lock.unlock();
}
