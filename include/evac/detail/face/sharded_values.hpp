// The verbs of a sharded_map on values of keys, which a sharded_set has none of.
#ifndef EVAC_DETAIL_FACE_SHARDED_VALUES_HPP
#define EVAC_DETAIL_FACE_SHARDED_VALUES_HPP

#include <cstddef>
#include <mutex>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "evac/attempt.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/foreign_key.hpp"
#include "evac/detail/face/requirements.hpp"
#include "evac/detail/face/sharded_container.hpp"
#include "evac/detail/sharded/compute.hpp"
#include "evac/fwd.hpp"
#include "evac/load_result.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_values : public sharded_container<Policy, Mutex> {
  using base = sharded_container<Policy, Mutex>;
  using typename base::state;
  using location = std::source_location;
  template <class K>
  using key_arg = detail::key_arg<K, Policy>;
  friend struct table_access;

 protected:
  using base::state_;

 public:
  using typename base::key_type;
  using typename base::size_type;
  using mapped_type = typename Policy::elements::mapped_type;
  using load_result = evac::load_result<mapped_type>;

  using base::base;
  using base::operator=;

  // --- looking ---

  template <class K = key_type>
    requires stands_for_key<K, Policy>
  [[nodiscard]] std::optional<mapped_type> find(const key_arg<K>& key, location where = location::current()) const {
    return find_copy(state_, {"find", where}, as_lookup_key<Policy>(key));
  }
  template <class K>
  [[nodiscard]] std::optional<mapped_type> find(const prepared_key<state, K>& key,
                                                location where = location::current()) const {
    return find_copy(state_, {"find", where}, key);
  }
  template <class K1 = key_type, class K2 = key_type, class F>
    requires(stands_for_key<K1, Policy> && stands_for_key<K2, Policy>)
  bool visit2(const key_arg<K1>& first, const key_arg<K2>& second, F f, location where = location::current()) {
    return visit_two(state_, {"visit2", where}, as_lookup_key<Policy>(first), as_lookup_key<Policy>(second), f);
  }
  template <class K = key_type, class Factory>
    requires forwarded_as_key<K, Policy>
  [[nodiscard]] computed_by<Factory&, mapped_type> get_or_compute(K&& key, Factory factory,
                                                                  compute_mode mode = compute_mode::under_lock,
                                                                  location where = location::current()) {
    return compute({"get_or_compute", where}, factory, as_key(std::forward<K>(key)), mode).value;
  }
  template <class Factory>
  [[nodiscard]] computed_by<Factory&, mapped_type> get_or_compute(const key_type& key, Factory factory,
                                                                  compute_mode mode = compute_mode::under_lock,
                                                                  location where = location::current()) {
    return compute({"get_or_compute", where}, factory, key, mode).value;
  }
  template <class K = key_type, class Factory>
    requires forwarded_as_key<K, Policy>
  [[nodiscard]] evac::load_result<computed_by<Factory&, mapped_type>> load_or_compute(
      K&& key, Factory factory, compute_mode mode = compute_mode::under_lock, location where = location::current()) {
    return compute({"load_or_compute", where}, factory, as_key(std::forward<K>(key)), mode);
  }
  template <class Factory>
  [[nodiscard]] evac::load_result<computed_by<Factory&, mapped_type>> load_or_compute(
      const key_type& key, Factory factory, compute_mode mode = compute_mode::under_lock,
      location where = location::current()) {
    return compute({"load_or_compute", where}, factory, key, mode);
  }

  // --- inserting ---

  template <class K = key_type, class... Args>
    requires forwarded_as_key<K, Policy>
  bool try_emplace(K&& key, Args&&... args) {
    return try_place(state_, {"try_emplace"}, as_key(std::forward<K>(key)), ignore_element, ignore_element,
                     std::forward<Args>(args)...);
  }
  template <class... Args>
  bool try_emplace(const key_type& key, Args&&... args) {
    return try_place(state_, {"try_emplace"}, key, ignore_element, ignore_element, std::forward<Args>(args)...);
  }
  template <class K = key_type, class... Args>
    requires forwarded_as_key<K, Policy>
  bool try_emplace_or_visit(K&& key, Args&&... args) {
    return try_visiting<access::exclusive, 1>({"try_emplace_or_visit"}, as_key(std::forward<K>(key)),
                                              std::forward<Args>(args)...);
  }
  template <class... Args>
  bool try_emplace_or_visit(const key_type& key, Args&&... args) {
    return try_visiting<access::exclusive, 1>({"try_emplace_or_visit"}, key, std::forward<Args>(args)...);
  }
  template <class K = key_type, class... Args>
    requires forwarded_as_key<K, Policy>
  bool try_emplace_or_cvisit(K&& key, Args&&... args) {
    return try_visiting<access::shared, 1>({"try_emplace_or_cvisit"}, as_key(std::forward<K>(key)),
                                           std::forward<Args>(args)...);
  }
  template <class... Args>
  bool try_emplace_or_cvisit(const key_type& key, Args&&... args) {
    return try_visiting<access::shared, 1>({"try_emplace_or_cvisit"}, key, std::forward<Args>(args)...);
  }
  template <class K = key_type, class... Args>
    requires forwarded_as_key<K, Policy>
  bool try_emplace_and_visit(K&& key, Args&&... args) {
    return try_visiting<access::exclusive, 2>({"try_emplace_and_visit"}, as_key(std::forward<K>(key)),
                                              std::forward<Args>(args)...);
  }
  template <class... Args>
  bool try_emplace_and_visit(const key_type& key, Args&&... args) {
    return try_visiting<access::exclusive, 2>({"try_emplace_and_visit"}, key, std::forward<Args>(args)...);
  }
  template <class K = key_type, class... Args>
    requires forwarded_as_key<K, Policy>
  bool try_emplace_and_cvisit(K&& key, Args&&... args) {
    return try_visiting<access::shared, 2>({"try_emplace_and_cvisit"}, as_key(std::forward<K>(key)),
                                           std::forward<Args>(args)...);
  }
  template <class... Args>
  bool try_emplace_and_cvisit(const key_type& key, Args&&... args) {
    return try_visiting<access::shared, 2>({"try_emplace_and_cvisit"}, key, std::forward<Args>(args)...);
  }
  template <class K = key_type, class M>
    requires(forwarded_as_key<K, Policy> && std::is_assignable_v<mapped_type&, M &&>)
  bool insert_or_assign(K&& key, M&& value, location where = location::current()) {
    return assign_value(state_, {"insert_or_assign", where}, as_key(std::forward<K>(key)), std::forward<M>(value));
  }
  template <class M>
    requires std::is_assignable_v<mapped_type&, M&&>
  bool insert_or_assign(const key_type& key, M&& value, location where = location::current()) {
    return assign_value(state_, {"insert_or_assign", where}, key, std::forward<M>(value));
  }

  // --- without waiting ---

  template <class K = key_type>
    requires stands_for_key<K, Policy>
  [[nodiscard]] attempt<std::optional<mapped_type>> find(std::try_to_lock_t, const key_arg<K>& key,
                                                         location where = location::current()) const {
    return find_copy_at_once(state_, {"find", where}, as_lookup_key<Policy>(key));
  }
  template <class K>
  [[nodiscard]] attempt<std::optional<mapped_type>> find(std::try_to_lock_t, const prepared_key<state, K>& key,
                                                         location where = location::current()) const {
    return find_copy_at_once(state_, {"find", where}, key);
  }
  template <class K = key_type, class... Args>
    requires forwarded_as_key<K, Policy>
  attempt<bool> try_emplace(std::try_to_lock_t, K&& key, Args&&... args) {
    return try_place<at_once>(state_, {"try_emplace"}, as_key(std::forward<K>(key)), ignore_element, ignore_element,
                              std::forward<Args>(args)...);
  }
  template <class... Args>
  attempt<bool> try_emplace(std::try_to_lock_t, const key_type& key, Args&&... args) {
    return try_place<at_once>(state_, {"try_emplace"}, key, ignore_element, ignore_element,
                              std::forward<Args>(args)...);
  }
  template <class K = key_type, class... Args>
    requires forwarded_as_key<K, Policy>
  attempt<bool> try_emplace_or_visit(std::try_to_lock_t, K&& key, Args&&... args) {
    return try_visiting<access::exclusive, 1, at_once>({"try_emplace_or_visit"}, as_key(std::forward<K>(key)),
                                                       std::forward<Args>(args)...);
  }
  template <class... Args>
  attempt<bool> try_emplace_or_visit(std::try_to_lock_t, const key_type& key, Args&&... args) {
    return try_visiting<access::exclusive, 1, at_once>({"try_emplace_or_visit"}, key, std::forward<Args>(args)...);
  }
  template <class K = key_type, class... Args>
    requires forwarded_as_key<K, Policy>
  attempt<bool> try_emplace_or_cvisit(std::try_to_lock_t, K&& key, Args&&... args) {
    return try_visiting<access::shared, 1, at_once>({"try_emplace_or_cvisit"}, as_key(std::forward<K>(key)),
                                                    std::forward<Args>(args)...);
  }
  template <class... Args>
  attempt<bool> try_emplace_or_cvisit(std::try_to_lock_t, const key_type& key, Args&&... args) {
    return try_visiting<access::shared, 1, at_once>({"try_emplace_or_cvisit"}, key, std::forward<Args>(args)...);
  }
  template <class K = key_type, class M>
    requires(forwarded_as_key<K, Policy> && std::is_assignable_v<mapped_type&, M &&>)
  attempt<bool> insert_or_assign(std::try_to_lock_t, K&& key, M&& value, location where = location::current()) {
    return assign_value<at_once>(state_, {"insert_or_assign", where}, as_key(std::forward<K>(key)),
                                 std::forward<M>(value));
  }
  template <class M>
    requires std::is_assignable_v<mapped_type&, M&&>
  attempt<bool> insert_or_assign(std::try_to_lock_t, const key_type& key, M&& value,
                                 location where = location::current()) {
    return assign_value<at_once>(state_, {"insert_or_assign", where}, key, std::forward<M>(value));
  }

 private:
  template <class K>
  [[nodiscard]] static decltype(auto) as_key(K&& key) {
    return as_written_key<Policy>(std::forward<K>(key));
  }
  template <access A, std::size_t Visitors, class Entry = waiting, class... Args>
  auto try_visiting(call_site site, Args&&... args) {
    return try_place_visiting<A, Visitors, Entry>(state_, site, std::forward<Args>(args)...);
  }
  template <class Factory, class K>
  [[nodiscard]] auto compute(call_site site, Factory& factory, K&& key, compute_mode mode) {
    return computation(state_, site, flights_, factory).run(std::forward<K>(key), mode);
  }

  single_flight<key_type, mapped_type> flights_;
};

template <class Policy, class Mutex>
  requires(!are_storable<typename Policy::elements>)
class sharded_values<Policy, Mutex> : public unstorable<typename Policy::elements> {};

}  // namespace evac::inline EVAC_ABI::detail

#endif
