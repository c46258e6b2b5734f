// State of a cache, and the steps of its verbs: shards with the table and the lock of a sharded map, and beside each the order
// of its elements (sieve_order.hpp).
//
//   element   key | value | mark: found since the hand came by, 1 bit; place in the order, 31 bits
//
// Invariants, beside S4, S6 and S7 of sharded_state.hpp
//   K1  an element has a place, and the name there is its own
//   K2  a shard has at most its part of the capacity, but for one element while the lock is held
//   K3  an element that leaves is told to the listener once, and then destroyed, when no lock is held and no call is marked:
//       `departed` is declared before the marks and guards
#ifndef EVAC_DETAIL_CACHE_CACHE_STATE_HPP
#define EVAC_DETAIL_CACHE_CACHE_STATE_HPP

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "evac/detail/cache/sieve_order.hpp"
#include "evac/detail/config.hpp"
#include "evac/detail/face/detached_element.hpp"
#include "evac/detail/sharded/keyed.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/relaxed_cell.hpp"
#include "evac/detail/sync/thread_board.hpp"
#include "evac/detail/sync/watched.hpp"

namespace evac::inline EVAC_ABI {

/// Why an element has left a cache.
enum class removal_cause : unsigned char {
  size,      ///< another one needed the room
  replaced,  ///< put() has given its key another value
  erased,    ///< by erase()
  cleared,   ///< by clear()
};
inline constexpr std::size_t removal_causes = 4;

namespace detail {

/// A value as a cache keeps it.
template <class T>
struct cached {
  static constexpr std::uint32_t marked = 0x80000000U;

  // T(...): what a user converts is converted without a warning here, as in a std::pair.
  template <class... Args>
  explicit cached(std::in_place_t, Args&&... args) : value(T(std::forward<Args>(args)...)) {}

  /// By readers side by side: all of them store the same, for places are changed under the exclusive lock only.
  EVAC_ALWAYS_INLINE void note_found() const noexcept {
    const atomic_ref<std::uint32_t> shared(mark);
    // relaxed, both: a hint, ordered by the lock where it counts
    if (const std::uint32_t seen = shared.load(relaxed); (seen & marked) == 0) shared.store(seen | marked, relaxed);
  }

  T value;
  mutable std::uint32_t mark = 0;
};

/// Counts of threads, in lines that few threads share.
class access_counts {
 public:
  void count(bool hit) noexcept {
    stripe& mine = stripes_[thread_board::hash_of_this_thread() % stripe_count];
    (hit ? mine.hits : mine.misses).fetch_add(1, relaxed);  // relaxed: a count that orders nothing
  }
  // relaxed, both: recent numbers
  [[nodiscard]] std::size_t hits() const noexcept {
    std::size_t sum = 0;
    for (const stripe& each : stripes_) sum += each.hits.load(relaxed);
    return sum;
  }
  [[nodiscard]] std::size_t misses() const noexcept {
    std::size_t sum = 0;
    for (const stripe& each : stripes_) sum += each.misses.load(relaxed);
    return sum;
  }

 private:
  struct alignas(line_pair) stripe {
    atomic<std::size_t> hits{0};
    atomic<std::size_t> misses{0};
  };
  static constexpr std::size_t stripe_count = 32;
  stripe stripes_[stripe_count];
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Mutex>
struct cache_state : watched {
  using elements = map_elements<Key, cached<T>>;
  using value_type = typename elements::value_type;
  using element_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<value_type>;
  using policy_type = policy<elements, Hash, KeyEqual, element_allocator, shares_functors>;
  using functors_type = typename policy_type::functors_type;
  using array = shard_array<policy_type, Mutex>;
  using shard_type = typename array::shard_type;
  using table_type = table<policy_type>;
  using slot_ops = typename table_type::slot_ops;
  using layout = typename table_type::chains::layout;
  using detached = detached_element<elements, element_allocator>;
  using listener_type = std::function<void(const Key&, T&, removal_cause)>;
  using order_type = sieve_order<element_allocator>;

  /// What a shard has beside its table, under its lock.
  struct alignas(line_pair) companion {
    companion(const element_allocator& allocator, std::size_t part) : order(allocator), capacity(part) {}
    order_type order;
    const std::size_t capacity;
    relaxed_cell<std::size_t> left[removal_causes] = {relaxed_cell<std::size_t>(0), relaxed_cell<std::size_t>(0),
                                                      relaxed_cell<std::size_t>(0), relaxed_cell<std::size_t>(0)};
  };

