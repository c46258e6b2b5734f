// A value as a cache keeps it, and why it leaves.
//
//   element   key | value | mark: found since the hand came by, 1 bit; place in the order, 31 bits
#ifndef EVAC_DETAIL_CACHE_CACHED_HPP
#define EVAC_DETAIL_CACHE_CACHED_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI {

/// Why an element has left a cache.
enum class removal_cause : unsigned char {
  size,      ///< another one needed the room, or there is none for this one
  replaced,  ///< put() has given its key another value
  erased,    ///< by erase() or erase_if()
  cleared,   ///< by clear()
};
inline constexpr std::size_t removal_causes = 4;

namespace detail {

template <class T>
struct cached {
  static constexpr std::uint32_t found = 0x80000000U;
  /// The place of an element that the order does not know.
  static constexpr std::uint32_t no_place = ~found;

  // T(...): what a user converts is converted without a warning here, as in a std::pair.
  template <class... Args>
  explicit cached(std::in_place_t, Args&&... args) : value(T(std::forward<Args>(args)...)) {}

  [[nodiscard]] std::uint32_t place() const noexcept { return mark & ~found; }
  [[nodiscard]] bool is_marked() const noexcept { return (mark & found) != 0; }
  /// By readers side by side: all of them store the same, for places are changed under the exclusive lock only.
  EVAC_ALWAYS_INLINE void note_found() const noexcept {
    const atomic_ref<std::uint32_t> shared(mark);
    // relaxed, both: a hint, ordered by the lock where it counts
    if (const std::uint32_t seen = shared.load(relaxed); (seen & found) == 0) shared.store(seen | found, relaxed);
  }

  T value;
  mutable std::uint32_t mark = no_place;
};

}  // namespace detail
}  // namespace evac::inline EVAC_ABI

#endif
