// Values that are expensive to make: made by one thread, while the others that ask for the same key wait for it.
//
// A failure reaches everybody who waited, and nothing is stored: the next call tries again. No lock is held while the
// value is made, so that other keys, also of the same shard, are served meanwhile.
#include <evac/sharded_map.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "expect.hpp"

namespace {

std::atomic<int> loads = 0;

std::string load_page(const std::string& url) {
  loads.fetch_add(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (url == "/broken") throw std::runtime_error("500");
  return "<h1>" + url + "</h1>";
}

}  // namespace

int main() {
  evac::sharded_map<std::string, std::string> pages;
  const auto page = [&](const std::string& url) {
    return pages.get_or_compute(url, [&] { return load_page(url); }, evac::compute_mode::single_flight);
  };

  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { right.fetch_add(page("/index") == "<h1>/index</h1>" ? 1 : 0); });
  }
  for (std::thread& each : threads) each.join();
  expect(right.load() == 8 && loads.load() == 1, "eight threads asked, one loaded");

  const auto fails = [&] {
    try {
      static_cast<void>(page("/broken"));
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  };
  expect(fails() && !pages.contains("/broken"), "a failure is told, and not stored");
  loads.store(0);
  expect(fails() && loads.load() == 1, "the next call tries again");

  // A factory may also find that there is nothing to store: it declines by an empty optional.
  const auto missing = pages.get_or_compute("/missing", [] { return std::optional<std::string>(); });
  expect(!missing.has_value() && !pages.contains("/missing"), "a factory may decline");
}
