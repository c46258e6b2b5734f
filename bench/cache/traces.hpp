// Requests that a cache gets: keys that are popular, keys that come once, and keys that come round again. The same in
// each run.
#ifndef EVAC_BENCH_CACHE_TRACES_HPP
#define EVAC_BENCH_CACHE_TRACES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "support/measure.hpp"

namespace bench {

using trace = std::vector<std::uint64_t>;

/// Random numbers, for each seed others.
class random_numbers {
 public:
  explicit random_numbers(std::uint64_t seed) : next_(seed << 40U) {}
  [[nodiscard]] std::uint64_t number() { return random_key(next_++); }
  /// In [0, 1).
  [[nodiscard]] double share() { return static_cast<double>(number() >> 11U) * 0x1p-53; }

 private:
  std::uint64_t next_;
};

/// Ranks 0, 1, 2, ... with probabilities as 1, 1 / 2^skew, 1 / 3^skew, ...: exact, and a double for each rank.
class zipf_distribution {
 public:
  zipf_distribution(std::size_t ranks, double skew) : sums_(ranks) {
    for (std::size_t i = 0; i < ranks; ++i) sums_[i] = std::pow(static_cast<double>(i + 1), -skew);
    sum_up();
  }
  /// The same probabilities, given to the ranks at random.
  void shuffle(random_numbers& roll) {
    std::adjacent_difference(sums_.begin(), sums_.end(), sums_.begin());
    for (std::size_t i = sums_.size(); i > 1; --i) std::swap(sums_[i - 1], sums_[roll.number() % i]);
    sum_up();
  }
  [[nodiscard]] std::uint64_t operator()(random_numbers& roll) const { return among(sums_.size(), roll); }
  /// One of the first `ranks`, as probable among these as among all.
  [[nodiscard]] std::uint64_t among(std::size_t ranks, random_numbers& roll) const {
    const auto end = sums_.begin() + static_cast<std::ptrdiff_t>(ranks - 1);
    return static_cast<std::uint64_t>(std::upper_bound(sums_.begin(), end, roll.share() * *end) - sums_.begin());
  }

 private:
  void sum_up() { std::partial_sum(sums_.begin(), sums_.end(), sums_.begin()); }
  std::vector<double> sums_;
};

/// The traces, each made for a cache with room for `capacity` elements.
class trace_maker {
 public:
  trace_maker(std::size_t capacity, std::size_t length) : capacity_(capacity), length_(length) {}

  /// Ten times as many keys as there is room for, a few of them popular.
  [[nodiscard]] trace zipf(double skew) const {
    random_numbers roll(1);
    const zipf_distribution ranks(10 * capacity_, skew);
    return of_keys([&](std::size_t) { return ranks(roll); });
  }
  /// The same, and after each four times the capacity of requests a scan of as many keys as there is room for, none of
  /// which ever comes again.
  [[nodiscard]] trace scanned() const {
    random_numbers roll(2);
    const zipf_distribution ranks(10 * capacity_, 0.99);
    return of_keys([&](std::size_t i) {
      const bool scans = i % (5 * capacity_) >= 4 * capacity_;
      return scans ? first_of_scans + i : ranks(roll);
    });
  }
  /// A tenth more keys than there is room for, round and round.
  [[nodiscard]] trace loop() const {
    return of_keys([&](std::size_t i) { return i % (capacity_ + capacity_ / 10); });
  }
  /// Keys that become more, from half of what there is room for to eight times as many. Each has its popularity from
  /// the beginning.
  [[nodiscard]] trace growing() const {
    random_numbers roll(3);
    zipf_distribution keys(8 * capacity_, 0.9);
    keys.shuffle(roll);
    return of_keys([&](std::size_t i) { return keys.among(capacity_ / 2 + i * 15 / 2 * capacity_ / length_, roll); });
  }
  /// Popularity that passes: the newest key is the most popular one, and a new one comes with each tenth request.
  [[nodiscard]] trace drifting() const {
    random_numbers roll(4);
    const std::size_t known = 10 * capacity_;
    const zipf_distribution ages(known, 0.99);
    return of_keys([&](std::size_t i) { return known + i / 10 - ages(roll); });
  }

 private:
  static constexpr std::uint64_t first_of_scans = std::uint64_t{1} << 40U;

  template <class Next>
  [[nodiscard]] trace of_keys(const Next& next) const {
    trace keys(length_);
    for (std::size_t i = 0; i < length_; ++i) keys[i] = random_key(next(i));
    return keys;
  }

  std::size_t capacity_, length_;
};

struct trace_kind {
  std::string_view name;
  trace (*make)(const trace_maker&);
};
inline constexpr std::array trace_kinds{
    trace_kind{"zipf 0.8", [](const trace_maker& make) { return make.zipf(0.8); }},
    trace_kind{"zipf 0.99", [](const trace_maker& make) { return make.zipf(0.99); }},
    trace_kind{"zipf 1.1", [](const trace_maker& make) { return make.zipf(1.1); }},
    trace_kind{"zipf 0.99 with scans", [](const trace_maker& make) { return make.scanned(); }},
    trace_kind{"loop", [](const trace_maker& make) { return make.loop(); }},
    trace_kind{"growing working set", [](const trace_maker& make) { return make.growing(); }},
    trace_kind{"drifting popularity", [](const trace_maker& make) { return make.drifting(); }}};

}  // namespace bench

#endif
