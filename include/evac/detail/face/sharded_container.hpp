// The one face of sharded_map and sharded_set: types, construction, and the overloads that both have.
//
// The public headers document its members; here stands how each of them is spelled, and which function over the state does
// the work: keyed.hpp, traversal.hpp, shard_room.hpp or whole.hpp.
#ifndef EVAC_DETAIL_FACE_SHARDED_CONTAINER_HPP
#define EVAC_DETAIL_FACE_SHARDED_CONTAINER_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/container.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/face/from_range.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/sharded/shard_room.hpp"
#include "evac/detail/sharded/traversal.hpp"
#include "evac/detail/sharded/visitors.hpp"
#include "evac/detail/sharded/whole.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI::detail {

/// An argument of insert() that is forwarded to a new element. For lvalues a set has overloads beside that are no templates:
/// a bit-field binds to those.
template <class V, class Policy>
concept insertable =
    std::is_constructible_v<typename Policy::value_type, V&&> && !may_be_bit_field<V, typename Policy::value_type> &&
    (Policy::is_map || !std::is_lvalue_reference_v<V> ||
     !std::is_same_v<std::remove_cvref_t<V>, typename Policy::value_type>);

template <class Policy, class Mutex>
class sharded_container {
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

 private:
  template <class K>
  using key_arg = detail::key_arg<K, Policy>;
  // Where hash and equality are transparent without limits, they would take a predicate, or an execution policy, for a key.
  template <class F>
  static constexpr bool judges_element = std::is_invocable_v<F&, typename state::template visited<access::exclusive>&>;
  template <class K>
  static constexpr bool names_element = stands_for_key<K, Policy> && !parallel_over<const K&, state>;

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

  static constexpr size_type bulk_visit_size = bulk_size;

  // --- construction, assignment ---

