// Every operation of sharded_map beside every other, from two threads. The operations that run here and those that
// docs/guarantees/sharded_map.md lists must be the same.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/valid_shards.hpp"

namespace {

using key = std::uint64_t;
constexpr key keys = 64;             // several times what a table starts with: the inserts of one run make it grow
constexpr key rounds_of_run = keys;  // each run begins with new maps

// --- values that tell whether they were torn: the key and any number of increments ---------------------------------

struct tally {
  key of;
  std::uint64_t again;
  std::uint64_t increments = 0;

  explicit tally(key k) : of(k), again(k) {}
  void increment() { ++increments; }
  [[nodiscard]] bool belongs_to(key k) const { return of == k && again == k; }
  friend bool operator==(const tally&, const tally&) = default;
};
// The same with a destructor: such elements are moved out of the map before they are destroyed.
struct boxed_tally {
  std::unique_ptr<tally> box;

  explicit boxed_tally(key k) : box(std::make_unique<tally>(k)) {}
  boxed_tally(const boxed_tally& other) : box(std::make_unique<tally>(*other.box)) {}
  boxed_tally(boxed_tally&&) noexcept = default;
  boxed_tally& operator=(const boxed_tally& other) { return *this = boxed_tally(other); }
  boxed_tally& operator=(boxed_tally&&) noexcept = default;
  ~boxed_tally() = default;
  void increment() { box->increment(); }
  [[nodiscard]] bool belongs_to(key k) const { return box && box->belongs_to(k); }
  friend bool operator==(const boxed_tally& left, const boxed_tally& right) { return *left.box == *right.box; }
};

/// Its identity follows the elements: functors are copied and swapped while others use them.
struct hash_with_state {
  std::uint64_t state = 0;
  std::size_t operator()(key k) const {
    evac_test::stumble();
    return static_cast<std::size_t>(k ^ state);
  }
};

using plain_map = evac::sharded_map<key, tally>;
using seeded_map = evac::sharded_map<key, boxed_tally, hash_with_state>;

// --- the operations ------------------------------------------------------------------------------------------------

// Runs an operation for the given round; returns how much of what it saw was wrong.
template <class Map>
using operation = std::size_t (*)(Map& map, Map& other, key round);

template <class Map>
struct named_operation {
  std::string_view name;
  operation<Map> run;
};

template <class Element>
std::size_t wrong(const Element& element) {
  return element.second.belongs_to(element.first) ? 0 : 1;
}
template <class Container>
std::size_t wrong_in(const Container& container) {
  std::size_t bad = 0;
  std::size_t count = 0;
  for (const auto& element : container) {
    bad += wrong(element);
    ++count;
  }
  return bad + (count == container.size() ? 0U : 1U);
}
template <class Map>
std::size_t wrong_in_shards(const Map& map) {
  std::size_t bad = 0;
  const std::size_t visited = map.cvisit_all([&](const auto& element) { bad += wrong(element); });
  return bad + (visited == map.size() ? 0U : 1U);
}

// Visitors of an operation: what they see is counted as wrong or not, and changed where that is allowed.
template <class Map>
struct visitors {
  using element = typename Map::value_type;
  std::size_t bad = 0;
  std::size_t calls = 0;

