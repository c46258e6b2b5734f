// A store-load fence that costs its frequent side nothing: the idea of folly's and abseil-internal asymmetric fences on
// Linux's membarrier(2).
//
//   frequent side                      rare side
//   announce(flag, value)              condition.store(...)
//   read condition                     asymmetric_fence::heavy()
//                                      observe(flag)
//
// At least one of the two sees the other's store. With membarrier the frequent side is a plain store and a compiler
// fence, and the rare side interrupts every processor that runs a thread of this process (microseconds). Without it,
// and under ThreadSanitizer, which knows neither membarrier nor fences, announce() is a sequentially consistent
// exchange, and the rare side's look at a flag, observe(), is a read-modify-write.
//
// Both sides must agree on which of the two it is. Shared objects may have decided that at different times, with
// different results: so what they share says it (`plain`).
#ifndef EVAC_DETAIL_SYNC_ASYMMETRIC_FENCE_HPP
#define EVAC_DETAIL_SYNC_ASYMMETRIC_FENCE_HPP

#include "evac/detail/config.hpp"
#include "evac/detail/platform/membarrier.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

class asymmetric_fence {
 public:
  /// Whether announce() may be a plain store. Found out by the first call, also one before main(), and the same from
  /// then on for all that share the variable behind it.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool available() noexcept {
    if constexpr (!membarrier::known) return false;
    if (mode_.load(relaxed) == mode::plain) [[likely]]  // relaxed: says nothing about other memory
      return true;
    return decide() == mode::plain;
  }

  template <class T>
  EVAC_ALWAYS_INLINE static void announce(atomic<T>& flag, T value) noexcept {
    announce(available(), flag, value);
  }
  /// Where both sides have agreed whether it is a plain store.
  template <class T>
  EVAC_ALWAYS_INLINE static void announce(bool plain, atomic<T>& flag, T value) noexcept {
    if (plain) [[likely]] {
      // The rare side's heavy() orders it before what follows. release: a thread that finds this value in place of an
      // earlier release of the flag has synchronised with that one as well, as the exchange below lets it.
      flag.store(value, release);
      compiler_fence();
    } else {
      flag.exchange(value, seq_cst);  // seq_cst: before the load of the condition in the one order of both sides
    }
  }

  /// The rare side's look at a flag, after heavy(). Where announce() is an exchange this is a read-modify-write, so
  /// that either it finds what was announced, or the thread that announces next has synchronised with it: also what
  /// that thread then reads with less than seq_cst is no older than what happened before this look.
  template <class T>
  [[nodiscard]] static T observe(const atomic<T>& flag) noexcept {
    return observe(available(), flag);
  }
  template <class T>
  [[nodiscard]] static T observe(bool plain, const atomic<T>& flag) noexcept {
    // seq_cst: after the condition in the one order of both sides; it acquires what the flag's owner released
    if (plain) [[likely]]
      return flag.load(seq_cst);
    return const_cast<atomic<T>&>(flag).fetch_add(T{}, seq_cst);
  }

  static void heavy() noexcept { heavy(available()); }
  static void heavy(bool plain) noexcept {
    if (plain) membarrier::pass();
  }

 private:
  enum class mode : unsigned char { undecided, plain, exchange };

  EVAC_NEVER_INLINE static mode decide() noexcept {
    mode decided = mode_.load(relaxed);  // relaxed, here and below: says nothing about other memory
    if (decided != mode::undecided) return decided;
    const mode found = membarrier::enroll() ? mode::plain : mode::exchange;
    return mode_.compare_exchange_strong(decided, found, relaxed, relaxed) ? found : decided;
  }

  [[gnu::__visibility__("default")]] static inline constinit atomic<mode> mode_{mode::undecided};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
