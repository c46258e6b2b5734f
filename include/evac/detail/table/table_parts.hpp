// Parts of a table of one owner: homes, overflow buckets, functors, size and pacer. The functions that grow and shrink
// it (growth.hpp, room.hpp) and those that see all elements (contents.hpp) work on these; the verbs of one element are
// in table.hpp.
//
//   0                                     64                              128    in a shard, which has a lock behind
//   +-------+----------+-------+----------+------+------+-------+---------+
//   | homes | functors | moves | overflow pool   | size | pacer | ...     |
//   +-------+----------+-------+----------+------+------+-------+---------+
//     read by look-ups, written by steps    written by every insert and erase
#ifndef EVAC_DETAIL_TABLE_TABLE_PARTS_HPP
#define EVAC_DETAIL_TABLE_TABLE_PARTS_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/watched.hpp"
#include "evac/detail/table/chain.hpp"
#include "evac/detail/table/home_buckets.hpp"
#include "evac/detail/table/pacer.hpp"
#include "evac/detail/table/table_figures.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
struct table_parts {
  using elements = typename Policy::elements;
  using value_type = typename Policy::value_type;
  using allocator_type = typename Policy::allocator_type;
  using chains = chain_ops<elements, allocator_type>;
  using slot_ops = typename chains::slot_ops;
  using layout = typename chains::layout;
  using homes_type = home_buckets<elements, allocator_type, Policy::keeps_occupied>;

  template <class... Functors>
  explicit table_parts(Functors&... those) : functors(those...) {}
  table_parts(const table_parts&) = delete;
  table_parts& operator=(const table_parts&) = delete;
  ~table_parts() = default;

  [[nodiscard]] allocator_type& allocator() noexcept { return functors.get().allocator; }
  [[nodiscard]] const allocator_type& allocator() const noexcept { return functors.get().allocator; }

  template <class K>
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t hash_of(const K& key) const {
    return functors.get().hash_of(key);
  }

  /// One insert or erase has been done. The first says whether a step is due.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool count_inserted() noexcept {
    ++size;
    return pace.inserted(size);
  }
  EVAC_ALWAYS_INLINE void count_erased() noexcept { pace.erased(--size); }
  /// The size or the number of homes has changed in another way.
  void settle() noexcept {
    pace.settle(size, homes.count(), layout::home_slots());
    publish();
  }
  /// The same after a step of an insert.
  void settle_step() noexcept {
    pace.settle(size, homes.count(), layout::home_slots());
    if constexpr (!Policy::functors_storage::owned) publish_step();
  }

  // --- figures: one of many tables publishes them, so that anybody may read them without its lock ---

  void publish() noexcept {
    if constexpr (!Policy::functors_storage::owned) {
      const auto if_absent = homes.count() != 0 ? figures_board::if_absent::make : figures_board::if_absent::leave;
      if (table_figures* const place = figures(if_absent)) publish_all(*place);
    }
  }
  /// An insert may have got a slab of overflow buckets.
  void publish_overflow() noexcept {
    if constexpr (!Policy::functors_storage::owned) {
      if (table_figures* const place = figures(figures_board::if_absent::leave))
        place->overflow_bytes = overflow.bytes();
    }
  }
  void note_evacuation(std::uint64_t nanoseconds) noexcept {
    if constexpr (Policy::functors_storage::owned) {
      homes.note_evacuation(nanoseconds);
    } else if (table_figures* const place = figures(figures_board::if_absent::leave)) {
      place->evacuation_ns += nanoseconds;
    }
  }
  /// Where this table publishes.
  [[nodiscard]] table_figures* figures(figures_board::if_absent then) const noexcept {
    return functors.get().board.of(this, then);
  }

  // --- events: told to the observer of the container, under whatever locks the caller holds ---

  [[nodiscard]] const watched& container() const noexcept {
    if constexpr (Policy::functors_storage::owned) {
      return functors.get().observed;
    } else {
      return *functors.get().container;
    }
  }
  /// The first thing in a container of one table is that table, and this the first thing in that.
  [[nodiscard]] const void* container_address() const noexcept {
    if constexpr (Policy::functors_storage::owned) {
      return this;
    } else {
      return functors.get().container;
    }
  }
  [[nodiscard]] std::size_t shard() const noexcept {
    if constexpr (Policy::functors_storage::owned) {
      return observer::no_shard;
    } else {
      return functors.get().board.index_of(this);
    }
  }
  /// Tell the observer that a doubling begins, from the homes that exist; or ends, at the homes that exist.
  EVAC_NEVER_INLINE void tell_growth_begun() const noexcept { container().tell_growth_begun(growth(homes.count())); }
  EVAC_NEVER_INLINE void tell_growth_ended() const noexcept {
    container().tell_growth_ended(growth(homes.count() / 2));
  }
  EVAC_NEVER_INLINE void tell_shrunk(std::size_t homes_before) const noexcept {
    container().tell_shrunk({.map = container_address(),
                             .shard = shard(),
                             .slots_before = homes_before * layout::home_slots(),
                             .slots_after = homes.opened() * layout::home_slots(),
                             .size = size});
  }

  /// For steps that move elements: `watched`, if given, is told where its element has gone.
  [[nodiscard]] typename chains::context work(slot_ref* watched = nullptr) noexcept {
    return {allocator(), overflow, moves, watched};
  }

  [[nodiscard]] observer::growth_event growth(std::size_t homes_before) const noexcept {
    return {.map = container_address(),
            .shard = shard(),
            .slots_before = homes_before * layout::home_slots(),
            .slots_after = 2 * homes_before * layout::home_slots(),
            .size = size,
            .elements_moved = moves};
  }
  // All but what a step changes goes with the memory of homes.
  void publish_step() noexcept {
    table_figures* const place = figures(figures_board::if_absent::make);
    if (place == nullptr) return;
    if (place->opened != homes.opened()) return publish_all(*place);
    place->homes = homes.count();
    place->moves = moves;
    place->overflow_bytes = overflow.bytes();
  }
  EVAC_NEVER_INLINE void publish_all(table_figures& place) const noexcept {
    place.homes = homes.count();
    place.opened = homes.opened();
    place.segment_bytes = homes.segment_bytes();
    place.directory_bytes = homes.directory_bytes();
    place.overflow_bytes = overflow.bytes();
    place.moves = moves;
    place.growths = homes.openings();
    place.shrinks = homes.closings();
  }

  homes_type homes;
  [[no_unique_address]] typename Policy::functors_storage functors;
  std::size_t moves = 0;  // of elements, since construction
  typename chains::pool overflow;
  typename Policy::template cell<std::size_t> size{0};
  [[no_unique_address]] pacer pace;  // last: a lock behind the table uses its padding
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
