// Fills in sharded_stats, and says who holds which lock.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_STATS_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_STATS_HPP

#include <cstddef>
#include <memory>
#include <sstream>
#include <string>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/reentry.hpp"
#include "evac/detail/table/table_census.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Core>
[[nodiscard]] sharded_stats collect_sharded_stats(const Core& of, call_site site) {
  sharded_stats all;
  for (auto& each : of.shards()) {
    shard_stats one;
    {
      const inside_call mark(std::addressof(of), site);
      const typename Core::reading_shard guard(each);
      one.table = collect_stats(guard.table());
    }
    one.contended = each.events().contended_count();
    one.parked = each.events().parked_count();
    one.bias_revocations = each.events().revoked_count();
    all.total.table += one.table;
    all.total.contended += one.contended;
    all.total.parked += one.parked;
    all.total.bias_revocations += one.bias_revocations;
    all.shards.push_back(std::move(one));
  }
  return all;
}

/// One line for each shard: what is known of its lock at the moment.
template <class Array>
[[nodiscard]] std::string describe_locks(const Array& shards) {
  std::ostringstream text;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const auto& each = shards[i];
    text << "shard " << i << ": ";
    if constexpr (requires { each.mutex().is_write_locked(); }) {
      if (each.mutex().is_write_locked()) {
        text << "held exclusively";
        if (each.owner_id() != 0) text << " by thread " << each.owner_id();
      } else if (each.mutex().is_biased()) {
        text << "biased to readers, who are not counted";
      } else if (each.mutex().reader_count() != 0) {
        text << each.mutex().reader_count() << " readers";
      } else {
        text << "free";
      }
    } else if (each.owner_id() != 0) {
      text << "held exclusively by thread " << each.owner_id();
    } else {
      text << "not held exclusively, or not known";
    }
    text << '\n';
  }
  return text.str();
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
