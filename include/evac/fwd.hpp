// Forward declarations of the public types, with their default template arguments, and the small types that choose a
// variant of them. Include this instead of declaring a type yourself: all of them live in an inline namespace
// (detail/config.hpp), and yours would be another type.
#ifndef EVAC_FWD_HPP
#define EVAC_FWD_HPP

#include <cstddef>
#include <memory>
#include <utility>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI {

template <class T>
struct hash;

template <class T>
struct equal_to;

template <class Hash>
struct is_avalanching;

struct map_counters;
class metrics_page;
enum class health_rule : unsigned char;
struct health_limits;
struct health_verdict;

class observer;

template <class Result>
class attempt;

struct pool_limits;
template <class Map>
class pool;

struct table_stats;
struct shard_stats;
struct sharded_stats;

struct epoch_stats;
struct sync_stats;

class rw_lock;
class epoch_domain;

class scan_cursor;
template <class T>
struct load_result;
struct keep_t;
enum class update_outcome : unsigned char;
template <class T>
class update_answer;

/// Where a sync_map keeps its elements. `automatic`: in the slots of its buckets if key and value are trivially
/// copyable and small, else in nodes of their own.
enum class storage : unsigned char { automatic, in_nodes };

/// How many shards a sharded container is made with; rounded up to a power of two.
struct shards {
  std::size_t count;
};

/// How get_or_compute() of a sharded_map runs its factory.
enum class compute_mode {
  under_lock,  ///< exactly once, while the shard is held exclusively: for factories that take nanoseconds
  /// Exactly once, with no lock held. Callers for the same key wait; an exception reaches all of them. If the thread at
  /// work ends by pthread_exit or pthread_cancel, one of the waiting threads calls its own factory.
  single_flight,
  optimistic,  ///< perhaps in several threads at once, with no lock held; one result wins
};

template <class Key, class T, class Hash = evac::hash<Key>, class KeyEqual = evac::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>>
class map;

template <class Key, class Hash = evac::hash<Key>, class KeyEqual = evac::equal_to<Key>,
          class Allocator = std::allocator<Key>>
class set;

template <class Key, class T, class Hash = evac::hash<Key>, class KeyEqual = evac::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Mutex = rw_lock>
class sharded_map;

template <class Key, class Hash = evac::hash<Key>, class KeyEqual = evac::equal_to<Key>,
          class Allocator = std::allocator<Key>, class Mutex = rw_lock>
class sharded_set;

template <class Key, class T, class Hash = evac::hash<Key>, class KeyEqual = evac::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, storage Storage = storage::automatic>
class sync_map;

template <class Key, class Hash = evac::hash<Key>, class KeyEqual = evac::equal_to<Key>,
          class Allocator = std::allocator<Key>, storage Storage = storage::automatic>
class sync_set;

struct cache_counters;
struct cache_options;
struct expiring_cache_options;
struct expiry;
enum class removal_cause : unsigned char;

/// The weigher of a cache that counts its elements.
struct one_each {};
/// The clock of a cache whose elements do not expire.
struct no_clock {};

template <class Key, class T, class Hash = evac::hash<Key>, class KeyEqual = evac::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Weigher = one_each, class Clock = no_clock>
class cache;

/// A cache whose capacity is a weight: what Weigher, a functor of (const Key&, const T&), says of each element.
template <class Key, class T, class Weigher, class Clock = no_clock>
using weighed_cache =
    cache<Key, T, evac::hash<Key>, evac::equal_to<Key>, std::allocator<std::pair<const Key, T>>, Weigher, Clock>;
/// A cache whose elements expire, by a clock as those of <chrono>: std::chrono::steady_clock.
template <class Key, class T, class Clock, class Weigher = one_each>
using expiring_cache = weighed_cache<Key, T, Weigher, Clock>;

}  // namespace evac::inline EVAC_ABI

#endif
