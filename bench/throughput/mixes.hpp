// Finds, inserts and erases on a map that was made for its keys, by one thread and by several.
#ifndef EVAC_BENCH_THROUGHPUT_MIXES_HPP
#define EVAC_BENCH_THROUGHPUT_MIXES_HPP

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "peers/owned_peers.hpp"
#include "support/results.hpp"
#include "support/threads.hpp"
#include "support/turns.hpp"
#include "throughput/streams.hpp"

namespace bench {

inline constexpr std::array<unsigned, 3> update_shares{0, 10, 50};
inline constexpr std::array<std::size_t, 7> thread_counts{1, 2, 4, 8, 16, 32, 64};
static_assert(thread_counts.back() == streams::most_threads);

/// A map that threads cannot share, for comparison: measured with one thread.
struct one_thread_absl : owned<absl_peer> {
  static constexpr const char* name = "absl::flat_hash_map, not shared";
  static constexpr bool one_thread = true;
};
using unshared_maps = peer_list<one_thread_absl>;
template <class Peer>
inline constexpr bool is_shared = !requires { Peer::one_thread; };

/// How long each mix runs, with how many threads at most, and whether its rate is per second or per second of processor
/// time.
struct timing {
  double seconds;
  std::size_t most_threads;
  bool by_cpu;
  [[nodiscard]] double rate(const threads_run& run) const { return by_cpu ? run.mops_by_cpu() : run.mops(); }
};

/// Million operations a second; not a number where the map was wrong, 0 where it was not asked.
struct mix_rates {
  double mix[skews.size()][update_shares.size()][thread_counts.size()];
  double hot_key[thread_counts.size()];  // one key read by all
  double one_by_one, in_bulk;
  double stored_key;  // one key read by one thread, stored to by another
};

template <class Peer>
class mix_runner {
 public:
  /// A map that is made for so many elements, and filled.
  mix_runner(const streams& prepared, const timing& how, std::size_t expected)
      : prepared_(prepared), how_(how), map_(expected) {
    for (std::size_t i = 0; i < prepared.resident; ++i)
      wrong_ += map_.insert(resident_key(i), ~resident_key(i)) ? 0 : 1;
    size_ = prepared.resident;
  }

  [[nodiscard]] double run(skew of, unsigned updates, std::size_t threads) {
    struct alignas(64) tally {
      std::uint64_t inserted = 0;
      std::uint64_t erased = 0;
      std::uint64_t wrong = 0;
    };
    std::array<tally, streams::most_threads> tallies{};
    const auto& own = prepared_.of[static_cast<std::size_t>(of)];
    const threads_run run = run_threads(threads, how_.seconds, [&](std::size_t t, const std::atomic<bool>& stop) {
      const operations& todo = own[t];
      std::size_t& cursor = cursors_[static_cast<std::size_t>(of)][t].at;
      tally counted;
      std::size_t at = cursor;
      // relaxed: when exactly it is seen does not matter
      while (!stop.load(std::memory_order_relaxed)) {
        const std::size_t begin = at % operations::length;
        const unsigned coin = 8 + at / operations::length % 8;
        for (std::size_t i = begin; i < begin + operations::block; ++i) {
          const std::uint64_t key = todo.keys[i];
          const unsigned dice = todo.dice[i];
          if ((dice & 0xFFU) >= updates) {
            std::uint64_t value = 0;
            if (map_.find(key, value)) counted.wrong += value != ~key ? 1 : 0;
          } else if ((dice >> coin & 1U) != 0) {
            counted.inserted += map_.insert(key, ~key) ? 1 : 0;
          } else {
            counted.erased += map_.erase(key) ? 1 : 0;
          }
        }
        at += operations::block;
      }
      tallies[t] = counted;
      const std::size_t done = at - cursor;
      cursor = at;
      return done;
    });
    for (const tally& each : tallies) {
      size_ += each.inserted - each.erased;
      wrong_ += each.wrong;
    }
    return checked(run);
  }

