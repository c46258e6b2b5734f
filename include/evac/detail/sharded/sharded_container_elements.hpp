// What sharded_map and sharded_set do with single elements: visiting them, inserting and erasing.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_ELEMENTS_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_ELEMENTS_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/sharded_container_base.hpp"
#include "evac/detail/face/key_in_arguments.hpp"
#include "evac/detail/sync/reentry.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Whether the standard algorithms take this as an execution policy over the shards of a container.
template <class ExecutionPolicy, class Core>
concept parallel_over =
    requires(ExecutionPolicy&& policy, typename Core::shard_type* shard, void (*work)(typename Core::shard_type&)) {
      std::for_each(std::forward<ExecutionPolicy>(policy), shard, shard, work);
    };

template <class Policy, class Mutex>
class sharded_container_elements : public sharded_container_base<Policy, Mutex> {
  using base = sharded_container_base<Policy, Mutex>;

 protected:
  using typename base::location;
  using typename base::reading_shard;
  using typename base::writing_shard;
  template <class K>
  static constexpr bool is_lookup_key = lookup_key<K, Policy>;
  // A key of a set has an overload of its own, which is no template: a bit-field binds to it.
  template <class P>
  static constexpr bool takes_element =
      std::is_constructible_v<typename Policy::value_type, P&&> &&
      (Policy::is_map || !std::is_same_v<std::remove_cvref_t<P>, typename Policy::value_type>);
  // Where hash and equality are transparent without limits, they would take a predicate, or an execution policy, for a key.
  template <class F>
  static constexpr bool judges_element = std::is_invocable_v<F&, typename base::visited_type&>;

 public:
  using typename base::init_type;
  using typename base::key_type;
  using typename base::size_type;
  using typename base::value_type;
  using typename base::visited_type;

  template <class F>
  size_type visit(const key_type& key, F f, location where = location::current()) {
    return core_.template visit_one<writing_shard>({"visit", where}, key, f);
  }
  template <class F>
  size_type visit(const key_type& key, F f, location where = location::current()) const {
    return core_.template visit_one<reading_shard>({"visit", where}, key, f);
  }
  template <class F>
  size_type cvisit(const key_type& key, F f, location where = location::current()) const {
    return core_.template visit_one<reading_shard>({"cvisit", where}, key, f);
  }
  template <class K, class F>
    requires is_lookup_key<K>
  size_type visit(const K& key, F f, location where = location::current()) {
    return core_.template visit_one<writing_shard>({"visit", where}, key, f);
  }
  template <class K, class F>
    requires is_lookup_key<K>
  size_type visit(const K& key, F f, location where = location::current()) const {
    return core_.template visit_one<reading_shard>({"visit", where}, key, f);
  }
  template <class K, class F>
    requires is_lookup_key<K>
  size_type cvisit(const K& key, F f, location where = location::current()) const {
    return core_.template visit_one<reading_shard>({"cvisit", where}, key, f);
  }
  [[nodiscard]] bool contains(const key_type& key, location where = location::current()) const {
    return core_.template visit_one<reading_shard>({"contains", where}, key, ignore_element) != 0;
  }
  template <class K>
    requires is_lookup_key<K>
  [[nodiscard]] bool contains(const K& key, location where = location::current()) const {
    return core_.template visit_one<reading_shard>({"contains", where}, key, ignore_element) != 0;
  }
  [[nodiscard]] size_type count(const key_type& key, location where = location::current()) const {
    return core_.template visit_one<reading_shard>({"count", where}, key, ignore_element);
  }
  template <class K>
    requires is_lookup_key<K>
  [[nodiscard]] size_type count(const K& key, location where = location::current()) const {
    return core_.template visit_one<reading_shard>({"count", where}, key, ignore_element);
  }

