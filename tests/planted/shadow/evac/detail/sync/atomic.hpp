// In place of include/evac/detail/sync/atomic.hpp: the same atomics, but now and then a thread gives way before one of
// them. So threads meet between any two steps of a protocol, which on few processors happens in hours else.
#ifndef EVAC_DETAIL_SYNC_ATOMIC_HPP
#define EVAC_DETAIL_SYNC_ATOMIC_HPP

#include <atomic>
#include <chrono>
#include <cstdint>
#include <evac/detail/config.hpp>
#include <thread>

namespace evac_planted {

/// One in so many accesses gives way; 0: none. Set before there are threads.
inline std::uint32_t patience = 0;
inline std::atomic<std::uint32_t> threads_seen{0};

inline void maybe_give_way() noexcept {
  if (patience == 0) return;
  static thread_local std::uint32_t roll = 0x9E3779B9U * (1 + threads_seen.fetch_add(1));
  roll ^= roll << 13U;  // Marsaglia's xorshift
  roll ^= roll >> 17U;
  roll ^= roll << 5U;
  if (roll % patience != 0) return;
  // Mostly only as long as others need for a few steps; seldom long enough for whole calls of theirs.
  if (roll / patience % 4 == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(roll / patience / 4 % 64));
  } else {
    std::this_thread::yield();
  }
}

}  // namespace evac_planted

namespace evac::inline EVAC_ABI::detail {

template <class T>
class atomic : std::atomic<T> {
  using base = std::atomic<T>;

 public:
  using base::base;
  atomic() noexcept = default;
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;
  ~atomic() = default;

  [[nodiscard]] T load(std::memory_order order) const noexcept {
    evac_planted::maybe_give_way();
    return base::load(order);
  }
  void store(T value, std::memory_order order) noexcept {
    evac_planted::maybe_give_way();
    base::store(value, order);
  }
  T exchange(T value, std::memory_order order) noexcept {
    evac_planted::maybe_give_way();
    return base::exchange(value, order);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order, std::memory_order failure) noexcept {
    evac_planted::maybe_give_way();
    return base::compare_exchange_strong(expected, desired, order, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order, std::memory_order failure) noexcept {
    evac_planted::maybe_give_way();
    return base::compare_exchange_weak(expected, desired, order, failure);
  }
  T fetch_add(T value, std::memory_order order) noexcept {
    evac_planted::maybe_give_way();
    return base::fetch_add(value, order);
  }
  T fetch_sub(T value, std::memory_order order) noexcept {
    evac_planted::maybe_give_way();
    return base::fetch_sub(value, order);
  }
  T fetch_or(T value, std::memory_order order) noexcept {
    evac_planted::maybe_give_way();
    return base::fetch_or(value, order);
  }
  T fetch_and(T value, std::memory_order order) noexcept {
    evac_planted::maybe_give_way();
    return base::fetch_and(value, order);
  }
  void wait(T old, std::memory_order order) const noexcept {
    evac_planted::maybe_give_way();
    base::wait(old, order);
  }
  using base::notify_all;
  using base::notify_one;
};

template <class T>
struct own_atomic : atomic<T> {
  using atomic<T>::atomic;
};

}  // namespace evac::inline EVAC_ABI::detail

#include "support/atomic_tail.hpp"

#endif
