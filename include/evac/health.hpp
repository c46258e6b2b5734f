// A judgement of a map from two samples of its counters, for a /healthz: what is wrong, and what would help.
//
//   const evac::map_counters now = sessions.counters();
//   const evac::health_verdict verdict = evac::health(before, now, since, {.memory_bytes = 1 << 30}, "sessions");
//   before = now;
//   if (!verdict.healthy()) reply(503, verdict.text());
//
// A pure function: no clock, no map, no state. Where a high figure alone is no fault, a rule asks for two things at
// once: memory is high while a map is being filled, garbage while a burst of writes lasts.
#ifndef EVAC_HEALTH_HPP
#define EVAC_HEALTH_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evac/counters.hpp"
#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI {

/// Limits below which a map is well. By default memory and unfinished growths are not limited.
struct health_limits {
  std::size_t memory_bytes = (std::numeric_limits<std::size_t>::max)();  ///< held by the map
  double retired_share = 0.5;  ///< of the cap of the domain: what may wait to be reclaimed
  std::chrono::nanoseconds old_guard{std::chrono::seconds(1)};  ///< for how long a guard may keep garbage
  /// Buckets that a growth may leave unevacuated while nobody writes; by default any number, because look-ups go on to
  /// cost the same, and a map that is filled and then only read has stopped somewhere.
  std::size_t parents_left = (std::numeric_limits<std::size_t>::max)();
  double parked_share = 0.1;  ///< threads asleep for locks, on average: seconds per second
  /// For how long a thread may wait for one lock. Two samples that lie less than that apart tell nothing of it.
  std::chrono::nanoseconds longest_wait{std::chrono::seconds(5)};
};

/// The rules, and what each asks for.
enum class health_rule : unsigned char {
  memory,      ///< more bytes than the limit, and not fewer than before
  garbage,     ///< retired bytes above their share of the cap, and an old guard
  cap,         ///< retired bytes above their share of the cap, no old guard, and writers that waited for room since
  evacuation,  ///< more parents left than the limit, and no write since
  waiting,     ///< threads asleep for more than their share of the time, and sleeps that have ended since
  stuck,       ///< threads that waited at the sample before, and wait for the same lock still
};

/// A rule that is broken, and a sentence that says by what and names the remedy.
struct health_reason {
  health_rule rule;
  std::string text;
};

/// Empty if the map is well.
struct health_verdict {
  std::vector<health_reason> reasons;

  [[nodiscard]] bool healthy() const noexcept { return reasons.empty(); }
  /// A line for each reason.
  [[nodiscard]] std::string text() const {
    std::string lines;
    for (const health_reason& each : reasons) lines += each.text + '\n';
    return lines;
  }
};