  /// All threads read one key, the same for all.
  [[nodiscard]] double read_hot_key(std::size_t threads) {
    const std::uint64_t key = resident_key(0);
    std::atomic<std::uint64_t> missed{0};
    const threads_run run = run_threads(threads, how_.seconds, [&](std::size_t, const std::atomic<bool>& stop) {
      std::uint64_t done = 0;
      std::uint64_t wrong = 0;
      while (!stop.load(std::memory_order_relaxed)) {  // relaxed: as above
        for (std::size_t i = 0; i < operations::block; ++i) {
          std::uint64_t value = 0;
          wrong += map_.find(key, value) && value == ~key ? 0 : 1;
        }
        done += operations::block;
      }
      missed.fetch_add(wrong);
      return done;
    });
    wrong_ += missed.load();
    return checked(run);
  }

  /// The same by one thread, while another stores to the key: only the reads count.
  [[nodiscard]] double read_stored_key()
    requires requires(typename Peer::template map<std::uint64_t, std::uint64_t>& map) { map.upsert(1, 1); }
  {
    const std::uint64_t key = resident_key(0);
    std::uint64_t read = 0;
    std::uint64_t wrong = 0;
    std::uint64_t stored = 0;
    threads_run run = run_threads(2, how_.seconds, [&](std::size_t t, const std::atomic<bool>& stop) {
      std::uint64_t done = 0;
      while (!stop.load(std::memory_order_relaxed)) {  // relaxed: as above
        for (std::size_t i = 0; i < operations::block; ++i) {
          std::uint64_t value = 0;
          if (t == 1) {
            map_.upsert(key, ~key);
          } else {
            wrong += map_.find(key, value) && value == ~key ? 0 : 1;
          }
        }
        done += operations::block;
      }
      (t == 0 ? read : stored) = done;
      return done;
    });
    wrong_ += wrong + (stored == 0 ? 1 : 0);
    run.operations = read;
    return checked(run);
  }

  /// Uniform look-ups by one thread, 256 keys at a time: with the map's bulk look-up, or in a loop.
  [[nodiscard]] double look_up_lists(bool in_bulk) {
    constexpr std::size_t list = 256;
    const operations& todo = prepared_.of[static_cast<std::size_t>(skew::uniform)].front();
    std::uint64_t hits = 0;
    std::uint64_t sum = 0;
    const threads_run run = run_threads(1, how_.seconds, [&](std::size_t, const std::atomic<bool>& stop) {
      std::size_t at = 0;
      for (; !stop.load(std::memory_order_relaxed); at += list) {  // relaxed: as above
        const std::uint64_t* const keys = todo.keys.data() + at % operations::length;
        if (in_bulk) {
          if constexpr (has_bulk) hits += map_.find_many(keys, keys + list, [&](std::uint64_t value) { sum += value; });
        } else {
          for (const std::uint64_t* key = keys; key != keys + list; ++key) {
            std::uint64_t value = 0;
            if (!map_.find(*key, value)) continue;
            ++hits;
            sum += value;
          }
        }
      }
      return at;
    });
    // Half of the keys are there, whatever the mixes did.
    const double share = static_cast<double>(hits) / static_cast<double>(run.operations);
    return share > 0.4 && share < 0.6 && sum != 0 ? checked(run) : invalid;
  }

  static constexpr bool has_bulk =
      requires(const typename Peer::template map<std::uint64_t, std::uint64_t>& map, const std::uint64_t* key) {
        map.find_many(key, key, [](std::uint64_t) {});
      };

 private:
  [[nodiscard]] double checked(const threads_run& run) const {
    if (wrong_ != 0 || map_.size() != size_) return invalid;
    return how_.rate(run);
  }

  struct alignas(64) position {
    std::size_t at = 0;
  };

