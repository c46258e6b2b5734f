// Histories of sync_maps: threads that make random calls on few keys, while one more lets the table grow, and what is
// checked of them. Not a test by itself: the tests of tests/concurrency and the program of tests/planted run it.
#ifndef EVAC_TESTS_SUPPORT_SYNC_HISTORIES_HPP
#define EVAC_TESTS_SUPPORT_SYNC_HISTORIES_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/history.hpp"
#include "support/history_elements.hpp"
#include "support/in_threads.hpp"
#include "support/linearizability.hpp"

namespace evac_test {

struct history_plan {
  std::size_t threads = 4;
  std::uint32_t keys = 3;
  std::size_t calls = 100;     // of each thread
  std::uint32_t others = 200;  // keys that come and go beside them
  bool clears = false;         // with clear() among the calls
  bool few_values = false;     // values come again, else each is stored once
  std::uint64_t seed = 0;
};

/// The calls of one thread.
template <class Map>
class random_caller {
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;
  using number = std::uint32_t;

 public:
  random_caller(Map& map, const history_plan& plan, std::size_t thread, recorder& out)
      : map_(map), plan_(plan), roll_(plan.seed * 977 + thread), out_(out), thread_(static_cast<number>(thread)) {}

  void make_calls() {
    for (std::size_t i = 0; i < plan_.calls; ++i) one();
  }

 private:
  static mapped_type value(number of) { return encode<mapped_type>(of); }
  static number known(const std::optional<mapped_type>& found) { return found.has_value() ? decode(*found) : 0; }
  [[nodiscard]] number below(number limit) { return static_cast<number>(roll_() % limit); }
  [[nodiscard]] number fresh() { return plan_.few_values ? 1 + below(3) : (thread_ + 1) * 1'000'000 + ++stored_; }
  /// One that the key has had lately, for those verbs that compare.
  [[nodiscard]] number likely(number key) {
    return plan_.few_values ? 1 + below(3) : last_[key].load(std::memory_order_relaxed);
  }

