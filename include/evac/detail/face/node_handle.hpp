// The node handle of extract() and insert(node): one element on its way between two containers of the same elements.
#ifndef EVAC_DETAIL_FACE_NODE_HANDLE_HPP
#define EVAC_DETAIL_FACE_NODE_HANDLE_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/face/detached_element.hpp"
#include "evac/detail/table/policy.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
class container;

/// The member types that the standard gives a handle: those of a map name no value_type, those of a set no key.
template <class Elements, bool IsMap = Elements::is_map>
struct node_types {
  using key_type = typename Elements::key_type;
  using mapped_type = typename Elements::mapped_type;
};
template <class Elements>
struct node_types<Elements, false> {
  using value_type = typename Elements::value_type;
};

/// Owns at most one element. The element itself moves into and out of a handle (one move construction each way), unless
/// it lives in a node of its own.
template <class Elements, class Allocator>
class node_handle : public node_types<Elements> {
  using slot_ops = slot_access<Elements, Allocator>;
  using element_type = typename Elements::value_type;

 public:
  using allocator_type = Allocator;

  node_handle() noexcept = default;
  node_handle(node_handle&& other) noexcept { take(other); }
  node_handle& operator=(node_handle&& other) noexcept {
    if (this != std::addressof(other)) {
      reset();
      take(other);
    }
    return *this;
  }
  ~node_handle() { reset(); }

  [[nodiscard]] bool empty() const noexcept { return !allocator_.has_value(); }
  [[nodiscard]] explicit operator bool() const noexcept { return !empty(); }
  [[nodiscard]] allocator_type get_allocator() const {
    EVAC_ASSERT(!empty(), "evac: get_allocator() of an empty node handle");
    return *allocator_;
  }

  /// The key may be changed: the element is in no container.
  [[nodiscard]] auto& key() const EVAC_LIFETIME_BOUND
    requires Elements::is_map
  {
    return slot_ops::movable(element()).first;
  }
  [[nodiscard]] auto& mapped() const EVAC_LIFETIME_BOUND
    requires Elements::is_map
  {
    return element().second;
  }
  [[nodiscard]] element_type& value() const EVAC_LIFETIME_BOUND
    requires(!Elements::is_map)
  {
    return element();
  }

  void swap(node_handle& other) noexcept {
    node_handle held(std::move(other));
    other = std::move(*this);
    *this = std::move(held);
  }
  friend void swap(node_handle& left, node_handle& right) noexcept { left.swap(right); }

 private:
  template <class>
  friend class container;
  template <class Policy, class Detached>
  friend std::pair<position, bool> place_detached(table<Policy>& to, Detached& detached);

  // Takes the element of a slot, which is empty afterwards.
  node_handle(Allocator& allocator, void* slot) noexcept : allocator_(allocator) {
    slot_ops::relocate(*allocator_, storage_, slot);
  }
  // Moves the element to an empty slot.
  void release_to(void* slot) noexcept {
    slot_ops::relocate(*allocator_, slot, storage_);
    allocator_.reset();
  }

  [[nodiscard]] element_type& element() const {
    EVAC_ASSERT(!empty(), "evac: access to an empty node handle");
    return slot_ops::element(storage_);
  }
  void take(node_handle& other) noexcept {
    if (other.empty()) return;
    allocator_.emplace(*other.allocator_);
    other.release_to(storage_);
  }
  void reset() noexcept {
    if (empty()) return;
    slot_ops::destroy(*allocator_, storage_);
    allocator_.reset();
  }

  std::optional<Allocator> allocator_;
  alignas(slot_ops::alignment()) mutable std::byte storage_[slot_ops::size()];
};

/// Result of insert(node).
template <class Iterator, class NodeHandle>
struct insert_return {
  Iterator position;
  bool inserted;
  NodeHandle node;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