  const streams& prepared_;
  timing how_;
  typename Peer::template map<std::uint64_t, std::uint64_t> map_;
  position cursors_[skews.size()][streams::most_threads];
  std::uint64_t size_ = 0;
  std::uint64_t wrong_ = 0;
};

/// All measurements on one filled map, in this order; other maps have their turns between two steps.
template <class Peer>
[[nodiscard]] mix_rates run_mixes(const streams& prepared, const timing& how, turn& mine) {
  // Never destroyed: the process ends here, and tearing down millions of nodes takes longer than measuring.
  auto& runner = *new mix_runner<Peer>(prepared, how, 2 * prepared.resident);
  const std::size_t most_threads = is_shared<Peer> ? how.most_threads : 1;
  mix_rates rates{};
  for (std::size_t t = 0; t < thread_counts.size() && thread_counts[t] <= most_threads; ++t) {
    mine.pass();
    rates.hot_key[t] = runner.read_hot_key(thread_counts[t]);
  }
  if constexpr (is_shared<Peer> && requires { runner.read_stored_key(); }) {
    mine.pass();
    rates.stored_key = runner.read_stored_key();
  }
  mine.pass();
  // Twice: other maps were filled since this one was, and some systems take memory away from a process that sleeps.
  // Later the turns are short.
  static_cast<void>(runner.look_up_lists(false));
  rates.one_by_one = runner.look_up_lists(false);
  rates.in_bulk = mix_runner<Peer>::has_bulk ? runner.look_up_lists(true) : invalid;
  for (const skew of : skews) {
    for (std::size_t u = 0; u < update_shares.size(); ++u) {
      for (std::size_t t = 0; t < thread_counts.size() && thread_counts[t] <= most_threads; ++t) {
        mine.pass();
        rates.mix[static_cast<std::size_t>(of)][u][t] = runner.run(of, update_shares[u], thread_counts[t]);
      }
    }
  }
  return rates;
}

/// Million look-ups a second by one thread, in a map that was made for its keys and in one that has grown to them.
struct grown_rates {
  double presized, grown;
};
template <class Peer>
[[nodiscard]] grown_rates look_up_grown(const streams& prepared, const timing& how, turn& mine) {
  const auto rate_in = [&](std::size_t expected) {
    mine.pass();
    // At once after it was filled: some systems take memory away from a process that sleeps.
    const auto runner = std::make_unique<mix_runner<Peer>>(prepared, how, expected);
    return runner->look_up_lists(false);
  };
  const double presized = rate_in(prepared.resident);
  return {presized, rate_in(0)};
}

[[nodiscard]] inline std::string mix_name(const std::string& size, skew of, unsigned updates, std::size_t threads) {
  return size + ", " + name_of(of) + ", " + std::to_string(updates) + " % updates, " + threads_text(threads);
}
[[nodiscard]] inline std::string hot_key_name(const std::string& size, std::size_t threads) {
  return size + ", one hot key, " + threads_text(threads);
}
[[nodiscard]] inline std::string stored_key_name(const std::string& size) {
  return size + ", one hot key beside a thread that stores to it";
}
[[nodiscard]] inline std::string one_by_one_name(const std::string& size) { return size + ", uniform, one by one"; }
[[nodiscard]] inline std::string in_bulk_name(const std::string& size) { return size + ", uniform, in bulk"; }

inline void record(results& all, const std::string& size, const std::string& map, const mix_rates& rates) {
  for (const skew of : skews) {
    for (std::size_t u = 0; u < update_shares.size(); ++u) {
      for (std::size_t t = 0; t < thread_counts.size(); ++t) {
        const double rate = rates.mix[static_cast<std::size_t>(of)][u][t];
        if (rate != 0) all.add(mix_name(size, of, update_shares[u], thread_counts[t]), "Mops", map, rate);
      }
    }
  }
  for (std::size_t t = 0; t < thread_counts.size(); ++t) {
    if (rates.hot_key[t] != 0) all.add(hot_key_name(size, thread_counts[t]), "Mops", map, rates.hot_key[t]);
  }
  if (rates.stored_key != 0) all.add(stored_key_name(size), "Mops", map, rates.stored_key);
  all.add(one_by_one_name(size), "Mops", map, rates.one_by_one);
  if (!std::isnan(rates.in_bulk)) all.add(in_bulk_name(size), "Mops", map, rates.in_bulk);
}

}  // namespace bench

#endif
