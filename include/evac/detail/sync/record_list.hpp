// A list of records that grows and never shrinks: one for each thread that takes part in something, given back when the
// thread ends and then taken by the next.
//
//   head -> record -> record -> record -> null        each on cache lines of its own
//
// Anybody may walk the list at any time: records are added at the head only and freed with the list.
// The idea is that of hazard pointer lists (Michael, IEEE TPDS 2004) and of folly's ThreadLocal lists.
#ifndef EVAC_DETAIL_SYNC_RECORD_LIST_HPP
#define EVAC_DETAIL_SYNC_RECORD_LIST_HPP

#include <cstddef>
#include <new>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/atomic.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Record>
class record_list {
  // Pairs
  //   returned    give_back() releases, take() acquires: the next owner sees the record as its last one left it
  //   published   take() releases a new record at the head, for_each() acquires it; both seq_cst, so that a thread that
  //               adds a record, writes to it and then reads a condition is seen by one that writes the condition and
  //               then visits all records
  struct alignas(line_pair) node {
    Record record;
    atomic<bool> taken{true};  // exchanged by threads that want the record, cleared by its owner
    node* next = nullptr;      // written before the node is published, never again
  };

 public:
  constexpr record_list() noexcept = default;
  record_list(const record_list&) = delete;
  record_list& operator=(const record_list&) = delete;
  // Trivial for the list of the process, which other threads may still walk when static objects are destroyed.
  ~record_list() = default;

  /// A record of the caller's own until give_back(): the oldest that is free, so that after a time with many threads
  /// few have few records again. Null if there is no memory. Lock-free. O(records).
  [[nodiscard]] Record* take() noexcept {
    return take_or_make([] { return new (std::nothrow) node; });
  }
  /// The same; `room()` gives memory for a new one, node_size bytes that the list never frees, or null. A list that has
  /// such records must not release_all().
  template <class Room>
  [[nodiscard]] Record* take(const Room& room) noexcept {
    return take_or_make([&] {
      void* const at = room();
      return at != nullptr ? ::new (at) node : nullptr;
    });
  }
  static constexpr std::size_t node_size() noexcept { return sizeof(node); }

  /// The record must be as a new one.
  static void give_back(Record* record) noexcept {
    static_assert(offsetof(node, record) == 0);
    reinterpret_cast<node*>(record)->taken.store(false, release);  // release: returned
  }

  /// Calls visit(record) for every record, taken or not, until one returns false.
  template <class Visit>
  void for_each(const Visit& visit) const {
    // seq_cst: published
    for (const node* each = head_.load(seq_cst); each != nullptr; each = each->next) {
      if (!visit(each->record)) return;
    }
  }

  /// The record after this one, or the first; there must be one.
  [[nodiscard]] const Record* after(const Record* record) const noexcept {
    const node* const next = record == nullptr ? nullptr : reinterpret_cast<const node*>(record)->next;
    return &(next != nullptr ? next : head_.load(acquire))->record;  // acquire: published
  }

  /// The same where each record is then looked at with asymmetric_fence::observe(), for the same reason: a thread that
  /// adds a record that this does not find has synchronised with it. `plain`: whether announcements are plain stores.
  template <class Visit>
  void observe_each(bool plain, const Visit& visit) const {
    if (!plain) {
      // A read-modify-write that changes nothing; seq_cst: as in observe(). relaxed: the exchange decides
      auto& head = const_cast<atomic<node*>&>(head_);
      node* first = head.load(relaxed);
      while (!head.compare_exchange_weak(first, first, seq_cst, relaxed)) {
      }
    }
    for_each(visit);
  }

  /// Frees all records; nobody may use the list any more.
  void release_all() noexcept {
    node* each = head_.exchange(nullptr, acquire);  // acquire: published
    while (each != nullptr) {
      node* const next = each->next;
      delete each;
      each = next;
    }
  }

 private:
  template <class Make>
  [[nodiscard]] Record* take_or_make(const Make& make) noexcept {
    while (node* const free = oldest_free()) {
      if (!free->taken.exchange(true, acquire)) return &free->record;  // acquire: returned
    }
    node* const fresh = make();
    if (fresh == nullptr) return nullptr;
    fresh->next = head_.load(relaxed);  // relaxed: the exchange below fails if it is not the head any more
    while (!head_.compare_exchange_weak(fresh->next, fresh, seq_cst, relaxed)) {  // seq_cst: published
    }
    return &fresh->record;
  }
  [[nodiscard]] node* oldest_free() const noexcept {
    node* found = nullptr;
    // acquire: published
    for (node* each = head_.load(acquire); each != nullptr; each = each->next) {
      if (!each->taken.load(relaxed)) found = each;  // relaxed: a hint; the exchange decides
    }
    return found;
  }

  atomic<node*> head_{nullptr};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
