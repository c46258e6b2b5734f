// The price of figures: one call of counters(), and writers beside a thread that scrapes.
//
// Bars: counters() of a sharded_map of 64 shards takes at most 5 us, and a scrape each millisecond slows two writers by
// at most 2 %, for sharded_map and sync_map. Rounds with and without the scrapes alternate; rates are per second of the
// writers' own processor time, so that what else runs on the machine counts for nothing, and the scraping thread's time
// neither.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <evac/counters.hpp>
#include <evac/map.hpp>
#include <evac/openmetrics.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "support/measure.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"
#include "support/threads.hpp"

namespace {

using namespace bench;

struct settings {
  int rounds = 11;
  double seconds = 0.2;
  std::string only, json;
};

constexpr std::uint64_t keys = 1U << 20U;
constexpr std::size_t writers = 2;

/// Seconds of processor time of this thread.
[[nodiscard]] double thread_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

/// Microseconds of one call of counters(), the median of many.
template <class Map>
[[nodiscard]] double call_of(const Map& map) {
  std::vector<double> taken;
  std::size_t seen = 0;
  for (int i = 0; i < 2000; ++i) {
    const double begin = seconds();
    seen += map.counters().size;
    taken.push_back((seconds() - begin) * 1e6);
  }
  return seen == 0 ? 0 : summarise(taken).median;
}

/// Writes by two threads, in millions per second of their processor time. Both map kinds: one key is replaced. A third
/// thread wakes each millisecond; whether it scrapes is what is compared.
template <class Map>
[[nodiscard]] double write_rate(Map& map, double length, bool scraped) {
  std::atomic<bool> over{false};
  std::thread scrapes([&] {
    std::size_t bytes = 0;
    while (!over.load()) {
      if (scraped) bytes += map.counters().total_bytes();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (scraped && bytes == 0) std::cerr << "a map without memory\n";
  });
  std::vector<double> cpu(writers);
  const threads_run run = run_threads(writers, length, [&](std::size_t thread, const std::atomic<bool>& stop) {
    const double begin = thread_seconds();
    std::uint64_t done = 0;
    for (std::uint64_t key = thread; !stop.load(std::memory_order_relaxed); key += writers, ++done) {
      const std::uint64_t one = random_key(key) % keys;
      if constexpr (requires { map.insert_or_assign(one, key); }) {
        map.insert_or_assign(one, key);
      } else {
        map.store(one, key);
      }
    }
    cpu[thread] = thread_seconds() - begin;
    return done;
  });
  over = true;
  scrapes.join();
  double used = 0;
  for (const double each : cpu) used += each;
  return static_cast<double>(run.operations) / used * writers / 1e6;
}

template <class Map>
void compare_writers(const char* name, Map& map, const settings& chosen, results& figures, scoreboard& board) {
  const std::string bar = std::string("two writers beside a scrape each millisecond, ") + name;
  if (bar.find(chosen.only) == std::string::npos) return;
  for (std::uint64_t key = 0; key < keys; ++key) {
    if constexpr (requires { map.emplace(key, key); }) {
      map.emplace(key, key);
    } else {
      map.store(key, key);
    }
  }
  std::vector<double> ratios;
  std::vector<double> alone;
  for (int round = 0; round < chosen.rounds; ++round) {
    const bool first = round % 2 == 0;
    double rates[2];
    rates[first ? 1 : 0] = write_rate(map, chosen.seconds, first);
    rates[first ? 0 : 1] = write_rate(map, chosen.seconds, !first);
    alone.push_back(rates[0]);
    figures.add("two writers", "Mops", name, rates[0]);
    figures.add("two writers beside a scrape each millisecond", "Mops", name, rates[1]);
    ratios.push_back(rates[0] / rates[1]);
  }
  board.enter(bar, fixed(summarise(alone).median, 2) + " Mops without", summarise(ratios).median, 1.02);
}

template <class Map>
void judge_call(const std::string& name, const Map& map, const settings& chosen, results& figures, scoreboard& board) {
  const std::string bar = "counters() of " + name + ", us";
  if (bar.find(chosen.only) == std::string::npos) return;
  const double taken = call_of(map);
  figures.add("counters(), median of 2000 calls", "us", name, taken);
  board.enter(bar, "median of 2000 calls", taken, 5);
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(argc, argv, "The price of counters()", [](CLI::App&, settings&) {});
  results figures("counters");
  scoreboard board;
  evac::map<std::uint64_t, std::uint64_t> owned;
  evac::sharded_map<std::uint64_t, std::uint64_t> sharded(evac::shards{64});
  evac::sync_map<std::uint64_t, std::uint64_t> sync;
  for (std::uint64_t key = 0; key < 100'000; ++key) owned[key] = key;
  compare_writers("sharded_map", sharded, chosen, figures, board);
  compare_writers("sync_map", sync, chosen, figures, board);
  judge_call("map", owned, chosen, figures, board);
  judge_call("sharded_map with 64 shards", sharded, chosen, figures, board);
  judge_call("sync_map", sync, chosen, figures, board);
  std::cout << board.missed() << " bars missed\n";
  return chosen.json.empty() || figures.write_json(chosen.json, board.entries()) ? 0 : 1;
}
