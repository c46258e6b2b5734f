// The table of one owner: homes in doubling segments, split in order as elements arrive.
//
//   home index   0 ............ frontier ............ 2^d ............ 2^d + frontier
//                |  evacuated   |  not yet evacuated  |  children fed  |  (untouched memory)
//
//   home of a hash = hash & (2^(d+1) - 1) if that bucket exists, else hash & (2^d - 1)
//
// A look-up computes its bucket from two numbers, so a growth in progress costs it nothing. How homes are made and
// taken back: table_growth.hpp. Invariants (validate()):
//   T1  every element lies in the chain of its home          T2  size is the number of elements
//   T3  homes lies in (mask/2, mask + 1]                     T4  the account of occupied homes is exact, where it is kept
//   T5  the pool counts as many overflow buckets as there are in chains
#ifndef EVAC_DETAIL_TABLE_TABLE_HPP
#define EVAC_DETAIL_TABLE_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/table/table_growth.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Where an element is; where is null for "nowhere", which is also the end.
struct position : slot_ref {
  std::size_t home = 0;
};

template <class Policy>
class table : public table_growth<Policy> {
  using base = table_growth<Policy>;

 public:
  using typename base::allocator_type;
  using typename base::chains;
  using typename base::elements;
  using typename base::functors_storage;
  using typename base::functors_type;
  using typename base::hasher;
  using typename base::key_equal;
  using typename base::slot_ops;
  using typename base::value_type;

  using base::hash_of;
  using base::key_eq;

  table(const hasher& hash, const key_equal& equal, const allocator_type& allocator)
    requires functors_storage::owned
      : base(hash, equal, allocator) {}
  /// One of many tables with common functors, which must outlive it.
  explicit table(functors_type& shared) noexcept
    requires(!functors_storage::owned)
      : base(shared) {}
  /// Copies the functors, so that other stays usable, and takes the elements. O(1).
  table(table&& other, const allocator_type& allocator) noexcept(std::is_nothrow_copy_constructible_v<hasher> &&
                                                                 std::is_nothrow_copy_constructible_v<key_equal>)
    requires functors_storage::owned
      : base(other.hash_function(), other.key_eq(), allocator) {
    swap_contents(other);
  }
  table(const table&) = delete;
  table& operator=(const table&) = delete;
  ~table() { release(); }

