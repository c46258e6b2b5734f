// Results of stats(): a plain struct, a readable page through operator<<, and JSON.
#ifndef EVAC_STATS_HPP
#define EVAC_STATS_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI {

/// A look at the inside of one table. Collected in O(buckets); all sizes are in bytes.
struct table_stats {
  std::size_t size = 0;              ///< elements
  std::size_t home_buckets = 0;      ///< homes that exist
  std::size_t overflow_buckets = 0;  ///< overflow buckets in chains
  std::size_t slot_count = 0;        ///< room for elements in both kinds
  std::size_t reserved_bytes = 0;    ///< memory of the segments, also where it has not been touched yet
  std::size_t overflow_bytes = 0;    ///< memory of the slabs that overflow buckets come from
  std::size_t directory_bytes = 0;   ///< memory of the directory
  std::size_t node_bytes = 0;        ///< memory of elements that live in nodes of their own
  std::size_t depth = 0;             ///< log2 of the homes when the running growth is over
  std::size_t frontier = 0;          ///< parents of the running growth that are evacuated; 0 when none runs
  std::size_t parents_left = 0;      ///< parents of the running growth that are not
  std::vector<std::size_t> chain_length_histogram;  ///< [i]: chains of i buckets
  std::vector<std::size_t> occupancy_histogram;     ///< [i]: home buckets with i slots taken
  std::size_t longest_chain = 0;                    ///< buckets in the longest chain
  std::size_t holes = 0;           ///< free slots of homes that have overflow buckets: what compaction would fill
  std::size_t elements_moved = 0;  ///< relocations since construction
  std::size_t growths = 0;         ///< doublings begun since construction
  /// For a hash that does not spread: bits that are 1 in all hashes of a sample of elements, and those that are 1 in
  /// any, after what evac does to a hash that is not avalanching.
  std::size_t hash_sample = 0;  ///< elements in it: those of some 64 chains taken by chance, and the first 64
  std::size_t hash_and = ~std::size_t{0};
  std::size_t hash_or = 0;

  /// Bits that are the same in all hashes of the sample, and so tell no two elements apart. Of a good hash and a sample
  /// of 20 elements it is 0 all but once in 8000 times; 0 of a sample of less than two. A hash of few values may have
  /// none, because evac spreads what it gets over all bits: what shows that for certain is a `longest_chain` above ten.
  [[nodiscard]] std::size_t stuck_hash_bits() const noexcept {
    return hash_sample < 2 ? 0 : static_cast<std::size_t>(std::popcount(hash_and | ~hash_or));
  }
  [[nodiscard]] std::size_t total_bytes() const noexcept {
    return reserved_bytes + overflow_bytes + directory_bytes + node_bytes;
  }
  /// Sums, and the longest of the longest chains; of samples, what is true of both.
  table_stats& operator+=(const table_stats& other);
  [[nodiscard]] std::string to_json() const;
};

/// The same for a shard, and what its lock has gone through since construction.
struct shard_stats {
  table_stats table;
  std::size_t contended = 0;         ///< acquisitions that had to wait
  std::size_t parked = 0;            ///< how often a thread slept
  std::size_t bias_revocations = 0;  ///< writers that found the lock biased to readers
};

/// A look at all shards, and their sum.
struct sharded_stats {
  shard_stats total;
  std::vector<shard_stats> shards;
  [[nodiscard]] std::string to_json() const;
};

/// Numbers of a domain of epochs. Recent ones: other threads go on while they are collected.
struct epoch_stats {
  std::size_t retired_objects = 0;           ///< waiting to be reclaimed
  std::size_t retired_bytes = 0;             ///< of those
  std::size_t charged_bytes = 0;             ///< those, and what threads have set aside for their next ones
  std::size_t cap_bytes = 0;                 ///< what charged_bytes may reach; see epoch_domain
  std::size_t epoch = 0;                     ///< steps of the epoch since construction
  std::size_t threads = 0;                   ///< records: as many as threads used the domain at one time
  std::size_t guards = 0;                    ///< threads that hold a guard
  std::chrono::nanoseconds oldest_guard{0};  ///< for how long a guard has kept the epoch from going on, at least
  std::size_t cap_waits = 0;                 ///< writers that had to wait because the cap was reached
  std::size_t over_cap =
      0;  ///< retirements above the cap by threads that must not wait (inside a guard, ended, or reclaiming)
  std::size_t reader_retries = 0;  ///< look-ups that began again because a bucket changed under them
  std::size_t contended = 0;       ///< bucket locks that were not free
  std::size_t parked = 0;          ///< of those, how often a thread slept
  [[nodiscard]] std::string to_json() const;
};

