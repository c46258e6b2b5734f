// Notice board of a process: each shared object notes which threads are inside of domains by it, so that the others do
// not wait for their own thread. Records of a thread are known only to the shared object that has taken them.
//
//   mapping of the process   | used | thread, registry, function | thread, registry, function | free | ...
//
// The function tells of a registry whether its thread is busy; only that thread calls it. The contents are the same for
// all settings and versions of evac: their layout never changes under the name of the mapping.
#ifndef EVAC_DETAIL_SYNC_THREAD_BOARD_HPP
#define EVAC_DETAIL_SYNC_THREAD_BOARD_HPP

#include <pthread.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/process_mapping.hpp"

namespace evac::inline EVAC_ABI::detail {

class thread_board {
  // Pairs
  //   found      board_of_process() releases, everybody acquires: the board as its maker left it
  //   returned   the thread that frees a note releases, the one that takes it acquires

 public:
  using busy_function = bool (*)(const void* registry) noexcept;

  struct note {
    atomic<std::uintptr_t> thread{0};  // 0: free; by the thread that takes it, its own from then on
    const void* registry = nullptr;    // the thread's
    busy_function is_busy = nullptr;   // the thread's
  };

  /// A number that no other thread has that is alive; the same in all shared objects, and in the child of a fork().
  [[nodiscard]] static std::uintptr_t this_thread() noexcept { return reinterpret_cast<std::uintptr_t>(&errno); }

  /// A number that spreads over threads, in its low bits too: for choosing one of several stripes. Two threads may have
  /// the same.
  [[nodiscard]] static std::size_t hash_of_this_thread() noexcept {
    return std::size_t{this_thread() * std::uint64_t{0x9E3779B97F4A7C15} >> 40U};
  }

  /// Null if there is no room: then other shared objects do not see this one's guards of the thread.
  [[nodiscard]] static note* put_up(const void* registry, busy_function is_busy) noexcept {
    board* const all = board_of_process();
    if (all == nullptr) return nullptr;
    note* const taken = all->take(this_thread());
    if (taken == nullptr) return nullptr;
    taken->registry = registry;
    taken->is_busy = is_busy;
    return taken;
  }
  static void take_down(note* own) noexcept {
    if (own != nullptr) own->thread.store(0, release);  // release: returned
  }

  /// Whether this thread is busy by any shared object. O(threads).
  [[nodiscard]] static bool is_busy() noexcept {
    bool busy = false;
    if (board* const all = known_.load(acquire)) {  // acquire: found
      all->for_each([&](const note& each) {
        // relaxed: only its own thread has this number
        busy = each.thread.load(relaxed) == this_thread() && each.is_busy(each.registry);
        return !busy;
      });
    }
    return busy;
  }

 private:
  class board {
   public:
    [[nodiscard]] note* take(std::uintptr_t thread) noexcept {
      note* taken = nullptr;
      for_each([&](note& each) {
        if (take_free(each, thread)) taken = &each;
        return taken == nullptr;
      });
      while (taken == nullptr) {
        std::size_t index = used_.load(relaxed);  // relaxed, both: the note itself says who has it
        if (index == most_notes) return nullptr;
        if (!used_.compare_exchange_weak(index, index + 1, relaxed, relaxed)) continue;
        if (take_free(notes_[index], thread)) taken = &notes_[index];
      }
      return taken;
    }
    /// Calls visit(note) for all, taken or not, until one returns false.
    template <class Visit>
    void for_each(const Visit& visit) noexcept {
      const std::size_t used = used_.load(relaxed);  // relaxed: a thread finds its own
      for (std::size_t i = 0; i != used; ++i) {
        if (!visit(notes_[i])) return;
      }
    }

   private:
    static constexpr std::size_t most_notes = (process_mapping::size - line_pair) / sizeof(note);

    [[nodiscard]] static bool take_free(note& each, std::uintptr_t thread) noexcept {
      std::uintptr_t none = 0;
      if (each.thread.load(relaxed) != 0) return false;  // relaxed: a hint that spares the exchange
      // acquire: returned. relaxed: somebody else has it
      return each.thread.compare_exchange_strong(none, thread, acquire, relaxed);
    }

    atomic<std::size_t> used_{0};  // of notes, those that have been taken once
    note notes_[most_notes];
  };
  static_assert(sizeof(board) + process_mapping::header_size <= process_mapping::size);

  [[nodiscard]] static board* board_of_process() noexcept {
    board* all = known_.load(acquire);  // acquire: found
    if (all != nullptr) return all;
    // The mapping is all zeros, and so is an empty board: it is not touched.
    all = static_cast<board*>(process_mapping::find_or_make("evac: threads inside of domains, 1", [](void*) {}));
    if (all == nullptr) return nullptr;
    board* before = nullptr;
    // acq_rel, acquire: found. Threads that come at the same time may have found two.
    if (!known_.compare_exchange_strong(before, all, acq_rel, acquire)) return before;
    // The system drops it when this shared object is unloaded. If there is no memory for it, children may take a thread
    // that is gone for one of theirs.
    static_cast<void>(::pthread_atfork(nullptr, nullptr, forget_others));
    return all;
  }
  // In the child of a fork(): a new thread may get the number of one that is gone.
  static void forget_others() noexcept {
    board* const all = known_.load(acquire);  // acquire: found
    if (all == nullptr) return;
    all->for_each([](note& each) {
      if (each.thread.load(relaxed) != this_thread()) take_down(&each);  // relaxed: there is one thread
      return true;
    });
  }

  // Visible, so that shared objects that share symbols share this.
  [[gnu::__visibility__("default")]] static inline constinit atomic<board*> known_{nullptr};
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
