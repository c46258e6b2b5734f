// Histories of caches that threads use at the same time are linearizable. An element that leaves for the room it takes,
// or by clear(), is one more call of the history: an erasure of its value, between the beginning of the call that made
// it leave and the moment when the listener was told. Over one and several shards, with more keys than there is room
// for; with a clock, over values that become stale, which one thread replaces and all others still get.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <evac/cache.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/history.hpp"
#include "support/in_threads.hpp"
#include "support/linearizability.hpp"
#include "support/manual_clock.hpp"
#include "support/slow_value.hpp"

using namespace evac_test;
using namespace std::chrono_literals;

namespace {

using number = std::uint32_t;

template <std::size_t Factor>
using slow_cache = evac::cache<std::uint64_t, slow_value, stumbling_hash<Factor>>;
using spread_cache = slow_cache<0x9E3779B97F4A7C15ULL>;
using one_chain_cache = slow_cache<0>;
/// Its values become stale; none expires.
using stale_cache =
    evac::cache<std::uint64_t, slow_value, stumbling_hash<0x9E3779B97F4A7C15ULL>, std::equal_to<>,
                std::allocator<std::pair<const std::uint64_t, slow_value>>, evac::one_each, manual_clock>;
template <class Cache>
constexpr bool is_timed = std::is_same_v<typename Cache::clock_type, manual_clock>;

struct history_plan {
  std::size_t threads = 4;
  number keys = 3;
  std::size_t calls = 150;  // of each thread
  number others = 100;      // keys that come and go beside them
  std::size_t shards = 1;
  std::size_t capacity = 1;
  std::uint64_t seed = 0;
};

/// How often a call that computes came to what is rare.
struct rarities {
  std::size_t skipped = 0;    // another thread was computing
  std::size_t refreshed = 0;  // the value took the place of another one
  std::size_t declined = 0;
};

/// What the listener is told in one thread.
class witness {
 public:
  explicit witness(stamps& clock, number keys) : clock_(&clock), keys_(keys) {}

  /// A call begins in this thread.
  void begin(std::uint64_t invoked) {
    invoked_ = invoked;
    own_ = 0;
  }
  void tell(std::uint64_t key, number value, evac::removal_cause cause) {
    if (cause == evac::removal_cause::replaced || cause == evac::removal_cause::erased) {
      own_ = own_ == 0 ? value : torn;  // none twice
    } else if (key < keys_) {
      left_.push_back({.what = verb::load_and_delete,
                       .key = static_cast<number>(key),
                       .found = value,
                       .invoked = invoked_,
                       .responded = clock_->next()});
    }
  }
  /// The value that the call has replaced or erased; 0 if none.
  [[nodiscard]] number own() const { return own_; }
  /// Of the keys of the history, those that left.
  [[nodiscard]] const history& left() const { return left_; }

 private:
  stamps* clock_;
  number keys_;
  std::uint64_t invoked_ = 0;
  number own_ = 0;
  history left_;
};
thread_local witness* of_this_thread = nullptr;

/// The calls of one thread.
template <class Cache>
class random_caller {
 public:
  random_caller(Cache& cached, const history_plan& plan, std::size_t thread, recorder& out, stamps& clock,
                witness& told)
      : cached_(cached),
        plan_(plan),
        roll_(plan.seed * 977 + thread),
        out_(out),
        clock_(clock),
        told_(told),
        thread_(static_cast<number>(thread)) {}

  rarities make_calls() {
    for (std::size_t i = 0; i < plan_.calls; ++i) one();
    return met_;
  }

 private:
  [[nodiscard]] number below(number limit) { return static_cast<number>(roll_() % limit); }

