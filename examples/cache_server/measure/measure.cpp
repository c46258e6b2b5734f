// Servers beside each other: how long a client waits while they grow and while most keys are deleted, how much they
// answer, and what memory they hold. Writes a page with pictures.
#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "probe.hpp"
#include "support/histogram.hpp"
#include "support/report.hpp"

namespace {

using namespace cache_server_measure;
using cache_server_test::connection;
using cache_server_test::process;
using cache_server_test::request_of;

constexpr std::size_t stretches = 200;
constexpr double mib = 1 << 20;

struct settings {
  std::size_t keys = 10'000'000;
  std::size_t requests = 2'000'000;
  std::string report = "bench/report";
  std::string only;
};

struct subject {
  std::string name;
  std::vector<std::string> command;  // without the port
};

/// What the probe saw while the server was at work, and how long that took.
struct phase {
  bench::latency_histogram times;
  std::vector<double> worst = std::vector<double>(stretches, 0);  // nanoseconds, by progress
  double seconds = 0;
};

struct figures {
  std::string name;
  phase growing;
  phase deleting;
  double set_rate = 0;
  double get_rate = 0;
  double grown_mib = 0;
  double deleted_mib = 0;
};

/// As redis-benchmark names keys.
[[nodiscard]] std::string key_of(std::size_t number) {
  std::string digits = std::to_string(number);
  return "key:" + std::string(12 - digits.size(), '0') + digits;
}

/// Sends `request(i)` for all i below `count` through some connections, many at a time, and throws the replies away.
template <class Request>
void drive(unsigned short port, std::size_t count, std::atomic<std::size_t>& progress, const Request& request) {
  constexpr std::size_t connections = 8;
  constexpr std::size_t pipelined = 32;
  std::vector<connection> all;
  for (std::size_t i = 0; i < connections; ++i) all.emplace_back(port);
  for (std::size_t next = 0; next < count;) {
    std::array<std::size_t, connections> sent{};
    for (std::size_t i = 0; i < connections; ++i) {
      std::string batch;
      for (; sent[i] < pipelined && next < count; ++sent[i], ++next) batch += request(next);
      all[i].send(batch);
    }
    for (std::size_t i = 0; i < connections; ++i) {
      for (; sent[i] != 0; --sent[i]) static_cast<void>(all[i].reply());
    }
    progress = next;
  }
}

/// The same with the probe at its side.
template <class Request>
[[nodiscard]] phase watched(unsigned short port, std::size_t count, const Request& request) {
  phase result;
  std::atomic<std::size_t> progress{0};
  probe asks(port, progress);
  const clock::time_point began = clock::now();
  drive(port, count, progress, request);
  result.seconds = std::chrono::duration<double>(clock::now() - began).count();
  for (const probe::sample& each : asks.stop()) {
    const auto time = static_cast<std::uint64_t>(each.time.count());
    double& worst = result.worst[std::min(stretches - 1, each.progress * stretches / count)];
    worst = std::max(worst, static_cast<double>(time));
    result.times.add(time);
  }
  return result;
}

/// Requests a second, as redis-benchmark says it for one command.
[[nodiscard]] double rate_of(const std::string& command, unsigned short port, const settings& chosen) {
  const std::string line = "redis-benchmark -p " + std::to_string(port) + " -t " + command + " -n " +
                           std::to_string(chosen.requests) + " -r " + std::to_string(chosen.keys) +
                           " -P 16 --threads 2 -q --csv 2>/dev/null";
  FILE* const output = popen(line.c_str(), "r");
  double rate = 0;
  std::array<char, 512> text;
  while (output != nullptr && std::fgets(text.data(), text.size(), output) != nullptr) {
    double told = 0;  // "SET","123456.78","0.5",...
    if (std::sscanf(text.data(), "\"%*[A-Z]\",\"%lf\"", &told) == 1) rate = told;
  }
  if (output != nullptr) pclose(output);
  return rate;
}

/// A port that was free a moment ago.
[[nodiscard]] unsigned short free_port() {
  const cache_server_test::cache_server_process server;
  return server.port();
}

[[nodiscard]] figures measure(const subject& which, const settings& chosen) {
  figures result;
  result.name = which.name;
  const unsigned short port = free_port();
  std::vector<std::string> words = which.command;
  words.insert(words.end(), {"--port", std::to_string(port)});
  const process server(words);
  while (!connection(port).is_open()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  if (connection(port).ask({"SET", "probe", "probe"}) != "+OK\r\n")
    throw std::runtime_error(which.name + " does not answer");

  std::cout << which.name << ": growing" << std::flush;
  result.growing = watched(port, chosen.keys, [](std::size_t i) { return request_of({"SET", key_of(i), "val"}); });
  result.grown_mib = static_cast<double>(server.memory()) / mib;
  std::cout << ", answering" << std::flush;
  result.set_rate = rate_of("set", port, chosen);
  result.get_rate = rate_of("get", port, chosen);
  std::cout << ", deleting" << std::endl;
  const std::size_t deleted = chosen.keys / 100 * 99;
  result.deleting = watched(port, deleted, [](std::size_t i) { return request_of({"DEL", key_of(i)}); });
  std::this_thread::sleep_for(std::chrono::seconds(2));  // what goes by and by has gone
  result.deleted_mib = static_cast<double>(server.memory()) / mib;
  return result;
}

[[nodiscard]] std::vector<subject> subjects() {
  const auto ours = [](const std::string& store, const std::string& threads) {
    return std::vector<std::string>{EVAC_CACHE_SERVER, "--store", store, "--threads", threads};
  };
  std::vector<subject> all = {{"sync, 1 core", ours("sync", "1")},
                              {"sync, 2 cores", ours("sync", "2")},
                              {"sharded, 2 cores", ours("sharded", "2")},
                              {"std, 1 core", ours("std", "1")},
                              {"std, 2 cores", ours("std", "2")}};
  if (std::system("command -v redis-server >/dev/null 2>&1") == 0) {
    all.push_back({"redis-server", {"redis-server", "--save", "", "--appendonly", "no", "--dir", "/tmp"}});
  } else {
    std::cout << "without redis-server, which is not installed\n";
  }
  return all;
}

/// The promises, each beside what was measured; those whose servers were not all measured are left out.
[[nodiscard]] std::vector<std::vector<std::string>> bars(const std::vector<figures>& all) {
  const auto of = [&](const std::string& name) {
    const auto at = std::ranges::find(all, name, &figures::name);
    return at == all.end() ? nullptr : &*at;
  };
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const std::string& what, double measured, double bar, bool at_least) {
    const bool holds = at_least ? measured >= bar : measured <= bar;
    rows.push_back(
        {what, bench::fixed(measured, 3), (at_least ? ">= " : "<= ") + bench::fixed(bar, 2), holds ? "yes" : "no"});
  };
  const figures* const redis = of("redis-server");
  const figures* const one = of("sync, 1 core");
  const figures* const two = of("sync, 2 cores");
  const figures* const standard = of("std, 2 cores");
  if (redis != nullptr && one != nullptr) {
    add("GET, 1 core / redis-server", one->get_rate / redis->get_rate, 1, true);
    add("SET, 1 core / redis-server", one->set_rate / redis->set_rate, 1, true);
  }
  if (redis != nullptr && two != nullptr) {
    add("GET, 2 cores / redis-server", two->get_rate / redis->get_rate, 1.6, true);
    add("SET, 2 cores / redis-server", two->set_rate / redis->set_rate, 1.6, true);
  }
  const auto longest = [](const figures& of_one) { return static_cast<double>(of_one.growing.times.most()); };
  if (two != nullptr && standard != nullptr)
    add("longest wait while growing / std", longest(*two) / longest(*standard), 0.05, false);
  if (two != nullptr && redis != nullptr)
    add("longest wait while growing / redis-server", longest(*two) / longest(*redis), 1, false);
  return rows;
}

void write_report(const std::vector<figures>& all, const settings& chosen) {
  bench::report page;
  page.paragraph(
      std::to_string(chosen.keys) +
      " keys of 16 bytes with values of 3; 8 connections put them, 32 at a time, while another one asks a thousand "
      "times a second for one key. Its times count from the moment a request was due. Clients and servers share the "
      "machine.");
  const auto picture = [&](const std::string& title, const std::string& x, phase figures::* which) {
    std::vector<bench::series> lines;
    for (const figures& each : all) lines.push_back({each.name, (each.*which).worst});
    page.log_lines(title, x, lines, {{0, "0"}, {0.25, "25 %"}, {0.5, "50 %"}, {0.75, "75 %"}});
  };
  picture("The longest wait of a GET while keys are put", "keys that are there", &figures::growing);
  picture("The longest wait of a GET while 99 % of the keys are deleted", "keys that are deleted", &figures::deleting);

  const std::vector<std::string> waits_head = {"server", "s", "p50", "p99", "p99.9", "longest"};
  const auto waits = [&](const std::string& title, phase figures::* which) {
    std::vector<std::vector<std::string>> rows;
    for (const figures& each : all) {
      const phase& seen = each.*which;
      std::vector<std::string> row{each.name, bench::fixed(seen.seconds)};
      for (const double share : {0.5, 0.99, 0.999})
        row.push_back(bench::duration_text(static_cast<double>(seen.times.percentile(share))));
      row.push_back(bench::duration_text(static_cast<double>(seen.times.most())));
      rows.push_back(std::move(row));
    }
    std::cout << '\n' << title << '\n';
    bench::print_table(std::cout, waits_head, rows);
    page.heading(title);
    page.table(waits_head, rows);
  };
  waits("Waits while keys are put", &figures::growing);
  waits("Waits while 99 % of the keys are deleted", &figures::deleting);

  const std::vector<std::string> rates_head = {"server", "SET a second", "GET a second", "MiB, all keys",
                                               "MiB, 1 % of the keys"};
  std::vector<std::vector<std::string>> rates;
  for (const figures& each : all) {
    rates.push_back({each.name, bench::fixed(each.set_rate, 0), bench::fixed(each.get_rate, 0),
                     bench::fixed(each.grown_mib, 0), bench::fixed(each.deleted_mib, 0)});
  }
  const std::string rates_title = "redis-benchmark -P 16 --threads 2 on all keys, and resident memory";
  std::cout << '\n' << rates_title << '\n';
  bench::print_table(std::cout, rates_head, rates);
  page.heading(rates_title);
  page.table(rates_head, rates);

  const std::vector<std::string> bars_head = {"promise", "measured", "bar", "holds"};
  std::cout << '\n';
  bench::print_table(std::cout, bars_head, bars(all));
  page.heading("Promises");
  page.table(bars_head, bars(all));
  std::filesystem::create_directories(chosen.report);
  const std::string path = chosen.report + "/cache_server.html";
  page.write(path, "Cache servers");
  std::cout << "\n" << path << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  settings chosen;
  CLI::App app("Measures the cache server over several maps, and redis-server.");
  app.option_defaults()->always_capture_default();
  app.add_option("--keys", chosen.keys, "how far the stores grow")->check(CLI::Range(1000, 1'000'000'000));
  app.add_option("--requests", chosen.requests, "of each command, for the rates");
  app.add_option("--report", chosen.report, "folder of the page");
  app.add_option("--only", chosen.only, "servers whose name contains it");
  CLI11_PARSE(app, argc, argv);
  try {
    std::vector<figures> all;
    for (const subject& each : subjects()) {
      if (each.name.find(chosen.only) != std::string::npos) all.push_back(measure(each, chosen));
    }
    write_report(all, chosen);
  } catch (const std::exception& failure) {
    std::cerr << "measure: " << failure.what() << '\n';
    return 1;
  }
}
