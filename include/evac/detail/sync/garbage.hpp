// Objects that wait until no reader can hold them: in batches, each stamped with the epoch in which it was sealed.
//
//   bag of one thread    filling -> [ o o o o . . . ]      sealed, oldest first -> [ ... 7 ] -> [ ... 8 ] -> [ ... 8 ]
//
//                        in hand -> [ 6 ]               batches that somebody is reclaiming, object after object
//
// A bag is filled by its thread and emptied by any thread: its own, one that collects in turn or waits for room
// (epoch_core.hpp), or one that flushes the domain. So it has a lock. A thread that destroys a container takes out all
// that this has retired, also from batches that others have in hand, as far as they have not begun with it.
#ifndef EVAC_DETAIL_SYNC_GARBAGE_HPP
#define EVAC_DETAIL_SYNC_GARBAGE_HPP

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/platform/thread_annotations.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/garbage_batch.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"
#include "evac/detail/sync/spin_lock.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The garbage of one thread, its owner, or of threads that are gone. Calls take the lock of the bag, but for those
/// that say otherwise, and for is_prepared(), prepare() and try_to_prepare(), which are the owner's.
class garbage_bag {
 public:
  using epoch_word = atomic<std::uint64_t>;

  garbage_bag() = default;
  garbage_bag(const garbage_bag&) = delete;
  garbage_bag& operator=(const garbage_bag&) = delete;
  /// The objects are gone: only memory of batches is left.
  ~garbage_bag() {
    delete filling_;
    delete spare_;
  }

  // --- the owner -----------------------------------------------------------------------------------------------------

  /// Whether put() has room: the batch that is being filled may be taken away at any time, and then the spare stands
  /// in.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool is_prepared() const noexcept { return spare_ != nullptr; }
  /// Throws std::bad_alloc.
  EVAC_NEVER_INLINE void prepare() { spare_ = new garbage_batch; }
  /// The same if there is memory.
  EVAC_NEVER_INLINE void try_to_prepare() noexcept { spare_ = new (std::nothrow) garbage_batch; }
  /// Adds an object to a bag that is prepared; returns whether that made a batch full.
  bool put(const retired_object& gone, epoch_word& epoch) noexcept {
    const change begun(*this);
    if (filling_ == nullptr) {
      filling_ = std::exchange(spare_, nullptr);
      ++batches_;
    }
    return add(gone, epoch);
  }
  /// Takes so many bytes of the credit, or as many as charge(bytes) grants more; returns whether there were enough.
  template <class Charge>
  [[nodiscard]] bool take_credit(std::size_t bytes, const Charge& charge) noexcept {
    const std::lock_guard guard(lock_);
    if (credit_ < bytes) credit_ += charge(bytes - credit_);
    if (credit_ < bytes) return false;
    credit_ -= bytes;
    return true;
  }

  // --- anybody -------------------------------------------------------------------------------------------------------

  /// Without the lock: a hint.
  [[nodiscard]] std::uint32_t batches() const noexcept { return batches_; }
  /// The same: what waits in batches that are sealed.
  [[nodiscard]] const garbage_sum& sum() const noexcept { return sum_; }
  [[nodiscard]] bool is_empty() noexcept {
    const std::lock_guard guard(lock_);
    return sealed_.empty() && filling_ == nullptr;
  }
  /// Calls visit(batch) for every batch.
  template <class Visit>
  void for_each_batch(const Visit& visit) {
    const std::lock_guard guard(lock_);
    if (filling_ != nullptr) visit(*filling_);
    for (const garbage_batch* each = sealed_.first(); each != nullptr; each = each->next) visit(*each);
  }
  [[nodiscard]] std::size_t credit() noexcept {
    const std::lock_guard guard(lock_);
    return credit_;
  }
  [[nodiscard]] std::size_t take_all_credit() noexcept {
    const std::lock_guard guard(lock_);
    return std::exchange(credit_, 0);
  }

