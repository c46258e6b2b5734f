// evac::cache beside other bounded caches: what share of a trace is found, rates, memory.
//
// Parts: found, hits, puts, traces, memory. What is found is counted, with one thread and hashes that are the same in
// each run; so are bytes, by an allocator. A rate is the median of interleaved rounds, each cache and round in a
// process of its own. A miss costs no more than a put: what it takes to get a value, the reason why there is a cache,
// is left out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "cache/policies.hpp"
#include "cache/rates.hpp"
#include "cache/traces.hpp"
#include "cache/weights.hpp"
#include "peers/caches.hpp"
#include "support/field.hpp"
#include "support/measure.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/scoreboard.hpp"
#include "support/threads.hpp"

namespace {

using namespace bench;

struct settings {
  std::string only, maps, json;
  std::size_t rounds = 5;
  double seconds = 0.2;
  bool by_cpu = false;
  std::size_t capacity = 20'000;
  std::size_t keys = 500'000;
  std::size_t threads = std::max(2U, std::thread::hardware_concurrency());
  [[nodiscard]] bool wants(const std::string& part) const { return part.find(only) != std::string::npos; }
  [[nodiscard]] double rate(const threads_run& run) const {
    if (run.operations == 0) return invalid;
    return by_cpu ? run.mops_by_cpu() : run.mops();
  }
  [[nodiscard]] std::size_t requests() const { return 100 * capacity; }
  [[nodiscard]] std::vector<std::size_t> thread_counts() const {
    std::vector<std::size_t> counts;
    for (std::size_t count = 1; count < threads; count *= 2) counts.push_back(count);
    counts.push_back(threads);
    return counts;
  }
};

constexpr const char* optimum = "Belady's optimum";
constexpr const char* percent_found = "% found";
constexpr const char* bytes_case = "memory / bytes of an element of two numbers";

class run {
 public:
  explicit run(const settings& chosen) : chosen_(chosen) {
    name_missing(missing_caches());
    if (chosen_.by_cpu) all_.note("Rates are by processor time");
  }

  void measure() {
    if (chosen_.wants("found")) count_hits();
    if (chosen_.wants("hits")) measure_hits();
    if (chosen_.wants("puts")) measure_puts();
    if (chosen_.wants("traces")) measure_traces();
    if (chosen_.wants("memory")) weigh();
  }
  void judge();
  [[nodiscard]] bool finish() const {
    std::cout << board_.missed() << " bars missed\n";
    const bool written = chosen_.json.empty() || all_.write_json(chosen_.json, board_.entries());
    return all_.all_valid() && written;
  }

 private:
  template <class Peers>
  [[nodiscard]] field<Peers> choose() const {
    return {chosen_.maps, [](auto peer) {
              using peer_type = decltype(peer);
              if constexpr (std::is_same_v<peer_type, unbounded_peer>) return true;
              return behaves_as_cache<peer_type>();
            }};
  }
  void count_hits();
  void measure_hits();
  void measure_puts();
  void measure_traces();
  void weigh();
  void print(const std::string& title, const std::vector<std::string>& columns, int digits) const;
  void compare(const std::string& bar, const std::string& what, const std::string& other, double wanted);
  void judge_found();

  [[nodiscard]] std::string found_title() const { return "cache of " + std::to_string(chosen_.capacity) + " elements"; }
  [[nodiscard]] std::vector<std::string> thread_columns() const {
    std::vector<std::string> texts;
    for (const std::size_t count : chosen_.thread_counts()) texts.push_back(threads_text(count));
    return texts;
  }

