// The table of a sync_map between two calls of clear(): where its buckets are, how many there are, how many elements.
//
//   child index   0 ........... initial ............ done ............ tried ............ claimed ............ 2^d
//                 | homes from the start | split off       | with gaps        | at work          | do not exist
//
// A bucket's parent is what is left of its index without the highest bit. Children are split off in the order of their
// indices, in runs that writers claim; a run is done when all before it are. `shown` is `done` as readers see it: it
// may lag behind, and then the bucket that it leads to says in its state that it is deeper, and the key's home is one
// step further. So a look-up asks no bucket whether it exists: one that a state or `shown` leads to does.
//
// A gap is a child that could not be split off: the hash of an element threw, or there was no memory. Its parent keeps
// the elements, and is not split further; so descendants of both are gaps, too. All others are split off all the same;
// look-ups reach them from the last home before the first gap, by a step for each doubling since. Without gaps `tried`
// is `done`.
//
// Memory of large segments is not touched before a bucket in it is made.
#ifndef EVAC_DETAIL_LOCKFREE_ROOT_HPP
#define EVAC_DETAIL_LOCKFREE_ROOT_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/geometry/addressing.hpp"
#include "evac/detail/geometry/directory.hpp"
#include "evac/detail/geometry/segment_memory.hpp"
#include "evac/detail/geometry/slab.hpp"
#include "evac/detail/lockfree/locked_chain.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/protocol.hpp"
#include "evac/detail/sync/spin_lock.hpp"
#include "evac/detail/table/pacing.hpp"
#include "evac/detail/table/segments_ahead.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Storage, class Allocator>
class sync_root {
 public:
  using chain_type = locked_chain<Storage>;
  using layout = typename chain_type::layout;
  using bucket_type = typename chain_type::bucket_type;
  using memory = segment_memory<Allocator, layout>;

  /// Inserts, and erasures, of a thread until it tells the others what it has gained.
  static constexpr std::int64_t delta_limit = 16;
  /// Parents that one write evacuates at most, once in delta_limit inserts.
  static constexpr std::size_t longest_run = 16;

  /// Room for `homes` home buckets, at least base_homes. Throws what the allocator throws, and std::length_error.
  sync_root(const Allocator& allocator, std::size_t homes, std::uint64_t serial)
      : allocator_(allocator),
        serial_(serial),
        initial_((std::max)(homes, base_homes)),
        initial_mask_(home_mask(initial_)) {
    check_homes(initial_);
    if (!memory::could_hold(initial_ * layout::home_bytes())) throw_bad_alloc();
    EVAC_TRY {
      for (std::size_t first = 0; first < initial_; first = (std::max)(2 * first, base_homes)) open_from_start(first);
    }
    EVAC_CATCH_ALL {
      free_segments();
      EVAC_RETHROW;
    }
    if (initial_ >= striped_homes) make_stripes();
    // relaxed, all of them: nobody else knows this root yet
    next_growth_.store(growth_at(initial_), relaxed);
    mask_.store(initial_mask_, relaxed);
    shown_.store(initial_, relaxed);
    claimed_.store(initial_, relaxed);
    done_.store(initial_, relaxed);
  }
  sync_root(const sync_root&) = delete;
  sync_root& operator=(const sync_root&) = delete;
  /// Nobody is inside, and the elements are gone.
  ~sync_root() {
    for (pool& each : pools_) each.buckets.release(allocator_);
    free_segments();
    delete[] stripes_.load(relaxed);  // relaxed: nobody else is left
  }

