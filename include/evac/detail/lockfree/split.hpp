// Splitting a child off its parent, while others read and write both.
//
//   parent, locked                            child, known to nobody
//   1  look which elements leave              (hashes may throw: nothing has changed yet)
//   2  take overflow buckets for the child    (no memory: nothing has changed yet)
//   3  state: changing                        4  elements are copied, the bucket is at rest at the new depth
//   5  tags of those that left become 0
//   6  state: at rest, one deeper: this publishes the child, and tells readers of the parent to look again
//
// The child comes into being after the tags are cleared and before anybody can write to it: else a writer could erase
// in the child what a reader still finds in the parent. A thread that finds the parent's new depth finds everything
// else done.
#ifndef EVAC_DETAIL_LOCKFREE_SPLIT_HPP
#define EVAC_DETAIL_LOCKFREE_SPLIT_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/sync/protocol.hpp"

namespace evac::inline EVAC_ABI::detail {

/// A list of bits, of which the first 64 need no memory.
class bit_list {
 public:
  void clear() noexcept {
    size_ = 0;
    first_ = 0;
    rest_.clear();
  }
  void append(bool bit) {
    if (size_ >= 64) {
      rest_.push_back(bit);
    } else if (bit) {
      first_ |= std::uint64_t{1} << size_;
    }
    ++size_;
  }
  [[nodiscard]] bool operator[](std::size_t index) const noexcept {
    return index < 64 ? ((first_ >> index) & 1U) != 0 : rest_[index - 64];
  }

 private:
  std::size_t size_ = 0;
  std::uint64_t first_ = 0;
  std::vector<bool> rest_;
};

template <class Storage, class Allocator>
class child_split {
  using root_type = sync_root<Storage, Allocator>;
  using chain_type = typename root_type::chain_type;
  using bucket_type = typename root_type::bucket_type;
  using place = typename chain_type::place;

 public:
  child_split(root_type& root, epoch_record& own, epoch_core& core) noexcept : root_(root), own_(own), core_(core) {}

  /// Splits a child off if that has not been done. Moves each element that leaves once, and what fills the holes.
  /// Returns how many left. Throws what hashes throw, and std::bad_alloc; nothing has changed then.
  template <class Functors>
  std::size_t run(const Functors& functors, std::size_t child) {
    const unsigned depth = depth_before(child);
    // The parent is where a hash of the child's index would have gone before.
    const auto locked = root_.lock_home(own_, core_, child);
    chain_type parent(*locked.home, locked.state, core_.sleepers());
    const std::size_t parent_index = parent_of(child);
    if (&parent.home() != root_.at(parent_index)) return 0;  // that was the child: another thread has helped
    if (root_.depth_of(parent.state(), parent_index) != depth) return 0;
    std::size_t leaving_count = 0;
    leaves_.clear();
    parent.for_each([&](place at, tag_t) {
      const bool leaves = ((Storage::hash_of(functors, chain_type::at(at)) >> depth) & 1U) != 0;
      leaves_.append(leaves);
      if (leaves) ++leaving_count;
    });
    bucket_type& child_home = *root_.at(child);
    take_overflow_for(child_home, leaving_count);

    parent.begin_change();
    bucket_type* const home = bucket_type::create_home(&child_home);
    {
      chain_type fed(*home, bucket_state::resting_at(depth + 1));
      std::size_t element = 0;
      parent.for_each([&](place at, tag_t tag) {
        if (!leaves_[element++]) return;
        fed.insert(chain_type::at(at), tag, fed.needs_overflow() ? next_overflow() : nullptr);
      });
    }
    if (!protocol::clears_tags_before_publishing()) parent.unlock_split(depth + 1);
    std::size_t element = 0;
    parent.for_each([&](place at, tag_t) {
      if (leaves_[element++]) parent.vacate(at);
    });
    if (parent.tags().any_overflow())
      parent.restore_order([&](bucket_type* emptied) { root_.give_back(parent.home(), emptied); });
    if (protocol::clears_tags_before_publishing()) parent.unlock_split(depth + 1);
    return leaving_count;
  }

 private:
  // As many as the child's chain will want, one more for each bucket that is full.
  void take_overflow_for(const bucket_type& home, std::size_t elements) {
    if (elements <= chain_type::home_slots) return;
    const std::size_t beyond = elements - (chain_type::home_slots - 1);
    const std::size_t wanted = (beyond + chain_type::overflow_slots - 1) / chain_type::overflow_slots;
    overflow_.reserve(wanted);
    EVAC_TRY {
      while (overflow_.size() < wanted) overflow_.push_back(root_.take_overflow(home));
    }
    EVAC_CATCH_ALL {
      while (!overflow_.empty()) root_.give_back(home, next_overflow());
      EVAC_RETHROW;
    }
  }
  [[nodiscard]] bucket_type* next_overflow() noexcept {
    bucket_type* const next = overflow_.back();
    overflow_.pop_back();
    return next;
  }

  root_type& root_;
  epoch_record& own_;
  epoch_core& core_;
  bit_list leaves_;  // in the order of for_each()
  std::vector<bucket_type*> overflow_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
