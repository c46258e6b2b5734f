// membarrier(2): a fence in every thread of the process, or in none where the system does not know the call.
#ifndef EVAC_DETAIL_PLATFORM_MEMBARRIER_HPP
#define EVAC_DETAIL_PLATFORM_MEMBARRIER_HPP

#include "evac/detail/config.hpp"

#if EVAC_HAS_MEMBARRIER
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "evac/detail/platform/every_processor.hpp"
#endif

namespace evac::inline EVAC_ABI::detail {

struct membarrier {
#if EVAC_HAS_MEMBARRIER
  static constexpr bool known = true;

  /// Tells the system that this process will call pass(); false if that would fail. A child of fork() is registered,
  /// too.
  [[nodiscard]] static bool enroll() noexcept {
    const int saved_errno = errno;
    const bool registered = ::syscall(SYS_membarrier, register_private_expedited, 0, 0) == 0;
    errno = saved_errno;
    return registered;
  }
  /// Every other thread of an enrolled process passes a fence before this returns. Microseconds.
  static void pass() noexcept {
    const int saved_errno = errno;
    if (::syscall(SYS_membarrier, private_expedited, 0, 0) == 0) [[likely]]
      return;
    errno = saved_errno;
    // Once registered, it fails only where a filter for system calls was installed since. To go on without a fence
    // would let a writer in beside readers.
    if (!every_processor::visit()) {
      stop_with("evac: neither membarrier(2) nor sched_setaffinity(2) works any more: a filter for system calls?");
    }
  }

 private:
  // From linux/membarrier.h, which older systems lack.
  static constexpr int private_expedited = 1 << 3;
  static constexpr int register_private_expedited = 1 << 4;
#else
  static constexpr bool known = false;
  [[nodiscard]] static bool enroll() noexcept { return false; }
  static void pass() noexcept {}
#endif
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
