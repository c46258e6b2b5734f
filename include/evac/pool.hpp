// A pool of maps that are used again: it hands out empty maps that have kept the memory of their last use, so that the
// second request of a kind allocates nothing for its map.
//
//   evac::pool<evac::map<std::uint64_t, int>> pool;         one for all threads
//   {
//     const auto seen = pool.acquire();                     an empty map, for this scope
//     for (const auto id : ids) ++(*seen)[id];
//   }                                                       cleared, and back in the pool
//
//   stripes   | held?  map -> map -> null | held?  map -> null | ...      a thread begins at its own and looks into the others
//
// A stripe that another thread is at work on is passed over: nobody waits for anybody. The map that came back last is
// handed out first, while its memory is in the caches. (Idle objects in stripes of their threads: after the magazines
// of Bonwick and Adams, USENIX 2001.)
#ifndef EVAC_POOL_HPP
#define EVAC_POOL_HPP

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <thread>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/platform/poison.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/spin_lock.hpp"
#include "evac/detail/sync/thread_board.hpp"
#include "evac/detail/table/table_access.hpp"
#include "evac/fwd.hpp"
#include "evac/map.hpp"
#include "evac/set.hpp"

namespace evac::inline EVAC_ABI {

/// Limits of the maps that a pool keeps.
struct pool_limits {
  std::size_t idle_maps = 64;                     ///< maps that are not in use, all together; those above are destroyed
  std::size_t idle_bytes = std::size_t{1} << 20;  ///< memory_usage() of one of them; a map that holds more is destroyed
};

namespace detail {

template <class Map>
inline constexpr bool keeps_memory_when_cleared = false;
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
inline constexpr bool keeps_memory_when_cleared<map<Key, T, Hash, KeyEqual, Allocator>> = true;
template <class Key, class Hash, class KeyEqual, class Allocator>
inline constexpr bool keeps_memory_when_cleared<set<Key, Hash, KeyEqual, Allocator>> = true;

}  // namespace detail

/// Maps or sets of one owner for any thread. All members but the constructor and the destructor may be called by
/// several threads at once; a map that is in use belongs to the thread that has its lease. The pool must outlive its
/// leases.
///
/// Under AddressSanitizer a map in the pool, and its home buckets, are poisoned: a reference that has outlived its
/// lease is reported where it is used.
template <class Map>
class pool {
  static_assert(
      detail::keeps_memory_when_cleared<Map>,
      "evac: a pool is one of evac::map or evac::set: maps that threads share do not keep their memory when they "
      "are cleared");

  struct entry {
    Map map;
    entry* next = nullptr;
  };

 public:
  /// A map in use, from acquire() to the end of the scope, or until reset(). It may end in another thread than it began
  /// in.
  class [[nodiscard]] lease {
   public:
    /// Has no map.
    lease() noexcept = default;
    lease(lease&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), entry_(std::exchange(other.entry_, nullptr)) {}
    lease& operator=(lease&& other) noexcept {
      lease taken(std::move(other));
      std::swap(of_, taken.of_);
      std::swap(entry_, taken.entry_);
      return *this;
    }
    ~lease() { reset(); }

    /// Whether there is a map.
    explicit operator bool() const noexcept { return entry_ != nullptr; }
    [[nodiscard]] Map& operator*() const noexcept {
      EVAC_ASSERT(entry_ != nullptr, "evac: a lease of a pool that has no map: moved from, or reset");
      return entry_->map;
    }
    [[nodiscard]] Map* operator->() const noexcept { return std::addressof(**this); }

    /// Gives the map back now: clears it, which destroys its elements, takes its observer away, and puts it into the
    /// pool, or destroys it where the limits say so. O(size + buckets / 64), as clear() of the map.
    void reset() noexcept {
      if (pool* const from = std::exchange(of_, nullptr)) from->give_back(std::exchange(entry_, nullptr));
    }

   private:
    friend pool;
    lease(pool* of, entry* leased) noexcept : of_(of), entry_(leased) {}

    pool* of_ = nullptr;
    entry* entry_ = nullptr;
  };

  /// Maps are made with the hash, the equality and the allocator of `like`. Throws std::bad_alloc, and what copying
  /// these throws.
  explicit pool(pool_limits limits = {}, const Map& like = Map())
      : limits_(limits),
        like_(0, like.hash_function(), like.key_eq(), like.get_allocator()),
        stripe_count_(stripes_for(limits)),
        stripes_(std::make_unique<stripe[]>(stripe_count_)) {}
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;
  /// No map may be in use. (In the child of a fork() those do not count that other threads had: they are lost.)
  ~pool() {
    EVAC_ASSERT(leased() == 0 || ::getpid() != process_, "evac: a pool was destroyed while maps of it were in use");
    drop_idle();
  }

  /// An empty map. One that was used before has the memory that it had then. O(stripes): as many as processors,
  /// rounded up to a power of two, but no more than idle_maps. Never waits for another thread. Throws what making a map
  /// throws, if there is none: std::bad_alloc, what copying the functors throws.
  lease acquire() {
    entry* taken = take_idle();
    if (taken == nullptr) taken = make();
    own_stripe().leased.fetch_add(1, detail::relaxed);  // relaxed: a figure, and a check
    return {this, taken};
  }

