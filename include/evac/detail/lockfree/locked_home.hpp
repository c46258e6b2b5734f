// A home whose lock this thread has: its words are written here only, in the order that readers rely on. Readers may be
// inside all the time.
//
//   a tag is stored after its slot (release; readers load it with acquire)
//   slots that a reader may be looking at are overwritten, elements moved, and overflow buckets linked or unlinked only
//   while the state says `changing`; so a reader that found the state as it was has seen a chain at rest
//
// Not while changing: an element that leaves (its tag becomes 0), a value of one word or a node that is replaced, and,
// in nodes, an element that comes into a hole, which is there from the store of its tag on. An element may leave one
// slot and another come into it, or the same into another: so the leaving ends with a new version. In slots, the thread
// that fills the hole changes the version.
//
// So where a home is found in the same state again, with the same tags, each slot has the same key as before.
#ifndef EVAC_DETAIL_LOCKFREE_LOCKED_HOME_HPP
#define EVAC_DETAIL_LOCKFREE_LOCKED_HOME_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/atomic_bucket.hpp"
#include "evac/detail/lockfree/bucket_state.hpp"
#include "evac/detail/sync/parking.hpp"
#include "evac/detail/sync/protocol.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The condition of a change that has none.
struct always {
  template <class Element>
  [[nodiscard]] constexpr bool operator()(const Element&) const noexcept {
    return true;
  }
};

template <class Storage>
class locked_home {
 public:
  using layout = atomic_layout<Storage::slot_words>;
  using bucket_type = atomic_bucket<layout>;
  using slot_value = typename Storage::slot_value;

  static constexpr unsigned slot_count = layout::home_slots();
  static constexpr unsigned link_slot = slot_count - 1;

  /// Where an element is; `where` is null if it is nowhere.
  struct place {
    bucket_type* where = nullptr;
    unsigned index = 0;
  };

