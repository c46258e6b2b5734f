// The interface that sharded_map and sharded_set share. The contract is documented at the types themselves; here the
// members say only what is special. What they do is in sharded_elements.hpp and sharded_table.hpp.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/detail/container.hpp"
#include "evac/detail/from_range.hpp"
#include "evac/detail/sharded/sharded_stats.hpp"
#include "evac/detail/sharded/sharded_table.hpp"
#include "evac/detail/template_arguments.hpp"
#include "evac/fwd.hpp"

namespace evac {

/// How many shards a container is made with; rounded up to a power of two.
struct shards {
  std::size_t count;
};

}  // namespace evac

namespace evac::detail {

/// Whether the standard algorithms take this as an execution policy over the shards of a container.
template <class ExecutionPolicy, class Core>
concept parallel_over = requires(ExecutionPolicy&& policy, typename Core::shard_type* shard, void (*work)(typename Core::shard_type&)) {
  std::for_each(std::forward<ExecutionPolicy>(policy), shard, shard, work);
};

template <class Policy, class Mutex>
class sharded_container {
 protected:
  using core = sharded_table<Policy, Mutex>;
  using writing_shard = typename core::writing_shard;
  using reading_shard = typename core::reading_shard;
  using traits = typename Policy::allocator_traits;
  using location = std::source_location;
  template <class OtherHash, class OtherEqual>
  using other_policy = policy<typename Policy::elements, OtherHash, OtherEqual, typename Policy::allocator_type, one_of_many_tables>;
  template <class K>
  static constexpr bool is_lookup_key = lookup_key<K, Policy>;
  // A key of a set has an overload of its own, which is no template: a bit-field binds to it.
  template <class P>
  static constexpr bool takes_element = std::is_constructible_v<typename Policy::value_type, P&&> &&
                                        (Policy::is_map || !std::is_same_v<std::remove_cvref_t<P>, typename Policy::value_type>);

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
  /// What visitors of the forms without a c get: the elements of a set are its keys.
  using visited_type = typename core::visited_type;

  /// Keys that a bulk visit works on at a time: their cache misses overlap.
  static constexpr size_type bulk_visit_size = core::bulk_size;

