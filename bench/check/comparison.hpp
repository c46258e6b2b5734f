// Checks of the files of results and of the comparison of two.
#ifndef EVAC_BENCH_CHECK_COMPARISON_HPP
#define EVAC_BENCH_CHECK_COMPARISON_HPP

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "check/require.hpp"
#include "support/comparison.hpp"
#include "support/results.hpp"

namespace bench {

struct one_row {
  const char* what;
  const char* unit;
  std::vector<double> rounds;
};
[[nodiscard]] inline results results_of(const std::vector<one_row>& rows) {
  results all("check");
  for (const one_row& row : rows) {
    for (const double value : row.rounds) all.add(row.what, row.unit, "evac::map", value);
  }
  return all;
}
[[nodiscard]] inline std::vector<std::string> names(const std::vector<change>& changes) {
  std::vector<std::string> all;
  for (const change& each : changes) all.push_back(each.after->what);
  return all;
}

inline const std::vector<one_row> old_rows{{"half the rate", "Mops", {100, 101, 102}},
                                           {"twice the rate", "Mops", {100, 101, 102}},
                                           {"twice the time", "ns", {10, 11, 12}},
                                           {"half the time", "ns", {10, 11, 12}},
                                           {"ranges overlap", "ns", {10, 11, 30}},
                                           {"apart, but by 3 %", "Mops", {100, 100, 100}},
                                           {"no matter how many", "elements", {100, 100, 100}},
                                           {"invalid now", "Mops", {100, 100, 100}},
                                           {"invalid before", "Mops", {100, invalid, 100}},
                                           {"old only", "ns", {1, 1, 1}}};
inline const std::vector<one_row> new_rows{
    {"half the rate", "Mops", {50, 51, 52}},       {"twice the rate", "Mops", {200, 201, 202}},
    {"twice the time", "ns", {30, 21, 22}},        {"half the time", "ns", {5, 5, 5}},
    {"ranges overlap", "ns", {29, 40, 50}},        {"apart, but by 3 %", "Mops", {97, 97, 97}},
    {"no matter how many", "elements", {1, 1, 1}}, {"invalid now", "Mops", {100, invalid, 100}},
    {"invalid before", "Mops", {1, 1, 1}},         {"new only", "ns", {1, 1, 1}}};

inline void check_comparison(const std::string& folder) {
  const std::string old_path = folder + "/check_old.json";
  const std::string new_path = folder + "/check_new.json";
  require("results can be written",
          results_of(old_rows).write_json(old_path) && results_of(new_rows).write_json(new_path));
  const recorded_results before = read_results(old_path);
  const recorded_results after = read_results(new_path);
  const comparison found = compare(before.rows, after.rows, 0.05);
  using list = std::vector<std::string>;
  require("what got slower is found, whether more or less is better, the worst first",
          names(found.worse) == list{"half the rate", "twice the time"} ||
              names(found.worse) == list{"twice the time", "half the rate"});
  require("what got faster is found", names(found.better).size() == 2);
  require("the worst comes first",
          found.worse.size() == 2 && found.worse[0].times_as_good <= found.worse[1].times_as_good);
  require("ranges that overlap and small differences are noise", found.alike == 2);
  require("a result that became invalid is named", names(found.invalid_now) == list{"invalid now"});
  require("what only one file has is counted", found.missing.size() == 1 && found.added.size() == 1);
  require("the least number of rounds is known", found.rounds == 3);
  const comparison same = compare(before.rows, before.rows, 0.05);
  require("nothing changes between a file and itself", same.worse.empty() && same.better.empty() && same.alike == 8);
  require("a file says what it was measured on", before.bench == "check" && !before.processor.empty() &&
                                                     !before.compiler.empty() && !before.flags.empty() &&
                                                     !before.commit.empty() && before.date.size() == 20);

  std::ofstream(old_path) << "{\"results\": []}";
  bool refused = false;
  try {
    static_cast<void>(read_results(old_path));
  } catch (const std::runtime_error& error) {
    refused = std::string(error.what()).find(old_path) != std::string::npos;
  }
  require("a file of another kind is refused by name", refused);
  std::remove(old_path.c_str());
  std::remove(new_path.c_str());
}

}  // namespace bench

#endif