  auto look() {
    return [this](const element& seen) {
      evac_test::stumble();
      bad += wrong(seen);
      ++calls;
    };
  }
  auto change() {
    return [this](element& seen) {
      bad += wrong(seen);
      evac_test::stumble();
      seen.second.increment();
      ++calls;
    };
  }
};

template <class Map>
const std::vector<named_operation<Map>>& all_operations() {
  using value = typename Map::mapped_type;
  using element = typename Map::value_type;
  using seen = visitors<Map>;
  static const auto some = [](key round) {
    std::vector<element> elements;
    for (key i = 0; i < 4; ++i) elements.emplace_back((round + 5 * i) % keys, value((round + 5 * i) % keys));
    return elements;
  };
  static const auto some_keys = [](key round) {
    std::vector<key> wanted;
    for (key i = 0; i < Map::bulk_visit_size + 4; ++i) wanted.push_back((round + 7 * i) % keys);
    return wanted;
  };
  // A range form visits each of its elements exactly once, in whichever way.
  static const auto unlike = [](std::size_t number, std::size_t expected) { return number == expected ? 0U : 1U; };
  static const auto above = [](std::size_t number, std::size_t most) { return number <= most ? 0U : 1U; };

  static const std::vector<named_operation<Map>> operations = {
      // look
      {"size()", [](Map& m, Map&, key) -> std::size_t { return above(m.size(), 4 * keys); }},
      {"empty()", [](Map& m, Map&, key) -> std::size_t { return m.empty() ? 0 : 0; }},
      {"max_size()", [](Map& m, Map&, key) -> std::size_t { return m.max_size() > keys ? 0 : 1; }},
      {"shard_count()", [](Map& m, Map&, key) -> std::size_t { return above(m.shard_count(), 4); }},
      {"max_load_factor()", [](Map& m, Map&, key) -> std::size_t { return m.max_load_factor() > 0 ? 0 : 1; }},
      {"dump_locks()", [](Map& m, Map&, key) -> std::size_t { return m.dump_locks().empty() ? 1 : 0; }},
      // read one
      {"cvisit(k, f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const std::size_t found = m.cvisit(r, s.look());
         return s.bad + unlike(s.calls, found);
       }},
      {"visit(k, f) const",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const std::size_t found = std::as_const(m).visit(r, s.look());
         return s.bad + unlike(s.calls, found);
       }},
      {"find(k)",
       [](Map& m, Map&, key r) -> std::size_t {
         const auto found = m.find(r);
         return !found || found->belongs_to(r) ? 0 : 1;
       }},
      {"contains(k)", [](Map& m, Map&, key r) -> std::size_t { return m.contains(r + keys) ? 1 : 0; }},
      {"count(k)", [](Map& m, Map&, key r) -> std::size_t { return above(m.count(r), 1); }},
      {"hash_function()",
       [](Map& m, Map&, key r) -> std::size_t { return m.hash_function()(r) == m.hash_function()(r + 1) ? 0 : 0; }},
      {"key_eq()", [](Map& m, Map&, key r) -> std::size_t { return m.key_eq()(r, r) ? 0 : 1; }},
      {"get_allocator()",
       [](Map& m, Map&, key) -> std::size_t { return m.get_allocator() == m.get_allocator() ? 0 : 1; }},
      // write one
      {"visit(k, f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const std::size_t found = m.visit(r, s.change());
         return s.bad + unlike(s.calls, found);
       }},
      {"insert(x)", [](Map& m, Map&, key r) -> std::size_t { return m.insert(element(r, value(r))) ? 0 : 0; }},
      {"insert_or_assign(k, m)",
       [](Map& m, Map&, key r) -> std::size_t { return m.insert_or_assign(r, value(r)) ? 0 : 0; }},
      {"insert_or_visit(x, f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const bool inserted = m.insert_or_visit(element(r, value(r)), s.change());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"insert_or_cvisit(x, f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const bool inserted = m.insert_or_cvisit(element(r, value(r)), s.look());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"insert_and_visit(x, f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const bool inserted = m.insert_and_visit(element(r, value(r)), fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"insert_and_cvisit(x, f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const bool inserted = m.insert_and_cvisit(element(r, value(r)), fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"emplace(args...)", [](Map& m, Map&, key r) -> std::size_t { return m.emplace(r, value(r)) ? 0 : 0; }},
      {"emplace_or_visit(args..., f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const bool inserted = m.emplace_or_visit(r, value(r), s.change());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"emplace_or_cvisit(args..., f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const bool inserted = m.emplace_or_cvisit(r, value(r), s.look());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"emplace_and_visit(args..., f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const bool inserted = m.emplace_and_visit(r, value(r), fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"emplace_and_cvisit(args..., f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const bool inserted = m.emplace_and_cvisit(r, value(r), fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"try_emplace(k, args...)", [](Map& m, Map&, key r) -> std::size_t { return m.try_emplace(r, r) ? 0 : 0; }},
      {"try_emplace_or_visit(k, args..., f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const bool inserted = m.try_emplace_or_visit(r, r, s.change());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"try_emplace_or_cvisit(k, args..., f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const bool inserted = m.try_emplace_or_cvisit(r, r, s.look());
         return s.bad + unlike(s.calls, inserted ? 0 : 1);
       }},
      {"try_emplace_and_visit(k, args..., f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const bool inserted = m.try_emplace_and_visit(r, r, fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"try_emplace_and_cvisit(k, args..., f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const bool inserted = m.try_emplace_and_cvisit(r, r, fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted ? 1 : 0) + unlike(old.calls, inserted ? 0 : 1);
       }},
      {"erase(k)", [](Map& m, Map&, key r) -> std::size_t { return above(m.erase(r), 1); }},
      {"erase_if(k, f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const std::size_t erased = m.erase_if(r, [&](element& found) { return s.change()(found), r % 2 == 0; });
         return s.bad + above(erased, s.calls);
       }},
      {"get_or_compute(k, f, under_lock)",
       [](Map& m, Map&, key r) -> std::size_t {
         return m.get_or_compute(r, [r] { return value(r); }, evac::compute_mode::under_lock).belongs_to(r) ? 0 : 1;
       }},
      {"get_or_compute(k, f, single_flight)",
       [](Map& m, Map&, key r) -> std::size_t {
         return m.get_or_compute(r, [r] { return value(r); }, evac::compute_mode::single_flight).belongs_to(r) ? 0 : 1;
       }},
      {"get_or_compute(k, f, optimistic)",
       [](Map& m, Map&, key r) -> std::size_t {
         return m.get_or_compute(r, [r] { return value(r); }, evac::compute_mode::optimistic).belongs_to(r) ? 0 : 1;
       }},
      // write one, again and again
      {"insert(first, last)",
       [](Map& m, Map&, key r) -> std::size_t {
         const auto elements = some(r);
         return above(m.insert(elements.begin(), elements.end()), elements.size());
       }},
      {"insert(list)",
       [](Map& m, Map&, key r) -> std::size_t {
         return above(m.insert({element(r, value(r)), element((r + 9) % keys, value((r + 9) % keys))}), 2);
       }},
      {"insert_range(range)",
       [](Map& m, Map&, key r) -> std::size_t { return above(m.insert_range(some(r)), some(r).size()); }},
      {"insert_or_visit(first, last, f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const auto elements = some(r);
         const std::size_t inserted = m.insert_or_visit(elements.begin(), elements.end(), s.change());
         return s.bad + unlike(inserted + s.calls, elements.size());
       }},
      {"insert_or_cvisit(first, last, f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const auto elements = some(r);
         const std::size_t inserted = m.insert_or_cvisit(elements.begin(), elements.end(), s.look());
         return s.bad + unlike(inserted + s.calls, elements.size());
       }},
      {"insert_and_visit(first, last, f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const auto elements = some(r);
         m.insert_and_visit(elements.begin(), elements.end(), fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls + old.calls, elements.size());
       }},
      {"insert_and_cvisit(first, last, f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const auto elements = some(r);
         m.insert_and_cvisit(elements.begin(), elements.end(), fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls + old.calls, elements.size());
       }},
      {"insert_range_or_visit(range, f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const std::size_t inserted = m.insert_range_or_visit(some(r), s.change());
         return s.bad + unlike(inserted + s.calls, some(r).size());
       }},
      {"insert_range_and_visit(range, f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const std::size_t inserted = m.insert_range_and_visit(some(r), fresh.change(), old.change());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted) + unlike(fresh.calls + old.calls, some(r).size());
       }},
      {"insert_range_or_cvisit(range, f)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen s;
         const std::size_t inserted = m.insert_range_or_cvisit(some(r), s.look());
         return s.bad + unlike(inserted + s.calls, some(r).size());
       }},
      {"insert_range_and_cvisit(range, f1, f2)",
       [](Map& m, Map&, key r) -> std::size_t {
         seen fresh;
         seen old;
         const std::size_t inserted = m.insert_range_and_cvisit(some(r), fresh.change(), old.look());
         return fresh.bad + old.bad + unlike(fresh.calls, inserted) + unlike(fresh.calls + old.calls, some(r).size());
       }},
      // some
      {"cvisit(first, last, f)",
       [](Map& m, Map&, key r) -> std::
                                   size_t {
                                     seen s;
                                     const auto wanted = some_keys(r);
                                     const std::size_t found = m.cvisit(wanted.begin(), wanted.end(), s.look());
                                     return s.bad + unlike(s.calls, found);
                                   }},
      {"visit(first, last, f) const",
       [](Map& m, Map&, key r) -> std::
                                   size_t {
                                     seen s;
                                     const auto wanted = some_keys(r);
                                     const std::size_t found =
                                         std::as_const(m).visit(wanted.begin(), wanted.end(), s.look());
                                     return s.bad + unlike(s.calls, found);
                                   }},
      {"visit2(k1, k2, f)",
       [](Map& m, Map&, key r) -> std::
                                   size_t {
                                     seen s;
                                     const bool both =
                                         m.visit2(r, (r + 1) % keys, [&](element& first, element& second) {
                                           s.change()(first);
                                           s.change()(second);
                                         });
                                     return s.bad + unlike(s.calls, both ? 2 : 0);
                                   }},
      {"visit(first, last, f)",
       [](Map& m, Map&, key r) -> std::
                                   size_t {
                                     seen s;
                                     const auto wanted = some_keys(r);
                                     const std::size_t found = m.visit(wanted.begin(), wanted.end(), s.change());
                                     return s.bad + unlike(s.calls, found);
                                   }},
      // in turn
      {"cvisit_all(f)",
       [](Map& m, Map&, key) -> std::
                                 size_t {
                                   seen s;
                                   const std::size_t visited = m.cvisit_all(s.look());
                                   return s.bad + unlike(s.calls, visited);
                                 }},
      {"visit_all(f) const",
       [](Map& m, Map&, key) -> std::
                                 size_t {
                                   seen s;
                                   const std::size_t visited = std::as_const(m).visit_all(s.look());
                                   return s.bad + unlike(s.calls, visited);
                                 }},
      {"cvisit_while(f)",
       [](Map& m, Map&, key) -> std::
                                 size_t {
                                   seen s;
                                   m.cvisit_while(
                                       [&](const element& found) { return s.look()(found), s.calls < keys / 2; });
                                   return s.bad + above(s.calls, keys / 2);
                                 }},
      {"visit_while(f) const",
       [](Map& m, Map&, key) -> std::
                                 size_t {
                                   seen s;
                                   std::as_const(m).visit_while(
                                       [&](const element& found) { return s.look()(found), s.calls < keys / 2; });
                                   return s.bad + above(s.calls, keys / 2);
                                 }},
      {"for_each(f)",
       [](Map& m, Map&, key) -> std::
                                 size_t {
                                   seen s;
                                   m.for_each([&](const element& found) { return s.look()(found); });
                                   return s.bad;
                                 }},
      {"bucket_count()", [](Map& m, Map&, key) -> std::size_t { return above(m.bucket_count(), 1024 * keys); }},
      {"load_factor()", [](Map& m, Map&, key) -> std::size_t { return m.load_factor() < 0 ? 1 : 0; }},
      {"max_load()", [](Map& m, Map&, key) -> std::size_t { return above(m.max_load(), 1024 * keys); }},
      {"stats()",
       [](Map& m, Map&, key) -> std::
                                 size_t {
                                   const auto all = m.stats();
                                   return unlike(all.shards.size(), m.shard_count()) +
                                          above(all.total.table.size, all.total.table.slot_count);
                                 }},
      {"visit_all(f)",
       [](Map& m, Map&, key) -> std::
                                 size_t {
                                   seen s;
                                   const std::size_t visited = m.visit_all(s.change());
                                   return s.bad + unlike(s.calls, visited);
                                 }},
      {"visit_while(f)",
       [](Map& m, Map&, key) -> std::
                                 size_t {
                                   seen s;
                                   m.visit_while([&](element& found) { return s.change()(found), s.calls < keys / 2; });
                                   return s.bad + above(s.calls, keys / 2);
                                 }},
      {"erase_if(f)",
       [](Map& m, Map&, key r) -> std::
                                   size_t {
                                     seen s;
                                     const std::size_t erased = m.erase_if(
                                         [&](element& found) { return s.change()(found), found.first % 8 == r % 8; });
                                     return s.bad + above(erased, s.calls);
                                   }},
      {"reserve(n)", [](Map& m, Map&, key r) -> std::size_t { return m.reserve(r * 2), 0; }},
      {"rehash(n)", [](Map& m, Map&, key r) -> std::size_t { return m.rehash(r % 2 == 0 ? 0 : 3 * r), 0; }},
      // all
      {"snapshot()", [](Map& m, Map&, key) -> std::size_t { return wrong_in(m.snapshot()); }},
      {"copy construction", [](Map& m, Map&, key) -> std::size_t { return wrong_in_shards(Map(std::as_const(m))); }},
      {"operator==", [](Map& m, Map& other, key) -> std::size_t { return m == other ? 0 : 0; }},
      {"clear()", [](Map& m, Map&, key) -> std::size_t { return m.clear(), 0; }},
      {"swap(other)", [](Map& m, Map& other, key) -> std::size_t { return m.swap(other), 0; }},
      {"merge(other)", [](Map& m, Map& other, key) -> std::size_t { return above(m.merge(other), keys); }},
      {"merge(map)",
       [](Map& m, Map& other, key) -> std::
                                       size_t {
                                         auto elements = other.snapshot();
                                         const std::size_t before = elements.size();
                                         const std::size_t moved = m.merge(elements);
                                         return unlike(moved + elements.size(), before) + wrong_in(elements);
                                       }},
      {"copy assignment", [](Map& m, Map& other, key) -> std::size_t { return m = std::as_const(other), 0; }},
      {"move assignment", [](Map& m, Map& other, key) -> std::size_t { return m = std::move(other), 0; }},
      {"list assignment",
       [](Map& m, Map&, key r) -> std::size_t { return m = {element(r, value(r)), element(r + 1, value(r + 1))}, 0; }},
      {"map assignment",
       [](Map& m, Map& other, key) -> std::
                                       size_t {
                                         auto elements = other.snapshot();
                                         const std::size_t bad = wrong_in(elements);
                                         return m = std::move(elements), bad;
                                       }},
      {"move construction", [](Map& m, Map&, key) -> std::size_t { return wrong_in_shards(Map(std::move(m))); }},
      {"conversion to map",
       [](Map& m, Map&, key) -> std::size_t { return wrong_in(static_cast<typename Map::map_type>(std::move(m))); }},
  };
  return operations;
}

