// Objects that wait until no reader can hold them: in batches, each stamped with the epoch in which it was sealed.
//
//   bag of one thread    filling -> [ o o o o . . . ]      sealed, oldest first -> [ ... 7 ] -> [ ... 8 ] -> [ ... 8 ]
//
// A bag is filled by its thread and emptied by its thread or by whoever flushes the domain: it has a lock.
#ifndef EVAC_DETAIL_SYNC_GARBAGE_HPP
#define EVAC_DETAIL_SYNC_GARBAGE_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include "evac/detail/sync/relaxed_cell.hpp"
#include "evac/detail/sync/spin_lock.hpp"

namespace evac::detail {

/// Frees a part of an object, or all of it; returns whether nothing is left. Called until it returns true.
using reclaim_function = bool (*)(void* object, void* context);

struct retired_object {
  void* object;
  void* context;
  reclaim_function reclaim;
  std::size_t bytes;  // of the object, and of this entry
};

struct garbage_batch {
  static constexpr std::size_t capacity = 62;
  garbage_batch* next = nullptr;
  std::uint64_t stamp = 0;  // when it was sealed
  std::size_t bytes = 0;
  std::uint32_t count = 0;
  std::uint32_t reclaimed = 0;  // of count
  retired_object objects[capacity];
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
    while (garbage_batch* const batch = other.take()) append(batch);
  }
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

/// The garbage of one thread, or of threads that are gone. All fields under `lock`.
struct garbage_bag {
  garbage_bag() = default;
  garbage_bag(const garbage_bag&) = delete;
  garbage_bag& operator=(const garbage_bag&) = delete;
  ~garbage_bag() {
    delete spare;
    delete filling;  // empty by now: what was in it has joined that of others
  }

  spin_lock lock;
  garbage_batch* filling = nullptr;  // taken by a flush, too
  garbage_batch* spare = nullptr;    // taken by its thread only
  batch_queue sealed;
  relaxed_cell<std::uint32_t> pending{0};  // batches in `sealed`; read without the lock as a hint
  std::uint32_t last_count = 0;            // of `filling`, when somebody looked after it
  std::size_t credit = 0;                  // bytes charged to the domain that nobody has a use for yet
};

}  // namespace evac::detail

#endif
