// Reading a chain while others write it: to find a key, or to copy the whole. Readers store nothing.
//
//   1  state              (wait while it says `changing`; go on to the child if it is deeper than expected)
//   2  tags, slots, links
//   3  state again        the same as in 1, but for the lock: what was seen in between was the chain at rest
//
// Everything needs 3. Words of a slot may belong to two elements; a key that was not found may have been moved past the
// reader; and a slot may have been emptied and filled again, so that what it holds now is not in the table yet: its tag
// is still to be stored. A link, and what may be one, is followed only after 3: then it was one, and overflow buckets
// stay what they are as long as their root.
#ifndef EVAC_DETAIL_LOCKFREE_CHAIN_READER_HPP
#define EVAC_DETAIL_LOCKFREE_CHAIN_READER_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/sync/backoff.hpp"
#include "evac/detail/sync/protocol.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Storage, class Allocator>
class chain_reader {
  using root_type = sync_root<Storage, Allocator>;
  using chain_type = typename root_type::chain_type;
  using bucket_type = typename root_type::bucket_type;
  using slot_value = typename Storage::slot_value;

 public:
  /// The result of one look at a bucket. `changed`: look again, it was written meanwhile; `elsewhere`: its home is
  /// another bucket; `behind`: it may be in an overflow bucket.
  enum class outcome { absent, found, changed, elsewhere, behind };

  /// The result of one look at a home, of a bucket at rest.
  struct sight {
    bucket_type* home;
    bucket_state state{0};
    tag_word tags;
    tag_t tag;      // of the hash
    unsigned slot;  // of the element that was found
    slot_value element;

    [[nodiscard]] EVAC_ALWAYS_INLINE typename chain_type::place where() const noexcept { return {home, slot}; }
  };

  chain_reader(const root_type& root, epoch_record& own) noexcept : root_(root), own_(own) {}

  /// Calls on_hit(slot_value) for the element of this hash for which same(slot_value) is true; returns whether there is
  /// one. Lock-free but for writers that are changing this very bucket. Throws what same and on_hit throw.
  template <class Same, class OnHit>
  bool find(std::size_t hash, Same same, const OnHit& on_hit) {
    std::size_t index = root_.home_of(hash);
    for (int waits = 0;;) {
      sight seen;
      const outcome result = search<true>(root_, index, hash, same, seen);
      if (result == outcome::absent) return false;
      if (result == outcome::found) {
        on_hit(seen.element);
        return true;
      }
      if (result == outcome::changed) wait(waits++);
    }
  }
  /// The same with one look at the home, without its overflow buckets: `seen` is told if the outcome is `absent`,
  /// `found` or `behind`.
  template <class Same>
  EVAC_ALWAYS_INLINE static outcome look(const root_type& root, std::size_t hash, Same same, sight& seen) {
    std::size_t index = root.home_of(hash);
    return search<false>(root, index, hash, same, seen);
  }

  /// Goes on where look() found that the element may be behind its home, in the state that it had then.
  template <class Same, class OnHit>
  bool find_behind(const bucket_type& home, bucket_state state, std::size_t hash, Same same, const OnHit& on_hit) {
    slot_value element;
    const outcome result = search_overflow(home, state, tag_of(hash), same, element);
    if (result == outcome::changed) return find(hash, same, on_hit);
    if (result == outcome::found) on_hit(element);
    return result == outcome::found;
  }

  /// Copies the chain of a bucket, as it was at one moment, to `to`, and returns how deep it was then. Throws
  /// std::bad_alloc.
  unsigned copy(std::size_t index, std::vector<slot_value>& to) {
    for (int waits = 0;; wait(waits++)) {
      const bucket_type& bucket = *root_.at(index);
      // acquire: split, and what the last writer has stored
      const bucket_state state(bucket.state_or_next.load(acquire));
      to.clear();
      if (!state.changing() && copy_chain(bucket, state, to) && unchanged(bucket, state))
        return root_.depth_of(state, index);
    }
  }

  /// The same with the home of a hash: which bucket that was, and how deep.
  struct copied_home {
    std::size_t index;
    unsigned depth;
  };
  [[nodiscard]] copied_home copy_home_of(std::size_t hash, std::vector<slot_value>& to) {
    for (std::size_t index = root_.home_of(hash);;) {
      const unsigned depth = copy(index, to);
      const std::size_t reached = hash & ((std::size_t{1} << depth) - 1);
      if (reached == index) return {index, depth};
      // It has been split meanwhile: on to the first child on the way.
      index = hash & ((std::size_t{2} << static_cast<unsigned>(std::countr_zero(reached ^ index))) - 1);
    }
  }

