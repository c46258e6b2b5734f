// A chain whose home this thread has locked, and the changes that a writer makes to it. Readers may be inside all the
// time.
//
// Invariants, at rest
//   C1  a tag that is not 0 says that its slot holds an element with that tag; tags are unique per slot, keys per chain
//   C2  filter bits are those of the tags in overflow buckets, exactly
//   C3  there are overflow buckets only behind a home whose other slots are all taken, and only the first has holes
//   C4  a chain with overflow buckets holds at least one element more than its home has slots
// Readers rely on these
//   a tag is stored after its slot (release; readers load it with acquire)
//   slots that a reader may be looking at are overwritten, elements moved, and overflow buckets linked or unlinked only
//   while the state says `changing`; so a reader that found the state as it was has seen a chain at rest
// Not while changing: an element that leaves (its tag becomes 0), a value of one word or a node that is replaced, and,
// in nodes, an element that comes into a hole, which is there from the store of its tag on. An element may leave one
// slot and another come into it, or the same into another: so the leaving ends with a new version.
#ifndef EVAC_DETAIL_LOCKFREE_LOCKED_CHAIN_HPP
#define EVAC_DETAIL_LOCKFREE_LOCKED_CHAIN_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/atomic_bucket.hpp"
#include "evac/detail/lockfree/bucket_state.hpp"
#include "evac/detail/sync/parking.hpp"
#include "evac/detail/sync/protocol.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Storage>
class locked_chain {
 public:
  using layout = atomic_layout<Storage::slot_words>;
  using bucket_type = atomic_bucket<layout>;
  using slot_value = typename Storage::slot_value;

  static constexpr unsigned home_slots = layout::home_slots();
  static constexpr unsigned overflow_slots = layout::overflow_slots();
  static constexpr unsigned link_slot = home_slots - 1;

  /// Where an element is; `where` is null if it is nowhere.
  struct place {
    bucket_type* where = nullptr;
    unsigned index = 0;
  };

  /// Takes over a lock that the caller has got, by a compare-exchange from `state`.
  locked_chain(bucket_type& home, bucket_state state, parking& sleepers) noexcept
      : home_(home), state_(state.lock()), sleepers_(&sleepers) {}
  /// A chain that nobody else knows yet, so that there is no lock to take: it will be at rest in `state`.
  locked_chain(bucket_type& home, bucket_state state) noexcept : home_(home), state_(state.lock()) {}
  locked_chain(const locked_chain&) = delete;
  locked_chain& operator=(const locked_chain&) = delete;
  EVAC_ALWAYS_INLINE ~locked_chain() {
    if (!unlocked_) unlock(resting());
  }

  /// Unlocks as the parent of a split that is complete.
  void unlock_split(unsigned depth) noexcept { unlock(state_.end_split(depth)); }
  [[nodiscard]] bucket_state state() const noexcept { return state_; }
  [[nodiscard]] bucket_type& home() const noexcept { return home_; }

  // relaxed, here and below: only the thread that has the lock stores.
  [[nodiscard]] tag_word tags() const noexcept { return tags_of(home_); }
  [[nodiscard]] static tag_word tags_of(const bucket_type& bucket) noexcept {
    return tag_word(bucket.tags.load(relaxed));
  }
  [[nodiscard]] bucket_type* first_overflow() const noexcept { return first_overflow_of(home_); }
  [[nodiscard]] static bucket_type* first_overflow_of(const bucket_type& home) noexcept {
    return tags_of(home).any_overflow() ? bucket_type::from_word(home.slot(link_slot)->load(relaxed)) : nullptr;
  }

  /// The element for which same(slot_value) is true. Throws what that throws.
  template <class Same>
  [[nodiscard]] EVAC_ALWAYS_INLINE place find(tag_t tag, const Same& same) const {
    const tag_word in_home = tags();
    if (const place found = find_in(home_, in_home, tag, same); found.where != nullptr) return found;
    if (!in_home.may_overflow(tag)) [[likely]]
      return {};
    return find_in_overflow(tag, same);
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE static slot_value at(place found) noexcept {
    return Storage::load(found.where->slot(found.index));
  }

  /// Calls visit(place, tag) for every element.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for_each_of(home_, visit);
  }
  /// The same for a chain that nobody else can change.
  template <class Visit>
  static void for_each_of(bucket_type& home, const Visit& visit) {
    for_each_in(home, visit);
    for (bucket_type* each = first_overflow_of(home); each != nullptr; each = each->next()) for_each_in(*each, visit);
  }

  /// Whether insert() needs an overflow bucket.
  [[nodiscard]] bool needs_overflow() const noexcept {
    const tag_word in_home = tags();
    if (!in_home.any_overflow()) return !in_home.free(home_slots);
    return !tags_of(*first_overflow()).free(overflow_slots);
  }
  /// Adds an element whose key is not here. `fresh` is an empty overflow bucket if needs_overflow().
  void insert(const slot_value& element, tag_t tag, bucket_type* fresh) noexcept {
    tag_word in_home = tags();
    if (!in_home.any_overflow()) {
      if (const slot_mask holes = in_home.free(home_slots)) {
        if constexpr (Storage::may_tear) begin_change();
        put(home_, holes.first(), element, tag);
        return;
      }
      begin_change();
      const tag_t moved = in_home.tag(link_slot);
      put(*fresh, 0, Storage::load(home_.slot(link_slot)), moved);
      put(*fresh, 1, element, tag);
      in_home.vacate(link_slot);
      in_home.add_to_filter(moved);
      in_home.add_to_filter(tag);
      home_.slot(link_slot)->store(bucket_type::to_word(fresh), release);  // release: what the bucket holds
      set_tags(home_, in_home);
      return;
    }
    bucket_type* front = first_overflow();
    slot_mask holes = tags_of(*front).free(overflow_slots);
    if (!holes) {
      begin_change();
      fresh->set_next(front);
      front = fresh;
      holes = slot_mask::below(1);
      put(*front, 0, element, tag);
      home_.slot(link_slot)->store(bucket_type::to_word(front), release);  // release: what the bucket holds
      in_home.add_to_filter(tag);
      set_tags(home_, in_home);
    } else {
      if constexpr (Storage::may_tear) begin_change();
      // The filter first: an element is there from the store of its tag on, for look-ups as for copies.
      in_home.add_to_filter(tag);
      set_tags(home_, in_home);
      put(*front, holes.first(), element, tag);
    }
  }