  const settings& chosen_;
  results all_{"cache"};
  scoreboard board_;
};

/// The cases "TITLE / COLUMN" and "TITLE, COLUMN", a line for each cache.
void run::print(const std::string& title, const std::vector<std::string>& columns, int digits) const {
  std::vector<std::string> subjects;
  const auto name_of = [&](const std::string& column, const std::string& subject) {
    const std::string name = title + " / " + column;
    return all_.find(name, subject) != nullptr ? name : title + ", " + column;
  };
  for (const result& row : all_.rows()) {
    if (row.what.starts_with(title) && std::find(subjects.begin(), subjects.end(), row.subject) == subjects.end()) {
      subjects.push_back(row.subject);
    }
  }
  std::vector<std::vector<std::string>> lines;
  for (const std::string& subject : subjects) {
    std::vector<std::string> line{subject};
    for (const std::string& column : columns) {
      const result* const found = all_.find(name_of(column, subject), subject);
      line.push_back(found == nullptr            ? ""
                     : found->rounds.size() == 1 ? fixed(found->figures().median, digits)
                                                 : text_of(found->figures(), digits));
    }
    lines.push_back(line);
  }
  std::vector<std::string> head{"cache"};
  head.insert(head.end(), columns.begin(), columns.end());
  std::cout << '\n' << title << '\n';
  print_table(std::cout, head, lines);
}

// ---- what is found

void run::count_hits() {
  const auto caches = choose<counted_cache_peers>();
  const trace_maker maker(chosen_.capacity, chosen_.requests());
  std::vector<std::string> columns;
  for (const trace_kind& kind : trace_kinds) {
    const std::string name = found_title() + " / " + std::string(kind.name);
    columns.emplace_back(kind.name);
    const trace keys = kind.make(maker);
    all_.add(name, percent_found, optimum, percent_of_best_hits(chosen_.capacity, keys));
    all_.add(name, percent_found, s3_fifo_policy::name, percent_of_hits<s3_fifo_policy>(chosen_.capacity, keys));
    all_.add(name, percent_found, sieve_policy::name, percent_of_hits<sieve_policy>(chosen_.capacity, keys));
    caches.interleaved(
        name, 1,
        [&](auto peer) {
          struct asked {
            typename decltype(peer)::cache cache;
            explicit asked(std::size_t capacity) : cache(capacity) {}
            bool ask(std::uint64_t key) {
              std::uint64_t value = 0;
              return bench::ask(cache, key, value);
            }
          };
          return percent_of_hits<asked>(chosen_.capacity, keys);
        },
        [&](const std::string& cache, double found) { all_.add(name, percent_found, cache, found); });
  }
  print(found_title(), columns, 2);
}

// ---- rates

void run::measure_hits() {
  const auto caches = choose<cache_and_map_peers>();
  const hit_streams streams(chosen_.keys / 5, chosen_.threads);
  for (const std::size_t threads : chosen_.thread_counts()) {
    const std::string name = "hits, " + threads_text(threads);
    caches.interleaved(
        name, chosen_.rounds, [&](auto peer) { return run_hits<decltype(peer)>(streams, threads, chosen_.seconds); },
        [&](const std::string& cache, const threads_run& got) { all_.add(name, "Mops", cache, chosen_.rate(got)); });
  }
  print("hits", thread_columns(), 1);
}

void run::measure_puts() {
  const auto caches = choose<cache_and_map_peers>();
  for (const std::size_t threads : chosen_.thread_counts()) {
    const std::string name = "puts that evict, " + threads_text(threads);
    caches.interleaved(
        name, chosen_.rounds,
        [&](auto peer) { return run_puts<decltype(peer)>(chosen_.keys, threads, 10 * chosen_.seconds); },
        [&](const std::string& cache, const threads_run& got) { all_.add(name, "Mops", cache, chosen_.rate(got)); });
  }
  print("puts that evict", thread_columns(), 2);
}

void run::measure_traces() {
  const auto caches = choose<cache_peers>();
  const trace_maker maker(chosen_.capacity, chosen_.requests());
  for (const trace_kind& kind : trace_kinds) {
    const std::string title = "trace " + std::string(kind.name);
    const trace keys = kind.make(maker);
    for (const std::size_t threads : chosen_.thread_counts()) {
      const std::string name = title + ", " + threads_text(threads);
      caches.interleaved(
          name, chosen_.rounds,
          [&](auto peer) { return run_trace<decltype(peer)>(chosen_.capacity, keys, threads, chosen_.seconds); },
          [&](const std::string& cache, const threads_run& got) { all_.add(name, "Mops", cache, chosen_.rate(got)); });
    }
    print(title, thread_columns(), 2);
  }
}

// ---- memory

void run::weigh() {
  const auto got = in_child([&] { return weigh_elements(chosen_.keys / 2); });
  all_.add(bytes_case, "bytes per element", unbounded_peer::name, got ? got->map : invalid);
  all_.add(bytes_case, "bytes per element", evac_cache_peer::name, got ? got->cache : invalid);
}

// ---- bars

/// A bar on how many times what evac::cache has the other has.
void run::compare(const std::string& bar, const std::string& what, const std::string& other, double wanted) {
  if (all_.find(what, other) == nullptr || all_.find(what, evac_cache_peer::name) == nullptr) return;
  const double own = all_.median(what, evac_cache_peer::name);
  const double theirs = all_.median(what, other);
  board_.enter_at_least(bar, fixed(own, 2) + " and " + fixed(theirs, 2) + " Mops", own / theirs, wanted);
}

void run::judge_found() {
  for (const trace_kind& kind : trace_kinds) {
    const std::string what = found_title() + " / " + std::string(kind.name);
    if (all_.find(what, lru_peer::name) == nullptr || all_.find(what, evac_cache_peer::name) == nullptr) continue;
    const double own = 100 - all_.median(what, evac_cache_peer::name);
    const double lru = 100 - all_.median(what, lru_peer::name);
    const bool scans = kind.name.find("scans") != std::string_view::npos;
    board_.enter("misses over those of LRU, " + std::string(kind.name), fixed(own, 2) + " and " + fixed(lru, 2) + " %",
                 own / lru, scans ? 0.95 : 1);
  }
}

void run::judge() {
  std::cout << '\n';
  judge_found();
  compare("hits, 2 threads, over sharded_map", "hits, 2 threads", unbounded_peer::name, 0.8);
  compare("hits, 2 threads, over LRU behind a mutex", "hits, 2 threads", lru_peer::name, 3);
  compare("puts that evict, 1 thread, over inserts of a growing sharded_map", "puts that evict, 1 thread",
          unbounded_peer::name, 0.5);
  if (all_.find(bytes_case, evac_cache_peer::name) == nullptr) return;
  const double own = all_.median(bytes_case, evac_cache_peer::name);
  const double map = all_.median(bytes_case, unbounded_peer::name);
  board_.enter("bytes of an element above those of sharded_map", fixed(own, 1) + " and " + fixed(map, 1), own - map,
               16);
}

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("--capacity", chosen.capacity, "room of the caches that traces ask")
      ->check(CLI::Range(100, 10'000'000));
  app.add_option("--keys", chosen.keys, "room of the cache of puts, and five times the keys of hits")
      ->check(CLI::Range(1000, 100'000'000));
  app.add_flag("--by-cpu", chosen.by_cpu, "rates by processor time, for a machine that others use");
  app.add_option("--threads", chosen.threads, "at most so many")->check(CLI::Range(1, 64));
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(argc, argv, "evac::cache beside other bounded caches.", add_own_options);
  run all(chosen);
  all.measure();
  all.judge();
  return all.finish() ? 0 : 1;
}
