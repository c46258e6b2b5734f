// Changes between two files of results, beyond the differences among the rounds of each.
#ifndef EVAC_BENCH_SUPPORT_COMPARISON_HPP
#define EVAC_BENCH_SUPPORT_COMPARISON_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "support/results.hpp"

namespace bench {

struct change {
  const result* before;
  const result* after;
  double times_as_good;  // above 1: better than before, below: worse
};

struct comparison {
  std::vector<change> worse, better;      // the largest change first
  std::vector<change> invalid_now;        // failed the check of its result, but not before
  std::vector<const result*> missing;     // only in the old file
  std::vector<const result*> added;       // only in the new one
  std::size_t alike = 0;                  // compared, and within noise
  std::size_t rounds = 0;                 // the least of any row compared: with one there is no telling what noise is
  std::map<std::string, double> average;  // of times_as_good, the geometric mean over the cases of a subject
};

/// A row has changed if its medians differ by more than `noise` (0.05: 5 %) and no round of one file is as good or bad
/// as any of the other. Pointers are into the arguments.
[[nodiscard]] inline comparison compare(const std::vector<result>& before, const std::vector<result>& after,
                                        double noise) {
  using key = std::tuple<std::string, std::string, std::string>;
  const auto key_of = [](const result& row) { return key{row.what, row.unit, row.subject}; };
  std::map<key, const result*> known;
  for (const result& row : before) known[key_of(row)] = &row;
  comparison found;
  std::map<std::string, std::vector<double>> ratios;
  for (const result& row : after) {
    const auto at = known.find(key_of(row));
    if (at == known.end()) {
      found.added.push_back(&row);
      continue;
    }
    const result* const old = at->second;
    known.erase(at);
    const better direction = better_of(row.unit);
    const summary was = old->figures();
    const summary is = row.figures();
    if (direction == better::neither || std::isnan(was.median)) continue;
    if (std::isnan(is.median)) {
      found.invalid_now.push_back({old, &row, invalid});
      continue;
    }
    found.rounds =
        std::min(found.rounds == 0 ? row.rounds.size() : found.rounds, std::min(row.rounds.size(), old->rounds.size()));
    const double grown = was.median == is.median ? 1 : is.median / was.median;
    const double ratio = direction == better::more ? grown : 1 / grown;
    if (std::isfinite(ratio) && ratio > 0) ratios[row.subject].push_back(ratio);
    const bool apart = is.least > was.most || is.most < was.least;
    if (!apart || (ratio >= 1 - noise && ratio <= 1 / (1 - noise))) {
      ++found.alike;
    } else {
      (ratio < 1 ? found.worse : found.better).push_back({old, &row, ratio});
    }
  }
  for (const result& row : before) {
    if (known.contains(key_of(row))) found.missing.push_back(&row);
  }
  for (const auto& [subject, all] : ratios) found.average[subject] = geometric_mean(all);
  std::sort(found.worse.begin(), found.worse.end(),
            [](const change& a, const change& b) { return a.times_as_good < b.times_as_good; });
  std::sort(found.better.begin(), found.better.end(),
            [](const change& a, const change& b) { return a.times_as_good > b.times_as_good; });
  return found;
}

}  // namespace bench

#endif
