// The interface that map and set share. The contract is documented at the types themselves; here the members that are
// the same for both say only what is special.
#ifndef EVAC_DETAIL_CONTAINER_HPP
#define EVAC_DETAIL_CONTAINER_HPP

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/detail/from_range.hpp"
#include "evac/detail/node_handle.hpp"
#include "evac/detail/shown_key.hpp"
#include "evac/detail/sync/single_owner.hpp"
#include "evac/detail/table/collect_stats.hpp"
#include "evac/detail/table/cursor.hpp"
#include "evac/detail/table/held_slot.hpp"
#include "evac/detail/table/table.hpp"
#include "evac/detail/template_arguments.hpp"
#include "evac/fwd.hpp"
#include "evac/stats.hpp"

namespace evac::detail {

/// A lookup_key where an iterator in its place means something else.
template <class K, class Policy>
concept lookup_key_not_iterator = lookup_key<K, Policy> && !std::is_convertible_v<K&&, cursor<Policy, true>> &&
                                  !std::is_convertible_v<K&&, cursor<Policy, false>>;

template <class Policy>
class container {
  using table_type = table<Policy>;
  using slots = typename table_type::slots;
  using traits = typename Policy::allocator_traits;

 public:
  using key_type = typename Policy::key_type;
  using value_type = typename Policy::value_type;
  using init_type = typename Policy::init_type;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using hasher = typename Policy::hasher;
  using key_equal = typename Policy::key_equal;
  using allocator_type = typename Policy::allocator_type;
  using reference = value_type&;
  using const_reference = const value_type&;
  using pointer = typename traits::pointer;
  using const_pointer = typename traits::const_pointer;
  using const_iterator = cursor<Policy, true>;
  using iterator = cursor<Policy, !Policy::is_map>;  // the elements of a set are its keys: never writable
  using node_type = node_handle<typename Policy::elements, allocator_type>;
  using insert_return_type = insert_return<iterator, node_type>;

  /// What one insert does to other elements at most, at any point of any growth, given a hash that spreads: the
  /// elements of the parents it evacuates (chains of 32 occur once in 10^9 parents), one compacted chain, and, in a
  /// table of up to base_homes homes, half of those. Counted in move constructions.
  static constexpr size_type max_moves_per_insert = base_homes / 2 * max_slots + parents_per_step * 32 + max_slots;
  /// One segment, once in a lifetime the directory, one slab of overflow buckets, and one node for an element that
  /// lives in a node.
  static constexpr size_type max_allocations_per_insert = 4;
  /// Bytes that one insert clears at most: the headers of the children it feeds.
  static constexpr size_type max_cleared_bytes_per_insert = parents_per_step * sizeof(bucket);

