// The steps on one chain: find, insert, erase, compact.
#include <cstddef>
#include <cstdint>
#include <evac/detail/table/chain.hpp>
#include <set>

#include "support/catch.hpp"
#include "support/leak_check.hpp"
#include "support/one_chain.hpp"

using namespace evac_test;
using evac::detail::slot_ref;

namespace {

std::set<int> numbers(int from, int to) {
  std::set<int> all;
  for (int i = from; i < to; ++i) all.insert(i);
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("a chain finds the keys that it has and no others, in its home and behind it", "", std::uint64_t,
                   tracked) {
  const leak_check none_left;
  chain_room<TestType> room;
  one_chain<TestType> chain(room);
  CHECK(chain.find(1).where == nullptr);
  for (int key = 0; key < 30; ++key) {
    const slot_ref at = chain.insert(key);
    CHECK(chain.find(key) == at);
    CHECK(chain.find(key + 30).where == nullptr);
    CHECK(chain_kind<TestType>::ops::count(chain.head()) == static_cast<std::size_t>(key + 1));
    chain.require_valid();
  }
  CHECK(chain.keys() == numbers(0, 30));
  CHECK(room.overflow.in_use() == chain.overflow_buckets());
  CHECK(room.moves == 0);
}

TEMPLATE_TEST_CASE("overflow buckets come when all before them are full, and go when they are empty", "", std::uint64_t,
                   tracked) {
  using layout = typename chain_kind<TestType>::layout;
  const int home = static_cast<int>(layout::home_slots());
  const int behind = static_cast<int>(layout::overflow_slots());
  chain_room<TestType> room;
  one_chain<TestType> chain(room);
  chain.insert(0, home);
  CHECK(chain.overflow_buckets() == 0);
  CHECK_FALSE(chain.head()->tags.any_overflow());
  chain.insert(home, home + behind);
  CHECK(chain.overflow_buckets() == 1);
  chain.insert(home + behind, home + behind + 1);
  CHECK(chain.overflow_buckets() == 2);
  CHECK(chain_kind<TestType>::ops::overflow_for(static_cast<std::size_t>(behind + 1)) == 2);
  for (int key = home + behind; key >= home; --key) {
    CHECK_FALSE(chain.erase(key));
    chain.require_valid();
  }
  CHECK(chain.overflow_buckets() == 0);
  CHECK(room.overflow.in_use() == 0);
  CHECK_FALSE(chain.head()->tags.any_overflow());
}

TEMPLATE_TEST_CASE("the erase of the last element says that the chain is empty, and no other does", "", std::uint64_t,
                   tracked) {
  const leak_check none_left;
  chain_room<TestType> room;
  one_chain<TestType> chain(room);
  chain.insert(0, 20);
  for (int key = 0; key < 19; ++key) CHECK_FALSE(chain.erase((key * 7) % 20));
  CHECK(chain.erase((19 * 7) % 20));
  CHECK(chain.keys().empty());
}

TEMPLATE_TEST_CASE("an insert takes a hole before it asks for a bucket", "", std::uint64_t, tracked) {
  chain_room<TestType> room;
  one_chain<TestType> chain(room);
  using layout = typename chain_kind<TestType>::layout;
  const int full = static_cast<int>(layout::home_slots() + 2 * layout::overflow_slots());
  chain.insert(0, full);
  const slot_ref in_home = chain.find(2);
  const slot_ref behind = chain.find(full - 1);
  chain.erase(full - 1);
  chain.erase(2);
  CHECK(chain.insert(100) == in_home);
  CHECK(chain.insert(101) == behind);
  CHECK(chain.overflow_buckets() == 2);
  chain.require_valid();
}

TEMPLATE_TEST_CASE("compacting fills the home, moves no more than that, and follows the watched element", "",
                   std::uint64_t, tracked) {
  const leak_check none_left;
  using ops = typename chain_kind<TestType>::ops;
  using layout = typename chain_kind<TestType>::layout;
  chain_room<TestType> room;
  one_chain<TestType> chain(room);
  chain.insert(0, 20);
  std::size_t holes = 0;
  for (unsigned slot = 0; slot < layout::home_slots(); slot += 2, ++holes) chain.erase(static_cast<int>(slot));
  const std::set<int> before = chain.keys();
  for (const int watched_key : {1, 19}) {
    slot_ref watched = chain.find(watched_key);
    auto work = room.work(&watched);
    ops::compact(chain.head(), work);
    CHECK(watched == chain.find(watched_key));
  }
  CHECK(room.moves == holes);  // the second time there was nothing to do
  CHECK(chain.keys() == before);
  CHECK_FALSE(chain.head()->tags.free(layout::home_slots()));
  chain.require_valid();
}

TEMPLATE_TEST_CASE("an insert that finds no memory for a bucket, or whose element throws, has changed nothing", "",
                   std::uint64_t, tracked) {
  const leak_check none_left;
  using layout = typename chain_kind<TestType>::layout;
  using ops = typename chain_kind<TestType>::ops;
  chain_room<TestType> room;
  one_chain<TestType> chain(room);
  const int home = static_cast<int>(layout::home_slots());
  chain.insert(0, home);
  fail_allocation.arm(1);
  CHECK_THROWS_AS(chain.insert(home), std::runtime_error);
  fail_allocation.arm(0);
  const auto fail = [](void*) { throw std::runtime_error("no element"); };
  CHECK_THROWS_AS(ops::construct(chain.head(), 1, fail, room.allocator, room.overflow), std::runtime_error);
  CHECK(chain.keys() == numbers(0, home));
  CHECK(chain.overflow_buckets() == 0);
  CHECK(room.overflow.in_use() == 0);
  chain.require_valid();
}
