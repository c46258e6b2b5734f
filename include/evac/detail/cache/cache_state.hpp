// State of a cache: shards with the table and the lock of a sharded map, and beside each the order of its elements
// (sieve_order.hpp). cache_steps.hpp has the steps by which these come and go.
//
// Invariants, beside S4, S6 and S7 of sharded_state.hpp
//   K1  an element has a place, and the name there is its own
//   K2  a shard weighs at most its part of the capacity, but for one element for each thread that has just put it in,
//       and for what set_capacity() has left to later calls. In a cache that does not weigh, each element weighs 1
//   K3  an element that leaves is told to the listener once, and then destroyed, when no lock is held and no call is
//       marked: `departures` are declared before the marks and guards
#ifndef EVAC_DETAIL_CACHE_CACHE_STATE_HPP
#define EVAC_DETAIL_CACHE_CACHE_STATE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "evac/counters.hpp"
#include "evac/detail/cache/cached.hpp"
#include "evac/detail/cache/departures.hpp"
#include "evac/detail/cache/load_counts.hpp"
#include "evac/detail/cache/sieve_order.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/detached_element.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/lookup_counts.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"
#include "evac/detail/sync/watched.hpp"
#include "evac/detail/table/scan.hpp"
#include "evac/fwd.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Weigher, class Clock, class Mutex>
struct cache_state : watched, reentry_check {
  static constexpr bool weighed = !std::is_same_v<Weigher, one_each>;
  static constexpr bool timed = !std::is_same_v<Clock, no_clock>;
  struct no_terms {};
  /// How long an element stays.
  using terms_type = std::conditional_t<timed, expiry, no_terms>;

  using mapped_type = T;
  using elements = map_elements<Key, cached<T, weighed, timed>>;
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

  /// Companion of a shard's table, under the same lock.
  struct alignas(line_pair) companion {
    explicit companion(const allocator_type& allocator) : order(allocator) {}
    order_type order;
    std::size_t part = 0;                 // of the capacity
    relaxed_cell<std::size_t> weight{0};  // of all elements; 0 in a cache that does not weigh
    scan_position swept;                  // how far the search for elements that are over has come
    relaxed_cell<std::size_t> left[removal_causes] = {relaxed_cell<std::size_t>(0), relaxed_cell<std::size_t>(0),
                                                      relaxed_cell<std::size_t>(0), relaxed_cell<std::size_t>(0),
                                                      relaxed_cell<std::size_t>(0)};
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

  /// Elements that leave by a call for one key, under one lock: one that is replaced or refused, or that makes room,
  /// and one more while the shard has too many. A heavy element takes the room of several, and some may be over.
  static constexpr std::size_t most_departed = weighed || timed ? 8 : 2;
  using departed = departures<cache_state, most_departed>;

  cache_state(std::size_t most, std::size_t shard_count, const terms_type& usual_terms, listener_type told,
              const Weigher& a_weigher, const Hash& hash, const KeyEqual& equal, const Allocator& allocator)
      : functors(hash, equal, allocator_type(allocator)),
        shards(functors, shard_count),
        companions(functors.allocator, shards.size()),
        listener(std::move(told)),
        weigher(a_weigher),
        usual(usual_terms),
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
  /// The part of a shard. All have equal ones, but for a rest; none is so large that the sum of weights could overflow.
  [[nodiscard]] std::size_t part_of(std::size_t index, std::size_t most) const noexcept {
    constexpr std::size_t most_weight = (std::numeric_limits<std::size_t>::max)() >> 16U;
    return (std::min)(most / shards.size() + (index < most % shards.size() ? 1 : 0), most_weight);
  }
  void check_capacity(std::size_t most) const {
    if (!weighed && most / shards.size() >= order_type::most_elements) {
      throw_length_error("evac: a cache of too few shards");
    }
  }
  /// The clock's time in nanoseconds, at most the one before `never`; 0 where there is no clock.
  [[nodiscard]] static std::int64_t now() noexcept {
    if constexpr (timed) {
      const std::int64_t time =
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
      return (std::min)(time, lifetime<true>::never - 1);
    } else {
      return 0;
    }
  }
  /// Has an element weighed that is not in the cache yet.
  void weigh(value_type& element) const {
    if constexpr (weighed) {
      element.second.weight.value = (std::max)(
          static_cast<std::size_t>(weigher(element.first, std::as_const(element.second.value))), std::size_t{1});
    }
  }
  static void begin_life(value_type& element, std::int64_t now, const terms_type& terms) noexcept {
    if constexpr (timed) element.second.life.begin(now, terms);
  }
  /// Of an element that is there, by a call that looks for it.
  static void note_found(const value_type& element, std::int64_t now) noexcept {
    element.second.note_found();
    if constexpr (timed) element.second.life.note_found(now);
  }
  [[nodiscard]] static std::size_t weight_of(const value_type& element) noexcept { return element.second.weight.value; }
  /// Of all elements of a shard.
  [[nodiscard]] static std::size_t weight_in(const table_type& table, const companion& beside) noexcept {
    return weighed ? std::size_t{beside.weight} : table.size();
  }
  [[nodiscard]] static bool is_too_full(const table_type& table, const companion& beside) noexcept {
    return weight_in(table, beside) > beside.part || (weighed && table.size() > order_type::most_elements);
  }
  [[nodiscard]] std::size_t memory_usage() const noexcept {
    std::size_t bytes = 0;
    for (const auto& each : shards) bytes += each.counters().total_bytes();
    for (const companion& each : companions) bytes += each.order.bytes();
    return bytes;
  }
  [[nodiscard]] std::size_t weight() const noexcept {
    if constexpr (!weighed) return size();
    std::size_t total = 0;
    for (const companion& each : companions) total += each.weight;
    return total;
  }

  functors_type functors;
  [[no_unique_address]] mutable no_mutex hash_mutex;  // the hash never changes
  array shards;
  [[no_unique_address]] no_lookup_counts lookups;  // a look-up finds elements that are over, too; `requests` do not
  companion_array companions;                      // as many
  listener_type listener;
  [[no_unique_address]] Weigher weigher;
  [[no_unique_address]] terms_type usual;  // of elements that are put in without others
  lookup_counts requests;
  load_counts loads;
  atomic<std::size_t> capacity;       // relaxed: the parts decide
  std::mutex resizing;                // held while parts are changed
  atomic<std::size_t> next_swept{0};  // the shard that sweep() comes to next; relaxed: any will do
};

template <class State>
[[nodiscard]] cache_counters collect_cache_counters(const State& state) noexcept {
  cache_counters all;
  all.size = state.size();
  all.weight = state.weight();
  all.capacity = state.capacity.load(relaxed);  // relaxed: a recent number
  all.hits = state.requests.hits();
  all.misses = state.requests.misses();
  all.loads = state.loads.loads();
  all.load_failures = state.loads.failures();
  all.load_time = state.loads.time();
  for (const auto& each : state.companions) {
    const auto left_by = [&](removal_cause cause) -> std::size_t { return each.left[static_cast<std::size_t>(cause)]; };
    all.evicted += left_by(removal_cause::size);
    all.expired += left_by(removal_cause::expired);
    all.replaced += left_by(removal_cause::replaced);
    all.erased += left_by(removal_cause::erased);
    all.cleared += left_by(removal_cause::cleared);
  }
  return all;
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
