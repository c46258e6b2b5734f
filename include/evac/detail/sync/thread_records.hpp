// The records of this thread: one for each epoch_core that it has used.
//
//   registry of the thread    | core, record | core, record | ...        gives them back when the thread ends
//   last                      | core, record |                           what is asked for most
//
// Objects of a thread that outlive its registry (other thread_local ones, and static ones in the main thread) may still
// read and write: each such call takes a record and gives it back. A call made from inside another such call uses the
// record of the outer one.
#ifndef EVAC_DETAIL_SYNC_THREAD_RECORDS_HPP
#define EVAC_DETAIL_SYNC_THREAD_RECORDS_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/record_index.hpp"
#include "evac/detail/sync/thread_board.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The records of this thread in all domains that it has used.
class thread_records {
 public:
  /// The record of this thread in a domain. O(1) expected. Throws std::bad_alloc when the thread is new to the domain.
  [[nodiscard]] EVAC_ALWAYS_INLINE static epoch_record& of(epoch_core& core) {
    if (last_core_ == &core) [[likely]] {
      return *last_record_;
    }
    return find(core);
  }
  /// The same, or null when the thread has ended but for objects that outlive its registry.
  [[nodiscard]] static epoch_record* of_living(epoch_core& core) { return ended_ ? nullptr : &of(core); }
  /// Returns whether the record is still this thread's.
  EVAC_ALWAYS_INLINE static bool leave(epoch_record& own) noexcept {
    if (!epoch_clock::leave(own)) [[likely]]
      return true;
    retire(own);
    return false;
  }
  /// After using a record without a guard.
  static void used(epoch_record& own) noexcept {
    if (own.has_ended() && !own.inside()) retire(own);
  }
  /// A number that no other thread has that is alive; the same in all shared objects, and in the child of a fork().
  [[nodiscard]] static std::uintptr_t owner() noexcept { return thread_board::this_thread(); }

 private:
  // Keeps each core alive, so that no later one has its address. Its destructor runs when the thread ends.
  struct registered {
    registered() noexcept : note(thread_board::put_up(this, is_busy)) {}
    registered(const registered&) = delete;
    registered& operator=(const registered&) = delete;
    ~registered() {
      ended_ = true;
      last_core_ = nullptr;
      thread_board::take_down(note);
      index.for_each([](const record_index::entry& each) { unlink(*each.record); });
      index.for_each([](const record_index::entry& each) {
        if (each.record->inside()) {
          // A guard of an object that outlives this one: its end gives the record back.
          each.record->nesting |= epoch_record::ended;
        } else {
          each.core->give_back(each.record);
          each.core->drop_reference();
        }
      });
    }
    // Domains that are gone are forgotten, a few places for each new one: else a thread that uses one after the other
    // would keep all of them.
    void make_room() {
      constexpr std::size_t few = 8;
      sweep(few);
      if (index.is_full()) sweep(index.places());
      index.make_room();
    }
    void sweep(std::size_t places) noexcept {
      index.sweep(places, [&](const record_index::entry& each) {
        if (!each.core->closed()) return false;
        if (newest == each.record) newest = each.record->sibling == each.record ? nullptr : each.record->sibling;
        unlink(*each.record);
        each.core->drop_reference();
        return true;
      });
    }
    void add(epoch_core& core, epoch_record& record) noexcept {
      index.add(core, record);
      link(record);
    }
    void link(epoch_record& record) noexcept {
      epoch_record& beside = newest != nullptr ? *newest : record;
      epoch_record& after = newest != nullptr ? *newest->sibling : record;
      record.sibling_before = &beside;
      record.sibling = &after;
      after.sibling_before = &record;
      beside.sibling = &record;
      newest = &record;
    }
    static void unlink(epoch_record& record) noexcept {
      record.sibling->sibling_before = record.sibling_before;
      record.sibling_before->sibling = record.sibling;
      record.sibling = nullptr;
      record.sibling_before = nullptr;
    }
    [[nodiscard]] static bool is_busy(const void* registry) noexcept {
      const epoch_record* const newest = static_cast<const registered*>(registry)->newest;
      return newest != nullptr && epoch_clock::is_busy_in_ring(*newest);
    }
    record_index index;
    epoch_record* newest = nullptr;  // of the ring of siblings
    thread_board::note* note;        // for other shared objects
  };

  // As visible as the names at the end: where shared objects share those, they share this.
  [[nodiscard, gnu::__visibility__("default")]] static registered& registry() noexcept {
    thread_local registered of_thread;
    return of_thread;
  }
  EVAC_NEVER_INLINE static epoch_record& find(epoch_core& core) {
    if (ended_) {
      // Not remembered: another shared object may give it back.
      epoch_record* const used = core.clock().record_of_ended(owner());
      return used != nullptr ? *used : take(core);
    }
    last_core_ = nullptr;  // it may be one that goes now
    epoch_record* const own = registry().index.find(core);
    last_record_ = own != nullptr ? own : &take_registered(core);
    last_core_ = &core;
    return *last_record_;
  }
  [[nodiscard]] static epoch_record& take(epoch_core& core) {
    epoch_record& own = *core.take_record(owner());
    core.add_reference();
    own.is_busy_elsewhere = thread_board::is_busy;
    if (ended_) own.nesting |= epoch_record::ended;
    return own;
  }
  [[nodiscard]] static epoch_record& take_registered(epoch_core& core) {
    registry().make_room();
    epoch_record& own = take(core);
    registry().add(core, own);
    return own;
  }
  // Not while it is used further up, by the call that led to the destructor that calls this.
  EVAC_NEVER_INLINE static void retire(epoch_record& own) noexcept {
    if (own.reclaiming) return;
    epoch_core& core = *own.core;
    core.give_back(&own);
    core.drop_reference();
  }

  [[gnu::__visibility__("default")]] static inline constinit thread_local epoch_core* last_core_ = nullptr;
  [[gnu::__visibility__("default")]] static inline constinit thread_local epoch_record* last_record_ = nullptr;
  [[gnu::__visibility__("default")]] static inline constinit thread_local bool ended_ = false;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
