// Overloads of the verbs that sharded_map and sharded_set have in common; sharded_object.hpp has the rest.
//
// The public headers document them. Each only forwards to the function over the state that does the work: keyed.hpp,
// traversal.hpp, shard_room.hpp or whole.hpp.
#ifndef EVAC_DETAIL_FACE_SHARDED_CONTAINER_HPP
#define EVAC_DETAIL_FACE_SHARDED_CONTAINER_HPP

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "evac/attempt.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/face/prepared_key.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/face/sharded_object.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/sharded/sampling.hpp"
#include "evac/detail/sharded/shard_room.hpp"
#include "evac/detail/sharded/traversal.hpp"
#include "evac/detail/sharded/visitors.hpp"
#include "evac/detail/sharded/whole.hpp"
#include "evac/fwd.hpp"
#include "evac/scan_cursor.hpp"

namespace evac::inline EVAC_ABI::detail {

/// An argument of insert() that is forwarded to a new element. For lvalues a set has overloads beside that are no
/// templates: a bit-field binds to those.
template <class V, class Policy>
concept insertable =
    std::is_constructible_v<typename Policy::value_type, V&&> && !may_be_bit_field<V, typename Policy::value_type> &&
    (Policy::is_map || !std::is_lvalue_reference_v<V> ||
     !std::is_same_v<std::remove_cvref_t<V>, typename Policy::value_type>);

template <class Policy, class Mutex>
class sharded_container : public sharded_object<Policy, Mutex> {
  using base = sharded_object<Policy, Mutex>;
  using location = std::source_location;

 protected:
  using base::state_;
  using typename base::state;

 private:
  friend struct table_access;
  template <class K>
  using key_arg = detail::key_arg<K, Policy>;
  // Where hash and equality are transparent without limits, they would take a predicate, or an execution policy, for a
  // key.
  template <class F>
  static constexpr bool judges_element = std::is_invocable_v<F&, typename state::template visited<access::exclusive>&>;
  template <class K>
  static constexpr bool names_element = stands_for_key<K, Policy> && !parallel_over<const K&, state>;

 public:
  using typename base::init_type;
  using typename base::key_type;
  using typename base::size_type;
  using typename base::value_type;

  using base::base;
  using base::operator=;
  static constexpr size_type bulk_visit_size = bulk_size;

  // --- one key ---

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
    return erase_one(state_, {"erase", where}, as_lookup_key<Policy>(key), always);
  }
  template <class K = key_type, class F>
    requires(names_element<K> && judges_element<F>)
  size_type erase_if(const key_arg<K>& key, F f, location where = location::current()) {
    return erase_one(state_, {"erase_if", where}, as_lookup_key<Policy>(key), f);
  }

  // --- one key, hashed before ---

  [[nodiscard]] auto prepare(const key_type& key EVAC_LIFETIME_BOUND, location where = location::current()) const {
    return prepare_as({"prepare", where}, key);
  }
  template <prepared_from<Policy> K = key_type>
  [[nodiscard]] auto prepare(key_arg<K>&& key, location where = location::current()) const {
    return prepare_as({"prepare", where}, std::forward<key_arg<K>>(key));
  }
  template <class K, class F>
  size_type visit(const prepared_key<state, K>& key, F f, location where = location::current()) {
    return visit_one<access::exclusive>(state_, {"visit", where}, key, f);
  }
  template <class K, class F>
  size_type visit(const prepared_key<state, K>& key, F f, location where = location::current()) const {
    return visit_one<access::shared>(state_, {"visit", where}, key, f);
  }
  template <class K, class F>
  size_type cvisit(const prepared_key<state, K>& key, F f, location where = location::current()) const {
    return visit_one<access::shared>(state_, {"cvisit", where}, key, f);
  }
  template <class K>
  [[nodiscard]] bool contains(const prepared_key<state, K>& key, location where = location::current()) const {
    return visit_one<access::shared>(state_, {"contains", where}, key, ignore_element) != 0;
  }
  template <class K>
  [[nodiscard]] size_type count(const prepared_key<state, K>& key, location where = location::current()) const {
    return visit_one<access::shared>(state_, {"count", where}, key, ignore_element);
  }
  template <class K>
  size_type erase(const prepared_key<state, K>& key, location where = location::current()) {
    return erase_one(state_, {"erase", where}, key, always);
  }
  template <class K, class F>
  size_type erase_if(const prepared_key<state, K>& key, F f, location where = location::current()) {
    return erase_one(state_, {"erase_if", where}, key, f);
  }
  template <class K>
  void prefetch(const prepared_key<state, K>& key, location where = location::current()) const {
    prefetch_one(state_, {"prefetch", where}, key);
  }
  template <class K>
  [[nodiscard]] size_type shard_of(const prepared_key<state, K>& key, location where = location::current()) const {
    return state_.shards.index_of(hash_of_key(state_, {"shard_of", where}, key));
  }
  template <class K, class F>
  attempt<size_type> visit(std::try_to_lock_t, const prepared_key<state, K>& key, F f,
                           location where = location::current()) {
    return visit_one<access::exclusive, at_once>(state_, {"visit", where}, key, f);
  }
  template <class K, class F>
  attempt<size_type> visit(std::try_to_lock_t, const prepared_key<state, K>& key, F f,
                           location where = location::current()) const {
    return visit_one<access::shared, at_once>(state_, {"visit", where}, key, f);
  }
  template <class K, class F>
  attempt<size_type> cvisit(std::try_to_lock_t, const prepared_key<state, K>& key, F f,
                            location where = location::current()) const {
    return visit_one<access::shared, at_once>(state_, {"cvisit", where}, key, f);
  }
  template <class K>
  attempt<size_type> erase(std::try_to_lock_t, const prepared_key<state, K>& key,
                           location where = location::current()) {
    return erase_one<at_once>(state_, {"erase", where}, key, always);
  }
  template <class K, class F>
  attempt<size_type> erase_if(std::try_to_lock_t, const prepared_key<state, K>& key, F f,
                              location where = location::current()) {
    return erase_one<at_once>(state_, {"erase_if", where}, key, f);
  }

