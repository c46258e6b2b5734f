// How elements come from one container into another: table by table where both have as many shards, else one by one, each
// copied or moved exactly once.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_TRANSFER_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_TRANSFER_HPP

#include <absl/base/thread_annotations.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/sharded_elements.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_transfer : public sharded_elements<Policy, Mutex> {
  using base = sharded_elements<Policy, Mutex>;

 public:
  using base::own_table;
  using typename base::allocator_type;
  using typename base::array;
  using typename base::functors_type;
  using typename base::size_type;
  using typename base::slot_ops;
  using typename base::table_type;
  using typename base::value_type;

  using base::base;

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

  /// Moves over every element of one table whose key is not here; returns how many. That table belongs to this thread,
  /// and this container's locks are held or nobody else knows it.
  template <class Table>
  size_type absorb(Table& from) {
    return detail::absorb(from, functors_, [&](size_type hash) -> auto& { return own_table(shards_.index_of(hash)); });
  }
  /// The same for `count` tables whose elements are all new here: with room for all of them, so that each is moved once.
  template <class TableAt>
  void absorb_all(size_type count, const TableAt& table_at) {
    const room_for in_time(*this, count, table_at);
    for (size_type i = 0; i < count; ++i) absorb(table_at(i));
  }

 protected:
  ~sharded_transfer() = default;

  using base::functors_;
  using base::shards_;

  // Copies all elements of a container whose locks are held into an empty one of any number of shards, with
  // copy(slot, element).
  template <class Held, class Target, class Copy>
  static void copy_all(const Held& source, Target& to, const Copy& copy) {
    if (source.count() == shards_of(to).size()) {
      for (size_type i = 0; i < source.count(); ++i) table_in(to, i).clone(source.table(i), copy);
      return;
    }
    const room_for in_time(to, source.count(), [&](size_type i) -> auto& { return source.table(i); });
    for (size_type i = 0; i < source.count(); ++i) {
      auto& from = source.table(i);
      for (position at = from.first(); at.where != nullptr; at = from.next(at)) {
        auto& element = table_type::element(at);
        const size_type hash = functors_of(to).hash_of(Policy::key(element));
        table_in(to, shards_of(to).index_of(hash)).place(hash, [&](void* slot) { copy(slot, element); });
      }
    }
  }
  template <class Held>
  class emptied_at_exit {
   public:
    explicit emptied_at_exit(const Held& source) noexcept : source_(source) {}
    emptied_at_exit(const emptied_at_exit&) = delete;
    emptied_at_exit& operator=(const emptied_at_exit&) = delete;
    ~emptied_at_exit() {
      for (size_type i = 0; i < source_.count(); ++i) source_.table(i).release();
    }

   private:
    const Held& source_;
  };
  // The same by moves. The source is empty afterwards, also if a move throws: its keys may be moved-from then.
  template <class Held, class Target>
  static void move_all(const Held& source, Target& to) {
    const emptied_at_exit guard(source);
    copy_all(source, to, [&](void* slot, value_type& from) {
      slot_ops::construct(functors_of(to).allocator, slot, std::move(slot_ops::movable(from)));
    });
  }

  [[nodiscard]] static functors_type& functors_of(detached& of) noexcept { return of.functors; }
  [[nodiscard]] static functors_type& functors_of(sharded_transfer& of) noexcept { return of.functors_; }
  [[nodiscard]] static const array& shards_of(detached& of) noexcept { return of.shards; }
  [[nodiscard]] static const array& shards_of(sharded_transfer& of) noexcept { return of.shards_; }
  [[nodiscard]] static table_type& table_in(detached& of, size_type index) noexcept { return of.table(index); }
  [[nodiscard]] static table_type& table_in(sharded_transfer& of, size_type index) noexcept {
    return of.own_table(index);
  }

 private:
  // While it lives, a container without elements has room for all of `count` tables, however their hashes fall: what is
  // placed stays where it is. Each element is hashed once more for that.
  template <class Target>
  class room_for {
   public:
    template <class TableAt>
    room_for(Target& to, size_type count, const TableAt& table_at) : to_(to) {
      std::vector<size_type> elements(shards_of(to).size());
      for (size_type i = 0; i < count; ++i) {
        auto& from = table_at(i);
        for (position at = from.first(); at.where != nullptr; at = from.next(at)) {
          const auto& key = Policy::key(from.element(at));
          ++elements[shards_of(to).index_of(functors_of(to).hash_of(key))];
        }
      }
      for (size_type i = 0; i < elements.size(); ++i) table_in(to, i).reserve(elements[i]);
    }
    room_for(const room_for&) = delete;
    room_for& operator=(const room_for&) = delete;
    ~room_for() {
      for (size_type i = 0; i < shards_of(to_).size(); ++i) table_in(to_, i).withdraw_promise();
    }

   private:
    Target& to_;
  };
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
