// The time of every single insert, hit, miss and erase while a map grows from empty: maps of one owner by one thread,
// maps that threads share by two.
//
// Parts: one thread, two threads. Rounds are interleaved over the maps, each map and round runs in a process of its
// own.
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "latency/growing.hpp"
#include "peers/owned_peers.hpp"
#include "support/backed_memory.hpp"
#include "support/field.hpp"
#include "support/measure.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"

namespace {

using namespace bench;

struct settings {
  std::string only, maps, json, report;
  std::size_t rounds = 3;
  std::size_t keys = 10'000'000;
  /// Seconds for one map and round.
  [[nodiscard]] double patience() const { return std::max(60.0, 6e-6 * static_cast<double>(keys)); }
  [[nodiscard]] bool wants(const std::string& part) const { return part.find(only) != std::string::npos; }
};

struct percentile {
  const char* name;
  double share;
};
constexpr std::array percentiles{percentile{"p50", 0.5}, percentile{"p90", 0.9}, percentile{"p99", 0.99},
                                 percentile{"p99.9", 0.999}, percentile{"p99.99", 0.9999}};

/// Along the curves' axis each step is a tenth of what the step before left over, cut into tenths.
constexpr double nines_drawn = 7;
constexpr std::size_t steps_per_nine = 20;
const std::vector<std::pair<double, std::string>> curve_ticks{
    {0 / nines_drawn, "0 %"},      {1 / nines_drawn, "90 %"},    {2 / nines_drawn, "99 %"},
    {3 / nines_drawn, "99.9 %"},   {4 / nines_drawn, "99.99 %"}, {5 / nines_drawn, "99.999 %"},
    {6 / nines_drawn, "99.9999 %"}};

/// All rounds of one map.
struct gathered {
  std::array<latency_histogram, operations_timed.size()> of;
  std::vector<double> worst_insert;  // of each stretch, in the round that was best there: what is left is the map's own
  void add(const growing_figures& got) {
    for (std::size_t i = 0; i < of.size(); ++i) of[i].add(got.of[i].histogram());
    if (worst_insert.empty()) worst_insert.resize(got.worst_insert.size(), std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < worst_insert.size(); ++i) {
      worst_insert[i] = std::min(worst_insert[i], static_cast<double>(got.worst_insert[i]));
    }
  }
  [[nodiscard]] std::vector<double> curve(std::size_t which) const {
    std::vector<double> values;
    for (std::size_t i = 0; i < static_cast<std::size_t>(nines_drawn) * steps_per_nine; ++i) {
      const double share = 1 - std::pow(10, -static_cast<double>(i) / steps_per_nine);
      values.push_back(static_cast<double>(of[which].percentile(share)));
    }
    return values;
  }
};

[[nodiscard]] std::string case_name(const std::string& part, operation of, const std::string& figure) {
  return std::string(name_of(of)) + " / " + part + " / " + figure;
}

void record(results& all, const std::string& part, const std::string& map, const growing_figures& got) {
  for (const operation of : operations_timed) {
    const thread_latencies& times = got.of[static_cast<std::size_t>(of)];
    const auto enter = [&](const std::string& figure, std::uint64_t nanos) {
      all.add(case_name(part, of, figure), "ns", map, got.right ? static_cast<double>(nanos) : invalid);
    };
    for (const percentile& each : percentiles) enter(each.name, times.histogram().percentile(each.share));
    enter("longest", times.histogram().most());
    enter("longest undisturbed", times.longest_undisturbed());
  }
  all.add(part + " / reached", "elements", map, got.right ? static_cast<double>(got.reached) : invalid);
}

[[nodiscard]] std::string duration_cell(double nanos) { return std::isnan(nanos) ? "-" : duration_text(nanos); }

void print(const results& all, const std::string& part, const std::vector<std::string>& maps, report& page) {
  std::vector<std::string> head{"map"};
  for (const percentile& each : percentiles) head.emplace_back(each.name);
  for (const char* const more : {"longest", "not preempted", "reached, M"}) head.emplace_back(more);
  for (const operation of : operations_timed) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& map : maps) {
      std::vector<std::string> row{map};
      const auto enter = [&](const std::string& figure) {
        row.push_back(duration_cell(all.median(case_name(part, of, figure), map)));
      };
      for (const percentile& each : percentiles) enter(each.name);
      enter("longest");
      enter("longest undisturbed");
      const double reached = all.median(part + " / reached", map) / 1e6;
      row.push_back(std::isnan(reached) ? "-" : fixed(reached, 2));
      rows.push_back(row);
    }
    std::cout << '\n' << name_of(of) << ", " << part << '\n';
    print_table(std::cout, head, rows);
    page.paragraph(name_of(of));
    page.table(head, rows);
  }
}