  /// Stamps the batch that is being filled, as it is.
  void seal(epoch_word& epoch) noexcept {
    const change begun(*this);
    seal_locked(epoch);
  }
  /// The same if nobody has added to it since the last such call. Returns whether there are batches with stamps.
  bool seal_if_idle(epoch_word& epoch) noexcept {
    const change begun(*this);
    if (filling_ != nullptr && filling_->count == last_count_) seal_locked(epoch);
    last_count_ = filling_ == nullptr ? 0U : filling_->count;
    return !sealed_.empty();
  }
  /// The oldest batch if it was sealed two epochs ago. taken() is called under the lock.
  template <class Taken>
  [[nodiscard]] garbage_batch* take_due(std::uint64_t epoch, const Taken& taken) noexcept {
    const change begun(*this);
    garbage_batch* const batch = sealed_.take_due(epoch);
    if (batch == nullptr) return nullptr;
    take_in_hand(batch);
    taken();
    return batch;
  }
  /// The oldest batch, sealed or not.
  [[nodiscard]] garbage_batch* take_any(epoch_word& epoch) noexcept {
    const change begun(*this);
    seal_locked(epoch);
    garbage_batch* const batch = sealed_.take();
    if (batch != nullptr) take_in_hand(batch);
    return batch;
  }
  /// Of a batch in hand something is left; false if it is not to be put back before the end of what is begun.
  [[nodiscard]] bool put_back(garbage_batch* batch) noexcept {
    const change begun(*this);
    if (batch->to_the_end_of == batch->reclaimed + 1) return false;
    give_from_hand(batch);
    sealed_.prepend(batch);
    ++batches_;
    sum_.add(*batch);
    return true;
  }
  /// Of a batch in hand nothing is left. Returns its bytes.
  [[nodiscard]] std::size_t drop(garbage_batch* batch) noexcept {
    const change begun(*this);
    give_from_hand(batch);
    free_later(batch);
    return batch->bytes;
  }

  // --- taking out ----------------------------------------------------------------------------------------------------

  /// Waits for a thread that is taking something out.
  void wait_for_extraction() noexcept { const std::lock_guard guard(lock_); }
  /// Takes out each object that owner.owns(object): calls owner.take(object) under the lock, and adds their bytes. From
  /// batches that others have in hand only if `they_know`, that is after a heavy fence and while they wait for the lock
  /// before they begin with another object; returns whether there is something that it has left there. `plain`: whether
  /// they announce that by a plain store.
  template <class Owner>
  [[nodiscard]] bool extract(Owner& owner, bool they_know, bool plain, std::size_t& bytes) noexcept {
    const change begun(*this);
    if (filling_ != nullptr) {
      bytes += extract_from(*filling_, 0, owner);
      if (filling_->count == 0) discard(std::exchange(filling_, nullptr));
    }
    batch_queue kept;
    sum_.forget();
    while (garbage_batch* const batch = sealed_.take()) {
      bytes += extract_from(*batch, batch->reclaimed, owner);
      if (batch->reclaimed != batch->count) {
        kept.append(batch);
        sum_.add(*batch);
      } else {
        bytes += batch->bytes;
        discard(batch);
      }
    }
    sealed_ = kept;
    bool left = false;
    for (garbage_batch* each = in_hand_; each != nullptr; each = each->next) {
      if (they_know) {
        bytes += extract_from_hand(*each, owner, plain);
      } else {
        left = left || has_some_of(*each, owner);
      }
    }
    return left;
  }
  /// Takes everything over from a bag whose thread is gone. The objects that were no full batch yet join those of
  /// others, so that threads that live for a few writes leave no batch each.
  void adopt(garbage_bag& left, epoch_word& epoch) noexcept {
    const change begun(*this);
    const change begun_with_left(left);
    sealed_.append_all(left.sealed_);
    batches_ += left.batches_;
    left.batches_ = 0;
    sum_.take_over(left.sum_);
    garbage_batch* const more = std::exchange(left.filling_, nullptr);
    if (more == nullptr) return;
    if (filling_ != nullptr && have_room_for(*filling_, *more)) {
      merge(*filling_, more);
      if (is_full(*filling_)) seal_locked(epoch);
    } else {
      seal_locked(epoch);
      filling_ = more;
    }
  }

  /// In the child of a fork(): the thread that had the lock is gone. A bag that it was changing is in no known state,
  /// and is given up; but the owner's spare batch only if the owner is gone.
  void reset_after_fork(bool owner_lives) noexcept EVAC_NO_THREAD_SAFETY_ANALYSIS {
    if (changing_) {
      filling_ = nullptr;
      if (!owner_lives) spare_ = nullptr;
      emptied_ = nullptr;
      sealed_ = {};
      batches_ = 0;
      sum_.forget();
      changing_ = false;
    }
    in_hand_ = nullptr;
    static_cast<void>(lock_.try_lock());
    lock_.unlock();
  }

 private:
  static constexpr std::size_t sealed_bytes = std::size_t{16} << 10U;

  // From beginning to end of a change: under the lock, and marked for reset_after_fork(), for threads that only look
  // have the lock as well. What the change empties is freed after that, by an operator delete that may be anybody's.
  class change {
   public:
    explicit change(garbage_bag& bag) noexcept EVAC_NO_THREAD_SAFETY_ANALYSIS : bag_(bag) {
      bag_.lock_.lock();
      bag_.changing_ = true;
      compiler_fence();
    }
    change(const change&) = delete;
    change& operator=(const change&) = delete;
    ~change() EVAC_NO_THREAD_SAFETY_ANALYSIS {
      garbage_batch* emptied = std::exchange(bag_.emptied_, nullptr);
      compiler_fence();
      bag_.changing_ = false;
      bag_.lock_.unlock();
      while (emptied != nullptr) delete std::exchange(emptied, emptied->next);
    }

