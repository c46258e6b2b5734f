// The only header that spells std::atomic: everything else uses these names, so that a test can put an instrumented or
// a model-checked atomic in their place (tests/model and tests/support have a header of this name each).
#ifndef EVAC_DETAIL_SYNC_ATOMIC_HPP
#define EVAC_DETAIL_SYNC_ATOMIC_HPP

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class T>
using atomic = std::atomic<T>;

/// An atomic that one thread writes, on lines that no other thread writes: storing to it is no shared write. A type of
/// its own so that a test can tell it apart.
template <class T>
struct own_atomic : atomic<T> {
  using atomic<T>::atomic;
};

/// Accesses an object that is not atomic elsewhere: where a lock keeps it to one thread, it is copied as bytes.
template <class T>
using atomic_ref = std::atomic_ref<T>;

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

/// Sleeps while the word has that value. Orders nothing. No cancellation point.
// The system's own words and not std::atomic's: libstdc++ keeps a table of sleepers in each shared object that does not
// share symbols, and a thread that wakes looks only into its own.
inline void sleep_while(const atomic<std::uint32_t>& word, std::uint32_t value) noexcept {
  static_assert(sizeof word == sizeof value);
  const int saved_errno = errno;
  while (word.load(relaxed) == value) {  // relaxed: orders nothing
    ::syscall(SYS_futex, &word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value, nullptr);
  }
  errno = saved_errno;
}
/// Wakes all threads that sleep on the word. By its address: the word may be gone.
inline void wake_all(const atomic<std::uint32_t>& word) noexcept {
  const int saved_errno = errno;
  ::syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX);
  errno = saved_errno;
}

/// Keeps the compiler, but not the processor, from moving memory accesses across.
inline void compiler_fence() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

}  // namespace evac::inline EVAC_ABI::detail

#endif