  sharded_container()
    requires default_constructible<hasher, key_equal, allocator_type>
      : sharded_container(size_type{0}) {}
  explicit sharded_container(size_type n, const hasher& hash = hasher(), const key_equal& equal = key_equal(),
                             const allocator_type& allocator = allocator_type())
      : sharded_container(shards{default_shard_count()}, n, hash, equal, allocator) {}
  explicit sharded_container(shards count, size_type n = 0, const hasher& hash = hasher(),
                             const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : state_(hash, equal, allocator, count.count) {
    check_template_arguments();
    if (n != 0) reserve(n);
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

  // The guard of the source lives until the delegated constructor has returned.
  sharded_container(const sharded_container& other)
      : sharded_container(shared_state<state>(other.state_, {"copy construction"}).lock(), nullptr) {}
  sharded_container(const sharded_container& other, const std::type_identity_t<allocator_type>& allocator)
      : sharded_container(shared_state<state>(other.state_, {"copy construction"}).lock(), std::addressof(allocator)) {}
  sharded_container(sharded_container&& other) noexcept(moves_without_throwing)
      : sharded_container(exclusive_state<state>(other.state_, {"move construction"}).lock(), nullptr) {}
  sharded_container(sharded_container&& other, const std::type_identity_t<allocator_type>& allocator)
      : sharded_container(exclusive_state<state>(other.state_, {"move construction"}).lock(),
                          std::addressof(allocator)) {}
  ~sharded_container() = default;

  sharded_container& operator=(const sharded_container& other) {
    if (this != std::addressof(other)) copy_assign(state_, other.state_, {"copy assignment"});
    return *this;
  }
  sharded_container& operator=(sharded_container&& other) noexcept(
      traits::propagate_on_container_move_assignment::value || traits::is_always_equal::value) {
    if (this != std::addressof(other)) move_assign(state_, other.state_, {"move assignment"});
    return *this;
  }
  sharded_container& operator=(std::initializer_list<value_type> list) {
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
  void swap(sharded_container& other,
            location where = location::current()) noexcept(traits::propagate_on_container_swap::value ||
                                                           traits::is_always_equal::value) {
    if (this != std::addressof(other)) swap_states(state_, other.state_, {"swap", where});
  }
  template <class OtherHash, class OtherEqual, class OtherMutex>
  size_type merge(sharded_container<other_policy<OtherHash, OtherEqual>, OtherMutex>& source,
                  location where = location::current()) {
    if (static_cast<const void*>(this) == static_cast<const void*>(std::addressof(source))) return 0;
    return merge_states(state_, source.state_, {"merge", where});
  }
  template <class OtherHash, class OtherEqual, class OtherMutex>
  size_type merge(sharded_container<other_policy<OtherHash, OtherEqual>, OtherMutex>&& source,
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
  [[nodiscard]] friend bool operator==(const sharded_container& left, const sharded_container& right) {
    return std::addressof(left) == std::addressof(right) || equal_states(left.state_, right.state_, {"operator=="});
  }

  // --- one key, and ranges of keys ---

  template <class K = key_type, class F>
    requires stands_for_key<K, Policy>
  size_type visit(const key_arg<K>& key, F f, location where = location::current()) {
    return visit_one<access::exclusive>(state_, {"visit", where}, as_lookup_key<Policy>(key), f);
  }
  template <class K = key_type, class F>
    requires stands_for_key<K, Policy>
  size_type visit(const key_arg<K>& key, F f, location where = location::current()) const {
    return visit_one<access::shared>(state_, {"visit", where}, as_lookup_key<Policy>(key), f);
  }
  template <class K = key_type, class F>
    requires stands_for_key<K, Policy>
  size_type cvisit(const key_arg<K>& key, F f, location where = location::current()) const {
    return visit_one<access::shared>(state_, {"cvisit", where}, as_lookup_key<Policy>(key), f);
  }
  template <class K = key_type>
    requires stands_for_key<K, Policy>
  [[nodiscard]] bool contains(const key_arg<K>& key, location where = location::current()) const {
    return visit_one<access::shared>(state_, {"contains", where}, as_lookup_key<Policy>(key), ignore_element) != 0;
  }
  template <class K = key_type>
    requires stands_for_key<K, Policy>
  [[nodiscard]] size_type count(const key_arg<K>& key, location where = location::current()) const {
    return visit_one<access::shared>(state_, {"count", where}, as_lookup_key<Policy>(key), ignore_element);
  }
  template <class K = key_type>
    requires stands_for_key<K, Policy>
  size_type erase(const key_arg<K>& key, location where = location::current()) {
    constexpr auto always = [](const value_type&) { return true; };
    return erase_one(state_, {"erase", where}, as_lookup_key<Policy>(key), always);
  }
  template <class K = key_type, class F>
    requires(names_element<K> && judges_element<F>)
  size_type erase_if(const key_arg<K>& key, F f, location where = location::current()) {
    return erase_one(state_, {"erase_if", where}, as_lookup_key<Policy>(key), f);
  }

  template <std::forward_iterator It, class F>
    requires stands_for_key<std::iter_reference_t<It>, Policy>
  size_type visit(It first, It last, F f, location where = location::current()) {
    return visit_many<access::exclusive>(state_, {"visit", where}, first, last, f);
  }
  template <std::forward_iterator It, class F>
    requires stands_for_key<std::iter_reference_t<It>, Policy>
  size_type visit(It first, It last, F f, location where = location::current()) const {
    return visit_many<access::shared>(state_, {"visit", where}, first, last, f);
  }
  template <std::forward_iterator It, class F>
    requires stands_for_key<std::iter_reference_t<It>, Policy>
  size_type cvisit(It first, It last, F f, location where = location::current()) const {
    return visit_many<access::shared>(state_, {"cvisit", where}, first, last, f);
  }

  // --- new elements ---

  template <class... Args>
    requires std::is_constructible_v<value_type, Args&&...>
  bool emplace(Args&&... args) {
    return emplace_one(state_, {"emplace"}, ignore_element, ignore_element, std::forward<Args>(args)...);
  }
  template <class... Args>
  bool emplace_or_visit(Args&&... args) {
    return emplace_visiting<access::exclusive, 1>({"emplace_or_visit"}, std::forward<Args>(args)...);
  }
  template <class... Args>
  bool emplace_or_cvisit(Args&&... args) {
    return emplace_visiting<access::shared, 1>({"emplace_or_cvisit"}, std::forward<Args>(args)...);
  }
  template <class... Args>
  bool emplace_and_visit(Args&&... args) {
    return emplace_visiting<access::exclusive, 2>({"emplace_and_visit"}, std::forward<Args>(args)...);
  }
  template <class... Args>
  bool emplace_and_cvisit(Args&&... args) {
    return emplace_visiting<access::shared, 2>({"emplace_and_cvisit"}, std::forward<Args>(args)...);
  }

  template <class V = init_type>
    requires insertable<V, Policy>
  bool insert(V&& value, location where = location::current()) {
    return emplace_one(state_, {"insert", where}, ignore_element, ignore_element, std::forward<V>(value));
  }
  bool insert(const value_type& value, location where = location::current())
    requires(!Policy::is_map)
  {
    return emplace_one(state_, {"insert", where}, ignore_element, ignore_element, value);
  }
  template <std::input_iterator It>
  size_type insert(It first, It last, location where = location::current()) {
    return emplace_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert", where}, ignore_element,
                        ignore_element);
  }

  size_type insert(std::initializer_list<value_type> list, location where = location::current()) {
    return emplace_each(list, {"insert", where}, ignore_element, ignore_element);
  }
  template <std::ranges::input_range R>
  size_type insert_range(R&& range, location where = location::current()) {
    return emplace_each(std::forward<R>(range), {"insert_range", where}, ignore_element, ignore_element);
  }
  template <class V = init_type, class F>
    requires insertable<V, Policy>
  bool insert_or_visit(V&& value, F f, location where = location::current()) {
    return emplace_one(state_, {"insert_or_visit", where}, ignore_element, visit_as<access::exclusive>(f),
                       std::forward<V>(value));
  }
  template <class F>
    requires(!Policy::is_map)
  bool insert_or_visit(const value_type& value, F f, location where = location::current()) {
    return emplace_one(state_, {"insert_or_visit", where}, ignore_element, visit_as<access::exclusive>(f), value);
  }
  template <std::input_iterator It, class F>
  size_type insert_or_visit(It first, It last, F f, location where = location::current()) {
    return emplace_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert_or_visit", where},
                        ignore_element, visit_as<access::exclusive>(f));
  }
  template <class F>
  size_type insert_or_visit(std::initializer_list<value_type> list, F f, location where = location::current()) {
    return emplace_each(list, {"insert_or_visit", where}, ignore_element, visit_as<access::exclusive>(f));
  }
  template <std::ranges::input_range R, class F>
  size_type insert_range_or_visit(R&& range, F f, location where = location::current()) {
    return emplace_each(std::forward<R>(range), {"insert_range_or_visit", where}, ignore_element,
                        visit_as<access::exclusive>(f));
  }
  template <class V = init_type, class F>
    requires insertable<V, Policy>
  bool insert_or_cvisit(V&& value, F f, location where = location::current()) {
    return emplace_one(state_, {"insert_or_cvisit", where}, ignore_element, visit_as<access::shared>(f),
                       std::forward<V>(value));
  }
  template <class F>
    requires(!Policy::is_map)
  bool insert_or_cvisit(const value_type& value, F f, location where = location::current()) {
    return emplace_one(state_, {"insert_or_cvisit", where}, ignore_element, visit_as<access::shared>(f), value);
  }
  template <std::input_iterator It, class F>
  size_type insert_or_cvisit(It first, It last, F f, location where = location::current()) {
    return emplace_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert_or_cvisit", where},
                        ignore_element, visit_as<access::shared>(f));
  }
  template <class F>
  size_type insert_or_cvisit(std::initializer_list<value_type> list, F f, location where = location::current()) {
    return emplace_each(list, {"insert_or_cvisit", where}, ignore_element, visit_as<access::shared>(f));
  }
  template <std::ranges::input_range R, class F>
  size_type insert_range_or_cvisit(R&& range, F f, location where = location::current()) {
    return emplace_each(std::forward<R>(range), {"insert_range_or_cvisit", where}, ignore_element,
                        visit_as<access::shared>(f));
  }
  template <class V = init_type, class F1, class F2>
    requires insertable<V, Policy>
  bool insert_and_visit(V&& value, F1 f1, F2 f2, location where = location::current()) {
    return emplace_one(state_, {"insert_and_visit", where}, visit_as<access::exclusive>(f1),
                       visit_as<access::exclusive>(f2), std::forward<V>(value));
  }
  template <class F1, class F2>
    requires(!Policy::is_map)
  bool insert_and_visit(const value_type& value, F1 f1, F2 f2, location where = location::current()) {
    return emplace_one(state_, {"insert_and_visit", where}, visit_as<access::exclusive>(f1),
                       visit_as<access::exclusive>(f2), value);
  }
  template <std::input_iterator It, class F1, class F2>
  size_type insert_and_visit(It first, It last, F1 f1, F2 f2, location where = location::current()) {
    return emplace_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert_and_visit", where},
                        visit_as<access::exclusive>(f1), visit_as<access::exclusive>(f2));
  }
  template <class F1, class F2>
  size_type insert_and_visit(std::initializer_list<value_type> list, F1 f1, F2 f2,
                             location where = location::current()) {
    return emplace_each(list, {"insert_and_visit", where}, visit_as<access::exclusive>(f1),
                        visit_as<access::exclusive>(f2));
  }
  template <std::ranges::input_range R, class F1, class F2>
  size_type insert_range_and_visit(R&& range, F1 f1, F2 f2, location where = location::current()) {
    return emplace_each(std::forward<R>(range), {"insert_range_and_visit", where}, visit_as<access::exclusive>(f1),
                        visit_as<access::exclusive>(f2));
  }
  template <class V = init_type, class F1, class F2>
    requires insertable<V, Policy>
  bool insert_and_cvisit(V&& value, F1 f1, F2 f2, location where = location::current()) {
    return emplace_one(state_, {"insert_and_cvisit", where}, visit_as<access::exclusive>(f1),
                       visit_as<access::shared>(f2), std::forward<V>(value));
  }
  template <class F1, class F2>
    requires(!Policy::is_map)
  bool insert_and_cvisit(const value_type& value, F1 f1, F2 f2, location where = location::current()) {
    return emplace_one(state_, {"insert_and_cvisit", where}, visit_as<access::exclusive>(f1),
                       visit_as<access::shared>(f2), value);
  }
  template <std::input_iterator It, class F1, class F2>
  size_type insert_and_cvisit(It first, It last, F1 f1, F2 f2, location where = location::current()) {
    return emplace_each(std::ranges::subrange(std::move(first), std::move(last)), {"insert_and_cvisit", where},
                        visit_as<access::exclusive>(f1), visit_as<access::shared>(f2));
  }
  template <class F1, class F2>
  size_type insert_and_cvisit(std::initializer_list<value_type> list, F1 f1, F2 f2,
                              location where = location::current()) {
    return emplace_each(list, {"insert_and_cvisit", where}, visit_as<access::exclusive>(f1),
                        visit_as<access::shared>(f2));
  }
  template <std::ranges::input_range R, class F1, class F2>
  size_type insert_range_and_cvisit(R&& range, F1 f1, F2 f2, location where = location::current()) {
    return emplace_each(std::forward<R>(range), {"insert_range_and_cvisit", where}, visit_as<access::exclusive>(f1),
                        visit_as<access::shared>(f2));
  }

