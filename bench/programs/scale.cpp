// Speed-up of maps with more threads: measured on this machine, and, for evac's own maps, predicted by a model of the
// caches from counts and from the speed of one thread.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "scale/coherence.hpp"
#include "scale/counted_mixes.hpp"
#include "scale/standard_mixes.hpp"
#include "scale/transfer.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"

namespace {

using namespace bench;

struct settings {
  std::string throughput, counts;
  std::string folder;
  double transfer = 0;
};

[[nodiscard]] results of_file(const std::string& path) {
  const recorded_results file = read_results(path);
  results all(file.bench);
  for (const result& row : file.rows) {
    for (const double value : row.rounds) all.add(row.what, row.unit, row.subject, value);
  }
  return all;
}

[[nodiscard]] std::vector<std::string> maps_of(const results& all) {
  std::vector<std::string> maps;
  for (const result& row : all.rows()) {
    if (std::find(maps.begin(), maps.end(), row.subject) == maps.end()) maps.push_back(row.subject);
  }
  return maps;
}

[[nodiscard]] std::string title_of(const counted_mix& mix) {
  const std::string name = name_of(mix, 1);
  return name.substr(0, name.rfind(", "));
}

struct scaling {
  const results& measured;
  const results& counts;
  double transfer;

  /// Million operations a second by threads; without those that were not measured.
  [[nodiscard]] std::vector<std::pair<double, double>> rates(const counted_mix& mix, const std::string& map) const {
    std::vector<std::pair<double, double>> points;
    for (const std::size_t threads : thread_counts) {
      const double rate = measured.median(name_of(mix, threads), map);
      if (!std::isnan(rate)) points.emplace_back(threads, rate);
    }
    return points;
  }
  [[nodiscard]] std::vector<std::pair<double, double>> predicted(const counted_mix& mix, const std::string& map) const {
    std::vector<std::pair<double, double>> points;
    const double local = 1e3 / measured.median(name_of(mix, 1), map);
    for (const std::size_t threads : thread_counts) {
      const double rate = predicted_mops(threads, local, counts_of(counts, name_of(mix, threads), map), transfer);
      if (!std::isnan(rate)) points.emplace_back(threads, rate);
    }
    return points;
  }
};

/// Divided by the rate of one thread; empty if that is not known.
[[nodiscard]] std::vector<std::pair<double, double>> speed_up(std::vector<std::pair<double, double>> rates) {
  if (rates.empty() || rates.front().first != 1) return {};
  const double one = rates.front().second;
  for (auto& [threads, rate] : rates) rate /= one;
  return rates;
}

[[nodiscard]] std::vector<std::string> head(const std::string& first) {
  std::vector<std::string> cells{first};
  for (const std::size_t threads : thread_counts) cells.push_back(std::to_string(threads));
  return cells;
}

/// "rate (speed-up)" for each number of threads, "-" where there is none.
[[nodiscard]] std::vector<std::string> row_of(const std::string& name,
                                              const std::vector<std::pair<double, double>>& rates) {
  std::vector<std::string> row{name};
  const auto ups = speed_up(rates);
  for (const std::size_t threads : thread_counts) {
    std::string cell = "-";
    for (std::size_t i = 0; i < rates.size(); ++i) {
      if (rates[i].first != static_cast<double>(threads)) continue;
      cell = fixed(rates[i].second);
      if (!ups.empty()) cell += " (" + fixed(ups[i].second, 2) + ")";
    }
    row.push_back(cell);
  }
  return row;
}

[[nodiscard]] std::vector<std::string> transfers_row(const scaling& all, const counted_mix& mix,
                                                     const std::string& map) {
  std::vector<std::string> row{map + ", transfers (hottest line)"};
  for (const std::size_t threads : thread_counts) {
    const operation_counts counts = counts_of(all.counts, name_of(mix, threads), map);
    row.push_back(std::isnan(counts.hottest) ? "-"
                                             : fixed(counts.transfers(), 2) + " (" + fixed(counts.hottest, 3) + ")");
  }
  return row;
}

void show(const counted_mix& mix, const scaling& all, report& page) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::string>> costs;
  std::vector<curve> curves;
  const std::vector<std::string> maps = maps_of(all.measured);
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const auto rates = all.rates(mix, maps[i]);
    if (rates.empty()) continue;
    rows.push_back(row_of(maps[i], rates));
    if (const auto ups = speed_up(rates); !ups.empty()) curves.push_back({maps[i], ups, i, false});
    if (const auto rates_of_model = all.predicted(mix, maps[i]); !rates_of_model.empty()) {
      rows.push_back(row_of(maps[i] + ", PREDICTION", rates_of_model));
      curves.push_back({maps[i] + ", PREDICTION", speed_up(rates_of_model), i, true});
      costs.push_back(transfers_row(all, mix, maps[i]));
    }
  }
  if (rows.empty()) return;
  std::cout << '\n' << title_of(mix) << ", million operations/s (times one thread)\n";
  print_table(std::cout, head("threads"), rows);
  print_table(std::cout, head("counted per operation; threads"), costs);
  page.heading(title_of(mix));
  page.doubling_curves("Speed-up over one thread: solid lines are measured, dashed lines are a PREDICTION", "threads",
                       "times", curves);
  page.table(head("million operations/s (times one thread); threads"), rows);
  page.table(head("counted per operation; threads"), costs);
}

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("THROUGHPUT.json", chosen.throughput, "of evac_bench_throughput")->required();
  app.add_option("COUNTS.json", chosen.counts, "of evac_bench_counts")->required();
  app.add_option("--report", chosen.folder, "folder for scale.html");
  app.add_option("--transfer", chosen.transfer, "ns from core to core, instead of measuring between the first two")
      ->check(CLI::Range(0.001, 1e6));
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(
      argc, argv, "Speed-ups with more threads, measured, and predicted from counts.", add_own_options);
  try {
    const results measured = of_file(chosen.throughput);
    const results counts = of_file(chosen.counts);
    const double transfer = chosen.transfer > 0 ? chosen.transfer : measured_transfer_nanoseconds();
    const std::string what =
        "PREDICTION: a model, not a measurement. Each operation takes what it takes one thread, and " +
        (std::isnan(transfer) ? std::string("(unknown: one core, and no --transfer) ns") : fixed(transfer) + " ns") +
        (chosen.transfer > 0 ? " (given)" : " (measured between the first two cores)") +
        " for each cache line that it has to take from other threads, counted on threads that run in turn; the line "
        "that is wanted most moves once in that time. Left out: waiting for locks, overlap, room in caches, memory "
        "bandwidth, clock rates, sockets.";
    std::cout << what << '\n';
    report page;
    page.paragraph(what);
    for (const counted_mix& mix : standard_mixes()) show(mix, {measured, counts, transfer}, page);
    if (!chosen.folder.empty()) {
      page.write(chosen.folder + "/scale.html", "More threads");
      std::cout << "\nwrote " << chosen.folder << "/scale.html\n";
    }
  } catch (const std::runtime_error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