  /// Replaces the value of an element, or in nodes the element by one with the same key.
  void replace(place found, const slot_value& element) noexcept {
    if constexpr (!Storage::value_is_a_word) begin_change();
    Storage::store_value(found.where->slot(found.index), element);
  }

  /// Removes an element. Calls give_back(bucket) for overflow buckets that are not needed any more. Moves two others at
  /// most.
  template <class GiveBack>
  void erase(place found, const GiveBack& give_back) noexcept {
    const bool chained = tags().any_overflow();
    if (chained) begin_change();
    tag_word left = tags_of(*found.where);
    left.vacate(found.index);
    set_tags(*found.where, left);
    // In slots, the thread that fills the hole changes the version.
    element_left_ = !Storage::may_tear && protocol::renews_version_of_losers();
    if (chained) restore_order(give_back);
  }

  /// Readers wait, and those that are inside begin again.
  void begin_change() noexcept {
    if (state_.changing()) return;
    state_ = state_.begin_change();
    if (!protocol::says_changing()) return;
    // release: split. This state tells the depth as well, and a plain store ends what the exchange of the thread that
    // stored the depth has released. (That slots and tags are stored after it, is said by their own release.)
    home_.state_or_next.store(state_.bits(), release);
  }

  EVAC_ALWAYS_INLINE static void put(bucket_type& to, unsigned index, const slot_value& element, tag_t tag) noexcept {
    tag_word tags = tags_of(to);
    tags.occupy(index, tag);
    if (!protocol::stores_slot_before_tag()) set_tags(to, tags);
    Storage::store(to.slot(index), element);
    set_tags(to, tags);
  }
  static void set_tags(bucket_type& of, tag_word tags) noexcept {
    of.tags.store(tags.bits(), release);  // release: the slots; and after the state has said that the bucket changes
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
        move({front, donors.first()}, {&home_, link_slot});
        give_back(front);
        front = nullptr;
      }
      break;
    }
    if (front != nullptr)
      home_.slot(link_slot)->store(bucket_type::to_word(front), release);  // release: as in insert()
    tag_word in_home = tags();
    in_home.clear_filter();
    for (bucket_type* each = front; each != nullptr; each = each->next()) {
      const tag_word theirs = tags_of(*each);
      for (slot_mask taken = theirs.occupied() & slot_mask::below(overflow_slots); taken; taken.drop_first()) {
        in_home.add_to_filter(theirs.tag(taken.first()));
      }
    }
    set_tags(home_, in_home);
  }

 private:
  template <class Same>
  [[nodiscard]] EVAC_NEVER_INLINE place find_in_overflow(tag_t tag, const Same& same) const {
    for (bucket_type* each = first_overflow(); each != nullptr; each = each->next()) {
      if (const place found = find_in(*each, tags_of(*each), tag, same); found.where != nullptr) return found;
    }
    return {};
  }
  template <class Same>
  [[nodiscard]] EVAC_ALWAYS_INLINE static place find_in(bucket_type& bucket, tag_word tags, tag_t tag,
                                                        const Same& same) {
    for (slot_mask candidates = tags.match(tag); candidates; candidates.drop_first()) {
      const place candidate{&bucket, candidates.first()};
      if (same(at(candidate))) return candidate;
    }
    return {};
  }
  template <class Visit>
  static void for_each_in(bucket_type& bucket, const Visit& visit) {
    const tag_word tags = tags_of(bucket);
    for (slot_mask taken = tags.occupied(); taken; taken.drop_first()) {
      visit(place{&bucket, taken.first()}, tags.tag(taken.first()));
    }
  }
  // A hole that an element of the first overflow bucket could fill: in the home, or in a later overflow bucket.
  [[nodiscard]] place find_hole(bucket_type& front) const noexcept {
    if (const slot_mask holes = tags().free(link_slot)) return {&home_, holes.first()};
    for (bucket_type* each = front.next(); each != nullptr; each = each->next()) {
      if (const slot_mask holes = tags_of(*each).free(overflow_slots)) return {each, holes.first()};
    }
    return {};
  }
  void move(place from, place to) noexcept {
    tag_word left = tags_of(*from.where);
    put(*to.where, to.index, at(from), left.tag(from.index));
    left.vacate(from.index);
    set_tags(*from.where, left);
  }
  [[nodiscard]] bucket_state resting() const noexcept {
    if (state_.changing()) return state_.end_change();
    return element_left_ ? state_.unlock_with_new_version() : state_.unlock();
  }
  void unlock(bucket_state next) noexcept {
    unlocked_ = true;
    if (sleepers_ == nullptr) {
      home_.state_or_next.store(next.bits(), relaxed);  // relaxed: the thread that makes the chain known releases
    } else {
      sleepers_->change(home_.state_or_next, next.bits());  // it releases: everything that was done under the lock
    }
  }

  bucket_type& home_;
  bucket_state state_;
  parking* sleepers_ = nullptr;
  bool element_left_ = false;
  bool unlocked_ = false;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
