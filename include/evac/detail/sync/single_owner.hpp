// The misuse check of single-owner maps: two threads inside one map, one of them writing, or a call that changes a map
// from inside another one that does, stop the program.
//
// Best effort, by one relaxed word (the idea of Go's `fatal error: concurrent map writes`). A thread in a
// modifying call writes it, and a thread that enters any call reads it; relaxed is enough because nothing is ordered by
// it, and anything stronger would hide the very race from ThreadSanitizer. Without NDEBUG only.
//
//   word   0: nobody writes, or the writing thread, plus 1 if its call destroys elements
//
// Reading a map from inside one's own write is no misuse: a copy constructor, a hash, an equality or a destructor may
// do it.
//
// An EVAC_ASSERT_HANDLER(message) of the user's, an expression, may throw: the call that noticed has then changed
// nothing. In such a build swap and move assignment are not noexcept (give a handler that never throws noexcept);
// clear, the move constructor and the iterators always are, and end the program.
#ifndef EVAC_DETAIL_SYNC_SINGLE_OWNER_HPP
#define EVAC_DETAIL_SYNC_SINGLE_OWNER_HPP

#include <pthread.h>

#include <cstdint>

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
      const std::uintptr_t inside = writer_.load(relaxed);
      if (inside != 0 && (inside & ~destroying) != this_thread()) [[unlikely]] {
        EVAC_ASSERT_HANDLER("evac: concurrent map writes");
      }
    }
  }

  /// The functions of elements that a modifying call runs: their destructors, or at most what inserts them.
  enum class kind : unsigned char { inserts, destroys };

  /// Marks a modifying call for the time of its scope.
  class writer {
   public:
    explicit writer(single_owner& owner, kind what = kind::inserts) : owner_(owner) {
      if constexpr (EVAC_CHECKS != 0) {
        owner.check_writer();
        // relaxed: a hint, see above.
        owner.writer_.store(this_thread() + (what == kind::destroys ? destroying : 0), relaxed);
      }
    }
    ~writer() {
      // relaxed: a hint, see above.
      if constexpr (EVAC_CHECKS != 0) owner_.writer_.store(0, relaxed);
    }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

   private:
    [[maybe_unused]] single_owner& owner_;
  };

 private:
  static constexpr std::uintptr_t destroying = 1;

  void check_writer() const {
    // relaxed: a hint, see above.
    const std::uintptr_t inside = writer_.load(relaxed);
    if (inside == 0) [[likely]]
      return;
    if ((inside & ~destroying) != this_thread()) {
      EVAC_ASSERT_HANDLER("evac: concurrent map writes");
    } else if ((inside & destroying) != 0) {
      EVAC_ASSERT_HANDLER("evac: map re-entered from a destructor");
    } else {
      EVAC_ASSERT_HANDLER("evac: map changed from inside a call that changes it");
    }
  }
  // Another for each living thread, the same in all modules of a process; its lowest bit is free.
  [[nodiscard]] static std::uintptr_t this_thread() noexcept { return std::uintptr_t{::pthread_self()} << 1U; }

  atomic<std::uintptr_t> writer_{0};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
