// Single flights whose result is taken away at once, and threads that end inside of a call.
#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <evac/sharded_map.hpp>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "support/catch.hpp"
#include "support/in_threads.hpp"
#include "support/sharded_axes.hpp"

using namespace evac_test;

namespace {

constexpr evac::compute_mode modes[] = {evac::compute_mode::under_lock, evac::compute_mode::single_flight,
                                        evac::compute_mode::optimistic};

/// Runs a function when a copy of it that a map gave out is moved: get_or_compute is about to return then, and no lock
/// is held.
struct on_return {
  explicit on_return(int an_id) : id(an_id) {}
  on_return(const on_return& other) : id(other.id), copied(true) {}
  on_return(on_return&& other) noexcept : id(other.id), copied(other.copied) {
    if (copied && run) std::exchange(run, nullptr)();
  }
  on_return& operator=(const on_return&) = delete;
  ~on_return() = default;

  int id;
  bool copied = false;
  static inline std::function<void()> run;
};

/// While the map is empty, only flights are compared: who has been counted here is about to join one.
struct counting_equal {
  static inline std::atomic<int> calls{0};
  bool operator()(int left, int right) const {
    ++calls;
    return left == right;
  }
};
using counted_flights = evac::sharded_map<int, int, evac::hash<int>, counting_equal>;

// Not in a call that blocks: the thread sanitizer takes a thread to be inside of it for good if it is cancelled there.
void cancel_this_thread() {
  ::pthread_cancel(::pthread_self());
  ::pthread_testcancel();
}

/// The result of a caller that has joined a flight whose thread then ends.
template <class End>
int join_a_flight_that_ends(counted_flights& map, const End& end) {
  counting_equal::calls = 0;
  std::atomic<bool> leading{false};
  std::thread leader([&] {
    (void)map.get_or_compute(
        1,
        [&]() -> int {
          leading = true;
          await([] { return counting_equal::calls != 0; });
          end();
          return 1;
        },
        evac::compute_mode::single_flight);
  });
  await([&] { return leading.load(); });
  int got = 0;
  std::thread other([&] { got = map.get_or_compute(1, [] { return 2; }, evac::compute_mode::single_flight); });
  leader.join();
  other.join();
  return got;
}

}  // namespace

TEST_CASE("a call never gets from a flight that is about to end a value that was erased before the call began") {
  using flights = evac::sharded_map<int, on_return>;
  for (const bool overtaken : {false, true}) {
    flights map(evac::shards{2});
    std::size_t erased = 0;
    int second = 0;
    on_return::run = [&] {
      erased = map.erase(1);
      second = map.get_or_compute(1, [] { return on_return(20); }, evac::compute_mode::single_flight).id;
    };
    const auto factory = [&] {
      if (overtaken) map.try_emplace(1, 11);  // the flight finds it, instead of inserting what it has computed
      return on_return(10);
    };
    CHECK(map.get_or_compute(1, factory, evac::compute_mode::single_flight).id == (overtaken ? 11 : 10));
    REQUIRE_FALSE(on_return::run);
    CHECK(erased == 1);
    CHECK(second == 20);
    CHECK(map.find(1)->id == 20);
  }
}

TEST_CASE("a flight whose thread calls pthread_exit or is cancelled is taken over by a thread that waits for it") {
  counted_flights map(evac::shards{2});
  CHECK(join_a_flight_that_ends(map, [] { ::pthread_exit(nullptr); }) == 2);
  CHECK(map.find(1) == 2);
  map.clear();
  CHECK(join_a_flight_that_ends(map, cancel_this_thread) == 2);
  CHECK(map.find(1) == 2);
  CHECK_ALL_FREE(map);
}

TEST_CASE("a thread that is cancelled while it waits for a flight leaves the flight as it is") {
  counted_flights map(evac::shards{1});
  counting_equal::calls = 0;
  std::atomic<bool> leading{false};
  std::atomic<bool> may_end{false};
  int got = 0;
  std::thread leader([&] {
    const auto factory = [&] {
      leading = true;
      await([&] { return may_end.load(); });
      return 1;
    };
    got = map.get_or_compute(1, factory, evac::compute_mode::single_flight);
  });
  await([&] { return leading.load(); });
  std::thread other([&] { (void)map.get_or_compute(1, [] { return 2; }, evac::compute_mode::single_flight); });
  await([] { return counting_equal::calls != 0; });
  ::pthread_cancel(other.native_handle());
  other.join();
  may_end = true;
  leader.join();
  CHECK(got == 1);
  CHECK(map.find(1) == 1);
}

TEST_CASE("a thread that ends inside of a factory or a visitor has released its locks and inserted nothing") {
  for (const evac::compute_mode mode : modes) {
    sharded_strings map(evac::shards{1});
    std::thread([&] {
      (void)map.get_or_compute(
          "a",
          []() -> std::string {
            const std::string owns_memory(100, 'x');
            ::pthread_exit(nullptr);
          },
          mode);
    }).join();
    CHECK_ALL_FREE(map);
    CHECK(map.empty());
    CHECK(map.get_or_compute("a", [] { return std::string("b"); }, mode) == "b");
    CHECK_VALID_SHARDS(map);
  }
  sharded_strings map = filled_shards<sharded_strings>(2, 10);
  std::thread([&] { map.visit_all([](auto&) { ::pthread_exit(nullptr); }); }).join();
  std::thread([&] { map.cvisit(make<std::string>(1), [](const auto&) { ::pthread_exit(nullptr); }); }).join();
  std::thread([&] { map.erase_if([](const auto&) -> bool { ::pthread_exit(nullptr); }); }).join();
  CHECK_ALL_FREE(map);
  CHECK(map.size() == 10);
  CHECK(map.insert_or_assign(make<std::string>(1), "changed") == false);
}