  sharded_container()
    requires made_by_default<hasher, key_equal, allocator_type>
      : sharded_container(size_type{0}) {}
  explicit sharded_container(size_type n, const hasher& hash = hasher(), const key_equal& equal = key_equal(),
                             const allocator_type& allocator = allocator_type())
      : sharded_container(shards{default_shard_count()}, n, hash, equal, allocator) {}
  explicit sharded_container(shards count, size_type n = 0, const hasher& hash = hasher(),
                             const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : core_(count.count, hash, equal, allocator) {
    check_template_arguments();
    reserve(n);
  }
  sharded_container(size_type n, const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : sharded_container(n, hasher(), key_equal(), allocator) {}
  sharded_container(size_type n, const hasher& hash, const allocator_type& allocator)
    requires made_by_default<key_equal>
      : sharded_container(n, hash, key_equal(), allocator) {}
  explicit sharded_container(const allocator_type& allocator)
    requires made_by_default<hasher, key_equal>
      : sharded_container(0, hasher(), key_equal(), allocator) {}

  template <std::input_iterator It>
  sharded_container(It first, It last, size_type n = 0, const hasher& hash = hasher(),
                    const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : sharded_container(n, hash, equal, allocator) {
    insert(std::move(first), std::move(last));
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
  sharded_container(std::initializer_list<value_type> list, size_type n, const hasher& hash, const allocator_type& allocator)
      : sharded_container(list, n, hash, key_equal(), allocator) {}

  template <std::ranges::input_range R>
  sharded_container(from_range_t, R&& range, size_type n = 0, const hasher& hash = hasher(),
                    const key_equal& equal = key_equal(), const allocator_type& allocator = allocator_type())
      : sharded_container(n, hash, equal, allocator) {
    insert_range(std::forward<R>(range));
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

  sharded_container(const sharded_container& other) : core_(other.core_, std::nullopt, {"copy construction"}) {}
  sharded_container(const sharded_container& other, const std::type_identity_t<allocator_type>& allocator)
      : core_(other.core_, allocator, {"copy construction"}) {}
  /// Not noexcept: the new container needs shards of its own. The source keeps its shards and is empty.
  sharded_container(sharded_container&& other) : core_(std::move(other.core_), std::nullopt, {"move construction"}) {}
  sharded_container(sharded_container&& other, const std::type_identity_t<allocator_type>& allocator)
      : core_(std::move(other.core_), allocator, {"move construction"}) {}
  ~sharded_container() = default;

  sharded_container& operator=(const sharded_container& other) {
    if (this != &other) core_.copy_assign(other.core_, {"copy assignment"});
    return *this;
  }
  sharded_container& operator=(sharded_container&& other) noexcept(traits::propagate_on_container_move_assignment::value ||
                                                                   traits::is_always_equal::value) {
    if (this != &other) core_.move_assign(other.core_, {"move assignment"});
    return *this;
  }
  sharded_container& operator=(std::initializer_list<value_type> list) {
    core_.assign_range(list, {"assignment"});
    return *this;
  }

  /// A recent number; takes no lock. O(shards).
  [[nodiscard]] size_type size() const noexcept {
    size_type total = 0;
    for (const auto& each : core_.shards()) total += each.size();
    return total;
  }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] static constexpr size_type max_size() noexcept { return core::table_type::max_size(); }
  [[nodiscard]] size_type shard_count() const noexcept { return core_.shards().size(); }

  // --- one element -------------------------------------------------------------------------------------------------

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

  /// Visits each of the keys that is present; returns how many are. Keys are taken bulk_visit_size at a time: the locks of all
  /// their shards are held while their elements are fetched at once and visited in order.
  template <std::forward_iterator It, class F>
  size_type visit(It first, It last, F f, location where = location::current()) {
    return core_.template visit_many<true>({"visit", where}, first, last, f);
  }
  template <std::forward_iterator It, class F>
  size_type visit(It first, It last, F f, location where = location::current()) const {
    return core_.template visit_many<false>({"visit", where}, first, last, f);
  }
  template <std::forward_iterator It, class F>
  size_type cvisit(It first, It last, F f, location where = location::current()) const {
    return core_.template visit_many<false>({"cvisit", where}, first, last, f);
  }

  template <class... Args>
    requires std::is_constructible_v<value_type, Args&&...>
  bool emplace(Args&&... args) {
    return core_.emplace_one({"emplace"}, ignore_element, ignore_element, std::forward<Args>(args)...);
  }
  /// The last argument is the visitor of the element that is there already.
  template <class Arg, class... Args>
  bool emplace_or_visit(Arg&& arg, Args&&... args) {
    return with_last<1>(
        [&](auto&&... rest) {
          return [&](auto& f) {
            return core_.emplace_one({"emplace_or_visit"}, ignore_element, as_visited(f), std::forward<decltype(rest)>(rest)...);
          };
        },
        std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool emplace_or_cvisit(Arg&& arg, Args&&... args) {
    return with_last<1>(
        [&](auto&&... rest) {
          return [&](auto& f) {
            return core_.emplace_one({"emplace_or_cvisit"}, ignore_element, as_visited<true>(f), std::forward<decltype(rest)>(rest)...);
          };
        },
        std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  /// The last two arguments are the visitors of a new element and of one that is there already.
  template <class Arg, class... Args>
  bool emplace_and_visit(Arg&& arg, Args&&... args) {
    return with_last<2>(
        [&](auto&&... rest) {
          return [&](auto& f1, auto& f2) {
            return core_.emplace_one({"emplace_and_visit"}, as_visited(f1), as_visited(f2), std::forward<decltype(rest)>(rest)...);
          };
        },
        std::forward<Arg>(arg), std::forward<Args>(args)...);
  }
  template <class Arg, class... Args>
  bool emplace_and_cvisit(Arg&& arg, Args&&... args) {
    return with_last<2>(
        [&](auto&&... rest) {
          return [&](auto& f1, auto& f2) {
            return core_.emplace_one({"emplace_and_cvisit"}, as_visited(f1), as_visited<true>(f2), std::forward<decltype(rest)>(rest)...);
          };
        },
        std::forward<Arg>(arg), std::forward<Args>(args)...);
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
  template <std::input_iterator It>
  size_type insert(It first, It last) {
    size_type inserted = 0;
    for (; first != last; ++first) inserted += emplace(*first) ? 1 : 0;
    return inserted;
  }
  size_type insert(std::initializer_list<value_type> list) { return insert(list.begin(), list.end()); }
  template <std::ranges::input_range R>
  size_type insert_range(R&& range) {
    size_type inserted = 0;
    for (auto&& value : range) inserted += emplace(std::forward<decltype(value)>(value)) ? 1 : 0;
    return inserted;
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
  template <std::input_iterator It, class F>
  size_type insert_or_visit(It first, It last, F f, location where = location::current()) {
    return for_range(first, last, [&](auto&& value) { insert_or_visit(std::forward<decltype(value)>(value), std::ref(f), where); });
  }
  template <class F>
  size_type insert_or_visit(std::initializer_list<value_type> list, F f, location where = location::current()) {
    return insert_or_visit(list.begin(), list.end(), std::move(f), where);
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
  template <std::input_iterator It, class F>
  size_type insert_or_cvisit(It first, It last, F f, location where = location::current()) {
    return for_range(first, last, [&](auto&& value) { insert_or_cvisit(std::forward<decltype(value)>(value), std::ref(f), where); });
  }
  template <class F>
  size_type insert_or_cvisit(std::initializer_list<value_type> list, F f, location where = location::current()) {
    return insert_or_cvisit(list.begin(), list.end(), std::move(f), where);
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
  template <std::input_iterator It, class F1, class F2>
  size_type insert_and_visit(It first, It last, F1 f1, F2 f2, location where = location::current()) {
    return for_range(first, last, [&](auto&& value) { insert_and_visit(std::forward<decltype(value)>(value), std::ref(f1), std::ref(f2), where); });
  }
  template <class F1, class F2>
  size_type insert_and_visit(std::initializer_list<value_type> list, F1 f1, F2 f2, location where = location::current()) {
    return insert_and_visit(list.begin(), list.end(), std::move(f1), std::move(f2), where);
  }
  template <class P, class F1, class F2>
    requires takes_element<P>
  bool insert_and_cvisit(P&& value, F1 f1, F2 f2, location where = location::current()) {
    return core_.emplace_one({"insert_and_cvisit", where}, as_visited(f1), as_visited<true>(f2), std::forward<P>(value));
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
  template <std::input_iterator It, class F1, class F2>
  size_type insert_and_cvisit(It first, It last, F1 f1, F2 f2, location where = location::current()) {
    return for_range(first, last, [&](auto&& value) { insert_and_cvisit(std::forward<decltype(value)>(value), std::ref(f1), std::ref(f2), where); });
  }
  template <class F1, class F2>
  size_type insert_and_cvisit(std::initializer_list<value_type> list, F1 f1, F2 f2, location where = location::current()) {
    return insert_and_cvisit(list.begin(), list.end(), std::move(f1), std::move(f2), where);
  }

  /// The element is destroyed after the lock is released.
  size_type erase(const key_type& key, location where = location::current()) {
    return core_.erase_one({"erase", where}, key, always);
  }
  template <class K>
    requires is_lookup_key<K>
  size_type erase(const K& key, location where = location::current()) {
    return core_.erase_one({"erase", where}, key, always);
  }
  template <class F>
  size_type erase_if(const key_type& key, F f, location where = location::current()) {
    return core_.erase_one({"erase_if", where}, key, as_visited(f));
  }
  template <class K, class F>
    requires is_lookup_key<K>
  size_type erase_if(const K& key, F f, location where = location::current()) {
    return core_.erase_one({"erase_if", where}, key, as_visited(f));
  }

  // --- all elements ------------------------------------------------------------------------------------------------

  /// Shard by shard, each held while its elements are visited. Returns how many were.
  template <class F>
  size_type visit_all(F f, location where = location::current()) {
    return visit_shards<true>({"visit_all", where}, all_of(f)).first;
  }
  template <class F>
  size_type visit_all(F f, location where = location::current()) const {
    return visit_shards<false>({"visit_all", where}, all_of(f)).first;
  }
  template <class F>
  size_type cvisit_all(F f, location where = location::current()) const {
    return visit_shards<false>({"cvisit_all", where}, all_of(f)).first;
  }
  /// Until the visitor returns false; returns whether it never did.
  template <class F>
  bool visit_while(F f, location where = location::current()) {
    return visit_shards<true>({"visit_while", where}, f).second;
  }
  template <class F>
  bool visit_while(F f, location where = location::current()) const {
    return visit_shards<false>({"visit_while", where}, f).second;
  }
  template <class F>
  bool cvisit_while(F f, location where = location::current()) const {
    return visit_shards<false>({"cvisit_while", where}, f).second;
  }
  template <class F>
  size_type erase_if(F f, location where = location::current())
    requires std::is_invocable_v<F&, visited_type&>
  {
    size_type erased = 0;
    for (auto& each : core_.shards()) erased += core_.erase_from(each, {"erase_if", where}, f);
    return erased;
  }


  /// With an execution policy: shards are worked on as the policy says. The visitor must bear to be called from several
  /// threads at once. Needs <execution>, and what the standard library needs for it.
  template <class ExecutionPolicy, class F>
    requires parallel_over<ExecutionPolicy, core>
  size_type visit_all(ExecutionPolicy&& policy, F f, location where = location::current()) {
    return visit_shards_by<true>(policy, {"visit_all", where}, all_of(f)).first;
  }
  template <class ExecutionPolicy, class F>
    requires parallel_over<ExecutionPolicy, core>
  size_type visit_all(ExecutionPolicy&& policy, F f, location where = location::current()) const {
    return visit_shards_by<false>(policy, {"visit_all", where}, all_of(f)).first;
  }
  template <class ExecutionPolicy, class F>
    requires parallel_over<ExecutionPolicy, core>
  size_type cvisit_all(ExecutionPolicy&& policy, F f, location where = location::current()) const {
    return visit_shards_by<false>(policy, {"cvisit_all", where}, all_of(f)).first;
  }
  template <class ExecutionPolicy, class F>
    requires parallel_over<ExecutionPolicy, core>
  bool visit_while(ExecutionPolicy&& policy, F f, location where = location::current()) {
    return visit_shards_by<true>(policy, {"visit_while", where}, f).second;
  }
  template <class ExecutionPolicy, class F>
    requires parallel_over<ExecutionPolicy, core>
  bool visit_while(ExecutionPolicy&& policy, F f, location where = location::current()) const {
    return visit_shards_by<false>(policy, {"visit_while", where}, f).second;
  }
  template <class ExecutionPolicy, class F>
    requires parallel_over<ExecutionPolicy, core>
  bool cvisit_while(ExecutionPolicy&& policy, F f, location where = location::current()) const {
    return visit_shards_by<false>(policy, {"cvisit_while", where}, f).second;
  }
  template <class ExecutionPolicy, class F>
    requires parallel_over<ExecutionPolicy, core>
  size_type erase_if(ExecutionPolicy&& policy, F f, location where = location::current()) {
    atomic<size_type> erased{0};
    const auto work = [&](auto& each) {
      erased.fetch_add(core_.erase_from(each, {"erase_if", where}, f), relaxed);  // relaxed: read when all have ended
    };
    std::for_each(std::forward<ExecutionPolicy>(policy), core_.shards().begin(), core_.shards().end(), work);
    return erased.load(relaxed);  // relaxed: all have ended
  }

  /// Calls f(copy of the element) for every element with no lock held, so f may use the map. An element that is there
  /// throughout is visited once, any other at most once. Needs copyable elements.
  template <class F>
  void for_each(F f, location where = location::current()) const {
    core_.for_each_copy({"for_each", where}, f);
  }

  /// Moves over every element of source whose key is absent here, each once; returns how many. Atomic. The allocators
  /// must be equal; hash and equality may be of other types.
  template <class OtherHash, class OtherEqual, class OtherMutex>
  size_type merge(sharded_container<other_policy<OtherHash, OtherEqual>, OtherMutex>& source, location where = location::current()) {
    if (static_cast<const void*>(this) == static_cast<const void*>(&source)) return 0;
    return core_.merge(source.core_, {"merge", where});
  }
  template <class OtherHash, class OtherEqual, class OtherMutex>
  size_type merge(sharded_container<other_policy<OtherHash, OtherEqual>, OtherMutex>&& source, location where = location::current()) {
    return merge(source, where);
  }

  /// O(shards); with different numbers of shards every element moves, and no memory for that ends the program.
  void swap(sharded_container& other, location where = location::current()) noexcept(
      traits::propagate_on_container_swap::value || traits::is_always_equal::value) {
    if (this != &other) core_.swap(other.core_, {"swap", where});
  }
  /// Linearizable; the locks are held for O(shards). All memory is given back.
  void clear(location where = location::current()) noexcept { core_.clear({"clear", where}); }

  /// Room for n elements in all, with a margin for how they fall into shards: it is all but certain that the next
  /// inserts move nothing. Shard by shard. Throws std::length_error for an absurd n, std::bad_alloc.
  void reserve(size_type n, location where = location::current()) { core_.reserve(n, {"reserve", where}); }
  /// Room for about n slots, or for what there is if that is more; may give memory back. Shard by shard.
  void rehash(size_type n, location where = location::current()) { core_.rehash(n, {"rehash", where}); }
  /// Slots of all home buckets.
  [[nodiscard]] size_type bucket_count(location where = location::current()) const {
    size_type total = 0;
    for (auto& each : core_.shards()) {
      const inside_call mark(&core_, {"bucket_count", where});
      const reading_shard guard(each);
      total += guard.table().home_count() * core::table_type::chains::layout::home_slots();
    }
    return total;
  }
  [[nodiscard]] float load_factor(location where = location::current()) const {
    const size_type slots = bucket_count(where);
    return slots == 0 ? 0.0F : static_cast<float>(size()) / static_cast<float>(slots);
  }
  [[nodiscard]] float max_load_factor() const noexcept { return 1.0F; }
  /// Accepted and ignored.
  void max_load_factor(float) noexcept {}
  /// Elements that fit without another bucket, if they fell evenly.
  [[nodiscard]] size_type max_load(location where = location::current()) const { return bucket_count(where); }

  /// Copies. They take a lock, for reading, where there is a state that an assignment or a swap could be replacing.
  [[nodiscard]] hasher hash_function(location where = location::current()) const {
    return core_.copy_hash({"hash_function", where});
  }
  [[nodiscard]] key_equal key_eq(location where = location::current()) const { return core_.copy_equal({"key_eq", where}); }
  [[nodiscard]] allocator_type get_allocator(location where = location::current()) const noexcept {
    return core_.copy_allocator({"get_allocator", where});
  }

  /// A look inside, shard by shard. O(buckets).
  [[nodiscard]] sharded_stats stats(location where = location::current()) const {
    return collect_sharded_stats(core_, {"stats", where});
  }
  /// Who holds which shard, as a text of a line for each. In builds without NDEBUG with the owners' thread ids. Takes no
  /// lock: what it says may be over when it is read.
  [[nodiscard]] std::string dump_locks() const { return describe_locks(core_.shards()); }

  /// Same elements, in whatever order. Atomic. O(size) expected.
  [[nodiscard]] friend bool operator==(const sharded_container& left, const sharded_container& right) {
    return &left == &right || left.core_.equals(right.core_, {"operator=="});
  }

 protected:
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
    // Below zero the number of the others would be a huge one, and a compiler that goes on after the error would not end.
    constexpr std::size_t others = sizeof...(Args) < Visitors ? 0 : sizeof...(Args) - Visitors;
    auto all = std::forward_as_tuple(std::forward<Args>(args)...);
    return [&]<std::size_t... First, std::size_t... Last>(std::index_sequence<First...>, std::index_sequence<Last...>) {
      return make(std::get<First>(std::move(all))...)(std::get<sizeof...(First) + Last>(all)...);
    }(std::make_index_sequence<others>(), std::make_index_sequence<Visitors>());
  }

  core core_;

 private:
  template <class, class>
  friend class sharded_container;
  friend struct table_access;

  static constexpr void check_template_arguments() {
    check_functors_and_allocator<Policy>();
    static_assert(requires(Mutex& mutex) {
                    mutex.lock();
                    mutex.unlock();
                    mutex.lock_shared();
                    mutex.unlock_shared();
                    mutex.try_lock();
                    mutex.try_lock_shared();
                  }, "evac: Mutex must be SharedLockable and Lockable, as std::shared_mutex is");
  }

  template <class It, class F>
  static size_type for_range(It first, It last, const F& f) {
    size_type attempted = 0;
    for (; first != last; ++first, ++attempted) f(*first);
    return attempted;
  }
  template <class F>
  [[nodiscard]] static auto all_of(F& f) {
    return [&f](auto& element) {
      f(element);
      return true;
    };
  }
  // How many were visited, and whether no visit returned false.
  template <bool Exclusive, class F>
  std::pair<size_type, bool> visit_shards(call_site site, F&& f) const {
    size_type total = 0;
    for (auto& each : core_.shards()) {
      const auto [visited, complete] = core_.template visit_shard<Exclusive>(each, site, f);
      total += visited;
      if (!complete) return {total, false};
    }
    return {total, true};
  }
  template <bool Exclusive, class ExecutionPolicy, class F>
  std::pair<size_type, bool> visit_shards_by(ExecutionPolicy&& policy, call_site site, F&& f) const {
    // relaxed, all of them: read when all have ended, or as a hint that there is nothing left to do
    atomic<size_type> total{0};
    atomic<bool> complete{true};
    const auto work = [&](auto& each) {
      if (!complete.load(relaxed)) return;
      const auto [visited, all] = core_.template visit_shard<Exclusive>(each, site, f);
      total.fetch_add(visited, relaxed);
      if (!all) complete.store(false, relaxed);
    };
    std::for_each(std::forward<ExecutionPolicy>(policy), core_.shards().begin(), core_.shards().end(), work);
    return {total.load(relaxed), complete.load(relaxed)};
  }
};

template <class Policy, class Mutex>
  requires(!are_storable<typename Policy::elements>)
class sharded_container<Policy, Mutex> : public unstorable<typename Policy::elements> {};

}  // namespace evac::detail

#endif
