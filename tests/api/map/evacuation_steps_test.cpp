// Every operation, applied to a copy of a map at every size over several growths, compared with std::unordered_map.
#include <evac/map.hpp>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

namespace {

constexpr int largest = 260;

/// One home for all keys, whatever the number of homes.
struct one_home {
  using is_avalanching = void;
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key) << 50U; }
};

/// One operation, done to a map and to its model.
template <class Map, class Model>
struct named_operation {
  const char* name;
  std::function<void(Map&, Model&, int)> apply;
};

template <class Map, class Model>
std::vector<named_operation<Map, Model>> inserting_operations() {
  return {
      {"insert", [](Map& map, Model& model, int n) { map.insert({n, n}), model.insert({n, n}); }},
      {"emplace", [](Map& map, Model& model, int n) { map.emplace(n, 1), model.emplace(n, 1); }},
      {"emplace present", [](Map& map, Model& model, int n) { map.emplace(n / 2, 1), model.emplace(n / 2, 1); }},
      {"emplace_hint",
       [](Map& map, Model& model, int n) {
         map.emplace_hint(map.begin(), n, 2);
         model.emplace(n, 2);
       }},
      {"try_emplace", [](Map& map, Model& model, int n) { map.try_emplace(n, 3), model.try_emplace(n, 3); }},
      {"insert_or_assign",
       [](Map& map, Model& model, int n) {
         for (const int key : {n, n / 2, n / 3}) {
           map.insert_or_assign(key, -n);
           model.insert_or_assign(key, -n);
         }
       }},
      {"operator[]", [](Map& map, Model& model, int n) { map[n] += 4, model[n] += 4; }},
      {"copy of a value into a new key",
       [](Map& map, Model& model, int n) {
         if (n != 0) map[n] = map[n - 1], model[n] = model[n - 1];
       }},
      {"emplace from an element",
       [](Map& map, Model& model, int n) {
         if (n == 0) return;
         const int old = map.begin()->second;
         map.try_emplace(n, map.begin()->second);
         model.try_emplace(n, old);
       }},
      {"range",
       [](Map& map, Model& model, int n) {
         std::vector<std::pair<int, int>> more;
         for (int i = n / 2; i < n + 40; ++i) more.emplace_back(i, i);
         map.insert(more.begin(), more.end());
         model.insert(more.begin(), more.end());
       }},
      {"merge",
       [](Map& map, Model& model, int n) {
         Map other;
         for (int i = n - 2; i < n + 20; ++i) other[i] = model[i] = i;
         map.merge(other);
       }},
      {"merge into another",
       [](Map& map, Model& model, int n) {
         Map other;
         other[n] = model[n] = n;
         other.merge(map);
         map.swap(other);
       }},
  };
}

template <class Map, class Model>
std::vector<named_operation<Map, Model>> removing_operations() {
  return {
      {"erase", [](Map& map, Model& model, int n) { map.erase(n / 2), model.erase(n / 2); }},
      {"erase all, one by one",
       [](Map& map, Model& model, int n) {
         for (int i = 0; i < n; ++i) map.erase(i);
         model.clear();
       }},
      {"erase(begin())",
       [](Map& map, Model& model, int) {
         if (map.empty()) return;
         model.erase(map.begin()->first);
         map.erase(map.begin());
       }},
      {"erase(first, last)",
       [](Map& map, Model& model, int n) {
         const auto from = n < 3 ? map.begin() : std::next(map.begin(), n / 3);
         for (auto at = from; at != map.end(); ++at) model.erase(at->first);
         map.erase(from, map.end());
       }},
      {"erase_if",
       [](Map& map, Model& model, int) {
         erase_if(map, [](const auto& element) { return element.first % 3 == 0; });
         erase_if(model, [](const auto& element) { return element.first % 3 == 0; });
       }},
      {"extract and rename",
       [](Map& map, Model& model, int n) {
         auto node = map.extract(n / 2);
         if (!node) return;
         node.key() = n + 7;
         map.insert(std::move(node));
         auto wanted = model.extract(n / 2);
         wanted.key() = n + 7;
         model.insert(std::move(wanted));
       }},
      {"extract(begin()) and insert again",
       [](Map& map, Model&, int) {
         if (!map.empty()) map.insert(map.extract(map.begin()));
       }},
      {"clear and fill",
       [](Map& map, Model& model, int n) {
         map.clear();
         model.clear();
         for (int i = n; i < n + 20; ++i) map[i] = model[i] = i;
       }},
  };
}

