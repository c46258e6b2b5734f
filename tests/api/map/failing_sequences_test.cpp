// Long random sequences in which hash, equality, copies, moves and allocations fail now and then. After every failure
// the map is whole, and agrees with a model that knows what the failed operation may have done.
#include <evac/map.hpp>
#include <random>
#include <stdexcept>
#include <unordered_map>

#include "support/axes.hpp"
#include "support/catch.hpp"
#include "support/valid.hpp"

using namespace evac_test;

namespace {

/// Few homes, so that chains are long and a split often needs overflow buckets, which may fail.
struct failing_poor_hash {
  std::size_t operator()(const tracked& key) const {
    fail_hash.tick();
    return static_cast<std::size_t>(key.value() % 13);
  }
};

template <class Value, class Hash>
using failing_map = evac::map<tracked, Value, Hash, throwing_equal<tracked>, counted<tracked, Value>>;
using in_place = failing_map<tracked, throwing_hash<tracked>>;
using in_nodes = failing_map<throwing_mover, throwing_hash<tracked>>;
using in_chains = failing_map<tracked, failing_poor_hash>;

struct failure_kind {
  countdown* source;
  std::size_t struck = 0;
};

template <class Map>
class session {
 public:
  /// One operation that may fail, and the comparison behind it.
  void step(int keys) {
    const int key = static_cast<int>(random_() % static_cast<unsigned>(keys));
    failure_kind& failure = failures_[random_() % std::size(failures_)];
    if (random_() % 3 != 0) arm(failure);
    bool threw = false;
    try {
      single(key);
    } catch (const std::runtime_error&) {
      threw = true;
    }
    failure.struck += failure.source->struck ? 1 : 0;
    failure.source->arm(0);
    failure.source->struck = false;
    settle(key, threw);
  }
  /// A whole-table operation that may fail; elements neither come nor go.
  void rare_step() {
    // Single operations seldom allocate, these nearly always do.
    failure_kind& failure = random_() % 2 == 0 ? failures_[4] : failures_[random_() % std::size(failures_)];
    arm(failure);
    try {
      whole();
    } catch (const std::runtime_error&) {
    }
    failure.struck += failure.source->struck ? 1 : 0;
    failure.source->arm(0);
    failure.source->struck = false;
    compare();
  }
  void compare() {
    REQUIRE_VALID(tested_);
    REQUIRE(tested_.size() == model_.size());
    for (const auto& [key, value] : model_) {
      const auto found = tested_.find(tracked(key));
      REQUIRE(found != tested_.end());
      REQUIRE(found->second.value() == value);
    }
  }
  /// Erases down to few elements, so that the inserts that follow shrink the table.
  void thin_out(std::size_t left) {
    for (auto at = tested_.begin(); at != tested_.end() && tested_.size() > left;) {
      model_.erase(at->first.value());
      at = tested_.erase(at);
    }
    compare();
  }
  void require_failures() const {
    for (const failure_kind& failure : failures_) {
      if (failure.source != &fail_move) REQUIRE(failure.struck > 0);
    }
  }

 private:
  // Most often the first call fails, seldom the thirtieth: that of a split behind the call for the inserted key.
  void arm(failure_kind& failure) { failure.source->arm(1 + random_() % (std::uint64_t{1} << random_() % 6)); }

  void single(int number) {
    const tracked key(number);  // not moved from, so that keys are copied
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        tested_.try_emplace(key, number);
        break;
      case 3:
        tested_.insert_or_assign(key, typename Map::mapped_type(number));
        break;
      case 4:
        tested_[key] = typename Map::mapped_type(number);
        break;
      case 5:
      case 6:
        tested_.erase(key);
        break;
      default: {
        auto node = tested_.extract(key);
        if (node) tested_.insert(std::move(node));
      }
    }
  }
  void whole() {
    switch (random_() % 5) {
      case 0:
        tested_.shrink_to_fit();
        break;
      case 1:
        tested_.reserve(random_() % 600);
        break;
      case 2:
        tested_.rehash(random_() % 600);
        break;
      case 3:
        tested_.evacuate(random_() % 20);
        break;
      default:
        tested_ = Map(tested_);
    }
  }
  // Whether the one key of an operation is there is read from the map; everything else must be as before. What threw
  // before it did its work must not have done half of it: a value is the key, or the 0 that operator[] starts with.
  void settle(int key, bool threw) {
    const auto found = tested_.find(tracked(key));
    if (found == tested_.end()) {
      model_.erase(key);
    } else {
      const int value = found->second.value();
      REQUIRE((value == key || (threw && value == 0)));
      model_[key] = value;
    }
    REQUIRE(tested_.size() == model_.size());
    if (threw) {
      compare();
    } else {
      REQUIRE_VALID(tested_);
    }
  }

  Map tested_;
  std::unordered_map<int, int> model_;
  std::mt19937_64 random_{evac_test::seed()};
  failure_kind failures_[5] = {{&fail_hash}, {&fail_equal}, {&fail_copy}, {&fail_move}, {&fail_allocation}};
};

}  // namespace

TEMPLATE_TEST_CASE("no failure in a long sequence of operations loses, doubles or leaks an element", "", in_place,
                   in_nodes, in_chains) {
  const auto live = tracked_census.live;
  const auto blocks = memory.blocks;
  {
    session<TestType> maps;
    for (std::size_t round = 0; round < evac_test::rounds(12); ++round) {
      for (const int keys : {60, 700, 20}) {
        for (int i = 0; i < 250; ++i) {
          maps.step(keys);
          if (i % 50 == 49) maps.rare_step();
        }
        if (round % 2 == 0) maps.thin_out(5);
      }
    }
    maps.require_failures();
  }
  REQUIRE(tracked_census.live == live);
  REQUIRE(memory.blocks == blocks);
}
