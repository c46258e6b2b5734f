// What map and set do with single elements: finding, inserting, erasing, and handing them over in nodes.
#ifndef EVAC_DETAIL_FACE_CONTAINER_ELEMENTS_HPP
#define EVAC_DETAIL_FACE_CONTAINER_ELEMENTS_HPP

#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/container_base.hpp"
#include "evac/detail/face/detached_element.hpp"
#include "evac/detail/face/key_in_arguments.hpp"

namespace evac::inline EVAC_ABI::detail {

/// A lookup_key where an iterator in its place means something else.
template <class K, class Policy>
concept lookup_key_not_iterator = lookup_key<K, Policy> && !std::is_convertible_v<K&&, cursor<Policy, true>> &&
                                  !std::is_convertible_v<K&&, cursor<Policy, false>>;

/// The same where it is taken by a forwarding reference: a key that is an lvalue goes to the overload for const Key&, which
/// a bit-field binds to.
template <class K, class Policy>
concept forwarded_key = lookup_key_not_iterator<K, Policy> && !std::is_same_v<K, typename Policy::key_type&>;

/// What insert() forwards to an element. A set's own key has overloads that are no templates: a braced key and a bit-field
/// bind to those.
template <class P, class Policy>
concept forwarded_element =
    std::is_constructible_v<typename Policy::value_type, P&&> && !may_be_bit_field<P, typename Policy::value_type> &&
    (Policy::is_map || !std::is_same_v<std::remove_cvref_t<P>, typename Policy::value_type>);
/// The same behind a hint. insert(begin, end) of own iterators inserts a range, also where anything converts to a key.
template <class P, class Policy>
concept hinted_element = forwarded_element<P, Policy> && !std::is_convertible_v<P&&, cursor<Policy, true>> &&
                         !std::is_convertible_v<P&&, cursor<Policy, false>>;

template <class Policy>
class container_elements : public container_base<Policy> {
  using base = container_base<Policy>;

 protected:
  using typename base::table_type;

 public:
  using typename base::allocator_type;
  using typename base::const_iterator;
  using typename base::init_type;
  using typename base::insert_return_type;
  using typename base::iterator;
  using typename base::key_type;
  using typename base::node_type;
  using typename base::size_type;
  using typename base::value_type;

  /// The element of this key, or end(). O(1) expected; one cache line for most keys that are absent, one or two for
  /// those present. Never writes. Of several elements that a key of another type equals, the first that is met: so do count,
  /// equal_range, erase and extract. Throws what hash and equality throw.
  [[nodiscard]] iterator find(const key_type& key) { return {std::addressof(table_), lookup(key)}; }
  [[nodiscard]] const_iterator find(const key_type& key) const { return {std::addressof(table_), lookup(key)}; }
  template <class K>
    requires lookup_key<K, Policy>
  [[nodiscard]] iterator find(const K& key) {
    return {std::addressof(table_), lookup(key)};
  }
  template <class K>
    requires lookup_key<K, Policy>
  [[nodiscard]] const_iterator find(const K& key) const {
    return {std::addressof(table_), lookup(key)};
  }
  [[nodiscard]] bool contains(const key_type& key) const { return lookup(key).where != nullptr; }
  template <class K>
    requires lookup_key<K, Policy>
  [[nodiscard]] bool contains(const K& key) const {
    return lookup(key).where != nullptr;
  }
  [[nodiscard]] size_type count(const key_type& key) const { return contains(key) ? 1 : 0; }
  template <class K>
    requires lookup_key<K, Policy>
  [[nodiscard]] size_type count(const K& key) const {
    return contains(key) ? 1 : 0;
  }
  [[nodiscard]] std::pair<iterator, iterator> equal_range(const key_type& key) { return range_from(find(key)); }
  [[nodiscard]] std::pair<const_iterator, const_iterator> equal_range(const key_type& key) const {
    return range_from(find(key));
  }
  template <class K>
    requires lookup_key<K, Policy>
  [[nodiscard]] std::pair<iterator, iterator> equal_range(const K& key) {
    return range_from(find(key));
  }
  template <class K>
    requires lookup_key<K, Policy>
  [[nodiscard]] std::pair<const_iterator, const_iterator> equal_range(const K& key) const {
    return range_from(find(key));
  }
  /// Starts to fetch the memory that a look-up of this key will read.
  void prefetch(const key_type& key) const { table_.prefetch(key); }
  template <class K>
    requires lookup_key<K, Policy>
  void prefetch(const K& key) const {
    table_.prefetch(key);
  }

  /// Constructs an element from args if its key is absent. The key is looked up before anything is built where args
  /// show it (a key and a value, or a pair); else the element is built first and dropped if its key is present.
  template <class... Args>
  std::pair<iterator, bool> emplace(Args&&... args) {
    const single_owner::writer guard(owner_);
    if constexpr (requires { key_in_arguments<Policy>(args...); }) {
      return result(table_.emplace(key_in_arguments<Policy>(args...), std::forward<Args>(args)...));
    } else {
      return emplace_built(std::forward<Args>(args)...);
    }
  }
  template <class... Args>
  iterator emplace_hint(const_iterator, Args&&... args) {
    return emplace(std::forward<Args>(args)...).first;
  }

