// Every operation of sharded_map beside every other, from two threads. The operations that run here and those that
// docs/guarantees/sharded_map.md lists must be the same.
#include <atomic>
#include <cstddef>
#include <evac/sharded_map.hpp>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/documented_tables.hpp"
#include "support/sharded_operations.hpp"
#include "support/valid_shards.hpp"

using namespace evac_test;
using namespace evac_test::matrix;

namespace {

/// The locks that an operation holds, as the name of its kind says.
struct locks {
  bool any;
  bool exclusive;
  bool all;
};
locks locks_of(std::string_view kind) { return {kind != "look", kind.starts_with("write"), kind.ends_with("all")}; }

/// A second thread that lives as long as the test: starting one for each pair would take longer than the pair runs.
class partner {
 public:
  partner() = default;
  partner(const partner&) = delete;
  partner& operator=(const partner&) = delete;
  ~partner() {
    job_ = nullptr;
    asked_.fetch_add(1);
    thread_.join();
  }

  /// Runs one() here and two() in the other thread, both from the same moment on.
  void run(const std::function<void()>& one, const std::function<void()>& two) {
    job_ = &two;
    asked_.fetch_add(1);
    await(begun_);
    one();
    await(ended_);
  }

 private:
  void await(const std::atomic<unsigned>& counter) const {
    while (counter.load() != asked_.load()) std::this_thread::yield();
  }
  void serve() {
    for (unsigned served = 0;; ++served) {
      while (asked_.load() == served) std::this_thread::yield();
      if (job_ == nullptr) return;
      begun_.fetch_add(1);
      (*job_)();
      ended_.fetch_add(1);
    }
  }

  const std::function<void()>* job_ = nullptr;
  std::atomic<unsigned> asked_{0};
  std::atomic<unsigned> begun_{0};
  std::atomic<unsigned> ended_{0};
  std::thread thread_{[this] { serve(); }};
};

/// Events without which a run means nothing.
struct events {
  std::size_t growths = 0;
  std::size_t waits = 0;
};

template <class Map>
std::size_t run_pair(partner& other_thread, operation<Map> first, operation<Map> second, events& seen) {
  Map map(evac::shards{2});
  Map other(evac::shards{4});
  for (shared_key k = 0; k < keys; k += 8) {
    map.try_emplace(k, k);
    other.try_emplace(k + 1, k + 1);
  }
  std::size_t bad_here = 0;
  std::size_t bad_there = 0;
  other_thread.run(
      [&] {
        for (shared_key round = 0; round < keys; ++round) bad_here += first(map, other, round);
      },
      [&] {
        for (shared_key round = 0; round < keys; ++round) {
          // Now and then with the operands in turned roles: a call on two maps must bear that.
          const bool turned = round % 4 == 3;
          bad_there += second(turned ? other : map, turned ? map : other, round);
        }
      });
  std::size_t bad = bad_here + bad_there;
  for (Map* each : {&map, &other}) {
    const auto total = each->stats().total;
    seen.growths += total.table.growths;
    seen.waits += total.contended;
    bad += wrong_in_shards(*each) + (evac_test::validate_shards(*each).empty() ? 0U : 1U);
  }
  return bad;
}

template <class Map>
void run_all_pairs(std::size_t runs) {
  const auto& operations = all_operations<Map>();
  partner other_thread;
  events seen;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    for (std::size_t j = i; j < operations.size(); ++j) {
      std::size_t bad = 0;
      for (std::size_t run = 0; run < runs; ++run) {
        bad += run_pair<Map>(other_thread, operations[i].run, operations[j].run, seen);
      }
      if (bad == 0) continue;
      FAIL_CHECK(bad << " wrong of " << operations[i].name << " beside " << operations[j].name);
    }
  }
  CAPTURE(seen.waits, seen.growths);
  REQUIRE(seen.growths > operations.size() * operations.size());
  REQUIRE(seen.waits > operations.size());
}

}  // namespace

TEST_CASE("the documented operations of sharded_map are those that run beside each other here") {
  std::set<std::string> run;
  for (const auto& each : all_operations<plain_map>()) {
    INFO(each.name << " is listed twice");
    REQUIRE(run.insert(std::string(each.name)).second);
  }
  const std::set<std::string> documented = documented_operations();
  for (const std::string& name : run) {
    INFO(name << " runs here, but is not documented");
    CHECK(documented.count(name) == 1);
  }
  for (const std::string& name : documented) {
    INFO(name << " is documented, but does not run here");
    CHECK(run.count(name) == 1);
  }
}

TEST_CASE("the documented waiting of two operations follows from the locks of their kinds") {
  const std::set<std::string> kinds = column(table_under("kind | holds"), 0);
  REQUIRE(column(table_under("operation | kind"), 1) == kinds);
  const table_rows rows = table_under("beside");
  const std::vector<std::string>& heading = rows.front();
  REQUIRE(std::set<std::string>(heading.begin() + 1, heading.end()) == kinds);
  REQUIRE(rows.size() == heading.size());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    REQUIRE(rows[i].size() == heading.size());
    REQUIRE(rows[i][0] == heading[i]);
    for (std::size_t j = 1; j < heading.size(); ++j) {
      const locks one = locks_of(heading[i]);
      const locks two = locks_of(heading[j]);
      const bool free = !one.any || !two.any || (!one.exclusive && !two.exclusive);
      INFO(heading[i] << " beside " << heading[j]);
      CHECK(rows[i][j] == (free ? "free" : one.all || two.all ? "all" : "shard"));
    }
  }
}

TEST_CASE("any two operations may run at once, with trivial values and a hash without state") {
  run_all_pairs<plain_map>(rounds(2));
}

TEST_CASE("any two operations may run at once, with values that own memory and a hash that is replaced") {
  run_all_pairs<boxed_map>(rounds(1));
}
