// Samples of maps, and elements popped from them. The hash and the generators are fixed: nothing depends on luck.
#include <cstddef>
#include <cstdint>
#include <evac/map.hpp>
#include <evac/set.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/draws.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

using fixed_map = evac::map<std::uint64_t, int, fixed_hash>;

/// A generator with as few results as it may have, and one with a range that is no power of two.
template <unsigned Results>
struct small_generator {
  using result_type = unsigned;
  static constexpr result_type min() { return 5; }
  static constexpr result_type max() { return 4 + Results; }
  result_type operator()() { return min() + static_cast<unsigned>((source() >> 20U) % Results); }
  std::mt19937_64 source{7};
};

template <class Generator>
std::vector<std::size_t> drawn_from(const fixed_map& map, std::size_t elements, Generator&& generator) {
  std::vector<std::size_t> drawn(elements, 0);
  const std::size_t draws = 100 * elements;
  REQUIRE(map.sample(generator, draws, [&](const auto& element) { ++drawn[element.first]; }) == draws);
  return drawn;
}

}  // namespace

TEST_CASE("samples of a map draw each element equally often, at any point of a growth") {
  std::mt19937_64 generator(1);
  for (const std::size_t elements : {20U, 150U, 300U, 450U, 700U, 1000U, 1500U}) {
    fixed_map map;
    for (std::uint64_t i = 0; i < elements; ++i) map.emplace(i, 0);
    INFO(elements << " elements");
    CHECK(unevenness(drawn_from(map, elements, generator)) < 1.4);
  }
}

TEST_CASE("samples take generators of any range") {
  fixed_map map;
  constexpr std::size_t elements = 300;
  for (std::uint64_t i = 0; i < elements; ++i) map.emplace(i, 0);
  CHECK(unevenness(drawn_from(map, elements, std::minstd_rand(1))) < 1.4);
  CHECK(unevenness(drawn_from(map, elements, std::mt19937(1))) < 1.4);
  CHECK(unevenness(drawn_from(map, elements, std::ranlux24_base(1))) < 1.4);
  CHECK(unevenness(drawn_from(map, elements, small_generator<2>())) < 1.4);
  CHECK(unevenness(drawn_from(map, elements, small_generator<3>())) < 1.4);
  CHECK(unevenness(drawn_from(map, elements, small_generator<1000>())) < 1.4);
}

TEMPLATE_TEST_CASE("samples of a map draw what is there and nothing else", "", EVAC_TEST_MAPS) {
  using Map = TestType;
  const Map map = filled<Map>(100);
  std::minstd_rand generator(3);
  std::size_t same = 0;
  REQUIRE(map.sample(generator, 300, [&](const auto& element) {
    same += std::addressof(map.find(element.first)->second) == std::addressof(element.second) ? 1 : 0;
  }) == 300);
  REQUIRE(same == 300);
  REQUIRE(Map().sample(generator, 5, [](const auto&) { FAIL("there is none"); }) == 0);
}

TEST_CASE("samples find the few elements of a map that was emptied, and all of one chain") {
  fixed_map map;
  for (std::uint64_t i = 0; i < 20000; ++i) map.emplace(i, 0);
  for (std::uint64_t i = 3; i < 20000; ++i) map.erase(i);
  std::set<std::uint64_t> seen;
  std::mt19937 generator(5);
  map.sample(generator, 300, [&](const auto& element) { seen.insert(element.first); });
  CHECK(seen == std::set<std::uint64_t>{0, 1, 2});
  const constant_map chain = filled<constant_map>(60);
  seen.clear();
  chain.sample(generator, 2000, [&](const auto& element) { seen.insert(element.first); });
  CHECK(seen.size() == 60);
}

TEMPLATE_TEST_CASE("pop_any of a map takes each element out once, as extract does", "", EVAC_TEST_MAPS) {
  using Map = TestType;
  Map map = filled<Map>(100);
  const Map before = filled<Map>(100);
  Map popped;
  for (std::size_t left = 100; left != 0; --left) {
    auto node = map.pop_any();
    REQUIRE(node);
    REQUIRE(map.size() == left - 1);
    REQUIRE(popped.insert(std::move(node)).inserted);
  }
  REQUIRE(map.pop_any().empty());
  REQUIRE(popped == before);
  REQUIRE_VALID(map);
}

TEST_CASE("keys of a set are sampled and popped") {
  evac::set<std::string> set{"one", "two"};
  std::set<std::string> seen;
  set.sample(std::mt19937(1), 50, [&](const std::string& key) { seen.insert(key); });
  CHECK(seen == std::set<std::string>{"one", "two"});
  while (auto node = set.pop_any()) seen.erase(node.value());
  CHECK(seen.empty());
}
