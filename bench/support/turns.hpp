// Processes that measure one after the other, a step at a time: if a machine is slow for a while (a neighbour, cores
// further apart from each other), it is slow for the same step of all of them.
//
//   parent    go[0] ->                go[1] ->                go[0] -> ...
//   map 0              step 1 -> done                                  step 2 -> done
//   map 1                                      step 1 -> done
#ifndef EVAC_BENCH_SUPPORT_TURNS_HPP
#define EVAC_BENCH_SUPPORT_TURNS_HPP

#include <malloc.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <ctime>
#include <iostream>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <vector>

namespace bench {

/// A process passes its turn on between two steps. Lies in memory that it shares with its parent.
class turn {
 public:
  turn() {
    ::sem_init(&go_, 1, 0);
    ::sem_init(&done_, 1, 0);
  }
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;
  ~turn() = default;

  /// Ends a step: sleeps until the others have done theirs.
  void pass() {
    ::alarm(0);
    ::sem_post(&done_);
    await();
  }

 private:
  template <class Result>
  friend class processes_in_turn;

  static constexpr unsigned longest_step = 600;  // seconds; a map that hangs must not hang the rest

  void await() {
    while (::sem_wait(&go_) != 0) {
    }
    ::alarm(longest_step);
  }
  /// False if the process has ended before it was done.
  [[nodiscard]] bool give_to(pid_t process) {
    ::sem_post(&go_);
    for (;;) {
      timespec until{};
      ::clock_gettime(CLOCK_REALTIME, &until);
      until.tv_sec += 1;
      if (::sem_timedwait(&done_, &until) == 0) return true;
      siginfo_t ended{};
      const bool gone = errno == ETIMEDOUT &&
                        ::waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                        ended.si_pid == process;
      if (gone) return ::sem_trywait(&done_) == 0;
    }
  }

  sem_t go_, done_;
};

/// A process for each piece of work, which returns a Result.
template <class Result>
class processes_in_turn {
  static_assert(std::is_trivially_copyable_v<Result>);

 public:
  processes_in_turn() = default;
  processes_in_turn(const processes_in_turn&) = delete;
  processes_in_turn& operator=(const processes_in_turn&) = delete;
  ~processes_in_turn() {
    for (const worker& each : workers_) ::munmap(each.common, sizeof(shared));
  }

  /// work(turn&) -> Result, in a child process that sleeps until run().
  template <class Work>
  void add(const Work& work) {
    void* const memory = ::mmap(nullptr, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    auto* const common = ::new (memory) shared;
    std::cout.flush();
    const pid_t child = ::fork();
    if (child == 0) {
      common->mine.await();
      ::malloc_trim(0);  // what the parent has freed must not look like memory that the map did not need
      common->result = work(common->mine);
      common->finished = true;
      ::sem_post(&common->mine.done_);
      ::_exit(0);
    }
    workers_.push_back({child, common});
  }
  /// Lets all take their steps, in turn, until each is done. Results in the order of add(); none where a process
  /// failed. Calls before(index) ahead of each step.
  template <class Before>
  [[nodiscard]] std::vector<std::optional<Result>> run(const Before& before) {
    std::vector<std::optional<Result>> results(workers_.size());
    std::size_t left = workers_.size();
    while (left != 0) {
      for (std::size_t i = 0; i < workers_.size(); ++i) {
        worker& each = workers_[i];
        if (each.ended) continue;
        before(i);
        if (each.process > 0 && each.common->mine.give_to(each.process) && !each.common->finished) continue;
        each.ended = true;
        --left;
        int status = -1;
        const bool whole = each.process > 0 && ::waitpid(each.process, &status, 0) == each.process && status == 0;
        if (whole && each.common->finished) results[i] = each.common->result;
      }
    }
    return results;
  }

 private:
  struct shared {
    turn mine;
    bool finished = false;  // written before `done`, read after it
    Result result;
  };
  struct worker {
    pid_t process;
    shared* common;
    bool ended = false;
  };
  std::vector<worker> workers_;
};

}  // namespace bench

#endif
