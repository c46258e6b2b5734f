// The machinery of an epoch_domain: the epoch, a record for each thread, and the garbage.
//
//   core    | epoch: 9 | charged bytes | records -> R3 -> R2 -> R1 | garbage of threads that are gone |
//   record  | entered: 9, inside | nesting | ... |   | bag |     on own lines; who advances the epoch reads `entered`
//
// States of a record's `entered`: 0 (outside) or epoch * 2 + 1 (inside since that epoch); only its thread writes it.
//
// Why an object that was retired in epoch e is free to go in epoch e + 2
//   E1  The epoch goes from x to x + 1 only after all records that are inside were seen to be inside since x.
//   E2  The stamp e of a batch is taken by a read-modify-write of the epoch after its objects were unlinked. Whoever
//       enters in an epoch later than e has read a value that follows this one, and so finds the objects unlinked.
//   E3  So only threads that entered in e or before can hold them, and the step from e + 1 to e + 2 has seen none of
//       them inside. A thread that it could not see, because it was about to enter, reads everything after the heavy
//       fence of that step (or after its read-modify-write of the thread's record, or of the list if the record is
//       new), and finds the objects unlinked.
// (Fraser, "Practical lock-freedom", 2004; the batches are those of seize and of xenium.)
#ifndef EVAC_DETAIL_SYNC_EPOCH_CORE_HPP
#define EVAC_DETAIL_SYNC_EPOCH_CORE_HPP

#include <absl/base/thread_annotations.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/garbage.hpp"
#include "evac/detail/sync/parking.hpp"
#include "evac/detail/sync/protocol.hpp"
#include "evac/detail/sync/record_list.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"

namespace evac::detail {

class epoch_core;

struct epoch_record {
  own_atomic<std::uint64_t> entered{0};  // states above
  std::uint32_t nesting = 0;             // guards of this thread, and `ended`; the thread's
  std::uint32_t index = 0;               // 1, 2, ...: of all records of the domain; written once
  epoch_core* core = nullptr;            // whose record this is; written once
  atomic<std::uintptr_t> owner{0};       // the thread, 0 while there is none; written by it
  bool prepared = false;                 // there is a spare batch; the thread's
  bool reclaiming = false;               // user code is being called to free something; the thread's
  std::uint32_t ticks = 0;               // the thread's
  std::size_t reserved = 0;              // bytes charged for what the thread may retire next; the thread's
  // Statistics; the thread adds, anybody reads.
  relaxed_cell<std::size_t> retries{0};
  relaxed_cell<std::size_t> waits{0};
  relaxed_cell<std::size_t> parks{0};
  alignas(64) garbage_bag bag;

  /// In `nesting`: the thread has ended, but for objects that outlive its registry.
  static constexpr std::uint32_t ended = std::uint32_t{1} << 31U;
  [[nodiscard]] bool inside() const noexcept { return (nesting & ~ended) != 0; }
};

class epoch_core {
 public:
  explicit epoch_core(std::size_t cap) noexcept
      : cap_(cap), charged_at_once_(std::clamp<std::size_t>(cap / 1024, 1, std::size_t{64} << 10U)) {}
  epoch_core(const epoch_core&) = delete;
  epoch_core& operator=(const epoch_core&) = delete;

  // --- entering ------------------------------------------------------------------------------------------------------

  EVAC_ALWAYS_INLINE void enter(epoch_record& own) noexcept {
    if (own.nesting++ == 0) [[likely]]
      return announce(own);
    if (own.nesting == epoch_record::ended + 1) announce(own);
  }
  /// Returns whether the record is to be given back: its thread has ended, and this was the last guard.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool leave(epoch_record& own) noexcept {
    if (--own.nesting == 0) [[likely]] {
      own.entered.store(0, release);  // release: what was read inside was read before
      return false;
    }
    if (own.nesting != epoch_record::ended) return false;
    own.entered.store(0, release);  // release: as above
    return true;
  }

