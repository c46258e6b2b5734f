// Files of results as tables: each as a document of its own, chosen ones between the markers of other documents, and
// all on a page with pictures.
//
//   <!-- begin: throughput / geometric mean -->     what stands between these two is replaced by that table of
//   <!-- end -->                                    throughput.json; all else stays as it is
#ifndef EVAC_BENCH_SUPPORT_DOCUMENT_HPP
#define EVAC_BENCH_SUPPORT_DOCUMENT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/report.hpp"
#include "support/results.hpp"

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

/// Which tables have a mean: those whose titles begin and go on so.
struct mean_of_tables {
  const char* title;
  const char* begins;
  const char* contains;
};
inline constexpr std::array<mean_of_tables, 8> means_of_tables{{{"mixes, 10 K", "10 K, ", "% updates"},
                                                                {"mixes, 100 K", "100 K, ", "% updates"},
                                                                {"mixes, 10 M", "10 M, ", "% updates"},
                                                                {"words", "words, ", ""},
                                                                {"YCSB", "YCSB ", ""},
                                                                {"counting", "counting ", ""},
                                                                {"integer sets", "integer sets", "% updates"},
                                                                {"1 M keys as in Go", "1 M keys as in Go", ""}}};

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

/// Ends with a column for each map of ours: how many times as good it is as the map of the row, case by case.
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
  for (const auto& own : ours) text.head.push_back(own + " is so many times as good");
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

// ---- one file

/// Machine, compiler, flags, commit, date, load and rounds.
[[nodiscard]] inline std::string facts_of(const recorded_results& file) {
  std::size_t least = 0;
  std::size_t most = 0;
  for (const result& row : file.rows) {
    least = least == 0 ? row.rounds.size() : std::min(least, row.rounds.size());
    most = std::max(most, row.rounds.size());
  }
  const std::string rounds =
      least == most ? std::to_string(most) : std::to_string(least) + " to " + std::to_string(most);
  std::string text = file.processor + ", " + std::to_string(file.hardware_threads) + " hardware threads, " +
                     std::to_string(file.memory_mebibytes) + " MiB, " + file.system + "; " + file.compiler + ", " +
                     file.flags + "; commit " + file.commit + ", " + file.date + "; load " + fixed(file.load_before) +
                     " before, " + fixed(file.load_after) + " after; " + rounds +
                     (most == 1 ? " round." : " rounds: median (least-most).");
  for (const auto& note : file.notes) text += ' ' + note + '.';
  return text;
}

[[nodiscard]] inline std::string title_of(const case_table& of, const std::string& file_name) {
  const std::string title = of.title.empty() ? file_name : of.title;
  // Times have their units beside them.
  return of.unit().empty() || of.unit() == "ns" ? title : title + ", " + of.unit();
}

// ---- Markdown

[[nodiscard]] inline std::string markdown_of(const text_table& table) {
  std::ostringstream out;
  const auto row = [&](const std::vector<std::string>& cells) {
    out << '|';
    for (const auto& cell : cells) {
      out << ' ';
      for (const char c : cell) out << (c == '|' ? "\\|" : std::string(1, c));
      out << " |";
    }
    out << '\n';
  };
  row(table.head);
  out << "|---|";
  for (std::size_t i = 1; i < table.head.size(); ++i) out << "---:|";
  out << '\n';
  for (const auto& each : table.rows) row(each);
  return out.str();
}

/// How many bars a run passed, and which it missed by how much.
[[nodiscard]] inline std::string verdicts_of(const std::vector<judged_bar>& bars) {
  std::string missed;
  std::size_t passed = 0;
  for (const judged_bar& each : bars) {
    if (each.verdict == "PASS") {
      ++passed;
      continue;
    }
    missed += (missed.empty() ? " Missed: " : "; ") + each.bar + " (" +
              (std::isfinite(each.measured) ? fixed(each.measured, 2) : "invalid") + ", " + each.relation + ' ' +
              fixed(each.bound, 2) + ')';
  }
  return std::to_string(passed) + " of " + std::to_string(bars.size()) + " bars passed." + missed +
         (missed.empty() ? "\n" : ".\n");
}

/// What a document may choose of a file, by its name in the markers: "NAME / facts", "NAME / verdicts", "NAME / TITLE" for
/// each table.
[[nodiscard]] inline std::map<std::string, std::string> sections_of(const recorded_results& file,
                                                                    const std::string& name) {
  std::map<std::string, std::string> sections;
  sections[name + " / facts"] = facts_of(file) + "\n";
  if (!file.bars.empty()) sections[name + " / verdicts"] = verdicts_of(file.bars);
  const auto bytes = bytes_per_element(file);
  for (const case_table& each : tables_of(file)) {
    sections[name + " / " + each.title] = markdown_of(text_table_of(each, bytes));
  }
  return sections;
}