// --- the documentation -----------------------------------------------------------------------------------------------

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream text(row);
  std::string cell;
  std::getline(text, cell, '|');  // nothing stands before the first bar
  while (std::getline(text, cell, '|')) {
    const std::size_t first = cell.find_first_not_of(' ');
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
  }
  return cells;
}
using table_rows = std::vector<std::vector<std::string>>;

/// The rows of the table in docs/guarantees/sharded_map.md whose heading begins with these words, heading included.
table_rows table_under(const std::string& heading) {
  std::ifstream file(EVAC_SHARDED_GUARANTEES);
  REQUIRE(file.is_open());
  table_rows rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| " + heading, 0) == 0) {
      REQUIRE_FALSE(inside);
      inside = true;
      rows.push_back(cells_of(line));
    } else if (inside && (line.empty() || line.front() != '|')) {
      break;
    } else if (inside && line.rfind("|---", 0) != 0) {
      rows.push_back(cells_of(line));
    }
  }
  INFO(heading);
  REQUIRE(rows.size() > 1);
  return rows;
}

std::set<std::string> documented_operations() {
  std::set<std::string> names;
  for (const auto& row : table_under("operation | kind")) {
    const std::string& cell = row.at(0);
    for (std::size_t at = cell.find('`'); at != std::string::npos;) {
      const std::size_t end = cell.find('`', at + 1);
      REQUIRE(end != std::string::npos);
      const std::string name = cell.substr(at + 1, end - at - 1);
      INFO(name << " stands in two rows");
      REQUIRE(names.insert(name).second);
      at = cell.find('`', end + 1);
    }
  }
  return names;
}

