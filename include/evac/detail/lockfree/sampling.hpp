// Elements of a sync map drawn at random, to be looked at or taken out.
//
// A hash drawn evenly leads to a home of depth d with the probability 1 / 2^d, and a look is taken with one in
// proportion to the elements of its chain times 2^d: so each element is as likely as any other.
// detail/table/drawing.hpp says more.
#ifndef EVAC_DETAIL_LOCKFREE_SAMPLING_HPP
#define EVAC_DETAIL_LOCKFREE_SAMPLING_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/conditional_verbs.hpp"
#include "evac/detail/lockfree/guards.hpp"
#include "evac/detail/lockfree/verbs.hpp"
#include "evac/detail/lockfree/walk.hpp"
#include "evac/detail/table/drawing.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Draws elements by a thread that is inside. It keeps its memory from draw to draw.
template <class Table>
class element_drawer {
  using slot_value = typename Table::slot_value;

 public:
  /// An element, or nothing if none is found: then the table had no element all the time, but perhaps in homes that are
  /// not told to readers yet. Throws std::bad_alloc, and what the generator throws.
  template <class Generator>
  [[nodiscard]] std::optional<slot_value> draw(const Table& table, epoch_record& own, Generator& generator) {
    const auto* const root = table.root();
    if (root == nullptr) return std::nullopt;
    typename Table::reader_type reader(*root, own);
    const std::size_t homes = root->homes();
    const auto deepest = static_cast<unsigned>(std::bit_width(homes - 1));
    for (unsigned looks = 0; looks != most_looks; ++looks) {
      const unsigned depth = reader.copy_home_of(static_cast<std::size_t>(draw_bits(generator)), chain_).depth;
      const std::size_t out_of = drawn_of << (deepest - (std::min)(depth, deepest));
      const std::size_t number = draw_below(generator, (std::max)(out_of, chain_.size()));
      if (number < chain_.size()) return chain_[number];
    }
    if (homes <= few_homes) {
      all_.clear();
      for (std::size_t i = 0; i != homes; ++i) {
        reader.copy(i, chain_);
        all_.insert(all_.end(), chain_.begin(), chain_.end());
      }
      if (all_.empty()) return std::nullopt;
      return all_[draw_below(generator, all_.size())];
    }
    const std::size_t first = draw_below(generator, homes);
    for (std::size_t i = 0; i != homes; ++i) {
      reader.copy((first + i) % homes, chain_);
      if (!chain_.empty()) return chain_[draw_below(generator, chain_.size())];
    }
    return std::nullopt;
  }

 private:
  /// Where there are no more, all elements are copied when no look was taken: a map of a few elements would be drawn
  /// from by its gaps otherwise.
  static constexpr std::size_t few_homes = 64;

  std::vector<slot_value> chain_;
  std::vector<slot_value> all_;
};

namespace verbs {

/// Calls f(slot_value) for n elements drawn at random, each inside the domain; returns how many there were to draw.
template <class Table, class Generator, class F>
std::size_t sample(const Table& table, Generator& generator, std::size_t n, const F& f) {
  element_drawer<Table> drawer;
  for (std::size_t drawn = 0; drawn != n; ++drawn) {
    const read_guard inside(table.core());
    const auto element = drawer.draw(table, inside.own, generator);
    if (!element.has_value()) return drawn;
    f(*element);
  }
  return n;
}
/// A copy of some key, if there is one, and whether it is equal to itself.
template <class Table>
[[nodiscard]] auto some_key(const Table& table, element_drawer<Table>& drawer) {
  using storage = typename Table::storage;
  struct drawn_key {
    std::optional<typename Table::policy::key_type> key{};
    bool can_be_found = true;
  };
  drawn_key drawn;
  const auto take = [&](const auto& element) {
    drawn.key.emplace(storage::key(element));
    drawn.can_be_found = table.same_key(*drawn.key)(element);
  };
  {
    const thread_generator generator;
    const read_guard inside(table.core());
    if (const auto element = drawer.draw(table, inside.own, generator)) take(*element);
  }
  if (!drawn.key.has_value()) {
    detail::for_each_element(table, [&](const auto& element) {
      take(element);
      return false;
    });
  }
  return drawn;
}
/// Takes some element out: take(key) erases what a key has, and returns it as an optional, which is empty if it has
/// nothing. A key that is not equal to itself is found by no look-up: where one is drawn, the first of all that is
/// found is taken.
template <class Table, class Take>
[[nodiscard]] auto pop_any(const Table& table, const Take& take) {
  using key_type = typename Table::policy::key_type;
  using result = decltype(take(std::declval<key_type&&>()));
  element_drawer<Table> drawer;
  for (;;) {
    auto drawn = verbs::some_key(table, drawer);
    if (!drawn.key.has_value()) return result{};
    if (auto taken = take(*std::move(drawn.key))) return taken;
    if (drawn.can_be_found) continue;  // another thread was faster
    result first;
    detail::for_each_element(table, [&](const auto& element) {
      if (auto taken = take(key_type(Table::storage::key(element)))) {
        first.emplace(*std::move(taken));
        return false;
      }
      return true;
    });
    return first;
  }
}

}  // namespace verbs

}  // namespace evac::inline EVAC_ABI::detail

#endif
