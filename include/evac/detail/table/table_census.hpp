// Figures of a table: those that a walk over all buckets finds (O(buckets)), and those that cost nothing to read.
#ifndef EVAC_DETAIL_TABLE_TABLE_CENSUS_HPP
#define EVAC_DETAIL_TABLE_TABLE_CENSUS_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/table/table.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
void add_chain(const bucket* head, table_stats& stats) {
  using layout = typename table<Policy>::chains::layout;
  std::size_t length = 1;
  for (const bucket* where = head->overflow; where != nullptr; where = where->overflow) ++length;
  if (stats.chain_length_histogram.size() <= length) stats.chain_length_histogram.resize(length + 1);
  ++stats.chain_length_histogram[length];
  ++stats.occupancy_histogram[head->tags.occupied().count()];
  stats.longest_chain = (std::max)(stats.longest_chain, length);
  if (length > 1) stats.holes += head->tags.free(layout::home_slots()).count();
}

/// Chains whose elements a sample of hashes has, about, and how many it takes of one: if all are in one chain, that
/// shows. The first elements that are met are in it anyway, so that a hash of few values cannot hide in few chains.
inline constexpr std::size_t sampled_chains = 64;
inline constexpr std::size_t most_sampled_of_chain = 32;
/// Whether the chain of this home is one of them, of so many chains in the tables of a container, of which this is the
/// one of this index. By chance: homes in any regular distance have bits in common, and with them the hashes of their
/// elements.
[[nodiscard]] constexpr bool is_sampled(std::size_t home, std::size_t chains, std::size_t table = 0) noexcept {
  std::uint64_t mixed = (home + table * 0x85EBCA6BU) * 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ mixed >> 32U) * 0xD6E8FEB86659FD93U;
  return chains <= sampled_chains || (mixed >> 32U) % (chains / sampled_chains) == 0;
}
/// One whose hash throws is left out.
template <class HashOf>
void add_to_sample(const HashOf& hash_of, table_stats& stats) noexcept {
  EVAC_TRY {
    const std::size_t hash = hash_of();
    ++stats.hash_sample;
    stats.hash_and &= hash;
    stats.hash_or |= hash;
  }
  EVAC_CATCH_ALL {}
}

/// The numbers of a table, in an empty table_stats. O(1), but for a step for each doubling.
template <class Policy>
void fill_numbers(table_stats& stats, const table<Policy>& from) {
  using table_type = table<Policy>;
  const auto& homes = from.homes();
  stats.size = from.size();
  stats.home_buckets = homes.count();
  stats.overflow_buckets = from.overflow().in_use();
  stats.slot_count = from.slot_count();
  stats.reserved_bytes = homes.segment_bytes();
  stats.overflow_bytes = from.overflow().bytes();
  stats.directory_bytes = homes.directory_bytes();
  stats.node_bytes = table_type::slot_ops::in_nodes() ? from.size() * sizeof(typename Policy::value_type) : 0;
  stats.depth = homes.opened() == 0 ? 0 : static_cast<std::size_t>(std::countr_zero(homes.opened()));
  if (from.evacuating()) {
    stats.frontier = homes.count() - homes.opened() / 2;
    stats.parents_left = homes.opened() - homes.count();
  }
  stats.elements_moved = from.elements_moved();
  stats.growths = from.growths();
  stats.occupancy_histogram.resize(table_type::chains::layout::home_slots() + 1);
}
/// Adds a chain to the figures, and to the sample if it is to be in that. Throws std::bad_alloc. O(chain).
template <class Policy>
void fill_chain(table_stats& stats, const table<Policy>& from, std::size_t home, bool sampled) {
  bucket* const head = from.homes().at(home);
  add_chain<Policy>(head, stats);
  if (!sampled && stats.hash_sample >= sampled_chains) return;
  std::size_t left = most_sampled_of_chain;
  for (bucket* where = head; where != nullptr && left != 0; where = where->overflow) {
    for (slot_mask taken = where->tags.occupied(); taken && left != 0; taken.drop_first(), --left) {
      const auto& element = table<Policy>::element({where, taken.first()});
      add_to_sample([&] { return from.hash_of(Policy::key(element)); }, stats);
    }
  }
}
/// All of it, in an empty table_stats.
template <class Policy>
void fill(table_stats& stats, const table<Policy>& from) {
  fill_numbers(stats, from);
  const auto& homes = from.homes();
  for (std::size_t home = 0; home < homes.count(); ++home)
    fill_chain(stats, from, home, is_sampled(home, homes.count()));
}

/// Bytes held, without what has not been touched of the segment that is being filled. O(1).
template <class Policy>
[[nodiscard]] std::size_t bytes_held(const table<Policy>& of) noexcept {
  const std::size_t nodes = table<Policy>::slot_ops::in_nodes() ? of.size() * sizeof(typename Policy::value_type) : 0;
  return of.homes().touched_bytes() + of.homes().directory_bytes() + of.overflow().bytes() + nodes;
}

/// The figures of a table of one owner. O(1), but for a step for each doubling that it holds memory of.
template <class Policy>
[[nodiscard]] map_counters count(const table<Policy>& of) noexcept {
  using table_type = table<Policy>;
  const auto& homes = of.homes();
  map_counters result;
  result.size = of.size();
  result.home_slots = homes.count() * table_type::chains::layout::home_slots();
  result.segment_bytes = homes.touched_bytes();
  result.overflow_bytes = of.overflow().bytes();
  result.node_bytes = table_type::slot_ops::in_nodes() ? of.size() * sizeof(typename Policy::value_type) : 0;
  result.directory_bytes = homes.directory_bytes();
  result.growths = of.growths();
  result.shrinks = homes.closings();
  result.elements_moved = of.elements_moved();
  result.parents_left = homes.opened() - homes.count();
  result.evacuation_time = std::chrono::nanoseconds(homes.evacuation_nanoseconds());
  return result;
}

/// The same of one of many tables, without its lock: what it has published.
template <class Policy>
[[nodiscard]] map_counters count_published(const table<Policy>& of) noexcept {
  using table_type = table<Policy>;
  map_counters result;
  result.size = of.size();
  result.node_bytes = table_type::slot_ops::in_nodes() ? result.size * sizeof(typename Policy::value_type) : 0;
  const table_figures* const figures = of.figures(figures_board::if_absent::leave);
  if (figures == nullptr) return result;
  const std::size_t opened = figures->opened;
  const std::size_t count = (std::min)(std::size_t{figures->homes}, opened);  // of one moment or of two
  result.home_slots = count * table_type::chains::layout::home_slots();
  result.segment_bytes = table_type::homes_type::touched_of(figures->segment_bytes, opened, count);
  result.overflow_bytes = figures->overflow_bytes;
  result.directory_bytes = figures->directory_bytes;
  result.growths = figures->growths;
  result.shrinks = figures->shrinks;
  result.elements_moved = figures->moves;
  result.parents_left = opened - count;
  result.evacuation_time = std::chrono::nanoseconds(figures->evacuation_ns);
  // relaxed, all of them: figures for people
  result.parked_time = std::chrono::nanoseconds(figures->parked_ns.load(relaxed));
  const std::uint32_t begun = figures->waits_begun.load(relaxed);
  const std::uint32_t last = begun - figures->waits_over.load(relaxed);  // below 0 where some were over since
  result.waits = begun;
  result.waiting = static_cast<std::int32_t>(last) < 0 ? 0 : last;
  return result;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