/// The entries of a column below the heading.
std::set<std::string> column(const table_rows& rows, std::size_t index) {
  std::set<std::string> entries;
  for (std::size_t i = 1; i < rows.size(); ++i) entries.insert(rows[i].at(index));
  return entries;
}

/// What a kind's name says of the locks it holds.
struct locks {
  bool any;
  bool exclusive;
  bool all;
};
locks locks_of(std::string_view kind) { return {kind != "look", kind.starts_with("write"), kind.ends_with("all")}; }

/// A second thread that lives as long as the test: starting one for each pair would take longer than the pair runs.
class partner {
 public:
  partner() = default;
  partner(const partner&) = delete;
  partner& operator=(const partner&) = delete;
  ~partner() {
    job_ = nullptr;
    asked_.fetch_add(1);
    thread_.join();
  }

  /// Runs one() here and two() in the other thread, both from the same moment on.
  void run(const std::function<void()>& one, const std::function<void()>& two) {
    job_ = &two;
    asked_.fetch_add(1);
    await(begun_);
    one();
    await(ended_);
  }

 private:
  void await(const std::atomic<unsigned>& counter) const {
    while (counter.load() != asked_.load()) std::this_thread::yield();
  }
  void serve() {
    for (unsigned served = 0;; ++served) {
      while (asked_.load() == served) std::this_thread::yield();
      if (job_ == nullptr) return;
      begun_.fetch_add(1);
      (*job_)();
      ended_.fetch_add(1);
    }
  }

