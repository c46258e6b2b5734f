// record_list: who gets which record.
#include "evac/detail/sync/record_list.hpp"

#include <cstddef>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "support/in_threads.hpp"

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

TEST_CASE("threads that take records at the same time never have the same one") {
  records all;
  constexpr std::size_t threads = 4;
  std::vector<std::size_t> disturbed(threads, 0);
  evac_test::in_threads(threads, [&](std::size_t t) {
    for (int i = 0; i < 2000; ++i) {
      record* const own = all.list.take();
      own->number = static_cast<int>(t) + 1;  // a race if another has it
      if (own->number != static_cast<int>(t) + 1) ++disturbed[t];
      own->number = 0;
      list_type::give_back(own);
    }
  });
  CHECK(disturbed == std::vector<std::size_t>(threads, 0));
  std::size_t made = 0;
  all.list.for_each([&](const record& each) {
    CHECK(each.number == 0);
    ++made;
    return true;
  });
  CHECK(made >= 1);
  CHECK(made <= threads);
}
