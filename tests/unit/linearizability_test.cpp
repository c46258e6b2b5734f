// The checker itself: what it has to accept, and what to reject. Histories are written as in
//   at(2, 7, load(5), 1)      between the stamps 2 and 7, of key 1, which turned out to have 5
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/history.hpp"
#include "support/linearizability.hpp"

using namespace evac_test;

namespace {

using number = std::uint32_t;

// Without stamps: those are the first two arguments of `at`.
call load(number found) { return {.found = found}; }
call store(number put, bool is_new) { return {.what = verb::store, .flag = is_new, .put = put}; }
call load_or_store(number put, number found, bool loaded) {
  return {.what = verb::load_or_store, .flag = loaded, .put = put, .found = found};
}
call load_and_delete(number found) { return {.what = verb::load_and_delete, .found = found}; }
call erase(bool was_there) { return {.what = verb::erase, .flag = was_there}; }
call swap(number put, number found) { return {.what = verb::swap, .put = put, .found = found}; }
call compare_and_swap(number expected, number put, bool done) {
  return {.what = verb::compare_and_swap, .flag = done, .put = put, .expected = expected};
}
call compare_and_delete(number expected, bool done) {
  return {.what = verb::compare_and_delete, .flag = done, .expected = expected};
}
call update(number found, number put) { return {.what = verb::update, .flag = true, .put = put, .found = found}; }
call store_unseen(number put) { return {.what = verb::store_unseen, .put = put}; }
call erase_unseen() { return {.what = verb::erase_unseen}; }
call clear() { return {.what = verb::clear}; }

call at(std::uint64_t invoked, std::uint64_t responded, call made, number key = 0) {
  made.invoked = invoked;
  made.responded = responded;
  made.key = key;
  return made;
}

bool accepted_per_key(const history& calls) { return check_per_key(calls).empty(); }
bool accepted_whole(const history& calls) { return check_whole<4>(calls).empty(); }
bool accepted(const history& calls) {
  // Without clear() the two must agree.
  const bool whole = accepted_whole(calls);
  const bool cleared =
      std::any_of(calls.begin(), calls.end(), [](const call& each) { return each.what == verb::clear; });
  if (!cleared) REQUIRE(accepted_per_key(calls) == whole);
  return whole;
}

}  // namespace

TEST_CASE("calls one after the other are accepted when each returns what the one before has left") {
  CHECK(accepted({}));
  CHECK(accepted({at(1, 2, load(0))}));
  CHECK(accepted({at(1, 2, store(5, true)), at(3, 4, load(5)), at(5, 6, store(6, false)), at(7, 8, swap(7, 6)),
                  at(9, 10, load_and_delete(7)), at(11, 12, load_and_delete(0)), at(13, 14, swap(8, 0)),
                  at(15, 16, erase(true)), at(17, 18, erase(false))}));
  CHECK(accepted({at(1, 2, load_or_store(5, 5, false)), at(3, 4, load_or_store(6, 5, true)),
                  at(5, 6, compare_and_swap(6, 9, false)), at(7, 8, compare_and_swap(5, 9, true)),
                  at(9, 10, compare_and_delete(5, false)), at(11, 12, compare_and_delete(9, true)),
                  at(13, 14, compare_and_swap(9, 9, false)), at(15, 16, compare_and_delete(9, false)),
                  at(17, 18, load(0))}));
  CHECK(accepted({at(1, 2, update(0, 5)), at(3, 4, update(5, 6)), at(5, 6, update(6, 0)), at(7, 8, load(0))}));
  CHECK(accepted({at(1, 2, store_unseen(5)), at(3, 4, store_unseen(6)), at(5, 6, load(6)), at(7, 8, erase_unseen()),
                  at(9, 10, erase_unseen()), at(11, 12, load(0))}));
  CHECK(accepted({at(1, 2, store(5, true), 1), at(3, 4, store(6, true), 2), at(5, 6, load(5), 1), at(7, 8, clear()),
                  at(9, 10, load(0), 1), at(11, 12, load(0), 2)}));
}

