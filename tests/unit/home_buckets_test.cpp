// Home buckets of a table: where they lie while it grows and shrinks, which memory they take, and which of them have
// elements.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <evac/detail/table/home_buckets.hpp>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "support/allocators.hpp"
#include "support/catch.hpp"
#include "support/elements.hpp"
#include "support/failures.hpp"
#include "support/leak_check.hpp"
#include "support/one_chain.hpp"

using namespace evac_test;
using evac::detail::base_homes;
using evac::detail::bucket;
using evac::detail::occupied_homes;

namespace {

template <class Key>
using kind = chain_kind<Key>;
template <class Key>
using homes_of = evac::detail::home_buckets<typename kind<Key>::elements, typename kind<Key>::allocator, true>;

/// Homes that come and go one by one, as a table does it, with an element each at most.
template <class Key>
struct growing_homes {
  chain_room<Key> room;
  homes_of<Key> homes;

  growing_homes() { homes.open_first(room.allocator); }
  growing_homes(const growing_homes&) = delete;
  growing_homes& operator=(const growing_homes&) = delete;
  ~growing_homes() {
    for (std::size_t home = 0; home < homes.count(); ++home) {
      if (!homes.at(home)->tags.empty()) kind<Key>::ops::slot_ops::destroy(room.allocator, slot_of(home));
    }
    homes.release(room.allocator);
  }

  /// Returns whether that was the last one of a doubling.
  bool grow() {
    if (homes.count() == homes.opened()) {
      auto work = room.work();
      homes.open_next(room.allocator, work);
    }
    *homes.next_home() = bucket{};
    return homes.add_home();
  }
  void shrink() {
    homes.remove_home();
    homes.close_emptied(room.allocator);
  }
  /// Gives a home without an element one with its number.
  void occupy(std::size_t home) {
    const auto construct = [&](void* slot) {
      kind<Key>::ops::slot_ops::construct(room.allocator, slot, static_cast<Key>(static_cast<int>(home)));
    };
    kind<Key>::ops::construct(homes.at(home), 1, construct, room.allocator, room.overflow);
    homes.note_filled(home);
  }
  [[nodiscard]] void* slot_of(std::size_t home) const {
    return kind<Key>::layout::slot(homes.at(home), homes.at(home)->tags.occupied().first());
  }
  [[nodiscard]] const Key& element_of(std::size_t home) const {
    return kind<Key>::ops::slot_ops::element(slot_of(home));
  }
  [[nodiscard]] std::set<std::size_t> filled() const {
    std::set<std::size_t> all;
    for (std::size_t home = homes.next_filled(0); home < homes.count(); home = homes.next_filled(home + 1)) {
      all.insert(home);
    }
    return all;
  }
};

}  // namespace

TEST_CASE("homes come one by one into memory that doubles, and from the base block on none of them moves") {
  const leak_check none_left;
  growing_homes<std::uint64_t> all;
  auto& homes = all.homes;
  CHECK(homes.count() == 1);
  CHECK(homes.opened() == 1);
  std::vector<bucket*> places;
  for (std::size_t count = 2; count <= 300; ++count) {
    const bool is_whole = all.grow();
    REQUIRE(homes.count() == count);
    REQUIRE(is_whole == std::has_single_bit(count));
    REQUIRE(homes.opened() == std::bit_ceil(count));
    REQUIRE(homes.half() == homes.opened() / 2);
    REQUIRE(homes.openings() == static_cast<std::size_t>(std::countr_zero(homes.opened())));
    if (count < base_homes) continue;
    for (std::size_t home = places.size(); home < count; ++home) places.push_back(homes.at(home));
    for (std::size_t home = 0; home < count; ++home) REQUIRE(homes.at(home) == places[home]);
  }
  // No two share memory, and blocks hold all of them.
  std::vector<std::pair<const char*, std::size_t>> blocks;
  homes.for_each_block(
      [&](const void* block, std::size_t bytes) { blocks.emplace_back(static_cast<const char*>(block), bytes); });
  constexpr std::size_t bytes = kind<std::uint64_t>::layout::home_bytes();
  std::vector<const char*> begins;
  for (const bucket* each : places) begins.push_back(reinterpret_cast<const char*>(each));
  for (const char* begin : begins) {
    CHECK(std::count_if(blocks.begin(), blocks.end(), [&](const auto& block) {
            return begin >= block.first && begin + bytes <= block.first + block.second;
          }) == 1);
  }
  std::sort(begins.begin(), begins.end());
  for (std::size_t i = 1; i < begins.size(); ++i)
    REQUIRE(begins[i] - begins[i - 1] >= static_cast<std::ptrdiff_t>(bytes));
}

