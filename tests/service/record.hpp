// The record of a soak: a line for each map and one for the process, each interval. Flat JSON objects, as
// tools/plot_map.py draws them.
#ifndef EVAC_TESTS_SERVICE_RECORD_HPP
#define EVAC_TESTS_SERVICE_RECORD_HPP

#include <cstddef>
#include <cstdlib>
#include <istream>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace service {

/// A figure over time. Times are in seconds.
struct series {
  std::vector<double> times;
  std::vector<double> values;
};

/// {"time":1.5,"map":"routes",<figures>}; `figures` is the inside of a JSON object.
inline void write_line(std::ostream& out, double time, std::string_view name, std::string_view figures) {
  out << "{\"time\":" << time << ",\"map\":\"" << name << "\"," << figures << "}\n";
}

/// What was recorded: figures by the name of the map and their own.
class record {
 public:
  /// Throws std::runtime_error for a line that write_line() would not write.
  [[nodiscard]] static record read(std::istream& in) {
    record result;
    for (std::string line; std::getline(in, line);) {
      if (!line.empty()) result.add(line);
    }
    return result;
  }

  /// Null if there is none of this name.
  [[nodiscard]] const series* find(const std::string& name, const std::string& figure) const {
    const auto found = figures_.find({name, figure});
    return found == figures_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const std::map<std::pair<std::string, std::string>, series>& all() const { return figures_; }

 private:
  void add(std::string_view line) {
    double time = 0;
    std::string name;
    for (std::string_view rest = line.substr(1); !rest.empty() && rest != "}";) {
      const std::size_t colon = rest.find("\":");
      const std::size_t end = rest.find_first_of(",}", colon == std::string_view::npos ? 0 : colon);
      if (rest.front() != '"' || colon == std::string_view::npos || end == std::string_view::npos) {
        throw std::runtime_error("not a line of a soak: " + std::string(line));
      }
      const std::string figure(rest.substr(1, colon - 1));
      const std::string text(rest.substr(colon + 2, end - colon - 2));
      rest = rest[end] == '}' ? std::string_view{} : rest.substr(end + 1);
      if (figure == "map") {
        name = text.substr(1, text.size() - 2);
      } else if (figure == "time") {
        time = std::strtod(text.c_str(), nullptr);
      } else {
        series& into = figures_[{name, figure}];
        into.times.push_back(time);
        into.values.push_back(std::strtod(text.c_str(), nullptr));
      }
    }
  }

  std::map<std::pair<std::string, std::string>, series> figures_;
};

}  // namespace service

#endif