/// name: of the file, without its folder and ending. Bars and means first, then the rest folded away if it is long.
[[nodiscard]] inline std::string markdown_of(const recorded_results& file, const std::string& name) {
  std::string text = "# " + name + "\n\nGenerated by `bench/run --document` from `bench/results/" + name +
                     ".json`; changes are made there.\n\n" + facts_of(file) + "\n";
  if (!file.bars.empty()) text += '\n' + markdown_of(text_table_of(file.bars));
  const auto tables = tables_of(file);
  const auto bytes = bytes_per_element(file);
  const auto long_ones =
      std::count_if(tables.begin(), tables.end(), [](const case_table& each) { return !each.summary; });
  const bool folds = long_ones > 4 || std::any_of(tables.begin(), tables.end(),
                                                  [](const case_table& each) { return each.columns.size() > 20; });
  bool folded = false;
  for (const case_table& each : tables) {
    if (folds && !folded && !each.summary) {
      text += "\n<details>\n<summary>Each case</summary>\n";
      folded = true;
    }
    text += "\n**" + title_of(each, name) + "**\n\n" + markdown_of(text_table_of(each, bytes));
  }
  if (folded) text += "\n</details>\n";
  return text;
}

struct rewritten {
  std::string text;
  std::vector<std::string> replaced;
  std::vector<std::string> without_results;  // markers of which there is no section
};

/// Throws std::runtime_error where markers do not match.
[[nodiscard]] inline rewritten replace_sections(const std::string& document,
                                                const std::map<std::string, std::string>& sections) {
  constexpr std::string_view begin_mark = "<!-- begin: ";
  constexpr std::string_view close = " -->";
  constexpr std::string_view end_mark = "<!-- end -->";
  rewritten out;
  std::optional<std::string> open;
  bool replaces = false;
  std::istringstream lines(document);
  for (std::string line; std::getline(lines, line);) {
    const bool begins = line.starts_with(begin_mark) && line.ends_with(close);
    const bool ends = line == end_mark;
    if (begins && open) throw std::runtime_error("the section " + *open + " has no end");
    if (ends && !open) throw std::runtime_error("an end of no section");
    if (ends) {
      if (replaces) out.text += sections.at(*open) + '\n';
      open.reset();
      replaces = false;
    }
    if (!replaces) out.text += line + '\n';
    if (!begins) continue;
    open = line.substr(begin_mark.size(), line.size() - begin_mark.size() - close.size());
    replaces = sections.contains(*open);
    (replaces ? out.replaced : out.without_results).push_back(*open);
    if (replaces) out.text += '\n';
  }
  if (open) throw std::runtime_error("the section " + *open + " has no end");
  return out;
}

// ---- a page with pictures

inline void add_picture(report& page, const case_table& of, const std::string& name) {
  if (of.columns.size() > most_columns || of.unit().empty()) return;
  std::vector<std::string> columns;
  for (const auto& column : of.columns) columns.push_back(column.name);
  std::vector<std::vector<double>> values;
  std::vector<std::vector<std::string>> texts;
  double least = std::numeric_limits<double>::max();
  double most = 0;
  for (const auto& subject : of.subjects) {
    auto& row = values.emplace_back();
    auto& words = texts.emplace_back();
    for (const auto& column : of.columns) {
      const double value = of.median(subject, column.name);
      row.push_back(value);
      words.push_back(figure_text(value, column.unit));
      if (value > 0) least = std::min(least, value);
      if (value > 0) most = std::max(most, value);
    }
  }
  const bool on_log_axis = most > 100 * least;
  page.grouped_bars(title_of(of, name) + (on_log_axis ? " (log axis)" : ""), columns, of.subjects, values, texts,
                    on_log_axis);
}

inline void add_to_page(report& page, const recorded_results& file, const std::string& name) {
  page.heading(name);
  page.paragraph(facts_of(file));
  if (!file.bars.empty()) {
    const text_table bars = text_table_of(file.bars);
    page.table(bars.head, bars.rows);
  }
  const auto bytes = bytes_per_element(file);
  for (const case_table& each : tables_of(file)) {
    add_picture(page, each, name);
    const text_table text = text_table_of(each, bytes);
    page.paragraph(title_of(each, name));
    page.table(text.head, text.rows);
  }
}

}  // namespace bench

#endif