TEST_CASE("calls at the same time are accepted when some order explains them") {
  // A load beside a store may find it or not, also when it responds first.
  CHECK(accepted({at(1, 4, store(5, true)), at(2, 3, load(5))}));
  CHECK(accepted({at(1, 4, store(5, true)), at(2, 3, load(0))}));
  // Two stores whose order the loads tell.
  CHECK(accepted({at(1, 10, store(5, false)), at(2, 9, store(6, true)), at(3, 4, load(6)), at(11, 12, load(5))}));
  // A chain of swaps that ran backwards.
  CHECK(accepted({at(1, 10, swap(1, 2)), at(2, 9, swap(2, 3)), at(3, 8, swap(3, 0))}));
  // Only an erasure between the two stores makes both of them new.
  CHECK(accepted({at(1, 2, store(5, true)), at(3, 6, erase(true)), at(4, 5, store(5, true))}));
  // The same value again: a load of it may be of the first or of the second.
  CHECK(accepted({at(1, 2, store(5, true)), at(3, 4, erase(true)), at(5, 8, store(5, true)), at(6, 7, load(5)),
                  at(9, 10, compare_and_delete(5, true))}));
  // An explanation that fails later must be given up: the load of 6 needs the store of 6 to be the last.
  CHECK(accepted({at(1, 8, store(6, false)), at(2, 7, store(5, true)), at(3, 4, load(5)), at(9, 10, load(6))}));
  // clear() at a moment that suits both keys.
  CHECK(accepted({at(1, 2, store(5, true), 0), at(3, 4, store(6, true), 1), at(5, 12, clear()), at(6, 7, load(5), 0),
                  at(8, 9, load(0), 1), at(10, 11, load(0), 0)}));
}

TEST_CASE("calls that several made at once are accepted as calls at moments of their own") {
  CHECK(
      accepted({at(1, 9, load(0), 0), at(1, 9, load(6), 1), at(2, 3, store(5, true), 0), at(4, 5, store(6, true), 1)}));
  CHECK(accepted(
      {at(1, 9, store_unseen(5), 0), at(1, 9, store_unseen(6), 1), at(2, 3, load(6), 1), at(4, 5, load(0), 0)}));
}

