// Transfers of elements from one container into another: table by table where both have as many shards, else one by
// one, each copied or moved exactly once.
//
// A source is a number of tables: anything with count() and table(index), such as a state_guard. A target has no
// elements and is known to this thread only. Everything here runs under the locks of the containers that the sources
// belong to.
#ifndef EVAC_DETAIL_SHARDED_TRANSFER_HPP
#define EVAC_DETAIL_SHARDED_TRANSFER_HPP

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/sharded/sharded_state.hpp"

namespace evac::inline EVAC_ABI::detail {

/// The tables of a state or of a container of one owner, which is a single one.
template <class Policy, class Mutex>
[[nodiscard]] std::size_t table_count(const sharded_state<Policy, Mutex>& of) noexcept {
  return of.shards.size();
}
template <class Policy, class Mutex>
[[nodiscard]] std::size_t table_index(const sharded_state<Policy, Mutex>& of, std::size_t hash) noexcept {
  return of.shards.index_of(hash);
}
template <class Policy, class Mutex>
[[nodiscard]] table<Policy>& table_at(sharded_state<Policy, Mutex>& of, std::size_t index) noexcept {
  return of.own_table(index);
}
template <class Policy>
[[nodiscard]] std::size_t table_count(const table<Policy>&) noexcept {
  return 1;
}
template <class Policy>
[[nodiscard]] std::size_t table_index(const table<Policy>&, std::size_t) noexcept {
  return 0;
}
template <class Policy>
[[nodiscard]] table<Policy>& table_at(table<Policy>& of, std::size_t) noexcept {
  return of;
}

/// The key of an element in a table, and the room that it has there.
template <class Policy>
[[nodiscard]] const auto& key_at(const table<Policy>& of, position at) noexcept {
  return Policy::key(of.element(at));
}
template <class Policy>
[[nodiscard]] void* slot_at(const table<Policy>&, position at) noexcept {
  return table<Policy>::chains::layout::slot(at.where, at.index);
}

/// One table as a source.
template <class Table>
struct single_source {
  Table& only;
  [[nodiscard]] std::size_t count() const noexcept { return 1; }
  [[nodiscard]] Table& table(std::size_t) const noexcept { return only; }
};

/// Calls visit(table, position) for every element of a source; visit may take the element out.
template <class Source, class Visit>
void for_each_position(const Source& source, const Visit& visit) {
  for (std::size_t i = 0; i < source.count(); ++i) {
    auto& from = source.table(i);
    for (position at = from.first(); at.where != nullptr;) {
      const position next = from.next(at);
      visit(from, at);
      at = next;
    }
  }
}

/// While it lives, a target has room for all elements of a source, however their hashes fall: what is placed there
/// stays where it is, and moves nothing. Each element is hashed once for that.
template <class Target>
class room_for {
 public:
  template <class Source>
  room_for(Target& to, const Source& source) : to_(to) {
    std::vector<std::size_t> wanted(table_count(to));
    for_each_position(source, [&](auto& from, position at) {
      const std::size_t hash = table_at(to, 0).hash_of(key_at(from, at));
      ++wanted[table_index(to, hash)];
    });
    for (std::size_t i = 0; i < wanted.size(); ++i) table_at(to, i).reserve(wanted[i]);
  }
  room_for(const room_for&) = delete;
  room_for& operator=(const room_for&) = delete;
  ~room_for() { withdraw(); }

  /// Ends the promise, before the target's tables go elsewhere: from now on they shrink with their contents.
  void withdraw() noexcept {
    for (std::size_t i = 0; promised_ && i < table_count(to_); ++i) table_at(to_, i).withdraw_promise();
    promised_ = false;
  }

 private:
  Target& to_;
  bool promised_ = true;
};

/// Moves all elements of a source into a target in two steps: the constructor finds a slot for each, which may fail and
/// then has changed nothing; move_all() fills them, and cannot fail. In between the target's slots are taken and hold
/// nothing: it must not be used. Two hashes for each element. The allocators must be equal when move_all() is called.
template <class Target>
class prepared_move {
 public:
  template <class Source>
  prepared_move(Target& to, const Source& source) : to_(to), room_(to, source) {
    EVAC_TRY {
      for_each_position(source, [&](auto& from, position at) {
        const std::size_t hash = table_at(to_, 0).hash_of(key_at(from, at));
        table_at(to_, table_index(to_, hash)).place(hash, [&](void* slot) { slots_.push_back(slot); });
      });
    }
    EVAC_CATCH_ALL {
      vacate();
      EVAC_RETHROW;
    }
  }
  prepared_move(const prepared_move&) = delete;
  prepared_move& operator=(const prepared_move&) = delete;
  ~prepared_move() {
    if (!moved_) vacate();
  }

  template <class Source>
  void move_all(const Source& source) noexcept {
    auto slot = slots_.begin();
    auto& allocator = table_at(to_, 0).allocator();
    for_each_position(source, [&](auto& from, position at) {
      std::remove_reference_t<decltype(from)>::slot_ops::relocate(allocator, *slot++, slot_at(from, at));
      from.forget(at);
    });
    moved_ = true;
    room_.withdraw();
  }

 private:
  // Slots that hold nothing must not be destroyed as elements.
  void vacate() noexcept {
    for (std::size_t i = 0; i < table_count(to_); ++i) {
      auto& table = table_at(to_, i);
      for (position at = table.first(); at.where != nullptr;) {
        const position next = table.next(at);
        table.forget(at);
        at = next;
      }
    }
  }

  Target& to_;
  room_for<Target> room_;
  std::vector<void*> slots_;
  bool moved_ = false;
};

/// Copies all elements of a source into a target with copy(slot, element).
template <class State, class Source, class Copy>
void copy_all(State& to, const Source& source, const Copy& copy) {
  if (source.count() == to.shards.size()) {
    for (std::size_t i = 0; i < source.count(); ++i) to.own_table(i).clone(source.table(i), copy);
    return;
  }
  const room_for in_time(to, source);
  for_each_position(source, [&](auto& from, position at) {
    auto& element = from.element(at);
    const std::size_t hash = to.functors.hash_of(State::policy::key(element));
    to.own_table_of(hash).place(hash, [&](void* slot) { copy(slot, element); });
  });
}
template <class State, class Source>
void copy_all(State& to, const Source& source) {
  copy_all(to, source, [&](void* slot, const typename State::value_type& from) {
    State::slot_ops::construct(to.functors.allocator, slot, from);
  });
}
/// The same by moves, for memory that is not interchangeable. The source is empty afterwards, also if a move throws:
/// its keys may be moved-from then.
template <class State, class Source>
void move_each(State& to, const Source& source) {
  struct emptied_at_exit {
    const Source& tables;
    ~emptied_at_exit() {
      for (std::size_t i = 0; i < tables.count(); ++i) tables.table(i).release();
    }
  } const guard{source};
  copy_all(to, source, [&](void* slot, typename State::value_type& from) {
    using slot_ops = typename State::slot_ops;
    slot_ops::construct(to.functors.allocator, slot, std::move(slot_ops::movable(from)));
  });
}

/// Moves over every element of a source whose key is not in a state that the caller holds; returns how many. The
/// allocators must be equal. If a hash throws, what has not been moved stays in the source.
template <class State, class Source>
std::size_t absorb(State& to, const Source& source) {
  std::size_t moved = 0;
  for (std::size_t i = 0; i < source.count(); ++i) {
    moved += absorb(source.table(i), to.functors, [&](std::size_t hash) -> auto& { return to.own_table_of(hash); });
  }
  return moved;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