  /// Locks a home that is at rest in a state in which it was seen, but for the lock; false if it is not.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool try_lock(bucket_type& home, bucket_state seen) noexcept {
    std::uint64_t bits = seen.at_rest().bits();
    // acquire: handover
    return home.state_or_next.compare_exchange_weak(bits, seen.at_rest().lock().bits(), acquire, relaxed);
  }
  /// The same if it has the same tags, too: then each slot has the same key as when it was seen.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool try_lock_as_seen(bucket_type& home, bucket_state seen, tag_word tags,
                                                                parking& sleepers) noexcept {
    if (!try_lock(home, seen)) [[unlikely]]
      return false;
    if (tags_of(home) == tags || !protocol::compares_tags()) [[likely]]
      return true;
    return unlock_unchanged(home, seen, sleepers);
  }

  /// Takes over a lock that the caller has got in one of these ways. `tags` are those of the home.
  EVAC_ALWAYS_INLINE locked_home(bucket_type& home, bucket_state seen, tag_word tags, parking& sleepers) noexcept
      : home_(home), state_(seen.at_rest().lock()), tags_(tags), sleepers_(&sleepers) {}
  /// A home that nobody else knows yet, so that there is no lock to take: it will be at rest in `state`.
  locked_home(bucket_type& home, bucket_state state) noexcept
      : home_(home), state_(state.lock()), tags_(tags_of(home)) {}
  locked_home(const locked_home&) = delete;
  locked_home& operator=(const locked_home&) = delete;
  EVAC_ALWAYS_INLINE ~locked_home() {
    if (!unlocked_) unlock(resting());
  }
  /// Unlocks as the parent of a split that is complete.
  void unlock_split(unsigned depth) noexcept { unlock(state_.end_split(depth)); }

  [[nodiscard]] bucket_type& bucket() const noexcept { return home_; }
  [[nodiscard]] bucket_state state() const noexcept { return state_; }
  [[nodiscard]] tag_word tags() const noexcept { return tags_; }
  // relaxed: only the thread that has the lock stores.
  [[nodiscard]] EVAC_ALWAYS_INLINE static tag_word tags_of(const bucket_type& bucket) noexcept {
    return tag_word(bucket.tags.load(relaxed));
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE static slot_value at(place found) noexcept {
    return Storage::load(found.where->slot(found.index));
  }

  /// Whether a home with these tags has no overflow buckets, and a free slot.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool has_room(tag_word tags) noexcept {
    return !tags.any_overflow() && tags.free(slot_count);
  }

  // --- changes -------------------------------------------------------------------------------------------------------

  /// Adds an element to a home that has room.
  EVAC_ALWAYS_INLINE void insert(const slot_value& element, tag_t tag) noexcept {
    if constexpr (Storage::may_tear) begin_change();
    put(tags_.free(slot_count).first(), element, tag);
  }
  /// Replaces the value of an element, or in nodes the element by one with the same key.
  EVAC_ALWAYS_INLINE void replace(place found, const slot_value& element) noexcept {
    if constexpr (!Storage::value_is_a_word) begin_change();
    Storage::store_value(found.where->slot(found.index), element);
  }
  /// Removes an element of a home without overflow buckets.
  EVAC_ALWAYS_INLINE void erase(place found) noexcept {
    vacate(found.index);
    note_loss();
  }

  // --- parts of changes ----------------------------------------------------------------------------------------------

  /// Readers wait, and those that are inside begin again.
  EVAC_ALWAYS_INLINE void begin_change() noexcept {
    if (state_.changing()) return;
    state_ = state_.begin_change();
    if (!protocol::says_changing()) return;
    // release: split. This state tells the depth as well, and a plain store ends what the exchange of the thread that
    // stored the depth has released. (That slots and tags are stored after it, is said by their own release.)
    home_.state_or_next.store(state_.bits(), release);
  }
  EVAC_ALWAYS_INLINE void put(unsigned slot, const slot_value& element, tag_t tag) noexcept {
    put_into(home_, tags_, slot, element, tag);
  }
  /// The same in another bucket of the chain, which has these tags.
  EVAC_ALWAYS_INLINE static void put_into(bucket_type& to, tag_word& tags, unsigned slot, const slot_value& element,
                                          tag_t tag) noexcept {
    tags.occupy(slot, tag);
    if (!protocol::stores_slot_before_tag()) set_tags(to, tags);
    Storage::store(to.slot(slot), element);
    set_tags(to, tags);
  }
  EVAC_ALWAYS_INLINE void vacate(unsigned slot) noexcept {
    tags_.vacate(slot);
    set_tags(home_, tags_);
  }
  void vacate(slot_mask which) noexcept {
    tags_.vacate(which);
    set_tags(home_, tags_);
  }
  EVAC_ALWAYS_INLINE static void set_tags(bucket_type& of, tag_word tags) noexcept {
    of.tags.store(tags.bits(), release);  // release: the slots; and after the state has said that the bucket changes
  }
  void set_tags(tag_word tags) noexcept {
    tags_ = tags;
    set_tags(home_, tags_);
  }
  /// An element has left the chain for good.
  EVAC_ALWAYS_INLINE void note_loss() noexcept {
    element_left_ = !Storage::may_tear && protocol::renews_version_of_losers();
  }

 private:
  EVAC_NEVER_INLINE static bool unlock_unchanged(bucket_type& home, bucket_state seen, parking& sleepers) noexcept {
    const locked_home unlocks(home, seen, tags_of(home), sleepers);
    return false;
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE bucket_state resting() const noexcept {
    if (state_.changing()) return state_.end_change();
    return element_left_ ? state_.unlock_with_new_version() : state_.unlock();
  }
  EVAC_ALWAYS_INLINE void unlock(bucket_state next) noexcept {
    unlocked_ = true;
    if (sleepers_ == nullptr) {
      home_.state_or_next.store(next.bits(), relaxed);  // relaxed: the thread that makes the chain known releases
    } else {
      sleepers_->change(home_.state_or_next, next.bits());  // it releases: everything that was done under the lock
    }
  }

  bucket_type& home_;
  bucket_state state_;
  tag_word tags_;
  parking* sleepers_ = nullptr;
  bool element_left_ = false;
  bool unlocked_ = false;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