TEST_CASE("wrong histories are rejected") {
  const std::vector<std::pair<std::string, history>> wrong = {
      {"lost update", {at(1, 6, update(0, 1)), at(2, 5, update(0, 1))}},
      {"lost store", {at(1, 2, store(5, true)), at(3, 4, load(0))}},
      {"lost insert", {at(1, 2, store(5, true)), at(3, 4, store(6, true))}},
      {"stale read", {at(1, 2, store(5, true)), at(3, 4, store(6, false)), at(5, 6, load(5))}},
      {"two reads in the wrong order",
       {at(1, 2, store(5, true)), at(3, 10, store(6, false)), at(4, 5, load(6)), at(6, 7, load(5))}},
      {"two readers that disagree about the order of two stores",
       {at(1, 20, store(5, false)), at(2, 19, store(6, true)), at(3, 4, load(6)), at(5, 6, load(5)),
        at(7, 8, load(6))}},
      {"value from nowhere", {at(1, 2, store(5, true)), at(3, 4, load(7))}},
      {"value from the future", {at(1, 2, load(5)), at(3, 4, store(5, true))}},
      {"double delete", {at(1, 2, store(5, true)), at(3, 8, load_and_delete(5)), at(4, 7, load_and_delete(5))}},
      {"double erase", {at(1, 2, store(5, true)), at(3, 8, erase(true)), at(4, 7, erase(true))}},
      {"erase that did nothing", {at(1, 2, store(5, true)), at(3, 4, erase(true)), at(5, 6, load(5))}},
      {"contains() of an erased key",
       {at(1, 2, store(5, true)), at(3, 4, erase(true)), at(5, 6, {.what = verb::load, .flag = true})}},
      {"erase that missed", {at(1, 2, store(5, true)), at(3, 4, erase(false)), at(5, 6, load(5))}},
      {"resurrected value", {at(1, 2, store(5, true)), at(3, 4, erase(true)), at(5, 6, load(0)), at(7, 8, load(5))}},
      {"swap chain with a fork", {at(1, 2, store(5, true)), at(3, 8, swap(6, 5)), at(4, 7, swap(7, 5))}},
      {"swap chain with a gap", {at(1, 2, store(5, true)), at(3, 4, swap(6, 5)), at(5, 6, swap(7, 8))}},
      {"swap chain with a ring", {at(1, 10, swap(1, 2)), at(2, 9, swap(2, 1))}},
      {"swap chain whose end is not there", {at(1, 4, swap(1, 0)), at(2, 3, swap(2, 1)), at(5, 6, load(1))}},
      {"two winners of load_or_store", {at(1, 4, load_or_store(5, 5, false)), at(2, 3, load_or_store(6, 6, false))}},
      {"load_or_store that loads what nobody stored", {at(1, 2, load_or_store(5, 6, true))}},
      {"load_or_store that returns something else than it stored", {at(1, 2, load_or_store(5, 6, false))}},
      {"two compare_and_swap from one value",
       {at(1, 2, store(5, true)), at(3, 8, compare_and_swap(5, 6, true)), at(4, 7, compare_and_swap(5, 7, true))}},
      {"compare_and_swap of an absent key", {at(1, 2, compare_and_swap(5, 6, true))}},
      {"compare_and_swap that failed for no reason",
       {at(1, 2, store(5, true)), at(3, 4, compare_and_swap(5, 6, false))}},
      {"compare_and_delete of another value", {at(1, 2, store(5, true)), at(3, 4, compare_and_delete(6, true))}},
      {"compare_and_delete that deleted nothing",
       {at(1, 2, store(5, true)), at(3, 4, compare_and_delete(5, true)), at(5, 6, load(5))}},
      {"update that says something else than its function",
       {at(1, 2, {.what = verb::update, .flag = false, .put = 1, .found = 0})}},
      {"clear() that left a key", {at(1, 2, store(5, true)), at(3, 4, clear()), at(5, 6, load(5))}},
      {"clear() that took what came later", {at(1, 2, clear()), at(3, 4, store(5, true)), at(5, 6, load(0))}},
      {"unseen store that was lost", {at(1, 2, store_unseen(5)), at(3, 4, load(0))}},
      {"unseen erasure that was lost", {at(1, 2, store_unseen(5)), at(3, 4, erase_unseen()), at(5, 6, load(5))}},
  };
  for (const auto& [what, calls] : wrong) {
    INFO(what);
    CHECK_FALSE(accepted(calls));
    // Also in the middle of others, and on another key.
    history longer;
    for (number i = 0; i < 20; ++i) longer.push_back(at(2 * i + 1, 2 * i + 2, swap(i + 1, i), 2));
    for (call each : calls) {
      each.invoked += 40;
      each.responded += 40;
      longer.push_back(each);
    }
    longer.push_back(at(35, 100, load(20), 2));
    CHECK_FALSE(accepted(longer));
  }
}

TEST_CASE("keys that disagree about when clear() was are rejected by the check of all keys only") {
  // Key 0 says that clear() came before the load of 5 there ended, key 1 that it came after the load of 6.
  const history calls = {at(1, 2, store(5, true), 0), at(3, 4, store(6, true), 1), at(5, 14, clear()),
                         at(6, 7, load(0), 0), at(8, 9, load(6), 1)};
  CHECK(accepted_per_key(calls));
  CHECK_FALSE(accepted_whole(calls));
}

