// Clocks, medians, memory of a process, and measuring in a child process so that no map inherits another's heap.
#ifndef EVAC_BENCH_SUPPORT_MEASURE_HPP
#define EVAC_BENCH_SUPPORT_MEASURE_HPP

#include <malloc.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace bench {

[[nodiscard]] inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
[[nodiscard]] inline std::uint64_t nanoseconds() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

/// Nanoseconds from some start, for timing single operations: where the processor has a time stamp counter, reading it
/// costs a few nanoseconds and, unlike a clock of the system, does not wait for the operations before it.
class stopwatch {
 public:
  [[nodiscard]] std::uint64_t now() const {
#if defined(__x86_64__)
    return static_cast<std::uint64_t>(static_cast<double>(__builtin_ia32_rdtsc() - start_) * nanoseconds_per_tick_);
#else
    return nanoseconds();
#endif
  }
  /// The same, once all before it is done and before anything after it begins: between two of these lies what one
  /// operation takes by itself, also the part that the processor could have done beside its neighbours.
  [[nodiscard]] std::uint64_t now_in_order() const {
#if defined(__x86_64__)
    __builtin_ia32_lfence();
    const std::uint64_t read = now();
    __builtin_ia32_lfence();
    return read;
#else
    return nanoseconds();
#endif
  }

 private:
#if defined(__x86_64__)
  [[nodiscard]] static double calibrate() {
    const std::uint64_t ticks = __builtin_ia32_rdtsc();
    const std::uint64_t begin = nanoseconds();
    while (nanoseconds() - begin < 20'000'000) {
    }
    return static_cast<double>(nanoseconds() - begin) / static_cast<double>(__builtin_ia32_rdtsc() - ticks);
  }
  double nanoseconds_per_tick_ = calibrate();
  std::uint64_t start_ = __builtin_ia32_rdtsc();
#endif
};

/// Random keys that need no memory: the finaliser of SplitMix64.
[[nodiscard]] inline std::uint64_t random_key(std::uint64_t index) {
  std::uint64_t value = (index + 1) * 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

struct summary {
  double median = 0;
  double least = 0;
  double most = 0;
};
[[nodiscard]] inline summary summarise(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}

/// One line of what the system knows of this process, "VmHWM:" in status for example; 0 if it is not there.
[[nodiscard]] inline std::size_t bytes_in(const char* file, const char* line) {
  std::ifstream lines(file);
  for (std::string word; lines >> word;) {
    std::size_t kilobytes = 0;
    if (word == line && lines >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

/// Resident bytes of this process. Its pages are counted: the figure in statm is a sum that each core may be late to
/// add to, which can be some hundred KiB off.
[[nodiscard]] inline std::size_t resident_bytes() { return bytes_in("/proc/self/smaps_rollup", "Rss:"); }
/// Of them those that are no file's, so that the first steps into a part of the program do not look like memory of a
/// map.
[[nodiscard]] inline std::size_t anonymous_bytes() { return bytes_in("/proc/self/smaps_rollup", "Anonymous:"); }

/// The result of `work`, computed in a child process; nothing if the child failed.
template <class Work>
[[nodiscard]] auto in_child(const Work& work) -> std::optional<decltype(work())> {
  using result = decltype(work());
  static_assert(std::is_trivially_copyable_v<result>);
  void* const shared = ::mmap(nullptr, sizeof(result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return std::nullopt;
  std::cout.flush();
  const pid_t child = ::fork();
  if (child == 0) {
    ::malloc_trim(0);  // what the parent has freed must not look like memory that the map did not need
    *static_cast<result*>(shared) = work();
    ::_exit(0);
  }
  int status = -1;
  const bool ended = child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
  std::optional<result> answer;
  if (ended) answer = *static_cast<result*>(shared);
  ::munmap(shared, sizeof(result));
  return answer;
}

/// Memory that programs could still get.
[[nodiscard]] inline std::size_t available_bytes() {
  std::ifstream meminfo("/proc/meminfo");
  std::size_t kilobytes = 0;
  for (std::string word; meminfo >> word;) {
    if (word == "MemAvailable:") meminfo >> kilobytes;
  }
  return kilobytes * 1024;
}

}  // namespace bench

#endif
