// The state word of a bucket that all threads share.
//
//   63                                        9        8        0
//   +------------------------------------------+--------+--------+
//   | version                                  | locked | depth  |
//   +------------------------------------------+--------+--------+
//     lowest bit set: changing                            0: as deep as when the root was made
//
//   resting             lock()            -> locked                a compare-exchange; the contents are as they were
//   locked              begin_change()    -> locked, changing      readers wait
//   locked              unlock()          -> resting               nothing: the contents are as they were, or
//                                                                  changed so that none can mistake them
//                                                                  (lockfree/locked_chain.hpp)
//   locked              unlock_with_new_version()
//                                         -> resting               the same, but readers of the whole chain begin again
//   locked, changing    end_change()      -> resting, new version  readers that were inside begin again
//   locked, changing    end_split(d + 1)  -> the same, one deeper  and those whose key has left go to the child
//
// Only the thread that has locked the bucket stores; the version of 55 bits does not come round. The depth has a byte
// of its own, the lowest, as instructions that cut a word off at a bit want it.
#ifndef EVAC_DETAIL_LOCKFREE_BUCKET_STATE_HPP
#define EVAC_DETAIL_LOCKFREE_BUCKET_STATE_HPP

#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

class bucket_state {
 public:
  constexpr explicit bucket_state(std::uint64_t bits) noexcept : bits_(bits) {}
  [[nodiscard]] static constexpr bucket_state resting_at(unsigned depth) noexcept {
    return bucket_state(std::uint64_t{depth});
  }

  [[nodiscard]] constexpr bool locked() const noexcept { return (bits_ & lock_bit) != 0; }
  [[nodiscard]] constexpr bool changing() const noexcept { return (bits_ & version_one) != 0; }
  /// 0 where the bucket is as deep as when its root was made.
  [[nodiscard]] constexpr unsigned depth() const noexcept { return static_cast<std::uint8_t>(bits_); }
  /// Whether what a reader saw in between belongs together, and was all there.
  [[nodiscard]] constexpr bool same_contents(bucket_state other) const noexcept {
    return ((bits_ ^ other.bits_) & ~lock_bit) == 0;
  }

  /// The state that a bucket has been seen in, but for the lock, if it was not changing. (Compilers know then that it
  /// is not.)
  [[nodiscard]] constexpr bucket_state at_rest() const noexcept {
    return bucket_state(bits_ & ~(lock_bit | version_one));
  }
  [[nodiscard]] constexpr bucket_state lock() const noexcept { return bucket_state(bits_ | lock_bit); }
  [[nodiscard]] constexpr bucket_state begin_change() const noexcept { return bucket_state(bits_ + version_one); }
  [[nodiscard]] constexpr bucket_state unlock() const noexcept { return bucket_state(bits_ & ~lock_bit); }
  [[nodiscard]] constexpr bucket_state unlock_with_new_version() const noexcept {
    return bucket_state((bits_ & ~lock_bit) + 2 * version_one);
  }
  [[nodiscard]] constexpr bucket_state end_change() const noexcept {
    return bucket_state((bits_ & ~lock_bit) + version_one);
  }
  [[nodiscard]] constexpr bucket_state end_split(unsigned depth) const noexcept {
    return bucket_state((end_change().bits_ & ~depth_bits) | std::uint64_t{depth});
  }

  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }

 private:
  static constexpr std::uint64_t depth_bits = 0xFF;
  static constexpr std::uint64_t lock_bit = std::uint64_t{1} << 8U;
  static constexpr std::uint64_t version_one = std::uint64_t{1} << 9U;

  std::uint64_t bits_;
};

// The transitions above.
static_assert(!bucket_state(0).lock().begin_change().end_change().locked());
static_assert(!bucket_state(0).lock().begin_change().end_change().changing());
static_assert(!bucket_state(0).lock().begin_change().end_change().same_contents(bucket_state(0)));
static_assert(bucket_state(0).lock().same_contents(bucket_state(0)));
static_assert(bucket_state(0).lock().begin_change().end_split(5).depth() == 5);

}  // namespace evac::inline EVAC_ABI::detail

#endif
