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

  /// Moves the elements of parent for which leaves(element) is true to the child, whose header is written here: its
  /// memory may hold anything. At most one slab is allocated. Throws what `leaves` and the
  /// allocator throw; then nothing has moved. O(chain).
  template <class Leaves>
  static void split(bucket* parent, bucket* child, const Leaves& leaves, context& work) {
    if (parent->tags.any_overflow()) return split_long(parent, child, leaves, work);
    split_home(parent, child, leaves, work);
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

  // What a child's home got from its parent's: so many elements, with these tags, which left these slots.
  struct share {
    slot_mask left{0};
    tag_word tags{0};
    unsigned count = 0;
  };

  // Every slot is copied to the child's next free place, which advances by one or by none: what does not leave is copied
  // over by the next. Nothing counts until the tags are stored, so that leaves_at(slot) may throw on the way.
  template <class LeavesAt>
  [[nodiscard]] static share copy_home(const bucket* parent, bucket* child, const LeavesAt& leaves_at) {
    const tag_word before = parent->tags;
    share given;
    for (slot_mask taken = before.occupied(); taken; taken.drop_first()) {
      const unsigned from = taken.first();
      const bool leaves = leaves_at(from);
      std::memcpy(layout::slot(child, given.count), layout::slot(parent, from), slot_ops::size());
      given.left.add_if(from, leaves);
      given.tags.occupy_if(given.count, before.tag(from), leaves);
      given.count += leaves ? 1U : 0U;
    }
    return given;
  }
  // The same by relocations, of slots that are known.
  [[nodiscard]] static share move_home(bucket* parent, bucket* child, slot_mask leaving,
                                       Allocator& allocator) noexcept {
    share given{leaving, tag_word(0), 0};
    for (; leaving; leaving.drop_first(), ++given.count) {
      slot_ops::relocate(allocator, layout::slot(child, given.count), layout::slot(parent, leaving.first()));
      given.tags.occupy(given.count, parent->tags.tag(leaving.first()));
    }
    return given;
  }
  // Makes it true.
  static void settle(bucket* parent, bucket* child, const share& given, context& work) noexcept {
    work.moves += given.count;
    slot_ref* const watched = work.watched;
    if (watched != nullptr && watched->where == parent && given.left.contains(watched->index)) {
      *watched = {child, (given.left & slot_mask::below(watched->index)).count()};
    }
    tag_word kept = parent->tags;
    kept.vacate(given.left);
    parent->tags = kept;
    child->tags = given.tags;
    child->overflow = nullptr;
  }

  template <class Leaves>
  static void split_home(bucket* parent, bucket* child, const Leaves& leaves, context& work) {
    if constexpr (copies_all()) {
      const auto leaves_at = [&](unsigned slot) { return leaves(slot_ops::element(layout::slot(parent, slot))); };
      settle(parent, child, copy_home(parent, child, leaves_at), work);
    } else {
      settle(parent, child, move_home(parent, child, select(parent, leaves), work.allocator), work);
    }
  }

  // The leaving slots of an overflow bucket are noted in the unused top byte of its own tag word, where a chain of any
  // length has room for them and where a note left behind by a throwing hash does no harm.
  template <class Leaves>
  EVAC_NEVER_INLINE static void split_long(bucket* parent, bucket* child, const Leaves& leaves, context& work) {
    const slot_mask leaving_home = select(parent, leaves);
    std::size_t leaving = leaving_home.count();
    std::size_t all = parent->tags.occupied().count();
    for (bucket* where = parent->overflow; where != nullptr; where = where->overflow) {
      const slot_mask chosen = select(where, leaves);
      where->tags.note(chosen);
      leaving += chosen.count();
      all += where->tags.occupied().count();
    }
    if (leaving > layout::home_slots()) {
      work.overflow.provide(work.allocator, chains::overflow_for(leaving - layout::home_slots()));
    }
    if constexpr (copies_all()) {
      const auto leaves_at = [&](unsigned slot) { return leaving_home.contains(slot); };
      settle(parent, child, copy_home(parent, child, leaves_at), work);
      if (leaving <= layout::home_slots() && all - leaving <= layout::home_slots()) [[likely]] {
        return share_overflow(parent, child, work);
      }
    } else {
      settle(parent, child, move_home(parent, child, leaving_home, work.allocator), work);
    }
    append_noted(parent, child, work);
    chains::compact(parent, work);
  }

  // Both homes have room for all that is left: each element goes to the next free slot of one of them, without a branch.
  static void share_overflow(bucket* parent, bucket* child, context& work) noexcept {
    const auto next_free = [](const bucket* of) { return of->tags.free(layout::home_slots()).first() % 8; };
    bucket* where = std::exchange(parent->overflow, nullptr);
    parent->tags.clear_filter();
    while (where != nullptr) {
      const slot_mask leaving = where->tags.noted();
      for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
        const unsigned from = taken.first();
        bucket* const homes[2] = {parent, child};
        bucket* const home = homes[leaving.contains(from) ? 1 : 0];
        const slot_ref to{home, next_free(home)};
        chains::relocate(work, to, {where, from});
        home->tags.occupy(to.index, where->tags.tag(from));
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
