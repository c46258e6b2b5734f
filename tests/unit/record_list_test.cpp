// record_list: the records that threads get.
#include "evac/detail/sync/record_list.hpp"

#include <cstddef>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

namespace {

struct record {
  int number = 0;
};
using list_type = evac::detail::record_list<record>;

struct records {
  list_type list;
  ~records() { list.release_all(); }
};

}  // namespace

TEST_CASE("of the free records the oldest is taken, and a new one only where none is free") {
  records all;
  std::vector<record*> taken;
  for (int i = 0; i < 4; ++i) taken.push_back(all.list.take());
  REQUIRE(std::set<record*>(taken.begin(), taken.end()).size() == 4);
  list_type::give_back(taken[3]);
  list_type::give_back(taken[1]);
  list_type::give_back(taken[2]);
  CHECK(all.list.take() == taken[1]);
  CHECK(all.list.take() == taken[2]);
  CHECK(all.list.take() == taken[3]);
  record* const fresh = all.list.take();
  CHECK(std::set<record*>(taken.begin(), taken.end()).count(fresh) == 0);
}

TEST_CASE("a record of a list belongs to one thread at a time and keeps what the last one wrote") {
  list_type list;
  const std::size_t threads = crowd();
  const int times = static_cast<int>(rounds(2000));
  const std::size_t refused = in_threads(threads, [&](std::size_t) {
    std::size_t none = 0;
    for (int i = 0; i < times; ++i) {
      record* const mine = list.take();
      if (mine == nullptr) {
        ++none;
        continue;
      }
      ++mine->number;
      list_type::give_back(mine);
    }
    return none;
  });
  REQUIRE(refused == 0);
  std::size_t records = 0;
  int sum = 0;
  list.for_each([&](const record& each) {
    ++records;
    sum += each.number;
    return true;
  });
  REQUIRE(sum == static_cast<int>(threads) * times);
  REQUIRE(records >= 1);
  REQUIRE(records <= threads);
  std::size_t visited = 0;
  list.for_each([&](const record&) {
    ++visited;
    return false;
  });
  REQUIRE(visited == 1);
  list.release_all();
  list.for_each([&](const record&) { return ++visited != 0; });
  REQUIRE(visited == 1);
}