  container()
    requires made_by_default<hasher, key_equal, allocator_type>
      : container(0, hasher(), key_equal(), allocator_type()) {}
  explicit container(const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : container(0, hasher(), key_equal(), allocator) {}

  explicit container(size_type n)
    requires made_by_default<hasher, key_equal, allocator_type>
      : container(n, hasher(), key_equal(), allocator_type()) {}
  explicit container(size_type n, const hasher& hash)
    requires made_by_default<key_equal, allocator_type>
      : container(n, hash, key_equal(), allocator_type()) {}
  explicit container(size_type n, const hasher& hash, const key_equal& equal)
    requires made_by_default<allocator_type>
      : container(n, hash, equal, allocator_type()) {}
  explicit container(size_type n, const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : table_(hash, equal, allocator) {
    check_functors_and_allocator<Policy>();
    table_.reserve(n);
  }
  container(size_type n, const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : container(n, hasher(), key_equal(), allocator) {}
  container(size_type n, const hasher& hash, const allocator_type& allocator)
    requires made_by_default<key_equal>
      : container(n, hash, key_equal(), allocator) {}

  template <std::input_iterator It>
  container(It first, It last, size_type n = 0)
    requires made_by_default<hasher, key_equal, allocator_type>
      : container(std::move(first), std::move(last), n, hasher(), key_equal(), allocator_type()) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const hasher& hash)
    requires made_by_default<key_equal, allocator_type>
      : container(std::move(first), std::move(last), n, hash, key_equal(), allocator_type()) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const hasher& hash, const key_equal& equal)
    requires made_by_default<allocator_type>
      : container(std::move(first), std::move(last), n, hash, equal, allocator_type()) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : container(n, hash, equal, allocator) {
    insert(std::move(first), std::move(last));
  }
  template <std::input_iterator It>
  container(It first, It last, const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : container(std::move(first), std::move(last), 0, hasher(), key_equal(), allocator) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : container(std::move(first), std::move(last), n, hasher(), key_equal(), allocator) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const hasher& hash, const allocator_type& allocator)
    requires made_by_default<key_equal>
      : container(std::move(first), std::move(last), n, hash, key_equal(), allocator) {}

  container(std::initializer_list<value_type> list, size_type n = 0)
    requires made_by_default<hasher, key_equal, allocator_type>
      : container(list, n, hasher(), key_equal(), allocator_type()) {}
  container(std::initializer_list<value_type> list, size_type n, const hasher& hash)
    requires made_by_default<key_equal, allocator_type>
      : container(list, n, hash, key_equal(), allocator_type()) {}
  container(std::initializer_list<value_type> list, size_type n, const hasher& hash, const key_equal& equal)
    requires made_by_default<allocator_type>
      : container(list, n, hash, equal, allocator_type()) {}
  container(std::initializer_list<value_type> list, size_type n, const hasher& hash, const key_equal& equal,
            const allocator_type& allocator)
      : container(list.begin(), list.end(), n, hash, equal, allocator) {}
  container(std::initializer_list<value_type> list, const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : container(list, 0, hasher(), key_equal(), allocator) {}
  container(std::initializer_list<value_type> list, size_type n, const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : container(list, n, hasher(), key_equal(), allocator) {}
  container(std::initializer_list<value_type> list, size_type n, const hasher& hash, const allocator_type& allocator)
    requires made_by_default<key_equal>
      : container(list, n, hash, key_equal(), allocator) {}

  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n = 0)
    requires made_by_default<hasher, key_equal, allocator_type>
      : container(tag, std::forward<R>(range), n, hasher(), key_equal(), allocator_type()) {}
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n, const hasher& hash)
    requires made_by_default<key_equal, allocator_type>
      : container(tag, std::forward<R>(range), n, hash, key_equal(), allocator_type()) {}
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n, const hasher& hash, const key_equal& equal)
    requires made_by_default<allocator_type>
      : container(tag, std::forward<R>(range), n, hash, equal, allocator_type()) {}
  template <std::ranges::input_range R>
  container(from_range_t, R&& range, size_type n, const hasher& hash, const key_equal& equal,
            const allocator_type& allocator)
      : container(n, hash, equal, allocator) {
    insert_range(std::forward<R>(range));
  }
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : container(tag, std::forward<R>(range), 0, hasher(), key_equal(), allocator) {}
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n, const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : container(tag, std::forward<R>(range), n, hasher(), key_equal(), allocator) {}
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n, const hasher& hash, const allocator_type& allocator)
    requires made_by_default<key_equal>
      : container(tag, std::forward<R>(range), n, hash, key_equal(), allocator) {}

  container(const container& other)
      : container(other, traits::select_on_container_copy_construction(other.table_.allocator())) {}
  container(const container& other, const std::type_identity_t<allocator_type>& allocator)
      : table_(other.table_.hash_function(), other.table_.key_eq(), allocator) {
    other.owner_.check_reader();
    table_.clone(other.table_, copier(table_));
  }
  container(container&& other) noexcept(std::is_nothrow_copy_constructible_v<hasher> &&
                                        std::is_nothrow_copy_constructible_v<key_equal>)
      : container(std::move(other), single_owner::writer(other.owner_)) {}
  container(container&& other, const std::type_identity_t<allocator_type>& allocator)
      : table_(other.table_.hash_function(), other.table_.key_eq(), allocator) {
    const single_owner::writer other_guard(other.owner_);
    if (same_memory(allocator, other.table_.allocator())) {
      table_.swap_contents(other.table_);
    } else {
      move_elements(other.table_, table_);
    }
  }
  ~container() = default;