  // --- ranges of keys ---

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

  template <class K = key_type>
    requires stands_for_key<K, Policy>
  void prefetch(const key_arg<K>& key, location where = location::current()) const {
    prefetch_one(state_, {"prefetch", where}, as_lookup_key<Policy>(key));
  }
  template <class K = key_type>
    requires stands_for_key<K, Policy>
  [[nodiscard]] size_type shard_of(const key_arg<K>& key, location where = location::current()) const {
    return state_.shards.index_of(hash_of_key(state_, {"shard_of", where}, as_lookup_key<Policy>(key)));
  }

  // --- one key, without waiting ---

  template <class K = key_type, class F>
    requires stands_for_key<K, Policy>
  attempt<size_type> visit(std::try_to_lock_t, const key_arg<K>& key, F f, location where = location::current()) {
    return visit_one<access::exclusive, at_once>(state_, {"visit", where}, as_lookup_key<Policy>(key), f);
  }
  template <class K = key_type, class F>
    requires stands_for_key<K, Policy>
  attempt<size_type> visit(std::try_to_lock_t, const key_arg<K>& key, F f, location where = location::current()) const {
    return visit_one<access::shared, at_once>(state_, {"visit", where}, as_lookup_key<Policy>(key), f);
  }
  template <class K = key_type, class F>
    requires stands_for_key<K, Policy>
  attempt<size_type> cvisit(std::try_to_lock_t, const key_arg<K>& key, F f,
                            location where = location::current()) const {
    return visit_one<access::shared, at_once>(state_, {"cvisit", where}, as_lookup_key<Policy>(key), f);
  }
  template <class V = init_type>
    requires insertable<V, Policy>
  attempt<bool> insert(std::try_to_lock_t, V&& value, location where = location::current()) {
    return insert_at_once({"insert", where}, std::forward<V>(value));
  }
  attempt<bool> insert(std::try_to_lock_t, const value_type& value, location where = location::current())
    requires(!Policy::is_map)
  {
    return insert_at_once({"insert", where}, value);
  }
  template <class K = key_type>
    requires stands_for_key<K, Policy>
  attempt<size_type> erase(std::try_to_lock_t, const key_arg<K>& key, location where = location::current()) {
    return erase_one<at_once>(state_, {"erase", where}, as_lookup_key<Policy>(key), always);
  }
  template <class K = key_type, class F>
    requires(stands_for_key<K, Policy> && judges_element<F>)
  attempt<size_type> erase_if(std::try_to_lock_t, const key_arg<K>& key, F f, location where = location::current()) {
    return erase_one<at_once>(state_, {"erase_if", where}, as_lookup_key<Policy>(key), f);
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
    return insert_each(state_, std::ranges::subrange(std::move(first), std::move(last)), {"insert", where},
                       ignore_element, ignore_element);
  }

