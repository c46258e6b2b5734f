// Overflow buckets: carved from slabs, recycled through a free list, never returned one by one.
//
//   slab   | header: older, bytes, used, ... | overflow bucket | overflow bucket | ... untouched ... |
//          `- the newest slab's header also keeps the pool's totals, so that an empty table pays for two pointers only
//
// A slab is an eighth of all slabs before it, at most a huge page. From mapping_threshold bytes on it is mapped, and
// that much of it is populated at once.
#ifndef EVAC_DETAIL_GEOMETRY_SLAB_HPP
#define EVAC_DETAIL_GEOMETRY_SLAB_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/bucket.hpp"
#include "evac/detail/geometry/segment_memory.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Bucket is what an overflow bucket begins with.
template <class Allocator, class Layout, class Bucket = bucket>
class overflow_pool {
  struct slab {
    slab* older;
    std::size_t bytes;
    std::size_t used;         // buckets ever taken from this slab
    std::size_t capacity;     // buckets that fit
    std::size_t free_listed;  // totals of the pool, valid in the newest slab only
    std::size_t in_use;
    std::size_t total_bytes;
    slab* idle;  // slabs that hold nothing: the next to be carved, or to be freed
  };
  using memory = segment_memory<Allocator, Layout>;

  static constexpr std::size_t first_slab_buckets = 8;
  static constexpr std::size_t largest_slab = huge_page;

 public:
  overflow_pool() noexcept = default;
  overflow_pool(const overflow_pool&) = default;  // plain handles: the table decides who owns the slabs
  overflow_pool& operator=(const overflow_pool&) = default;
  ~overflow_pool() = default;

  /// Makes sure that the next `buckets` calls of take() need no memory. Allocates at most one slab; throws if that
  /// fails, and has changed nothing then.
  void provide(const Allocator& allocator, std::size_t buckets) {
    if (available() < buckets) [[unlikely]]
      add_slab(allocator, buckets);
  }

  /// An empty overflow bucket; provide(1) must have been called.
  [[nodiscard]] Bucket* take() noexcept {
    ++newest_->in_use;
    Bucket* taken = free_;
    if (taken != nullptr) {
      free_ = taken->next();
      --newest_->free_listed;
    } else {
      taken = carve_one();
    }
    taken->make_empty();
    return taken;
  }

  void give_back(Bucket* emptied) noexcept {
    emptied->set_next(free_);
    free_ = emptied;
    ++newest_->free_listed;
    --newest_->in_use;
  }

  /// Forgets all overflow buckets and frees the slabs. O(slabs).
  void release(const Allocator& allocator) noexcept {
    if (newest_ == nullptr) return;
    free_list(allocator, newest_->idle);
    free_list(allocator, newest_);
    newest_ = nullptr;
    free_ = nullptr;
  }

  /// Forgets all overflow buckets and frees one slab; false if there is none. Until it returns false, nothing else may
  /// be called.
  bool release_one(const Allocator& allocator) noexcept {
    if (newest_ == nullptr) return false;
    free_ = nullptr;
    slab* const rest = newest_->idle != nullptr ? newest_->idle : newest_->older;
    if (rest == nullptr) {
      release(allocator);
    } else {
      (newest_->idle != nullptr ? newest_->idle : newest_->older) = rest->older;
      memory::deallocate(allocator, rest, rest->bytes);
    }
    return true;
  }

  /// Frees one slab if no overflow bucket is in use at all; so the slabs of a map that shrinks go one by one.
  void release_one_if_idle(const Allocator& allocator) noexcept {
    if (newest_ == nullptr || newest_->in_use != 0) return;
    free_ = nullptr;
    newest_->free_listed = 0;
    newest_->used = 0;
    if (newest_->idle == nullptr) newest_->idle = std::exchange(newest_->older, nullptr);
    if (newest_->idle == nullptr) return release(allocator);
    slab* const freed = newest_->idle;
    newest_->idle = freed->older;
    newest_->total_bytes -= freed->bytes;
    memory::deallocate(allocator, freed, freed->bytes);
  }

  [[nodiscard]] std::size_t in_use() const noexcept { return newest_ == nullptr ? 0 : newest_->in_use; }
  [[nodiscard]] std::size_t bytes() const noexcept { return newest_ == nullptr ? 0 : newest_->total_bytes; }

 private:
  [[nodiscard]] static constexpr std::size_t header_bytes() noexcept {
    return round_up(sizeof(slab), Layout::alignment());
  }
  [[nodiscard]] static constexpr std::size_t capacity_of(std::size_t bytes) noexcept {
    return (bytes - header_bytes()) / Layout::overflow_bytes();
  }
  [[nodiscard]] std::size_t available() const noexcept {
    return newest_ == nullptr ? 0 : newest_->free_listed + (newest_->capacity - newest_->used);
  }
  [[nodiscard]] Bucket* carve_one() noexcept {
    const std::size_t offset = header_bytes() + newest_->used++ * Layout::overflow_bytes();
    return Bucket::create(reinterpret_cast<std::byte*>(newest_) + offset);
  }

  EVAC_NEVER_INLINE void add_slab(const Allocator& allocator, std::size_t buckets) {
    slab* const idle = newest_ == nullptr ? nullptr : newest_->idle;
    if (idle != nullptr && capacity_of(idle->bytes) >= buckets) return carve(idle, idle->bytes, idle->older, 0);
    const std::size_t smallest = header_bytes() + (std::max)(first_slab_buckets, buckets) * Layout::overflow_bytes();
    const std::size_t proportional = (std::min)(std::bit_floor(bytes() / 8), largest_slab);
    const std::size_t size = (std::max)(smallest, proportional);
    void* raw = memory::allocate(allocator, size);
    if (memory::is_mapped(size)) {
      if (size >= huge_page) memory::prefer_huge(raw, size);
      memory::populate(raw, 0, (std::min)(size, populated_at_once));
    }
    carve(raw, size, idle, size);
  }

  // Makes `raw` the newest slab. What is left untouched in the one before goes to the free list, so that only one is
  // carved at a time; this is at most as much as provide() wanted, because it found too little.
  void carve(void* raw, std::size_t bytes, slab* idle, std::size_t added_bytes) noexcept {
    while (newest_ != nullptr && newest_->used < newest_->capacity) {
      Bucket* const left = carve_one();
      left->set_next(free_);
      free_ = left;
      ++newest_->free_listed;
    }
    auto* fresh = static_cast<slab*>(raw);
    *fresh = slab{newest_, bytes, 0, capacity_of(bytes), 0, 0, added_bytes, idle};
    if (newest_ != nullptr) {
      fresh->free_listed = newest_->free_listed;
      fresh->in_use = newest_->in_use;
      fresh->total_bytes += newest_->total_bytes;
    }
    newest_ = fresh;
  }

  static void free_list(const Allocator& allocator, slab* first) noexcept {
    while (first != nullptr) {
      slab* const older = first->older;
      memory::deallocate(allocator, first, first->bytes);
      first = older;
    }
  }

  slab* newest_ = nullptr;
  Bucket* free_ = nullptr;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
