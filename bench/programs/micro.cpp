// Google Benchmark suite: operation/map/elements/size, registered for every combination that makes sense.
//
//   evac_bench_micro [--json FILE] [OPTION OF GOOGLE BENCHMARK...]
//
// --json: as the other programs write it, nanoseconds per element; each repetition is a round.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <evac/pool.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "peers/owned_peers.hpp"
#include "support/measure.hpp"
#include "support/results.hpp"

namespace {

struct words_of_64 {
  std::array<std::uint64_t, 8> words{};
  words_of_64() = default;
  explicit words_of_64(std::uint64_t value) { words.fill(value); }
};

template <class T>
T make(std::uint64_t value) {
  if constexpr (std::is_same_v<T, std::string>) {
    std::string text = std::to_string(value);
    text.resize(24, '.');
    return text;
  } else {
    return T(value);
  }
}

template <class K>
std::vector<K> keys(std::uint64_t from, std::uint64_t to) {
  std::vector<K> made;
  made.reserve(to - from);
  for (std::uint64_t i = from; i < to; ++i) made.push_back(make<K>(bench::random_key(i)));
  return made;
}
template <class K>
std::vector<K> shuffled(std::vector<K> values) {
  std::shuffle(values.begin(), values.end(), std::mt19937_64(1));
  return values;
}

// One fixture per map type and size; every operation checks what it did.
template <class Peer, class K, class V>
struct suite {
  using map = typename Peer::template map<K, V>;

  static map filled(const std::vector<K>& from) {
    map made;
    for (const auto& key : from) made.emplace(key, make<V>(1));
    return made;
  }
  static void check(benchmark::State& state, bool right) {
    if (!right) state.SkipWithError("wrong result");
    state.SetItemsProcessed(state.iterations() * state.range(0));
  }
  static std::uint64_t size(const benchmark::State& state) { return static_cast<std::uint64_t>(state.range(0)); }

  static void hit(benchmark::State& state) {
    const auto all = keys<K>(0, size(state));
    const map made = filled(all);
    const auto order = shuffled(all);
    std::size_t found = 0;
    for (auto _ : state) {
      for (const auto& key : order) found += made.find(key) != made.end() ? 1 : 0;
    }
    check(state, found == order.size() * static_cast<std::size_t>(state.iterations()));
  }
  static void miss(benchmark::State& state) {
    const map made = filled(keys<K>(0, size(state)));
    const auto absent = keys<K>(size(state), 2 * size(state));
    std::size_t found = 0;
    for (auto _ : state) {
      for (const auto& key : absent) found += made.find(key) != made.end() ? 1 : 0;
    }
    check(state, found == 0);
  }
  static void insert_growing(benchmark::State& state) {
    const auto all = keys<K>(0, size(state));
    std::size_t held = 0;
    for (auto _ : state) held = filled(all).size();
    check(state, held == all.size());
  }
  static void insert_reserved(benchmark::State& state) {
    const auto all = keys<K>(0, size(state));
    std::size_t held = 0;
    for (auto _ : state) {
      map made;
      made.reserve(all.size());
      for (const auto& key : all) made.emplace(key, make<V>(1));
      held = made.size();
    }
    check(state, held == all.size());
  }
  static void erase(benchmark::State& state) {
    const auto all = keys<K>(0, size(state));
    const auto order = shuffled(all);
    bool empty = true;
    for (auto _ : state) {
      state.PauseTiming();
      map made = filled(all);
      state.ResumeTiming();
      for (const auto& key : order) made.erase(key);
      empty = empty && made.empty();
    }
    check(state, empty);
  }
  static void churn(benchmark::State& state) {
    const auto all = keys<K>(0, 2 * size(state));
    const std::size_t half = all.size() / 2;
    map made = filled(std::vector<K>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(half)));
    std::size_t oldest = 0;
    for (auto _ : state) {
      for (std::size_t i = 0; i < half; ++i) {
        made.erase(all[oldest]);
        made.emplace(all[(oldest + half) % all.size()], make<V>(2));
        oldest = (oldest + 1) % all.size();
      }
    }
    check(state, made.size() == half);
  }
  static void iterate(benchmark::State& state) {
    const map made = filled(keys<K>(0, size(state)));
    std::size_t seen = 0;
    for (auto _ : state) {
      for (const auto& element : made) {
        benchmark::DoNotOptimize(&element);
        ++seen;
      }
    }
    check(state, seen == made.size() * static_cast<std::size_t>(state.iterations()));
  }
  static void copy(benchmark::State& state) {
    const map made = filled(keys<K>(0, size(state)));
    std::size_t held = 0;
    for (auto _ : state) held = map(made).size();
    check(state, held == made.size());
  }
  static void clear(benchmark::State& state) {
    const auto all = keys<K>(0, size(state));
    bool empty = true;
    for (auto _ : state) {
      state.PauseTiming();
      map made = filled(all);
      state.ResumeTiming();
      made.clear();
      empty = empty && made.empty();
    }
    check(state, empty);
  }

