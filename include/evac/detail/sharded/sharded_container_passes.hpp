// What sharded_map and sharded_set do with all elements, shard by shard, in one thread or as an execution policy says.
#ifndef EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_PASSES_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_CONTAINER_PASSES_HPP

#include <algorithm>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/sharded_container_ranges.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/reentry.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy, class Mutex>
class sharded_container_passes : public sharded_container_ranges<Policy, Mutex> {
  using base = sharded_container_ranges<Policy, Mutex>;

 protected:
  using typename base::core;
  using typename base::location;

 public:
  using base::erase_if;
  using typename base::size_type;
  using typename base::visited_type;

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
  /// Those for which f(element) is true; returns how many. As with erase(), an element that is not trivially destructible is
  /// moved once, and destroyed when its shard's lock is released.
  template <class F>
  size_type erase_if(F f, location where = location::current())
    requires base::template
  judges_element<F> {
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

 protected:
  using base::base;
  using base::core_;
  ~sharded_container_passes() = default;

 private:
  friend struct table_access;

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

}  // namespace evac::inline EVAC_ABI::detail

#endif
