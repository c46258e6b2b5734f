// A sharded container as an object: its types, construction and assignment, size and room, looks inside, and calls on
// two of them. sharded_container.hpp adds what is done with elements.
#ifndef EVAC_DETAIL_FACE_SHARDED_OBJECT_HPP
#define EVAC_DETAIL_FACE_SHARDED_OBJECT_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <ranges>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/container.hpp"
#include "evac/detail/face/from_range.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/sharded/shard_room.hpp"
#include "evac/detail/sharded/traversal.hpp"
#include "evac/detail/sharded/visitors.hpp"
#include "evac/detail/sharded/whole.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_object {
  using traits = typename Policy::allocator_traits;
  using location = std::source_location;
  template <class OtherHash, class OtherEqual>
  using other_policy =
      policy<typename Policy::elements, OtherHash, OtherEqual, typename Policy::allocator_type, shares_functors>;
  template <class OtherHash, class OtherEqual>
  using other_owned =
      container<policy<typename Policy::elements, OtherHash, OtherEqual, typename Policy::allocator_type>>;

 protected:
  using state = sharded_state<Policy, Mutex>;

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
  using mutex_type = Mutex;
  using visited_type = typename state::template visited<access::exclusive>;

  // --- construction, assignment ---

  sharded_object()
    requires default_constructible<hasher, key_equal, allocator_type>
      : sharded_object(size_type{0}) {}
  explicit sharded_object(size_type n, const hasher& hash = hasher(), const key_equal& equal = key_equal(),
                          const allocator_type& allocator = allocator_type())
      : sharded_object(shards{default_shard_count()}, n, hash, equal, allocator) {}
  explicit sharded_object(shards count, size_type n = 0, const hasher& hash = hasher(),
                          const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : state_(hash, equal, allocator, count.count) {
    check_template_arguments();
    if (n != 0) reserve(n);
  }
  sharded_object(size_type n, const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : sharded_object(n, hasher(), key_equal(), allocator) {}
  sharded_object(size_type n, const hasher& hash, const allocator_type& allocator)
    requires default_constructible<key_equal>
      : sharded_object(n, hash, key_equal(), allocator) {}
  explicit sharded_object(const allocator_type& allocator)
    requires default_constructible<hasher, key_equal>
      : sharded_object(0, hasher(), key_equal(), allocator) {}

  template <std::input_iterator It>
  sharded_object(It first, It last, size_type n = 0, const hasher& hash = hasher(),
                 const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : sharded_object(n, hash, equal, allocator) {
    insert_each(state_, std::ranges::subrange(std::move(first), std::move(last)), {"insert"}, ignore_element,
                ignore_element);
  }
  template <std::input_iterator It>
  sharded_object(It first, It last, const allocator_type& allocator)
      : sharded_object(std::move(first), std::move(last), 0, hasher(), key_equal(), allocator) {}
  template <std::input_iterator It>
  sharded_object(It first, It last, size_type n, const allocator_type& allocator)
      : sharded_object(std::move(first), std::move(last), n, hasher(), key_equal(), allocator) {}
  template <std::input_iterator It>
  sharded_object(It first, It last, size_type n, const hasher& hash, const allocator_type& allocator)
      : sharded_object(std::move(first), std::move(last), n, hash, key_equal(), allocator) {}

  sharded_object(std::initializer_list<value_type> list, size_type n = 0, const hasher& hash = hasher(),
                 const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : sharded_object(list.begin(), list.end(), n, hash, equal, allocator) {}
  sharded_object(std::initializer_list<value_type> list, const allocator_type& allocator)
      : sharded_object(list, 0, hasher(), key_equal(), allocator) {}
  sharded_object(std::initializer_list<value_type> list, size_type n, const allocator_type& allocator)
      : sharded_object(list, n, hasher(), key_equal(), allocator) {}
  sharded_object(std::initializer_list<value_type> list, size_type n, const hasher& hash,
                 const allocator_type& allocator)
      : sharded_object(list, n, hash, key_equal(), allocator) {}

  template <std::ranges::input_range R>
  sharded_object(from_range_t, R&& range, size_type n = 0, const hasher& hash = hasher(),
                 const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : sharded_object(n, hash, equal, allocator) {
    insert_each(state_, std::forward<R>(range), {"insert_range"}, ignore_element, ignore_element);
  }
  template <std::ranges::input_range R>
  sharded_object(from_range_t tag, R&& range, const allocator_type& allocator)
      : sharded_object(tag, std::forward<R>(range), 0, hasher(), key_equal(), allocator) {}
  template <std::ranges::input_range R>
  sharded_object(from_range_t tag, R&& range, size_type n, const allocator_type& allocator)
      : sharded_object(tag, std::forward<R>(range), n, hasher(), key_equal(), allocator) {}
  template <std::ranges::input_range R>
  sharded_object(from_range_t tag, R&& range, size_type n, const hasher& hash, const allocator_type& allocator)
      : sharded_object(tag, std::forward<R>(range), n, hash, key_equal(), allocator) {}

  // The guard of the source lives until the delegated constructor has returned.
  sharded_object(const sharded_object& other)
      : sharded_object(shared_state<state>(other.state_, {"copy construction"}).lock(), nullptr) {}
  sharded_object(const sharded_object& other, const std::type_identity_t<allocator_type>& allocator)
      : sharded_object(shared_state<state>(other.state_, {"copy construction"}).lock(), std::addressof(allocator)) {}
  sharded_object(sharded_object&& other) noexcept(moves_without_throwing)
      : sharded_object(exclusive_state<state>(other.state_, {"move construction"}).lock(), nullptr) {}
  sharded_object(sharded_object&& other, const std::type_identity_t<allocator_type>& allocator)
      : sharded_object(exclusive_state<state>(other.state_, {"move construction"}).lock(), std::addressof(allocator)) {}
  ~sharded_object() = default;

  sharded_object& operator=(const sharded_object& other) {
    if (this != std::addressof(other)) copy_assign(state_, other.state_, {"copy assignment"});
    return *this;
  }
  sharded_object& operator=(sharded_object&& other) noexcept(traits::propagate_on_container_move_assignment::value ||
                                                             traits::is_always_equal::value) {
    if (this != std::addressof(other)) move_assign(state_, other.state_, {"move assignment"});
    return *this;
  }
  sharded_object& operator=(std::initializer_list<value_type> list) {
    assign_range(state_, list, {"assignment"});
    return *this;
  }

  // --- size, room, looks inside ---

  [[nodiscard]] size_type size() const noexcept { return state_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] size_type max_size(location where = location::current()) const noexcept {
    return state::table_type::max_size(copy_allocator(state_, {"max_size", where}));
  }
  [[nodiscard]] size_type shard_count() const noexcept { return state_.shards.size(); }
  [[nodiscard]] size_type bucket_count(location where = location::current()) const {
    return count_slots(state_, {"bucket_count", where});
  }
  [[nodiscard]] float load_factor(location where = location::current()) const {
    const size_type slot_count = bucket_count(where);
    return slot_count == 0 ? 0.0F : static_cast<float>(size()) / static_cast<float>(slot_count);
  }
  [[nodiscard]] float max_load_factor() const noexcept { return 1.0F; }
  void max_load_factor(float) noexcept {}
  [[nodiscard]] size_type max_load(location where = location::current()) const { return bucket_count(where); }
  void reserve(size_type n, location where = location::current()) { reserve_shards(state_, {"reserve", where}, n); }
  void rehash(size_type n, location where = location::current()) { rehash_shards(state_, {"rehash", where}, n); }
  [[nodiscard]] hasher hash_function(location where = location::current()) const {
    return copy_hash(state_, {"hash_function", where});
  }
  [[nodiscard]] key_equal key_eq(location where = location::current()) const {
    return copy_equal(state_, {"key_eq", where});
  }
  [[nodiscard]] allocator_type get_allocator(location where = location::current()) const noexcept {
    return copy_allocator(state_, {"get_allocator", where});
  }
  [[nodiscard]] sharded_stats stats(location where = location::current()) const {
    return collect_sharded_stats(state_, {"stats", where});
  }
  [[nodiscard]] map_counters counters() const noexcept { return collect_counters(state_); }
  [[nodiscard]] map_counters counters_of_shard(size_type shard) const noexcept {
    EVAC_ASSERT(shard < shard_count(), "evac: counters_of_shard() of a shard that is not there");
    return state_.shards[shard].counters();
  }
  [[nodiscard]] size_type memory_usage() const noexcept { return counters().total_bytes(); }
  [[nodiscard]] std::string dump_locks() const { return describe_locks(state_); }
  void observe(observer* by, location where = location::current()) { observe_state(state_, {"observe", where}, by); }
  [[nodiscard]] observer* observed_by() const noexcept { return state_.observed_by(); }

  // --- the whole of it, and two ---

  EVAC_REINITIALIZES void clear(location where = location::current()) noexcept {
    clear_state(state_, {"clear", where});
  }
  void swap(sharded_object& other,
            location where = location::current()) noexcept(traits::propagate_on_container_swap::value ||
                                                           traits::is_always_equal::value) {
    if (this != std::addressof(other)) swap_states(state_, other.state_, {"swap", where});
  }
  template <class OtherHash, class OtherEqual, class OtherMutex>
  size_type merge(sharded_object<other_policy<OtherHash, OtherEqual>, OtherMutex>& source,
                  location where = location::current()) {
    if (static_cast<const void*>(this) == static_cast<const void*>(std::addressof(source))) return 0;
    return merge_states(state_, source.state_, {"merge", where});
  }
  template <class OtherHash, class OtherEqual, class OtherMutex>
  size_type merge(sharded_object<other_policy<OtherHash, OtherEqual>, OtherMutex>&& source,
                  location where = location::current()) {
    return merge(source, where);
  }
  template <class OtherHash, class OtherEqual>
  size_type merge(other_owned<OtherHash, OtherEqual>& source, location where = location::current()) {
    return merge_owned(state_, source, {"merge", where});
  }
  template <class OtherHash, class OtherEqual>
  size_type merge(other_owned<OtherHash, OtherEqual>&& source, location where = location::current()) {
    return merge(source, where);
  }
  [[nodiscard]] friend bool operator==(const sharded_object& left, const sharded_object& right) {
    return std::addressof(left) == std::addressof(right) || equal_states(left.state_, right.state_, {"operator=="});
  }

 protected:
  state state_;

 private:
  template <class, class>
  friend class sharded_object;
  friend struct table_access;

  // Copies the elements of a container that is held, or takes them; with its allocator where none is given.
  sharded_object(const shared_state<state>& held, const allocator_type* allocator)
      : state_(held.of.functors,
               allocator != nullptr ? *allocator
                                    : traits::select_on_container_copy_construction(held.of.functors.allocator),
               held.count()) {
    copy_all(state_, held);
  }
  sharded_object(const exclusive_state<state>& held, const allocator_type* allocator)
      : state_(held.of.functors, allocator != nullptr ? *allocator : held.of.functors.allocator, held.count()) {
    if (same_memory(state_.functors.allocator, held.of.functors.allocator)) {
      exchange_tables(state_, held.of);
    } else if constexpr (!traits::is_always_equal::value) {
      move_each(state_, held);
    }
  }

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

}  // namespace evac::inline EVAC_ABI::detail

#endif
