// Base of map and set: the table, the misuse check, and all verbs that both have. The contract of each member is
// documented where map.hpp and set.hpp list it; comments here are about the implementation.
#ifndef EVAC_DETAIL_FACE_CONTAINER_HPP
#define EVAC_DETAIL_FACE_CONTAINER_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/bulk_function.hpp"
#include "evac/detail/face/detached_element.hpp"
#include "evac/detail/face/element_arguments.hpp"
#include "evac/detail/face/exchange.hpp"
#include "evac/detail/face/node_handle.hpp"
#include "evac/detail/face/prepared_key.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/platform/probes.hpp"
#include "evac/detail/sync/lookup_counts.hpp"
#include "evac/detail/sync/single_owner.hpp"
#include "evac/detail/table/bulk.hpp"
#include "evac/detail/table/cursor.hpp"
#include "evac/detail/table/drawing.hpp"
#include "evac/detail/table/scan.hpp"
#include "evac/detail/table/table.hpp"
#include "evac/detail/table/table_census.hpp"
#include "evac/scan_cursor.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
class container {
  using table_type = table<Policy>;
  using layout = typename table_type::chains::layout;
  using traits = typename Policy::allocator_traits;

  static constexpr bool copies_functors_safely = std::is_nothrow_copy_constructible_v<typename Policy::hasher> &&
                                                 std::is_nothrow_copy_constructible_v<typename Policy::key_equal>;
  static constexpr bool swaps_functors_safely = !misuse_may_throw &&
                                                std::is_nothrow_swappable_v<typename Policy::hasher> &&
                                                std::is_nothrow_swappable_v<typename Policy::key_equal>;

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

  // Chains of 32 occur once in 10^9 parents. One compacted chain, and half of the homes of a base block that is full.
  static constexpr size_type max_moves_per_insert = base_homes / 2 * max_slots + parents_per_step * 32 + max_slots;
  static constexpr size_type max_allocations_per_insert = 4;  // segment, directory, slab of overflow buckets, node
  static constexpr size_type max_cleared_bytes_per_insert =
      parents_per_step * sizeof(bucket);  // the children's headers

  explicit container(size_type n, const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : table_(hash, equal, allocator) {
    check_functors_and_allocator<Policy>();
    table_.reserve(n);
  }

  // --- copies, moves, swaps ---

  container(const container& other)
      : container(other, traits::select_on_container_copy_construction(other.table_.allocator())) {}
  container(const container& other, const std::type_identity_t<allocator_type>& allocator)
      : table_(other.table_.hash_function(), other.table_.key_eq(), allocator) {
    other.owner_.check_reader();
    copy_elements(other.table_, table_);
  }
  container(container&& other) noexcept(copies_functors_safely)
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
    if (this == std::addressof(other)) return *this;
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    other.owner_.check_reader();
    copy_assign(table_, other.table_);
    return *this;
  }
  container& operator=(container&& other) noexcept(swaps_functors_safely &&
                                                   (traits::propagate_on_container_move_assignment::value ||
                                                    traits::is_always_equal::value)) {
    if (this == std::addressof(other)) return *this;
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    const single_owner::writer other_guard(other.owner_);
    move_assign(table_, other.table_);
    return *this;
  }
  container& operator=(std::initializer_list<value_type> list) {
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    container fresh(0, table_.hash_function(), table_.key_eq(), table_.allocator());
    fresh.insert(list.begin(), list.end());
    table_.swap_contents(fresh.table_);
    return *this;
  }
  void swap(container& other) noexcept(swaps_functors_safely &&
                                       (traits::propagate_on_container_swap::value || traits::is_always_equal::value)) {
    if (this == std::addressof(other)) return;
    const single_owner::writer guard(owner_);
    const single_owner::writer other_guard(other.owner_);
    swap_all(table_, other.table_);
  }
  template <class OtherHash, class OtherEqual>
  void merge(container<policy<typename Policy::elements, OtherHash, OtherEqual, allocator_type>>& source) {
    if (static_cast<const void*>(this) == static_cast<const void*>(std::addressof(source))) return;
    const single_owner::writer guard(owner_);
    const single_owner::writer source_guard(source.owner_);
    EVAC_ASSERT(same_memory(table_.allocator(), source.table_.allocator()), "evac: merge with unequal allocators");
    table_.absorb(source.table_);
  }
  template <class OtherHash, class OtherEqual>
  void merge(container<policy<typename Policy::elements, OtherHash, OtherEqual, allocator_type>>&& source) {
    merge(source);
  }
  [[nodiscard]] friend bool operator==(const container& left, const container& right) {
    left.owner_.check_reader();
    right.owner_.check_reader();
    return same_elements(left.table_, right.table_);
  }

