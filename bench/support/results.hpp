// Results of a benchmark: one value a round for each case and each map (or lock), with machine, compiler and date.
#ifndef EVAC_BENCH_SUPPORT_RESULTS_HPP
#define EVAC_BENCH_SUPPORT_RESULTS_HPP

#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/measure.hpp"
#include "support/report.hpp"
#include "support/scoreboard.hpp"

namespace bench {

inline constexpr double invalid = std::numeric_limits<double>::quiet_NaN();

[[nodiscard]] inline double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += std::log(value);
  return values.empty() ? invalid : std::exp(sum / static_cast<double>(values.size()));
}

/// Whether more or less of a unit is better.
enum class better { more, less, neither };
[[nodiscard]] better better_of(const std::string& unit);

struct result {
  std::string what, unit, subject;
  std::vector<double> rounds;
  /// A value that is no number is a result that failed its own check: it makes the whole row invalid.
  [[nodiscard]] summary figures() const {
    for (const double value : rounds) {
      if (std::isnan(value)) return {invalid, invalid, invalid};
    }
    return rounds.empty() ? summary{invalid, invalid, invalid} : summarise(rounds);
  }
};

/// "median (least-most)"
[[nodiscard]] inline std::string text_of(const summary& figures, int digits = 1) {
  if (std::isnan(figures.median)) return "-";
  return fixed(figures.median, digits) + " (" + fixed(figures.least, digits) + "-" + fixed(figures.most, digits) + ")";
}

class results {
 public:
  /// bench: the name of the program, without evac_bench_.
  explicit results(std::string bench) : bench_(std::move(bench)) {}

  void add(const std::string& what, const std::string& unit, const std::string& subject, double value) {
    auto [at, fresh] = index_.try_emplace({what, subject}, rows_.size());
    if (fresh) rows_.push_back({what, unit, subject, {}});
    rows_[at->second].rounds.push_back(value);
  }
  [[nodiscard]] const result* find(const std::string& what, const std::string& subject) const {
    const auto at = index_.find({what, subject});
    return at == index_.end() ? nullptr : &rows_[at->second];
  }
  [[nodiscard]] summary of(const std::string& what, const std::string& subject) const {
    const result* const found = find(what, subject);
    return found == nullptr ? summary{invalid, invalid, invalid} : found->figures();
  }
  [[nodiscard]] double median(const std::string& what, const std::string& subject) const {
    return of(what, subject).median;
  }
  [[nodiscard]] std::string cell(const std::string& what, const std::string& subject, int digits = 1) const {
    return text_of(of(what, subject), digits);
  }
  [[nodiscard]] const std::vector<result>& rows() const { return rows_; }
  [[nodiscard]] bool all_valid() const {
    for (const result& each : rows_) {
      if (std::isnan(each.figures().median)) return false;
    }
    return true;
  }

  /// A remark that belongs to the figures: how they were counted, which maps were left out.
  void note(const std::string& sentence) { notes_.push_back(sentence); }

  /// Writes the file that bench/compare and bench/run --document read; false, with a message, if it cannot be written.
  bool write_json(const std::string& path, const std::vector<judged_bar>& bars = {}) const;

 private:
  std::string bench_;
  double load_ = load_average();
  std::string started_ = now();
  std::vector<result> rows_;
  std::vector<std::string> notes_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;

  [[nodiscard]] static double load_average();
  [[nodiscard]] static std::string now();
};

/// The compiler that has built this, as write_json() names it.
[[nodiscard]] std::string compiler_text();

/// The file that write_json() wrote.
struct recorded_results {
  std::string bench, processor, system, compiler, flags, commit, date;
  std::size_t hardware_threads = 0;
  std::size_t memory_mebibytes = 0;
  double load_before = 0;
  double load_after = 0;
  std::vector<result> rows;
  std::vector<std::string> notes;  // none in files of before there were any, as of the bars
  std::vector<judged_bar> bars;
};
/// Throws std::runtime_error, whose text names the file, if that is no file of results.
[[nodiscard]] recorded_results read_results(const std::string& path);

}  // namespace bench

#endif
