// evac::map: a hash map for one owner at a time that never pauses to rehash.
//
//   evac::map<std::string, int> count;
//   ++count["word"];
//
// A drop-in for std::unordered_map without the bucket interface and without reference stability, and for
// absl::flat_hash_map. It grows by splitting its buckets in order, at most two per insert (linear hashing: W. Litwin,
// "Linear Hashing: A New Tool for File and Table Addressing", VLDB 1980), so no insert ever moves more than
// max_moves_per_insert elements and the table never exists twice.
//
//   complexity     find, insert, erase: O(1) expected, and for inserts O(1) at worst beside the length of a chain
//   thread safety  as a standard container: concurrent const calls are safe, also in the middle of a growth (no look-up
//                  or iteration writes anything); without NDEBUG misuse stops the program with a message, or
//                  calls the EVAC_ASSERT_HANDLER(message) that you define (detail/sync/single_owner.hpp)
//   invalidation   an insert of an absent key invalidates iterators and references, as in absl::flat_hash_map; erase
//                  only those of its element; reserve(n) promises n elements without any
//   exceptions     strong guarantee for single inserts; whatever hash, equality, constructors or the allocator throw
//                  leaves a usable map. Growing never makes an insert fail: if memory for a segment is not to be had,
//                  chains get longer and the next insert tries again
//   elements       whose move constructor may throw, or that are larger than 256 bytes, live in nodes of their own
//   memory         an empty map holds none; sizeof is 128 on 64-bit systems with stateless functors and allocator
#ifndef EVAC_MAP_HPP
#define EVAC_MAP_HPP

#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/container.hpp"
#include "evac/detail/face/deduction.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/fwd.hpp"
#include "evac/hash.hpp"

namespace evac::inline EVAC_ABI {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class map : public detail::container<detail::policy<detail::map_elements<Key, T>, Hash, KeyEqual, Allocator>> {
  using policy = detail::policy<detail::map_elements<Key, T>, Hash, KeyEqual, Allocator>;
  using base = detail::container<policy>;

 public:
  using typename base::const_iterator;
  using typename base::iterator;
  using typename base::key_type;
  using typename base::value_type;
  using mapped_type = T;

  using base::base;
  map() = default;
  // Declared here and not only inherited: g++ 12 deduces template arguments from a list of elements only then.
  map(std::initializer_list<value_type> list, std::size_t n = 0)
    requires detail::default_constructible<Hash, KeyEqual, Allocator>
      : base(list, n) {}
  map(const map&) = default;
  map(map&&) = default;
  map& operator=(const map&) = default;
  map& operator=(map&&) = default;
  map& operator=(std::initializer_list<value_type> list) {
    base::operator=(list);
    return *this;
  }
  ~map() = default;

  // For the type itself: std::swap would be a better match than one for its base.
  friend void swap(map& left, map& right) noexcept(noexcept(left.swap(right))) { left.swap(right); }

  /// The value of a present key. Throws std::out_of_range if it is absent.
  [[nodiscard]] T& at(const key_type& key) { return found_value(this->lookup(key)); }
  [[nodiscard]] const T& at(const key_type& key) const { return found_value(this->lookup(key)); }
  template <class K>
    requires detail::lookup_key<K, policy>
  [[nodiscard]] T& at(const K& key) {
    return found_value(this->lookup(key));
  }
  template <class K>
    requires detail::lookup_key<K, policy>
  [[nodiscard]] const T& at(const K& key) const {
    return found_value(this->lookup(key));
  }

  /// The value of a key, inserted value-initialised if absent.
  T& operator[](const key_type& key) { return try_emplace(key).first->second; }
  T& operator[](key_type&& key) { return try_emplace(std::move(key)).first->second; }
  template <class K>
    requires detail::forwarded_key<K, policy>
  T& operator[](K&& key) {
    return try_emplace(std::forward<K>(key)).first->second;
  }