  // --- iteration ---

  [[nodiscard]] iterator begin() noexcept EVAC_LIFETIME_BOUND { return iterator_at(table_.first()); }
  [[nodiscard]] const_iterator begin() const noexcept EVAC_LIFETIME_BOUND { return iterator_at(table_.first()); }
  [[nodiscard]] const_iterator cbegin() const noexcept EVAC_LIFETIME_BOUND { return begin(); }
  [[nodiscard]] iterator end() noexcept EVAC_LIFETIME_BOUND { return iterator_at({}); }
  [[nodiscard]] const_iterator end() const noexcept EVAC_LIFETIME_BOUND { return iterator_at({}); }
  [[nodiscard]] const_iterator cend() const noexcept EVAC_LIFETIME_BOUND { return end(); }

  // --- room ---

  [[nodiscard]] bool empty() const noexcept { return table_.size() == 0; }
  [[nodiscard]] size_type size() const noexcept { return table_.size(); }
  [[nodiscard]] size_type max_size() const noexcept { return table_type::max_size(table_.allocator()); }
  void reserve(size_type n) {
    const single_owner::writer guard(owner_);
    table_.reserve(n);
  }
  void rehash(size_type n) {
    const single_owner::writer guard(owner_);
    table_.fit(n / layout::home_slots() + (n % layout::home_slots() != 0 ? 1 : 0));
  }
  void shrink_to_fit() { rehash(0); }
  [[nodiscard]] size_type bucket_count() const noexcept { return table_.home_count() * layout::home_slots(); }
  [[nodiscard]] float load_factor() const noexcept {
    return empty() ? 0.0F : static_cast<float>(size()) / static_cast<float>(bucket_count());
  }
  [[nodiscard]] float max_load_factor() const noexcept { return 1.0F; }
  void max_load_factor(float) noexcept {}
  size_type evacuate(size_type n) {
    const single_owner::writer guard(owner_);
    return table_.evacuate(n);
  }
  [[nodiscard]] bool evacuating() const noexcept { return table_.evacuating(); }

  // --- looks inside ---

  [[nodiscard]] hasher hash_function() const { return table_.hash_function(); }
  [[nodiscard]] key_equal key_eq() const { return table_.key_eq(); }
  [[nodiscard]] allocator_type get_allocator() const noexcept { return table_.allocator(); }
  [[nodiscard]] table_stats stats() const {
    table_stats result;
    fill(result, table_);
    return result;
  }
  [[nodiscard]] map_counters counters() const noexcept {
    map_counters result = detail::count(table_);
    result.clears = clears_;
    show_lookups(lookups_, result);
    return result;
  }
  [[nodiscard]] size_type memory_usage() const noexcept { return bytes_held(table_); }

  void observe(observer* by) {
    const single_owner::writer guard(owner_);
    table_.observe(by);
  }
  [[nodiscard]] observer* observed_by() const noexcept { return table_.container().observed_by(); }

  // --- look-ups ---

