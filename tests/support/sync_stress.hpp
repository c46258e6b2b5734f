// Sync maps whose functors give way to other threads, and their keys and values, for stress tests.
#ifndef EVAC_TESTS_SUPPORT_SYNC_STRESS_HPP
#define EVAC_TESTS_SUPPORT_SYNC_STRESS_HPP

#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <memory>
#include <utility>

#include "support/dice.hpp"
#include "support/same_words.hpp"
#include "support/sync_histories.hpp"

namespace evac_test {

using key = std::uint64_t;

template <class K, class T, class Hash = stumbling<good>, evac::storage Storage = evac::storage::automatic,
          class Allocator = std::allocator<std::pair<const K, T>>>
using map_of = evac::sync_map<K, T, Hash, stumbling_equal, Allocator, Storage>;

using stressed_slots = map_of<key, key>;
using stressed_constant_slots = map_of<key, key, stumbling<constant>>;
using stressed_wide_slots = map_of<key, four_words>;
using stressed_nodes = map_of<key, key, stumbling<good>, evac::storage::in_nodes>;
using stressed_four_bit_nodes = map_of<key, key, stumbling<four_bits>, evac::storage::in_nodes>;
using stressed_strings = map_of<std::string, std::string>;

static_assert(!map_of<key, same_words<7>>::in_nodes && map_of<key, same_words<8>>::in_nodes);

template <class Map>
auto key_of(std::size_t number) {
  return encode<typename Map::key_type>(static_cast<std::uint32_t>(number));
}
template <class Map>
auto value_of(std::size_t number) {
  return encode<typename Map::mapped_type>(static_cast<std::uint32_t>(number));
}

}  // namespace evac_test

#endif
