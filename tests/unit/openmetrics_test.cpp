// The page of metrics: read back by a strict reader, and by Prometheus' own.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <evac/map.hpp>
#include <evac/openmetrics.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "support/openmetrics_reader.hpp"

using evac_test::openmetrics_reader;

namespace {

/// Maps of each kind, each with some history.
struct maps {
  evac::map<std::uint64_t, std::uint64_t> owned;
  evac::sharded_map<std::uint64_t, std::uint64_t> sharded{evac::shards{4}};
  evac::epoch_domain domain;
  evac::sync_map<int, std::string> sync{domain};

  maps() {
    for (std::uint64_t i = 0; i < 1000; ++i) {
      owned[i] = i;
      sharded.emplace(i, i);
      sync.store(static_cast<int>(i % 100), std::to_string(i));
    }
  }
  [[nodiscard]] evac::metrics_page page() const {
    evac::metrics_page result;
    result.add("owned", owned);
    result.add("sharded", sharded);
    result.add("sync", sync);
    result.add_shards("sharded", sharded);
    return result;
  }
};

/// What a program says about a text that it reads; its exit status comes last.
std::string said_by(const std::string& command, const std::string& text) {
  std::string name = (std::filesystem::temp_directory_path() / "evac-metrics-XXXXXX").string();
  const int file = ::mkstemp(name.data());
  REQUIRE(file >= 0);
  REQUIRE(::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::close(file);
  std::FILE* const out = ::popen((command + " < " + name + " 2>&1").c_str(), "r");
  REQUIRE(out != nullptr);
  std::string said;
  for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out)) said += static_cast<char>(c);
  const int status = ::pclose(out);
  std::filesystem::remove(name);
  return said + "status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

TEST_CASE("a page of several maps is OpenMetrics, with one description for each family") {
  const maps all;
  const openmetrics_reader read(all.page().openmetrics());
  CHECK(read.families().size() == 26 + 18);
  CHECK(read.value("evac_map_size", "map=owned") == "1000");
  CHECK(read.value("evac_map_size", "map=sync") == "100");
  CHECK(read.families().at("evac_map_size").samples.size() == 3);
  CHECK(read.families().at("evac_map_size").type == "gauge");
  CHECK(read.families().at("evac_map_segment_bytes").unit == "bytes");
  CHECK(read.families().at("evac_map_parked_seconds").unit == "seconds");
  CHECK(read.families().at("evac_map_evacuated_elements").type == "counter");
  CHECK(read.value("evac_map_evacuated_elements", "map=owned") == std::to_string(all.owned.counters().elements_moved));
  std::size_t sum = 0;
  for (const auto& [labels, size] : read.families().at("evac_shard_size").samples) sum += std::stoul(size);
  CHECK(read.families().at("evac_shard_size").samples.size() == 4);
  CHECK(sum == 1000);
}

TEST_CASE("figures of a domain are written for maps that have one, and families without a series are left out") {
  const maps all;
  const openmetrics_reader read(all.page().openmetrics());
  CHECK(read.families().at("evac_map_retired_bytes").samples.size() == 1);
  CHECK(read.families().count("evac_shard_retired_bytes") == 0);
  evac::metrics_page alone;
  alone.add("owned", all.owned);
  CHECK(openmetrics_reader(alone.openmetrics()).families().count("evac_map_retired_bytes") == 0);
  CHECK(evac::metrics_page().openmetrics() == "# EOF\n");
  CHECK(evac::metrics_page().prometheus().empty());
}

TEST_CASE("look-ups are written for maps that count them, from the first page on") {
  const maps all;
  CHECK(openmetrics_reader(all.page().openmetrics()).families().count("evac_map_hits") == 0);
  evac::map<int, int, evac::counted_lookups<evac::hash<int>>> counted = {{1, 1}};
  evac::metrics_page page = all.page();
  page.add("counted", counted);
  const openmetrics_reader before(page.openmetrics());
  CHECK(before.value("evac_map_hits", "map=counted") == "0");
  CHECK(before.families().at("evac_map_hits").type == "counter");
  CHECK(before.families().at("evac_map_hits").samples.size() == 1);
  CHECK(counted.count(1) + counted.count(2) + counted.count(3) == 1);
  page.add("counted", counted);
  const openmetrics_reader after(page.openmetrics());
  CHECK(after.value("evac_map_hits", "map=counted") == "1");
  CHECK(after.value("evac_map_misses", "map=counted") == "2");
}

TEST_CASE("names of maps are escaped, and a second map of a name takes the place of the first") {
  evac::metrics_page page;
  const std::string name = "a \"quoted\\name\"\nof two lines";
  evac::map_counters counters;
  counters.size = 1;
  page.add(name, counters);
  counters.size = 2;
  page.add(name, counters);
  const openmetrics_reader read(page.openmetrics());
  CHECK(read.families().at("evac_map_size").samples.size() == 1);
  CHECK(read.value("evac_map_size", "map=" + name) == "2");
}

TEST_CASE("durations are written in seconds, to the nanosecond") {
  evac::metrics_page page;
  evac::map_counters counters;
  counters.parked_time = std::chrono::nanoseconds(12'000'000'345);
  page.add("map", counters);
  const openmetrics_reader read(page.openmetrics());
  CHECK(read.value("evac_map_parked_seconds", "map=map") == "12.000000345");
  CHECK(read.value("evac_map_evacuation_seconds", "map=map") == "0.000000000");
}

TEST_CASE("the reader of this test refuses pages that are not OpenMetrics") {
  const std::string good =
      "# HELP a_bytes A.\n# TYPE a_bytes counter\n# UNIT a_bytes bytes\na_bytes_total{map=\"m\"} 1\n";
  CHECK_NOTHROW(openmetrics_reader(good + "# EOF\n"));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string page = good + "# EOF\n";
    return page.replace(page.find(from), from.size(), to);
  };
  CHECK_THROWS_AS(openmetrics_reader(good), std::runtime_error);
  CHECK_THROWS_AS(openmetrics_reader(good + "# EOF\n\n"), std::runtime_error);
  CHECK_THROWS_AS(openmetrics_reader(good + good + "# EOF\n"), std::runtime_error);
  CHECK_THROWS_AS(openmetrics_reader(with("_total{", "{")), std::runtime_error);
  CHECK_THROWS_AS(openmetrics_reader(with("bytes bytes", "bytes seconds")), std::runtime_error);
  CHECK_THROWS_AS(openmetrics_reader(with("# HELP a_bytes A.\n", "")), std::runtime_error);
  CHECK_THROWS_AS(openmetrics_reader(with("\"m\"", "\"\\m\"")), std::runtime_error);
  CHECK_THROWS_AS(openmetrics_reader(with("} 1", "} one")), std::runtime_error);
}

TEST_CASE("promtool finds no fault with the page in the format of Prometheus") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    WARN("skipped: there is no promtool (Debian: prometheus)");
    return;
  }
  const maps all;
  const std::string page = all.page().prometheus();
  CHECK(page.find("# TYPE evac_map_evacuated_elements_total counter\n") != std::string::npos);
  CHECK(page.find("# EOF") == std::string::npos);
  CHECK(said_by("promtool check metrics", page) == "status 0");
  CHECK(said_by("promtool check metrics", page + "evac_map_size{map=\"owned\"} x\n") != "status 0");
}
