// Histories of sharded maps that threads use at the same time are linearizable: get_or_compute in all modes, visit2,
// erase_if, elements drawn at random, and what is around them. Over one and several shards, while the tables grow and
// shrink.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/history.hpp"
#include "support/in_threads.hpp"
#include "support/linearizability.hpp"
#include "support/slow_value.hpp"

using namespace evac_test;

namespace {

using number = std::uint32_t;

template <std::size_t Factor>
using slow_map = evac::sharded_map<std::uint64_t, slow_value, stumbling_hash<Factor>>;
using spread_map = slow_map<0x9E3779B97F4A7C15ULL>;
using one_chain_map = slow_map<0>;

struct history_plan {
  std::size_t threads = 4;
  number keys = 3;
  std::size_t calls = 100;  // of each thread
  number others = 100;      // keys that come and go beside them
  bool whole = false;       // with calls on two keys and on all of them, which only a check of all keys together takes
  std::uint64_t seed = 0;
};

/// The calls of one thread.
template <class Map>
class random_caller {
  using element = typename Map::value_type;

 public:
  random_caller(Map& map, const history_plan& plan, std::size_t thread, recorder& out)
      : map_(map), plan_(plan), roll_(plan.seed * 977 + thread), out_(out), thread_(static_cast<number>(thread)) {}

  void make_calls() {
    for (std::size_t i = 0; i < plan_.calls; ++i) one();
  }

 private:
  [[nodiscard]] number below(number limit) { return static_cast<number>(roll_() % limit); }
  [[nodiscard]] number fresh() { return (thread_ + 1) * 1'000'000 + ++stored_; }

  void one() {
    const number key = below(plan_.keys);
    const auto record = [&](verb what, const auto& made) {
      out_.record({.what = what, .key = key, .put = fresh()}, made);
    };
    switch (below(plan_.whole ? 21 : 18)) {
      case 0:
        return record(verb::load, [&](call& made) {
          const auto found = below(2) == 0 ? map_.find(key) : map_.find(map_.prepare(key));
          made.found = found.has_value() ? decode(*found) : 0;
        });
      case 1:
        return record(verb::load, [&](call& made) {
          map_.cvisit(key, [&](const element& seen) { made.found = decode(seen.second); });
        });
      case 2:
        return record(verb::store, [&](call& made) { made.flag = map_.insert_or_assign(key, slow_value(made.put)); });
      case 3:
        return record(verb::load_or_store, [&](call& made) {
          made.found = made.put;
          made.flag =
              !map_.try_emplace_or_visit(key, made.put, [&](const element& seen) { made.found = decode(seen.second); });
        });
      case 4:
        return record(verb::load, [&](call& made) { change(made); });
      case 5:
        return record(verb::erase, [&](call& made) { made.flag = map_.erase(map_.prepare(key)) == 1; });
      case 6:
        return record(verb::load, [&](call& made) { erase_some(made); });
      case 7:
        return out_.record_many([&](history& several) { erase_some_of_all(several); });
      case 8:
        return record(verb::load_or_store, [&](call& made) { compute(made, evac::compute_mode::under_lock); });
      case 9:
        return record(verb::load_or_store, [&](call& made) { compute(made, evac::compute_mode::optimistic); });
      case 10:
      case 11:
        return record(verb::load_or_store, [&](call& made) { compute(made, evac::compute_mode::single_flight); });
      case 12:
        return record_tried(key, verb::load, [&](call& made) {
          const auto tried = map_.visit(std::try_to_lock, key, [&](element& seen) { change_to(made, seen); });
          return !tried.busy();
        });
      case 13:
        return record_tried(key, verb::erase, [&](call& made) {
          const auto tried = map_.erase(std::try_to_lock, key);
          made.flag = !tried.busy() && tried.result() == 1;
          return !tried.busy();
        });
      case 14:
        return record(verb::load_or_store, [&](call& made) { compute_or_decline(made); });
      case 15:
        return out_.record_many([&](history& several) { sample(several); });
      case 16:
      case 17:
        return out_.record_many([&](history& several) { pop_any(several); });
      case 18:
      case 19:
        return record(verb::visit_two, [&](call& made) { change_two(made); });
      default:
        return record(verb::clear, [&](call&) { map_.clear(); });
    }
  }
  // A call that may not be made: then it is none of the history.
  template <class Try>
  void record_tried(number key, verb what, const Try& attempt) {
    out_.record_many([&](history& calls) {
      calls.push_back({.what = what, .key = key, .put = fresh()});
      if (!attempt(calls.back())) calls.clear();
    });
  }
  // A visit of an absent key is a look that found nothing, one of a present key an update.
  void change(call& made) {
    map_.visit(made.key, [&](element& seen) { change_to(made, seen); });
  }
  static void change_to(call& made, element& seen) {
    made.what = verb::update;
    made.flag = true;
    made.found = decode(seen.second);
    seen.second = slow_value(made.put);
  }
  void erase_some(call& made) {
    const bool erases = below(2) == 0;
    map_.erase_if(made.key, [&](const element& seen) {
      made.what = erases ? verb::load_and_delete : verb::load;
      made.found = decode(seen.second);
      return erases;
    });
  }
  void erase_some_of_all(history& several) {
    for (number key = 0; key < plan_.keys; ++key) several.push_back({.key = key});
    map_.erase_if([&](const element& seen) {
      if (seen.first >= plan_.keys) return false;
      const bool erases = below(2) == 0;
      call& made = several[static_cast<std::size_t>(seen.first)];
      made.what = erases ? verb::load_and_delete : verb::load;
      made.found = made.found == 0 ? decode(seen.second) : torn;  // none twice
      return erases;
    });
  }
  void compute(call& made, evac::compute_mode mode) {
    const slow_value got = map_.get_or_compute(
        made.key,
        [&] {
          stumble();
          return slow_value(made.put);
        },
        mode);
    made.found = decode(got);
    made.flag = made.found != made.put;
  }
  // A factory that has declined, here or in another call of this kind, makes it a look that found nothing.
  void compute_or_decline(call& made) {
    const bool declines = below(2) == 0;
    const auto got = map_.load_or_compute(
        made.key,
        [&] {
          stumble();
          return declines ? std::nullopt : std::optional(slow_value(made.put));
        },
        static_cast<evac::compute_mode>(below(3)));
    made.flag = got.loaded;
    if (!got.value.has_value()) {
      made.what = verb::load;
    } else {
      made.found = decode(*got.value);
    }
  }
  // Each draw is a look at what it shows.
  void sample(history& several) {
    map_.sample(roll_, 3, [&](const element& seen) {
      if (seen.first < plan_.keys)
        several.push_back({.key = static_cast<number>(seen.first), .found = decode(seen.second)});
    });
  }
  // pop_any() is an erasure of what it returns, and where that is nothing a look at each key, which was absent.
  void pop_any(history& several) {
    const auto popped = map_.pop_any();
    for (number key = 0; key < plan_.keys && !popped.has_value(); ++key) several.push_back({.key = key});
    if (!popped.has_value() || popped->first >= plan_.keys) return;
    several.push_back(
        {.what = verb::load_and_delete, .key = static_cast<number>(popped->first), .found = decode(popped->second)});
  }
  void change_two(call& made) {
    made.other_key = below(plan_.keys);
    made.other_put = fresh();
    made.flag = map_.visit2(made.key, made.other_key, [&](element& first, element& second) {
      made.found = decode(first.second);
      made.other_found = decode(second.second);
      first.second = slow_value(made.put);
      stumble();
      second.second = slow_value(made.other_put);
    });
  }

