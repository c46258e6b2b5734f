// Histories of sync_maps that threads use at the same time are linearizable: every call can be thought of as happening
// at one moment. Over both storages, good and bad hashes, and while the table grows and shrinks back to nothing.
#include <cstddef>
#include <cstdint>
#include <evac/sync_map.hpp>
#include <evac/sync_set.hpp>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"
#include "support/few_kinds.hpp"
#include "support/sync_histories.hpp"
#include "support/sync_set_histories.hpp"

using namespace evac_test;

namespace {

template <class K, class T, class Hash, evac::storage Storage = evac::storage::automatic>
using map_of = evac::sync_map<K, T, stumbling<Hash>, stumbling_equal, std::allocator<std::pair<const K, T>>, Storage>;

template <class Hash>
using words = map_of<std::uint64_t, std::uint64_t, Hash>;
template <class Hash>
using wide = map_of<std::uint64_t, four_words, Hash>;
template <class Hash>
using strings = map_of<std::string, std::string, Hash>;
template <class Hash>
using words_in_nodes = map_of<std::uint64_t, std::uint64_t, Hash, evac::storage::in_nodes>;

static_assert(!words<good>::in_nodes && !wide<good>::in_nodes && strings<good>::in_nodes);

#define EVAC_TEST_HISTORY_MAPS                                                                                   \
  words<four_bits>, wide<good>, strings<four_bits>,                                                              \
      words_in_nodes<constant> EVAC_TEST_AND_MORE(words<good>, words<constant>, wide<constant>, wide<four_bits>, \
                                                  strings<good>, strings<constant>, words_in_nodes<good>)

// With a constant hash all keys are in one chain: a short one must do.
template <class Map>
constexpr std::uint32_t most_others = std::is_same_v<typename Map::hasher, stumbling<constant>> ? 20 : 400;

template <class Map>
void require_linearizable(history_plan plan, std::size_t times) {
  std::size_t events = 0;
  for (std::size_t round = 0; round < times; ++round) {
    plan.seed = seed() + round;
    plan.threads = 2 + round % 7;
    plan.keys = 1 + static_cast<std::uint32_t>(round * 5 % 6);
    plan.few_values = round % 4 == 3;
    plan.others = round % 5 == 4 ? 0 : round % 5 == 2 ? 3 : most_others<Map>;
    Map map;
    const history all = recorded(map, plan);
    events += all.size();
    INFO("threads " << plan.threads << " keys " << plan.keys << " seed " << plan.seed);
    REQUIRE(what_is_wrong(all, plan) == std::string());
  }
  REQUIRE(events >= times * plan.calls);
}

}  // namespace

TEMPLATE_TEST_CASE("calls on one key each are linearizable", "", EVAC_TEST_HISTORY_MAPS) {
  require_linearizable<TestType>({.calls = 120}, rounds(14));
}

TEMPLATE_TEST_CASE("calls on one key each and clear() are linearizable together", "", EVAC_TEST_HISTORY_MAPS) {
  require_linearizable<TestType>({.calls = 60, .clears = true}, rounds(28));
}

TEMPLATE_TEST_CASE("calls on the keys of a set are linearizable, alone and with clear()", "",
                   (evac::sync_set<std::uint64_t, stumbling<good>, stumbling_equal>),
                   (evac::sync_set<std::uint64_t, stumbling<four_bits>, stumbling_equal>),
                   (evac::sync_set<std::string, stumbling<good>, stumbling_equal>)) {
  for (std::size_t round = 0; round < rounds(20); ++round) {
    history_plan plan{.calls = 100, .seed = seed() + round};
    plan.threads = 2 + round % 4;
    plan.keys = 1 + static_cast<std::uint32_t>(round * 5 % 6);
    plan.clears = round % 2 == 0;
    TestType set;
    const history all = recorded_of_set(set, plan);
    INFO("threads " << plan.threads << " keys " << plan.keys << " seed " << plan.seed);
    REQUIRE(what_is_wrong(all, plan) == std::string());
    REQUIRE(all.size() >= plan.threads * plan.calls / 2);  // calls that draw may draw nothing
  }
}

TEST_CASE("the tables of these histories do grow, and find buckets locked") {
  wide<good> map;
  history_plan plan{.threads = 4, .keys = 3, .calls = 400, .others = 400};
  std::size_t wait_count = 0;
  for (std::size_t round = 0; round < 50 && wait_count == 0; ++round) {
    plan.seed = seed() + round;
    const history all = recorded(map, plan);
    REQUIRE(what_is_wrong(all, plan) == std::string());
    wait_count = map.stats().domain.contended + map.stats().domain.reader_retries;
  }
  CHECK(map.stats().table.growths >= 3);
  CHECK(wait_count != 0);
}
