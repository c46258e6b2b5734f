// Calls every verb of every public type once, so that its templates are compiled: with what a user's compiler warns
// about, under macros of other libraries, without exceptions, with the other standard library. Whoever includes this
// has included evac/evac.hpp. The word that fails is the answer; none is the empty one.
#ifndef EVAC_TESTS_PACKAGE_EVERY_VERB_HPP
#define EVAC_TESTS_PACKAGE_EVERY_VERB_HPP

#include <cstddef>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cache_verbs.hpp"
#include "sharded_verbs.hpp"

namespace every_verb {

inline std::string written(const char* digits) {
  return std::string("a key that is longer than the string itself: ") + digits;
}

// Two kinds of key and value: small ones, and ones that own memory and are looked up by views.
inline int small_number(int i) { return i; }
inline std::string long_text(int i) { return written(std::to_string(i).c_str()); }

template <class Map, class Make>
const char* use_owner(Map& map, const Make& make) {
  using element = typename Map::value_type;
  const Map& constant = map;
  map.insert({make(1), make(1)});
  const element two(make(2), make(2));
  map.insert(two);
  map.insert(map.cbegin(), {make(3), make(3)});
  map.insert({{make(4), make(4)}, {make(5), make(5)}});
  const std::vector<element> more{{make(6), make(6)}, {make(7), make(7)}};
  map.insert(more.begin(), more.end());
  map.insert_range(more);
  map.emplace(make(8), make(8));
  map.emplace_hint(map.cbegin(), make(9), make(9));
  map.try_emplace(make(10), make(10));
  map.try_emplace(map.cbegin(), make(11), make(11));
  map.insert_or_assign(make(12), make(12));
  map.insert_or_assign(map.cbegin(), make(12), make(13));
  map[make(14)] = make(14);
  if (map.size() != 13) return "insert";

  if (map.at(make(1)) != make(1) || constant.at(make(2)) != make(2)) return "at";
  if (map.find(make(3)) == map.end() || constant.find(make(99)) != constant.end()) return "find";
  if (!constant.contains(make(4)) || constant.count(make(99)) != 0) return "contains";
  if (std::distance(map.equal_range(make(4)).first, map.equal_range(make(4)).second) != 1) return "equal_range";
  if (constant.equal_range(make(99)).first != constant.equal_range(make(99)).second) return "equal_range of none";
  constant.prefetch(make(1));
  const auto prepared = constant.prepare(make(1));
  map.prefetch(prepared);
  if (map.at(prepared) != constant.at(prepared) || map.find(prepared) == map.end()) return "prepare";
  if (!constant.contains(prepared) || map.count(prepared) != 1 || constant.find(prepared) == constant.end())
    return "prepare";
  std::size_t drawn = 0;
  if (constant.sample(std::minstd_rand(), 3, [&](const element&) { ++drawn; }) != drawn) return "sample";
  std::size_t scanned = 0;
  for (evac::scan_cursor at; !at.done();) at = constant.scan(at, 5, [&](const element&) { ++scanned; });
  if (scanned != map.size()) return "scan";

  std::size_t seen = 0;
  for (const auto& [key, value] : constant) seen += key == value ? 1U : 2U;
  if (seen != 14) return "iteration";
  for (auto at = map.begin(); at != map.end(); at++) at->second = at->first;

  Map copy = map;
  Map moved = std::move(copy);
  if (moved != map || !(moved == map)) return "operator==";
  copy = moved;
  swap(copy, moved);
  copy.swap(moved);
  copy.clear();
  copy = {{make(1), make(2)}, {make(20), make(20)}};
  moved.merge(copy);
  moved.merge(Map(map));
  if (copy.size() != 1 || moved.size() != 14) return "merge";
  copy = std::move(moved);

  auto node = copy.extract(make(20));
  if (!node || node.empty() || node.key() != make(20) || node.mapped() != make(20)) return "extract";
  node.key() = make(21);
  if (!copy.insert(std::move(node)).inserted) return "insert of a node";
  auto other = copy.extract(copy.cbegin());
  copy.insert(copy.cbegin(), std::move(other));
  if (copy.erase(copy.prepare(make(21))) != 1 || copy.extract(copy.prepare(make(21)))) return "erase";
  if (!copy.empty()) copy.insert(copy.pop_any());
  if (!copy.empty()) copy.erase(copy.begin());
  if (!copy.empty()) copy.erase(copy.cbegin());
  copy.erase(copy.cbegin(), copy.cend());
  if (!copy.empty()) return "erase of a range";
  if (erase_if(map, [&](const element& each) { return each.first == make(1); }) != 1) return "erase_if";

  map.reserve(100000);
  map.rehash(1000);
  map.shrink_to_fit();
  map.max_load_factor(1.0F);
  map.evacuate(3);
  if (map.evacuating() && map.bucket_count() == 0) return "evacuating";
  if (constant.load_factor() > map.max_load_factor() + 1000.0F || map.max_size() < map.size()) return "load_factor";
  if (constant.hash_function()(make(1)) != map.hash_function()(make(1))) return "hash_function";
  if (!constant.key_eq()(make(1), make(1)) || constant.get_allocator() != map.get_allocator()) return "key_eq";
  std::ostringstream out;
  out << constant.stats() << constant.stats().to_json() << constant.memory_usage();
  out << constant.counters() << constant.counters().to_json();
  return out.str().empty() ? "stats" : "";
}

template <class Set, class Make>
const char* use_owned_set(Set& set, const Make& make) {
  const Set& constant = set;
  set.insert(make(1));
  set.insert({make(2), make(3)});
  set.insert(set.cbegin(), make(4));
  set.emplace(make(5));
  set.emplace_hint(set.cbegin(), make(6));
  const std::vector<typename Set::key_type> more{make(7), make(8)};
  set.insert(more.begin(), more.end());
  set.insert_range(more);
  if (set.size() != 8 || !constant.contains(make(7)) || constant.count(make(9)) != 0) return "insert";
  if (constant.find(make(1)) == constant.end() || *set.find(make(1)) != make(1)) return "find";
  if (!set.contains(set.prepare(make(1))) || set.sample(std::minstd_rand(), 3, [](const auto&) {}) != 3)
    return "sample";
  Set copy(set);
  copy.insert(copy.pop_any());
  swap(copy, set);
  copy.merge(Set{make(20)});
  auto node = copy.extract(make(20));
  if (node.value() != make(20) || !copy.insert(std::move(node)).inserted) return "extract";
  if (erase_if(copy, [&](const auto& key) { return key == make(20); }) != 1 || copy != set) return "erase_if";
  if (!copy.empty()) copy.erase(copy.begin());
  copy.clear();
  std::ostringstream out;
  out << constant.stats();
  return copy.empty() ? "" : "clear";
}

template <class Map, class Make>
const char* use_sync(Map& map, const Make& make) {
  const Map& constant = map;
  using mapped_type = typename Map::mapped_type;
  std::size_t shown = 0;
  const auto count = [&](const auto&...) { ++shown; };
  map.store(make(1), make(1));
  const auto nothing = [](const auto&...) {};
  const auto prepared = constant.prepare(make(1));
  map.prefetch(prepared);
  if (!constant.contains(prepared) || constant.load(prepared) != make(1) || !constant.load(prepared, nothing))
    return "prepare";
  if (map.erase_if(prepared, [](const auto&) { return false; }) || map.compare_and_delete(prepared, make(99)))
    return "erase_if";
  if (constant.sample(std::minstd_rand(), 3, nothing) != 3) return "sample";
  if (!constant.scan({}, 1000, count).done() || shown != 1) return "scan";
  if (map.load_and_delete(prepared) != make(1) || map.erase(prepared)) return "erase of a prepared key";
  if (map.pop_any().has_value()) return "pop_any";
  map.prefetch(make(1));
  map.store(make(1), make(1));
  const std::vector<std::pair<typename Map::key_type, mapped_type>> more{{make(2), make(2)}, {make(3), make(3)}};
  map.store_many(more);
  if (map.swap(make(3), make(4)) != make(3)) return "swap";
  if (map.load_or_store(make(3), make(5)).value != make(4)) return "load_or_store";
  if (map.load_or_compute(make(4), [&] { return make(4); }).loaded) return "load_or_compute";
  map.load_or_compute(make(4), [&] { return make(4); }, count);
  if (!map.compare_and_swap(make(4), make(4), make(5))) return "compare_and_swap";
  if (!map.compare_and_delete(make(4), make(5))) return "compare_and_delete";
  if (map.load_and_delete(make(3)) != make(4)) return "load_and_delete";
  if (map.update(make(2), [&](const std::optional<mapped_type>&) { return std::optional<mapped_type>(make(6)); }) !=
      make(6))
    return "update";
  const auto keep = [](const mapped_type*) -> evac::update_answer<mapped_type> { return evac::keep; };
  if (map.update(make(2), keep) != evac::update_outcome::kept) return "update that keeps";
  if (map.load_or_compute(make(7), [] { return std::optional<mapped_type>(); }).value.has_value()) return "declined";
  if (map.erase_if(make(2), [&](const auto& value) { return value == make(5); })) return "erase_if";
  if (map.erase_if([&](const auto& key, const auto&) { return key == make(7); }) != 0) return "erase_if";
  if (constant.load(make(1)) != make(1) || !constant.load(make(1), count)) return "load";

  // Elements that lie in slots have no address that stays.
  if constexpr (std::is_same_v<mapped_type, std::string>) {
    const auto pinned = constant.pin();
    if (pinned.find(make(1)) == nullptr) return "pin";
  }
  const std::vector<typename Map::key_type> keys{make(1), make(2), make(99)};
  std::vector<std::optional<mapped_type>> values;
  if (constant.load_many(keys, std::back_inserter(values)) != 2) return "load_many";
  constant.load_many(keys, [&](const auto&...) { ++shown; });
  constant.range([&](const auto&, const auto&) { return true; });
  if (constant.snapshot().size() != 2) return "snapshot";
  map.erase(make(1));
  if (map.erase_many(keys) != 1 || !map.empty() || constant.contains(make(1))) return "erase";
  map.store(make(1), make(1));
  map.clear();
  map.reserve(1000);
  if (!constant.key_eq()(make(1), make(1)) || constant.get_allocator() != map.get_allocator()) return "key_eq";
  if (constant.hash_function()(make(1)) != map.hash_function()(make(1)) || map.max_size() == 0) return "hash_function";
  map.domain().flush();
  std::ostringstream out;
  out << constant.stats() << constant.stats().to_json() << constant.stats().domain << constant.memory_usage();
  out << constant.counters();
  return constant.size() == 0 && shown != 0 ? "" : "size";
}

template <class Set, class Make>
const char* use_sync_set(Set& set, const Make& make) {
  const Set& constant = set;
  const std::vector<typename Set::key_type> keys{make(1), make(2), make(99)};
  set.insert(make(1));
  set.insert_many(keys);
  std::size_t shown = 0;
  if (const auto key = set.pop_any()) set.insert(*key);
  if (constant.sample(std::minstd_rand(), 3, [&](const auto&) {}) != 3) return "sample";
  if (!constant.contains(constant.prepare(make(1))) || set.erase(set.prepare(make(77)))) return "prepare";
  constant.range([&](const auto&) { return ++shown != 0; });
  if (!constant.scan({}, 1000, [&](const auto&) { --shown; }).done() || shown != 0) return "scan";
  constant.range([&](const auto&) { return ++shown != 0; });
  if (constant.count_many(keys) != 3 || !constant.contains(make(2)) || constant.snapshot().size() != shown)
    return "range";
  set.erase(make(1));
  set.erase_many(keys);
  if (set.erase_if([&](const auto& key) { return key == make(99); }) != 0) return "erase_if";
  set.clear();
  set.reserve(100);
  return constant.empty() ? "" : "empty";
}

inline const char* use_parts() {
  evac::rw_lock lock;
  {
    const std::unique_lock writer(lock);
  }
  {
    const std::shared_lock reader(lock);
  }
  if (!lock.try_lock()) return "try_lock";
  lock.unlock();
  if (!lock.try_lock_shared()) return "try_lock_shared";
  lock.unlock_shared();
  evac::epoch_domain domain(1U << 20U);
  {
    const evac::epoch_domain::guard inside(domain);
  }
  domain.retire(std::make_unique<int>(1).release());
  domain.make_room(100);
  return domain.flush() && !domain.stats().to_json().empty() ? "" : "flush";
}

inline const char* use_views() {
  using namespace std::string_view_literals;
  evac::map<std::string, int> map;
  map.try_emplace("one"sv, 1);
  evac::sharded_map<std::string, int> sharded;
  sharded.try_emplace("one"sv, 1);
  evac::sync_map<std::string, int> sync;
  sync.store("one"sv, 1);
  if (map.erase("one"sv) != 1 || sharded.erase("one"sv) != 1 || !sync.erase("one"sv)) return "erase of a view";
  return "";
}

template <class Key, class Make>
const char* use_all_of(const Make& make) {
  evac::map<Key, Key> map;
  if (const char* wrong = use_owner(map, make); *wrong != 0) return wrong;
  evac::set<Key> set;
  if (const char* wrong = use_owned_set(set, make); *wrong != 0) return wrong;
  evac::sharded_map<Key, Key> sharded_map;
  if (const char* wrong = use_sharded(sharded_map, make); *wrong != 0) return wrong;
  evac::sharded_set<Key> sharded_set;
  if (const char* wrong = use_sharded_set(sharded_set, make); *wrong != 0) return wrong;
  evac::sync_map<Key, Key> sync_map;
  if (const char* wrong = use_sync(sync_map, make); *wrong != 0) return wrong;
  evac::sync_set<Key> sync_set;
  return use_sync_set(sync_set, make);
}

inline const char* use_everything() {
  if (const char* wrong = use_parts(); *wrong != 0) return wrong;
  if (const char* wrong = use_views(); *wrong != 0) return wrong;
  if (const char* wrong = use_caches<int>(small_number); *wrong != 0) return wrong;
  if (const char* wrong = use_caches<std::string>(long_text); *wrong != 0) return wrong;
  if (const char* wrong = use_all_of<int>(small_number); *wrong != 0) return wrong;
  return use_all_of<std::string>(long_text);
}

}  // namespace every_verb

#endif
