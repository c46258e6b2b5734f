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
//
// Which elements of a home leave is as good as tossed for, so that a branch could not be predicted: there is none.
#ifndef EVAC_DETAIL_LOCKFREE_SPLIT_HPP
#define EVAC_DETAIL_LOCKFREE_SPLIT_HPP

#include <cstddef>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/sync/protocol.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Storage, class Allocator>
class child_split {
  using root_type = sync_root<Storage, Allocator>;
  using chain_type = typename root_type::chain_type;
  using home_type = typename root_type::home_type;
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
    look_which_leave(functors, parent, depth);
    const std::size_t leaving = leaving_home_.count() + leaving_rest_.size();
    bucket_type& child_home = *root_.at(child);
    take_overflow_for(child_home, leaving);

    parent.begin_change();
    fill(*bucket_type::create_home(&child_home), bucket_state::resting_at(depth + 1), parent, leaving);
    if (!protocol::clears_tags_before_publishing()) parent.unlock_split(depth + 1);
    parent.vacate_home(leaving_home_);
    for (const place& each : leaving_rest_) parent.vacate(each);
    if (parent.tags().any_overflow())
      parent.restore_order([&](bucket_type* emptied) { root_.give_back(parent.home(), emptied); });
    if (protocol::clears_tags_before_publishing()) parent.unlock_split(depth + 1);
    return leaving;
  }

 private:
  template <class Functors>
  void look_which_leave(const Functors& functors, const chain_type& parent, unsigned depth) {
    const auto leaves = [&](place at) { return ((Storage::hash_of(functors, chain_type::at(at)) >> depth) & 1U) != 0; };
    leaving_home_ = slot_mask(0);
    leaving_rest_.clear();
    chain_type::for_each_in(parent.home(), [&](place at, tag_t) { leaving_home_.add_if(at.index, leaves(at)); });
    for (bucket_type* each = parent.first_overflow(); each != nullptr; each = each->next()) {
      chain_type::for_each_in(*each, [&](place at, tag_t) {
        if (leaves(at)) leaving_rest_.push_back(at);
      });
    }
  }
  template <class Visit>
  void for_each_leaving(const chain_type& parent, const Visit& visit) const {
    for (slot_mask left = leaving_home_; left; left.drop_first())
      visit(chain_type::at({&parent.home(), left.first()}), parent.tags().tag(left.first()));
    for (const place& each : leaving_rest_)
      visit(chain_type::at(each), chain_type::tags_of(*each.where).tag(each.index));
  }
  // Copies those that leave to the child, which is at rest then.
  void fill(bucket_type& child, bucket_state resting, const chain_type& parent, std::size_t leaving) noexcept {
    if (leaving <= chain_type::home_slots) [[likely]] {
      home_type home(child, resting);
      unsigned slot = 0;
      for_each_leaving(parent, [&](const auto& element, tag_t tag) { home.put(slot++, element, tag); });
    } else {
      chain_type chain(child, resting);
      for_each_leaving(parent, [&](const auto& element, tag_t tag) {
        chain.insert(element, tag, chain.needs_overflow() ? next_overflow() : nullptr);
      });
    }
  }
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
  slot_mask leaving_home_{0};        // of the home's elements
  std::vector<place> leaving_rest_;  // of those in overflow buckets
  std::vector<bucket_type*> overflow_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
