// The judgement over the record of a soak: straight lines through its figures, and a comparison with an earlier run.
//
//   slopes     memory, retired bytes and p99.9, each by least squares over what follows the warm-up. A figure has risen
//              if its line rises by more than a bound over that time, and by more than three standard errors of it.
//   baseline   the mean of each of these figures over the same window of an earlier run: flagged if this run's mean is
//              above it by more than 2.5 standard deviations of the earlier run's samples (or of a hundredth of the
//              mean, if those scatter less)
#ifndef EVAC_TESTS_SERVICE_JUDGEMENT_HPP
#define EVAC_TESTS_SERVICE_JUDGEMENT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "service/record.hpp"

namespace service {

struct line_fit {
  std::size_t samples = 0;
  double begin = 0;  ///< the line's value at the first sample
  double rise = 0;   ///< from there to the last one
  double error = 0;  ///< standard error of the rise
};

/// The samples that lie between two times.
[[nodiscard]] inline series window_of(const series& all, double from, double to) {
  series result;
  for (std::size_t i = 0; i < all.times.size(); ++i) {
    if (all.times[i] < from || all.times[i] > to) continue;
    result.times.push_back(all.times[i]);
    result.values.push_back(all.values[i]);
  }
  return result;
}

[[nodiscard]] inline double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

/// By least squares. Of fewer than three samples, or of samples at one time, the error is infinite.
[[nodiscard]] inline line_fit fit_line(const series& of) {
  line_fit result;
  result.samples = of.times.size();
  result.error = std::numeric_limits<double>::infinity();
  const double time = mean_of(of.times);
  const double value = mean_of(of.values);
  double spread = 0;
  double common = 0;
  for (std::size_t i = 0; i < of.times.size(); ++i) {
    spread += (of.times[i] - time) * (of.times[i] - time);
    common += (of.times[i] - time) * (of.values[i] - value);
  }
  if (of.times.size() < 3 || spread <= 0) return result;
  const double slope = common / spread;
  double residue = 0;
  for (std::size_t i = 0; i < of.times.size(); ++i) {
    const double off = of.values[i] - value - slope * (of.times[i] - time);
    residue += off * off;
  }
  const double length = of.times.back() - of.times.front();
  result.begin = value + slope * (of.times.front() - time);
  result.rise = slope * length;
  result.error = std::sqrt(residue / static_cast<double>(of.times.size() - 2) / spread) * length;
  return result;
}

[[nodiscard]] inline bool has_risen(const line_fit& line, double bound) {
  return line.rise > bound && line.rise > 3 * line.error;
}

/// How much each figure may rise after the warm-up. docs/soak.md says why so much.
struct bounds {
  double memory_bytes = 0;
  double retired_bytes = 0;
  double latency_ns = 0;
  double warm_up = 0.25;  ///< the part of the time that is not judged
};

struct finding {
  std::string text;
  bool fails = false;    ///< a figure has risen
  bool flagged = false;  ///< a figure is above that of the baseline
};

struct judged_figure {
  const char* figure;
  double bounds::* bound;
  const char* unit;
  double per_unit;
};
inline constexpr judged_figure judged_figures[] = {
    {"resident_bytes", &bounds::memory_bytes, "KiB", 1024},
    {"retired_bytes", &bounds::retired_bytes, "KiB", 1024},
    {"p999_ns", &bounds::latency_ns, "us", 1000},
};

[[nodiscard]] inline std::string in_units(double value, const judged_figure& of) {
  return std::to_string(std::llround(value / of.per_unit)) + " " + of.unit;
}

/// Whether a figure of a map is judged, and how; null if it is not. A map without a domain has no retired bytes.
[[nodiscard]] inline const judged_figure* judged_as(const record& run, const std::string& name,
                                                    const std::string& figure) {
  for (const judged_figure& each : judged_figures) {
    if (figure != each.figure) continue;
    const series* const cap = figure == "retired_bytes" ? run.find(name, "cap_bytes") : nullptr;
    return cap != nullptr && mean_of(cap->values) <= 0 ? nullptr : &each;
  }
  return nullptr;
}

/// The least number of samples after the warm-up that a line is fitted to.
inline constexpr std::size_t least_samples = 5;

[[nodiscard]] inline std::vector<finding> judge_slopes(const record& run, const bounds& allowed) {
  std::vector<finding> result;
  for (const auto& [names, all] : run.all()) {
    const judged_figure* const judged = judged_as(run, names.first, names.second);
    if (judged == nullptr) continue;
    const double bound = allowed.*judged->bound;
    const double end = all.times.back();
    const line_fit line = fit_line(window_of(all, end * allowed.warm_up, end));
    finding next;
    next.fails = line.samples < least_samples || has_risen(line, bound);
    next.text = names.first + ": " + names.second + " begins at " + in_units(line.begin, *judged) + ", rises by " +
                in_units(line.rise, *judged) + " (standard error " + in_units(line.error, *judged) + ", allowed " +
                in_units(bound, *judged) + ") in " + std::to_string(line.samples) + " samples";
    if (line.samples < least_samples) next.text += ": too few";
    result.push_back(next);
  }
  return result;
}

[[nodiscard]] inline std::vector<finding> compare(const record& run, const record& baseline, double warm_up) {
  std::vector<finding> result;
  for (const auto& [names, all] : run.all()) {
    const judged_figure* const judged = judged_as(run, names.first, names.second);
    const series* const before = baseline.find(names.first, names.second);
    if (judged == nullptr || before == nullptr) continue;
    const double end = std::min(all.times.back(), before->times.back());
    const series now = window_of(all, end * warm_up, end);
    const series then = window_of(*before, end * warm_up, end);
    const double mean = mean_of(then.values);
    double squares = 0;
    for (const double value : then.values) squares += (value - mean) * (value - mean);
    const double scatter =
        then.values.size() < 2 ? 0 : std::sqrt(squares / static_cast<double>(then.values.size() - 1));
    const double sigma = std::max(scatter, mean / 100);
    finding next;
    next.flagged = now.values.empty() || then.values.empty() || mean_of(now.values) > mean + 2.5 * sigma;
    next.text = names.first + ": " + names.second + " is " + in_units(mean_of(now.values), *judged) + ", was " +
                in_units(mean, *judged) + " (sigma " + in_units(sigma, *judged) + ")";
    result.push_back(next);
  }
  return result;
}

}  // namespace service

#endif