  /// The owner: a number that no other thread has that is alive.
  [[nodiscard]] epoch_record* take_record(std::uintptr_t owner) {
    epoch_record* const own = records_.take();
    if (own == nullptr) throw std::bad_alloc();
    own->owner.store(owner, relaxed);  // relaxed: only its own thread finds it by that
    // relaxed: only distinctness matters
    if (own->index == 0) own->index = 1 + record_count_.fetch_add(1, relaxed);
    own->core = this;
    return own;
  }
  /// What the thread has retired goes to the core.
  void give_back(epoch_record* own) noexcept {
    {
      const std::lock_guard guard(own->bag.lock);
      const std::lock_guard orphans_guard(orphans_.lock);
      orphans_.sealed.append_all(own->bag.sealed);
      orphans_.pending += own->bag.pending;
      own->bag.pending = 0;
      add_to_orphans(own->bag);
      refund(own->reserved + std::exchange(own->bag.credit, 0));
    }
    own->reserved = 0;
    own->nesting = 0;
    own->owner.store(0, relaxed);  // relaxed: as in take_record()
    record_list<epoch_record>::give_back(own);
  }

  // --- retiring ------------------------------------------------------------------------------------------------------

  /// Makes sure that retire() of `bytes` has room for it: within the cap, and without allocating. Over the cap it
  /// helps, and then waits, unless this thread holds a guard itself. Throws std::bad_alloc and has changed nothing
  /// then.
  EVAC_ALWAYS_INLINE void make_room(epoch_record& own, std::size_t bytes) {
    if (own.reserved < bytes + sizeof(retired_object)) [[unlikely]] {
      charge(own, bytes + sizeof(retired_object));
    }
    prepare(own);
  }

  /// The object is unlinked: nobody who enters from now on finds it. Throws std::bad_alloc only where make_room() was
  /// not called.
  void retire(epoch_record& own, retired_object gone) {
    prepare(own);
    gone.bytes += sizeof(retired_object);
    if (own.reserved < gone.bytes) charge_anyway(own, gone.bytes - own.reserved);
    own.reserved -= gone.bytes;
    if (put(own, gone)) [[unlikely]] {
      reclaim(own, own.bag, 1);
    }
  }

  /// A little work on what is due: at most one batch, or one step of a large object. After a write, outside of all
  /// guards.
  EVAC_ALWAYS_INLINE void tend(epoch_record& own) {
    if ((++own.ticks & 63U) == 0) [[unlikely]] {
      tend_now(own);
    }
  }
  EVAC_NEVER_INLINE void tend_now(epoch_record& own) {
    // Also somebody else's, in turn: that thread may write no more.
    // Any will do. acquire, release: the record, which another thread may have made, is published to who goes on
    const epoch_record* const other = records_.after(tended_.load(acquire));
    tended_.store(other, release);
    garbage_bag& others = const_cast<epoch_record*>(other)->bag;
    seal_if_idle(others);
    seal_if_idle(orphans_);
    if (own.bag.pending + others.pending + orphans_.pending == 0) return;
    reclaim(own, own.bag, 1);
    reclaim(own, others, 1);
    reclaim(own, orphans_, 4);
  }

  /// Seals everything, takes two steps if it can, and reclaims what is due. Returns whether nothing is left. `own` is
  /// null in a thread that has ended.
  bool flush(epoch_record* own) {
    for (;;) {
      seal_all();
      for (int steps = 0; steps < 2 && (try_advance() || !epoch_is_held()); ++steps) {
      }
      const bool reclaimed = reclaim_all_due(own);
      bool empty = true;
      for_each_bag([&](garbage_bag& bag) { empty = is_empty(bag) && empty; });
      // Again for what destructors retired just now; but not for others, who might never come to an end.
      if (empty || !reclaimed || (own != nullptr && is_empty(own->bag))) return empty;
    }
  }

  /// One step of the epoch; false if a thread is inside since an earlier one.
  bool try_advance() noexcept {
    if (advancing_.exchange(true, acquire)) return false;  // acquire: one after the other
    const bool done = advance();
    advancing_.store(false, release);  // release: one after the other
    return done;
  }

