// Conditional verbs of sync maps and sets: they change a key only if it has what they ask for, or to a value that
// depends on what it has.
//
// User code runs without a lock: such a verb looks first, and then changes the chain only if it finds what it has seen,
// else it looks again.
#ifndef EVAC_DETAIL_LOCKFREE_CONDITIONAL_VERBS_HPP
#define EVAC_DETAIL_LOCKFREE_CONDITIONAL_VERBS_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/guards.hpp"
#include "evac/detail/lockfree/sync_table.hpp"
#include "evac/detail/lockfree/walk.hpp"
#include "evac/update.hpp"

namespace evac::inline EVAC_ABI::detail::verbs {

/// The change that a verb wants, once it has seen what a key has.
template <class Table>
struct change {
  bool wanted = true;                             // false: leave the key as it is
  typename Table::fresh_type* desired = nullptr;  // null: remove it
};

/// Gives a key the element `desired`, or none if that is null, if the key still has what was seen. Returns whether it
/// had.
template <class Table, class K>
bool change_if_same(Table& table, epoch_record& own, const typename Table::sighting& seen, const K& key,
                    std::size_t hash, typename Table::fresh_type* desired) {
  if (!seen.there) {
    return desired == nullptr || table.insert_as_seen(own, seen, *desired) ||
           !table.put_if_absent(own, detail::hand_over(*desired), hash).has_value();
  }
  const auto same = [&](const auto& there) { return Table::storage::same(there, seen.home.element); };
  if (desired == nullptr) return table.erase_as_seen(own, seen, same) || table.erase_if(own, key, hash, same);
  return table.replace_as_seen(own, seen, *desired, same) ||
         table.replace_if(own, detail::hand_over(*desired), hash, same);
}
/// Calls decide(element of the key, if it has one), without a lock, until the change that it returns meets the same
/// element, or is not wanted; returns whether it was wanted.
template <class Table, class K, class Decide>
bool look_and_change(Table& table, epoch_record& own, const K& key, std::size_t hash, const Decide& decide) {
  for (;;) {
    const auto seen = table.look_for(own, key, hash);
    const change<Table> next = decide(seen.element());
    if (!next.wanted) return false;
    if (verbs::change_if_same(table, own, seen, key, hash, next.desired)) return true;
  }
}

/// Returns the value that was replaced. It is copied before anything changes, since a copy may throw; and here, where
/// the copy to the caller is elided.
template <class T, class Table, class K, class V>
std::optional<T> swap(Table& table, K&& key, V&& value) {
  const std::size_t hash = table.hash_of(key);
  typename Table::fresh_type fresh(table.allocator(), hash, std::forward<K>(key), std::forward<V>(value));
  const write_guard inside(table.core(), Table::retired_bytes);
  std::optional<T> before;
  verbs::look_and_change(table, inside.own, fresh.key(), hash, [&](const auto& current) -> change<Table> {
    before.reset();
    if (current.has_value()) before.emplace(Table::storage::value(*current));
    return {.desired = std::addressof(fresh)};
  });
  return before;
}
template <class Table, class K, class T, class V>
bool compare_and_swap(Table& table, const K& key, const T& expected, V&& desired) {
  const std::size_t hash = table.hash_of(key);
  const write_guard inside(table.core(), Table::retired_bytes);
  std::optional<typename Table::fresh_type> fresh;
  return verbs::look_and_change(table, inside.own, key, hash, [&](const auto& current) -> change<Table> {
    if (!current.has_value() || !(Table::storage::value(*current) == expected)) return {.wanted = false};
    if (!fresh.has_value()) fresh.emplace(table.allocator(), hash, key, std::forward<V>(desired));
    return {.desired = std::addressof(*fresh)};
  });
}
template <class Table, class K, class T>
bool compare_and_delete(Table& table, const K& key, const T& expected) {
  const std::size_t hash = table.hash_of(key);
  const write_guard inside(table.core(), Table::retired_bytes);
  return verbs::look_and_change(table, inside.own, key, hash, [&](const auto& current) -> change<Table> {
    return {.wanted = current.has_value() && Table::storage::value(*current) == expected};
  });
}
/// Returns the value that was removed; see swap().
template <class T, class Table, class K>
std::optional<T> load_and_delete(Table& table, const K& key) {
  const std::size_t hash = table.hash_of(key);
  const write_guard inside(table.core(), Table::retired_bytes);
  std::optional<T> value;
  verbs::look_and_change(table, inside.own, key, hash, [&](const auto& current) -> change<Table> {
    value.reset();
    if (current.has_value()) value.emplace(Table::storage::value(*current));
    return {.wanted = current.has_value()};
  });
  return value;
}
/// Removes a key if predicate(element) is true for what it has; the predicate may be asked again. Returns whether it
/// did.
template <class Table, class K, class Predicate>
bool erase_if(Table& table, epoch_record& own, const K& key, std::size_t hash, const Predicate& predicate) {
  return verbs::look_and_change(table, own, key, hash, [&](const auto& current) -> change<Table> {
    return {.wanted = current.has_value() && predicate(*current)};
  });
}
/// The same by the value.
template <class Table, class K, class Predicate>
bool erase_if(Table& table, const K& key, Predicate& predicate) {
  const std::size_t hash = table.hash_of(key);
  const write_guard inside(table.core(), Table::retired_bytes);
  return verbs::erase_if(table, inside.own, key, hash, [&](const auto& element) -> bool {
    const auto& value = Table::storage::value(element);
    return static_cast<bool>(predicate(value));
  });
}
/// Removes the elements for which predicate(element) is true, one by one, on a walk. Returns how many it removed.
/// Outside of the domain, now and then, it waits for room, as other writes do.
template <class Table, class Predicate>
std::size_t erase_matching(Table& table, const Predicate& predicate) {
  using storage = typename Table::storage;
  std::size_t erased = 0;
  const auto erase = [&](auto asked, epoch_record& own) {
    bool matches = predicate(asked);
    if (!matches) return true;
    const auto still = [&](const auto& now) {
      if (!storage::same(now, asked)) matches = predicate(asked = now);
      return matches;
    };
    const auto& key = storage::key(asked);
    if (verbs::erase_if(table, own, key, table.hash_of(key), still)) ++erased;
    return true;
  };
  detail::walk_elements(table, erase, [&](epoch_record& own) {
    if (Table::retired_bytes != 0) table.core().make_room(own, Table::retired_bytes);
    table.core().collect_some(own);
  });
  return erased;
}

// --- update ----------------------------------------------------------------------------------------------------------

/// Gives a key the element `desired`, or none, if it still has the one that was kept, or none. Returns whether it had.
template <class Table, class K, class Kept>
bool change_if_kept(Table& table, const K& key, std::size_t hash, const Kept& kept,
                    typename Table::fresh_type* desired) {
  const std::optional<typename Table::slot_value>& before = kept.get();
  if (desired == nullptr && !before.has_value()) return true;
  const write_guard inside(table.core(), Table::retired_bytes);
  const auto seen = table.look_for(inside.own, key, hash);
  if (seen.there != before.has_value()) return false;
  if (seen.there && !Table::storage::same(seen.home.element, *before)) return false;
  return verbs::change_if_same(table, inside.own, seen, key, hash, desired);
}
/// The loop of look_and_change() around f, which runs outside of the domain: it may take long, and wait for other
/// threads' writes. The element that it has been shown is held meanwhile.
template <class T, class Table, class K, class F>
update_result<F, T> update(Table& table, const K& key, F& f) {
  using storage = typename Table::storage;
  const std::size_t hash = table.hash_of(key);
  for (;;) {
    const auto kept = [&] {
      const read_guard inside(table.core());
      return kept_element<storage, typename Table::allocator_type>(table.allocator(),
                                                                   table.look_for(inside.own, key, hash).element());
    }();
    answer_of<F, T> answer = detail::call_within_update(table, key, hash, [&] {
      if (!kept.get().has_value()) return detail::ask<T>(f, nullptr);
      const auto& value = storage::value(*kept.get());
      return detail::ask<T>(f, std::addressof(value));
    });
    const auto store = [&](auto&& value) {
      typename Table::fresh_type fresh(table.allocator(), hash, key, std::forward<decltype(value)>(value));
      return verbs::change_if_kept(table, key, hash, kept, std::addressof(fresh));
    };
    const auto erase = [&] { return verbs::change_if_kept(table, key, hash, kept, nullptr); };
    if constexpr (answers<F, T>()) {
      if (answer.keeps()) return update_outcome::kept;
      std::optional<T>&& after = std::move(answer).value();
      if (after.has_value()) {
        if (store(*std::move(after))) return update_outcome::stored;
      } else if (erase()) {
        return kept.get().has_value() ? update_outcome::erased : update_outcome::kept;
      }
    } else if (answer.has_value() ? store(std::as_const(*answer)) : erase()) {
      return answer;
    }
  }
}

}  // namespace evac::inline EVAC_ABI::detail::verbs

#endif