  /// Fetches the memory that a look-up of this hash will read.
  EVAC_ALWAYS_INLINE void prefetch(std::size_t hash) const noexcept {
    const bucket_type& bucket = *root_.at(root_.home_of(hash));
    prefetch_for_read(&bucket);
    prefetch_rest(bucket);
  }
  /// Fetches the node that a look-up will read, if the bucket shows one; its memory should have been prefetched.
  EVAC_ALWAYS_INLINE void prefetch_node(std::size_t hash) const noexcept {
    const bucket_type& bucket = *root_.at(root_.home_of(hash));
    // relaxed, both: a guess
    const tag_word tags(bucket.tags.load(relaxed));
    const slot_mask candidates = tags.match(tag_of(hash));
    if (candidates) Storage::prefetch(Storage::load(bucket.slot(candidates.first())));
  }

 private:
  // The second line of a bucket, which would be asked for only when the tags of the first are there.
  EVAC_ALWAYS_INLINE static void prefetch_rest(const bucket_type& bucket) noexcept {
    if constexpr (chain_type::layout::home_bytes() > cache_line) {
      prefetch_for_read(reinterpret_cast<const std::byte*>(&bucket) + cache_line);
    }
  }
  EVAC_ALWAYS_INLINE static bool unchanged(const bucket_type& bucket, bucket_state state) noexcept {
    // relaxed: the loads before it acquire, so that it comes after them
    return !protocol::validates_what_it_read() || bucket_state(bucket.state_or_next.load(relaxed)).same_contents(state);
  }

  // One look at a bucket; `changed` or `elsewhere` if there must be another, at the index that is left. Without
  // FollowOverflow, at its home only.
  template <bool FollowOverflow, class Same>
  EVAC_ALWAYS_INLINE static outcome search(const root_type& root, std::size_t& index, std::size_t hash, Same same,
                                           sight& seen) {
    bucket_type& home = *root.at(index);
    prefetch_rest(home);
    const bucket_state state(home.state_or_next.load(acquire));  // acquire: split, and what the last writer has stored
    if (!root_type::is_home(index, state, hash)) [[unlikely]] {
      if (FollowOverflow) index = root.descend(index, state, hash);
      return outcome::elsewhere;
    }
    if (state.changing()) [[unlikely]]
      return outcome::changed;
    const tag_word tags(home.tags.load(acquire));  // acquire: the slots of these tags
    seen.home = &home;
    seen.state = state;
    seen.tags = tags;
    const wanted_top_byte tag(hash);
    seen.tag = tag.byte();
    for (slot_mask candidates = tags.match(tag); candidates; candidates.drop_first()) {
      seen.slot = candidates.first();
      seen.element = Storage::load(home.slot(seen.slot));
      if (!unchanged(home, state)) return outcome::changed;
      if (same(seen.element)) return outcome::found;
    }
    if (tags.may_overflow_for(hash)) [[unlikely]] {
      return FollowOverflow ? search_overflow(home, state, tag_of(hash), same, seen.element) : outcome::behind;
    }
    return unchanged(home, state) ? outcome::absent : outcome::changed;
  }
  template <class Same>
  EVAC_NEVER_INLINE static outcome search_overflow(const bucket_type& home, bucket_state state, tag_t tag, Same same,
                                                   slot_value& copy) {
    std::uint64_t link = home.slot(chain_type::link_slot)->load(acquire);  // acquire: the words of the bucket
    while (link != 0) {
      if (!unchanged(home, state)) return outcome::changed;
      const bucket_type& bucket = *bucket_type::from_word(link);
      const tag_word tags(bucket.tags.load(acquire));  // acquire: the slots of these tags
      for (slot_mask candidates = tags.match(tag); candidates; candidates.drop_first()) {
        copy = Storage::load(bucket.slot(candidates.first()));
        if (!unchanged(home, state)) return outcome::changed;
        if (same(copy)) return outcome::found;
      }
      link = bucket.state_or_next.load(acquire);  // acquire: the words of the next bucket
    }
    return unchanged(home, state) ? outcome::absent : outcome::changed;
  }

  static bool copy_chain(const bucket_type& home, bucket_state state, std::vector<slot_value>& to) {
    const tag_word tags(home.tags.load(acquire));  // acquire: the slots of these tags
    for (slot_mask taken = tags.occupied(); taken; taken.drop_first())
      to.push_back(Storage::load(home.slot(taken.first())));
    if (!tags.any_overflow()) return true;
    std::uint64_t link = home.slot(chain_type::link_slot)->load(acquire);  // acquire: the words of the bucket
    while (link != 0) {
      if (!unchanged(home, state)) return false;
      const bucket_type& bucket = *bucket_type::from_word(link);
      const tag_word theirs(bucket.tags.load(acquire));  // acquire: the slots of these tags
      for (slot_mask taken = theirs.occupied(); taken; taken.drop_first()) {
        to.push_back(Storage::load(bucket.slot(taken.first())));
      }
      link = bucket.state_or_next.load(acquire);  // acquire: the words of the next bucket
    }
    return true;
  }

  // A writer is inside a few stores, or was in between: it will be over soon, unless that thread has lost its
  // processor.
  static constexpr backoff patience{.pauses = 64, .yields = 192};
  EVAC_NEVER_INLINE void wait(int waits) noexcept {
    ++own_.retries;
    patience.wait(waits);
  }

  const root_type& root_;
  epoch_record& own_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