  // --- looking -------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.load(acquire); }
  [[nodiscard]] std::size_t cap() const noexcept { return cap_; }
  // relaxed, all of them: figures for people
  [[nodiscard]] std::size_t charged() const noexcept { return charged_.load(relaxed); }
  [[nodiscard]] std::size_t waited_for_room() const noexcept { return waited_for_room_.load(relaxed); }
  [[nodiscard]] std::size_t over_cap() const noexcept { return over_cap_.load(relaxed); }
  [[nodiscard]] std::size_t threads() const noexcept { return record_count_.load(relaxed); }
  [[nodiscard]] std::chrono::nanoseconds held_for() const noexcept {
    const std::int64_t since = held_since_.load(relaxed);
    return std::chrono::nanoseconds(since == 0 ? 0 : now() - since);
  }
  template <class Visit>
  void for_each_record(const Visit& visit) const {
    records_.for_each([&](const epoch_record& each) {
      visit(each);
      return true;
    });
  }
  /// Calls visit(bag) for the bag of every thread and of those that are gone.
  template <class Visit>
  void for_each_bag(const Visit& visit) const {
    records_.for_each([&](const epoch_record& each) {
      visit(const_cast<epoch_record&>(each).bag);
      return true;
    });
    visit(const_cast<epoch_core*>(this)->orphans_);
  }
  /// Calls visit(batch) for every batch of garbage, under the lock of its bag.
  template <class Visit>
  void for_each_batch(const Visit& visit) const {
    for_each_bag([&](garbage_bag& bag) {
      const std::lock_guard guard(bag.lock);
      if (bag.filling != nullptr) visit(*bag.filling);
      for (const garbage_batch* each = bag.sealed.first(); each != nullptr; each = each->next) visit(*each);
    });
  }
  [[nodiscard]] parking& sleepers() noexcept { return sleepers_; }

  // --- ends ----------------------------------------------------------------------------------------------------------

  /// Frees all that waits. Nobody may be inside, or use the domain any more.
  void reclaim_everything() {
    // What is reclaimed may retire something itself.
    for (bool again = true; again;) {
      again = false;
      for_each_bag([&](garbage_bag& bag) {
        while (garbage_batch* const batch = take_any(bag)) {
          again = true;
          while (!reclaim_some(*batch)) {
          }
          finish(batch);
        }
      });
    }
  }
  [[nodiscard]] bool anybody_inside() const noexcept {
    bool inside = false;
    records_.for_each([&](const epoch_record& each) {
      inside = each.entered.load(acquire) != 0;  // acquire: what was read inside was read before
      return !inside;
    });
    return inside;
  }

  void add_reference() noexcept { references_.fetch_add(1, relaxed); }  // relaxed: the caller has one
  void drop_reference() noexcept {
    // acq_rel: what each has done with the core before, the last one sees
    if (references_.fetch_sub(1, acq_rel) != 1) return;
    records_.release_all();
    delete this;
  }

  /// The domain is gone; what is left of it is for threads that still have a record.
  void close() noexcept {
    closed_.store(true, release);
  }  // release: nothing more is done with the records by the domain
  [[nodiscard]] bool closed() const noexcept { return closed_.load(acquire); }

  /// In the child of a fork(): threads other than the caller are gone. What they were about to retire or to reclaim is
  /// lost to reclamation.
  void reinit_after_fork(std::uintptr_t owner) noexcept {
    advancing_.store(false, relaxed);  // relaxed, all of them: there is one thread
    in_hand_.store(0, relaxed);
    held_since_.store(0, relaxed);
    reset_after_fork(orphans_);
    std::size_t charged = 0;
    records_.for_each([&](const epoch_record& each) {
      auto& record = const_cast<epoch_record&>(each);
      // Also the caller's: others look into it as well.
      reset_after_fork(record.bag);
      record.prepared = record.bag.spare != nullptr;
      charged += record.bag.credit;
      if (record.owner.load(relaxed) == owner) {
        charged += record.reserved;
        return true;
      }
      record.entered.store(0, relaxed);
      record.nesting = 0;
      record.reclaiming = false;
      record.reserved = 0;
      record.owner.store(0, relaxed);
      record_list<epoch_record>::give_back(&record);
      return true;
    });
    for_each_batch([&](const garbage_batch& each) { charged += each.bytes; });
    charged_.store(charged, relaxed);
  }

 private:
  EVAC_ALWAYS_INLINE void announce(epoch_record& own) noexcept {
    // acquire: what E2 needs. An epoch that is over by now only delays the next step.
    asymmetric_fence::announce<std::uint64_t>(own.entered, epoch_.load(acquire) * 2 + 1);
  }

  // Pairs
  //   left     leave() releases, advance() acquires, and on through the epoch to who reclaims
  //   sealed   seal() and advance() are read-modify-writes of the epoch (E2)
  static constexpr std::size_t sealed_bytes = std::size_t{16} << 10U;

