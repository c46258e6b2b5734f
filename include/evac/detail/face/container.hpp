// What map and set share: construction, assignment, and what is done with two of them. The rest is in the classes that
// this one is derived from: container_elements.hpp, and below it container_base.hpp.
#ifndef EVAC_DETAIL_FACE_CONTAINER_HPP
#define EVAC_DETAIL_FACE_CONTAINER_HPP

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/container_elements.hpp"
#include "evac/detail/face/from_range.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/sync/single_owner.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
class container : public container_elements<Policy> {
  using base = container_elements<Policy>;
  using typename base::slot_ops;
  using typename base::table_type;
  using typename base::traits;

 public:
  using typename base::allocator_type;
  using typename base::hasher;
  using typename base::key_equal;
  using typename base::size_type;
  using typename base::value_type;

  container()
    requires default_constructible<hasher, key_equal, allocator_type>
      : container(0, hasher(), key_equal(), allocator_type()) {}
  explicit container(const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : container(0, hasher(), key_equal(), allocator) {}

  explicit container(size_type n)
    requires default_constructible<hasher, key_equal, allocator_type>
      : container(n, hasher(), key_equal(), allocator_type()) {}
  explicit container(size_type n, const hasher& hash)
    requires default_constructible<key_equal, allocator_type>
      : container(n, hash, key_equal(), allocator_type()) {}
  explicit container(size_type n, const hasher& hash, const key_equal& equal)
    requires default_constructible<allocator_type>
      : container(n, hash, equal, allocator_type()) {}
  explicit container(size_type n, const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : base(hash, equal, allocator) {
    check_functors_and_allocator<Policy>();
    table_.reserve(n);
  }
  container(size_type n, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : container(n, hasher(), key_equal(), allocator) {}
  container(size_type n, const hasher& hash, const allocator_type& allocator)
    requires default_constructible<key_equal>
      : container(n, hash, key_equal(), allocator) {}

  template <std::input_iterator It>
  container(It first, It last, size_type n = 0)
    requires default_constructible<hasher, key_equal, allocator_type>
      : container(std::move(first), std::move(last), n, hasher(), key_equal(), allocator_type()) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const hasher& hash)
    requires default_constructible<key_equal, allocator_type>
      : container(std::move(first), std::move(last), n, hash, key_equal(), allocator_type()) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const hasher& hash, const key_equal& equal)
    requires default_constructible<allocator_type>
      : container(std::move(first), std::move(last), n, hash, equal, allocator_type()) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : container(n, hash, equal, allocator) {
    this->insert(std::move(first), std::move(last));
  }
  template <std::input_iterator It>
  container(It first, It last, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : container(std::move(first), std::move(last), 0, hasher(), key_equal(), allocator) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : container(std::move(first), std::move(last), n, hasher(), key_equal(), allocator) {}
  template <std::input_iterator It>
  container(It first, It last, size_type n, const hasher& hash, const allocator_type& allocator)
    requires default_constructible<key_equal>
      : container(std::move(first), std::move(last), n, hash, key_equal(), allocator) {}

  container(std::initializer_list<value_type> list, size_type n = 0)
    requires default_constructible<hasher, key_equal, allocator_type>
      : container(list, n, hasher(), key_equal(), allocator_type()) {}
  container(std::initializer_list<value_type> list, size_type n, const hasher& hash)
    requires default_constructible<key_equal, allocator_type>
      : container(list, n, hash, key_equal(), allocator_type()) {}
  container(std::initializer_list<value_type> list, size_type n, const hasher& hash, const key_equal& equal)
    requires default_constructible<allocator_type>
      : container(list, n, hash, equal, allocator_type()) {}
  container(std::initializer_list<value_type> list, size_type n, const hasher& hash, const key_equal& equal,
            const allocator_type& allocator)
      : container(list.begin(), list.end(), n, hash, equal, allocator) {}
  container(std::initializer_list<value_type> list, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : container(list, 0, hasher(), key_equal(), allocator) {}
  container(std::initializer_list<value_type> list, size_type n, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : container(list, n, hasher(), key_equal(), allocator) {}
  container(std::initializer_list<value_type> list, size_type n, const hasher& hash, const allocator_type& allocator)
    requires default_constructible<key_equal>
      : container(list, n, hash, key_equal(), allocator) {}

  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n = 0)
    requires default_constructible<hasher, key_equal, allocator_type>
      : container(tag, std::forward<R>(range), n, hasher(), key_equal(), allocator_type()) {}
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n, const hasher& hash)
    requires default_constructible<key_equal, allocator_type>
      : container(tag, std::forward<R>(range), n, hash, key_equal(), allocator_type()) {}
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n, const hasher& hash, const key_equal& equal)
    requires default_constructible<allocator_type>
      : container(tag, std::forward<R>(range), n, hash, equal, allocator_type()) {}
  template <std::ranges::input_range R>
  container(from_range_t, R&& range, size_type n, const hasher& hash, const key_equal& equal,
            const allocator_type& allocator)
      : container(n, hash, equal, allocator) {
    this->insert_range(std::forward<R>(range));
  }
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : container(tag, std::forward<R>(range), 0, hasher(), key_equal(), allocator) {}
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : container(tag, std::forward<R>(range), n, hasher(), key_equal(), allocator) {}
  template <std::ranges::input_range R>
  container(from_range_t tag, R&& range, size_type n, const hasher& hash, const allocator_type& allocator)
    requires default_constructible<key_equal>
      : container(tag, std::forward<R>(range), n, hash, key_equal(), allocator) {}

  container(const container& other)
      : container(other, traits::select_on_container_copy_construction(other.table_.allocator())) {}
  container(const container& other, const std::type_identity_t<allocator_type>& allocator)
      : base(other.table_.hash_function(), other.table_.key_eq(), allocator) {
    other.owner_.check_reader();
    table_.clone(other.table_, copier(table_));
  }
  container(container&& other) noexcept(std::is_nothrow_copy_constructible_v<hasher> &&
                                        std::is_nothrow_copy_constructible_v<key_equal>)
      : container(std::move(other), single_owner::writer(other.owner_)) {}
  container(container&& other, const std::type_identity_t<allocator_type>& allocator)
      : base(other.table_.hash_function(), other.table_.key_eq(), allocator) {
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
    if (this == std::addressof(other)) return *this;
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
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
      adopt(other.table_);
      table_.swap_contents(fresh);
    }
    return *this;
  }
  container& operator=(std::initializer_list<value_type> list) {
    const single_owner::writer guard(owner_, single_owner::kind::destroys);
    container fresh(list, 0, table_.hash_function(), table_.key_eq(), table_.allocator());
    table_.swap_contents(fresh.table_);
    return *this;
  }

