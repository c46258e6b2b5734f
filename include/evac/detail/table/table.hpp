// The table of one owner: what is done with one element, found by its key or by where it is. Homes in doubling
// segments, split in order as elements arrive.
//
//   home index   0 ............ frontier ............ 2^d ............ 2^d + frontier
//                |  evacuated   |  not yet evacuated  | children exist |  (untouched memory)
//
//   home of a hash = hash & (2^(d+1) - 1) if that bucket exists, else hash & (2^d - 1)
//
// A look-up computes its bucket from two numbers, so a growth in progress costs it nothing. The table's parts and the
// functions that grow it, shrink it and see all elements: table_parts.hpp. Invariants (validate_table.hpp):
//   T1  every element lies in the chain of its home          T2  size is the number of elements
//   T3  homes lies in [opened / 2, opened]                   T4  the account of occupied homes is exact, where it is kept
//   T5  the pool counts as many overflow buckets as there are in chains
#ifndef EVAC_DETAIL_TABLE_TABLE_HPP
#define EVAC_DETAIL_TABLE_TABLE_HPP

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/table/contents.hpp"
#include "evac/detail/table/growth.hpp"
#include "evac/detail/table/iteration.hpp"
#include "evac/detail/table/room.hpp"
#include "evac/detail/table/table_parts.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Moves over every element of `from` whose key is absent in the table that table_of(hash) names, each once; returns
/// how many. The functors are those of the tables that take. Throws what these and the allocator throw; elements that
/// have been moved stay moved. O(size of from).
template <class From, class Functors, class TableOf>
std::size_t absorb(From& from, Functors& functors, const TableOf& table_of) {
  std::size_t moved = 0;
  for (position at = from.first(); at.where != nullptr;) {
    const position next = from.next(at);
    void* const slot = From::chains::layout::slot(at.where, at.index);
    const auto& key = From::elements::key(From::element(at));
    const std::size_t hash = functors.hash_of(key);
    auto& to = table_of(hash);
    if (to.find_hashed(key, hash).where == nullptr) {
      to.place(hash, [&](void* empty) { From::slot_ops::relocate(functors.allocator, empty, slot); });
      from.forget(at);
      ++moved;
    }
    at = next;
  }
  return moved;
}

template <class Policy>
class table {
  using parts_type = table_parts<Policy>;
  using layout = typename parts_type::layout;

 public:
  using elements = typename Policy::elements;
  using value_type = typename Policy::value_type;
  using hasher = typename Policy::hasher;
  using key_equal = typename Policy::key_equal;
  using allocator_type = typename Policy::allocator_type;
  using functors_type = typename Policy::functors_type;
  using functors_storage = typename Policy::functors_storage;
  using chains = typename parts_type::chains;
  using slot_ops = typename parts_type::slot_ops;
  using homes_type = typename parts_type::homes_type;

  table(const hasher& hash, const key_equal& equal, const allocator_type& allocator)
    requires functors_storage::owned
      : parts_(hash, equal, allocator) {}
  /// One of many tables with common functors, which must outlive it.
  explicit table(functors_type& shared) noexcept
    requires(!functors_storage::owned)
      : parts_(shared) {}
  /// Copies the functors, so that other stays usable, and takes the elements. O(1).
  table(table&& other, const allocator_type& allocator) noexcept(std::is_nothrow_copy_constructible_v<hasher> &&
                                                                 std::is_nothrow_copy_constructible_v<key_equal>)
    requires functors_storage::owned
      : parts_(other.hash_function(), other.key_eq(), allocator) {
    swap_contents(other);
  }
  table(const table&) = delete;
  table& operator=(const table&) = delete;
  ~table() { release(); }

  // --- functors, numbers ---

  [[nodiscard]] const hasher& hash_function() const noexcept { return parts_.functors.get().hash; }
  [[nodiscard]] const key_equal& key_eq() const noexcept { return parts_.functors.get().equal; }
  [[nodiscard]] allocator_type& allocator() noexcept { return parts_.allocator(); }
  [[nodiscard]] const allocator_type& allocator() const noexcept { return parts_.allocator(); }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t hash_of(const K& key) const {
    return parts_.hash_of(key);
  }
  [[nodiscard]] std::size_t size() const noexcept { return parts_.size; }
  [[nodiscard]] std::size_t home_count() const noexcept { return parts_.homes.count(); }
  [[nodiscard]] std::size_t slot_count() const noexcept {
    return home_count() * layout::home_slots() + parts_.overflow.in_use() * layout::overflow_slots();
  }
  [[nodiscard]] static constexpr std::size_t max_size() noexcept { return addressable_elements<Policy>(); }
  /// The same where an allocator may know a narrower limit.
  [[nodiscard]] static constexpr std::size_t max_size(const allocator_type& allocator) noexcept {
    return most_elements<Policy>(allocator);
  }
  [[nodiscard]] const auto& homes() const noexcept { return parts_.homes; }
  [[nodiscard]] const typename chains::pool& overflow() const noexcept { return parts_.overflow; }
  [[nodiscard]] std::size_t elements_moved() const noexcept { return parts_.moves; }
  [[nodiscard]] std::size_t growths() const noexcept { return parts_.homes.openings(); }
  /// Where one of many tables publishes its figures. Any thread may look there.
  [[nodiscard]] table_figures* figures(figures_board::if_absent then) const noexcept { return parts_.figures(then); }

