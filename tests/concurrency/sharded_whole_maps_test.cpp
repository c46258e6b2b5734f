// Moves, assignments, swaps and merges of whole sharded maps while other threads use them. Over three kinds of locks.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/sharded_stress.hpp"

using namespace evac_test;

TEMPLATE_TEST_CASE("of several constructions that move from one map exactly one gets everything", "",
                   EVAC_TEST_MUTEXES) {
  using map_type = map_under<live_value, TestType>;
  constexpr shared_key keys = 60;
  for (std::size_t round = 0; round < rounds(150); ++round) {
    map_type source(evac::shards{4});
    for (shared_key k = 0; k < keys; ++k) source.try_emplace(k, k);
    std::atomic<std::size_t> full{0};
    const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) -> std::size_t {
      std::size_t size = 0;
      if (thread == 0) {
        size = static_cast<typename map_type::map_type>(std::move(source)).size();
      } else if (thread == 1) {
        map_type assigned(evac::shards{2});
        assigned = std::move(source);
        size = assigned.size();
      } else {
        const map_type taken(std::move(source));
        size = taken.size();
      }
      full += size == keys ? 1 : 0;
      return size == keys || size == 0 ? 0 : 1;
    });
    REQUIRE(wrong == 0);
    REQUIRE(full == 1);
    REQUIRE(source.empty());
  }
  REQUIRE(live_value::live == 0);
}

TEMPLATE_TEST_CASE("calls on two maps in opposite order end, and swap and merge lose nothing", "", EVAC_TEST_MUTEXES) {
  using map_type = map_under<live_value, TestType>;
  constexpr shared_key keys = 40;
  for (const std::size_t shards_of_second : {std::size_t{2}, std::size_t{4}}) {
    map_type first(evac::shards{2});
    map_type second(evac::shards{shards_of_second});
    for (shared_key k = 0; k < keys; ++k) (k % 2 == 0 ? first : second).try_emplace(k, k);

    const auto opposite = [&](const auto& call) {
      in_threads(crowd(), [&](std::size_t thread) {
        for (std::size_t i = 0; i < rounds(500); ++i) {
          map_type& mine = (thread + i / 8) % 2 == 0 ? first : second;
          map_type& other = &mine == &first ? second : first;
          call(mine, other, i);
          if (i % 4 == 0) mine.visit(i % keys, [](auto&) { stumble(); });
        }
      });
    };
    const auto all_are_there = [&] {
      std::vector<unsigned> seen(keys, 0);
      first.cvisit_all([&](const auto& element) { ++seen.at(*element.second.number); });
      second.cvisit_all([&](const auto& element) { ++seen.at(*element.second.number); });
      return seen == std::vector<unsigned>(keys, 1);
    };

    opposite([](map_type& mine, map_type& other, std::size_t) { mine.swap(other); });
    REQUIRE(all_are_there());
    opposite([](map_type& mine, map_type& other, std::size_t) { mine.merge(other); });
    REQUIRE(all_are_there());
    opposite([](map_type& mine, map_type& other, std::size_t i) {
      if (i % 3 == 0) mine.swap(other);
      if (i % 3 == 1) mine.merge(other);
      if (i % 3 == 2) static_cast<void>(mine == other);
    });
    REQUIRE(all_are_there());
    opposite([](map_type& mine, map_type& other, std::size_t i) {
      switch (i % 5) {
        case 0:
          mine = std::as_const(other);
          break;
        case 1:
          static_cast<void>(mine == other);
          break;
        case 2:
          mine.swap(other);
          break;
        case 3:
          mine.merge(other);
          break;
        default:
          if (i % 40 == 4) mine = std::move(other);
      }
    });
    REQUIRE_VALID_SHARDS(first);
    REQUIRE_VALID_SHARDS(second);
    REQUIRE(live_value::live == static_cast<std::ptrdiff_t>(first.size() + second.size()));
    first = std::as_const(second);
    REQUIRE(first == second);
  }
}

namespace {

std::array<std::atomic<std::ptrdiff_t>, 4> bytes_given_out{};  // by each identity of the allocators

/// Has an identity that follows the elements whenever it may.
template <class T>
struct wandering_allocator {
  using value_type = T;
  using is_always_equal = std::false_type;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  std::size_t identity;

