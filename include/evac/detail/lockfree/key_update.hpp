// Mark of a thread that runs the function of a sync_map's update(), so that a call from inside that changes the same
// key is noticed: update() would find the key changed, and call the function again, for ever.
//
//   record of the thread -> innermost update -> update around it -> ... -> null         marks lie on the stack
//
// In release builds, too: a write asks its record whether there is a mark.
#ifndef EVAC_DETAIL_LOCKFREE_KEY_UPDATE_HPP
#define EVAC_DETAIL_LOCKFREE_KEY_UPDATE_HPP

#include <cstddef>
#include <memory>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/thread_records.hpp"
#include "evac/detail/sync/watched.hpp"

namespace evac::inline EVAC_ABI::detail {

class key_update {
 public:
  /// is_own(context, key) tells whether `key`, a key_type of the table, is the one that is being updated. `own` may be
  /// null: the thread has ended, and has no record that lasts.
  key_update(epoch_record* own, const void* table, std::size_t hash, const void* context,
             bool (*is_own)(const void* context, const void* key)) noexcept
      : own_(own), table_(table), hash_(hash), context_(context), is_own_(is_own) {
    if (own_ == nullptr) return;
    around_ = own_->updates;
    own_->updates = this;
  }
  key_update(const key_update&) = delete;
  key_update& operator=(const key_update&) = delete;
  ~key_update() {
    if (own_ != nullptr) own_->updates = around_;
  }

  /// By a thread that is about to change a key, an object of the table's key_type. Throws what equality throws.
  EVAC_NEVER_INLINE static void report_reentry(const key_update* innermost, const void* table, const watched& map,
                                               std::size_t hash, const void* key) {
    for (const key_update* each = innermost; each != nullptr; each = each->around_) {
      if (each->table_ != table || each->hash_ != hash || !each->is_own_(each->context_, key)) continue;
      map.tell_reentered({table, {}, {"update"}});
      EVAC_ASSERT_HANDLER(
          "evac: the function of a sync_map's update() changes its own key in the map, instead of returning what the "
          "key shall have: it would be called for ever");
    }
  }

 private:
  epoch_record* own_;
  const void* table_;
  std::size_t hash_;
  const void* context_;
  bool (*is_own_)(const void* context, const void* key);
  const key_update* around_ = nullptr;
};

/// Calls f(), from which calls that change this key of the table are misuse.
template <class Table, class K, class F>
auto call_within_update(const Table& table, const K& key, std::size_t hash, const F& f) {
  struct context {
    const Table& table;
    const K& key;
  };
  const context of{table, key};
  const auto is_own = [](const void* update, const void* other) -> bool {
    const auto& mine = *static_cast<const context*>(update);
    return mine.table.functors().equal(*static_cast<const typename Table::key_type*>(other), mine.key);
  };
  const key_update mark(thread_records::of_living(table.core()), std::addressof(table), hash, std::addressof(of),
                        is_own);
  return f();
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
