// Calls every verb of a sharded map and a sharded set once; every_verb.hpp says what for.
#ifndef EVAC_TESTS_PACKAGE_SHARDED_VERBS_HPP
#define EVAC_TESTS_PACKAGE_SHARDED_VERBS_HPP

#include <cstddef>
#include <iterator>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>
#include <utility>
#include <vector>

namespace every_verb {

/// The calls that do not wait; nobody else is there.
template <class Map, class Make>
const char* use_without_waiting(Map& map, const Make& make) {
  const auto at_once = std::try_to_lock;
  const Map& constant = map;
  const auto nothing = [](const auto&) {};
  const auto no = [](const auto&) { return false; };
  const typename Map::value_type one(make(1), make(1));
  if (map.visit(at_once, make(1), nothing).result() != 1) return "visit without waiting";
  if (constant.visit(at_once, make(1), nothing).busy() || map.cvisit(at_once, make(1), nothing).busy()) return "cvisit";
  if (map.insert(at_once, one).result() || map.insert(at_once, {make(1), make(1)}).result()) return "insert";
  if (map.try_emplace(at_once, make(1), make(1)).result()) return "try_emplace";
  if (map.try_emplace_or_visit(at_once, make(1), make(1), nothing).result()) return "try_emplace_or_visit";
  if (map.try_emplace_or_cvisit(at_once, make(1), make(1), nothing).result()) return "try_emplace_or_cvisit";
  if (map.insert_or_assign(at_once, make(1), make(1)).result()) return "insert_or_assign";
  if (!constant.find(at_once, make(1)).result().has_value()) return "find without waiting";
  if (map.erase_if(at_once, make(1), no).result() != 0 || map.erase(at_once, make(99)).result() != 0) return "erase";
  return "";
}

/// The calls with a key that was hashed before.
template <class Map, class Make>
const char* use_prepared(Map& map, const Make& make) {
  const auto at_once = std::try_to_lock;
  const Map& constant = map;
  const auto nothing = [](const auto&) {};
  const auto no = [](const auto&) { return false; };
  const auto key = constant.prepare(make(1));
  map.prefetch(key);
  if (!constant.contains(key) || constant.count(key) != 1) return "contains of a prepared key";
  if (map.visit(key, nothing) + constant.visit(key, nothing) + map.cvisit(key, nothing) != 3) return "visit";
  if (map.visit(at_once, key, nothing).busy() || constant.visit(at_once, key, nothing).busy()) return "visit";
  if (map.cvisit(at_once, key, nothing).busy() || constant.shard_of(key) != map.shard_of(make(1))) return "shard_of";
  if (!map.find(key).has_value() || constant.find(at_once, key).busy()) return "find of a prepared key";
  if (map.erase_if(key, no) != 0 || map.erase_if(at_once, key, no).result() != 0) return "erase_if";
  const auto absent = map.prepare(make(99));
  if (map.erase(absent) != 0 || map.erase(at_once, absent).result() != 0) return "erase of a prepared key";
  return "";
}

/// The calls on shards, with indices, and on some element.
template <class Map, class Make>
const char* use_shards(Map& map, const Make& make) {
  const Map& constant = map;
  const std::size_t elements = map.size();
  std::size_t visits = 0;
  const auto count = [&](const auto&) { ++visits; };
  for (std::size_t shard = 0; shard != map.shard_count(); ++shard) {
    if (map.visit_shard(shard, count) != constant.visit_shard(shard, count)) return "visit_shard";
    map.cvisit_shard(shard, count);
  }
  if (visits != 3 * elements) return "cvisit_shard";
  const std::vector<typename Map::key_type> keys{make(1), make(2)};
  map.cvisit(keys.begin(), keys.end(), [&](std::size_t index, const auto&) { visits += index; });
  map.prefetch(make(1));
  if (constant.sample(std::minstd_rand(), 3, count) != 3) return "sample";
  if (!constant.scan({}, 1'000'000, count).done()) return "scan";
  if (auto popped = map.pop_any()) map.insert(*std::move(popped));
  return map.size() == elements ? "" : "pop_any";
}

template <class Map, class Make>
const char* use_sharded(Map& map, const Make& make) {
  using element = typename Map::value_type;
  const Map& constant = map;
  std::size_t visits = 0;
  const auto count = [&](const element&) { ++visits; };
  const auto change = [&](auto& each) {
    each.second = each.first;
    ++visits;
  };
  const element one(make(1), make(1));
  const std::vector<element> more{{make(2), make(2)}, {make(3), make(3)}};
  map.insert({make(0), make(0)});
  map.insert(one);
  map.insert(more.begin(), more.end());
  map.insert({{make(4), make(4)}, {make(5), make(5)}});
  map.insert_range(more);
  map.insert_or_visit(one, change);
  map.insert_or_cvisit(one, count);
  map.insert_or_visit(more.begin(), more.end(), change);
  map.insert_or_cvisit(more.begin(), more.end(), count);
  map.insert_and_visit(one, change, change);
  map.insert_and_cvisit(one, count, count);
  map.insert_and_visit(more.begin(), more.end(), change, change);
  map.insert_and_cvisit(more.begin(), more.end(), count, count);
  map.emplace(make(6), make(6));
  map.emplace_or_visit(make(6), make(6), change);
  map.emplace_or_cvisit(make(6), make(6), count);
  map.emplace_and_visit(make(6), make(6), change, change);
  map.emplace_and_cvisit(make(6), make(6), count, count);
  map.try_emplace(make(7), make(7));
  map.try_emplace_or_visit(make(7), make(7), change);
  map.try_emplace_or_cvisit(make(7), make(7), count);
  map.try_emplace_and_visit(make(7), make(7), change, change);
  map.try_emplace_and_cvisit(make(7), make(7), count, count);
  map.insert_or_assign(make(8), make(8));
  if (map.size() != 9 || visits != 20) return "insert";

  const auto factory = [&] { return make(9); };
  if (map.get_or_compute(make(9), factory, evac::compute_mode::under_lock) != make(9)) return "under_lock";
  if (map.get_or_compute(make(10), factory, evac::compute_mode::single_flight) != make(9)) return "single_flight";
  if (map.get_or_compute(make(11), factory, evac::compute_mode::optimistic) != make(9)) return "optimistic";
  if (!map.load_or_compute(make(9), factory).loaded) return "load_or_compute";
  const auto declines = []() -> std::optional<typename Map::mapped_type> { return std::nullopt; };
  if (map.get_or_compute(make(12), declines).has_value()) return "a factory that declines";
  map.erase(make(9));
  map.erase(make(10));
  map.erase(make(11));

  visits = 0;
  const std::vector<typename Map::key_type> keys{make(1), make(2), make(99)};
  map.visit(make(1), change);
  constant.visit(make(1), count);
  map.cvisit(make(1), count);
  map.visit(keys.begin(), keys.end(), change);
  constant.visit(keys.begin(), keys.end(), count);
  map.cvisit(keys.begin(), keys.end(), count);
  if (visits != 9) return "visit";
  if (!map.visit2(make(1), make(2), [&](auto& left, auto& right) { left.second = right.second; })) return "visit2";
  if (constant.find(make(99)).has_value() || !constant.contains(make(1)) || constant.count(make(1)) != 1) return "find";

  visits = 0;
  map.visit_all(change);
  constant.visit_all(count);
  map.cvisit_all(count);
  map.visit_while([](auto&) { return true; });
  constant.visit_while([](const auto&) { return true; });
  map.cvisit_while([](const auto&) { return true; });
  constant.for_each(count);
  if (visits != 4 * map.size()) return "visit_all";

  if (const char* wrong = use_without_waiting(map, make); *wrong != 0) return wrong;
  if (const char* wrong = use_prepared(map, make); *wrong != 0) return wrong;
  if (const char* wrong = use_shards(map, make); *wrong != 0) return wrong;

  Map copy(map);
  if (copy != map) return "operator==";
  swap(copy, map);
  copy.erase_if(make(1), [](const auto&) { return true; });
  copy.erase_if([&](const auto& each) { return each.first == make(2); });
  if (erase_if(copy, [&](const auto& each) { return each.first == make(3); }) != 1) return "erase_if";
  if (copy.merge(map) != 3) return "merge";
  copy.clear();
  Map moved(std::move(copy));
  copy = map;
  auto owned = copy.snapshot();
  moved = std::move(owned);
  auto back = static_cast<decltype(owned)>(std::move(moved));
  if (back.empty()) return "snapshot";
  moved = std::move(copy);

  map.reserve(100000);
  map.rehash(0);
  map.max_load_factor(1.0F);
  if (map.empty() || map.max_size() == 0 || map.shard_count() == 0 || constant.bucket_count() == 0) return "size";
  if (constant.load_factor() > map.max_load_factor() + 1000.0F || constant.max_load() == 0) return "load_factor";
  if (!constant.key_eq()(make(1), make(1)) || constant.get_allocator() != map.get_allocator()) return "key_eq";
  if (constant.hash_function()(make(1)) != map.hash_function()(make(1))) return "hash_function";
  std::ostringstream out;
  out << constant.stats() << constant.stats().to_json() << constant.dump_locks();
  out << constant.counters() << constant.counters_of_shard(0).to_json() << constant.memory_usage();
  return "";
}

template <class Set, class Make>
const char* use_sharded_set(Set& set, const Make& make) {
  const Set& constant = set;
  std::size_t visits = 0;
  const auto count = [&](const auto&) { ++visits; };
  set.insert(make(1));
  set.insert({make(2), make(3)});
  set.emplace(make(4));
  set.insert_or_visit(make(4), count);
  set.emplace_or_cvisit(make(4), count);
  set.visit(make(1), count);
  constant.visit_all(count);
  constant.for_each(count);
  if (visits != 11) return "visit";
  if (const char* wrong = use_shards(set, make); *wrong != 0) return wrong;
  if (set.insert(std::try_to_lock, make(1)).result() || !set.contains(set.prepare(make(1)))) return "without waiting";
  Set copy(set);
  if (copy.erase(std::try_to_lock, make(1)).result() != 1) return "erase";
  copy.erase_if([&](const auto& key) { return key == make(2); });
  if (erase_if(copy, [&](const auto& key) { return key == make(3); }) != 1) return "erase_if";
  copy.merge(set);
  auto owned = constant.snapshot();
  copy = std::move(owned);
  std::ostringstream out;
  out << constant.stats();
  return copy.contains(make(4)) || constant.contains(make(4)) ? "" : "contains";
}

}  // namespace every_verb

#endif
