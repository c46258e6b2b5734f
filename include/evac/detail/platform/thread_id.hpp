// The number that the system gives a thread, which debuggers, /proc and top know it by.
#ifndef EVAC_DETAIL_PLATFORM_THREAD_ID_HPP
#define EVAC_DETAIL_PLATFORM_THREAD_ID_HPP

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Of the calling thread. A system call.
[[nodiscard]] inline std::int32_t system_thread_id() noexcept {
  return static_cast<std::int32_t>(::syscall(SYS_gettid));
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
