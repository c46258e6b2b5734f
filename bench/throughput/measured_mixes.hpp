// The mixes of finds, inserts and erases: measured map by map in turns, printed, and held against their bars.
#ifndef EVAC_BENCH_THROUGHPUT_MEASURED_MIXES_HPP
#define EVAC_BENCH_THROUGHPUT_MEASURED_MIXES_HPP

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "peers/go_maps.hpp"
#include "support/field.hpp"
#include "support/measure.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"
#include "throughput/bars.hpp"
#include "throughput/beside_go.hpp"
#include "throughput/mixes.hpp"
#include "throughput/settings.hpp"
#include "throughput/streams.hpp"

namespace bench {

inline void print_mixes(const settings& chosen, const results& all, const std::vector<std::string>& maps,
                        const std::vector<size_case>& sizes) {
  for_each_mix(sizes, [&](const std::string& size, skew of, unsigned updates) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& map : maps) {
      std::vector<std::string> row{map};
      for (const std::size_t threads : chosen.threads())
        row.push_back(all.cell(mix_name(size, of, updates, threads), map));
      rows.push_back(row);
    }
    std::cout << "\n"
              << size << " resident keys, " << name_of(of) << ", " << updates << " % updates, million operations/s\n";
    print_table(std::cout, chosen.head(), rows);
  });
}

inline void print_means(const settings& chosen, results& all, const std::vector<std::string>& maps,
                        const std::vector<size_case>& sizes) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : maps) {
    std::vector<std::string> row{map};
    for (const std::size_t threads : chosen.threads()) {
      // A mean for each round, so that the spread is known too; none for a map that failed in a round.
      std::vector<std::vector<double>> by_round;
      bool whole = true;
      for_each_mix(sizes, [&](const std::string& size, skew of, unsigned updates) {
        const result* const found = all.find(mix_name(size, of, updates, threads), map);
        if (found != nullptr && by_round.empty()) by_round.resize(found->rounds.size());
        whole = whole && found != nullptr && found->rounds.size() == by_round.size();
        for (std::size_t round = 0; whole && round < by_round.size(); ++round) {
          by_round[round].push_back(found->rounds[round]);
        }
      });
      for (const auto& figures : by_round) {
        all.add(geometric_mean_name(threads), "Mops", map, whole ? geometric_mean(figures) : invalid);
      }
      row.push_back(all.cell(geometric_mean_name(threads), map));
    }
    rows.push_back(row);
  }
  std::cout << "\nGeometric means of these mixes, million operations/s\n";
  print_table(std::cout, chosen.head(), rows);
}

inline void print_reads(const results& all, const std::vector<std::string>& maps, const std::vector<size_case>& sizes) {
  for (const auto& size : sizes) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& map : maps) {
      rows.push_back({map, all.cell(hot_key_name(size.name, 1), map), all.cell(hot_key_name(size.name, 2), map),
                      all.cell(stored_key_name(size.name), map), all.cell(one_by_one_name(size.name), map),
                      all.cell(in_bulk_name(size.name), map)});
    }
    std::cout << "\n" << size.name << " resident keys, reads, million/s\n";
    print_table(std::cout,
                {"map", "one hot key, 1 thread", "2 threads", "1 beside a storing one", "uniform, 1 thread", "in bulk"},
                rows);
  }
}

/// As many maps at once as there is memory for: some take 100 bytes for an element.
[[nodiscard]] inline std::size_t most_at_once(const streams& prepared) {
  const std::size_t bytes = prepared.resident * 100 + (std::size_t{64} << 20U);
  return std::max<std::size_t>(1, available_bytes() / 4 * 3 / bytes);
}

template <class Field, class Besides, class Take>
void mixes_in_turns(const settings& chosen, const Field& maps, Besides besides, const std::string& part,
                    std::size_t rounds, const streams& prepared, const Take& take) {
  maps.template in_turns<mix_rates>(
      part, rounds, most_at_once(prepared), besides,
      [&](auto peer, turn& mine) { return run_mixes<decltype(peer)>(prepared, chosen.how(), mine); }, take);
}

[[nodiscard]] inline std::vector<std::string> names_of(const concurrent_field& maps, const go_maps& go) {
  std::vector<std::string> names = maps.names();
  names.insert(names.end(), go.names().begin(), go.names().end());
  return names;
}

/// round(part) for the maps here, and at the end of each round its_round(map) for each of Go's.
template <class Round, class GoRound>
void rounds_with_go(const std::string& part, const settings& chosen, const go_maps& go, const Round& round,
                    const GoRound& its_round) {
  for (std::size_t i = 0; i < chosen.rounds; ++i) {
    const std::string name = part + " (" + std::to_string(i + 1) + " of " + std::to_string(chosen.rounds) + ")";
    round(name);
    for (const auto& map : go.names()) {
      std::cerr << "\r\033[K" << name << ": " << map << std::flush;
      its_round(map);
    }
  }
  std::cerr << "\r\033[K";
}

inline void measure_mixes(const settings& chosen, const concurrent_field& maps, const go_maps& go, results& all) {
  const auto sizes = sizes_of(chosen);
  if (sizes.empty()) return;
  for (const auto& size : sizes) {
    const streams prepared(size.resident, chosen.most_threads);
    const auto take = [&](const std::string& map, const mix_rates& rates) { record(all, size.name, map, rates); };
    std::optional<go_streams> for_go;
    if (!go.names().empty()) for_go.emplace(prepared, chosen.most_threads);
    rounds_with_go(
        "mixes " + size.name, chosen, go,
        [&](const std::string& part) { mixes_in_turns(chosen, maps, unshared_maps{}, part, 1, prepared, take); },
        [&](const std::string& map) { take(map, for_go->run(map, chosen.how())); });
  }
  auto names = names_of(maps, go);
  names.emplace_back(unshared);
  print_mixes(chosen, all, names, sizes);
  print_reads(all, names, sizes);
  print_means(chosen, all, names, sizes);
}

inline void mix_bars(const settings& chosen, const results& all, const concurrent_field& maps, scoreboard& board) {
  const auto sizes = sizes_of(chosen);
  if (sizes.empty()) return;
  const rivals others = rivals_of(maps.locked(), maps.names());
  const auto takes_part = [&](const std::string& map) {
    return std::find(maps.names().begin(), maps.names().end(), map) != maps.names().end();
  };
  if (takes_part(sharded)) sharded_bars(chosen, all, others, sizes, board);
  if (takes_part(synced)) sync_bars(chosen, all, others, sizes, board);
}

}  // namespace bench

#endif