  container& operator=(const container& other) {
    if (this == &other) return *this;
    const single_owner::writer guard(owner_);
    other.owner_.check_reader();
    constexpr bool propagate = traits::propagate_on_container_copy_assignment::value;
    const allocator_type& used = propagate ? other.table_.allocator() : table_.allocator();
    table_type fresh(other.table_.hash_function(), other.table_.key_eq(), used);
    fresh.clone(other.table_, copier(fresh));
    adopt(fresh);
    if constexpr (propagate) table_.allocator() = other.table_.allocator();
    table_.swap_contents(fresh);
    return *this;
  }
  container& operator=(container&& other) noexcept(
      !misuse_may_throw && (traits::propagate_on_container_move_assignment::value || traits::is_always_equal::value) &&
      std::is_nothrow_swappable_v<hasher> && std::is_nothrow_swappable_v<key_equal>) {
    if (this == &other) return *this;
    const single_owner::writer guard(owner_);
    const single_owner::writer other_guard(other.owner_);
    if constexpr (traits::propagate_on_container_move_assignment::value) {
      adopt(other.table_);
      table_.allocator() = std::move(other.table_.allocator());
      table_.swap_contents(other.table_);
    } else if (same_memory(table_.allocator(), other.table_.allocator())) {
      adopt(other.table_);
      table_.swap_contents(other.table_);
    } else {
      table_type fresh(other.table_.hash_function(), other.table_.key_eq(), table_.allocator());
      move_elements(other.table_, fresh);
      adopt(fresh);
      table_.swap_contents(fresh);
    }
    return *this;
  }
  container& operator=(std::initializer_list<value_type> list) {
    const single_owner::writer guard(owner_);
    container fresh(list, 0, table_.hash_function(), table_.key_eq(), table_.allocator());
    table_.swap_contents(fresh.table_);
    return *this;
  }

  [[nodiscard]] iterator begin() noexcept { return {&table_, table_.first()}; }
  [[nodiscard]] const_iterator begin() const noexcept { return {&table_, table_.first()}; }
  [[nodiscard]] const_iterator cbegin() const noexcept { return begin(); }
  [[nodiscard]] iterator end() noexcept { return {&table_, {}}; }
  [[nodiscard]] const_iterator end() const noexcept { return {&table_, {}}; }
  [[nodiscard]] const_iterator cend() const noexcept { return end(); }

  [[nodiscard]] bool empty() const noexcept { return table_.size() == 0; }
  [[nodiscard]] size_type size() const noexcept { return table_.size(); }
  [[nodiscard]] static constexpr size_type max_size() noexcept { return table_type::max_size(); }

  /// The element of this key, or end(). O(1) expected; one cache line for most keys that are absent, one or two for
  /// those present. Never writes. Throws what hash and equality throw.
  [[nodiscard]] iterator find(const key_type& key) { return {&table_, lookup(key)}; }
  [[nodiscard]] const_iterator find(const key_type& key) const { return {&table_, lookup(key)}; }
  template <class K>
    requires lookup_key<K, Policy>
  [[nodiscard]] iterator find(const K& key) {
    return {&table_, lookup(key)};
  }
  template <class K>
    requires lookup_key<K, Policy>
  [[nodiscard]] const_iterator find(const K& key) const {
    return {&table_, lookup(key)};
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
    if constexpr (requires { shown_key<Policy>(args...); }) {
      return result(table_.emplace(shown_key<Policy>(args...), std::forward<Args>(args)...));
    } else {
      return emplace_built(std::forward<Args>(args)...);
    }
  }
  template <class... Args>
  iterator emplace_hint(const_iterator, Args&&... args) {
    return emplace(std::forward<Args>(args)...).first;
  }

  template <class P>
    requires(std::is_constructible_v<value_type, P &&> &&
             (Policy::is_map || !std::is_same_v<std::remove_cvref_t<P>, value_type>))
  std::pair<iterator, bool> insert(P&& value) {
    return emplace(std::forward<P>(value));
  }
  // Not a template: a bit-field binds to it.
  std::pair<iterator, bool> insert(const value_type& value)
    requires(!Policy::is_map)
  {
    return emplace(value);
  }
  std::pair<iterator, bool> insert(init_type&& value) { return emplace(std::move(value)); }
  template <class P>
    requires std::is_constructible_v<value_type, P&&>
  iterator insert(const_iterator, P&& value) {
    return emplace(std::forward<P>(value)).first;
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
    if (node.empty()) return {end(), false, {}};
    const single_owner::writer guard(owner_);
    EVAC_ASSERT(same_memory(node.get_allocator(), table_.allocator()), "evac: node of an unequal allocator inserted");
    const auto [at, inserted] = insert_held(node);
    return {iterator(&table_, at), inserted, std::move(node)};
  }
  iterator insert(const_iterator, node_type&& node) { return insert(std::move(node)).position; }

