// Elements that are not in the table yet, and elements that a thread holds while it is outside of the domain.
#ifndef EVAC_DETAIL_LOCKFREE_FRESH_ELEMENT_HPP
#define EVAC_DETAIL_LOCKFREE_FRESH_ELEMENT_HPP

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// A node that is not in the table yet: freed unless it is released.
template <class Storage, class Allocator>
class fresh_node {
 public:
  using slot_value = typename Storage::slot_value;

  template <class... Args>
  fresh_node(const Allocator& allocator, std::size_t hash, Args&&... args)
      : allocator_(allocator), node_(Storage::make(allocator, hash, std::forward<Args>(args)...)) {}
  fresh_node(const fresh_node&) = delete;
  fresh_node& operator=(const fresh_node&) = delete;
  ~fresh_node() {
    if (node_ != nullptr) Storage::destroy(allocator_, node_);
  }
  [[nodiscard]] const auto& key() const noexcept { return Storage::key(node_); }
  [[nodiscard]] const slot_value& get() const noexcept { return node_; }
  void release() noexcept { node_ = nullptr; }

 private:
  const Allocator& allocator_;
  slot_value node_;
};

/// The words of an element that is not in the table yet.
template <class Storage, class Allocator>
class fresh_slot {
 public:
  using key_type = typename Storage::key_type;
  using slot_value = typename Storage::slot_value;

  template <class K, class... V>
  fresh_slot(const Allocator&, std::size_t, K&& key, V&&... value)
      : key_(converted<key_type>(std::forward<K>(key))),
        held_(Storage::make(key_, converted<typename Storage::mapped_type>(std::forward<V>(value))...)) {}
  [[nodiscard]] const key_type& key() const noexcept { return key_; }
  [[nodiscard]] const slot_value& get() const noexcept { return held_; }
  void release() noexcept {}

 private:
  // Without a warning where it narrows. Not by T(value), which would let through what is no conversion.
  template <class T, class V>
  [[nodiscard]] static decltype(auto) converted(V&& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<V>, T>) {
      return std::forward<V>(value);
    } else {
      static_assert(std::is_constructible_v<T, V&&>);
      return static_cast<T>(std::forward<V>(value));
    }
  }
  key_type key_;
  slot_value held_;
};

/// The element for a function that releases it if it has put it in. A copy of words, so that they can stay in registers
/// where no such function is called.
template <class Storage, class Allocator>
[[nodiscard]] EVAC_ALWAYS_INLINE fresh_node<Storage, Allocator>&& hand_over(
    fresh_node<Storage, Allocator>& fresh) noexcept {
  return std::move(fresh);
}
template <class Storage, class Allocator>
[[nodiscard]] EVAC_ALWAYS_INLINE fresh_slot<Storage, Allocator> hand_over(
    const fresh_slot<Storage, Allocator>& fresh) noexcept {
  return fresh;
}

template <class Storage, class Allocator>
using fresh_element =
    std::conditional_t<Storage::in_nodes, fresh_node<Storage, Allocator>, fresh_slot<Storage, Allocator>>;

/// The element that a key had when a thread was inside, for a thread that leaves the domain and comes back. As long as
/// it lives, it is the same as the element that the key has then only if the key has never had another in between, or,
/// in slots, an equal one again.
template <class Storage, class Allocator>
class kept_element {
 public:
  using slot_value = typename Storage::slot_value;

  /// By a thread that is inside, and has just found the element, if the key has one.
  kept_element(const Allocator& allocator, const std::optional<slot_value>& found) noexcept
      : allocator_(allocator), kept_(found) {
    if constexpr (Storage::in_nodes) {
      if (kept_.has_value()) Storage::hold(*kept_);
    }
  }
  kept_element(const kept_element&) = delete;
  kept_element& operator=(const kept_element&) = delete;
  ~kept_element() {
    if constexpr (Storage::in_nodes) {
      if (kept_.has_value() && Storage::let_go(*kept_)) Storage::destroy(allocator_, *kept_);
    }
  }
  [[nodiscard]] const std::optional<slot_value>& get() const noexcept { return kept_; }

 private:
  const Allocator& allocator_;
  std::optional<slot_value> kept_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
