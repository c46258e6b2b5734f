// Keys as programs have them: counters, strides, pointers, numbers in bytes; and how evenly a hash spreads them.
#ifndef EVAC_TESTS_SUPPORT_KEY_KINDS_HPP
#define EVAC_TESTS_SUPPORT_KEY_KINDS_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <evac/detail/geometry/addressing.hpp>
#include <evac/detail/table/scan.hpp>
#include <string>
#include <utility>
#include <vector>

namespace evac_test {

struct named_keys {
  std::string name;
  std::vector<std::uint64_t> keys;
};

/// 2^16 keys of each kind that programs have, without repetitions.
[[nodiscard]] inline std::vector<named_keys> kinds_of_keys() {
  constexpr std::uint64_t count = 1U << 16U;
  std::vector<named_keys> kinds;
  const auto add = [&](const std::string& name, const auto& key_of) {
    std::vector<std::uint64_t> keys;
    for (std::uint64_t i = 0; i < count; ++i) keys.push_back(key_of(i));
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    if (keys.size() >= 1024) kinds.push_back({name, std::move(keys)});
  };
  for (unsigned bit = 0; bit <= 60; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    const std::string exponent = std::to_string(bit);
    add("a counter times 2^" + exponent, [&](std::uint64_t i) { return i * power; });
    add("a counter rotated by " + exponent, [&](std::uint64_t i) { return std::rotl(i, static_cast<int>(bit)); });
    add("a counter times 2^" + exponent + " + 1", [&](std::uint64_t i) { return i * (power + 1); });
    if (bit > 1) add("a counter times 2^" + exponent + " - 1", [&](std::uint64_t i) { return i * (power - 1); });
  }
  for (const std::uint64_t step : {8U, 16U, 48U, 64U, 4096U}) {
    add("pointers to objects of " + std::to_string(step), [&](std::uint64_t i) { return 0x7f3a12340010U + i * step; });
  }
  add("doubles of integers", [](std::uint64_t i) { return std::bit_cast<std::uint64_t>(static_cast<double>(i)); });
  add("floats of integers", [](std::uint64_t i) { return std::bit_cast<std::uint32_t>(static_cast<float>(i)); });
  add("a counter with its bits reversed", [](std::uint64_t i) { return evac::detail::reverse_bits(i); });
  add("a counter below zero", [](std::uint64_t i) { return ~i; });
  add("two small counters in halves", [](std::uint64_t i) { return (i & 0xFFU) | (i >> 8U) << 32U; });
  add("eight digits in bytes", [](std::uint64_t i) {
    std::uint64_t bytes = 0;
    for (unsigned digit = 0; digit < 8; ++digit) bytes |= ((i >> (2 * digit)) & 3U) << (8 * digit);
    return bytes;
  });
  add("coordinates joined by 31", [](std::uint64_t i) { return (i & 0xFFU) * 31 + (i >> 8U); });
  add("three bits set", [](std::uint64_t i) {
    return std::uint64_t{1} << i % 41 | std::uint64_t{1} << i / 41 % 41 | std::uint64_t{1} << i / 1681;
  });
  return kinds;
}

/// How far the counts are from those of a random function, in standard deviations of chi-square.
[[nodiscard]] inline double deviation(const std::vector<unsigned>& counts, double keys) {
  const double expected = keys / static_cast<double>(counts.size());
  double chi_square = 0;
  for (const unsigned count : counts) chi_square += (count - expected) * (count - expected) / expected;
  const auto freedom = static_cast<double>(counts.size() - 1);
  return (chi_square - freedom) / std::sqrt(2 * freedom);
}

/// The worst of the cuts that the maps make: homes (low bits), shards, tags (top byte), and tags within a home.
template <class Hash>
[[nodiscard]] double worst_deviation(const std::vector<std::uint64_t>& keys, const Hash& hash_of) {
  const std::size_t few = std::bit_floor(keys.size() / 4);
  std::vector<unsigned> homes(few);
  std::vector<unsigned> tags(256);
  std::vector<unsigned> shards(64);
  std::vector<unsigned> both(std::min<std::size_t>(4096, few));
  for (const std::uint64_t key : keys) {
    const std::size_t hash = hash_of(key);
    ++homes[hash % few];
    ++tags[hash >> 56U];
    ++shards[evac::detail::shard_of(hash, 63)];
    ++both[(hash >> 56U << 4U | (hash & 15U)) % both.size()];
  }
  const auto total = static_cast<double>(keys.size());
  return std::max(std::max(deviation(homes, total), deviation(tags, total)),
                  std::max(deviation(shards, total), deviation(both, total)));
}

}  // namespace evac_test

#endif
