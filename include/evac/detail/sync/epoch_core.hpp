// Core of an epoch_domain: takes garbage in, makes room for it, and decides when and by which thread it is reclaimed.
//
//   core   | clock | budget | records' bags: R3 | R2 | R1 | garbage of threads that are gone | reclaimer | sleepers |
//
// A thread reclaims its own garbage as it retires more. Every 64 writes it also looks at the bag of another thread,
// which may retire no more, in turn, and at the garbage of threads that are gone.
#ifndef EVAC_DETAIL_SYNC_EPOCH_CORE_HPP
#define EVAC_DETAIL_SYNC_EPOCH_CORE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/backoff.hpp"
#include "evac/detail/sync/domain_observers.hpp"
#include "evac/detail/sync/epoch_clock.hpp"
#include "evac/detail/sync/garbage.hpp"
#include "evac/detail/sync/garbage_budget.hpp"
#include "evac/detail/sync/parking.hpp"
#include "evac/detail/sync/reclaimer.hpp"

namespace evac::inline EVAC_ABI::detail {

class epoch_core {
 public:
  explicit epoch_core(std::size_t cap) noexcept : budget_(cap) {}
  epoch_core(const epoch_core&) = delete;
  epoch_core& operator=(const epoch_core&) = delete;

  // --- entering ------------------------------------------------------------------------------------------------------

  EVAC_ALWAYS_INLINE void enter(epoch_record& own) noexcept { clock_.enter(own); }

  /// The owner: a number that no other thread has that is alive. Throws std::bad_alloc.
  [[nodiscard]] epoch_record* take_record(std::uintptr_t owner) {
    epoch_record& own = clock_.take_record(owner);
    own.core = this;
    return &own;
  }
  /// The garbage of the thread goes to the core.
  void give_back(epoch_record* own) noexcept {
    orphans_.adopt(own->bag, clock_.word());
    budget_.refund(own->reserved + own->bag.take_all_credit());
    epoch_clock::give_back(*own);
  }

  // --- retiring ------------------------------------------------------------------------------------------------------

  /// Makes sure that retire() of `bytes` has room for it: within the cap, and without allocating. Over the cap it
  /// helps, and then waits, unless this thread holds a guard itself. Throws std::bad_alloc and has changed nothing
  /// then.
  EVAC_ALWAYS_INLINE void make_room(epoch_record& own, std::size_t bytes) {
    if (own.reserved < bytes + sizeof(retired_object)) [[unlikely]] {
      reserve(own, bytes + sizeof(retired_object));
    }
    prepare(own);
  }

  /// Of the room that make_room() has made, all but so many bytes.
  void give_up_room(epoch_record& own, std::size_t kept) noexcept {
    if (own.reserved <= kept) return;
    budget_.refund(own.reserved - kept);
    own.reserved = kept;
  }

  /// The object is unlinked: nobody who enters from now on finds it. Throws std::bad_alloc only where make_room() was
  /// not called.
  void retire(epoch_record& own, retired_object gone) {
    prepare(own);
    gone.bytes += sizeof(retired_object);
    if (own.reclaiming) {
      charge_anyway(gone.bytes);  // by a destructor: what is reserved is for a call that goes on after it
    } else {
      if (own.reserved < gone.bytes) reserve_anyway(own, gone.bytes - own.reserved);
      own.reserved -= gone.bytes;
    }
    const bool full = own.bag.put(gone, clock_.word());
    // A call that comes between make_room() and retire(), by an observer, leaves a spare for this one.
    if (!own.bag.is_prepared()) [[unlikely]]
      own.bag.try_to_prepare();
    if (full) [[unlikely]] {
      reclaim(own, own.bag, 2, own.bag.batches() >= batches_per_step);
    }
  }

