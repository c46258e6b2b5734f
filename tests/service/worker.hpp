// A thread of the service that tests/soak runs: its dice, the latencies of its calls, and what it has found wrong.
#ifndef EVAC_TESTS_SERVICE_WORKER_HPP
#define EVAC_TESTS_SERVICE_WORKER_HPP

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

#include "bench/support/histogram.hpp"

namespace service {

/// The maps of the service, in the order of its records.
enum class part : std::uint8_t { owned, sessions, hits, routes, seen, tags, cache };
inline constexpr std::array<const char*, 7> part_names = {"owned", "sessions", "hits", "routes",
                                                          "seen",  "tags",     "cache"};

using part_latencies = std::array<bench::latency_histogram, part_names.size()>;

/// Answers that were wrong. Workers count and print them; the end of the run is decided by the main thread.
class mistakes {
 public:
  static void require(bool holds, const char* sentence) {
    if (holds) return;
    if (count().fetch_add(1) < most_printed) std::fprintf(stderr, "soak: wrong: %s\n", sentence);
  }
  [[nodiscard]] static std::uint64_t seen() { return count().load(); }

 private:
  static constexpr std::uint64_t most_printed = 20;
  [[nodiscard]] static std::atomic<std::uint64_t>& count() {
    static std::atomic<std::uint64_t> seen = 0;
    return seen;
  }
};

/// Faults that a run can be asked for, to see that it fails.
enum class fault : std::uint8_t { none, leaked_values, old_guard, lost_update, slower_calls };

struct worker {
  worker(std::size_t position, std::uint64_t seed) : number(position), random(seed) {}

  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random() % bound; }
  [[nodiscard]] bool once_in(std::uint64_t times) { return below(times) == 0; }

  /// Calls `call`, and remembers how long it took. One call of a map.
  template <class Call>
  auto timed(part which, const Call& call) {
    const auto begin = std::chrono::steady_clock::now();
    auto result = call();
    const std::chrono::nanoseconds passed = std::chrono::steady_clock::now() - begin;
    latencies[static_cast<std::size_t>(which)].add(static_cast<std::uint64_t>(passed.count()));
    return result;
  }

  std::size_t number;
  std::mt19937_64 random;
  part_latencies latencies;
};

/// A number that a key determines, so that a value can be checked against its key.
[[nodiscard]] inline std::uint64_t mark_of(std::uint64_t key) { return (key ^ (key >> 29U)) * 0x9E3779B97F4A7C15U; }
/// A key longer than the strings that need no memory of their own.
[[nodiscard]] inline std::string name_of(const char* kind, std::uint64_t number) {
  return std::string(kind) + "/in/a/longer/name/" + std::to_string(number);
}

}  // namespace service

#endif
