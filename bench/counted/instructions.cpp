// Instructions and mispredicted branches of each operation, counted by callgrind: the same on every run and on a busy
// machine.
//
// Runs evac_bench_operations under valgrind and reads the file of counts that it leaves for each operation. What is
// counted is a loop over the keys, divided by their number; the branch predictor is callgrind's model.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "counted/counted.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"

namespace {

using namespace bench;
namespace files = std::filesystem;

struct counts {
  double instructions = 0;
  double mispredictions = 0;
};

/// A bound on one map's operation; below 0 there is none.
struct bar {
  const char* map;
  const char* operation;
  double instructions;
  double mispredictions = -1;
};

// What may not get worse: the counts before the faults of users' ways of using the maps were mended.
constexpr std::array bars{
    bar{"evac::map", "hit", 45},
    bar{"evac::map", "miss", 42},
    bar{"evac::map", "insert, reserved", 105},
    bar{"evac::map", "erase", 73},
    bar{"evac::sharded_map", "hit", 111},
    bar{"evac::sharded_map", "insert, reserved", 169},
    bar{"evac::sync_map", "hit", 122},
    bar{"evac::sync_map", "store of a present key", 171},
};

/// What a file of counts says: "desc: Trigger: Client Request: NAME" and "summary:", with the events "events:" names.
[[nodiscard]] std::optional<std::pair<std::string, counts>> read_counts(const files::path& path) {
  std::ifstream lines(path);
  std::string name;
  std::vector<std::string> events;
  std::map<std::string, double> sums;
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view trigger = "desc: Trigger: Client Request: ";
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (line.starts_with(trigger)) {
      name = line.substr(trigger.size());
    } else if (first == "events:") {
      for (std::string event; words >> event;) events.push_back(event);
    } else if (first == "summary:" || first == "totals:") {
      for (const std::string& event : events) words >> sums[event];
    }
  }
  if (name.empty() || sums["Ir"] == 0) return std::nullopt;
  return std::pair(name, counts{sums["Ir"] / static_cast<double>(counted_elements),
                                (sums["Bcm"] + sums["Bim"]) / static_cast<double>(counted_elements)});
}

/// Runs the program of operations under callgrind, its files in `folder`; false if it failed.
[[nodiscard]] bool run_counted(const files::path& program, const files::path& folder, const std::string& maps) {
  const std::string log = (folder / "log").string();
  const std::string command = "valgrind --tool=callgrind --branch-sim=yes --collect-atstart=no --callgrind-out-file='" +
                              (folder / "counts").string() + "' '" + program.string() + "' '" + maps + "' >'" + log +
                              "' 2>&1";
  if (std::system(command.c_str()) == 0) return true;  // NOLINT(cert-env33-c): valgrind is found as a shell finds it
  std::cerr << "evac_bench_instructions: this failed: " << command << '\n';
  std::ifstream said(log);
  std::cerr << said.rdbuf();
  return false;
}

struct settings {
  std::string maps, json;
};

/// "map / operation" -> what it took.
using table = std::map<std::pair<std::string, std::string>, counts>;

[[nodiscard]] table read_all(const files::path& folder, std::vector<std::string>& maps,
                             std::vector<std::string>& operations) {
  table all;
  const auto remember = [](std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (std::size_t part = 1;; ++part) {
    const files::path path = folder / ("counts." + std::to_string(part));
    if (!files::exists(path)) return all;
    const auto read = read_counts(path);
    if (!read) continue;
    const auto& [name, figures] = *read;
    const std::size_t slash = name.find(" / ");
    if (slash == std::string::npos) continue;
    remember(maps, name.substr(0, slash));
    remember(operations, name.substr(slash + 3));
    all[{name.substr(0, slash), name.substr(slash + 3)}] = figures;
  }
}

void print(const table& all, const std::vector<std::string>& maps, const std::vector<std::string>& operations) {
  std::vector<std::string> head{"instructions / mispredictions"};
  head.insert(head.end(), maps.begin(), maps.end());
  std::vector<std::vector<std::string>> rows;
  for (const std::string& operation : operations) {
    std::vector<std::string> row{operation};
    for (const std::string& map : maps) {
      const auto at = all.find({map, operation});
      row.push_back(at == all.end() ? "-"
                                    : fixed(at->second.instructions, 1) + " / " + fixed(at->second.mispredictions, 2));
    }
    rows.push_back(row);
  }
  print_table(std::cout, head, rows);
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(
      argc, argv, "Instructions and mispredicted branches of each operation, counted by valgrind's callgrind.",
      [](CLI::App&, settings&) {});
  std::string folder = (files::temp_directory_path() / "evac-counted-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    std::perror("evac_bench_instructions: no folder for the counts");
    return 1;
  }
  const files::path program = files::path(argv[0]).parent_path() / "evac_bench_operations";
  const bool ran = run_counted(files::absolute(program), folder, chosen.maps);
  std::vector<std::string> maps;
  std::vector<std::string> operations;
  const table all = ran ? read_all(folder, maps, operations) : table{};
  files::remove_all(folder);
  if (all.empty()) {
    if (ran) std::cerr << "evac_bench_instructions: valgrind has counted nothing\n";
    return 1;
  }
  print(all, maps, operations);

  results recorded("instructions");
  recorded.note("counted by callgrind --branch-sim=yes, " + std::to_string(counted_elements) +
                " keys, -O3 -march=haswell; per operation");
  for (const auto& [name, figures] : all) {
    recorded.add(name.second, "instructions", name.first, figures.instructions);
    recorded.add(name.second + ", mispredictions", "mispredictions", name.first, figures.mispredictions);
  }
  scoreboard board;
  for (const bar& each : bars) {
    const auto at = all.find({each.map, each.operation});
    if (at == all.end()) continue;
    const std::string what = std::string(each.map) + ", " + each.operation;
    board.enter(what, "instructions", at->second.instructions, each.instructions);
    if (each.mispredictions >= 0) {
      board.enter(what + ", mispredictions", "mispredictions", at->second.mispredictions, each.mispredictions);
    }
  }
  if (!chosen.json.empty() && !recorded.write_json(chosen.json, board.entries())) return 1;
  return board.missed() == 0 ? 0 : 3;
}
