// Clock of an epoch_domain: the epoch, and the record of each thread that is inside since an epoch.
//
//   clock   | epoch: 9 | records -> R3 -> R2 -> R1 |
//   record  | entered: 9, inside | nesting | ... | bag |      on lines of its own; a thread that advances the
//                                                             epoch reads `entered`
//
// States of a record's `entered`: 0 (outside) or epoch * 2 + 1 (inside since that epoch); only its thread writes it.
//
// Why an object that was retired in epoch e is free to go in epoch e + 2
//   E1  The epoch goes from x to x + 1 only after all records that are inside were seen to be inside since x.
//   E2  The stamp e of a batch is taken by a read-modify-write of the epoch after its objects were unlinked. A thread
//       that enters in an epoch later than e has read a value that follows this one, and so finds the objects unlinked.
//   E3  So only threads that entered in e or before can hold them, and the step from e + 1 to e + 2 has seen none of
//       them inside. A thread that it could not see, because it was about to enter, reads everything after the heavy
//       fence of that step (or after its read-modify-write of the thread's record, or of the list if the record is
//       new), and finds the objects unlinked.
// (Fraser, "Practical lock-freedom", 2004; the batches are those of seize and of xenium.)
#ifndef EVAC_DETAIL_SYNC_EPOCH_CLOCK_HPP
#define EVAC_DETAIL_SYNC_EPOCH_CLOCK_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>

#include "evac/detail/config.hpp"
#include "evac/detail/debugger.hpp"
#include "evac/detail/platform/thread_id.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/garbage.hpp"
#include "evac/detail/sync/protocol.hpp"
#include "evac/detail/sync/record_list.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"

namespace evac::inline EVAC_ABI::detail {

class epoch_core;
class key_update;

struct epoch_record {
  own_atomic<std::uint64_t> entered{0};          // states above
  std::uint32_t nesting = 0;                     // guards of this thread, and the flags below; the thread's
  std::uint32_t index = 0;                       // 1, 2, ...: of all records of the domain; written once
  epoch_core* core = nullptr;                    // whose record this is; written once
  atomic<std::uintptr_t> owner{0};               // the thread, 0 while there is none; written by it
  bool reclaiming = false;                       // user code is being called to free something; the thread's
  std::uint32_t ticks = 0;                       // the thread's
  std::size_t reserved = 0;                      // bytes charged for what the thread may retire next; the thread's
  const epoch_record* collected_from = nullptr;  // whose garbage the thread has collected last; the thread's
  std::uint32_t fruitless = 0;                   // looks after garbage that was not due; the thread's
  std::uint32_t split_runs = 0;                  // by which the thread has grown tables; the thread's
  relaxed_cell<std::int32_t> system_id{0};       // the thread as the system counts; written as owner
  epoch_record* sibling = nullptr;         // the thread's record in the next of its domains, in a ring; the thread's
  epoch_record* sibling_before = nullptr;  // and in the one before; the thread's
  const key_update* updates = nullptr;     // sync_map::update() calls that the thread is in; the thread's
  bool (*is_busy_elsewhere)() noexcept = nullptr;  // whether the thread is, by other shared objects; the thread's
  // Statistics; the thread adds, anybody reads.
  relaxed_cell<std::size_t> retries{0};
  relaxed_cell<std::size_t> waits{0};
  relaxed_cell<std::size_t> parks{0};
  relaxed_cell<std::uint64_t> parked_ns{0};
  relaxed_cell<bool> parked{false};  // now
  alignas(cache_line) garbage_bag bag;

  /// In `nesting`: the thread has ended, but for objects that outlive its registry; entering is an exchange, as the
  /// clock says. So 0 is a thread that may enter by a plain store, and nothing else has to be asked.
  static constexpr std::uint32_t ended = std::uint32_t{1} << 31U;
  static constexpr std::uint32_t by_exchange = std::uint32_t{1} << 30U;
  [[nodiscard]] std::uint32_t guards() const noexcept { return nesting & ~(ended | by_exchange); }
  [[nodiscard]] bool inside() const noexcept { return guards() != 0; }
  [[nodiscard]] bool has_ended() const noexcept { return (nesting & ended) != 0; }
  /// Whether a call of the thread is using it.
  [[nodiscard]] bool in_use() const noexcept { return inside() || has_ended() || reclaiming; }
};

class epoch_clock {
  // Pairs
  //   left     leave() releases, advance() acquires, and on through the epoch to the thread that reclaims
  //   sealed   the stamp of a batch and advance() are read-modify-writes of the epoch (E2)

