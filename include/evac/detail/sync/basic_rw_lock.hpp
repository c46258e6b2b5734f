// A reader-writer lock of eight bytes whose readers, while no thread writes, write nothing that other readers touch.
//
//   state_  | readers ..................... | parked | writer waiting | writer |     31..3   2   1   0
//   bias_   | how readers announce themselves, and where: bias_word.hpp
//
//   state_                     thread                     may
//   0                          any                        become reader or writer
//   readers                    a reader                   become one more, leave
//   readers + writer waiting   a reader                   leave; new ones wait, so that writers do not starve
//   writer                     the writer                 leave; all others wait
//   ... + parked               the last one to leave      wakes all
//
//   bias_                      thread                     may
//   price, reads               a reader in state_         count; when the price is paid, bias the lock to its registry; sooner,
//                                                         if that pays, let the bias stand
//                              the writer                 take the count into the average
//   biased                     any reader                 announce itself, if the word names its registry
//                              the writer                 revoke
//   revoking                   the writer                 set a price when no reader is announced; or make it biased again
//   the bias stands            any reader                 announce itself and look for a writer; now and then go by state_
//                              a reader in state_         count; make the lock a biased one
//                              the writer                 when no reader is announced forget the count, or set a price
//
// Reader bias (BRAVO: Dice and Kogan, "BRAVO: Biased Locking for Reader-Writer Locks", USENIX ATC 2019): while the lock
// is biased, a reader announces itself in its thread's record (detail/sync/visible_readers.hpp) and does not touch
// state_. A writer takes state_, revokes the bias, and waits until no announcement is left. The bias comes back after a
// number of reads without a writer in between; how many, the price, is in proportion to how long the last revocation
// took. Where writers come too often for that, but readers far more often, the bias stands: a reader announces itself
// by an exchange and then looks at state_ too, so that a writer needs no revocation, only a look through the records.
// Whether they do, a moving average tells, so that shards of one map agree.
//
// Invariants
//   L1  the writer bit excludes readers in state_
//   L2  a word that names no registry, or of a bias that stands, is changed by a holder of a reader in state_ or of the
//       writer bit only; a biased one by the holder of the writer bit only, which leaves it biased as it was if it does
//       not get the lock. While a registry is named, the word goes on naming it until a writer sets a price
//   L3  an announcement in registry R counts if its thread, after announcing, found the word biased and naming R; or,
//       while the bias stands, first no writer in state_ and then the word as before. While one that counts is there,
//       the word names R. For a writer sets a price only after a look through R that found none. Before that look it
//       has set the writer bit and, if the lock is biased, changed the word and passed the heavy side of R's fence: so
//       either the look finds the announcement, or its thread has found the writer or the word revoked
//   L4  so a holder of the writer bit that finds the word naming no registry is alone, and so is one that has looked
//       through the registry of a bias that stands, whichever is its own; and a reader that finds one that is not its
//       own goes by state_
//   L5  a reader that leaves and is not announced in the first slot of its own record, but finds a registry named, looks
//       in the other slots, and there for its thread: if it was announced, by whatever shared object, the word still
//       names that registry (L3), and a load sees that, because the same thread has seen it before. Else it is in state_
//   L6  a thread sleeps on state_ only with `parked` in the value that it sleeps on; the thread that removes the reason
//       wakes it
#ifndef EVAC_DETAIL_SYNC_BASIC_RW_LOCK_HPP
#define EVAC_DETAIL_SYNC_BASIC_RW_LOCK_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/platform/thread_annotations.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/bias_word.hpp"
#include "evac/detail/sync/lock_events.hpp"
#include "evac/detail/sync/reader_registry.hpp"
#include "evac/detail/sync/visible_readers.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Readers: where biased readers announce themselves, and how patient waiting threads are. Members: rw_lock.hpp.
template <class Readers>
class EVAC_LOCKABLE basic_rw_lock {
 public:
  constexpr basic_rw_lock() noexcept = default;
  basic_rw_lock(const basic_rw_lock&) = delete;
  basic_rw_lock& operator=(const basic_rw_lock&) = delete;
  ~basic_rw_lock() = default;

