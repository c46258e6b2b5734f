// evac::rw_lock beside other reader-writer locks.
//
// Cases are named operation / mix / threads. All threads use one lock and do nothing else: the critical section reads
// or increments two words. Rounds are interleaved over the locks; a row shows medians, least and most.
#include <absl/synchronization/mutex.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <evac/rw_lock.hpp>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#if EVAC_BENCH_HAS_TBB
#include <tbb/spin_rw_mutex.h>
#endif

#include "support/measure.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/threads.hpp"

namespace {

using namespace bench;

struct evac_lock : evac::rw_lock {
  static constexpr const char* name = "evac::rw_lock";
};
struct std_lock : std::shared_mutex {
  static constexpr const char* name = "std::shared_mutex";
};
class absl_lock {
 public:
  static constexpr const char* name = "absl::Mutex";
  void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }
  void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }
  void lock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.ReaderLock(); }
  void unlock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.ReaderUnlock(); }

 private:
  absl::Mutex mutex_;
};
#if EVAC_BENCH_HAS_TBB
struct tbb_lock : tbb::spin_rw_mutex {
  static constexpr const char* name = "tbb::spin_rw_mutex";
};
#endif

template <class Lock>
struct guarded {
  alignas(128) Lock lock;
  alignas(128) std::uint64_t first = 0;
  std::uint64_t second = 0;

  void write() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    lock.lock();
    ++first;
    ++second;
    lock.unlock();
  }
  [[nodiscard]] bool read() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    lock.lock_shared();
    const bool whole = first == second;
    lock.unlock_shared();
    return whole;
  }
};

/// Million operations per second, and per second of processor time: on a busy machine, and with threads that sleep
/// while others work, these are not the same.
struct rates {
  double by_clock = std::numeric_limits<double>::quiet_NaN();
  double by_processor = std::numeric_limits<double>::quiet_NaN();
};

/// With one write in `period` operations at random (0: none); not numbers if the words are not what the writers made of
/// them.
template <class Lock>
rates run(std::size_t threads, std::uint64_t period, double length) {
  const auto shared = std::make_unique<guarded<Lock>>();
  std::atomic<std::uint64_t> writes{0};
  std::atomic<std::uint64_t> torn{0};
  const threads_run done = run_threads(threads, length, [&](std::size_t index, const std::atomic<bool>& stop) {
    std::uint64_t random = random_key(index);
    const std::uint64_t limit = period == 0 ? 0 : std::numeric_limits<std::uint64_t>::max() / period;
    std::uint64_t operations = 0;
    std::uint64_t written = 0;
    std::uint64_t wrong = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      for (int i = 0; i < 16; ++i) {
        random ^= random << 13U;
        random ^= random >> 7U;
        random ^= random << 17U;
        if (random < limit) {
          shared->write();
          ++written;
        } else {
          wrong += shared->read() ? 0 : 1;
        }
      }
      operations += 16;
    }
    writes += written;
    torn += wrong;
    return operations;
  });
  const bool valid = torn == 0 && shared->first == writes && shared->second == writes;
  if (!valid) return {};
  return {done.mops(), static_cast<double>(done.operations) / done.cpu / 1e6};
}

struct settings {
  std::string only;
  std::string locks;
  std::size_t rounds = 5;
  double seconds = 0.2;
  std::string json;
};

constexpr const char* nanoseconds_each = "ns";
constexpr const char* per_second = "million/s";
constexpr const char* per_processor_second = "million/cpu s";

struct lock_case {
  std::string name;
  std::string unit;
  std::size_t threads;
  std::uint64_t period;  // one write in so many operations; 0: none
};

std::vector<lock_case> all_cases() {
  std::vector<lock_case> cases = {{"lock and unlock / nobody else / 1 thread", nanoseconds_each, 1, 1},
                                  {"lock_shared and unlock_shared / nobody else / 1 thread", nanoseconds_each, 1, 0}};
  const std::size_t many = 4 * std::max(1U, std::thread::hardware_concurrency());
  for (const auto& [share, period] : std::initializer_list<std::pair<const char*, std::uint64_t>>{
           {"0 %", 0}, {"0.1 %", 1000}, {"1 %", 100}, {"10 %", 10}, {"50 %", 2}}) {
    for (const std::size_t threads : {std::size_t{1}, std::size_t{2}, many}) {
      cases.push_back({std::string("mixed / ") + share + " writes / " + std::to_string(threads) +
                           (threads == 1 ? " thread" : " threads"),
                       per_second, threads, period});
    }
  }
  return cases;
}

/// The same case by processor time.
[[nodiscard]] std::string by_processor_name(const std::string& name) { return name + " / by processor time"; }

template <class Lock>
void measure(const settings& chosen, const std::vector<lock_case>& cases, std::size_t at, results& all) {
  if (std::string_view(Lock::name).find(chosen.locks) == std::string_view::npos) return;
  const lock_case& each = cases[at];
  const rates got = run<Lock>(each.threads, each.period, chosen.seconds);
  all.add(each.name, each.unit, Lock::name, each.unit == nanoseconds_each ? 1000 / got.by_clock : got.by_clock);
  if (each.threads > 1) all.add(by_processor_name(each.name), per_processor_second, Lock::name, got.by_processor);
}

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("--locks", chosen.locks, "locks whose name contains it");
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen =
      settings_of<settings>(argc, argv, "evac::rw_lock beside other reader-writer locks.", add_own_options);
  // Debian's build of abseil checks the order of locks by default, at a cost that is not the lock's own.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  std::cout << "absl::Mutex with its deadlock detection switched off. Median (least-most) of " << chosen.rounds
            << " interleaved rounds of " << fixed(chosen.seconds, 2) << " s; ns: less is better, million: more.\n";

  std::vector<lock_case> cases = all_cases();
  std::erase_if(cases, [&](const lock_case& each) { return each.name.find(chosen.only) == std::string::npos; });
  results all("lock");
  for (std::size_t round = 0; round < chosen.rounds; ++round) {
    for (std::size_t at = 0; at < cases.size(); ++at) {
      measure<evac_lock>(chosen, cases, at, all);
      measure<std_lock>(chosen, cases, at, all);
      measure<absl_lock>(chosen, cases, at, all);
#if EVAC_BENCH_HAS_TBB
      measure<tbb_lock>(chosen, cases, at, all);
#endif
    }
    std::cerr << "\rround " << round + 1 << " of " << chosen.rounds << std::flush;
  }
  std::cerr << '\n';

  std::vector<std::string> head = {"case", "unit"};
  for (const result& each : all.rows()) {
    if (std::find(head.begin(), head.end(), each.subject) == head.end()) head.push_back(each.subject);
  }
  std::vector<std::vector<std::string>> cells;
  const auto enter = [&](const std::string& name, const std::string& unit) {
    std::vector<std::string> line = {name, unit};
    for (std::size_t i = 2; i < head.size(); ++i) line.push_back(all.cell(name, head[i]));
    cells.push_back(line);
  };
  for (const lock_case& each : cases) {
    enter(each.name, each.unit);
    if (each.threads > 1) enter(by_processor_name(each.name), per_processor_second);
  }
  print_table(std::cout, head, cells);
  const bool written = chosen.json.empty() || all.write_json(chosen.json);
  return !all.rows().empty() && all.all_valid() && written ? 0 : 1;
}
