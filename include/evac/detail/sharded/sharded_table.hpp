// What is done to a sharded container as a whole, and to two of them: copies, moves, assignments, swap, merge,
// comparison. No overloads: those are in sharded_container.hpp.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_TABLE_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_TABLE_HPP

#include <absl/base/thread_annotations.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/sharded_transfer.hpp"
#include "evac/detail/sync/single_owner.hpp"
#include "evac/detail/table/table_access.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_table : public sharded_transfer<Policy, Mutex> {
  using base = sharded_transfer<Policy, Mutex>;

 public:
  using base::absorb;
  using base::own_table;
  using base::same_memory;
  using typename base::allocator_type;
  using typename base::array;
  using typename base::detached;
  using typename base::functors_type;
  using typename base::hasher;
  using typename base::key_equal;
  using typename base::size_type;
  using typename base::slot_ops;
  using typename base::table_type;
  using typename base::traits;
  using typename base::value_type;

  sharded_table(size_type shard_count, const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : base(hash, equal, allocator, shard_count) {}

  /// Copies under all locks of other; with no allocator, with the one that other's selects.
  sharded_table(const sharded_table& other, const std::optional<allocator_type>& allocator, call_site site)
      : sharded_table(held_for_reading(other, site).lock(), allocator) {}
  /// Takes all elements under all locks of other; with its allocator, or with another one, which may mean to move each.
  sharded_table(sharded_table&& other, call_site site) : sharded_table(held_for_writing(other, site).lock()) {}
  sharded_table(sharded_table&& other, const allocator_type& allocator, call_site site)
      : sharded_table(held_for_writing(other, site).lock(), allocator) {}
  sharded_table(const sharded_table&) = delete;
  sharded_table& operator=(const sharded_table&) = delete;
  ~sharded_table() = default;

  /// All locks of one container, and the mark of the call that takes them.
  template <bool Exclusive>
  class held_all {
   public:
    using container_type = std::conditional_t<Exclusive, sharded_table, const sharded_table>;

    held_all(container_type& container, call_site site)
        : of(container), mark_(std::addressof(container), site), shards_(container.shards_) {}
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
      visible_readers::be_known();
      mark_.look_elsewhere();
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

  void copy_assign(const sharded_table& other, call_site site) {
    std::optional<detached> fresh;
    held_for_writing mine(*this, site);
    held_for_reading theirs(other, site);
    in_order_of_address(this, std::addressof(other), [&] { mine.lock(); }, [&] { theirs.lock(); });
    constexpr bool propagate = traits::propagate_on_container_copy_assignment::value;
    fresh.emplace(other.functors_, propagate ? other.functors_.allocator : functors_.allocator, shards_.size());
    copy_all(theirs, *fresh,
             [&](void* slot, const value_type& from) { slot_ops::construct(fresh->functors.allocator, slot, from); });
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
    in_order_of_address(this, std::addressof(other), [&] { mine.lock(); }, [&] { theirs.lock(); });
    constexpr bool propagate = traits::propagate_on_container_move_assignment::value;
    if constexpr (!propagate && !traits::is_always_equal::value) {
      if (!same_memory(functors_.allocator, other.functors_.allocator)) {
        old.emplace(other.functors_, functors_.allocator, shards_.size());
        move_all(theirs, *old);  // if that throws, the target is as before
        exchange_functors(other);
        for (size_type i = 0; i < mine.count(); ++i) mine.table(i).swap_contents(old->table(i));
        return;
      }
    }
    detach_all(mine, old);
    exchange_functors(other);
    if constexpr (propagate) functors_.allocator = std::move(other.functors_.allocator);
    take_tables(theirs);
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
      table.place(hash, [&](void* slot) { slot_ops::construct(fresh->functors.allocator, slot, element); });
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
    in_order_of_address(this, std::addressof(other), [&] { mine.lock(); }, [&] { theirs.lock(); });
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
    exchange_functors(other);
    if constexpr (traits::propagate_on_container_swap::value) {
      using std::swap;
      swap(functors_.allocator, other.functors_.allocator);
    }
    if (alike) {
      for (size_type i = 0; i < mine.count(); ++i) mine.table(i).swap_contents(theirs.table(i));
      return;
    }
    absorb_all(theirs.count(), [&](size_type i) -> auto& { return theirs_before->table(i); });
    other.absorb_all(mine.count(), [&](size_type i) -> auto& { return mine_before->table(i); });
  }

  /// Moves over every element of source whose key is not here; returns how many.
  template <class Source>
  size_type merge(Source& source, call_site site) {
    held_for_writing mine(*this, site);
    typename Source::held_for_writing theirs(source, site);
    in_order_of_address(this, std::addressof(source), [&] { mine.lock(); }, [&] { theirs.lock(); });
    EVAC_ASSERT(same_memory(functors_.allocator, source.functors().allocator), "evac: merge with unequal allocators");
    size_type moved = 0;
    for (size_type i = 0; i < theirs.count(); ++i) moved += absorb(theirs.table(i));
    return moved;
  }
  /// The same from a container of one owner.
  template <class Owned>
  size_type merge_owned(Owned& source, call_site site) {
    const single_owner::writer guard(table_access::owner_of(source));
    auto& theirs = table_access::of(source);
    held_for_writing mine(*this, site);
    mine.lock();
    EVAC_ASSERT(same_memory(functors_.allocator, theirs.allocator()), "evac: merge with unequal allocators");
    return absorb(theirs);
  }
  /// All elements of a container of one owner, into this one, which nobody else knows and which has none.
  template <class Owned>
  void take_owned(Owned& source) {
    const single_owner::writer guard(table_access::owner_of(source));
    absorb_all(1, [&](size_type) -> auto& { return table_access::of(source); });
  }

  /// A container of one owner with a copy of all elements, or with the elements themselves. Each is copied or moved once.
  template <class Container>
  [[nodiscard]] Container copy_into(call_site site) const {
    held_for_reading held(*this, site);
    held.lock();
    Container copy(0, functors_.hash, functors_.equal, functors_.allocator);
    auto& to = table_access::of(copy);
    to.reserve(held.size());
    for (size_type i = 0; i < held.count(); ++i) {
      const auto& table = held.table(i);
      for (position at = table.first(); at.where != nullptr; at = table.next(at)) {
        const value_type& element = table.element(at);
        to.place(to.hash_of(Policy::key(element)),
                 [&](void* slot) { slot_ops::construct(to.allocator(), slot, element); });
      }
    }
    to.withdraw_promise();
    return copy;
  }
  template <class Container>
  [[nodiscard]] Container move_into(call_site site) {
    held_for_writing held(*this, site);
    held.lock();
    Container taken(0, functors_.hash, functors_.equal, functors_.allocator);
    auto& to = table_access::of(taken);
    to.reserve(held.size());
    for (size_type i = 0; i < held.count(); ++i) to.absorb(held.table(i));
    to.withdraw_promise();
    return taken;
  }

  [[nodiscard]] bool equals(const sharded_table& other, call_site site) const {
    held_for_reading mine(*this, site);
    held_for_reading theirs(other, site);
    in_order_of_address(this, std::addressof(other), [&] { mine.lock(); }, [&] { theirs.lock(); });
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

 private:
  using base::absorb_all;
  using base::copy_all;
  using base::functors_;
  using base::hash_mutex_;
  using base::move_all;
  using base::shards_;

  sharded_table(const held_for_reading& source, const std::optional<allocator_type>& allocator)
      : base(source.of.functors_.hash, source.of.functors_.equal,
             allocator ? *allocator : traits::select_on_container_copy_construction(source.of.functors_.allocator),
             source.count()) {
    functors_.seed = source.of.functors_.seed;
    copy_all(source, *this,
             [&](void* slot, const value_type& from) { slot_ops::construct(functors_.allocator, slot, from); });
  }
  explicit sharded_table(const held_for_writing& source)
      : base(source.of.functors_.hash, source.of.functors_.equal, source.of.functors_.allocator, source.count()) {
    functors_.seed = source.of.functors_.seed;
    for (size_type i = 0; i < source.count(); ++i) own_table(i).swap_contents(source.table(i));
  }
  sharded_table(const held_for_writing& source, const allocator_type& allocator)
      : base(source.of.functors_.hash, source.of.functors_.equal, allocator, source.count()) {
    functors_.seed = source.of.functors_.seed;
    if constexpr (!traits::is_always_equal::value) {
      if (!same_memory(functors_.allocator, source.of.functors_.allocator)) {
        move_all(source, *this);
        return;
      }
    }
    for (size_type i = 0; i < source.count(); ++i) own_table(i).swap_contents(source.table(i));
  }

  // The one rule for swap and for every move assignment: the source, which is empty afterwards, has what the target had.
  void exchange_functors(sharded_table& other) {
    functors_.swap_hash_and_equal(other.functors_);
    std::swap(functors_.seed, other.functors_.seed);
  }
  // Takes the elements of a container whose functors are already here. What a failure leaves there does not fit its
  // functors any more, and goes.
  void take_tables(const held_for_writing& source) {
    const typename base::template emptied_at_exit<held_for_writing> guard(source);
    if (source.count() != shards_.size()) {
      absorb_all(source.count(), [&](size_type i) -> auto& { return source.table(i); });
      return;
    }
    for (size_type i = 0; i < source.count(); ++i) own_table(i).swap_contents(source.table(i));
  }
  // Empties all tables in O(shards). Where there is no memory for the empty ones, in O(elements), under the locks.
  void detach_all(const held_for_writing& mine, std::optional<detached>& old) noexcept {
    EVAC_TRY { old.emplace(functors_, functors_.allocator, shards_.size()); }
    EVAC_CATCH_ALL {
      for (size_type i = 0; i < mine.count(); ++i) mine.table(i).release();
      return;
    }
    for (size_type i = 0; i < mine.count(); ++i) mine.table(i).swap_contents(old->table(i));
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
