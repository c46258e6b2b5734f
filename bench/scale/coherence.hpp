// The price of sharing memory between cores: which threads hold a copy of which cache line, and the speed that follows.
//
//   line   holders, a bit for each thread     written: one is left     read: one more
//
// A read of a line that others hold, but not this thread, and a write to a line that others hold, wait for another
// core: a transfer, as in MESI with caches that never run out of room.
#ifndef EVAC_BENCH_SCALE_COHERENCE_HPP
#define EVAC_BENCH_SCALE_COHERENCE_HPP

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace bench {

inline constexpr unsigned line_bits = 6;

class line_directory {
 public:
  static constexpr std::size_t most_threads = 64;

  /// At first every thread has a copy of every line: as if all had read everything before.
  explicit line_directory(std::size_t threads) : everybody_(~std::uint64_t{0} >> (most_threads - threads)) {
    assert(threads >= 1 && threads <= most_threads);
  }

  /// Both return whether the line is transferred.
  bool read(std::size_t thread, std::uint64_t line) {
    state& at = of(line);
    if ((at.holders & bit(thread)) != 0) return false;
    at.holders |= bit(thread);
    ++at.transfers;
    return true;
  }
  bool write(std::size_t thread, std::uint64_t line) {
    state& at = of(line);
    if (at.holders == bit(thread)) return false;
    at.holders = bit(thread);
    ++at.transfers;
    return true;
  }

  /// Transfers of the line that was transferred most often since the start, or since restart_count().
  [[nodiscard]] std::uint64_t hottest() const {
    std::uint64_t most = 0;
    for (const auto& [line, at] : lines_) most = std::max(most, at.transfers);
    return most;
  }
  void restart_count() {
    for (auto& [line, at] : lines_) at.transfers = 0;
  }

 private:
  struct state {
    std::uint64_t holders;
    std::uint64_t transfers;
  };
  [[nodiscard]] static std::uint64_t bit(std::size_t thread) { return std::uint64_t{1} << thread; }
  [[nodiscard]] state& of(std::uint64_t line) { return lines_.try_emplace(line, state{everybody_, 0}).first->second; }

  std::uint64_t everybody_;
  absl::flat_hash_map<std::uint64_t, state> lines_;
};

/// Counts of one operation, on average over many.
struct operation_counts {
  double atomic_loads, atomic_stores, read_modify_writes;
  double shared_reads, shared_writes;  // those that are transfers, of atomics and of plain memory
  double hottest;                      // transfers of the line that has most of them
  [[nodiscard]] double transfers() const { return shared_reads + shared_writes; }
};

/// Million operations a second that so many cores should do: each operation takes its local work and then its transfers
/// one after the other; and the line that all threads want makes one transfer at a time. It assumes that a transfer
/// takes the same between any two cores. It leaves out: transfers that overlap each other or the work, caches that run
/// out of room, memory bandwidth, clocks that sink when more cores work, waiting for a lock that another thread holds,
/// lost exchanges, parking.
[[nodiscard]] inline double predicted_mops(std::size_t cores, double local_nanoseconds, const operation_counts& counts,
                                           double transfer_nanoseconds) {
  const double each = local_nanoseconds + counts.transfers() * transfer_nanoseconds;
  const double side_by_side = static_cast<double>(cores) / each * 1e3;
  if (counts.hottest == 0) return side_by_side;
  return std::min(side_by_side, 1e3 / (counts.hottest * transfer_nanoseconds));
}

}  // namespace bench

#endif
