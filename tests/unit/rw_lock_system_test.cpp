// rw_lock and what the system does to threads and processes: cancellation, fork, allocators that lock, filters for
// system calls.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <evac/detail/platform/every_processor.hpp>
#include <evac/detail/platform/thread_id.hpp>
#include <evac/detail/sync/spin_lock.hpp>
#include <evac/rw_lock.hpp>
#include <evac/sharded_map.hpp>
#include <new>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/rw_locks.hpp"

using namespace evac_test;

namespace {

/// The status of a child that runs this; a hang ends it.
template <class Run>
int in_child(const Run& run) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    signal(SIGABRT, SIG_DFL);  // not to be reported as this program's
    run();
    _exit(1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

/// A thread that can be cancelled.
template <class Run>
pthread_t start(Run& run) {
  pthread_t thread{};
  const auto body = [](void* what) -> void* {
    (*static_cast<Run*>(what))();
    return what;
  };
  REQUIRE(pthread_create(&thread, nullptr, body, &run) == 0);
  return thread;
}
bool was_cancelled(pthread_t thread) {
  void* result = nullptr;
  pthread_join(thread, &result);
  return result == PTHREAD_CANCELED;
}

/// From here that system call fails, and with `all` what stands in for it as well.
bool refuse_membarrier(bool all) {
  const unsigned instead = all ? SYS_sched_setaffinity : SYS_membarrier;
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, instead, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof steps / sizeof *steps, steps};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

}  // namespace

TEST_CASE("a thread that is cancelled while it waits for a lock gets the lock first") {
  rw_lock lock;
  const bool biased = GENERATE(false, true);
  const bool waiter_writes = GENERATE(false, true);
  if (biased && !waiter_writes) return;
  CAPTURE(biased, waiter_writes);
  if (biased) REQUIRE(make_biased(lock) > 0);
  counted_events events;
  std::atomic<bool> left{false};
  std::atomic<bool> entered_early{false};
  std::atomic<int> step{0};
  if (waiter_writes) {
    lock.lock_shared();
  } else {
    lock.lock();
  }
  auto wait = [&] {
    if (waiter_writes) {
      lock.lock(events);
      entered_early = !left;
      lock.unlock();
    } else {
      lock.lock_shared(events);
      entered_early = !left;
      lock.unlock_shared();
    }
    step = 1;
    // The first cancellation point that it comes to.
    while (true) pause();
  };
  const pthread_t thread = start(wait);
  await([&] { return events.about_to_wait_count > 0 && (biased || events.parked_count > 0); });
  pthread_cancel(thread);
  // Long enough for looks, yields and some sleeps.
  for (int i = 0; i < 20; ++i) usleep(1000);
  left = true;
  if (waiter_writes) {
    lock.unlock_shared();
  } else {
    lock.unlock();
  }
  REQUIRE(was_cancelled(thread));
  REQUIRE(step == 1);
  REQUIRE_FALSE(entered_early);
  REQUIRE(free_for_writers(lock));
}

TEST_CASE("a thread that ends inside of a visitor leaves the map unlocked") {
  evac::sharded_map<int, int> map(evac::shards{1});
  map.emplace(1, 1);
  for (const bool writing : {false, true}) {
    auto end = [&] {
      if (writing) {
        map.visit(1, [](auto&) { pthread_exit(PTHREAD_CANCELED); });
      } else {
        map.cvisit(1, [](const auto&) { pthread_exit(PTHREAD_CANCELED); });
      }
    };
    REQUIRE(was_cancelled(start(end)));
    REQUIRE(map.erase(2) == 0);
    REQUIRE(map.visit(1, [](auto& element) { ++element.second; }) == 1);
  }
  REQUIRE(map.find(1) == 3);
}

TEST_CASE("spin_lock is got by a thread that is cancelled meanwhile") {
  evac::detail::spin_lock lock;
  std::atomic<bool> waits{false};
  std::atomic<bool> got{false};
  lock.lock();
  auto wait = [&] {
    waits = true;
    lock.lock();
    got = true;
    lock.unlock();
    while (true) pause();
  };
  const pthread_t thread = start(wait);
  await([&] { return waits.load(); });
  pthread_cancel(thread);
  for (int i = 0; i < 20; ++i) usleep(1000);
  lock.unlock();
  REQUIRE(was_cancelled(thread));
  REQUIRE(got);
}

TEST_CASE("a child of fork() does not wait for what other threads read under at the fork") {
  rw_lock lock;
  rw_lock own;
  REQUIRE(make_biased(lock) > 0);
  REQUIRE(make_biased(own) > 0);
  std::atomic<int> step{0};
  std::thread reader([&] {
    lock.lock_shared();
    step = 1;
    await([&] { return step == 2; });
    lock.unlock_shared();
  });
  await([&] { return step == 1; });
  own.lock_shared();
  const int status = in_child([&] {
    lock.lock();
    lock.unlock();
    // The thread that forks goes on reading under the locks that it has.
    if (own.try_lock()) _exit(2);
    own.unlock_shared();
    if (!own.try_lock()) _exit(3);
    own.unlock();
    _exit(0);
  });
  REQUIRE(status == 0);
  REQUIRE_FALSE(lock.try_lock());
  own.unlock_shared();
  step = 2;
  reader.join();
  REQUIRE(free_for_writers(lock));
}

TEST_CASE("in the child of a fork() dump_locks() gives a thread its new number") {
  evac::sharded_map<int, int> map(evac::shards{1});
  map.emplace(1, 1);
  const auto tells_this_thread = [&] {
    const std::string number = std::to_string(evac::detail::system_thread_id());
    bool told = false;
    map.visit(1, [&](auto&) { told = map.dump_locks() == "shard 0: held exclusively by thread " + number + "\n"; });
    return told;
  };
  if constexpr (EVAC_CHECKS != 0) {
    REQUIRE(tells_this_thread());
    REQUIRE(in_child([&] { _exit(tells_this_thread() ? 0 : 1); }) == 0);
  } else {
    REQUIRE_FALSE(tells_this_thread());
  }
}

TEST_CASE("a filter for system calls that comes after the first reader does not end the exclusion or the program") {
  rw_lock lock;
  const bool all = GENERATE(false, true);
  const int status = in_child([&] {
    if (make_biased(lock) == 0) _exit(2);
    if (!refuse_membarrier(all)) _exit(77);
    std::size_t first = 0;
    std::size_t second = 0;
    std::atomic<std::size_t> wrong{0};
    std::atomic<bool> done{false};
    std::thread reader([&] {
      while (!done) {
        lock.lock_shared();
        wrong += first == second ? 0U : 1U;
        lock.unlock_shared();
      }
    });
    for (int round = 0; round < 20; ++round) {
      for (int looks = 0; looks < 1000 && !lock.is_biased(); ++looks) std::this_thread::yield();
      lock.lock();
      ++first;
      std::this_thread::yield();
      ++second;
      lock.unlock();
    }
    done = true;
    reader.join();
    _exit(wrong == 0 && first == 20 ? 0 : 3);
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    WARN("this system has no filters for system calls");
    return;
  }
  const bool stops = all && evac::detail::asymmetric_fence::available();
  if (stops) {
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGABRT);
  } else {
    REQUIRE(status == 0);
  }
}

TEST_CASE("a thread that has been on every processor may still run where it could before") {
  unsigned long before[128] = {};
  unsigned long after[128] = {};
  REQUIRE(syscall(SYS_sched_getaffinity, 0, sizeof before, before) > 0);
  REQUIRE(evac::detail::every_processor::visit());
  REQUIRE(syscall(SYS_sched_getaffinity, 0, sizeof after, after) > 0);
  for (int i = 0; i < 128; ++i) REQUIRE(before[i] == after[i]);
}

// Sanitizers have allocators of their own.
#if !EVAC_ADDRESS_SANITIZER && !EVAC_THREAD_SANITIZER
namespace {

/// Called first by operator new, in the thread that asks for it.
rw_lock lock_of_allocator;
thread_local bool allocator_locks = false;
thread_local int locks_of_allocator = 0;

void use_lock() {
  if (!allocator_locks) return;
  ++locks_of_allocator;
  lock_of_allocator.lock_shared();
  lock_of_allocator.unlock_shared();
}
}  // namespace

void* operator new(std::size_t size) {
  use_lock();
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  use_lock();
  const auto at = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(at, (size + at - 1) / at * at);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
// Not inlined: g++ would see free() of what a function has returned that it does not know as aligned_alloc().
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }

TEST_CASE("operator new may use a lock, also in a thread that has used none") {
  int locked = 0;
  std::thread([&] {
    allocator_locks = true;
    // Through a pointer, so that the compiler does not leave it out.
    int* volatile memory = new int;
    delete memory;
    allocator_locks = false;
    locked = locks_of_allocator;
  }).join();
  REQUIRE(locked == 1);
  REQUIRE(free_for_writers(lock_of_allocator));
}
#endif
