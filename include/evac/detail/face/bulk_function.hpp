// Functions of bulk calls: f(element), or f(index of the key in the range, element).
#ifndef EVAC_DETAIL_FACE_BULK_FUNCTION_HPP
#define EVAC_DETAIL_FACE_BULK_FUNCTION_HPP

#include <cstddef>
#include <type_traits>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// A function that takes an element is not asked for more, so that one with any number of parameters is called as ever.
template <class F, class Reference>
concept bulk_function = std::is_invocable_v<F&, Reference> || std::is_invocable_v<F&, std::size_t, Reference>;

template <class Reference, class F>
EVAC_ALWAYS_INLINE void call_with_index(F& f, [[maybe_unused]] std::size_t index, Reference element) {
  if constexpr (std::is_invocable_v<F&, Reference>) {
    f(static_cast<Reference>(element));
  } else {
    f(index, static_cast<Reference>(element));
  }
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