  /// Inserts an element of an absent key. Also of a set's bit-field key (the overloads with const V&).
  template <class P>
    requires forwarded_element<P, Policy>
  std::pair<iterator, bool> insert(P&& value) {
    return emplace(std::forward<P>(value));
  }
  template <class V>
    requires may_be_bit_field<V&, value_type>
  std::pair<iterator, bool> insert(const V& value) {
    return emplace(value);
  }
  std::pair<iterator, bool> insert(const value_type& value)
    requires(!Policy::is_map)
  {
    return emplace(value);
  }
  std::pair<iterator, bool> insert(init_type&& value) { return emplace(std::move(value)); }
  template <class P>
    requires hinted_element<P, Policy>
  iterator insert(const_iterator, P&& value) {
    return emplace(std::forward<P>(value)).first;
  }
  template <class V>
    requires may_be_bit_field<V&, value_type>
  iterator insert(const_iterator, const V& value) {
    return emplace(value).first;
  }
  iterator insert(const_iterator, const value_type& value)
    requires(!Policy::is_map)
  {
    return emplace(value).first;
  }
  iterator insert(const_iterator, init_type&& value) { return emplace(std::move(value)).first; }
  template <std::input_iterator It>
  void insert(It first, It last) {
    for (; first != last; ++first) emplace(*first);
  }
  void insert(std::initializer_list<value_type> list) { insert(list.begin(), list.end()); }
  template <std::ranges::input_range R>
  void insert_range(R&& range) {
    for (auto&& value : range) emplace(std::forward<decltype(value)>(value));
  }
  insert_return_type insert(node_type&& node) {
    if (node.empty()) return {this->end(), false, {}};
    const single_owner::writer guard(owner_);
    EVAC_ASSERT(same_memory(node.get_allocator(), table_.allocator()), "evac: node of an unequal allocator inserted");
    const auto [at, inserted] = insert_held(node);
    return {iterator(std::addressof(table_), at), inserted, std::move(node)};
  }
  /// The element of a key that is present already stays in the handle.
  iterator insert(const_iterator, node_type&& node) {
    if (node.empty()) return this->end();
    const single_owner::writer guard(owner_);
    EVAC_ASSERT(same_memory(node.get_allocator(), table_.allocator()), "evac: node of an unequal allocator inserted");
    return {std::addressof(table_), insert_held(node).first};
  }

  /// Moves nothing. Returns the next element; all other iterators stay valid. The destructor may read this container, which
  /// the element is gone from by then, and must not change it.
  iterator erase(const_iterator at) {
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    EVAC_ASSERT(at.at_.where != nullptr, "evac: end iterator erased");
    return {std::addressof(table_), table_.erase_and_next(at.at_)};
  }
  iterator erase(iterator at)
    requires Policy::is_map
  {
    return erase(const_iterator(at));
  }
  iterator erase(const_iterator first, const_iterator last) {
    while (first != last) first = erase(first);
    return {std::addressof(table_), last.at_};
  }
  size_type erase(const key_type& key) { return erase_key(key); }
  template <class K>
    requires forwarded_key<K, Policy>
  size_type erase(K&& key) {
    return erase_key(key);
  }
  node_type extract(const_iterator at) {
    const single_owner::writer guard(owner_);
    EVAC_ASSERT(at.at_.where != nullptr, "evac: end iterator extracted");
    node_type node(table_.allocator(), table_type::chains::layout::slot(at.at_.where, at.at_.index));
    table_.forget(at.at_);
    return node;
  }
  node_type extract(const key_type& key) { return extract_found(lookup(key)); }
  template <class K>
    requires forwarded_key<K, Policy>
  node_type extract(K&& key) {
    return extract_found(lookup(key));
  }

 protected:
  using base::base;
  using base::owner_;
  using base::same_memory;
  using base::table_;
  ~container_elements() = default;

  template <class K, class... Args>
  EVAC_ALWAYS_INLINE std::pair<iterator, bool> emplace_if_absent(const K& key, Args&&... args) {
    const single_owner::writer guard(owner_);
    return result(table_.emplace(key, std::forward<Args>(args)...));
  }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position lookup(const K& key) const {
    owner_.check_reader();
    return table_.find(key);
  }
  [[nodiscard]] static value_type& element_at(position at) noexcept { return table_type::element(at); }

 private:
  friend struct table_access;

  [[nodiscard]] std::pair<iterator, bool> result(std::pair<position, bool> found) noexcept {
    return {iterator(std::addressof(table_), found.first), found.second};
  }
  template <class Iterator>
  [[nodiscard]] static std::pair<Iterator, Iterator> range_from(Iterator at) {
    return {at, at.at_.where == nullptr ? at : std::next(at)};
  }

  template <class... Args>
  std::pair<iterator, bool> emplace_built(Args&&... args) {
    detached_element<typename Policy::elements, allocator_type> held(table_.allocator());
    held.construct(std::forward<Args>(args)...);
    const key_type& key = Policy::key(held.element());
    const size_type hash = table_.hash_of(key);
    if (const position found = table_.find_hashed(key, hash); found.where != nullptr) return result({found, false});
    return result({table_.place(hash, [&](void* slot) { held.release_to(slot); }), true});
  }
  std::pair<position, bool> insert_held(node_type& node) {
    const key_type& key = Policy::key(node.element());
    const size_type hash = table_.hash_of(key);
    if (const position found = table_.find_hashed(key, hash); found.where != nullptr) return {found, false};
    return {table_.place(hash, [&](void* slot) { node.release_to(slot); }), true};
  }
  template <class K>
  size_type erase_key(const K& key) {
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    const position at = table_.find(key);
    if (at.where == nullptr) return 0;
    table_.erase(at);
    return 1;
  }
  node_type extract_found(position at) {
    if (at.where == nullptr) return {};
    return extract(const_iterator(std::addressof(table_), at));
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
