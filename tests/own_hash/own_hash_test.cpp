// The hash that evac has of its own (EVAC_OWN_HASH): its bits, what has it, and maps on it.
#include <array>
#include <cstdint>
#include <cstring>
#include <evac/map.hpp>
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/key_kinds.hpp"

#ifndef EVAC_OWN_HASH
#error "this program is compiled with EVAC_OWN_HASH"
#endif

namespace {

enum class colour : std::uint8_t { red, green };

struct only_std {
  int value;
  friend bool operator==(only_std, only_std) = default;
};

struct nothing {};

template <class T>
std::size_t hash_of(const T& value) {
  return evac::hash<T>{}(value);
}

/// For each bit of a key, how often it changes each bit of the hash: the part that is furthest from a half.
template <class HashOfBytes>
double worst_bias(std::size_t size, std::size_t rounds, const HashOfBytes& hash) {
  std::mt19937_64 random(size);
  std::vector<std::array<unsigned, 64>> changed(size * 8);
  std::string key(size, '\0');
  for (std::size_t round = 0; round < rounds; ++round) {
    for (char& byte : key) byte = static_cast<char>(random());
    const std::uint64_t before = hash(key);
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      const auto flip = [&] { key[bit / 8] = static_cast<char>(key[bit / 8] ^ (1 << bit % 8)); };
      flip();
      const std::uint64_t difference = hash(key) ^ before;
      flip();
      for (unsigned out = 0; out < 64; ++out) changed[bit][out] += difference >> out & 1U;
    }
  }
  double worst = 0;
  for (const auto& of_bit : changed) {
    for (const unsigned count : of_bit) {
      worst = std::max(worst, std::abs(static_cast<double>(count) / static_cast<double>(rounds) - .5));
    }
  }
  return worst;
}

}  // namespace

template <>
struct std::hash<only_std> {
  std::size_t operator()(only_std key) const { return static_cast<std::size_t>(key.value); }
};

TEST_CASE("each bit of a key changes each bit of its hash half of the time") {
  constexpr std::size_t rounds = 4000;
  // 64 * 512 counts are at most 6 standard deviations (of .008) from a half, but once in some thousand runs with other keys.
  constexpr double most = .05;
  for (const std::size_t size : {2U, 3U, 4U, 5U, 7U, 8U, 9U, 15U, 16U, 17U, 31U, 32U, 33U, 48U, 49U, 64U}) {
    INFO(size);
    CHECK(worst_bias(size, size > 16 ? rounds / 2 : rounds, [](const std::string& key) { return hash_of(key); }) <
          most * 1.4);
  }
  CHECK(worst_bias(8, rounds, [](const std::string& key) {
          std::uint64_t number = 0;
          std::memcpy(&number, key.data(), 8);
          return hash_of(number);
        }) < most);
}

TEST_CASE("strides, shifted counters, pointers and doubles are spread over homes, shards and tags") {
  for (const evac_test::named_keys& kind : evac_test::kinds_of_keys()) {
    INFO(kind.name);
    CHECK(evac_test::worst_deviation(kind.keys, [](std::uint64_t key) { return hash_of(key); }) < 7);
    CHECK(evac_test::worst_deviation(kind.keys, [](std::uint64_t key) { return hash_of(std::pair(key, key >> 8U)); }) <
          7);
    CHECK(evac_test::worst_deviation(kind.keys, [](std::uint64_t key) { return hash_of(std::to_string(key)); }) < 7);
  }
}

TEST_CASE("strings of all lengths have hashes of their own, also if they are zeros") {
  std::set<std::size_t> seen;
  for (std::size_t size = 0; size < 400; ++size) seen.insert(hash_of(std::string(size, '\0')));
  CHECK(seen.size() == 400);
  const std::string text = "some text that is longer than forty-eight bytes, so that all loops are gone through";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    CHECK(evac::hash<std::string>{}(std::string_view(text).substr(0, size)) == hash_of(text.substr(0, size)));
  }
  CHECK(hash_of(std::u16string(u"ab")) != hash_of(std::u16string(u"ba")));
}

