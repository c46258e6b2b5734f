// Go's maps on the mixes of the others; and all maps on loads with few stores, which Go's sync.Map is made for.
#ifndef EVAC_BENCH_THROUGHPUT_BESIDE_GO_HPP
#define EVAC_BENCH_THROUGHPUT_BESIDE_GO_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "peers/go_maps.hpp"
#include "support/results.hpp"
#include "support/threads.hpp"
#include "throughput/mixes.hpp"
#include "throughput/streams.hpp"

namespace bench {

[[nodiscard]] inline double rate_of(const go_answer& answer, const std::string& name, std::size_t threads,
                                    const timing& how) {
  const threads_run run = answer.run(name, threads);
  return run.operations == 0 ? invalid : how.rate(run);
}

// ---- mixes

/// The same streams, for the program to map.
class go_streams {
 public:
  go_streams(const streams& prepared, std::size_t threads) : resident_(prepared.resident), threads_(threads) {
    for (const skew of : skews) {
      for (std::size_t t = 0; t < threads; ++t) {
        const operations& todo = prepared.of[static_cast<std::size_t>(of)][t];
        memory_.append(todo.keys);
        memory_.append(todo.dice);
      }
    }
  }

  [[nodiscard]] mix_rates run(const std::string& map, const timing& how) const {
    const go_answer answer =
        go_maps::ask("mixes", map,
                     std::to_string(how.seconds) + ' ' + std::to_string(threads_) + ' ' + std::to_string(resident_) +
                         ' ' + std::to_string(operations::length) + ' ' + std::to_string(memory_.number()));
    mix_rates rates{};
    for (std::size_t t = 0; t < thread_counts.size() && thread_counts[t] <= threads_; ++t) {
      const std::size_t threads = thread_counts[t];
      const std::string count = ' ' + std::to_string(threads);
      if (t < std::size(rates.hot_key)) rates.hot_key[t] = rate_of(answer, "hot" + count, threads, how);
      for (const skew of : skews) {
        const auto s = static_cast<std::size_t>(of);
        for (std::size_t u = 0; u < update_shares.size(); ++u) {
          const std::string name = "mix " + std::to_string(s) + ' ' + std::to_string(update_shares[u]) + count;
          rates.mix[s][u][t] = rate_of(answer, name, threads, how);
        }
      }
    }
    rates.one_by_one = rate_of(answer, "one by one", 1, how);
    rates.in_bulk = invalid;
    return rates;
  }

 private:
  std::size_t resident_, threads_;
  inherited_memory memory_;
};

// ---- loads and few stores

/// Uniform loads of a million keys; stores are every hundredth or tenth operation of a thread.
struct sync_map_case {
  const char* name;     // in results
  const char* go_name;  // in the answer of the program
  std::uint64_t store_every;
  bool fresh;
};
inline constexpr std::array<sync_map_case, 3> sync_map_cases{
    {{"loads", "loads", 0, false}, {"1 % stores", "stores", 100, false}, {"10 % stores of new keys", "new", 10, true}}};

struct sync_map_rates {
  static constexpr std::size_t threads = 2;
  double mops[sync_map_cases.size()][threads];
};

class sync_map_workload {
 public:
  static constexpr std::size_t records = 1'000'000;
  static constexpr std::size_t length = 1'000'000;
  static constexpr std::size_t block = 100;

  sync_map_workload() {
    for (std::size_t t = 0; t < sync_map_rates::threads; ++t) {
      auto& own = keys_.emplace_back(length);
      for (std::size_t i = 0; i < length; ++i) own[i] = random_key(random_key(t * length + i) % records);
      memory_.append(own);
    }
  }

