// The bars: ratios of evac::map to its peers, each measured beside them in one run.
//
// Rounds are interleaved over the maps; a row shows medians. Each map has its default hash.
#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "peers/concurrent_peers.hpp"
#include "peers/owned_peers.hpp"
#include "support/backed_memory.hpp"
#include "support/dependent.hpp"
#include "support/growth.hpp"
#include "support/histogram.hpp"
#include "support/measure.hpp"
#include "support/memory_use.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"

namespace {

using namespace bench;

using samples = std::map<std::string, std::vector<double>>;
struct operation_samples {
  samples insert, hit, miss, iterate, erase, again;
};

struct settings {
  std::string only, json;
  std::size_t rounds = 5;
  bool large = false;
  [[nodiscard]] bool wants(const std::string& bar) const { return bar.find(only) != std::string::npos; }
};

[[nodiscard]] std::string figures_of(const samples& all, int digits = 2) {
  std::string text;
  for (const auto& [name, values] : all) {
    text += (text.empty() ? "" : ", ") + name + ' ' + fixed(summarise(values).median, digits);
  }
  return text;
}
void record(results& all, const std::string& what, const std::string& unit, const samples& of) {
  for (const auto& [name, values] : of) {
    for (const double value : values) all.add(what, unit, name, value);
  }
}
void record(results& all, const std::string& at, const operation_samples& of) {
  record(all, at + ", insert", "ns", of.insert);
  record(all, at + ", hit", "ns", of.hit);
  record(all, at + ", miss", "ns", of.miss);
  record(all, at + ", iteration", "ns", of.iterate);
  record(all, at + ", erase", "ns", of.erase);
  record(all, at + ", insert again", "ns", of.again);
}
[[nodiscard]] double median_of(const samples& all, const std::string& name) {
  const auto found = all.find(name);
  return found == all.end() ? std::numeric_limits<double>::quiet_NaN() : summarise(found->second).median;
}
[[nodiscard]] double ratio_to_absl(const samples& all) {
  return median_of(all, evac_peer::name) / median_of(all, absl_peer::name);
}
[[nodiscard]] double ratio_to_fastest_flat(const samples& all) {
  double fastest = median_of(all, absl_peer::name);
#if EVAC_BENCH_HAS_BOOST_FLAT
  fastest = std::min(fastest, median_of(all, boost_peer::name));
#endif
  return median_of(all, evac_peer::name) / fastest;
}

template <class K>
K make_key(std::uint64_t i) {
  if constexpr (std::is_same_v<K, std::string>) {
    std::string text = std::to_string(random_key(i));
    text.resize(24, '.');
    return text;
  } else {
    return random_key(i);
  }
}

/// Nanoseconds per element of each operation on one map of `size` elements; all of one peer in one child.
struct operation_times {
  double insert, hit, miss, iterate, erase, again;
};

template <class Peer, class K>
operation_times time_operations(std::size_t size) {
  static_cast<void>(backed_memory(size * 100));  // for keys and map
  std::vector<K> order;
  std::vector<K> absent;
  for (std::size_t i = 0; i < size; ++i) {
    order.push_back(make_key<K>(i));
    absent.push_back(make_key<K>(size + i));
  }
  const double invalid = std::numeric_limits<double>::quiet_NaN();
  const double n = static_cast<double>(size);
  operation_times times{};
  typename Peer::template map<K, std::uint64_t> map;
  double start = seconds();
  for (const auto& key : order) map.emplace(key, 1);
  times.insert = (seconds() - start) / n * 1e9;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(7));

  const std::size_t repeats = std::max<std::size_t>(1, 4'000'000 / size);
  const auto look_up = [&](const std::vector<K>& keys, std::uint64_t wanted) {
    double best = std::numeric_limits<double>::max();
    for (int attempt = 0; attempt < 3; ++attempt) {
      std::uint64_t sum = 0;
      start = seconds();
      for (std::size_t i = 0; i < repeats; ++i) {
        for (const auto& key : keys) {
          const auto at = map.find(key);
          if (at != map.end()) sum += at->second;
        }
      }
      best = std::min(best, (seconds() - start) / n / static_cast<double>(repeats) * 1e9);
      if (sum != wanted * repeats) return invalid;
    }
    return best;
  };
  times.hit = look_up(order, size);
  times.miss = look_up(absent, 0);

  std::uint64_t sum = 0;
  start = seconds();
  for (std::size_t i = 0; i < repeats; ++i) {
    for (const auto& element : map) sum += element.second;
  }
  times.iterate = sum == size * repeats ? (seconds() - start) / n / static_cast<double>(repeats) * 1e9 : invalid;
  start = seconds();
  for (const auto& key : order) map.erase(key);
  times.erase = map.empty() ? (seconds() - start) / n * 1e9 : invalid;
  start = seconds();
  for (const auto& key : order) map.emplace(key, 1);
  times.again = map.size() == size ? (seconds() - start) / n * 1e9 : invalid;
  return times;
}

