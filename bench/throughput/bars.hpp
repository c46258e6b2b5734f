// Bars of evac's shared maps: means of mixes, scaling, bulk look-ups.
#ifndef EVAC_BENCH_THROUGHPUT_BARS_HPP
#define EVAC_BENCH_THROUGHPUT_BARS_HPP

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "peers/concurrent_peers.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"
#include "throughput/mixes.hpp"
#include "throughput/settings.hpp"

namespace bench {

inline const std::string sharded = evac_sharded_peer::name;
inline const std::string synced = evac_sync_peer::name;
inline const std::string unshared = one_thread_absl::name;

/// Maps of others that a bar is measured against.
struct rivals {
  std::vector<std::string> locked;  // whose readers lock
  std::vector<std::string> all;
};
[[nodiscard]] inline rivals rivals_of(const std::vector<std::string>& locked, const std::vector<std::string>& names) {
  rivals result{locked, {}};
  for (const auto& name : names) {
    if (!name.starts_with("evac::")) result.all.push_back(name);
  }
  return result;
}

/// The fastest of these maps in this case, and its figure.
[[nodiscard]] inline std::pair<std::string, double> best_of(const results& all, const std::vector<std::string>& maps,
                                                            const std::string& what) {
  std::pair<std::string, double> best{"nobody", invalid};
  for (const auto& map : maps) {
    const double figure = all.median(what, map);
    if (!(figure <= best.second) && !std::isnan(figure)) best = {map, figure};
  }
  return best;
}

/// The case in which a ratio is worst.
struct worst_case {
  double ratio = invalid;
  std::string where = "nowhere";
  void look_at(double candidate, const std::string& what) {
    if (std::isnan(candidate) || candidate >= ratio) return;
    ratio = candidate;
    where = what;
  }
};

/// One map's bars: entered only if it was measured.
class map_bars {
 public:
  map_bars(const settings& chosen, const results& all, const std::vector<size_case>& sizes, std::string map,
           scoreboard& board)
      : chosen_(chosen), all_(all), sizes_(sizes), map_(std::move(map)), board_(board) {}

  void mean_over_best(std::size_t threads, const std::vector<std::string>& maps, const std::string& of, double wanted) {
    const std::string what = geometric_mean_name(threads);
    const auto [peer, figure] = best_of(all_, maps, what);
    const double own = all_.median(what, map_);
    enter(what + ", Mops, over " + of, fixed(own) + ", " + peer + ' ' + fixed(figure), own / figure, wanted);
  }
  void worst_mix(std::size_t threads, const std::vector<std::string>& maps, const std::string& of, double wanted) {
    worst_case worst;
    for_each_mix(sizes_, [&](const std::string& size, skew of_keys, unsigned updates) {
      const std::string mix = mix_name(size, of_keys, updates, threads);
      const auto [best, rate] = best_of(all_, maps, mix);
      worst.look_at(all_.median(mix, map_) / rate, mix + " (" + best + ')');
    });
    enter("worst single mix, " + threads_text(threads) + ", over " + of, worst.where, worst.ratio, wanted);
  }
  void scaling(const std::string& what, const std::string& one, const std::string& two, double wanted) {
    ratio("scaling 1 -> 2 threads, " + what, one, two, wanted);
  }
  /// The ratio of `after` to `before`.
  void ratio(const std::string& what, const std::string& before, const std::string& after, double wanted) {
    const double first = all_.median(before, map_);
    const double second = all_.median(after, map_);
    enter(what, fixed(first) + " -> " + fixed(second) + " Mops", second / first, wanted);
  }
  void four_over_two(double wanted) {
    if (chosen_.most_threads < 4) return;
    worst_case worst;
    for_each_mix(sizes_, [&](const std::string& size, skew of, unsigned updates) {
      const std::string crowded = mix_name(size, of, updates, 4);
      worst.look_at(all_.median(crowded, map_) / all_.median(mix_name(size, of, updates, 2), map_), crowded);
    });
    enter("4 threads over 2, worst mix", worst.where, worst.ratio, wanted);
  }
  /// Reads by one thread over those of a map that threads cannot share.
  void reads_over_unshared(double wanted) {
    worst_case worst;
    for (const auto& size : sizes_) {
      for (const skew of : skews) {
        const std::string mix = mix_name(size.name, of, 0, 1);
        worst.look_at(all_.median(mix, map_) / all_.median(mix, unshared), mix);
      }
    }
    enter("reads, 1 thread, over " + unshared + ", worst case", worst.where, worst.ratio, wanted);
  }

 private:
  void enter(const std::string& what, const std::string& figures, double measured, double wanted) {
    board_.enter_at_least(map_ + ", " + what, figures, measured, wanted);
  }

  const settings& chosen_;
  const results& all_;
  const std::vector<size_case>& sizes_;
  std::string map_;
  scoreboard& board_;
};

inline void sharded_bars(const settings& chosen, const results& all, const rivals& others,
                         const std::vector<size_case>& sizes, scoreboard& board) {
  map_bars bars(chosen, all, sizes, sharded, board);
  for (const std::size_t threads : chosen.threads()) {
    bars.mean_over_best(threads, others.locked, "the best locked peer", 1.1);
    bars.worst_mix(threads, others.locked, "the locked peer that is best in it", 0.9);
  }
  for (const auto& size : sizes) {
    const auto mix = [&](unsigned updates, std::size_t threads) {
      return mix_name(size.name, skew::uniform, updates, threads);
    };
    bars.scaling(size.name + ", uniform reads", mix(0, 1), mix(0, 2), 1.8);
    if (size.name != "100 K") continue;
    bars.scaling(size.name + ", uniform, 50 % updates", mix(50, 1), mix(50, 2), 1.6);
    bars.scaling("one hot key", hot_key_name(size.name, 1), hot_key_name(size.name, 2), 1.6);
  }
  bars.four_over_two(0.9);
  if (sizes.back().name == "10 M")
    bars.ratio("bulk over one by one, 10 M", one_by_one_name("10 M"), in_bulk_name("10 M"), 2.5);
}

inline void sync_bars(const settings& chosen, const results& all, const rivals& others,
                      const std::vector<size_case>& sizes, scoreboard& board) {
  map_bars bars(chosen, all, sizes, synced, board);
  bars.mean_over_best(1, {"boost::concurrent_flat_map"}, "boost", 1.3);
  bars.mean_over_best(1, {unshared}, "a map that threads cannot share", 0.95);
  for (const std::size_t threads : chosen.threads()) {
    if (threads != 1) bars.mean_over_best(threads, others.all, "the best peer", 1.4);
  }
  bars.reads_over_unshared(0.9);
  for (const auto& size : sizes) {
    bars.scaling(size.name + ", uniform reads", mix_name(size.name, skew::uniform, 0, 1),
                 mix_name(size.name, skew::uniform, 0, 2), 1.9);
    if (size.name != "100 K") continue;
    bars.scaling("one hot key", hot_key_name(size.name, 1), hot_key_name(size.name, 2), 1.9);
    bars.ratio("reads of a key that another thread stores to all the time, over those without",
               hot_key_name(size.name, 1), stored_key_name(size.name), 0.3);
  }
  if (sizes.back().name == "10 M")
    bars.ratio("bulk over one by one, 10 M", one_by_one_name("10 M"), in_bulk_name("10 M"), 3);
}

}  // namespace bench

#endif