  /// A little work on what is due: at most a few batches, or one step of a large object each. After a write; a guard of
  /// this thread that is older than the epoch holds it up.
  EVAC_ALWAYS_INLINE void collect_some(epoch_record& own) {
    if ((++own.ticks & 63U) == 0) [[unlikely]] {
      collect_in_turn(own);
    }
  }

  /// Seals everything, takes two steps if it can, and reclaims what is due. Returns whether nothing is left.
  bool flush(epoch_record& own) {
    if (own.reclaiming) return false;  // else destructors that flush would nest
    for (;;) {
      seal_all();
      step_twice();
      const bool reclaimed = reclaim_all_due(own);
      if (nothing_retired()) return true;
      // Again for objects that destructors retired just now; but not for those of others, which might never end.
      if (!reclaimed || own.bag.is_empty()) return false;
    }
  }

  // --- looking -------------------------------------------------------------------------------------------------------

  [[nodiscard]] epoch_clock& clock() noexcept { return clock_; }
  [[nodiscard]] const garbage_budget& budget() const noexcept { return budget_; }
  // relaxed, both: figures for people
  [[nodiscard]] std::size_t cap_waits() const noexcept { return cap_waits_.load(relaxed); }
  [[nodiscard]] std::size_t over_cap() const noexcept { return over_cap_.load(relaxed); }
  /// Calls visit(batch) for every batch of garbage, under the lock of its bag.
  template <class Visit>
  void for_each_batch(const Visit& visit) {
    for_each_bag([&](garbage_bag& bag) { bag.for_each_batch(visit); });
  }
  /// Objects that wait in sealed batches, and their bytes, without the locks of the bags: recent numbers.
  [[nodiscard]] std::size_t retired_objects() const noexcept {
    std::size_t objects = orphans_.sum().objects;
    clock_.for_each_record([&](const epoch_record& each) { objects += each.bag.sum().objects; });
    return objects;
  }
  [[nodiscard]] std::size_t retired_bytes() const noexcept {
    std::size_t bytes = orphans_.sum().bytes;
    clock_.for_each_record([&](const epoch_record& each) { bytes += each.bag.sum().bytes; });
    return bytes;
  }
  /// The domain, and records that threads have.
  [[nodiscard]] std::size_t references() const noexcept { return references_.load(relaxed); }
  [[nodiscard]] parking& sleepers() noexcept { return sleepers_; }
  [[nodiscard]] domain_observers& observers() noexcept { return observers_; }

  // --- ends ----------------------------------------------------------------------------------------------------------

  /// Frees all that waits. Nobody may be inside, or use the domain any more.
  void reclaim_everything() {
    // A destructor that runs may retire something itself.
    for (bool again = true; again;) {
      again = false;
      for_each_bag([&](garbage_bag& bag) {
        while (garbage_batch* const batch = bag.take_any(clock_.word())) {
          again = true;
          reclaimer_.reclaim_batch(bag, *batch);
        }
      });
    }
  }

  /// Takes out of the garbage what owner.owns(object), but for objects that another thread, or this one, is reclaiming
  /// at this moment: calls owner.take(object) for each, under a lock. They count no more.
  template <class Owner>
  void extract(Owner& owner) noexcept {
    reclaimer_.extract(owner, [&](const auto& visit) { for_each_bag(visit); });
  }

  void add_reference() noexcept { references_.fetch_add(1, relaxed); }  // relaxed: the caller has one
  void drop_reference() noexcept {
    // acq_rel: what each has done with the core before, the last one sees
    if (references_.fetch_sub(1, acq_rel) != 1) return;
    clock_.release_all();
    delete this;
  }

  /// The domain is gone; the rest of it is for threads that still have a record.
  void close() noexcept {
    closed_.store(true, release);  // release: the domain does nothing more with the records
  }
  [[nodiscard]] bool closed() const noexcept { return closed_.load(acquire); }  // acquire: the same