  Map& map_;
  const history_plan& plan_;
  std::mt19937_64 roll_;
  recorder& out_;
  number thread_;
  number stored_ = 0;
};

/// The calls of threads on a map, and its contents in the end.
template <class Map>
[[nodiscard]] history recorded(Map& map, const history_plan& plan) {
  stamps clock;
  std::vector<recorder> recorders(plan.threads + 1, recorder(clock));
  std::atomic<std::size_t> at_work{plan.threads};
  in_threads(plan.threads + 1, [&](std::size_t thread) {
    if (thread < plan.threads) {
      random_caller<Map>(map, plan, thread, recorders[thread]).make_calls();
      --at_work;
      return;
    }
    // The keys that the history is not about.
    do {
      for (number i = 0; i < plan.others; ++i) map.try_emplace(plan.keys + i, i);
      for (number i = 0; i < plan.others; ++i) map.erase(plan.keys + i);
    } while (at_work != 0 && plan.others != 0);
  });
  for (number key = 0; key < plan.keys; ++key) {
    recorders.back().record({.key = key}, [&](call& made) {
      const auto found = map.find(key);
      made.found = found.has_value() ? decode(*found) : 0;
    });
  }
  return joined(recorders);
}

template <class Map>
void require_linearizable(history_plan plan, std::size_t times) {
  constexpr std::array<number, 5> others{100, 4, 100, 1, 0};  // few, so that calls that draw come to the keys
  std::size_t events = 0;
  for (std::size_t round = 0; round < times; ++round) {
    plan.seed = seed() + round;
    plan.threads = plan.whole ? 2 + round % 3 : 2 + round % 6;
    plan.keys = 1 + static_cast<number>(round * 5 % 4);
    plan.others = others[round % others.size()];
    Map map(evac::shards{std::size_t{1} << round % 3});
    const history all = recorded(map, plan);
    events += all.size();
    INFO("threads " << plan.threads << " keys " << plan.keys << " shards " << map.shard_count() << " seed "
                    << plan.seed);
    REQUIRE((plan.whole ? check_whole<4>(all) : check_per_key(all)) == std::string());
  }
  REQUIRE(events >= times * plan.calls);
}

}  // namespace

TEMPLATE_TEST_CASE("calls of sharded maps on one key each are linearizable", "", spread_map, one_chain_map) {
  require_linearizable<TestType>({.calls = 150}, rounds(24));
}

TEMPLATE_TEST_CASE("calls of sharded maps on one key, on two and clear() are linearizable together", "", spread_map,
                   one_chain_map) {
  require_linearizable<TestType>({.calls = 60, .whole = true}, rounds(24));
}

TEST_CASE("the tables of these histories do grow, and threads wait for each other's shards") {
  spread_map map(evac::shards{1});
  history_plan plan{.threads = 4, .keys = 3, .calls = 200, .others = 400};
  for (std::size_t round = 0; round < 50 && map.stats().total.contended == 0; ++round) {
    plan.seed = seed() + round;
    REQUIRE(check_per_key(recorded(map, plan)) == std::string());
  }
  CHECK(map.stats().total.table.growths >= 3);
  CHECK(map.stats().total.contended != 0);
}