  size_type insert(std::initializer_list<value_type> list, location where = location::current()) {
    return insert_each(state_, list, {"insert", where}, ignore_element, ignore_element);
  }
  template <std::ranges::input_range R>
  size_type insert_range(R&& range, location where = location::current()) {
    return insert_each(state_, std::forward<R>(range), {"insert_range", where}, ignore_element, ignore_element);
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
    return insert_each(state_, std::ranges::subrange(std::move(first), std::move(last)), {"insert_or_visit", where},
                       ignore_element, visit_as<access::exclusive>(f));
  }
  template <class F>
  size_type insert_or_visit(std::initializer_list<value_type> list, F f, location where = location::current()) {
    return insert_each(state_, list, {"insert_or_visit", where}, ignore_element, visit_as<access::exclusive>(f));
  }
  template <std::ranges::input_range R, class F>
  size_type insert_range_or_visit(R&& range, F f, location where = location::current()) {
    return insert_each(state_, std::forward<R>(range), {"insert_range_or_visit", where}, ignore_element,
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
    return insert_each(state_, std::ranges::subrange(std::move(first), std::move(last)), {"insert_or_cvisit", where},
                       ignore_element, visit_as<access::shared>(f));
  }
  template <class F>
  size_type insert_or_cvisit(std::initializer_list<value_type> list, F f, location where = location::current()) {
    return insert_each(state_, list, {"insert_or_cvisit", where}, ignore_element, visit_as<access::shared>(f));
  }
  template <std::ranges::input_range R, class F>
  size_type insert_range_or_cvisit(R&& range, F f, location where = location::current()) {
    return insert_each(state_, std::forward<R>(range), {"insert_range_or_cvisit", where}, ignore_element,
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
    return insert_each(state_, std::ranges::subrange(std::move(first), std::move(last)), {"insert_and_visit", where},
                       visit_as<access::exclusive>(f1), visit_as<access::exclusive>(f2));
  }
  template <class F1, class F2>
  size_type insert_and_visit(std::initializer_list<value_type> list, F1 f1, F2 f2,
                             location where = location::current()) {
    return insert_each(state_, list, {"insert_and_visit", where}, visit_as<access::exclusive>(f1),
                       visit_as<access::exclusive>(f2));
  }
  template <std::ranges::input_range R, class F1, class F2>
  size_type insert_range_and_visit(R&& range, F1 f1, F2 f2, location where = location::current()) {
    return insert_each(state_, std::forward<R>(range), {"insert_range_and_visit", where},
                       visit_as<access::exclusive>(f1), visit_as<access::exclusive>(f2));
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
    return insert_each(state_, std::ranges::subrange(std::move(first), std::move(last)), {"insert_and_cvisit", where},
                       visit_as<access::exclusive>(f1), visit_as<access::shared>(f2));
  }
  template <class F1, class F2>
  size_type insert_and_cvisit(std::initializer_list<value_type> list, F1 f1, F2 f2,
                              location where = location::current()) {
    return insert_each(state_, list, {"insert_and_cvisit", where}, visit_as<access::exclusive>(f1),
                       visit_as<access::shared>(f2));
  }
  template <std::ranges::input_range R, class F1, class F2>
  size_type insert_range_and_cvisit(R&& range, F1 f1, F2 f2, location where = location::current()) {
    return insert_each(state_, std::forward<R>(range), {"insert_range_and_cvisit", where},
                       visit_as<access::exclusive>(f1), visit_as<access::shared>(f2));
  }

  // --- one shard ---

  template <class F>
  size_type visit_shard(size_type shard, F f, location where = location::current()) {
    return visit_one_shard<access::exclusive>(state_, shard, {"visit_shard", where}, f);
  }
  template <class F>
  size_type visit_shard(size_type shard, F f, location where = location::current()) const {
    return visit_one_shard<access::shared>(state_, shard, {"visit_shard", where}, f);
  }
  template <class F>
  size_type cvisit_shard(size_type shard, F f, location where = location::current()) const {
    return visit_one_shard<access::shared>(state_, shard, {"cvisit_shard", where}, f);
  }

  // --- some element ---

  template <bit_generator Generator, class F>
  size_type sample(Generator&& generator, size_type n, F f, location where = location::current()) const {
    return sample_elements(state_, {"sample", where}, generator, n, f);
  }
  [[nodiscard]] std::optional<init_type> pop_any(location where = location::current()) {
    return pop_element(state_, {"pop_any", where});
  }

  // --- all elements ---

  template <class F>
  [[nodiscard]] scan_cursor scan(scan_cursor from, size_type budget, F f, location where = location::current()) const {
    return scan_shards(state_, {"scan", where}, from, budget, f);
  }
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

 private:
  static constexpr auto always = [](const value_type&) { return true; };

  template <class K>
  [[nodiscard]] auto prepare_as(call_site site, K&& key) const {
    return prepare_key<state, Policy>(std::forward<K>(key), std::addressof(state_),
                                      [&](const auto& plain) { return hash_of_key(state_, site, plain); });
  }
  // An element that does not show its key becomes one that does: before anything is locked.
  template <class V>
  attempt<bool> insert_at_once(call_site site, V&& value) {
    if constexpr (requires { key_in_arguments<Policy>(value); }) {
      return emplace_one<at_once>(state_, site, ignore_element, ignore_element, std::forward<V>(value));
    } else {
      return emplace_one<at_once>(state_, site, ignore_element, ignore_element, init_type(std::forward<V>(value)));
    }
  }
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
};

template <class Policy, class Mutex>
  requires(!are_storable<typename Policy::elements>)
class sharded_container<Policy, Mutex> : public unstorable<typename Policy::elements> {};

}  // namespace evac::inline EVAC_ABI::detail

#endif
