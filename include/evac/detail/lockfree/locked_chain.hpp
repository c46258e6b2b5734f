// A chain whose home this thread has locked, and the changes that a writer makes to it.
//
// Invariants, at rest
//   C1  a tag that is not 0 says that its slot holds an element with that tag; tags are unique per slot, keys per chain
//   C2  filter bits are those of the tags in overflow buckets, exactly
//   C3  there are overflow buckets only behind a home whose other slots are all taken, and only the first has holes
//   C4  a chain with overflow buckets holds at least one element more than its home has slots
#ifndef EVAC_DETAIL_LOCKFREE_LOCKED_CHAIN_HPP
#define EVAC_DETAIL_LOCKFREE_LOCKED_CHAIN_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/locked_home.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Storage>
class locked_chain {
 public:
  using home_type = locked_home<Storage>;
  using layout = typename home_type::layout;
  using bucket_type = typename home_type::bucket_type;
  using slot_value = typename Storage::slot_value;
  using place = typename home_type::place;

  static constexpr unsigned home_slots = layout::home_slots();
  static constexpr unsigned overflow_slots = layout::overflow_slots();
  static constexpr unsigned link_slot = home_type::link_slot;

  /// As locked_home's.
  locked_chain(bucket_type& home, bucket_state seen, parking& sleepers) noexcept
      : home_(home, seen, tags_of(home), sleepers) {}
  locked_chain(bucket_type& home, bucket_state state) noexcept : home_(home, state) {}

  void unlock_split(unsigned depth) noexcept { home_.unlock_split(depth); }
  [[nodiscard]] bucket_state state() const noexcept { return home_.state(); }
  [[nodiscard]] bucket_type& home() const noexcept { return home_.bucket(); }
  /// Of the home.
  [[nodiscard]] tag_word tags() const noexcept { return home_.tags(); }
  [[nodiscard]] static tag_word tags_of(const bucket_type& bucket) noexcept { return home_type::tags_of(bucket); }
  [[nodiscard]] bucket_type* first_overflow() const noexcept { return first_overflow_of(home()); }
  // relaxed: only the thread that has the lock stores
  [[nodiscard]] static bucket_type* first_overflow_of(const bucket_type& home) noexcept {
    return tags_of(home).any_overflow() ? bucket_type::from_word(home.slot(link_slot)->load(relaxed)) : nullptr;
  }

  /// The element for which same(slot_value) is true. Throws what that throws.
  template <class Same>
  [[nodiscard]] place find(tag_t tag, const Same& same) const {
    if (const place found = find_in(home(), tag, same); found.where != nullptr) return found;
    if (!tags().may_overflow(tag)) return {};
    for (bucket_type* each = first_overflow(); each != nullptr; each = each->next()) {
      if (const place found = find_in(*each, tag, same); found.where != nullptr) return found;
    }
    return {};
  }
  [[nodiscard]] static slot_value at(place found) noexcept { return home_type::at(found); }

