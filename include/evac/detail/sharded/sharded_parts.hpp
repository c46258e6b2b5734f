// What a sharded container is made of: functors, a lock for what keeps the hash, shards; and how it is asked for them.
//
//   hash   | tag: 8 bits | shard: up to 16 bits | ............ home: low bits |
//
// Order of locks, for all threads: first what keeps the hash (only where it can change), then shards in the order of
// their indices; of two containers the one at the lower address first. User code runs under no more than the locks of
// the call it belongs to; elements are destroyed when all locks are released.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_PARTS_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_PARTS_HPP

#include <absl/base/thread_annotations.h>

#include <cstddef>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/shard_array.hpp"
#include "evac/detail/sync/reentry.hpp"
#include "evac/detail/face/detached_element.hpp"
#include "evac/hash.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Stands where nothing is to be locked.
struct no_mutex {
  void lock() noexcept {}
  void lock(auto&) noexcept {}
  void unlock() noexcept {}
  void lock_shared() noexcept {}
  void lock_shared(auto&) noexcept {}
  void unlock_shared() noexcept {}
};

template <class Policy, class Mutex>
class sharded_parts {
 public:
  using array = shard_array<Policy, Mutex>;
  using shard_type = typename array::shard_type;
  using table_type = table<Policy>;
  using slot_ops = typename table_type::slot_ops;
  using elements = typename Policy::elements;
  using functors_type = typename Policy::functors_type;
  using traits = typename Policy::allocator_traits;
  using value_type = typename Policy::value_type;
  using hasher = typename Policy::hasher;
  using key_equal = typename Policy::key_equal;
  using allocator_type = typename Policy::allocator_type;
  using size_type = std::size_t;
  /// What visitors that may write get: the elements of a set are its keys.
  using visited_type = std::conditional_t<Policy::is_map, value_type, const value_type>;
  using writing_shard = writing<shard_type>;
  using reading_shard = reading<shard_type>;

  sharded_parts(const hasher& hash, const key_equal& equal, const allocator_type& allocator, size_type shard_count)
      : functors_(hash, equal, allocator), shards_(functors_, shard_count) {}
  sharded_parts(const sharded_parts&) = delete;
  sharded_parts& operator=(const sharded_parts&) = delete;

  /// For whoever holds a lock: assignments and swaps replace them.
  [[nodiscard]] functors_type& functors() noexcept { return functors_; }
  [[nodiscard]] const functors_type& functors() const noexcept { return functors_; }
  /// Copies for whoever does not.
  [[nodiscard]] hasher copy_hash(call_site site) const {
    return copy_held<!std::is_empty_v<hasher>>(site, functors_.hash);
  }
  [[nodiscard]] key_equal copy_equal(call_site site) const {
    return copy_held<!std::is_empty_v<key_equal>>(site, functors_.equal);
  }
  [[nodiscard]] allocator_type copy_allocator(call_site site) const {
    return copy_held<allocator_may_change>(site, functors_.allocator);
  }
  [[nodiscard]] const array& shards() const noexcept { return shards_; }

  /// A table of a container that nobody else knows, or whose locks the caller holds.
  [[nodiscard]] table_type& own_table(size_type index) const noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return shards_[index].table_locked();
  }
  [[nodiscard]] static bool same_memory(const allocator_type& left, const allocator_type& right) noexcept {
    if constexpr (traits::is_always_equal::value) {
      return true;
    } else {
      return left == right;
    }
  }

 protected:
  ~sharded_parts() = default;

  using held_element = detached_element<elements, allocator_type>;
  template <class Guard>
  using element_seen_by = std::conditional_t<std::is_same_v<Guard, writing_shard>, visited_type, const value_type>;

  // Whether a look-up could meet a hash, or a seed, that a swap or an assignment is just replacing.
  static constexpr bool hash_may_change = !std::is_empty_v<hasher> || !is_avalanching<hasher>::value;
  using hash_mutex = std::conditional_t<hash_may_change, Mutex, no_mutex>;
  class hash_hold {
   public:
    explicit hash_hold(hash_mutex& mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS : mutex_(mutex) {
      reentry_check check;
      lock_shared_counted(mutex_, check);
    }
    hash_hold(const hash_hold&) = delete;
    hash_hold& operator=(const hash_hold&) = delete;
    ~hash_hold() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.unlock_shared(); }

   private:
    hash_mutex& mutex_;
  };

  static constexpr bool allocator_may_change =
      !std::is_empty_v<allocator_type> &&
      (traits::propagate_on_container_copy_assignment::value || traits::propagate_on_container_move_assignment::value ||
       traits::propagate_on_container_swap::value);
  // One shard held is enough: who replaces a functor holds all. User code inside a call runs under one.
  template <bool MayChange, class Functor>
  [[nodiscard]] Functor copy_held(call_site site, const Functor& functor) const {
    if constexpr (MayChange) {
      visible_readers::be_known();
      if (!inside_call::of(this)) {
        const inside_call mark(this, site);
        const reading_shard guard(*shards_.begin());
        return functor;
      }
    }
    return functor;
  }

  // Elements that do nothing when they are destroyed need not be moved out for that.
  template <class Held>
  static void remove(table_type& table, position at, const Held& held) {
    if constexpr (std::is_trivially_destructible_v<value_type> && !slot_ops::in_nodes()) {
      table.erase(at);
    } else {
      held().take(table_type::chains::layout::slot(at.where, at.index));
      table.forget(at);
    }
  }

  functors_type functors_;  // hash and equality under hash_mutex_ and all shards
  [[no_unique_address]] mutable hash_mutex hash_mutex_;
  array shards_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
