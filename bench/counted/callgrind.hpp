// Runs a program under callgrind and reads the counts of each of its operations.
#ifndef EVAC_BENCH_COUNTED_CALLGRIND_HPP
#define EVAC_BENCH_COUNTED_CALLGRIND_HPP

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "counted/counted.hpp"

namespace bench {

/// One operation of one map, per operation.
struct operation_count {
  std::string keys, map, operation;
  double instructions = 0;
  double mispredictions = 0;
};

/// A folder of its own for the files of one run; removed at the end.
class temporary_folder {
 public:
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "evac-counted-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for the counts");
    path_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A file of counts has "desc: Trigger: Client Request: KEYS / MAP / OPERATION", "events: NAME..." and "summary:" or
/// "totals:" with a number for each event.
[[nodiscard]] inline std::optional<operation_count> read_counts(const std::filesystem::path& path) {
  std::ifstream lines(path);
  std::string label;
  std::vector<std::string> events;
  std::map<std::string, double> sums;
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view trigger = "desc: Trigger: Client Request: ";
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (line.starts_with(trigger)) {
      label = line.substr(trigger.size());
    } else if (first == "events:") {
      for (std::string event; words >> event;) events.push_back(event);
    } else if (first == "summary:" || first == "totals:") {
      for (const std::string& event : events) words >> sums[event];
    }
  }
  constexpr std::string_view between = " / ";
  const std::size_t one = label.find(between);
  const std::size_t two = label.find(between, one + 1);
  if (one == std::string::npos || two == std::string::npos || sums["Ir"] == 0) return std::nullopt;
  const auto each = static_cast<double>(counted_elements);
  return operation_count{label.substr(0, one), label.substr(one + between.size(), two - one - between.size()),
                         label.substr(two + between.size()), sums["Ir"] / each, (sums["Bcm"] + sums["Bim"]) / each};
}

/// The counts of all operations that `program` runs on the maps whose names contain `maps`, in its order. Throws
/// std::runtime_error, with what the program printed, if it failed.
[[nodiscard]] inline std::vector<operation_count> count_operations(const std::filesystem::path& program,
                                                                   const std::string& maps) {
  const temporary_folder folder;
  const std::string log = (folder.path() / "log").string();
  // An environment of known size: the stack begins behind it.
  const std::string command = "env -i PATH=\"$PATH\" valgrind --tool=callgrind --branch-sim=yes --collect-atstart=no" +
                              (" --callgrind-out-file='" + (folder.path() / "counts").string()) + "' '" +
                              program.string() + "' '" + maps + "' >'" + log + "' 2>&1";
  if (std::system(command.c_str()) != 0) {  // NOLINT(cert-env33-c): valgrind is found as a shell finds it
    std::ifstream printed(log);
    std::ostringstream text;
    text << printed.rdbuf();
    throw std::runtime_error("this failed: " + command + '\n' + text.str());
  }
  std::vector<operation_count> all;
  for (std::size_t part = 1;; ++part) {
    const std::filesystem::path path = folder.path() / ("counts." + std::to_string(part));
    if (!std::filesystem::exists(path)) return all;
    if (auto read = read_counts(path)) all.push_back(std::move(*read));
  }
}

}  // namespace bench

#endif
