// The table of one owner: homes in doubling segments, split in order as elements arrive.
//
//   home index   0 ............ frontier ............ 2^d ............ 2^d + frontier
//                |  evacuated   |  not yet evacuated  |  children fed  |  (untouched memory)
//
//   home of a hash = hash & (2^(d+1) - 1) if that bucket exists, else hash & (2^d - 1)
//
// A look-up computes its bucket from two numbers, so a growth in progress costs it nothing. Invariants (validate()):
//   T1  every element lies in the chain of its home          T2  size is the number of elements
//   T3  homes lies in (mask/2, mask + 1]                     T4  no element lies in a home below first_home
//   T5  the pool counts as many overflow buckets as there are in chains
#ifndef EVAC_DETAIL_TABLE_TABLE_HPP
#define EVAC_DETAIL_TABLE_TABLE_HPP

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
#include "evac/detail/table/pacing.hpp"

namespace evac::detail {

/// Where an element is; where is null for "nowhere", which is also the end.
struct position : slot_ref {
  std::size_t home = 0;
};

/// No element lies in a home below this one. Known only where somebody asks for the first element again and again.
template <bool Tracked>
class first_home_bound {
 public:
  [[nodiscard]] std::size_t get() const noexcept { return home_; }
  void lower_to(std::size_t home) noexcept { home_ = std::min(home_, home); }
  void raise_to(std::size_t home) noexcept { home_ = home; }
  /// Whether a home is so close behind that emptying it may raise the bound.
  [[nodiscard]] bool is_just_below(std::size_t home) const noexcept { return home - home_ < 4096; }

 private:
  std::size_t home_ = 0;
};
template <>
class first_home_bound<false> {
 public:
  [[nodiscard]] static constexpr std::size_t get() noexcept { return 0; }
  void lower_to(std::size_t) noexcept {}
  void raise_to(std::size_t) noexcept {}
  [[nodiscard]] static constexpr bool is_just_below(std::size_t) noexcept { return false; }
};

template <class Policy>
class table {
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
  using slots = slot_access<elements, allocator_type>;

  table(const hasher& hash, const key_equal& equal, const allocator_type& allocator)
    requires functors_storage::owned
      : functors_(hash, equal, allocator) {}
  /// One of many tables with common functors, which must outlive it.
  explicit table(functors_type& shared) noexcept
    requires(!functors_storage::owned)
      : functors_(shared) {}
  /// Copies the functors, so that other stays usable, and takes the elements. O(1).
  table(table&& other, const allocator_type& allocator) noexcept(std::is_nothrow_copy_constructible_v<hasher> &&
                                                                 std::is_nothrow_copy_constructible_v<key_equal>)
    requires functors_storage::owned
      : functors_(other.hash_function(), other.key_eq(), allocator) {
    swap_contents(other);
  }
  table(const table&) = delete;
  table& operator=(const table&) = delete;
  ~table() { release(); }

