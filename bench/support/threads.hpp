// Threads that start together, each on a core of its own where there are enough.
#ifndef EVAC_BENCH_SUPPORT_THREADS_HPP
#define EVAC_BENCH_SUPPORT_THREADS_HPP

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "support/measure.hpp"

namespace bench {

/// The calling thread stays on the core of this number, of those that the process may use. Where that is refused it
/// roams.
inline void pin_thread(std::size_t index) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  const auto count = static_cast<std::size_t>(CPU_COUNT(&allowed));
  if (count == 0) return;
  std::size_t wanted = index % count;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || wanted-- != 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
    return;
  }
}

/// Seconds of processor time that this process has used.
[[nodiscard]] inline double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto in_seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return in_seconds(used.ru_utime) + in_seconds(used.ru_stime);
}

struct threads_run {
  std::uint64_t operations = 0;
  double seconds = 0;  // from the first start to the last end
  double cpu = 0;
  std::size_t cores = 1;  // on which it ran
  [[nodiscard]] double mops() const { return static_cast<double>(operations) / seconds / 1e6; }
  /// Per second of processor time instead: what the rate would be if nothing else ran on these cores. Waiting that does
  /// not use the processor is not counted.
  [[nodiscard]] double mops_by_cpu() const {
    return static_cast<double>(operations) / cpu * static_cast<double>(cores) / 1e6;
  }
};

/// "1 thread", "2 threads", ...
[[nodiscard]] inline std::string threads_text(std::size_t threads) {
  return std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

/// Of so many threads at most so many run at a time.
[[nodiscard]] inline std::size_t cores_for(std::size_t threads) {
  return std::min<std::size_t>(threads, std::max(1U, std::thread::hardware_concurrency()));
}

/// body(index, stop) -> operations, in `count` threads at once, until `stop` is set after `length` seconds or all are
/// done.
template <class Body>
[[nodiscard]] threads_run run_threads(std::size_t count, double length, const Body& body) {
  struct alignas(64) outcome {
    std::uint64_t operations = 0;
    double begin = 0;
    double end = 0;
  };
  std::vector<outcome> outcomes(count);
  std::atomic<std::size_t> ready{0};
  std::atomic<std::size_t> done{0};
  std::atomic<bool> go{false};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < count; ++t) {
    threads.emplace_back([&, t] {
      pin_thread(t);
      ready.fetch_add(1);
      while (!go.load()) std::this_thread::yield();
      outcomes[t].begin = seconds();
      outcomes[t].operations = body(t, stop);
      outcomes[t].end = seconds();
      done.fetch_add(1);
    });
  }
  while (ready.load() != count) std::this_thread::yield();
  const double cpu = cpu_seconds();
  go.store(true);
  const double deadline = seconds() + length;
  while (done.load() != count && seconds() < deadline) {
    const double left = std::min(deadline - seconds(), 0.05);
    if (left > 0) std::this_thread::sleep_for(std::chrono::duration<double>(left));
  }
  stop.store(true);
  for (auto& thread : threads) thread.join();
  threads_run result;
  result.cpu = cpu_seconds() - cpu;
  result.cores = cores_for(count);
  double begin = outcomes.front().begin;
  double end = outcomes.front().end;
  for (const auto& each : outcomes) {
    result.operations += each.operations;
    begin = std::min(begin, each.begin);
    end = std::max(end, each.end);
  }
  result.seconds = end - begin;
  return result;
}

}  // namespace bench

#endif
