// A number that one thread at a time writes, under a lock, and anybody reads without one.
#ifndef EVAC_DETAIL_SYNC_RELAXED_CELL_HPP
#define EVAC_DETAIL_SYNC_RELAXED_CELL_HPP

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Behaves like a T. Plain loads and stores on every common processor: no operation is a read-modify-write. All
/// accesses are relaxed: a reader without the lock learns a recent value and nothing else.
template <class T>
class relaxed_cell {
 public:
  constexpr explicit relaxed_cell(T value) noexcept : value_(value) {}
  relaxed_cell(const relaxed_cell& other) noexcept : value_(static_cast<T>(other)) {}
  relaxed_cell& operator=(const relaxed_cell& other) noexcept { return *this = static_cast<T>(other); }
  relaxed_cell& operator=(T value) noexcept {
    value_.store(value, relaxed);
    return *this;
  }
  ~relaxed_cell() = default;

  operator T() const noexcept { return value_.load(relaxed); }  // NOLINT(google-explicit-constructor): it is a T
  T operator++() noexcept { return *this += 1; }
  T operator--() noexcept { return *this -= 1; }
  T operator+=(T more) noexcept { return set(static_cast<T>(*this) + more); }
  T operator-=(T less) noexcept { return set(static_cast<T>(*this) - less); }

 private:
  T set(T value) noexcept {
    value_.store(value, relaxed);
    return value;
  }

  atomic<T> value_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
