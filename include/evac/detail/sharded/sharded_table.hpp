// The mechanics of sharded maps and sets: shards behind locks, what is done to one element, to one shard, to all of them
// and to two containers at once. No overloads: those are in sharded_container.hpp.
//
//   hash   | tag: 8 bits | shard: up to 16 bits | ............ home: low bits |
//
// Order of locks, for all threads: first what keeps the hash (only where it can change), then shards in the order of their
// indices; of two containers the one at the lower address first. User code runs under no more than the locks of the call it
// belongs to; elements are destroyed when all locks are released.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_TABLE_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_TABLE_HPP

#include <absl/base/thread_annotations.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "evac/detail/sharded/shard_array.hpp"
#include "evac/detail/shown_key.hpp"
#include "evac/detail/sync/reentry.hpp"
#include "evac/detail/table/held_slot.hpp"
#include "evac/detail/table/scan.hpp"
#include "evac/detail/table/table_access.hpp"

namespace evac::detail {

/// Stands where nothing is to be locked.
struct no_mutex {
  void lock() noexcept {}
  void unlock() noexcept {}
  void lock_shared() noexcept {}
  void unlock_shared() noexcept {}
};

template <class Policy, class Mutex>
class sharded_table {
 public:
  using array = shard_array<Policy, Mutex>;
  using shard_type = typename array::shard_type;
  using table_type = table<Policy>;
  using slots = typename table_type::slots;
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

  sharded_table(size_type shard_count, const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : functors_(hash, equal, allocator), shards_(functors_, shard_count) {}

  /// Copies under all locks of other; with no allocator, with the one that other's selects.
  sharded_table(const sharded_table& other, const std::optional<allocator_type>& allocator, call_site site)
      : sharded_table(held_for_reading(other, site).lock(), allocator) {}
  /// Takes all elements under all locks of other.
  sharded_table(sharded_table&& other, const std::optional<allocator_type>& allocator, call_site site)
      : sharded_table(held_for_writing(other, site).lock(), allocator) {}
  sharded_table(const sharded_table&) = delete;
  sharded_table& operator=(const sharded_table&) = delete;
  ~sharded_table() = default;

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

  // --- one element -------------------------------------------------------------------------------------------------

  /// The hash of a key: nothing is locked afterwards.
  template <class K>
  [[nodiscard]] size_type hash_of(call_site site, const K& key) const {
    const inside_call mark(this, site);
    const hash_hold unchanged(hash_mutex_);
    return functors_.hash_of(key);
  }

  /// The shard of a key, locked. Its hash is computed without that lock, and under another where it could change meanwhile.
  template <class Guard, class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE Guard lock_shard_of(const K& key, size_type& hash) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
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
    if constexpr (requires { shown_key<Policy>(args...); }) {
      const auto construct = [&](void* slot) { slots::construct(functors_.allocator, slot, std::forward<Args>(args)...); };
      return place_one(site, shown_key<Policy>(args...), construct, on_new, on_existing);
    } else {
      held_element built(copy_allocator(site));  // built, and if not needed destroyed, without a lock
      built.construct(std::forward<Args>(args)...);
      const auto construct = [&](void* slot) {
        if constexpr (allocator_may_change && std::is_move_constructible_v<typename elements::movable_type>) {
          // What belongs to the allocator that the container had before must not get in.
          if (!same_memory(built.allocator(), functors_.allocator)) {
            slots::construct(functors_.allocator, slot, std::move(slots::movable(built.element())));
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

  /// Visits those of the keys that are there, bulk_size at a time, so that their cache misses overlap. Returns how many.
  // 10 M elements, ns per key: 49 with 32 keys all fetched at first, 43 with 64 of which 32 are fetched ahead, 43 with 128 and 16.
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
        for (It at = first; keys != bulk_size && at != last; ++at) hashes[keys++] = functors_.hash_of(*at);
        held.lock(shards_, hashes.data(), keys);
      }
      const auto fetch = [&](size_type i) { held.table(shards_, hashes[i]).prefetch_hashed(hashes[i]); };
      for (size_type i = 0; i != std::min(keys, fetch_ahead); ++i) fetch(i);
      for (size_type i = 0; i != keys; ++i, ++first) {
        if (i + fetch_ahead < keys) fetch(i + fetch_ahead);
        const position at = held.table(shards_, hashes[i]).find_hashed(*first, hashes[i]);
        if (at.where == nullptr) continue;
        f(static_cast<std::conditional_t<Exclusive, visited_type, const value_type>&>(table_type::element(at)));
        ++visited;
      }
    }
    return visited;
  }

  // --- all elements ------------------------------------------------------------------------------------------------

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

  // --- the whole, and two of them ----------------------------------------------------------------------------------

  /// All locks of one container, and the mark of the call that takes them.
  template <bool Exclusive>
  class held_all {
   public:
    using container_type = std::conditional_t<Exclusive, sharded_table, const sharded_table>;

    held_all(container_type& container, call_site site) : of(container), mark_(&container, site), shards_(container.shards_) {}
    held_all(const held_all&) = delete;
    held_all& operator=(const held_all&) = delete;
    ~held_all() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      shards_.unlock_all();
      if (!hash_held_) return;
      if constexpr (Exclusive) {
        of.hash_mutex_.unlock();
      } else {
        of.hash_mutex_.unlock_shared();
      }
    }

    held_all& lock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      if constexpr (Exclusive) {
        of.hash_mutex_.lock();
      } else {
        of.hash_mutex_.lock_shared();
      }
      hash_held_ = true;
      shards_.lock_all();
      return *this;
    }
    [[nodiscard]] size_type count() const noexcept { return shards_.count(); }
    [[nodiscard]] auto& table(size_type index) const noexcept { return shards_.table(index); }
    [[nodiscard]] size_type size() const noexcept { return shards_.elements(); }

    container_type& of;

   private:
    inside_call mark_;
    bool hash_held_ = false;
    holding_all<array, Exclusive> shards_;
  };
  using held_for_writing = held_all<true>;
  using held_for_reading = held_all<false>;

