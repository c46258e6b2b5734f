// The program of tests/soak: a service under load for hours, or for some seconds as a test; see usage().
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/support/histogram.hpp"
#include "service/fleet.hpp"
#include "service/judgement.hpp"
#include "service/record.hpp"
#include "service/worker.hpp"

namespace {

using service::fault;

// The live set that the load leaves at the gate is constant, some 10 MiB with two residents: docs/soak.md.
constexpr double mib = 1 << 20;

struct settings {
  double seconds = 0;
  double interval = 60;
  std::uint64_t cycles = 1;
  std::size_t residents = 2;
  std::uint64_t seed = 1;
  double patience = 300;
  fault planted = fault::none;
  std::string file;
  std::string baseline;
  bool judge_only = false;
  service::bounds allowed{.memory_bytes = 4 * mib, .retired_bytes = 1 * mib, .latency_ns = 1e6, .warm_up = 0.25};
};

[[noreturn]] void usage(int status) {
  (status == 0 ? std::cout : std::cerr) << R"(usage: evac_soak --file FILE [OPTION...]
  --file FILE             where the record goes; with --judge, where it comes from
  --seconds S             length of the run (default 0: as many intervals as are judged)
  --interval S            seconds between two samples (60)
  --cycles N              and at least so many cycles of each resident (1): with --interval 0 runs are of one length
                          by what they do, whatever else the machine does
  --residents N           threads that stay; each has a guest beside it at any time (2)
  --seed N                of the dice (1)
  --patience S            the run fails if for so long no resident completes a cycle (300)
  --memory-rise MIB       what resident memory may rise by after the warm-up, the first quarter of the time (4)
  --retired-rise MIB      retired bytes of a domain (1)
  --latency-rise MS       the 99.9th percentile of the calls of a map (1)
  --baseline FILE         the record of an earlier run: figures beyond 2.5 sigma of it are flagged
  --judge                 no run: judges FILE
  --fault NAME            plants one: leaked_values, old_guard, lost_update or slower_calls
status: 0 all well; 1 a wrong answer, a figure that rises, or no progress; 3 flagged by the baseline; 2 usage
)";
  std::exit(status);
}

[[nodiscard]] fault fault_of(std::string_view name) {
  if (name == "leaked_values") return fault::leaked_values;
  if (name == "old_guard") return fault::old_guard;
  if (name == "lost_update") return fault::lost_update;
  if (name == "slower_calls") return fault::slower_calls;
  usage(2);
}

[[nodiscard]] double number_of(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(number >= 0)) usage(2);
  return number;
}

[[nodiscard]] settings settings_of(const std::vector<std::string>& words) {
  settings chosen;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& option = words[i];
    if (option == "--help" || option == "-h") usage(0);
    if (option == "--judge") {
      chosen.judge_only = true;
      continue;
    }
    if (++i == words.size()) usage(2);
    const std::string& value = words[i];
    if (option == "--file")
      chosen.file = value;
    else if (option == "--baseline")
      chosen.baseline = value;
    else if (option == "--fault")
      chosen.planted = fault_of(value);
    else if (option == "--seconds")
      chosen.seconds = number_of(value);
    else if (option == "--interval")
      chosen.interval = number_of(value);
    else if (option == "--cycles")
      chosen.cycles = static_cast<std::uint64_t>(number_of(value));
    else if (option == "--residents")
      chosen.residents = static_cast<std::size_t>(number_of(value));
    else if (option == "--seed")
      chosen.seed = static_cast<std::uint64_t>(number_of(value));
    else if (option == "--patience")
      chosen.patience = number_of(value);
    else if (option == "--memory-rise")
      chosen.allowed.memory_bytes = number_of(value) * mib;
    else if (option == "--retired-rise")
      chosen.allowed.retired_bytes = number_of(value) * mib;
    else if (option == "--latency-rise")
      chosen.allowed.latency_ns = number_of(value) * 1e6;
    else
      usage(2);
  }
  if (chosen.file.empty() || chosen.residents == 0 || chosen.cycles == 0) usage(2);
  return chosen;
}

[[nodiscard]] std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t whole = 0;
  std::size_t resident = 0;
  statm >> whole >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

