// What is done to a sharded container as a whole, and to two of them: copies, moves, assignments, swap, merge,
// comparison. No overloads: those are in sharded_container.hpp.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_TABLE_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_TABLE_HPP

#include <absl/base/thread_annotations.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/sharded_elements.hpp"
#include "evac/detail/table/table_access.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_table : public sharded_elements<Policy, Mutex> {
  using base = sharded_elements<Policy, Mutex>;

 public:
  using base::own_table;
  using base::same_memory;
  using typename base::allocator_type;
  using typename base::array;
  using typename base::elements;
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
  /// Takes all elements under all locks of other.
  sharded_table(sharded_table&& other, const std::optional<allocator_type>& allocator, call_site site)
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
        : of(container), mark_(&container, site), shards_(container.shards_) {}
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
      const auto copy = [&](void* slot, const value_type& from) {
        slot_ops::construct(fresh->functors.allocator, slot, from);
      };
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
      const auto& key = Policy::key(slot_ops::element(slot));
      const size_type hash = functors_.hash_of(key);
      auto& to = own_table(shards_.index_of(hash));
      if (to.find_hashed(key, hash).where == nullptr) {
        to.place(hash, [&](void* empty) { slot_ops::relocate(functors_.allocator, empty, slot); });
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
      for (position at = table.first(); at.where != nullptr; at = table.next(at))
        copy.insert(std::as_const(table.element(at)));
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

 private:
  using base::functors_;
  using base::hash_mutex_;
  using base::shards_;

  sharded_table(const held_for_reading& source, const std::optional<allocator_type>& allocator)
      : base(source.of.functors_.hash, source.of.functors_.equal,
             allocator ? *allocator : traits::select_on_container_copy_construction(source.of.functors_.allocator),
             source.count()) {
    functors_.seed = source.of.functors_.seed;
    const auto copy = [&](void* slot, const value_type& from) { slot_ops::construct(functors_.allocator, slot, from); };
    for (size_type i = 0; i < source.count(); ++i) own_table(i).clone(source.table(i), copy);
  }
  sharded_table(const held_for_writing& source, const std::optional<allocator_type>& allocator)
      : base(source.of.functors_.hash, source.of.functors_.equal,
             allocator ? *allocator : source.of.functors_.allocator, source.count()) {
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
  // Moves all elements one by one. The source is empty afterwards, also if a move throws: its keys may be moved-from
  // then.
  template <class Target>
  static void move_elements(const held_for_writing& source, Target& to) {
    const emptied_at_exit guard(source);
    const auto move = [&](void* slot, value_type& from) {
      slot_ops::construct(functors_of(to).allocator, slot, std::move(slot_ops::movable(from)));
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
