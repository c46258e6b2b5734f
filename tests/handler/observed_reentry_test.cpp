// An observer is told of re-entry before EVAC_ASSERT_HANDLER is called, with both calls.
#include "support/throwing_handler.hpp"  // before evac

#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "support/catch.hpp"
#include "support/event_recorder.hpp"

TEST_CASE("an observer of a sharded map is told which call was made inside of which") {
  evac::sharded_map<int, int> map;
  map.emplace(1, 1);
  evac_test::event_recorder told;
  map.observe(&told);
  CHECK_THROWS_AS(map.visit(1, [&](auto&) { (void)map.contains(2); }), std::runtime_error);
  REQUIRE(told.reentries().size() == 1);
  const auto& event = told.reentries()[0];
  CHECK(event.map == &map);
  CHECK(event.inner.operation == std::string_view("contains"));
  CHECK(event.outer.operation == std::string_view("visit"));
  REQUIRE(event.inner.file != nullptr);
  CHECK(std::string_view(event.inner.file).ends_with("observed_reentry_test.cpp"));
  CHECK(event.inner.line == event.outer.line);
  CHECK_THROWS_AS(map.visit(1, [&](auto&) { map.emplace(2, 2); }), std::runtime_error);
  REQUIRE(told.reentries().size() == 2);
  CHECK(told.reentries()[1].inner.operation == std::string_view("emplace"));
  CHECK(told.reentries()[1].inner.file == nullptr);
}

TEST_CASE("an observer that calls the sharded map that it is told of is reported as a visitor would be") {
  struct calls_back : evac::observer {
    evac::sharded_map<int, int>* map = nullptr;
    int reported = 0;
    void growth_begun(const growth_event&) noexcept override {
      try {
        (void)map->contains(1);
      } catch (const std::runtime_error&) {
        ++reported;
      }
    }
  };
  evac::sharded_map<int, int> map(evac::shards{1});
  calls_back by;
  by.map = &map;
  map.observe(&by);
  for (int key = 0; key < 100; ++key) map.emplace(key, key);
  CHECK(by.reported >= 3);
  CHECK_THROWS_AS(map.visit(1, [&](auto&) { map.observe(nullptr); }), std::runtime_error);
}

TEST_CASE("an observer of a sync map is told of an update() that changes its own key") {
  evac::sync_map<int, int> map;
  map.store(1, 1);
  evac_test::event_recorder told;
  map.observe(&told);
  CHECK_THROWS_AS(map.update(1,
                             [&](std::optional<int> value) {
                               map.store(1, 2);
                               return value;
                             }),
                  std::runtime_error);
  map.observe(nullptr);
  REQUIRE(told.reentries().size() == 1);
  CHECK(told.reentries()[0].map == &map);
  CHECK(told.reentries()[0].outer.operation == std::string_view("update"));
}
