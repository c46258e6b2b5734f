#include <absl/hash/hash.h>

#include <cstdint>
#include <evac/detail/hash/finish_hash.hpp>
#include <evac/hash.hpp>
#include <evac/map.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/functors.hpp"
#include "support/key_kinds.hpp"

namespace {
struct only_std {
  int value;
};
struct says_no {
  using is_avalanching = std::false_type;
};
}  // namespace
template <>
struct std::hash<only_std> {
  std::size_t operator()(const only_std& key) const { return static_cast<std::size_t>(key.value); }
};

TEST_CASE("a hash is taken as it is only if it says that it is avalanching") {
  STATIC_REQUIRE(evac::is_avalanching<evac::hash<int>>::value);
  STATIC_REQUIRE(evac::is_avalanching<evac::hash<std::string>>::value);
  STATIC_REQUIRE(evac::is_avalanching<absl::Hash<int>>::value);
  STATIC_REQUIRE(evac::is_avalanching<evac_test::raw_identity_hash>::value);
  STATIC_REQUIRE_FALSE(evac::is_avalanching<std::hash<int>>::value);
  STATIC_REQUIRE(evac::is_avalanching<evac::hash<only_std>>::value);  // absl::Hash mixes what std::hash says
  STATIC_REQUIRE_FALSE(evac::is_avalanching<says_no>::value);
}

TEST_CASE("strings and views of them have one hash and are equal") {
  const std::string text = "some key";
  REQUIRE(evac::hash<std::string>{}(text) == evac::hash<std::string>{}(std::string_view(text)));
  REQUIRE(evac::equal_to<std::string>{}(text, "some key"));
}

TEST_CASE("finishing spreads strides, shifted counters, pointers and doubles over homes, shards and tags") {
  // Of 3400 draws of a random function one in a million is beyond 7 standard deviations with these degrees of freedom.
  for (const evac_test::named_keys& kind : evac_test::kinds_of_keys()) {
    INFO(kind.name);
    for (const std::uint64_t seed : {0x0ULL, 0x1234567890ABCDEFULL, 0xDEADBEEF01020304ULL, ~0x0ULL}) {
      REQUIRE(evac_test::worst_deviation(kind.keys,
                                         [&](std::uint64_t key) { return evac::detail::finish_hash(key, seed); }) < 7);
    }
  }
}

TEST_CASE("keys that differ in their upper halves only make no longer chains than a counter does") {
  evac::map<std::uint64_t, int, std::hash<std::uint64_t>> counted;
  evac::map<std::uint64_t, int, std::hash<std::uint64_t>> shifted;
  for (std::uint64_t i = 0; i < 100'000; ++i) counted[i] = shifted[i << 32U] = 0;
  REQUIRE(shifted.stats().longest_chain <= 8);
  REQUIRE(shifted.stats().overflow_buckets < counted.stats().overflow_buckets * 5 / 4);
}

TEST_CASE("two maps finish the same hash differently") {
  evac::map<std::uint64_t, int, evac_test::identity_hash> one;
  evac::map<std::uint64_t, int, evac_test::identity_hash> two;
  for (std::uint64_t i = 0; i < 1000; ++i) one[i] = two[i] = 0;
  std::vector<std::uint64_t> first;
  std::vector<std::uint64_t> second;
  for (const auto& [key, value] : one) first.push_back(key);
  for (const auto& [key, value] : two) second.push_back(key);
  REQUIRE(first.size() == 1000);
  REQUIRE(first != second);
}
