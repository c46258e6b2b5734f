// Counters, and changes of single fields of a struct, by many threads, without a lost update.
//
// A value that is read, changed outside and stored again loses what came between. Either the change runs under the lock
// of the element's shard (sharded_map), or it is repeated until nothing came between (sync_map::update).
#include <evac/sharded_map.hpp>
#include <evac/sync_map.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "expect.hpp"

namespace {

struct usage {
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
};

template <class F>
void in_threads(int count, const F& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(work);
  for (std::thread& each : threads) each.join();
}

}  // namespace

int main() {
  constexpr int threads = 4;
  constexpr int times = 20'000;

  // In place: the visitor is called under the lock of the shard. The first call makes the element.
  evac::sharded_map<std::string, usage> by_user;
  in_threads(threads, [&] {
    for (int i = 0; i < times; ++i) {
      by_user.try_emplace_or_visit("alice", usage{1, 100}, [](auto& element) {
        element.second.requests += 1;
        element.second.bytes += 100;
      });
    }
  });
  usage sum;
  by_user.cvisit("alice", [&](const auto& element) { sum = element.second; });
  expect(sum.requests == threads * times && sum.bytes == 100 * sum.requests, "sharded_map: every change is there");

  // Replaced: the function is given the present value and says the next one; it is called again if another thread was
  // faster.
  evac::sync_map<std::string, std::uint64_t> hits;
  in_threads(threads, [&] {
    for (int i = 0; i < times; ++i) {
      hits.update("alice", [](std::optional<std::uint64_t> now) { return std::optional(now.value_or(0) + 1); });
    }
  });
  expect(hits.load("alice") == std::uint64_t{threads * times}, "sync_map: every change is there");

  // The function may also leave everything as it is: nothing is allocated or written then.
  const auto outcome = hits.update("alice", [](const std::uint64_t* now) -> evac::update_answer<std::uint64_t> {
    if (now == nullptr || *now > 10) return evac::keep;
    return *now + 1;
  });
  expect(outcome == evac::update_outcome::kept, "an update that keeps the value");
}