  // --- one element ---

  [[nodiscard]] EVAC_ALWAYS_INLINE static value_type& element(position at) noexcept {
    return slot_ops::element(layout::slot(at.where, at.index));
  }
  [[nodiscard]] static value_type& element(slot_ref at) noexcept {
    return slot_ops::element(layout::slot(at.where, at.index));
  }

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position find(const K& key) const {
    return find_hashed(key, hash_of(key));
  }
  /// The same for a key whose hash is known.
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position find_hashed(const K& key, std::size_t hash) const {
    return find_in(chain_of(hash), key, hash);
  }

  // Always inline: prefetch_next_parents() says why.
  template <class K>
  EVAC_ALWAYS_INLINE void prefetch(const K& key) const {
    prefetch_hashed(hash_of(key));
  }
  EVAC_ALWAYS_INLINE void prefetch_hashed(std::size_t hash) const noexcept {
    const auto* bytes = reinterpret_cast<const std::byte*>(chain_of(hash).head);
    prefetch_for_read(bytes);
    prefetch_for_read(bytes + cache_line);
  }

  /// Finds the key, or places an element in its stead that construct(slot) builds. Strong guarantee. The element is
  /// constructed before anything moves, so it may be made of elements of this table.
  template <class K, class Construct>
  EVAC_ALWAYS_INLINE std::pair<position, bool> find_or_place(const K& key, const Construct& construct) {
    return find_or_place_hashed(key, hash_of(key), construct);
  }
  template <class K, class Construct>
  EVAC_ALWAYS_INLINE std::pair<position, bool> find_or_place_hashed(const K& key, std::size_t hash,
                                                                    const Construct& construct) {
    const chain_at at = chain_of(hash);
    if (const position found = find_in(at, key, hash); found.where != nullptr) return {found, false};
    return {place_in(at, hash, construct), true};
  }
  /// Places an element whose key is known to be absent.
  template <class Construct>
  EVAC_ALWAYS_INLINE position place(std::size_t hash, const Construct& construct) {
    return place_in(chain_of(hash), hash, construct);
  }

  // --- the steps of find and place, for a caller that has its own step in between ---

  /// The chain of a hash: valid until the table changes.
  struct chain_at {
    bucket* head;
    std::size_t home;
  };
  [[nodiscard]] EVAC_ALWAYS_INLINE chain_at chain_of(std::size_t hash) const noexcept {
    const std::size_t home = parts_.homes.home_of(hash);
    return {parts_.homes.at(home), home};
  }

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position find_in(chain_at at, const K& key, std::size_t hash) const {
    // Which half of the bucket a hit lies in is not known before the tags are there. Fetching both at once was
    // faster wherever the table did not fit the caches (docs/design.md, "Tried").
    if constexpr (layout::home_bytes() > cache_line) {
      prefetch_for_read(reinterpret_cast<const std::byte*>(at.head) + cache_line);
    }
    const auto equal = [&](const value_type& stored) {
      return static_cast<bool>(key_eq()(elements::key(stored), key));
    };
    return {chains::find(at.head, hash, equal), at.home};
  }

  // One decision about the chain: whether its home has a free slot. The rest is out of line and gets copies of its
  // arguments, so that the originals stay in registers.
  template <class Construct>
  EVAC_ALWAYS_INLINE position place_in(chain_at chain, std::size_t hash, const Construct& construct) {
    if (parts_.homes.count() == 0) [[unlikely]]
      return place_first(hash, Construct(construct));
    slot_ref at;
    tag_word tags = chain.head->tags;
    if (const slot_mask free = tags.free(layout::home_slots())) [[likely]] {
      at = {chain.head, free.first()};
      construct(layout::slot(at.where, at.index));
      tags.occupy(at.index, tag_of(hash));
      chain.head->tags = tags;
      parts_.homes.note_filled(chain.home);
      if (tags.any_overflow()) [[unlikely]]
        at = fill_home(at);
    } else {
      at = chains::construct_in_overflow(chain.head, tag_of(hash), Construct(construct), allocator(), parts_.overflow);
      parts_.publish_overflow();
    }
    if (parts_.count_inserted()) [[unlikely]]
      return {take_step(parts_, at), parts_.homes.home_of(hash)};
    return {at, chain.home};
  }

  /// Destroys the element; its destructor finds it gone from the table. Moves nothing. O(1), O(chain) for an element in
  /// an overflow bucket.
  void erase(position at) noexcept {
    forget(at);
    slot_ops::destroy(allocator(), layout::slot(at.where, at.index));
  }
  /// The same when the element has already been moved out and destroyed.
  void forget(position at) noexcept {
    const bool empty = chains::vacate(parts_.homes.at(at.home), at.slot(), parts_.overflow);
    parts_.homes.note_emptied_if(at.home, empty);
    parts_.count_erased();
  }
  /// Erases; returns the next element.
  position erase_and_next(position at) noexcept {
    const position behind = parts_.size == 1 ? position{} : next(at);
    erase(at);
    return behind;
  }

