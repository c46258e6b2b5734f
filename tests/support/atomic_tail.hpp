// The end of a header that stands in place of detail/sync/atomic.hpp with an atomic<T> that takes std::memory_order:
// names of the orders, and waiting on a word.
#ifndef EVAC_TESTS_SUPPORT_ATOMIC_TAIL_HPP
#define EVAC_TESTS_SUPPORT_ATOMIC_TAIL_HPP

namespace evac::inline EVAC_ABI::detail {

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

inline void sleep_while(const atomic<std::uint32_t>& word, std::uint32_t value) noexcept { word.wait(value, relaxed); }
inline void wake_all(atomic<std::uint32_t>& word) noexcept { word.notify_all(); }

inline void compiler_fence() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

}  // namespace evac::inline EVAC_ABI::detail

#endif
