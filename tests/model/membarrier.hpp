// membarrier(2) under relacy: between the call and its return every other thread passes a fence, each at a moment of
// its own, wherever it is; also one that sleeps, has not begun or is over. To be included after the shadow atomic.hpp
// and before evac/detail/sync/asymmetric_fence.hpp, which is the library's own and finds this in place of the system
// call.
//
// The order that such a fence makes, and no more (P1202, "Asymmetric fences"): each light fence of a thread is before
// or after the moment of that thread. Operations before one that was before are before all that the caller does next;
// those of the caller are before all that comes after one that is after. Two threads that pass a fence have nothing to
// do with each other. (relacy's own fences are in one order with each other, and its system-wide fence is one moment
// for all threads: both would be more.)
#ifndef EVAC_TESTS_MODEL_MEMBARRIER_HPP
#define EVAC_TESTS_MODEL_MEMBARRIER_HPP

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

#include "light_fences.hpp"

namespace evac_model {

class membarrier {
 public:
  static void call() {
    if (has(fence_bug::no_fence)) return;
    if (has(fence_bug::fence_only_in_caller)) return rl::atomic_thread_fence(rl::mo_seq_cst, RL_INFO);
    const std::size_t caller = rl::thread_index();
    const auto threads = static_cast<unsigned>(rl::ctx().get_thread_count());
    const knowledge asked = knowledge::of(*rl::ctx().threadx_);
    knowledge answered;
    const std::size_t first = rl::rand(threads);
    for (std::size_t i = 0; i != threads; ++i) {
      const std::size_t target = (first + i) % threads;
      if (target == caller) continue;
      others_go_on();
      if (!has(fence_bug::targets_do_not_release)) answered.join(light_fences::done_by(target));
      if (!has(fence_bug::targets_do_not_acquire)) light_fences::learns(target, asked);
    }
    others_go_on();
    answered.teach(*rl::ctx().threadx_);
  }

 private:
  static bool has(fence_bug which) { return fence_planted == which; }

  static void others_go_on() {
    for (unsigned steps = rl::rand(rl::rand(8) == 0 ? 60 : 6); steps != 0; --steps) rl::ctx().sched();
  }
};

}  // namespace evac_model

/// In place of syscall(): membarrier(2), which always works. Programs register for it, maybe before there is a model.
inline long evac_model_syscall(long number, int command, int, int) {
  constexpr int private_expedited = 1 << 3;
  if (number != SYS_membarrier) std::abort();
  if (command == private_expedited) evac_model::membarrier::call();
  return 0;
}
/// A number of the thread, for people.
inline long evac_model_syscall(long number) {
  if (number != SYS_gettid) std::abort();
  return 1;
}
/// No other system call is made.
template <class... Arguments>
long evac_model_syscall(long, Arguments...) {
  std::abort();
}
#define syscall evac_model_syscall

#endif
