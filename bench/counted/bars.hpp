// Bars for counted operations: the recorded counts, which must not grow, and targets, which need not be reached yet.
#ifndef EVAC_BENCH_COUNTED_BARS_HPP
#define EVAC_BENCH_COUNTED_BARS_HPP

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "counted/callgrind.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"

namespace bench {

/// The most that an operation should take, with integers as keys; below 0 there is no target.
struct count_target {
  const char* map;
  const char* operation;
  double instructions;
  double mispredictions = -1;
};
inline constexpr std::array count_targets{
    count_target{"evac::map", "hit", 36},
    count_target{"evac::map", "miss", 34},
    count_target{"evac::map", "insert, reserved", 95},
    count_target{"evac::map", "insert, growing", 160, 0.6},
    count_target{"evac::map", "erase", 60, 0.1},
    count_target{"evac::sharded_map", "hit", 90},
    count_target{"evac::sharded_map", "miss", 90},
    count_target{"evac::sharded_map", "insert, reserved", 130},
    count_target{"evac::sharded_map", "erase", 105},
    count_target{"evac::sync_map", "hit", 90},
    count_target{"evac::sync_map", "miss", 90},
    count_target{"evac::sync_map", "store of a present key", 140},
    count_target{"evac::sync_map", "insert, reserved", 200},
    count_target{"evac::sync_map", "insert, growing", 300, 0.9},
    count_target{"evac::sync_map", "erase", 170},
};

/// What counting a look-up may take, beside the same one of a map that does not count.
inline constexpr double instructions_of_counting = 6;
inline constexpr std::string_view counted_suffix = ", counted";

/// One figure of one map's operation beside what was recorded for it and what it should be.
struct judged_count {
  std::string what;
  double counted;
  double recorded = invalid;  // not a number: not recorded, or not comparable
  double target = invalid;
  double tolerance = 0;  // by which it may exceed what was recorded
  [[nodiscard]] bool regressed() const { return counted > recorded + tolerance; }
  [[nodiscard]] bool above_target() const { return counted > target; }
  [[nodiscard]] std::string verdict() const {
    return regressed() ? "REGRESSED" : std::isnan(target) ? "" : above_target() ? "not yet" : "PASS";
  }
};

/// Instructions beyond the recorded ones that are no regression: for a look-up one, and a two-hundredth for what varies
/// with the keys; for other operations a fiftieth, because they allocate, and grow the table in steps that depend on
/// it.
[[nodiscard]] inline double instructions_tolerance(const std::string& operation, double recorded) {
  const bool looks_up = operation.starts_with("hit") || operation.starts_with("miss");
  return 1 + recorded / (looks_up ? 200 : 50);
}
/// The simulated predictor knows branches by their addresses, so that some share an entry in one build and not in the
/// next. With strings that makes up to two mispredictions an operation, in the hash function of Abseil's shared
/// library: there they are not judged.
[[nodiscard]] inline double mispredictions_tolerance(const std::string& keys, double recorded) {
  return keys == integer_keys ? 0.1 + recorded / 10 : std::numeric_limits<double>::infinity();
}

[[nodiscard]] inline std::string instructions_case(const operation_count& of) {
  return "instructions, " + of.keys + " / " + of.operation;
}
[[nodiscard]] inline std::string mispredictions_case(const operation_count& of) {
  return "mispredictions, " + of.keys + " / " + of.operation;
}

/// Instructions and mispredictions of each of evac's operations. `recorded` holds rows of another run, or none.
[[nodiscard]] inline std::vector<judged_count> judge(const std::vector<operation_count>& all,
                                                     const std::vector<result>& recorded) {
  const auto recorded_for = [&](const std::string& what, const std::string& map) {
    for (const result& each : recorded) {
      if (each.what == what && each.subject == map) return each.figures().median;
    }
    return invalid;
  };
  // The most that a look-up which is counted should take.
  const auto target_of_counting = [&](const operation_count& counting) {
    for (const operation_count& each : all) {
      if (each.keys == integer_keys && counting.keys == each.keys && counting.map == each.map &&
          counting.operation == each.operation + std::string(counted_suffix)) {
        return each.instructions + instructions_of_counting;
      }
    }
    return invalid;
  };
  std::vector<judged_count> judged;
  for (const operation_count& each : all) {
    if (!each.map.starts_with("evac::")) continue;
    const std::string name = each.map + ", " + each.keys + ", " + each.operation;
    judged_count instructions{name, each.instructions, recorded_for(instructions_case(each), each.map)};
    instructions.tolerance = instructions_tolerance(each.operation, instructions.recorded);
    instructions.target = target_of_counting(each);
    judged_count mispredictions{name + ", mispredictions", each.mispredictions,
                                recorded_for(mispredictions_case(each), each.map)};
    mispredictions.tolerance = mispredictions_tolerance(each.keys, mispredictions.recorded);
    for (const count_target& target : count_targets) {
      if (each.keys != integer_keys || each.map != target.map || each.operation != target.operation) continue;
      instructions.target = target.instructions;
      if (target.mispredictions >= 0) mispredictions.target = target.mispredictions;
    }
    judged.push_back(std::move(instructions));
    judged.push_back(std::move(mispredictions));
  }
  return judged;
}

/// Those with a target, as files of results keep them.
[[nodiscard]] inline std::vector<judged_bar> bars_of(const std::vector<judged_count>& judged) {
  std::vector<judged_bar> bars;
  for (const judged_count& each : judged) {
    if (std::isnan(each.target)) continue;
    bars.push_back({each.what, fixed(each.counted, 2), "at most", each.above_target() ? "not yet" : "PASS",
                    each.counted, each.target});
  }
  return bars;
}

}  // namespace bench

#endif
