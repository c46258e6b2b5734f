// When the locks of a sharded map are released: before elements are destroyed, and whatever throws; and that threads
// which wait for them sleep.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <evac/sharded_map.hpp>
#include <functional>
#include <initializer_list>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "support/catch.hpp"
#include "support/sharded_stress.hpp"

using namespace evac_test;

namespace {
/// Calls something when the value ends; what has been moved from is not the value any more.
class farewell {
 public:
  explicit farewell(const std::function<void()>& say) : say_(&say) {}
  farewell(farewell&& other) noexcept : say_(std::exchange(other.say_, nullptr)) {}
  farewell(const farewell&) = default;
  farewell& operator=(farewell other) noexcept {
    std::swap(say_, other.say_);
    return *this;
  }
  ~farewell() {
    if (say_ != nullptr) (*say_)();
  }

 private:
  const std::function<void()>* say_;
};
}  // namespace

TEMPLATE_TEST_CASE("elements are destroyed after the locks are released: a destructor may use the map", "",
                   EVAC_TEST_MUTEXES) {
  using map_type = map_under<farewell, TestType>;
  struct ending {
    const char* name;
    std::size_t ends;  // values that the call ends at least
    std::function<void(map_type& map, map_type& other, const std::function<void()>& say)> call;
  };
  const ending endings[] = {
      {"erase", 1, [](auto& map, auto&, auto&) { map.erase(1); }},
      {"erase_if of a key", 1, [](auto& map, auto&, auto&) { map.erase_if(1, [](auto&) { return true; }); }},
      {"erase_if", 40, [](auto& map, auto&, auto&) { map.erase_if([](auto&) { return true; }); }},
      {"insert_or_assign", 1, [](auto& map, auto&, auto& say) { map.insert_or_assign(1, farewell(say)); }},
      {"insert of a key that is there", 1, [](auto& map, auto&, auto& say) { map.insert({1, farewell(say)}); }},
      {"emplace of a key that is there", 1,
       [](auto& map, auto&, auto& say) {
         map.emplace(std::piecewise_construct, std::forward_as_tuple(1), std::forward_as_tuple(say));
       }},
      {"clear", 40, [](auto& map, auto&, auto&) { map.clear(); }},
      {"copy assignment", 40, [](auto& map, auto& other, auto&) { map = std::as_const(other); }},
      {"move assignment", 40, [](auto& map, auto& other, auto&) { map = std::move(other); }},
      {"list assignment", 40,
       [](auto& map, auto&, auto&) { map = std::initializer_list<typename map_type::value_type>{}; }},
      {"map assignment", 40, [](auto& map, auto&, auto&) { map = typename map_type::map_type(); }},
  };
  for (const ending& one : endings) {
    const std::function<void()> say_nothing = [] {};
    map_type* in_use = nullptr;
    std::size_t ended = 0;
    const std::function<void()> say = [&] {
      if (in_use == nullptr) return;
      map_type& map = *in_use;
      ++ended;
      in_use = nullptr;  // what this call ends itself is silent
      for (shared_key k = 0; k < 100; k += 20) {
        map.try_emplace(k + ended, say_nothing);
        map.visit(k, [](auto&) {});
      }
      map.visit_all([](auto&) {});
      in_use = &map;
    };
    map_type map(evac::shards{2});
    map_type other(evac::shards{2});
    for (shared_key k = 0; k < 40; ++k) map.try_emplace(k, say);
    other.try_emplace(3, say_nothing);
    in_use = &map;
    one.call(map, other, say);
    in_use = nullptr;
    INFO(one.name);
    CHECK(ended >= one.ends);
    REQUIRE_VALID_SHARDS(map);
  }
}

