// Allocators that count, fail, and have an identity with chosen propagation.
#ifndef EVAC_TESTS_SUPPORT_ALLOCATORS_HPP
#define EVAC_TESTS_SUPPORT_ALLOCATORS_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <new>
#include <type_traits>

#include "support/elements.hpp"

namespace evac_test {

struct memory_census {
  std::size_t allocations = 0;
  std::size_t blocks = 0;
  std::size_t bytes = 0;
  std::size_t peak = 0;
};
inline memory_census memory;

/// Counts everything, fails when fail_allocation strikes.
template <class T>
class counting_allocator {
 public:
  using value_type = T;

  counting_allocator() = default;
  template <class U>
  explicit counting_allocator(const counting_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t n) {
    fail_allocation.tick();
    T* const block = std::allocator<T>{}.allocate(n);
    ++memory.allocations;
    ++memory.blocks;
    memory.bytes += n * sizeof(T);
    memory.peak = std::max(memory.peak, memory.bytes);
    return block;
  }
  void deallocate(T* block, std::size_t n) noexcept {
    --memory.blocks;
    memory.bytes -= n * sizeof(T);
    std::allocator<T>{}.deallocate(block, n);
  }
  [[nodiscard]] friend bool operator==(const counting_allocator&, const counting_allocator&) = default;
};

/// Which identity allocated which block: a block must be freed by an equal allocator.
inline std::map<void*, int> block_owner;
inline std::size_t foreign_frees = 0;

/// identity_allocator with each of the three traits of its own, and a copy construction that changes the identity.
template <class T, bool OnCopy, bool OnMove, bool OnSwap>
class trait_allocator {
 public:
  using value_type = T;
  using propagate_on_container_copy_assignment = std::bool_constant<OnCopy>;
  using propagate_on_container_move_assignment = std::bool_constant<OnMove>;
  using propagate_on_container_swap = std::bool_constant<OnSwap>;
  using is_always_equal = std::false_type;
  template <class U>
  struct rebind {
    using other = trait_allocator<U, OnCopy, OnMove, OnSwap>;
  };

  explicit trait_allocator(int identity = 0) : id(identity) {}
  template <class U>
  explicit trait_allocator(const trait_allocator<U, OnCopy, OnMove, OnSwap>& other) noexcept : id(other.id) {}

  [[nodiscard]] trait_allocator select_on_container_copy_construction() const { return trait_allocator(id + 100); }
  [[nodiscard]] T* allocate(std::size_t n) {
    T* const block = std::allocator<T>{}.allocate(n);
    block_owner[block] = id;
    return block;
  }
  void deallocate(T* block, std::size_t n) noexcept {
    const auto found = block_owner.find(block);
    if (found == block_owner.end() || found->second != id) ++foreign_frees;
    if (found != block_owner.end()) block_owner.erase(found);
    std::allocator<T>{}.deallocate(block, n);
  }
  [[nodiscard]] friend bool operator==(const trait_allocator& left, const trait_allocator& right) {
    return left.id == right.id;
  }
  int id;
};

/// All three propagation traits alike.
template <class T, bool Propagate>
using identity_allocator = trait_allocator<T, Propagate, Propagate, Propagate>;

}  // namespace evac_test

#endif
