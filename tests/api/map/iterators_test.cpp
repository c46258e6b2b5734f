// Iterators and node handles: what they promise as types, and what keeps them valid.
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <iterator>
#include <string>
#include <unordered_set>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {
using map_type = evac::map<int, std::string>;
using set_type = evac::set<int>;

template <class Map>
std::unordered_set<int> keys_of(const Map& map) {
  std::unordered_set<int> keys;
  for (const auto& element : map) REQUIRE(keys.insert(element.first).second);
  return keys;
}
}  // namespace

TEST_CASE("iterators are forward iterators and only the mapped value can be written") {
  STATIC_REQUIRE(std::forward_iterator<map_type::iterator>);
  STATIC_REQUIRE(std::forward_iterator<map_type::const_iterator>);
  STATIC_REQUIRE(std::forward_iterator<set_type::iterator>);
  STATIC_REQUIRE(std::is_convertible_v<map_type::iterator, map_type::const_iterator>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<map_type::const_iterator, map_type::iterator>);
  STATIC_REQUIRE(std::is_same_v<std::iter_reference_t<map_type::iterator>, std::pair<const int, std::string>&>);
  STATIC_REQUIRE(
      std::is_same_v<std::iter_reference_t<map_type::const_iterator>, const std::pair<const int, std::string>&>);
  STATIC_REQUIRE(std::is_same_v<std::iter_reference_t<set_type::iterator>, const int&>);
  map_type map{{1, "one"}};
  const map_type::const_iterator same = map.begin();
  REQUIRE(same == map.begin());
  REQUIRE(map.cbegin() == map.begin());
  REQUIRE(map.begin() != map.cend());
  map.begin()->second = "changed";
  REQUIRE(same->second == "changed");
  REQUIRE(map_type::iterator() == map_type::iterator());
  auto at = map.begin();
  REQUIRE((*at++).first == 1);
  REQUIRE(at == map.end());
}

TEST_CASE("maps and sets are ranges") {
  STATIC_REQUIRE(std::ranges::forward_range<map_type>);
  STATIC_REQUIRE(std::ranges::forward_range<const set_type>);
  const auto set = set_type{1, 2, 3};
  REQUIRE(std::ranges::distance(set) == 3);
  REQUIRE(std::ranges::count_if(set, [](int key) { return key > 1; }) == 2);
}

TEST_CASE("erasing an element leaves iterators, references and pointers to all others valid") {
  map_type map = filled<map_type>(400);
  std::vector<map_type::iterator> all;
  std::vector<const std::string*> values;
  for (auto at = map.begin(); at != map.end(); ++at) {
    all.push_back(at);
    values.push_back(&at->second);
  }
  for (std::size_t i = 0; i < all.size(); i += 2) map.erase(all[i]);
  REQUIRE_VALID(map);
  for (std::size_t i = 1; i < all.size(); i += 2) {
    REQUIRE(&all[i]->second == values[i]);
    REQUIRE(*values[i] == make<std::string>(all[i]->first));
    if (i + 2 < all.size()) REQUIRE(std::next(all[i]) == all[i + 2]);
  }
}

TEST_CASE("erase returns the element behind, also for ranges") {
  map_type map = filled<map_type>(100);
  std::vector<int> order;
  for (const auto& element : map) order.push_back(element.first);
  auto at = map.erase(std::next(map.begin(), 10));
  REQUIRE(at->first == order[11]);
  at = map.erase(at, std::next(at, 5));
  REQUIRE(at->first == order[16]);
  REQUIRE(map.size() == 94);
  REQUIRE(map.erase(at, at) == at);
  REQUIRE(map.erase(at, map.end()) == map.end());
  REQUIRE(map.size() == 10);
  REQUIRE(map.erase(map.begin(), map.end()) == map.end());
  REQUIRE(map.empty());
  REQUIRE_VALID(map);
}

TEST_CASE("erasing by a reference to the key inside the map is safe") {
  evac::map<std::string, int> map;
  for (int i = 0; i < 200; ++i) map[make<std::string>(i)] = i;
  for (int i = 0; i < 200; ++i) REQUIRE(map.erase(map.begin()->first) == 1);
  REQUIRE(map.empty());
}