  void lock() noexcept EVAC_EXCLUSIVE_LOCK_FUNCTION() { lock(no_events_); }
  template <class Events>
  void lock(Events& events) noexcept(noexcept(events.about_to_wait())) EVAC_EXCLUSIVE_LOCK_FUNCTION() {
    std::uint32_t expected = 0;
    // seq_cst: dekker; it acquires: handover
    if (!state_.compare_exchange_strong(expected, writer, seq_cst, relaxed)) [[unlikely]]
      lock_slowly(events);
    // relaxed: written under state_ only (L2), which is held.
    const std::uint32_t bias = bias_.load(relaxed);
    if (bias_word::names_registry(bias)) [[unlikely]] {
      await_announced(bias, events);
    } else {
      count_write(bias);
    }
  }
  [[nodiscard]] bool try_lock() noexcept EVAC_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    std::uint32_t expected = 0;
    if (!state_.compare_exchange_strong(expected, writer, seq_cst, relaxed)) return false;  // seq_cst: as in lock()
    const std::uint32_t bias = bias_.load(relaxed);                                         // relaxed: as in lock()
    if (!bias_word::names_registry(bias)) {
      count_write(bias);
      return true;
    }
    const time_point began = begin_look(bias);
    if (Readers::any(this, bias)) {
      give_up(bias);
      return false;
    }
    end_look(bias, began);
    return true;
  }
  void unlock() noexcept EVAC_UNLOCK_FUNCTION() {
    // release: handover
    if ((state_.exchange(0, release) & parked) != 0) [[unlikely]]
      wake_all(state_);
  }

  void lock_shared() noexcept EVAC_SHARED_LOCK_FUNCTION() { lock_shared(no_events_); }
  template <class Events>
  EVAC_ALWAYS_INLINE void lock_shared(Events& events) noexcept(noexcept(events.about_to_wait()))
      EVAC_SHARED_LOCK_FUNCTION() {
    const entry how = enter_biased();
    if (how == entry::announced) return;
    if (how == entry::to_count) return enter_and_count(events);
    enter_by_state(events);
    if (Readers::sample_read()) [[unlikely]]
      count_quiet_read();
  }
  [[nodiscard]] bool try_lock_shared() noexcept EVAC_SHARED_TRYLOCK_FUNCTION(true) {
    if (enter_biased() == entry::announced) return true;
    std::uint32_t state = state_.load(relaxed);  // relaxed: the exchange acquires
    while ((state & (writer | writer_waiting)) == 0) {
      if (state_.compare_exchange_weak(state, state + reader, acquire, relaxed)) return true;  // acquire: handover
    }
    return false;
  }
  EVAC_ALWAYS_INLINE void unlock_shared() noexcept EVAC_UNLOCK_FUNCTION() {
    if (Readers::leave_at_once(this)) return;
    // relaxed: this thread has seen before what matters here (L5)
    if (const std::uint32_t bias = bias_.load(relaxed); bias_word::names_registry(bias)) [[unlikely]] {
      if (Readers::leave(this, bias)) return;
    }
    // release: the next writer writes after what was read here
    const std::uint32_t before = state_.fetch_sub(reader, release);
    // state_ is not touched again: the writer that comes next may destroy the lock. `parked` stays for that one's
    // unlock(), and a thread that is woken parks again if there is still a reason (a notification needs no more than
    // the address).
    if ((before & parked) != 0 && before < 2 * reader) [[unlikely]]
      wake_all(state_);
  }

  [[nodiscard]] bool is_biased() const noexcept {
    return bias_word::is_biased(bias_.load(relaxed));  // relaxed: a snapshot for people
  }
  [[nodiscard]] bool bias_stands() const noexcept {
    return bias_word::stands(bias_.load(relaxed));  // relaxed: a snapshot for people
  }
  [[nodiscard]] bool is_write_locked() const noexcept {
    return (state_.load(relaxed) & writer) != 0;  // relaxed: a snapshot for people
  }
  [[nodiscard]] std::uint32_t reader_count() const noexcept {
    return state_.load(relaxed) / reader;  // relaxed: a snapshot for people
  }

 private:
  // Pairs
  //   handover   unlock() and unlock_shared() release, lock() and lock_shared() acquire: what was written under the
  //              lock
  //   bias set   change_as_reader() and give_up() release, enter_biased() acquires: what the last writer wrote before
  //   dekker     enter_biased() announces, then loads bias_; begin_look() changes bias_, then looks for
  //              announcements. enter_standing() announces, then loads state_; lock() changes state_, then looks
  static constexpr std::uint32_t writer = 1;
  static constexpr std::uint32_t writer_waiting = 2;
  static constexpr std::uint32_t parked = 4;
  static constexpr std::uint32_t reader = 8;

  using pace = bias_pace<Readers>;
  using time_point = std::chrono::steady_clock::time_point;
  static inline no_lock_events no_events_{};
  static constexpr int most_looks = 1 << 20U;  // where counting them stops

  /// How a reader comes in: it is announced; or goes by state_, where one of many is to count while the bias stands.
  enum class entry : unsigned char { announced, by_state, to_count };

  [[nodiscard]] EVAC_ALWAYS_INLINE entry enter_biased() noexcept {
    const std::uint32_t bias = bias_.load(relaxed);  // relaxed: a hint, asked again below
    if (!Readers::enter_at_once(this, bias)) {
      if (!bias_word::lets_announce(bias)) return entry::by_state;
      if (bias_word::stands(bias)) return enter_standing(bias);
      if (!Readers::enter(this, bias)) return entry::by_state;
    }
    // seq_cst: dekker, where announcing is an exchange; else the compiler fence in announce() and the writer's fence
    // stand between. It acquires: bias set.
    if (bias_.load(seq_cst) == bias) [[likely]]
      return entry::announced;
    static_cast<void>(Readers::leave(this, bias));
    return entry::by_state;
  }

  // The state is loaded before the bias: else a reader could see a bias that a writer has ended since, and then the state
  // after that writer, and no later writer would look for it.
  [[nodiscard]] EVAC_NEVER_INLINE entry enter_standing(std::uint32_t bias) noexcept {
    // relaxed: a hint. A writer waits for a look through the records that meets no announcement, also none in vain: so
    // threads that only try, again and again, do not announce themselves before one that is there already.
    if ((state_.load(relaxed) & (writer | writer_waiting)) != 0) return entry::by_state;
    if (Readers::sample_read() && Readers::sample(pace::standing_sample_period / pace::sample_period))
      return entry::to_count;
    if (!Readers::enter_standing(this, bias)) return entry::by_state;
    // seq_cst, both: dekker. They acquire: handover, bias set.
    if ((state_.load(seq_cst) & (writer | writer_waiting)) == 0 && bias_.load(seq_cst) == bias) [[likely]]
      return entry::announced;
    static_cast<void>(Readers::leave(this, bias));
    return entry::by_state;
  }

  template <class Events>
  EVAC_ALWAYS_INLINE void enter_by_state(Events& events) noexcept(noexcept(events.about_to_wait())) {
    // The look at bias_ has brought the line, so that a look at the state costs nothing. relaxed: the exchange acquires
    std::uint32_t state = state_.load(relaxed);
    // acquire: handover
    if ((state & (writer | writer_waiting)) != 0 ||
        !state_.compare_exchange_strong(state, state + reader, acquire, relaxed)) [[unlikely]] {
      lock_shared_slowly(events);
    }
  }
  template <class Events>
  EVAC_NEVER_INLINE void enter_and_count(Events& events) noexcept(noexcept(events.about_to_wait())) {
    enter_by_state(events);
    const std::uint32_t bias = bias_.load(relaxed);  // relaxed: the exchange decides
    if (bias_word::stands(bias)) change_as_reader(bias, pace::after_read_while_standing(bias));
  }
  EVAC_NEVER_INLINE void count_quiet_read() noexcept {
    const std::uint32_t bias = bias_.load(relaxed);  // relaxed: as above
    if (!bias_word::names_registry(bias)) change_as_reader(bias, pace::after_quiet_read(bias));
  }
  // A compare-exchange and not a store: two readers may be here, and a lost bias would break L3.
  void change_as_reader(std::uint32_t bias, std::uint32_t next) noexcept {
    bias_.compare_exchange_strong(bias, next, release, relaxed);  // release: bias set
  }

  // Before and after a writer looks for announced readers. The writer bit is set: after this no new reader comes in by
  // either way, when a bias that does not stand has been revoked.
  [[nodiscard]] time_point begin_look(std::uint32_t bias) noexcept {
    if (bias_word::stands(bias)) return {};
    const time_point began = std::chrono::steady_clock::now();
    bias_.store(bias_word::revoked(bias), seq_cst);  // seq_cst: dekker
    Readers::fence(bias);
    return began;
  }
  // No reader is announced: from here the word may name no registry (L3).
  void end_look(std::uint32_t bias, time_point began) noexcept {
    const std::uint32_t next = bias_word::stands(bias)
                                   ? pace::after_write_while_standing(bias)
                                   : pace::after_revocation(std::chrono::steady_clock::now() - began);
    if (next != bias) bias_.store(next, relaxed);  // relaxed: written under state_
  }
  // The reader that was found still reads: the next writer must look for it too (L3).
  void give_up(std::uint32_t bias) noexcept EVAC_NO_THREAD_SAFETY_ANALYSIS {
    bias_.store(bias, release);  // release: bias set
    unlock();
  }
  template <class Events>
  EVAC_NEVER_INLINE void await_announced(std::uint32_t bias,
                                         Events& events) noexcept(noexcept(events.about_to_wait())) {
    const time_point began = begin_look(bias);
    await_leavers(bias, events);
    end_look(bias, began);
    if (!bias_word::stands(bias)) events.revoked();
  }
  template <class Events>
  void await_leavers(std::uint32_t bias, Events& events) noexcept(noexcept(events.about_to_wait())) {
    struct undo {
      basic_rw_lock* lock;
      std::uint32_t bias;
      ~undo() {
        if (lock != nullptr) lock->give_up(bias);
      }
    };
    if (!Readers::any(this, bias)) return;
    undo unless_it_waits{this, bias};
    events.about_to_wait();
    unless_it_waits.lock = nullptr;
    one_wait wait(events);
    for (int looks = 0; Readers::any(this, bias); looks += looks < most_looks ? 1 : 0) {
      if (looks == Readers::looks_before_parking) wait.begin();
      Readers::await_leavers(looks);
    }
    wait.over();
  }
  void count_write(std::uint32_t bias) noexcept {
    // relaxed: counts, written under state_
    if ((bias & bias_word::reads) != 0) bias_.store(bias_word::after_write(bias), relaxed);
  }

  template <class Events>
  EVAC_NEVER_INLINE void lock_slowly(Events& events) noexcept(noexcept(events.about_to_wait())) {
    events.about_to_wait();
    events.contended();
    one_wait wait(events);
    for (int looks = 0, lost = 0;;) {
      std::uint32_t state = state_.load(relaxed);  // relaxed: the exchange acquires
      if (state < reader && (state & writer) == 0) {
        // `parked` stays for unlock(); other waiting writers say so again when they are awake. seq_cst: as in lock()
        if (state_.compare_exchange_weak(state, writer | (state & parked), seq_cst, relaxed)) return wait.over();
        Readers::pause(lost++);
      } else if (looks < Readers::looks_before_parking) {
        // relaxed: orders nothing, keeps new readers out
        if ((state & writer_waiting) == 0) state_.fetch_or(writer_waiting, relaxed);
        Readers::pause(looks++);
      } else if (park(state, writer_waiting | parked, wait)) {
        looks = 0;
      }
    }
  }
  template <class Events>
  EVAC_NEVER_INLINE void lock_shared_slowly(Events& events) noexcept(noexcept(events.about_to_wait())) {
    events.about_to_wait();
    bool waited = false;
    one_wait wait(events);
    for (int looks = 0, lost = 0;;) {
      std::uint32_t state = state_.load(relaxed);  // relaxed: the exchange acquires
      if ((state & (writer | writer_waiting)) == 0) {
        if (state_.compare_exchange_weak(state, state + reader, acquire, relaxed)) break;  // acquire: handover
        // The thread that won will win again if it is left the line for a moment.
        Readers::pause(lost++);
      } else if (looks < Readers::looks_before_parking) {
        waited = true;
        Readers::pause(looks++);
      } else if (park(state, parked, wait)) {
        looks = 0;
      }
    }
    if (waited) events.contended();
    wait.over();
  }

  // Adds these flags to state_ and sleeps until it changes; false if it had changed before.
  template <class Events>
  [[nodiscard]] bool park(std::uint32_t state, std::uint32_t flags, one_wait<Events>& wait) noexcept {
    if ((state & flags) != flags &&
        !state_.compare_exchange_strong(state, state | flags, relaxed, relaxed)) {  // relaxed: orders nothing
      return false;
    }
    wait.sleep(state_, state | flags);
    return true;
  }

  atomic<std::uint32_t> state_{0};  // any thread, by the transitions above
  atomic<std::uint32_t> bias_{0};   // L2; counts by readers in state_ and by the writer
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
