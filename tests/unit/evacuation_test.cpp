// Splitting a chain into itself and its child, and merging the child back.
#include <cstddef>
#include <cstdint>
#include <evac/detail/table/evacuation.hpp>
#include <set>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/failures.hpp"
#include "support/leak_check.hpp"
#include "support/one_chain.hpp"

using namespace evac_test;
using evac::detail::slot_ref;

namespace {

template <class Key>
using step = evac::detail::evacuation<typename chain_kind<Key>::elements, typename chain_kind<Key>::allocator>;

/// Keys below n of which `leaves` is as asked for.
template <class Leaves>
std::set<int> chosen(int n, const Leaves& leaves, bool wanted) {
  std::set<int> all;
  for (int key = 0; key < n; ++key) {
    if (leaves(key) == wanted) all.insert(key);
  }
  return all;
}

/// A split of n elements, in each of several ways; check(parent, child, room, leaves, n) looks at the result.
template <class Key, class Check>
void for_each_split(const Check& check) {
  for (const int n : {0, 1, 5, 7, 8, 12, 25, 60}) {
    for (const int way : {0, 1, 2, 3}) {
      INFO(n << " elements, way " << way);
      const auto leaves = [&](int key) { return way == 3 || (way != 0 && (key * 5 / 2 + way) % 2 == 0); };
      chain_room<Key> room;
      one_chain<Key> parent(room);
      one_chain<Key> child(room);
      parent.insert(0, n);
      check(parent, child, room, leaves, n);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a split gives the child what leaves and leaves the parent the rest", "", std::uint64_t, tracked) {
  const leak_check none_left;
  for_each_split<TestType>([](auto& parent, auto& child, auto& room, const auto& leaves, int n) {
    auto work = room.work();
    step<TestType>::split(
        parent.head(), child.head(), [&](const TestType& key) { return leaves(chain_kind<TestType>::number(key)); },
        work);
    CHECK(parent.keys() == chosen(n, leaves, false));
    CHECK(child.keys() == chosen(n, leaves, true));
    parent.require_valid();
    child.require_valid();
    CHECK(room.overflow.in_use() == parent.overflow_buckets() + child.overflow_buckets());
    CHECK(room.moves <= static_cast<std::size_t>(2 * n));
  });
}

TEMPLATE_TEST_CASE("a split follows the watched element wherever it goes", "", std::uint64_t, tracked) {
  for_each_split<TestType>([](auto& parent, auto& child, auto& room, const auto& leaves, int n) {
    if (n == 0) return;
    for (const int key : {0, n / 2, n - 1}) {
      chain_room<TestType> own;
      one_chain<TestType> from(own);
      one_chain<TestType> to(own);
      from.insert(0, n);
      slot_ref watched = from.find(key);
      auto work = own.work(&watched);
      step<TestType>::split(
          from.head(), to.head(), [&](const TestType& each) { return leaves(chain_kind<TestType>::number(each)); },
          work);
      CHECK(watched == (leaves(key) ? to.find(key) : from.find(key)));
    }
    CHECK(parent.keys().size() == static_cast<std::size_t>(n));
    CHECK(child.keys().empty());
    CHECK(room.moves == 0);
  });
}

TEMPLATE_TEST_CASE("a merge brings everything back, and takes no more buckets than it needs", "", std::uint64_t,
                   tracked) {
  const leak_check none_left;
  for_each_split<TestType>([](auto& parent, auto& child, auto& room, const auto& leaves, int n) {
    auto work = room.work();
    step<TestType>::split(
        parent.head(), child.head(), [&](const TestType& key) { return leaves(chain_kind<TestType>::number(key)); },
        work);
    step<TestType>::merge(parent.head(), child.head(), work);
    ::new (child.head()) evac::detail::bucket{};  // its header is not valid any more
    CHECK(parent.keys() == chosen(n, [](int) { return true; }, true));
    parent.require_valid();
    CHECK(room.overflow.in_use() == parent.overflow_buckets());
  });
}

TEMPLATE_TEST_CASE("a split whose question or allocation fails has moved nothing", "", std::uint64_t, tracked) {
  for (countdown* const source : {&fail_hash, &fail_allocation}) {
    const failures_seen seen = fail_each_call(*source, [&](failing_run& run) {
      const leak_check none_left;
      chain_room<TestType> room;
      one_chain<TestType> parent(room);
      one_chain<TestType> child(room);
      parent.insert(0, 25);
      auto work = room.work();
      const auto leaves = [](const TestType&) {
        fail_hash.tick();
        return true;
      };
      run([&] {
        room.overflow.release_one_if_idle(room.allocator);
        step<TestType>::split(parent.head(), child.head(), leaves, work);
      });
      if (run.threw()) {
        ::new (child.head()) evac::detail::bucket{};  // its memory may hold anything
        CHECK(parent.keys().size() == 25);
        CHECK(room.moves == 0);
      } else {
        CHECK(child.keys().size() == 25);
        CHECK(parent.keys().empty());
      }
      parent.require_valid();
    });
    CHECK(seen.thrown > 0);
  }
}