  /// Inserts the key with a value constructed from args if it is absent; if it is present, nothing is moved from.
  template <class... Args>
  std::pair<iterator, bool> try_emplace(const key_type& key, Args&&... args) {
    return emplace_pair(key, std::forward<Args>(args)...);
  }
  template <class... Args>
  std::pair<iterator, bool> try_emplace(key_type&& key, Args&&... args) {
    return emplace_pair(std::move(key), std::forward<Args>(args)...);
  }
  template <class K, class... Args>
    requires detail::forwarded_key<K, policy>
  std::pair<iterator, bool> try_emplace(K&& key, Args&&... args) {
    return emplace_pair(std::forward<K>(key), std::forward<Args>(args)...);
  }
  template <class... Args>
  iterator try_emplace(const_iterator, const key_type& key, Args&&... args) {
    return try_emplace(key, std::forward<Args>(args)...).first;
  }
  template <class... Args>
  iterator try_emplace(const_iterator, key_type&& key, Args&&... args) {
    return try_emplace(std::move(key), std::forward<Args>(args)...).first;
  }
  template <class K, class... Args>
    requires detail::forwarded_key<K, policy>
  iterator try_emplace(const_iterator, K&& key, Args&&... args) {
    return try_emplace(std::forward<K>(key), std::forward<Args>(args)...).first;
  }

  /// Inserts, or assigns to the value of a present key. The bool tells whether it was inserted. The overloads with const V&
  /// are for bit-fields.
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
  template <class M>
    requires(!detail::may_be_bit_field<M, T>)
  std::pair<iterator, bool> insert_or_assign(key_type&& key, M&& value) {
    return assign_pair(std::move(key), std::forward<M>(value));
  }
  template <class V>
    requires detail::may_be_bit_field<V&, T>
  std::pair<iterator, bool> insert_or_assign(key_type&& key, const V& value) {
    return assign_pair(std::move(key), value);
  }
  template <class K, class M>
    requires(detail::forwarded_key<K, policy> && !detail::may_be_bit_field<M, T>)
  std::pair<iterator, bool> insert_or_assign(K&& key, M&& value) {
    return assign_pair(std::forward<K>(key), std::forward<M>(value));
  }
  template <class K, class V>
    requires(detail::forwarded_key<K, policy> && detail::may_be_bit_field<V&, T>)
  std::pair<iterator, bool> insert_or_assign(K&& key, const V& value) {
    return assign_pair(std::forward<K>(key), value);
  }
  template <class M>
    requires(!detail::may_be_bit_field<M, T>)
  iterator insert_or_assign(const_iterator, const key_type& key, M&& value) {
    return assign_pair(key, std::forward<M>(value)).first;
  }
  template <class V>
    requires detail::may_be_bit_field<V&, T>
  iterator insert_or_assign(const_iterator, const key_type& key, const V& value) {
    return assign_pair(key, value).first;
  }
  template <class M>
    requires(!detail::may_be_bit_field<M, T>)
  iterator insert_or_assign(const_iterator, key_type&& key, M&& value) {
    return assign_pair(std::move(key), std::forward<M>(value)).first;
  }
  template <class V>
    requires detail::may_be_bit_field<V&, T>
  iterator insert_or_assign(const_iterator, key_type&& key, const V& value) {
    return assign_pair(std::move(key), value).first;
  }
  template <class K, class M>
    requires(detail::forwarded_key<K, policy> && !detail::may_be_bit_field<M, T>)
  iterator insert_or_assign(const_iterator, K&& key, M&& value) {
    return assign_pair(std::forward<K>(key), std::forward<M>(value)).first;
  }
  template <class K, class V>
    requires(detail::forwarded_key<K, policy> && detail::may_be_bit_field<V&, T>)
  iterator insert_or_assign(const_iterator, K&& key, const V& value) {
    return assign_pair(std::forward<K>(key), value).first;
  }

 private:
  [[nodiscard]] static T& found_value(detail::position at) {
    if (at.where == nullptr) detail::throw_out_of_range("evac::map::at: no such key");
    return base::element_at(at).second;
  }
  template <class K, class... Args>
  EVAC_ALWAYS_INLINE std::pair<iterator, bool> emplace_pair(K&& key, Args&&... args) {
    return this->emplace_if_absent(key, std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
                                   std::forward_as_tuple(std::forward<Args>(args)...));
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
