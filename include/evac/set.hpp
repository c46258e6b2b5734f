// evac::set: a hash set for one owner at a time that never pauses to rehash: evac::map without values.
//
//   evac::set<std::string> seen;
//   if (seen.insert("word").second) std::cout << "new";
//
// Elements are never writable. Complexity, threads, invalidation, exceptions and memory are those of evac::map, as the
// head of map.hpp has them.
#ifndef EVAC_SET_HPP
#define EVAC_SET_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <ranges>
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
template <class Key, class Hash, class KeyEqual, class Allocator>
using set_policy = storable_policy<policy<set_elements<Key>, Hash, KeyEqual, Allocator>>;
}  // namespace detail

template <class Key, class Hash, class KeyEqual, class Allocator>
class set : public detail::constructors<detail::container<detail::set_policy<Key, Hash, KeyEqual, Allocator>>> {
  using policy = detail::set_policy<Key, Hash, KeyEqual, Allocator>;
  using base = detail::constructors<detail::container<policy>>;

 public:
  // --- types ---------------------------------------------------------------------------------------------------------

  using typename base::allocator_type;
  using typename base::const_iterator;  // forward iterators, in an order that stays the same between inserts
  using typename base::const_pointer;
  using typename base::const_reference;
  using typename base::difference_type;
  using typename base::hasher;
  using typename base::init_type;
  using typename base::insert_return_type;
  using typename base::iterator;
  using typename base::key_equal;
  using typename base::key_type;
  using typename base::node_type;
  using typename base::pointer;
  using typename base::reference;
  using typename base::size_type;
  using typename base::value_type;

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
  set() = default;
  /// A source of elements: none, iterators, a list, or evac::from_range and a range; then the tail. (n, hash, equal,
  /// allocator), of which each part may be left out from the right, (n, hash, allocator), (n, allocator) or
  /// (allocator). With room for n elements as after reserve(n). Of equal keys the first stays. O(n + elements). (other,
  /// allocator): a copy, or a move, with that allocator.
  using base::base;
  // Declared here and not only inherited: g++ 12 deduces template arguments from a list of elements only then.
  set(std::initializer_list<value_type> list, size_type n = 0)
    requires detail::default_constructible<Hash, KeyEqual, Allocator>
      : base(list, n) {}
  // Copies hash nothing: O(buckets + size). Moves take everything, leave the source empty and invalidate its iterators:
  // O(1), O(size) with unequal allocators that do not propagate. An assignment that throws while it copies has changed
  // nothing. Hash and equality come along.
  set& operator=(std::initializer_list<value_type> list) {
    base::operator=(list);
    return *this;
  }
  /// Exchanges everything; invalidates all iterators of both, while references stay valid. Allocators only if they
  /// propagate, else they must be equal. O(1). noexcept where swaps of the functors are and the allocator is always
  /// equal or propagates.
  using base::swap;
  // For the type itself: std::swap would be a better match than one for its base.
  friend void swap(set& left, set& right) noexcept(noexcept(left.swap(right))) { left.swap(right); }
  // left == right: the same elements in whatever order. O(size).

  // --- iteration -----------------------------------------------------------------------------------------------------

  /// The first element, or end(). O(log buckets), however sparse the set is. Does not throw.
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
  /// prepare(key): the key with its hash, for several calls: find, contains, count, prefetch, erase and extract take it
  /// in place of the key. It refers to the key that was passed; it keeps one that was a temporary, or is trivially
  /// copyable and of two words at most. Valid until this set is assigned to, swapped or moved from: later use misses
  /// elements, and stops builds without NDEBUG with a message, as that of a key which another set has prepared does.
  /// Throws what the hash throws. O(1).
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
  /// of keys ahead while it works on those before: in a set larger than the caches faster than one by one. Returns how
  /// many were there. The range is passed twice, and f must not change the set. f takes const Key&, or the index of the
  /// key in the range and that. If a hash throws, f has been called for the keys before. O(keys).
  using base::find_many;

  // --- inserting: O(1) and bounded as above; a present key costs a look-up, and nothing is moved from ----------------