  explicit wandering_allocator(std::size_t of = 0) : identity(of) {}
  template <class U>
  wandering_allocator(const wandering_allocator<U>& other)
      : identity(other.identity) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] T* allocate(std::size_t n) {
    bytes_given_out.at(identity) += static_cast<std::ptrdiff_t>(n * sizeof(T));
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* block, std::size_t n) noexcept {
    bytes_given_out[identity] -= static_cast<std::ptrdiff_t>(n * sizeof(T));
    std::allocator<T>().deallocate(block, n);
  }
  template <class U>
  friend bool operator==(const wandering_allocator& left, const wandering_allocator<U>& right) {
    return left.identity == right.identity;
  }
};

// So large that each has a memory block of its own, which whoever erases it gives back.
struct large {
  std::array<std::uint64_t, 40> words{};
  explicit large(shared_key of) { words.fill(of); }
  friend bool operator==(const large&, const large&) = default;
};
struct hash_with_state {
  std::uint64_t state = 0;
  std::size_t operator()(shared_key k) const {
    stumble();
    return static_cast<std::size_t>(k * 3 + state);
  }
};
struct equal_with_state {
  std::uint64_t state = 0;
  bool operator()(shared_key left, shared_key right) const { return left + state == right + state; }
};

}  // namespace

TEMPLATE_TEST_CASE(
    "functors and allocators may be replaced while others use them, and memory goes back to where it is from", "",
    EVAC_TEST_MUTEXES) {
  using element = std::pair<const shared_key, large>;
  using map_type =
      evac::sharded_map<shared_key, large, hash_with_state, equal_with_state, wandering_allocator<element>, TestType>;
  constexpr shared_key keys = 32;
  {
    map_type first(evac::shards{2}, 0, {1}, {1}, wandering_allocator<element>(1));
    map_type second(evac::shards{2}, 0, {2}, {2}, wandering_allocator<element>(2));
    map_type third(evac::shards{4}, 0, {3}, {3}, wandering_allocator<element>(3));
    const std::array<map_type*, 3> maps{&first, &second, &third};
    const std::size_t wrong = in_threads(crowd(), [&](std::size_t thread) {
      dice roll(thread);
      std::size_t bad = 0;
      for (std::size_t i = 0; i < rounds(4000); ++i) {
        map_type& map = *maps[roll(3)];
        map_type& other = *maps[roll(3)];
        const shared_key k = roll(keys);
        switch (roll(14)) {
          case 0:
            map.try_emplace(k, k);
            break;
          case 1:
            map.emplace(static_cast<unsigned>(k), large(k));
            break;  // its key has to be made first
          case 2:
            map.insert({k, large(k)});
            break;
          case 3:
            map.erase(k);
            break;
          case 4:
            map.erase_if([&](auto& e) { return e.first % 8 == k % 8; });
            break;
          case 5:
            map.insert_or_assign(k, large(k));
            break;
          case 6:
            bad += map.find(k).value_or(large(k)) == large(k) ? 0 : 1;
            break;
          case 7:
            bad += map.hash_function()(1) >= 4 && map.key_eq()(k, k) && map.get_allocator().identity != 0 ? 0 : 1;
            break;
          case 8:
            map.visit_all([&](auto& e) { bad += e.second == large(e.first) ? 0 : 1; });
            break;
          case 9:
            map.swap(other);
            break;
          case 10:
            if (i % 4 == 0) map = std::move(other);
            break;
          case 11:
            if (i % 4 == 0) map = std::as_const(other);
            break;
          case 12:
            map = {{k, large(k)}, {k + 1, large(k + 1)}};
            break;
          default:
            bad +=
                map.get_or_compute(k, [k] { return large(k); }, evac::compute_mode::single_flight) == large(k) ? 0 : 1;
        }
      }
      return bad;
    });
    REQUIRE(wrong == 0);
    REQUIRE(bytes_given_out[1] + bytes_given_out[2] + bytes_given_out[3] != 0);
    for (map_type* each : maps) {
      std::size_t misplaced = 0;
      each->cvisit_all([&](const auto& e) { misplaced += e.second == large(e.first) ? 0 : 1; });
      CHECK(misplaced == 0);
      REQUIRE_VALID_SHARDS(*each);
    }
  }
  for (const auto& balance : bytes_given_out) REQUIRE(balance == 0);
}