  /// In the child of a fork(): threads other than the caller are gone. Objects that they were about to retire or to
  /// reclaim are lost to reclamation.
  void reinit_after_fork(std::uintptr_t owner) noexcept {
    reclaimer_.reset_after_fork();
    sleepers_.reset_after_fork();
    observers_.reset_after_fork();
    // The records that the caller has each keep the core alive, and so does the domain; those of others do no more.
    // relaxed, all: there is one thread.
    std::size_t references = 1;
    clock_.for_each_record(
        [&](const epoch_record& each) { references += each.owner.load(relaxed) == owner ? 1U : 0U; });
    references_.store(references, relaxed);
    clock_.reset_after_fork(owner);
    orphans_.reset_after_fork(false);
    std::size_t charged = 0;
    clock_.for_each_record([&](epoch_record& each) {
      EVAC_ASSERT(!each.reclaiming, "evac: fork() by a destructor that an epoch_domain has called");
      // Also the caller's bag: others look into it as well.
      each.bag.reset_after_fork(each.owner.load(relaxed) == owner);
      charged += each.reserved + each.bag.credit();
    });
    for_each_batch([&](const garbage_batch& each) { charged += each.bytes; });
    budget_.reset(charged);
  }

 private:
  class reclaiming_scope {
   public:
    explicit reclaiming_scope(epoch_record& own) noexcept : own_(own), before_(own.reclaiming) {
      own_.reclaiming = true;
    }
    reclaiming_scope(const reclaiming_scope&) = delete;
    reclaiming_scope& operator=(const reclaiming_scope&) = delete;
    ~reclaiming_scope() { own_.reclaiming = before_; }

   private:
    epoch_record& own_;
    bool before_;
  };

  ~epoch_core() = default;

  template <class Visit>
  void for_each_bag(const Visit& visit) {
    clock_.for_each_record([&](epoch_record& each) { visit(each.bag); });
    visit(orphans_);
  }
  void seal_all() noexcept {
    for_each_bag([&](garbage_bag& bag) { bag.seal(clock_.word()); });
  }

  // --- room ----------------------------------------------------------------------------------------------------------

  EVAC_ALWAYS_INLINE static void prepare(epoch_record& own) {
    if (!own.bag.is_prepared()) [[unlikely]] {
      own.bag.prepare();
    }
  }
  [[nodiscard]] bool try_reserve(epoch_record& own, std::size_t bytes) noexcept {
    if (!own.bag.take_credit(bytes, [&](std::size_t missing) { return budget_.charge(missing); })) return false;
    own.reserved += bytes;
    return true;
  }
  void charge_anyway(std::size_t bytes) noexcept {
    budget_.charge_anyway(bytes);
    const std::size_t charged = budget_.charged();
    if (charged <= budget_.cap()) return;
    over_cap_.fetch_add(1, relaxed);  // relaxed: a figure for people
    if (charged - (std::min)(charged, bytes) <= budget_.cap()) observers_.tell_over_cap(charged, budget_.cap(), false);
  }
  void reserve_anyway(epoch_record& own, std::size_t bytes) noexcept {
    charge_anyway(bytes);
    own.reserved += bytes;
  }
  EVAC_NEVER_INLINE void reserve(epoch_record& own, std::size_t bytes) {
    // An object that the cap could not hold beside others counts as much as would go in.
    const std::size_t missing = (std::min)(bytes - own.reserved, std::max<std::size_t>(budget_.cap() / 2, 1));
    if (try_reserve(own, missing)) return;
    take_credit_back();
    if (try_reserve(own, missing)) return;
    // Others, or this thread itself, would wait for this thread.
    if (clock_.is_busy(own)) return reserve_anyway(own, missing);
    cap_waits_.fetch_add(1, relaxed);  // relaxed: a figure for people
    observers_.tell_over_cap(budget_.charged(), budget_.cap(), true);
    int nothing_for = 0;  // looks
    for (int looks = 1; !try_reserve(own, missing); ++looks) {
      if (help(own)) continue;
      // All charged bytes may be reservations, with no garbage to wait for. Require this for 16 consecutive looks, so
      // that a transient state does not count.
      nothing_for = nothing_retired() ? nothing_for + 1 : 0;
      if (nothing_for == 16) return reserve_anyway(own, missing);
      backoff{0, 64, std::chrono::microseconds(looks < 1024 ? 50 : 1000)}.wait(looks);
      take_credit_back();
    }
  }
  void take_credit_back() noexcept {
    for_each_bag([&](garbage_bag& bag) { budget_.refund(bag.take_all_credit()); });
  }
  [[nodiscard]] bool nothing_retired() noexcept {
    bool nothing = true;
    for_each_bag([&](garbage_bag& bag) { nothing = bag.is_empty() && nothing; });
    return nothing && reclaimer_.is_idle();
  }
  // Reclaims for everybody; whether there was anything.
  bool help(epoch_record& own) {
    const reclaiming_scope scope(own);
    seal_all();
    clock_.try_advance();
    bool any = false;
    for_each_bag([&](garbage_bag& bag) { any = reclaimer_.reclaim_due(bag, 4) || any; });
    return any;
  }

