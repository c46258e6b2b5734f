// Steps on one chain: find, construct, remove, compact. They know nothing about growth.
//
//   home bucket -> overflow bucket -> overflow bucket -> null
//
// Invariants (checked by validate()):
//   C1  a slot holds an element exactly when its tag is not 0, and the tag is the element's
//   C2  the home's filter is exactly the union of the filter bits of all tags in its overflow buckets
//   C3  no overflow bucket is empty: so a home's filter is 0 exactly where it has no overflow bucket
// Holes (free slots before taken ones) are allowed; an insert into a chain with holes in its home compacts it.
#ifndef EVAC_DETAIL_TABLE_CHAIN_HPP
#define EVAC_DETAIL_TABLE_CHAIN_HPP

#include <cstddef>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/bucket.hpp"
#include "evac/detail/geometry/slab.hpp"
#include "evac/detail/table/policy.hpp"

namespace evac::inline EVAC_ABI::detail {

/// One slot of one bucket; `where` is null for "none".
struct slot_ref {
  bucket* where = nullptr;
  unsigned index = 0;

  [[nodiscard]] bool operator==(const slot_ref&) const noexcept = default;
};

template <class Elements, class Allocator>
struct chain_ops {
  using slot_ops = slot_access<Elements, Allocator>;
  using layout = slot_layout<Elements, Allocator>;
  using pool = overflow_pool<Allocator, layout>;

  /// Tools of a step that relocates elements. `moves` counts; `watched` follows one element wherever the step moves it.
  struct context {
    Allocator& allocator;
    pool& overflow;
    std::size_t& moves;
    slot_ref* watched = nullptr;
  };

  /// The slot of this hash whose element satisfies `equal`, which is asked only where the tag matches.
  template <class Equal>
  [[nodiscard]] EVAC_ALWAYS_INLINE static slot_ref find(bucket* head, std::size_t hash, const Equal& equal) {
    const wanted_top_byte tag(hash);
    if (const slot_mask hits = head->tags.match(tag)) {
      const unsigned index = hits.first();
      if (equal(slot_ops::element(layout::slot(head, index)))) [[likely]]
        return {head, index};
      // One look-up in fifty: the tag of another key.
      bucket* const again = to_read_again(head);
      slot_mask rest = again->tags.match(tag);
      for (rest.drop_first(); rest; rest.drop_first()) {
        if (equal(slot_ops::element(layout::slot(again, rest.first())))) return {again, rest.first()};
      }
    }
    if (!head->may_overflow_for(hash)) [[likely]]
      return {};
    for (bucket* where = head->overflow; where != nullptr; where = where->overflow) {
      for (slot_mask hits = where->tags.match(tag); hits; hits.drop_first()) {
        if (equal(slot_ops::element(layout::slot(where, hits.first())))) return {where, hits.first()};
      }
    }
    return {};
  }

  [[nodiscard]] static slot_ref first_free(bucket* head) noexcept {
    if (const slot_mask free = head->tags.free(layout::home_slots())) return {head, free.first()};
    return first_free_overflow(head);
  }
  [[nodiscard]] static slot_ref first_free_overflow(bucket* head) noexcept {
    for (bucket* where = head->overflow; where != nullptr; where = where->overflow) {
      if (const slot_mask free = where->tags.free(layout::overflow_slots())) [[likely]]
        return {where, free.first()};
    }
    return {};
  }

  static void link(bucket* head, bucket* fresh) noexcept {
    fresh->overflow = head->overflow;
    head->overflow = fresh;
  }

  /// Declares the slot taken by an element of this tag (which has been constructed there).
  static void occupy(bucket* head, slot_ref at, tag_t tag) noexcept {
    at.where->tags.occupy(at.index, tag);
    if (at.where != head) head->tags.add_to_filter(tag);
  }

  /// Declares the slot empty (its element is gone). Returns whether the chain has no element any more. O(chain) for an
  /// overflow bucket, else O(1).
  static bool vacate(bucket* head, slot_ref at, pool& overflow) noexcept {
    tag_word left = at.where->tags;
    left.vacate(at.index);
    at.where->tags = left;
    if (at.where == head) [[likely]]
      return left.empty();
    tidy_overflow(head, overflow);
    return head->tags.empty();
  }