  [[nodiscard]] const hasher& hash_function() const noexcept { return functors_.get().hash; }
  [[nodiscard]] const key_equal& key_eq() const noexcept { return functors_.get().equal; }
  [[nodiscard]] allocator_type& allocator() noexcept { return functors_.get().allocator; }
  [[nodiscard]] const allocator_type& allocator() const noexcept { return functors_.get().allocator; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t home_count() const noexcept { return homes_.count(); }
  [[nodiscard]] const home_buckets<elements, allocator_type>& homes() const noexcept { return homes_; }
  [[nodiscard]] const typename chains::pool& overflow() const noexcept { return overflow_; }
  [[nodiscard]] std::size_t first_home() const noexcept { return first_home_.get(); }
  [[nodiscard]] std::size_t elements_moved() const noexcept { return moves_; }
  [[nodiscard]] std::size_t growths() const noexcept { return homes_.openings(); }
  [[nodiscard]] static value_type& element(slot_ref at) noexcept {
    return slots::element(chains::layout::slot(at.where, at.index));
  }

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t hash_of(const K& key) const {
    return functors_.get().hash_of(key);
  }

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position find(const K& key) const {
    return find_hashed(key, hash_of(key));
  }
  /// The same for a key whose hash is known.
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position find_hashed(const K& key, std::size_t hash) const {
    const std::size_t home = homes_.home_of(hash);
    bucket* const head = homes_.at(home);
    // Which half of the bucket a hit lies in is not known before the tags are there. Fetching both at once was
    // faster wherever the table did not fit the caches (docs/benchmarks.md, "Tried").
    if constexpr (chains::layout::home_bytes() > cache_line) {
      prefetch_for_read(reinterpret_cast<const std::byte*>(head) + cache_line);
    }
    const auto equal = [&](const value_type& stored) { return static_cast<bool>(key_eq()(elements::key(stored), key)); };
    return {chains::find(head, tag_of(hash), equal), home};
  }

  template <class K>
  void prefetch(const K& key) const {
    prefetch_hashed(hash_of(key));
  }
  EVAC_ALWAYS_INLINE void prefetch_hashed(std::size_t hash) const noexcept {
    const auto* bytes = reinterpret_cast<const std::byte*>(homes_.at(homes_.home_of(hash)));
    prefetch_for_read(bytes);
    prefetch_for_read(bytes + cache_line);
  }

  /// Finds the key, or constructs an element from args in its place. Strong guarantee. The element is constructed before
  /// anything moves, so args may refer to elements of this table.
  template <class K, class... Args>
  EVAC_ALWAYS_INLINE std::pair<position, bool> emplace(const K& key, Args&&... args) {
    const std::size_t hash = hash_of(key);
    if (const position found = find_hashed(key, hash); found.where != nullptr) return {found, false};
    return {place(hash, [&](void* slot) { slots::construct(allocator(), slot, std::forward<Args>(args)...); }), true};
  }

  /// Places an element whose key is known to be absent; construct(slot) builds it. Strong guarantee.
  template <class Construct>
  position place(std::size_t hash, const Construct& construct) {
    if (homes_.count() == 0) [[unlikely]] homes_.open_first(allocator());
    const std::size_t home = homes_.home_of(hash);
    bucket* const head = homes_.at(home);
    const tag_t tag = tag_of(hash);
    slot_ref at = chains::first_free(head);
    if (at.where != nullptr) [[likely]] {
      construct(chains::layout::slot(at.where, at.index));
    } else {
      at = construct_in_new_overflow(head, construct);
    }
    chains::occupy(head, at, tag);
    ++size_;
    first_home_.lower_to(home);
    if (head->overflow != nullptr && head->tags.free(chains::layout::home_slots())) [[unlikely]] {
      if (homes_.count() > floor_) compact(head, at);  // what reserve() promised room for moves nothing
    }
    if (size_ < next_step_) [[likely]] return {at, home};
    step(at);
    return {at, homes_.home_of(hash)};
  }

  /// Destroys the element. Moves nothing. O(1), O(chain) for an element in an overflow bucket.
  void erase(position at) noexcept {
    slots::destroy(allocator(), chains::layout::slot(at.where, at.index));
    forget(at);
  }
  /// The same when the element has already been moved out and destroyed.
  void forget(position at) noexcept {
    bucket* const head = homes_.at(at.home);
    chains::vacate(head, at, overflow_);
    if (--size_ < shrink_at_) [[unlikely]] next_step_ = 0;
    if (first_home_.is_just_below(at.home)) [[unlikely]] advance_first_home();
  }

  /// The same for an element that was reached by iteration: returns the next one, and lets iterations start behind all
  /// homes that are empty by now. Amortised over the homes, as the walk to the next element is.
  position erase_and_next(position at) noexcept {
    const position behind = size_ == 1 ? position{} : next(at);
    erase(at);
    if constexpr (!Policy::tracks_first_home) return behind;
    while (size_ != 0 && homes_.at(first_home_.get())->tags.empty()) first_home_.raise_to(first_home_.get() + 1);
    return behind;
  }

  [[nodiscard]] position first() const noexcept { return size_ == 0 ? position{} : first_from(first_home_.get()); }
  [[nodiscard]] position next(position at) const noexcept {
    slot_mask rest = at.where->tags.occupied().from(at.index + 1);
    for (bucket* where = at.where;;) {
      if (rest) return {{where, rest.first()}, at.home};
      where = where->overflow;
      if (where == nullptr) return first_from(at.home + 1);
      rest = where->tags.occupied();
    }
  }

  /// Moves over every element of another table whose key is not here, each once; returns how many. O(size of the other).
  template <class OtherTable>
  std::size_t absorb(OtherTable& from) {
    const std::size_t before = size_;
    for (position at = from.first(); at.where != nullptr;) {
      const position next = from.next(at);
      void* const slot = chains::layout::slot(at.where, at.index);
      const auto& key = elements::key(slots::element(slot));
      const std::size_t hash = hash_of(key);
      if (find_hashed(key, hash).where == nullptr) {
        place(hash, [&](void* empty) { slots::relocate(allocator(), empty, slot); });
        from.forget(at);
      }
      at = next;
    }
    return size_ - before;
  }

  /// Destroys all elements, keeps the memory. O(buckets).
  void clear() noexcept {
    for (std::size_t home = first_home_.get(); size_ != 0 && home < homes_.count(); ++home) clear_chain(homes_.at(home));
    size_ = 0;
    first_home_.raise_to(homes_.count());
    schedule();
  }
  /// Destroys all elements and gives all memory back.
  void release() noexcept {
    if constexpr (!trivially_dropped()) clear();
    homes_.release(allocator());
    overflow_.release(allocator());
    size_ = 0;
    first_home_.lower_to(0);
    floor_ = 0;
    schedule();
  }

  /// Room for `wanted` elements: until then no insert moves an element. Strong guarantee but for hash exceptions, which
  /// leave a table that is larger than before. O(size + new homes).
  void reserve(std::size_t wanted) {
    if (wanted > max_size()) throw std::length_error("evac: reserve() or constructor asked for more than max_size()");
    if (wanted == 0) return;
    grow_or_undo(homes_for(wanted, chains::layout::home_slots()));
    floor_ = std::max(floor_, homes_for(wanted, chains::layout::home_slots()));
    schedule();
    if (wanted > chains::layout::home_slots()) overflow_.ensure(allocator(), expected_overflow(homes_.count()));
  }
  /// Exactly `target` homes, or as many as the contents need; withdraws what reserve() promised and gives memory back.
  /// O(size + homes). Throws what the hash and the allocator throw; the table is whole then.
  void fit(const std::size_t wanted) {
    const std::size_t target = std::max(wanted, size_ == 0 ? 0 : homes_for(size_, chains::layout::home_slots()));
    if (target == 0) return release();
    if (target > max_size()) throw std::length_error("evac: rehash() asked for more than max_size()");
    floor_ = 0;
    grow_or_undo(target);
    shrink_to(target);
    repack_overflow();
    homes_.trim_base(allocator(), overflow_, moves_);
    floor_ = std::min(wanted, homes_.count());
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

  /// Copies all elements of other, which has the same functors, into this empty table: chain by chain, hashing nothing.
  template <class Copy>
  void clone(const table& other, const Copy& copy) {
    if (other.size_ == 0) return;
    if constexpr (functors_storage::owned) functors_.get().seed = other.functors_.get().seed;
    homes_.open_all(allocator(), other.homes_.count());
    first_home_.raise_to(other.first_home_.get());
    for (std::size_t home = other.first_home_.get(); home < other.homes_.count(); ++home) {
      const bucket* const source = other.homes_.at(home);
      if (!source->tags.empty()) clone_chain(source, homes_.at(home), copy);
    }
    floor_ = 0;
    schedule();
  }

  /// Exchanges elements and memory; the functors and the allocators stay.
  void swap_contents(table& other) noexcept {
    homes_.swap(other.homes_);
    std::swap(overflow_, other.overflow_);
    std::swap(size_, other.size_);
    std::swap(next_step_, other.next_step_);
    std::swap(shrink_at_, other.shrink_at_);
    std::swap(first_home_, other.first_home_);
    std::swap(floor_, other.floor_);
    std::swap(patience_, other.patience_);
    std::swap(moves_, other.moves_);
    if constexpr (functors_storage::owned) std::swap(functors_.get().seed, other.functors_.get().seed);
  }
  void swap_functors(table& other) { functors_.get().swap_hash_and_equal(other.functors_.get()); }

  [[nodiscard]] static constexpr std::size_t max_size() noexcept {
    return static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / (4 * chains::layout::home_bytes());
  }
  [[nodiscard]] std::size_t slot_count() const noexcept {
    return homes_.count() * chains::layout::home_slots() + overflow_.in_use() * chains::layout::overflow_slots();
  }

 private:
  static constexpr bool trivially_dropped() noexcept {
    return std::is_trivially_destructible_v<value_type> && !slots::in_nodes();
  }

  template <class Construct>
  EVAC_NEVER_INLINE slot_ref construct_in_new_overflow(bucket* head, const Construct& construct) {
    overflow_.ensure(allocator(), 1);
    struct guard {
      typename chains::pool& overflow;
      bucket* fresh;
      ~guard() {
        if (fresh != nullptr) overflow.give_back(fresh);
      }
    } fresh{overflow_, overflow_.take()};
    construct(chains::layout::slot(fresh.fresh, 0));
    chains::link(head, fresh.fresh);
    return {std::exchange(fresh.fresh, nullptr), 0};
  }

  EVAC_NEVER_INLINE void compact(bucket* head, slot_ref& watched) noexcept {
    typename chains::context work{allocator(), overflow_, moves_, &watched};
    chains::compact(head, work);
  }

  // One insert's share of a growth or a shrinking. The element is already in: if memory for a step is not to be had, or
  // a hash throws, the table stays whole, chains get longer, and the next insert tries again.
  EVAC_NEVER_INLINE void step(slot_ref& watched) noexcept {
    typename chains::context work{allocator(), overflow_, moves_, &watched};
    try {
      if (size_ < shrink_at_) {
        shrink_step(work);
      } else if (size_ >= grow_threshold(homes_.count(), chains::layout::home_slots())) {
        split_next(work);
        for (std::size_t i = 1; i < parents_per_step && evacuating(); ++i) split_next(work);
        prefetch_next_parents();
      }
    } catch (...) {
    }
    schedule();
  }

  void schedule() noexcept {
    const std::size_t count = homes_.count();
    if (count > std::max(floor_, base_homes)) {
      const bool shrinking = patience_ >= patience_needed() && size_ < shrink_resume(count);
      shrink_at_ = shrinking ? shrink_resume(count) : shrink_threshold(count);
      if (!shrinking && size_ >= shrink_at_) patience_ = 0;
    } else {
      shrink_at_ = 0;
      patience_ = 0;
    }
    next_step_ = size_ < shrink_at_ ? 0 : grow_threshold(count, chains::layout::home_slots());
  }

  [[nodiscard]] std::uint32_t patience_needed() const noexcept {
    return static_cast<std::uint32_t>(std::min<std::size_t>(homes_.count(), std::numeric_limits<std::uint32_t>::max()));
  }

  // A map that is cleared and filled again should not lose its buckets in between: shrinking begins only after as many
  // inserts as there are homes found it oversized.
  void shrink_step(typename chains::context& work) {
    const std::size_t lowest = std::max(floor_, base_homes);
    if (patience_ < patience_needed()) {
      ++patience_;
      return;
    }
    for (std::size_t i = 0; i < merges_per_step && homes_.count() > lowest; ++i) merge_last(work);
    patience_ = std::max(patience_, patience_needed());
    overflow_.release_one_if_idle(allocator());
  }

  void split_next(typename chains::context& work) {
    if (!evacuating()) homes_.open_next(allocator(), work);
    const std::size_t child = homes_.count();
    const std::size_t child_bit = homes_.opened() / 2;
    const auto leaves = [&](const value_type& stored) { return (hash_of(elements::key(stored)) & child_bit) != 0; };
    evacuations::split(homes_.at(child - child_bit), homes_.next_home(), leaves, work);
    homes_.add_home();
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
    for (std::size_t at = 0; at < std::min(chains::layout::home_bytes(), most); at += cache_line) {
      prefetch_for_write(reinterpret_cast<const std::byte*>(where) + at);
    }
  }

  void merge_last(typename chains::context& work) {
    // A split that threw can leave a segment opened and unused; it goes before a home of the half below does.
    if (homes_.count() == homes_.opened() / 2) homes_.close_emptied(allocator());
    const std::size_t child = homes_.count() - 1;
    const std::size_t parent = child - std::bit_floor(child);
    evacuations::merge(homes_.at(parent), homes_.at(child), work);
    if (!homes_.at(parent)->tags.empty()) first_home_.lower_to(parent);
    homes_.remove_home();
    homes_.close_emptied(allocator());
  }

  // If memory or a hash fails on the way, the homes that were made are merged back.
  void grow_or_undo(std::size_t target) {
    const std::size_t before = homes_.count();
    try {
      grow_to(target);
    } catch (...) {
      try {
        if (before != 0) shrink_to(before);
      } catch (...) {
        // No memory for an overflow bucket: the table keeps some of the new homes, and is whole.
      }
      schedule();
      throw;
    }
  }

  void grow_to(std::size_t target) {
    if (homes_.count() == 0) return homes_.open_all(allocator(), target);
    typename chains::context work{allocator(), overflow_, moves_};
    while (homes_.count() < target) split_next(work);
  }

  void shrink_to(std::size_t target) {
    typename chains::context work{allocator(), overflow_, moves_};
    while (homes_.count() > target) merge_last(work);
  }

  // Puts all overflow elements into one new slab of just their size, so that the old slabs can go.
  void repack_overflow() {
    typename chains::pool packed;
    std::size_t needed = 0;
    for (std::size_t home = 0; home < homes_.count(); ++home) {
      const bucket* const overflow = homes_.at(home)->overflow;
      if (overflow != nullptr) needed += chains::overflow_for(chains::count(overflow));
    }
    if (needed != 0) packed.ensure(allocator(), needed);
    typename chains::context work{allocator(), packed, moves_};
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
    overflow_ = packed;
  }

  [[nodiscard]] position first_from(std::size_t home) const noexcept {
    constexpr std::size_t ahead = 4;  // overflow buckets lie anywhere: iteration would wait for each of them
    for (; home < homes_.count(); ++home) {
      if (home + ahead < homes_.count()) prefetch_for_read(homes_.at(home + ahead)->overflow);
      for (bucket* where = homes_.at(home); where != nullptr; where = where->overflow) {
        if (const slot_mask taken = where->tags.occupied()) return {{where, taken.first()}, home};
      }
    }
    return {};
  }

  // Keeps `erase(begin()->first)` in a loop linear: begin() starts at first_home_. A bounded piece of the way per erase, so
  // that no erase by key walks over a long empty stretch, and only for erases near it: asking every erase whether its chain is
  // empty now would be a branch on memory that has just been fetched, and was slower (docs/benchmarks.md, "Tried").
  EVAC_NEVER_INLINE void advance_first_home() noexcept {
    constexpr std::size_t most = 64;
    std::size_t home = first_home_.get();
    for (std::size_t i = 0; i < most && home < homes_.count() && homes_.at(home)->tags.empty(); ++i) ++home;
    first_home_.raise_to(home);
  }

  void clear_chain(bucket* head) noexcept {
    for (bucket* where = head; where != nullptr;) {
      const slot_mask taken = where->tags.occupied();
      size_ -= taken.count();
      if constexpr (!trivially_dropped()) {
        for (slot_mask rest = taken; rest; rest.drop_first()) {
          slots::destroy(allocator(), chains::layout::slot(where, rest.first()));
        }
      }
      bucket* const behind = where->overflow;
      if (where != head) overflow_.give_back(where);
      where = behind;
    }
    head->tags = tag_word(0);
    head->overflow = nullptr;
  }

  template <class Copy>
  void clone_chain(const bucket* source, bucket* head, const Copy& copy) {
    for (; source != nullptr; source = source->overflow) {
      for (slot_mask taken = source->tags.occupied(); taken; taken.drop_first()) {
        const void* const from = chains::layout::slot(source, taken.first());
        const auto construct = [&](void* slot) { copy(slot, slots::element(const_cast<void*>(from))); };
        slot_ref at = chains::first_free(head);
        if (at.where != nullptr) [[likely]] {
          construct(chains::layout::slot(at.where, at.index));
        } else {
          at = construct_in_new_overflow(head, construct);
        }
        chains::occupy(head, at, source->tags.tag(taken.first()));
        ++size_;
      }
    }
  }

  // In two cache lines where the table is one of many with a lock behind it: what a look-up reads and only growing and
  // shrinking write, then what every insert and erase writes.
  home_buckets<elements, allocator_type> homes_;
  std::size_t floor_ = 0;       // homes promised by reserve()
  std::size_t moves_ = 0;

  typename Policy::template cell<std::size_t> size_{0};
  std::size_t next_step_ = 0;  // the size at which the next insert has work to do
  std::size_t shrink_at_ = 0;  // below this size the table is oversized
  typename chains::pool overflow_;
  [[no_unique_address]] first_home_bound<Policy::tracks_first_home> first_home_;
  [[no_unique_address]] functors_storage functors_;
  std::uint32_t patience_ = 0;  // inserts that found the table oversized; last, where a lock finds room behind it
};

}  // namespace evac::detail

#endif
