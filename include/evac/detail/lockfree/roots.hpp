// The roots of a sync map: the one that is its table, and those that clear() has taken away.
//
//   now: root *   null until the first element, and after clear()
//
// Only now(), have() and is_current() are for a thread that is inside the domain; for the others it need not be.
#ifndef EVAC_DETAIL_LOCKFREE_ROOTS_HPP
#define EVAC_DETAIL_LOCKFREE_ROOTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/growth.hpp"
#include "evac/detail/lockfree/guards.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/lockfree/root_memory.hpp"
#include "evac/detail/sync/backoff.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Storage, class Allocator>
class sync_roots {
 public:
  using root_type = sync_root<Storage, Allocator>;
  using slot_value = typename Storage::slot_value;

  sync_roots(epoch_core& core, const Allocator& allocator) : core_(&core), memory_(allocator) {}
  sync_roots(const sync_roots&) = delete;
  sync_roots& operator=(const sync_roots&) = delete;
  ~sync_roots() = default;
  /// Before the end of `map`. Nobody may be inside. O(elements), and O(garbage of the domain) if anything was retired.
  void destroy_all(const Allocator& allocator, const void* map, watched& observed) {
    if (observed.observed_by() != nullptr) core_->observers().observe(map, observed, nullptr);
    memory_.reclaim_retired(*core_, allocator);
    if (root_type* const last = now()) {
      memory_type::template free_elements<false>(*last, last->claimed());
      memory_type::destroy(last);
    }
  }

  [[nodiscard]] EVAC_ALWAYS_INLINE epoch_core& core() const noexcept { return *core_; }
  /// By a thread that is inside.
  [[nodiscard]] EVAC_ALWAYS_INLINE root_type* now() const noexcept { return now_.load(acquire); }  // acquire: made
  /// The same; makes one if there is none. Throws what the allocator throws.
  [[nodiscard]] EVAC_ALWAYS_INLINE root_type& have(const Allocator& allocator) {
    root_type* const table = now();
    return table != nullptr ? *table : make(allocator, 0);
  }
  /// For a thread that has left the domain and come back: whether a root is still the table. It may be gone, and
  /// another may have its address.
  [[nodiscard]] bool is_current(const root_type& table, std::uint64_t serial) const noexcept {
    const root_type* const current = now();
    return current == std::addressof(table) && current->serial() == serial;
  }
  /// O(stripes).
  [[nodiscard]] std::size_t size() const {
    const read_guard inside(*core_);
    const root_type* const table = now();
    return table == nullptr ? 0 : table->size();
  }

  /// Calls of clear() that found something.
  [[nodiscard]] std::size_t clears() const noexcept { return serials_.load(relaxed) / one_clear; }  // relaxed: a figure
  /// Everything goes at once, in one exchange; the memory piece by piece, when nobody can be inside and writers come
  /// by. At the cap it waits for room for what it takes away: `element_bytes` for each element, and the segments.
  void clear(std::size_t element_bytes, const void* map, const watched& observed) {
    std::size_t room = 0;
    {
      const read_guard inside(*core_);
      const root_type* const table = now();
      if (table == nullptr) return;
      room = cleared_bytes(*table, element_bytes);
    }
    // It may grow meanwhile; but it counts no more than this.
    const auto tell = [&](std::size_t elements) { observed.tell_cleared({map, elements}); };
    if (!clear_within(room, element_bytes, tell)) {
      static_cast<void>(clear_within(most_cleared_bytes(), element_bytes, tell));
    }
  }
  /// Homes for n elements, made now. The memory is asked for first, all of it; if there is none, nothing has changed.
  /// Where there are elements already, by splitting: O(n), while others go on, and leaving the domain after each run.
  /// Throws what hashes throw for a bucket that they keep from being split; the others are.
  template <class Functors>
  void reserve(const Functors& functors, std::size_t n) {
    const std::size_t homes = root_type::checked(homes_for(n, root_type::layout::home_slots(), shared_load));
    constexpr backoff patience{.pauses = 0, .yields = 256};
    for (int waits = 0;;) {
      write_guard inside(*core_, 0);
      root_type* table = now();
      if (table == nullptr) table = std::addressof(make(functors.allocator, homes));
      growth<Storage, Allocator, Functors> splits(this, functors, *table, inside.own, *core_);
      if (table->claimed() < homes) {
        table->open_until(homes);
        // If there is nothing to claim, others are at work on what has to come before.
        if (!splits.grow(n)) patience.wait(waits++);
      } else if (splits.complete(homes)) {
        return;
      }
    }
  }
  /// An element that was replaced or erased, for its domain to reclaim.
  [[nodiscard]] retired_object as_retired(const slot_value& gone, std::size_t bytes) {
    return memory_.as_retired(gone, bytes);
  }

 private:
  using memory_type = root_memory<Storage, Allocator>;

  EVAC_NEVER_INLINE root_type& make(const Allocator& allocator, std::size_t homes) {
    root_type* const fresh = memory_type::make(allocator, homes, serials_.fetch_add(1, relaxed));  // relaxed: a name
    root_type* there = nullptr;
    // release: made. acquire: made by another
    if (now_.compare_exchange_strong(there, fresh, acq_rel, acquire)) return *fresh;
    memory_type::destroy(fresh);
    return *there;
  }
  // A root that counted in full could keep all writers waiting until the last of it is gone.
  [[nodiscard]] std::size_t most_cleared_bytes() const noexcept {
    return std::max<std::size_t>(core_->budget().cap() / 4, 1);
  }
  [[nodiscard]] std::size_t cleared_bytes(const root_type& table, std::size_t element_bytes) const noexcept {
    return (std::min)(table.touched_bytes() + table.size() * element_bytes, most_cleared_bytes());
  }
  // Takes the root away if it counts so much at most, and tells of its elements; returns whether none is left.
  template <class Tell>
  bool clear_within(std::size_t room, std::size_t element_bytes, const Tell& tell) {
    const std::size_t kept = thread_records::of(*core_).reserved;
    const write_guard inside(*core_, room);
    root_type* gone = now();
    std::size_t bytes = 0;
    do {
      if (gone == nullptr) break;
      bytes = cleared_bytes(*gone, element_bytes);
      if (bytes > room) break;
      // acq_rel: made; and what this thread did before is seen by a thread that finds no root. acquire: made
    } while (!now_.compare_exchange_weak(gone, nullptr, acq_rel, acquire));
    if (gone != nullptr && bytes <= room) {
      serials_.fetch_add(one_clear, relaxed);  // relaxed: a figure
      tell(gone->size());
      core_->retire(inside.own, memory_.as_retired(gone, bytes));
    }
    core_->give_up_room(inside.own, kept);
    return bytes <= room;
  }

  atomic<root_type*> now_{nullptr};  // by the thread that makes the first element, or clears
  epoch_core* core_;
  memory_type memory_;
  static constexpr std::uint64_t one_clear = std::uint64_t{1} << 32U;
  atomic<std::uint64_t> serials_{0};  // roots made, and in the upper half roots that clear() has taken away
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