  const std::function<void()>* job_ = nullptr;
  std::atomic<unsigned> asked_{0};
  std::atomic<unsigned> begun_{0};
  std::atomic<unsigned> ended_{0};
  std::thread thread_{[this] { serve(); }};
};

/// What has to have happened for a run to mean anything.
struct events {
  std::size_t growths = 0;
  std::size_t waits = 0;
};

template <class Map>
std::size_t run_pair(partner& other_thread, operation<Map> first, operation<Map> second, events& seen) {
  Map map(evac::shards{2});
  Map other(evac::shards{4});
  for (key k = 0; k < keys; k += 8) {
    map.try_emplace(k, k);
    other.try_emplace(k + 1, k + 1);
  }
  std::size_t bad_here = 0;
  std::size_t bad_there = 0;
  other_thread.run(
      [&] {
        for (key round = 0; round < rounds_of_run; ++round) bad_here += first(map, other, round);
      },
      [&] {
        for (key round = 0; round < rounds_of_run; ++round) {
          // Now and then with the operands in turned roles: a call on two maps must bear that.
          const bool turned = round % 4 == 3;
          bad_there += second(turned ? other : map, turned ? map : other, round);
        }
      });
  std::size_t bad = bad_here + bad_there;
  for (Map* each : {&map, &other}) {
    const auto total = each->stats().total;
    seen.growths += total.table.growths;
    seen.waits += total.contended;
    bad += wrong_in_shards(*each) + (evac_test::validate_shards(*each).empty() ? 0U : 1U);
  }
  return bad;
}

