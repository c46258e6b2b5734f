// The observed maps of an epoch_domain: all of them are told when the domain comes to its cap.
//
// A thread that tells holds the mutex meanwhile, so that a map which has gone off the list is told nothing more. An
// observer whose own writes come to the cap is not told of that.
#ifndef EVAC_DETAIL_SYNC_DOMAIN_OBSERVERS_HPP
#define EVAC_DETAIL_SYNC_DOMAIN_OBSERVERS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "evac/detail/config.hpp"
#include "evac/detail/platform/probes.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/thread_board.hpp"
#include "evac/detail/sync/watched.hpp"
#include "evac/observer.hpp"

namespace evac::inline EVAC_ABI::detail {

class domain_observers {
 public:
  domain_observers() = default;
  domain_observers(const domain_observers&) = delete;
  domain_observers& operator=(const domain_observers&) = delete;
  ~domain_observers() = default;

  /// Gives a map an observer, or takes it away. Waits for threads that are telling one. Throws std::bad_alloc, and has
  /// changed nothing then.
  void observe(const void* map, watched& state, observer* by) {
    const std::lock_guard guard(mutex_);
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const entry& each) { return each.map == map; });
    if (by != nullptr && found == all_.end()) all_.push_back({map, std::addressof(state)});
    if (by == nullptr && found != all_.end()) all_.erase(found);
    state.observe(by);
    any_.store(!all_.empty(), relaxed);  // relaxed: a hint
  }

  EVAC_NEVER_INLINE void tell_over_cap(std::size_t charged_bytes, std::size_t cap_bytes, bool waits) noexcept {
    probes::over_cap(charged_bytes, cap_bytes, waits);
    // relaxed, both: a hint; and only this thread stores its own number
    if (!any_.load(relaxed) || telling_.load(relaxed) == thread_board::this_thread()) return;
    const std::lock_guard guard(mutex_);
    telling_.store(thread_board::this_thread(), relaxed);  // relaxed: for this thread
    for (const entry& each : all_) each.state->observed_by()->over_cap({each.map, charged_bytes, cap_bytes, waits});
    telling_.store(0, relaxed);  // relaxed: for this thread
  }

  /// In the child of a fork(): the thread that had the mutex may be gone.
  void reset_after_fork() noexcept {
    ::new (static_cast<void*>(std::addressof(mutex_))) std::mutex;
    telling_.store(0, relaxed);  // relaxed: there is one thread
  }

 private:
  struct entry {
    const void* map;
    const watched* state;  // with an observer
  };

  std::mutex mutex_;
  std::vector<entry> all_;             // under mutex_
  atomic<bool> any_{false};            // written under mutex_
  atomic<std::uintptr_t> telling_{0};  // the thread that has mutex_ and calls observers
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