  [[nodiscard]] sync_map_rates run_in_go(const std::string& map, const timing& how) const {
    const go_answer answer = go_maps::ask("service", map,
                                          std::to_string(how.seconds) + ' ' + std::to_string(records) + ' ' +
                                              std::to_string(length) + ' ' + std::to_string(memory_.number()));
    sync_map_rates rates{};
    for (std::size_t i = 0; i < sync_map_cases.size(); ++i) {
      for (std::size_t t = 0; t < sync_map_rates::threads; ++t) {
        const std::string name = sync_map_cases[i].go_name + (' ' + std::to_string(t + 1));
        rates.mops[i][t] = rate_of(answer, name, t + 1, how);
      }
    }
    return rates;
  }

  template <class Peer>
  [[nodiscard]] sync_map_rates run(const timing& how) const {
    sync_map_rates rates{};
    for (std::size_t i = 0; i < sync_map_cases.size(); ++i) {
      for (std::size_t t = 0; t < sync_map_rates::threads; ++t) {
        rates.mops[i][t] = run_case<Peer>(sync_map_cases[i], t + 1, how);
      }
    }
    return rates;
  }

 private:
  /// The lower half tells whose value it is, the upper half changes.
  [[nodiscard]] static std::uint64_t stamped(std::uint64_t key, std::uint64_t step) {
    return (~key & 0xFFFFFFFFU) | step << 32U;
  }
  [[nodiscard]] static bool right_for(std::uint64_t key, std::uint64_t value) {
    return static_cast<std::uint32_t>(value) == static_cast<std::uint32_t>(~key);
  }

  template <class Peer>
  [[nodiscard]] double run_case(const sync_map_case& todo, std::size_t threads, const timing& how) const {
    // From empty, as a sync.Map cannot be made for its keys, and anew each time, as new keys would pile up. Never
    // destroyed, as in run_mixes().
    auto& map = *new typename Peer::template map<std::uint64_t, std::uint64_t>(0);
    std::uint64_t missing = 0;
    for (std::uint64_t i = 0; i < records; ++i) missing += map.insert(random_key(i), stamped(random_key(i), 0)) ? 0 : 1;
    std::atomic<std::uint64_t> wrong{missing};
    std::atomic<std::uint64_t> inserted{0};
    const threads_run run = run_threads(threads, how.seconds, [&](std::size_t t, const std::atomic<bool>& stop) {
      const std::vector<std::uint64_t>& keys = keys_[t];
      std::uint64_t step = 0;
      std::uint64_t fresh = 0;
      std::uint64_t bad = 0;
      while (!stop.load(std::memory_order_relaxed)) {  // relaxed: when exactly it is seen does not matter
        const std::uint64_t* const from = keys.data() + step % length;
        for (const std::uint64_t* at = from; at != from + block; ++at, ++step) {
          if (todo.store_every == 0 || step % todo.store_every != 0) {
            std::uint64_t value = 0;
            bad += map.find(*at, value) && right_for(*at, value) ? 0 : 1;
            continue;
          }
          const std::uint64_t key = todo.fresh ? random_key(records + fresh++ * sync_map_rates::threads + t) : *at;
          bad += map.upsert(key, stamped(key, step)) == todo.fresh ? 0 : 1;
        }
      }
      wrong.fetch_add(bad);
      inserted.fetch_add(fresh);
      return step;
    });
    return wrong == 0 && map.size() == records + inserted ? how.rate(run) : invalid;
  }

  std::vector<std::vector<std::uint64_t>> keys_;
  inherited_memory memory_;
};

[[nodiscard]] inline std::string sync_map_name(const sync_map_case& of, std::size_t threads) {
  return std::string("1 M keys as in Go, ") + of.name + ", " + threads_text(threads);
}

inline void record(results& all, const std::string& map, const sync_map_rates& rates) {
  for (std::size_t i = 0; i < sync_map_cases.size(); ++i) {
    for (std::size_t t = 0; t < sync_map_rates::threads; ++t) {
      all.add(sync_map_name(sync_map_cases[i], t + 1), "Mops", map, rates.mops[i][t]);
    }
  }
}

}  // namespace bench

#endif
