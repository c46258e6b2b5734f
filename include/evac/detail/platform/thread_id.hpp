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

/// The same, asked for once.
class kept_thread_id {
 public:
  [[nodiscard]] static std::int32_t of_this_thread() noexcept {
    if (id_ == 0) [[unlikely]]
      id_ = system_thread_id();
    return id_;
  }
  /// In the child of a fork(): its thread has another number.
  static void forget() noexcept { id_ = 0; }

 private:
  // Visible, like the state of the handler that calls forget() (visible_readers.hpp).
  [[gnu::__visibility__("default")]] static inline constinit thread_local std::int32_t id_ = 0;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
