// Objects that wait to be freed, by the batch, and batches in the order in which they were sealed.
#ifndef EVAC_DETAIL_SYNC_GARBAGE_BATCH_HPP
#define EVAC_DETAIL_SYNC_GARBAGE_BATCH_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"

namespace evac::inline EVAC_ABI::detail {

/// Frees a part of an object, or all of it; returns whether nothing is left. Called until it returns true.
using reclaim_function = bool (*)(void* object, void* context);

struct retired_object {
  void* object;
  void* context;
  reclaim_function reclaim;
  std::size_t bytes;  // of the object, and of this entry
};

/// Below a kilobyte, and so in the lists that allocators keep of small blocks: whoever asks glibc's malloc for more
/// makes it merge all small blocks that are free, and a thread that erases from a large map waits for that.
struct garbage_batch {
  static constexpr std::size_t capacity = 30;
  garbage_batch* next = nullptr;
  std::uint64_t stamp = 0;  // when it was sealed
  std::size_t bytes = 0;
  relaxed_cell<std::uint32_t> count{0};  // changed under the lock of the bag
  std::uint32_t reclaimed = 0;           // of count; by the thread that has the batch in hand
  atomic<std::uint32_t> begun{0};   // in hand: those that are gone, and the one that is being reclaimed; by the same
  std::uint32_t to_the_end_of = 0;  // the value of `begun` at which nothing must be put back; under the lock of the bag
  retired_object objects[capacity];
};
// But for atomics of tests, which may be larger.
static_assert(sizeof(garbage_batch) <= 1000 || sizeof(atomic<std::uint32_t>) != sizeof(std::uint32_t));

/// Takes each object from an index on that owner.owns(object) out of a batch: owner.take(object). Returns their bytes.
template <class Owner>
[[nodiscard]] std::size_t extract_from(garbage_batch& batch, std::uint32_t from, Owner& owner) noexcept {
  std::size_t bytes = 0;
  std::uint32_t kept = from;
  for (std::uint32_t i = from; i < batch.count; ++i) {
    if (owner.owns(batch.objects[i])) {
      bytes += batch.objects[i].bytes;
      owner.take(batch.objects[i]);
    } else {
      if (kept != i) batch.objects[kept] = batch.objects[i];
      ++kept;
    }
  }
  if (kept < batch.count) batch.count = kept;
  batch.bytes -= bytes;
  return bytes;
}

/// How much waits in a number of batches. Written under the lock of their bag, read by anybody.
struct garbage_sum {
  relaxed_cell<std::size_t> objects{0};
  relaxed_cell<std::size_t> bytes{0};

  void add(const garbage_batch& batch) noexcept {
    objects += batch.count - batch.reclaimed;
    bytes += batch.bytes;
  }
  void remove(const garbage_batch& batch) noexcept {
    objects -= batch.count - batch.reclaimed;
    bytes -= batch.bytes;
  }
  void take_over(garbage_sum& other) noexcept {
    objects += other.objects;
    bytes += other.bytes;
    other.forget();
  }
  void forget() noexcept {
    objects = 0;
    bytes = 0;
  }
};

/// Batches in the order in which they were sealed.
class batch_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] garbage_batch* first() const noexcept { return first_; }
  void append(garbage_batch* batch) noexcept {
    batch->next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = batch;
    last_ = batch;
  }
  void prepend(garbage_batch* batch) noexcept {
    batch->next = first_;
    first_ = batch;
    if (last_ == nullptr) last_ = batch;
  }
  void append_all(batch_queue& other) noexcept {
    if (other.first_ == nullptr) return;
    (last_ == nullptr ? first_ : last_->next) = other.first_;
    last_ = other.last_;
    other = {};
  }
  [[nodiscard]] garbage_batch* last() const noexcept { return last_; }
  [[nodiscard]] garbage_batch* take() noexcept {
    garbage_batch* const batch = first_;
    if (batch == nullptr) return nullptr;
    first_ = batch->next;
    if (first_ == nullptr) last_ = nullptr;
    return batch;
  }
  /// Takes the oldest batch if it was sealed two epochs ago.
  [[nodiscard]] garbage_batch* take_due(std::uint64_t epoch) noexcept {
    return first_ != nullptr && first_->stamp + 2 <= epoch ? take() : nullptr;
  }

 private:
  garbage_batch* first_ = nullptr;
  garbage_batch* last_ = nullptr;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
