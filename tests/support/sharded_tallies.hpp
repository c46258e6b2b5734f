// Values of sharded maps that tell whether they were torn, and visitors that look at them.
#ifndef EVAC_TESTS_SUPPORT_SHARDED_TALLIES_HPP
#define EVAC_TESTS_SUPPORT_SHARDED_TALLIES_HPP

#include <cstddef>
#include <cstdint>
#include <evac/sharded_map.hpp>
#include <memory>
#include <string_view>

#include "support/in_threads.hpp"

namespace evac_test::matrix {

using shared_key = std::uint64_t;

/// A value that tells whether it was torn: its key twice, and any number of increments.
struct tally {
  shared_key of;
  std::uint64_t again;
  std::uint64_t increments = 0;

  explicit tally(shared_key k) : of(k), again(k) {}
  void increment() { ++increments; }
  [[nodiscard]] bool belongs_to(shared_key k) const { return of == k && again == k; }
  friend bool operator==(const tally&, const tally&) = default;
};
/// The same with a destructor: such elements are moved out of the map before they are destroyed.
struct boxed_tally {
  std::unique_ptr<tally> box;

  explicit boxed_tally(shared_key k) : box(std::make_unique<tally>(k)) {}
  boxed_tally(const boxed_tally& other) : box(std::make_unique<tally>(*other.box)) {}
  boxed_tally(boxed_tally&&) noexcept = default;
  boxed_tally& operator=(const boxed_tally& other) { return *this = boxed_tally(other); }
  boxed_tally& operator=(boxed_tally&&) noexcept = default;
  ~boxed_tally() = default;
  void increment() { box->increment(); }
  [[nodiscard]] bool belongs_to(shared_key k) const { return box && box->belongs_to(k); }
  friend bool operator==(const boxed_tally& left, const boxed_tally& right) { return *left.box == *right.box; }
};

/// Its identity follows the elements: functors are copied and swapped while others use them.
struct wandering_hash {
  std::uint64_t state = 0;
  std::size_t operator()(shared_key k) const {
    stumble();
    return static_cast<std::size_t>(k ^ state);
  }
};

using plain_map = evac::sharded_map<shared_key, tally>;
using boxed_map = evac::sharded_map<shared_key, boxed_tally, wandering_hash>;

inline constexpr shared_key keys = 64;  // several times what a table starts with: the inserts of one run make it grow

/// How much of what an operation saw was wrong.
using wrongs = std::size_t;

/// Runs an operation for the given round.
template <class Map>
using operation = wrongs (*)(Map& map, Map& other, shared_key round);

template <class Map>
struct named_operation {
  std::string_view name;
  operation<Map> run;
};

template <class Element>
wrongs wrong(const Element& element) {
  return element.second.belongs_to(element.first) ? 0 : 1;
}
template <class Container>
wrongs wrong_in(const Container& container) {
  std::size_t bad = 0;
  std::size_t count = 0;
  for (const auto& element : container) {
    bad += wrong(element);
    ++count;
  }
  return bad + (count == container.size() ? 0U : 1U);
}
template <class Map>
wrongs wrong_in_shards(const Map& map) {
  std::size_t bad = 0;
  const std::size_t visited = map.cvisit_all([&](const auto& element) { bad += wrong(element); });
  return bad + (visited == map.size() ? 0U : 1U);
}

/// Visitors of an operation: they count what they see, and what of it is wrong, and change it where that is allowed.
template <class Map>
struct visitors {
  using element = typename Map::value_type;
  std::size_t bad = 0;
  std::size_t calls = 0;

  auto look() {
    return [this](const element& seen) {
      stumble();
      bad += wrong(seen);
      ++calls;
    };
  }
  auto change() {
    return [this](element& seen) {
      bad += wrong(seen);
      stumble();
      seen.second.increment();
      ++calls;
    };
  }
};

}  // namespace evac_test::matrix

#endif
