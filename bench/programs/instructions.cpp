// Instructions and mispredicted branches of each operation, counted by callgrind: the same on every run and on a busy
// machine.
//
// Runs evac_bench_operations under valgrind. A loop over the keys is counted and divided by their number; the branch
// predictor is callgrind's model. Then evac's counts stand beside those recorded in a file of results, and beside their
// targets. Status 3 if a count has grown beyond what was recorded; a target that is not reached yet is listed only.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "counted/bars.hpp"
#include "counted/callgrind.hpp"
#include "counted/counted.hpp"
#include "peers/peer_list.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"

#if EVAC_BENCH_HAS_BOOST_FLAT
#include <boost/version.hpp>
#endif

namespace {

using namespace bench;

struct settings {
  std::string maps, json, recorded;
};

/// A row for each map, a column for each operation: "instructions / mispredictions".
void print_counts(const std::vector<operation_count>& all, const std::string& keys) {
  std::vector<std::string> head{keys};
  std::vector<std::vector<std::string>> rows;
  const auto column_of = [&](const std::string& operation) {
    for (std::size_t i = 1; i < head.size(); ++i) {
      if (head[i] == operation) return i;
    }
    head.push_back(operation);
    return head.size() - 1;
  };
  for (const operation_count& each : all) {
    if (each.keys != keys) continue;
    if (rows.empty() || rows.back().front() != each.map) rows.push_back({each.map});
    const std::size_t column = column_of(each.operation);
    if (rows.back().size() <= column) rows.back().resize(column + 1, "-");
    rows.back()[column] = fixed(each.instructions, 1) + " / " + fixed(each.mispredictions, 2);
  }
  for (auto& row : rows) row.resize(head.size(), "-");
  print_table(std::cout, head, rows);
  std::cout << '\n';
}

[[nodiscard]] std::string cell(double value) { return std::isnan(value) ? "" : fixed(value, 2); }

/// Those with a target, and those that have regressed; returns how many have.
[[nodiscard]] int print_judged(const std::vector<judged_count>& judged) {
  std::vector<std::vector<std::string>> rows;
  int regressed = 0;
  for (const judged_count& each : judged) {
    if (each.verdict().empty()) continue;
    rows.push_back({each.what, cell(each.counted), cell(each.recorded), cell(each.target), each.verdict()});
    if (each.regressed()) ++regressed;
  }
  print_table(std::cout, {"bar", "counted", "recorded", "target", ""}, rows);
  std::cout << '\n' << regressed << " counts have grown beyond what was recorded\n";
  return regressed;
}

/// Recorded counts by the same compiler; counts by another one say nothing about these.
[[nodiscard]] std::vector<result> recorded_rows(const std::string& path, const std::string& compiler) {
  if (path.empty()) return {};
  recorded_results file = read_results(path);
  if (file.compiler == compiler) return std::move(file.rows);
  std::cout << path << " was recorded by " << file.compiler << ", this is " << compiler << ": not compared\n";
  return {};
}

void record(results& into, const std::vector<operation_count>& all) {
  into.note("Counted by callgrind --branch-sim=yes, " + std::to_string(counted_elements) +
            " keys, -march=haswell, as if on two processors");
#if EVAC_BENCH_HAS_BOOST_FLAT
  into.note("Boost " BOOST_LIB_VERSION);
#endif
  for (const auto& name : missing_of({{"boost::unordered_flat_map", EVAC_BENCH_HAS_BOOST_FLAT},
                                      {"boost::concurrent_flat_map", EVAC_BENCH_HAS_BOOST_CONCURRENT},
                                      {"tbb::concurrent_hash_map", EVAC_BENCH_HAS_TBB}})) {
    into.note("Without " + name + ", which was not found");
  }
  for (const operation_count& each : all) {
    into.add(instructions_case(each), "per operation", each.map, each.instructions);
  }
  for (const operation_count& each : all) {
    into.add(mispredictions_case(each), "per operation", each.map, each.mispredictions);
  }
}

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("--recorded", chosen.recorded, "file of results that these must not exceed");
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(
      argc, argv, "Instructions and mispredicted branches of each operation, counted by valgrind's callgrind.",
      add_own_options);
  try {
    const auto recorded = recorded_rows(chosen.recorded, compiler_text());
    const auto program = std::filesystem::absolute(argv[0]).parent_path() / "evac_bench_operations";
    const auto all = count_operations(program, chosen.maps);
    if (all.empty()) throw std::runtime_error("no map whose name contains " + chosen.maps);
    std::cout << "instructions / mispredicted branches per operation\n\n";
    print_counts(all, integer_keys);
    print_counts(all, string_keys);
    const auto judged = judge(all, recorded);
    const int regressed = print_judged(judged);
    results figures("instructions");
    record(figures, all);
    if (!chosen.json.empty() && !figures.write_json(chosen.json, bars_of(judged))) return 1;
    return regressed == 0 ? 0 : 3;
  } catch (const std::runtime_error& error) {
    std::cerr << "evac_bench_instructions: " << error.what() << '\n';
    return 1;
  }
}