  /// Tables on their way in or out, known to one thread: used without their locks, destroyed when no lock is held.
  class detached {
   public:
    detached(const functors_type& like, const allocator_type& allocator, size_type count)
        : functors(like.hash, like.equal, allocator), shards(functors, count) {
      functors.seed = like.seed;
    }
    [[nodiscard]] table_type& table(size_type index) const noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return shards[index].table_locked();
    }
    functors_type functors;
    array shards;
  };

  void copy_assign(const sharded_table& other, call_site site) {
    std::optional<detached> fresh;
    held_for_writing mine(*this, site);
    held_for_reading theirs(other, site);
    in_order_of_address(this, &other, [&] { mine.lock(); }, [&] { theirs.lock(); });
    constexpr bool propagate = traits::propagate_on_container_copy_assignment::value;
    fresh.emplace(other.functors_, propagate ? other.functors_.allocator : functors_.allocator, shards_.size());
    for (size_type i = 0; i < theirs.count(); ++i) {
      const auto copy = [&](void* slot, const value_type& from) { slots::construct(fresh->functors.allocator, slot, from); };
      copy_table(theirs.table(i), i, theirs.count(), *fresh, copy);
    }
    functors_.swap_hash_and_equal(fresh->functors);
    std::swap(functors_.seed, fresh->functors.seed);
    if constexpr (propagate) {
      const allocator_type before(functors_.allocator);
      functors_.allocator = other.functors_.allocator;
      fresh->functors.allocator = before;
    }
    for (size_type i = 0; i < mine.count(); ++i) mine.table(i).swap_contents(fresh->table(i));
  }

  void move_assign(sharded_table& other, call_site site) {
    std::optional<detached> old;
    held_for_writing mine(*this, site);
    held_for_writing theirs(other, site);
    in_order_of_address(this, &other, [&] { mine.lock(); }, [&] { theirs.lock(); });
    constexpr bool propagate = traits::propagate_on_container_move_assignment::value;
    if (!propagate && !same_memory(functors_.allocator, other.functors_.allocator)) {
      old.emplace(other.functors_, functors_.allocator, shards_.size());
      move_elements(theirs, *old);  // if that throws, the target is as before
      functors_.swap_hash_and_equal(old->functors);
      std::swap(functors_.seed, old->functors.seed);
      for (size_type i = 0; i < mine.count(); ++i) mine.table(i).swap_contents(old->table(i));
      return;
    }
    detach_all(mine, old);
    functors_.swap_hash_and_equal(other.functors_);
    std::swap(functors_.seed, other.functors_.seed);
    if constexpr (propagate) functors_.allocator = std::move(other.functors_.allocator);
    const emptied_at_exit source(theirs);  // what a failure leaves there does not fit its functors any more
    for (size_type i = 0; i < theirs.count(); ++i) take_table(theirs.table(i), i, theirs.count());
  }