 public:
  epoch_clock() = default;
  epoch_clock(const epoch_clock&) = delete;
  epoch_clock& operator=(const epoch_clock&) = delete;

  // --- a thread ------------------------------------------------------------------------------------------------------

  EVAC_ALWAYS_INLINE void enter(epoch_record& own) noexcept {
    if (own.nesting == 0) [[likely]] {
      own.nesting = 1;
      announce(true, own);
    } else {
      enter_again(own);
    }
  }
  /// Returns whether the record is to be given back: its thread has ended, and this was the last guard.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool leave(epoch_record& own) noexcept {
    if (own.nesting == 1) [[likely]] {
      own.nesting = 0;
      own.entered.store(0, release);  // release: left
      return false;
    }
    return leave_again(own);
  }

  /// The owner: a number that no other thread has that is alive. Throws std::bad_alloc.
  [[nodiscard]] epoch_record& take_record(std::uintptr_t owner) {
    epoch_record* const own = records_.take();
    if (own == nullptr) throw_bad_alloc();
    own->owner.store(owner, relaxed);  // relaxed: only its own thread finds it by that
    own->system_id = system_thread_id();
    own->nesting = plain_ ? 0 : epoch_record::by_exchange;
    // relaxed: only distinctness matters
    if (own->index == 0) own->index = 1 + record_count_.fetch_add(1, relaxed);
    return *own;
  }
  static void give_back(epoch_record& own) noexcept {
    own.nesting = 0;
    own.reclaiming = false;
    own.reserved = 0;
    own.collected_from = nullptr;
    own.updates = nullptr;  // left behind by a thread that a fork() has cut off inside of one, or by exit() there
    own.sibling = nullptr;
    own.sibling_before = nullptr;
    own.is_busy_elsewhere = nullptr;
    own.owner.store(0, relaxed);  // relaxed: as in take_record()
    record_list<epoch_record>::give_back(&own);
  }
  /// The record that a call of this thread has taken after the thread's end; null if there is none. O(records).
  [[nodiscard]] epoch_record* record_of_ended(std::uintptr_t owner) const noexcept {
    epoch_record* found = nullptr;
    records_.for_each([&](const epoch_record& each) {
      const bool is_own = each.owner.load(relaxed) == owner;  // relaxed: as in take_record(); the rest is the thread's
      if (is_own && each.has_ended()) found = const_cast<epoch_record*>(&each);
      return found == nullptr;
    });
    return found;
  }
  /// Whether this thread is inside, or is freeing something: in this domain or in another, whose writers may wait for
  /// it; also by another record of this one, since shared objects may have one each, and by a record of another domain
  /// that only another shared object knows.
  [[nodiscard]] bool is_busy(const epoch_record& own) const noexcept {
    if (is_busy_in_ring(own)) return true;
    const std::uintptr_t owner = own.owner.load(relaxed);  // relaxed, both: as in take_record()
    bool busy = false;
    records_.for_each([&](const epoch_record& each) {
      busy = each.owner.load(relaxed) == owner && each.in_use();
      return !busy;
    });
    return busy || (own.is_busy_elsewhere != nullptr && own.is_busy_elsewhere());
  }
  /// The same, of a record and its siblings.
  [[nodiscard]] static bool is_busy_in_ring(const epoch_record& one) noexcept {
    const epoch_record* mine = &one;
    do {
      if (mine->in_use()) return true;
      mine = mine->sibling;
    } while (mine != nullptr && mine != &one);
    return false;
  }