  /// Throws std::length_error if a root cannot have so many homes.
  static void check_homes(std::size_t homes) {
    if (homes > most_independent_homes) throw_length_error("evac: more elements than there is memory for");
  }
  /// Different for all roots that one map has had.
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }
  [[nodiscard]] const Allocator& allocator() const noexcept { return allocator_; }

  /// In a list of roots that are gone with their map; by who destroys that.
  sync_root* next_retired = nullptr;

  // --- homes ---------------------------------------------------------------------------------------------------------

  /// A bucket that exists and that a key of this hash was in, if it was in the table at all: its home, or one before
  /// that.
  [[nodiscard]] EVAC_ALWAYS_INLINE std::size_t home_of(std::size_t hash) const noexcept {
    // acquire: split. The mask first: who finds a new one finds the homes that it takes for granted.
    const std::size_t mask = mask_.load(acquire);
    return home_among(mask, shown_.load(acquire), hash);
  }
  /// Whether a key of this hash belongs to the bucket, which is in this state.
  [[nodiscard]] EVAC_ALWAYS_INLINE bool is_home(std::size_t index, bucket_state state,
                                                std::size_t hash) const noexcept {
    if (!protocol::compares_depth()) return true;
    const unsigned depth = state.depth();
    if (depth != 0) return (hash & ((std::size_t{1} << depth) - 1)) == index;
    // relaxed: it only goes up; as long as nothing is shown that was not there from the start, home_of() was right.
    if (shown_.load(relaxed) == initial_) [[likely]]
      return true;
    return home_among(initial_mask_, initial_, hash) == index;
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
  [[nodiscard]] EVAC_ALWAYS_INLINE bucket_type* at(std::size_t index) const noexcept {
    // relaxed: who has the index has synchronised with who set the entry: split
    const std::uintptr_t biased = segments_[segment_key(index)].load(relaxed);
    return reinterpret_cast<bucket_type*>(biased + index * layout::home_bytes());
  }
  /// Homes that exist for sure; there may be more.
  [[nodiscard]] std::size_t homes() const noexcept { return done_.load(acquire); }  // acquire: split

  /// Locks the home of a hash. Throws nothing.
  [[nodiscard]] chain_type lock_home(epoch_record& own, epoch_core& core, std::size_t hash) noexcept {
    std::size_t index = home_of(hash);
    for (int spins = 0;;) {
      bucket_type& bucket = *at(index);
      std::uint64_t bits = bucket.first.load(acquire);  // acquire: split
      const bucket_state state(bits);
      if (!is_home(index, state, hash)) [[unlikely]] {
        index = descend(index, state, hash);
        continue;
      }
      if (!state.locked()) {
        // acquire: handover. On failure the state is looked at again.
        if (bucket.first.compare_exchange_weak(bits, state.lock().bits(), acquire, relaxed)) {
          return chain_type(bucket, state, core.sleepers());
        }
      } else {
        wait_for_lock(own, core, bucket, spins++);
      }
    }
  }

  // --- overflow buckets ----------------------------------------------------------------------------------------------

  /// For the chain of a home. Throws std::bad_alloc.
  [[nodiscard]] bucket_type* take_overflow(const bucket_type& chain_home) {
    pool& from = pool_of(chain_home);
    const std::lock_guard guard(from.lock);
    from.buckets.provide(allocator_, 1);
    return from.buckets.take();
  }
  /// It must have been taken for the same home.
  void give_back(const bucket_type& chain_home, bucket_type* emptied) noexcept {
    pool& to = pool_of(chain_home);
    const std::lock_guard guard(to.lock);
    to.buckets.give_back(emptied);
  }

  // --- how many elements ---------------------------------------------------------------------------------------------

  /// Counts an element that has come, before its bucket is unlocked: who finds that call over finds it counted. Returns
  /// the number of elements, roughly, if it asks for a growth, else 0.
  EVAC_ALWAYS_INLINE std::size_t count_insert(const epoch_record& own) noexcept {
    if (stripe* const mine = stripe_of(own)) [[likely]] {
      // This thread's alone: no read-modify-write.
      const std::int64_t inserted = mine->inserted.load(relaxed) + 1;
      mine->inserted.store(inserted, release);  // release: balance
      return inserted % delta_limit != 0 ? 0 : tell(*mine);
    }
    const std::int64_t inserted = inserted_.fetch_add(1, release) + 1;  // release: balance
    return growth_asked_by(inserted - erased_.load(relaxed) + told_.load(relaxed));
  }
  /// The same for one that has gone.
  EVAC_ALWAYS_INLINE void count_erase(const epoch_record& own) noexcept {
    if (stripe* const mine = stripe_of(own)) [[likely]] {
      const std::int64_t erased = mine->erased.load(relaxed) + 1;
      mine->erased.store(erased, release);  // release: balance
      if (erased % delta_limit == 0) static_cast<void>(tell(*mine));
      return;
    }
    erased_.fetch_add(1, release);  // release: balance
  }
  /// Every call that is over counts, and no erasure without its insertion. O(stripes), a few times if erasures come in
  /// between.
  [[nodiscard]] std::size_t size() const noexcept {
    std::int64_t erased = sum_of(&stripe::erased, erased_);
    for (int tries = 0;; ++tries) {
      const std::int64_t inserted = sum_of(&stripe::inserted, inserted_);
      const std::int64_t erased_by_now = sum_of(&stripe::erased, erased_);
      constexpr int patience = 4;
      if (erased == erased_by_now || tries == patience) return static_cast<std::size_t>(inserted - erased);
      erased = erased_by_now;
    }
  }

  // --- growing -------------------------------------------------------------------------------------------------------

  /// Claims the next run of children to split off if `elements` ask for one; at most `most`. Empty if there is nothing
  /// to do.
  struct run {
    std::size_t from = 0;
    std::size_t to = 0;
  };
  [[nodiscard]] run claim(std::size_t elements, std::size_t most) noexcept {
    std::size_t from = claimed_.load(relaxed);  // relaxed: the exchange decides
    for (;;) {
      const std::size_t threshold = grow_threshold(from, layout::home_slots(), shared_load);
      if (elements < threshold || from >= most_independent_homes) return {};
      const std::size_t half = std::bit_floor(from);
      // A doubling begins when the one before is done: so a child's parent exists, and has no split due before, unless
      // that could not be done.
      if (from == half && (tried() != from || !open_next(from))) return {};
      const std::size_t wanted = (elements - threshold) / inserts_per_parent + 1;
      const std::size_t to = (std::min)(from + (std::min)(wanted, most), 2 * half);
      // relaxed: what the run needs was acquired above, or by who claimed the first run of this doubling
      if (claimed_.compare_exchange_weak(from, to, acq_rel, relaxed)) {
        next_growth_.store(growth_at(to), relaxed);  // relaxed: a hint; another thread's may stay for a run
        populate(from, to);
        return {from, to};
      }
    }
  }
  /// The oldest children that are claimed but not split off: for who has to wait for them. Empty if there are none.
  [[nodiscard]] run late(std::size_t most) const noexcept {
    const std::size_t from = tried();
    const std::size_t claimed = claimed_.load(acquire);  // acquire: split
    return {from, (std::min)(claimed, from + most)};
  }
  /// Children below have been split off, or are gaps.
  [[nodiscard]] std::size_t tried() const noexcept {
    return (std::max)(done_.load(acquire), tried_.load(acquire));  // acquire, both: split
  }
  [[nodiscard]] bool has_gaps() const noexcept { return tried_.load(acquire) > done_.load(acquire); }
  /// Where somebody has tried to split a child off, and it does not exist: it is a gap.
  void note_gap(std::size_t child) noexcept {
    if (tried() == child) raise(tried_, child + 1);
  }
  /// Whether the last gap that somebody came back to could be filled. relaxed, both: a hint
  [[nodiscard]] bool gaps_yield() const noexcept { return gaps_yield_.load(relaxed); }
  void set_gaps_yield(bool yield) noexcept { gaps_yield_.store(yield, relaxed); }
  /// Where the next look for gaps begins, so that one that stays does not keep the others. relaxed, both: a hint
  [[nodiscard]] std::size_t next_look_for_gaps() const noexcept { return gap_look_.load(relaxed); }
  void look_for_gaps_from(std::size_t child) noexcept { gap_look_.store(child, relaxed); }
  /// Memory for so many homes, all of it before any of it is used. Throws std::bad_alloc, and what the allocator
  /// throws; nothing has changed then.
  void open_until(std::size_t homes) {
    if (opened() >= homes) return;
    const std::lock_guard guard(opening_);
    const std::size_t before = opened();
    segments_ahead<Allocator, memory, segment_size> got(allocator_);
    got.get(before, homes);
    for (std::size_t first = before; first < homes; first *= 2) set_segment(first, got.take(first));
    if (homes > striped_homes && stripes_.load(relaxed) == nullptr) make_stripes();  // relaxed: under opening_
  }

  /// Whether a child is split off, of a parent that exists.
  [[nodiscard]] bool is_split_off(std::size_t child) const noexcept {
    const std::size_t parent = parent_of(child);
    return depth_of(bucket_state(at(parent)->first.load(acquire)), parent) > depth_before(child);  // acquire: split
  }
  /// Whether a bucket that was claimed exists; another thread may be at work on it. O(doublings).
  [[nodiscard]] bool exists(std::size_t index) const noexcept {
    return index < homes() || (exists(parent_of(index)) && is_split_off(index));
  }
  /// Whether there was no memory when it was asked for last.
  [[nodiscard]] bool memory_is_refused() const noexcept { return refused_.load(relaxed); }  // relaxed: a hint
  /// Moves `done` over what is done, and tells readers now and then.
  void publish_done() noexcept {
    std::size_t known = done_.load(acquire);  // acquire: split
    std::size_t done = known;
    // Not further at a time than others may have come meanwhile: one that was late must not pay for all that waited for
    // it.
    const std::size_t end = (std::min)(claimed_.load(acquire), done + 4 * longest_run);
    while (done < end && is_split_off(done)) ++done;
    while (known < done && !done_.compare_exchange_weak(known, done, acq_rel, acquire)) {  // release: split
    }
    if (has_gaps()) [[unlikely]]
      publish_tried();
    std::size_t shown = shown_.load(relaxed);  // relaxed: the exchange decides
    if (done <= shown) return;
    // A bucket that is not shown yet costs its look-ups a step more; new numbers cost every reader a cache miss.
    if (done - shown < std::max<std::size_t>(16, done / 128) && !std::has_single_bit(done)) return;
    raise(shown_, done);
    raise(mask_, home_mask(done));
    finish_segment(done);
  }

  // --- figures -------------------------------------------------------------------------------------------------------

  void count_moves(std::size_t moves) noexcept { moved_.fetch_add(moves, relaxed); }  // relaxed: a figure
  [[nodiscard]] std::size_t moved() const noexcept { return moved_.load(relaxed); }
  [[nodiscard]] std::size_t growths() const noexcept {
    return static_cast<std::size_t>(std::bit_width(claimed() - 1) - std::bit_width(initial_ - 1));
  }
  [[nodiscard]] std::size_t claimed() const noexcept { return claimed_.load(relaxed); }  // relaxed: a recent number
  [[nodiscard]] std::size_t segment_bytes() const noexcept { return opened() * layout::home_bytes(); }
  /// Without what has not been touched of mapped segments.
  [[nodiscard]] std::size_t touched_bytes() const noexcept {
    return memory::is_mapped(segment_bytes() / 2) ? claimed() * layout::home_bytes() : segment_bytes();
  }
  [[nodiscard]] std::size_t slab_bytes() const noexcept {
    return sum_of_pools([](const auto& buckets) { return buckets.bytes(); });
  }
  [[nodiscard]] std::size_t overflow_buckets() const noexcept {
    return sum_of_pools([](const auto& buckets) { return buckets.in_use(); });
  }

  /// For who frees the root: calls free(home bucket) for the next homes that it was not called for; false if there are
  /// none.
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
  bool discard_piece() noexcept {
    for (pool& each : pools_) {
      if (each.buckets.release_one(allocator_)) return true;
    }
    for (std::size_t first = std::bit_floor(claimed()); first >= base_homes; first /= 2) {
      const std::size_t bytes = first * layout::home_bytes();
      const std::uintptr_t biased = segments_[segment_key(first)].load(relaxed);  // relaxed: nobody else is left
      if (biased == 0 || !memory::is_mapped(bytes)) continue;
      if (discarded_ >= bytes) {
        memory::deallocate(allocator_, at(first), bytes);
        segments_[segment_key(first)].store(0, relaxed);  // relaxed: as above
        discarded_ = 0;
        return true;
      }
      const std::size_t to = (std::min)(discarded_ + huge_page, bytes);
      memory::discard(at(first), discarded_, to);
      discarded_ = to;
      return true;
    }
    return false;
  }

 private:
  // Pairs
  //   split      what makes a bucket (its segment, its contents, its parent's new state) is released by the parent's
  //              state, and again by `done` and `shown`; whoever is led to the bucket by one of them acquires
  //   handover   who unlocks releases, who locks acquires
  //   made       the stripes
  //   balance    who counts an erasure has the insertion behind it, and releases; who reads erasures first, and
  //              acquires, finds the insertions
  static constexpr std::size_t pool_count = 4;
  /// From here on a thread's changes of the number of elements are worth a line of its own.
  static constexpr std::size_t striped_homes = 256;

  struct alignas(64) stripe {
    // By the thread whose record has this index; the sums never go down.
    own_atomic<std::int64_t> inserted{0};
    own_atomic<std::int64_t> erased{0};
    own_atomic<std::int64_t> told{0};  // the difference, as far as it is in told_
    std::size_t slot_count = 0;        // in the first stripe: how many there are
  };
  // Written under opening_; see keeps_plain_addresses.
  struct plain_addresses {
    void* segments[most_segments] = {};
  };
  struct no_plain_addresses {};
  struct alignas(64) pool {
    mutable spin_lock lock;
    overflow_pool<Allocator, layout, bucket_type> buckets;
  };

  [[nodiscard]] static std::int64_t growth_at(std::size_t homes) noexcept {
    return static_cast<std::int64_t>(grow_threshold(homes, layout::home_slots(), shared_load));
  }
  // Only up, whoever comes first.
  static void raise(atomic<std::size_t>& to, std::size_t value) noexcept {
    std::size_t before = to.load(relaxed);  // relaxed: the exchange decides
    while (before < value && !to.compare_exchange_weak(before, value, acq_rel, relaxed)) {  // release: split
    }
  }

  // The stripe of a thread, or null.
  [[nodiscard]] EVAC_ALWAYS_INLINE stripe* stripe_of(const epoch_record& own) const noexcept {
    stripe* const all = stripes_.load(acquire);  // acquire: made
    return all != nullptr && own.index < all[0].slot_count ? all + own.index : nullptr;
  }
  // relaxed, all of them: hints for growing, and a number that is the thread's
  EVAC_NEVER_INLINE std::size_t tell(stripe& mine) noexcept {
    const std::int64_t gained = mine.inserted.load(relaxed) - mine.erased.load(relaxed);
    const std::int64_t untold = gained - mine.told.load(relaxed);
    mine.told.store(gained, relaxed);
    const std::int64_t told = untold == 0 ? told_.load(relaxed) : told_.fetch_add(untold, relaxed) + untold;
    return growth_asked_by(told + inserted_.load(relaxed) - erased_.load(relaxed));
  }
  [[nodiscard]] std::size_t growth_asked_by(std::int64_t elements) const noexcept {
    return elements >= next_growth_.load(relaxed) ? static_cast<std::size_t>(elements) : 0;  // relaxed: a hint
  }
  [[nodiscard]] std::int64_t sum_of(own_atomic<std::int64_t> stripe::* number,
                                    const atomic<std::int64_t>& rest) const noexcept {
    std::int64_t sum = rest.load(acquire);                   // acquire: balance, and one sum after the other
    if (const stripe* const all = stripes_.load(acquire)) {  // acquire: made
      for (std::size_t i = 1; i < all[0].slot_count; ++i) sum += (all[i].*number).load(acquire);  // acquire: balance
    }
    return sum;
  }

  EVAC_NEVER_INLINE void wait_for_lock(epoch_record& own, epoch_core& core, bucket_type& bucket, int spins) noexcept {
    if (spins == 0) ++own.waits;
    if (spins < protocol::looks_before_parking) return spin_pause();
    ++own.parks;
    // seq_cst: after the announcement of this waiter in the one order of both sides
    core.sleepers().wait(&bucket.first, [&] { return bucket_state(bucket.first.load(seq_cst)).locked(); });
  }

  [[nodiscard]] pool& pool_of(const bucket_type& chain_home) noexcept {
    return pools_[reinterpret_cast<std::uintptr_t>(&chain_home) / layout::home_bytes() % pool_count];
  }
  template <class Figure>
  [[nodiscard]] std::size_t sum_of_pools(const Figure& figure) const noexcept {
    std::size_t sum = 0;
    for (const pool& each : pools_) {
      const std::lock_guard guard(each.lock);
      sum += figure(each.buckets);
    }
    return sum;
  }

  struct segment_size {
    [[nodiscard]] std::size_t operator()(std::size_t first) const noexcept { return first * layout::home_bytes(); }
  };
  // Homes that there is memory for: a power of two.
  [[nodiscard]] std::size_t opened() const noexcept {
    std::size_t homes = base_homes;
    while (segments_[segment_key(homes)].load(acquire) != 0) homes *= 2;  // acquire: split
    return homes;
  }
  // Behind a gap `done` does not move.
  EVAC_NEVER_INLINE void publish_tried() noexcept {
    std::size_t tried = tried_.load(acquire);                                             // acquire: split
    const std::size_t end = (std::min)(claimed_.load(acquire), tried + 4 * longest_run);  // acquire: split
    while (tried < end && exists(tried)) ++tried;
    raise(tried_, tried);
  }
  [[nodiscard]] static std::size_t homes_from(std::size_t first) noexcept { return first == 0 ? base_homes : first; }
  void set_segment(std::size_t first, void* block) noexcept {
    // release: split, for who opens the next segment; buckets are published by their parents
    segments_[segment_key(first)].store(reinterpret_cast<std::uintptr_t>(block) - first * layout::home_bytes(),
                                        release);
    if constexpr (keeps_plain_addresses) plain_.segments[segment_key(first)] = block;
  }
  // Buckets of mapped memory are all zero: empty, at rest, and as deep as when the root was made.
  void open_from_start(std::size_t first) {
    const std::size_t bytes = homes_from(first) * layout::home_bytes();
    auto* const block = static_cast<std::byte*>(memory::allocate(allocator_, bytes));
    set_segment(first, block);
    if (memory::is_mapped(bytes)) return memory::prefer_huge(block, bytes);
    const std::size_t end = (std::min)(first + homes_from(first), initial_);
    for (std::size_t i = first; i < end; ++i) bucket_type::create_home(at(i));
  }
  // Memory for as many homes again; false if there is none, or if another thread is at it.
  bool open_next(std::size_t first) noexcept {
    if (segments_[segment_key(first)].load(acquire) != 0) return true;  // acquire: split
    const std::unique_lock guard(opening_, std::try_to_lock);
    if (!guard.owns_lock()) return false;
    if (segments_[segment_key(first)].load(acquire) != 0) return true;  // acquire: split
    EVAC_TRY { set_segment(first, memory::allocate(allocator_, first * layout::home_bytes())); }
    EVAC_CATCH_ALL {
      refused_.store(true, relaxed);  // relaxed: a hint
      return false;                   // chains get longer, and the next insert tries again
    }
    refused_.store(false, relaxed);                                                   // relaxed: a hint
    if (first >= striped_homes && stripes_.load(relaxed) == nullptr) make_stripes();  // relaxed: under opening_
    return true;
  }
  // Makes the pages for children that are about to be written, a piece at a time.
  void populate(std::size_t from, std::size_t to) noexcept {
    const std::size_t first = std::bit_floor(from);
    const std::size_t segment = first * layout::home_bytes();
    if (!memory::is_mapped(segment)) return;
    const std::size_t begin = (from - first) * layout::home_bytes();
    const std::size_t end = (to - first) * layout::home_bytes();
    const std::size_t piece = round_up(begin, populated_at_once);
    if (piece < end) memory::populate(at(first), piece, (std::min)(piece + populated_at_once, segment));
  }
  void finish_segment(std::size_t done) noexcept {
    if (!std::has_single_bit(done) || done < 2 * base_homes) return;
    const std::size_t bytes = done / 2 * layout::home_bytes();
    if (memory::is_mapped(bytes)) memory::prefer_huge(at(done / 2), bytes);
  }

  void make_stripes() noexcept {
    const std::size_t threads = (std::max)(1U, std::thread::hardware_concurrency());
    const std::size_t slot_count = std::clamp<std::size_t>(std::bit_ceil(2 * threads), 8, 128);
    auto* const all = new (std::nothrow) stripe[slot_count];
    if (all == nullptr) return;  // then all count in one place
    all[0].slot_count = slot_count;
    stripes_.store(all, release);  // release: made
  }

  void free_segments() noexcept {
    for (std::size_t first = 0; first < most_independent_homes; first = (std::max)(2 * first, base_homes)) {
      const std::uintptr_t biased = segments_[segment_key(first)].load(relaxed);  // relaxed: nobody else is left
      if (biased == 0) continue;
      const std::size_t bytes = homes_from(first) * layout::home_bytes();
      memory::deallocate(allocator_, reinterpret_cast<std::byte*>(biased) + first * layout::home_bytes(), bytes);
    }
  }

  [[no_unique_address]] Allocator allocator_;
  const std::uint64_t serial_;
  const std::size_t initial_;
  std::size_t freed_ = 0;      // homes whose elements are; by who frees the root
  std::size_t discarded_ = 0;  // by who frees the root
  const std::size_t initial_mask_;
  alignas(64) atomic<std::size_t> mask_{0};              // of `shown`, and raised after it
  atomic<std::size_t> shown_{0};                         // how many homes readers go by
  atomic<stripe*> stripes_{nullptr};                     // made once, when the table is large
  atomic<std::uintptr_t> segments_[most_segments] = {};  // biased as in directory.hpp; each is set once
  alignas(128) atomic<std::size_t> claimed_{0};          // by who claims a run
  atomic<std::size_t> moved_{0};                         // by who has split a run
  atomic<std::size_t> done_{0};                          // only up; by who has split something off
  atomic<std::size_t> tried_{0};                         // only up; by who meets a gap, and where there are any
  atomic<std::size_t> gap_look_{0};                      // by who has looked for gaps
  atomic<bool> gaps_yield_{false};                       // by who comes back to a gap
  atomic<bool> refused_{false};                          // there was no memory for the next segment
  spin_lock opening_;                                    // who asks for the memory of the next segment
  alignas(128) atomic<std::int64_t> next_growth_{0};     // elements at which there is something to claim
  atomic<std::int64_t> told_{0};                         // elements in stripes, as far as their threads have told
  atomic<std::int64_t> inserted_{0};                     // by threads without a stripe
  atomic<std::int64_t> erased_{0};                       // the same
  [[no_unique_address]] std::conditional_t<keeps_plain_addresses, plain_addresses, no_plain_addresses> plain_;
  pool pools_[pool_count];
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