  template <class... Args>
    requires std::is_constructible_v<value_type, Args&&...>
  bool emplace(Args&&... args) {
    return core_.emplace_one({"emplace"}, ignore_element, ignore_element, std::forward<Args>(args)...);
  }
  /// The last argument is the visitor of the element that is there already.
  template <class Arg, class... Args>
  bool emplace_or_visit(Arg&& arg, Args&&... args) {
    return emplace_or<false>({"emplace_or_visit"}, std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool emplace_or_cvisit(Arg&& arg, Args&&... args) {
    return emplace_or<true>({"emplace_or_cvisit"}, std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  /// The last two arguments are the visitors of a new element and of one that is there already.
  template <class Arg, class... Args>
  bool emplace_and_visit(Arg&& arg, Args&&... args) {
    return emplace_and<false>({"emplace_and_visit"}, std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool emplace_and_cvisit(Arg&& arg, Args&&... args) {
    return emplace_and<true>({"emplace_and_cvisit"}, std::forward<Arg>(arg), std::forward<Args>(args)...);
  }

  template <class P>
    requires takes_element<P>
  bool insert(P&& value, location where = location::current()) {
    return core_.emplace_one({"insert", where}, ignore_element, ignore_element, std::forward<P>(value));
  }
  bool insert(const value_type& value, location where = location::current())
    requires(!Policy::is_map)
  {
    return core_.emplace_one({"insert", where}, ignore_element, ignore_element, value);
  }
  bool insert(init_type&& value, location where = location::current()) {
    return core_.emplace_one({"insert", where}, ignore_element, ignore_element, std::move(value));
  }

  template <class P, class F>
    requires takes_element<P>
  bool insert_or_visit(P&& value, F f, location where = location::current()) {
    return core_.emplace_one({"insert_or_visit", where}, ignore_element, as_visited(f), std::forward<P>(value));
  }
  template <class F>
    requires(!Policy::is_map)
  bool insert_or_visit(const value_type& value, F f, location where = location::current()) {
    return core_.emplace_one({"insert_or_visit", where}, ignore_element, as_visited(f), value);
  }
  template <class F>
  bool insert_or_visit(init_type&& value, F f, location where = location::current()) {
    return core_.emplace_one({"insert_or_visit", where}, ignore_element, as_visited(f), std::move(value));
  }
  template <class P, class F>
    requires takes_element<P>
  bool insert_or_cvisit(P&& value, F f, location where = location::current()) {
    return core_.emplace_one({"insert_or_cvisit", where}, ignore_element, as_visited<true>(f), std::forward<P>(value));
  }
  template <class F>
    requires(!Policy::is_map)
  bool insert_or_cvisit(const value_type& value, F f, location where = location::current()) {
    return core_.emplace_one({"insert_or_cvisit", where}, ignore_element, as_visited<true>(f), value);
  }
  template <class F>
  bool insert_or_cvisit(init_type&& value, F f, location where = location::current()) {
    return core_.emplace_one({"insert_or_cvisit", where}, ignore_element, as_visited<true>(f), std::move(value));
  }
  template <class P, class F1, class F2>
    requires takes_element<P>
  bool insert_and_visit(P&& value, F1 f1, F2 f2, location where = location::current()) {
    return core_.emplace_one({"insert_and_visit", where}, as_visited(f1), as_visited(f2), std::forward<P>(value));
  }
  template <class F1, class F2>
    requires(!Policy::is_map)
  bool insert_and_visit(const value_type& value, F1 f1, F2 f2, location where = location::current()) {
    return core_.emplace_one({"insert_and_visit", where}, as_visited(f1), as_visited(f2), value);
  }
  template <class F1, class F2>
  bool insert_and_visit(init_type&& value, F1 f1, F2 f2, location where = location::current()) {
    return core_.emplace_one({"insert_and_visit", where}, as_visited(f1), as_visited(f2), std::move(value));
  }
  template <class P, class F1, class F2>
    requires takes_element<P>
  bool insert_and_cvisit(P&& value, F1 f1, F2 f2, location where = location::current()) {
    return core_.emplace_one({"insert_and_cvisit", where}, as_visited(f1), as_visited<true>(f2),
                             std::forward<P>(value));
  }
  template <class F1, class F2>
    requires(!Policy::is_map)
  bool insert_and_cvisit(const value_type& value, F1 f1, F2 f2, location where = location::current()) {
    return core_.emplace_one({"insert_and_cvisit", where}, as_visited(f1), as_visited<true>(f2), value);
  }
  template <class F1, class F2>
  bool insert_and_cvisit(init_type&& value, F1 f1, F2 f2, location where = location::current()) {
    return core_.emplace_one({"insert_and_cvisit", where}, as_visited(f1), as_visited<true>(f2), std::move(value));
  }

  /// The element is destroyed after the lock is released; if it is not trivially destructible, it is moved once for that
  /// (in a node: only its address). Returns how many were erased.
  size_type erase(const key_type& key, location where = location::current()) {
    return core_.erase_one({"erase", where}, key, always);
  }
  template <class K>
    requires is_lookup_key<K>
  size_type erase(const K& key, location where = location::current()) {
    return core_.erase_one({"erase", where}, key, always);
  }
  /// The same if f(element) is true.
  template <class F>
    requires judges_element<F>
  size_type erase_if(const key_type& key, F f, location where = location::current()) {
    return core_.erase_one({"erase_if", where}, key, as_visited(f));
  }
  template <class K, class F>
    requires(is_lookup_key<K> && judges_element<F> && !parallel_over<const K&, typename base::core>)
  size_type erase_if(const K& key, F f, location where = location::current()) {
    return core_.erase_one({"erase_if", where}, key, as_visited(f));
  }

 protected:
  using base::base;
  using base::core_;
  ~sharded_container_elements() = default;

  static constexpr auto ignore_element = [](const value_type&) {};
  static constexpr auto always = [](const value_type&) { return true; };

  template <bool Const = false, class F>
  [[nodiscard]] static auto as_visited(F& f) {
    using seen = std::conditional_t<Const, const value_type, visited_type>;
    return [&f](value_type& element) -> decltype(auto) { return f(static_cast<seen&>(element)); };
  }
  // make(first arguments...)(last Visitors arguments).
  template <std::size_t Visitors, class Make, class... Args>
  static bool with_last(const Make& make, Args&&... args) {
    static_assert(sizeof...(Args) >= Visitors, "evac: the visitors come last");
    // Below zero the number of the others would be a huge one, and a compiler that goes on after the error would not
    // end.
    constexpr std::size_t others = sizeof...(Args) < Visitors ? 0 : sizeof...(Args) - Visitors;
    auto all = std::forward_as_tuple(std::forward<Args>(args)...);
    return [&]<std::size_t... First, std::size_t... Last>(std::index_sequence<First...>, std::index_sequence<Last...>) {
      return make(std::get<First>(std::move(all))...)(std::get<sizeof...(First) + Last>(all)...);
    }(std::make_index_sequence<others>(), std::make_index_sequence<Visitors>());
  }

 private:
  friend struct table_access;

  template <bool Const, class... Args>
  bool emplace_or(call_site site, Args&&... args) {
    return with_last<1>(
        [&](auto&&... rest) {
          return [&](auto& f) {
            return core_.emplace_one(site, ignore_element, as_visited<Const>(f), std::forward<decltype(rest)>(rest)...);
          };
        },
        std::forward<Args>(args)...);
  }
  template <bool Const, class... Args>
  bool emplace_and(call_site site, Args&&... args) {
    return with_last<2>(
        [&](auto&&... rest) {
          return [&](auto& on_new, auto& on_existing) {
            return core_.emplace_one(site, as_visited(on_new), as_visited<Const>(on_existing),
                                     std::forward<decltype(rest)>(rest)...);
          };
        },
        std::forward<Args>(args)...);
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
