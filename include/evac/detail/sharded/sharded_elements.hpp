// What is done to the elements of a sharded container under the locks of their shards: to one or some of them, found by
// key, and to all of them, a shard at a time.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_ELEMENTS_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_ELEMENTS_HPP

#include <absl/base/thread_annotations.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/sharded/sharded_room.hpp"
#include "evac/detail/face/key_in_arguments.hpp"
#include "evac/detail/table/scan.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_elements : public sharded_room<Policy, Mutex> {
  using base = sharded_room<Policy, Mutex>;

 public:
  using typename base::array;
  using typename base::elements;
  using typename base::reading_shard;
  using typename base::shard_type;
  using typename base::size_type;
  using typename base::slot_ops;
  using typename base::table_type;
  using typename base::value_type;
  using typename base::visited_type;
  using typename base::writing_shard;

  using base::base;
  using base::copy_allocator;
  using base::same_memory;

  // --- one element -------------------------------------------------------------------------------------------------

  /// The hash of a key: nothing is locked afterwards.
  template <class K>
  [[nodiscard]] size_type hash_of(call_site site, const K& key) const {
    const inside_call mark(this, site);
    const hash_hold unchanged(hash_mutex_);
    return functors_.hash_of(key);
  }

  /// The shard of a key, locked. Its hash is computed without that lock, and under another where it could change
  /// meanwhile.
  template <class Guard, class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE Guard lock_shard_of(const K& key,
                                                       size_type& hash) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const hash_hold unchanged(hash_mutex_);
    hash = functors_.hash_of(key);
    return Guard(shards_.of_hash(hash));
  }

  template <class Guard, class K, class F>
  EVAC_ALWAYS_INLINE size_type visit_one(call_site site, const K& key, F& f) const {
    const inside_call mark(this, site);
    size_type hash;
    const auto guard = lock_shard_of<Guard>(key, hash);
    const position at = guard.table().find_hashed(key, hash);
    if (at.where == nullptr) return 0;
    f(static_cast<element_seen_by<Guard>&>(table_type::element(at)));
    return 1;
  }

  /// Finds the key and visits its element, or places what construct(slot) builds and visits that.
  template <class K, class Construct, class OnNew, class OnExisting>
  EVAC_ALWAYS_INLINE bool place_one(call_site site, const K& key, const Construct& construct, const OnNew& on_new,
                                    const OnExisting& on_existing) {
    const inside_call mark(this, site);
    size_type hash;
    const auto guard = lock_shard_of<writing_shard>(key, hash);
    auto& table = guard.table();
    if (const position found = table.find_hashed(key, hash); found.where != nullptr) {
      on_existing(table_type::element(found));
      return false;
    }
    const position placed = table.place(hash, construct);
    on_new(table_type::element(placed));
    return true;
  }

  template <class OnNew, class OnExisting, class... Args>
  bool emplace_one(call_site site, const OnNew& on_new, const OnExisting& on_existing, Args&&... args) {
    if constexpr (requires { key_in_arguments<Policy>(args...); }) {
      const auto construct = [&](void* slot) {
        slot_ops::construct(functors_.allocator, slot, std::forward<Args>(args)...);
      };
      return place_one(site, key_in_arguments<Policy>(args...), construct, on_new, on_existing);
    } else {
      held_element built(copy_allocator(site));  // built, and if not needed destroyed, without a lock
      built.construct(std::forward<Args>(args)...);
      const auto construct = [&](void* slot) {
        if constexpr (allocator_may_change && std::is_move_constructible_v<typename elements::movable_type>) {
          // What belongs to the allocator that the container had before must not get in.
          if (!same_memory(built.allocator(), functors_.allocator)) {
            slot_ops::construct(functors_.allocator, slot, std::move(slot_ops::movable(built.element())));
            return;
          }
        }
        built.release_to(slot);
      };
      return place_one(site, Policy::key(built.element()), construct, on_new, on_existing);
    }
  }

  template <class K, class Predicate>
  size_type erase_one(call_site site, const K& key, const Predicate& predicate) {
    std::optional<held_element> erased;  // destroyed when the lock is released
    const inside_call mark(this, site);
    size_type hash;
    const auto guard = lock_shard_of<writing_shard>(key, hash);
    auto& table = guard.table();
    const position at = table.find_hashed(key, hash);
    if (at.where == nullptr || !predicate(table_type::element(at))) return 0;
    remove(table, at, [&]() -> auto& { return erased.emplace(functors_.allocator); });
    return 1;
  }

  /// f(first element, second element) under both locks if both are there; returns whether.
  template <class K1, class K2, class F>
  bool visit_two(call_site site, const K1& first_key, const K2& second_key, F& f) {
    const inside_call mark(this, site);
    held_shards<true> held;
    std::array<size_type, 2> hashes;
    {
      const hash_hold unchanged(hash_mutex_);
      hashes = {functors_.hash_of(first_key), functors_.hash_of(second_key)};
      held.lock(shards_, hashes.data(), 2);
    }
    const position first = held.table(shards_, hashes[0]).find_hashed(first_key, hashes[0]);
    const position second = held.table(shards_, hashes[1]).find_hashed(second_key, hashes[1]);
    if (first.where == nullptr || second.where == nullptr) return false;
    f(static_cast<visited_type&>(table_type::element(first)), static_cast<visited_type&>(table_type::element(second)));
    return true;
  }

  /// Visits those of the keys that are there, bulk_size at a time, so that their cache misses overlap. Returns how
  /// many. Of what has to be converted to a key, one is made to hash it and one to find it.
  // 10 M elements, ns per key: 49 with 32 keys all fetched at first, 43 with 64 of which 32 are fetched ahead, 43 with
  // 128 and 16.
  static constexpr size_type bulk_size = 64;
  static constexpr size_type fetch_ahead = 32;
  template <bool Exclusive, class It, class F>
  size_type visit_many(call_site site, It first, It last, F& f) const {
    size_type visited = 0;
    while (first != last) {
      const inside_call mark(this, site);
      held_shards<Exclusive> held;
      std::array<size_type, bulk_size> hashes;
      size_type keys = 0;
      {
        const hash_hold unchanged(hash_mutex_);
        for (It at = first; keys != bulk_size && at != last; ++at)
          hashes[keys++] = functors_.hash_of(as_lookup_key<Policy>(*at));
        held.lock(shards_, hashes.data(), keys);
      }
      const auto fetch = [&](size_type i) { held.table(shards_, hashes[i]).prefetch_hashed(hashes[i]); };
      for (size_type i = 0; i != (std::min)(keys, fetch_ahead); ++i) fetch(i);
      for (size_type i = 0; i != keys; ++i, (void)++first) {
        if (i + fetch_ahead < keys) fetch(i + fetch_ahead);
        const position at = held.table(shards_, hashes[i]).find_hashed(as_lookup_key<Policy>(*first), hashes[i]);
        if (at.where == nullptr) continue;
        f(static_cast<std::conditional_t<Exclusive, visited_type, const value_type>&>(table_type::element(at)));
        ++visited;
      }
    }
    return visited;
  }

  // --- all elements, a shard at a time ------------------------------------------------------------------------------

  /// Visits the elements of one shard until a visit returns false; returns how many there were, and whether none did.
  template <bool Exclusive, class F>
  std::pair<size_type, bool> visit_shard(shard_type& each, call_site site, F& f) const {
    using guard_type = std::conditional_t<Exclusive, writing_shard, reading_shard>;
    const inside_call mark(this, site);
    const guard_type guard(each);
    size_type visited = 0;
    for (position at = guard.table().first(); at.where != nullptr; at = guard.table().next(at)) {
      ++visited;
      if (!f(static_cast<element_seen_by<guard_type>&>(table_type::element(at)))) return {visited, false};
    }
    return {visited, true};
  }

  template <class Predicate>
  size_type erase_from(shard_type& from, call_site site, Predicate& predicate) {
    std::deque<held_element> erased;  // destroyed when the lock is released
    const inside_call mark(this, site);
    const writing_shard guard(from);
    auto& table = guard.table();
    size_type count = 0;
    for (position at = table.first(); at.where != nullptr;) {
      const position next = table.next(at);
      if (predicate(static_cast<visited_type&>(table_type::element(at)))) {
        remove(table, at, [&]() -> auto& { return erased.emplace_back(functors_.allocator); });
        ++count;
      }
      at = next;
    }
    return count;
  }

  /// Calls f(copy) for every element with no lock held. See scan.hpp for what it sees.
  template <class F>
  void for_each_copy(call_site site, F& f) const {
    constexpr size_type at_a_time = 16;  // a lock for each chain would cost more than the copies
    std::vector<value_type> copies;
    for (auto& each : shards_) {
      for (scan_position at; !at.done;) {
        copies.clear();
        {
          const inside_call mark(this, site);
          const reading_shard guard(each);
          while (!at.done && copies.size() < at_a_time) {
            scan_chain(guard.table(), at, [&](const value_type& element) { copies.push_back(element); });
          }
        }
        for (const value_type& copy : copies) f(copy);
      }
    }
  }

 protected:
  ~sharded_elements() = default;

  using typename base::hash_hold;
  using typename base::held_element;
  template <class Guard>
  using element_seen_by = typename base::template element_seen_by<Guard>;
  using base::allocator_may_change;
  using base::functors_;
  using base::hash_mutex_;
  using base::remove;
  using base::shards_;

 private:
  // The shards of some hashes, locked in the order of their indices.
  template <bool Exclusive>
  class held_shards {
   public:
    held_shards() noexcept = default;
    held_shards(const held_shards&) = delete;
    held_shards& operator=(const held_shards&) = delete;
    ~held_shards() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      while (count_ != 0) {
        if constexpr (Exclusive) {
          held_[--count_]->unlock();
        } else {
          held_[--count_]->unlock_shared();
        }
      }
    }
    void lock(const array& shards, const size_type* hashes, size_type keys) {
      if (shards.size() <= 64) {
        // Sorting random numbers mispredicts a branch in two: with it a bulk look-up was hardly faster than single
        // ones.
        std::uint64_t wanted = 0;
        for (size_type i = 0; i != keys; ++i) wanted |= std::uint64_t{1} << shards.index_of(hashes[i]);
        for (; wanted != 0; wanted &= wanted - 1) lock_one(shards[static_cast<size_type>(std::countr_zero(wanted))]);
        return;
      }
      std::array<shard_type*, bulk_size> wanted;
      for (size_type i = 0; i != keys; ++i) wanted[i] = std::addressof(shards.of_hash(hashes[i]));
      std::sort(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(keys));
      for (size_type i = 0; i != keys; ++i) {
        if (i == 0 || wanted[i] != wanted[i - 1]) lock_one(*wanted[i]);
      }
    }
    [[nodiscard]] auto& table(const array& shards, size_type hash) const noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS {
      if constexpr (Exclusive) {
        return shards.of_hash(hash).table_locked();
      } else {
        return shards.of_hash(hash).table_locked_shared();
      }
    }

   private:
    void lock_one(shard_type& each) ABSL_NO_THREAD_SAFETY_ANALYSIS {
      if constexpr (Exclusive) {
        each.lock();
      } else {
        each.lock_shared();
      }
      held_[count_++] = std::addressof(each);
    }

    std::array<shard_type*, bulk_size> held_;
    size_type count_ = 0;
  };
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
