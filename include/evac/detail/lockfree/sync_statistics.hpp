// Figures of a sync map's table, collected while others go on. O(buckets). Between buckets the thread leaves the domain
// for an instant; a clear() ends the walk, so that the histograms tell of the part of the old table before.
#ifndef EVAC_DETAIL_LOCKFREE_SYNC_STATISTICS_HPP
#define EVAC_DETAIL_LOCKFREE_SYNC_STATISTICS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/sync_table.hpp"
#include "evac/detail/lockfree/walk.hpp"
#include "evac/detail/sync/domain_counters.hpp"
#include "evac/detail/table/table_census.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Figures of one bucket as its chain was at one moment.
template <class Chain>
void add_chain(std::size_t elements, table_stats& stats) {
  const bool chained = elements > Chain::home_slots;
  const std::size_t in_home = chained ? Chain::home_slots - 1 : elements;
  const std::size_t beyond = elements - in_home;
  const std::size_t length = 1 + (beyond + Chain::overflow_slots - 1) / Chain::overflow_slots;
  if (stats.chain_length_histogram.size() <= length) stats.chain_length_histogram.resize(length + 1);
  ++stats.chain_length_histogram[length];
  ++stats.occupancy_histogram[in_home];
  stats.longest_chain = (std::max)(stats.longest_chain, length);
}

/// All but those of the domain.
template <class Policy, bool InNodes>
[[nodiscard]] sync_stats collect_stats(const sync_table<Policy, InNodes>& from) {
  using table_type = sync_table<Policy, InNodes>;
  using chain_type = typename table_type::chain_type;
  sync_stats result;
  table_stats& stats = result.table;
  read_guard inside(from.core());
  const auto* const root = from.root();
  if (root == nullptr) return result;
  const std::uint64_t serial = root->serial();
  const std::size_t claimed = root->claimed();
  stats.size = root->size();
  stats.overflow_buckets = root->overflow_buckets();
  stats.reserved_bytes = root->segment_bytes();
  stats.overflow_bytes = root->overflow_bytes();
  stats.directory_bytes = sizeof(*root);
  stats.node_bytes = stats.size * table_type::retired_bytes;
  stats.depth = static_cast<unsigned>(std::bit_width(claimed - 1));
  if (!std::has_single_bit(claimed)) {
    stats.frontier = claimed - std::bit_floor(claimed);
    stats.parents_left = std::bit_ceil(claimed) - claimed;
  }
  stats.elements_moved = root->moved();
  stats.growths = root->growths();
  stats.occupancy_histogram.resize(chain_type::home_slots + 1);
  std::vector<typename table_type::slot_value> copied;
  for (std::size_t home = 0; home < claimed; ++home) {
    if (root->exists(home)) {
      ++stats.home_buckets;
      static_cast<void>(typename table_type::reader_type(*root, inside.own).copy(home, copied));
      add_chain<chain_type>(copied.size(), stats);
      if (is_sampled(home, claimed) || stats.hash_sample < sampled_chains) {
        if (copied.size() > most_sampled_of_chain) copied.resize(most_sampled_of_chain);
        for (const auto& each : copied)
          add_to_sample([&] { return from.hash_of(table_type::storage::key(each)); }, stats);
      }
    } else {
      ++result.unsplit_buckets;
    }
    if (home % homes_per_visit == homes_per_visit - 1) {
      inside.refresh();
      if (!from.is_current(*root, serial)) break;
    }
  }
  stats.slot_count = stats.home_buckets * chain_type::home_slots + stats.overflow_buckets * chain_type::overflow_slots;
  return result;
}

/// Bytes of the table, without those of mapped segments that have not been touched. O(stripes).
template <class Policy, bool InNodes>
[[nodiscard]] std::size_t memory_of(const sync_table<Policy, InNodes>& table) {
  const read_guard inside(table.core());
  const auto* const root = table.root();
  if (root == nullptr) return 0;
  return root->touched_bytes() + root->overflow_bytes() + sizeof(*root) + root->size() * table.retired_bytes;
}
/// Figures of the table. O(stripes). Throws std::bad_alloc where the thread is new to the domain.
template <class Policy, bool InNodes>
[[nodiscard]] map_counters count_table(const sync_table<Policy, InNodes>& table) {
  map_counters result;
  result.clears = table.clears();
  const read_guard inside(table.core());
  const auto* const root = table.root();
  if (root == nullptr) return result;
  const std::size_t claimed = root->claimed();
  result.size = root->size();
  result.home_slots = claimed * sync_table<Policy, InNodes>::chain_type::home_slots;
  result.segment_bytes = root->touched_bytes();
  result.overflow_bytes = root->overflow_bytes();
  result.node_bytes = result.size * table.retired_bytes;
  result.directory_bytes = sizeof(*root);
  result.growths = root->growths();
  result.elements_moved = root->moved();
  result.parents_left = std::bit_ceil(claimed) - claimed;
  result.evacuation_time = root->evacuation_time();
  return result;
}
/// The same, look-ups, and those of the domain. A thread that is new to the domain and finds no memory for its record
/// learns the latter only.
template <class Policy, bool InNodes>
[[nodiscard]] map_counters count(const sync_table<Policy, InNodes>& table) noexcept {
  map_counters result;
  EVAC_TRY { result = count_table(table); }
  EVAC_CATCH_ALL {}
  show_lookups(table.lookups(), result);
  count_domain(table.core(), result);
  return result;
}

/// Elements that types allow; there is memory for fewer.
template <class Policy, bool InNodes>
[[nodiscard]] std::size_t most_elements(const sync_table<Policy, InNodes>& table) noexcept {
  const auto of_allocator = Policy::allocator_traits::max_size(table.allocator());
  return (std::min)((~std::size_t{0} >> 1U) / sizeof(typename Policy::value_type),
                    static_cast<std::size_t>(of_allocator));
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
