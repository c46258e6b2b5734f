// One home bucket with its overflow buckets, filled by hand, for tests of the steps on a chain.
#ifndef EVAC_TESTS_SUPPORT_ONE_CHAIN_HPP
#define EVAC_TESTS_SUPPORT_ONE_CHAIN_HPP

#include <cstddef>
#include <evac/detail/table/chain.hpp>
#include <memory>
#include <new>
#include <set>

#include "support/allocators.hpp"
#include "support/catch.hpp"

namespace evac_test {

/// The chains of a set of Key, which is made of an int.
template <class Key>
struct chain_kind {
  using elements = evac::detail::set_elements<Key>;
  using allocator = counting_allocator<Key>;
  using ops = evac::detail::chain_ops<elements, allocator>;
  using layout = typename ops::layout;
  using pool = typename ops::pool;

  [[nodiscard]] static int number(const Key& key) { return static_cast<int>(key); }
  /// Few, so that keys share tags.
  [[nodiscard]] static evac::detail::tag_t tag(int key) { return static_cast<evac::detail::tag_t>(1 + key % 3); }
};
template <>
[[nodiscard]] inline int chain_kind<tracked>::number(const tracked& key) {
  return key.value();
}

/// The memory that several chains share.
template <class Key>
struct chain_room {
  using kind = chain_kind<Key>;
  chain_room() = default;
  chain_room(const chain_room&) = delete;
  chain_room& operator=(const chain_room&) = delete;
  ~chain_room() { overflow.release(allocator); }

  [[nodiscard]] typename kind::ops::context work(evac::detail::slot_ref* watched = nullptr) {
    return {allocator, overflow, moves, watched};
  }
  typename kind::allocator allocator;
  typename kind::pool overflow;
  std::size_t moves = 0;
};

template <class Key>
class one_chain {
  using kind = chain_kind<Key>;
  using ops = typename kind::ops;
  using layout = typename kind::layout;
  using bucket = evac::detail::bucket;
  using slot_ref = evac::detail::slot_ref;

 public:
  explicit one_chain(chain_room<Key>& room) : room_(room) { ::new (memory_) bucket{}; }
  one_chain(const one_chain&) = delete;
  one_chain& operator=(const one_chain&) = delete;
  ~one_chain() {
    for (bucket* where = head(); where != nullptr; where = where->overflow) {
      for (auto taken = where->tags.occupied(); taken; taken.drop_first()) {
        ops::slot_ops::destroy(room_.allocator, layout::slot(where, taken.first()));
      }
    }
    while (bucket* const gone = head()->overflow) {
      head()->overflow = gone->overflow;
      room_.overflow.give_back(gone);
    }
  }

  [[nodiscard]] bucket* head() { return std::launder(reinterpret_cast<bucket*>(memory_)); }
  [[nodiscard]] slot_ref find(int key) {
    const std::size_t hash = std::size_t{kind::tag(key)} << evac::detail::tag_shift;
    return ops::find(head(), hash, [&](const Key& stored) { return kind::number(stored) == key; });
  }
  slot_ref insert(int key) {
    return ops::construct(
        head(), kind::tag(key),
        [&](void* slot) { ops::slot_ops::construct(room_.allocator, slot, static_cast<Key>(key)); }, room_.allocator,
        room_.overflow);
  }
  void insert(int from, int to) {
    for (int key = from; key < to; ++key) insert(key);
  }
  /// Whether the chain is empty then.
  bool erase(int key) {
    const slot_ref at = find(key);
    ops::slot_ops::destroy(room_.allocator, layout::slot(at.where, at.index));
    return ops::vacate(head(), at, room_.overflow);
  }

  [[nodiscard]] std::set<int> keys() {
    std::set<int> all;
    for (bucket* where = head(); where != nullptr; where = where->overflow) {
      for (auto taken = where->tags.occupied(); taken; taken.drop_first()) {
        const int key = kind::number(ops::slot_ops::element(layout::slot(where, taken.first())));
        CHECK(all.insert(key).second);
        CHECK(where->tags.tag(taken.first()) == kind::tag(key));  // C1
      }
    }
    return all;
  }
  [[nodiscard]] std::size_t overflow_buckets() {
    std::size_t count = 0;
    for (const bucket* where = head()->overflow; where != nullptr; where = where->overflow) ++count;
    return count;
  }
  /// C2 and C3, and that every key is found.
  void require_valid() {
    evac::detail::tag_word filter(0);
    for (bucket* where = head()->overflow; where != nullptr; where = where->overflow) {
      CHECK_FALSE(where->tags.no_slot_occupied());
      for (auto taken = where->tags.occupied(); taken; taken.drop_first()) {
        filter.add_to_filter(where->tags.tag(taken.first()));
      }
    }
    for (unsigned tag = 1; tag < 9; ++tag) {
      const auto each = static_cast<evac::detail::tag_t>(tag);
      CHECK(head()->tags.may_overflow(each) == filter.may_overflow(each));
    }
    for (const int key : keys()) CHECK(find(key).where != nullptr);
  }

 private:
  chain_room<Key>& room_;
  alignas(evac::detail::line_pair) std::byte memory_[layout::home_bytes()];
};

}  // namespace evac_test

#endif
