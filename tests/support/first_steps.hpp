// How far begin() and ++ walk, counted in homes whose buckets they look at.
#ifndef EVAC_TESTS_SUPPORT_FIRST_STEPS_HPP
#define EVAC_TESTS_SUPPORT_FIRST_STEPS_HPP

#include <cstddef>
#include <evac/detail/table/table_access.hpp>

namespace evac_test {

/// Homes that are looked at from `home` on until one has an element, that one included.
template <class Container>
[[nodiscard]] std::size_t homes_looked_at(const Container& container, std::size_t home) {
  const auto& homes = evac::detail::table_access::of(container).homes();
  std::size_t looked_at = 0;
  for (; home < homes.count(); home = homes.next_filled(home + 1)) {
    ++looked_at;
    if (!homes.at(home)->tags.empty()) break;
  }
  return looked_at;
}

/// The same for begin().
template <class Container>
[[nodiscard]] std::size_t homes_looked_at_by_begin(const Container& container) {
  if (container.empty()) return 0;
  return homes_looked_at(container, evac::detail::table_access::of(container).homes().next_filled(0));
}

/// The same for a whole iteration.
template <class Container>
[[nodiscard]] std::size_t homes_looked_at_by_iteration(const Container& container) {
  const auto& table = evac::detail::table_access::of(container);
  std::size_t looked_at = homes_looked_at_by_begin(container);
  for (auto at = table.first(); at.where != nullptr;) {
    const auto next = table.next(at);
    if (next.home != at.home || next.where == nullptr) looked_at += homes_looked_at(container, at.home + 1);
    at = next;
  }
  return looked_at;
}

}  // namespace evac_test

#endif