[[nodiscard]] std::string latency_figures(const bench::latency_histogram& of) {
  return "\"calls\":" + std::to_string(of.total()) + ",\"p50_ns\":" + std::to_string(of.percentile(0.5)) +
         ",\"p99_ns\":" + std::to_string(of.percentile(0.99)) + ",\"p999_ns\":" + std::to_string(of.percentile(0.999)) +
         ",\"longest_ns\":" + std::to_string(of.most());
}

void write_sample(std::ostream& out, service::fleet& running, double time) {
  const auto latencies = running.take_latencies();
  std::uint64_t calls = 0;
  for (std::size_t i = 0; i < service::part_names.size(); ++i) {
    const std::string counters = running.counters(static_cast<service::part>(i)).to_json();
    service::write_line(out, time, service::part_names[i],
                        counters.substr(1, counters.size() - 2) + ',' + latency_figures((*latencies)[i]));
    calls += (*latencies)[i].total();
  }
  service::write_line(out, time, "process",
                      "\"resident_bytes\":" + std::to_string(resident_bytes()) + ",\"calls\":" + std::to_string(calls));
  out.flush();
}

// Whether all answers were right and the service never stood still.
[[nodiscard]] bool run(const settings& chosen) {
  std::ofstream out(chosen.file);
  if (!out) {
    std::cerr << "soak: " << chosen.file << " cannot be written\n";
    std::exit(2);
  }
  // Samples after the warm-up, and one more for rounding.
  const auto least =
      static_cast<std::size_t>(static_cast<double>(service::least_samples + 1) / (1 - chosen.allowed.warm_up)) + 1;
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(); };
  service::fleet running(chosen.residents, chosen.seed, chosen.planted);
  for (std::size_t i = 0; i < least || passed() < chosen.seconds; ++i) {
    running.next_interval();
    if (!running.entrance().let_work(chosen.cycles, std::chrono::duration<double>(chosen.interval),
                                     std::chrono::duration<double>(chosen.patience))) {
      std::cerr << "soak: for " << chosen.patience
                << " s no thread has completed a cycle; the counters of the maps that they share:\n";
      // Not those of owned maps: their owners are at work, or hang.
      for (auto each = static_cast<std::size_t>(service::part::sessions); each < service::part_names.size(); ++each) {
        std::cerr << service::part_names[each] << ": " << running.counters(static_cast<service::part>(each)).to_json()
                  << '\n';
      }
      std::_Exit(1);
    }
    running.check_sums();
    write_sample(out, running, passed());
  }
  if (chosen.planted != fault::old_guard && !running.nothing_waits()) {
    std::cout << "FAILED: garbage is left although nobody is inside\n";
    return false;
  }
  std::cout << "ran " << passed() << " s with " << chosen.residents << " residents, seed " << chosen.seed << '\n';
  return service::mistakes::seen() == 0;
}

[[nodiscard]] service::record record_in(const std::string& file) {
  std::ifstream in(file);
  if (!in) {
    std::cerr << "soak: " << file << " cannot be read\n";
    std::exit(2);
  }
  return service::record::read(in);
}

}  // namespace

int main(int argc, char** argv) {
  const settings chosen = settings_of({argv + 1, argv + argc});
  bool well = true;
  if (!chosen.judge_only) well = run(chosen);
  if (service::mistakes::seen() != 0) std::cout << "FAILED: answers: " << service::mistakes::seen() << " were wrong\n";
  const service::record record = record_in(chosen.file);
  for (const service::finding& each : service::judge_slopes(record, chosen.allowed)) {
    std::cout << (each.fails ? "FAILED: " : "well:   ") << each.text << '\n';
    well = well && !each.fails;
  }
  bool flagged = false;
  if (!chosen.baseline.empty()) {
    for (const service::finding& each : service::compare(record, record_in(chosen.baseline), chosen.allowed.warm_up)) {
      std::cout << (each.flagged ? "FLAGGED: " : "as before: ") << each.text << '\n';
      flagged = flagged || each.flagged;
    }
  }
  std::cout << (well ? flagged ? "soak: flagged\n" : "soak: all well\n" : "soak: FAILED\n");
  return !well ? 1 : flagged ? 3 : 0;
}
