// Checks of counted accesses to memory and of the predictions from them.
#ifndef EVAC_BENCH_CHECK_SCALE_HPP
#define EVAC_BENCH_CHECK_SCALE_HPP

#include <cmath>
#include <cstddef>
#include <string>

#include "check/require.hpp"
#include "scale/coherence.hpp"
#include "scale/counted_mixes.hpp"

namespace bench {

inline void check_lines() {
  line_directory lines(3);
  std::size_t transfers = 0;
  for (std::size_t i = 0; i < 30; ++i) transfers += lines.read(i % 3, i % 5) ? 1 : 0;
  require("lines that are only read are not transferred", transfers == 0);
  for (std::size_t i = 0; i < 10; ++i) transfers += lines.write(i % 2, 7) ? 1 : 0;
  require("when two threads write a line in turn, every write is a transfer", transfers == 10);
  require("the hottest line is the one that is transferred most", lines.hottest() == 10);
  transfers = 0;
  for (std::size_t i = 0; i < 10; ++i) transfers += lines.write(1, 7) ? 1 : 0;
  require("a thread that wrote a line last writes it again for nothing", transfers == 0 && lines.hottest() == 10);
  for (std::size_t i = 0; i < 10; ++i) transfers += lines.read(2, 7) ? 1 : 0;
  require("after another thread's write the first read is a transfer, the next ones are not", transfers == 1);
  require("a write to a line that somebody has read since the last one is a transfer", lines.write(1, 7));
  lines.restart_count();
  require("a new count begins at 0", lines.hottest() == 0);
  require("and forgets no holders", !lines.write(1, 7) && lines.read(0, 7) && lines.hottest() == 1);
  line_directory most(line_directory::most_threads);
  require("64 threads have a bit each",
          !most.read(63, 0) && most.write(63, 0) && !most.write(63, 0) && most.read(62, 0));
  line_directory alone(1);
  require("one thread transfers nothing", !alone.write(0, 0) && !alone.read(0, 0));
}

inline void check_model() {
  const auto close = [](double told, double right) { return std::abs(told - right) < 1e-9 * right; };
  const operation_counts nothing{};
  require("without transfers each core adds the speed of one", close(predicted_mops(64, 20, nothing, 50), 64 * 50.0));
  operation_counts counts{};
  counts.shared_reads = 1;
  counts.shared_writes = 0.5;
  require("transfers add to the time of an operation", close(predicted_mops(4, 25, counts, 50), 4 * 10.0));
  counts.hottest = 0.5;
  require("the hottest line bounds the rate", close(predicted_mops(64, 25, counts, 50), 40));
  require("the hottest line bounds nothing that is slower", close(predicted_mops(2, 25, counts, 50), 20));
}

#ifdef EVAC_BENCH_HAS_COUNTS
[[nodiscard]] inline operation_counts counted(counted_map map, std::size_t threads, unsigned updates) {
  counted_mix mix;
  mix.resident = 1000;
  mix.threads = threads;
  mix.updates = updates;
  mix.unrecorded = 20'000;
  mix.recorded = 10'000;
  const auto counts = count_mix(map, mix);
  require(std::string(name_of(map)) + " is counted", counts.has_value());
  return counts.value_or(operation_counts{});
}

inline void check_counts() {
  for (const counted_map map : counted_maps) {
    const std::string name = name_of(map);
    const operation_counts reads = counted(map, 4, 0);
    require("reading " + name + " is seen", reads.atomic_loads >= 1);
    require("reading " + name + " takes no line from anybody", reads.transfers() == 0 && reads.hottest == 0);
    require("reading " + name + " takes no read-modify-write", reads.read_modify_writes == 0);
    const operation_counts alone = counted(map, 1, 50);
    require("one thread takes no line from anybody", alone.transfers() == 0);
    require("updating " + name + " takes read-modify-writes", alone.read_modify_writes > 0.4);
    const operation_counts updates = counted(map, 4, 50);
    require("updating " + name + " by several threads moves lines", updates.shared_writes > 0.1);
    require("no line of " + name + " is moved more often than all", updates.hottest < updates.transfers());
  }
  // Half of the updates find something to do; each of these takes the lock of its shard with one exchange and leaves it
  // with another, and so do reads, as the lock is never long without a writer.
  const double locked = counted(counted_map::sharded, 2, 50).read_modify_writes;
  require("an operation on evac::sharded_map takes one lock", locked >= 2 && locked < 2.1);
}
#endif

}  // namespace bench

#endif
