// Parts of a table of one owner: homes, overflow buckets, functors, size and pacer. The functions that grow and shrink it
// (growth.hpp, room.hpp) and those that see all elements (contents.hpp) work on these; the verbs of one element are in
// table.hpp.
//
//   0                                     64                              128    in a shard, which has a lock behind
//   +-------+----------+-------+----------+------+------+-------+---------+
//   | homes | functors | moves | overflow pool   | size | pacer | ...     |
//   +-------+----------+-------+----------+------+------+-------+---------+
//     read by look-ups, written by steps    written by every insert and erase
#ifndef EVAC_DETAIL_TABLE_TABLE_PARTS_HPP
#define EVAC_DETAIL_TABLE_TABLE_PARTS_HPP

#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/table/chain.hpp"
#include "evac/detail/table/home_buckets.hpp"
#include "evac/detail/table/pacer.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
struct table_parts {
  using elements = typename Policy::elements;
  using value_type = typename Policy::value_type;
  using allocator_type = typename Policy::allocator_type;
  using chains = chain_ops<elements, allocator_type>;
  using slot_ops = typename chains::slot_ops;
  using layout = typename chains::layout;
  using homes_type = home_buckets<elements, allocator_type, Policy::tracks_first_home>;

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
  void settle() noexcept { pace.settle(size, homes.count(), layout::home_slots()); }

  /// For steps that move elements: `watched`, if given, is told where its element has gone.
  [[nodiscard]] typename chains::context work(slot_ref* watched = nullptr) noexcept {
    return {allocator(), overflow, moves, watched};
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