  /// Moves nothing. Returns the next element; all other iterators stay valid.
  iterator erase(const_iterator at) {
    const single_owner::writer guard(owner_);
    EVAC_ASSERT(at.at_.where != nullptr, "evac: end iterator erased");
    return {&table_, table_.erase_and_next(at.at_)};
  }
  iterator erase(iterator at)
    requires Policy::is_map
  {
    return erase(const_iterator(at));
  }
  iterator erase(const_iterator first, const_iterator last) {
    while (first != last) first = erase(first);
    return {&table_, last.at_};
  }
  size_type erase(const key_type& key) { return erase_key(key); }
  template <class K>
    requires lookup_key_not_iterator<K, Policy>
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
    requires lookup_key_not_iterator<K, Policy>
  node_type extract(K&& key) {
    return extract_found(lookup(key));
  }

  /// Moves over every element of source whose key is absent here, each once. The allocators must be equal.
  template <class OtherHash, class OtherEqual>
  void merge(container<policy<typename Policy::elements, OtherHash, OtherEqual, allocator_type>>& source) {
    if (static_cast<const void*>(this) == static_cast<const void*>(&source)) return;
    const single_owner::writer guard(owner_);
    const single_owner::writer source_guard(source.owner_);
    EVAC_ASSERT(same_memory(table_.allocator(), source.table_.allocator()), "evac: merge with unequal allocators");
    table_.absorb(source.table_);
  }
  template <class OtherHash, class OtherEqual>
  void merge(container<policy<typename Policy::elements, OtherHash, OtherEqual, allocator_type>>&& source) {
    merge(source);
  }

  void clear() noexcept {
    const single_owner::writer guard(owner_);
    table_.clear();
  }
  void swap(container& other) noexcept(!misuse_may_throw &&
                                       (traits::propagate_on_container_swap::value || traits::is_always_equal::value) &&
                                       std::is_nothrow_swappable_v<hasher> && std::is_nothrow_swappable_v<key_equal>) {
    if (this == &other) return;
    const single_owner::writer guard(owner_);
    const single_owner::writer other_guard(other.owner_);
    if constexpr (!traits::propagate_on_container_swap::value) {
      EVAC_ASSERT(same_memory(table_.allocator(), other.table_.allocator()), "evac: swap with unequal allocators");
    }
    table_.swap_functors(other.table_);
    if constexpr (traits::propagate_on_container_swap::value) {
      using std::swap;
      swap(table_.allocator(), other.table_.allocator());
    }
    table_.swap_contents(other.table_);
  }

  /// The next inserts, up to n elements in all, move nothing and change no bucket_count(). O(size + n / 4) at worst;
  /// on a map without memory, that of large segments is not touched. Throws std::length_error for an absurd n, and
  /// std::bad_alloc.
  void reserve(size_type n) {
    const single_owner::writer guard(owner_);
    table_.reserve(n);
  }
  /// Room for about n slots, or for what there is if that is more; may give memory back. O(size + buckets).
  void rehash(size_type n) {
    const single_owner::writer guard(owner_);
    constexpr size_type home_slots = table_type::chains::layout::home_slots();
    table_.fit(n / home_slots + (n % home_slots != 0 ? 1 : 0));
  }
  void shrink_to_fit() { rehash(0); }
  /// Slots of all home buckets.
  [[nodiscard]] size_type bucket_count() const noexcept {
    return table_.home_count() * table_type::chains::layout::home_slots();
  }
  [[nodiscard]] float load_factor() const noexcept {
    return empty() ? 0.0F : static_cast<float>(size()) / static_cast<float>(bucket_count());
  }
  [[nodiscard]] float max_load_factor() const noexcept { return 1.0F; }
  /// Accepted and ignored, as in absl::flat_hash_map.
  void max_load_factor(float) noexcept {}

  [[nodiscard]] hasher hash_function() const { return table_.hash_function(); }
  [[nodiscard]] key_equal key_eq() const { return table_.key_eq(); }
  [[nodiscard]] allocator_type get_allocator() const noexcept { return table_.allocator(); }

