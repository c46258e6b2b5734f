// evac::map: a hash map for one owner at a time that never pauses to rehash.
//
//   evac::map<std::string, int> count;
//   ++count["word"];
//
// A drop-in for std::unordered_map without the bucket interface and without reference stability, and for
// absl::flat_hash_map. It grows by splitting its buckets in order, at most two per insert (linear hashing: W. Litwin,
// "Linear Hashing: A New Tool for File and Table Addressing", VLDB 1980), so with a hash that spreads no insert
// moves more than max_moves_per_insert elements, and the table never exists twice. The following holds for every
// member, unless it says otherwise:
//
//   complexity     expected, for a hash that spreads; linear in one chain at worst, of which elements with equal hashes
//                  make one
//   thread safety  as a standard container: concurrent const calls are safe, also in the middle of a growth (no look-up
//                  or iteration writes anything); without NDEBUG misuse stops the program with a message, or
//                  calls the EVAC_ASSERT_HANDLER(message) that you define (docs/guarantees/README.md)
//   invalidation   an insert of an absent key invalidates iterators and references, as in absl::flat_hash_map, unless
//                  reserve() promised room for it; erasing only those of the element
//   exceptions     whatever hash, equality, constructors or the allocator throw passes through and leaves a usable map;
//                  single inserts have the strong guarantee. Growing never makes an insert fail: if memory for a
//                  segment is not to be had, chains get longer and the next insert tries again
//   elements       whose move constructor may throw, or that are larger than 256 bytes, live in nodes of their own
//   memory         an empty map holds none; sizeof is 128 on 64-bit systems with stateless functors
//                  and allocator, and a hash that spreads by itself
#ifndef EVAC_MAP_HPP
#define EVAC_MAP_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/construction.hpp"
#include "evac/detail/face/container.hpp"
#include "evac/detail/face/deduction.hpp"
#include "evac/detail/face/erase_matching.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/fwd.hpp"
#include "evac/hash.hpp"

