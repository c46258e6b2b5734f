// evac::load_result: the value of a key, and whether it was there before. Returned by load_or_store() and
// load_or_compute().
#ifndef EVAC_LOAD_RESULT_HPP
#define EVAC_LOAD_RESULT_HPP

#include <optional>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI {

/// T is the mapped type, or a std::optional of it where a factory may decline: then the value is empty if it did.
template <class T>
struct load_result {
  T value;
  /// Whether the key was there, or another call has computed the value. If not, this call has put the value in, unless
  /// its factory declined, or it was not to wait (evac::skip_while_computing) and returned nothing.
  bool loaded;
};

namespace detail {

/// Whether a factory of values may decline: its result is a std::optional of them, and nothing is put in if that is
/// empty. (A factory for values that are themselves optional declines by one optional more.)
template <class Factory, class T>
[[nodiscard]] constexpr bool may_decline() noexcept {
  if constexpr (std::is_invocable_v<Factory>) {
    return std::is_same_v<std::remove_cvref_t<std::invoke_result_t<Factory>>, std::optional<T>>;
  } else {
    return false;
  }
}
/// Whether a value can be made of what a factory returns.
template <class Factory, class T>
[[nodiscard]] constexpr bool makes_value_by() noexcept {
  if constexpr (may_decline<Factory, T>()) {
    return true;
  } else if constexpr (std::is_invocable_v<Factory>) {
    return std::is_constructible_v<T, std::invoke_result_t<Factory>>;
  } else {
    return false;
  }
}
/// The type of the value that a call with such a factory returns.
template <class Factory, class T>
using computed_by = std::conditional_t<may_decline<Factory, T>(), std::optional<T>, T>;

}  // namespace detail

}  // namespace evac::inline EVAC_ABI

#endif
