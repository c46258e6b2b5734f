// Histories of sync_sets: as sync_histories.hpp, for the verbs of sets.
#ifndef EVAC_TESTS_SUPPORT_SYNC_SET_HISTORIES_HPP
#define EVAC_TESTS_SUPPORT_SYNC_SET_HISTORIES_HPP

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "support/history.hpp"
#include "support/in_threads.hpp"
#include "support/sync_histories.hpp"

namespace evac_test {

/// The calls of one thread on a set, whose keys all have the value 1.
template <class Set>
class random_set_caller {
  using key_type = typename Set::key_type;
  using number = std::uint32_t;

 public:
  random_set_caller(Set& set, const history_plan& plan, std::size_t thread, recorder& out)
      : set_(set), plan_(plan), roll_(plan.seed * 977 + thread), out_(out) {}

  void make_calls() {
    for (std::size_t i = 0; i < plan_.calls; ++i) one();
  }

 private:
  [[nodiscard]] number below(number limit) { return static_cast<number>(roll_() % limit); }
  // insert() of a present key changes nothing, and all values are the same.
  static void note_insert(call& made, bool is_new) {
    made.what = verb::load_or_store;
    made.put = made.found = 1;
    made.flag = !is_new;
  }
  void one() {
    const number index = below(plan_.keys);
    const key_type key = encode<key_type>(index);
    const std::vector<key_type> alone{key};
    const call begun{.key = index};
    switch (below(plan_.clears ? 11 : 10)) {
      case 0:
        return out_.record(begun, [&](call& made) { note_insert(made, set_.insert(key)); });
      case 1:
        return out_.record(begun, [&](call& made) { note_insert(made, set_.insert_many(alone) == 1); });
      case 2:
        return out_.record(begun, [&](call& made) { made.found = set_.contains(key) ? 1 : 0; });
      case 3:
        return out_.record(begun, [&](call& made) { made.found = set_.count_many(alone) == 1 ? 1 : 0; });
      case 4:
        return out_.record({.what = verb::erase, .key = index}, [&](call& made) { made.flag = set_.erase(key); });
      case 5:
        return out_.record({.what = verb::erase, .key = index},
                           [&](call& made) { made.flag = set_.erase_many(alone) == 1; });
      case 6:
        return out_.record_many([&](history& several) {
          for (number each = 0; each < plan_.keys; ++each) several.push_back({.key = each});
          set_.range([&](const key_type& found) {
            stumble();
            if (decode(found) < plan_.keys) ++several[decode(found)].found;
            return true;
          });
        });
      case 7:
        return out_.record({.what = verb::erase, .key = index}, [&](call& made) {
          made.flag = set_.erase_if([&](const key_type& found) {
            stumble();
            return found == key;
          }) == 1;
        });
      case 8:
        return out_.record_many([&](history& several) {
          set_.sample(roll_, 3, [&](const key_type& found) {
            stumble();
            if (decode(found) < plan_.keys) several.push_back({.key = decode(found), .found = 1});
          });
        });
      case 9:
        return out_.record_many([&](history& several) { pop_any(several); });
      default:
        return out_.record({.what = verb::clear}, [&](call&) { set_.clear(); });
    }
  }

  // pop_any() is an erasure of what it returns, and where that is nothing a look at each key, which was absent.
  void pop_any(history& several) {
    const auto popped = set_.pop_any();
    for (number key = 0; key < plan_.keys && !popped.has_value(); ++key) several.push_back({.key = key});
    if (!popped.has_value() || decode(*popped) >= plan_.keys) return;
    several.push_back({.what = verb::load_and_delete, .key = decode(*popped), .found = 1});
  }

  Set& set_;
  const history_plan& plan_;
  std::mt19937_64 roll_;
  recorder& out_;
};

/// The calls of threads on a set.
template <class Set>
[[nodiscard]] history recorded_of_set(Set& set, const history_plan& plan) {
  using key_type = typename Set::key_type;
  stamps clock;
  std::vector<recorder> recorders(plan.threads, recorder(clock));
  in_threads(plan.threads + 1, [&](std::size_t thread) {
    if (thread < plan.threads) return random_set_caller<Set>(set, plan, thread, recorders[thread]).make_calls();
    for (std::uint32_t i = 0; i < plan.others; ++i) set.insert(encode<key_type>(plan.keys + i));
    for (std::uint32_t i = 0; i < plan.others; ++i) set.erase(encode<key_type>(plan.keys + i));
  });
  return joined(recorders);
}

}  // namespace evac_test

#endif