namespace evac::inline EVAC_ABI {

namespace detail {
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using map_policy = storable_policy<policy<map_elements<Key, T>, Hash, KeyEqual, Allocator>>;
}  // namespace detail

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class map : public detail::constructors<detail::container<detail::map_policy<Key, T, Hash, KeyEqual, Allocator>>> {
  using policy = detail::map_policy<Key, T, Hash, KeyEqual, Allocator>;
  using base = detail::constructors<detail::container<policy>>;
  // A parameter for a key: the container's own, or of any type that hash and equality are transparent for.
  template <class K>
  using key_arg = detail::key_arg<K, policy>;

 public:
  // --- types ---------------------------------------------------------------------------------------------------------

  using typename base::allocator_type;
  using typename base::const_iterator;  // forward iterators, in an order that stays the same between inserts
  using typename base::const_pointer;
  using typename base::const_reference;
  using typename base::difference_type;
  using typename base::hasher;
  using typename base::init_type;  // std::pair<Key, T>
  using typename base::insert_return_type;
  using typename base::iterator;
  using typename base::key_equal;
  using typename base::key_type;
  using typename base::node_type;
  using typename base::pointer;
  using typename base::reference;
  using typename base::size_type;
  using typename base::value_type;  // std::pair<const Key, T>
  using mapped_type = T;

  // --- bounds, each checked by a test that counts --------------------------------------------------------------------

  /// Move constructions of other elements by one insert at most, at any point of any growth, given a hash that spreads.
  using base::max_moves_per_insert;
  /// Allocations by one insert at most: a segment, once in a lifetime the directory, a slab of overflow buckets, a
  /// node.
  using base::max_allocations_per_insert;
  /// Bytes that one insert clears at most.
  using base::max_cleared_bytes_per_insert;

  // --- construction and assignment -----------------------------------------------------------------------------------

  /// Empty, without memory. O(1).
  map() = default;
  /// A source of elements: none, iterators, a list, or evac::from_range and a range; then the tail. (n, hash, equal,
  /// allocator), of which each part may be left out from the right, (n, hash, allocator), (n, allocator) or
  /// (allocator). With room for n elements as after reserve(n). Of equal keys the first stays. O(n + elements). (other,
  /// allocator): a copy, or a move, with that allocator.
  using base::base;
  // Declared here and not only inherited: g++ 12 deduces template arguments from a list of elements only then.
  map(std::initializer_list<value_type> list, size_type n = 0)
    requires detail::default_constructible<Hash, KeyEqual, Allocator>
      : base(list, n) {}
  // Copies hash nothing: O(buckets + size). Moves take everything, leave the source empty and invalidate its iterators:
  // O(1), O(size) with unequal allocators that do not propagate. An assignment that throws while it copies has changed
  // nothing. Hash and equality come along.
  map& operator=(std::initializer_list<value_type> list) {
    base::operator=(list);
    return *this;
  }
  /// Exchanges everything; invalidates all iterators of both, while references stay valid. Allocators only if they
  /// propagate, else they must be equal. O(1). noexcept where swaps of the functors are and the allocator is always
  /// equal or propagates.
  using base::swap;
  // For the type itself: std::swap would be a better match than one for its base.
  friend void swap(map& left, map& right) noexcept(noexcept(left.swap(right))) { left.swap(right); }
  // left == right: the same elements in whatever order. O(size).

  // --- iteration -----------------------------------------------------------------------------------------------------

  /// The first element, or end(). O(log buckets), however sparse the map is. Does not throw.
  using base::begin;
  using base::cbegin;
  /// Behind the last element. O(1). Does not throw.
  using base::cend;
  using base::end;

  // --- look-ups: they write nothing, invalidate nothing, and throw what hash and equality throw ----------------------

  /// The element of this key, or end(). O(1): one cache line for most keys that are absent, one or two for those
  /// present. Of several elements that a key of another type equals, the first that is met; so do count, equal_range,
  /// erase and extract.
  using base::find;
  /// Whether there is an element of this key. O(1).
  using base::contains;
  /// The number of elements of this key: 0 or 1. O(1).
  using base::count;
  /// The range of the elements of this key, one or none. O(1), and the next element if there is one.
  using base::equal_range;
  /// Starts to fetch the memory that a look-up of this key will read. O(1).
  using base::prefetch;
  /// prepare(key): the key with its hash, for several calls: find, contains, count, prefetch, erase and extract, and
  /// at, take it in place of the key. It refers to the key that was passed; it keeps one that was a temporary, or is
  /// trivially copyable and of two words at most. Valid until this map is assigned to, swapped or moved from: later use
  /// misses elements, and stops builds without NDEBUG with a message, as that of a key which another map has prepared
  /// does. Throws what the hash throws. O(1).
  using base::prepare;
  /// sample(generator, n, f): draws n elements at random, one after the other and each out of all, and calls f(const
  /// value_type&) with it; returns n, or 0 if there are none. Each is as likely as any other, but for those in a chain
  /// of more than 16 elements, which are less likely, and where most homes are empty those behind a long gap, which are
  /// more likely. The generator is one of <random>, or like those. O(n) where there is an element for each home or
  /// more, else each draw is O(log buckets). Throws what the generator and f throw.
  using base::sample;
  /// scan(cursor, budget, f): f(const value_type&) for about so many elements, those that come next; returns the cursor
  /// to go on with. Unlike iterators a cursor outlives inserts: see evac/scan_cursor.hpp. O(budget + chain). Throws
  /// what hash and f throw.
  using base::scan;
  /// find_many(keys, f): calls f(element) for those of the keys that are there, in their order, and fetches the memory
  /// of keys ahead while it works on those before: in a map larger than the caches faster than one by one. Returns how
  /// many were there. The range is passed twice, and f must not change the map. f takes value_type&, const value_type&
  /// of a const map; or, in front of it, the index of the key in the range as well: f(std::size_t, value_type&). If a
  /// hash throws, f has been called for the keys before. O(keys).
  using base::find_many;
  /// The value of a present key. Throws std::out_of_range if it is absent. O(1).
  template <detail::stands_for_key<policy> K = key_type>
  [[nodiscard]] T& at(const key_arg<K>& key) EVAC_LIFETIME_BOUND {
    return found_value(this->lookup(key));
  }
  template <detail::stands_for_key<policy> K = key_type>
  [[nodiscard]] const T& at(const key_arg<K>& key) const EVAC_LIFETIME_BOUND {
    return found_value(this->lookup(key));
  }
  template <class K>
  [[nodiscard]] T& at(const detail::prepared_key<detail::container<policy>, K>& key) EVAC_LIFETIME_BOUND {
    return found_value(this->lookup(key));
  }
  template <class K>
  [[nodiscard]] const T& at(const detail::prepared_key<detail::container<policy>, K>& key) const EVAC_LIFETIME_BOUND {
    return found_value(this->lookup(key));
  }

  // --- inserting: O(1) and bounded as above; a present key costs a look-up, and nothing is moved from ----------------

  /// The value of a key, inserted value-initialised if absent.
  T& operator[](const key_type& key) EVAC_LIFETIME_BOUND { return try_emplace(key).first->second; }
  template <detail::forwarded_key<policy> K = key_type>
  T& operator[](key_arg<K>&& key) EVAC_LIFETIME_BOUND {
    return try_emplace(std::forward<key_arg<K>>(key)).first->second;
  }

  /// Inserts the key with a value constructed from args if it is absent. The bool tells whether it was. A hint is
  /// ignored, here and everywhere.
  template <class... Args>
  std::pair<iterator, bool> try_emplace(const key_type& key, Args&&... args) {
    return emplace_pair(key, std::forward<Args>(args)...);
  }
  template <detail::forwarded_key<policy> K = key_type, class... Args>
  std::pair<iterator, bool> try_emplace(key_arg<K>&& key, Args&&... args) {
    return emplace_pair(detail::as_written_key<policy>(std::forward<key_arg<K>>(key)), std::forward<Args>(args)...);
  }
  template <class... Args>
  iterator try_emplace(const_iterator, const key_type& key, Args&&... args) {
    return try_emplace(key, std::forward<Args>(args)...).first;
  }
  template <detail::forwarded_key<policy> K = key_type, class... Args>
  iterator try_emplace(const_iterator, key_arg<K>&& key, Args&&... args) {
    return try_emplace(std::forward<key_arg<K>>(key), std::forward<Args>(args)...).first;
  }

  /// Inserts, or assigns to the value of a present key. The bool tells whether it was inserted. If the assignment
  /// throws, the value is as the assignment left it. The overloads with const V& are for bit-fields.
  template <class M>
    requires(!detail::may_be_bit_field<M, T>)
  std::pair<iterator, bool> insert_or_assign(const key_type& key, M&& value) {
    return assign_pair(key, std::forward<M>(value));
  }
  template <class V>
    requires detail::may_be_bit_field<V&, T>
  std::pair<iterator, bool> insert_or_assign(const key_type& key, const V& value) {
    return assign_pair(key, value);
  }
  template <detail::forwarded_key<policy> K = key_type, class M>
    requires(!detail::may_be_bit_field<M, T>)
  std::pair<iterator, bool> insert_or_assign(key_arg<K>&& key, M&& value) {
    return assign_pair(detail::as_written_key<policy>(std::forward<key_arg<K>>(key)), std::forward<M>(value));
  }
  template <detail::forwarded_key<policy> K = key_type, class V>
    requires detail::may_be_bit_field<V&, T>
  std::pair<iterator, bool> insert_or_assign(key_arg<K>&& key, const V& value) {
    return assign_pair(detail::as_written_key<policy>(std::forward<key_arg<K>>(key)), value);
  }
  template <class M>
    requires(!detail::may_be_bit_field<M, T>)
  iterator insert_or_assign(const_iterator, const key_type& key, M&& value) {
    return insert_or_assign(key, std::forward<M>(value)).first;
  }
  template <class V>
    requires detail::may_be_bit_field<V&, T>
  iterator insert_or_assign(const_iterator, const key_type& key, const V& value) {
    return insert_or_assign(key, value).first;
  }
  template <detail::forwarded_key<policy> K = key_type, class M>
    requires(!detail::may_be_bit_field<M, T>)
  iterator insert_or_assign(const_iterator, key_arg<K>&& key, M&& value) {
    return insert_or_assign(std::forward<key_arg<K>>(key), std::forward<M>(value)).first;
  }
  template <detail::forwarded_key<policy> K = key_type, class V>
    requires detail::may_be_bit_field<V&, T>
  iterator insert_or_assign(const_iterator, key_arg<K>&& key, const V& value) {
    return assign_pair(detail::as_written_key<policy>(std::forward<key_arg<K>>(key)), value).first;
  }

  /// Constructs an element from args if its key is absent. The bool tells whether it was. The key is looked up before
  /// anything is built where args show it (a key and a value, or a pair); else the element is built first, and dropped
  /// if its key is present.
  using base::emplace;
  using base::emplace_hint;
  /// The same for one element, which a pair or what converts to one is. The bool tells whether it was inserted.
  template <detail::forwarded_element<policy> P>
  std::pair<iterator, bool> insert(P&& value) {
    return this->emplace(std::forward<P>(value));
  }
  std::pair<iterator, bool> insert(init_type&& value) { return this->emplace(std::move(value)); }
  template <detail::hinted_element<policy> P>
  iterator insert(const_iterator, P&& value) {
    return this->emplace(std::forward<P>(value)).first;
  }
  iterator insert(const_iterator, init_type&& value) { return this->emplace(std::move(value)).first; }
  /// insert(first, last), insert(list), insert_range(range): one element after the other, each hashed once. After an
  /// exception those before it are in. Of ranges of elements that can be passed twice the memory of those that follow
  /// is fetched ahead. insert(node), insert(hint, node): moves the element of a handle here if its key is absent, else
  /// it stays in the handle. The allocators must be equal.
  using base::insert;
  void insert(std::initializer_list<value_type> list) { this->insert(list.begin(), list.end()); }
  using base::insert_range;
  /// Moves over every element of another map of such elements whose key is absent here, each once; the rest stays
  /// there. The allocators must be equal, hash and equality may be of other types. O(size of the other).
  using base::merge;

  // --- erasing: moves nothing ----------------------------------------------------------------------------------------

  /// erase(key): the number of elements erased. O(1); throws what hash and equality throw. erase(iterator),
  /// erase(first, last): the next element; each O(1) and the search for the next. Destructors run at once; they may
  /// read this map, which the element is gone from by then, and must not change it. Invalidates what refers to the
  /// erased element only.
  using base::erase;
  iterator erase(iterator at) { return this->erase(const_iterator(at)); }
  /// erase_many(keys): erases those of the keys that are there, fetching ahead as find_many(), and returns how many.
  /// After an exception those before it are gone. O(keys).
  using base::erase_many;
  /// A handle that owns the element of this key or iterator; an empty one if there is none. One move construction, none
  /// for elements in nodes. The handle has key(), mapped(), empty() and operator bool, as in the standard. O(1).
  using base::extract;
  /// extract(begin()): a handle that owns some element, the first of the iteration; an empty one if there is none.
  /// O(log buckets), also where a map is emptied so.
  using base::pop_any;
  /// Destroys all elements, keeps the memory. Destructors as in erase. O(size + buckets / 64). Does not throw.
  using base::clear;

  // --- room ----------------------------------------------------------------------------------------------------------

  /// Whether there is no element; how many there are. O(1).
  using base::empty;
  using base::size;
  /// The largest n that reserve() accepts: as many as there are addresses for, or fewer where the allocator's
  /// max_size() is less; the machine may have memory for fewer. O(1).
  using base::max_size;
  /// The next inserts, up to n elements in all, move nothing, invalidate nothing, change no bucket_count() and allocate
  /// nothing but nodes, given a hash that spreads; with another they may still allocate overflow buckets. Invalidates
  /// everything. O(size + n / 4) at worst; on a map without memory, that of large segments is not touched. Throws
  /// std::length_error for more than max_size(), and std::bad_alloc before anything is touched, also where the machine
  /// has less memory and swap than that takes.
  using base::reserve;
  /// Room for about n slots, or for what there is if that is more; takes back what reserve() promised and may give
  /// memory back. Invalidates everything. O(size + buckets). Throws as reserve().
  using base::rehash;
  /// rehash(0): that of an empty map gives all memory back.
  using base::shrink_to_fit;
  /// Slots of all home buckets. O(1).
  using base::bucket_count;
  /// size() / bucket_count(). O(1).
  using base::load_factor;
  /// 1. Accepts another and ignores it, as absl::flat_hash_map does. O(1).
  using base::max_load_factor;
  /// Does up to n steps of the growth that is under way, each the evacuation of a bucket; returns how many it did,
  /// fewer than n if the growth is then complete. For idle moments; completing a doubling may make the table larger
  /// than its elements need. Invalidates everything. O(n). Throws what the hash and the allocator throw; the map is
  /// whole then.
  using base::evacuate;
  /// Whether a growth is under way: mostly true, since the number of buckets is rarely a power of two. O(1).
  using base::evacuating;

  // --- looks inside --------------------------------------------------------------------------------------------------

  /// Copies of the functors and the allocator. O(1).
  using base::get_allocator;
  using base::hash_function;
  using base::key_eq;
  /// The contents of the buckets in numbers, and the memory they take: a table_stats (evac/stats.hpp). O(buckets).
  using base::stats;
  /// The figures that cost nothing to read: a map_counters (evac/counters.hpp). O(1), as size(). noexcept.
  using base::counters;
  /// Bytes held, without what has not been touched of the segment that is being filled, and what the alignment of
  /// blocks costs with allocators other than std::allocator. O(1).
  using base::memory_usage;
  /// Lets an observer (evac/observer.hpp) know of clear, growth and shrinking; null: none. A writing call; the observer
  /// is used by those that follow until another takes its place, or the map is destroyed. O(1).
  using base::observe;
  using base::observed_by;

 private:
  [[nodiscard]] static T& found_value(detail::position at) {
    if (at.where == nullptr) detail::throw_out_of_range("evac::map::at: no such key");
    return base::element_at(at).second;
  }
  template <class K, class... Args>
  EVAC_ALWAYS_INLINE std::pair<iterator, bool> emplace_pair(K&& key, Args&&... args) {
    return this->place_if_absent(key, [&](void* slot) {
      this->construct_at(slot, std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
                         std::forward_as_tuple(std::forward<Args>(args)...));
    });
  }
  template <class K, class M>
  std::pair<iterator, bool> assign_pair(K&& key, M&& value) {
    auto done = emplace_pair(std::forward<K>(key), std::forward<M>(value));
    if (!done.second) done.first->second = std::forward<M>(value);
    return done;
  }
};

/// Erases all elements for which predicate is true; returns how many. Moves none. O(buckets + size).
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Predicate>
std::size_t erase_if(map<Key, T, Hash, KeyEqual, Allocator>& from, Predicate predicate) {
  return detail::erase_matching(from, predicate);
}

// Deduction: what is left out of the tail (n, hash, equal, allocator) is what a map has by default.
template <std::input_iterator It, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
map(It, It, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> map<detail::key_of<It>, detail::mapped_of<It>, detail::hash_in<detail::key_of<It>, Hash>,
           detail::equal_in<detail::key_of<It>, KeyEqual>,
           detail::map_allocator_in<detail::key_of<It>, detail::mapped_of<It>, N, Hash, KeyEqual, Allocator>>;

template <std::ranges::input_range R, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
map(from_range_t, R&&, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> map<detail::range_key_of<R>, detail::range_mapped_of<R>, detail::hash_in<detail::range_key_of<R>, Hash>,
           detail::equal_in<detail::range_key_of<R>, KeyEqual>,
           detail::map_allocator_in<detail::range_key_of<R>, detail::range_mapped_of<R>, N, Hash, KeyEqual, Allocator>>;

template <class Key, class T, class N = std::size_t, class Hash = detail::left_out, class KeyEqual = detail::left_out,
          class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
map(std::initializer_list<std::pair<Key, T>>, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> map<detail::list_key<Key>, T, detail::hash_in<detail::list_key<Key>, Hash>,
           detail::equal_in<detail::list_key<Key>, KeyEqual>,
           detail::map_allocator_in<detail::list_key<Key>, T, N, Hash, KeyEqual, Allocator>>;

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
map(const map<Key, T, Hash, KeyEqual, Allocator>&, const std::type_identity_t<Allocator>&)
    -> map<Key, T, Hash, KeyEqual, Allocator>;

}  // namespace evac::inline EVAC_ABI

#endif
