// Maps that threads share, beside each other: mixes of finds, inserts and erases, one hot key, look-ups in bulk,
// dependent look-ups, growing under load, footprint, visitors that sleep. Ends with the bars of evac's shared maps.
//
// Parts: mixes 100 K, mixes 10 M, dependent, growth, footprint, sleepers; only if they are named or with --all-parts:
// words, ycsb, counting, sets, grown, go. Rounds are interleaved over the maps, those of mixes step by
// step; each map and round runs in a process of its own; figures are medians. Each adapter passes a short correctness
// run before it is timed, each result is checked before it counts.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "peers/concurrent_peers.hpp"
#include "peers/concurrent_sets.hpp"
#include "peers/go_maps.hpp"
#include "support/backed_memory.hpp"
#include "support/dependent.hpp"
#include "support/field.hpp"
#include "support/measure.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"
#include "throughput/bars.hpp"
#include "throughput/beside_go.hpp"
#include "throughput/measured_mixes.hpp"
#include "throughput/mixes.hpp"
#include "throughput/others.hpp"
#include "throughput/settings.hpp"
#include "throughput/streams.hpp"
#include "throughput/workloads.hpp"

namespace {

using namespace bench;

// ---- the others

void measure_grown(const settings& chosen, const concurrent_field& maps, results& all, scoreboard& board) {
  if (!chosen.wants_besides("grown")) return;
  const streams prepared(10'000'000, 1);
  const std::string presized = "10 M, uniform reads, made for them";
  const std::string grown = "10 M, uniform reads, grown from empty";
  maps.in_turns<grown_rates>(
      "grown", chosen.rounds, most_at_once(prepared), peer_list<>{},
      [&](auto peer, turn& mine) { return look_up_grown<decltype(peer)>(prepared, chosen.how(), mine); },
      [&](const std::string& map, const grown_rates& got) {
        all.add(presized, "Mops", map, got.presized);
        all.add(grown, "Mops", map, got.grown);
      });
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : maps.names()) rows.push_back({map, all.cell(presized, map), all.cell(grown, map)});
  std::cout << "\nUniform reads of 10 M keys, 1 thread, million/s\n";
  print_table(std::cout, {"map", "made for them", "grown from empty"}, rows);
  const double before = all.median(presized, synced);
  const double after = all.median(grown, synced);
  board.enter_at_least(synced + ", reads of a grown map over those of one made to measure",
                       fixed(before) + " -> " + fixed(after) + " Mops", after / before, 1 / 1.1);
}

void measure_dependent(const settings& chosen, const concurrent_field& maps, results& all) {
  if (!chosen.wants("dependent")) return;
  std::vector<std::string> head{"map"};
  for (const dependent_size& size : dependent_sizes) {
    head.emplace_back(size.name);
    maps.interleaved(
        dependent_name(size), chosen.rounds,
        [&](auto peer) {
          return time_dependent_hits<typename decltype(peer)::template map<std::uint64_t, std::uint64_t>>(
              size.elements);
        },
        [&](const std::string& map, double each) { all.add(dependent_name(size), "ns", map, each); });
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : maps.names()) {
    std::vector<std::string> row{map};
    for (const dependent_size& size : dependent_sizes) row.push_back(all.cell(dependent_name(size), map));
    rows.push_back(row);
  }
  std::cout << "\nDependent look-ups, 1 thread, ns: each key is the value found before\n";
  print_table(std::cout, head, rows);
}

