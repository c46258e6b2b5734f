// State of a cache: shards with the table and the lock of a sharded map, and beside each the order of its elements
// (sieve_order.hpp); and the steps by which elements come and go, under the lock of their shard.
//
// Invariants, beside S4, S6 and S7 of sharded_state.hpp
//   K1  an element has a place, and the name there is its own
//   K2  a shard has at most its part of the capacity, but for one element for each thread that has just put it in, and for
//       what set_capacity() has left to later calls
//   K3  an element that leaves is told to the listener once, and then destroyed, when no lock is held and no call is marked:
//       `departures` are declared before the marks and guards
#ifndef EVAC_DETAIL_CACHE_CACHE_STATE_HPP
#define EVAC_DETAIL_CACHE_CACHE_STATE_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "evac/counters.hpp"
#include "evac/detail/cache/access_counts.hpp"
#include "evac/detail/cache/cached.hpp"
#include "evac/detail/cache/departures.hpp"
#include "evac/detail/cache/sieve_order.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/detached_element.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"
#include "evac/detail/sync/watched.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
struct cache_state : watched, reentry_check {
  using elements = map_elements<Key, cached<T>>;
  using value_type = typename elements::value_type;
  using allocator_type = typename std::allocator_traits<Allocator>::template rebind_alloc<value_type>;
  using policy = detail::policy<elements, Hash, KeyEqual, allocator_type, shares_functors>;
  using functors_type = typename policy::functors_type;
  using array = shard_array<policy, Mutex>;
  using shard_type = typename array::shard_type;
  using table_type = table<policy>;
  using slot_ops = typename table_type::slot_ops;
  using layout = typename table_type::chains::layout;
  using order_type = sieve_order<allocator_type>;
  using listener_type = std::function<void(const Key&, T&, removal_cause)>;
  template <access>
  using visited = const value_type;

  /// What a shard has beside its table, under its lock.
  struct alignas(line_pair) companion {
    explicit companion(const allocator_type& allocator) : order(allocator) {}
    order_type order;
    std::size_t part = 0;  // of the capacity
    relaxed_cell<std::size_t> left[removal_causes] = {relaxed_cell<std::size_t>(0), relaxed_cell<std::size_t>(0),
                                                      relaxed_cell<std::size_t>(0), relaxed_cell<std::size_t>(0)};
  };

  class companion_array {
   public:
    companion_array(const allocator_type& allocator, std::size_t count) : companion_array(allocator, count, 0) {
      for (; made_ != count; ++made_) std::construct_at(begin() + made_, allocator);
    }
    companion_array(const companion_array&) = delete;
    companion_array& operator=(const companion_array&) = delete;
    ~companion_array() {
      std::destroy_n(begin(), made_);
      traits::deallocate(memory_, begin_, room_);
    }
    [[nodiscard]] companion* begin() const noexcept { return std::to_address(begin_); }
    [[nodiscard]] companion* end() const noexcept { return begin() + made_; }
    [[nodiscard]] EVAC_ALWAYS_INLINE companion& operator[](std::size_t index) const noexcept { return begin()[index]; }

   private:
    using traits = typename std::allocator_traits<allocator_type>::template rebind_traits<companion>;
    // Without any, so that the destructor takes back what has been made when one throws.
    companion_array(const allocator_type& allocator, std::size_t room, std::size_t made)
        : memory_(allocator), begin_(traits::allocate(memory_, room)), room_(room), made_(made) {}
    typename traits::allocator_type memory_;
    typename traits::pointer begin_;
    std::size_t room_;
    std::size_t made_;
  };

  /// Elements that leave by a call for one key: one that is replaced or refused, or that makes room, and one more while the shard
  /// has too many.
  using departed = departures<cache_state, 2>;

  cache_state(std::size_t most, listener_type told, std::size_t shard_count, const Hash& hash, const KeyEqual& equal,
              const Allocator& allocator)
      : functors(hash, equal, allocator_type(allocator)),
        shards(functors, shard_count),
        companions(functors.allocator, shards.size()),
        listener(std::move(told)),
        capacity(most) {
    functors.container = this;
    check_capacity(most);
    for (std::size_t i = 0; i != shards.size(); ++i) companions[i].part = part_of(i, most);
  }
  cache_state(const cache_state&) = delete;
  cache_state& operator=(const cache_state&) = delete;
  ~cache_state() = default;

  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t total = 0;
    for (const auto& each : shards) total += each.size();
    return total;
  }
  /// The part of a shard. All have equal ones, but for a rest.
  [[nodiscard]] std::size_t part_of(std::size_t index, std::size_t most) const noexcept {
    return most / shards.size() + (index < most % shards.size() ? 1 : 0);
  }
  void check_capacity(std::size_t most) const {
    if (most / shards.size() >= order_type::most_elements) throw_length_error("evac: a cache of too few shards");
  }

  functors_type functors;
  [[no_unique_address]] mutable no_mutex hash_mutex;  // the hash never changes
  array shards;
  companion_array companions;  // as many
  listener_type listener;
  mutable access_counts accesses;
  atomic<std::size_t> capacity;  // relaxed: the parts decide
  std::mutex resizing;           // held while parts are changed
};

