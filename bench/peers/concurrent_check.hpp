// A short correctness run of every adapter: a map that fails it is not timed.
#ifndef EVAC_BENCH_PEERS_CONCURRENT_CHECK_HPP
#define EVAC_BENCH_PEERS_CONCURRENT_CHECK_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "support/measure.hpp"

namespace bench {

/// One thread, random operations, beside std::unordered_map.
template <class Peer>
[[nodiscard]] bool behaves_alone(std::size_t expected, bool changes) {
  typename Peer::template map<std::uint64_t, std::uint64_t> map(expected);
  std::unordered_map<std::uint64_t, std::uint64_t> model;
  for (std::uint64_t step = 0; step < 40'000; ++step) {
    const std::uint64_t dice = random_key(step);
    const std::uint64_t key = random_key(dice % 3000);
    const auto there = model.find(key);
    const bool present = there != model.end();
    std::uint64_t value = 0;
    switch (changes ? dice >> 61U : dice >> 63U) {
      case 0:
        if (map.insert(key, step) == present) return false;
        model.emplace(key, step);
        break;
      case 2:
        if constexpr (requires { map.upsert(key, step); }) {
          if (map.upsert(key, step) == present) return false;
          model[key] = step;
        }
        break;
      case 3:
        map.increment(key, 7);
        model[key] += 7;
        break;
      case 4:
        if constexpr (requires { map.erase(key); }) {
          if (map.erase(key) != present) return false;
          if (present) model.erase(there);
        }
        break;
      case 5:
        if constexpr (requires { map.modify(key, [](std::uint64_t&) {}); }) {
          if (map.modify(key, [](std::uint64_t& changed) { changed += 3; }) != present) return false;
          if (present) there->second += 3;
        }
        break;
      case 6:
        if constexpr (requires { map.look(key, [](const std::uint64_t&) {}); }) {
          const bool seen = map.look(key, [&](const std::uint64_t& found) { value = found; });
          if (seen != present || (present && value != there->second)) return false;
        }
        break;
      default:
        if (map.find(key, value) != present || (present && value != there->second)) return false;
    }
  }
  std::size_t visited = 0;
  bool agree = map.size() == model.size();
  map.for_each([&](std::uint64_t key, std::uint64_t value) {
    ++visited;
    const auto there = model.find(key);
    agree = agree && there != model.end() && there->second == value;
  });
  return agree && visited == model.size();
}

/// Four threads on a few keys: no increment is lost, and inserts less erases are what is left.
template <class Peer>
[[nodiscard]] bool behaves_shared() {
  constexpr std::size_t threads = 4;
  constexpr std::uint64_t steps = 20'000;
  constexpr std::uint64_t counters = 50;
  typename Peer::template map<std::string, std::uint64_t> counts(0);
  typename Peer::template map<std::uint64_t, std::uint64_t> map(200);
  std::array<std::uint64_t, threads> inserted{};
  std::array<std::uint64_t, threads> erased{};
  std::vector<std::thread> running;
  for (std::size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < steps; ++i) {
        const std::string word = "word " + std::to_string(i % counters);
        counts.increment(std::string_view(word), 1);
        const std::uint64_t dice = random_key(i * threads + t);
        const std::uint64_t key = random_key(dice % 200);
        if ((dice >> 63U) != 0) {
          inserted[t] += map.insert(key, ~key) ? 1 : 0;
        } else if constexpr (requires { map.erase(key); }) {
          erased[t] += map.erase(key) ? 1 : 0;
        }
      }
    });
  }
  for (auto& thread : running) thread.join();
  std::uint64_t left = 0;
  for (std::size_t t = 0; t < threads; ++t) left += inserted[t] - erased[t];
  std::uint64_t sum = 0;
  counts.for_each([&](const std::string&, std::uint64_t count) { sum += count; });
  return map.size() == left && counts.size() == counters && sum == threads * steps;
}

/// The operations that are timed: mixes on maps that are made large enough, and growth by inserts alone. (The
/// ParlayHash of 2025 follows a null pointer when elements are updated or erased while a small table grows.)
template <class Peer>
[[nodiscard]] bool behaves() {
  return behaves_alone<Peer>(3000, true) && behaves_alone<Peer>(0, false) && behaves_shared<Peer>();
}

}  // namespace bench

#endif
