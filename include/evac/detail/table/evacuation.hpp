// Splitting a parent into itself and its child, and merging a child back.
//
//   before   parent [a b c d e f] -> [g]                 a..g: elements whose home is the parent at the old depth
//   split    parent [a . c . . f]      child [b d e g]   b d e g: those whose next hash bit is 1
//   merge    the other way round
//
// Order of a split: ask every element's hash first (it may throw: nothing has changed), then get the overflow buckets
// that the child may need (may throw: nothing has changed), then move, which cannot fail. Copies of bytes may be made
// while the hashes are asked: until the child is a home of the table, nobody looks at them.
#ifndef EVAC_DETAIL_TABLE_EVACUATION_HPP
#define EVAC_DETAIL_TABLE_EVACUATION_HPP

#include <cstddef>
#include <cstring>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/table/chain.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Elements, class Allocator>
struct evacuation {
  using chains = chain_ops<Elements, Allocator>;
  using slot_ops = typename chains::slot_ops;
  using layout = typename chains::layout;
  using context = typename chains::context;

  /// Which of the two have elements after a split.
  struct outcome {
    bool parent_has;
    bool child_has;
  };

  /// Moves the elements of parent for which leaves(element) is true to the child, whose header is written here: its
  /// memory may hold anything. At most one slab is allocated. Throws what `leaves` and the allocator throw; then
  /// nothing has moved. O(chain).
  template <class Leaves>
  static outcome split(bucket* parent, bucket* child, const Leaves& leaves, context& work) {
    if (parent->tags.any_overflow()) return split_long(parent, child, leaves, work);
    const share given = prepare_home(parent, child, leaves);
    complete_home(parent, child, given, work);
    return {!parent->tags.empty(), given.count != 0};
  }