  // --- reclaiming ----------------------------------------------------------------------------------------------------

  // A step of the epoch interrupts all processors, which takes microseconds: so a thread frees what is due, and asks
  // for a step only when so many batches of its own wait,
  static constexpr std::uint32_t batches_per_step = 16;
  // or when it has looked so often after garbage that was not due.
  static constexpr std::uint32_t looks_per_step = 16;

  // Also somebody else's garbage, in turn: that thread may write no more.
  EVAC_NEVER_INLINE void collect_in_turn(epoch_record& own) {
    epoch_record& other = clock_.after(own.collected_from);
    own.collected_from = &other;
    collect_from(own, own.bag, 1);
    if (&other != &own) collect_from(own, other.bag, 1);
    collect_from(own, orphans_, 4);
  }
  // Asked without the lock, for mostly there is nothing, and the lock's line would be another thread's.
  void collect_from(epoch_record& own, garbage_bag& bag, int batches) {
    if (bag.batches() != 0 && bag.seal_if_idle(clock_.word())) reclaim(own, bag, batches, false);
  }
  // A thread that is called to free something frees nothing else: else destructors that retire nest as deep as the
  // garbage.
  void reclaim(epoch_record& own, garbage_bag& bag, int batches, bool many_wait) {
    if (own.reclaiming) return;
    const reclaiming_scope scope(own);
    if (reclaimer_.reclaim_due(bag, batches)) return;
    if ((many_wait || ++own.fruitless % looks_per_step == 0) && clock_.try_advance())
      reclaimer_.reclaim_due(bag, batches);
  }
  // As far as nobody holds it.
  void step_twice() noexcept {
    constexpr backoff patience{.pauses = 16, .yields = 256};
    const std::uint64_t wanted = clock_.epoch() + 2;
    for (int looks = 0; clock_.epoch() < wanted;) {
      if (clock_.try_advance()) continue;
      if (clock_.is_held()) return;
      patience.wait(looks++);  // another thread is at it, which may have a lower priority
    }
  }
  // Returns whether there was anything.
  bool reclaim_all_due(epoch_record& own) {
    const reclaiming_scope scope(own);
    bool any = false;
    for_each_bag([&](garbage_bag& bag) {
      while (reclaimer_.reclaim_due(bag, 16)) any = true;
    });
    return any;
  }
  epoch_clock clock_;
  garbage_budget budget_;
  alignas(line_pair) garbage_bag orphans_;  // of threads that are gone
  reclaimer reclaimer_{clock_, budget_};
  atomic<bool> closed_{false};  // the domain is gone
  atomic<std::size_t> references_{1};
  atomic<std::size_t> cap_waits_{0};
  atomic<std::size_t> over_cap_{0};
  domain_observers observers_;
  alignas(line_pair) parking sleepers_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