template <class Field, class Measure>
void measure(const settings& chosen, const std::string& part, const Field& maps, results& all, report& page,
             const Measure& measure_peer) {
  std::map<std::string, gathered> rounds;
  maps.interleaved(part, chosen.rounds, measure_peer, [&](const std::string& map, const growing_figures& got) {
    record(all, part, map, got);
    if (got.right) rounds[map].add(got);
  });
  page.heading(part);
  print(all, part, maps.names(), page);
  for (const operation of : operations_timed) {
    std::vector<series> curves;
    for (const auto& map : maps.names()) {
      if (rounds.contains(map)) curves.push_back({map, rounds[map].curve(static_cast<std::size_t>(of))});
    }
    page.log_lines(std::string("Time of one ") + name_of(of) + ", and the share of all that stay below it; all rounds",
                   "share of operations", curves, curve_ticks);
  }
  std::vector<series> pauses;
  for (const auto& map : maps.names()) {
    if (rounds.contains(map)) pauses.push_back({map, rounds[map].worst_insert});
  }
  page.log_lines("Longest insert in each of " + std::to_string(growing_figures::windows) +
                     " stretches of the growth, in the round that was best there",
                 "inserts so far", pauses);
}

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("--keys", chosen.keys, "elements in the end")->check(CLI::Range(1'000, 1'000'000'000));
  app.add_option("--report", chosen.report, "folder for latency.html, which draws the curves");
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(
      argc, argv, "The time of every single insert, hit, miss and erase while a map grows from empty.",
      add_own_options);
  warm_up_memory();
  results all("latency");
  report page;
  const std::string facts = "From empty to " + std::to_string(chosen.keys) +
                            " random 64-bit keys. Each operation is timed by itself, which adds about " +
                            duration_text(static_cast<double>(cost_of_timing())) + " to each; medians of " +
                            std::to_string(chosen.rounds) + " interleaved rounds.";
  std::cout << facts << '\n';
  page.paragraph(facts);
  if (chosen.wants("one thread")) {
    name_missing(missing_owned_peers());
    const field<owned_peers> maps(chosen.maps, [](auto) { return true; });  // each result is checked
    measure(chosen, "one thread", maps, all, page, [&](auto peer) {
      using map = typename decltype(peer)::template map<std::uint64_t, std::uint64_t>;
      return time_growing<map>(1, chosen.keys, chosen.patience());
    });
  }
  if (chosen.wants("two threads")) {
    const auto maps = choose_concurrent(chosen.maps);
    measure(chosen, "two threads", maps, all, page, [&](auto peer) {
      using map = typename decltype(peer)::template map<std::uint64_t, std::uint64_t>;
      return time_growing<map>(2, chosen.keys, chosen.patience());
    });
  }
  if (!chosen.report.empty()) {
    std::filesystem::create_directories(chosen.report);
    page.write(chosen.report + "/latency.html", "evac: the time of every operation while maps grow");
    std::cout << "\nreport: " << chosen.report << "/latency.html\n";
  }
  const bool written = chosen.json.empty() || all.write_json(chosen.json);
  return all.all_valid() && written ? 0 : 1;
}
