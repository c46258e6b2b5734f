// Elements drawn at random: from a table, and the random numbers for it.
//
//   a look     a home, each as likely as any other; taken with the probability  elements of its chain / drawn_of
//   taken      one of the elements of that chain, each as likely as any other
//
// So every element is as likely as any other, however full its chain is; but for chains of more than drawn_of elements,
// each of whose elements is less likely. In a table that nearly only has empty homes looks would not end: after
// most_looks of them the next element behind a home is drawn, so that elements behind a long gap are more likely.
#ifndef EVAC_DETAIL_TABLE_DRAWING_HPP
#define EVAC_DETAIL_TABLE_DRAWING_HPP

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/table/seed.hpp"
#include "evac/detail/table/table.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The uniform random bit generator of the standard.
template <class Generator>
concept bit_generator = requires(std::remove_reference_t<Generator>& generator) {
  { generator() } -> std::unsigned_integral;
  { (std::remove_cvref_t<Generator>::min)() } -> std::same_as<decltype(generator())>;
  { (std::remove_cvref_t<Generator>::max)() } -> std::same_as<decltype(generator())>;
};

/// 64 bits out of a generator of any range.
template <class Generator>
[[nodiscard]] std::uint64_t draw_bits(Generator& generator) {
  constexpr std::uint64_t range = std::uint64_t{(Generator::max)()} - std::uint64_t{(Generator::min)()};
  static_assert(range != 0, "evac: the generator must have more than one result");
  // Numbers beyond the largest power of two in its range are left out.
  constexpr auto bits = static_cast<unsigned>(range == ~std::uint64_t{0} ? 64 : std::bit_width(range + 1) - 1);
  const auto draw = [&] {
    for (;;) {
      const std::uint64_t number = std::uint64_t{generator()} - std::uint64_t{(Generator::min)()};
      if (bits == 64 || number >> (bits % 64) == 0) return number;
    }
  };
  if constexpr (bits == 64) {
    return draw();
  } else {
    std::uint64_t all = 0;
    for (unsigned got = 0; got < 64; got += bits) all = all << bits | draw();
    return all;
  }
}
/// A number below `limit`, which is not 0. Each is as likely as any other, to one part in 2^64 / limit.
template <class Generator>
[[nodiscard]] std::size_t draw_below(Generator& generator, std::size_t limit) {
  return static_cast<std::size_t>(draw_bits(generator) % limit);
}

/// A generator of each thread, for calls that are given none.
struct thread_generator {
  using result_type = std::uint64_t;
  [[nodiscard]] static constexpr result_type(min)() noexcept { return 0; }
  [[nodiscard]] static constexpr result_type(max)() noexcept { return (std::numeric_limits<result_type>::max)(); }
  /// As next_seed(), but without a word that threads share.
  [[nodiscard]] result_type operator()() const noexcept {
    static thread_local std::uint64_t state = next_seed();
    return split_mix(state += split_mix_step);
  }
};

/// A chain of so many elements is taken whenever it is looked at. At the end of a doubling a parent has 7.5 elements on
/// average, so that one chain in 500 has more; and a look is taken once in three to eight times.
inline constexpr std::size_t drawn_of = 16;
/// With an element for each home, one draw in 60 comes to an end here; with two, one in 5000.
inline constexpr unsigned most_looks = 64;

/// The element with this number of the chain of a home.
[[nodiscard]] inline position element_of_chain(bucket* where, std::size_t home, std::size_t number) noexcept {
  for (; where != nullptr; where = where->overflow) {
    slot_mask taken = where->tags.occupied();
    if (number >= taken.count()) {
      number -= taken.count();
      continue;
    }
    for (; number != 0; --number) taken.drop_first();
    return {where, taken.first(), home};
  }
  return {};
}
[[nodiscard]] inline std::size_t length_of_chain(const bucket* where) noexcept {
  std::size_t elements = 0;
  for (; where != nullptr; where = where->overflow) elements += where->tags.occupied().count();
  return elements;
}

/// The first element of this home or a later one, or else of the table. O(homes in between), O(log homes) where an
/// account of empty homes is kept.
template <class Policy>
[[nodiscard]] position next_from(const table<Policy>& from, std::size_t home) noexcept {
  const position found = from.first_from(home);
  return found.where != nullptr ? found : from.first();
}
/// An element of a table, or nothing if that is empty. Throws what the generator throws.
template <class Policy, class Generator>
[[nodiscard]] position draw_element(const table<Policy>& from, Generator& generator) {
  if (from.size() == 0) return {};
  const auto& homes = from.homes();
  for (unsigned looks = 0; looks != most_looks; ++looks) {
    const std::size_t home = draw_below(generator, homes.count());
    bucket* const head = homes.at(home);
    const std::size_t elements = length_of_chain(head);
    const std::size_t number = draw_below(generator, elements > drawn_of ? elements : drawn_of);
    if (number < elements) return element_of_chain(head, home, number);
  }
  const position found = next_from(from, draw_below(generator, homes.count()));
  bucket* const head = homes.at(found.home);
  return element_of_chain(head, found.home, draw_below(generator, length_of_chain(head)));
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
