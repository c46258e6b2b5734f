// Allocators of awkward kinds: each propagation trait alone, a fancy pointer, a way to fail for good.
#ifndef EVAC_TESTS_SUPPORT_POINTERS_HPP
#define EVAC_TESTS_SUPPORT_POINTERS_HPP

#include <compare>
#include <cstddef>
#include <iterator>
#include <memory>
#include <new>
#include <type_traits>

#include "support/allocators.hpp"

namespace evac_test {

/// A pointer that is a class, as of shared memory: nothing converts it to a plain pointer implicitly.
template <class T>
class fancy_pointer {
 public:
  using element_type = T;
  using value_type = std::remove_cv_t<T>;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using pointer = fancy_pointer;
  using iterator_category = std::random_access_iterator_tag;
  template <class U>
  using rebind = fancy_pointer<U>;

  fancy_pointer() = default;
  fancy_pointer(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): required of every pointer
  explicit fancy_pointer(T* raw) : raw_(raw) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  fancy_pointer(const fancy_pointer<U>& other) : raw_(other.operator->()) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] static fancy_pointer pointer_to(T& object) { return fancy_pointer(std::addressof(object)); }
  [[nodiscard]] T& operator*() const { return *raw_; }
  [[nodiscard]] T* operator->() const { return raw_; }
  [[nodiscard]] T& operator[](std::ptrdiff_t i) const { return raw_[i]; }
  [[nodiscard]] explicit operator bool() const { return raw_ != nullptr; }
  fancy_pointer& operator++() { return *this += 1; }
  fancy_pointer& operator--() { return *this += -1; }
  fancy_pointer& operator+=(std::ptrdiff_t n) {
    raw_ += n;
    return *this;
  }
  [[nodiscard]] friend fancy_pointer operator+(fancy_pointer at, std::ptrdiff_t n) { return at += n; }
  [[nodiscard]] friend std::ptrdiff_t operator-(fancy_pointer a, fancy_pointer b) { return a.raw_ - b.raw_; }
  [[nodiscard]] friend auto operator<=>(const fancy_pointer&, const fancy_pointer&) = default;

 private:
  T* raw_ = nullptr;
};

template <class T>
class fancy_allocator {
 public:
  using value_type = T;
  using pointer = fancy_pointer<T>;

  fancy_allocator() = default;
  template <class U>
  explicit fancy_allocator(const fancy_allocator<U>&) noexcept {}
  [[nodiscard]] pointer allocate(std::size_t n) { return pointer(counting_allocator<T>{}.allocate(n)); }
  void deallocate(pointer block, std::size_t n) noexcept {
    counting_allocator<T>{}.deallocate(std::to_address(block), n);
  }
  [[nodiscard]] friend bool operator==(const fancy_allocator&, const fancy_allocator&) = default;
};

}  // namespace evac_test

#endif
