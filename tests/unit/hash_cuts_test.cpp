// The bits that evac takes from a hash, of abseil as it is installed: home, shard and tag, each by itself and two of
// them together, for keys as programs have them.
#include <absl/hash/hash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <evac/detail/geometry/addressing.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/key_kinds.hpp"

using namespace evac_test;

namespace {

/// So many low bits of what is cut out of a hash.
struct cut {
  std::uint64_t (*of)(std::size_t hash);
  const char* name;
};
constexpr std::size_t all_shards = evac::detail::most_shards - 1;
constexpr cut home{[](std::size_t hash) { return std::uint64_t{hash}; }, "home"};
// The bits that the homes of a large table go on with.
constexpr cut far_home{[](std::size_t hash) { return std::uint64_t{hash} >> 16U; }, "home of a large table"};
constexpr cut shard{[](std::size_t hash) { return std::uint64_t{evac::detail::shard_of(hash, all_shards)}; }, "shard"};
constexpr cut tag{[](std::size_t hash) { return evac::detail::tag_bits_of(hash); }, "tag"};
// An eighth of all tags shares a bit of the filter.
constexpr cut filter{[](std::size_t hash) { return evac::detail::tag_bits_of(hash) >> 5U; }, "upper bits of the tag"};

/// Pearson's chi-square of the hashes, over the 2^first cells of one cut times the 2^second cells of another one.
[[nodiscard]] double chi_square(const std::vector<std::size_t>& hashes, cut one, unsigned first, cut other,
                                unsigned second) {
  std::vector<unsigned> counts(std::size_t{1} << (first + second));
  for (const std::size_t hash : hashes) {
    const std::uint64_t low = one.of(hash) & ((std::uint64_t{1} << first) - 1);
    const std::uint64_t high = other.of(hash) & ((std::uint64_t{1} << second) - 1);
    ++counts[high << first | low];
  }
  const double expected = static_cast<double>(hashes.size()) / static_cast<double>(counts.size());
  double sum = 0;
  for (const unsigned count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}
/// What a random function does not exceed, in degrees of freedom. A chi-square of k of them is beyond k + 2 sqrt(k x) +
/// 2 x with a probability of e^-x at most (Laurent and Massart, 2000). abseil seeds its hashes anew in each process, so
/// that each run draws again; with x = 40 one of 1000 statistics is beyond this by luck in fewer than 1 run of 10^14.
/// (Each cell has 16 keys at least, where Pearson's statistic has nearly that distribution.)
[[nodiscard]] double most_by_luck(double freedom) {
  constexpr double x = 40;
  return 1 + 2 * std::sqrt(x / freedom) + 2 * x / freedom;
}

/// Requires of each cut, and of two together, a chi-square of at most most(degrees of freedom) for each degree of
/// freedom.
template <class Most>
void require_even(const std::string& keys, const std::vector<std::size_t>& hashes, const Most& most) {
  // Cells for 16 keys each.
  const unsigned bits = std::min(12U, static_cast<unsigned>(std::bit_width(hashes.size() / 16)) - 1);
  const auto require = [&](cut one, unsigned first, cut other, unsigned second) {
    INFO(keys << ": " << one.name << ", " << first << " bits, " << other.name << ", " << second << " bits");
    const double freedom = std::exp2(first + second) - 1;
    REQUIRE(chi_square(hashes, one, first, other, second) / freedom <= most(freedom));
  };
  require(home, bits, tag, 0);
  require(far_home, bits, tag, 0);
  require(shard, bits, tag, 0);
  require(tag, std::min(bits, 8U), home, 0);
  require(filter, 3, home, 0);
  const unsigned half = bits / 2;
  require(home, half, tag, half);
  require(home, half, shard, half);
  require(shard, half, tag, half);
  require(far_home, half, tag, half);
  require(home, half, filter, 3);
  require(home, half, far_home, half);
}

template <class Key, class Most, class Make>
void require_even(const std::string& keys, const Most& most, std::size_t count, const Make& make) {
  std::vector<std::size_t> hashes;
  for (std::size_t i = 0; i < count; ++i) hashes.push_back(absl::Hash<Key>{}(make(i)));
  require_even(keys, hashes, most);
}

constexpr std::size_t many = std::size_t{1} << 16U;

// abseil's hash of a number is a product (20220623, for one), which spreads what is evenly spaced more evenly than a
// random function in one cut, and less so in others. In 25 processes the worst statistic of the keys that programs have
// most was 3.4 for each degree of freedom, that of all strides 25, of homes and tags; for most of them it is the same
// in each process to a hundredth. Luck adds as little as most_by_luck() says.
constexpr auto usual = [](double) { return 10.0; };
constexpr auto any_stride = [](double) { return 100.0; };

}  // namespace

TEST_CASE("abseil's hashes of strings are as even as random ones in all that evac takes from them") {
  for (const std::size_t before : {0U, 3U, 8U, 16U, 40U, 100U, 1100U}) {
    const std::string beginning(before, 'k');
    require_even<std::string>("numbers behind " + std::to_string(before) + " bytes", most_by_luck, many,
                              [&](std::size_t i) { return beginning + std::to_string(i); });
  }
  require_even<std::string>("strings of zeros and ones", most_by_luck, many, [](std::size_t i) {
    std::string text;
    for (unsigned bit = 0; bit < 16; ++bit) text += static_cast<char>('0' + (i >> bit & 1U));
    return text;
  });
}

TEST_CASE("abseil's hashes of numbers spread strides, shifted counters and doubles over homes, shards and tags") {
  for (const named_keys& kind : kinds_of_keys()) {
    require_even<std::uint64_t>(kind.name, any_stride, kind.keys.size(), [&](std::size_t i) { return kind.keys[i]; });
  }
}

TEST_CASE("abseil's hashes of counters, pointers and pairs are spread over homes, shards and tags") {
  require_even<std::uint64_t>("a counter", usual, many, [](std::size_t i) { return i; });
  require_even<int>("ints", usual, many, [](std::size_t i) { return static_cast<int>(i); });
  const auto bytes = std::make_unique<char[]>(64 * many);
  for (const std::size_t apart : {8U, 16U, 24U, 32U, 48U, 64U}) {
    require_even<const char*>("pointers to objects of " + std::to_string(apart), usual, many,
                              [&](std::size_t i) { return bytes.get() + i * apart; });
  }
  using numbers = std::pair<std::uint64_t, std::uint64_t>;
  require_even<numbers>("pairs of which one counts", usual, many, [](std::size_t i) { return numbers(7, i); });
  require_even<numbers>("coordinates", usual, many, [](std::size_t i) { return numbers(i & 255U, i >> 8U); });
  require_even<numbers>("two equal numbers", usual, many, [](std::size_t i) { return numbers(i, i); });
  using named = std::pair<std::string, int>;
  require_even<named>("strings and numbers", usual, many,
                      [](std::size_t i) { return named(std::to_string(i & 255U), static_cast<int>(i >> 8U)); });
}
