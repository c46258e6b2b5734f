// The module evac: the names of evac/evac.hpp. It is compiled by the programs that import it, with their flags.
module;

#include <evac/evac.hpp>

export module evac;

export namespace evac {

// Maps and sets
using evac::map;
using evac::set;
using evac::sharded_map;
using evac::sharded_set;
using evac::sync_map;
using evac::sync_set;
using evac::erase_if;

// Their parts and answers
using evac::attempt;
using evac::compute_mode;
using evac::counted_lookups;
using evac::equal_to;
using evac::from_range;
using evac::from_range_t;
using evac::hash;
using evac::is_avalanching;
using evac::keep;
using evac::keep_t;
using evac::load_result;
using evac::scan_cursor;
using evac::shards;
using evac::storage;
using evac::update_answer;
using evac::update_outcome;

// Around them
using evac::cache;
using evac::cache_options;
using evac::epoch_domain;
using evac::expiring_cache;
using evac::expiring_cache_options;
using evac::expiry;
using evac::no_clock;
using evac::one_each;
using evac::pool;
using evac::pool_limits;
using evac::removal_cause;
using evac::rw_lock;
using evac::skip_while_computing;
using evac::skip_while_computing_t;
using evac::stale_while_computing;
using evac::stale_while_computing_t;
using evac::wait_while_computing;
using evac::wait_while_computing_t;
using evac::weighed_cache;

// To see into them
using evac::cache_counters;
using evac::epoch_stats;
using evac::health;
using evac::health_limits;
using evac::health_reason;
using evac::health_rule;
using evac::health_verdict;
using evac::map_counters;
using evac::metrics_page;
using evac::observer;
using evac::openmetrics_type;
using evac::prometheus_type;
using evac::shard_stats;
using evac::sharded_stats;
using evac::sync_stats;
using evac::table_stats;
using evac::operator<<;

}  // namespace evac