   private:
    garbage_bag& bag_;
  };

  [[nodiscard]] static bool is_full(const garbage_batch& batch) noexcept {
    return batch.count == garbage_batch::capacity || batch.bytes >= sealed_bytes;
  }
  [[nodiscard]] static bool have_room_for(const garbage_batch& in, const garbage_batch& more) noexcept {
    return in.count + more.count <= garbage_batch::capacity && in.bytes + more.bytes <= sealed_bytes;
  }
  void merge(garbage_batch& to, garbage_batch* from) noexcept {
    for (std::uint32_t i = 0; i != from->count; ++i) {
      to.objects[to.count] = from->objects[i];
      ++to.count;
    }
    to.bytes += from->bytes;
    discard(from);
  }
  void free_later(garbage_batch* emptied) noexcept {
    emptied->next = emptied_;
    emptied_ = emptied;
  }
  void discard(garbage_batch* emptied) noexcept {
    free_later(emptied);
    --batches_;
  }
  bool add(const retired_object& gone, epoch_word& epoch) noexcept {
    garbage_batch& batch = *filling_;
    batch.objects[batch.count] = gone;
    ++batch.count;
    batch.bytes += gone.bytes;
    if (!is_full(batch)) return false;
    seal_locked(epoch);
    return true;
  }
  // As long as the epoch stands still, what is sealed before it is full joins the last batch: else a reader that sleeps
  // would make garbage of few objects take as many batches.
  void seal_locked(epoch_word& epoch) noexcept {
    garbage_batch* const done = std::exchange(filling_, nullptr);
    if (done == nullptr) return;
    // acq_rel: sealed, in epoch_clock.hpp. The value does not change; that it is written is what counts.
    done->stamp = epoch.fetch_add(0, acq_rel);
    sum_.add(*done);
    garbage_batch* const last = sealed_.last();
    if (last != nullptr && last->stamp == done->stamp && have_room_for(*last, *done)) {
      merge(*last, done);
    } else {
      sealed_.append(done);
    }
  }

  void take_in_hand(garbage_batch* batch) noexcept {
    --batches_;
    sum_.remove(*batch);
    // relaxed: read under the lock, until the thread that has it in hand announces
    batch->begun.store(batch->reclaimed, relaxed);
    batch->to_the_end_of = 0;
    batch->next = in_hand_;
    in_hand_ = batch;
  }
  void give_from_hand(garbage_batch* batch) noexcept {
    garbage_batch** link = &in_hand_;
    while (*link != nullptr && *link != batch) link = &(*link)->next;
    if (*link != nullptr) *link = batch->next;  // after a fork() it may be forgotten
  }

  template <class Owner>
  [[nodiscard]] static std::size_t extract_from_hand(garbage_batch& batch, Owner& owner, bool plain) noexcept {
    const std::uint32_t begun = asymmetric_fence::observe<std::uint32_t>(plain, batch.begun);
    // A part of a large object would be left when its container is gone.
    if (begun != 0 && begun <= batch.count && owner.owns(batch.objects[begun - 1])) batch.to_the_end_of = begun;
    return extract_from(batch, begun, owner);
  }
  template <class Owner>
  [[nodiscard]] static bool has_some_of(const garbage_batch& batch, const Owner& owner) noexcept {
    const std::uint32_t begun =
        batch.begun.load(relaxed);  // relaxed: too few at most, and then one is looked at in vain
    for (std::uint32_t i = begun == 0 ? 0 : begun - 1; i < batch.count; ++i) {
      if (owner.owns(batch.objects[i])) return true;
    }
    return false;
  }

  spin_lock lock_;                    // for all fields but spare_
  garbage_batch* filling_ = nullptr;  // holds an object at least; sealed, and so taken away, by anybody
  garbage_batch* spare_ = nullptr;    // its owner's
  garbage_batch* emptied_ = nullptr;  // a list, to be freed after the unlock
  batch_queue sealed_;
  garbage_batch* in_hand_ = nullptr;        // a list, in no order
  relaxed_cell<std::uint32_t> batches_{0};  // that hold something; read without the lock as a hint
  garbage_sum sum_;                         // of those that are sealed; read without the lock, for people
  std::uint32_t last_count_ = 0;            // of `filling_` at the last seal_if_idle()
  bool changing_ = false;                   // read after a fork() only
  std::size_t credit_ = 0;                  // bytes charged to the domain that nobody has a use for yet
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
