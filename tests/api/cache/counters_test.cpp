// Figures of a cache: what they count, and the forms in which they are read.
#include <chrono>
#include <cstddef>
#include <evac/cache.hpp>
#include <evac/openmetrics.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/openmetrics_reader.hpp"

using evac_test::openmetrics_reader;

TEST_CASE("a cache counts its requests, and what factories did") {
  evac::cache<int, int> cached(100);
  CHECK(cached.counters().hit_ratio() == 0);
  constexpr auto nap = std::chrono::milliseconds(2);
  CHECK(cached.get_or_compute(1, [&] {
    std::this_thread::sleep_for(nap);
    return 1;
  }) == 1);
  CHECK_THROWS_AS(cached.get_or_compute(2,
                                        [&]() -> int {
                                          std::this_thread::sleep_for(nap);
                                          throw std::runtime_error("no");
                                        }),
                  std::runtime_error);
  for (int i = 0; i < 6; ++i) CHECK(cached.get(1) == 1);
  const evac::cache_counters counted = cached.counters();
  CHECK(counted.hits == 6);
  CHECK(counted.misses == 2);
  CHECK(counted.hit_ratio() == 0.75);
  CHECK(counted.loads == 1);
  CHECK(counted.load_failures == 1);
  CHECK(counted.load_time >= 2 * nap);
  CHECK(counted.size == 1);
  CHECK(counted.capacity == 100);
}

TEST_CASE("the figures of a cache are printed, and written as JSON") {
  evac::cache_counters counters;
  counters.hits = 7;
  counters.load_time = std::chrono::microseconds(3);
  CHECK(counters.to_json() ==
        R"({"size":0,"weight":0,"capacity":0,"hits":7,"misses":0,"loads":0,"load_failures":0,"load_time_ns":3000,)"
        R"("evicted":0,"expired":0,"replaced":0,"erased":0,"cleared":0})");
  std::ostringstream text;
  text << counters;
  CHECK(text.str().find("evac cache\n") == 0);
  CHECK(text.str().find("  hits                  7\n") != std::string::npos);
}

TEST_CASE("a page of metrics tells caches from maps") {
  evac::cache<int, int> pages(100);
  evac::cache<int, int> names(50);
  for (int key = 0; key < 60; ++key) pages.put(key, key);
  static_cast<void>(pages.get(1));
  evac::metrics_page page;
  page.add("pages", pages);
  page.add("names", names);
  evac::cache_counters slow;
  slow.load_time = std::chrono::nanoseconds(1'500'000'000);
  page.add("slow", slow);
  const openmetrics_reader read(page.openmetrics());
  CHECK(read.families().size() == 13);
  CHECK(read.value("evac_cache_size", "cache=pages") == "60");
  CHECK(read.value("evac_cache_capacity", "cache=names") == "50");
  CHECK(read.value("evac_cache_hits", "cache=pages") == "1");
  CHECK(read.families().at("evac_cache_hits").type == "counter");
  CHECK(read.families().at("evac_cache_load_seconds").unit == "seconds");
  CHECK(read.value("evac_cache_load_seconds", "cache=slow") == "1.500000000");
}