  void one() {
    const number index = below(plan_.keys);
    const key_type key = encode<key_type>(index);
    const call begun{.key = index, .put = fresh(), .expected = likely(index)};
    const auto record = [&](verb what, const auto& made) {
      call of = begun;
      of.what = what;
      out_.record(of, made);
    };
    const auto remember = [&](number number_seen) {
      if (number_seen != 0) last_[index].store(number_seen, std::memory_order_relaxed);
    };
    switch (below(plan_.clears ? 32 : 31)) {
      case 0:
      case 1:
        return record(verb::load, [&](call& made) { remember(made.found = known(map_.load(key))); });
      case 2:
        return record(verb::load, [&](call& made) {
          map_.load(key, [&](const mapped_type& found) {
            stumble();
            made.found = decode(found);
          });
        });
      case 3:
      case 4:
        return record(verb::store, [&](call& made) {
          made.flag = map_.store(key, value(made.put));
          remember(made.put);
        });
      case 5:
        return record(verb::load_or_store, [&](call& made) {
          const auto result = map_.load_or_store(key, value(made.put));
          made.flag = result.loaded;
          made.found = decode(result.value);
        });
      case 6:
        return record(verb::load_or_store, [&](call& made) {
          const auto result = map_.load_or_compute(key, [&] {
            stumble();
            return value(made.put);
          });
          made.flag = result.loaded;
          made.found = decode(result.value);
        });
      case 7:
        return record(verb::load_and_delete, [&](call& made) { made.found = known(map_.load_and_delete(key)); });
      case 8:
        return record(verb::erase, [&](call& made) { made.flag = map_.erase(key); });
      case 9:
        return record(verb::swap, [&](call& made) {
          made.found = known(map_.swap(key, value(made.put)));
          remember(made.put);
        });
      case 10:
      case 11:
        return record(verb::compare_and_swap, [&](call& made) {
          made.flag = map_.compare_and_swap(key, value(made.expected), value(made.put));
          if (made.flag) remember(made.put);
        });
      case 12:
        return record(verb::compare_and_delete,
                      [&](call& made) { made.flag = map_.compare_and_delete(key, value(made.expected)); });
      case 13:
        return record(verb::update, [&](call& made) { update(key, made); });
      case 14:
        return look_at_all();
      case 15:
        return out_.record_many([&](history& several) { load_many(several); });
      case 16:
        return out_.record_many([&](history& several) { store_many(several); });
      case 17:
        return out_.record_many([&](history& several) { erase_many(several); });
      case 18:
        return record(verb::load, [&](call& made) { made.flag = map_.contains(key); });
      case 19:
        return record(verb::load_or_store, [&](call& made) { compute_and_show(key, made); });
      case 20:
        return out_.record_many([&](history& several) { show_many(several); });
      case 21:
        return record(verb::load, [&](call& made) { made.found = pinned(key); });
      case 22:
        return look_at_snapshot();
      case 23:
      case 24:
        return record(verb::update, [&](call& made) { answer(key, made); });
      case 25:
        return record(verb::compare_and_delete, [&](call& made) {
          made.flag = map_.erase_if(key, [&](const mapped_type& seen) {
            stumble();
            return decode(seen) == made.expected;
          });
        });
      case 26:
        return out_.record_many([&](history& several) { erase_one_of_all(index, several); });
      case 27:
        return record(verb::load_or_store, [&](call& made) { compute_or_decline(key, made); });
      case 28:
        return out_.record_many([&](history& several) { sample(several); });
      case 29:
      case 30:
        return out_.record_many([&](history& several) { pop_any(several); });
      default:
        return record(verb::clear, [&](call&) { map_.clear(); });
    }
  }
  void update(const key_type& key, call& made) {
    const bool deletes = below(4) == 0;
    const std::optional<mapped_type> returned = map_.update(key, [&](std::optional<mapped_type> seen) {
      stumble();
      made.found = known(seen);
      return deletes ? std::nullopt : std::optional<mapped_type>(value(made.put));
    });
    if (deletes) made.put = 0;
    made.flag = known(returned) == made.put;
  }
  // An update whose function may keep what it sees, and is shown it by address.
  void answer(const key_type& key, call& made) {
    const number kind = below(3);
    const number put = made.put;
    const evac::update_outcome outcome =
        map_.update(key, [&](const mapped_type* seen) -> evac::update_answer<mapped_type> {
          made.found = seen != nullptr ? decode(*seen) : 0;
          stumble();
          if (seen != nullptr && decode(*seen) != made.found) made.found = torn;
          if (kind == 0) return evac::keep;
          if (kind == 1) return std::nullopt;
          return value(put);
        });
    made.put = kind == 0 ? made.found : kind == 1 ? 0 : put;
    made.flag = outcome == (kind == 2                      ? evac::update_outcome::stored
                            : kind == 1 && made.found != 0 ? evac::update_outcome::erased
                                                           : evac::update_outcome::kept);
  }
  // A factory that declines has found the key absent.
  void compute_or_decline(const key_type& key, call& made) {
    const bool declines = below(2) == 0;
    const auto make = [&] {
      stumble();
      return declines ? std::nullopt : std::optional<mapped_type>(value(made.put));
    };
    const auto result = map_.load_or_compute(key, make);
    made.found = known(result.value);
    made.flag = result.loaded;
    if (declines) made = {.what = verb::load, .key = made.key, .found = made.found, .invoked = made.invoked};
  }
  // erase_if() as an erasure of the key if it has done that, and else as a look at it; and as a look at each other key.
  void erase_one_of_all(number one, history& several) {
    for (number key = 0; key < plan_.keys; ++key) several.push_back({.key = key});
    const std::size_t erased = map_.erase_if([&](const key_type& key, const mapped_type& seen) {
      stumble();
      const number index = decode(key);
      if (index < plan_.keys) several[index].found = decode(seen);
      return index == one;
    });
    if (erased == 0) several[one].found = 0;  // it was absent, when the walk or the erasure came to it
    if (erased == 1) several[one].what = verb::load_and_delete;
    if (erased > 1) several[one].found = torn;
  }
  // Each draw is a look at what it shows.
  void sample(history& several) {
    map_.sample(roll_, 3, [&](const key_type& key, const mapped_type& seen) {
      stumble();
      if (decode(key) < plan_.keys) several.push_back({.key = decode(key), .found = decode(seen)});
    });
  }
  // pop_any() is an erasure of what it returns, and where that is nothing a look at each key, which was absent.
  void pop_any(history& several) {
    const auto popped = map_.pop_any();
    for (number key = 0; key < plan_.keys && !popped.has_value(); ++key) several.push_back({.key = key});
    if (!popped.has_value() || decode(popped->first) >= plan_.keys) return;
    several.push_back({.what = verb::load_and_delete, .key = decode(popped->first), .found = decode(popped->second)});
  }
  void compute_and_show(const key_type& key, call& made) {
    const auto make = [&] {
      stumble();
      return value(made.put);
    };
    made.flag = map_.load_or_compute(key, make, [&](const mapped_type& found) {
      stumble();
      made.found = decode(found);
    });
  }
  [[nodiscard]] number pinned(const key_type& key) {
    if constexpr (Map::in_nodes) {
      const auto pin = map_.pin();
      const mapped_type* const found = pin.find(key);
      stumble();
      return found != nullptr ? decode(*found) : 0;
    } else {
      return known(map_.load(key));
    }
  }
  void look_at_snapshot() {
    out_.record_many([&](history& several) {
      for (number key = 0; key < plan_.keys; ++key) several.push_back({.key = key});
      const auto copy = map_.snapshot();
      for (call& each : several) {
        const auto found = copy.find(encode<key_type>(each.key));
        if (found != copy.end()) each.found = decode(found->second);
      }
    });
  }
  // range() as a look at each key, which must have had what was visited, and must have been absent if it was not.
  void look_at_all() {
    out_.record_many([&](history& several) {
      for (number key = 0; key < plan_.keys; ++key) several.push_back({.key = key});
      map_.range([&](const key_type& key, const mapped_type& found) {
        stumble();
        const number index = decode(key);
        if (index < plan_.keys) several[index].found = several[index].found == 0 ? decode(found) : torn;
        return true;
      });
    });
  }
  // Bulk writes to many keys have too many explanations when all keys are checked together.
  [[nodiscard]] std::vector<number> some_keys(bool to_write) {
    std::vector<number> keys;
    for (number key = 0; key < plan_.keys; ++key) {
      if (below(2) == 0 && (keys.empty() || !to_write || !plan_.clears)) keys.push_back(key);
    }
    return keys;
  }
  void load_many(history& several) {
    std::vector<key_type> keys;
    for (const number key : some_keys(false)) {
      several.push_back({.key = key});
      keys.push_back(encode<key_type>(key));
    }
    std::vector<std::optional<mapped_type>> found;
    map_.load_many(keys, std::back_inserter(found));
    for (std::size_t i = 0; i < several.size(); ++i) several[i].found = known(found.at(i));
  }
  void show_many(history& several) {
    std::vector<key_type> keys;
    for (const number key : some_keys(false)) {
      several.push_back({.key = key});
      keys.push_back(encode<key_type>(key));
    }
    map_.load_many(keys, [&](const key_type& key, const mapped_type& found) {
      for (call& each : several) {
        if (each.key == decode(key)) each.found = decode(found);
      }
    });
  }
  void store_many(history& several) {
    std::vector<std::pair<key_type, mapped_type>> pairs;
    for (const number key : some_keys(true)) {
      several.push_back({.what = verb::store_unseen, .key = key, .put = fresh()});
      pairs.emplace_back(encode<key_type>(key), value(several.back().put));
    }
    const std::size_t added = map_.store_many(pairs);
    if (pairs.size() == 1) {
      several[0].what = verb::store;
      several[0].flag = added == 1;
    }
  }
  void erase_many(history& several) {
    std::vector<key_type> keys;
    for (const number key : some_keys(true)) {
      several.push_back({.what = verb::erase_unseen, .key = key});
      keys.push_back(encode<key_type>(key));
    }
    const std::size_t erased = map_.erase_many(keys);
    if (keys.size() == 1) {
      several[0].what = verb::erase;
      several[0].flag = erased == 1;
    }
  }

