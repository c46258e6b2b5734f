// Calls every verb of a cache, and of a pool of maps, once; every_verb.hpp says what for.
#ifndef EVAC_TESTS_PACKAGE_CACHE_VERBS_HPP
#define EVAC_TESTS_PACKAGE_CACHE_VERBS_HPP

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace every_verb {

/// What a cache has whether or not its elements expire.
template <class Cache, class Make>
const char* use_cache(Cache& cached, const Make& make) {
  using mapped = typename Cache::mapped_type;
  const Cache& constant = cached;
  std::size_t seen = 0;
  const auto count = [&](const auto&, const auto&) { ++seen; };
  const auto factory = [&] { return make(7); };
  const auto declines = []() -> std::optional<mapped> { return std::nullopt; };
  if (!cached.put(make(1), make(1)) || cached.put_if_absent(make(1), make(2))) return "put";
  const std::vector<std::pair<typename Cache::key_type, mapped>> more{{make(2), make(2)}, {make(3), make(3)}};
  if (cached.put_range(more) != 2) return "put_range";
  if (constant.get(make(1)) != make(1) || !constant.get(make(2), [](const mapped&) {})) return "get";
  const std::vector<typename Cache::key_type> keys{make(1), make(99)};
  if (constant.get(keys.begin(), keys.end(), count) != 1 || !constant.contains(make(1))) return "contains";
  if (constant.for_each(count) != 3 || !constant.scan({}, 1'000'000, count).done() || seen != 7) return "scan";

  const auto same = [&](const mapped*) { return std::optional<mapped>(make(1)); };
  if (cached.update(make(1), same) != make(1)) return "update";
  const auto keeps = [](const mapped*) -> evac::update_answer<mapped> { return evac::keep; };
  if (cached.update(make(1), keeps) != evac::update_outcome::kept) return "an update that keeps";
  const auto erases = [](const mapped*) -> evac::update_answer<mapped> { return std::nullopt; };
  if (cached.update(make(3), erases) != evac::update_outcome::erased) return "an update that erases";

  if (cached.get_or_compute(make(4), factory) != make(7)) return "get_or_compute";
  if (cached.get_or_compute(make(5), declines).has_value()) return "a factory that declines";
  if (!cached.get_or_compute(make(4), factory, evac::skip_while_computing).has_value()) return "skip_while_computing";
  if (!cached.load_or_compute(make(4), factory).loaded) return "load_or_compute";
  if (cached.erase(make(4)) != 1 || cached.erase_if([](const auto&, const mapped&) { return false; }) != 0)
    return "erase";
  cached.observe(nullptr);
  cached.set_capacity(50);
  static_cast<void>(cached.sweep(100));
  if (cached.size() != 2 || cached.empty() || cached.weight() < 2 || cached.capacity() != 50) return "size";
  std::ostringstream out;
  out << constant.counters().to_json() << constant.counters().hit_ratio() << constant.memory_usage();
  if (cached.shard_count() == 0 || constant.observed_by() != nullptr) return "observed_by";
  cached.clear();
  return cached.empty() ? "" : "clear";
}

/// What only a cache with a clock has.
template <class Cache, class Make>
const char* use_expiry(Cache& cached, const Make& make) {
  const evac::expiry hour{.time_to_live = std::chrono::hours(1)};
  const auto factory = [&] { return make(7); };
  cached.put(make(1), make(1), hour);
  cached.put_if_absent(make(2), make(2), hour);
  if (cached.update(make(1), [&](const auto*) { return std::optional(make(3)); }, hour) != make(3)) return "update";
  if (cached.get_or_compute(make(1), factory, evac::stale_while_computing) != make(3)) return "stale_while_computing";
  if (cached.load_or_compute(make(4), factory, evac::wait_while_computing, hour).loaded) return "load_or_compute";
  if (!cached.set_expiry(make(1), hour) || !cached.time_left(make(1)).has_value()) return "time_left";
  return "";
}

template <class Text, class Make>
const char* use_caches(const Make& make) {
  struct twice {
    std::size_t operator()(const Text&, const Text&) const { return 2; }
  };
  std::size_t left = 0;
  evac::cache<Text, Text> plain(100, [&](const Text&, Text&, evac::removal_cause) { ++left; });
  if (const char* wrong = use_cache(plain, make); *wrong != 0) return wrong;
  if (left != 5) return "the listener of a cache";
  evac::weighed_cache<Text, Text, twice> weighed(100);
  if (const char* wrong = use_cache(weighed, make); *wrong != 0) return wrong;
  evac::expiring_cache<Text, Text, std::chrono::steady_clock> expiring({.capacity = 100});
  if (const char* wrong = use_cache(expiring, make); *wrong != 0) return wrong;
  if (const char* wrong = use_expiry(expiring, make); *wrong != 0) return wrong;

  evac::pool<evac::map<Text, Text>> pool;
  auto lease = pool.acquire();
  lease->insert({make(1), make(1)});
  return lease->size() == 1 ? "" : "a map of a pool";
}

}  // namespace every_verb

#endif
