// The shards of one container, and guards that hold all of them.
#ifndef EVAC_DETAIL_SHARDED_SHARD_ARRAY_HPP
#define EVAC_DETAIL_SHARDED_SHARD_ARRAY_HPP

#include <absl/base/thread_annotations.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/sharded/shard.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Two threads of a machine with `h` hardware threads meet in one of 4 h shards in a quarter of the cases that they would in h.
inline constexpr std::size_t shards_per_hardware_thread = 4;

[[nodiscard]] inline std::size_t default_shard_count() noexcept {
  const std::size_t threads = (std::max)(1U, std::thread::hardware_concurrency());
  return (std::min)(std::bit_ceil(shards_per_hardware_thread * threads), most_shards);
}

template <class Policy, class Mutex>
class shard_array {
 public:
  using shard_type = shard<Policy, Mutex>;
  using functors_type = typename Policy::functors_type;

  /// `count` is rounded up to a power of two. The functors must outlive the shards. Throws std::length_error,
  /// std::bad_alloc.
  shard_array(functors_type& functors, std::size_t count) : blocks_(functors.allocator), mask_(rounded(count) - 1) {
    shards_ = std::to_address(traits::allocate(blocks_, size()));
    for (std::size_t i = 0; i < size(); ++i) ::new (static_cast<void*>(shards_ + i)) shard_type(functors);
  }
  shard_array(const shard_array&) = delete;
  shard_array& operator=(const shard_array&) = delete;
  ~shard_array() {
    std::destroy_n(shards_, size());
    traits::deallocate(blocks_, std::pointer_traits<typename traits::pointer>::pointer_to(*shards_), size());
  }

  [[nodiscard]] std::size_t size() const noexcept { return mask_ + 1; }
  [[nodiscard]] shard_type* begin() const noexcept { return shards_; }
  [[nodiscard]] shard_type* end() const noexcept { return shards_ + size(); }
  [[nodiscard]] shard_type& operator[](std::size_t index) const noexcept { return shards_[index]; }
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t index_of(std::size_t hash) const noexcept {
    return shard_of(hash, mask_);
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE shard_type& of_hash(std::size_t hash) const noexcept {
    return shards_[index_of(hash)];
  }

 private:
  using traits = typename std::allocator_traits<typename Policy::allocator_type>::template rebind_traits<shard_type>;
  using block_allocator = typename traits::allocator_type;

  [[nodiscard]] static std::size_t rounded(std::size_t count) {
    if (count > most_shards) throw_length_error("evac: more than 65536 shards");
    return std::bit_ceil(std::max<std::size_t>(count, 1));
  }

  // Of its own: the shards stay when an assignment or a swap gives the container another allocator.
  [[no_unique_address]] block_allocator blocks_;
  shard_type* shards_ = nullptr;
  std::size_t mask_;
};

/// Holds all shards, in the order of their indices, from lock_all() to the end of its scope.
template <class Array, bool Exclusive>
class holding_all {
 public:
  explicit holding_all(const Array& shards) noexcept : shards_(shards) {}
  holding_all(const holding_all&) = delete;
  holding_all& operator=(const holding_all&) = delete;
  ~holding_all() { unlock_all(); }

  void unlock_all() noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS {
    while (held_ != 0) {
      auto& each = shards_[--held_];
      if constexpr (Exclusive) {
        each.unlock();
      } else {
        each.unlock_shared();
      }
    }
  }

  void lock_all() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (; held_ != shards_.size(); ++held_) {
      auto& each = shards_[held_];
      if constexpr (Exclusive) {
        each.lock();
      } else {
        each.lock_shared();
      }
    }
  }
  [[nodiscard]] auto& table(std::size_t index) const noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if constexpr (Exclusive) {
      return shards_[index].table_locked();
    } else {
      return shards_[index].table_locked_shared();
    }
  }
  [[nodiscard]] std::size_t count() const noexcept { return shards_.size(); }
  [[nodiscard]] std::size_t elements() const noexcept {
    std::size_t total = 0;
    for (const auto& each : shards_) total += each.size();
    return total;
  }

 private:
  const Array& shards_;
  std::size_t held_ = 0;
};

/// Two containers, always in the order of their addresses: so no two threads wait for each other.
template <class First, class Second>
void in_order_of_address(const void* first_address, const void* second_address, const First& first,
                         const Second& second) {
  if (std::less<const void*>{}(first_address, second_address)) {
    first();
    second();
  } else {
    second();
    first();
  }
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
