// One computation for each key at a time: threads that come second get the result or the exception of the first.
#include <atomic>
#include <cstddef>
#include <evac/detail/sharded/single_flight.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using flights = evac::detail::single_flight<int, std::string>;

namespace {

/// Shares `key` among all threads, while the leader waits until all have begun; returns how many computed.
template <class Work>
std::size_t shared_by_all(flights& all, int key, const Work& work) {
  std::atomic<std::size_t> begun{0};
  std::atomic<std::size_t> computed{0};
  evac_test::in_threads(evac_test::crowd(), [&](std::size_t) {
    ++begun;
    work([&] {
      return all.share(key, 7, std::equal_to<>(), [&](auto&) {
        ++computed;
        evac_test::await([&] { return begun == evac_test::crowd(); });
        for (int i = 0; i < 50; ++i) std::this_thread::yield();
        return std::string("made");
      });
    });
  });
  return computed;
}

}  // namespace

TEST_CASE("all threads that ask while a value is computed get that value") {
  flights all;
  std::size_t computed = 0;
  std::atomic<std::size_t> wrong{0};
  constexpr std::size_t rounds = 30;
  for (std::size_t i = 0; i < rounds; ++i) {
    computed += shared_by_all(all, static_cast<int>(i), [&](const auto& ask) { wrong += ask() == "made" ? 0 : 1; });
  }
  CHECK(wrong == 0);
  CHECK(computed >= rounds);
  CHECK(computed < rounds * evac_test::crowd());  // some were shared
}

TEST_CASE("a flight that has landed is over: the next call computes again") {
  flights all;
  int computed = 0;
  const auto ask = [&] {
    return all.share(1, 1, std::equal_to<>(), [&](auto&) { return std::to_string(++computed); });
  };
  CHECK(ask() == "1");
  CHECK(ask() == "2");
}

TEST_CASE("keys of one hash fly apart, also one inside of the other") {
  flights all;
  const std::string outer = all.share(1, 7, std::equal_to<>(), [&](auto&) {
    return "outer " + all.share(2, 7, std::equal_to<>(), [](auto&) { return std::string("inner"); });
  });
  CHECK(outer == "outer inner");
}

TEST_CASE("a settled flight is joined by nobody, so its own leader may ask again") {
  flights all;
  const std::string outer = all.share(1, 7, std::equal_to<>(), [&](auto& hold) {
    hold.settle();
    hold.settle();
    return "outer " + all.share(1, 7, std::equal_to<>(), [](auto&) { return std::string("again"); });
  });
  CHECK(outer == "outer again");
}

TEST_CASE("an exception of the leader reaches the leader, and leaves no flight behind") {
  flights all;
  const auto fail = [](auto&) -> std::string { throw std::runtime_error("no value"); };
  CHECK_THROWS_AS(all.share(1, 7, std::equal_to<>(), fail), std::runtime_error);
  CHECK(all.share(1, 7, std::equal_to<>(), [](auto&) { return std::string("value"); }) == "value");
}
