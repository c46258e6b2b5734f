// Latencies of one thread, and those of the long ones that the system may be to blame for.
#ifndef EVAC_BENCH_SUPPORT_THREAD_LATENCIES_HPP
#define EVAC_BENCH_SUPPORT_THREAD_LATENCIES_HPP

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

#include "support/histogram.hpp"

namespace bench {

class thread_latencies {
 public:
  void add(std::uint64_t nanos) {
    histogram_.add(nanos);
    if (nanos < worth_asking) {
      undisturbed_ = std::max(undisturbed_, nanos);
      return;
    }
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    if (used.ru_nivcsw == switches_) undisturbed_ = std::max(undisturbed_, nanos);
    switches_ = used.ru_nivcsw;
  }
  /// Those of another thread, or of another kind.
  void add(const thread_latencies& other) {
    histogram_.add(other.histogram_);
    undisturbed_ = std::max(undisturbed_, other.undisturbed_);
  }
  [[nodiscard]] const latency_histogram& histogram() const { return histogram_; }
  /// The longest operation during which no thread inside the map lost its core: a guess from the count of involuntary
  /// switches, for machines on which other work runs.
  [[nodiscard]] std::uint64_t longest_undisturbed() const { return undisturbed_; }

 private:
  static constexpr std::uint64_t worth_asking = 20'000;
  latency_histogram histogram_;
  long switches_ = 0;
  std::uint64_t undisturbed_ = 0;
};

}  // namespace bench

#endif
