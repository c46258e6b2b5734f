// What sync_map and sync_set share: construction, look-ups of keys, erasing, the whole. The contract is documented at
// the types.
#ifndef EVAC_DETAIL_LOCKFREE_SYNC_CONTAINER_HPP
#define EVAC_DETAIL_LOCKFREE_SYNC_CONTAINER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/lockfree/collect_stats.hpp"
#include "evac/detail/lockfree/sync_table.hpp"
#include "evac/detail/face/key_in_arguments.hpp"
#include "evac/detail/table/table_access.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/epoch.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, storage Storage>
class sync_container {
  static_assert(storable_key<typename Policy::key_type>,
                "evac: Key must be an object type without const or volatile, not a reference");

 public:
  using key_type = typename Policy::key_type;
  using value_type = typename Policy::value_type;
  using hasher = typename Policy::hasher;
  using key_equal = typename Policy::key_equal;
  using allocator_type = typename Policy::allocator_type;
  using size_type = std::size_t;

  /// Whether elements are in nodes of their own, or in the slots of the buckets.
  static constexpr bool in_nodes = are_in_nodes<typename Policy::elements, Storage == storage::in_nodes>();
  /// Keys that a bulk call fetches at a time.
  static constexpr size_type bulk_size = 32;

  /// No memory is allocated before the first element, but for a stateful allocator. The domain must outlive the
  /// container.
  sync_container()
    requires default_constructible<hasher, key_equal, allocator_type>
      : sync_container(0, hasher()) {}
  explicit sync_container(size_type n, const hasher& hash = hasher(), const key_equal& equal = key_equal(),
                          const allocator_type& allocator = allocator_type(),
                          epoch_domain& domain = epoch_domain::process())
      : table_(domain, hash, equal, allocator) {
    check_functors_and_allocator<Policy>();
    if (n != 0) reserve(n);
  }
  explicit sync_container(epoch_domain& domain) : sync_container(0, hasher(), key_equal(), allocator_type(), domain) {}
  explicit sync_container(const allocator_type& allocator) : sync_container(0, hasher(), key_equal(), allocator) {}

  // Other threads may be at work on the source. snapshot() gives a copy that has one owner.
  sync_container(const sync_container&) = delete;
  sync_container& operator=(const sync_container&) = delete;
  /// No other thread may be inside a call. Destroys all elements, also those that were erased, replaced or cleared and
  /// still wait, whoever holds a guard of the domain; but not those that a thread is destroying at that moment, a cleared
  /// table being one of them. O(elements), and O(garbage of the domain) if the map has retired anything.
  ~sync_container() = default;

  [[nodiscard]] bool contains(const key_type& key) const { return contains_key(key); }
  template <class K>
    requires lookup_key<K, Policy>
  [[nodiscard]] bool contains(const K& key) const {
    return contains_key(key);
  }

  /// Removes a key; false if it was absent. The element is destroyed when no reader can hold it.
  bool erase(const key_type& key) { return erase_key(key); }
  template <class K>
    requires lookup_key<K, Policy>
  bool erase(const K& key) {
    return erase_key(key);
  }
  /// Erases each of the keys by itself, fetching them ahead. Returns how many were there. Here and in the other calls
  /// that take ranges: keys of another type are looked up as they are where hash and equality are transparent, else as
  /// the keys that they convert to (twice each).
  template <std::ranges::forward_range Keys>
    requires stands_for_key<std::ranges::range_reference_t<const Keys>, Policy>
  size_type erase_many(const Keys& keys) {
    size_type erased = 0;
    write_bulks(
        keys, [&](const auto& key) { return table_.hash_of(as_lookup_key<Policy>(key)); },
        [&](const auto& key, size_type hash) { erased += erase_hashed(as_lookup_key<Policy>(key), hash) ? 1U : 0U; });
    return erased;
  }

  /// Removes everything, in one step that all other calls see as before or after theirs. O(stripes); the memory goes
  /// later, piece by piece, with the writes that follow. Counts as garbage of the table's size, but no more than a quarter
  /// of the cap of the domain: at the cap it waits. Throws std::bad_alloc.
  void clear() { table_.clear(); }

