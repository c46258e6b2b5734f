// Common parts of the programs in this folder. Each has a fault on purpose, and stops where the symptom is to be seen:
// docs/debugging.md and docs/operations.md lead from it to its cause, and the script `run` checks that they do.
#ifndef EVAC_TESTS_SYMPTOMS_SYMPTOM_HPP
#define EVAC_TESTS_SYMPTOMS_SYMPTOM_HPP

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

/// The debugger's breakpoint.
extern "C" [[gnu::noinline]] inline void symptom_is_there() { asm volatile("" ::: "memory"); }

namespace symptom {

/// The symptom is there, and stays until the program is stopped.
[[noreturn]] inline void stay() {
  symptom_is_there();
  std::puts("the symptom is there");
  std::fflush(stdout);
  for (;;) ::pause();
}

inline void name_thread(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

/// A thread with a name, and whether it sleeps.
class thread {
 public:
  template <class Body>
  thread(const char* name, Body body)
      : thread_([this, name, body] {
          name_thread(name);
          id_ = ::gettid();
          body();
        }) {
    thread_.detach();
  }
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;
  ~thread() = default;

  void wait_until_it_sleeps() const {
    while (id_ == 0 || state() != 'S') std::this_thread::yield();
  }

 private:
  [[nodiscard]] char state() const {
    std::ifstream stat("/proc/self/task/" + std::to_string(id_) + "/stat");
    std::string line;
    std::getline(stat, line);
    const std::size_t behind_name = line.rfind(')');
    return behind_name == std::string::npos || behind_name + 2 >= line.size() ? '?' : line[behind_name + 2];
  }

  std::atomic<pid_t> id_ = 0;
  std::thread thread_;
};

}  // namespace symptom

#endif
