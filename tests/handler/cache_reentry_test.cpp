// Calling a cache from inside its own visitor, predicate or weigher is reported before any lock is taken, with both
// calls; calling it from its listener or from a factory is not.
#include "support/throwing_handler.hpp"  // before evac

#include <chrono>
#include <cstddef>
#include <evac/cache.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

/// Weighs 1, and calls what is set, once.
struct calling_weigher {
  static inline std::function<void()> call;
  std::size_t operator()(const int&, const int&) const {
    if (const auto once = std::exchange(call, nullptr)) once();
    return 1;
  }
};
using cache_type = evac::weighed_cache<int, int, calling_weigher, std::chrono::steady_clock>;

struct inner_call {
  std::string name;
  std::function<void(cache_type&)> enter;
};
const std::vector<int> keys{1, 2, 3};
const std::vector<inner_call> inner_calls{
    {"get", [](cache_type& cached) { (void)cached.get(2); }},
    {"get", [](cache_type& cached) { cached.get(keys.begin(), keys.end(), [](const int&, const int&) {}); }},
    {"contains", [](cache_type& cached) { (void)cached.contains(2); }},
    {"put", [](cache_type& cached) { cached.put(2, 2); }},
    {"put_if_absent", [](cache_type& cached) { cached.put_if_absent(200, 2); }},
    {"get_or_compute", [](cache_type& cached) { (void)cached.get_or_compute(200, [] { return 1; }); }},
    {"load_or_compute", [](cache_type& cached) { cached.load_or_compute(200, [] { return 1; }); }},
    {"erase", [](cache_type& cached) { cached.erase(2); }},
    {"erase_if", [](cache_type& cached) { cached.erase_if([](const int&, const int&) { return true; }); }},
    {"for_each", [](cache_type& cached) { cached.for_each([](const int&, const int&) {}); }},
    {"update", [](cache_type& cached) { cached.update(2, [](const int*) { return evac::keep; }); }},
    {"scan", [](cache_type& cached) { (void)cached.scan({}, 9, [](const int&, const int&) {}); }},
    {"set_capacity", [](cache_type& cached) { cached.set_capacity(1); }},
    {"set_expiry", [](cache_type& cached) { cached.set_expiry(2, evac::expiry()); }},
    {"time_left", [](cache_type& cached) { (void)cached.time_left(2); }},
    {"sweep", [](cache_type& cached) { cached.sweep(100); }},
    {"clear", [](cache_type& cached) { cached.clear(); }},
};

struct outer_call {
  std::string name;
  std::function<void(cache_type&, const std::function<void()>&)> run;
};
const std::vector<outer_call> outer_calls{
    {"get", [](cache_type& cached, auto& enter) { cached.get(1, [&](const int&) { enter(); }); }},
    {"get", [](cache_type& cached,
               auto& enter) { cached.get(keys.begin(), keys.end(), [&](const int&, const int&) { enter(); }); }},
    {"for_each", [](cache_type& cached, auto& enter) { cached.for_each([&](const int&, const int&) { enter(); }); }},
    {"scan",
     [](cache_type& cached, auto& enter) { (void)cached.scan({}, 9, [&](const int&, const int&) { enter(); }); }},
    {"update",
     [](cache_type& cached, auto& enter) {
       cached.update(1, [&](const int*) {
         enter();
         return evac::keep;
       });
     }},
    {"erase_if",
     [](cache_type& cached, auto& enter) {
       cached.erase_if([&](const int&, const int&) {
         enter();
         return false;
       });
     }},
    {"put_if_absent",
     [](cache_type& cached, auto& enter) {
       calling_weigher::call = enter;
       cached.put_if_absent(100, 1);
     }},
};

/// The report of entering the cache again; empty if there was none.
std::string report_of(const outer_call& outer, const inner_call& inner, cache_type& cached) {
  std::string message;
  try {
    outer.run(cached, [&] { inner.enter(cached); });
  } catch (const std::runtime_error& misuse) {
    message = misuse.what();
  }
  calling_weigher::call = nullptr;
  return message;
}

}  // namespace

TEST_CASE("every call of a cache from inside a call that runs user code under a lock is reported, and harms nothing") {
  for (const outer_call& outer : outer_calls) {
    for (const inner_call& inner : inner_calls) {
      cache_type cached({.capacity = 100, .shard_count = 2});
      for (int key = 0; key < 10; ++key) cached.put(key, key);
      const std::string report = report_of(outer, inner, cached);
      CAPTURE(outer.name, inner.name, report);
      CHECK(report.find("evac: " + inner.name + " (") == 0);
      CHECK(report.find(" called inside " + outer.name + " (") != std::string::npos);
      CHECK(cached.size() == 10);
      CHECK(cached.weight() == 10);
      CHECK(cached.put(50, 50));
    }
  }
}

TEST_CASE("a listener and a factory may call whatever a cache has") {
  for (const inner_call& inner : inner_calls) {
    cache_type* self = nullptr;
    int depth = 0;
    cache_type cached({.capacity = 10, .shard_count = 1}, [&](const int&, int&, evac::removal_cause) {
      if (++depth == 1) inner.enter(*self);
    });
    self = &cached;
    for (int key = 0; key < 11; ++key) cached.put(key, key);
    CHECK(depth >= 1);
    CHECK(cached.get_or_compute(1000, [&] {
      inner.enter(cached);
      return 7;
    }) == 7);
  }
}
