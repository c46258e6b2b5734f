// Registry of the threads that read under locks by announcing themselves.
//
//   mapping   | name | list, word, fence | record | record | ...          a record per thread, never freed
//   word      | biased | - | address of the mapping / 2^20 |              of a lock that is biased to it
//
// A process has one, found by all its shared objects at a place that they agree on, wherever that works
// (process_mapping.hpp). Where it does not, there are several, and a lock says to which of them it is biased.
// A registry is never unmapped and nothing of it lies in a shared object: locks name it when its maker is gone.
#ifndef EVAC_DETAIL_SYNC_READER_REGISTRY_HPP
#define EVAC_DETAIL_SYNC_READER_REGISTRY_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/reader_record.hpp"
#include "evac/detail/sync/record_list.hpp"

namespace evac::inline EVAC_ABI::detail {

template <std::size_t Slots>
class reader_registry {
 public:
  using record = reader_record<Slots>;
  using list = record_list<record>;

  /// `word`: biased, and what tells this registry from others. `plain`: whether announcing is a plain store.
  reader_registry(std::uint32_t word, bool plain) noexcept : word_(word), plain_(plain) {}
  reader_registry(const reader_registry&) = delete;
  reader_registry& operator=(const reader_registry&) = delete;

  /// The record of a thread, which is here already or is new; null if there is no room for one.
  template <class Room>
  [[nodiscard]] record* join(thread_identity thread, const Room& room) noexcept {
    record* own = nullptr;
    for_each_of(thread, [&](record& each) {
      if (!each.ended()) own = &each;
      return own == nullptr;
    });
    if (own == nullptr) {
      own = room(records_);
      if (own == nullptr) return nullptr;
      own->begin(thread, word_, plain_);
      note_most(living_.fetch_add(1, relaxed) + 1);  // relaxed, here and below: a number to go by
    }
    own->add_user();
    return own;
  }
  /// One of the users of the record has ended.
  void quit(record& own) noexcept {
    if (!own.drop_user()) return;
    own.end();
    give_back_if_over(own);
  }

  /// Withdraws an announcement of this thread that was made by another shared object, or before the thread's record
  /// ended; false if there is none.
  [[nodiscard]] bool leave(thread_identity thread, const void* lock) noexcept {
    bool left = false;
    for_each_of(thread, [&](record& each) {
      left = each.leave(lock);
      if (left) give_back_if_over(each);
      return !left;
    });
    return left;
  }

  /// Records that a writer looks through: as many as threads ever had one at a time. A recent number.
  [[nodiscard]] std::uint32_t size() const noexcept { return most_living_.load(relaxed); }

  /// For writers, between revocation and look.
  void fence() const noexcept { asymmetric_fence::heavy(plain_); }
  /// Whether any thread reads under `lock`.
  [[nodiscard]] bool any(const void* lock) const noexcept {
    bool found = false;
    records_.for_each([&](const record& each) {
      found = each.holds(lock);
      return !found;
    });
    return found;
  }

  /// In the child of a fork(): what other threads announced, they do not read any more.
  void reset_after_fork(thread_identity living) noexcept {
    records_.for_each([&](const record& each) {
      if (!each.is_of(living)) {
        const_cast<record&>(each).renew();
        list::give_back(&const_cast<record&>(each));
      }
      return true;
    });
    living_.store(1, relaxed);
  }

  [[nodiscard]] list& records() noexcept { return records_; }

 private:
  template <class Visit>
  void for_each_of(thread_identity thread, const Visit& visit) noexcept {
    records_.for_each([&](const record& each) { return !each.is_of(thread) || visit(const_cast<record&>(each)); });
  }
  void give_back_if_over(record& own) noexcept {
    if (!own.ended() || !own.is_empty()) return;
    own.renew();
    list::give_back(&own);
    living_.fetch_sub(1, relaxed);
  }

  void note_most(std::uint32_t living) noexcept {
    std::uint32_t most = most_living_.load(relaxed);
    while (most < living && !most_living_.compare_exchange_weak(most, living, relaxed, relaxed)) {
    }
  }

  list records_;
  atomic<std::uint32_t> living_{0};       // threads that have a record
  atomic<std::uint32_t> most_living_{0};  // records are used again, and never freed
  std::uint32_t word_;
  bool plain_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
