// The gate where workers stop between two cycles, so that sums can be checked and figures taken while nobody is inside
// a call.
#ifndef EVAC_TESTS_SERVICE_GATE_HPP
#define EVAC_TESTS_SERVICE_GATE_HPP

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace service {

class gate {
 public:
  explicit gate(std::size_t workers) : workers_(workers) {}

  /// A worker between two cycles: waits while the gate is closed; false if the work is over.
  [[nodiscard]] bool pass() {
    std::unique_lock lock(mutex_);
    ++passed_;
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_ || over_; });
    --waiting_;
    return !over_;
  }

  /// Lets the workers through until at least `cycles` each and `time` have passed, then waits until all stand at the
  /// gate. False if for `patience` nobody came to it.
  [[nodiscard]] bool let_work(std::uint64_t cycles, std::chrono::duration<double> time,
                              std::chrono::duration<double> patience) {
    const auto begin = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = passed_ + cycles * workers_;
    open_ = true;
    changed_.notify_all();
    while (passed_ < wanted || std::chrono::steady_clock::now() - begin < time) {
      const std::uint64_t before = passed_;
      if (!changed_.wait_for(lock, patience, [&] { return passed_ != before; })) return false;
    }
    open_ = false;
    return changed_.wait_for(lock, patience, [&] { return waiting_ == workers_; });
  }

  void end() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }

 private:
  const std::size_t workers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t waiting_ = 0;
  std::uint64_t passed_ = 0;
  bool open_ = false;
  bool over_ = false;
};

}  // namespace service

#endif
