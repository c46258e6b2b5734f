// A call of a sync_map: inside the domain of its map from beginning to end, so that nothing it finds is reclaimed.
#ifndef EVAC_DETAIL_LOCKFREE_CALLS_HPP
#define EVAC_DETAIL_LOCKFREE_CALLS_HPP

#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/thread_records.hpp"

namespace evac::inline EVAC_ABI::detail {

/// One that reads.
class read_call {
 public:
  EVAC_ALWAYS_INLINE explicit read_call(epoch_core& core) : own(thread_records::of(core)) { core.enter(own); }
  /// For who goes on where another has called stay().
  EVAC_ALWAYS_INLINE explicit read_call(epoch_record& stayed) : own(stayed) {}
  read_call(const read_call&) = delete;
  read_call& operator=(const read_call&) = delete;
  EVAC_ALWAYS_INLINE ~read_call() {
    if (!stays_) thread_records::leave(own);
  }
  /// Stays inside at the end of the scope.
  [[nodiscard]] epoch_record& stay() noexcept {
    stays_ = true;
    return own;
  }
  /// Leaves and enters again, so that what was retired meanwhile can go; what was found before is not to be used any
  /// more.
  void refresh() noexcept {
    // The record stays, also that of a thread that has ended.
    static_cast<void>(epoch_clock::leave(own));
    own.core->enter(own);
  }

  epoch_record& own;

 private:
  bool stays_ = false;
};

/// One that may change something; `retires` bytes, or 0, may be taken away by it.
class write_call {
 public:
  EVAC_ALWAYS_INLINE write_call(epoch_core& core, std::size_t retires) : own(thread_records::of(core)) {
    if (own.nesting == epoch_record::ended) [[unlikely]] {
      enter_after_end(core, retires);
    } else {
      if (retires != 0) core.make_room(own, retires);
      core.enter(own);
    }
  }
  write_call(const write_call&) = delete;
  write_call& operator=(const write_call&) = delete;
  EVAC_ALWAYS_INLINE ~write_call() {
    if (thread_records::leave(own) && own.nesting == 0) own.core->tend(own);
  }

  epoch_record& own;

 private:
  // Inside from the start, so that whatever runs meanwhile does not give the record back.
  EVAC_NEVER_INLINE void enter_after_end(epoch_core& core, std::size_t retires) {
    core.enter(own);
    EVAC_TRY {
      if (retires != 0) core.make_room(own, retires);
    }
    EVAC_CATCH_ALL {
      thread_records::leave(own);
      EVAC_RETHROW;
    }
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
