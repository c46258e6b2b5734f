// Overflow buckets for a table that all threads share: a few pools, each behind a lock, by the chain's home.
#ifndef EVAC_DETAIL_LOCKFREE_OVERFLOW_POOLS_HPP
#define EVAC_DETAIL_LOCKFREE_OVERFLOW_POOLS_HPP

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/slab.hpp"
#include "evac/detail/lockfree/atomic_bucket.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"
#include "evac/detail/sync/spin_lock.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Allocator, class Layout>
class overflow_pools {
 public:
  using bucket_type = atomic_bucket<Layout>;

  /// An empty overflow bucket for the chain of a home. Throws std::bad_alloc.
  [[nodiscard]] bucket_type* take(const Allocator& allocator, const bucket_type& home) {
    pool& from = pool_of(home);
    const std::lock_guard guard(from.lock);
    from.buckets.provide(allocator, 1);
    from.bytes = from.buckets.bytes();
    return from.buckets.take();
  }
  /// It must have been taken for the same home.
  void give_back(const bucket_type& home, bucket_type* emptied) noexcept {
    pool& to = pool_of(home);
    const std::lock_guard guard(to.lock);
    to.buckets.give_back(emptied);
  }

  [[nodiscard]] std::size_t in_use() const noexcept {
    return sum_of([](const auto& buckets) { return buckets.in_use(); });
  }
  /// Takes no lock: a recent number.
  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t sum = 0;
    for (const pool& each : pools_) sum += each.bytes;
    return sum;
  }

  /// Frees all memory. Nobody else is left.
  void release(const Allocator& allocator) noexcept {
    for (pool& each : pools_) each.buckets.release(allocator);
  }
  /// Frees one slab; false if there is none. Until it returns false, nothing else may be called.
  bool release_one(const Allocator& allocator) noexcept {
    for (pool& each : pools_) {
      if (each.buckets.release_one(allocator)) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t pool_count = 4;
  struct alignas(cache_line) pool {
    mutable spin_lock lock;
    overflow_pool<Allocator, Layout, bucket_type> buckets;
    relaxed_cell<std::size_t> bytes{0};  // of its slabs; written under the lock
  };

  [[nodiscard]] pool& pool_of(const bucket_type& home) noexcept {
    return pools_[reinterpret_cast<std::uintptr_t>(&home) / Layout::home_bytes() % pool_count];
  }
  template <class Figure>
  [[nodiscard]] std::size_t sum_of(const Figure& figure) const noexcept {
    std::size_t sum = 0;
    for (const pool& each : pools_) {
      const std::lock_guard guard(each.lock);
      sum += figure(each.buckets);
    }
    return sum;
  }

  pool pools_[pool_count];
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
