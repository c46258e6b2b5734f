// The misuse check of single-owner maps: two threads inside one map, one of them writing, stop the program.
//
// Best effort, by one relaxed flag (the idea of Go's `fatal error: concurrent map writes`). The flag is written by
// whoever is inside a modifying call and read by whoever enters any call; relaxed is enough because nothing is ordered
// by it, and anything stronger would hide the very race from ThreadSanitizer. Without NDEBUG only.
//
// Who defines EVAC_ASSERT_HANDLER(message), an expression, may have it throw: the call that noticed has then changed
// nothing. In such a build swap and move assignment are not noexcept (give a handler that never throws noexcept);
// clear, the move constructor and the iterators always are, and end the program.
#ifndef EVAC_DETAIL_SYNC_SINGLE_OWNER_HPP
#define EVAC_DETAIL_SYNC_SINGLE_OWNER_HPP

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Whether a call that reports misuse may throw because of that alone.
inline constexpr bool misuse_may_throw = EVAC_CHECKS != 0 && !noexcept(EVAC_ASSERT_HANDLER(""));

class single_owner {
 public:
  single_owner() noexcept = default;
  // The flag belongs to the object, not to its contents.
  single_owner(const single_owner&) noexcept {}
  single_owner& operator=(const single_owner&) noexcept { return *this; }
  ~single_owner() = default;

  void check_reader() const {
    if constexpr (EVAC_CHECKS != 0) {
      // relaxed: a hint, see above.
      if (writing_.load(relaxed)) [[unlikely]] {
        EVAC_ASSERT_HANDLER("evac: concurrent map writes");
      }
    }
  }

  /// Marks a modifying call for the time of its scope.
  class writer {
   public:
    explicit writer(single_owner& owner) : owner_(owner) {
      owner.check_reader();
      // relaxed: a hint, see above.
      if constexpr (EVAC_CHECKS != 0) owner.writing_.store(true, relaxed);
    }
    ~writer() {
      // relaxed: a hint, see above.
      if constexpr (EVAC_CHECKS != 0) owner_.writing_.store(false, relaxed);
    }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

   private:
    [[maybe_unused]] single_owner& owner_;
  };

 private:
  atomic<bool> writing_{false};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
