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
#ifndef EVAC_DETAIL_SYNC_ASYMMETRIC_FENCE_HPP
#define EVAC_DETAIL_SYNC_ASYMMETRIC_FENCE_HPP

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

#if EVAC_HAS_MEMBARRIER
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace evac::inline EVAC_ABI::detail {

class asymmetric_fence {
 public:
  /// Whether announce() is a plain store. The same for the life of the process.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool available() noexcept {
#if EVAC_HAS_MEMBARRIER
    return registered_;
#else
    return false;
#endif
  }

  template <class T>
  EVAC_ALWAYS_INLINE static void announce(atomic<T>& flag, T value) noexcept {
    if (available()) [[likely]] {
      // The rare side's heavy() orders it before what follows. release: who finds this value in place of an earlier
      // release of the flag has synchronised with that one as well, as the exchange below lets it.
      flag.store(value, release);
      compiler_fence();
    } else {
      flag.exchange(value, seq_cst);  // seq_cst: before the load of the condition in the one order of both sides
    }
  }

  /// The rare side's look at a flag, after heavy(). Where announce() is an exchange this is a read-modify-write, so that
  /// either it finds what was announced, or who announces next has synchronised with it: also what that thread then
  /// reads with less than seq_cst is no older than what happened before this look.
  template <class T>
  [[nodiscard]] static T observe(const atomic<T>& flag) noexcept {
    // seq_cst: after the condition in the one order of both sides; it acquires what the flag's owner released
    if (available()) [[likely]]
      return flag.load(seq_cst);
    return const_cast<atomic<T>&>(flag).fetch_add(T{}, seq_cst);
  }

  static void heavy() noexcept {
#if EVAC_HAS_MEMBARRIER
    // It cannot fail once registered, unless a filter for system calls was installed since. To go on without the fence
    // would let a writer in beside readers.
    if (registered_ && ::syscall(SYS_membarrier, private_expedited, 0, 0) != 0) [[unlikely]] {
      stop_with("evac: membarrier(2) does not work any more");
    }
#endif
  }

 private:
#if EVAC_HAS_MEMBARRIER
  // From linux/membarrier.h, which older systems lack.
  static constexpr int private_expedited = 1 << 3;
  static constexpr int register_private_expedited = 1 << 4;
  // Written once, before main() or before the first use of a shared object; a child of fork() inherits the
  // registration.
  [[gnu::__visibility__("default")]] static inline const bool registered_ =
      ::syscall(SYS_membarrier, register_private_expedited, 0, 0) == 0;
#endif
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