  /// Constructs an element from args if its key is absent. The bool tells whether it was. The key is looked up before
  /// anything is built where args are one key; else the element is built first, and dropped if its key is present.
  using base::emplace;
  using base::emplace_hint;
  /// The same for one element. The bool tells whether it was inserted. The overloads with const V& are for bit-fields.
  std::pair<iterator, bool> insert(const value_type& value) { return this->emplace(value); }
  std::pair<iterator, bool> insert(value_type&& value) { return this->emplace(std::move(value)); }
  template <detail::forwarded_element<policy> P>
  std::pair<iterator, bool> insert(P&& value) {
    return this->emplace(std::forward<P>(value));
  }
  template <class V>
    requires detail::may_be_bit_field<V&, Key>
  std::pair<iterator, bool> insert(const V& value) {
    return this->emplace(value);
  }
  iterator insert(const_iterator, const value_type& value) { return this->emplace(value).first; }
  iterator insert(const_iterator, value_type&& value) { return this->emplace(std::move(value)).first; }
  template <detail::hinted_element<policy> P>
  iterator insert(const_iterator, P&& value) {
    return this->emplace(std::forward<P>(value)).first;
  }
  template <class V>
    requires detail::may_be_bit_field<V&, Key>
  iterator insert(const_iterator, const V& value) {
    return this->emplace(value).first;
  }
  /// insert(first, last), insert(list), insert_range(range): one element after the other, each hashed once. After an
  /// exception those before it are in. Of ranges of elements that can be passed twice the memory of those that follow
  /// is fetched ahead. insert(node), insert(hint, node): moves the element of a handle here if its key is absent, else
  /// it stays in the handle. The allocators must be equal.
  using base::insert;
  void insert(std::initializer_list<value_type> list) { this->insert(list.begin(), list.end()); }
  using base::insert_range;
  /// Moves over every element of another set of such elements whose key is absent here, each once; the rest stays
  /// there. The allocators must be equal, hash and equality may be of other types. O(size of the other).
  using base::merge;

  // --- erasing: moves nothing ----------------------------------------------------------------------------------------

  /// erase(key): the number of elements erased. O(1); throws what hash and equality throw. erase(iterator),
  /// erase(first, last): the next element; each O(1) and the search for the next. Destructors run at once; they may
  /// read this set, which the element is gone from by then, and must not change it. Invalidates what refers to the
  /// erased element only.
  using base::erase;
  /// erase_many(keys): erases those of the keys that are there, fetching ahead as find_many(), and returns how many.
  /// After an exception those before it are gone. O(keys).
  using base::erase_many;
  /// A handle that owns the element of this key or iterator; an empty one if there is none. One move construction, none
  /// for elements in nodes. The handle has value(), empty() and operator bool, as in the standard. O(1).
  using base::extract;
  /// extract(begin()): a handle that owns some element, the first of the iteration; an empty one if there is none.
  /// O(log buckets), also where a set is emptied so.
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
  /// everything. O(size + n / 4) at worst; on a set without memory, that of large segments is not touched. Throws
  /// std::length_error for more than max_size(), and std::bad_alloc before anything is touched, also where the machine
  /// has less memory and swap than that takes.
  using base::reserve;
  /// Room for about n slots, or for what there is if that is more; takes back what reserve() promised and may give
  /// memory back. Invalidates everything. O(size + buckets). Throws as reserve().
  using base::rehash;
  /// rehash(0): that of an empty set gives all memory back.
  using base::shrink_to_fit;
  /// Slots of all home buckets. O(1).
  using base::bucket_count;
  /// size() / bucket_count(). O(1).
  using base::load_factor;
  /// 1. Accepts another and ignores it, as absl::flat_hash_map does. O(1).
  using base::max_load_factor;
  /// Does up to n steps of the growth that is under way, each the evacuation of a bucket; returns how many it did,
  /// fewer than n if the growth is then complete. For idle moments; completing a doubling may make the table larger
  /// than its elements need. Invalidates everything. O(n). Throws what the hash and the allocator throw; the set is
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
  /// is used by those that follow until another takes its place, or the set is destroyed. O(1).
  using base::observe;
  using base::observed_by;
};

/// Erases all elements for which predicate is true; returns how many. Moves none. O(buckets + size).
template <class Key, class Hash, class KeyEqual, class Allocator, class Predicate>
std::size_t erase_if(set<Key, Hash, KeyEqual, Allocator>& from, Predicate predicate) {
  return detail::erase_matching(from, predicate);
}

// Deduction: what is left out of the tail (n, hash, equal, allocator) is what a set has by default.
template <std::input_iterator It, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
set(It, It, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<std::iter_value_t<It>, detail::hash_in<std::iter_value_t<It>, Hash>,
           detail::equal_in<std::iter_value_t<It>, KeyEqual>,
           detail::allocator_in<std::iter_value_t<It>, N, Hash, KeyEqual, Allocator>>;

template <std::ranges::input_range R, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
set(from_range_t, R&&, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<std::ranges::range_value_t<R>, detail::hash_in<std::ranges::range_value_t<R>, Hash>,
           detail::equal_in<std::ranges::range_value_t<R>, KeyEqual>,
           detail::allocator_in<std::ranges::range_value_t<R>, N, Hash, KeyEqual, Allocator>>;

template <class Key, class N = std::size_t, class Hash = detail::left_out, class KeyEqual = detail::left_out,
          class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
set(std::initializer_list<Key>, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> set<Key, detail::hash_in<Key, Hash>, detail::equal_in<Key, KeyEqual>,
           detail::allocator_in<Key, N, Hash, KeyEqual, Allocator>>;

template <class Key, class Hash, class KeyEqual, class Allocator>
set(const set<Key, Hash, KeyEqual, Allocator>&, const std::type_identity_t<Allocator>&)
    -> set<Key, Hash, KeyEqual, Allocator>;

}  // namespace evac::inline EVAC_ABI

#endif
