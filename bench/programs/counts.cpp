// Counts the cost of an operation to other cores: atomic operations, and cache lines that it takes from other threads
// or makes them fetch again. The counts are the same on every machine, however many cores it has.
//
// A case has a name like "zipf 0.99, 10 % updates, 8 threads".
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include "scale/counted_mixes.hpp"
#include "scale/standard_mixes.hpp"
#include "support/options.hpp"
#include "support/report.hpp"
#include "support/results.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  struct settings {
    std::string only, json;
  };
  const auto chosen = settings_of<settings>(argc, argv, "What an operation costs the other cores, counted.",
                                            [](CLI::App&, settings&) {});
  results all("counts");
  for (counted_mix mix : standard_mixes()) {
    std::vector<std::vector<std::string>> rows;
    for (const counted_map map : counted_maps) {
      for (const std::size_t threads : thread_counts) {
        const std::string name = name_of(mix, threads);
        if (name.find(chosen.only) == std::string::npos) continue;
        std::cerr << "\r\033[Kcounting " << name << ", " << name_of(map) << std::flush;
        mix.threads = threads;
        // Until each thread has met most lines: at 64 threads and 10 % updates sync_map's shared-line reads were 0.38
        // after 0.3 M operations, 0.66 after 1 M, 0.83 after 4 M.
        if (mix.updates != 0) mix.unrecorded = std::max(counted_mix{}.unrecorded, 64'000 * threads);
        const auto counts = count_mix(map, mix);
        if (!counts) {
          std::cerr << ": failed\n";
          return 1;
        }
        record(all, name, name_of(map), *counts);
        std::vector<std::string> row{std::string(name_of(map)) + ", " + threads_text(threads)};
        for (const named_count& each : named_counts) row.push_back(fixed(*counts.*each.count, 3));
        rows.push_back(row);
      }
    }
    std::cerr << "\r\033[K";
    if (rows.empty()) continue;
    const std::string first = name_of(mix, 1);
    std::cout << '\n' << first.substr(0, first.rfind(", ")) << ", per operation\n";
    std::vector<std::string> head{"map"};
    for (const named_count& each : named_counts) head.emplace_back(each.name);
    print_table(std::cout, head, rows);
  }
  return chosen.json.empty() || all.write_json(chosen.json) ? 0 : 1;
}
