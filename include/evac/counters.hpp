// Results of counters(): the figures of a map or a cache that cost nothing to read, for a scrape in a running service.
//
//   evac::map_counters now = sessions.counters();      no bucket is walked, no lock is taken, nothing is allocated; by
//                                                      any thread of a shared map, as size() of one of an owner
//   std::cout << now;                                   a readable page; now.to_json() is for programs
//
// stats() (evac/stats.hpp) walks the buckets and knows more. evac/openmetrics.hpp writes counters as a scrape expects
// them, evac/health.hpp judges them, and docs/operations.md leads from a symptom to its figure.
#ifndef EVAC_COUNTERS_HPP
#define EVAC_COUNTERS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI {

/// Figures of a map of any kind, the same for all; one that a kind of map does not have is 0. On the shared maps they
/// are recent: other threads go on while they are collected, so that two figures may be of different moments.
///
/// Totals only rise, but: growths, shrinks and elements_moved belong to the table, go along when a move or a swap takes
/// it elsewhere, and begin at 0 again with a new one, which clear() gives a shared map; growths and shrinks begin again
/// after 2^24; evacuation_time of a map begins again where it has fewer than 65 homes, and stays with the shard of a
/// sharded map.
struct map_counters {
  // --- contents ---
  std::size_t size = 0;        ///< elements
  std::size_t home_slots = 0;  ///< room for elements in home buckets: bucket_count() of those that have one

  // --- look-ups: where the hash asks for it (evac::counted_lookups, evac/hash.hpp); not in counters_of_shard() ---
  bool counts_lookups = false;  ///< whether they are counted; else both are 0
  std::size_t hits = 0;         ///< look-ups that found their key; total
  std::size_t misses = 0;       ///< look-ups that did not; total

  // --- memory, in bytes: what the map holds, without what has not been touched of the segment that is being filled ---
  std::size_t segment_bytes = 0;    ///< home buckets
  std::size_t overflow_bytes = 0;   ///< slabs that overflow buckets come from
  std::size_t node_bytes = 0;       ///< elements that live in nodes of their own; not what they own elsewhere
  std::size_t directory_bytes = 0;  ///< what leads to the segments

  // --- growth ---
  std::size_t growths = 0;         ///< doublings begun; total
  std::size_t shrinks = 0;         ///< halvings completed; total
  std::size_t elements_moved = 0;  ///< relocations; total
  std::size_t parents_left = 0;    ///< buckets that the running growth has still to evacuate; 0 when none runs
  /// Spent by inserts in steps that evacuate parents; total. An estimate: the clock is read around few of the steps.
  std::chrono::nanoseconds evacuation_time{0};
  std::size_t clears = 0;  ///< calls of clear(); total

  // --- waiting: for the locks of a sharded map's shards; of a sync map for bucket locks of all maps of its domain ---
  std::size_t contended = 0;                ///< acquisitions that had to wait; total
  std::size_t parked = 0;                   ///< how often a thread slept; total
  std::chrono::nanoseconds parked_time{0};  ///< how long threads slept, all together; total
  std::size_t waits = 0;                    ///< waits that were longer than a few looks at the lock; total
  std::size_t waiting = 0;                  ///< threads in such a wait now
  std::size_t bias_revocations = 0;         ///< writers that found the lock of a shard biased to readers; total

  // --- the domain of a sync map, which it may share with others: do not add these figures over maps ---
  /// Waiting to be reclaimed, in batches of up to 30 objects. The batch that a thread is filling is not counted.
  std::size_t retired_objects = 0;
  std::size_t retired_bytes = 0;             ///< of those
  std::size_t cap_bytes = 0;                 ///< what retired bytes, and what threads have set aside, may reach
  std::size_t over_cap = 0;                  ///< retirements above the cap; total
  std::size_t cap_waits = 0;                 ///< writers that had to wait because the cap was reached; total
  std::size_t guards = 0;                    ///< threads that hold a guard
  std::chrono::nanoseconds oldest_guard{0};  ///< for how long a guard has kept the epoch from going on, at least
  std::size_t oldest_guard_thread = 0;  ///< the thread that holds it, as the system counts (gettid); 0: there is none

  /// Hits among all look-ups: 0 to 1; 0 if there was none, or they are not counted.
  [[nodiscard]] double hit_ratio() const noexcept;
  /// Bytes of all kinds: what memory_usage() says.
  [[nodiscard]] std::size_t total_bytes() const noexcept {
    return segment_bytes + overflow_bytes + node_bytes + directory_bytes;
  }
  /// Sums: for several shards or maps. Figures of a domain are not added: those of the older guard, and the larger of
  /// the others, are kept.
  map_counters& operator+=(const map_counters& other) noexcept;
  /// An object with a number for each figure; durations are in nanoseconds, and named so. Throws std::bad_alloc.
  [[nodiscard]] std::string to_json() const;
};