  /// Replaces all elements by copies of these. If that throws, nothing has changed.
  template <class Range>
  void assign_range(const Range& range, call_site site) {
    std::optional<detached> fresh;
    held_for_writing mine(*this, site);
    mine.lock();
    // Under the locks, as the functors are those of this moment.
    fresh.emplace(functors_, functors_.allocator, shards_.size());
    for (const value_type& element : range) {
      const size_type hash = functors_.hash_of(Policy::key(element));
      auto& table = fresh->table(shards_.index_of(hash));
      if (table.find_hashed(Policy::key(element), hash).where != nullptr) continue;
      table.place(hash, [&](void* slot) { slots::construct(fresh->functors.allocator, slot, element); });
    }
    for (size_type i = 0; i < mine.count(); ++i) mine.table(i).swap_contents(fresh->table(i));
  }

  void clear(call_site site) {
    std::optional<detached> old;
    held_for_writing mine(*this, site);
    mine.lock();
    detach_all(mine, old);
  }

  void swap(sharded_table& other, call_site site) {
    std::optional<detached> mine_before;
    std::optional<detached> theirs_before;
    held_for_writing mine(*this, site);
    held_for_writing theirs(other, site);
    in_order_of_address(this, &other, [&] { mine.lock(); }, [&] { theirs.lock(); });
    if constexpr (!traits::propagate_on_container_swap::value && !traits::is_always_equal::value) {
      EVAC_ASSERT(same_memory(functors_.allocator, other.functors_.allocator), "evac: swap with unequal allocators");
    }
    const bool alike = mine.count() == theirs.count();
    if (!alike) {
      mine_before.emplace(functors_, functors_.allocator, mine.count());
      theirs_before.emplace(other.functors_, other.functors_.allocator, theirs.count());
      for (size_type i = 0; i < mine.count(); ++i) mine.table(i).swap_contents(mine_before->table(i));
      for (size_type i = 0; i < theirs.count(); ++i) theirs.table(i).swap_contents(theirs_before->table(i));
    }
    functors_.swap_hash_and_equal(other.functors_);
    std::swap(functors_.seed, other.functors_.seed);
    if constexpr (traits::propagate_on_container_swap::value) {
      using std::swap;
      swap(functors_.allocator, other.functors_.allocator);
    }
    if (alike) {
      for (size_type i = 0; i < mine.count(); ++i) mine.table(i).swap_contents(theirs.table(i));
      return;
    }
    for (size_type i = 0; i < theirs.count(); ++i) take_table(theirs_before->table(i), i, theirs.count());
    for (size_type i = 0; i < mine.count(); ++i) other.take_table(mine_before->table(i), i, mine.count());
  }

  /// Moves over every element of source whose key is not here; returns how many.
  template <class Source>
  size_type merge(Source& source, call_site site) {
    held_for_writing mine(*this, site);
    typename Source::held_for_writing theirs(source, site);
    in_order_of_address(this, &source, [&] { mine.lock(); }, [&] { theirs.lock(); });
    EVAC_ASSERT(same_memory(functors_.allocator, source.functors().allocator), "evac: merge with unequal allocators");
    size_type moved = 0;
    for (size_type i = 0; i < theirs.count(); ++i) moved += absorb(theirs.table(i));
    return moved;
  }
  /// The same for one table that this thread owns, into a container whose locks it holds or that nobody else knows.
  template <class Table>
  size_type absorb(Table& from) {
    size_type moved = 0;
    for (position at = from.first(); at.where != nullptr;) {
      const position next = from.next(at);
      void* const slot = table_type::chains::layout::slot(at.where, at.index);
      const auto& key = Policy::key(slots::element(slot));
      const size_type hash = functors_.hash_of(key);
      auto& to = own_table(shards_.index_of(hash));
      if (to.find_hashed(key, hash).where == nullptr) {
        to.place(hash, [&](void* empty) { slots::relocate(functors_.allocator, empty, slot); });
        from.forget(at);
        ++moved;
      }
      at = next;
    }
    return moved;
  }

  /// A container of one owner with a copy of all elements, or with the elements themselves.
  template <class Container>
  [[nodiscard]] Container copy_into(call_site site) const {
    held_for_reading held(*this, site);
    held.lock();
    Container copy(0, functors_.hash, functors_.equal, functors_.allocator);
    for (size_type i = 0; i < held.count(); ++i) {
      const auto& table = held.table(i);
      for (position at = table.first(); at.where != nullptr; at = table.next(at)) copy.insert(std::as_const(table.element(at)));
    }
    return copy;
  }
  template <class Container>
  [[nodiscard]] Container move_into(call_site site) {
    held_for_writing held(*this, site);
    held.lock();
    Container taken(0, functors_.hash, functors_.equal, functors_.allocator);
    for (size_type i = 0; i < held.count(); ++i) table_access::of(taken).absorb(held.table(i));
    return taken;
  }

