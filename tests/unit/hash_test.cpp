#include <absl/hash/hash.h>

#include <algorithm>
#include <cstdint>
#include <evac/hash.hpp>
#include <evac/map.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/functors.hpp"

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

TEST_CASE("finishing spreads sequential, strided and shifted keys over homes and tags") {
  constexpr std::size_t keys = 1U << 14U;
  for (const unsigned shift : {0U, 3U, 12U, 32U, 45U}) {
    std::vector<unsigned> low(keys / 4);
    std::vector<unsigned> top(256);
    for (std::uint64_t i = 0; i < keys; ++i) {
      const std::size_t mixed = evac::detail::finish_hash(static_cast<std::size_t>(i << shift), 0x1234567890ABCDEFULL);
      ++low[mixed % low.size()];
      ++top[mixed >> 56U];
    }
    // Four expected per home: a hash that spreads stays below 24, one that does not reaches hundreds.
    REQUIRE(*std::max_element(low.begin(), low.end()) < 24);
    REQUIRE(*std::max_element(top.begin(), top.end()) < 4 * keys / 256);
  }
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
