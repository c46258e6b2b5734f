// Counters of maps among the other metrics of a service that has prometheus-cpp: a collector that asks them when it is
// scraped.
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "expect.hpp"

namespace {

/// Calls counters() of each map that it watches, which takes no lock and looks at no bucket. All maps must outlive it.
class map_collector : public prometheus::Collectable {
 public:
  template <class Map>
  void watch(std::string name, const Map& map) {
    watched_.push_back({std::move(name), [&map] { return map.counters(); }});
  }

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    for (const figure& each : figures) families.push_back({each.name, each.help, each.type, {}});
    for (const watched_map& map : watched_) {
      const evac::map_counters counters = map.counters();
      for (std::size_t i = 0; i < families.size(); ++i) {
        prometheus::ClientMetric metric;
        metric.label = {{"map", map.name}};
        (families[i].type == prometheus::MetricType::Gauge ? metric.gauge.value : metric.counter.value) =
            figures[i].of(counters);
        families[i].metric.push_back(std::move(metric));
      }
    }
    return families;
  }

 private:
  struct figure {
    const char* name;
    const char* help;
    prometheus::MetricType type;
    double (*of)(const evac::map_counters& counters);
  };
  static double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }
  // Those that alerts are made of; evac/counters.hpp has all, evac/openmetrics.hpp their names.
  static inline const std::vector<figure> figures{
      {"evac_map_size", "Elements.", prometheus::MetricType::Gauge,
       [](const evac::map_counters& counters) { return static_cast<double>(counters.size); }},
      {"evac_map_bytes", "Memory of all kinds.", prometheus::MetricType::Gauge,
       [](const evac::map_counters& counters) { return static_cast<double>(counters.total_bytes()); }},
      {"evac_map_growths_total", "Doublings begun.", prometheus::MetricType::Counter,
       [](const evac::map_counters& counters) { return static_cast<double>(counters.growths); }},
      {"evac_map_parked_seconds_total", "How long threads slept for locks, all together.",
       prometheus::MetricType::Counter,
       [](const evac::map_counters& counters) { return seconds(counters.parked_time); }},
      {"evac_map_retired_bytes", "Memory of the domain that waits to be reclaimed.", prometheus::MetricType::Gauge,
       [](const evac::map_counters& counters) { return static_cast<double>(counters.retired_bytes); }},
  };

  struct watched_map {
    std::string name;
    std::function<evac::map_counters()> counters;
  };
  std::vector<watched_map> watched_;
};

}  // namespace

int main() {
  evac::sharded_map<std::uint64_t, std::string> sessions;
  evac::sync_map<std::string, int> ports;
  map_collector collector;
  collector.watch("sessions", sessions);
  collector.watch("ports", ports);
  // In a service: exposer.RegisterCollectable(std::shared_ptr<map_collector>).

  for (std::uint64_t i = 0; i < 1000; ++i) sessions.emplace(i, "of a user");
  ports.store("http", 80);
  const std::string page = prometheus::TextSerializer().Serialize(collector.Collect());
  expect(page.find("evac_map_size{map=\"sessions\"} 1000\n") != std::string::npos, "a map's size is on the page");
  expect(page.find("evac_map_size{map=\"ports\"} 1\n") != std::string::npos, "and that of another map");
  expect(page.find("# TYPE evac_map_growths_total counter\n") != std::string::npos, "what only rises is a counter");
}