  /// Moves over every element of source whose key is absent here, each once. The allocators must be equal.
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

  void swap(container& other) noexcept(!misuse_may_throw &&
                                       (traits::propagate_on_container_swap::value || traits::is_always_equal::value) &&
                                       std::is_nothrow_swappable_v<hasher> && std::is_nothrow_swappable_v<key_equal>) {
    if (this == std::addressof(other)) return;
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
  using base::lookup;
  using base::owner_;
  using base::same_memory;
  using base::table_;

 private:
  template <class>
  friend class container;
  friend struct table_access;

  container(container&& other, const single_owner::writer&) noexcept(std::is_nothrow_copy_constructible_v<hasher> &&
                                                                     std::is_nothrow_copy_constructible_v<key_equal>)
      : base(std::move(other.table_), other.table_.allocator()) {}

  [[nodiscard]] static auto copier(table_type& to) {
    return [&to](void* slot, const value_type& from) { slot_ops::construct(to.allocator(), slot, from); };
  }
  [[nodiscard]] static auto mover(table_type& to) {
    return [&to](void* slot, value_type& from) {
      slot_ops::construct(to.allocator(), slot, std::move(slot_ops::movable(from)));
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
  // Exchanges the functors with those of `from` and frees everything here: the first half of an assignment.
  void adopt(table_type& from) {
    table_.swap_functors(from);
    table_.release();
  }
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

}  // namespace evac::inline EVAC_ABI::detail

#endif
