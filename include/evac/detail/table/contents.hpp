// All elements of a table at once: destroyed, or copied chain by chain into a table of the same seed.
//
// Free functions over table_parts.
#ifndef EVAC_DETAIL_TABLE_CONTENTS_HPP
#define EVAC_DETAIL_TABLE_CONTENTS_HPP

#include <cstddef>

#include "evac/detail/config.hpp"
#include "evac/detail/table/room.hpp"
#include "evac/detail/table/table_parts.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
void destroy_slots([[maybe_unused]] table_parts<Policy>& of, [[maybe_unused]] bucket* where,
                   [[maybe_unused]] slot_mask which) noexcept {
  using parts = table_parts<Policy>;
  if constexpr (!parts::slot_ops::trivially_dropped()) {
    for (; which; which.drop_first()) {
      parts::slot_ops::destroy(of.allocator(), parts::layout::slot(where, which.first()));
    }
  }
}

/// Destroys the elements of one chain. Their destructors find all of them gone from the table.
template <class Policy>
void clear_chain(table_parts<Policy>& of, std::size_t home) noexcept {
  bucket* const head = of.homes.at(home);
  if (head->tags.empty()) return;
  const std::size_t leaving = table_parts<Policy>::chains::count(head);
  const slot_mask in_home = head->tags.occupied();
  bucket* where = head->overflow;
  head->make_empty();
  of.size -= leaving;
  of.homes.note_emptied_if(home, true);
  destroy_slots(of, head, in_home);
  while (where != nullptr) {
    destroy_slots(of, where, where->tags.occupied());
    bucket* const behind = where->overflow;
    of.overflow.give_back(where);
    where = behind;
  }
}

/// Destroys all elements, keeps the memory. O(homes / 64 + size) where an account of occupied homes is kept, else
/// O(homes).
template <class Policy>
void clear_contents(table_parts<Policy>& of) noexcept {
  for (std::size_t home = of.homes.next_filled(0); of.size != 0; home = of.homes.next_filled(home + 1)) {
    clear_chain(of, home);
  }
  of.settle();
}

/// Copies one chain with copy(slot, element) to the end of another. If it throws, the elements copied so far stay.
template <class Policy, class Copy>
void clone_chain(table_parts<Policy>& to, bucket* head, const bucket* source, const Copy& copy) {
  using parts = table_parts<Policy>;
  for (; source != nullptr; source = source->overflow) {
    for (slot_mask taken = source->tags.occupied(); taken; taken.drop_first()) {
      void* const from = parts::layout::slot(source, taken.first());
      const auto construct = [&](void* slot) { copy(slot, parts::slot_ops::element(from)); };
      parts::chains::construct(head, source->tags.tag(taken.first()), construct, to.allocator(), to.overflow);
      ++to.size;
    }
  }
}

/// Copies all elements of `from`, which has the same functors and seed, into a table without memory. Hashes nothing.
/// O(homes + size). If copy() or the allocator throws, the elements copied so far stay.
template <class Policy, class Copy>
void clone_contents(table_parts<Policy>& to, const table_parts<Policy>& from, const Copy& copy) {
  if (from.size == 0) return;
  typename table_parts<Policy>::homes_type::ahead got(to.allocator());
  got.get(0, from.homes.count());
  to.homes.open_all(to.allocator(), from.homes.count(), got);
  for (std::size_t home = from.homes.next_filled(0); home < from.homes.count();
       home = from.homes.next_filled(home + 1)) {
    const bucket* const source = from.homes.at(home);
    if (source->tags.empty()) continue;
    to.homes.note_filled(home);  // before: what a copy that throws leaves behind is found
    clone_chain(to, to.homes.at(home), source, copy);
  }
  to.pace.reserved(0);
  to.settle();
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