  ~epoch_core() = default;

  [[nodiscard]] static std::int64_t now() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }

  class reclaiming_scope {
   public:
    explicit reclaiming_scope(epoch_record* own) noexcept : own_(own), before_(own != nullptr && own->reclaiming) {
      if (own_ != nullptr) own_->reclaiming = true;
    }
    reclaiming_scope(const reclaiming_scope&) = delete;
    reclaiming_scope& operator=(const reclaiming_scope&) = delete;
    ~reclaiming_scope() {
      if (own_ != nullptr) own_->reclaiming = before_;
    }

   private:
    epoch_record* own_;
    bool before_;
  };

  [[nodiscard]] static bool is_empty(garbage_bag& bag) noexcept {
    const std::lock_guard guard(bag.lock);
    return bag.sealed.empty() && (bag.filling == nullptr || bag.filling->count == 0);
  }
  // Whether that made a batch full.
  bool put(epoch_record& own, const retired_object& gone) noexcept {
    garbage_bag& bag = own.bag;
    const std::lock_guard guard(bag.lock);
    if (bag.filling == nullptr) {
      bag.filling = std::exchange(bag.spare, nullptr);
      own.prepared = false;
    }
    garbage_batch& batch = *bag.filling;
    batch.objects[batch.count++] = gone;
    batch.bytes += gone.bytes;
    if (batch.count != garbage_batch::capacity && batch.bytes < sealed_bytes) return false;
    seal(bag);
    return true;
  }
  // Under the bag's lock.
  void seal(garbage_bag& bag) noexcept {
    if (bag.filling == nullptr || bag.filling->count == 0) return;
    // acq_rel: sealed. The value does not change; that it is written is what counts.
    bag.filling->stamp = epoch_.fetch_add(0, acq_rel);
    bag.sealed.append(bag.filling);
    ++bag.pending;
    bag.filling = nullptr;
  }

  // A spare batch stands in when a flush, or being full, has taken the one that was being filled.
  EVAC_ALWAYS_INLINE static void prepare(epoch_record& own) {
    if (!own.prepared) [[unlikely]] {
      add_spare(own);
    }
  }
  EVAC_NEVER_INLINE static void add_spare(epoch_record& own) {
    auto* const fresh = new garbage_batch;
    const std::lock_guard guard(own.bag.lock);
    own.bag.spare = fresh;
    own.prepared = true;
  }

  [[nodiscard]] bool advance() noexcept {
    const std::uint64_t current = epoch_.load(acquire);  // acquire: sealed
    if (held_at(current)) return note_held();            // spares the fence
    asymmetric_fence::heavy();
    if (held_at(current)) return note_held();
    // acq_rel: sealed, and what the leavers released goes on to who reclaims. Nobody else writes another value
    // meanwhile.
    epoch_.fetch_add(1, acq_rel);
    held_since_.store(0, relaxed);  // relaxed: a figure for people
    return true;
  }
  // Whether a thread is inside since an earlier epoch.
  [[nodiscard]] bool held_at(std::uint64_t current) const noexcept {
    bool held = false;
    records_.observe_each([&](const epoch_record& each) {
      const std::uint64_t entered = asymmetric_fence::observe<std::uint64_t>(each.entered);  // it acquires: left
      held = entered != 0 && entered != current * 2 + 1 && protocol::waits_for_readers();
      return !held;
    });
    return held;
  }
  [[nodiscard]] bool epoch_is_held() const noexcept { return held_at(epoch()); }
  bool note_held() noexcept {
    if (held_since_.load(relaxed) == 0) held_since_.store(now(), relaxed);  // relaxed: a figure for people
    return false;
  }

  [[nodiscard]] garbage_batch* take_due(garbage_bag& bag) noexcept {
    const std::lock_guard guard(bag.lock);
    garbage_batch* const batch = bag.sealed.take_due(epoch());
    if (batch == nullptr) return nullptr;
    --bag.pending;
    in_hand_.fetch_add(1, relaxed);  // relaxed: under the lock, which nothing_retired() takes, too
    return batch;
  }
  [[nodiscard]] garbage_batch* take_any(garbage_bag& bag) noexcept {
    const std::lock_guard guard(bag.lock);
    seal(bag);
    garbage_batch* const batch = bag.sealed.take();
    if (batch != nullptr) --bag.pending;
    return batch;
  }
  // A thread that is called to free something frees nothing else meanwhile: destructors that retire would nest as deep
  // as there is garbage.
  void reclaim(epoch_record& own, garbage_bag& bag, int batches) {
    if (own.reclaiming || bag.pending == 0) return;
    try_advance();
    const reclaiming_scope scope(&own);
    reclaim_due(bag, batches);
  }
  // Returns whether there was anything.
  bool reclaim_all_due(epoch_record* own) {
    const reclaiming_scope scope(own);
    bool any = false;
    for_each_bag([&](garbage_bag& bag) {
      while (reclaim_due(bag, 16)) any = true;
    });
    return any;
  }
  // Reclaims up to `batches` batches that are due; returns whether there was one.
  bool reclaim_due(garbage_bag& bag, int batches) {
    for (int done = 0; done < batches; ++done) {
      garbage_batch* const batch = take_due(bag);
      if (batch == nullptr) return done != 0;
      if (reclaim_some(*batch)) {
        finish(batch);
      } else {
        const std::lock_guard guard(bag.lock);
        bag.sealed.prepend(batch);
        ++bag.pending;
      }
      in_hand_.fetch_sub(1, release);  // release: after the batch is back, or refunded
    }
    return true;
  }
  // Of a thread that is gone: the objects that it was filling a batch with join those of others, so that threads that
  // live for a few writes leave no batch each.
  void add_to_orphans(garbage_bag& left) noexcept {
    if (left.filling == nullptr) return;
    if (orphans_.filling == nullptr) {
      orphans_.filling = std::exchange(left.filling, nullptr);
      return;
    }
    garbage_batch& from = *left.filling;
    for (std::uint32_t i = 0; i < from.count; ++i) {
      if (orphans_.filling == nullptr || orphans_.filling->count == garbage_batch::capacity) {
        seal(orphans_);
        orphans_.filling = std::exchange(left.filling, nullptr);
        garbage_batch& rest = *orphans_.filling;
        std::move(rest.objects + i, rest.objects + rest.count, rest.objects);
        rest.count -= i;
        rest.bytes = 0;
        for (std::uint32_t k = 0; k < rest.count; ++k) rest.bytes += rest.objects[k].bytes;
        return;
      }
      garbage_batch& to = *orphans_.filling;
      to.objects[to.count++] = from.objects[i];
      to.bytes += from.objects[i].bytes;
    }
    // It is empty now, and will do for the next thread.
    from.count = 0;
    from.bytes = 0;
  }
  // Seals what nobody has added to since the last time.
  void seal_if_idle(garbage_bag& bag) noexcept {
    const std::lock_guard guard(bag.lock);
    if (bag.filling == nullptr || bag.filling->count == 0) return;
    if (bag.filling->count == bag.last_count) seal(bag);
    bag.last_count = bag.filling == nullptr ? 0 : bag.filling->count;
  }
  void seal_all() noexcept {
    for_each_bag([&](garbage_bag& bag) {
      const std::lock_guard guard(bag.lock);
      seal(bag);
    });
  }
  // Without a lock: user code runs here, which may retire.
  static bool reclaim_some(garbage_batch& batch) {
    while (batch.reclaimed != batch.count) {
      const retired_object& next = batch.objects[batch.reclaimed];
      if (!next.reclaim(next.object, next.context)) return false;
      ++batch.reclaimed;
    }
    return true;
  }
  void finish(garbage_batch* batch) noexcept {
    refund(batch->bytes);
    delete batch;
  }

  void refund(std::size_t bytes) noexcept { charged_.fetch_sub(bytes, relaxed); }  // relaxed: a sum that orders nothing
  void charge_anyway(epoch_record& own, std::size_t bytes) noexcept {
    charged_.fetch_add(bytes, relaxed);  // relaxed: as in refund()
    own.reserved += bytes;
  }
  [[nodiscard]] bool try_charge(std::size_t bytes) noexcept {
    std::size_t charged = charged_.load(relaxed);  // relaxed, both: as in refund()
    while (charged + bytes <= cap_) {
      if (charged_.compare_exchange_weak(charged, charged + bytes, relaxed, relaxed)) return true;
    }
    return false;
  }
  // Reserves from what is charged already, or from a piece that is charged now.
  [[nodiscard]] bool reserve(epoch_record& own, std::size_t bytes) noexcept {
    const std::lock_guard guard(own.bag.lock);
    if (own.bag.credit < bytes) {
      const std::size_t piece = std::max(bytes - own.bag.credit, charged_at_once_);
      if (try_charge(piece)) {
        own.bag.credit += piece;
      } else if (try_charge(bytes - own.bag.credit)) {
        own.bag.credit = bytes;
      } else {
        return false;
      }
    }
    own.bag.credit -= bytes;
    own.reserved += bytes;
    return true;
  }
  EVAC_NEVER_INLINE void charge(epoch_record& own, std::size_t bytes) {
    // An object that the cap could not hold beside others counts as much as would go in.
    const std::size_t missing = std::min(bytes - own.reserved, cap_ / 2);
    int nothing_for = 0;  // looks
    for (int looks = 0;; ++looks) {
      if (reserve(own, missing)) return;
      if (looks == 0) {
        take_credit_back();
        continue;
      }
      if (must_not_wait(own)) {
        over_cap_.fetch_add(1, relaxed);  // relaxed: a figure for people
        return charge_anyway(own, missing);
      }
      if (looks == 1) waited_for_room_.fetch_add(1, relaxed);  // relaxed: a figure for people
      if (help(own)) continue;
      // What threads hold ready for their next objects may be all that is charged: there is nothing to wait for. To be
      // sure that this is no moment in between, it must stay so.
      nothing_for = nothing_retired() ? nothing_for + 1 : 0;
      if (nothing_for == 16) return charge_anyway(own, missing);
      if (looks < 64) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(looks < 1024 ? 50 : 1000));
      }
      take_credit_back();
    }
  }
  void take_credit_back() noexcept {
    for_each_bag([&](garbage_bag& bag) {
      const std::lock_guard guard(bag.lock);
      refund(std::exchange(bag.credit, 0));
    });
  }
  // Whether this thread holds a guard, perhaps by another record (shared objects may have one each), or has ended, or
  // is about to free something: others, or it itself, would wait for it.
  [[nodiscard]] bool must_not_wait(const epoch_record& own) const noexcept {
    if (own.nesting != 0 || own.reclaiming) return true;
    const std::uintptr_t owner = own.owner.load(relaxed);  // relaxed, both: see take_record()
    bool inside = false;
    records_.for_each([&](const epoch_record& each) {
      inside = each.owner.load(relaxed) == owner && (each.nesting != 0 || each.reclaiming);
      return !inside;
    });
    return inside;
  }
  [[nodiscard]] bool nothing_retired() noexcept {
    bool nothing = true;
    for_each_batch([&](const garbage_batch& each) { nothing = nothing && each.count == 0; });
    return nothing && in_hand_.load(acquire) == 0;  // acquire: what was in hand is back, or refunded
  }
  // Reclaims for everybody; whether there was anything.
  bool help(epoch_record& own) {
    const reclaiming_scope scope(&own);
    seal_all();
    try_advance();
    bool any = false;
    for_each_bag([&](garbage_bag& bag) { any = reclaim_due(bag, 4) || any; });
    return any;
  }

  // There is one thread: who held the lock is gone.
  static void reset_after_fork(garbage_bag& bag) noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (!bag.lock.try_lock()) {
      // Its thread was at work on it: what it has is in no known state.
      bag.filling = nullptr;
      bag.spare = nullptr;
      bag.sealed = {};
      bag.pending = 0;
    }
    bag.lock.unlock();
  }

  alignas(128) atomic<std::uint64_t> epoch_{1};  // by one thread at a time, and rewritten by those who seal
  const std::size_t cap_;
  const std::size_t charged_at_once_;
  record_list<epoch_record> records_;
  alignas(128) atomic<std::size_t> charged_{0};
  atomic<const epoch_record*> tended_{nullptr};  // the record that was looked after last
  atomic<std::uint32_t> in_hand_{0};             // batches that somebody is reclaiming
  atomic<bool> advancing_{false};
  atomic<bool> closed_{false};  // the domain is gone
  atomic<std::uint32_t> record_count_{0};
  atomic<std::size_t> references_{1};
  atomic<std::size_t> waited_for_room_{0};
  atomic<std::size_t> over_cap_{0};
  atomic<std::int64_t> held_since_{0};
  garbage_bag orphans_;
  alignas(128) parking sleepers_;
};

}  // namespace evac::detail

#endif
