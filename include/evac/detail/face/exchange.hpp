// Whole contents of two tables: copied, moved, assigned, swapped as the allocators want it, and compared.
//
// Free functions over tables. Functors are exchanged by swap() only, allocators assigned only if they propagate. An
// assignment builds what may fail before it changes its target.
#ifndef EVAC_DETAIL_FACE_EXCHANGE_HPP
#define EVAC_DETAIL_FACE_EXCHANGE_HPP

#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/table/policy.hpp"
#include "evac/detail/table/table.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Copies all elements into a table without any, which has the same functors.
template <class Policy>
void copy_elements(const table<Policy>& from, table<Policy>& to) {
  to.clone(from, [&to](void* slot, const typename Policy::value_type& element) {
    table<Policy>::slot_ops::construct(to.allocator(), slot, element);
  });
}

/// Moves all elements one by one. The source is empty afterwards, also if a move throws: then its keys may be
/// moved-from.
template <class Policy>
void move_elements(table<Policy>& from, table<Policy>& to) {
  struct emptied {
    table<Policy>& source;
    ~emptied() { source.release(); }
  } const at_exit{from};
  to.clone(from, [&to](void* slot, typename Policy::value_type& element) {
    using slot_ops = typename table<Policy>::slot_ops;
    slot_ops::construct(to.allocator(), slot, std::move(slot_ops::movable(element)));
  });
}

/// Exchanges the functors with those of `from` and frees everything in `to`.
template <class Policy>
void give_way(table<Policy>& to, table<Policy>& from) {
  to.swap_functors(from);
  to.release();
}

template <class Policy>
void copy_assign(table<Policy>& to, const table<Policy>& from) {
  constexpr bool propagate = Policy::allocator_traits::propagate_on_container_copy_assignment::value;
  table<Policy> fresh(from.hash_function(), from.key_eq(), propagate ? from.allocator() : to.allocator());
  copy_elements(from, fresh);
  give_way(to, fresh);
  if constexpr (propagate) to.allocator() = from.allocator();
  to.swap_contents(fresh);
}

/// Each element is moved once where the allocators are unequal and do not propagate, else none is.
template <class Policy>
void move_assign(table<Policy>& to, table<Policy>& from) {
  if constexpr (Policy::allocator_traits::propagate_on_container_move_assignment::value) {
    give_way(to, from);
    to.allocator() = std::move(from.allocator());
    to.swap_contents(from);
  } else if (same_memory(to.allocator(), from.allocator())) {
    give_way(to, from);
    to.swap_contents(from);
  } else {
    table<Policy> fresh(from.hash_function(), from.key_eq(), to.allocator());
    move_elements(from, fresh);
    give_way(to, from);
    to.swap_contents(fresh);
  }
}

template <class Policy>
void swap_all(table<Policy>& left, table<Policy>& right) {
  constexpr bool propagate = Policy::allocator_traits::propagate_on_container_swap::value;
  if constexpr (!propagate) {
    EVAC_ASSERT(same_memory(left.allocator(), right.allocator()), "evac: swap with unequal allocators");
  }
  left.swap_functors(right);
  if constexpr (propagate) {
    using std::swap;
    swap(left.allocator(), right.allocator());
  }
  left.swap_contents(right);
}

/// Whether each element of one has an equal one in the other, in whatever order.
template <class Policy>
[[nodiscard]] bool same_elements(const table<Policy>& left, const table<Policy>& right) {
  if (left.size() != right.size()) return false;
  for (position at = left.first(); at.where != nullptr; at = left.next(at)) {
    const auto& element = left.element(at);
    const position twin = right.find(Policy::key(element));
    if (twin.where == nullptr || !(right.element(twin) == element)) return false;
  }
  return true;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