  // --- all elements ---

  template <class F>
  size_type visit_all(F f, location where = location::current()) {
    return visit_every<access::exclusive>(state_, {"visit_all", where}, in_turn(), f);
  }
  template <class F>
  size_type visit_all(F f, location where = location::current()) const {
    return visit_every<access::shared>(state_, {"visit_all", where}, in_turn(), f);
  }
  template <class F>
  size_type cvisit_all(F f, location where = location::current()) const {
    return visit_every<access::shared>(state_, {"cvisit_all", where}, in_turn(), f);
  }
  template <class F>
  bool visit_while(F f, location where = location::current()) {
    return visit_while_true<access::exclusive>(state_, {"visit_while", where}, in_turn(), f).complete;
  }
  template <class F>
  bool visit_while(F f, location where = location::current()) const {
    return visit_while_true<access::shared>(state_, {"visit_while", where}, in_turn(), f).complete;
  }
  template <class F>
  bool cvisit_while(F f, location where = location::current()) const {
    return visit_while_true<access::shared>(state_, {"cvisit_while", where}, in_turn(), f).complete;
  }
  template <class F>
    requires judges_element<F>
  size_type erase_if(F f, location where = location::current()) {
    return erase_where(state_, {"erase_if", where}, in_turn(), f);
  }
  template <class F>
  void for_each(F f, location where = location::current()) const {
    visit_copies(state_, {"for_each", where}, f);
  }

