// Threads that reclaim batches of garbage, object after object, beside threads that take objects out of them.
//
//   a thread that reclaims                    a thread that destroys a container
//     announce the next object                  mark: extracting
//     mark?  wait for the lock of the bag       fence in every thread
//     reclaim the object                        take out all that is the container's and not announced
//
// Either the container's thread finds the announcement and leaves the object alone, or its mark is found, and it has
// taken out its objects before, or finds the announcement under the lock.
#ifndef EVAC_DETAIL_SYNC_RECLAIMER_HPP
#define EVAC_DETAIL_SYNC_RECLAIMER_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/platform/mapped_memory.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/epoch_clock.hpp"
#include "evac/detail/sync/garbage.hpp"
#include "evac/detail/sync/garbage_budget.hpp"

namespace evac::inline EVAC_ABI::detail {

class reclaimer {
  // Pairs
  //   extracted   extract() releases the rest of a batch that is in hand; the thread that has it in hand acquires
 public:
  reclaimer(const epoch_clock& clock, garbage_budget& budget) noexcept : clock_(clock), budget_(budget) {}
  reclaimer(const reclaimer&) = delete;
  reclaimer& operator=(const reclaimer&) = delete;

  /// Reclaims up to `batches` batches of a bag that are due; returns whether there was one. User code runs here,
  /// without a lock, and may retire.
  bool reclaim_due(garbage_bag& bag, int batches) {
    for (int done = 0; done < batches; ++done) {
      // relaxed: under the lock of the bag, which is taken to see whether it is empty
      garbage_batch* const batch = bag.take_due(clock_.epoch(), [&] { in_hand_.fetch_add(1, relaxed); });
      if (batch == nullptr) return done != 0;
      reclaim_batch(bag, *batch);
      in_hand_.fetch_sub(1, release);  // release: after the batch is back, or refunded
    }
    return true;
  }
  /// A batch in hand: all of it, or as far as the next step of a large object.
  void reclaim_batch(garbage_bag& bag, garbage_batch& batch) {
    reclaim_function known = nullptr;
    while (begin_next(bag, batch)) {
      const retired_object& next = batch.objects[batch.reclaimed];
      if (next.reclaim != known) check_is_loaded(known = next.reclaim);
      while (!next.reclaim(next.object, next.context)) {
        if (bag.put_back(&batch)) return;
      }
      ++batch.reclaimed;
    }
    budget_.refund(bag.drop(&batch));
  }
  /// Whether no thread has a batch in hand, of bags that were found empty before.
  [[nodiscard]] bool is_idle() const noexcept {
    return in_hand_.load(acquire) == 0;  // acquire: a batch that was in hand is back, or refunded
  }

  /// Takes out of the bags what owner.owns(object), but for objects that another thread, or this one, is reclaiming at
  /// this moment: calls owner.take(object) for each, under a lock. They count no more.
  template <class Owner, class ForEachBag>
  void extract(Owner& owner, const ForEachBag& for_each_bag) noexcept {
    std::size_t bytes = 0;
    const auto extract_all = [&](bool they_know) {
      bool left = false;
      for_each_bag([&](garbage_bag& bag) { left = bag.extract(owner, they_know, clock_.plain(), bytes) || left; });
      return left;
    };
    if (extract_all(false)) {
      extracting_.fetch_add(1, seq_cst);  // seq_cst: before the looks at what is begun in the one order of both sides
      asymmetric_fence::heavy(clock_.plain());
      static_cast<void>(extract_all(true));
      extracting_.fetch_sub(1, release);  // release: extracted
    }
    budget_.refund(bytes);
  }

  /// In the child of a fork(): batches that other threads had in hand are lost.
  void reset_after_fork() noexcept {
    in_hand_.store(0, relaxed);  // relaxed, both: there is one thread
    extracting_.store(0, relaxed);
  }

 private:
  // As far as it can be told: something else may be there now.
  static void check_is_loaded(reclaim_function reclaim) noexcept {
    EVAC_ASSERT(is_mapped(reinterpret_cast<const void*>(reclaim)),
                "evac: what was retired by a shared object that is unloaded cannot be destroyed any more: flush the "
                "domain before dlclose()");
  }
  // Announces the next object of a batch; false if there is none.
  [[nodiscard]] bool begin_next(garbage_bag& bag, garbage_batch& batch) noexcept {
    asymmetric_fence::announce<std::uint32_t>(clock_.plain(), batch.begun, batch.reclaimed + 1);
    if (extracting_.load(acquire) != 0) [[unlikely]] {  // acquire: extracted
      bag.wait_for_extraction();
    }
    return batch.reclaimed < batch.count;
  }

  const epoch_clock& clock_;
  garbage_budget& budget_;
  atomic<std::uint32_t> in_hand_{0};     // batches that threads are reclaiming
  atomic<std::uint32_t> extracting_{0};  // threads that take something out of batches that others have in hand
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