template <class Map>
void run_all_pairs(std::size_t runs) {
  const auto& operations = all_operations<Map>();
  partner other_thread;
  events seen;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    for (std::size_t j = i; j < operations.size(); ++j) {
      std::size_t bad = 0;
      for (std::size_t run = 0; run < runs; ++run) {
        bad += run_pair<Map>(other_thread, operations[i].run, operations[j].run, seen);
      }
      if (bad == 0) continue;
      FAIL_CHECK(bad << " wrong of " << operations[i].name << " beside " << operations[j].name);
    }
  }
  CAPTURE(seen.waits, seen.growths);
  REQUIRE(seen.growths > operations.size() * operations.size());
  REQUIRE(seen.waits > operations.size());
}

}  // namespace

TEST_CASE("the documented operations of sharded_map are those that run beside each other here") {
  std::set<std::string> run;
  for (const auto& each : all_operations<plain_map>()) {
    INFO(each.name << " is listed twice");
    REQUIRE(run.insert(std::string(each.name)).second);
  }
  const std::set<std::string> documented = documented_operations();
  for (const std::string& name : run) {
    INFO(name << " runs here, but is not documented");
    CHECK(documented.count(name) == 1);
  }
  for (const std::string& name : documented) {
    INFO(name << " is documented, but does not run here");
    CHECK(run.count(name) == 1);
  }
}

TEST_CASE("the documented waiting of two operations follows from the locks of their kinds") {
  const std::set<std::string> kinds = column(table_under("kind | holds"), 0);
  REQUIRE(column(table_under("operation | kind"), 1) == kinds);
  const table_rows rows = table_under("beside");
  const std::vector<std::string>& heading = rows.front();
  REQUIRE(std::set<std::string>(heading.begin() + 1, heading.end()) == kinds);
  REQUIRE(rows.size() == heading.size());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    REQUIRE(rows[i].size() == heading.size());
    REQUIRE(rows[i][0] == heading[i]);
    for (std::size_t j = 1; j < heading.size(); ++j) {
      const locks one = locks_of(heading[i]);
      const locks two = locks_of(heading[j]);
      const bool free = !one.any || !two.any || (!one.exclusive && !two.exclusive);
      INFO(heading[i] << " beside " << heading[j]);
      CHECK(rows[i][j] == (free ? "free" : one.all || two.all ? "all" : "shard"));
    }
  }
}

TEST_CASE("any two operations may run at once, with trivial values and a hash without state") {
  run_all_pairs<plain_map>(evac_test::rounds(2));
}

TEST_CASE("any two operations may run at once, with values that own memory and a hash that is replaced") {
  run_all_pairs<seeded_map>(evac_test::rounds(1));
}
