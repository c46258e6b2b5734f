// Which record of an epoch_core is this thread's.
//
//   registry of the thread    | core, record | core, record | ...        gives them back when the thread ends
//   last                      | core, record |                           what is asked for most
//
// Objects of a thread that outlive its registry (other thread_local ones, and static ones in the main thread) may still
// read and write: each such call takes a record and gives it back.
#ifndef EVAC_DETAIL_SYNC_THREAD_RECORDS_HPP
#define EVAC_DETAIL_SYNC_THREAD_RECORDS_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/epoch_core.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The records of this thread in all domains that it has used.
class thread_records {
 public:
  /// The record of this thread in a domain. Throws std::bad_alloc when the thread is new to the domain.
  [[nodiscard]] EVAC_ALWAYS_INLINE static epoch_record& of(epoch_core& core) {
    if (last_core_ == &core) [[likely]] {
      return *last_record_;
    }
    return find(core);
  }
  /// The same, or null when the thread has ended but for objects that outlive its registry.
  [[nodiscard]] static epoch_record* of_living(epoch_core& core) { return ended_ ? nullptr : &of(core); }
  /// Returns whether the record is still this thread's.
  EVAC_ALWAYS_INLINE static bool leave(epoch_record& own) noexcept {
    if (!epoch_clock::leave(own)) [[likely]]
      return true;
    retire(own);
    return false;
  }
  /// After using a record without a guard.
  static void used(epoch_record& own) noexcept {
    if (own.nesting == epoch_record::ended) retire(own);
  }
  /// A number that no other thread has that is alive; the same in all shared objects, and in the child of a fork().
  [[nodiscard]] static std::uintptr_t owner() noexcept { return reinterpret_cast<std::uintptr_t>(&errno); }

 private:
  struct entry {
    epoch_core* core;
    epoch_record* record;
  };
  // Keeps each core alive, so that no later one has its address. Its destructor runs when the thread ends.
  struct registered {
    registered() = default;
    registered(const registered&) = delete;
    registered& operator=(const registered&) = delete;
    ~registered() {
      ended_ = true;
      last_core_ = nullptr;
      for (const entry& each : entries) each.record->sibling = nullptr;
      for (const entry& each : entries) {
        if (each.record->inside()) {
          // A guard of an object that outlives this one: its end gives the record back.
          each.record->nesting |= epoch_record::ended;
          last_core_ = each.core;
          last_record_ = each.record;
        } else {
          each.core->give_back(each.record);
          each.core->drop_reference();
        }
      }
    }
    // Domains that are gone are forgotten here: else a thread that uses one after the other would keep all of them.
    void prepare_for_one_more() {
      std::erase_if(entries, [](const entry& each) {
        if (!each.core->closed()) return false;
        each.core->drop_reference();
        return true;
      });
      link();
      entries.reserve(entries.size() + 1);
    }
    void add(epoch_core& core, epoch_record& record) noexcept {
      entries.push_back({&core, &record});
      link();
    }
    void link() noexcept {
      for (std::size_t i = 0; i != entries.size(); ++i) {
        entries[i].record->sibling = entries[(i + 1) % entries.size()].record;
      }
    }
    std::vector<entry> entries;
  };

  // As visible as the names at the end: where shared objects share those, they share this.
  [[nodiscard, gnu::__visibility__("default")]] static registered& registry() noexcept {
    thread_local registered of_thread;
    return of_thread;
  }
  [[nodiscard]] static epoch_record* existing(const epoch_core& core) noexcept {
    for (const entry& each : registry().entries) {
      if (each.core == &core) return each.record;
    }
    return nullptr;
  }
  EVAC_NEVER_INLINE static epoch_record& find(epoch_core& core) {
    last_core_ = nullptr;  // it may be one that goes now
    epoch_record* own = ended_ ? nullptr : existing(core);
    if (own == nullptr) {
      if (!ended_) registry().prepare_for_one_more();
      own = core.take_record(owner());
      core.add_reference();
      if (ended_) own->nesting = epoch_record::ended;
      if (!ended_) registry().add(core, *own);
    }
    last_core_ = &core;
    last_record_ = own;
    return *own;
  }
  EVAC_NEVER_INLINE static void retire(epoch_record& own) noexcept {
    last_core_ = nullptr;
    epoch_core& core = *own.core;
    core.give_back(&own);
    core.drop_reference();
  }

  [[gnu::__visibility__("default")]] static inline constinit thread_local epoch_core* last_core_ = nullptr;
  [[gnu::__visibility__("default")]] static inline constinit thread_local epoch_record* last_record_ = nullptr;
  [[gnu::__visibility__("default")]] static inline constinit thread_local bool ended_ = false;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
