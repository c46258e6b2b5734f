// Overflow buckets: carved from slabs, recycled through a free list, never returned one by one.
//
//   slab   | header: next, bytes, used, ... | overflow bucket | overflow bucket | ... untouched ... |
//          `- the newest slab's header also keeps the pool's totals, so that an empty table pays for two pointers only
//
// A slab is an eighth of all slabs before it, at most 2 MiB: its memory is not touched before it is used.
#ifndef EVAC_DETAIL_GEOMETRY_SLAB_HPP
#define EVAC_DETAIL_GEOMETRY_SLAB_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <new>

#include "evac/detail/geometry/bucket.hpp"
#include "evac/detail/geometry/segment_memory.hpp"

namespace evac::detail {

template <class Allocator, class Layout>
class overflow_pool {
  struct slab {
    slab* older;
    std::size_t bytes;
    std::size_t used;         // buckets ever taken from this slab
    std::size_t capacity;     // buckets that fit
    std::size_t free_listed;  // totals of the pool, valid in the newest slab only
    std::size_t in_use;
    std::size_t total_bytes;
  };
  using memory = segment_memory<Allocator, Layout>;

  static constexpr std::size_t first_slab_buckets = 8;
  static constexpr std::size_t largest_slab = huge_page;

 public:
  overflow_pool() noexcept = default;
  overflow_pool(const overflow_pool&) = default;  // plain handles: the table decides who owns the slabs
  overflow_pool& operator=(const overflow_pool&) = default;
  ~overflow_pool() = default;

  /// Makes sure that the next `buckets` calls of take() need no memory. Allocates at most one slab; throws if that fails,
  /// and has changed nothing then.
  void ensure(const Allocator& allocator, std::size_t buckets) {
    if (available() < buckets) [[unlikely]] add_slab(allocator, buckets);
  }

  /// An empty overflow bucket; ensure(1) must have been called.
  [[nodiscard]] bucket* take() noexcept {
    ++newest_->in_use;
    bucket* taken = free_;
    if (taken != nullptr) {
      free_ = taken->overflow;
      --newest_->free_listed;
    } else {
      taken = at(newest_, newest_->used++);
    }
    taken->tags = tag_word(0);
    taken->overflow = nullptr;
    return taken;
  }

  void give_back(bucket* emptied) noexcept {
    emptied->overflow = free_;
    free_ = emptied;
    ++newest_->free_listed;
    --newest_->in_use;
  }

  /// Forgets all overflow buckets and frees the slabs. O(slabs).
  void release(const Allocator& allocator) noexcept {
    while (newest_ != nullptr) {
      slab* older = newest_->older;
      memory::deallocate(allocator, newest_, newest_->bytes);
      newest_ = older;
    }
    free_ = nullptr;
  }

  /// Frees one slab if no overflow bucket is in use at all; so the slabs of a map that shrinks go one by one.
  void release_one_if_idle(const Allocator& allocator) noexcept {
    if (newest_ == nullptr || newest_->in_use != 0) return;
    free_ = nullptr;
    slab* const freed = newest_;
    newest_ = freed->older;
    if (newest_ != nullptr) {
      newest_->used = 0;
      newest_->free_listed = 0;
      newest_->in_use = 0;
      newest_->total_bytes = freed->total_bytes - freed->bytes;
    }
    memory::deallocate(allocator, freed, freed->bytes);
  }

  [[nodiscard]] std::size_t in_use() const noexcept { return newest_ == nullptr ? 0 : newest_->in_use; }
  [[nodiscard]] std::size_t bytes() const noexcept { return newest_ == nullptr ? 0 : newest_->total_bytes; }

 private:
  [[nodiscard]] static constexpr std::size_t header_bytes() noexcept { return round_up(sizeof(slab), Layout::alignment()); }
  [[nodiscard]] std::size_t available() const noexcept {
    return newest_ == nullptr ? 0 : newest_->free_listed + (newest_->capacity - newest_->used);
  }
  [[nodiscard]] static bucket* at(slab* where, std::size_t index) noexcept {
    return reinterpret_cast<bucket*>(reinterpret_cast<std::byte*>(where) + header_bytes() + index * Layout::overflow_bytes());
  }

  EVAC_NEVER_INLINE void add_slab(const Allocator& allocator, std::size_t buckets) {
    const std::size_t smallest = header_bytes() + std::max(first_slab_buckets, buckets) * Layout::overflow_bytes();
    const std::size_t proportional = std::min(std::bit_floor(bytes() / 8), largest_slab);
    const std::size_t size = std::max(smallest, proportional);
    // What is left untouched in the newest slab goes to the free list, so that only one slab is carved at a time. This
    // is at most buckets - 1 of them, because ensure() found too few.
    void* raw = memory::allocate(allocator, size);
    while (newest_ != nullptr && newest_->used < newest_->capacity) {
      bucket* left = at(newest_, newest_->used++);
      left->overflow = free_;
      free_ = left;
      ++newest_->free_listed;
    }
    auto* fresh = static_cast<slab*>(raw);
    *fresh = slab{newest_, size, 0, (size - header_bytes()) / Layout::overflow_bytes(), 0, 0, size};
    if (newest_ != nullptr) {
      fresh->free_listed = newest_->free_listed;
      fresh->in_use = newest_->in_use;
      fresh->total_bytes += newest_->total_bytes;
    }
    newest_ = fresh;
  }

  slab* newest_ = nullptr;
  bucket* free_ = nullptr;
};

}  // namespace evac::detail

#endif
