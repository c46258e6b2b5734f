// What sharded_map and sharded_set share: construction, assignment, and what is done with two of them. The rest is in
// the classes that this one is derived from: sharded_container_passes.hpp, _elements.hpp and _base.hpp.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/container.hpp"
#include "evac/detail/face/from_range.hpp"
#include "evac/detail/sharded/sharded_container_passes.hpp"
#include "evac/detail/sharded/sharded_table.hpp"
#include "evac/detail/face/requirements.hpp"

namespace evac::inline EVAC_ABI {

/// How many shards a container is made with; rounded up to a power of two.
struct shards {
  std::size_t count;
};

}  // namespace evac::inline EVAC_ABI

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_container : public sharded_container_passes<Policy, Mutex> {
  using base = sharded_container_passes<Policy, Mutex>;
  using typename base::location;
  using typename base::traits;
  template <class OtherHash, class OtherEqual>
  using other_policy =
      policy<typename Policy::elements, OtherHash, OtherEqual, typename Policy::allocator_type, shares_functors>;

 public:
  using typename base::allocator_type;
  using typename base::hasher;
  using typename base::key_equal;
  using typename base::size_type;
  using typename base::value_type;

  sharded_container()
    requires default_constructible<hasher, key_equal, allocator_type>
      : sharded_container(size_type{0}) {}
  explicit sharded_container(size_type n, const hasher& hash = hasher(), const key_equal& equal = key_equal(),
                             const allocator_type& allocator = allocator_type())
      : sharded_container(shards{default_shard_count()}, n, hash, equal, allocator) {}
  explicit sharded_container(shards count, size_type n = 0, const hasher& hash = hasher(),
                             const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : base(count.count, hash, equal, allocator) {
    check_template_arguments();
    if (n != 0) this->reserve(n);
  }
  sharded_container(size_type n, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : sharded_container(n, hasher(), key_equal(), allocator) {}
  sharded_container(size_type n, const hasher& hash, const allocator_type& allocator)
    requires default_constructible<key_equal>
      : sharded_container(n, hash, key_equal(), allocator) {}
  explicit sharded_container(const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : sharded_container(0, hasher(), key_equal(), allocator) {}

  template <std::input_iterator It>
  sharded_container(It first, It last, size_type n = 0, const hasher& hash = hasher(),
                    const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : sharded_container(n, hash, equal, allocator) {
    this->insert(std::move(first), std::move(last));
  }
  template <std::input_iterator It>
  sharded_container(It first, It last, const allocator_type& allocator)
      : sharded_container(std::move(first), std::move(last), 0, hasher(), key_equal(), allocator) {}
  template <std::input_iterator It>
  sharded_container(It first, It last, size_type n, const allocator_type& allocator)
      : sharded_container(std::move(first), std::move(last), n, hasher(), key_equal(), allocator) {}
  template <std::input_iterator It>
  sharded_container(It first, It last, size_type n, const hasher& hash, const allocator_type& allocator)
      : sharded_container(std::move(first), std::move(last), n, hash, key_equal(), allocator) {}
  sharded_container(std::initializer_list<value_type> list, size_type n = 0, const hasher& hash = hasher(),
                    const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : sharded_container(list.begin(), list.end(), n, hash, equal, allocator) {}
  sharded_container(std::initializer_list<value_type> list, const allocator_type& allocator)
      : sharded_container(list, 0, hasher(), key_equal(), allocator) {}
  sharded_container(std::initializer_list<value_type> list, size_type n, const allocator_type& allocator)
      : sharded_container(list, n, hasher(), key_equal(), allocator) {}
  sharded_container(std::initializer_list<value_type> list, size_type n, const hasher& hash,
                    const allocator_type& allocator)
      : sharded_container(list, n, hash, key_equal(), allocator) {}

  template <std::ranges::input_range R>
  sharded_container(from_range_t, R&& range, size_type n = 0, const hasher& hash = hasher(),
                    const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : sharded_container(n, hash, equal, allocator) {
    this->insert_range(std::forward<R>(range));
  }
  template <std::ranges::input_range R>
  sharded_container(from_range_t tag, R&& range, const allocator_type& allocator)
      : sharded_container(tag, std::forward<R>(range), 0, hasher(), key_equal(), allocator) {}
  template <std::ranges::input_range R>
  sharded_container(from_range_t tag, R&& range, size_type n, const allocator_type& allocator)
      : sharded_container(tag, std::forward<R>(range), n, hasher(), key_equal(), allocator) {}
  template <std::ranges::input_range R>
  sharded_container(from_range_t tag, R&& range, size_type n, const hasher& hash, const allocator_type& allocator)
      : sharded_container(tag, std::forward<R>(range), n, hash, key_equal(), allocator) {}

  sharded_container(const sharded_container& other) : base(other.core_, std::nullopt, call_site{"copy construction"}) {}
  sharded_container(const sharded_container& other, const std::type_identity_t<allocator_type>& allocator)
      : base(other.core_, allocator, call_site{"copy construction"}) {}
  /// Moves no element. The source keeps its shards, its functors and its allocator, and is empty. The new container needs
  /// shards of its own: no memory for those ends the program where this is noexcept, that is with allocators that are
  /// always equal, functors whose copies do not throw and an EVAC_ASSERT_HANDLER that does not.
  sharded_container(sharded_container&& other) noexcept(moves_without_throwing)
      : base(std::move(other.core_), call_site{"move construction"}) {}
  sharded_container(sharded_container&& other, const std::type_identity_t<allocator_type>& allocator)
      : base(std::move(other.core_), allocator, call_site{"move construction"}) {}
  ~sharded_container() = default;

  sharded_container& operator=(const sharded_container& other) {
    if (this != std::addressof(other)) core_.copy_assign(other.core_, {"copy assignment"});
    return *this;
  }
  /// The source is empty afterwards and has the functors that the target had, whatever the allocators.
  sharded_container& operator=(sharded_container&& other) noexcept(
      traits::propagate_on_container_move_assignment::value || traits::is_always_equal::value) {
    if (this != std::addressof(other)) core_.move_assign(other.core_, {"move assignment"});
    return *this;
  }
  sharded_container& operator=(std::initializer_list<value_type> list) {
    core_.assign_range(list, {"assignment"});
    return *this;
  }

  /// Moves over every element of source whose key is absent here; returns how many. Each is moved over once; growth moves
  /// elements as in inserts. Atomic. The allocators must be equal; hash and equality may be of other types.
  template <class OtherHash, class OtherEqual, class OtherMutex>
  size_type merge(sharded_container<other_policy<OtherHash, OtherEqual>, OtherMutex>& source,
                  location where = location::current()) {
    if (static_cast<const void*>(this) == static_cast<const void*>(std::addressof(source))) return 0;
    return core_.merge(source.core_, {"merge", where});
  }
  template <class OtherHash, class OtherEqual, class OtherMutex>
  size_type merge(sharded_container<other_policy<OtherHash, OtherEqual>, OtherMutex>&& source,
                  location where = location::current()) {
    return merge(source, where);
  }
  /// The same from a container of one owner.
  template <class OtherHash, class OtherEqual>
  size_type merge(container<policy<typename Policy::elements, OtherHash, OtherEqual, allocator_type>>& source,
                  location where = location::current()) {
    return core_.merge_owned(source, {"merge", where});
  }
  template <class OtherHash, class OtherEqual>
  size_type merge(container<policy<typename Policy::elements, OtherHash, OtherEqual, allocator_type>>&& source,
                  location where = location::current()) {
    return merge(source, where);
  }

  /// O(shards). With different numbers of shards every element moves: no memory for that ends the program where this is
  /// noexcept; else it throws, both are usable, and elements are lost.
  void swap(sharded_container& other,
            location where = location::current()) noexcept(traits::propagate_on_container_swap::value ||
                                                           traits::is_always_equal::value) {
    if (this != std::addressof(other)) core_.swap(other.core_, {"swap", where});
  }
  /// Same elements, in whatever order. Atomic. O(size) expected.
  [[nodiscard]] friend bool operator==(const sharded_container& left, const sharded_container& right) {
    return std::addressof(left) == std::addressof(right) || left.core_.equals(right.core_, {"operator=="});
  }

 protected:
  using base::core_;

 private:
  template <class, class>
  friend class sharded_container;
  friend struct table_access;

  static constexpr bool moves_without_throwing =
      traits::is_always_equal::value && std::is_nothrow_copy_constructible_v<hasher> &&
      std::is_nothrow_copy_constructible_v<key_equal> && noexcept(EVAC_ASSERT_HANDLER(""));

  static constexpr void check_template_arguments() {
    check_functors_and_allocator<Policy>();
    static_assert(
        requires(Mutex& mutex) {
          mutex.lock();
          mutex.unlock();
          mutex.lock_shared();
          mutex.unlock_shared();
          mutex.try_lock();
          mutex.try_lock_shared();
        }, "evac: Mutex must be SharedLockable and Lockable, as std::shared_mutex is");
  }
};

template <class Policy, class Mutex>
  requires(!are_storable<typename Policy::elements>)
class sharded_container<Policy, Mutex> : public unstorable<typename Policy::elements> {};

}  // namespace evac::inline EVAC_ABI::detail

#endif