TEST_CASE("within the room that reserve made, inserts invalidate nothing") {
  map_type map;
  map.reserve(2000);
  std::vector<std::pair<map_type::iterator, const std::string*>> seen;
  for (int i = 0; i < 2000; ++i) {
    const auto at = map.emplace(i, make<std::string>(i)).first;
    seen.emplace_back(at, &at->second);
  }
  for (const auto& [at, value] : seen) {
    REQUIRE(&at->second == value);
    REQUIRE(*value == make<std::string>(at->first));
  }
}

TEST_CASE("elements in nodes never change their address") {
  using node_map = evac::map<int, throwing_mover>;
  node_map map;
  std::vector<const throwing_mover*> addresses;
  for (int i = 0; i < 3000; ++i) addresses.push_back(&map.try_emplace(i, i).first->second);
  for (int i = 0; i < 3000; ++i) REQUIRE(&map.at(i) == addresses[static_cast<std::size_t>(i)]);
  auto node = map.extract(17);
  REQUIRE(&node.mapped() == addresses[17]);
  node_map other;
  other.insert(std::move(node));
  REQUIRE(&other.at(17) == addresses[17]);
  other.merge(map);
  REQUIRE(&other.at(2999) == addresses[2999]);
}

TEST_CASE("a node handle owns its element wherever it goes") {
  const auto live = tracked_census.live;
  const auto blocks = memory.blocks;
  {
    tracked_map map = filled<tracked_map>(50);
    auto node = map.extract(tracked(5));
    REQUIRE(node.get_allocator() == map.get_allocator());
    auto moved = std::move(node);
    REQUIRE(node.empty());  // NOLINT(bugprone-use-after-move): promised
    REQUIRE(moved.mapped().value() == 5);
    auto other = map.extract(tracked(6));
    swap(moved, other);
    REQUIRE(moved.key().value() == 6);
    REQUIRE(other.key().value() == 5);
    moved = std::move(other);
    REQUIRE(moved.key().value() == 5);
    moved.mapped() = tracked(55);
    const auto done = map.insert(std::move(moved));
    REQUIRE(done.inserted);
    REQUIRE(done.node.empty());
    REQUIRE(done.position->second.value() == 55);
    REQUIRE(map.size() == 49);
    const auto nothing = map.insert(tracked_map::node_type());
    REQUIRE_FALSE(nothing.inserted);
    REQUIRE(nothing.position == map.end());
    const auto dropped = map.extract(map.begin());
    REQUIRE(dropped);
    REQUIRE_VALID(map);
  }
  REQUIRE(tracked_census.live == live);
  REQUIRE(memory.blocks == blocks);
}

TEST_CASE("merge takes from maps with another hash, from rvalues and from itself") {
  evac::map<std::uint64_t, int> map;
  evac::map<std::uint64_t, int, four_bit_hash> other;
  for (std::uint64_t i = 0; i < 100; ++i) other[i] = 1;
  for (std::uint64_t i = 50; i < 150; ++i) map[i] = 2;
  map.merge(other);
  REQUIRE(map.size() == 150);
  REQUIRE(other.size() == 50);
  REQUIRE(map.at(60) == 2);
  REQUIRE(map.at(40) == 1);
  REQUIRE_VALID(map);
  REQUIRE_VALID(other);
  map.merge(evac::map<std::uint64_t, int>{{1000, 3}, {0, 4}});
  REQUIRE(map.size() == 151);
  map.merge(map);
  REQUIRE(map.size() == 151);
  REQUIRE_VALID(map);
}

TEST_CASE("merge moves every element once and copies none") {
  tracked_map source = filled<tracked_map>(300);
  tracked_map target;
  target.reserve(300);
  const census before = tracked_census;
  target.merge(source);
  REQUIRE(tracked_census.copies == before.copies);
  REQUIRE(tracked_census.moves == before.moves + 2 * 300);  // key and value
  REQUIRE(source.empty());
  REQUIRE(target.size() == 300);
}

TEST_CASE("a move and a swap of whole maps keep references, as for any node of the standard") {
  map_type map = filled<map_type>(500);
  const std::string* const value = &map.at(77);
  map_type moved = std::move(map);
  REQUIRE(&moved.at(77) == value);
  map_type other = filled<map_type>(3);
  other.swap(moved);
  REQUIRE(&other.at(77) == value);
  moved = std::move(other);
  REQUIRE(&moved.at(77) == value);
  REQUIRE(keys_of(moved).size() == 500);
  moved.swap(moved);
  REQUIRE(&moved.at(77) == value);
}
