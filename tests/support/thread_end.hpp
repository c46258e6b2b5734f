// A function that a thread calls when it ends.
#ifndef EVAC_TESTS_SUPPORT_THREAD_END_HPP
#define EVAC_TESTS_SUPPORT_THREAD_END_HPP

#include <functional>

namespace evac_test {

/// Runs when the thread ends: after the thread has given its records back if it was set before the thread used what
/// keeps them, before that if it was set after.
struct when_thread_ends {
  std::function<void()> run;
  ~when_thread_ends() {
    if (run) run();
  }
};
inline when_thread_ends& at_end() {
  static thread_local when_thread_ends object;
  return object;
}

}  // namespace evac_test

#endif
