// Workloads that other projects publish: words with values of 32 bytes, YCSB, counting.
#ifndef EVAC_BENCH_THROUGHPUT_WORKLOADS_HPP
#define EVAC_BENCH_THROUGHPUT_WORKLOADS_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "support/results.hpp"
#include "support/threads.hpp"
#include "support/words.hpp"
#include "throughput/mixes.hpp"
#include "throughput/streams.hpp"

namespace bench {

/// Million operations a second; not a number where the map was wrong.
template <std::size_t Cases>
struct workload_rates {
  double mops[Cases][thread_counts.size()];
};

/// work(thread, step) -> number of wrong answers, by this many threads until time is up.
template <class Work>
[[nodiscard]] threads_run run_steps(std::size_t threads, double length, std::atomic<std::uint64_t>& wrong,
                                    const Work& work) {
  return run_threads(threads, length, [&](std::size_t t, const std::atomic<bool>& stop) {
    std::uint64_t done = 0;
    std::uint64_t bad = 0;
    while (!stop.load(std::memory_order_relaxed)) {  // relaxed: when exactly it is seen does not matter
      for (unsigned i = 0; i < operations::block; ++i, ++done) bad += work(t, done);
    }
    wrong.fetch_add(bad);
    return done;
  });
}

/// A number below 2^32 for each step of each thread, for deciding what to do.
[[nodiscard]] inline std::uint64_t step_dice(std::size_t thread, std::uint64_t step) {
  return random_key(~(step << 8U | thread)) >> 32U;
}

// ---- words

/// A value of which a reader can tell whether it was read in one piece, and whether it belongs to its word.
struct stamped_value {
  std::uint64_t word, stamp, sum, product;
  [[nodiscard]] static stamped_value of(std::uint64_t word, std::uint64_t stamp) {
    return {word, stamp, word + stamp, (word | 1U) * (stamp | 1U)};
  }
  [[nodiscard]] bool whole(std::uint64_t expected) const {
    return word == expected && sum == word + stamp && product == (word | 1U) * (stamp | 1U);
  }
};
static_assert(sizeof(stamped_value) == 32);

/// The distinct words of a text, and for each thread words drawn from it with the frequencies of the text.
struct text_words {
  static constexpr std::size_t drawn = std::size_t{1} << 20U;
  std::vector<std::string> names;
  std::vector<std::vector<std::uint32_t>> draws;

  text_words(const std::string& path, std::size_t threads) {
    const text_of_files input = read_files(path);
    std::unordered_map<std::string_view, std::uint32_t> known;
    std::vector<std::uint32_t> text;
    for_each_word(input.text, [&](std::string_view word) {
      const auto [at, fresh] = known.try_emplace(word, static_cast<std::uint32_t>(names.size()));
      if (fresh) names.emplace_back(word);
      text.push_back(at->second);
    });
    if (text.empty()) throw std::runtime_error(path + " holds no words");
    for (std::size_t t = 0; t < threads; ++t) {
      auto& own = draws.emplace_back(drawn);
      for (std::size_t i = 0; i < drawn; ++i) own[i] = text[random_key(t * drawn + i) % text.size()];
    }
  }
};

inline constexpr std::array words_cases{"words, 0 % changes", "words, 10 % changes", "words, 50 % changes"};

template <class Peer>
[[nodiscard]] workload_rates<words_cases.size()> run_words(const text_words& words, const timing& how) {
  using map_type = typename Peer::template map<std::string, stamped_value>;
  auto& map = *new map_type(words.names.size());  // as in run_mixes()
  std::atomic<std::uint64_t> wrong{0};
  for (std::uint64_t i = 0; i < words.names.size(); ++i) {
    if (!map.insert(std::string_view(words.names[i]), stamped_value::of(i, 0))) ++wrong;
  }
  workload_rates<words_cases.size()> rates{};
  constexpr std::array<std::uint64_t, words_cases.size()> changes{0, 10, 50};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    for (std::size_t t = 0; t < thread_counts.size() && thread_counts[t] <= how.most_threads; ++t) {
      const threads_run run =
          run_steps(thread_counts[t], how.seconds, wrong, [&](std::size_t thread, std::uint64_t step) {
            const std::uint32_t word = words.draws[thread][step % text_words::drawn];
            const std::string_view name = words.names[word];
            if (step_dice(thread, step) % 100 < changes[i]) {
              return map.upsert(name, stamped_value::of(word, step)) ? 1U : 0U;
            }
            stamped_value value{};
            return map.find(name, value) && value.whole(word) ? 0U : 1U;
          });
      rates.mops[i][t] = wrong == 0 && map.size() == words.names.size() ? how.rate(run) : invalid;
    }
  }
  return rates;
}

// ---- ranks of records, for the next two

struct rank_streams {
  static constexpr std::size_t records = 1'000'000;
  static constexpr std::size_t length = std::size_t{1} << 20U;
  std::vector<std::vector<std::uint32_t>> of[skews.size()];

  explicit rank_streams(std::size_t threads) {
    const zipf_ranks zipf(records);
    for (std::size_t t = 0; t < threads; ++t) {
      for (const skew each : skews) {
        auto& own = of[static_cast<std::size_t>(each)].emplace_back(length);
        for (std::size_t i = 0; i < length; ++i) {
          const std::uint64_t random = random_key(t * length + i);
          own[i] = static_cast<std::uint32_t>(
              each == skew::uniform ? random % records : zipf(static_cast<double>(random >> 11U) * 0x1p-53));
        }
      }
    }
  }
  [[nodiscard]] std::uint32_t rank(skew which, std::size_t thread, std::uint64_t step) const {
    return of[static_cast<std::size_t>(which)][thread][step % length];
  }
};