  void one() {
    const number key = below(plan_.keys);
    const number fresh = (thread_ + 1) * 1'000'000 + ++stored_;
    if constexpr (is_timed<Cache>) manual_clock::advance(5ns);
    const auto record = [&](verb what, const auto& make) {
      out_.record({.what = what, .key = key, .put = fresh}, [&](call& made) {
        told_.begin(made.invoked);
        make(made);
      });
    };
    switch (below(40)) {
      case 0:
        told_.begin(clock_.next());
        return cached_.clear();
      case 1:
      case 2:
      case 3:
        return record(verb::load, [&](call& made) { made.flag = cached_.contains(key); });
      default:
        break;
    }
    switch (below(is_timed<Cache> ? 17 : 13)) {
      case 0:
      case 1:
        return record(verb::load, [&](call& made) {
          const auto found = cached_.get(key);
          made.found = found.has_value() ? decode(*found) : 0;
        });
      case 2:
        return record(verb::load, [&](call& made) {
          const bool there = cached_.get(key, [&](const slow_value& value) {
            stumble();
            made.found = decode(value);
          });
          require_of(made, there == (made.found != 0));
        });
      case 3:
      case 4:
        return record(verb::store, [&](call& made) { put(made); });
      case 5:
      case 6:
        return record(verb::load_or_store, [&](call& made) { put_if_absent(made); });
      case 7:
        return record(verb::load_and_delete, [&](call& made) { erase(made); });
      case 8:
        return record(verb::load_or_store, [&](call& made) { get_or_compute(made); });
      case 9:
        return compute<false>(key, fresh, evac::wait_while_computing);
      case 10:
        return compute<true>(key, fresh, evac::wait_while_computing);
      case 11:
        return compute<true>(key, fresh, evac::skip_while_computing);
      case 12:
        return record(verb::update, [&](call& made) { update(made); });
      case 13:
        if constexpr (is_timed<Cache>) return compute<true>(key, fresh, evac::stale_while_computing);
        break;
      default:
        if constexpr (is_timed<Cache>) return compute<false>(key, fresh, evac::stale_while_computing);
    }
  }
  // Nothing explains a call of which this does not hold.
  static void require_of(call& made, bool holds) {
    if (holds) return;
    made.what = verb::load;
    made.flag = false;
    made.found = torn;
  }

  void put(call& made) {
    made.flag = cached_.put(made.key, slow_value(made.put));
    made.found = told_.own();
    const bool is_told = made.found != 0;
    if (!made.flag) made.what = verb::swap;
    require_of(made, made.flag != is_told);
  }
  // Where the key is there, its value is not told.
  void put_if_absent(call& made) {
    made.found = made.put;
    if (cached_.put_if_absent(std::uint64_t{made.key}, slow_value(made.put))) return;
    made.what = verb::load;
    made.flag = true;
  }
  void erase(call& made) {
    const bool erased = cached_.erase(made.key) == 1;
    made.found = told_.own();
    require_of(made, erased == (made.found != 0));
  }
  void update(call& made) {
    const number kind = below(3);
    const number put = made.put;
    const auto answer = [&](const slow_value* seen) -> evac::update_answer<slow_value> {
      made.found = seen != nullptr ? decode(*seen) : 0;
      stumble();
      if (kind == 0) return evac::keep;
      if (kind == 1) return std::nullopt;
      return slow_value(put);
    };
    const evac::update_outcome outcome = cached_.update(made.key, answer);
    made.put = kind == 0 ? made.found : kind == 1 ? 0 : put;
    made.flag = outcome == (kind == 2                      ? evac::update_outcome::stored
                            : kind == 1 && made.found != 0 ? evac::update_outcome::erased
                                                           : evac::update_outcome::kept);
    require_of(made, told_.own() == (kind == 0 ? 0 : made.found));
  }
  void get_or_compute(call& made) {
    const slow_value got = cached_.get_or_compute(made.key, [&] {
      stumble();
      return slow_value(made.put);
    });
    made.found = decode(got);
    made.flag = made.found != made.put;
  }

  // Where another thread is asked to compute the value, or has: a look that found it, or that found nothing if that one
  // has declined. No part of the history if the call has skipped. No two factories of a key run at a time.
  template <bool MayDecline, class Mode>
  void compute(number key, number put, Mode mode) {
    using result_type = std::conditional_t<MayDecline, std::optional<slow_value>, slow_value>;
    const bool declines = MayDecline && below(2) == 0;
    bool is_called = false;
    bool is_alone = true;
    const auto factory = [&]() -> result_type {
      is_called = true;
      is_alone = !computing_.at(key).exchange(true);
      std::this_thread::yield();
      computing_.at(key) = false;
      if constexpr (MayDecline) {
        if (declines) return std::nullopt;
      }
      return slow_value(put);
    };
    told_.begin(clock_.next());
    out_.record_many([&](history& calls) {
      const auto got = cached_.load_or_compute(key, factory, mode);
      const std::optional<slow_value> value(got.value);
      call& made = calls.emplace_back(call{.key = key, .put = put, .found = value.has_value() ? decode(*value) : 0});
      const number replaced = told_.own();
      const bool is_put_in = value.has_value() && !got.loaded;
      if (std::is_same_v<Mode, evac::skip_while_computing_t> && !value.has_value() && !is_called) {
        ++met_.skipped;
        return calls.clear();
      }
      bool holds = is_alone && (value.has_value() || !got.loaded) && (is_put_in || replaced == 0);
      if (is_put_in) {
        holds = holds && is_called && !declines && made.found == put;
        made.what = replaced != 0 ? verb::swap : verb::store;
        made.flag = replaced == 0;
        made.found = replaced;
      }
      require_of(made, holds);
      met_.refreshed += is_put_in && replaced != 0 ? 1 : 0;
      met_.declined += value.has_value() ? 0 : 1;
    });
  }