  template <stands_for_key<Policy> K = key_type>
  [[nodiscard]] EVAC_ALWAYS_INLINE iterator find(const key_arg<K, Policy>& key) EVAC_LIFETIME_BOUND {
    return iterator_at(lookup(key));
  }
  template <stands_for_key<Policy> K = key_type>
  [[nodiscard]] EVAC_ALWAYS_INLINE const_iterator find(const key_arg<K, Policy>& key) const EVAC_LIFETIME_BOUND {
    return iterator_at(lookup(key));
  }
  template <stands_for_key<Policy> K = key_type>
  [[nodiscard]] bool contains(const key_arg<K, Policy>& key) const {
    return lookup(key).where != nullptr;
  }
  template <stands_for_key<Policy> K = key_type>
  [[nodiscard]] size_type count(const key_arg<K, Policy>& key) const {
    return lookup(key).where != nullptr ? 1 : 0;
  }
  template <stands_for_key<Policy> K = key_type>
  [[nodiscard]] std::pair<iterator, iterator> equal_range(const key_arg<K, Policy>& key) EVAC_LIFETIME_BOUND {
    return range_from(iterator_at(lookup(key)));
  }
  template <stands_for_key<Policy> K = key_type>
  [[nodiscard]] std::pair<const_iterator, const_iterator> equal_range(const key_arg<K, Policy>& key) const
      EVAC_LIFETIME_BOUND {
    return range_from(iterator_at(lookup(key)));
  }
  template <stands_for_key<Policy> K = key_type>
  EVAC_ALWAYS_INLINE void prefetch(const key_arg<K, Policy>& key) const {
    table_.prefetch(as_lookup_key<Policy>(key));
  }

  // --- a key that is hashed once ---

  [[nodiscard]] auto prepare(const key_type& key EVAC_LIFETIME_BOUND) const { return prepare_as(key); }
  template <prepared_from<Policy> K = key_type>
  [[nodiscard]] auto prepare(key_arg<K, Policy>&& key) const {
    return prepare_as(std::forward<key_arg<K, Policy>>(key));
  }
  template <class K>
  [[nodiscard]] iterator find(const prepared_key<container, K>& key) EVAC_LIFETIME_BOUND {
    return iterator_at(lookup(key));
  }
  template <class K>
  [[nodiscard]] const_iterator find(const prepared_key<container, K>& key) const EVAC_LIFETIME_BOUND {
    return iterator_at(lookup(key));
  }
  template <class K>
  [[nodiscard]] bool contains(const prepared_key<container, K>& key) const {
    return lookup(key).where != nullptr;
  }
  template <class K>
  [[nodiscard]] size_type count(const prepared_key<container, K>& key) const {
    return lookup(key).where != nullptr ? 1 : 0;
  }
  template <class K>
  EVAC_ALWAYS_INLINE void prefetch(const prepared_key<container, K>& key) const {
    check_prepared(key);
    table_.prefetch_hashed(key.hash());
  }

  // --- many keys ---

  // Not constrained by what F takes: that would ask a generic function that changes values whether it takes const ones.
  template <std::ranges::forward_range Keys, class F>
    requires stands_for_key<std::ranges::range_reference_t<const Keys>, Policy>
  size_type find_many(const Keys& keys, F&& f) {
    return show_many<typename iterator::reference>(keys, f);
  }
  template <std::ranges::forward_range Keys, class F>
    requires stands_for_key<std::ranges::range_reference_t<const Keys>, Policy>
  size_type find_many(const Keys& keys, F&& f) const {
    return show_many<const_reference>(keys, f);
  }

  template <bit_generator Generator, class F>
  size_type sample(Generator&& generator, size_type n, F&& f) const {
    static_assert(std::is_invocable_v<F&, const_reference>,
                  "evac: the function of sample is called with a const element");
    owner_.check_reader();
    size_type drawn = 0;
    for (; drawn != n && !empty(); ++drawn) f(std::as_const(element_at(draw_element(table_, generator))));
    return drawn;
  }

  template <class F>
  [[nodiscard]] scan_cursor scan(scan_cursor from, size_type budget, F&& f) const {
    static_assert(std::is_invocable_v<F&, const_reference>,
                  "evac: the function of scan is called with a const element");
    owner_.check_reader();
    return scan_table(table_, from, budget, [&f](const_reference element) { f(element); });
  }

  // --- inserting ---