  /// An element on its way out. At the end of its scope the listener is told, which ends the program if it throws.
  class departed {
   public:
    explicit departed(cache_state& from) noexcept : from_(from), element_(from.functors.allocator) {}
    departed(const departed&) = delete;
    departed& operator=(const departed&) = delete;
    ~departed() {
      if (element_.full() && from_.listener) tell();
    }
    /// Under the lock of the shard.
    void take(void* slot, removal_cause cause, companion& beside) noexcept {
      element_.take(slot);
      cause_ = cause;
      ++beside.left[static_cast<std::size_t>(cause)];
    }

   private:
    EVAC_NEVER_INLINE void tell() noexcept {
      auto& element = element_.element();
      from_.listener(element.first, element.second.value, cause_);
    }
    cache_state& from_;
    detached element_;
    removal_cause cause_{};
  };

  /// The element of a place, as the order sees it.
  struct candidate {
    position at;
    [[nodiscard]] cached<T>& value() const noexcept { return table_type::element(at).second; }
    [[nodiscard]] bool is_marked() const noexcept { return (value().mark & cached<T>::marked) != 0; }
    void move_to(std::uint32_t place) const noexcept { value().mark = place; }
    void keep_mark_at(std::uint32_t place) const noexcept { value().mark = place | (value().mark & cached<T>::marked); }
  };
  [[nodiscard]] static auto look_into(const table_type& table) noexcept {
    return [&table](std::uint32_t place, std::uint32_t name) noexcept {
      const std::size_t hash = hash_like(name);
      const auto chain = table.chain_of(hash);
      const auto is_there = [&](const value_type& element) {
        return (element.second.mark & ~cached<T>::marked) == place;
      };
      return candidate{position(table_type::chains::find(chain.head, hash, is_there), chain.home)};
    };
  }

  cache_state(std::size_t most, listener_type told, std::size_t shard_count, const Hash& hash, const KeyEqual& equal,
              const Allocator& allocator)
      : functors(hash, equal, element_allocator(allocator)),
        shards(functors, shard_count),
        listener(std::move(told)),
        capacity(most) {
    functors.container = this;
    if (most / shards.size() >= order_type::most_elements) throw_length_error("evac: a cache of too few shards");
    for (std::size_t i = 0; i != shards.size(); ++i) {
      companions.emplace_back(functors.allocator, most / shards.size() + (i < most % shards.size() ? 1 : 0));
    }
  }
  cache_state(const cache_state&) = delete;
  cache_state& operator=(const cache_state&) = delete;
  ~cache_state() = default;

  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t total = 0;
    for (const auto& each : shards) total += each.size();
    return total;
  }

  /// Calls f(value) under the shared lock if the key is there; returns whether.
  template <bool Counted, class K, class F>
  EVAC_ALWAYS_INLINE bool look_up(call_site site, const K& key, F&& f) const {
    const std::size_t hash = functors.hash_of(key);
    bool found = false;
    {
      const inside_call mark(this, site);
      const shard_guard<access::shared, shard_type> guard(shards.of_hash(hash));
      const position at = guard.table().find_hashed(key, hash);
      if (at.where != nullptr) {
        const cached<T>& present = table_type::element(at).second;
        if constexpr (Counted) present.note_found();
        f(present.value);
        found = true;
      }
    }
    if constexpr (Counted) accesses.count(found);
    return found;
  }

  /// Takes the element out of the cache.
  void leave(table_type& table, position at, removal_cause cause, companion& beside, departed& gone) noexcept {
    gone.take(layout::slot(at.where, at.index), cause, beside);
    table.forget(at);
  }

  /// Gives a key that is not here its element, which construct(slot) builds, and makes room for it. Strong guarantee.
  template <class Construct>
  position admit(table_type& table, std::size_t hash, const Construct& construct, companion& beside, departed& gone) {
    beside.order.make_room();
    const std::size_t size_before = table.size();
    position at = table.place(hash, construct);
    if (size_before >= beside.capacity) {
      // Names lead to elements by their places: the new one has none yet.
      table_type::element(at).second.mark = ~cached<T>::marked;
      leave(table, beside.order.take(look_into(table)).at, removal_cause::size, beside, gone);
    }
    beside.order.tidy(table.size(), look_into(table));
    table_type::element(at).second.mark = beside.order.add(name_of(hash));
    return at;
  }

