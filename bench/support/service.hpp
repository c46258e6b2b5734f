// A service reads its configuration: a million entries, of a hundred operations 99 look-ups and one change.
#ifndef EVAC_BENCH_SUPPORT_SERVICE_HPP
#define EVAC_BENCH_SUPPORT_SERVICE_HPP

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "peers/concurrent_peers.hpp"
#include "support/measure.hpp"
#include "support/report.hpp"
#include "support/results.hpp"
#include "support/threads.hpp"

namespace bench {

inline constexpr std::size_t service_entries = 1'000'000;
inline constexpr std::array<std::size_t, 2> service_threads{1, 2};

/// Names of the entries, and the order in which each thread asks for them.
struct service_keys {
  std::vector<std::string> names;
  std::vector<std::uint32_t> order;

  service_keys() {
    for (std::size_t i = 0; i < service_entries; ++i)
      names.push_back("service/" + std::to_string(i % 97) + "/setting/" + std::to_string(i));
    std::mt19937 random(1);
    for (std::size_t i = 0; i < (std::size_t{1} << 20U); ++i)
      order.push_back(static_cast<std::uint32_t>(random() % service_entries));
  }
};

struct service_rates {
  double mops[service_threads.size()];  // not a number where the map was wrong
};

/// The lower half of a value is the number of its entry, the upper half counts its changes.
template <class Peer>
[[nodiscard]] service_rates run_service(const service_keys& keys, double seconds) {
  typename Peer::template map<std::string, std::uint64_t> settings(service_entries);
  for (std::size_t i = 0; i < service_entries; ++i) settings.insert(keys.names[i], i);
  service_rates rates{};
  std::atomic<std::uint64_t> wrong{0};
  for (std::size_t which = 0; which < service_threads.size(); ++which) {
    const threads_run run =
        run_threads(service_threads[which], seconds, [&](std::size_t t, const std::atomic<bool>& stop) {
          std::uint64_t bad = 0;
          std::uint64_t done = 0;
          std::size_t at = t * (keys.order.size() / 3);
          // relaxed: when exactly it is seen does not matter
          while (!stop.load(std::memory_order_relaxed)) {
            for (std::size_t i = 0; i < 100; ++i, ++at) {
              const std::uint64_t entry = keys.order[at % keys.order.size()];
              const std::string& name = keys.names[entry];
              if (i == 0) {
                settings.upsert(name, entry | (done << 32U));
              } else {
                std::uint64_t value = ~std::uint64_t{0};
                if (!settings.find(name, value) || (value & 0xFFFFFFFFU) != entry) ++bad;
              }
            }
            done += 100;
          }
          wrong.fetch_add(bad, std::memory_order_relaxed);
          return done;
        });
    rates.mops[which] = run.mops();
  }
  if (wrong.load() != 0 || settings.size() != service_entries) {
    rates.mops[0] = rates.mops[1] = std::numeric_limits<double>::quiet_NaN();
  }
  return rates;
}

struct service_rows {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::pair<std::string, double>> throughput[service_threads.size()];
};

/// Million operations a second for each map that passed its check before, and each number of threads.
[[nodiscard]] inline service_rows measure_service(std::size_t rounds, results& all) {
  const service_keys keys;
  std::map<std::string, std::array<std::vector<double>, service_threads.size()>> rates;
  for (std::size_t round = 0; round < rounds; ++round) {
    for_each_peer(concurrent_peers{}, [&](auto peer) {
      std::cerr << "\r\033[Kservice: round " << round + 1 << " of " << rounds << ", " << peer.name << std::flush;
      const auto got = in_child([&] { return run_service<decltype(peer)>(keys, 0.5); });
      for (std::size_t i = 0; i < service_threads.size(); ++i) {
        const double rate = got ? got->mops[i] : invalid;
        if (!std::isnan(rate)) rates[peer.name][i].push_back(rate);
        const std::string threads = std::to_string(service_threads[i]) + (i == 0 ? " thread" : " threads");
        all.add("a service reads its configuration, " + threads, "Mops", peer.name, rate);
      }
    });
  }
  std::cerr << '\n';
  service_rows out;
  for_each_peer(concurrent_peers{}, [&](auto peer) {
    std::vector<std::string> row{peer.name};
    for (std::size_t i = 0; i < service_threads.size(); ++i) {
      const auto& figures = rates[peer.name][i];
      if (figures.size() != rounds) {
        row.emplace_back("failed");
        continue;
      }
      const summary rate = summarise(figures);
      row.push_back(fixed(rate.median) + " (" + fixed(rate.least) + "-" + fixed(rate.most) + ")");
      out.throughput[i].emplace_back(peer.name, rate.median);
    }
    out.rows.push_back(row);
  });
  return out;
}

}  // namespace bench

#endif
