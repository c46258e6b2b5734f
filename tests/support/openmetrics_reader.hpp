// A reader of OpenMetrics 1.0, as far as evac writes it: strict about what the format asks for.
#ifndef EVAC_TESTS_SUPPORT_OPENMETRICS_READER_HPP
#define EVAC_TESTS_SUPPORT_OPENMETRICS_READER_HPP

#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>

namespace evac_test {

struct read_family {
  std::string type;
  std::string unit;
  std::string help;
  /// By labels, unescaped: "map=orders" or "map=orders,shard=3".
  std::map<std::string, std::string> samples;
};

/// Throws std::runtime_error, with the line, where a page is not OpenMetrics.
class openmetrics_reader {
 public:
  explicit openmetrics_reader(const std::string& page) {
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
      expect(!ended_, line, "something after the end");
      if (line == "# EOF") {
        ended_ = true;
      } else if (line.rfind("# ", 0) == 0) {
        read_description(line);
      } else {
        read_sample(line);
      }
    }
    expect(ended_ && page.back() == '\n', "", "no end");
    for (const auto& [name, family] : families_) {
      expect(!family.type.empty() && !family.help.empty() && !family.samples.empty(), name, "an incomplete family");
    }
  }
  [[nodiscard]] const std::map<std::string, read_family>& families() const { return families_; }
  [[nodiscard]] std::string value(const std::string& family, const std::string& labels) const {
    return families_.at(family).samples.at(labels);
  }

 private:
  static void expect(bool condition, const std::string& line, const char* what) {
    if (!condition) throw std::runtime_error(std::string(what) + ": " + line);
  }
  void read_description(const std::string& line) {
    std::istringstream words(line);
    std::string hash;
    std::string keyword;
    std::string name;
    words >> hash >> keyword >> name;
    std::string rest;
    std::getline(words >> std::ws, rest);
    expect(!rest.empty(), line, "an empty description");
    if (name != current_) {
      expect(families_.count(name) == 0, line, "a family in two places");
      current_ = name;
    }
    read_family& family = families_[name];
    expect(family.samples.empty(), line, "a description behind samples");
    std::string& field = keyword == "HELP" ? family.help : keyword == "TYPE" ? family.type : family.unit;
    expect(keyword == "HELP" || keyword == "TYPE" || keyword == "UNIT", line, "an unknown keyword");
    expect(field.empty(), line, "a description given twice");
    field = rest;
    if (keyword == "TYPE") expect(rest == "gauge" || rest == "counter", line, "an unknown type");
    if (keyword == "UNIT") {
      expect(name.size() > rest.size() && name.substr(name.size() - rest.size() - 1) == '_' + rest, line,
             "a name that does not end with its unit");
    }
  }
  void read_sample(const std::string& line) {
    const std::size_t brace = line.find('{');
    expect(brace != std::string::npos, line, "a sample without labels");
    read_family& family = families_[current_];
    const bool counter = family.type == "counter";
    expect(line.substr(0, brace) == current_ + (counter ? "_total" : ""), line, "a sample of another family");
    std::size_t at = brace + 1;
    const std::string labels = read_labels(line, at);
    expect(line.compare(at, 2, "} ") == 0, line, "no value");
    const std::string value = line.substr(at + 2);
    expect(value.find_first_not_of("0123456789.") == std::string::npos && !value.empty(), line, "no number");
    expect(family.samples.emplace(labels, value).second, line, "a series given twice");
  }
  static std::string read_labels(const std::string& line, std::size_t& at) {
    std::string labels;
    std::set<std::string> names;
    for (;;) {
      const std::size_t equals = line.find("=\"", at);
      expect(equals != std::string::npos, line, "no label");
      const std::string name = line.substr(at, equals - at);
      expect(names.insert(name).second, line, "a label given twice");
      labels += name + '=';
      for (at = equals + 2; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] != '\\') {
          labels += line[at];
          continue;
        }
        const char escaped = line.at(++at);
        expect(escaped == '\\' || escaped == '"' || escaped == 'n', line, "an unknown escape");
        labels += escaped == 'n' ? '\n' : escaped;
      }
      expect(at < line.size(), line, "a label without an end");
      if (line.at(++at) != ',') return labels;
      labels += ',';
      ++at;
    }
  }

  std::map<std::string, read_family> families_;
  std::string current_;
  bool ended_ = false;
};

}  // namespace evac_test

#endif