TEST_CASE("a hash leads to the home of as many of its low bits as there are homes for") {
  growing_homes<std::uint64_t> all;
  for (std::size_t count = 1; count <= 130; ++count) {
    for (std::size_t hash = 0; hash < 600; ++hash) {
      std::size_t expected = hash % std::bit_ceil(count);
      if (expected >= count) expected = hash % (std::bit_ceil(count) / 2);
      REQUIRE(all.homes.home_of(hash) == expected);
    }
    all.grow();
  }
}

TEST_CASE("memory of homes that are gone goes back, and one segment at a time") {
  growing_homes<std::uint64_t> all;
  auto& homes = all.homes;
  while (homes.count() < 256) all.grow();
  std::size_t blocks = memory.blocks;
  const std::size_t bytes = homes.segment_bytes();
  while (homes.count() > 128) {
    CHECK(homes.segment_bytes() == bytes);
    all.shrink();
  }
  CHECK(homes.segment_bytes() < bytes);
  CHECK(memory.blocks == blocks - 1);
  CHECK(homes.closings() == 1);
  while (homes.count() > 1) {
    blocks = memory.blocks;
    all.shrink();
    REQUIRE(memory.blocks + 2 >= blocks);  // a segment, and the account of the homes that have elements
  }
  CHECK(homes.opened() == 1);
  CHECK(homes.closings() == 8);
  std::size_t moves = 0;
  homes.trim_base(all.room.allocator, all.room.overflow, moves);
  CHECK(homes.segment_bytes() == kind<std::uint64_t>::layout::home_bytes());
}

TEST_CASE("elements of the base block move along when it is replaced, once each time, and no others move") {
  const leak_check none_left;
  growing_homes<tracked> all;
  all.occupy(0);
  while (all.homes.count() < 100) {
    all.grow();
    all.occupy(all.homes.count() - 1);
  }
  CHECK(all.room.moves == base_homes - 1);  // 1, 2, 4, ... base_homes / 2
  for (std::size_t home = 0; home < 100; ++home) {
    REQUIRE(kind<tracked>::ops::count(all.homes.at(home)) == 1);
    CHECK(all.element_of(home).value() == static_cast<int>(home));
  }
}

TEST_CASE("all homes that are opened at once are empty, and a failure leaves no memory") {
  using homes_type = homes_of<std::uint64_t>;
  for (const std::size_t count : {1U, 7U, 16U, 17U, 63U, 100U, 128U, 1000U}) {
    INFO(count << " homes");
    const leak_check none_left;
    const kind<std::uint64_t>::allocator allocator;
    fail_each_call(fail_allocation, [&](auto& run) {
      homes_type homes;
      run([&] {
        typename homes_type::ahead got(allocator);
        got.get(0, count);
        homes.get_blocks(allocator, count);
        homes.open_all(allocator, count, got);
      });
      if (run.threw()) {
        CHECK(homes.count() == 0);
      } else {
        CHECK(homes.count() == count);
        CHECK(homes.opened() == std::bit_ceil(count));
        for (std::size_t home = 0; home < count; ++home) REQUIRE(homes.at(home)->tags.empty());
        if (homes.occupied() != nullptr) CHECK(homes.next_filled(0) == count);
      }
      homes.release(allocator);
    });
  }
}

TEST_CASE("an account of the homes that have elements is kept by those that have more than a word of it") {
  growing_homes<std::uint64_t> all;
  auto& homes = all.homes;
  while (homes.count() < occupied_homes::unkept_homes) all.grow();
  CHECK(homes.occupied() == nullptr);
  CHECK(homes.next_filled(5) == 5);
  all.occupy(3);
  all.occupy(60);
  all.grow();
  REQUIRE(homes.occupied() != nullptr);
  CHECK(all.filled() == std::set<std::size_t>{3, 60});  // also those that were there before
  while (homes.count() < 700) all.grow();
  for (const std::size_t home : {64U, 65U, 300U, 699U}) all.occupy(home);
  homes.note_emptied_if(60, true);
  homes.note_emptied_if(64, false);
  CHECK(all.filled() == std::set<std::size_t>{3, 64, 65, 300, 699});
  all.shrink();
  CHECK(all.filled() == std::set<std::size_t>{3, 64, 65, 300});
  while (homes.count() > occupied_homes::unkept_homes) all.shrink();
  CHECK(homes.occupied() == nullptr);
  CHECK(homes.next_filled(0) == 0);
}