  /// Counts every call that was over when this one began, and of those that go on meanwhile some, but no erasure without
  /// the insertion before it: so a map is empty() only if, at a moment of the call, it held nothing that had been stored
  /// by then. O(1): a cache line for
  /// each of at most twice as many stripes as there are processors, a few times.
  [[nodiscard]] size_type size() const { return table_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// As far as types tell; there is memory for fewer.
  [[nodiscard]] size_type max_size() const noexcept {
    const auto of_allocator = std::allocator_traits<allocator_type>::max_size(table_.functors().allocator);
    return (std::min)((~size_type{0} >> 1U) / sizeof(value_type), static_cast<size_type>(of_allocator));
  }

  /// Makes the memory for n elements, so that no write has to split buckets before. O(n) at worst, without stopping
  /// others. Throws std::length_error and std::bad_alloc.
  void reserve(size_type n) {
    if (n > max_size()) throw_length_error("evac: reserve() or constructor asked for more than max_size()");
    table_.reserve(n);
  }

  [[nodiscard]] hasher hash_function() const { return table_.functors().hash; }
  [[nodiscard]] key_equal key_eq() const { return table_.functors().equal; }
  [[nodiscard]] allocator_type get_allocator() const { return table_.functors().allocator; }
  [[nodiscard]] epoch_domain& domain() const noexcept { return table_.domain(); }

  /// A look inside while others go on. O(buckets).
  [[nodiscard]] sync_stats stats() const { return collect_stats(table_); }
  /// Bytes held, without what has not been touched of the segment that is being filled, and without garbage. O(1).
  [[nodiscard]] size_type memory_usage() const {
    const read_call inside(table_.core());
    const auto* const root = table_.root();
    if (root == nullptr) return 0;
    return root->touched_bytes() + root->slab_bytes() + sizeof(*root) + root->size() * table_type::retired_bytes;
  }

 protected:
  using table_type = sync_table<Policy, in_nodes>;
  using storage_type = typename table_type::storage;
  using held = typename table_type::held;
  using fresh_element = typename table_type::fresh_element;

  /// Calls on_hit(held) inside the domain; returns whether the key is there.
  template <class K, class OnHit>
  EVAC_ALWAYS_INLINE bool find(const K& key, OnHit on_hit) const {
    const size_type hash = table_.hash_of(key);
    typename table_type::record_type* own = nullptr;
    {
      read_call inside(table_.core());
      using outcome = typename table_type::reader_type::outcome;
      const outcome at_once = table_.find_at_once(key, hash, on_hit);
      if (at_once == outcome::found) return true;
      if (at_once == outcome::absent) [[likely]]
        return false;
      own = &inside.stay();
    }
    // A jump and not a call: what it needs need not be kept over the fast path.
    return find_inside(*own, key, hash, on_hit);
  }
  template <class K, class OnHit>
  EVAC_NEVER_INLINE bool find_inside(typename table_type::record_type& own, const K& key, size_type hash,
                                     OnHit on_hit) const {
    const read_call inside(own);
    return table_.find(inside.own, key, hash, on_hit);
  }

  /// Calls each(key, hash, own record) for a bulk after the memory of all its keys is on its way, inside the domain.
  template <class Keys, class Each>
  void read_bulks(const Keys& keys, const Each& each) const {
    bulk_hashes hashes;
    const auto hash_of = [&](const auto& key) { return table_.hash_of(as_lookup_key<Policy>(key)); };
    const auto last = std::ranges::end(keys);
    for (auto first = std::ranges::begin(keys); first != last;) {
      const read_call inside(table_.core());
      const size_type count = fetch_bulk(inside, first, last, hash_of, hashes);
      for (size_type i = 0; i != count; ++i, static_cast<void>(++first)) each(*first, hashes[i], inside.own);
    }
  }
  /// The same for calls each(element of range, hash_of(it)) that may change something. They come outside of the domain:
  /// who is inside never waits for room.
  template <class Range, class HashOf, class Each>
  void write_bulks(const Range& range, const HashOf& hash_of, const Each& each) const {
    bulk_hashes hashes;
    const auto last = std::ranges::end(range);
    for (auto first = std::ranges::begin(range); first != last;) {
      const size_type count = fetch_bulk(read_call(table_.core()), first, last, hash_of, hashes);
      for (size_type i = 0; i != count; ++i, static_cast<void>(++first)) each(*first, hashes[i]);
    }
  }

  mutable table_type table_;

 private:
  friend struct table_access;

  using bulk_hashes = std::array<size_type, bulk_size>;

  // Fetches the memory of the next bulk of keys; returns how many these are.
  template <class At, class Last, class HashOf>
  size_type fetch_bulk(const read_call& inside, At at, const Last& last, const HashOf& hash_of,
                       bulk_hashes& hashes) const {
    size_type count = 0;
    for (; count != bulk_size && at != last; ++at) hashes[count++] = hash_of(*at);
    table_.prefetch(inside.own, hashes.data(), count);
    return count;
  }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE bool contains_key(const K& key) const {
    return find(key, [](const held&) {});
  }
  template <class K>
  bool erase_key(const K& key) {
    return erase_hashed(key, table_.hash_of(key));
  }
  template <class K>
  bool erase_hashed(const K& key, size_type hash) {
    const write_call call(table_.core(), table_type::retired_bytes);
    return table_.take_if(call.own, key, hash, [](const held&) { return true; }).has_value();
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