  static void enter(const std::string& elements, std::int64_t most) {
    const std::pair<const char*, void (*)(benchmark::State&)> operations[] = {{"hit", hit},
                                                                              {"miss", miss},
                                                                              {"insert_growing", insert_growing},
                                                                              {"insert_reserved", insert_reserved},
                                                                              {"erase", erase},
                                                                              {"churn", churn},
                                                                              {"iterate", iterate},
                                                                              {"copy", copy},
                                                                              {"clear", clear}};
    for (const auto& [name, operation] : operations) {
      const std::string full = std::string(name) + '/' + Peer::name + '/' + elements;
      auto* entered = benchmark::RegisterBenchmark(full.c_str(), operation);
      for (const std::int64_t size :
           {std::int64_t{1} << 10, std::int64_t{1} << 16, std::int64_t{1} << 20, std::int64_t{1} << 24}) {
        if (size <= most) entered->Arg(size);
      }
    }
  }
};

// Requests: a map for each, 100 inserts, gone again.
constexpr std::int64_t of_one_request = 100;

template <class Map>
std::size_t serve(Map& map, std::uint64_t request) {
  for (std::uint64_t i = 0; i < of_one_request; ++i) map.emplace(bench::random_key(request + i), i);
  return map.size();
}
template <class Request>
void enter_requests(const std::string& name, const Request& request) {
  benchmark::RegisterBenchmark(("request/" + name + "/u64-u64").c_str(), [request](benchmark::State& state) {
    for (auto _ : state) {
      if (request() != of_one_request) state.SkipWithError("wrong size");
    }
    state.SetItemsProcessed(state.iterations() * of_one_request);
  })->Arg(of_one_request);
}
void enter_all_requests() {
  bench::for_each_peer(bench::all_peers{}, [](auto peer) {
    using map = typename decltype(peer)::template map<std::uint64_t, std::uint64_t>;
    enter_requests(peer.name, [] {
      map fresh;
      return serve(fresh, 1);
    });
  });
  enter_requests("evac::pool", [] {
    static evac::pool<evac::map<std::uint64_t, std::uint64_t>> pool;
    const auto lease = pool.acquire();
    return serve(*lease, 1);
  });
}

template <class Run>
bool failed(const Run& run) {
  if constexpr (requires { run.error_occurred; }) {
    return run.error_occurred;
  } else {
    return static_cast<int>(run.skipped) != 0;  // since Google Benchmark 1.8
  }
}

/// Prints as ever and keeps what was measured.
class keeping_reporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      std::vector<std::string> parts;  // operation, map, elements, size
      std::istringstream name(run.run_name.function_name);
      for (std::string part; std::getline(name, part, '/');) parts.push_back(part);
      if (parts.size() != 3) continue;
      const double size = std::stod(run.run_name.args);
      const double nanoseconds =
          failed(run) ? bench::invalid : run.real_accumulated_time / static_cast<double>(run.iterations) / size * 1e9;
      kept_.add(parts[0] + " / " + parts[2] + " / " + run.run_name.args + " elements", "ns", parts[1], nanoseconds);
    }
  }
  [[nodiscard]] bool write_json(const std::string& path) const { return path.empty() || kept_.write_json(path); }

 private:
  bench::results kept_{"micro"};
};

/// The file named after --json; both words are removed from the arguments.
std::string take_json_path(int& argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string(argv[i]) != "--json") continue;
    std::string path = argv[i + 1];
    std::copy(argv + i + 2, argv + argc, argv + i);
    argc -= 2;
    return path;
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string json = take_json_path(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  bench::for_each_peer(bench::all_peers{}, [](auto peer) {
    using peer_type = decltype(peer);
    suite<peer_type, std::uint64_t, std::uint64_t>::enter("u64-u64", std::int64_t{1} << 24);
    suite<peer_type, std::string, std::uint64_t>::enter("string24-u64", std::int64_t{1} << 20);
    suite<peer_type, std::uint64_t, words_of_64>::enter("u64-64bytes", std::int64_t{1} << 20);
  });
  enter_all_requests();
  keeping_reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return reporter.write_json(json) ? 0 : 1;
}