void measure_growth(const settings& chosen, const counting_field& maps, results& all, scoreboard& board) {
  if (!chosen.wants("growth")) return;
  maps.interleaved(
      "growth", chosen.rounds, [](auto peer) { return grow_under_load<decltype(peer)>(10'000'000); },
      [&](const std::string& map, const growth_figures& got) {
        all.add("growth, p50", "ns", map, got.p50);
        all.add("growth, p99", "ns", map, got.p99);
        all.add("growth, p99.9", "ns", map, got.p999);
        all.add("growth, p99.99", "ns", map, got.p9999);
        all.add("growth, longest", "ns", map, got.longest);
        all.add("growth, longest undisturbed", "ns", map, got.longest_undisturbed);
        all.add("growth, rate", "Mops", map, got.rate);
        all.add("growth, reached", "elements", map, got.reached);
      });
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : maps.names()) {
    std::vector<std::string> row{map, all.cell("growth, rate", map)};
    for (const char* const what : {"p50", "p99", "p99.9", "p99.99", "longest", "longest undisturbed"}) {
      const double figure = all.median(std::string("growth, ") + what, map);
      row.push_back(std::isnan(figure) ? "-" : duration_text(figure));
    }
    row.push_back(fixed(all.median("growth, reached", map) / 1e6));
    rows.push_back(row);
  }
  std::cout
      << "\nGrowing from empty to 10 M, 2 threads, a tenth inserts: million operations/s, time of single operations\n";
  print_table(std::cout, {"map", "rate", "p50", "p99", "p99.9", "p99.99", "longest", "not preempted", "reached, M"},
              rows);
  const auto enter_tail = [&](const std::string& map, double allowed) {
    const double tail = all.median("growth, p99.99", map) / 1e3;
    board.enter(map + ", growth under load, p99.99 of all operations, us", fixed(tail), tail, allowed);
  };
  enter_tail(sharded, 100);
  enter_tail(synced, 20);
#if EVAC_BENCH_HAS_BOOST_CONCURRENT
  const double own = all.median("growth, longest", sharded) / 1e6;
  const double theirs = all.median("growth, longest", boost_concurrent_peer::name) / 1e6;
  board.enter("growth under load, longest operation, ms, over boost::concurrent_flat_map",
              fixed(own, 3) + ", " + fixed(theirs, 3), own / theirs, 1.0 / 50);
#endif
}

void measure_footprint(const settings& chosen, const counting_field& maps, results& all, scoreboard& board) {
  if (!chosen.wants("footprint")) return;
  maps.interleaved(
      "footprint", 1, [](auto peer) { return weigh<decltype(peer)>(); },
      [&](const std::string& map, const footprint& got) {
        all.add("footprint, empty", "bytes", map, got.empty);
        all.add("footprint, 1 M grown", "bytes per element", map, got.grown);
        all.add("footprint, 1 M made to measure", "bytes per element", map, got.made_to_measure);
      });
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : maps.names()) {
    rows.push_back({map, fixed(all.median("footprint, empty", map), 0), fixed(all.median("footprint, 1 M grown", map)),
                    fixed(all.median("footprint, 1 M made to measure", map))});
  }
  std::cout << "\nBytes\n";
  print_table(std::cout, {"map", "empty", "per element at 1 M, grown", "made for 1 M"}, rows);
  const std::size_t shards = evac::sharded_map<std::uint64_t, std::uint64_t>().shard_count();
  const double empty = all.median("footprint, empty", sharded);
  // 256: what the one fixed block may take; the bar does not say.
  board.enter("an empty map, bytes, at most 128 for each of " + std::to_string(shards) + " shards and 256 besides",
              fixed(empty, 0), empty, 128.0 * static_cast<double>(shards) + 256);
  const double each = all.median("footprint, 1 M grown", sharded);
  board.enter("bytes per element at 1 M, grown", fixed(each), each, 34);
}

