// The table inside a container: for tests, and for containers that take each other's elements.
#ifndef EVAC_DETAIL_TABLE_TABLE_ACCESS_HPP
#define EVAC_DETAIL_TABLE_TABLE_ACCESS_HPP

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

struct table_access {
  template <class Container>
  [[nodiscard]] static auto& of(Container& container) noexcept {
    return container.table_;
  }
  /// The mark of the thread that is at work on it.
  template <class Container>
  [[nodiscard]] static auto& owner_of(Container& container) noexcept {
    return container.owner_;
  }
  /// The state of a sharded container, and its many tables.
  template <class Container>
  [[nodiscard]] static auto& state_of(Container& container) noexcept {
    return container.state_;
  }
  template <class Container>
  [[nodiscard]] static auto& shards_of(Container& container) noexcept {
    return container.state_.shards;
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
