// Guards of one call of a sync_map: inside the domain of its map from beginning to end, so that nothing it finds is
// reclaimed.
#ifndef EVAC_DETAIL_LOCKFREE_GUARDS_HPP
#define EVAC_DETAIL_LOCKFREE_GUARDS_HPP

#include <cstddef>
#include <mutex>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/thread_records.hpp"

namespace evac::inline EVAC_ABI::detail {

/// For a call that reads.
class read_guard {
 public:
  EVAC_ALWAYS_INLINE explicit read_guard(epoch_core& core) : own(thread_records::of(core)) { core.enter(own); }
  /// Takes over what another guard has released.
  EVAC_ALWAYS_INLINE read_guard(std::adopt_lock_t, epoch_record& released) : own(released) {}
  read_guard(const read_guard&) = delete;
  read_guard& operator=(const read_guard&) = delete;
  EVAC_ALWAYS_INLINE ~read_guard() {
    if (!released_) thread_records::leave(own);
  }
  /// The thread stays inside, for another guard to adopt.
  [[nodiscard]] epoch_record& release() noexcept {
    released_ = true;
    return own;
  }
  /// Leaves and enters again, so that what was retired meanwhile can go; what was found before is not to be used any
  /// more. Calls outside(record of this thread) in between. Throws what that throws, inside.
  template <class Outside>
  void refresh(const Outside& outside) {
    // The record stays, also that of a thread that has ended.
    static_cast<void>(epoch_clock::leave(own));
    EVAC_TRY { outside(own); }
    EVAC_CATCH_ALL {
      own.core->enter(own);
      EVAC_RETHROW;
    }
    own.core->enter(own);
  }
  void refresh() {
    refresh([](epoch_record&) {});
  }

  epoch_record& own;

 private:
  bool released_ = false;
};

/// For a call that may change something; `retires` bytes, or 0, may be taken away by it.
class write_guard {
 public:
  EVAC_ALWAYS_INLINE write_guard(epoch_core& core, std::size_t retires) : own(thread_records::of(core)) {
    if (own.nesting == 0) [[likely]] {
      if (retires != 0) core.make_room(own, retires);
      core.enter(own);
    } else {
      enter_again(core, own, retires);
    }
  }
  write_guard(const write_guard&) = delete;
  write_guard& operator=(const write_guard&) = delete;
  EVAC_ALWAYS_INLINE ~write_guard() {
    if (own.nesting == 1) [[likely]] {
      static_cast<void>(thread_records::leave(own));
      own.core->collect_some(own);
    } else {
      leave_again(own);
    }
  }

  epoch_record& own;

 private:
  // In any case but the usual one. A thread that only enters in another way makes room first, as in that: outside,
  // where it may wait. One that is inside already never waits; and one that has ended is inside from the start, so that
  // whatever runs meanwhile does not give its record back.
  EVAC_NEVER_INLINE static void enter_again(epoch_core& core, epoch_record& own, std::size_t retires) {
    if (own.nesting == epoch_record::by_exchange) {
      if (retires != 0) core.make_room(own, retires);
      return core.enter(own);
    }
    core.enter(own);
    EVAC_TRY {
      if (retires != 0) core.make_room(own, retires);
    }
    EVAC_CATCH_ALL {
      thread_records::leave(own);
      EVAC_RETHROW;
    }
  }
  EVAC_NEVER_INLINE static void leave_again(epoch_record& own) {
    const bool outermost = own.guards() == 1;
    if (thread_records::leave(own) && outermost) own.core->collect_some(own);
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