  Cache& cached_;
  const history_plan& plan_;
  std::mt19937_64 roll_;
  recorder& out_;
  stamps& clock_;
  witness& told_;
  number thread_;
  number stored_ = 0;
  rarities met_;
  inline static std::array<std::atomic<bool>, 4> computing_{};  // by key: whether a factory runs
};

struct cache_history {
  history all;
  std::size_t left = 0;  // of the keys that it is about
  rarities met{};
};

/// The calls of threads on a cache, what left meanwhile, and its contents in the end.
template <class Cache>
[[nodiscard]] cache_history recorded(const history_plan& plan) {
  stamps clock;
  std::vector<recorder> recorders(plan.threads + 1, recorder(clock));
  std::vector<witness> witnesses(plan.threads + 1, witness(clock, plan.keys));
  typename Cache::options_type options{.capacity = plan.capacity, .shard_count = plan.shards};
  if constexpr (is_timed<Cache>) options.time_to_refresh = 40ns;
  Cache cached(options, [](const std::uint64_t& key, slow_value& value, evac::removal_cause cause) {
    of_this_thread->tell(key, decode(value), cause);
  });
  std::vector<rarities> met(plan.threads);
  std::atomic<std::size_t> at_work{plan.threads};
  in_threads(plan.threads + 1, [&](std::size_t thread) {
    witness& mine = *(of_this_thread = &witnesses[thread]);
    if (thread < plan.threads) {
      met[thread] = random_caller<Cache>(cached, plan, thread, recorders[thread], clock, mine).make_calls();
      --at_work;
      return;
    }
    // The keys that the history is not about take the room of those that it is about.
    while (at_work != 0) {
      for (number i = 0; i < plan.others && at_work != 0; ++i) {
        mine.begin(clock.next());
        cached.put(plan.keys + i, slow_value(1));
        stumble();
      }
    }
  });
  for (number key = 0; key < plan.keys; ++key) {
    recorders.back().record({.key = key}, [&](call& made) {
      const auto found = cached.get(key);
      made.found = found.has_value() ? decode(*found) : 0;
    });
  }
  cache_history whole{joined(recorders)};
  for (const witness& each : witnesses) {
    whole.left += each.left().size();
    whole.all.insert(whole.all.end(), each.left().begin(), each.left().end());
  }
  for (const rarities& each : met) {
    whole.met.skipped += each.skipped;
    whole.met.refreshed += each.refreshed;
    whole.met.declined += each.declined;
  }
  return whole;
}

}  // namespace

TEMPLATE_TEST_CASE("calls of caches are linearizable, with each element that leaves as an erasure", "", spread_cache,
                   one_chain_cache, stale_cache) {
  constexpr std::array<std::size_t, 5> capacities{1, 3, 8, 0, 60};
  const std::size_t times = rounds(30);
  std::size_t left = 0;
  std::size_t found = 0;
  rarities met;
  for (std::size_t round = 0; round < times; ++round) {
    history_plan plan;
    plan.seed = seed() + round;
    plan.threads = 2 + round % 6;
    plan.keys = 1 + static_cast<number>(round * 5 % 4);
    plan.others = round % 3 == 2 ? 0 : 100;
    plan.shards = std::size_t{1} << round % 3;
    plan.capacity = capacities[round % capacities.size()];
    const cache_history whole = recorded<TestType>(plan);
    INFO("threads " << plan.threads << " keys " << plan.keys << " others " << plan.others << " shards " << plan.shards
                    << " capacity " << plan.capacity << " seed " << plan.seed);
    REQUIRE(check_per_key(whole.all) == std::string());
    REQUIRE(whole.all.size() >= plan.calls);
    left += whole.left;
    met.skipped += whole.met.skipped;
    met.refreshed += whole.met.refreshed;
    met.declined += whole.met.declined;
    for (const call& each : whole.all) found += each.what == verb::load && each.found != 0 ? 1 : 0;
  }
  CHECK(left > 10 * times);
  CHECK(found > 10 * times);
  CHECK(met.declined > times);
  CHECK(met.skipped > 0);
  CHECK((met.refreshed > times) == is_timed<TestType>);
}
