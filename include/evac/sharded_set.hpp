// evac::sharded_set: evac::sharded_map without values. Everything that sharded_map.hpp says holds here; elements are
// never writable, so visitors get const elements.
#ifndef EVAC_SHARDED_SET_HPP
#define EVAC_SHARDED_SET_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/deduction.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/face/sharded_container.hpp"
#include "evac/fwd.hpp"
#include "evac/rw_lock.hpp"
#include "evac/set.hpp"

namespace evac::inline EVAC_ABI {

template <class Key, class Hash, class KeyEqual, class Allocator, class Mutex>
class sharded_set
    : public detail::sharded_container<
          detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator, detail::shares_functors>, Mutex> {
  using base = detail::sharded_container<
      detail::policy<detail::set_elements<Key>, Hash, KeyEqual, Allocator, detail::shares_functors>, Mutex>;

 public:
  /// Types as in the standard, and init_type (Key), mutex_type, visited_type (const Key: what visitors get).
  using typename base::key_type;
  using typename base::size_type;
  using typename base::value_type;
  /// The set of one owner with the same elements.
  using set_type = set<Key, Hash, KeyEqual, Allocator>;

  // --- construction and assignment ---

  /// (), (n, hash, equal, allocator), (first, last, ...), (list, ...), (evac::from_range, range, ...), with n the room
  /// for so many elements. Of the tail n, hash, equal, allocator any part may be left out from the right, and the
  /// allocator may come before that: (n, allocator), (n, hash, allocator), (first, last, allocator) and so on.
  /// (shards{count}, n, hash, equal, allocator) sets the number of shards, which is rounded up to a power of two and
  /// stays; by default there are 16 for each hardware thread, and on machines with many 512, or four for each if that
  /// is more. O(shards + elements). Throws std::length_error for more than 65536 shards or n > max_size().
  ///
  /// Copies, also with another allocator, hold all shards of the source for reading. O(size + buckets).
  ///
  /// Moves take everything in O(shards), or element by element where another, unequal allocator is given; the source
  /// keeps its shards, its functors and its allocator, and is empty. The new container needs shards of its own: no
  /// memory for those ends the program where this is noexcept, that is with allocators that are always equal, functors
  /// whose copies do not throw and an EVAC_ASSERT_HANDLER that does not.
  using base::base;
  sharded_set() = default;
  // Declared here and not only inherited: g++ 12 deduces template arguments from a list of elements only then.
  sharded_set(std::initializer_list<value_type> list, std::size_t n = 0)
    requires detail::default_constructible<Hash, KeyEqual, Allocator>
      : base(list, n) {}
  /// Copies, moves and lists replace all elements at once; the number of shards stays. A move is O(shards), or O(size)
  /// with different numbers of shards or unequal allocators that do not propagate; the source is empty afterwards and
  /// has the functors that the target had. If one throws, nothing has changed, but for such moves between unequal
  /// allocators, which leave the source empty. Move assignment is noexcept where the allocator is always equal or
  /// propagates.
  sharded_set& operator=(std::initializer_list<value_type> list) {
    base::operator=(list);
    return *this;
  }
  friend void swap(sharded_set& left, sharded_set& right) noexcept(noexcept(left.swap(right))) { left.swap(right); }

  // --- to and from a set of one owner ---

  /// Takes the elements of a set, each moved once. O(size). If it throws, none has been moved.
  explicit sharded_set(set_type&& other)
      : sharded_set(shards{detail::default_shard_count()}, 0, other.hash_function(), other.key_eq(),
                    other.get_allocator()) {
    detail::take_owned(this->state_, other);
  }
  /// The same in place of what is here; the number of shards stays. Hash, equality and, where the allocator says so,
  /// the allocator come along; if it does not and is unequal, each element is moved twice.
  sharded_set& operator=(set_type&& other) {
    sharded_set fresh(shards{this->shard_count()}, 0, other.hash_function(), other.key_eq(), other.get_allocator());
    detail::take_owned(fresh.state_, other);
    return *this = std::move(fresh);
  }
  /// A copy of all elements at one moment, each copied once. Holds all shards for reading. O(size + buckets).
  [[nodiscard]] set_type snapshot(std::source_location where = std::source_location::current()) const {
    return detail::copy_into<set_type>(this->state_, {"snapshot", where});
  }
  /// All elements, moved into a set of one owner, each once: also in `set = std::move(sharded)`. Empty afterwards.
  /// Holds all shards. O(size + buckets). If it throws, none has been moved.
  [[nodiscard]] operator set_type() && {  // NOLINT(google-explicit-constructor)
    return detail::move_into<set_type>(this->state_, {"conversion to set"});
  }

  // --- size and room ---

  /// The number of elements: a recent one while other threads write. Takes no lock. O(shards).
  using base::empty;
  using base::size;
  /// The largest n that reserve() accepts; the machine may have memory for fewer. O(1).
  using base::max_size;
  /// O(1).
  using base::shard_count;
  /// Room for n elements in all, with a margin for how they fall into shards: it is all but certain that the next
  /// inserts move nothing. An empty container gives back what it has beyond that. Shard by shard. O(size + new
  /// buckets). Throws std::length_error for n > max_size(), std::bad_alloc; then all shards have the room that they
  /// had. More memory than the machine could hold is refused before any of it is touched.
  using base::reserve;
  /// Room for about n slots, or for what there is if that is more; gives back what is beyond that, all of it for
  /// rehash(0) of an empty container. Shard by shard, O(size + buckets). Throws as reserve().
  using base::rehash;
  /// Slots of all home buckets; elements per slot. Shard by shard, O(shards).
  using base::bucket_count;
  using base::load_factor;
  /// Elements that fit without another bucket, if they fell evenly. O(shards).
  using base::max_load;
  /// 1. The setter is accepted and ignored.
  using base::max_load_factor;

  // --- looks inside ---

  /// Return copies. If the functor or allocator has state, one shard is held shared meanwhile, because an assignment or
  /// swap could be replacing it.
  using base::get_allocator;
  using base::hash_function;
  using base::key_eq;
  /// A sharded_stats (evac/stats.hpp), which operator<< prints. Collected bucket by bucket, with the shard held shared
  /// for the time of one: the histograms of a map that grows meanwhile are of several moments. O(buckets).
  using base::stats;
  /// The figures that cost nothing to read: a map_counters (evac/counters.hpp), of all shards together or of one, whose
  /// index is below shard_count(). No lock is taken, no bucket walked: also while another thread holds a shard.
  /// O(shards), O(1). noexcept.
  using base::counters;
  using base::counters_of_shard;
  /// Bytes held, without what has not been touched of the segments that are being filled: recent, as size(). Takes no
  /// lock. O(shards). noexcept.
  using base::memory_usage;
  /// The state of each shard's lock: a std::string with a line for each; in builds without NDEBUG with the thread that
  /// writes, as the system counts (gettid). In the child of a fork() a lock that was held at the fork still names the
  /// parent's thread. Takes no lock: what it says may be over when it is read.
  using base::dump_locks;
  /// Lets an observer (evac/observer.hpp) know of clear, growth, shrinking, long waits and re-entry; null: none. Takes
  /// all locks, as clear() does: so it waits for the calls that hold one, and afterwards the observer before is used no
  /// more.
  using base::observe;
  using base::observed_by;

  // --- looking up and visiting ---
  // A key of another type is looked up as it is where hash and equality are transparent for it; else it is converted.

  /// visit(key, f): f(const value_type&) if the key is there; returns 0 or 1. On a const container, and by cvisit, the
  /// shard is held shared; else the shard is held exclusively, and the element is const all the same. visit(first,
  /// last, f): the same for each key of a range; returns how many are there. Keys are taken bulk_visit_size at a time:
  /// the locks of all their shards are held while their elements are fetched at once and visited in order. Here f may
  /// also be one that takes the index of the key in the range: f(std::size_t, const value_type&).
  using base::bulk_visit_size;
  using base::cvisit;
  using base::visit;
  /// Whether the key is there; count() says so as 1 or 0. Hold its shard shared.
  using base::contains;
  using base::count;
  /// Starts to fetch the memory that a call on the key will read, if its shard can be read without waiting. O(1).
  using base::prefetch;

  // --- keys that are hashed once ---

  /// prepare(key): the key with its hash, for several calls: all above and below that look for one key, erase it or
  /// visit it take it in place of the key (contains, count, visit, cvisit, prefetch, shard_of, erase, erase_if, and the
  /// same without waiting). It refers to the key that was passed; it keeps one that was a temporary, or is trivially
  /// copyable and of two words at most. Valid until an assignment to this container, a swap or a move: later use misses
  /// elements, and stops builds without NDEBUG with a message, as that of a key which another container has prepared
  /// does.
  using base::prepare;

  // --- without waiting ---
  // visit, cvisit, insert of an element, erase and erase_if of a key take std::try_to_lock in front of their arguments,
  // and return an evac::attempt, as those of sharded_map do.

  // --- inserting ---
  // If the key is there already nothing changes, and nothing is moved from the arguments. Visitors come last: or-forms
  // have one, for the element that is there already; and-forms have two, for a new element and for that one, which is
  // const in the c-forms. They return whether an element was inserted.

  /// An element made from args. The key is looked up before anything is built where args show it (a key);
  /// else the element is built first, without a lock.
  using base::emplace;
  using base::emplace_and_cvisit;
  using base::emplace_and_visit;
  using base::emplace_or_cvisit;
  using base::emplace_or_visit;
  /// An element, or each of a range (first, last), of a list, or each of a range object (the range-forms). Elements are
  /// inserted one by one, not as a whole; these return how many were inserted.
  using base::insert;
  using base::insert_and_cvisit;
  using base::insert_and_visit;
  using base::insert_or_cvisit;
  using base::insert_or_visit;
  using base::insert_range;
  using base::insert_range_and_cvisit;
  using base::insert_range_and_visit;
  using base::insert_range_or_cvisit;
  using base::insert_range_or_visit;

  // --- one shard ---

  /// The index of the shard that a key belongs to, below shard_count(): the same until an assignment or a swap brings
  /// another hash or seed. A hash with state, or one that does not spread by itself, is kept from changing meanwhile.
  using base::shard_of;
  /// visit_shard(i, f): f(element) for every element of the shard with this index, which is held as in visit(); returns
  /// how many there were. So all threads can share the work on a container, or one does it piece by piece. O(elements
  /// and buckets of the shard).
  using base::cvisit_shard;
  using base::visit_shard;

  // --- some element ---

  /// sample(generator, n, f): draws n elements at random and calls f(const value_type&) with each, its shard held
  /// shared; returns how many it drew: n, unless others erase meanwhile, or 0 if there are none. Each element is drawn
  /// equally often on average, but for those in a chain of more than 16 elements, which are less likely, and where most
  /// homes are empty those behind a long gap, which are more likely. Draws are not independent: a shard's share of them
  /// is its share of all elements, rounded at random, and the shards come in order. The same element may be drawn more
  /// than once. The generator is one of <random>, or like those; it is called with a shard held. O(shards + n) where
  /// there is an element for each home or more, else each draw is O(buckets / elements) of its shard. Throws what the
  /// generator and f throw.
  using base::sample;
  /// Takes some element out and returns it as a Key; empty if each shard was, when it came to that. Which element is
  /// left open; threads begin at shards drawn at random. O(shards + buckets / elements of a shard). The element is
  /// moved after the lock is released. One whose move may throw is copied, and stays if that throws; if it cannot be
  /// copied and its move throws, it is gone.
  using base::pop_any;

  // --- all elements ---
  // Shard by shard, each held while its elements are visited: no moment for all. With an execution policy in front,
  // shards are worked on as the policy says, and the visitor must bear to be called by several threads at once; that
  // needs <execution>, and what the standard library needs for it.

  /// scan(cursor, budget, f): f(const value_type&) for about so many elements, those that come next; returns the cursor
  /// to go on with, in this thread or another, now or much later: see evac/scan_cursor.hpp. Locks shards shared, for
  /// the time of one bucket each. O(budget + chain). Throws what hash and f throw.
  using base::scan;
  /// f(element) for every element; returns how many there were. Const elements and shared locks as in visit().
  using base::cvisit_all;
  using base::visit_all;
  /// The same until f returns false; returns whether it never did.
  using base::cvisit_while;
  using base::visit_while;
  /// f(copy of the element) for every element with no lock held, so that f may use the container. An element that is
  /// there throughout is visited once, any other at most once. Needs copyable elements.
  using base::for_each;

  // --- erasing ---
  // An element is destroyed after the lock is released, so that its destructor may use the container; if it is not
  // trivially destructible it is moved once for that (in a node: only its address).

  /// erase(key): returns how many were erased, 0 or 1.
  using base::erase;
  /// erase_if(key, f): the same if f(element) is true. erase_if(f), erase_if(policy, f): all elements for which it is,
  /// shard by shard as above; returns how many.
  using base::erase_if;
  /// All elements go, all memory is given back. Linearizable; the locks are held for O(shards), the elements destroyed
  /// after that in O(size) (under the locks if there is no memory for empty shards). noexcept.
  using base::clear;

  // --- two containers ---
  // Both are held as a whole, the one at the lower address first.

  /// Exchanges everything, in O(shards); with different numbers of shards every element moves, in O(size). If it
  /// throws, nothing has changed; where this is noexcept (allocators that are always equal, or propagate on swap) it
  /// ends the program.
  using base::swap;
  /// Moves over every element of source, a sharded_set or a set, whose key is absent here; returns how many. Each is
  /// moved over once; growth moves elements as in inserts. O(size of the source). The allocators must be equal; hash
  /// and equality may be of other types. If a hash throws, the elements not yet moved stay in the source.
  using base::merge;
  // operator==: the same elements, in whatever order. Atomic. O(size) expected.
};

/// Erases all elements for which predicate is true, as the member does; returns how many. Shard by shard.
template <class Key, class Hash, class KeyEqual, class Allocator, class Mutex, class Predicate>
std::size_t erase_if(sharded_set<Key, Hash, KeyEqual, Allocator, Mutex>& from, Predicate predicate) {
  return from.erase_if(std::move(predicate));
}

// Deduction: what is left out of the tail (n, hash, equal, allocator) is what a sharded_set has by default.
template <std::input_iterator It, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
sharded_set(It, It, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> sharded_set<std::iter_value_t<It>, detail::hash_in<std::iter_value_t<It>, Hash>,
                   detail::equal_in<std::iter_value_t<It>, KeyEqual>,
                   detail::allocator_in<std::iter_value_t<It>, N, Hash, KeyEqual, Allocator>>;

template <std::ranges::input_range R, class N = std::size_t, class Hash = detail::left_out,
          class KeyEqual = detail::left_out, class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
sharded_set(from_range_t, R&&, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> sharded_set<std::ranges::range_value_t<R>, detail::hash_in<std::ranges::range_value_t<R>, Hash>,
                   detail::equal_in<std::ranges::range_value_t<R>, KeyEqual>,
                   detail::allocator_in<std::ranges::range_value_t<R>, N, Hash, KeyEqual, Allocator>>;

template <class Key, class N = std::size_t, class Hash = detail::left_out, class KeyEqual = detail::left_out,
          class Allocator = detail::left_out>
  requires detail::constructor_tail<N, Hash, KeyEqual, Allocator>
sharded_set(std::initializer_list<Key>, N = N(), Hash = Hash(), KeyEqual = KeyEqual(), Allocator = Allocator())
    -> sharded_set<Key, detail::hash_in<Key, Hash>, detail::equal_in<Key, KeyEqual>,
                   detail::allocator_in<Key, N, Hash, KeyEqual, Allocator>>;

template <class Key, class Hash, class KeyEqual, class Allocator>
sharded_set(set<Key, Hash, KeyEqual, Allocator>&&) -> sharded_set<Key, Hash, KeyEqual, Allocator>;
template <class Key, class Hash, class KeyEqual, class Allocator, class Mutex>
sharded_set(const sharded_set<Key, Hash, KeyEqual, Allocator, Mutex>&, const std::type_identity_t<Allocator>&)
    -> sharded_set<Key, Hash, KeyEqual, Allocator, Mutex>;

}  // namespace evac::inline EVAC_ABI

#endif