/// A look at a sync_map, and at the domain that it shares with others.
struct sync_stats {
  table_stats table;
  /// Buckets that the table lacks, because another thread is at work on them, or because a hash threw or there was no
  /// memory when they were to be split off: as long as that is so, some chains are longer.
  std::size_t unsplit_buckets = 0;
  epoch_stats domain;
  [[nodiscard]] std::string to_json() const;
};

namespace detail {

/// Calls visit(name, value) for every single figure.
template <class Visit>
void for_each_figure(const epoch_stats& stats, const Visit& visit) {
  visit("retired_objects", stats.retired_objects);
  visit("retired_bytes", stats.retired_bytes);
  visit("charged_bytes", stats.charged_bytes);
  visit("cap_bytes", stats.cap_bytes);
  visit("epoch", stats.epoch);
  visit("threads", stats.threads);
  visit("guards", stats.guards);
  visit("oldest_guard_ns", static_cast<std::size_t>(stats.oldest_guard.count()));
  visit("cap_waits", stats.cap_waits);
  visit("over_cap", stats.over_cap);
  visit("reader_retries", stats.reader_retries);
  visit("contended", stats.contended);
  visit("parked", stats.parked);
}
template <class Stats, class Visit>
  requires std::is_same_v<std::remove_const_t<Stats>, table_stats>
void for_each_figure(Stats& stats, const Visit& visit) {
  visit("size", stats.size);
  visit("home_buckets", stats.home_buckets);
  visit("overflow_buckets", stats.overflow_buckets);
  visit("slot_count", stats.slot_count);
  visit("reserved_bytes", stats.reserved_bytes);
  visit("overflow_bytes", stats.overflow_bytes);
  visit("directory_bytes", stats.directory_bytes);
  visit("node_bytes", stats.node_bytes);
  visit("depth", stats.depth);
  visit("frontier", stats.frontier);
  visit("parents_left", stats.parents_left);
  visit("longest_chain", stats.longest_chain);
  visit("holes", stats.holes);
  visit("elements_moved", stats.elements_moved);
  visit("growths", stats.growths);
  visit("hash_sample", stats.hash_sample);
  visit("hash_and", stats.hash_and);
  visit("hash_or", stats.hash_or);
}

inline void write_json_array(std::ostream& out, std::string_view name, const std::vector<std::size_t>& values) {
  out << ",\"" << name << "\":[";
  const char* separator = "";
  for (const std::size_t value : values) {
    out << separator << value;
    separator = ",";
  }
  out << ']';
}

inline void write_histogram(std::ostream& out, std::string_view title, const std::vector<std::size_t>& values) {
  out << "  " << title << '\n';
  for (std::size_t i = 0; i < values.size(); ++i) out << "    " << i << ": " << values[i] << '\n';
}

inline void add_histogram(std::vector<std::size_t>& to, const std::vector<std::size_t>& more) {
  if (to.size() < more.size()) to.resize(more.size());
  for (std::size_t i = 0; i < more.size(); ++i) to[i] += more[i];
}

template <class Visit>
void for_each_lock_figure(const shard_stats& stats, const Visit& visit) {
  visit("contended", stats.contended);
  visit("parked", stats.parked);
  visit("bias_revocations", stats.bias_revocations);
}

[[nodiscard]] inline std::string shard_to_json(const shard_stats& stats) {
  std::string text = stats.table.to_json();
  text.pop_back();
  for_each_lock_figure(stats, [&](std::string_view name, std::size_t value) {
    text += ",\"" + std::string(name) + "\":" + std::to_string(value);
  });
  return text + '}';
}

}  // namespace detail

