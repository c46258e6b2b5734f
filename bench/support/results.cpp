#include "support/results.hpp"

#include <sys/utsname.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>
#include <utility>

namespace bench {
namespace {

constexpr int format = 1;

[[nodiscard]] std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  utsname system{};
  return ::uname(&system) == 0 ? system.machine : "unknown";
}

[[nodiscard]] std::string system_text() {
  utsname system{};
  return ::uname(&system) == 0 ? std::string(system.sysname) + ' ' + system.release : "unknown";
}

[[nodiscard]] std::size_t memory_mebibytes() {
  return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) >> 20U;
}

/// The commit of the sources as they are now, which may be newer than when the build was configured.
[[nodiscard]] std::string commit() {
  const std::string command = "git -C '" EVAC_BENCH_SOURCE_DIR "' describe --always --dirty --abbrev=12 2>/dev/null";
  const auto close = [](std::FILE* file) { ::pclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> answer(::popen(command.c_str(), "r"), close);
  std::array<char, 200> line{};
  if (!answer || std::fgets(line.data(), line.size(), answer.get()) == nullptr) return "unknown";
  std::string text = line.data();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "unknown" : text;
}

[[nodiscard]] const char* text_of(better direction) {
  switch (direction) {
    case better::more:
      return "more";
    case better::less:
      return "less";
    case better::neither:
      break;
  }
  return "neither";
}

}  // namespace

std::string compiler_text() {
#if defined(__clang__)
  return __VERSION__;
#else
  return "GCC " __VERSION__;
#endif
}

better better_of(const std::string& unit) {
  if (unit == "elements") return better::neither;
  return unit == "Mops" || unit == "% found" || unit.starts_with("million") ? better::more : better::less;
}

double results::load_average() {
  double one_minute = 0;
  return ::getloadavg(&one_minute, 1) == 1 ? one_minute : 0;
}

std::string results::now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

bool results::write_json(const std::string& path, const std::vector<judged_bar>& bars) const {
  nlohmann::ordered_json file;
  file["format"] = format;
  file["bench"] = bench_;
  file["date"] = started_;
  file["commit"] = commit();
  file["processor"] = processor();
  file["hardware_threads"] = std::thread::hardware_concurrency();
  file["memory_mebibytes"] = memory_mebibytes();
  file["system"] = system_text();
  file["compiler"] = compiler_text();
  file["flags"] = EVAC_BENCH_FLAGS;
  file["load_average"] = {{"before", load_}, {"after", load_average()}};
  file["notes"] = notes_;
  auto& judged = file["bars"] = nlohmann::ordered_json::array();
  for (const judged_bar& each : bars) {
    judged.push_back({{"bar", each.bar},
                      {"figures", each.figures},
                      {"measured", each.measured},
                      {"relation", each.relation},
                      {"bound", each.bound},
                      {"verdict", each.verdict}});
  }
  std::string head = file.dump(1);
  head.resize(head.size() - 2);  // but for the end of the object
  std::ofstream out(path);
  out << head << ",\n \"results\": [";
  const char* separator = "\n";
  for (const result& each : rows_) {
    // A value that is no number is written as null. A line each: files are compared.
    const nlohmann::ordered_json row{{"case", each.what},
                                     {"unit", each.unit},
                                     {"better", text_of(better_of(each.unit))},
                                     {"subject", each.subject},
                                     {"rounds", each.rounds}};
    out << std::exchange(separator, ",\n") << "  " << row.dump();
  }
  out << "\n ]\n}\n";
  if (out.flush()) return true;
  std::cerr << "cannot write " << path << '\n';
  return false;
}

recorded_results read_results(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + " cannot be read");
  try {
    const auto file = nlohmann::json::parse(in);
    if (file.at("format").get<int>() != format) throw std::runtime_error(path + " is of another format");
    recorded_results all;
    file.at("bench").get_to(all.bench);
    file.at("processor").get_to(all.processor);
    file.at("system").get_to(all.system);
    file.at("hardware_threads").get_to(all.hardware_threads);
    file.at("memory_mebibytes").get_to(all.memory_mebibytes);
    file.at("compiler").get_to(all.compiler);
    file.at("flags").get_to(all.flags);
    file.at("commit").get_to(all.commit);
    file.at("date").get_to(all.date);
    file.at("load_average").at("before").get_to(all.load_before);
    file.at("load_average").at("after").get_to(all.load_after);
    for (const auto& each : file.value("notes", nlohmann::json::array())) all.notes.push_back(each.get<std::string>());
    for (const auto& each : file.value("bars", nlohmann::json::array())) {
      const auto number = [&](const char* name) {
        return each.at(name).is_null() ? invalid : each.at(name).get<double>();
      };
      all.bars.push_back({each.at("bar").get<std::string>(), each.at("figures").get<std::string>(),
                          each.at("relation").get<std::string>(), each.at("verdict").get<std::string>(),
                          number("measured"), number("bound")});
    }
    for (const auto& each : file.at("results")) {
      result row{each.at("case").get<std::string>(),
                 each.at("unit").get<std::string>(),
                 each.at("subject").get<std::string>(),
                 {}};
      for (const auto& value : each.at("rounds")) row.rounds.push_back(value.is_null() ? invalid : value.get<double>());
      all.rows.push_back(std::move(row));
    }
    return all;
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(path + " is no file of results: " + error.what());
  }
}

}  // namespace bench