  template <parallel_over<state> Execution, class F>
  size_type visit_all(Execution&& execution, F f, location where = location::current()) {
    return visit_every<access::exclusive>(state_, {"visit_all", where}, as_policy_says{execution}, f);
  }
  template <parallel_over<state> Execution, class F>
  size_type visit_all(Execution&& execution, F f, location where = location::current()) const {
    return visit_every<access::shared>(state_, {"visit_all", where}, as_policy_says{execution}, f);
  }
  template <parallel_over<state> Execution, class F>
  size_type cvisit_all(Execution&& execution, F f, location where = location::current()) const {
    return visit_every<access::shared>(state_, {"cvisit_all", where}, as_policy_says{execution}, f);
  }
  template <parallel_over<state> Execution, class F>
  bool visit_while(Execution&& execution, F f, location where = location::current()) {
    return visit_while_true<access::exclusive>(state_, {"visit_while", where}, as_policy_says{execution}, f).complete;
  }
  template <parallel_over<state> Execution, class F>
  bool visit_while(Execution&& execution, F f, location where = location::current()) const {
    return visit_while_true<access::shared>(state_, {"visit_while", where}, as_policy_says{execution}, f).complete;
  }
  template <parallel_over<state> Execution, class F>
  bool cvisit_while(Execution&& execution, F f, location where = location::current()) const {
    return visit_while_true<access::shared>(state_, {"cvisit_while", where}, as_policy_says{execution}, f).complete;
  }
  template <parallel_over<state> Execution, class F>
  size_type erase_if(Execution&& execution, F f, location where = location::current()) {
    return erase_where(state_, {"erase_if", where}, as_policy_says{execution}, f);
  }