namespace detail {

/// The gain of a total, which may have begun at 0 again.
template <class T>
[[nodiscard]] constexpr T gained(T before, T now) noexcept {
  return now < before ? now : now - before;
}
[[nodiscard]] inline std::string in_bytes(std::size_t bytes) { return std::to_string(bytes) + " bytes"; }
[[nodiscard]] inline std::string in_milliseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

[[nodiscard]] inline std::string in_times(std::size_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

struct health_check {
  const map_counters& before;
  const map_counters& now;
  std::chrono::nanoseconds between;
  const health_limits& limits;
  std::string name;
  health_verdict verdict;

  void add(health_rule rule, const std::string& text) { verdict.reasons.push_back({rule, name + ' ' + text}); }

  void memory() {
    const std::size_t bytes = now.total_bytes();
    if (bytes <= limits.memory_bytes || bytes < before.total_bytes()) return;
    std::string text = "holds " + in_bytes(bytes) + ", above its limit of " + in_bytes(limits.memory_bytes) +
                       ", and no less than before: ";
    if (now.home_slots / 4 > now.size) {
      text += "three quarters of its " + std::to_string(now.home_slots) +
              " slots are empty, so give memory back by shrink_to_fit() of a map or rehash(0) of a sharded map; a sync "
              "map gives it back only by clear(), which erases everything, so copy it into a new one.";
    } else {
      text += "its " + std::to_string(now.size) + " elements need that, so erase some of them or raise the limit.";
    }
    add(health_rule::memory, text);
  }
  void garbage() {
    if (static_cast<double>(now.retired_bytes) <= limits.retired_share * static_cast<double>(now.cap_bytes)) return;
    const std::string much =
        std::to_string(now.retired_bytes) + " of at most " + in_bytes(now.cap_bytes) + " are waiting to be freed";
    if (now.oldest_guard > limits.old_guard) {
      add(health_rule::garbage, "cannot free what was erased or replaced, because thread " +
                                    std::to_string(now.oldest_guard_thread) + " has held a guard for " +
                                    in_milliseconds(now.oldest_guard) + " or more, and " + much +
                                    ": end its guard or pin(), or what it calls under load() or range().");
    } else if (const std::size_t waits = gained(before.cap_waits, now.cap_waits); waits != 0) {
      add(health_rule::cap, "made writers wait for room " + in_times(waits) + ", and " + much +
                                ", though no guard is old: give the domain a larger cap, or write less at a time.");
    }
  }
  void evacuation() {
    const bool writes = now.size != before.size || now.elements_moved != before.elements_moved ||
                        now.parents_left != before.parents_left || now.clears != before.clears;
    if (now.parents_left <= limits.parents_left || writes) return;
    add(health_rule::evacuation,
        "has stopped in a growth with " + std::to_string(now.parents_left) +
            " buckets to evacuate, because nobody inserts: the next inserts go on with it, and "
            "so does evacuate() of a map, which takes the memory for the rest of the doubling.");
  }
  void waiting() {
    const std::chrono::nanoseconds slept = gained(before.parked_time, now.parked_time);
    const std::size_t sleeps = gained(before.parked, now.parked);
    const auto allowed = limits.parked_share * static_cast<double>(between.count());
    if (slept.count() == 0 || static_cast<double>(slept.count()) <= allowed) return;
    std::string text = "made threads sleep for its locks for " + in_milliseconds(slept) + " in the last " +
                       in_milliseconds(between) + ", " + in_times(sleeps) + ": ";
    text += now.cap_bytes != 0 ? "many threads write the same few keys, or another map of its domain is written so."
                               : "make visitors shorter; if many keys are in use, use more shards.";
    add(health_rule::waiting, text);
  }
  // A thread that waits now, and has not begun to since, waited before. Some of those that began may have come to an
  // end: then there are more.
  void stuck() {
    const std::size_t begun = gained(before.waits, now.waits);
    const std::size_t still = (std::min)(before.waiting, now.waiting - (std::min)(now.waiting, begun));
    if (still == 0 || between < limits.longest_wait) return;
    add(health_rule::stuck, "has kept " + std::to_string(still) + (still == 1 ? " thread" : " threads") +
                                " waiting for its locks for the last " + in_milliseconds(between) +
                                " or longer: a visitor does not end, or two maps are visited from inside each other in "
                                "both orders; evac-locks in gdb shows which threads, and where they were called.");
  }
};

}  // namespace detail

/// Judges a map by its counters `now` and those of `between` before; reasons begin with its name. Before the first
/// sample there are none: `before` of an empty object counts everything since the map was made. Each caller needs a
/// `before` of its own. O(1). Throws std::bad_alloc.
[[nodiscard]] inline health_verdict health(const map_counters& before, const map_counters& now,
                                           std::chrono::nanoseconds between, const health_limits& limits = {},
                                           std::string_view name = "The map") {
  detail::health_check check{before, now, between, limits, std::string(name), {}};
  check.memory();
  check.garbage();
  check.evacuation();
  check.waiting();
  check.stuck();
  return std::move(check.verdict);
}

}  // namespace evac::inline EVAC_ABI

#endif