  // --- the epoch -----------------------------------------------------------------------------------------------------

  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.load(acquire); }  // acquire: left
  /// Whether announcements are plain stores, for all users of the clock: shared objects may each have found out
  /// something else, but a process that has registered for the fence has it.
  [[nodiscard]] bool plain() const noexcept { return plain_; }
  /// For threads that seal batches.
  [[nodiscard]] atomic<std::uint64_t>& word() noexcept { return epoch_; }

  /// One step; false if a thread is inside since an earlier epoch, or another is at it.
  bool try_advance() noexcept {
    if (advancing_.exchange(true, acquire)) return false;  // acquire: one after the other
    const bool done = advance();
    advancing_.store(false, release);  // release: one after the other
    return done;
  }
  [[nodiscard]] bool is_held() const noexcept { return held_at(epoch()); }
  [[nodiscard]] std::chrono::nanoseconds held_for() const noexcept {
    const std::int64_t since = held_since_.load(relaxed);  // relaxed: a figure for people
    return std::chrono::nanoseconds(since == 0 || !is_held() ? 0 : now() - since);
  }
  [[nodiscard]] bool anybody_inside() const noexcept {
    bool inside = false;
    records_.for_each([&](const epoch_record& each) {
      inside = each.entered.load(acquire) != 0;  // acquire: left
      return !inside;
    });
    return inside;
  }

  // --- records -------------------------------------------------------------------------------------------------------

  template <class Visit>
  void for_each_record(const Visit& visit) const {
    records_.for_each([&](const epoch_record& each) {
      visit(const_cast<epoch_record&>(each));
      return true;
    });
  }
  /// The one after this one, or the first; there must be one.
  [[nodiscard]] epoch_record& after(const epoch_record* record) const noexcept {
    return const_cast<epoch_record&>(*records_.after(record));
  }
  void release_all() noexcept { records_.release_all(); }

  /// In the child of a fork(): threads other than the caller are gone.
  void reset_after_fork(std::uintptr_t owner) noexcept {
    advancing_.store(false, relaxed);  // relaxed, all of them: there is one thread
    held_since_.store(0, relaxed);
    for_each_record([&](epoch_record& each) {
      if (each.owner.load(relaxed) == owner) {
        each.system_id = system_thread_id();
        return;
      }
      each.entered.store(0, relaxed);
      give_back(each);
    });
  }

 private:
  // In any case but the usual ones.
  EVAC_NEVER_INLINE void enter_again(epoch_record& own) noexcept {
    ++own.nesting;
    if (own.guards() == 1) announce((own.nesting & epoch_record::by_exchange) == 0, own);
  }
  [[nodiscard]] EVAC_NEVER_INLINE static bool leave_again(epoch_record& own) noexcept {
    --own.nesting;
    if (own.inside()) return false;
    own.entered.store(0, release);  // release: left
    return own.has_ended();
  }
  EVAC_ALWAYS_INLINE void announce(bool plain, epoch_record& own) noexcept {
    // acquire: what E2 needs. An epoch that is over by now only delays the next step.
    asymmetric_fence::announce<std::uint64_t>(plain, own.entered, epoch_.load(acquire) * 2 + 1);
  }
  [[nodiscard]] bool advance() noexcept {
    const std::uint64_t current = epoch_.load(acquire);  // acquire: sealed
    if (held_at(current)) return note_held();            // spares the fence
    asymmetric_fence::heavy(plain_);
    if (held_at(current)) return note_held();
    // acq_rel: sealed, and all that leaving threads released goes on to the thread that reclaims. Nobody else writes
    // another value meanwhile.
    epoch_.fetch_add(1, acq_rel);
    held_since_.store(0, relaxed);  // relaxed: a figure for people
    return true;
  }
  // Whether a thread is inside since an earlier epoch.
  [[nodiscard]] bool held_at(std::uint64_t current) const noexcept {
    bool held = false;
    records_.observe_each(plain_, [&](const epoch_record& each) {
      const std::uint64_t entered =
          asymmetric_fence::observe<std::uint64_t>(plain_, each.entered);  // it acquires: left
      held = entered != 0 && entered != current * 2 + 1 && protocol::waits_for_readers();
      return !held;
    });
    return held;
  }
  bool note_held() noexcept {
    if (held_since_.load(relaxed) == 0) held_since_.store(now(), relaxed);  // relaxed: a figure for people
    return false;
  }
  [[nodiscard]] static std::int64_t now() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }

  alignas(line_pair) atomic<std::uint64_t> epoch_{1};  // by one thread at a time, and rewritten by threads that seal
  const bool plain_ = asymmetric_fence::available();
  record_list<epoch_record> records_;
  alignas(line_pair) atomic<bool> advancing_{false};
  atomic<std::uint32_t> record_count_{0};
  atomic<std::int64_t> held_since_{0};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
