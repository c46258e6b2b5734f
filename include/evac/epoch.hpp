// Epoch-based reclamation: memory that readers may still hold is freed when they are gone.
//
//   reader                                   writer
//     epoch_domain::guard inside(domain);      domain.make_room(sizeof(Node));
//     Node* node = head.load(acquire);         Node* old = head.exchange(fresh);
//     ... use node ...                         domain.retire(old);   freed when every guard that exists now has ended
//
// Entering and leaving are two stores each, to a line that belongs to the thread; a reader never writes memory that
// another thread reads often. Based on K. Fraser, "Practical lock-freedom" (2004) and on the asymmetric fences of
// folly's and Linux' RCU. How it works, and why: detail/sync/epoch_clock.hpp.
#ifndef EVAC_EPOCH_HPP
#define EVAC_EPOCH_HPP

#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/thread_records.hpp"
#include "evac/fwd.hpp"
#include "evac/stats.hpp"

namespace evac::inline EVAC_ABI {

/// Threads that read shared memory, and the memory that was taken away from them. Any thread may call
/// anything but the constructor and the destructor.
///
/// Retired bytes (of the objects as they were announced, and of the entries that remember them) are bounded: at the
/// cap, make_room() helps to reclaim and then waits for guards to end, but never for one of the calling thread, of
/// whatever domain. A guard that is held for long therefore stops writers, not memory; stats().oldest_guard tells.
/// Objects that a shared object has retired are destroyed by its code: flush() the domain before dlclose(). Builds
/// without NDEBUG stop with a message where that code is not there any more.
class epoch_domain {
 public:
  static constexpr std::size_t default_cap = std::size_t{64} << 20U;

  epoch_domain() : epoch_domain(default_cap) {}
  /// A domain of its own. The cap is in bytes. Throws std::bad_alloc.
  explicit epoch_domain(std::size_t cap) : core_(new detail::epoch_core(cap)) {}
  epoch_domain(const epoch_domain&) = delete;
  epoch_domain& operator=(const epoch_domain&) = delete;
  /// Reclaims everything. No guard may be held; threads that have used the domain may live on.
  ~epoch_domain() {
    EVAC_ASSERT(!core_->clock().anybody_inside(), "evac: epoch_domain destroyed while a guard is held");
    core_->reclaim_everything();
    core_->close();
    core_->drop_reference();
  }

  /// The domain that maps use by default. Never destroyed: threads may outlive main().
  [[nodiscard]] static epoch_domain& process() {
    static epoch_domain* const domain = new epoch_domain;
    return *domain;
  }

  /// While a guard lives, nothing is reclaimed that was unlinked after the guard began: whatever this thread finds in
  /// shared memory meanwhile stays. Nestable. Its begin and its end are two plain stores each, to a line of this
  /// thread, where the system has membarrier(); else one of those at the begin is an exchange. Throws std::bad_alloc
  /// the first time that a thread uses a domain. To be destroyed by the thread that made it.
  class [[nodiscard]] guard {
   public:
    EVAC_ALWAYS_INLINE explicit guard(epoch_domain& domain EVAC_LIFETIME_BOUND)
        : own_(detail::thread_records::of(*domain.core_)) {
      domain.core_->enter(own_);
    }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    EVAC_ALWAYS_INLINE ~guard() { detail::thread_records::leave(own_); }

   private:
    detail::epoch_record& own_;
  };

  /// Destroys and frees an object, made by new, when no reader can hold it. It must be unlinked already. Call
  /// make_room() before unlinking; without, this may throw std::bad_alloc, and the object is still the caller's.
  template <class T>
  void retire(T* object, std::size_t bytes = sizeof(T)) {
    retire(object, nullptr, bytes, [](void* gone, void*) {
      delete static_cast<T*>(gone);
      return true;
    });
  }
  /// The same with a function bool (*)(void* object, void* context) that frees the object, or a part of it. It is
  /// called with these two arguments, by any thread, until it returns true. It must not throw.
  void retire(void* object, void* context, std::size_t bytes, detail::reclaim_function reclaim) {
    guard inside(*this);  // keeps the record of a thread that is about to end
    detail::epoch_record& own = detail::thread_records::of(*core_);
    core_->retire(own, {object, context, reclaim, bytes});
    core_->collect_some(own);
  }

  /// Room for retiring one object of so many bytes: call it before unlinking and outside of guards, with nothing in
  /// between that may retire. At the cap it reclaims, then waits, unless this thread holds a guard, of this domain or
  /// another. Room that threads hold ready may come on top of the cap. In a thread that has ended but for thread_local
  /// and static objects the room is not kept: hold a guard over both calls there. Throws std::bad_alloc.
  void make_room(std::size_t bytes) {
    detail::epoch_record& own = detail::thread_records::of(*core_);
    core_->make_room(own, bytes);
    detail::thread_records::used(own);
  }

  /// Reclaims all that can be, of all threads; true if nothing is left, which is so when nobody holds a guard, and
  /// nobody retires or reclaims meanwhile. Does nothing in a destructor that the domain has called. O(retired +
  /// threads).
  bool flush() {
    detail::epoch_record& own = detail::thread_records::of(*core_);
    const bool nothing_left = core_->flush(own);
    detail::thread_records::used(own);
    return nothing_left;
  }

  /// Figures of the domain, collected while others go on; takes the lock of each bag of garbage for a moment. Any
  /// thread. O(threads + batches of garbage).
  [[nodiscard]] epoch_stats stats() const {
    epoch_stats result;
    result.charged_bytes = core_->budget().charged();
    result.cap_bytes = core_->budget().cap();
    result.epoch = std::size_t{core_->clock().epoch() - 1};
    result.oldest_guard = core_->clock().held_for();
    result.cap_waits = core_->cap_waits();
    result.over_cap = core_->over_cap();
    core_->clock().for_each_record([&](const detail::epoch_record& each) {
      ++result.threads;
      if (each.entered.load(detail::relaxed) != 0) ++result.guards;  // relaxed: a recent number
      result.reader_retries += each.retries;
      result.contended += each.waits;
      result.parked += each.parks;
    });
    core_->for_each_batch([&](const detail::garbage_batch& each) {
      result.retired_objects += each.count - each.reclaimed;
      result.retired_bytes += each.bytes;
    });
    return result;
  }

  /// To be called in the child of a fork() before it uses the domain: only the thread that forked is left, and guards
  /// of others are forgotten. Objects that these threads were about to retire, or were moving from list to list, are
  /// never freed. A destructor that the domain has called must not fork.
  void reinit_after_fork() noexcept { core_->reinit_after_fork(detail::thread_records::owner()); }

  /// For maps, which keep it alive no longer than the domain.
  [[nodiscard]] detail::epoch_core& core() noexcept { return *core_; }

 private:
  detail::epoch_core* core_;
};

}  // namespace evac::inline EVAC_ABI

#endif
