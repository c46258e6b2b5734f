// Checks of the tables, pages and sections that are made of files of results.
#ifndef EVAC_BENCH_CHECK_DOCUMENTS_HPP
#define EVAC_BENCH_CHECK_DOCUMENTS_HPP

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "check/require.hpp"
#include "support/document.hpp"
#include "support/report.hpp"
#include "support/results.hpp"

namespace bench {

[[nodiscard]] inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
[[nodiscard]] inline std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

[[nodiscard]] inline results mixes_to_document() {
  results all("throughput");
  const auto add = [&](const std::string& what, const std::string& map, std::vector<double> rounds) {
    for (const double value : rounds) all.add(what, "Mops", map, value);
  };
  add("100 K, uniform, 0 % updates, 1 thread", "evac::sync_map", {40, 42, 44});
  add("100 K, uniform, 0 % updates, 1 thread", "slow", {21, 20, 22});
  add("100 K, uniform, 0 % updates, 1 thread", "wrong", {50, invalid, 52});
  add("100 K, uniform, 0 % updates, 2 threads", "evac::sync_map", {80, 80, 80});
  add("100 K, uniform, 0 % updates, 2 threads", "slow", {20, 20, 20});
  add("100 K, uniform, 10 % updates, 1 thread", "evac::sync_map", {21, 21, 21});
  add("100 K, uniform, 10 % updates, 1 thread", "slow", {10.5, 10.5, 10.5});
  add("100 K, uniform, 10 % updates, 1 thread", "wrong", {50, 50, 50});
  add("100 K, one hot key, 1 thread", "slow", {1000, 1000, 1000});
  all.add("footprint, 1 M grown", "bytes per element", "evac::sync_map", 33.25);
  all.add("latency / insert / p50", "ns", "evac::sync_map", 20);
  all.add("latency / insert / p50", "ns", "slow", 50);
  all.add("latency / insert / longest", "ns", "evac::sync_map", 1.5e6);
  all.note("slow | or not");
  return all;
}

inline void check_document(const std::string& folder) {
  const std::string path = folder + "/check_document.json";
  const std::vector<judged_bar> bars{{"a bar", "1 and 2", "at least", "MISS", 0.5, 1}};
  require("results with bars can be written", mixes_to_document().write_json(path, bars));
  const recorded_results file = read_results(path);
  std::remove(path.c_str());
  require("bars are read as they were written",
          file.bars.size() == 1 && file.bars[0].verdict == "MISS" && file.bars[0].measured == 0.5);
  const std::string text = markdown_of(file, "throughput");
  require("a table says where it was measured, with what and when",
          contains(text, file.processor) && contains(text, file.compiler) && contains(text, file.flags) &&
              contains(text, file.commit) && contains(text, file.date) && contains(text, "load ") &&
              contains(text, "slow | or not."));
  require("a bar has its verdict", contains(text, "| a bar | 1 and 2 | 0.500 | at least 1.000 | MISS |"));
  const auto tables = tables_of(file);
  const auto table = [&](const std::string& title) {
    for (const case_table& each : tables) {
      if (each.title == title) return markdown_of(text_table_of(each, bytes_per_element(file)));
    }
    return std::string();
  };
  const std::string reads = table("100 K, uniform, 0 % updates");
  require("cases that differ in their number of threads share a table",
          contains(reads,
                   "| map | 1 thread | 2 threads | bytes per element | advantage of evac::sync_map, column by column "
                   "(above 1: it is better) |"));
  require("a figure is a median with least and most, and beside each other map stands the ratio to it",
          contains(reads, "| slow | 21.0 (20.0-22.0) | 20.0 (20.0-20.0) |  | 2.00 / 4.00 |"));
  require("a map stands beside its bytes per element, and not beside itself",
          contains(reads, "| evac::sync_map | 42.0 (40.0-44.0) | 80.0 (80.0-80.0) | 33.2 |  |"));
  require("a result that failed its check is no number, nor is a ratio to it",
          contains(reads, "| wrong | - |  |  | - / - |"));
  const std::string means = table("geometric means, mixes, 100 K");
  require("the mean of 42 and 21 is that of the mixes, without the hot key",
          contains(means, "| evac::sync_map | 29.7 |"));
  require("there is no mean of a map that failed once, nor where a case is missing",
          contains(means, "| wrong | - |  |") && contains(means, "| slow | 14.8 | - |"));
  require("the means come first", !tables.empty() && tables.front().summary);
  const std::string times = table("latency / insert");
  require("times have units, and less is better", contains(times, "| evac::sync_map | 20.0 ns | 1.50 ms |") &&
                                                      contains(times, "| slow | 50.0 ns |  | 2.50 / - |"));
  require("more than four tables are folded away, means are not",
          count_of(text, "<details>") == 1 && text.find("<details>") > text.find("geometric means"));
  const auto chosen = sections_of(file, "throughput");
  require("a document may choose the facts, the verdicts and each table of a file",
          chosen.contains("throughput / facts") &&
              chosen.at("throughput / verdicts").starts_with("0 of 1 bars passed. Missed: ") &&
              chosen.size() == 2 + tables.size());
  require("a sign that ends a cell is escaped", markdown_of(text_table{{"a|b"}, {}}).starts_with("| a\\|b |"));
  case_table wide;
  for (int i = 0; i < 20; ++i) wide.add(std::to_string(i), {"", "bytes", "evac::map", {1.0 * i}});
  wide.add("peak", {"", "times", "evac::map", {1.5}});
  require("many cases stand below each other, with their units where these differ",
          text_table_of(wide, {}).rows.size() == 21 && text_table_of(wide, {}).rows.back().front() == "peak, times");
  report page;
  add_to_page(page, file, "throughput");
  const std::string page_path = folder + "/check_document.html";
  page.write(page_path, "check");
  std::ifstream written(page_path);
  const std::string html{std::istreambuf_iterator<char>(written), {}};
  require("a page has a picture of each table but those of one kind of figure each",
          count_of(html, "<svg") >= 4 && count_of(html, "<svg") == count_of(html, "</svg>"));
  require("no picture has a bar that is no number", !contains(html, "nan") && !contains(html, "inf"));
  std::remove(page_path.c_str());
}

inline void check_sections() {
  const std::string before =
      "Prose.\n<!-- begin: a -->\nold\n<!-- end -->\nMore.\n<!-- begin: b -->\nkept\n<!-- end -->\nEnd\n";
  const rewritten after = replace_sections(before, {{"a", "new\n"}, {"c", "nowhere\n"}});
  require("what stands between markers is replaced, all else is left",
          after.text ==
              "Prose.\n<!-- begin: a -->\n\nnew\n\n<!-- end -->\nMore.\n<!-- begin: b -->\nkept\n<!-- end -->\nEnd\n");
  require("what was replaced, and what has no partner, is named",
          after.replaced == std::vector<std::string>{"a"} && after.without_results == std::vector<std::string>{"b"});
  require("the second time nothing changes", replace_sections(after.text, {{"a", "new\n"}}).text == after.text);
  for (const std::string broken :
       {"<!-- begin: a -->\n", "<!-- end -->\n", "<!-- begin: a -->\n<!-- begin: b -->\n<!-- end -->\n"}) {
    bool refused = false;
    try {
      static_cast<void>(replace_sections(broken, {{"a", "new\n"}}));
    } catch (const std::runtime_error&) {
      refused = true;
    }
    require("markers that do not match are refused: " + broken, refused);
  }
}

}  // namespace bench

#endif