  /// Evacuates up to n parents of the running growth; returns how many were left to do and done. O(n).
  size_type evacuate(size_type n) {
    const single_owner::writer guard(owner_);
    return table_.evacuate(n);
  }
  /// Whether a growth is running: some parents are evacuated and others not.
  [[nodiscard]] bool evacuating() const noexcept { return table_.evacuating(); }
  /// A look inside. O(buckets).
  [[nodiscard]] table_stats stats() const { return collect_stats(table_); }
  /// Bytes held, without what has not been touched of the segment that is being filled. O(1).
  [[nodiscard]] size_type memory_usage() const noexcept {
    const size_type nodes = slots::in_nodes() ? size() * sizeof(value_type) : 0;
    return table_.homes().touched_bytes() + table_.homes().directory_bytes() + table_.overflow().bytes() + nodes;
  }

  /// Same elements, in whatever order. O(size) expected.
  [[nodiscard]] friend bool operator==(const container& left, const container& right) {
    left.owner_.check_reader();
    right.owner_.check_reader();
    if (left.size() != right.size()) return false;
    return std::all_of(left.begin(), left.end(), [&](const value_type& element) {
      const position at = right.lookup(Policy::key(element));
      return at.where != nullptr && table_type::element(at) == element;
    });
  }

 protected:
  template <class K, class... Args>
  EVAC_ALWAYS_INLINE std::pair<iterator, bool> emplace_absent(const K& key, Args&&... args) {
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
  template <class>
  friend class container;
  friend struct table_access;

  container(container&& other, const single_owner::writer&) noexcept(std::is_nothrow_copy_constructible_v<hasher> &&
                                                                     std::is_nothrow_copy_constructible_v<key_equal>)
      : table_(std::move(other.table_), other.table_.allocator()) {}

  [[nodiscard]] static bool same_memory(const allocator_type& left, const allocator_type& right) noexcept {
    if constexpr (traits::is_always_equal::value) {
      return true;
    } else {
      return left == right;
    }
  }
  [[nodiscard]] static auto copier(table_type& to) {
    return [&to](void* slot, const value_type& from) { slots::construct(to.allocator(), slot, from); };
  }
  [[nodiscard]] static auto mover(table_type& to) {
    return [&to](void* slot, value_type& from) {
      slots::construct(to.allocator(), slot, std::move(slots::movable(from)));
    };
  }
  // Moves all elements one by one. The source is empty afterwards, also if a move throws: then its keys may be
  // moved-from.
  static void move_elements(table_type& from, table_type& to) {
    struct emptied {
      table_type& source;
      ~emptied() { source.release(); }
    } const at_exit{from};
    to.clone(from, mover(to));
  }
  // Takes the functors of fresh and frees everything here: the first half of an assignment.
  void adopt(table_type& fresh) {
    table_.swap_functors(fresh);
    table_.release();
  }

  [[nodiscard]] std::pair<iterator, bool> result(std::pair<position, bool> found) noexcept {
    return {iterator(&table_, found.first), found.second};
  }
  template <class Iterator>
  [[nodiscard]] static std::pair<Iterator, Iterator> range_from(Iterator at) {
    return {at, at.at_.where == nullptr ? at : std::next(at)};
  }

  template <class... Args>
  std::pair<iterator, bool> emplace_built(Args&&... args) {
    held_slot<typename Policy::elements, allocator_type> held(table_.allocator());
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
    const single_owner::writer guard(owner_);
    const position at = table_.find(key);
    if (at.where == nullptr) return 0;
    table_.erase(at);
    return 1;
  }
  node_type extract_found(position at) {
    if (at.where == nullptr) return {};
    return extract(const_iterator(&table_, at));
  }

  table_type table_;
  single_owner owner_;
};

template <class Policy>
  requires(!are_storable<typename Policy::elements>)
class container<Policy> : public unstorable<typename Policy::elements> {};

template <class Container, class Predicate>
std::size_t erase_matching(Container& from, Predicate& predicate) {
  const std::size_t before = from.size();
  for (auto at = from.begin(); at != from.end();) at = predicate(*at) ? from.erase(at) : std::next(at);
  return before - from.size();
}

}  // namespace evac::detail

#endif