  Map& map_;
  const history_plan& plan_;
  std::mt19937_64 roll_;
  recorder& out_;
  number thread_;
  number stored_ = 0;
  inline static std::array<std::atomic<number>, 8> last_{};  // of all threads: hints
};

/// The calls of threads on a map, and its contents in the end.
template <class Map>
[[nodiscard]] history recorded(Map& map, const history_plan& plan) {
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;
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
      for (std::uint32_t i = 0; i < plan.others; ++i)
        map.store(encode<key_type>(plan.keys + i), encode<mapped_type>(i));
      for (std::uint32_t i = 0; i < plan.others; ++i) map.erase(encode<key_type>(plan.keys + i));
    } while (at_work != 0 && plan.others != 0);
  });
  recorder& last = recorders.back();
  std::size_t there = 0;
  for (std::uint32_t key = 0; key < plan.keys; ++key) {
    last.record({.key = key}, [&](call& made) {
      const std::optional<mapped_type> found = map.load(encode<key_type>(key));
      made.found = found.has_value() ? decode(*found) : 0;
      there += found.has_value() ? 1 : 0;
    });
  }
  // size() is exact now: a wrong one is a value that nothing explains.
  if (map.size() != there) last.record({.key = 0}, [](call& made) { made.found = torn; });
  return joined(recorders);
}

/// Empty if all is well with a history of recorded(). With clear() all keys are checked together as well, unless so
/// many threads took part that this would take too long.
[[nodiscard]] inline std::string what_is_wrong(const history& all, const history_plan& plan) {
  std::string wrong = check_per_key(all);
  if (wrong.empty() && plan.clears && plan.threads <= 5) wrong = check_whole<8>(all);
  return wrong;
}

}  // namespace evac_test

#endif
