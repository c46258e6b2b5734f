// The iterator of map and set: a position and the table it is in.
#ifndef EVAC_DETAIL_TABLE_CURSOR_HPP
#define EVAC_DETAIL_TABLE_CURSOR_HPP

#include <cstddef>
#include <iterator>
#include <memory>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/table/table.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Policy>
class container;

/// Forward iterator in order of homes; the order stays the same between inserts. Invalidated by any insert that is not
/// an insert of a present key, and by erasing its own element only.
template <class Policy, bool Const>
class cursor {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = typename Policy::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = std::conditional_t<Const, const value_type&, value_type&>;
  using pointer = std::conditional_t<Const, const value_type*, value_type*>;

  cursor() noexcept = default;
  template <bool OtherConst>
    requires(Const && !OtherConst)
  cursor(const cursor<Policy, OtherConst>& other) noexcept  // NOLINT(google-explicit-constructor): as for any container
      : table_(other.table_), at_(other.at_) {}

  [[nodiscard]] reference operator*() const noexcept {
    EVAC_ASSERT(at_.where != nullptr, "evac: end iterator dereferenced");
    return table<Policy>::element(at_);
  }
  [[nodiscard]] pointer operator->() const noexcept { return std::addressof(**this); }

  cursor& operator++() noexcept {
    EVAC_ASSERT(at_.where != nullptr, "evac: end iterator incremented");
    at_ = table_->next(at_);
    return *this;
  }
  cursor operator++(int) noexcept {
    cursor before = *this;
    ++*this;
    return before;
  }

  [[nodiscard]] friend bool operator==(const cursor& left, const cursor& right) noexcept {
    return left.at_.where == right.at_.where && left.at_.index == right.at_.index;
  }

 private:
  template <class, bool>
  friend class cursor;
  template <class>
  friend class container;

  cursor(const table<Policy>* owner, position at) noexcept : table_(owner), at_(at) {}

  const table<Policy>* table_ = nullptr;
  position at_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