  template <class... Args>
  std::pair<iterator, bool> emplace(Args&&... args) {
    if constexpr (requires { key_in_arguments<Policy>(args...); }) {
      return place_if_absent(key_in_arguments<Policy>(args...),
                             [&](void* slot) { construct_at(slot, std::forward<Args>(args)...); });
    } else {
      return emplace_built(std::forward<Args>(args)...);
    }
  }
  template <class... Args>
  iterator emplace_hint(const_iterator, Args&&... args) {
    return emplace(std::forward<Args>(args)...).first;
  }
  template <std::input_iterator It>
  void insert(It first, It last) {
    insert_each(first, last);
  }
  template <std::ranges::input_range R>
  void insert_range(R&& range) {
    insert_each(std::ranges::begin(range), std::ranges::end(range));
  }
  insert_return_type insert(node_type&& node) {
    if (node.empty()) return {end(), false, {}};
    const auto [placed, inserted] = insert_node(node);
    return {iterator_at(placed), inserted, std::move(node)};
  }
  iterator insert(const_iterator, node_type&& node) {
    return node.empty() ? end() : iterator_at(insert_node(node).first);
  }

  // --- erasing ---

  iterator erase(const_iterator victim) {
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    EVAC_ASSERT(victim.at_.where != nullptr, "evac: end iterator erased");
    return iterator_at(table_.erase_and_next(victim.at_));
  }
  iterator erase(const_iterator first, const_iterator last) {
    while (first != last) first = erase(first);
    return iterator_at(last.at_);
  }
  size_type erase(const key_type& key) { return erase_key(key); }
  template <class K>
  size_type erase(const prepared_key<container, K>& key) {
    return erase_key(key);
  }
  template <forwarded_lookup_key<Policy> K>
  size_type erase(K&& key) {
    return erase_key(key);
  }
  template <std::ranges::forward_range Keys>
    requires stands_for_key<std::ranges::range_reference_t<const Keys>, Policy>
  size_type erase_many(const Keys& keys) {
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    const no_lookup_counts uncounted;
    return for_each_found(keys, uncounted, [&](size_type, position at) { table_.erase(at); });
  }
  node_type extract(const_iterator victim) {
    const single_owner::writer guard(owner_);
    EVAC_ASSERT(victim.at_.where != nullptr, "evac: end iterator extracted");
    node_type node(table_.allocator(), layout::slot(victim.at_.where, victim.at_.index));
    table_.forget(victim.at_);
    return node;
  }
  node_type extract(const key_type& key) { return extract_found(locate(key)); }
  template <class K>
  node_type extract(const prepared_key<container, K>& key) {
    return extract_found(locate(key));
  }
  template <forwarded_lookup_key<Policy> K>
  node_type extract(K&& key) {
    return extract_found(locate(key));
  }
  node_type pop_any() { return empty() ? node_type() : extract(cbegin()); }
  EVAC_REINITIALIZES void clear() noexcept {
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    ++clears_;
    table_.tell_cleared();
    table_.clear();
  }

 protected:
  template <class K, class Construct>
  EVAC_ALWAYS_INLINE std::pair<iterator, bool> place_if_absent(const K& key, const Construct& construct) {
    const single_owner::writer guard(owner_);
    return result(table_.find_or_place(key, construct));
  }
  template <class... Args>
  EVAC_ALWAYS_INLINE void construct_at(void* slot, Args&&... args) {
    table_type::slot_ops::construct(table_.allocator(), slot, std::forward<Args>(args)...);
  }
  /// Where an element is, for a call that asks for no more.
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position lookup(const K& key) const {
    const position found = locate(key);
    lookups_.count(found.where != nullptr);
    return found;
  }
  [[nodiscard]] static value_type& element_at(position place) noexcept { return table_type::element(place); }

 private:
  template <class>
  friend class container;
  friend struct table_access;

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position locate(const K& key) const {
    owner_.check_reader();
    return find_in_table(key);
  }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position find_in_table(const K& key) const {
    return table_.find(as_lookup_key<Policy>(key));
  }
  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE position find_in_table(const prepared_key<container, K>& key) const {
    check_prepared(key);
    return table_.find_hashed(key.key(), key.hash());
  }
  template <class K>
  EVAC_ALWAYS_INLINE void check_prepared(const prepared_key<container, K>& key) const {
    key.require_prepared_by(this, [&](const auto& plain) { return table_.hash_of(plain); });
  }
  template <class K>
  [[nodiscard]] auto prepare_as(K&& key) const {
    owner_.check_reader();
    return prepare_key<container, Policy>(std::forward<K>(key), this,
                                          [&](const auto& plain) { return table_.hash_of(plain); });
  }

  container(container&& other, const single_owner::writer&) noexcept(copies_functors_safely)
      : table_(std::move(other.table_), other.table_.allocator()) {}