  // --- one after the other, in order of homes: iteration.hpp ---

  [[nodiscard]] position first() const noexcept { return first_element(parts_); }
  [[nodiscard]] position first_from(std::size_t home) const noexcept { return detail::first_from(parts_, home); }
  [[nodiscard]] EVAC_ALWAYS_INLINE position next(position at) const noexcept { return next_element(parts_, at); }

  // --- room: room.hpp says what each does and throws ---

  void reserve(std::size_t wanted) { reserve_room(parts_, wanted); }
  void fit(std::size_t homes) { fit_room(parts_, homes); }
  /// Homes that reserve() has promised to keep.
  [[nodiscard]] std::size_t promised_homes() const noexcept { return parts_.pace.reserved_homes(); }
  /// Takes that back, and keeps the room until it is found to be too much.
  void withdraw_promise() noexcept { promise(0); }
  /// Back to what there was before a reserve() or a fit(). Throws as fit().
  void restore_room(std::size_t homes, std::size_t promised) {
    fit(homes);
    promise(promised);
  }
  [[nodiscard]] bool evacuating() const noexcept { return is_growing(parts_); }
  /// Evacuates up to `parents` parents of the running growth; returns how many. Throws what the hash and the allocator
  /// throw.
  std::size_t evacuate(std::size_t parents) {
    auto work = parts_.work();
    const std::size_t done = split_some(parts_, work, parents);
    parts_.settle();
    return done;
  }

  // --- the observer of its container ---

  /// Of a table that has its functors to itself.
  void observe(observer* by) noexcept
    requires functors_storage::owned
  {
    parts_.functors.get().observed.observe(by);
  }
  [[nodiscard]] const watched& container() const noexcept { return parts_.container(); }
  [[nodiscard]] std::size_t shard() const noexcept { return parts_.shard(); }
  void tell_cleared() const noexcept { parts_.container().tell_cleared({parts_.container_address(), parts_.size}); }

  // --- all elements: contents.hpp ---

  /// Destroys all elements, keeps the memory.
  void clear() noexcept { clear_contents(parts_); }
  /// Destroys all elements and gives all memory back.
  void release() noexcept {
    layout::tell_debugger();
    if constexpr (!slot_ops::trivially_dropped()) clear();
    release_memory(parts_);
  }
  /// Copies all elements of other, which has the same functors, into this empty table: chain by chain, hashing nothing.
  template <class Copy>
  void clone(const table& other, const Copy& copy) {
    if constexpr (functors_storage::owned) parts_.functors.get().seed = other.parts_.functors.get().seed;
    clone_contents(parts_, other.parts_, copy);
  }
  /// Moves over every element of another table whose key is not here, each once; returns how many. O(size of that).
  template <class OtherTable>
  std::size_t absorb(OtherTable& from) {
    return detail::absorb(from, parts_.functors.get(), [this](std::size_t) -> table& { return *this; });
  }
  /// Exchanges elements and memory; the functors and the allocators stay.
  void swap_contents(table& other) noexcept {
    parts_.homes.swap(other.parts_.homes);
    std::swap(parts_.moves, other.parts_.moves);
    std::swap(parts_.overflow, other.parts_.overflow);
    std::swap(parts_.size, other.parts_.size);
    parts_.pace.swap(other.parts_.pace);
    for (table* const each : {this, std::addressof(other)}) each->parts_.publish();
    if constexpr (functors_storage::owned) std::swap(parts_.functors.get().seed, other.parts_.functors.get().seed);
  }
  void swap_functors(table& other) { parts_.functors.get().swap_hash_and_equal(other.parts_.functors.get()); }

 private:
  // The first element of a table without memory, which has none again if it fails.
  template <class Construct>
  EVAC_NEVER_INLINE position place_first(std::size_t hash, const Construct& construct) {
    struct guard {
      parts_type& opened;
      ~guard() {
        if (opened.size == 0) release_memory(opened);
      }
    } const at_exit{parts_};
    parts_.homes.open_first(allocator());
    const position at(chains::construct(parts_.homes.at(0), tag_of(hash), construct, allocator(), parts_.overflow), 0);
    ++parts_.size;
    parts_.settle();
    return at;
  }

  // A home that has had a free slot in front of overflow buckets may have another, and is filled from these. Up to
  // the size that reserve() promised nothing moves. Returns where the new element is then.
  [[nodiscard]] EVAC_NEVER_INLINE slot_ref fill_home(slot_ref added) noexcept {
    if (!added.where->tags.free(layout::home_slots())) return added;
    if (!parts_.pace.may_move(parts_.size + 1, layout::home_slots())) return added;
    auto work = parts_.work(std::addressof(added));
    chains::compact(added.where, work);
    return added;
  }

  void promise(std::size_t homes) noexcept {
    parts_.pace.reserved(homes);
    parts_.settle();
  }

  [[no_unique_address]] parts_type parts_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
