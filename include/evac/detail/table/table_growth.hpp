// What the table of one owner is made of, and how it grows and shrinks: a few homes per insert, or all at once for
// reserve() and fit(). The picture and the invariants are in table.hpp.
#ifndef EVAC_DETAIL_TABLE_TABLE_GROWTH_HPP
#define EVAC_DETAIL_TABLE_TABLE_GROWTH_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/directory.hpp"
#include "evac/detail/geometry/segment_memory.hpp"
#include "evac/detail/table/evacuation.hpp"
#include "evac/detail/table/home_buckets.hpp"
#include "evac/detail/table/overflow_bound.hpp"
#include "evac/detail/table/pacing.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
class table_growth {
 public:
  using elements = typename Policy::elements;
  using key_type = typename Policy::key_type;
  using value_type = typename Policy::value_type;
  using hasher = typename Policy::hasher;
  using key_equal = typename Policy::key_equal;
  using allocator_type = typename Policy::allocator_type;
  using functors_type = typename Policy::functors_type;
  using functors_storage = typename Policy::functors_storage;
  using chains = chain<elements, allocator_type>;
  using evacuations = evacuation<elements, allocator_type>;
  using slot_ops = slot_access<elements, allocator_type>;
  using homes_type = home_buckets<elements, allocator_type, Policy::tracks_first_home>;

  table_growth(const table_growth&) = delete;
  table_growth& operator=(const table_growth&) = delete;

