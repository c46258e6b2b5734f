// A table of computations under way, at most one for each key: a thread that comes second waits for the result of the
// first (the idea of Go's golang.org/x/sync/singleflight).
//
//   listed    callers of the same key join it
//   settled   off the list: no more callers join      by its leader, under the lock of the place that the result goes to
//   landed    the callers that joined wake up         by its leader, however it leaves
//
// A result may be erased again as soon as that lock is released. A caller that joined did so before the result was put
// in place, and so its call includes this moment: together with the leader's it takes effect there. A caller that
// joined later could return what had been erased before its call began.
#ifndef EVAC_DETAIL_SHARDED_SINGLE_FLIGHT_HPP
#define EVAC_DETAIL_SHARDED_SINGLE_FLIGHT_HPP

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Key, class T>
class single_flight {
  struct flight {
    const Key& key;  // the leader's argument: only compared while the flight is listed, and whole until then
    std::size_t hash;
    std::thread::id leader;
    // Written by the leader before it lands, then read by all. None is set if the leader's thread ended inside its
    // work.
    std::optional<T> result{};
    std::exception_ptr failure{};
    bool declined = false;  // there is no result
    bool landed = false;    // under mutex_
  };
  using flight_list = std::list<std::shared_ptr<flight>>;

 public:
  /// A leader's hold on its flight, which lands when this goes out of scope.
  class leading {
   public:
    leading(single_flight& all, typename flight_list::iterator listed) noexcept
        : all_(all), mine_(*listed), listed_(listed) {}
    leading(const leading&) = delete;
    leading& operator=(const leading&) = delete;
    ~leading() {
      settle();
      {
        const std::lock_guard lock(all_.mutex_);
        mine_->landed = true;
      }
      all_.landed_.notify_all();
    }

    /// No caller joins from now on. To be called under the lock that the result is put in place or found under, before
    /// the key is moved from.
    void settle() noexcept {
      if (!is_listed_) return;
      const std::lock_guard lock(all_.mutex_);
      all_.flights_.erase(listed_);
      is_listed_ = false;
    }

   private:
    single_flight& all_;
    std::shared_ptr<flight> mine_;
    // No std::optional: g++ 12 warns its users that it may be uninitialized.
    typename flight_list::iterator listed_;
    bool is_listed_ = true;
  };

  /// A std::optional<T> if that is what work returns, else a T.
  template <class Work>
  using result_of = std::conditional_t<std::is_same_v<std::invoke_result_t<const Work&, leading&>, std::optional<T>>,
                                       std::optional<T>, T>;

  single_flight() = default;
  // Flights belong to the object, not to its contents.
  single_flight(const single_flight&) noexcept {}
  single_flight& operator=(const single_flight&) noexcept { return *this; }
  ~single_flight() = default;

  /// The result of work(leading&), called here or by the thread that is already at it: a T, or a std::optional<T> that
  /// is empty if work declines. Throws what work threw there. If the thread at work is cancelled or ends by
  /// pthread_exit, one of the waiting threads takes its place; and so does one whose work never declines if that of the
  /// thread at work has.
  template <class Equal, class Work>
  [[nodiscard]] auto share(const Key& key, std::size_t hash, const Equal& equal, const Work& work) -> result_of<Work> {
    constexpr bool may_decline = !std::is_same_v<result_of<Work>, T>;
    for (;;) {
      std::unique_lock lock(mutex_);
      const auto same = find(key, hash, equal);
      if (same == flights_.end()) return lead(key, hash, lock, work);
      const std::shared_ptr<flight> joined = *same;
      if (joined->leader == std::this_thread::get_id()) {
        EVAC_ASSERT_HANDLER(
            "evac: get_or_compute's factory asks for the very key that it computes: this would wait for itself");
      }
      landed_.wait(lock, [&] { return joined->landed; });
      lock.unlock();
      if (joined->failure) std::rethrow_exception(joined->failure);
      if (joined->result.has_value()) return *joined->result;
      if constexpr (may_decline) {
        if (joined->declined) return std::nullopt;
      }
    }
  }

  /// The same, but nothing at once if a thread is at it.
  template <class Equal, class Work>
  [[nodiscard]] std::optional<T> share_unless_busy(const Key& key, std::size_t hash, const Equal& equal,
                                                   const Work& work) {
    std::unique_lock lock(mutex_);
    if (find(key, hash, equal) != flights_.end()) return std::nullopt;
    return lead(key, hash, lock, work);
  }

 private:
  // Under mutex_.
  template <class Equal>
  [[nodiscard]] typename flight_list::iterator find(const Key& key, std::size_t hash, const Equal& equal) {
    return std::find_if(flights_.begin(), flights_.end(), [&](const std::shared_ptr<flight>& each) {
      return each->hash == hash && static_cast<bool>(equal(each->key, key));
    });
  }
  template <class Work>
  [[nodiscard]] auto lead(const Key& key, std::size_t hash, std::unique_lock<std::mutex>& lock, const Work& work)
      -> result_of<Work> {
    const auto mine = std::make_shared<flight>(flight{key, hash, std::this_thread::get_id()});
    leading hold(*this, flights_.insert(flights_.end(), mine));
    lock.unlock();
    EVAC_TRY {
      if constexpr (std::is_same_v<result_of<Work>, T>) {
        mine->result.emplace(work(hold));
      } else {
        mine->result = work(hold);
        mine->declined = !mine->result.has_value();
        if (mine->declined) return std::nullopt;
      }
    }
    EVAC_CATCH_ALL {
      // Null where a thread is cancelled or calls pthread_exit: that unwinding is no exception that others could get,
      // and must not end here.
      mine->failure = std::current_exception();
      EVAC_RETHROW;
    }
    return *mine->result;
  }

  std::mutex mutex_;
  std::condition_variable landed_;
  flight_list flights_;  // under mutex_
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
