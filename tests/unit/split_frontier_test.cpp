// The numbers that say how far the buckets of a shared table are split.
#include <cstddef>
#include <evac/detail/lockfree/split_frontier.hpp>
#include <set>

#include "support/catch.hpp"

using evac::detail::split_frontier;

namespace {

constexpr std::size_t slots = 7;
constexpr std::size_t many = 1'000'000;

/// The children that a table would have split off.
struct table {
  explicit table(std::size_t homes) : frontier(homes), initial(homes) {}
  [[nodiscard]] bool exists(std::size_t child) const { return child < initial || made.count(child) != 0; }
  auto claim(std::size_t elements, std::size_t most) {
    return frontier.claim(elements, slots, most, [&](std::size_t) { return has_memory; });
  }
  std::size_t publish() {
    const auto there = [&](std::size_t child) { return exists(child); };
    return frontier.publish(there, there);
  }
  void make(split_frontier::run children) {
    for (std::size_t child = children.from; child < children.to; ++child) made.insert(child);
  }
  split_frontier frontier;
  std::size_t initial;
  std::set<std::size_t> made;
  bool has_memory = true;
};

}  // namespace

TEST_CASE("runs follow each other, none is longer than asked for, and none goes over a doubling") {
  table of(16);
  CHECK(of.claim(1, 16).empty());
  const auto first = of.claim(many, 10);
  CHECK(first.from == 16);
  CHECK(first.to == 26);
  const auto second = of.claim(many, 10);
  CHECK(second.from == 26);
  CHECK(second.to == 32);
  CHECK(of.frontier.claimed() == 32);
}

TEST_CASE("a doubling begins when the one before is finished, and when there is memory for it") {
  table of(16);
  const auto run = of.claim(many, 16);
  CHECK(of.claim(many, 16).empty());
  of.make(run);
  CHECK(of.publish() == 32);
  of.has_memory = false;
  CHECK(of.claim(many, 16).empty());
  of.has_memory = true;
  CHECK(of.claim(many, 16).from == 32);
}

TEST_CASE("what is finished stops at the oldest child that is not, which is the one to help with") {
  table of(16);
  const auto first = of.claim(many, 4);
  const auto second = of.claim(many, 4);
  of.make(second);
  CHECK(of.publish() == 16);
  CHECK(of.frontier.oldest_unfinished(2).from == 16);
  CHECK(of.frontier.oldest_unfinished(2).to == 18);
  CHECK(of.frontier.oldest_unfinished(100).to == 24);
  of.make(first);
  CHECK(of.publish() == 24);
  CHECK(of.frontier.oldest_unfinished(2).empty());
}

TEST_CASE("a gap is tried and not finished, and does not keep the next doubling from beginning") {
  table of(16);
  const auto run = of.claim(many, 16);
  of.make({17, run.to});
  of.frontier.note_gap(16);
  CHECK(of.frontier.has_gaps());
  CHECK(of.publish() == 16);
  CHECK(of.frontier.tried() == 32);
  CHECK(of.claim(many, 16).from == 32);
  of.made.insert(16);
  CHECK(of.publish() == 32);
  CHECK_FALSE(of.frontier.has_gaps());
}
