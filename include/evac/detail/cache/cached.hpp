// A value as a cache keeps it, with what the cache has to know about it; and why it leaves.
//
//   element   key | value | mark: found since the hand came by, 1 bit; place in the order, 31 bits
//             weight       only in caches that weigh
//             lifetime     only in caches with a clock
#ifndef EVAC_DETAIL_CACHE_CACHED_HPP
#define EVAC_DETAIL_CACHE_CACHED_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI {

/// Why an element has left a cache.
enum class removal_cause : unsigned char {
  size,      ///< another one needed the room, or there is none for this one
  expired,   ///< its time was over
  replaced,  ///< put() has given its key another value
  erased,    ///< by erase() or erase_if()
  cleared,   ///< by clear()
};
inline constexpr std::size_t removal_causes = 5;

/// How long an element of a cache with a clock stays, from the moment when it was put in.
struct expiry {
  static constexpr std::chrono::nanoseconds never = (std::chrono::nanoseconds::max)();

  std::chrono::nanoseconds time_to_live = never;
  /// From the last time that it was found; it may end by a 64th of that early, so that not every hit has to write.
  std::chrono::nanoseconds time_to_idle = never;
  /// From then on get_or_compute() and load_or_compute() with evac::stale_while_computing have the value computed anew.
  std::chrono::nanoseconds time_to_refresh = never;
};

namespace detail {

/// The weight of an element, and none where all weigh 1.
template <bool Kept>
struct cached_weight {
  static constexpr std::size_t value = 1;
};
template <>
struct cached_weight<true> {
  std::size_t value = 1;
};

/// Gives a word that others move on as well a later value, unless that is later by no more than `unwritten`. A thread
/// that was stopped on its way does not take back what others have stored meanwhile.
template <class Word>
void move_on(const Word& word, std::int64_t later, std::int64_t unwritten) noexcept {
  std::int64_t seen = word.load(relaxed);  // relaxed, also below: nothing else is read by what is seen
  while (later - seen > unwritten && !word.compare_exchange_weak(seen, later, relaxed, relaxed)) {
  }
}

/// When an element is over: nothing where there is no clock.
template <bool Limited>
struct lifetime {
  [[nodiscard]] static constexpr bool is_over(std::int64_t) noexcept { return false; }
  [[nodiscard]] static constexpr bool is_stale(std::int64_t) noexcept { return false; }
};
/// In nanoseconds of the clock of the cache.
template <>
class lifetime<true> {
 public:
  static constexpr std::int64_t never = (std::numeric_limits<std::int64_t>::max)();

  void begin(std::int64_t now, const expiry& terms) noexcept {
    lives_until_ = after(now, terms.time_to_live.count());
    idle_ = terms.time_to_idle.count();
    until_ = (std::min)(lives_until_, after(now, idle_));
    fresh_until_ = after(now, terms.time_to_refresh.count());
  }
  /// Of a value that takes the place of another one. A value that is being computed for that one must not take this
  /// one's place in turn. It goes by the moment at which that one became stale; so this moment is never the same, nor
  /// shortly before it: where a clock stands still, the moments of values that follow each other rise.
  void follow(const lifetime& before) noexcept {
    const auto moment = [](const lifetime& of) { return static_cast<std::uint64_t>(of.fresh_until_); };
    constexpr std::uint64_t shortly = 1000;
    if (before.fresh_until_ != never && moment(before) - moment(*this) < shortly)
      fresh_until_ = before.fresh_until_ + 1;
  }
  /// Whether it ends at all: else nobody has to look at a clock.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool ends() const noexcept { return until() != never; }
  [[nodiscard]] EVAC_ALWAYS_INLINE bool is_over(std::int64_t now) const noexcept { return until() <= now; }
  [[nodiscard]] bool is_stale(std::int64_t now) const noexcept { return fresh_until_ <= now; }
  [[nodiscard]] std::int64_t stale_since() const noexcept { return fresh_until_; }
  [[nodiscard]] std::chrono::nanoseconds left(std::int64_t now) const noexcept {
    const std::int64_t end = until();
    if (end == never || (now < 0 && end > never + now)) return std::chrono::nanoseconds(never);
    return std::chrono::nanoseconds((std::max)(end - now, std::int64_t{0}));
  }
  /// By readers side by side, under the shared lock.
  void note_found(std::int64_t now) const noexcept {
    if (idle_ == never) return;
    // A 64th, by a shift: a division of a signed number takes three instructions more, of each hit.
    move_on(atomic_ref<std::int64_t>(until_), (std::min)(lives_until_, after(now, idle_)), idle_ >> 6U);
  }

 private:
  [[nodiscard]] static std::int64_t after(std::int64_t now, std::int64_t time) noexcept {
    if (now > 0 && time > never - now) return never;
    return time == never ? never : now + (std::max)(time, std::int64_t{0});
  }
  // relaxed: readers move it on side by side, the exclusive lock orders the rest
  [[nodiscard]] EVAC_ALWAYS_INLINE std::int64_t until() const noexcept {
    return atomic_ref<std::int64_t>(until_).load(relaxed);
  }

  mutable std::int64_t until_ = never;  // the sooner of the ends by age and by idleness
  std::int64_t lives_until_ = never;
  std::int64_t idle_ = never;
  std::int64_t fresh_until_ = never;
};

template <class T, bool Weighed, bool Timed>
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
  [[no_unique_address]] cached_weight<Weighed> weight{};
  [[no_unique_address]] lifetime<Timed> life{};
};
static_assert(sizeof(cached<std::uint64_t, false, false>) == 2 * sizeof(std::uint64_t));

}  // namespace detail
}  // namespace evac::inline EVAC_ABI

#endif
