// A table of routes that is mostly read, and a cache that is cleared when it is full: two sync maps.
#ifndef EVAC_TESTS_SERVICE_SYNC_TABLES_HPP
#define EVAC_TESTS_SERVICE_SYNC_TABLES_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evac/counters.hpp"
#include "evac/epoch.hpp"
#include "evac/sync_map.hpp"
#include "service/worker.hpp"

namespace service {

struct route {
  std::uint64_t version;
  std::string to;
  std::uint64_t check;  // mark_of(version): a route is replaced as a whole

  [[nodiscard]] static route of(std::uint64_t version) { return {version, name_of("to", version), mark_of(version)}; }
  [[nodiscard]] bool is_whole() const { return check == mark_of(version) && to == name_of("to", version); }
};

/// Routes are never removed, and their versions only rise: a worker that has seen one never sees an older one.
class routes {
 public:
  static constexpr std::uint64_t count = 2'000;

  routes() {
    for (std::uint64_t i = 0; i < count; ++i) routes_.store(name_of("net", i), route::of(0));
  }

  void work(worker& who, std::uint64_t calls) {
    std::vector<std::uint64_t> newest(count);
    std::uint64_t raised = 0;
    for (std::uint64_t i = 0; i < calls; ++i) {
      const std::uint64_t wanted = who.below(count);
      const std::string name = name_of("net", wanted);
      if (who.once_in(32)) {
        ++raised;
        const auto now = who.timed(part::routes, [&] {
          return routes_.update(name, [](const std::optional<route>& before) {
            mistakes::require(before.has_value(), "a route that is never removed was absent in update()");
            return std::optional(route::of(before.has_value() ? before->version + 1 : 0));
          });
        });
        if (now.has_value()) see(newest[wanted], *now);
      } else if (who.once_in(500)) {
        look_pinned(who, newest);
      } else {
        const bool found = who.timed(
            part::routes, [&] { return routes_.load(name, [&](const route& each) { see(newest[wanted], each); }); });
        mistakes::require(found, "a route that is never removed was absent");
      }
    }
    raised_ += raised;
    if (who.once_in(4)) walk();
  }

  /// Nobody else is inside a call.
  void check_sums() const {
    std::uint64_t versions = 0;
    routes_.range([&](const std::string&, const route& each) {
      versions += each.version;
      return true;
    });
    mistakes::require(versions == raised_, "versions of routes do not add up to their updates");
    mistakes::require(routes_.size() == count, "routes have become more or fewer");
  }
  [[nodiscard]] evac::map_counters counters() const { return routes_.counters(); }
  [[nodiscard]] evac::epoch_domain& domain() const { return routes_.domain(); }

 private:
  static void see(std::uint64_t& newest, const route& found) {
    mistakes::require(found.is_whole(), "a route is made of two");
    mistakes::require(found.version >= newest, "a route has become older");
    newest = found.version;
  }
  // Under one guard what was found stays as it is.
  void look_pinned(worker& who, std::vector<std::uint64_t>& newest) const {
    const auto pinned = routes_.pin();
    for (int i = 0; i < 8; ++i) {
      const std::uint64_t wanted = who.below(count);
      const route* const found = pinned.find(name_of("net", wanted));
      mistakes::require(found != nullptr, "a route that is never removed was absent under a guard");
      if (found == nullptr) continue;
      see(newest[wanted], *found);
      mistakes::require(found->is_whole(), "a route has changed under a guard");
    }
  }
  void walk() const {
    std::size_t visited = 0;
    routes_.range([&](const std::string&, const route& each) {
      ++visited;
      mistakes::require(each.is_whole(), "a walk met a route made of two");
      return true;
    });
    mistakes::require(visited == count, "a walk did not meet each route once");
  }

  evac::sync_map<std::string, route> routes_;
  std::atomic<std::uint64_t> raised_ = 0;
};

/// Computed values, in a domain of their own, whose garbage is bounded more tightly.
class cache {
 public:
  static constexpr std::uint64_t keys = 16'384;
  static constexpr std::uint64_t misses_between_clears = 6'000;
  static constexpr std::size_t cap = std::size_t{16} << 20U;

  void work(worker& who, std::uint64_t calls) {
    for (std::uint64_t i = 0; i < calls; ++i) {
      const std::uint64_t key = who.below(keys);
      if (who.once_in(50)) {
        const auto gone = who.timed(part::cache, [&] { return cache_.load_and_delete(key); });
        mistakes::require(!gone.has_value() || *gone == name_of("value", key), "a cache gave up another value");
        continue;
      }
      const auto found =
          who.timed(part::cache, [&] { return cache_.load_or_compute(key, [&] { return name_of("value", key); }); });
      mistakes::require(found.value == name_of("value", key), "a cache has another value");
      if (!found.loaded && (misses_.fetch_add(1, std::memory_order_relaxed) + 1) % misses_between_clears == 0) {
        cache_.clear();
      }
    }
  }

  /// Nobody else is inside a call.
  void check_sums() const {
    std::size_t visited = 0;
    cache_.range([&](std::uint64_t key, const std::string& value) {
      ++visited;
      mistakes::require(value == name_of("value", key), "a walk over the cache met another value");
      return true;
    });
    mistakes::require(visited == cache_.size(), "the cache does not have as many elements as it says");
  }
  [[nodiscard]] evac::map_counters counters() const { return cache_.counters(); }
  [[nodiscard]] evac::epoch_domain& domain() { return domain_; }

 private:
  evac::epoch_domain domain_{cap};
  evac::sync_map<std::uint64_t, std::string> cache_{domain_};
  std::atomic<std::uint64_t> misses_ = 0;
};

}  // namespace service

#endif
