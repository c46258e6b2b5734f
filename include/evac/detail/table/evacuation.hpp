// Splitting a parent into itself and its child, and merging a child back.
//
//   before   parent [a b c d e f] -> [g]                 a..g: elements whose home is the parent at the old depth
//   split    parent [a . c . . f]      child [b d e g]   b d e g: those whose next hash bit is 1
//   merge    the other way round
//
// Order of a split: ask every element's hash first (it may throw: nothing has changed), then get the overflow buckets
// that the child may need (may throw: nothing has changed), then move, which cannot fail.
#ifndef EVAC_DETAIL_TABLE_EVACUATION_HPP
#define EVAC_DETAIL_TABLE_EVACUATION_HPP

#include <cstddef>
#include <cstring>

#include "evac/detail/config.hpp"
#include "evac/detail/table/chain.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Elements, class Allocator>
struct evacuation {
  using chains = chain_ops<Elements, Allocator>;
  using slot_ops = typename chains::slot_ops;
  using layout = typename chains::layout;
  using context = typename chains::context;

  /// Moves the elements of parent for which leaves(element) is true to the child, whose header is written here: its
  /// memory may hold anything. At most one slab is allocated. Throws what `leaves` and the
  /// allocator throw; then nothing has moved. O(chain).
  template <class Leaves>
  static void split(bucket* parent, bucket* child, const Leaves& leaves, context& work) {
    if (parent->tags.any_overflow()) return split_long(parent, child, leaves, work);
    child->overflow = nullptr;
    if constexpr (copies_all()) {
      copy_home(parent, child, leaves, work);
    } else {
      move_home(parent, child, select(parent, leaves), work);
    }
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
  template <class Leaves>
  [[nodiscard]] static slot_mask select(const bucket* where, const Leaves& leaves) {
    slot_mask leaving(0);
    for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
      const unsigned index = taken.first();
      leaving.add_if(index, leaves(slot_ops::element(layout::slot(where, index))));
    }
    return leaving;
  }

  // Whether it is cheaper to copy a slot in vain than to ask by a branch, taken at random, whether it leaves.
  [[nodiscard]] static constexpr bool copies_all() noexcept {
    constexpr std::size_t cheap = 32;
    return slot_ops::relocated_as_bytes() && slot_ops::size() <= cheap;
  }

  // Every slot is copied to the child's next free place, which advances by one or by none: what does not leave is copied
  // over by the next. Nothing counts until the tags are stored, so that a hash may throw on the way.
  template <class Leaves>
  static void copy_home(bucket* parent, bucket* child, const Leaves& leaves, context& work) {
    const tag_word before = parent->tags;
    slot_mask leaving(0);
    tag_word arrived(0);
    unsigned to = 0;
    for (slot_mask taken = before.occupied(); taken; taken.drop_first()) {
      const unsigned from = taken.first();
      void* const slot = layout::slot(parent, from);
      const bool leaves_now = leaves(slot_ops::element(slot));
      std::memcpy(layout::slot(child, to), slot, slot_ops::size());
      leaving.add_if(from, leaves_now);
      arrived.occupy_if(to, before.tag(from), leaves_now);
      to += leaves_now ? 1U : 0U;
    }
    work.moves += to;
    follow(work, parent, child, leaving);
    tag_word left = before;
    left.vacate(leaving);
    parent->tags = left;
    child->tags = arrived;
  }
  // The watched element, if it is among those that left the home, lies behind those that left before it.
  static void follow(context& work, bucket* parent, bucket* child, slot_mask leaving) noexcept {
    if (work.watched == nullptr || work.watched->where != parent || !leaving.contains(work.watched->index)) return;
    *work.watched = {child, (leaving & slot_mask::below(work.watched->index)).count()};
  }

  static void move_home(bucket* parent, bucket* child, slot_mask leaving, context& work) noexcept {
    tag_word gone = parent->tags;
    tag_word arrived(0);
    for (unsigned to = 0; leaving; leaving.drop_first(), ++to) {
      const unsigned from = leaving.first();
      chains::relocate(work, {child, to}, {parent, from});
      arrived.occupy(to, gone.tag(from));
      gone.vacate(from);
    }
    parent->tags = gone;
    child->tags = arrived;
  }

  // The leaving slots of an overflow bucket are noted in the unused top byte of its own tag word, where a chain of any
  // length has room for them and where a note left behind by a throwing hash does no harm.
  template <class Leaves>
  EVAC_NEVER_INLINE static void split_long(bucket* parent, bucket* child, const Leaves& leaves, context& work) {
    const slot_mask leaving_home = select(parent, leaves);
    std::size_t leaving = leaving_home.count();
    for (bucket* where = parent->overflow; where != nullptr; where = where->overflow) {
      where->tags.clear_filter();
      for (slot_mask chosen = select(where, leaves); chosen; chosen.drop_first(), ++leaving) {
        where->tags.add_to_filter(static_cast<tag_t>(chosen.first()));
      }
    }
    if (leaving > layout::home_slots()) {
      work.overflow.provide(work.allocator, chains::overflow_for(leaving - layout::home_slots()));
    }
    child->tags = tag_word(0);
    child->overflow = nullptr;
    move_home(parent, child, leaving_home, work);
    for (bucket* where = parent->overflow; where != nullptr; where = where->overflow) {
      for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
        const unsigned index = taken.first();
        if (!where->tags.may_overflow(static_cast<tag_t>(index))) continue;
        chains::append(child, {where, index}, where->tags.tag(index), work);
        where->tags.vacate(index);
      }
      where->tags.clear_filter();
    }
    chains::compact(parent, work);
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
