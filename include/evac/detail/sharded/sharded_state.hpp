// State of a sharded container: the functors, the lock that keeps the hash stable, the shards; and the guard of all of
// it.
//
//   hash             | tag: 8 bits |                      | ............ home: low bits |
//   a product of it                | shard: up to 16 bits |
//
// A state is what a container has as a member, and what elements lie in on their way from one container into another:
// such a state is detached, known to one thread, and used without its locks.
//
// Invariants
//   S1  locks are taken in one order by all threads: the hash mutex of a container, then its shards in the order of
//       their indices; of two containers, those of the state at the lower address first
//   S2  functors are replaced, and tables are exchanged, by a thread that holds everything exclusively (state_guard).
//       So one shard, held in any way, keeps all of them as they are, and so does the hash mutex
//   S3  a hash is computed, and the shard that it names is locked, under the hash mutex; afterwards S2 keeps the hash
//       valid
//   S4  user code runs under no more locks than those of the call that it belongs to
//   S5  elements are destroyed when no lock is held: what holds those that a call removes (`erased`, `replaced`, a
//       detached state) is declared before its guards, and so destroyed after them
//   S6  a call marks itself (inside_call) before it takes a lock, so that re-entry is reported and not waited for. Of
//       two containers both are marked first
//   S7  an element lies in the shard that its hash names (validate_shards.hpp)
#ifndef EVAC_DETAIL_SHARDED_SHARDED_STATE_HPP
#define EVAC_DETAIL_SHARDED_SHARDED_STATE_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/platform/thread_annotations.hpp"
#include "evac/detail/sharded/shard.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/lookup_counts.hpp"
#include "evac/detail/sync/reentry.hpp"
#include "evac/hash.hpp"

namespace evac::inline EVAC_ABI::detail {

/// A thread that meets another in a shard waits for it, and for the shard's lines several times. With k shards for each
/// hardware thread that happens to every k-th operation at most. 10 000 keys, 10 % updates, 2 threads side by side, as
/// a part of boost::concurrent_flat_map's rate: 0.66 with 4 shards for each, 0.89 with 16, 1.02 with 32, 1.07 with 64.
/// But the segments of smaller tables are too small for huge pages: 4 M keys, one thread, ns a hit: 62 with 8 shards,
/// 80 with 64.
inline constexpr std::size_t shards_per_hardware_thread = 16;
/// Large machines have fewer for each, for an empty shard takes memory as well, but never less than that.
inline constexpr std::size_t ample_shards = 512;
inline constexpr std::size_t least_shards_per_hardware_thread = 4;

[[nodiscard]] constexpr std::size_t shards_for(std::size_t hardware_threads) noexcept {
  const std::size_t threads = std::bit_ceil((std::max)(std::size_t{1}, hardware_threads));
  const std::size_t wanted = (std::min)(shards_per_hardware_thread * threads, ample_shards);
  return (std::min)((std::max)(wanted, least_shards_per_hardware_thread * threads), most_shards);
}
static_assert(shards_for(0) == 16 && shards_for(2) == 32 && shards_for(48) == 512 && shards_for(256) == 1024);

[[nodiscard]] inline std::size_t default_shard_count() noexcept {
  return shards_for(std::thread::hardware_concurrency());
}

template <class Policy, class Mutex>
class shard_array {
 public:
  using shard_type = shard<Policy, Mutex>;
  using functors_type = typename Policy::functors_type;

  /// `count` is rounded up to a power of two. The functors must outlive the shards. Throws std::length_error,
  /// std::bad_alloc.
  shard_array(functors_type& functors, std::size_t count) : blocks_(functors.allocator), mask_(rounded(count) - 1) {
    shards_ = std::to_address(traits::allocate(blocks_, size()));
    for (std::size_t i = 0; i < size(); ++i) ::new (static_cast<void*>(shards_ + i)) shard_type(functors);
    static_assert(sizeof(table_figures) <= sizeof(shard_type));
    functors.board.describe(shards_, size(), sizeof(shard_type));
  }
  shard_array(const shard_array&) = delete;
  shard_array& operator=(const shard_array&) = delete;
  ~shard_array() {
    std::destroy_n(shards_, size());
    traits::deallocate(blocks_, std::pointer_traits<typename traits::pointer>::pointer_to(*shards_), size());
  }

