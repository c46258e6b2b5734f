// Four threads for each core on one map: the cost of threads that sleep while they hold its locks, and of one key that
// all threads want.
//
// Rates count the operations of the threads that do not sleep on purpose. Processor time is that of all threads,
// divided by the number of these operations: spinning shows here. Rounds are interleaved over the maps, each map and
// round runs in a process of its own; figures are medians.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "support/field.hpp"
#include "support/measure.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/threads.hpp"

namespace {

using namespace bench;
using namespace std::chrono_literals;

/// The behaviour of the first thread; the others always use the map in the ordinary way.
enum class first_thread { like_the_others, changes_slowly, reads_slowly };

struct contention_case {
  const char* name;
  std::uint64_t keys;
  unsigned increments;  // of a hundred operations, at random; the others are look-ups
  first_thread first;
  unsigned sleepers;  // of 10 000 operations: changes in place that sleep inside
};
constexpr std::array cases{
    contention_case{"10 % increments, nobody sleeps", 100'000, 10, first_thread::like_the_others, 0},
    contention_case{"10 % increments, each 200th operation sleeps 100 us in its visitor", 100'000, 10,
                    first_thread::like_the_others, 50},
    contention_case{"10 % increments, one thread changes one element for 5 ms each time", 100'000, 10,
                    first_thread::changes_slowly, 0},
    contention_case{"10 % increments, one thread reads one element for 5 ms each time", 100'000, 10,
                    first_thread::reads_slowly, 0},
    contention_case{"one key, look-ups", 1, 0, first_thread::like_the_others, 0},
    contention_case{"one key, 10 % increments", 1, 10, first_thread::like_the_others, 0},
    contention_case{"one key, increments", 1, 100, first_thread::like_the_others, 0}};

/// Not numbers where the map was wrong, zeros where it has no such operation.
struct figures {
  double mops, cpu_nanoseconds;
};

template <class Map>
inline constexpr bool can_change = requires(Map& map) { map.modify(1, [](std::uint64_t&) {}); };
template <class Map>
inline constexpr bool can_look = requires(Map& map) { map.look(1, [](const std::uint64_t&) {}); };

template <class Map>
class contenders {
 public:
  explicit contenders(const contention_case& what) : what_(what), map_(what.keys + 1) {
    // One more, after the others: the first thread's.
    for (std::uint64_t i = 0; i <= what.keys; ++i) wrong_ += map_.insert(random_key(i), 0) ? 0 : 1;
  }

  [[nodiscard]] figures run(std::size_t threads, double length) {
    const threads_run done = run_threads(threads, length, [&](std::size_t t, const std::atomic<bool>& stop) {
      if (t == 0 && what_.first != first_thread::like_the_others) {
        dawdle(stop);
        return std::uint64_t{0};
      }
      return work(t, stop);
    });
    std::uint64_t sum = 0;
    map_.for_each([&](std::uint64_t, std::uint64_t value) { sum += value; });
    if (wrong_ != 0 || sum != added_ || map_.size() != what_.keys + 1 || done.operations == 0) {
      return {invalid, invalid};
    }
    return {done.mops(), done.cpu / static_cast<double>(done.operations) * 1e9};
  }

 private:
  void dawdle(const std::atomic<bool>& stop) {
    const std::uint64_t key = random_key(what_.keys);
    std::uint64_t added = 0;
    std::uint64_t wrong = 0;
    while (!stop.load()) {
      if (what_.first == first_thread::changes_slowly) {
        if constexpr (can_change<Map>) {
          added += map_.modify(key, [](std::uint64_t& value) {
            ++value;
            std::this_thread::sleep_for(5ms);
          });
        }
      } else if constexpr (can_look<Map>) {
        wrong += map_.look(key, [](const std::uint64_t&) { std::this_thread::sleep_for(5ms); }) ? 0 : 1;
      }
      std::this_thread::sleep_for(100us);  // so that the others get in at all
    }
    added_ += added;
    wrong_ += wrong;
  }

  [[nodiscard]] std::uint64_t work(std::size_t t, const std::atomic<bool>& stop) {
    std::uint64_t done = 0;
    std::uint64_t added = 0;
    std::uint64_t wrong = 0;
    while (!stop.load(std::memory_order_relaxed)) {  // relaxed: when exactly it is seen does not matter
      for (unsigned i = 0; i < 16; ++i, ++done) {
        const std::uint64_t dice = random_key(done << 8U | t);
        const std::uint64_t key = random_key(dice % what_.keys);
        const std::uint64_t coin = dice >> 40U;
        if constexpr (can_change<Map>) {
          if (coin % 10'000 < what_.sleepers) {
            added += map_.modify(key, [](std::uint64_t& value) {
              ++value;
              std::this_thread::sleep_for(100us);
            });
            continue;
          }
        }
        if (coin / 10'000 % 100 < what_.increments) {
          map_.increment(key, 1);
          ++added;
        } else {
          std::uint64_t value = 0;
          wrong += map_.find(key, value) ? 0 : 1;
        }
      }
    }
    added_ += added;
    wrong_ += wrong;
    return done;
  }

  contention_case what_;
  Map map_;
  std::atomic<std::uint64_t> added_{0};
  std::atomic<std::uint64_t> wrong_{0};
};

template <class Peer>
[[nodiscard]] figures contend(const contention_case& what, std::size_t threads, double length) {
  using map = typename Peer::template map<std::uint64_t, std::uint64_t>;
  const bool changes = what.sleepers != 0 || what.first == first_thread::changes_slowly;
  if (changes && !can_change<map>) return {};
  if (what.first == first_thread::reads_slowly && !can_look<map>) return {};
  return contenders<map>(what).run(threads, length);
}

struct settings {
  std::string only, maps, json;
  std::size_t rounds = 3;
  double seconds = 0.3;
  std::size_t threads = 4 * std::max(1U, std::thread::hardware_concurrency());
};

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("--threads", chosen.threads, "how many")->check(CLI::Range(2, 4096));
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(
      argc, argv, "Four threads for each core on one map: lock holders that sleep, all threads on one key.",
      add_own_options);
  const auto maps = choose_counting(chosen.maps);
  results all("contention");
  std::cout << chosen.threads << " threads on " << std::thread::hardware_concurrency()
            << " cores; median (least-most) of " << chosen.rounds << " interleaved rounds of "
            << fixed(chosen.seconds, 2) << " s\n";
  for (const contention_case& what : cases) {
    const std::string name = what.name;
    if (name.find(chosen.only) == std::string::npos) continue;
    const std::string by_cpu = name + " / processor time per operation";
    maps.interleaved(
        name, chosen.rounds, [&](auto peer) { return contend<decltype(peer)>(what, chosen.threads, chosen.seconds); },
        [&](const std::string& map, const figures& got) {
          if (got.mops == 0) return;
          all.add(name, "Mops", map, got.mops);
          all.add(by_cpu, "ns", map, got.cpu_nanoseconds);
        });
    std::vector<std::vector<std::string>> rows;
    for (const auto& map : maps.names()) {
      const bool has_it = all.find(name, map) != nullptr;
      rows.push_back({map, has_it ? all.cell(name, map, 3) : "nothing is visited in place",
                      has_it ? all.cell(by_cpu, map, 0) : ""});
    }
    std::cout << '\n' << name << '\n';
    print_table(std::cout, {"map", "million operations/s", "ns of processor time per operation"}, rows);
  }
  const bool written = chosen.json.empty() || all.write_json(chosen.json);
  return all.all_valid() && written ? 0 : 1;
}
