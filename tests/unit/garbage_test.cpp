// The bag of garbage of one thread: when its batches are sealed, when they are due, and how what a container has
// retired is taken out again.
#include <cstddef>
#include <cstdint>
#include <evac/detail/sync/epoch_core.hpp>
#include <evac/detail/sync/garbage.hpp>
#include <vector>

#include "support/catch.hpp"

using evac::detail::garbage_bag;
using evac::detail::garbage_batch;
using evac::detail::relaxed;
using evac::detail::retired_object;

namespace {

constexpr std::size_t full = garbage_batch::capacity;
constexpr auto nothing = [] {};

/// A bag, the epoch of its domain, and objects by their numbers; each is of a container, and of 10 bytes unless it is
/// said.
struct filled_bag {
  garbage_bag bag;
  garbage_bag::epoch_word epoch{5};

  ~filled_bag() {
    while (garbage_batch* const left = bag.take_any(epoch)) static_cast<void>(bag.drop(left));
  }
  bool put(std::size_t number, int& container, std::size_t bytes = 10) {
    if (!bag.is_prepared()) bag.prepare();
    return bag.put({&numbers_[number], &container, [](void*, void*) { return true; }, bytes}, epoch);
  }
  void put_many(std::size_t from, std::size_t to, int& container) {
    for (std::size_t i = from; i < to; ++i) put(i, container);
  }
  [[nodiscard]] std::size_t number_of(const retired_object& object) const {
    return static_cast<std::size_t>(static_cast<const char*>(object.object) - numbers_);
  }
  [[nodiscard]] std::vector<std::size_t> numbers_of(const garbage_batch& batch) const {
    std::vector<std::size_t> numbers;
    for (std::size_t i = batch.reclaimed; i < batch.count; ++i) numbers.push_back(number_of(batch.objects[i]));
    return numbers;
  }
  /// Of all batches that are not in hand.
  [[nodiscard]] std::size_t waiting() {
    std::size_t objects = 0;
    bag.for_each_batch([&](const garbage_batch& batch) { objects += batch.count - batch.reclaimed; });
    return objects;
  }

 private:
  char numbers_[1000] = {};
};

/// A container that takes out what it has retired.
struct extracting {
  int& container;
  std::size_t taken = 0;
  [[nodiscard]] bool owns(const retired_object& object) const { return object.context == &container; }
  void take(const retired_object&) { ++taken; }
};

}  // namespace

