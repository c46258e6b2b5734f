// The only header that spells std::atomic: everything else uses these names, so that a test can put an instrumented or
// a model-checked atomic in their place (tests/model and tests/support have a header of this name each).
#ifndef EVAC_DETAIL_SYNC_ATOMIC_HPP
#define EVAC_DETAIL_SYNC_ATOMIC_HPP

#include <atomic>

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

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

/// Keeps the compiler, but not the processor, from moving memory accesses across.
inline void compiler_fence() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

}  // namespace evac::inline EVAC_ABI::detail

#endif