  [[nodiscard]] static value_type& element(slot_ref at) noexcept {
    return slot_ops::element(chains::layout::slot(at.where, at.index));
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
    const auto equal = [&](const value_type& stored) {
      return static_cast<bool>(key_eq()(elements::key(stored), key));
    };
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

  /// Finds the key, or constructs an element from args in its place. Strong guarantee. The element is constructed
  /// before anything moves, so args may refer to elements of this table.
  template <class K, class... Args>
  EVAC_ALWAYS_INLINE std::pair<position, bool> emplace(const K& key, Args&&... args) {
    const std::size_t hash = hash_of(key);
    if (const position found = find_hashed(key, hash); found.where != nullptr) return {found, false};
    return {place(hash, [&](void* slot) { slot_ops::construct(this->allocator(), slot, std::forward<Args>(args)...); }),
            true};
  }

  /// Places an element whose key is known to be absent; construct(slot) builds it. Strong guarantee.
  template <class Construct>
  position place(std::size_t hash, const Construct& construct) {
    if (homes_.count() == 0) [[unlikely]]
      return place_first(hash, construct);
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
    homes_.note_filled(home);
    if (head->overflow != nullptr && head->tags.free(chains::layout::home_slots())) [[unlikely]] {
      // What reserve() promised room for moves nothing.
      if (size_ >= grow_threshold(floor_, chains::layout::home_slots())) compact(head, at);
    }
    if (size_ < next_step_) [[likely]]
      return {at, home};
    step(at);
    return {at, homes_.home_of(hash)};
  }

  /// Destroys the element; its destructor finds it gone from the table. Moves nothing. O(1), O(chain) for an element in
  /// an overflow bucket.
  void erase(position at) noexcept {
    forget(at);
    slot_ops::destroy(this->allocator(), chains::layout::slot(at.where, at.index));
  }
  /// The same when the element has already been moved out and destroyed.
  void forget(position at) noexcept {
    bucket* const head = homes_.at(at.home);
    homes_.note_emptied_if(at.home, chains::vacate(head, at, overflow_));
    if (--size_ < shrink_at_) [[unlikely]]
      next_step_ = 0;
  }

  /// The same; returns the next element.
  position erase_and_next(position at) noexcept {
    const position behind = size_ == 1 ? position{} : next(at);
    erase(at);
    return behind;
  }

  [[nodiscard]] position first() const noexcept { return size_ == 0 ? position{} : first_from(homes_.next_filled(0)); }
  [[nodiscard]] position next(position at) const noexcept {
    slot_mask rest = at.where->tags.occupied().from(at.index + 1);
    for (bucket* where = at.where;;) {
      if (rest) return {{where, rest.first()}, at.home};
      where = where->overflow;
      if (where == nullptr) return first_from(at.home + 1);
      rest = where->tags.occupied();
    }
  }

  /// Moves over every element of another table whose key is not here, each once; returns how many. O(size of that).
  template <class OtherTable>
  std::size_t absorb(OtherTable& from) {
    const std::size_t before = size_;
    for (position at = from.first(); at.where != nullptr;) {
      const position next = from.next(at);
      void* const slot = chains::layout::slot(at.where, at.index);
      const auto& key = elements::key(slot_ops::element(slot));
      const std::size_t hash = hash_of(key);
      if (find_hashed(key, hash).where == nullptr) {
        place(hash, [&](void* empty) { slot_ops::relocate(this->allocator(), empty, slot); });
        from.forget(at);
      }
      at = next;
    }
    return size_ - before;
  }

  /// Destroys all elements, keeps the memory. O(buckets).
  void clear() noexcept {
    for (std::size_t home = homes_.next_filled(0); size_ != 0; home = homes_.next_filled(home + 1)) {
      clear_chain(home);
    }
    schedule();
  }
  /// Destroys all elements and gives all memory back.
  void release() noexcept {
    if constexpr (!slot_ops::trivially_dropped()) clear();
    this->release_memory();
  }

  /// Copies all elements of other, which has the same functors, into this empty table: chain by chain, hashing nothing.
  template <class Copy>
  void clone(const table& other, const Copy& copy) {
    if (other.size_ == 0) return;
    if constexpr (functors_storage::owned) functors_.get().seed = other.functors_.get().seed;
    typename base::homes_type::ahead got(this->allocator());
    got.get(0, other.homes_.count());
    homes_.open_all(this->allocator(), other.homes_.count(), got);
    for (std::size_t home = other.homes_.next_filled(0); home < other.homes_.count();
         home = other.homes_.next_filled(home + 1)) {
      const bucket* const source = other.homes_.at(home);
      if (source->tags.empty()) continue;
      homes_.note_filled(home);  // before: what a copy that throws leaves behind is found
      clone_chain(source, homes_.at(home), copy);
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
    std::swap(floor_, other.floor_);
    std::swap(patience_, other.patience_);
    std::swap(moves_, other.moves_);
    if constexpr (functors_storage::owned) std::swap(functors_.get().seed, other.functors_.get().seed);
  }
  void swap_functors(table& other) { functors_.get().swap_hash_and_equal(other.functors_.get()); }

 private:
  using base::compact;
  using base::floor_;
  using base::functors_;
  using base::homes_;
  using base::moves_;
  using base::next_step_;
  using base::overflow_;
  using base::patience_;
  using base::schedule;
  using base::shrink_at_;
  using base::size_;
  using base::step;

  // The same in a table without memory, which has none again if it fails.
  template <class Construct>
  EVAC_NEVER_INLINE position place_first(std::size_t hash, const Construct& construct) {
    struct guard {
      table& opened;
      ~guard() {
        if (opened.size_ == 0) opened.release_memory();
      }
    } const at_exit{*this};
    homes_.open_first(this->allocator());
    return place(hash, construct);
  }

  template <class Construct>
  EVAC_NEVER_INLINE slot_ref construct_in_new_overflow(bucket* head, const Construct& construct) {
    overflow_.provide(this->allocator(), 1);
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

  [[nodiscard]] position first_from(std::size_t home) const noexcept {
    constexpr std::size_t ahead = 4;  // overflow buckets lie anywhere: iteration would wait for each of them
    for (; home < homes_.count(); home = homes_.next_filled(home + 1)) {
      if (home + ahead < homes_.count()) prefetch_for_read(homes_.at(home + ahead)->overflow);
      for (bucket* where = homes_.at(home); where != nullptr; where = where->overflow) {
        if (const slot_mask taken = where->tags.occupied()) return {{where, taken.first()}, home};
      }
    }
    return {};
  }

  // Destructors find the whole chain gone from the table.
  void clear_chain(std::size_t home) noexcept {
    bucket* const head = homes_.at(home);
    if (head->tags.empty()) return;
    const std::size_t leaving = chains::count(head);
    const slot_mask in_home = head->tags.occupied();
    bucket* where = head->overflow;
    head->make_empty();
    size_ -= leaving;
    homes_.note_emptied_if(home, true);
    destroy_slots(head, in_home);
    while (where != nullptr) {
      destroy_slots(where, where->tags.occupied());
      bucket* const behind = where->overflow;
      overflow_.give_back(where);
      where = behind;
    }
  }
  void destroy_slots([[maybe_unused]] bucket* where, [[maybe_unused]] slot_mask which) noexcept {
    if constexpr (!slot_ops::trivially_dropped()) {
      for (; which; which.drop_first()) {
        slot_ops::destroy(this->allocator(), chains::layout::slot(where, which.first()));
      }
    }
  }

  template <class Copy>
  void clone_chain(const bucket* source, bucket* head, const Copy& copy) {
    for (; source != nullptr; source = source->overflow) {
      for (slot_mask taken = source->tags.occupied(); taken; taken.drop_first()) {
        const void* const from = chains::layout::slot(source, taken.first());
        const auto construct = [&](void* slot) { copy(slot, slot_ops::element(const_cast<void*>(from))); };
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
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
