// The operations of the threads of a mix, decided before anything is timed: keys, and what is done to them.
#ifndef EVAC_BENCH_THROUGHPUT_STREAMS_HPP
#define EVAC_BENCH_THROUGHPUT_STREAMS_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/measure.hpp"

namespace bench {

/// Ranks below n with probability in proportion to 1 / (rank + 1)^0.99: Gray et al., "Quickly generating billion-record
/// synthetic databases" (1994), as in YCSB.
class zipf_ranks {
 public:
  explicit zipf_ranks(std::size_t n)
      : n_(static_cast<double>(n)),
        zeta_(harmonic(n_)),
        eta_((1 - std::pow(2 / n_, 1 - theta)) / (1 - harmonic(2) / zeta_)) {}

  /// uniform: in [0, 1).
  [[nodiscard]] std::uint64_t operator()(double uniform) const {
    const double scaled = uniform * zeta_;
    if (scaled < 1) return 0;
    if (scaled < 1 + std::pow(0.5, theta)) return 1;
    const auto rank = static_cast<std::uint64_t>(n_ * std::pow(eta_ * uniform - eta_ + 1, 1 / (1 - theta)));
    return std::min(rank, static_cast<std::uint64_t>(n_) - 1);
  }

 private:
  static constexpr double theta = 0.99;
  // The sum of i^-theta up to n: the first terms one by one, the rest by Euler and Maclaurin.
  [[nodiscard]] static double harmonic(double n) {
    const double exact = std::min(n, 10000.0);
    double sum = 0;
    for (double i = 1; i <= exact; ++i) sum += std::pow(i, -theta);
    const auto integral = [](double x) { return std::pow(x, 1 - theta) / (1 - theta); };
    return sum + integral(n) - integral(exact) + (std::pow(n, -theta) - std::pow(exact, -theta)) / 2;
  }

  double n_;
  double zeta_;
  double eta_;
};

enum class skew { uniform, zipf };
inline constexpr std::array skews{skew::uniform, skew::zipf};
[[nodiscard]] inline const char* name_of(skew of) { return of == skew::uniform ? "uniform" : "zipf 0.99"; }

/// The keys are random_key(0 .. 2 * resident); every other one is there at first, so that half of the look-ups hit, and
/// as inserts and erases balance, this stays so.
[[nodiscard]] inline std::uint64_t resident_key(std::size_t index) { return random_key(2 * index); }

struct operations {
  static constexpr std::size_t length = std::size_t{1} << 22U;
  static constexpr std::size_t block = 64;  // between two looks at the clock
  std::vector<std::uint64_t> keys;
  // 0 to 99: below the share of updates it is one. The upper byte says whether it inserts or erases, another bit each
  // time that the stream begins again: the same would change nothing.
  std::vector<std::uint16_t> dice;

  operations(skew of, std::size_t resident, std::uint64_t seed) : keys(length), dice(length) {
    const zipf_ranks ranks(2 * resident);
    for (std::size_t i = 0; i < length; ++i) {
      const std::uint64_t random = random_key(~(seed * length + i));
      const std::uint64_t rank =
          of == skew::uniform ? random % (2 * resident) : ranks(static_cast<double>(random >> 11U) * 0x1p-53);
      keys[i] = random_key(rank);
      const std::uint64_t other = random_key(random);
      dice[i] = static_cast<std::uint16_t>(other % 100 + (other >> 56U << 8U));
    }
  }
};

/// A stream for each thread and skew. Made once for all maps: child processes share its memory.
struct streams {
  static constexpr std::size_t most_threads = 64;
  std::vector<operations> of[2];
  std::size_t resident;

  streams(std::size_t resident_keys, std::size_t threads) : resident(resident_keys) {
    for (const skew each : skews) {
      for (std::size_t t = 0; t < threads; ++t) of[static_cast<std::size_t>(each)].emplace_back(each, resident, 1 + t);
    }
  }
};

}  // namespace bench

#endif
