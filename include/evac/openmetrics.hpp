// Counters of named maps and caches as a scrape expects them: OpenMetrics 1.0, and the text format 0.0.4 of Prometheus.
//
//   evac::metrics_page page;
//   page.add("sessions", sessions);                    any evac map or set; one of an owner under the lock that
//                                                      protects it
//   page.add("ports", ports);
//   page.add("pages", pages);                          an evac cache
//   reply(evac::openmetrics_type, page.openmetrics());
//
//   # HELP evac_map_size Elements.
//   # TYPE evac_map_size gauge
//   evac_map_size{map="sessions"} 120000
//   evac_map_size{map="ports"} 300
//
// Each family has its HELP, TYPE and UNIT once, whatever number of maps there is. Its only label is the map's name;
// series of shards are families of their own (evac_shard_...), so that a sum over a family counts nothing twice. Those
// of caches are evac_cache_..., with the label `cache`.
#ifndef EVAC_OPENMETRICS_HPP
#define EVAC_OPENMETRICS_HPP

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI {

/// Values for the Content-Type of a reply.
inline constexpr std::string_view openmetrics_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
inline constexpr std::string_view prometheus_type = "text/plain; version=0.0.4; charset=utf-8";

namespace detail {

enum class metric_kind : unsigned char { gauge, counter };

/// One family of metrics: its name behind evac_map_ or evac_cache_, without the _total of a counter and with its unit,
/// and its value.
template <class Counters>
struct metric_family {
  using kind = metric_kind;

  std::string_view name;
  kind type;
  std::string_view help;
  std::size_t Counters::* number = nullptr;
  std::chrono::nanoseconds Counters::* duration = nullptr;
  bool Counters::* only_if = nullptr;  // of a figure that not all maps have
  bool of_domain = false;              // only maps that have one

  [[nodiscard]] std::string_view unit() const noexcept {
    if (duration != nullptr) return "seconds";
    return name.ends_with("_bytes") ? "bytes" : "";
  }
};

inline constexpr metric_family<map_counters> map_families[] = {
    {"size", metric_kind::gauge, "Elements.", &map_counters::size},
    {"home_slots", metric_kind::gauge, "Room for elements in home buckets.", &map_counters::home_slots},
    {"hits", metric_kind::counter, "Look-ups that found their key.", &map_counters::hits, nullptr,
     &map_counters::counts_lookups},
    {"misses", metric_kind::counter, "Look-ups that did not.", &map_counters::misses, nullptr,
     &map_counters::counts_lookups},
    {"segment_bytes", metric_kind::gauge, "Memory of home buckets.", &map_counters::segment_bytes},
    {"overflow_bytes", metric_kind::gauge, "Memory of overflow buckets.", &map_counters::overflow_bytes},
    {"node_bytes", metric_kind::gauge, "Memory of elements in nodes.", &map_counters::node_bytes},
    {"directory_bytes", metric_kind::gauge, "Memory of what leads to buckets.", &map_counters::directory_bytes},
    {"growths", metric_kind::counter, "Doublings begun.", &map_counters::growths},
    {"shrinks", metric_kind::counter, "Halvings completed.", &map_counters::shrinks},
    {"evacuated_elements", metric_kind::counter, "Elements moved by growing and shrinking.",
     &map_counters::elements_moved},
    {"parents_left", metric_kind::gauge, "Buckets that the running growth has still to evacuate.",
     &map_counters::parents_left},
    {"evacuation_seconds", metric_kind::counter, "Time that inserts have spent in evacuation, estimated.", nullptr,
     &map_counters::evacuation_time},
    {"clears", metric_kind::counter, "Calls of clear().", &map_counters::clears},
    {"contended_acquisitions", metric_kind::counter,
     "Acquisitions of a lock that had to wait; of a sync map those of its domain.", &map_counters::contended},
    {"parks", metric_kind::counter, "How often a thread slept for a lock; of a sync map in its domain.",
     &map_counters::parked},
    {"parked_seconds", metric_kind::counter,
     "How long threads slept for locks, all together; of a sync map in its domain.", nullptr,
     &map_counters::parked_time},
    {"waits", metric_kind::counter,
     "Waits for a lock that were longer than a few looks at it; of a sync map in its domain.", &map_counters::waits},
    {"waiting_threads", metric_kind::gauge, "Threads in such a wait; of a sync map in its domain.",
     &map_counters::waiting},
    {"bias_revocations", metric_kind::counter, "Writers that found a lock biased to readers.",
     &map_counters::bias_revocations},
    {"retired_objects", metric_kind::gauge, "Objects of the domain that wait to be reclaimed.",
     &map_counters::retired_objects, nullptr, nullptr, true},
    {"retired_bytes", metric_kind::gauge, "Memory of the domain that waits to be reclaimed.",
     &map_counters::retired_bytes, nullptr, nullptr, true},
    {"retired_cap_bytes", metric_kind::gauge, "What waits to be reclaimed in the domain at most.",
     &map_counters::cap_bytes, nullptr, nullptr, true},
    {"retirements_over_cap", metric_kind::counter, "Retirements above the cap of the domain.", &map_counters::over_cap,
     nullptr, nullptr, true},
    {"cap_waits", metric_kind::counter, "Writers that had to wait because the cap of the domain was reached.",
     &map_counters::cap_waits, nullptr, nullptr, true},
    {"guards", metric_kind::gauge, "Threads that hold a guard of the domain.", &map_counters::guards, nullptr, nullptr,
     true},
    {"oldest_guard_seconds", metric_kind::gauge, "How long a guard has kept garbage of the domain, at least.", nullptr,
     &map_counters::oldest_guard, nullptr, true},
    {"oldest_guard_thread", metric_kind::gauge, "Thread that holds the oldest guard of the domain; 0 for none.",
     &map_counters::oldest_guard_thread, nullptr, nullptr, true},
};

inline constexpr metric_family<cache_counters> cache_families[] = {
    {"size", metric_kind::gauge, "Elements.", &cache_counters::size},
    {"weight", metric_kind::gauge, "Weight of all elements.", &cache_counters::weight},
    {"capacity", metric_kind::gauge, "What there is room for.", &cache_counters::capacity},
    {"hits", metric_kind::counter, "Requests that found their key.", &cache_counters::hits},
    {"misses", metric_kind::counter, "Requests that did not.", &cache_counters::misses},
    {"loads", metric_kind::counter, "Factories that returned a value.", &cache_counters::loads},
    {"load_failures", metric_kind::counter, "Factories that threw or declined.", &cache_counters::load_failures},
    {"load_seconds", metric_kind::counter, "How long factories ran, all together.", nullptr,
     &cache_counters::load_time},
    {"evicted", metric_kind::counter, "Elements that left because there was no room for them.",
     &cache_counters::evicted},
    {"expired", metric_kind::counter, "Elements that left because their time was over.", &cache_counters::expired},
    {"replaced", metric_kind::counter, "Elements that left because their key was given another value.",
     &cache_counters::replaced},
    {"erased", metric_kind::counter, "Elements that left because they were erased.", &cache_counters::erased},
    {"cleared", metric_kind::counter, "Elements that left by clear().", &cache_counters::cleared},
};

/// Seconds with all nine decimals: the same in every locale.
[[nodiscard]] inline std::string as_seconds(std::chrono::nanoseconds time) {
  constexpr std::size_t per_second = 1'000'000'000;
  const std::size_t all = as_nanoseconds(time);
  const std::string rest = std::to_string(all % per_second);
  return std::to_string(all / per_second) + '.' + std::string(9 - rest.size(), '0') + rest;
}
template <class Counters>
[[nodiscard]] std::string value_of(const metric_family<Counters>& family, const Counters& counters) {
  return family.number != nullptr ? std::to_string(counters.*family.number) : as_seconds(counters.*family.duration);
}
[[nodiscard]] inline std::string escaped_label(std::string_view value) {
  std::string text;
  for (const char each : value) {
    if (each == '\n') {
      text += "\\n";
    } else {
      if (each == '\\' || each == '"') text += '\\';
      text += each;
    }
  }
  return text;
}

}  // namespace detail

/// A page of metrics, gathered map by map. A value type; not for several threads at once. Everything may throw
/// std::bad_alloc.
class metrics_page {
 public:
  /// Adds what counters() of a map says now, or what it has said. The name is UTF-8, and the value of the label `map`;
  /// a second map of the same name takes the place of the first.
  void add(std::string_view map, const map_counters& counters) { put(maps_, detail::escaped_label(map), counters); }
  /// The same for a cache, whose name is the value of the label `cache`.
  void add(std::string_view cache, const cache_counters& counters) {
    put(caches_, detail::escaped_label(cache), counters);
  }
  template <class Map>
    requires requires(const Map& map) { map.counters().size; }
  void add(std::string_view name, const Map& map) {
    add(name, map.counters());
  }
  /// Adds a series for each shard of a sharded map: families evac_shard_..., with the labels `map` and `shard`.
  /// O(shards * series of shards that the page has).
  template <class Map>
    requires requires(const Map& map) { map.counters_of_shard(map.shard_count()); }
  void add_shards(std::string_view name, const Map& map) {
    const std::string label = detail::escaped_label(name) + "\",shard=\"";
    for (std::size_t i = 0; i < map.shard_count(); ++i) {
      put(shards_, label + std::to_string(i), map.counters_of_shard(i));
    }
  }

  /// The page as OpenMetrics 1.0. O(families * series).
  [[nodiscard]] std::string openmetrics() const { return text(true) + "# EOF\n"; }
  /// The page as Prometheus takes it where it is not asked for OpenMetrics: 0.0.4.
  [[nodiscard]] std::string prometheus() const { return text(false); }

 private:
  template <class Counters>
  struct series {
    std::string labels;  // between map=" and the last quotation mark
    Counters counters;
  };
  template <class Counters>
  using all_series = std::vector<series<Counters>>;

  template <class Counters>
  static void put(all_series<Counters>& among, const std::string& labels, const Counters& counters) {
    for (series<Counters>& each : among) {
      if (each.labels != labels) continue;
      each.counters = counters;
      return;
    }
    among.push_back({labels, counters});
  }
  [[nodiscard]] std::string text(bool open) const {
    std::string page;
    for (const auto& each : detail::map_families) write(page, {"evac_map_", "map", open}, each, maps_);
    for (const auto& each : detail::map_families) write(page, {"evac_shard_", "map", open}, each, shards_);
    for (const auto& each : detail::cache_families) write(page, {"evac_cache_", "cache", open}, each, caches_);
    return page;
  }
  struct style {
    std::string_view prefix;  // of the names of families
    std::string_view label;
    bool open;  // OpenMetrics
  };
  // A family without a series is left out.
  template <class Counters>
  static void write(std::string& page, const style& as, const detail::metric_family<Counters>& which,
                    const all_series<Counters>& all) {
    const std::string family_name = std::string(as.prefix) + std::string(which.name);
    const bool is_counter = which.type == detail::metric_kind::counter;
    const std::string sample_name = family_name + (is_counter ? "_total" : "");
    bool begun = false;
    for (const series<Counters>& each : all) {
      if (which.only_if != nullptr && !(each.counters.*which.only_if)) continue;
      if constexpr (requires { each.counters.cap_bytes; }) {
        if (which.of_domain && each.counters.cap_bytes == 0) continue;
      }
      if (!begun) write_head(page, as.open ? family_name : sample_name, which, as.open);
      begun = true;
      page += sample_name + '{' + std::string(as.label) + "=\"" + each.labels + "\"} " +
              detail::value_of(which, each.counters) + '\n';
    }
  }
  template <class Counters>
  static void write_head(std::string& page, const std::string& name, const detail::metric_family<Counters>& which,
                         bool open) {
    const std::string_view unit = which.unit();
    page += "# HELP " + name + ' ' + std::string(which.help) + '\n';
    page += "# TYPE " + name + (which.type == detail::metric_kind::counter ? " counter\n" : " gauge\n");
    if (open && !unit.empty()) page += "# UNIT " + name + ' ' + std::string(unit) + '\n';
  }

  all_series<map_counters> maps_;
  all_series<map_counters> shards_;
  all_series<cache_counters> caches_;
};

}  // namespace evac::inline EVAC_ABI

#endif