inline table_stats& table_stats::operator+=(const table_stats& other) {
  std::vector<std::size_t> theirs;
  detail::for_each_figure(other, [&](std::string_view, std::size_t value) { theirs.push_back(value); });
  const std::size_t longest = (std::max)(longest_chain, other.longest_chain);
  const std::size_t deepest = (std::max)(depth, other.depth);
  const std::size_t in_all = hash_and & other.hash_and;
  const std::size_t in_any = hash_or | other.hash_or;
  auto next = theirs.begin();
  detail::for_each_figure(*this, [&](std::string_view, std::size_t& value) { value += *next++; });
  longest_chain = longest;
  depth = deepest;
  hash_and = in_all;
  hash_or = in_any;
  detail::add_histogram(chain_length_histogram, other.chain_length_histogram);
  detail::add_histogram(occupancy_histogram, other.occupancy_histogram);
  return *this;
}

inline std::string sharded_stats::to_json() const {
  std::string text = "{\"total\":" + detail::shard_to_json(total) + ",\"shards\":[";
  const char* separator = "";
  for (const shard_stats& each : shards) {
    // Not by +: g++ 12 warns of what it makes of a text before a temporary string.
    text.append(separator).append(detail::shard_to_json(each));
    separator = ",";
  }
  return text + "]}";
}

inline std::string table_stats::to_json() const {
  std::ostringstream out;
  const char* separator = "{";
  detail::for_each_figure(*this, [&](std::string_view name, std::size_t value) {
    out << separator << '"' << name << "\":" << value;
    separator = ",";
  });
  detail::write_json_array(out, "chain_length_histogram", chain_length_histogram);
  detail::write_json_array(out, "occupancy_histogram", occupancy_histogram);
  out << '}';
  return out.str();
}

inline std::string epoch_stats::to_json() const {
  std::string text;
  detail::for_each_figure(*this, [&](std::string_view name, std::size_t value) {
    text += (text.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + std::to_string(value);
  });
  return text + '}';
}

inline std::string sync_stats::to_json() const {
  return "{\"table\":" + table.to_json() + ",\"unsplit_buckets\":" + std::to_string(unsplit_buckets) +
         ",\"domain\":" + domain.to_json() + '}';
}

namespace detail {

inline void write_figure(std::ostream& out, std::string_view name, std::size_t value) {
  out << "  " << name << std::string(name.size() < 20 ? 20 - name.size() : 1, ' ') << value << '\n';
}

}  // namespace detail

inline std::ostream& operator<<(std::ostream& out, const epoch_stats& stats) {
  out << "evac epoch domain\n";
  detail::for_each_figure(stats,
                          [&](std::string_view name, std::size_t value) { detail::write_figure(out, name, value); });
  return out;
}

inline std::ostream& operator<<(std::ostream& out, const table_stats& stats) {
  out << "evac table\n";
  detail::for_each_figure(stats,
                          [&](std::string_view name, std::size_t value) { detail::write_figure(out, name, value); });
  detail::write_histogram(out, "chains by number of buckets", stats.chain_length_histogram);
  detail::write_histogram(out, "home buckets by slots taken", stats.occupancy_histogram);
  return out;
}

inline std::ostream& operator<<(std::ostream& out, const sharded_stats& stats) {
  out << "evac shards: " << stats.shards.size() << '\n';
  detail::for_each_lock_figure(
      stats.total, [&](std::string_view name, std::size_t value) { detail::write_figure(out, name, value); });
  out << "  shard: size, contended, parked, bias revocations, longest chain\n";
  for (std::size_t i = 0; i < stats.shards.size(); ++i) {
    const shard_stats& each = stats.shards[i];
    out << "  " << i << ": " << each.table.size << ", " << each.contended << ", " << each.parked << ", "
        << each.bias_revocations << ", " << each.table.longest_chain << '\n';
  }
  return out << stats.total.table;
}

inline std::ostream& operator<<(std::ostream& out, const sync_stats& stats) {
  out << stats.table;
  detail::write_figure(out, "unsplit_buckets", stats.unsplit_buckets);
  return out << stats.domain;
}

}  // namespace evac::inline EVAC_ABI

#endif