template <class Map, class Model>
std::vector<named_operation<Map, Model>> whole_map_operations() {
  return {
      {"evacuate", [](Map& map, Model&, int) { map.evacuate(3); }},
      {"evacuate all",
       [](Map& map, Model&, int n) {
         map.evacuate(static_cast<std::size_t>(n) + 1000);
         REQUIRE_FALSE(map.evacuating());
       }},
      {"reserve", [](Map& map, Model&, int n) { map.reserve(static_cast<std::size_t>(2 * n)); }},
      {"reserve a little more", [](Map& map, Model&, int n) { map.reserve(static_cast<std::size_t>(n) + 1); }},
      {"rehash", [](Map& map, Model&, int n) { map.rehash(static_cast<std::size_t>(3 * n)); }},
      {"shrink_to_fit", [](Map& map, Model&, int) { map.shrink_to_fit(); }},
      {"move out and back",
       [](Map& map, Model&, int) {
         Map elsewhere = std::move(map);
         REQUIRE(map.empty());  // NOLINT(bugprone-use-after-move): promised
         map[1] = 1;
         map = std::move(elsewhere);
       }},
      {"swap",
       [](Map& map, Model&, int) {
         Map other;
         other[5] = 5;
         swap(map, other);
         map = other;
       }},
  };
}

template <class Map, class Model>
void require_same(const Map& map, const Model& model) {
  REQUIRE_VALID(map);
  REQUIRE(map.size() == model.size());
  std::size_t seen = 0;
  for (const auto& [key, value] : map) {
    const auto wanted = model.find(key);
    REQUIRE(wanted != model.end());
    REQUIRE(wanted->second == value);
    REQUIRE(map.at(key) == value);
    ++seen;
  }
  REQUIRE(seen == model.size());
}

template <class Map, class Model>
void try_all(const std::vector<named_operation<Map, Model>>& operations) {
  Map map;
  Model model;
  std::set<std::size_t> frontiers;
  for (int n = 0; n <= largest; ++n) {
    if (map.evacuating()) frontiers.insert(map.stats().frontier);
    for (const auto& operation : operations) {
      CAPTURE(operation.name, n);
      Map copy = map;
      Model wanted = model;
      operation.apply(copy, wanted, n);
      require_same(copy, wanted);
      // The map that came out must also bear the next operation.
      for (int i = 0; i < 12; ++i) copy[1000 + i] = wanted[1000 + i] = i;
      require_same(copy, wanted);
    }
    map[n] = model[n] = n;
  }
  REQUIRE(frontiers.size() >= 8);
  REQUIRE(map.stats().growths >= 5);
}

}  // namespace

TEMPLATE_TEST_CASE("every operation does the same as std::unordered_map's at every step of an evacuation", "",
                   (evac::map<int, int>), (evac::map<int, int, evac_test::identity_hash>),
                   (evac::map<int, int, evac_test::raw_identity_hash>)) {
  using model = std::unordered_map<int, int>;
  SECTION("inserting") { try_all(inserting_operations<TestType, model>()); }
  SECTION("removing") { try_all(removing_operations<TestType, model>()); }
  SECTION("the whole map") { try_all(whole_map_operations<TestType, model>()); }
}

TEST_CASE("the order of iteration stays the same between inserts") {
  for (int n = 1; n < largest; n += 3) {
    evac::map<int, int> map = evac_test::filled<evac::map<int, int>>(n);
    std::vector<int> order;
    for (const auto& element : map) order.push_back(element.first);
    (void)map.find(3);
    map.insert_or_assign(order.front(), 9);
    map.try_emplace(order.back(), 9);
    std::vector<int> again;
    for (const auto& element : map) again.push_back(element.first);
    REQUIRE(again == order);
    map.erase(order.front());
    again.assign(1, order.front());
    for (const auto& element : map) again.push_back(element.first);
    REQUIRE(again == order);
  }
}

TEST_CASE("a copy of a map whose chains have holes finds the last key of every chain") {
  // Several buckets' worth of keys in one chain, then holes everywhere but at its end.
  for (int n = 8; n < 60; ++n) {
    evac::map<int, int, one_home> map;
    for (int i = 0; i < n; ++i) map[i] = i;
    REQUIRE(map.stats().longest_chain > 1);
    for (int i = 0; i < n - 1; ++i) {
      if (i % 4 != 3) map.erase(i);
    }
    REQUIRE(map.stats().holes > 0);
    auto copy = map;
    REQUIRE_VALID(copy);
    REQUIRE(copy.at(n - 1) == n - 1);
    REQUIRE(copy == map);
    copy[n] = n;
    REQUIRE_VALID(copy);
    REQUIRE(copy.at(n - 1) == n - 1);
  }
}
