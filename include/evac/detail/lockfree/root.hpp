// The table of a sync_map between two calls of clear(): its buckets, which of them a hash leads to, and their locks.
//
//   root   | serial, initial | mask, visible homes | segments | elements | frontier | overflow pools |
//
// A bucket's parent is its index without the highest bit; a bucket of depth d has all elements whose low d bits are its
// index. `visible homes` is what the frontier has finished, as readers see it: it may lag behind, and then the bucket
// that it leads to says in its state that it is deeper, and the key's home is one step further. So a look-up asks no
// bucket whether it exists: one that a state or `visible homes` leads to does. From the last home before a gap,
// look-ups take a step for each doubling since.
#ifndef EVAC_DETAIL_LOCKFREE_ROOT_HPP
#define EVAC_DETAIL_LOCKFREE_ROOT_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/directory.hpp"
#include "evac/detail/lockfree/locked_chain.hpp"
#include "evac/detail/lockfree/locked_home.hpp"
#include "evac/detail/lockfree/overflow_pools.hpp"
#include "evac/detail/lockfree/segments.hpp"
#include "evac/detail/lockfree/split_frontier.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/protocol.hpp"
#include "evac/detail/sync/striped_count.hpp"
#include "evac/detail/table/pacing.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Storage, class Allocator>
class sync_root {
  // Pairs
  //   split      what makes a bucket (its segment, its contents, its parent's new state) is released by the parent's
  //              state, and again by `finished` and `visible homes`; a thread that one of them leads to the bucket
  //              acquires
  //   handover   the thread that unlocks releases, the one that locks acquires
 public:
  using chain_type = locked_chain<Storage>;
  using home_type = locked_home<Storage>;
  using layout = typename chain_type::layout;
  using bucket_type = typename chain_type::bucket_type;

  /// Room for `homes` home buckets, at least base_homes. Throws what the allocator throws, and std::length_error.
  sync_root(const Allocator& allocator, std::size_t homes, std::uint64_t serial)
      : allocator_(allocator),
        serial_(serial),
        initial_((std::max)(checked(homes), base_homes)),
        half_mask_(half_mask_of(initial_)),
        visible_homes_(initial_),
        segments_(allocator_, initial_),
        elements_(grow_threshold(initial_, layout::home_slots(), shared_load)),
        frontier_(initial_) {
    if (initial_ >= striped_homes) elements_.make_stripes();
  }
  sync_root(const sync_root&) = delete;
  sync_root& operator=(const sync_root&) = delete;
  /// Nobody is inside, and the elements are gone.
  ~sync_root() {
    layout::tell_debugger();
    pools_.release(allocator_);
    segments_.close_all(allocator_);
  }