TEST_CASE("a batch is sealed by the object that makes it full, by its number or by its bytes") {
  filled_bag of;
  int container = 0;
  for (std::size_t i = 0; i < full; ++i) REQUIRE(of.put(i, container) == (i + 1 == full));
  CHECK(of.bag.sum().objects == full);
  CHECK(of.bag.sum().bytes == 10 * full);
  CHECK_FALSE(of.put(full, container, 16'383));
  CHECK(of.put(full + 1, container, 1));
  CHECK(of.bag.sum().bytes == 10 * full + 16'384);
  CHECK(of.bag.batches() == 2);
}

TEST_CASE("batches are due two epochs after the one that they were sealed in, the oldest first") {
  filled_bag of;
  int container = 0;
  of.put_many(0, full, container);
  of.epoch = 6;
  of.put_many(full, 2 * full, container);
  bool is_told = false;
  const auto tell = [&] { is_told = true; };
  CHECK(of.bag.take_due(6, tell) == nullptr);
  CHECK_FALSE(is_told);
  garbage_batch* const first = of.bag.take_due(7, tell);
  REQUIRE(first != nullptr);
  CHECK(is_told);
  CHECK(first->stamp == 5);
  CHECK(of.numbers_of(*first).front() == 0);
  CHECK(of.bag.take_due(7, nothing) == nullptr);
  garbage_batch* const second = of.bag.take_due(8, nothing);
  REQUIRE(second != nullptr);
  CHECK(of.numbers_of(*second).front() == full);
  CHECK(of.bag.is_empty());
  CHECK(of.bag.drop(first) == 10 * full);
  CHECK(of.bag.drop(second) == 10 * full);
}

TEST_CASE("batches that are sealed before they are full join each other in one epoch, as far as there is room") {
  filled_bag of;
  int container = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    of.put(i, container);
    of.bag.seal(of.epoch);
    REQUIRE(of.bag.batches() == 1);
  }
  of.epoch = 6;
  of.put(10, container);
  of.bag.seal(of.epoch);
  CHECK(of.bag.batches() == 2);
  of.put(11, container, 16'380);  // too much for the room that is left
  of.bag.seal(of.epoch);
  CHECK(of.bag.batches() == 3);
  CHECK(of.bag.sum().objects == 12);
  CHECK(of.waiting() == 12);
}

TEST_CASE("a batch that nobody adds to is sealed at the second look") {
  filled_bag of;
  int container = 0;
  CHECK_FALSE(of.bag.seal_if_idle(of.epoch));
  of.put(0, container);
  CHECK_FALSE(of.bag.seal_if_idle(of.epoch));
  of.put(1, container);
  CHECK_FALSE(of.bag.seal_if_idle(of.epoch));
  CHECK(of.bag.seal_if_idle(of.epoch));
  CHECK(of.bag.sum().objects == 2);
}

TEST_CASE("a batch that is put back comes first again, without what is reclaimed") {
  filled_bag of;
  int container = 0;
  of.put_many(0, 2 * full, container);
  garbage_batch* const batch = of.bag.take_any(of.epoch);
  REQUIRE(batch != nullptr);
  CHECK(of.bag.sum().objects == full);
  batch->reclaimed = full - 2;
  CHECK(of.bag.put_back(batch));
  CHECK(of.bag.sum().objects == full + 2);
  garbage_batch* const again = of.bag.take_due(7, nothing);
  CHECK(again == batch);
  CHECK(of.numbers_of(*again) == std::vector<std::size_t>{full - 2, full - 1});
  static_cast<void>(of.bag.drop(again));
}

TEST_CASE(
    "a container takes out what it has retired, from batches that are filled, sealed and in hand, and nothing else") {
  filled_bag of;
  int mine = 0;
  int other = 0;
  const auto put_both = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) of.put(i, i % 2 == 0 ? mine : other);
  };
  put_both(0, full);
  garbage_batch* const in_hand = of.bag.take_any(of.epoch);
  REQUIRE(in_hand != nullptr);
  put_both(full, 2 * full);
  of.put_many(2 * full, 3 * full, mine);
  of.put_many(3 * full, 3 * full + 5, mine);

  extracting owner{mine};
  std::size_t bytes = 0;
  CHECK(of.bag.extract(owner, false, false, bytes));  // the thread with the batch in hand does not know
  CHECK(owner.taken == full / 2 + full + 5);
  CHECK(bytes == 10 * owner.taken);
  CHECK(of.bag.sum().objects == full / 2);
  CHECK(of.waiting() == full / 2);
  CHECK(of.bag.batches() == 1);

  in_hand->begun.store(3, relaxed);  // objects 0 and 1 are gone, number 2 is being reclaimed: one of mine
  CHECK_FALSE(of.bag.extract(owner, true, false, bytes));
  CHECK(owner.taken == full / 2 + full + 5 + (full / 2 - 2));
  CHECK(in_hand->count == 3 + full / 2 - 1);
  // Of mine, what is begun must come to its end: it is not put back before.
  in_hand->reclaimed = 2;
  CHECK_FALSE(of.bag.put_back(in_hand));
  in_hand->reclaimed = 3;
  CHECK(of.bag.put_back(in_hand));
  CHECK_FALSE(of.bag.extract(owner, true, false, bytes));
  CHECK(of.bag.sum().objects == full - 1);
  CHECK(owner.taken == 2 * full + 5 - 2);
}

TEST_CASE("a bag adopts all that a thread has left, and what is no full batch joins what it fills itself") {
  int container = 0;
  filled_bag heir;
  filled_bag left;
  left.put_many(0, full + 10, container);
  heir.put_many(100, 115, container);
  heir.bag.adopt(left.bag, heir.epoch);
  CHECK(left.bag.is_empty());
  CHECK(left.bag.batches() == 0);
  CHECK(left.bag.sum().objects == 0);
  CHECK(heir.bag.batches() == 2);
  CHECK(heir.bag.sum().objects == full);
  CHECK(heir.waiting() == full + 25);
  left.put_many(200, 210, container);
  heir.bag.adopt(left.bag, heir.epoch);  // more than a batch holds: what there was is sealed
  CHECK(heir.bag.batches() == 3);
  CHECK(heir.bag.sum().objects == full + 25);
  CHECK(heir.waiting() == full + 35);
}

TEST_CASE("a thread has a batch to spare after each object that it retires") {
  auto* const core = new evac::detail::epoch_core(std::size_t{1} << 20U);
  evac::detail::epoch_record* const own = core->take_record(1);
  int object = 0;
  for (std::size_t i = 0; i < 3 * full; ++i) {
    core->retire(*own, {&object, &object, [](void*, void*) { return true; }, 10});
    REQUIRE(own->bag.is_prepared());
  }
  core->give_back(own);
  core->reclaim_everything();
  core->drop_reference();
}

TEST_CASE("credit is charged only for what is missing, and given to the caller if that is enough") {
  garbage_bag bag;
  std::vector<std::size_t> charged;
  const auto charge_100 = [&](std::size_t bytes) {
    charged.push_back(bytes);
    return std::size_t{100};
  };
  CHECK(bag.take_credit(30, charge_100));
  CHECK(bag.credit() == 70);
  CHECK(bag.take_credit(70, charge_100));
  CHECK(bag.take_credit(40, charge_100));
  CHECK(charged == std::vector<std::size_t>{30, 40});
  CHECK_FALSE(bag.take_credit(200, [](std::size_t) { return std::size_t{0}; }));
  CHECK(bag.take_all_credit() == 60);
  CHECK(bag.credit() == 0);
}

TEST_CASE("after a fork a bag keeps what it had, if nobody was changing it") {
  filled_bag of;
  int container = 0;
  of.put_many(0, full + 3, container);
  of.bag.reset_after_fork(false);
  CHECK(of.waiting() == full + 3);
  CHECK(of.bag.sum().objects == full);
  of.put(full + 3, container);
  CHECK(of.waiting() == full + 4);
}