void measure_sleepers(const settings& chosen, const concurrent_field& maps, results& all, scoreboard& board) {
  if (!chosen.wants("sleepers")) return;
  maps.interleaved(
      "sleepers", chosen.rounds,
      [&](auto peer) {
        using map_type = typename decltype(peer)::template map<std::uint64_t, std::uint64_t>;
        if constexpr (requires(map_type& map) { map.modify(1, [](std::uint64_t&) {}); }) {
          return sleep_in_visitors<decltype(peer)>(chosen.seconds);
        } else {
          return sleepers_cost{};
        }
      },
      [&](const std::string& map, const sleepers_cost& got) {
        if (got.alone == 0) return;  // nothing is changed in place there
        all.add("sleepers, 1 thread", "us of processor time per operation", map, got.alone);
        all.add("sleepers, 4 threads", "us of processor time per operation", map, got.crowded);
      });
  std::vector<std::vector<std::string>> rows;
  for (const auto& map : maps.names()) {
    rows.push_back({map, all.cell("sleepers, 1 thread", map), all.cell("sleepers, 4 threads", map)});
  }
  std::cout << "\nHalf look-ups, half changes that sleep 50 us inside, 1000 keys: us of processor time per operation\n";
  print_table(std::cout, {"map", "1 thread", "4 threads"}, rows);
  const double alone = all.median("sleepers, 1 thread", sharded);
  const double crowded = all.median("sleepers, 4 threads", sharded);
  board.enter("sleeping visitors, processor time burnt at 4 threads, over that of the same work by 1",
              fixed(alone, 2) + " -> " + fixed(crowded, 2) + " us", std::max(crowded / alone - 1, 1e-9), 1);
}

// ---- workloads

/// A row for each map and a column for each number of threads, for each of these cases.
template <class Field, class Names>
void print_workloads(const settings& chosen, const Field& maps, const results& all, const Names& cases) {
  for (const std::string name : cases) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& map : maps.names()) {
      std::vector<std::string> row{map};
      for (const std::size_t threads : chosen.threads()) {
        row.push_back(all.cell(name + ", " + threads_text(threads), map));
      }
      rows.push_back(row);
    }
    std::cout << '\n' << name << ", million operations/s\n";
    print_table(std::cout, chosen.head(), rows);
  }
}

void measure_workloads(const settings& chosen, const concurrent_field& maps, const counting_field& counting,
                       results& all, scoreboard& board) {
  const auto measure = [&](const auto& of, const std::string& part, const auto& cases, const auto& run) {
    of.interleaved(part, chosen.rounds, run, [&](const std::string& map, const auto& got) {
      for (std::size_t i = 0; i < cases.size(); ++i) {
        for (std::size_t t = 0; t < chosen.threads().size(); ++t) {
          all.add(std::string(cases[i]) + ", " + threads_text(thread_counts[t]), "Mops", map, got.mops[i][t]);
        }
      }
    });
    print_workloads(chosen, of, all, cases);
  };
  if (chosen.wants_besides("words")) {
    const text_words words(chosen.text, chosen.most_threads);
    std::cout << '\n' << words.names.size() << " words of " << chosen.text << '\n';
    measure(maps, "words", words_cases, [&](auto peer) { return run_words<decltype(peer)>(words, chosen.how()); });
    for (const std::string each : words_cases) {
      const std::string what = each + ", " + threads_text(1);
      const double own = all.median(what, synced);
      const double theirs = all.median(what, "boost::concurrent_flat_map");
      board.enter_at_least(synced + ", " + what + ", over boost", fixed(own) + ", " + fixed(theirs), own / theirs, 1.2);
    }
  }
  if (!chosen.wants_besides("ycsb") && !chosen.wants_besides("counting")) return;
  const rank_streams ranks(chosen.most_threads);
  if (chosen.wants_besides("ycsb")) {
    std::cout << "\nYCSB, " << rank_streams::records << " records; without E, which scans ranges\n";
    measure(maps, "ycsb", ycsb_cases, [&](auto peer) { return run_ycsb<decltype(peer)>(ranks, chosen.how()); });
  }
  if (chosen.wants_besides("counting")) {
    measure(counting, "counting", counting_cases,
            [&](auto peer) { return run_counting<decltype(peer)>(ranks, chosen.how()); });
  }
}

// ---- beside Go