  /// Calls visit(place, tag) for every element.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for_each_of(home(), visit);
  }
  /// The same for a chain that nobody else can change.
  template <class Visit>
  static void for_each_of(bucket_type& home, const Visit& visit) {
    for_each_in(home, visit);
    for (bucket_type* each = first_overflow_of(home); each != nullptr; each = each->next()) for_each_in(*each, visit);
  }

  /// The same for one bucket of it.
  template <class Visit>
  static void for_each_in(bucket_type& bucket, const Visit& visit) {
    const tag_word tags = tags_of(bucket);
    for (slot_mask taken = tags.occupied(); taken; taken.drop_first()) {
      visit(place{&bucket, taken.first()}, tags.tag(taken.first()));
    }
  }

  /// Whether insert() needs an overflow bucket.
  [[nodiscard]] bool needs_overflow() const noexcept {
    if (!tags().any_overflow()) return !tags().free(home_slots);
    return !tags_of(*first_overflow()).free(overflow_slots);
  }
  /// Adds an element whose key is not here. `fresh` is an empty overflow bucket if needs_overflow().
  void insert(const slot_value& element, tag_t tag, bucket_type* fresh) noexcept {
    if (!tags().any_overflow()) {
      if (fresh == nullptr) return home_.insert(element, tag);
      home_.begin_change();
      const tag_t moved = tags().tag(link_slot);
      put_into(*fresh, 0, at({&home(), link_slot}), moved);
      put_into(*fresh, 1, element, tag);
      tag_word in_home = tags();
      in_home.vacate(link_slot);
      in_home.add_to_filter(moved);
      in_home.add_to_filter(tag);
      set_link(fresh);
      home_.set_tags(in_home);
      return;
    }
    tag_word in_home = tags();
    in_home.add_to_filter(tag);
    if (fresh != nullptr) {
      home_.begin_change();
      fresh->set_next(first_overflow());
      put_into(*fresh, 0, element, tag);
      set_link(fresh);
      home_.set_tags(in_home);
    } else {
      if constexpr (Storage::may_tear) home_.begin_change();
      // The filter first: an element is there from the store of its tag on, for look-ups as for copies.
      home_.set_tags(in_home);
      bucket_type& front = *first_overflow();
      put_into(front, tags_of(front).free(overflow_slots).first(), element, tag);
    }
  }

  /// As locked_home's.
  void replace(place found, const slot_value& element) noexcept { home_.replace(found, element); }

  /// Removes an element. Calls give_back(bucket) for overflow buckets that are not needed any more. Moves two others at
  /// most.
  template <class GiveBack>
  void erase(place found, const GiveBack& give_back) noexcept {
    const bool chained = tags().any_overflow();
    if (chained) home_.begin_change();
    vacate(found);
    home_.note_loss();
    if (chained) restore_order(give_back);
  }

  /// As locked_home's.
  void begin_change() noexcept { home_.begin_change(); }

  /// Empties slots of the home, as vacate() does.
  void vacate_home(slot_mask which) noexcept { home_.vacate(which); }
  /// Empties a slot. restore_order() has to follow if there are overflow buckets.
  void vacate(place from) noexcept {
    if (from.where == &home()) return home_.vacate(from.index);
    tag_word left = tags_of(*from.where);
    left.vacate(from.index);
    home_type::set_tags(*from.where, left);
  }

  /// Makes C2 to C4 true again after elements have left. While changing.
  template <class GiveBack>
  void restore_order(const GiveBack& give_back) noexcept {
    bucket_type* front = first_overflow();
    while (front != nullptr) {
      const slot_mask donors = tags_of(*front).occupied() & slot_mask::below(overflow_slots);
      if (!donors) {
        bucket_type* const emptied = front;
        front = front->next();
        give_back(emptied);
        continue;
      }
      if (const place hole = find_hole(*front); hole.where != nullptr) {
        move({front, donors.first()}, hole);
        continue;
      }
      if (front->next() == nullptr && donors.count() == 1) {
        // The last one takes the place of the link.
        move({front, donors.first()}, {&home(), link_slot});
        give_back(front);
        front = nullptr;
      }
      break;
    }
    if (front != nullptr) set_link(front);
    tag_word in_home = tags();
    in_home.clear_filter();
    for (bucket_type* each = front; each != nullptr; each = each->next()) {
      const tag_word theirs = tags_of(*each);
      for (slot_mask taken = theirs.occupied() & slot_mask::below(overflow_slots); taken; taken.drop_first()) {
        in_home.add_to_filter(theirs.tag(taken.first()));
      }
    }
    home_.set_tags(in_home);
  }

 private:
  void set_link(bucket_type* front) noexcept {
    home().slot(link_slot)->store(bucket_type::to_word(front), release);  // release: what the bucket holds
  }
  static void put_into(bucket_type& overflow, unsigned slot, const slot_value& element, tag_t tag) noexcept {
    tag_word tags = tags_of(overflow);
    home_type::put_into(overflow, tags, slot, element, tag);
  }
  template <class Same>
  [[nodiscard]] static place find_in(bucket_type& bucket, tag_t tag, const Same& same) {
    for (slot_mask candidates = tags_of(bucket).match(tag); candidates; candidates.drop_first()) {
      const place candidate{&bucket, candidates.first()};
      if (same(at(candidate))) return candidate;
    }
    return {};
  }
  // A hole that an element of the first overflow bucket could fill: in the home, or in a later overflow bucket.
  [[nodiscard]] place find_hole(bucket_type& front) const noexcept {
    if (const slot_mask holes = tags().free(link_slot)) return {&home(), holes.first()};
    for (bucket_type* each = front.next(); each != nullptr; each = each->next()) {
      if (const slot_mask holes = tags_of(*each).free(overflow_slots)) return {each, holes.first()};
    }
    return {};
  }
  void move(place from, place to) noexcept {
    const tag_t tag = tags_of(*from.where).tag(from.index);
    if (to.where == &home()) {
      home_.put(to.index, at(from), tag);
    } else {
      put_into(*to.where, to.index, at(from), tag);
    }
    vacate(from);
  }

  home_type home_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
