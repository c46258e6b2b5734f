// Budget of a domain: the bytes that wait to be freed, and the cap on them.
#ifndef EVAC_DETAIL_SYNC_GARBAGE_BUDGET_HPP
#define EVAC_DETAIL_SYNC_GARBAGE_BUDGET_HPP

#include <algorithm>
#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Bytes are charged before an object is retired and refunded when it is gone. Threads charge in pieces, so that few
/// retirements write here. All accesses are relaxed: these are sums that order nothing.
class garbage_budget {
 public:
  explicit garbage_budget(std::size_t cap) noexcept
      : cap_(cap), piece_(std::clamp<std::size_t>(cap / 1024, 1, std::size_t{64} << 10U)) {}

  [[nodiscard]] std::size_t cap() const noexcept { return cap_; }
  [[nodiscard]] std::size_t charged() const noexcept { return charged_.load(relaxed); }

  /// Charges a piece if the cap allows it, or just so many bytes; returns what was charged, 0 if there is no room.
  [[nodiscard]] std::size_t charge(std::size_t bytes) noexcept {
    const std::size_t piece = (std::max)(bytes, piece_);
    if (try_charge(piece)) return piece;
    return try_charge(bytes) ? bytes : 0;
  }
  /// Whatever the cap is.
  void charge_anyway(std::size_t bytes) noexcept { charged_.fetch_add(bytes, relaxed); }
  void refund(std::size_t bytes) noexcept { charged_.fetch_sub(bytes, relaxed); }
  /// In the child of a fork().
  void reset(std::size_t charged) noexcept { charged_.store(charged, relaxed); }

 private:
  [[nodiscard]] bool try_charge(std::size_t bytes) noexcept {
    std::size_t charged = charged_.load(relaxed);
    while (charged + bytes <= cap_) {
      if (charged_.compare_exchange_weak(charged, charged + bytes, relaxed, relaxed)) return true;
    }
    return false;
  }

  const std::size_t cap_;
  const std::size_t piece_;
  alignas(line_pair) atomic<std::size_t> charged_{0};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