  [[nodiscard]] const hasher& hash_function() const noexcept { return functors_.get().hash; }
  [[nodiscard]] const key_equal& key_eq() const noexcept { return functors_.get().equal; }
  [[nodiscard]] allocator_type& allocator() noexcept { return functors_.get().allocator; }
  [[nodiscard]] const allocator_type& allocator() const noexcept { return functors_.get().allocator; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t home_count() const noexcept { return homes_.count(); }
  [[nodiscard]] const homes_type& homes() const noexcept { return homes_; }
  [[nodiscard]] const typename chains::pool& overflow() const noexcept { return overflow_; }
  [[nodiscard]] std::size_t elements_moved() const noexcept { return moves_; }
  [[nodiscard]] std::size_t growths() const noexcept { return homes_.openings(); }
  [[nodiscard]] static constexpr std::size_t max_size() noexcept {
    return static_cast<std::size_t>((std::numeric_limits<std::ptrdiff_t>::max)()) / (4 * chains::layout::home_bytes());
  }
  /// The same where an allocator may know a narrower limit.
  [[nodiscard]] static constexpr std::size_t max_size(const allocator_type& allocator) noexcept {
    return (std::min)(max_size(), static_cast<std::size_t>(std::allocator_traits<allocator_type>::max_size(allocator)));
  }
  [[nodiscard]] std::size_t slot_count() const noexcept {
    return homes_.count() * chains::layout::home_slots() + overflow_.in_use() * chains::layout::overflow_slots();
  }

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t hash_of(const K& key) const {
    return functors_.get().hash_of(key);
  }

  /// Room for `wanted` elements: until then no insert moves an element, nor allocates one but for nodes, given a hash that
  /// spreads. Asks for all memory before anything is touched; what cannot be had changes nothing. Strong guarantee but for
  /// hash exceptions, which leave a table that is larger than before. O(size + new homes).
  void reserve(std::size_t wanted) {
    if (wanted > max_size(allocator())) {
      throw_length_error("evac: reserve() or constructor asked for more than max_size()");
    }
    if (wanted == 0) return;
    const std::size_t target = homes_for(wanted, chains::layout::home_slots());
    grow_or_undo(target, overflow_to_promise(wanted, target));
    floor_ = (std::max)({floor_, target, homes_.count()});  // to shrink would move what must stay
    patience_ = 0;
    schedule();
  }
  /// Exactly `target` homes, or as many as the contents need; withdraws what reserve() promised and gives memory back.
  /// O(size + homes). Throws what the hash and the allocator throw; the table is whole then.
  void fit(const std::size_t wanted) {
    const std::size_t target = (std::max)(wanted, size_ == 0 ? 0 : homes_for(size_, chains::layout::home_slots()));
    if (target == 0) return release_memory();
    if (wanted > max_size(allocator())) throw_length_error("evac: rehash() asked for more than max_size()");
    grow_or_undo(target, 0);
    floor_ = 0;
    shrink_to(target);
    repack_overflow();
    homes_.trim_base(allocator(), overflow_, moves_);
    floor_ = (std::min)(wanted, homes_.count());
    schedule();
  }
  /// What reserve() has promised.
  [[nodiscard]] std::size_t promised_homes() const noexcept { return floor_; }
  /// Takes that back, and keeps the room until it is found to be too much.
  void withdraw_promise() noexcept {
    floor_ = 0;
    schedule();
  }
  /// Back to what there was before a reserve() or a fit(). Throws as fit().
  void restore_room(std::size_t homes, std::size_t promised) {
    fit(homes);
    floor_ = promised;
    schedule();
  }
  /// Evacuates up to `parents` parents of the running growth; returns how many. Throws what the hash and the allocator
  /// throw.
  std::size_t evacuate(std::size_t parents) {
    std::size_t done = 0;
    typename chains::context work{allocator(), overflow_, moves_};
    for (; done < parents && evacuating(); ++done) split_next(work);
    schedule();
    return done;
  }
  [[nodiscard]] bool evacuating() const noexcept { return homes_.count() != homes_.opened(); }

 protected:
  table_growth(const hasher& hash, const key_equal& equal, const allocator_type& allocator)
    requires functors_storage::owned
      : functors_(hash, equal, allocator) {}
  explicit table_growth(functors_type& shared) noexcept
    requires(!functors_storage::owned)
      : functors_(shared) {}
  ~table_growth() = default;

  EVAC_NEVER_INLINE void compact(bucket* head, slot_ref& watched) noexcept {
    typename chains::context work{allocator(), overflow_, moves_, std::addressof(watched)};
    chains::compact(head, work);
  }

  // One insert's share of a growth or a shrinking. The element is already in: if memory for a step is not to be had, or
  // a hash throws, the table stays whole, chains get longer, and the next insert tries again.
  EVAC_NEVER_INLINE void step(slot_ref& watched) noexcept {
    typename chains::context work{allocator(), overflow_, moves_, std::addressof(watched)};
    EVAC_TRY {
      if (size_ < shrink_at_) {
        shrink_step(work);
      } else if (size_ >= grow_threshold(homes_.count(), chains::layout::home_slots())) {
        split_next(work);
        for (std::size_t i = 1; i < parents_per_step && evacuating(); ++i) split_next(work);
        prefetch_next_parents();
      }
    }
    EVAC_CATCH_ALL {}
    schedule();
  }

  void schedule() noexcept {
    const std::size_t count = homes_.count();
    if (count > (std::max)(floor_, base_homes)) {
      const bool shrinking = patience_ >= patience_needed() && size_ < shrink_resume(count);
      shrink_at_ = shrinking ? shrink_resume(count) : shrink_threshold(count);
      if (!shrinking && size_ >= shrink_at_) patience_ = 0;
    } else {
      shrink_at_ = 0;
      patience_ = 0;
    }
    next_step_ = size_ < shrink_at_ ? 0 : grow_threshold(count, chains::layout::home_slots());
  }

  /// Gives all memory back. There are no elements, or none that want to be destroyed.
  void release_memory() noexcept {
    homes_.release(allocator());
    overflow_.release(allocator());
    size_ = 0;
    floor_ = 0;
    schedule();
  }

 private:
  [[nodiscard]] std::uint32_t patience_needed() const noexcept {
    return static_cast<std::uint32_t>(
        std::min<std::size_t>(homes_.count(), (std::numeric_limits<std::uint32_t>::max)()));
  }

  // A map that is cleared and filled again should not lose its buckets in between: shrinking begins only after as many
  // inserts as there are homes found it oversized.
  void shrink_step(typename chains::context& work) {
    const std::size_t lowest = (std::max)(floor_, base_homes);
    if (patience_ < patience_needed()) {
      ++patience_;
      return;
    }
    for (std::size_t i = 0; i < merges_per_step && homes_.count() > lowest; ++i) merge_last(work);
    patience_ = (std::max)(patience_, patience_needed());
    overflow_.release_one_if_idle(allocator());
  }

  void split_next(typename chains::context& work, typename homes_type::ahead* got = nullptr) {
    if (!evacuating()) homes_.open_next(allocator(), work, got);
    const std::size_t child = homes_.count();
    const std::size_t bit = child_bit(child);
    const auto leaves = [&](const value_type& stored) { return (hash_of(elements::key(stored)) & bit) != 0; };
    const std::size_t parent = parent_of(child);
    bucket* const from = homes_.at(parent);
    bucket* const to = homes_.next_home();
    evacuations::split(from, to, leaves, work);
    homes_.add_home();
    if (!to->tags.empty()) homes_.note_filled(child);
    homes_.note_emptied_if(parent, from->tags.empty());
  }

  // Fetches what the next two steps will touch: the buckets of the one after the next, and, now that the buckets of the
  // next are here, what hangs on them. Parents are taken in order, but steps are several inserts apart.
  void prefetch_next_parents() const noexcept {
    const std::size_t parents = homes_.opened() / 2;
    const std::size_t next = homes_.count() - parents;
    if (!evacuating() || parents - next < 2 * parents_per_step) return;
    for (std::size_t i = 0; i < parents_per_step; ++i) {
      prefetch_for_write(homes_.at(next + i)->overflow);
      prefetch_bucket(homes_.at(next + parents_per_step + i));
      prefetch_bucket(homes_.at(homes_.count() + parents_per_step + i));
    }
  }
  static void prefetch_bucket(const bucket* where) noexcept {
    constexpr std::size_t most = 256;
    for (std::size_t at = 0; at < (std::min)(chains::layout::home_bytes(), most); at += cache_line) {
      prefetch_for_write(reinterpret_cast<const std::byte*>(where) + at);
    }
  }

  void merge_last(typename chains::context& work) {
    // A split that threw can leave a segment opened and unused; it goes before a home of the half below does.
    if (homes_.count() == homes_.opened() / 2) homes_.close_emptied(allocator());
    const std::size_t child = homes_.count() - 1;
    const std::size_t parent = parent_of(child);
    evacuations::merge(homes_.at(parent), homes_.at(child), work);
    if (!homes_.at(parent)->tags.empty()) homes_.note_filled(parent);
    homes_.remove_home();
    homes_.close_emptied(allocator());
  }

  // Overflow buckets that reserve(wanted) has to get. What an earlier promise of as much got counts as far as it is used.
  [[nodiscard]] std::size_t overflow_to_promise(std::size_t wanted, std::size_t target) const {
    if (wanted <= size_) return 0;
    const std::size_t homes = (std::max)(target, homes_.count());
    const std::size_t most =
        overflow_bound(wanted, homes, chains::layout::home_slots(), chains::layout::overflow_slots());
    const std::size_t used = floor_ >= target ? overflow_.in_use() : 0;
    return (std::min)(most - (std::min)(most, used), wanted - size_);
  }

  // Nothing is touched before all segments and overflow buckets are there. If a hash or the memory for less fails on the
  // way, the homes that were made are merged back.
  void grow_or_undo(std::size_t target, std::size_t overflow_buckets) {
    const std::size_t before = homes_.count();
    typename homes_type::ahead got(allocator());
    got.get(homes_.opened(), target);
    overflow_.provide(allocator(), overflow_buckets);
    if (before != 0) homes_.get_blocks(allocator(), target);
    EVAC_TRY { grow_to(target, got); }
    EVAC_CATCH_ALL {
      EVAC_TRY {
        if (before != 0) shrink_to(before);
      }
      EVAC_CATCH_ALL {
        // No memory for an overflow bucket: the table keeps some of the new homes, and is whole.
      }
      if (before == 0) release_memory();
      schedule();
      EVAC_RETHROW;
    }
  }

  void grow_to(std::size_t target, typename homes_type::ahead& got) {
    if (homes_.count() == 0) return homes_.open_all(allocator(), target, got);
    typename chains::context work{allocator(), overflow_, moves_};
    while (homes_.count() < target) split_next(work, std::addressof(got));
  }

  void shrink_to(std::size_t target) {
    typename chains::context work{allocator(), overflow_, moves_};
    while (homes_.count() > target) merge_last(work);
  }

  // Puts all overflow elements into one new slab of just their size, so that the old slabs can go.
  void repack_overflow() {
    typename chains::pool dense;
    std::size_t needed = 0;
    for (std::size_t home = 0; home < homes_.count(); ++home) {
      const bucket* const overflow = homes_.at(home)->overflow;
      if (overflow != nullptr) needed += chains::overflow_for(chains::count(overflow));
    }
    if (needed != 0) dense.provide(allocator(), needed);
    typename chains::context work{allocator(), dense, moves_};
    for (std::size_t home = 0; home < homes_.count(); ++home) {
      bucket* const head = homes_.at(home);
      bucket* old = std::exchange(head->overflow, nullptr);
      head->tags.clear_filter();
      for (; old != nullptr; old = old->overflow) {
        for (slot_mask taken = old->tags.occupied(); taken; taken.drop_first()) {
          chains::append(head, {old, taken.first()}, old->tags.tag(taken.first()), work);
        }
      }
    }
    overflow_.release(allocator());
    overflow_ = dense;
  }

 protected:
  // In two cache lines where the table is one of many with a lock behind it: what a look-up reads and only growing and
  // shrinking write, then what every insert and erase writes.
  homes_type homes_;
  std::size_t floor_ = 0;  // homes promised by reserve()
  std::size_t moves_ = 0;

  typename Policy::template cell<std::size_t> size_{0};
  std::size_t next_step_ = 0;  // the size at which the next insert has work to do
  std::size_t shrink_at_ = 0;  // below this size the table is oversized
  typename chains::pool overflow_;
  [[no_unique_address]] functors_storage functors_;
  std::uint32_t patience_ = 0;  // inserts that found the table oversized; last, where a lock finds room behind it
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