 protected:
  state state_;

 private:
  template <class, class>
  friend class sharded_container;
  friend struct table_access;

  // Copies the elements of a container that is held, or takes them; with its allocator where none is given.
  sharded_container(const shared_state<state>& held, const allocator_type* allocator)
      : state_(held.of.functors,
               allocator != nullptr ? *allocator
                                    : traits::select_on_container_copy_construction(held.of.functors.allocator),
               held.count()) {
    copy_all(state_, held);
  }
  sharded_container(const exclusive_state<state>& held, const allocator_type* allocator)
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

  template <access A, class F>
  [[nodiscard]] static auto visit_as(F& f) {
    return visitor<A, state>(f);
  }
  template <access A, std::size_t Visitors, class... Args>
  bool emplace_visiting(call_site site, Args&&... args) {
    return with_visitors_last<A, Visitors, state>(
        [&](const auto& on_new, const auto& on_existing, auto&&... rest) {
          return emplace_one(state_, site, on_new, on_existing, std::forward<decltype(rest)>(rest)...);
        },
        std::forward<Args>(args)...);
  }
  template <class R, class OnNew, class OnExisting>
  size_type emplace_each(R&& range, call_site site, const OnNew& on_new, const OnExisting& on_existing) {
    size_type inserted = 0;
    for (auto&& value : range) {
      if (emplace_one(state_, site, on_new, on_existing, std::forward<decltype(value)>(value))) ++inserted;
    }
    return inserted;
  }

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