  /// Maps in the pool, and maps in use: recent numbers. O(stripes).
  [[nodiscard]] std::size_t idle() const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i != stripe_count_; ++i)
      sum += stripes_[i].count.load(detail::relaxed);  // relaxed: a figure
    return sum;
  }
  [[nodiscard]] std::size_t leased() const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i != stripe_count_; ++i)
      sum += stripes_[i].leased.load(detail::relaxed);  // relaxed: a figure
    return sum;
  }
  [[nodiscard]] pool_limits limits() const noexcept { return limits_; }

  /// Destroys the maps in the pool, but for those that other threads are just putting there. Maps in use stay.
  void drop_idle() noexcept {
    while (entry* const taken = take_idle()) destroy(taken);
  }

 private:
  struct alignas(detail::line_pair) stripe {
    detail::spin_lock held;                // tried, and never waited for
    entry* top = nullptr;                  // under held
    detail::atomic<std::size_t> count{0};  // written under held
    // Maps that threads of this stripe have taken, less those that they have given back: the sum over all is what
    // counts.
    detail::atomic<std::size_t> leased{0};
  };

  using entry_traits = typename std::allocator_traits<typename Map::allocator_type>::template rebind_traits<entry>;
  using entry_allocator = typename entry_traits::allocator_type;

  [[nodiscard]] entry* make() const {
    struct block {
      entry_allocator allocator;
      typename entry_traits::pointer memory = entry_traits::allocate(allocator, 1);
      bool built = false;
      ~block() {
        if (!built) entry_traits::deallocate(allocator, memory, 1);
      }
    } fresh{entry_allocator(like_.get_allocator())};
    entry* const made = ::new (static_cast<void*>(std::to_address(fresh.memory)))
        entry{Map(0, like_.hash_function(), like_.key_eq(), like_.get_allocator())};
    fresh.built = true;
    return made;
  }
  void destroy(entry* unwanted) const noexcept {
    entry_allocator allocator(like_.get_allocator());
    std::destroy_at(unwanted);
    entry_traits::deallocate(allocator, std::pointer_traits<typename entry_traits::pointer>::pointer_to(*unwanted), 1);
  }

  [[nodiscard]] static std::size_t stripes_for(pool_limits limits) noexcept {
    const std::size_t threads = std::bit_ceil(std::max<std::size_t>(1, std::thread::hardware_concurrency()));
    return (std::min)(threads, std::bit_floor(std::max<std::size_t>(1, limits.idle_maps)));
  }
  [[nodiscard]] std::size_t own_index() const noexcept {
    return detail::thread_board::hash_of_this_thread() & (stripe_count_ - 1);
  }
  [[nodiscard]] stripe& own_stripe() const noexcept { return stripes_[own_index()]; }

  /// Calls visit(stripe) for the thread's own stripe and then the others, those that nobody is at work on, until it
  /// returns true.
  template <class Wanted, class Visit>
  bool for_free_stripe(const Wanted& wanted, const Visit& visit) const noexcept {
    const std::size_t own = own_index();
    for (std::size_t i = 0; i != stripe_count_; ++i) {
      stripe& each = stripes_[own ^ i];
      if (!wanted(each.count.load(detail::relaxed)) || !each.held.try_lock()) continue;  // relaxed: a hint
      const bool done = wanted(each.count.load(detail::relaxed));                        // relaxed: under its lock
      if (done) visit(each);
      each.held.unlock();
      if (done) return true;
    }
    return false;
  }
  [[nodiscard]] entry* take_idle() noexcept {
    entry* taken = nullptr;
    const auto has_some = [](std::size_t count) { return count != 0; };
    if (!for_free_stripe(has_some, [&](stripe& from) {
          taken = from.top;
          from.top = taken->next;
          from.count.store(from.count.load(detail::relaxed) - 1, detail::relaxed);  // relaxed, both: under its lock
        })) {
      return nullptr;
    }
    set_poison(*taken, false);
    return taken;
  }
  void give_back(entry* used) noexcept {
    used->map.clear();
    if (used->map.observed_by() != nullptr) used->map.observe(nullptr);
    own_stripe().leased.fetch_sub(1, detail::relaxed);  // relaxed: as in acquire()
    if (used->map.memory_usage() > limits_.idle_bytes) {
      destroy(used);
      return;
    }
    set_poison(*used, true);
    const std::size_t most = limits_.idle_maps / stripe_count_;
    const auto has_room = [&](std::size_t count) { return count < most; };
    if (for_free_stripe(has_room, [&](stripe& to) {
          used->next = to.top;
          to.top = used;
          to.count.store(to.count.load(detail::relaxed) + 1, detail::relaxed);  // relaxed, both: under its lock
        })) {
      return;
    }
    set_poison(*used, false);
    destroy(used);
  }
  static void set_poison(entry& of, bool poisoned) noexcept {
    if constexpr (detail::poison::known) {
      const auto buckets = [&] {
        detail::table_access::of(of.map).homes().for_each_block(
            [&](const void* block, std::size_t bytes) { detail::poison::set(block, bytes, poisoned); });
      };
      // The object leads to its buckets.
      if (poisoned) buckets();
      detail::poison::set(std::addressof(of.map), sizeof(Map), poisoned);
      if (!poisoned) buckets();
    }
  }

  const pool_limits limits_;
  const Map like_;  // has no elements
  const std::size_t stripe_count_;
  const std::unique_ptr<stripe[]> stripes_;
  const ::pid_t process_ = ::getpid();
};

}  // namespace evac::inline EVAC_ABI

#endif