  /// Throws std::length_error if a root cannot have so many homes, else returns the number.
  static std::size_t checked(std::size_t homes) {
    if (homes > most_independent_homes) throw_length_error("evac: more elements than there is memory for");
    return homes;
  }
  /// Different for all roots that one map has had.
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }
  [[nodiscard]] const Allocator& allocator() const noexcept { return allocator_; }

  /// In a list of roots whose map is being destroyed; the thread that destroys it has the list.
  sync_root* next_retired = nullptr;

  // --- homes ---------------------------------------------------------------------------------------------------------

  /// A bucket that exists and that a key of this hash was in, if it was in the table at all: its home, or one before
  /// that.
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t home_of(std::size_t hash) const noexcept {
    // acquire: split. The mask first: the thread that finds a new one finds the homes that it takes for granted.
    const std::size_t half_mask = half_mask_.load(acquire);
    return home_among(half_mask, visible_homes_.load(acquire), hash);
  }
  /// Whether a key of this hash belongs to the bucket, which home_of() or descend() has led to, in this state.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool is_home(std::size_t index, bucket_state state,
                                                       std::size_t hash) noexcept {
    // Depth 0: it was there from the start, and has not been split since. Such a bucket is the first home of each key
    // that home_of() leads to it: the bits of the hash beyond the mask of the start are 0 in its index.
    return !protocol::compares_depth() || ((hash ^ index) & ((std::size_t{1} << state.depth()) - 1)) == 0;
  }
  /// Where a hash goes from a bucket that is its home no more: to the first child that was split off on its way. Not
  /// further: that child need not be as deep as its parent.
  [[nodiscard]] std::size_t descend(std::size_t index, bucket_state state, std::size_t hash) const noexcept {
    const std::size_t reached = hash & ((std::size_t{1} << depth_of(state, index)) - 1);
    const int bit = std::countr_zero(reached ^ index);
    return hash & ((std::size_t{2} << static_cast<unsigned>(bit)) - 1);
  }
  /// The depth of a bucket in this state.
  [[nodiscard]] unsigned depth_of(bucket_state state, std::size_t index) const noexcept {
    return state.depth() != 0 ? state.depth() : detail::depth_of(index, initial_);
  }
  [[nodiscard]] EVAC_ALWAYS_INLINE bucket_type* at(std::size_t index) const noexcept { return segments_.at(index); }
  /// A lower bound on the number of homes.
  [[nodiscard]] std::size_t homes() const noexcept { return frontier_.finished(); }
  /// Whether a child is split off, of a parent that exists.
  [[nodiscard]] bool is_split_off(std::size_t child) const noexcept {
    const std::size_t parent = parent_of(child);
    return depth_of(bucket_state(at(parent)->state_or_next.load(acquire)), parent) >
           depth_before(child);  // acquire: split
  }
  /// Whether a bucket that was claimed exists; another thread may be at work on it. O(doublings).
  [[nodiscard]] bool exists(std::size_t index) const noexcept {
    return index < homes() || (exists(parent_of(index)) && is_split_off(index));
  }

  /// A bucket that the caller has locked, and the state that it was in before.
  struct locked {
    bucket_type* home;
    bucket_state state;
  };
  /// Locks the home of a hash.
  [[nodiscard]] EVAC_NEVER_INLINE locked lock_home(epoch_record& own, epoch_core& core, std::size_t hash) noexcept {
    std::size_t index = home_of(hash);
    for (int spins = 0;;) {
      bucket_type& bucket = *at(index);
      const bucket_state state(bucket.state_or_next.load(acquire));  // acquire: split
      if (!is_home(index, state, hash)) [[unlikely]] {
        index = descend(index, state, hash);
      } else if (state.locked()) {
        wait_for_lock(own, core, bucket, spins++);
      } else if (home_type::try_lock(bucket, state)) {
        return {&bucket, state};
      }
    }
  }

  // --- overflow buckets and elements ---------------------------------------------------------------------------------

  /// For the chain of a home. Throws std::bad_alloc.
  [[nodiscard]] bucket_type* take_overflow(const bucket_type& home) { return pools_.take(allocator_, home); }
  /// It must have been taken for the same home.
  void give_back(const bucket_type& home, bucket_type* emptied) noexcept { pools_.give_back(home, emptied); }

  /// An insertion is counted before its bucket is unlocked: a thread that finds that call over finds it counted.
  [[nodiscard]] striped_count& elements() noexcept { return elements_; }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.sum(); }

  // --- growing -------------------------------------------------------------------------------------------------------

  [[nodiscard]] split_frontier& frontier() noexcept { return frontier_; }
  [[nodiscard]] const split_frontier& frontier() const noexcept { return frontier_; }
  /// Claims the next run of children to split off if `elements` ask for one; at most `most`. Empty if there is nothing
  /// to do.
  [[nodiscard]] split_frontier::run claim(std::size_t elements, std::size_t most) noexcept {
    const auto run = frontier_.claim(elements, layout::home_slots(), most, [&](std::size_t homes) {
      if (!segments_.open_next(allocator_, homes)) return false;  // chains get longer; the next insert tries again
      if (homes >= striped_homes) elements_.make_stripes();
      return true;
    });
    if (run.empty()) return run;
    elements_.set_mark(grow_threshold(run.to, layout::home_slots(), shared_load));
    segments_.populate(run.from, run.to);
    return run;
  }
  /// Moves the frontier over what is split off, and tells readers now and then: a bucket that is not visible yet costs
  /// its look-ups a step more; new numbers cost every reader a cache miss. Returns the number of homes that a doubling
  /// has led to, by the thread that tells of its end, else 0.
  std::size_t publish_finished() noexcept {
    const std::size_t finished = frontier_.publish([&](std::size_t child) { return is_split_off(child); },
                                                   [&](std::size_t child) { return exists(child); });
    const std::size_t visible = visible_homes_.load(relaxed);  // relaxed: the exchange decides
    if (finished <= visible) return 0;
    if (finished - visible < std::max<std::size_t>(16, finished / 128) && !std::has_single_bit(finished)) return 0;
    const std::size_t before = raise(visible_homes_, finished);
    raise(half_mask_, half_mask_of(finished));
    segments_.finish(finished);
    const std::size_t doubled = std::bit_floor(finished);
    return before < doubled && initial_ <= doubled / 2 ? doubled : 0;
  }
  /// Memory for so many homes, all of it before any of it is used. Throws std::bad_alloc, and what the allocator
  /// throws; nothing has changed then.
  void open_until(std::size_t homes) {
    segments_.open_until(allocator_, homes);
    if (homes > striped_homes) elements_.make_stripes();
  }

  // --- figures -------------------------------------------------------------------------------------------------------

  void count_moves(std::size_t moves) noexcept { moved_.fetch_add(moves, relaxed); }  // relaxed: a figure
  [[nodiscard]] std::size_t moved() const noexcept { return moved_.load(relaxed); }
  /// Time spent in runs of splits.
  void count_evacuation(std::chrono::nanoseconds time) noexcept {
    evacuation_ns_.fetch_add(static_cast<std::uint64_t>(time.count()), relaxed);  // relaxed: a figure
  }
  [[nodiscard]] std::chrono::nanoseconds evacuation_time() const noexcept {
    return std::chrono::nanoseconds(evacuation_ns_.load(relaxed));  // relaxed: a figure
  }
  [[nodiscard]] std::size_t growths() const noexcept {
    return static_cast<std::size_t>(std::bit_width(claimed() - 1) - std::bit_width(initial_ - 1));
  }
  [[nodiscard]] std::size_t claimed() const noexcept { return frontier_.claimed(); }
  [[nodiscard]] std::size_t segment_bytes() const noexcept { return segments_.bytes(); }
  /// Without what has not been touched of mapped segments.
  [[nodiscard]] std::size_t touched_bytes() const noexcept { return segments_.touched_bytes(claimed()); }
  [[nodiscard]] std::size_t overflow_bytes() const noexcept { return pools_.bytes(); }
  [[nodiscard]] std::size_t overflow_buckets() const noexcept { return pools_.in_use(); }

  // --- the end -------------------------------------------------------------------------------------------------------

  /// Calls free(home bucket) for the next homes that it was not called for; false if there are none.
  template <class Free>
  bool free_homes(std::size_t most, const Free& free) noexcept {
    const std::size_t to = (std::min)(freed_ + most, claimed());
    if (freed_ == to) return false;
    for (; freed_ < to; ++freed_) {
      if (exists(freed_)) free(*at(freed_));
    }
    return true;
  }
  /// Gives a piece of the memory back, of a root whose elements are gone; false when there is no more to be had piece
  /// by piece. So the end of a large root is no pause.
  bool discard_piece() noexcept { return pools_.release_one(allocator_) || segments_.close_piece(allocator_); }

 private:
  /// From here on a thread's changes of the number of elements are worth a line of its own.
  static constexpr std::size_t striped_homes = 256;

  EVAC_NEVER_INLINE void wait_for_lock(epoch_record& own, epoch_core& core, bucket_type& bucket, int spins) noexcept {
    if (spins == 0) ++own.waits;
    if (spins < protocol::looks_before_parking) return spin_pause();
    ++own.parks;
    own.parked = true;
    const auto began = std::chrono::steady_clock::now();
    // seq_cst: after the announcement of this waiter in the one order of both sides
    core.sleepers().wait(&bucket.state_or_next,
                         [&] { return bucket_state(bucket.state_or_next.load(seq_cst)).locked(); });
    own.parked = false;
    own.parked_ns += static_cast<std::uint64_t>((std::chrono::steady_clock::now() - began).count());
  }

  // Written by the constructor; freed_ by the thread that frees the root.
  [[no_unique_address]] Allocator allocator_;
  const std::uint64_t serial_;
  const std::size_t initial_;
  std::size_t freed_ = 0;  // homes whose elements are
  // Loaded by every call, and rarely written:
  alignas(cache_line) atomic<std::size_t> half_mask_;  // of visible_homes_, and raised after it
  atomic<std::size_t> visible_homes_;                  // how many homes readers go by
  sync_segments<Allocator, layout> segments_;
  // Written by writers:
  alignas(line_pair) striped_count elements_;
  alignas(line_pair) split_frontier frontier_;
  atomic<std::size_t> moved_{0};
  atomic<std::uint64_t> evacuation_ns_{0};
  alignas(line_pair) overflow_pools<Allocator, layout> pools_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