  [[nodiscard]] bool equals(const sharded_table& other, call_site site) const {
    held_for_reading mine(*this, site);
    held_for_reading theirs(other, site);
    in_order_of_address(this, &other, [&] { mine.lock(); }, [&] { theirs.lock(); });
    if (mine.size() != theirs.size()) return false;
    for (size_type i = 0; i < mine.count(); ++i) {
      const auto& table = mine.table(i);
      for (position at = table.first(); at.where != nullptr; at = table.next(at)) {
        const auto& element = table_type::element(at);
        const size_type hash = other.functors_.hash_of(Policy::key(element));
        const position twin = theirs.table(other.shards_.index_of(hash)).find_hashed(Policy::key(element), hash);
        if (twin.where == nullptr || !(table_type::element(twin) == element)) return false;
      }
    }
    return true;
  }

  /// Room for n elements. How many of n random keys fall into one shard is binomial: each gets six standard deviations
  /// more than its share.
  void reserve(size_type n, call_site site) {
    if (n == 0) return;
    const auto share = static_cast<double>(n) / static_cast<double>(shards_.size());
    const double spread = shards_.size() == 1 ? 0.0 : 6.0 * std::sqrt(share) + 8.0;
    const double wanted = share + spread;
    if (!(wanted < static_cast<double>(table_type::max_size()))) {
      throw std::length_error("evac: reserve() or constructor asked for more than max_size()");
    }
    const auto each_wants = static_cast<size_type>(std::ceil(wanted));
    for (auto& each : shards_) {
      const inside_call mark(this, site);
      const writing_shard guard(each);
      guard.table().reserve(each_wants);
    }
  }
  void rehash(size_type slot_count, call_site site) {
    constexpr size_type home_slots = table_type::chains::layout::home_slots();
    const size_type per_home = shards_.size() * home_slots;
    for (auto& each : shards_) {
      const inside_call mark(this, site);
      const writing_shard guard(each);
      guard.table().fit(slot_count / per_home + (slot_count % per_home != 0 ? 1 : 0));
    }
  }

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

 private:
  using held_element = held_slot<elements, allocator_type>;
  template <class Guard>
  using element_seen_by = std::conditional_t<std::is_same_v<Guard, writing_shard>, visited_type, const value_type>;

  // Whether a look-up could meet a hash, or a seed, that a swap or an assignment is just replacing.
  static constexpr bool hash_may_change = !std::is_empty_v<hasher> || !is_avalanching<hasher>::value;
  using hash_mutex = std::conditional_t<hash_may_change, Mutex, no_mutex>;
  class hash_hold {
   public:
    explicit hash_hold(hash_mutex& mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS : mutex_(mutex) { mutex_.lock_shared(); }
    hash_hold(const hash_hold&) = delete;
    hash_hold& operator=(const hash_hold&) = delete;
    ~hash_hold() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.unlock_shared(); }

   private:
    hash_mutex& mutex_;
  };

