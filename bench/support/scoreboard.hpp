// Bars: figures beside their bounds, and verdicts.
#ifndef EVAC_BENCH_SUPPORT_SCOREBOARD_HPP
#define EVAC_BENCH_SUPPORT_SCOREBOARD_HPP

#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include "support/report.hpp"

namespace bench {

/// A figure beside its bound, and whether it keeps to it: PASS, MISS or invalid.
struct judged_bar {
  std::string bar, figures, relation, verdict;
  double measured, bound;
};

class scoreboard {
 public:
  /// `measured` against at most `allowed`; both are ratios or figures of the unit that `bar` names.
  void enter(const std::string& bar, const std::string& figures, double measured, double allowed) {
    judge(bar, figures, measured, "at most", allowed, measured <= allowed);
  }
  void enter_at_least(const std::string& bar, const std::string& figures, double measured, double wanted) {
    judge(bar, figures, measured, "at least", wanted, measured >= wanted);
  }
  [[nodiscard]] int missed() const { return missed_; }
  [[nodiscard]] const std::vector<judged_bar>& entries() const { return entries_; }

 private:
  void judge(const std::string& bar, const std::string& figures, double measured, const char* relation, double bound,
             bool holds) {
    const bool valid = std::isfinite(measured) && measured > 0;
    const std::string verdict = !valid ? "invalid" : holds ? "PASS" : "MISS";
    std::cout << bar << ": " << figures << " | measured " << (valid ? fixed(measured, 3) : "-") << ", " << relation
              << ' ' << fixed(bound, 3) << " | " << verdict << std::endl;
    entries_.push_back({bar, figures, relation, verdict, measured, bound});
    if (verdict != "PASS") ++missed_;
  }

  int missed_ = 0;
  std::vector<judged_bar> entries_;
};

}  // namespace bench

#endif