  [[nodiscard]] std::size_t size() const noexcept { return mask_ + 1; }
  [[nodiscard]] shard_type* begin() const noexcept { return shards_; }
  [[nodiscard]] shard_type* end() const noexcept { return shards_ + size(); }
  [[nodiscard]] shard_type& operator[](std::size_t index) const noexcept { return shards_[index]; }
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t index_of(std::size_t hash) const noexcept {
    return shard_of(hash, mask_);
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE shard_type& of_hash(std::size_t hash) const noexcept {
    return shards_[index_of(hash)];
  }

 private:
  using traits = typename std::allocator_traits<typename Policy::allocator_type>::template rebind_traits<shard_type>;
  using block_allocator = typename traits::allocator_type;

  [[nodiscard]] static std::size_t rounded(std::size_t count) {
    if (count > most_shards) throw_length_error("evac: more than 65536 shards");
    return std::bit_ceil(std::max<std::size_t>(count, 1));
  }

  // Of its own: the shards stay when an assignment or a swap gives the container another allocator.
  [[no_unique_address]] block_allocator blocks_;
  shard_type* shards_ = nullptr;
  std::size_t mask_;
};

/// Stands where nothing is to be locked.
struct no_mutex {
  void lock() noexcept {}
  void lock(auto&) noexcept {}
  void unlock() noexcept {}
  void lock_shared() noexcept {}
  void lock_shared(auto&) noexcept {}
  [[nodiscard]] bool try_lock_shared() noexcept { return true; }
  void unlock_shared() noexcept {}
};

template <class Policy, class Mutex>
struct sharded_state : watched, reentry_check {
  using policy = Policy;
  using array = shard_array<Policy, Mutex>;
  using shard_type = typename array::shard_type;
  using table_type = table<Policy>;
  using slot_ops = typename table_type::slot_ops;
  using elements = typename Policy::elements;
  using functors_type = typename Policy::functors_type;
  using traits = typename Policy::allocator_traits;
  using value_type = typename Policy::value_type;
  using hasher = typename Policy::hasher;
  using key_equal = typename Policy::key_equal;
  using allocator_type = typename Policy::allocator_type;
  /// The elements of a set are its keys: its visitors may not write.
  template <access A>
  using visited = std::conditional_t<A == access::exclusive && Policy::is_map, value_type, const value_type>;

  /// Whether a look-up could meet a hash, or a seed, that a swap or an assignment is just replacing.
  static constexpr bool hash_may_change = !std::is_empty_v<hasher> || !is_avalanching<hasher>::value;
  using hash_mutex_type = std::conditional_t<hash_may_change, Mutex, no_mutex>;
  static constexpr bool allocator_may_change =
      !std::is_empty_v<allocator_type> &&
      (traits::propagate_on_container_copy_assignment::value || traits::propagate_on_container_move_assignment::value ||
       traits::propagate_on_container_swap::value);

  sharded_state(const hasher& hash, const key_equal& equal, const allocator_type& allocator, std::size_t shard_count)
      : functors(hash, equal, allocator), shards(functors, shard_count) {
    functors.container = this;
  }
  /// Without elements, and with hash, equality and seed of another container.
  sharded_state(const functors_type& like, const allocator_type& allocator, std::size_t shard_count)
      : sharded_state(like.hash, like.equal, allocator, shard_count) {
    functors.seed = like.seed;
  }
  sharded_state(const sharded_state&) = delete;
  sharded_state& operator=(const sharded_state&) = delete;
  ~sharded_state() = default;

  /// A table of a detached state, or of one whose locks the caller holds.
  [[nodiscard]] table_type& own_table(std::size_t index) const noexcept EVAC_NO_THREAD_SAFETY_ANALYSIS {
    return shards[index].table_locked();
  }
  [[nodiscard]] table_type& own_table_of(std::size_t hash) const noexcept { return own_table(shards.index_of(hash)); }
  /// The sum of what the shards have; a recent one for a caller that does not hold all of them.
  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t total = 0;
    for (const auto& each : shards) total += each.size();
    return total;
  }