template <class K, class Peers>
operation_samples measure_operations(Peers peers, std::size_t size, std::size_t rounds) {
  operation_samples all;
  for (std::size_t round = 0; round < rounds; ++round) {
    for_each_peer(peers, [&](auto peer) {
      const auto got = in_child([&] { return time_operations<decltype(peer), K>(size); });
      if (!got) return;
      all.insert[peer.name].push_back(got->insert);
      all.hit[peer.name].push_back(got->hit);
      all.miss[peer.name].push_back(got->miss);
      all.iterate[peer.name].push_back(got->iterate);
      all.erase[peer.name].push_back(got->erase);
      all.again[peer.name].push_back(got->again);
    });
  }
  return all;
}

void integer_bars(const settings& chosen, results& figures, scoreboard& board) {
  const std::pair<const char*, std::size_t> sizes[] = {
      {"1 K", 1U << 10U}, {"64 K", 1U << 16U}, {"1 M", 1U << 20U}, {"10 M", 10'000'000}, {"16 M", 1U << 24U}};
  for (const auto& [label, size] : sizes) {
    const std::string at = std::string("integers at ") + label;
    if (!chosen.wants(at)) continue;
    const auto all = measure_operations<std::uint64_t>(flat_peers{}, size, chosen.rounds);
    record(figures, at, all);
    const auto over_absl = [&](const char* operation, const samples& of, double bar) {
      board.enter(at + ", " + operation + ", ns, over absl", figures_of(of), ratio_to_absl(of), bar);
    };
    const auto over_fastest_flat = [&](const char* operation, const samples& of, double bar) {
      board.enter(at + ", " + operation + ", ns, over the faster of the flat maps", figures_of(of),
                  ratio_to_fastest_flat(of), bar);
    };
    if (size < (1U << 20U)) {
      over_fastest_flat("hit", all.hit, 1.15);
      over_fastest_flat("miss", all.miss, 1.15);
    } else if (size == 10'000'000) {
      over_absl("hit", all.hit, 0.8);
      over_absl("miss", all.miss, 1.5);
      over_absl("erase", all.erase, 0.65);
      over_absl("insert again", all.again, 1.0);
    } else {
      over_absl("iteration", all.iterate, 1.0);
    }
  }
}

/// All maps: those of one owner, and those that threads share.
using dependent_peers = joined<owned_peers, peer_list<evac_sync_peer, evac_sharded_peer>,
                               if_found<EVAC_BENCH_HAS_BOOST_CONCURRENT, struct boost_concurrent_peer>,
                               if_found<EVAC_BENCH_HAS_TBB, struct tbb_peer>>;

void dependent_bars(const settings& chosen, results& figures, scoreboard& board) {
  for (const dependent_size& size : dependent_sizes) {
    const std::string at = dependent_name(size);
    if (!chosen.wants(at)) continue;
    samples all;
    for (std::size_t round = 0; round < chosen.rounds; ++round) {
      for_each_peer(dependent_peers{}, [&](auto peer) {
        using map = typename decltype(peer)::template map<std::uint64_t, std::uint64_t>;
        const auto got = in_child([&] { return time_dependent_hits<map>(size.elements); });
        if (got) all[peer.name].push_back(*got);
      });
    }
    record(figures, at, "ns", all);
    if (size.elements != 10'000'000) continue;
    board.enter(at + ", ns, over absl", figures_of(all), ratio_to_absl(all), 0.6);
#if EVAC_BENCH_HAS_BOOST_FLAT
    board.enter(at + ", ns, over boost", figures_of(all),
                median_of(all, evac_peer::name) / median_of(all, boost_peer::name), 0.8);
#endif
  }
}

/// Nanoseconds a hit, one by one and in bulk, in one grown map: the keys in an order that is not that of the inserts.
struct bulk_times {
  double single, bulk;
};
bulk_times time_bulk(std::size_t size) {
  constexpr std::size_t look_ups = 4'000'000;
  owned<evac_peer>::map<std::uint64_t, std::uint64_t> map;
  for (std::size_t i = 0; i < size; ++i) map.insert(random_key(i), 1);
  std::vector<std::uint64_t> keys;
  for (std::size_t i = 0; i < look_ups; ++i) keys.push_back(random_key(random_key(size + i) % size));
  const auto time = [&](const auto& look) {
    std::uint64_t sum = 0;
    const double start = seconds();
    look(sum);
    const double taken = seconds() - start;
    return sum == look_ups ? taken / static_cast<double>(look_ups) * 1e9 : std::numeric_limits<double>::quiet_NaN();
  };
  const double single = time([&](std::uint64_t& sum) {
    for (const std::uint64_t key : keys) {
      std::uint64_t value = 0;
      map.find(key, value);
      sum += value;
    }
  });
  const double bulk = time(
      [&](std::uint64_t& sum) { map.find_many(keys.begin(), keys.end(), [&](std::uint64_t value) { sum += value; }); });
  return {single, bulk};
}