  /// Gives the key this value; returns whether it was new. `fresh` is an element with that key.
  bool put(call_site site, detached& fresh) {
    const std::size_t hash = functors.hash_of(fresh.element().first);
    departed gone(*this);
    const inside_call mark(this, site);
    const shard_guard<access::exclusive, shard_type> guard(shards.of_hash(hash));
    table_type& table = guard.table();
    companion& beside = companions[shards.index_of(hash)];
    if (const position at = table.find_hashed(fresh.element().first, hash); at.where != nullptr) {
      fresh.element().second.mark = table_type::element(at).second.mark | cached<T>::marked;
      void* const slot = layout::slot(at.where, at.index);
      gone.take(slot, removal_cause::replaced, beside);
      fresh.release_to(slot);
      return false;
    }
    if (beside.capacity == 0) {
      reject(fresh, beside, gone);
      return true;
    }
    admit(table, hash, [&](void* slot) { fresh.release_to(slot); }, beside, gone);
    return true;
  }
  /// The same if the key is not here, and the element is made of key and args only then; else calls present(value). In either
  /// case calls locked() first, under the lock.
  template <class Locked, class Present, class K, class... Args>
  bool put_if_absent(call_site site, const Locked& locked, const Present& present, K&& key, Args&&... args) {
    const std::size_t hash = functors.hash_of(std::as_const(key));
    departed gone(*this);
    detached fresh(functors.allocator);
    const inside_call mark(this, site);
    const shard_guard<access::exclusive, shard_type> guard(shards.of_hash(hash));
    table_type& table = guard.table();
    companion& beside = companions[shards.index_of(hash)];
    locked();
    if (const position at = table.find_hashed(std::as_const(key), hash); at.where != nullptr) {
      table_type::element(at).second.note_found();
      present(table_type::element(at).second.value);
      return false;
    }
    const auto build = [&](auto&&... value) {
      return std::tuple_cat(std::forward_as_tuple(std::in_place),
                            std::forward_as_tuple(std::forward<decltype(value)>(value)...));
    };
    fresh.construct(std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
                    build(std::forward<Args>(args)...));
    if (beside.capacity == 0) {
      reject(fresh, beside, gone);
    } else {
      admit(table, hash, [&](void* slot) { fresh.release_to(slot); }, beside, gone);
    }
    return true;
  }

  template <class K>
  std::size_t erase(call_site site, const K& key) {
    const std::size_t hash = functors.hash_of(key);
    departed gone(*this);
    const inside_call mark(this, site);
    const shard_guard<access::exclusive, shard_type> guard(shards.of_hash(hash));
    const position at = guard.table().find_hashed(key, hash);
    if (at.where == nullptr) return 0;
    companion& beside = companions[shards.index_of(hash)];
    beside.order.remove(table_type::element(at).second.mark & ~cached<T>::marked);
    leave(guard.table(), at, removal_cause::erased, beside, gone);
    return 1;
  }

  void clear(call_site site) {
    for (std::size_t i = 0; i != shards.size(); ++i) {
      // The oldest go first: these are those that were there.
      for (std::size_t left = shards[i].size(); left != 0; --left) {
        if (!clear_oldest(site, i)) break;
      }
    }
  }

  functors_type functors;
  array shards;
  mutable std::deque<companion> companions;  // as many
  listener_type listener;
  mutable access_counts accesses;
  const std::size_t capacity;

 private:
  // A shard without room keeps nothing.
  void reject(detached& fresh, companion& beside, departed& gone) noexcept {
    alignas(slot_ops::alignment()) std::byte between[slot_ops::size()];
    fresh.release_to(between);
    gone.take(between, removal_cause::size, beside);
  }
  bool clear_oldest(call_site site, std::size_t index) {
    departed gone(*this);
    const inside_call mark(this, site);
    const shard_guard<access::exclusive, shard_type> guard(shards[index]);
    table_type& table = guard.table();
    if (table.size() == 0) return false;
    leave(table, companions[index].order.take_oldest(look_into(table)).at, removal_cause::cleared, companions[index],
          gone);
    return true;
  }
};

}  // namespace detail
}  // namespace evac::inline EVAC_ABI

#endif