  /// The events of the hash mutex: reentry_check's, and this one, under it.
  [[nodiscard]] static lock_holder wait_begins() noexcept { return {}; }
  void waited(std::chrono::nanoseconds time, const lock_holder&) const noexcept {
    tell_waited(
        {.map = this, .shard = observer::no_shard, .time = time, .waiter = inside_call::place_of(this), .holder = {}});
  }

  functors_type functors;                                    // S2
  [[no_unique_address]] mutable hash_mutex_type hash_mutex;  // S1, S3
  array shards;
  [[no_unique_address]] mutable counts_if<counts_lookups<hasher>, lookup_counts> lookups;
  atomic<std::size_t> clears{0};  // calls of clear(); relaxed: a figure for people
};

/// A copy of one of a state's functors, for a thread that holds no lock. User code inside a call runs under one
/// already.
template <bool MayChange, class State, class Functor>
[[nodiscard]] Functor copy_functor(const State& of, call_site site, const Functor& functor) {
  if constexpr (MayChange) {
    visible_readers::be_known();
    if (!inside_call::of(std::addressof(of))) {
      const inside_call mark(std::addressof(of), site);
      const shard_guard<access::shared, typename State::shard_type> guard(*of.shards.begin());
      return functor;
    }
  }
  return functor;
}
template <class State>
[[nodiscard]] auto copy_hash(const State& of, call_site site) {
  return copy_functor<!std::is_empty_v<typename State::hasher>>(of, site, of.functors.hash);
}
template <class State>
[[nodiscard]] auto copy_equal(const State& of, call_site site) {
  return copy_functor<!std::is_empty_v<typename State::key_equal>>(of, site, of.functors.equal);
}
template <class State>
[[nodiscard]] auto copy_allocator(const State& of, call_site site) {
  return copy_functor<State::allocator_may_change>(of, site, of.functors.allocator);
}

/// Keeps the hash of a container as it is (S3).
template <class State>
class hash_guard {
 public:
  EVAC_ALWAYS_INLINE explicit hash_guard(const State& of) EVAC_NO_THREAD_SAFETY_ANALYSIS : of_(of) {
    lock_counted<access::shared>(of_.hash_mutex, of_);
  }
  /// Of a caller that holds it.
  EVAC_ALWAYS_INLINE hash_guard(const State& of, std::adopt_lock_t) noexcept : of_(of) {}
  hash_guard(const hash_guard&) = delete;
  hash_guard& operator=(const hash_guard&) = delete;
  ~hash_guard() EVAC_NO_THREAD_SAFETY_ANALYSIS { of_.hash_mutex.unlock_shared(); }

 private:
  const State& of_;
};

/// All locks of one container, from lock() to the end of the scope, and from the beginning the mark of the call that
/// takes them (S6).
template <access A, class State>
class state_guard {
 public:
  using state_type = std::conditional_t<A == access::exclusive, State, const State>;

  state_guard(state_type& state, call_site site) : of(state), mark_(std::addressof(state), site) {}
  state_guard(const state_guard&) = delete;
  state_guard& operator=(const state_guard&) = delete;
  ~state_guard() {
    while (shards_locked_ != 0) unlock_as<A>(of.shards[--shards_locked_]);
    if (hash_locked_) unlock_as<A>(of.hash_mutex);
  }

  state_guard& lock() EVAC_NO_THREAD_SAFETY_ANALYSIS {
    visible_readers::be_known();
    mark_.look_elsewhere();
    lock_counted<A>(of.hash_mutex, of);
    hash_locked_ = true;
    for (; shards_locked_ != of.shards.size(); ++shards_locked_) lock_as<A>(of.shards[shards_locked_]);
    return *this;
  }
  [[nodiscard]] std::size_t count() const noexcept { return of.shards.size(); }
  [[nodiscard]] auto& table(std::size_t index) const noexcept { return table_as<A>(of.shards[index]); }

  state_type& of;

 private:
  inside_call mark_;
  bool hash_locked_ = false;
  std::size_t shards_locked_ = 0;
};

/// Locks two containers, the one at the lower address first (S1).
template <class First, class Second>
void lock_in_order(First& first, Second& second) {
  const void* const first_address = std::addressof(first.of);
  const void* const second_address = std::addressof(second.of);
  if (std::less<const void*>{}(first_address, second_address)) {
    first.lock();
    second.lock();
  } else {
    second.lock();
    first.lock();
  }
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