TEST_CASE("no beginning of a string makes the rest of it meaningless") {
  // Whoever knows the constants may begin with bytes that one factor of a product is 0 for, if the seed is not in it as
  // well.
  for (const std::uint64_t word : {0x2D358DCCAA6C78A5ULL, 0x8BB84B93962EACC9ULL, 0x4B33A62ED433D4A3ULL}) {
    for (const std::size_t before : {0U, 8U, 16U, 32U, 48U}) {
      std::set<std::size_t> seen;
      for (int i = 0; i < 1000; ++i) {
        std::string text(before, 'x');
        text.append(reinterpret_cast<const char*>(&word), sizeof(word));
        text += std::to_string(10'000'000 + i);
        seen.insert(hash_of(text));
      }
      CHECK(seen.size() == 1000);
    }
  }
}

TEST_CASE("equal values have equal hashes, and others do not") {
  CHECK(hash_of(0.0) == hash_of(-0.0));
  CHECK(hash_of(0.0F) == hash_of(-0.0F));
  CHECK(hash_of(1.0) != hash_of(-1.0));
  CHECK(hash_of(colour::red) != hash_of(colour::green));
  CHECK(hash_of(std::pair(1, 2)) != hash_of(std::pair(2, 1)));
  CHECK(hash_of(std::tuple(1, 2, 3)) != hash_of(std::tuple(1, 3, 2)));
  CHECK(hash_of(std::tuple<>()) == hash_of(std::tuple<>()));
  CHECK(hash_of(std::array{1, 2}) != hash_of(std::array{2, 1}));
  CHECK(hash_of(std::array<char, 1000>{}) == hash_of(std::array<char, 1000>{}));
  CHECK(hash_of(std::optional<int>()) != hash_of(std::optional(0)));
  CHECK(hash_of(std::pair(std::string("a"), std::string("bc"))) !=
        hash_of(std::pair(std::string("ab"), std::string("c"))));
  const auto shared = std::make_shared<int>(1);
  CHECK(hash_of(shared) == hash_of(shared.get()));
  const auto owned = std::make_unique<int>(1);
  CHECK(hash_of(owned) == hash_of(owned.get()));
  CHECK(hash_of(nullptr) == hash_of(static_cast<int*>(nullptr)));
}

TEST_CASE("types that evac knows say that they are avalanching, others have the std::hash that each map finishes") {
  STATIC_REQUIRE(evac::is_avalanching<evac::hash<int>>::value);
  STATIC_REQUIRE(evac::is_avalanching<evac::hash<std::string>>::value);
  STATIC_REQUIRE(evac::is_avalanching<evac::hash<std::pair<int, colour>>>::value);
  STATIC_REQUIRE_FALSE(evac::is_avalanching<evac::hash<only_std>>::value);
  STATIC_REQUIRE_FALSE(std::is_invocable_v<evac::hash<nothing>, const nothing&>);
  STATIC_REQUIRE_FALSE(std::is_invocable_v<evac::hash<std::pair<int, nothing>>, const std::pair<int, nothing>&>);
  CHECK(hash_of(only_std{7}) == 7);
}

TEST_CASE("maps of all kinds work on it") {
  evac::map<std::string, int> map;
  evac::sharded_map<std::pair<int, int>, int> sharded;
  evac::sync_map<only_std, int> sync;
  for (int i = 0; i < 5000; ++i) {
    map[std::to_string(i)] = i;
    sharded.insert_or_assign({i, -i}, i);
    sync.store(only_std{i << 18U}, i);
  }
  std::size_t found = 0;
  for (int i = 0; i < 5000; ++i) {
    found += map.find(std::string_view(std::to_string(i)))->second == i ? 1 : 0;
    sharded.cvisit({i, -i}, [&](const auto& element) { found += element.second == i ? 1 : 0; });
    found += sync.load(only_std{i << 18U}) == i ? 1 : 0;
  }
  CHECK(found == 15000);
  CHECK(map.stats().longest_chain <= 10);  // more is what docs/operations.md calls a hash that does not spread
}