  [[nodiscard]] EVAC_ALWAYS_INLINE iterator iterator_at(position place) noexcept {
    return {std::addressof(table_), place};
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE const_iterator iterator_at(position place) const noexcept {
    return {std::addressof(table_), place};
  }
  [[nodiscard]] std::pair<iterator, bool> result(std::pair<position, bool> found) noexcept {
    return {iterator_at(found.first), found.second};
  }
  template <class Iterator>
  [[nodiscard]] static std::pair<Iterator, Iterator> range_from(Iterator first) {
    return {first, first.at_.where == nullptr ? first : std::next(first)};
  }
  template <class Reference, class Keys, class F>
  size_type show_many(const Keys& keys, F& f) const {
    static_assert(
        bulk_function<F, Reference>,
        "evac: the function of find_many is called with a reference to an element, or with the index of a key "
        "and that; the element of a map is a std::pair<const Key, T>, of a set and in a const map it is const");
    return for_each_found(keys, lookups_,
                          [&](size_type index, position at) { call_with_index<Reference>(f, index, element_at(at)); });
  }
  // Calls f(index of the key, position) for the keys that are there; returns how many are.
  template <class Keys, class Counts, class F>
  size_type for_each_found(const Keys& keys, Counts& counts, const F& f) const {
    owner_.check_reader();
    size_type found = 0;
    size_type index = 0;
    const auto key_of = [](const auto& key) -> decltype(auto) { return as_lookup_key<Policy>(key); };
    for_each_ahead(table_, std::ranges::begin(keys), std::ranges::end(keys), key_of,
                   [&](const auto& key, std::size_t hash) {
                     const size_type mine = index++;
                     const position at = table_.find_hashed(key_of(key), hash);
                     counts.count(at.where != nullptr);
                     if (at.where == nullptr) return;
                     ++found;
                     f(mine, at);
                   });
    return found;
  }
  // One after the other, and fetched ahead where their keys can be seen twice; in a table that fits the caches that
  // would only cost instructions (115 in place of 83 an element).
  template <class It, class End>
  void insert_each(It first, const End last) {
    constexpr size_type fits_caches = size_type{1} << 20U;
    for (; first != last && table_.home_count() * layout::home_bytes() < fits_caches; ++first) emplace(*first);
    if constexpr (std::forward_iterator<It> && std::is_lvalue_reference_v<std::iter_reference_t<It>> &&
                  requires { key_in_arguments<Policy>(*first); }) {
      const auto key_of = [](const auto& value) -> const auto& { return key_in_arguments<Policy>(value); };
      for_each_ahead(table_, first, last, key_of, [&](auto& value, std::size_t hash) {
        const single_owner::writer guard(owner_);
        table_.find_or_place_hashed(key_of(value), hash, [&](void* slot) { construct_at(slot, value); });
      });
    } else {
      for (; first != last; ++first) emplace(*first);
    }
  }
  template <class... Args>
  std::pair<iterator, bool> emplace_built(Args&&... args) {
    const single_owner::writer guard(owner_);
    detached_element<typename Policy::elements, allocator_type> built(table_.allocator());
    built.construct(std::forward<Args>(args)...);
    return result(place_detached(table_, built));
  }
  std::pair<position, bool> insert_node(node_type& node) {
    const single_owner::writer guard(owner_);
    EVAC_ASSERT(same_memory(node.get_allocator(), table_.allocator()), "evac: node of an unequal allocator inserted");
    return place_detached(table_, node);
  }
  template <class K>
  size_type erase_key(const K& key) {
    const probed_erase probes(this);
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    const position found = find_in_table(key);
    if (found.where == nullptr) return 0;
    table_.erase(found);
    return 1;
  }
  node_type extract_found(position found) {
    return found.where == nullptr ? node_type() : extract(const_iterator(std::addressof(table_), found));
  }

  [[no_unique_address]] table_type table_;
  std::uint32_t clears_ = 0;  // in the padding of the table
  single_owner owner_;
  // As the observer they belong to the object, not to its contents.
  [[no_unique_address]] mutable counts_if<counts_lookups<hasher>, owned_lookup_counts> lookups_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