  /// Moves all elements of child to the end of parent's chain. The child's header is not valid afterwards. At most one
  /// slab is allocated; if that throws nothing has moved. O(chain).
  static void merge(bucket* parent, bucket* child, context& work) {
    if (child->tags.empty() && child->overflow == nullptr) return;
    const std::size_t moving = chains::count(child);
    work.overflow.provide(work.allocator, chains::overflow_for(moving));
    for (bucket* where = child; where != nullptr; where = where->overflow) {
      for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
        chains::append(parent, {where, taken.first()}, where->tags.tag(taken.first()), work);
      }
    }
    while (bucket* const emptied = child->overflow) {
      child->overflow = emptied->overflow;
      work.overflow.give_back(emptied);
    }
  }

 private:
  // Whether it is cheaper to copy a slot in vain than to ask by a branch, taken at random, whether it leaves.
  [[nodiscard]] static constexpr bool copies_all() noexcept {
    constexpr std::size_t cheap = 32;
    return slot_ops::relocated_as_bytes() && slot_ops::size() <= cheap;
  }

  template <class Leaves>
  [[nodiscard]] static slot_mask select(const bucket* where, const Leaves& leaves) {
    slot_mask leaving(0);
    for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
      const unsigned index = taken.first();
      leaving.add_if(index, leaves(slot_ops::element(layout::slot(where, index))));
    }
    return leaving;
  }

  // The part of a parent's home that its child gets: so many elements, from these slots.
  struct share {
    slot_mask left{0};
    std::size_t count = 0;
  };

  // The part of a split of the home that may throw.
  template <class Leaves>
  [[nodiscard]] static share prepare_home(const bucket* parent, bucket* child, const Leaves& leaves) {
    if constexpr (copies_all()) {
      return copy_home(parent, child, leaves);
    } else {
      const slot_mask leaving = select(parent, leaves);
      return {leaving, leaving.count()};
    }
  }
  // Every slot is copied to the child's next free place, and its tag too; the place advances by one or by none, so that
  // what does not leave is copied over by the next.
  template <class Leaves>
  [[nodiscard]] static share copy_home(const bucket* parent, bucket* child, const Leaves& leaves) {
    share given;
    child->make_empty();
    for (slot_mask taken = parent->tags.occupied(); taken; taken.drop_first()) {
      const unsigned from = taken.first();
      void* const slot = layout::slot(parent, from);
      const std::size_t leaving = leaves(slot_ops::element(slot)) ? 1 : 0;
      std::memcpy(layout::slot(child, given.count), slot, slot_ops::size());
      child->put_tag(given.count, parent->tag_at(from));
      given.count += leaving;
      given.left.add_if(from, leaving != 0);
    }
    child->put_tag(given.count, 0);  // the last one may have stayed; behind seven tags there is the filter, which is 0
    return given;
  }
  // The rest, which cannot fail: the child owns what it has been given.
  static void complete_home(bucket* parent, bucket* child, const share& given, context& work) noexcept {
    if constexpr (!copies_all()) move_home(parent, child, given.left, work.allocator);
    work.moves += given.count;
    slot_ref* const watched = work.watched;
    if (watched != nullptr && watched->where == parent && given.left.contains(watched->index)) {
      *watched = {child, (given.left & slot_mask::below(watched->index)).count()};
    }
    tag_word kept = parent->tags;
    kept.vacate(given.left);
    parent->tags = kept;
  }
  static void move_home(const bucket* parent, bucket* child, slot_mask leaving, Allocator& allocator) noexcept {
    child->make_empty();
    for (unsigned to = 0; leaving; leaving.drop_first(), ++to) {
      slot_ops::relocate(allocator, layout::slot(child, to), layout::slot(parent, leaving.first()));
      child->put_tag(to, parent->tag_at(leaving.first()));
    }
  }

  // The leaving slots of an overflow bucket are noted in the unused top byte of its own tag word, where a chain of any
  // length has room for them and where a note left behind by a throwing hash does no harm.
  template <class Leaves>
  EVAC_NEVER_INLINE static outcome split_long(bucket* parent, bucket* child, const Leaves& leaves, context& work) {
    std::size_t leaving = 0;
    std::size_t all = parent->tags.occupied().count();
    for (bucket* where = parent->overflow; where != nullptr; where = where->overflow) {
      const slot_mask chosen = select(where, leaves);
      where->tags.note(chosen);
      leaving += chosen.count();
      all += where->tags.occupied().count();
    }
    const share given = prepare_home(parent, child, leaves);
    leaving += given.count;
    if (leaving > layout::home_slots()) {
      work.overflow.provide(work.allocator, chains::overflow_for(leaving - layout::home_slots()));
    }
    complete_home(parent, child, given, work);
    if (leaving <= layout::home_slots() && all - leaving <= layout::home_slots()) [[likely]] {
      share_overflow(parent, child, given.count, work);
    } else {
      append_noted(parent, child, work);
      chains::compact(parent, work);
    }
    return {all != leaving, leaving != 0};
  }

  // Both homes have room for all that is left: each element goes to the next free slot of one of them, without a
  // branch.
  static void share_overflow(bucket* parent, bucket* child, std::size_t in_child, context& work) noexcept {
    slot_mask free_in_parent = parent->tags.free(layout::home_slots());
    bucket* where = std::exchange(parent->overflow, nullptr);
    parent->tags.clear_filter();
    while (where != nullptr) {
      const slot_mask noted = where->tags.noted();
      for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
        const unsigned from = taken.first();
        const unsigned leaves = noted.contains(from) ? 1U : 0U;
        const slot_ref places[2] = {{parent, free_in_parent.first() % 8}, {child, static_cast<unsigned>(in_child)}};
        const slot_ref to = places[leaves];
        chains::relocate(work, to, {where, from});
        to.where->put_tag(to.index, where->tag_at(from));
        in_child += leaves;
        free_in_parent.drop_first_if(leaves == 0);
      }
      bucket* const behind = where->overflow;
      work.overflow.give_back(where);
      where = behind;
    }
  }

  // Chains so long that one of them needs overflow buckets again.
  static void append_noted(bucket* parent, bucket* child, context& work) noexcept {
    for (bucket* where = parent->overflow; where != nullptr; where = where->overflow) {
      for (slot_mask leaving = where->tags.noted(); leaving; leaving.drop_first()) {
        const unsigned index = leaving.first();
        chains::append(child, {where, index}, where->tags.tag(index), work);
        where->tags.vacate(index);
      }
      where->tags.clear_filter();
    }
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
