// Readers that announce themselves in memory of their own instead of in the lock that they hold.
//
//   record of one thread, on lines of its own:   | ... | lock A | - | lock C | - | ...    46 slots
//
// A reader of a biased lock writes the lock's address into a free slot of its thread's record; a writer that has
// revoked the bias looks through the records of all threads. This is the table of visible readers of BRAVO (Dice and
// Kogan, USENIX ATC 2019), with a row for each thread instead of one hash table, so that no two threads ever write the
// same line. The rows are those of a registry (reader_registry.hpp): one in a process, or one for each shared object.
#ifndef EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP
#define EVAC_DETAIL_SYNC_VISIBLE_READERS_HPP

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/platform/thread_id.hpp"
#include "evac/detail/sync/asymmetric_fence.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/backoff.hpp"
#include "evac/detail/sync/process_mapping.hpp"
#include "evac/detail/sync/reader_record.hpp"
#include "evac/detail/sync/reader_registry.hpp"
#include "evac/detail/sync/reentry.hpp"

namespace evac::inline EVAC_ABI::detail {

class visible_readers {
 public:
  /// Sampled reads without a writer after which a lock is biased that never was before; and at the earliest and at the
  /// latest when its bias was revoked: powers of two.
  static constexpr std::uint32_t first_price = 4;
  static constexpr std::uint32_t least_price = 64;
  static constexpr std::uint32_t highest_price = 0x8000;
  /// Writes that a bias stands for, on average, before the lock has to earn it again.
  static constexpr std::uint32_t writes_while_standing = 512;
  /// Reads that are counted while a bias stands and no writer comes, before the lock is biased.
  static constexpr std::uint32_t counts_while_standing = 2;
  // With the pauses in between one to three microseconds: longer than most critical sections, shorter than a system
  // call to sleep and one to wake.
  static constexpr int looks_before_parking = 8;
  /// Locks that one thread can announce at a time.
  static constexpr std::size_t record_slots = 46;

  /// A pause after the given number of looks at a lock that the thread does not get. The longer the pauses, the longer
  /// the owner of the cache line can work undisturbed: 8 threads on 2 cores, 10 % writes, 72 million a second instead
  /// of 61 with single pauses.
  static void pause(int looks) noexcept {
    for (int pauses = 1 << (std::min)(looks, 5); pauses > 0; --pauses) spin_pause();
  }

  // --- a reader ------------------------------------------------------------------------------------------------------

