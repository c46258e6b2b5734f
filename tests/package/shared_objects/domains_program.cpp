// Domains of shared objects that do not see each other's symbols: no thread waits for a guard of its own, whichever has
// made it; and one of them is unloaded.
//
//   program SIDE SIDE PLUGIN      prints what is wrong; the status is how much of it there is
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <string>
#include <thread>

#include "domains_side.hpp"

namespace {

std::atomic<int> wrong{0};
void require(bool right, const char* what) {
  if (right) return;
  ++wrong;
  std::fprintf(stderr, "not so: %s\n", what);
}

struct library {
  void* handle;
  const domains_side* side;
};
library open_side(const char* path) {
  void* const handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(2);
  }
  return {handle, reinterpret_cast<get_domains_side*>(dlsym(handle, "evac_domains_side"))()};
}

constexpr std::size_t small = 4096;
constexpr std::size_t object_bytes = 256;
constexpr std::size_t many = 8 * small / object_bytes;

/// A thread that holds a guard of one domain by `guards`, and fills another by `fills`.
void hold_and_fill(const domains_side& guards, void* held, const domains_side& fills, void* filled, std::latch& inside,
                   std::size_t& gone) {
  void* const guard = guards.enter(held);
  inside.arrive_and_wait();
  for (std::size_t i = 0; i < many; ++i) fills.retire(filled, object_bytes, &gone);
  guards.leave(guard);
}

/// A deadlock here is killed.
void threads_at_the_caps_of_each_other(const domains_side& a, const domains_side& b) {
  void* const first = a.make_domain(small);
  void* const second = b.make_domain(small);
  std::size_t gone = 0;
  std::latch inside(2);
  // Neither domain is ever used by more than one shared object.
  std::thread one([&] { hold_and_fill(a, first, b, second, inside, gone); });
  std::thread other([&] { hold_and_fill(b, second, a, first, inside, gone); });
  one.join();
  other.join();
  require(a.over_cap(first) + b.over_cap(second) > 0, "who goes over a cap is counted");
  require(a.flush(first) && b.flush(second) && gone == 2 * many, "all of it goes");
  a.end_domain(first);
  b.end_domain(second);
}

/// The thread that forks holds a guard; a thread that is new in the child does not.
void guards_in_a_child(const domains_side& a, const domains_side& b) {
  void* const first = a.make_domain(small);
  void* const second = b.make_domain(small);
  std::size_t gone = 0;
  void* const guard = a.enter(first);
  b.retire(second, object_bytes, &gone);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    wrong = 0;
    a.reinit_after_fork(first);
    b.reinit_after_fork(second);
    threads_at_the_caps_of_each_other(a, b);
    std::latch inside(2);
    std::thread other([&] { hold_and_fill(b, second, a, first, inside, gone); });
    inside.arrive_and_wait();
    for (std::size_t i = 0; i < many; ++i) b.retire(second, object_bytes, &gone);
    a.leave(guard);
    other.join();
    require(a.flush(first) && b.flush(second) && gone == 2 * many + 1, "all of it goes in the child");
    _exit(wrong);
  }
  int status = -1;
  waitpid(child, &status, 0);
  require(status == 0, "the child does as the parent");
  a.leave(guard);
  a.end_domain(first);
  b.end_domain(second);
}

/// In a thread of its own: a shared object that a thread has used stays loaded until that thread ends.
void retire_by_plugin(const char* path, void* domain, std::size_t count, std::size_t& gone, void*& handle) {
  std::thread([&] {
    const library plugin = open_side(path);
    handle = plugin.handle;
    for (std::size_t i = 0; i < count; ++i) plugin.side->retire(domain, object_bytes, &gone);
  }).join();
}

void a_plugin_is_unloaded_after_a_flush(const domains_side& a, const char* path) {
  void* const domain = a.make_domain(std::size_t{1} << 20U);
  std::size_t gone = 0;
  for (std::size_t round = 1; round <= 3; ++round) {
    void* handle = nullptr;
    retire_by_plugin(path, domain, 100, gone, handle);
    require(a.flush(domain) && gone == 200 * round - 100, "a flush takes what the plug-in has retired");
    dlclose(handle);
    require(dlopen(path, RTLD_NOW | RTLD_NOLOAD) == nullptr, "the plug-in is unloaded");
    for (std::size_t i = 0; i < 100; ++i) a.retire(domain, object_bytes, &gone);
    require(a.flush(domain) && gone == 200 * round, "the domain goes on without it");
  }
  a.end_domain(domain);
}

/// Builds with checks say what is missing.
void unloading_without_a_flush_is_noticed(const domains_side& a, const char* path) {
#ifdef NDEBUG
  static_cast<void>(a);
  static_cast<void>(path);
#else
  std::array<int, 2> ends{};
  require(pipe(ends.data()) == 0, "a pipe");
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    dup2(ends[1], STDERR_FILENO);
    void* const domain = a.make_domain(std::size_t{1} << 20U);
    std::size_t gone = 0;
    void* handle = nullptr;
    retire_by_plugin(path, domain, 10, gone, handle);
    dlclose(handle);
    a.flush(domain);
    _exit(0);
  }
  close(ends[1]);
  std::string message;
  std::array<char, 256> buffer{};
  for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    message.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = -1;
  waitpid(child, &status, 0);
  require(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "the flush that comes too late ends the program");
  require(message.find("evac: what was retired by a shared object that is unloaded") != std::string::npos,
          "and says why");
#endif
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  alarm(240);
  const domains_side& a = *open_side(argv[1]).side;
  const domains_side& b = *open_side(argv[2]).side;
  threads_at_the_caps_of_each_other(a, b);
  threads_at_the_caps_of_each_other(b, a);
  guards_in_a_child(a, b);
  guards_in_a_child(b, a);
  a_plugin_is_unloaded_after_a_flush(a, argv[3]);
  unloading_without_a_flush_is_noticed(a, argv[3]);
  if (wrong == 0) std::puts("shared objects have domains of their own");
  return wrong;
}
