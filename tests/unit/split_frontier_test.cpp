// How far a shared table is split: the runs that threads claim, what is finished, and gaps.
#include <cstddef>
#include <evac/detail/lockfree/split_frontier.hpp>
#include <set>
#include <vector>

#include "support/catch.hpp"

using evac::detail::split_frontier;

namespace {

constexpr std::size_t home_slots = 7;
constexpr std::size_t plenty = 1'000'000;  // elements: there is always something to split
const auto yes = [](std::size_t) { return true; };
const auto no = [](std::size_t) { return false; };

/// Children that have been split off.
struct split_off {
  std::set<std::size_t> children;
  void all_of(split_frontier::run run) {
    for (std::size_t child = run.from; child < run.to; ++child) children.insert(child);
  }
  [[nodiscard]] auto test() const {
    return [this](std::size_t child) { return children.count(child) != 0; };
  }
};

}  // namespace

TEST_CASE("a table that is not full has nothing to split, a fuller one has more") {
  split_frontier frontier(16);
  CHECK(frontier.claim(16, home_slots, 16, yes).empty());
  CHECK(frontier.claimed() == 16);
  CHECK(frontier.finished() == 16);
  const auto run = frontier.claim(plenty, home_slots, 3, yes);
  CHECK(run.from == 16);
  CHECK(run.to == 19);
  CHECK(frontier.claimed() == 19);
  CHECK(frontier.finished() == 16);
}

TEST_CASE("runs follow each other, do not leave their doubling, and a doubling begins when the one before is done") {
  split_frontier frontier(16);
  split_off done;
  std::vector<split_frontier::run> runs;
  for (auto run = frontier.claim(plenty, home_slots, 5, yes); !run.empty();
       run = frontier.claim(plenty, home_slots, 5, yes)) {
    runs.push_back(run);
  }
  REQUIRE(runs.size() == 4);
  CHECK(runs.back().from == 31);
  CHECK(runs.back().to == 32);
  // Finished out of order: the frontier moves over what is done, and no further.
  done.all_of(runs[1]);
  CHECK(frontier.publish(done.test(), no) == 16);
  const auto oldest = frontier.oldest_unfinished(3);
  CHECK(oldest.from == 16);
  CHECK(oldest.to == 19);
  done.all_of(runs[0]);
  CHECK(frontier.publish(done.test(), no) == 26);
  CHECK(frontier.claim(plenty, home_slots, 5, yes).empty());
  done.all_of(runs[2]);
  done.all_of(runs[3]);
  CHECK(frontier.publish(done.test(), no) == 32);
  CHECK(frontier.oldest_unfinished(3).empty());
  CHECK(frontier.claim(plenty, home_slots, 5, no).empty());  // no memory for the next doubling
  const auto next = frontier.claim(plenty, home_slots, 5, yes);
  CHECK(next.from == 32);
  CHECK(next.to == 37);
}

TEST_CASE("one publication moves over a bounded number of children") {
  split_frontier frontier(1024);
  split_off done;
  for (auto run = frontier.claim(plenty, home_slots, 16, yes); !run.empty();
       run = frontier.claim(plenty, home_slots, 16, yes)) {
    done.all_of(run);
  }
  std::size_t before = frontier.finished();
  while (before < 2048) {
    const std::size_t after = frontier.publish(done.test(), no);
    REQUIRE(after > before);
    REQUIRE(after - before <= 4 * split_frontier::longest_run);
    before = after;
  }
}

TEST_CASE("behind a gap children are tried, not finished, and growth goes on") {
  split_frontier frontier(16);
  split_off done;
  const auto run = frontier.claim(plenty, home_slots, 16, yes);
  REQUIRE(run.to == 32);
  done.all_of(run);
  done.children.erase(18);
  CHECK(frontier.publish(done.test(), done.test()) == 18);
  CHECK_FALSE(frontier.has_gaps());
  CHECK(frontier.claim(plenty, home_slots, 16, yes).empty());
  frontier.note_gap(18);
  CHECK(frontier.has_gaps());
  CHECK(frontier.publish(done.test(), done.test()) == 18);
  CHECK(frontier.finished() == 18);
  CHECK(frontier.tried() == 32);
  const auto next = frontier.claim(plenty, home_slots, 16, yes);
  CHECK(next.from == 32);
  // The gap is filled.
  done.children.insert(18);
  CHECK(frontier.publish(done.test(), done.test()) == 32);
  CHECK_FALSE(frontier.has_gaps());
}
