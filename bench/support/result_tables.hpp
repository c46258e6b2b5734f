// Results as tables of text: cases that belong together share a table, and each map stands beside the ratios to it.
#ifndef EVAC_BENCH_SUPPORT_RESULT_TABLES_HPP
#define EVAC_BENCH_SUPPORT_RESULT_TABLES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"

namespace bench {

// ---- text

/// Three digits or more, so that a ratio of a few percent can be seen.
[[nodiscard]] inline std::string number_text(double value) {
  if (std::isnan(value)) return "-";
  const double size = std::abs(value);
  return fixed(value, size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 || size == 0 ? 2 : size >= 0.1 ? 3 : 4);
}
[[nodiscard]] inline std::string figure_text(double value, const std::string& unit) {
  if (unit != "ns" || std::isnan(value)) return number_text(value);
  if (value < 1e3) return number_text(value) + " ns";
  if (value < 1e6) return number_text(value / 1e3) + " us";
  return value < 1e9 ? number_text(value / 1e6) + " ms" : number_text(value / 1e9) + " s";
}
/// "median (least-most)"; one round has no least and most, a result that failed its check is "-".
[[nodiscard]] inline std::string figures_text(const result& of) {
  const summary figures = of.figures();
  if (std::isnan(figures.median)) return "-";
  const std::string median = figure_text(figures.median, of.unit);
  if (of.rounds.size() == 1) return median;
  return median + " (" + figure_text(figures.least, of.unit) + "-" + figure_text(figures.most, of.unit) + ")";
}

// ---- tables

/// Cases that differ in their last part only ("..., 1 thread", "..., 2 threads", or "... / p50") share a table: a row
/// for each map, a column for each case.
struct case_table {
  struct column {
    std::string name, unit;
  };
  std::string title;
  std::vector<column> columns;
  std::vector<std::string> subjects;
  std::map<std::pair<std::string, std::string>, result> cells;  // subject and column
  bool summary = false;                                         // says in short what other tables say at length