TEMPLATE_TEST_CASE("a visitor, a factory or a constructor that throws leaves the locks free for other threads", "",
                   EVAC_TEST_MUTEXES) {
  struct failure {};
  using map_type = map_under<std::string, TestType>;
  const auto fail = [](const auto&) { throw failure(); };
  const auto fail_to_answer = [](const auto&) -> bool { throw failure(); };
  const auto fail_to_make = []() -> std::string { throw failure(); };
  const std::array<shared_key, 2> several{1, 2};
  struct thrower {
    const char* name;
    std::function<void(map_type& map)> call;
  };
  const thrower throwers[] = {
      {"visit", [&](auto& map) { map.visit(1, fail); }},
      {"cvisit", [&](auto& map) { map.cvisit(1, fail); }},
      {"visit of several", [&](auto& map) { map.visit(several.begin(), several.end(), fail); }},
      {"visit2", [&](auto& map) { map.visit2(1, 2, [](auto&, auto&) { throw failure(); }); }},
      {"insert_or_visit", [&](auto& map) { map.insert_or_visit({1, ""}, fail); }},
      {"insert_and_cvisit", [&](auto& map) { map.insert_and_cvisit({99, ""}, fail, fail); }},
      {"try_emplace_or_cvisit", [&](auto& map) { map.try_emplace_or_cvisit(1, "", fail); }},
      {"try_emplace of what cannot be made", [&](auto& map) { map.try_emplace(98, std::string().max_size(), 'x'); }},
      {"erase_if of a key", [&](auto& map) { map.erase_if(1, fail_to_answer); }},
      {"erase_if", [&](auto& map) { map.erase_if(fail_to_answer); }},
      {"visit_all", [&](auto& map) { map.visit_all(fail); }},
      {"cvisit_all", [&](auto& map) { map.cvisit_all(fail); }},
      {"visit_while", [&](auto& map) { map.visit_while(fail_to_answer); }},
      {"for_each", [&](auto& map) { map.for_each(fail); }},
      {"under_lock", [&](auto& map) { static_cast<void>(map.get_or_compute(97, fail_to_make)); }},
      {"single_flight",
       [&](auto& map) { static_cast<void>(map.get_or_compute(97, fail_to_make, evac::compute_mode::single_flight)); }},
      {"reserve", [&](auto& map) { map.reserve(map.max_size() * 2); }},
  };
  for (const thrower& one : throwers) {
    map_type map(evac::shards{2});
    for (shared_key k = 0; k < 20; ++k) map.try_emplace(k, std::to_string(k));
    bool thrown = false;
    try {
      one.call(map);
    } catch (...) {
      thrown = true;
    }
    std::size_t cleared = 0;
    std::thread other([&] {
      map.visit_all([](auto& element) { element.second += "!"; });
      cleared = map.erase_if([](auto&) { return true; });
      map.clear();
      map.try_emplace(1, "after");
    });
    other.join();
    INFO(one.name);
    CHECK(thrown);
    CHECK((cleared == 20 || cleared == 21));
    CHECK(map.find(1) == "after");
  }
}

TEMPLATE_TEST_CASE("threads that wait for a sleeping holder sleep, too: eight to a core make progress and burn no time",
                   "", EVAC_TEST_MUTEXES) {
  using namespace std::chrono;
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t threads = std::min<std::size_t>(8 * cores, 32);
  constexpr std::size_t each = 6;
  map_under<int, TestType> map(evac::shards{2});
  map.try_emplace(1, 0);
  const auto processor_time = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
  };
  const auto burnt_before = processor_time();
  const auto began = steady_clock::now();
  in_threads(threads, [&](std::size_t thread) {
    for (std::size_t i = 0; i < each; ++i) {
      if ((thread + i) % 4 == 0) static_cast<void>(map.find(1));
      map.visit(1, [](auto& element) {
        const int before = element.second;
        std::this_thread::sleep_for(milliseconds(2));
        element.second = before + 1;
      });
    }
  });
  const auto took = steady_clock::now() - began;
  const auto burnt = processor_time() - burnt_before;
  REQUIRE(map.find(1) == static_cast<int>(threads * each));
  CAPTURE(duration_cast<microseconds>(burnt).count(), duration_cast<microseconds>(took).count());
  // The one place where a clock decides, with a wide margin: waiting by spinning would take all cores all the time.
  REQUIRE(burnt * 3 < took * static_cast<long>(cores));
}
