#include <algorithm>
#include <chrono>
#include <evac/health.hpp>
#include <evac/map.hpp>
#include <string>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using evac::health_rule;

namespace {

/// The one rule that is broken; there must be one.
evac::health_reason only_reason(const evac::map_counters& before, const evac::map_counters& now,
                                const evac::health_limits& limits = {}) {
  const evac::health_verdict verdict = evac::health(before, now, 10s, limits);
  REQUIRE_FALSE(verdict.healthy());
  REQUIRE(verdict.reasons.size() == 1);
  CHECK(verdict.text() == verdict.reasons[0].text + '\n');
  CHECK(verdict.reasons[0].text.back() == '.');
  return verdict.reasons[0];
}
bool is_healthy(const evac::map_counters& before, const evac::map_counters& now,
                const evac::health_limits& limits = {}) {
  return evac::health(before, now, 10s, limits).healthy();
}
bool has(const evac::health_reason& reason, const char* text) { return reason.text.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("a map that has done nothing is well, and so is one that has just been filled") {
  CHECK(is_healthy({}, {}));
  CHECK(evac::health({}, {}, 0s).text().empty());
  evac::map<int, int> map;
  const evac::map_counters before = map.counters();
  for (int i = 0; i < 10'000; ++i) map[i] = i;
  CHECK(is_healthy(before, map.counters()));
}

TEST_CASE("memory above the limit is a fault unless it falls, and the remedy depends on how full the map is") {
  const evac::health_limits limits{.memory_bytes = 1000};
  evac::map_counters before;
  evac::map_counters now;
  before.segment_bytes = now.segment_bytes = 900;
  before.overflow_bytes = now.overflow_bytes = 100;
  CHECK(is_healthy(before, now, limits));
  before.node_bytes = now.node_bytes = 1;
  now.home_slots = 100;
  now.size = 80;
  const evac::health_reason full = only_reason(before, now, limits);
  CHECK(full.rule == health_rule::memory);
  CHECK(has(full, "1001 bytes"));
  CHECK(has(full, "The map holds "));
  CHECK(has(full, "erase some"));
  now.size = 10;
  const evac::health_reason empty = only_reason(before, now, limits);
  CHECK(has(empty, "shrink_to_fit()"));
  now.node_bytes = 0;
  now.directory_bytes = 1;
  before.directory_bytes = 2;  // it falls
  CHECK(is_healthy(before, now, limits));
  CHECK(is_healthy(before, now));
}

TEST_CASE("much garbage is a fault where a guard is old or writers wait, and not otherwise") {
  evac::map_counters before;
  evac::map_counters now;
  before.cap_bytes = now.cap_bytes = 1000;
  now.retired_bytes = 501;
  CHECK(is_healthy(before, now));
  now.oldest_guard = 1001ms;
  now.oldest_guard_thread = 4711;
  const evac::health_reason guard = only_reason(before, now);
  CHECK(guard.rule == health_rule::garbage);
  CHECK(has(guard, "thread 4711 has held a guard for 1001 ms or more"));
  CHECK(has(guard, "501 of at most 1000 bytes"));
  CHECK(has(guard, "end its guard"));
  now.cap_waits = 3;  // the older guard is the reason for that
  CHECK(only_reason(before, now).rule == health_rule::garbage);
  now.oldest_guard = 1000ms;
  const evac::health_reason cap = only_reason(before, now);
  CHECK(cap.rule == health_rule::cap);
  CHECK(has(cap, "3 times"));
  CHECK(has(cap, "larger cap"));
  before.cap_waits = 3;
  CHECK(is_healthy(before, now));
  now.oldest_guard = 1h;
  now.retired_bytes = 500;
  CHECK(is_healthy(before, now));
}

TEST_CASE("a growth that has stopped half-way is a fault if it is a large one and nobody writes") {
  evac::map_counters before;
  before.size = 1000;
  before.parents_left = 11;
  const evac::health_limits limits{.parents_left = 10};
  const evac::health_reason stopped = only_reason(before, before, limits);
  CHECK(stopped.rule == health_rule::evacuation);
  CHECK(has(stopped, "11 buckets"));
  CHECK(has(stopped, "evacuate()"));
  CHECK(is_healthy(before, before));  // it may have been filled and then only read
  evac::map_counters now = before;
  ++now.size;
  CHECK(is_healthy(before, now, limits));
  now = before;
  now.elements_moved += 5;
  CHECK(is_healthy(before, now, limits));
  now = before;
  now.parents_left = before.parents_left = 10;
  CHECK(is_healthy(before, now, limits));
}

TEST_CASE(
    "threads that sleep for locks are a fault above a share of the time, also after the totals have begun again") {
  evac::map_counters before;
  evac::map_counters now;
  before.parked_time = 100s;
  before.contended = 50;
  now.parked_time = 101s;
  now.contended = 51;
  CHECK(is_healthy(before, now));  // a tenth of ten seconds
  now.parked_time = 102s;
  now.parked = 1;
  now.contended = 50;  // it had begun to wait before
  const evac::health_reason waits = only_reason(before, now);
  CHECK(waits.rule == health_rule::waiting);
  CHECK(has(waits, "2000 ms in the last 10000 ms, once"));
  CHECK(has(waits, "shards"));
  now.cap_bytes = 1;
  CHECK_FALSE(has(only_reason(before, now), "shards"));  // a sync map has none
  now.parked_time = 3s;
  CHECK(has(only_reason(before, now), "3000 ms"));
}

TEST_CASE(
    "a thread that waited at the sample before, and waits still, is a fault: of a deadlock nothing else is seen") {
  evac::map_counters before;
  before.waits = 40;
  before.waiting = 3;
  evac::map_counters now = before;
  now.waits = 41;  // one more has begun, and one is over
  const evac::health_reason stuck = only_reason(before, now);
  CHECK(stuck.rule == health_rule::stuck);
  CHECK(has(stuck, "kept 2 threads waiting"));
  CHECK(has(stuck, "evac-locks"));
  now.waits = 43;  // they may all be others
  CHECK(is_healthy(before, now));
  now.waits = 40;
  now.waiting = 1;
  CHECK(has(only_reason(before, now), "kept 1 thread waiting"));
  CHECK(is_healthy(before, now, {.longest_wait = 1h}));
  now.waiting = 0;
  CHECK(is_healthy(before, now));
  before.waiting = 0;  // the totals have begun again, and what was waiting then has nothing to do with what is now
  now.waits = 1;
  now.waiting = 1;
  CHECK(is_healthy(before, now));
}

TEST_CASE("every rule that is broken has its line, which begins with the name of the map") {
  evac::map_counters now;
  now.segment_bytes = 10;
  now.cap_bytes = 10;
  now.retired_bytes = 10;
  now.oldest_guard = 1h;
  now.parked_time = 1h;
  now.contended = 1;
  const evac::health_verdict verdict = evac::health({}, now, 1s, {.memory_bytes = 1}, "sessions");
  CHECK(verdict.reasons.size() == 3);
  for (const evac::health_reason& each : verdict.reasons) CHECK(each.text.starts_with("sessions "));
  const std::string text = verdict.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
}