  static constexpr bool allocator_may_change =
      !std::is_empty_v<allocator_type> && (traits::propagate_on_container_copy_assignment::value ||
                                           traits::propagate_on_container_move_assignment::value ||
                                           traits::propagate_on_container_swap::value);
  // One shard held is enough: who replaces a functor holds all. User code inside a call runs under one.
  template <bool MayChange, class Functor>
  [[nodiscard]] Functor copy_held(call_site site, const Functor& functor) const {
    if constexpr (MayChange) {
      if (!inside_call::of(this)) {
        const inside_call mark(this, site);
        const reading_shard guard(*shards_.begin());
        return functor;
      }
    }
    return functor;
  }

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
        // Sorting random numbers mispredicts a branch in two: with it a bulk look-up was hardly faster than single ones.
        std::uint64_t wanted = 0;
        for (size_type i = 0; i != keys; ++i) wanted |= std::uint64_t{1} << shards.index_of(hashes[i]);
        for (; wanted != 0; wanted &= wanted - 1) lock_one(shards[static_cast<size_type>(std::countr_zero(wanted))]);
        return;
      }
      std::array<shard_type*, bulk_size> wanted;
      for (size_type i = 0; i != keys; ++i) wanted[i] = &shards.of_hash(hashes[i]);
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
      held_[count_++] = &each;
    }

    std::array<shard_type*, bulk_size> held_;
    size_type count_ = 0;
  };

  sharded_table(const held_for_reading& source, const std::optional<allocator_type>& allocator)
      : functors_(source.of.functors_.hash, source.of.functors_.equal,
                  allocator ? *allocator : traits::select_on_container_copy_construction(source.of.functors_.allocator)),
        shards_(functors_, source.count()) {
    functors_.seed = source.of.functors_.seed;
    const auto copy = [&](void* slot, const value_type& from) { slots::construct(functors_.allocator, slot, from); };
    for (size_type i = 0; i < source.count(); ++i) own_table(i).clone(source.table(i), copy);
  }
  sharded_table(const held_for_writing& source, const std::optional<allocator_type>& allocator)
      : functors_(source.of.functors_.hash, source.of.functors_.equal, allocator ? *allocator : source.of.functors_.allocator),
        shards_(functors_, source.count()) {
    functors_.seed = source.of.functors_.seed;
    if (same_memory(functors_.allocator, source.of.functors_.allocator)) {
      for (size_type i = 0; i < source.count(); ++i) own_table(i).swap_contents(source.table(i));
    } else {
      move_elements(source, *this);
    }
  }

  // Copies one table of a container of `count` shards into a container of any number, with copy(slot, element).
  template <class Target, class Element, class Copy>
  static void copy_table(Element& from, size_type index, size_type count, Target& to, const Copy& copy) {
    auto& target = to;
    if (count == shards_of(target).size()) {
      table_in(target, index).clone(from, copy);
      return;
    }
    for (position at = from.first(); at.where != nullptr; at = from.next(at)) {
      auto& element = table_type::element(at);
      const size_type hash = functors_of(target).hash_of(Policy::key(element));
      table_in(target, shards_of(target).index_of(hash)).place(hash, [&](void* slot) { copy(slot, element); });
    }
  }
  class emptied_at_exit {
   public:
    explicit emptied_at_exit(const held_for_writing& source) noexcept : source_(source) {}
    emptied_at_exit(const emptied_at_exit&) = delete;
    emptied_at_exit& operator=(const emptied_at_exit&) = delete;
    ~emptied_at_exit() {
      for (size_type i = 0; i < source_.count(); ++i) source_.table(i).release();
    }

   private:
    const held_for_writing& source_;
  };
  // Moves all elements one by one. The source is empty afterwards, also if a move throws: its keys may be moved-from then.
  template <class Target>
  static void move_elements(const held_for_writing& source, Target& to) {
    const emptied_at_exit guard(source);
    const auto move = [&](void* slot, value_type& from) {
      slots::construct(functors_of(to).allocator, slot, std::move(slots::movable(from)));
    };
    for (size_type i = 0; i < source.count(); ++i) copy_table(source.table(i), i, source.count(), to, move);
  }
  [[nodiscard]] static functors_type& functors_of(detached& of) noexcept { return of.functors; }
  [[nodiscard]] static functors_type& functors_of(sharded_table& of) noexcept { return of.functors_; }
  [[nodiscard]] static const array& shards_of(detached& of) noexcept { return of.shards; }
  [[nodiscard]] static const array& shards_of(sharded_table& of) noexcept { return of.shards_; }
  [[nodiscard]] static table_type& table_in(detached& of, size_type index) noexcept { return of.table(index); }
  [[nodiscard]] static table_type& table_in(sharded_table& of, size_type index) noexcept { return of.own_table(index); }

  // Takes the elements of one table of a container of `count` shards whose functors are already here.
  void take_table(table_type& from, size_type index, size_type count) {
    if (count == shards_.size()) {
      own_table(index).swap_contents(from);
    } else {
      absorb(from);
      from.release();
    }
  }
  // Empties all tables in O(shards). Where there is no memory for the empty ones, in O(elements), under the locks.
  void detach_all(const held_for_writing& mine, std::optional<detached>& old) noexcept {
    try {
      old.emplace(functors_, functors_.allocator, shards_.size());
    } catch (...) {
      for (size_type i = 0; i < mine.count(); ++i) mine.table(i).release();
      return;
    }
    for (size_type i = 0; i < mine.count(); ++i) mine.table(i).swap_contents(old->table(i));
  }

  // Elements that do nothing when they are destroyed need not be moved out for that.
  template <class Held>
  static void remove(table_type& table, position at, const Held& held) {
    if constexpr (std::is_trivially_destructible_v<value_type> && !slots::in_nodes()) {
      table.erase(at);
    } else {
      held().take(table_type::chains::layout::slot(at.where, at.index));
      table.forget(at);
    }
  }

  functors_type functors_;                                // hash and equality under hash_mutex_ and all shards
  [[no_unique_address]] mutable hash_mutex hash_mutex_;
  array shards_;
};

}  // namespace evac::detail

#endif