// ---- YCSB

inline constexpr std::array ycsb_cases{"YCSB A, half reads, half updates", "YCSB B, 95 % reads, 5 % updates",
                                       "YCSB C, reads", "YCSB D, 95 % reads of the latest, 5 % inserts",
                                       "YCSB F, half reads, half read-modify-writes"};

/// The lower half of a value is the number of its record, the upper half changes.
template <class Peer>
class ycsb_runner {
 public:
  ycsb_runner(const rank_streams& ranks, const timing& how) : ranks_(ranks), how_(how), map_(rank_streams::records) {
    for (std::uint64_t i = 0; i < rank_streams::records; ++i) {
      if (!map_.insert(random_key(i), i)) ++wrong_;
    }
  }

  /// Updates of a hundred operations; in place: what is there is read and changed in one step.
  [[nodiscard]] double read_and_update(std::size_t threads, unsigned updates, bool in_place) {
    return checked(run_steps(threads, how_.seconds, wrong_, [&](std::size_t t, std::uint64_t step) {
      const std::uint64_t record = ranks_.rank(skew::zipf, t, step);
      if (step_dice(t, step) % 100 >= updates) return read(record);
      if (!in_place) return map_.upsert(random_key(record), record | step << 32U) ? 1U : 0U;
      map_.increment(random_key(record), std::uint64_t{1} << 32U);
      return 0U;
    }));
  }

  /// Each thread inserts records of its own and reads, most often, those that it inserted last.
  [[nodiscard]] double read_latest(std::size_t threads) {
    return checked(run_steps(threads, how_.seconds, wrong_, [&](std::size_t t, std::uint64_t step) {
      std::uint64_t& inserted = inserted_[t].count;
      if (step_dice(t, step) % 100 < 5) {
        const std::uint64_t record = own_record(t, inserted++);
        return map_.insert(random_key(record), record) ? 0U : 1U;
      }
      const std::uint64_t age = ranks_.rank(skew::zipf, t, step);
      return read(age < inserted ? own_record(t, inserted - 1 - age) : rank_streams::records - 1 - (age - inserted));
    }));
  }

 private:
  struct alignas(64) counter_of_thread {
    std::uint64_t count = 0;
  };

  [[nodiscard]] static std::uint64_t own_record(std::size_t thread, std::uint64_t index) {
    return rank_streams::records + index * streams::most_threads + thread;
  }
  [[nodiscard]] unsigned read(std::uint64_t record) const {
    std::uint64_t value = 0;
    return map_.find(random_key(record), value) && (value & 0xFFFFFFFFU) == record ? 0U : 1U;
  }
  [[nodiscard]] double checked(const threads_run& run) const {
    std::uint64_t expected = rank_streams::records;
    for (const auto& each : inserted_) expected += each.count;
    return wrong_ == 0 && map_.size() == expected ? how_.rate(run) : invalid;
  }

  const rank_streams& ranks_;
  timing how_;
  typename Peer::template map<std::uint64_t, std::uint64_t> map_;
  std::array<counter_of_thread, streams::most_threads> inserted_{};
  std::atomic<std::uint64_t> wrong_{0};
};

template <class Peer>
[[nodiscard]] workload_rates<ycsb_cases.size()> run_ycsb(const rank_streams& ranks, const timing& how) {
  auto& runner = *new ycsb_runner<Peer>(ranks, how);  // as in run_mixes()
  workload_rates<ycsb_cases.size()> rates{};
  for (std::size_t t = 0; t < thread_counts.size() && thread_counts[t] <= how.most_threads; ++t) {
    const std::size_t threads = thread_counts[t];
    rates.mops[0][t] = runner.read_and_update(threads, 50, false);
    rates.mops[1][t] = runner.read_and_update(threads, 5, false);
    rates.mops[2][t] = runner.read_and_update(threads, 0, false);
    rates.mops[4][t] = runner.read_and_update(threads, 50, true);
  }
  // Last, because the map grows.
  for (std::size_t t = 0; t < thread_counts.size() && thread_counts[t] <= how.most_threads; ++t) {
    rates.mops[3][t] = runner.read_latest(thread_counts[t]);
  }
  return rates;
}

// ---- counting

inline constexpr std::array counting_cases{"counting from empty, uniform", "counting from empty, zipf 0.99"};

/// Each operation adds one to the number of a key, which is there or not.
template <class Peer>
[[nodiscard]] workload_rates<counting_cases.size()> run_counting(const rank_streams& ranks, const timing& how) {
  workload_rates<counting_cases.size()> rates{};
  for (const skew of : skews) {
    for (std::size_t t = 0; t < thread_counts.size() && thread_counts[t] <= how.most_threads; ++t) {
      auto& map = *new typename Peer::template map<std::uint64_t, std::uint64_t>(0);  // as in run_mixes()
      std::atomic<std::uint64_t> wrong{0};
      const threads_run run =
          run_steps(thread_counts[t], how.seconds, wrong, [&](std::size_t thread, std::uint64_t step) {
            map.increment(random_key(ranks.rank(of, thread, step)), 1);
            return 0U;
          });
      std::uint64_t sum = 0;
      std::size_t distinct = 0;
      map.for_each([&](std::uint64_t, std::uint64_t count) {
        sum += count;
        ++distinct;
      });
      const bool right = sum == run.operations && distinct == map.size() && distinct <= rank_streams::records;
      rates.mops[static_cast<std::size_t>(of)][t] = right ? how.rate(run) : invalid;
    }
  }
  return rates;
}

}  // namespace bench

#endif
