// Counting words with several threads that share one map.
#ifndef EVAC_BENCH_SUPPORT_SHARED_WORDS_HPP
#define EVAC_BENCH_SUPPORT_SHARED_WORDS_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "peers/concurrent_check.hpp"
#include "peers/concurrent_peers.hpp"
#include "support/measure.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/threads.hpp"
#include "support/words.hpp"

namespace bench {

/// The outcome of a count, independent of the order of the words.
struct word_totals {
  std::uint64_t words = 0;
  std::uint64_t distinct = 0;
  std::uint64_t checksum = 0;
  void add(const std::string& word, std::uint64_t count) {
    words += count;
    ++distinct;
    checksum += std::hash<std::string>{}(word)*count;
  }
  friend bool operator==(const word_totals&, const word_totals&) = default;
};

/// So many parts of about the same length, none beginning or ending inside a word.
[[nodiscard]] inline std::vector<std::string_view> cut_between_words(std::string_view text, std::size_t parts) {
  std::vector<std::string_view> cut;
  std::size_t begin = 0;
  for (std::size_t part = 1; part <= parts; ++part) {
    std::size_t end = std::max(begin, text.size() / parts * part);
    if (part == parts) end = text.size();
    while (end < text.size() && continues_word(text[end])) ++end;
    cut.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return cut;
}

struct shared_count {
  double seconds = 0;
  word_totals totals;
};

template <class Peer>
[[nodiscard]] shared_count count_shared(std::string_view text, std::size_t threads) {
  typename Peer::template map<std::string, std::uint64_t> counts(0);
  const auto parts = cut_between_words(text, threads);
  const threads_run run = run_threads(threads, 3600, [&](std::size_t t, const std::atomic<bool>&) {
    std::uint64_t words = 0;
    for_each_word(parts[t], [&](std::string_view word) {
      counts.increment(word, std::uint64_t{1});
      ++words;
    });
    return words;
  });
  shared_count result{run.seconds, {}};
  counts.for_each([&](const std::string& word, std::uint64_t count) { result.totals.add(word, count); });
  if (result.totals.distinct != counts.size()) result.totals = {};
  return result;
}

inline constexpr std::array<std::size_t, 3> sharing_threads{1, 2, 4};

struct shared_rows {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::pair<std::string, double>> throughput[sharing_threads.size()];
  std::vector<std::string> missing;  // maps that are left out, and why
};

/// Million words a second for each map and number of threads. A peer whose counts differ from `reference` is left out;
/// throws if one of our own maps differs.
[[nodiscard]] inline shared_rows measure_shared_words(std::string_view text, std::size_t rounds,
                                                      const word_totals& reference, results& all) {
  shared_rows out;
  for (const auto& name : missing_concurrent_peers()) out.missing.push_back(name + " (not found)");
  std::map<std::string, std::array<std::vector<double>, sharing_threads.size()>> rates;
  for_each_peer(counting_peers{}, [&](auto peer) {
    if (in_child([] { return behaves<decltype(peer)>(); }).value_or(false)) {
      rates[peer.name];
    } else {
      out.missing.push_back(std::string(peer.name) + " (failed its correctness run)");
    }
  });
  for (std::size_t round = 0; round < rounds; ++round) {
    for_each_peer(counting_peers{}, [&](auto peer) {
      if (!rates.contains(peer.name)) return;
      std::cerr << "\r\033[Kshared words: round " << round + 1 << " of " << rounds << ", " << peer.name << std::flush;
      for (std::size_t i = 0; i < sharing_threads.size(); ++i) {
        const auto got = in_child([&] { return count_shared<decltype(peer)>(text, sharing_threads[i]); });
        if (!got || got->totals != reference) {
          const std::string failure = " (failed with " + std::to_string(sharing_threads[i]) + " threads)";
          if (std::string_view(peer.name).starts_with("evac::")) throw std::runtime_error(peer.name + failure);
          out.missing.push_back(peer.name + failure);
          rates.erase(peer.name);
          return;
        }
        rates[peer.name][i].push_back(static_cast<double>(reference.words) / got->seconds / 1e6);
      }
    });
  }
  std::cerr << '\n';
  for_each_peer(counting_peers{}, [&](auto peer) {
    if (!rates.contains(peer.name)) return;
    std::vector<std::string> row{peer.name};
    for (std::size_t i = 0; i < sharing_threads.size(); ++i) {
      const std::string what =
          "words by threads, " + std::to_string(sharing_threads[i]) + (i == 0 ? " thread" : " threads");
      for (const double rate : rates[peer.name][i]) all.add(what, "million words/s", peer.name, rate);
      const summary rate = summarise(rates[peer.name][i]);
      row.push_back(fixed(rate.median) + " (" + fixed(rate.least) + "-" + fixed(rate.most) + ")");
      out.throughput[i].emplace_back(peer.name, rate.median);
    }
    out.rows.push_back(row);
  });
  return out;
}

}  // namespace bench

#endif