namespace detail {

[[nodiscard]] constexpr double ratio_of(std::size_t hits, std::size_t misses) noexcept {
  const std::size_t all = hits + misses;
  return all == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(all);
}
[[nodiscard]] inline std::size_t as_nanoseconds(std::chrono::nanoseconds time) noexcept {
  return static_cast<std::size_t>(time.count());
}

/// Calls visit(name, value) for every single figure.
template <class Visit>
void for_each_figure(const map_counters& counters, const Visit& visit) {
  visit("size", counters.size);
  visit("home_slots", counters.home_slots);
  visit("counts_lookups", std::size_t{counters.counts_lookups});
  visit("hits", counters.hits);
  visit("misses", counters.misses);
  visit("segment_bytes", counters.segment_bytes);
  visit("overflow_bytes", counters.overflow_bytes);
  visit("node_bytes", counters.node_bytes);
  visit("directory_bytes", counters.directory_bytes);
  visit("growths", counters.growths);
  visit("shrinks", counters.shrinks);
  visit("elements_moved", counters.elements_moved);
  visit("parents_left", counters.parents_left);
  visit("evacuation_time_ns", as_nanoseconds(counters.evacuation_time));
  visit("clears", counters.clears);
  visit("contended", counters.contended);
  visit("parked", counters.parked);
  visit("parked_time_ns", as_nanoseconds(counters.parked_time));
  visit("waits", counters.waits);
  visit("waiting", counters.waiting);
  visit("bias_revocations", counters.bias_revocations);
  visit("retired_objects", counters.retired_objects);
  visit("retired_bytes", counters.retired_bytes);
  visit("cap_bytes", counters.cap_bytes);
  visit("over_cap", counters.over_cap);
  visit("cap_waits", counters.cap_waits);
  visit("guards", counters.guards);
  visit("oldest_guard_ns", as_nanoseconds(counters.oldest_guard));
  visit("oldest_guard_thread", counters.oldest_guard_thread);
}

}  // namespace detail

inline double map_counters::hit_ratio() const noexcept { return detail::ratio_of(hits, misses); }
inline map_counters& map_counters::operator+=(const map_counters& other) noexcept {
  size += other.size;
  home_slots += other.home_slots;
  counts_lookups = counts_lookups || other.counts_lookups;
  hits += other.hits;
  misses += other.misses;
  segment_bytes += other.segment_bytes;
  overflow_bytes += other.overflow_bytes;
  node_bytes += other.node_bytes;
  directory_bytes += other.directory_bytes;
  growths += other.growths;
  shrinks += other.shrinks;
  elements_moved += other.elements_moved;
  parents_left += other.parents_left;
  evacuation_time += other.evacuation_time;
  clears += other.clears;
  contended += other.contended;
  parked += other.parked;
  parked_time += other.parked_time;
  waits += other.waits;
  waiting += other.waiting;
  bias_revocations += other.bias_revocations;
  if (oldest_guard < other.oldest_guard) {
    oldest_guard = other.oldest_guard;
    oldest_guard_thread = other.oldest_guard_thread;
  }
  retired_objects = (std::max)(retired_objects, other.retired_objects);
  retired_bytes = (std::max)(retired_bytes, other.retired_bytes);
  cap_bytes = (std::max)(cap_bytes, other.cap_bytes);
  over_cap = (std::max)(over_cap, other.over_cap);
  cap_waits = (std::max)(cap_waits, other.cap_waits);
  guards = (std::max)(guards, other.guards);
  return *this;
}

/// Figures of a cache: recent ones while other threads are at work. Totals only rise.
struct cache_counters {
  std::size_t size = 0;      ///< elements
  std::size_t weight = 0;    ///< of all elements; in a cache without a weigher their number
  std::size_t capacity = 0;  ///< what set_capacity() or the constructor has said

  // --- requests: by get() and get_or_compute() ---
  std::size_t hits = 0;           ///< total
  std::size_t misses = 0;         ///< total
  std::size_t loads = 0;          ///< factories that returned a value; total
  std::size_t load_failures = 0;  ///< factories that threw, or declined; total
  /// How long factories ran, all together, also those that threw; total.
  std::chrono::nanoseconds load_time{0};

  // --- elements that have left, by cause ---
  std::size_t evicted = 0;   ///< because others needed the room, or there was none for them; total
  std::size_t expired = 0;   ///< total
  std::size_t replaced = 0;  ///< total
  std::size_t erased = 0;    ///< total
  std::size_t cleared = 0;   ///< total

  /// Hits among all requests: 0 to 1; 0 if there was none.
  [[nodiscard]] double hit_ratio() const noexcept { return detail::ratio_of(hits, misses); }
  /// An object with a number for each figure; durations are in nanoseconds, and named so. Throws std::bad_alloc.
  [[nodiscard]] std::string to_json() const;
};

namespace detail {

/// Calls visit(name, value) for every single figure.
template <class Visit>
void for_each_figure(const cache_counters& counters, const Visit& visit) {
  visit("size", counters.size);
  visit("weight", counters.weight);
  visit("capacity", counters.capacity);
  visit("hits", counters.hits);
  visit("misses", counters.misses);
  visit("loads", counters.loads);
  visit("load_failures", counters.load_failures);
  visit("load_time_ns", as_nanoseconds(counters.load_time));
  visit("evicted", counters.evicted);
  visit("expired", counters.expired);
  visit("replaced", counters.replaced);
  visit("erased", counters.erased);
  visit("cleared", counters.cleared);
}

template <class Counters>
[[nodiscard]] std::string figures_as_json(const Counters& counters) {
  std::string text;
  for_each_figure(counters, [&](std::string_view name, std::size_t value) {
    text += (text.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + std::to_string(value);
  });
  return text + '}';
}
template <class Counters>
void print_figures(std::ostream& out, const Counters& counters) {
  for_each_figure(counters, [&](std::string_view name, std::size_t value) {
    out << "  " << name << std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') << value << '\n';
  });
}

}  // namespace detail

inline std::string map_counters::to_json() const { return detail::figures_as_json(*this); }
inline std::string cache_counters::to_json() const { return detail::figures_as_json(*this); }

inline std::ostream& operator<<(std::ostream& out, const map_counters& counters) {
  out << "evac map\n";
  detail::print_figures(out, counters);
  return out;
}
inline std::ostream& operator<<(std::ostream& out, const cache_counters& counters) {
  out << "evac cache\n";
  detail::print_figures(out, counters);
  return out;
}

}  // namespace evac::inline EVAC_ABI

#endif
