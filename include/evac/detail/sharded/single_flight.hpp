// One computation for each key at a time: who comes second waits for the result of who came first (the idea of Go's
// golang.org/x/sync/singleflight).
#ifndef EVAC_DETAIL_SHARDED_SINGLE_FLIGHT_HPP
#define EVAC_DETAIL_SHARDED_SINGLE_FLIGHT_HPP

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Key, class T>
class single_flight {
  struct flight {
    const Key& key;  // the leader's argument: only compared while the flight is listed, and the leader is here
    std::size_t hash;
    std::thread::id leader;
    std::optional<T> result;
    std::exception_ptr failure;
    bool landed = false;
  };

 public:
  single_flight() = default;
  // Flights belong to the object, not to its contents.
  single_flight(const single_flight&) noexcept {}
  single_flight& operator=(const single_flight&) noexcept { return *this; }
  ~single_flight() = default;

  /// What work() returns, or what it returned to the thread that is already at it. Throws what work threw there.
  template <class Equal, class Work>
  [[nodiscard]] T share(const Key& key, std::size_t hash, const Equal& equal, const Work& work) {
    std::unique_lock lock(mutex_);
    for (const auto& each : flights_) {
      if (each->hash == hash && equal(each->key, key)) return wait_for(each, lock);
    }
    const auto mine = std::make_shared<flight>(flight{key, hash, std::this_thread::get_id(), {}, {}});
    const auto listed = flights_.insert(flights_.end(), mine);
    lock.unlock();
    EVAC_TRY { mine->result.emplace(work()); }
    EVAC_CATCH_ALL { mine->failure = std::current_exception(); }
    lock.lock();
    flights_.erase(listed);
    mine->landed = true;
    lock.unlock();
    landed_.notify_all();
    return result_of(*mine);
  }

 private:
  [[nodiscard]] T wait_for(std::shared_ptr<flight> other, std::unique_lock<std::mutex>& lock) {
    if (other->leader == std::this_thread::get_id()) {
      EVAC_ASSERT_HANDLER(
          "evac: get_or_compute's factory asks for the very key that it computes: this would wait for itself");
    }
    landed_.wait(lock, [&] { return other->landed; });
    lock.unlock();
    return result_of(*other);
  }
  [[nodiscard]] static T result_of(const flight& of) {
    if (of.failure) std::rethrow_exception(of.failure);
    return *of.result;
  }

  std::mutex mutex_;
  std::condition_variable landed_;
  std::list<std::shared_ptr<flight>> flights_;  // under mutex_
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