  /// Announces that this thread reads under `lock`, whose word is this, if that is possible without more ado. Only if
  /// the lock still has that word afterwards does a writer see it.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool enter_at_once(const void* lock, std::uint32_t word) noexcept {
    return mine_->enter_at_once(lock, word);
  }
  /// The same in the cases that are left; false if the lock is biased to another registry, or there is no room.
  [[nodiscard]] EVAC_NEVER_INLINE static bool enter(const void* lock, std::uint32_t word) noexcept {
    record* const own = mine();
    return own != nullptr && own->word() == word && own->enter(lock);
  }
  /// The same where the bias stands. After that the lock must let readers in as well.
  [[nodiscard]] static bool enter_standing(const void* lock, std::uint32_t word) noexcept {
    record* const own = mine();
    return own != nullptr && own->word() == bias_word::biased_like(word) && own->enter_by_exchange(lock);
  }
  /// Withdraws an announcement in the usual case: that of enter_at_once(). False in any other case.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool leave_at_once(const void* lock) noexcept {
    return mine_->leave_at_once(lock);
  }
  /// Withdraws one that this thread has made, by this shared object or by another in the registry that the lock names;
  /// false if there is none.
  [[nodiscard]] EVAC_NEVER_INLINE static bool leave(const void* lock, std::uint32_t word) noexcept {
    return mine_->leave(lock) || named(word).leave(this_thread(), lock);
  }

  /// The word of a lock that this thread biases; 0 if it must not.
  [[nodiscard]] static std::uint32_t word() noexcept {
    const record* const own = mine();
    return own != nullptr ? own->word() : 0;
  }
  /// Whether a lock with so many reads between two writes should let its bias stand. A writer that looks through the
  /// records takes a line from each thread, and the thread takes it back; a read by state takes one, every other time by
  /// two threads. With two threads and the one that started them, which is three records, both are as fast at 3 to 4 %
  /// updates (docs/design.md).
  [[nodiscard]] static bool standing_pays(std::uint32_t reads_per_write) noexcept {
    const registry* const all = known_.load(relaxed);  // relaxed: a number to go by
    constexpr std::uint32_t reads_per_record = 9;
    constexpr std::uint32_t fewest = 2;
    constexpr std::uint32_t most = 12;
    static_assert(reads_per_record * most <= bias_word::most_reads_per_write);
    return all != nullptr && reads_per_write >= reads_per_record * std::clamp(all->size(), fewest, most);
  }
  /// True once in sixteen calls of this thread on average.
  [[nodiscard]] EVAC_ALWAYS_INLINE static bool sample_read() noexcept {
    if (!mine_->is_sampled()) [[likely]]
      return false;
    return draw_next_read();
  }
  /// True once in `period` calls of this thread on average.
  [[nodiscard]] static bool sample(std::uint32_t period) noexcept {
    record* const own = mine();
    return own != nullptr && own->sample(period);
  }
  /// Lines that threads of the registry have to themselves in an array with one for each: no two threads that are alive
  /// have the same, and they take the first ones. The same in all shared objects: one may write into the array of
  /// another.
  static constexpr std::size_t most_lines = 128;
  /// The distance of this thread's line from the line before the array, in bytes; without_line if it has none.
  [[nodiscard]] EVAC_ALWAYS_INLINE static std::uintptr_t line_of_this_thread() noexcept { return line_; }
  static constexpr std::uintptr_t without_line = ~std::uintptr_t{0};
  /// Makes sure that other shared objects find what this one does in this thread, as far as that is possible.
  EVAC_ALWAYS_INLINE static void be_known() noexcept {
    if (part_ != part::taken) [[unlikely]]
      join();
  }

  // --- a writer ------------------------------------------------------------------------------------------------------

  /// After the bias was revoked: what is announced after this counts no more.
  static void fence(std::uint32_t word) noexcept { named(word).fence(); }
  /// Whether any thread reads under `lock`. After fence().
  [[nodiscard]] static bool any(const void* lock, std::uint32_t word) noexcept { return named(word).any(lock); }
  /// A wait after the given number of looks at any(). A reader that leaves by its record wakes nobody; it
  /// would have to look at the lock for that.
  static void await_leavers(int looks) noexcept { patience.wait(looks); }

  /// Records that there are: as many as threads used locks at one time. For tests and statistics.
  [[nodiscard]] static std::size_t record_count() noexcept {
    std::size_t count = 0;
    if (registry* const all = known_.load(acquire)) {  // acquire: found
      all->records().for_each([&](const record&) { return ++count != 0; });
    }
    return count;
  }

 private:
  // Pairs
  //   found   registry_of_process() releases, everybody acquires: the registry as its maker left it
  using registry = reader_registry<record_slots>;
  using record = registry::record;
  static constexpr backoff patience{.pauses = 40, .yields = 40};
  /// The part of a thread in the registry: a record, not yet one, or none for good: it has ended, is about to take one,
  /// or there is no room.
  enum class part : unsigned char { none, taken, barred };

  /// The contents of the mapping.
  struct place {
    place(std::uint32_t word, bool plain) noexcept : records(word, plain) {}
    registry records;
    atomic<std::uint32_t> used{0};  // rooms for records that are given out
  };
  static constexpr std::size_t node_size = registry::list::node_size();
  static_assert(node_size % line_pair == 0 && sizeof(place) <= 2 * node_size && std::is_standard_layout_v<place>);
  static constexpr std::uint32_t rooms = process_mapping::size / node_size - 4;  // the first ones are the place's

  [[nodiscard]] static registry& named(std::uint32_t word) noexcept {
    return static_cast<place*>(process_mapping::content_of(word & bias_word::registry))->records;
  }
  [[nodiscard]] static thread_identity this_thread() noexcept { return &errno; }

  // Gives the record back when the thread ends; or later, if an object of the thread that outlives this one still
  // reads. What the thread does after that, in destructors of other thread-local objects, finds no record and takes the
  // way of an unbiased lock.
  struct owner {
    owner() noexcept : own(*mine_) {}
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;
    ~owner() {
      part_ = part::barred;
      mine_ = &nobody_;
      line_ = without_line;
      own.marks() = inside_call::unlink_marks(own.marks());
      known_.load(acquire)->quit(own);  // acquire: found
    }
    record& own;
  };

  [[nodiscard]] EVAC_ALWAYS_INLINE static record* mine() noexcept { return part_ == part::taken ? mine_ : join(); }
  // A read that is sampled, or of a thread that has no record yet.
  EVAC_NEVER_INLINE static bool draw_next_read() noexcept {
    record* const own = mine();
    if (own == nullptr || !own->is_sampled()) return false;
    own->draw_next_read();
    return true;
  }
  EVAC_NEVER_INLINE static record* join() noexcept {
    if (part_ == part::barred) return nullptr;
    part_ = part::barred;  // also for what is called from here: an allocator may use a lock
    registry* const all = registry_of_process();
    if (all == nullptr) {
      if (claimed_by_.load(relaxed) != 0) part_ = part::none;  // relaxed: it asks again the next time
      return nullptr;
    }
    record* const own = all->join(this_thread(), take_room);
    if (own == nullptr) return nullptr;
    own->marks() = inside_call::link_marks(own->marks());
    if (room_of(*own) < most_lines) line_ = (room_of(*own) + 1) * cache_line;
    mine_ = own;
    static thread_local const owner joined;
    part_ = part::taken;
    return own;
  }
  [[nodiscard]] static record* take_room(registry::list& records) noexcept {
    // The list is at the beginning of the registry, and that at the beginning of the place: all of standard layout.
    auto& all = *reinterpret_cast<place*>(&records);
    return records.take([&]() -> void* {
      std::uint32_t index = all.used.load(relaxed);  // relaxed: the exchange decides
      do {
        if (index == rooms) return nullptr;
      } while (!all.used.compare_exchange_weak(index, index + 1, relaxed, relaxed));  // relaxed: says nothing else
      return end_of_mapping(&all) - std::size_t{index + 1} * node_size;
    });
  }
  // Which room a record has: the mapping is at a multiple of its size.
  [[nodiscard]] static std::size_t room_of(const record& of) noexcept {
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(&of) & (process_mapping::size - 1);
    return (process_mapping::size - address) / node_size - 1;
  }
  [[nodiscard]] static unsigned char* end_of_mapping(place* content) noexcept {
    return reinterpret_cast<unsigned char*>(content) - process_mapping::header_size + process_mapping::size;
  }

  [[nodiscard]] static registry* registry_of_process() noexcept {
    registry* all = known_.load(acquire);  // acquire: found
    if (all != nullptr) return all;
    const pid_t process = ::getpid();
    pid_t claimed_by = claimed_by_.load(relaxed);  // relaxed: the exchange decides
    if (claimed_by == process) return nullptr;
    void* const found = process_mapping::find_or_make("readers of rw_lock 4 " EVAC_ABI_TEXT, [](void* at) {
      ::new (at) place(bias_word::biased | process_mapping::number_of(at), asymmetric_fence::available());
    });
    if (found == nullptr) return nullptr;
    // One thread of this shared object registers what children do, before anybody has a record; those that come
    // meanwhile do without one in that call. In a child that is forked meanwhile that thread is gone, and another one
    // does it. relaxed: who gets it has nothing to read
    if (!claimed_by_.compare_exchange_strong(claimed_by, process, relaxed, relaxed)) return nullptr;
    if (claimed_by != 0) kept_thread_id::forget();
    // The system drops it when this shared object is unloaded. If there is no memory for it, children have the records
    // as they were.
    static_cast<void>(::pthread_atfork(nullptr, nullptr, reset_after_fork));
    all = &static_cast<place*>(found)->records;
    known_.store(all, release);  // release: found
    return all;
  }
  static void reset_after_fork() noexcept {
    kept_thread_id::forget();
    if (registry* const all = known_.load(acquire)) all->reset_after_fork(this_thread());  // acquire: found
  }

  // Visible, so that shared objects that share symbols share these.
  [[gnu::__visibility__("default")]] static inline constinit atomic<registry*> known_{nullptr};
  // The process in which some thread has set out to make it known, or 0.
  [[gnu::__visibility__("default")]] static inline constinit atomic<pid_t> claimed_by_{0};
  // Of threads that have no record: matches no lock, and is never written.
  [[gnu::__visibility__("default")]] static inline constinit record nobody_{};
  [[gnu::__visibility__("default")]] static inline constinit thread_local record* mine_ = &nobody_;
  [[gnu::__visibility__("default")]] static inline constinit thread_local std::uintptr_t line_ = without_line;
  [[gnu::__visibility__("default")]] static inline constinit thread_local part part_ = part::none;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