  /// Unlinks overflow buckets that have become empty and recomputes the filter.
  static void tidy_overflow(bucket* head, pool& overflow) noexcept {
    head->tags.clear_filter();
    bucket** link = &head->overflow;
    while (bucket* const where = *link) {
      if (where->tags.no_slot_occupied()) {
        *link = where->overflow;
        overflow.give_back(where);
        continue;
      }
      for (slot_mask taken = where->tags.occupied(); taken; taken.drop_first()) {
        head->tags.add_to_filter(where->tags.tag(taken.first()));
      }
      link = &where->overflow;
    }
  }

  /// Constructs an element of this tag in the first free slot of the chain, or in a new overflow bucket. Strong
  /// guarantee.
  template <class Construct>
  static slot_ref construct(bucket* head, tag_t tag, const Construct& construct_at, Allocator& allocator,
                            pool& overflow) {
    const slot_mask free = head->tags.free(layout::home_slots());
    if (!free) return construct_in_overflow(head, tag, construct_at, allocator, overflow);
    const slot_ref at{head, free.first()};
    construct_at(layout::slot(head, at.index));
    head->tags.occupy(at.index, tag);
    return at;
  }
  /// The same for a chain whose home is full.
  template <class Construct>
  EVAC_NEVER_INLINE static slot_ref construct_in_overflow(bucket* head, tag_t tag, const Construct& construct_at,
                                                          Allocator& allocator, pool& overflow) {
    slot_ref at = first_free_overflow(head);
    if (at.where != nullptr) {
      construct_at(layout::slot(at.where, at.index));
    } else {
      overflow.provide(allocator, 1);
      unlinked_bucket fresh{overflow, overflow.take()};
      construct_at(layout::slot(fresh.where, 0));
      at = {fresh.release(), 0};
      link(head, at.where);
    }
    occupy(head, at, tag);
    return at;
  }

  static void relocate(context& work, slot_ref to, slot_ref from) noexcept {
    slot_ops::relocate(work.allocator, layout::slot(to.where, to.index), layout::slot(from.where, from.index));
    ++work.moves;
    if (work.watched != nullptr && *work.watched == from) *work.watched = to;
  }

  /// Moves elements from overflow buckets into free slots of the home. At most home_slots moves.
  static void compact(bucket* head, context& work) noexcept {
    slot_mask free = head->tags.free(layout::home_slots());
    for (bucket* where = head->overflow; where != nullptr && free; where = where->overflow) {
      for (slot_mask taken = where->tags.occupied(); taken && free; taken.drop_first(), free.drop_first()) {
        const slot_ref from{where, taken.first()};
        const slot_ref to{head, free.first()};
        relocate(work, to, from);
        head->tags.occupy(to.index, where->tags.tag(from.index));
        where->tags.vacate(from.index);
      }
    }
    tidy_overflow(head, work.overflow);
  }

  /// Moves an element to the first free slot of a chain that has one, or to a new overflow bucket of the pool, which
  /// must have been ensured.
  static void append(bucket* head, slot_ref from, tag_t tag, context& work) noexcept {
    slot_ref to = first_free(head);
    if (to.where == nullptr) {
      bucket* fresh = work.overflow.take();
      link(head, fresh);
      to = {fresh, 0};
    }
    relocate(work, to, from);
    occupy(head, to, tag);
  }

  [[nodiscard]] static std::size_t count(const bucket* head) noexcept {
    std::size_t total = 0;
    for (; head != nullptr; head = head->overflow) total += head->tags.occupied().count();
    return total;
  }

  /// Overflow buckets that `elements` more elements of a chain may need.
  [[nodiscard]] static constexpr std::size_t overflow_for(std::size_t elements) noexcept {
    return (elements + layout::overflow_slots() - 1) / layout::overflow_slots();
  }

 private:
  /// An overflow bucket that goes back to the pool unless it is released.
  struct unlinked_bucket {
    pool& overflow;
    bucket* where;
    ~unlinked_bucket() {
      if (where != nullptr) overflow.give_back(where);
    }
    [[nodiscard]] bucket* release() noexcept { return std::exchange(where, nullptr); }
  };
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