void bulk_bars(const settings& chosen, results& figures, scoreboard& board) {
  const std::string at = "hits in bulk at 10 M";
  if (!chosen.wants(at)) return;
  samples all;
  for (std::size_t round = 0; round < chosen.rounds; ++round) {
    const auto got = in_child([&] { return time_bulk(10'000'000); });
    if (!got) continue;
    all["one by one"].push_back(got->single);
    all["in bulk"].push_back(got->bulk);
  }
  record(figures, at, "ns", all);
  board.enter_at_least(at + ", speed over hits one by one", figures_of(all),
                       median_of(all, "one by one") / median_of(all, "in bulk"), 2.0);
}

void string_bars(const settings& chosen, results& figures, scoreboard& board) {
  if (!chosen.wants("strings at 1 M")) return;
  const auto all = measure_operations<std::string>(flat_peers{}, 1U << 20U, chosen.rounds);
  record(figures, "strings at 1 M", all);
  board.enter("strings at 1 M, hit, ns, over absl", figures_of(all.hit), ratio_to_absl(all.hit), 1.0);
  board.enter("strings at 1 M, insert, ns, over absl", figures_of(all.insert), ratio_to_absl(all.insert), 1.0);
}

struct pauses {
  double longest, p9999;
};
template <class Peer>
pauses grow_pauses(std::size_t keys) {
  latency_histogram histogram;
  const bool complete = grow_timed<Peer>(keys, [&](std::uint64_t, std::uint64_t taken) { histogram.add(taken); });
  if (!complete) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  return {static_cast<double>(histogram.most()) / 1e6, static_cast<double>(histogram.percentile(0.9999)) / 1e3};
}

void growth_bars(const settings& chosen, results& figures, scoreboard& board, const char* label, std::size_t keys) {
  const std::string at = std::string("growing to ") + label;
  if (!chosen.wants(at)) return;
  samples totals;
  samples longest;
  samples tail;
  for (std::size_t round = 0; round < chosen.rounds; ++round) {
    for_each_peer(all_peers{}, [&](auto peer) {
      using peer_type = decltype(peer);
      if (const auto total = in_child([&] { return grow_untimed<peer_type>(keys); }))
        totals[peer.name].push_back(*total);
      if (const auto got = in_child([&] { return grow_pauses<peer_type>(keys); })) {
        longest[peer.name].push_back(got->longest);
        tail[peer.name].push_back(got->p9999);
      }
    });
  }
  record(figures, at + ", total", "s", totals);
  record(figures, at + ", longest insert", "ms", longest);
  record(figures, at + ", p99.99 of inserts", "us", tail);
  board.enter(at + ", total, s, over absl", figures_of(totals), ratio_to_absl(totals), 1.1);
  board.enter(at + ", longest insert, ms, over absl", figures_of(longest, 3), ratio_to_absl(longest), 1.0 / 200);
  board.enter(at + ", longest insert, ms", figures_of(longest, 3), median_of(longest, evac_peer::name), 1);
  board.enter(at + ", p99.99 of inserts, us, over absl", figures_of(tail), ratio_to_absl(tail), 1.0);
}

void memory_bars(const settings& chosen, results& figures, scoreboard& board) {
  if (!chosen.wants("memory")) return;
  const auto sizes = sizes_between(1'000'000, 16'000'000, 35);
  samples average;
  samples worst;
  samples peak;
  for_each_peer(flat_peers{}, [&](auto peer) {
    using map = typename owned<decltype(peer)>::template map<std::uint64_t, std::uint64_t>;
    const auto got = in_child([&] { return grow_through<map>(sizes); });
    if (!got) return;
    const std::vector<double> each(got->bytes_per_element.begin(), got->bytes_per_element.begin() + sizes.size());
    average[peer.name].push_back(std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(each.size()));
    worst[peer.name].push_back(*std::max_element(each.begin(), each.end()));
    peak[peer.name].push_back(got->peak_over_final);
  });
  record(figures, "memory from 1 M to 16 M, average", "bytes per element", average);
  record(figures, "memory from 1 M to 16 M, worst", "bytes per element", worst);
  record(figures, "memory from 1 M to 16 M, peak over final", "times", peak);
  board.enter("memory, resident bytes per element, average of 1 M to 16 M", figures_of(average),
              median_of(average, evac_peer::name), 31);
  board.enter("memory, resident bytes per element, worst of 1 M to 16 M", figures_of(worst),
              median_of(worst, evac_peer::name), 42);
  board.enter("memory, peak over final, growing to 16 M", figures_of(peak), median_of(peak, evac_peer::name), 1.1);
}

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_flag("--large", chosen.large, "grow maps to 50 million elements, too");
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen =
      settings_of<settings>(argc, argv, "The ratios that evac::map promises, each beside its bar.", add_own_options);
  warm_up_memory();
  results figures("bars");
  scoreboard board;
  integer_bars(chosen, figures, board);
  dependent_bars(chosen, figures, board);
  bulk_bars(chosen, figures, board);
  string_bars(chosen, figures, board);
  memory_bars(chosen, figures, board);
  growth_bars(chosen, figures, board, "10 M", 10'000'000);
  if (chosen.large) growth_bars(chosen, figures, board, "50 M", 50'000'000);
  std::cout << board.missed() << " bars missed\n";
  return chosen.json.empty() || figures.write_json(chosen.json, board.entries()) ? 0 : 1;
}
