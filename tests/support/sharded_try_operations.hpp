// The operations of sharded_map that do not wait, and those on one shard, for a test that runs each operation beside
// each.
#ifndef EVAC_TESTS_SUPPORT_SHARDED_TRY_OPERATIONS_HPP
#define EVAC_TESTS_SUPPORT_SHARDED_TRY_OPERATIONS_HPP

#include <cstddef>
#include <evac/sharded_map.hpp>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

#include "support/sharded_tallies.hpp"

namespace evac_test::matrix {

template <class Map>
std::vector<named_operation<Map>> operations_without_waiting() {
  using value = typename Map::mapped_type;
  using element = typename Map::value_type;
  using seen = visitors<Map>;
  static constexpr auto at_once = std::try_to_lock;
  // A call that was not made has called no visitor; one that was has called it as often as it says.
  static const auto unlike = [](const auto& tried, std::size_t calls) -> wrongs {
    return calls == (tried.busy() ? 0U : static_cast<std::size_t>(tried.result())) ? 0 : 1;
  };
  static const auto unlike_or = [](const evac::attempt<bool>& inserted, std::size_t calls) -> wrongs {
    return calls == (inserted.busy() || inserted.result() ? 0U : 1U) ? 0 : 1;
  };
  return {
      {"find(try_to_lock, k)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         const auto found = m.find(at_once, r);
         return found.busy() || !found.result() || found.result()->belongs_to(r) ? 0 : 1;
       }},
      {"cvisit(try_to_lock, k, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto found = m.cvisit(at_once, r, s.look());
         return s.bad + unlike(found, s.calls);
       }},
      {"visit(try_to_lock, k, f) const",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto found = std::as_const(m).visit(at_once, r, s.look());
         return s.bad + unlike(found, s.calls);
       }},
      {"visit(try_to_lock, k, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto found = m.visit(at_once, r, s.change());
         return s.bad + unlike(found, s.calls);
       }},
      {"insert(try_to_lock, x)",
       [](Map& m, Map&, shared_key r) -> wrongs { return m.insert(at_once, element(r, value(r))).busy() ? 0 : 0; }},
      {"insert_or_assign(try_to_lock, k, m)",
       [](Map& m, Map&, shared_key r) -> wrongs { return m.insert_or_assign(at_once, r, value(r)).busy() ? 0 : 0; }},
      {"try_emplace(try_to_lock, k, args...)",
       [](Map& m, Map&, shared_key r) -> wrongs { return m.try_emplace(at_once, r, r).busy() ? 0 : 0; }},
      {"try_emplace_or_visit(try_to_lock, k, args..., f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto inserted = m.try_emplace_or_visit(at_once, r, r, s.change());
         return s.bad + unlike_or(inserted, s.calls);
       }},
      {"try_emplace_or_cvisit(try_to_lock, k, args..., f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto inserted = m.try_emplace_or_cvisit(at_once, r, r, s.look());
         return s.bad + unlike_or(inserted, s.calls);
       }},
      {"erase(try_to_lock, k)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         const auto erased = m.erase(at_once, r);
         return erased.busy() || erased.result() <= 1 ? 0 : 1;
       }},
      {"erase_if(try_to_lock, k, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto erased = m.erase_if(at_once, r, [&](element& found) { return s.change()(found), true; });
         return s.bad + unlike(erased, s.calls);
       }},
  };
}

template <class Map>
std::vector<named_operation<Map>> operations_on_shards() {
  using seen = visitors<Map>;
  static const auto unlike = [](std::size_t number, std::size_t expected) -> wrongs {
    return number == expected ? 0 : 1;
  };
  return {
      {"prefetch(k)", [](Map& m, Map&, shared_key r) -> wrongs { return m.prefetch(r), 0; }},
      {"prepare(k)", [](Map& m, Map&, shared_key r) -> wrongs { return m.prepare(r).key() == r ? 0 : 1; }},
      {"shard_of(k)", [](Map& m, Map&, shared_key r) -> wrongs { return m.shard_of(r) < m.shard_count() ? 0 : 1; }},
      {"sample(g, n, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         std::minstd_rand generator(static_cast<std::minstd_rand::result_type>(r + 1));
         const std::size_t drawn = m.sample(generator, 5, s.look());
         return s.bad + unlike(s.calls, drawn) + (drawn <= 5 ? 0 : 1);
       }},
      {"pop_any()",
       [](Map& m, Map&, shared_key) -> wrongs {
         const auto popped = m.pop_any();
         return !popped || popped->second.belongs_to(popped->first) ? 0 : 1;
       }},
      {"cvisit_shard(i, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t visited = m.cvisit_shard(r % 2, s.look());
         return s.bad + unlike(s.calls, visited);
       }},
      {"visit_shard(i, f) const",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t visited = std::as_const(m).visit_shard(r % 2, s.look());
         return s.bad + unlike(s.calls, visited);
       }},
      {"visit_shard(i, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t visited = m.visit_shard(r % 2, s.change());
         return s.bad + unlike(s.calls, visited);
       }},
  };
}

}  // namespace evac_test::matrix

#endif
