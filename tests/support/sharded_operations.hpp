// Every operation of sharded_map, for a test that runs each beside each: how it is run, and what it must see.
#ifndef EVAC_TESTS_SUPPORT_SHARDED_OPERATIONS_HPP
#define EVAC_TESTS_SUPPORT_SHARDED_OPERATIONS_HPP

#include <cstddef>
#include <evac/sharded_map.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "support/sharded_tallies.hpp"
#include "support/sharded_try_operations.hpp"

namespace evac_test::matrix {

template <class Map>
std::vector<named_operation<Map>> common_operations() {
  using value = typename Map::mapped_type;
  using element = typename Map::value_type;
  using seen = visitors<Map>;
  static const auto some = [](shared_key round) {
    std::vector<element> elements;
    for (shared_key i = 0; i < 4; ++i) elements.emplace_back((round + 5 * i) % keys, value((round + 5 * i) % keys));
    return elements;
  };
  static const auto some_keys = [](shared_key round) {
    std::vector<shared_key> wanted;
    for (shared_key i = 0; i < Map::bulk_visit_size + 4; ++i) wanted.push_back((round + 7 * i) % keys);
    return wanted;
  };
  // A range form visits each of its elements exactly once, in whichever way.
  static const auto unlike = [](std::size_t number, std::size_t expected) { return number == expected ? 0U : 1U; };
  static const auto above = [](std::size_t number, std::size_t most) { return number <= most ? 0U : 1U; };

  return {
      // look
      {"size()", [](Map& m, Map&, shared_key) -> wrongs { return above(m.size(), 4 * keys); }},
      {"empty()", [](Map& m, Map&, shared_key) -> wrongs { return m.empty() ? 0 : 0; }},
      {"max_size()", [](Map& m, Map&, shared_key) -> wrongs { return m.max_size() > keys ? 0 : 1; }},
      {"shard_count()", [](Map& m, Map&, shared_key) -> wrongs { return above(m.shard_count(), 4); }},
      {"max_load_factor()", [](Map& m, Map&, shared_key) -> wrongs { return m.max_load_factor() > 0 ? 0 : 1; }},
      {"counters()", [](Map& m, Map&, shared_key) -> wrongs { return above(m.counters().size, 2 * keys); }},
      {"counters_of_shard(i)",
       [](Map& m, Map&, shared_key) -> wrongs { return above(m.counters_of_shard(0).size, keys); }},
      {"memory_usage()", [](Map& m, Map&, shared_key) -> wrongs { return above(m.memory_usage(), 1U << 20U); }},
      {"dump_locks()", [](Map& m, Map&, shared_key) -> wrongs { return m.dump_locks().empty() ? 1 : 0; }},
      // read one
      {"cvisit(k, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t found = m.cvisit(r, s.look());
         return s.bad + unlike(s.calls, found);
       }},
      {"visit(k, f) const",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t found = std::as_const(m).visit(r, s.look());
         return s.bad + unlike(s.calls, found);
       }},
      {"find(k)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         const auto found = m.find(r);
         return !found || found->belongs_to(r) ? 0 : 1;
       }},
      {"contains(k)", [](Map& m, Map&, shared_key r) -> wrongs { return m.contains(r + keys) ? 1 : 0; }},
      {"count(k)", [](Map& m, Map&, shared_key r) -> wrongs { return above(m.count(r), 1); }},
      {"hash_function()",
       [](Map& m, Map&, shared_key r) -> wrongs { return m.hash_function()(r) == m.hash_function()(r + 1) ? 0 : 0; }},
      {"key_eq()", [](Map& m, Map&, shared_key r) -> wrongs { return m.key_eq()(r, r) ? 0 : 1; }},
      {"get_allocator()",
       [](Map& m, Map&, shared_key) -> wrongs { return m.get_allocator() == m.get_allocator() ? 0 : 1; }},
      // write one
      {"visit(k, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t found = m.visit(r, s.change());
         return s.bad + unlike(s.calls, found);
       }},
      {"insert(x)", [](Map& m, Map&, shared_key r) -> wrongs { return m.insert(element(r, value(r))) ? 0 : 0; }},
      {"insert_or_assign(k, m)",
       [](Map& m, Map&, shared_key r) -> wrongs { return m.insert_or_assign(r, value(r)) ? 0 : 0; }},
      {"insert_or_visit(x, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const bool inserted = m.insert_or_visit(element(r, value(r)), s.change());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"insert_or_cvisit(x, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const bool inserted = m.insert_or_cvisit(element(r, value(r)), s.look());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"insert_and_visit(x, f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const bool inserted = m.insert_and_visit(element(r, value(r)), fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"insert_and_cvisit(x, f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const bool inserted = m.insert_and_cvisit(element(r, value(r)), fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"emplace(args...)", [](Map& m, Map&, shared_key r) -> wrongs { return m.emplace(r, value(r)) ? 0 : 0; }},
      {"emplace_or_visit(args..., f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const bool inserted = m.emplace_or_visit(r, value(r), s.change());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"emplace_or_cvisit(args..., f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const bool inserted = m.emplace_or_cvisit(r, value(r), s.look());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"emplace_and_visit(args..., f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const bool inserted = m.emplace_and_visit(r, value(r), fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"emplace_and_cvisit(args..., f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const bool inserted = m.emplace_and_cvisit(r, value(r), fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"try_emplace(k, args...)", [](Map& m, Map&, shared_key r) -> wrongs { return m.try_emplace(r, r) ? 0 : 0; }},
      {"try_emplace_or_visit(k, args..., f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const bool inserted = m.try_emplace_or_visit(r, r, s.change());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"try_emplace_or_cvisit(k, args..., f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const bool inserted = m.try_emplace_or_cvisit(r, r, s.look());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"try_emplace_and_visit(k, args..., f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const bool inserted = m.try_emplace_and_visit(r, r, fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"try_emplace_and_cvisit(k, args..., f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const bool inserted = m.try_emplace_and_cvisit(r, r, fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"erase(k)", [](Map& m, Map&, shared_key r) -> wrongs { return above(m.erase(r), 1); }},
      {"erase_if(k, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t erased = m.erase_if(r, [&](element& found) { return s.change()(found), r % 2 == 0; });
         return s.bad + above(erased, s.calls);
       }},
      {"get_or_compute(k, f, under_lock)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         return m.get_or_compute(r, [r] { return value(r); }, evac::compute_mode::under_lock).belongs_to(r) ? 0 : 1;
       }},
      {"get_or_compute(k, f, single_flight)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         return m.get_or_compute(r, [r] { return value(r); }, evac::compute_mode::single_flight).belongs_to(r) ? 0 : 1;
       }},
      {"get_or_compute(k, f, optimistic)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         return m.get_or_compute(r, [r] { return value(r); }, evac::compute_mode::optimistic).belongs_to(r) ? 0 : 1;
       }},
      {"load_or_compute(k, f, mode)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         const auto made = m.load_or_compute(r, [r] { return value(r); }, static_cast<evac::compute_mode>(r % 3));
         return made.value.belongs_to(r) ? 0 : 1;
       }},
      // write one, again and again
      {"insert(first, last)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         const auto elements = some(r);
         return above(m.insert(elements.begin(), elements.end()), elements.size());
       }},
      {"insert(list)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         return above(m.insert({element(r, value(r)), element((r + 9) % keys, value((r + 9) % keys))}), 2);
       }},
      {"insert_range(range)",
       [](Map& m, Map&, shared_key r) -> wrongs { return above(m.insert_range(some(r)), some(r).size()); }},
      {"insert_or_visit(first, last, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto elements = some(r);
         const std::size_t inserted = m.insert_or_visit(elements.begin(), elements.end(), s.change());
         return s.bad + unlike(inserted + s.calls, elements.size());
       }},
      {"insert_or_cvisit(first, last, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto elements = some(r);
         const std::size_t inserted = m.insert_or_cvisit(elements.begin(), elements.end(), s.look());
         return s.bad + unlike(inserted + s.calls, elements.size());
       }},
      {"insert_and_visit(first, last, f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const auto elements = some(r);
         m.insert_and_visit(elements.begin(), elements.end(), fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls + old.calls, elements.size());
       }},
      {"insert_and_cvisit(first, last, f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const auto elements = some(r);
         m.insert_and_cvisit(elements.begin(), elements.end(), fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls + old.calls, elements.size());
       }},
      {"insert_range_or_visit(range, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t inserted = m.insert_range_or_visit(some(r), s.change());
         return s.bad + unlike(inserted + s.calls, some(r).size());
       }},
      {"insert_range_and_visit(range, f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const std::size_t inserted = m.insert_range_and_visit(some(r), fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted) + unlike(fresh.calls + old.calls, some(r).size());
       }},
      {"insert_range_or_cvisit(range, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t inserted = m.insert_range_or_cvisit(some(r), s.look());
         return s.bad + unlike(inserted + s.calls, some(r).size());
       }},
      {"insert_range_and_cvisit(range, f1, f2)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen fresh;
         seen old;
         const std::size_t inserted = m.insert_range_and_cvisit(some(r), fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted) + unlike(fresh.calls + old.calls, some(r).size());
       }},
      // some
      {"cvisit(first, last, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto wanted = some_keys(r);
         const std::size_t found = m.cvisit(wanted.begin(), wanted.end(), s.look());
         return s.bad + unlike(s.calls, found);
       }},
      {"visit(first, last, f) const",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto wanted = some_keys(r);
         const std::size_t found = std::as_const(m).visit(wanted.begin(), wanted.end(), s.look());
         return s.bad + unlike(s.calls, found);
       }},
      {"visit2(k1, k2, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const bool both = m.visit2(r, (r + 1) % keys, [&](element& first, element& second) {
           s.change()(first);
           s.change()(second);
         });
         return s.bad + unlike(s.calls, both ? 2 : 0);
       }},
      {"visit(first, last, f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const auto wanted = some_keys(r);
         const std::size_t found = m.visit(wanted.begin(), wanted.end(), s.change());
         return s.bad + unlike(s.calls, found);
       }},
      // in turn
      {"cvisit_all(f)",
       [](Map& m, Map&, shared_key) -> wrongs {
         seen s;
         const std::size_t visited = m.cvisit_all(s.look());
         return s.bad + unlike(s.calls, visited);
       }},
      {"visit_all(f) const",
       [](Map& m, Map&, shared_key) -> wrongs {
         seen s;
         const std::size_t visited = std::as_const(m).visit_all(s.look());
         return s.bad + unlike(s.calls, visited);
       }},
      {"cvisit_while(f)",
       [](Map& m, Map&, shared_key) -> wrongs {
         seen s;
         m.cvisit_while([&](const element& found) { return s.look()(found), s.calls < keys / 2; });
         return s.bad + above(s.calls, keys / 2);
       }},
      {"visit_while(f) const",
       [](Map& m, Map&, shared_key) -> wrongs {
         seen s;
         std::as_const(m).visit_while([&](const element& found) { return s.look()(found), s.calls < keys / 2; });
         return s.bad + above(s.calls, keys / 2);
       }},
      {"for_each(f)",
       [](Map& m, Map&, shared_key) -> wrongs {
         seen s;
         m.for_each([&](const element& found) { return s.look()(found); });
         return s.bad;
       }},
      {"scan(at, budget, f)",
       [](Map& m, Map&, shared_key) -> wrongs {
         seen s;
         for (evac::scan_cursor at; !at.done();) at = m.scan(at, 4, s.look());
         return s.bad;
       }},
      {"bucket_count()", [](Map& m, Map&, shared_key) -> wrongs { return above(m.bucket_count(), 1024 * keys); }},
      {"load_factor()", [](Map& m, Map&, shared_key) -> wrongs { return m.load_factor() < 0 ? 1 : 0; }},
      {"max_load()", [](Map& m, Map&, shared_key) -> wrongs { return above(m.max_load(), 1024 * keys); }},
      {"stats()",
       [](Map& m, Map&, shared_key) -> wrongs {
         const auto all = m.stats();
         return unlike(all.shards.size(), m.shard_count()) + above(all.total.table.size, all.total.table.slot_count);
       }},
      {"visit_all(f)",
       [](Map& m, Map&, shared_key) -> wrongs {
         seen s;
         const std::size_t visited = m.visit_all(s.change());
         return s.bad + unlike(s.calls, visited);
       }},
      {"visit_while(f)",
       [](Map& m, Map&, shared_key) -> wrongs {
         seen s;
         m.visit_while([&](element& found) { return s.change()(found), s.calls < keys / 2; });
         return s.bad + above(s.calls, keys / 2);
       }},
      {"erase_if(f)",
       [](Map& m, Map&, shared_key r) -> wrongs {
         seen s;
         const std::size_t erased =
             m.erase_if([&](element& found) { return s.change()(found), found.first % 8 == r % 8; });
         return s.bad + above(erased, s.calls);
       }},
      {"reserve(n)", [](Map& m, Map&, shared_key r) -> wrongs { return m.reserve(r * 2), 0; }},
      {"rehash(n)", [](Map& m, Map&, shared_key r) -> wrongs { return m.rehash(r % 2 == 0 ? 0 : 3 * r), 0; }},
      // all
      {"snapshot()", [](Map& m, Map&, shared_key) -> wrongs { return wrong_in(m.snapshot()); }},
      {"copy construction", [](Map& m, Map&, shared_key) -> wrongs { return wrong_in_shards(Map(std::as_const(m))); }},
      {"operator==", [](Map& m, Map& other, shared_key) -> wrongs { return m == other ? 0 : 0; }},
      {"clear()", [](Map& m, Map&, shared_key) -> wrongs { return m.clear(), 0; }},
      {"swap(other)", [](Map& m, Map& other, shared_key) -> wrongs { return m.swap(other), 0; }},
      {"merge(other)", [](Map& m, Map& other, shared_key) -> wrongs { return above(m.merge(other), keys); }},
      {"merge(map)",
       [](Map& m, Map& other, shared_key) -> wrongs {
         auto elements = other.snapshot();
         const std::size_t before = elements.size();
         const std::size_t moved = m.merge(elements);
         return unlike(moved + elements.size(), before) + wrong_in(elements);
       }},
      {"copy assignment", [](Map& m, Map& other, shared_key) -> wrongs { return m = std::as_const(other), 0; }},
      {"move assignment", [](Map& m, Map& other, shared_key) -> wrongs { return m = std::move(other), 0; }},
      {"list assignment",
       [](Map& m, Map&, shared_key r) -> wrongs {
         return m = {element(r, value(r)), element(r + 1, value(r + 1))}, 0;
       }},
      {"map assignment",
       [](Map& m, Map& other, shared_key) -> wrongs {
         auto elements = other.snapshot();
         const std::size_t bad = wrong_in(elements);
         return m = std::move(elements), bad;
       }},
      {"move construction", [](Map& m, Map&, shared_key) -> wrongs { return wrong_in_shards(Map(std::move(m))); }},
      {"conversion to map",
       [](Map& m, Map&, shared_key) -> wrongs { return wrong_in(static_cast<typename Map::map_type>(std::move(m))); }},
  };
}

template <class Map>
const std::vector<named_operation<Map>>& all_operations() {
  static const std::vector<named_operation<Map>> operations = [] {
    auto all = common_operations<Map>();
    for (const auto& each : operations_without_waiting<Map>()) all.push_back(each);
    for (const auto& each : operations_on_shards<Map>()) all.push_back(each);
    return all;
  }();
  return operations;
}

}  // namespace evac_test::matrix

#endif
