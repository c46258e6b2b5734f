// Two shared objects that each include evac share a map and its domain, although neither sees the other's symbols.
//
//   program SIDE SIDE      prints what is wrong; the status is how much of it there is
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "side.hpp"

namespace {

std::atomic<int> wrong{0};
void require(bool right, const char* what) {
  if (right) return;
  ++wrong;
  std::fprintf(stderr, "not so: %s\n", what);
}

std::atomic<std::size_t> ended{0};
void count_end() { ++ended; }

const side* open_side(const char* path) {
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(2);
  }
  return reinterpret_cast<get_side*>(dlsym(library, "evac_side"))();
}

constexpr std::size_t large = std::size_t{1} << 20U;
constexpr std::size_t small = 4096;
constexpr std::size_t absent = ~std::size_t{0};

void each_finds_what_the_other_stored(const side& a, const side& b) {
  void* const domain = a.make_domain(large);
  void* const map = a.make_map(domain);
  constexpr std::size_t each = 20000;
  std::vector<std::thread> threads;
  std::atomic<std::size_t> lost{0};
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t i = 0; i < each; ++i) {
        const side& writer = i % 2 == 0 ? a : b;
        const side& reader = i % 4 < 2 ? a : b;
        const std::size_t key = i % 1000 * 4 + thread;
        writer.store(map, key, i, count_end);
        if (reader.load(map, key, absent) != i) ++lost;
        if (i % 3 == 0 && !reader.erase(map, key)) ++lost;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  require(lost == 0, "each finds what the other stored");
  require(a.flush(domain) && b.waiting(domain) == 0, "one takes what was retired by both");
  b.end_map(map);
  b.end_domain(domain);
  require(ended == 4 * each, "every value is destroyed once");
}

void guards_of_one_hold_off_the_other(const side& a, const side& b) {
  void* const domain = a.make_domain(large);
  void* const map = b.make_map(domain);
  ended = 0;
  a.store(map, 1, 2, count_end);
  void* const guard = a.enter(domain);
  require(b.erase(map, 1), "one erases what the other stored");
  require(!b.flush(domain) && ended == 0, "nothing goes while the other holds a guard");
  require(b.guards(domain) >= 1, "one sees the guards of the other");
  a.leave(guard);
  require(b.flush(domain) && ended == 1, "it goes when the guard has ended");
  a.end_map(map);
  a.end_domain(domain);
}

void writers_do_not_wait_for_their_own_thread(const side& a, const side& b) {
  void* const domain = a.make_domain(small);
  void* const map = a.make_map(domain);
  // Retired through one while the guard is the other's; a deadlock here is killed.
  void* const guard = a.enter(domain);
  for (std::size_t i = 0; i < 1000; ++i) b.store(map, 0, i, nullptr);
  require(b.over_cap(domain) > 0, "a writer above the cap is counted");
  a.leave(guard);
  require(b.flush(domain), "all of it goes");
  a.end_map(map);
  a.end_domain(domain);
}

void records_are_used_again(const side& a, const side& b) {
  void* const domain = a.make_domain(large);
  void* const map = a.make_map(domain);
  for (std::size_t i = 0; i < 50; ++i) {
    std::thread([&] {
      a.store(map, i, i, nullptr);
      b.store(map, i, i + 1, nullptr);
      a.store(map, i, i + 2, nullptr);
    }).join();
  }
  // One for each of the two, and those of this thread.
  require(b.threads(domain) <= 4, "records are used again");
  a.end_map(map);
  a.end_domain(domain);
}

void domains_may_end_before_threads(const side& a, const side& b) {
  void* const domain = a.make_domain(large);
  void* const map = a.make_map(domain);
  std::atomic<int> step{0};
  std::thread thread([&] {
    a.store(map, 1, 1, nullptr);
    b.store(map, 1, 2, nullptr);
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  b.end_map(map);
  b.end_domain(domain);
  step = 2;
  thread.join();
}

void a_fork_keeps_the_guards_of_its_thread(const side& a, const side& b) {
  void* const domain = a.make_domain(large);
  void* const map = a.make_map(domain);
  ended = 0;
  a.store(map, 1, 1, count_end);
  b.store(map, 2, 2, count_end);
  void* const guard = a.enter(domain);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    wrong = 0;
    b.reinit_after_fork(domain);
    require(b.guards(domain) == 1, "the guard is there in the child");
    b.erase(map, 1);
    require(!b.flush(domain) && ended == 0, "it holds off what the other erases in the child");
    a.leave(guard);
    b.erase(map, 2);
    require(a.flush(domain) && ended == 2, "all goes in the child when it ends");
    _exit(wrong);
  }
  int status = -1;
  waitpid(child, &status, 0);
  require(status == 0, "the child does as the parent");
  a.leave(guard);
  a.end_map(map);
  b.end_domain(domain);
}

void default_domains_work(const side& a, const side& b) {
  // There may be one for each; a map goes by that of who made it.
  void* const map = a.make_map(a.process_domain());
  ended = 0;
  for (std::size_t i = 0; i < 1000; ++i) b.store(map, i % 10, i, count_end);
  require(b.flush(a.process_domain()) && ended == 990, "a map keeps to the domain of who made it");
  b.end_map(map);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  alarm(240);
  const side& a = *open_side(argv[1]);
  const side& b = *open_side(argv[2]);
  // Also in threads that end: their records go in the order in which they came.
  for (const auto& check :
       {each_finds_what_the_other_stored, guards_of_one_hold_off_the_other, writers_do_not_wait_for_their_own_thread,
        records_are_used_again, domains_may_end_before_threads, default_domains_work}) {
    ended = 0;
    check(a, b);
    std::thread([&] {
      ended = 0;
      check(b, a);
    }).join();
  }
  a_fork_keeps_the_guards_of_its_thread(a, b);
  a_fork_keeps_the_guards_of_its_thread(b, a);
  if (wrong == 0) std::puts("two shared objects share a map");
  return wrong;
}
