// Atomics that count the writes of each thread: included in place of include/evac/detail/sync/atomic.hpp, so that what
// is counted is the library that users include.
#ifndef EVAC_DETAIL_SYNC_ATOMIC_HPP
#define EVAC_DETAIL_SYNC_ATOMIC_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <evac/detail/config.hpp>

namespace evac_test {

/// Stores and read-modify-writes of this thread to atomics that are not its own. A compare-exchange that fails counts:
/// it takes the line away from others, too.
inline thread_local std::size_t shared_writes = 0;

}  // namespace evac_test

namespace evac::inline EVAC_ABI::detail {

template <class T>
class atomic {
 public:
  constexpr atomic() noexcept = default;
  constexpr atomic(T value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor): as std::atomic
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;
  ~atomic() = default;

  [[nodiscard]] T load(std::memory_order order) const noexcept { return value_.load(order); }
  void store(T value, std::memory_order order) noexcept { written().store(value, order); }
  T exchange(T value, std::memory_order order) noexcept { return written().exchange(value, order); }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order, std::memory_order failure) noexcept {
    return written().compare_exchange_strong(expected, desired, order, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order, std::memory_order failure) noexcept {
    return written().compare_exchange_weak(expected, desired, order, failure);
  }
  T fetch_add(T value, std::memory_order order) noexcept { return written().fetch_add(value, order); }
  T fetch_sub(T value, std::memory_order order) noexcept { return written().fetch_sub(value, order); }
  T fetch_or(T value, std::memory_order order) noexcept { return written().fetch_or(value, order); }
  T fetch_and(T value, std::memory_order order) noexcept { return written().fetch_and(value, order); }
  void wait(T old, std::memory_order order) const noexcept { value_.wait(old, order); }
  void notify_one() noexcept { value_.notify_one(); }
  void notify_all() noexcept { value_.notify_all(); }

 protected:
  struct of_one_thread {};
  constexpr atomic(T value, of_one_thread) noexcept : value_(value), is_own_(true) {}

 private:
  std::atomic<T>& written() noexcept {
    if (!is_own_) ++evac_test::shared_writes;
    return value_;
  }

  std::atomic<T> value_{};
  bool is_own_ = false;  // asked for at run time: some functions know it as an atomic only
};

template <class T>
struct own_atomic : atomic<T> {
  constexpr own_atomic() noexcept : own_atomic(T{}) {}
  constexpr own_atomic(T value) noexcept  // NOLINT(google-explicit-constructor): as std::atomic
      : atomic<T>(value, typename atomic<T>::of_one_thread{}) {}
};

/// Objects that are atomic while several threads use them belong to none.
template <class T>
class atomic_ref {
 public:
  explicit atomic_ref(T& of) noexcept : of_(of) {}

  [[nodiscard]] T load(std::memory_order order) const noexcept { return of_.load(order); }
  void store(T value, std::memory_order order) const noexcept {
    ++evac_test::shared_writes;
    of_.store(value, order);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order,
                             std::memory_order failure) const noexcept {
    ++evac_test::shared_writes;
    return of_.compare_exchange_weak(expected, desired, order, failure);
  }

 private:
  std::atomic_ref<T> of_;
};

}  // namespace evac::inline EVAC_ABI::detail

#include "support/atomic_tail.hpp"

#endif