void measure_beside_go(const settings& chosen, const concurrent_field& maps, const go_maps& go, results& all,
                       scoreboard& board) {
  if (!chosen.wants_besides("go")) return;
  const sync_map_workload workload;
  const auto take = [&](const std::string& map, const sync_map_rates& rates) { record(all, map, rates); };
  rounds_with_go(
      "go", chosen, go,
      [&](const std::string& part) {
        maps.interleaved(part, 1, [&](auto peer) { return workload.run<decltype(peer)>(chosen.how()); }, take);
      },
      [&](const std::string& map) { take(map, workload.run_in_go(map, chosen.how())); });
  for (const sync_map_case& each : sync_map_cases) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& map : names_of(maps, go)) {
      rows.push_back({map, all.cell(sync_map_name(each, 1), map), all.cell(sync_map_name(each, 2), map)});
    }
    std::cout << "\n1 M keys, maps grown from empty, " << each.name << ", million operations/s\n";
    print_table(std::cout, {"map", "1 thread", "2 threads"}, rows);
  }
  if (go.names().empty() || go.names().front() != go_sync_map) return;
  for (const sync_map_case& each : sync_map_cases) {
    for (std::size_t threads = 1; threads <= sync_map_rates::threads; ++threads) {
      const std::string what = sync_map_name(each, threads);
      const double own = all.median(what, evac_sync_peer::name);
      const double theirs = all.median(what, go_sync_map);
      if (std::isnan(own) && all.find(what, evac_sync_peer::name) == nullptr) continue;  // it was not asked
      board.enter_at_least(
          what + ", Mops, over Go's sync.Map",
          std::string(evac_sync_peer::name) + ' ' + fixed(own) + ", " + go_sync_map + ' ' + fixed(theirs), own / theirs,
          6);
    }
  }
}

// ---- sets

void measure_sets(const settings& chosen, results& all) {
  if (!chosen.wants_besides("sets")) return;
  const std::vector<size_case> sizes{{"integer sets, 100 K", 100'000}};
  const field<concurrent_sets> sets(chosen.maps, [](auto peer) { return behaves_as_set<decltype(peer)>(); });
  const streams prepared(sizes.front().resident, chosen.most_threads);
  mixes_in_turns(chosen, sets, peer_list<>{}, "sets", chosen.rounds, prepared,
                 [&](const std::string& set, const mix_rates& rates) { record(all, sizes.front().name, set, rates); });
  print_mixes(chosen, all, sets.names(), sizes);
}

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_flag("--all-parts", chosen.all_parts, "also what runs only when --only names it");
  app.add_flag("--all-sizes", chosen.all_sizes, "mixes over 10 K, too");
  app.add_flag("--by-cpu", chosen.by_cpu, "rates by processor time, for a machine that others use");
  app.add_option("--threads", chosen.most_threads, "up to so many; each takes 84 MB")
      ->check(CLI::Range(std::size_t{2}, streams::most_threads));
  app.add_option("--text", chosen.text, "files whose words are the keys of the part words");
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(argc, argv, "Maps that threads share, beside each other.", add_own_options);
  warm_up_memory();
  const auto counting = choose_counting(chosen.maps);
  const concurrent_field maps(counting);
  const go_maps go = chosen.wants_go() ? go_maps(chosen.maps) : go_maps();
  if (!chosen.wants_go()) std::cout << "without Go's maps, which take minutes (--all-parts, --only go, --maps Go)\n";
  results all("throughput");
  for (const auto& name : missing_concurrent_peers()) all.note("Without " + name + ", which was not found");
  if (!go.names().empty()) all.note("Go's maps by " + go.version());
  if (chosen.by_cpu) all.note("Rates are by processor time");
  scoreboard board;
  measure_mixes(chosen, maps, go, all);
  if (!chosen.json.empty()) all.write_json(chosen.json);  // what is there already should not be lost if the rest fails
  std::cout << '\n';
  mix_bars(chosen, all, maps, board);
  measure_dependent(chosen, maps, all);
  measure_grown(chosen, maps, all, board);
  measure_growth(chosen, counting, all, board);
  measure_footprint(chosen, counting, all, board);
  measure_sleepers(chosen, maps, all, board);
  measure_workloads(chosen, maps, counting, all, board);
  measure_beside_go(chosen, maps, go, all, board);
  measure_sets(chosen, all);
  const bool written = chosen.json.empty() || all.write_json(chosen.json, board.entries());
  std::cout << board.missed() << " bars missed\n";
  return written ? 0 : 1;
}
