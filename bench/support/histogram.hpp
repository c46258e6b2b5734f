// A histogram of latencies (the idea of HdrHistogram): one bucket for each value below 32, then 32 of equal width in
// each power of two, so that a value is known to 1/32 of itself, from one nanosecond to centuries.
#ifndef EVAC_BENCH_SUPPORT_HISTOGRAM_HPP
#define EVAC_BENCH_SUPPORT_HISTOGRAM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace bench {

class latency_histogram {
 public:
  void add(std::uint64_t nanos) {
    ++counts_[index(nanos)];
    ++total_;
    most_ = std::max(most_, nanos);
  }
  void add(const latency_histogram& other) {
    for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    most_ = std::max(most_, other.most_);
  }
  /// Upper edge of the bucket that holds this share of all values.
  [[nodiscard]] std::uint64_t percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
      seen += counts_[i];
      if (seen > wanted) return std::min(upper_edge(i), most_);
    }
    return most_;
  }
  [[nodiscard]] std::uint64_t most() const { return most_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  static constexpr std::size_t steps_log2 = 5;
  static constexpr std::size_t steps = std::size_t{1} << steps_log2;
  static constexpr std::size_t buckets = steps * (64 - steps_log2 + 1);

  [[nodiscard]] static std::size_t index(std::uint64_t value) {
    if (value < steps) return static_cast<std::size_t>(value);
    const auto power = static_cast<std::size_t>(63 - __builtin_clzll(value));
    return (power - steps_log2 + 1) * steps + static_cast<std::size_t>((value >> (power - steps_log2)) & (steps - 1));
  }
  [[nodiscard]] static std::uint64_t upper_edge(std::size_t index) {
    if (index < steps) return index;
    const std::size_t power = index / steps + steps_log2 - 1;
    // Not the lower edge of the next bucket less one: for the last bucket that overflows.
    return ((std::uint64_t{steps + index % steps} << (power - steps_log2)) |
            ((std::uint64_t{1} << (power - steps_log2)) - 1));
  }

  std::uint64_t counts_[buckets] = {};
  std::uint64_t total_ = 0;
  std::uint64_t most_ = 0;
};

}  // namespace bench

#endif