/// The element of a place, as the order sees it.
template <class State>
struct cache_candidate {
  position at;
  bool kept;  // by the call itself

  [[nodiscard]] auto& value() const noexcept { return State::table_type::element(at).second; }
  [[nodiscard]] bool stays(bool hand_is_tired) const noexcept {
    return kept || (value().is_marked() && !hand_is_tired);
  }
  void move_to(std::uint32_t place) const noexcept { value().mark = place; }
  void keep_mark_at(std::uint32_t place) const noexcept {
    value().mark = place | (value().mark & std::remove_reference_t<decltype(value())>::found);
  }
};
template <class State>
[[nodiscard]] auto look_into(const typename State::table_type& table, position kept = {}) noexcept {
  return [&table, kept](std::uint32_t place, std::uint32_t name) noexcept {
    const std::size_t hash = hash_like(name);
    const auto chain = table.chain_of(hash);
    const auto is_there = [&](const typename State::value_type& element) { return element.second.place() == place; };
    const position at(State::table_type::chains::find(chain.head, hash, is_there), chain.home);
    return cache_candidate<State>{at, at.where == kept.where && at.index == kept.index};
  };
}

/// Takes an element out of the cache, which its order does not know any more.
template <class State, class Departed>
void leave(typename State::table_type& table, position at, removal_cause cause, typename State::companion& beside,
           Departed& gone) noexcept {
  gone.take(State::layout::slot(at.where, at.index), cause, beside);
  table.forget(at);
}

/// Lets the element go that the hand takes, but not the one that is kept. After make_room() of the order.
template <class State, class Departed>
EVAC_ALWAYS_INLINE void evict(typename State::table_type& table, position kept, typename State::companion& beside,
                              Departed& gone) noexcept {
  leave<State>(table, beside.order.take(look_into<State>(table, kept)).at, removal_cause::size, beside, gone);
}
/// The same where a shard has more elements than set_capacity() allows, until it fits or there is no more room in `gone`.
template <class State, class Departed>
EVAC_NEVER_INLINE void shed(typename State::table_type& table, position kept, typename State::companion& beside,
                            Departed& gone) noexcept {
  while (table.size() > beside.part && gone.room() != 0) evict<State>(table, kept, beside, gone);
}

/// Gives a key that is not here its element, which construct(slot) builds, and makes room for it. Strong guarantee.
template <class State, class Construct>
void admit(typename State::table_type& table, std::size_t hash, const Construct& construct,
           typename State::companion& beside, typename State::departed& gone) {
  beside.order.make_room();
  const position at = table.place(hash, construct);
  // Its mark says no_place: no name leads to it while others are looked for.
  if (table.size() > beside.part) {
    evict<State>(table, {}, beside, gone);
    if (table.size() > beside.part) [[unlikely]]
      shed<State>(table, {}, beside, gone);
  }
  beside.order.tidy(table.size(), look_into<State>(table));
  State::table_type::element(at).second.mark = beside.order.add(name_of(hash));
}

/// A shard without room for an element does not keep it.
template <class State, class Detached>
void refuse(Detached& fresh, typename State::companion& beside, typename State::departed& gone) noexcept {
  alignas(State::slot_ops::alignment()) std::byte between[State::slot_ops::size()];
  fresh.release_to(between);
  gone.take(between, removal_cause::size, beside);
}

template <class State>
[[nodiscard]] cache_counters collect_cache_counters(const State& state) noexcept {
  cache_counters all;
  all.size = state.size();
  all.capacity = state.capacity.load(relaxed);  // relaxed: a recent number
  all.hits = state.accesses.hits();
  all.misses = state.accesses.misses();
  all.loads = state.accesses.loads();
  all.load_failures = state.accesses.load_failures();
  all.load_time = state.accesses.load_time();
  for (const auto& each : state.companions) {
    const auto left_by = [&](removal_cause cause) -> std::size_t { return each.left[static_cast<std::size_t>(cause)]; };
    all.evicted += left_by(removal_cause::size);
    all.replaced += left_by(removal_cause::replaced);
    all.erased += left_by(removal_cause::erased);
    all.cleared += left_by(removal_cause::cleared);
  }
  return all;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
