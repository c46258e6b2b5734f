// What was measured: of each case and map one value a round.
#ifndef EVAC_BENCH_THROUGHPUT_RESULTS_HPP
#define EVAC_BENCH_THROUGHPUT_RESULTS_HPP

#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/measure.hpp"
#include "support/report.hpp"

namespace bench {

inline constexpr double invalid = std::numeric_limits<double>::quiet_NaN();

[[nodiscard]] inline double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += std::log(value);
  return values.empty() ? invalid : std::exp(sum / static_cast<double>(values.size()));
}

class results {
 public:
  /// A value that is no number is a result that failed its own check: it makes the whole case of that map invalid.
  void add(const std::string& what, const std::string& unit, const std::string& map, double value) {
    auto [at, fresh] = index_.try_emplace({what, map}, rows_.size());
    if (fresh) rows_.push_back({what, unit, map, {}});
    rows_[at->second].values.push_back(value);
  }
  [[nodiscard]] summary of(const std::string& what, const std::string& map) const {
    const auto at = index_.find({what, map});
    if (at == index_.end()) return {invalid, invalid, invalid};
    for (const double value : rows_[at->second].values) {
      if (std::isnan(value)) return {invalid, invalid, invalid};
    }
    return summarise(rows_[at->second].values);
  }
  [[nodiscard]] double median(const std::string& what, const std::string& map) const { return of(what, map).median; }

  /// "median (least-most)"
  [[nodiscard]] std::string cell(const std::string& what, const std::string& map, int digits = 1) const {
    const summary found = of(what, map);
    if (std::isnan(found.median)) return "-";
    return fixed(found.median, digits) + " (" + fixed(found.least, digits) + "-" + fixed(found.most, digits) + ")";
  }

  void write_json(const std::string& path) const {
    std::ofstream out(path);
    out << "{\n  \"processor\": \"" << processor()
        << "\",\n  \"hardware_threads\": " << std::thread::hardware_concurrency() << ",\n  \"compiler\": \""
        << __VERSION__ << "\",\n  \"results\": [";
    const char* separator = "\n";
    for (const row& each : rows_) {
      out << separator << "    {\"case\": \"" << each.what << "\", \"unit\": \"" << each.unit << "\", \"map\": \""
          << each.map << "\", \"rounds\": [";
      for (std::size_t i = 0; i < each.values.size(); ++i) {
        out << (i == 0 ? "" : ", ");
        if (std::isnan(each.values[i])) {
          out << "null";
        } else {
          out << each.values[i];
        }
      }
      out << "]}";
      separator = ",\n";
    }
    out << "\n  ]\n}\n";
  }

  [[nodiscard]] static std::string processor() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
      if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    }
    return "unknown";
  }

 private:
  struct row {
    std::string what, unit, map;
    std::vector<double> values;
  };
  std::vector<row> rows_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
};

}  // namespace bench

#endif