  void add(const std::string& column_name, const result& row) {
    if (std::none_of(columns.begin(), columns.end(), [&](const column& each) { return each.name == column_name; })) {
      columns.push_back({column_name, row.unit});
    }
    if (std::find(subjects.begin(), subjects.end(), row.subject) == subjects.end()) subjects.push_back(row.subject);
    cells[{row.subject, column_name}] = row;
  }
  [[nodiscard]] const result* cell(const std::string& subject, const std::string& column_name) const {
    const auto found = cells.find({subject, column_name});
    return found == cells.end() ? nullptr : &found->second;
  }
  [[nodiscard]] double median(const std::string& subject, const std::string& column_name) const {
    const result* const found = cell(subject, column_name);
    return found == nullptr ? invalid : found->figures().median;
  }
  /// That of all columns, or nothing.
  [[nodiscard]] std::string unit() const {
    for (const column& each : columns) {
      if (each.unit != columns.front().unit) return "";
    }
    return columns.empty() ? "" : columns.front().unit;
  }
  /// With its unit, where neither the title nor the figures have it.
  [[nodiscard]] std::string name_of(const column& of) const {
    return unit().empty() && of.unit != "ns" ? of.name + ", " + of.unit : of.name;
  }
};

[[nodiscard]] inline std::pair<std::string, std::string> split_case(const std::string& what) {
  for (const std::string_view mark : {" / ", ", "}) {
    const std::size_t at = what.rfind(mark);
    if (at != std::string::npos) return {what.substr(0, at), what.substr(at + mark.size())};
  }
  return {"", what};
}

/// Above 1: `own` is better.
[[nodiscard]] inline double times_as_good(double own, double other, better direction) {
  if (direction == better::neither || !(own > 0) || !(other > 0)) return invalid;
  return direction == better::more ? own / other : other / own;
}

/// Tables that have a common mean: those whose titles begin and continue as given.
struct mean_of_tables {
  const char* title;
  const char* begins;
  const char* contains;
};
inline constexpr std::array<mean_of_tables, 9> means_of_tables{{{"mixes, 10 K", "10 K, ", "% updates"},
                                                                {"mixes, 100 K", "100 K, ", "% updates"},
                                                                {"mixes, 10 M", "10 M, ", "% updates"},
                                                                {"words", "words, ", ""},
                                                                {"YCSB", "YCSB ", ""},
                                                                {"counting", "counting ", ""},
                                                                {"integer sets", "integer sets", "% updates"},
                                                                {"1 M keys as in Go", "1 M keys as in Go", ""},
                                                                {"traces", "trace ", ""}}};

/// Geometric means of the medians. Of a map that lacks one of the cases, or failed in one, there is none.
[[nodiscard]] inline case_table mean_table(const std::string& title, const std::vector<const case_table*>& of) {
  case_table mean;
  mean.title = "geometric means, " + title;
  mean.summary = true;
  for (const case_table* table : of) {
    for (const auto& column : table->columns) {
      for (const auto& subject : table->subjects) {
        if (mean.cell(subject, column.name) != nullptr || table->cell(subject, column.name) == nullptr) continue;
        std::vector<double> medians;
        for (const case_table* each : of) medians.push_back(each->median(subject, column.name));
        const bool whole = std::none_of(medians.begin(), medians.end(), [](double value) { return std::isnan(value); });
        mean.add(column.name, {title, column.unit, subject, {whole ? geometric_mean(medians) : invalid}});
      }
    }
  }
  return mean;
}

/// In the order of the file, the means first.
[[nodiscard]] inline std::vector<case_table> tables_of(const recorded_results& file) {
  std::vector<case_table> tables;
  for (const result& row : file.rows) {
    const auto [title, column] = split_case(row.what);
    auto at = std::find_if(tables.begin(), tables.end(), [&](const case_table& each) { return each.title == title; });
    if (at == tables.end()) {
      tables.emplace_back();
      at = std::prev(tables.end());
      at->title = title;
      at->summary = title == "geometric mean";  // of all mixes, which the program itself made round by round
    }
    at->add(column, row);
  }
  std::vector<case_table> means;
  for (const mean_of_tables& wanted : means_of_tables) {
    std::vector<const case_table*> of;
    for (const case_table& each : tables) {
      if (each.title.starts_with(wanted.begins) && each.title.find(wanted.contains) != std::string::npos) {
        of.push_back(&each);
      }
    }
    if (of.size() > 1) means.push_back(mean_table(wanted.title, of));
  }
  std::vector<case_table> ordered;
  std::copy_if(tables.begin(), tables.end(), std::back_inserter(ordered),
               [](const auto& each) { return each.summary; });
  ordered.insert(ordered.end(), means.begin(), means.end());
  std::copy_if(tables.begin(), tables.end(), std::back_inserter(ordered),
               [](const auto& each) { return !each.summary; });
  return ordered;
}

/// Bytes per element of each map, where the file has them.
[[nodiscard]] inline std::map<std::string, std::string> bytes_per_element(const recorded_results& file) {
  std::map<std::string, std::string> bytes;
  for (const result& row : file.rows) {
    if (row.what == "footprint, 1 M grown") bytes[row.subject] = number_text(row.figures().median);
  }
  return bytes;
}

struct text_table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

inline constexpr std::size_t most_columns = 8;

/// With more cases than fit beside each other, the maps stand beside each other.
[[nodiscard]] inline text_table turned_text_table(const case_table& of) {
  text_table text{{"case"}, {}};
  text.head.insert(text.head.end(), of.subjects.begin(), of.subjects.end());
  for (const auto& column : of.columns) {
    std::vector<std::string> row{of.name_of(column)};
    for (const auto& subject : of.subjects) {
      const result* const found = of.cell(subject, column.name);
      row.push_back(found == nullptr ? "" : figures_text(*found));
    }
    text.rows.push_back(row);
  }
  return text;
}

/// Ends with a column for each map of ours: how many times as good it is as the map of the row, column by column.
[[nodiscard]] inline text_table text_table_of(const case_table& of, const std::map<std::string, std::string>& bytes) {
  if (of.columns.size() > most_columns) return turned_text_table(of);
  text_table text{{"map"}, {}};
  bool compares = false;
  for (const auto& column : of.columns) {
    text.head.push_back(of.name_of(column));
    compares = compares || better_of(column.unit) != better::neither;
  }
  const bool has_bytes = of.unit() == "Mops" && !bytes.empty();
  if (has_bytes) text.head.emplace_back("bytes per element");
  std::vector<std::string> ours;
  for (const auto& subject : of.subjects) {
    if (subject.starts_with("evac::") && compares && of.subjects.size() > 1) ours.push_back(subject);
  }
  for (const auto& own : ours)
    text.head.push_back("advantage of " + own + ", column by column (above 1: it is better)");
  for (const auto& subject : of.subjects) {
    std::vector<std::string> row{subject};
    for (const auto& column : of.columns) {
      const result* const found = of.cell(subject, column.name);
      row.push_back(found == nullptr ? "" : figures_text(*found));
    }
    if (has_bytes) row.push_back(bytes.contains(subject) ? bytes.at(subject) : "");
    for (const auto& own : ours) {
      std::string ratios;
      for (const auto& column : of.columns) {
        const double ratio =
            times_as_good(of.median(own, column.name), of.median(subject, column.name), better_of(column.unit));
        ratios += (ratios.empty() ? "" : " / ") + (std::isnan(ratio) ? "-" : fixed(ratio, 2));
      }
      row.push_back(own == subject ? "" : ratios);
    }
    text.rows.push_back(row);
  }
  return text;
}

[[nodiscard]] inline text_table text_table_of(const std::vector<judged_bar>& bars) {
  text_table text{{"bar", "figures", "measured", "wanted", ""}, {}};
  for (const judged_bar& each : bars) {
    text.rows.push_back({each.bar, each.figures, std::isfinite(each.measured) ? fixed(each.measured, 3) : "-",
                         each.relation + ' ' + fixed(each.bound, 3), each.verdict});
  }
  return text;
}

}  // namespace bench

#endif