TEST_CASE("a call on two keys is accepted when one moment explains what it saw of both") {
  const auto visit_two = [](number found, number put, number other_found, number other_put) {
    return call{.what = verb::visit_two,
                .flag = true,
                .put = put,
                .found = found,
                .other_key = 1,
                .other_put = other_put,
                .other_found = other_found};
  };
  const history before{at(1, 2, store(5, true), 0), at(3, 4, store(6, true), 1)};
  const auto with = [&](const history& more) {
    history all = before;
    all.insert(all.end(), more.begin(), more.end());
    return accepted_whole(all);
  };
  CHECK(with({at(5, 6, visit_two(5, 7, 6, 8)), at(7, 8, load(7), 0), at(9, 10, load(8), 1)}));
  CHECK_FALSE(with({at(5, 6, visit_two(5, 7, 6, 8)), at(7, 8, load(5), 0)}));
  CHECK_FALSE(with({at(5, 6, visit_two(5, 7, 5, 8))}));
  CHECK_FALSE(with({at(5, 6, {.what = verb::visit_two, .other_key = 1})}));
  CHECK(with({at(5, 6, erase(true), 1), at(7, 8, {.what = verb::visit_two, .other_key = 1})}));
  // Each key by itself could have been so, but not both at one moment.
  CHECK_FALSE(with({at(5, 6, store(9, false), 0), at(7, 12, visit_two(9, 9, 10, 10)), at(8, 9, store(3, false), 0),
                    at(10, 11, store(10, false), 1)}));
  // The same key twice: the second change is what stays.
  CHECK(with({at(5, 6, {.what = verb::visit_two, .flag = true, .put = 7, .found = 5, .other_put = 8, .other_found = 5}),
              at(7, 8, load(8), 0)}));
}

TEST_CASE("a rejection names the call that nothing explains") {
  const std::string text = check_per_key({at(1, 2, store(5, true), 3), at(3, 4, load(7), 3)});
  CHECK(text.find("nothing explains [3, 4] load key 3") == 0);
  CHECK(text.find("store key 3 put 5") != std::string::npos);
}

TEST_CASE("random histories that happened are accepted, and nearly none of those with one result changed") {
  std::mt19937_64 roll(seed());
  std::size_t changed = 0;
  std::size_t rejected = 0;
  for (std::size_t round = 0; round < rounds(150); ++round) {
    constexpr std::size_t threads = 5;
    constexpr number keys = 3;
    std::vector<number> state(4, 0);
    // Each thread has a call that begins, happens, ends: at every step one of them goes on.
    std::vector<call> under_way(threads);
    std::vector<int> stage(threads, 0);
    history calls;
    number value = 0;
    for (std::uint64_t stamp = 1; stamp < 300; ++stamp) {
      const std::size_t thread = roll() % threads;
      call& mine = under_way[thread];
      if (stage[thread] == 0) {
        mine = {};
        mine.what = static_cast<verb>(roll() % 11);
        mine.key = static_cast<number>(roll() % keys);
        mine.put = ++value;
        mine.expected = value > 4 ? static_cast<number>(value - roll() % 4) : 1;
        mine.invoked = stamp;
      } else if (stage[thread] == 1) {
        const number before = state[mine.key];
        mine.found = before;
        switch (mine.what) {
          case verb::store:
            mine.flag = before == 0;
            break;
          case verb::load_or_store:
            mine.flag = before != 0;
            mine.found = before != 0 ? before : mine.put;
            break;
          case verb::erase:
            mine.flag = before != 0;
            break;
          case verb::update:
            mine.flag = true;
            break;
          default:
            mine.flag = before != 0 && before == mine.expected;
        }
        state[mine.key] = after(mine, before).value();
      } else {
        mine.responded = stamp;
        calls.push_back(mine);
      }
      stage[thread] = (stage[thread] + 1) % 3;
    }
    // Calls that have not responded may have happened: they respond last.
    for (std::size_t thread = 0; thread < threads; ++thread) {
      if (stage[thread] != 2) continue;
      under_way[thread].responded = 300 + thread;
      calls.push_back(under_way[thread]);
    }
    REQUIRE(check_per_key(calls) == std::string());
    REQUIRE(check_whole<4>(calls) == std::string());

    call& victim = calls[roll() % calls.size()];
    if (victim.what == verb::store_unseen || victim.what == verb::erase_unseen) continue;
    victim.found += 1000;
    victim.flag = !victim.flag;
    ++changed;
    const bool wrong = !check_per_key(calls).empty();
    REQUIRE(wrong == !check_whole<4>(calls).empty());
    rejected += wrong ? 1 : 0;
  }
  // A flag may be right either way when calls are under way beside it.
  CHECK(rejected * 10 > changed * 7);
}
