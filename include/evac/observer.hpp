// evac::observer: a class to derive from, whose functions a map calls when something happens to it that a person may
// want to know of.
//
//   struct growth_log : evac::observer {
//     void growth_begun(const growth_event& event) noexcept override { log("grows", event.map, event.size); }
//   };
//   growth_log log;
//   sessions.observe(&log);              and sessions.observe(nullptr) in the end
//
// One observer may serve any number of maps: `map` in each event is the address of the map that it is about. It belongs
// to the map object and not to its contents: it does not go along with a copy, a move, an assignment or a swap.
//
//   thread      the one whose call has met the event, before that call returns. An observer of a shared map, or of
//               several maps, is called by several threads at once
//   locks       map, set, sharded maps: those that the call holds, of one shard at least where it says `shard`; sync
//               maps: none, but the thread is inside the domain. So an observer should be quick: note, count, hand over
//   may call    size(), memory_usage() and counters() of the map that it is told of, and anything else that is not that
//               map. Any other call of the map is misuse; it is reported as that of a visitor would be, where that is
//   exceptions  none: the functions are noexcept
//   cost        a map that nobody observes loads a word where one of these events occurs; frequent paths do nothing for
//               it
//
// How long an observer is used, says observe() of each map.
#ifndef EVAC_OBSERVER_HPP
#define EVAC_OBSERVER_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI {

class observer {
 public:
  /// `shard` where a map has none.
  static constexpr std::size_t no_shard = ~std::size_t{0};
  /// Waits that took less are not told, if the constructor is not given another limit.
  static constexpr std::chrono::nanoseconds default_patience = std::chrono::milliseconds(1);

  /// A call of a map: what it was, and where it was written. Null and 0 where that is not known: `file` of calls that
  /// take any number of arguments, and all of it in a sync map.
  struct call_place {
    const char* operation = nullptr;
    const char* file = nullptr;
    std::uint_least32_t line = 0;
  };

  /// clear() was called; of a sync map, one that found a table.
  struct cleared_event {
    const void* map;
    std::size_t size;  ///< elements that went; of a shared map a recent number
  };
  /// A doubling of a table. Of a map, a set or a shard begun and ended come in turns; in a sync map the end may be told
  /// after the next one has begun.
  struct growth_event {
    const void* map;
    std::size_t shard;         ///< no_shard where there are none
    std::size_t slots_before;  ///< room for elements in the home buckets of the table when the doubling began
    std::size_t slots_after;   ///< and when it is done
    std::size_t size;          ///< elements of the table at the moment
    std::size_t
        elements_moved;  ///< total since the table was made: how many one doubling has moved, tells the difference
  };
  /// The table has given memory back: all buckets that the last doubling had made have been merged back, or rehash(0),
  /// shrink_to_fit() or reserve() has freed all memory of an empty table (slots_after is 0). A doubling that was not
  /// done by then never ends: growth_ended() is not called for it.
  struct shrunk_event {
    const void* map;
    std::size_t shard;         ///< no_shard where there are none
    std::size_t slots_before;  ///< room that there was memory for
    std::size_t slots_after;
    std::size_t size;  ///< elements of the table at the moment
  };
  /// The domain of a sync map has come to its cap. All observed maps of the domain are told, whichever has retired.
  struct over_cap_event {
    const void* map;
    std::size_t charged_bytes;  ///< garbage that waits, and what threads have set aside for more
    std::size_t cap_bytes;
    /// The thread is about to wait for room. If not, it has just gone over the cap: it holds a guard, has ended or is
    /// destroying garbage, and so must not wait; or there was no garbage to wait for.
    bool waits;
  };
  /// A thread has waited for a lock, longer than the patience of this observer, and has got it. However often it has
  /// slept, that is one event; a writer that has waited for another writer, and then for readers, has waited twice.
  struct waited_event {
    const void* map;
    std::size_t shard;  ///< no_shard where there are none, and for a call that waited for one on the whole sharded map
    std::chrono::nanoseconds time;
    call_place waiter;
    call_place holder;              ///< the call that held the lock when the thread fell asleep; without NDEBUG
    std::size_t holder_thread = 0;  ///< the thread of that call, as the system counts (gettid); 0 if not known
  };
  /// A thread has called a map inside of a call of the same map, and would have waited for itself: told before
  /// EVAC_ASSERT_HANDLER is called.
  struct reentered_event {
    const void* map;
    call_place inner;
    call_place outer;
  };

  explicit observer(std::chrono::nanoseconds patience = default_patience) noexcept : patience_(patience) {}
  observer(const observer&) = default;
  observer& operator=(const observer&) = default;
  virtual ~observer() = default;

  /// Waits of this time and longer are told.
  [[nodiscard]] std::chrono::nanoseconds patience() const noexcept { return patience_; }

  virtual void cleared(const cleared_event&) noexcept {}
  virtual void growth_begun(const growth_event&) noexcept {}
  virtual void growth_ended(const growth_event&) noexcept {}
  virtual void shrunk(const shrunk_event&) noexcept {}
  virtual void over_cap(const over_cap_event&) noexcept {}
  virtual void waited(const waited_event&) noexcept {}
  virtual void reentered(const reentered_event&) noexcept {}

 private:
  std::chrono::nanoseconds patience_;
};

}  // namespace evac::inline EVAC_ABI

#endif
