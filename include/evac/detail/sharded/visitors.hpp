// Visitors of sharded containers: where they stand among a call's arguments, and what they may write.
#ifndef EVAC_DETAIL_SHARDED_VISITORS_HPP
#define EVAC_DETAIL_SHARDED_VISITORS_HPP

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/shard.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The visitor of a call that has none.
inline constexpr auto ignore_element = [](const auto&) {};

/// f as it is called inside of an operation: with an element that it may write, or as the c-forms do with a constant
/// one.
template <access A, class State, class F>
[[nodiscard]] auto visitor(F& f) {
  static_assert(std::is_invocable_v<F&, typename State::template visited<A>&>,
                "evac: the visitors come last, and must accept an element: value_type&, or const value_type& in the "
                "c-forms and in sets");
  return [&f](typename State::value_type& element) -> decltype(auto) {
    return f(static_cast<typename State::template visited<A>&>(element));
  };
}

/// place(on_new, on_existing, other arguments...) for a call whose last argument is the visitor of an element that is
/// there already, or whose last two are that of a new element and that one. A is what the latter may do.
template <access A, std::size_t Visitors, class State, class Place, class... Args>
auto with_visitors_last(const Place& place, Args&&... args) {
  static_assert(sizeof...(Args) >= Visitors, "evac: the visitors come last");
  if constexpr (sizeof...(Args) >= Visitors) {
    constexpr std::size_t others = sizeof...(Args) - Visitors;
    auto all = std::forward_as_tuple(std::forward<Args>(args)...);
    auto& on_existing = std::get<sizeof...(Args) - 1>(all);
    return [&]<std::size_t... Other>(std::index_sequence<Other...>) {
      if constexpr (Visitors == 1) {
        return place(ignore_element, visitor<A, State>(on_existing), std::get<Other>(std::move(all))...);
      } else {
        return place(visitor<access::exclusive, State>(std::get<others>(all)), visitor<A, State>(on_existing),
                     std::get<Other>(std::move(all))...);
      }
    }(std::make_index_sequence<others>());
  } else {
    return false;
  }
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
