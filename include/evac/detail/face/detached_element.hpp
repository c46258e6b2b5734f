// An element outside any table, on its way in or out.
#ifndef EVAC_DETAIL_FACE_DETACHED_ELEMENT_HPP
#define EVAC_DETAIL_FACE_DETACHED_ELEMENT_HPP

#include <cstddef>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/table/policy.hpp"
#include "evac/detail/table/table.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Owns at most one element, which it destroys at the end of its scope.
template <class Elements, class Allocator>
class detached_element {
  using slot_ops = slot_access<Elements, Allocator>;

 public:
  explicit detached_element(const Allocator& allocator) noexcept : allocator_(allocator) {}
  detached_element(const detached_element&) = delete;
  detached_element& operator=(const detached_element&) = delete;
  ~detached_element() {
    if (full_) slot_ops::destroy(allocator_, storage_);
  }

  template <class... Args>
  void construct(Args&&... args) {
    slot_ops::construct(allocator_, storage_, std::forward<Args>(args)...);
    full_ = true;
  }
  /// Takes the element of a slot, which is empty afterwards.
  void take(void* slot) noexcept {
    slot_ops::relocate(allocator_, storage_, slot);
    full_ = true;
  }
  /// Gives the element to an empty slot.
  void release_to(void* slot) noexcept {
    slot_ops::relocate(allocator_, slot, storage_);
    full_ = false;
  }
  [[nodiscard]] bool full() const noexcept { return full_; }
  [[nodiscard]] auto& element() noexcept { return slot_ops::element(storage_); }
  [[nodiscard]] const Allocator& allocator() const noexcept { return allocator_; }

 private:
  [[no_unique_address]] Allocator allocator_;  // of its own: that of the container may be replaced meanwhile
  alignas(slot_ops::alignment()) std::byte storage_[slot_ops::size()];
  bool full_ = false;
};

/// Gives a table the element of a detached_element or of a node handle, unless its key is present there. Strong
/// guarantee.
template <class Policy, class Detached>
std::pair<position, bool> place_detached(table<Policy>& to, Detached& detached) {
  const auto& key = Policy::key(detached.element());
  const std::size_t hash = to.hash_of(key);
  if (const position found = to.find_hashed(key, hash); found.where != nullptr) return {found, false};
  return {to.place(hash, [&](void* slot) { detached.release_to(slot); }), true};
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
