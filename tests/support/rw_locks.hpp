// rw_lock as tests use it: without annotations, from other threads, and biased.
#ifndef EVAC_TESTS_SUPPORT_RW_LOCKS_HPP
#define EVAC_TESTS_SUPPORT_RW_LOCKS_HPP

#include <absl/base/thread_annotations.h>

#include <atomic>
#include <cstdint>
#include <evac/rw_lock.hpp>
#include <thread>

namespace evac_test {

/// The lock without its annotations: tests go in and out where clang's analysis cannot follow.
class rw_lock {
 public:
  void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { tested_.lock(); }
  void lock(auto& events) ABSL_NO_THREAD_SAFETY_ANALYSIS { tested_.lock(events); }
  bool try_lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { return tested_.try_lock(); }
  void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { tested_.unlock(); }
  void lock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { tested_.lock_shared(); }
  void lock_shared(auto& events) ABSL_NO_THREAD_SAFETY_ANALYSIS { tested_.lock_shared(events); }
  bool try_lock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { return tested_.try_lock_shared(); }
  void unlock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { tested_.unlock_shared(); }
  [[nodiscard]] bool is_biased() const { return tested_.is_biased(); }
  [[nodiscard]] bool bias_stands() const { return tested_.bias_stands(); }
  [[nodiscard]] bool is_write_locked() const { return tested_.is_write_locked(); }
  [[nodiscard]] std::uint32_t reader_count() const { return tested_.reader_count(); }

 private:
  evac::rw_lock tested_;
};

/// However unlucky the sampling of reads is.
inline constexpr int most_reads_until_biased = evac::detail::visible_readers::highest_price * 16 * 8;

struct counted_events {
  std::atomic<int> about_to_wait_count{0};
  std::atomic<int> contended_count{0};
  std::atomic<int> parked_count{0};
  std::atomic<int> revoked_count{0};
  void about_to_wait() noexcept { ++about_to_wait_count; }
  void contended() noexcept { ++contended_count; }
  void parked() noexcept { ++parked_count; }
  void revoked() noexcept { ++revoked_count; }
};

/// The answer of `ask` in a thread of its own.
template <class Ask>
auto elsewhere(const Ask& ask) {
  decltype(ask()) answer{};
  std::thread([&] { answer = ask(); }).join();
  return answer;
}
inline bool free_for_writers(rw_lock& lock) {
  return elsewhere([&] {
    if (!lock.try_lock()) return false;
    lock.unlock();
    return true;
  });
}
inline bool free_for_readers(rw_lock& lock) {
  return elsewhere([&] {
    if (!lock.try_lock_shared()) return false;
    lock.unlock_shared();
    return true;
  });
}

/// Reads until readers announce themselves; the number of reads, 0 if that did not come.
inline int make_biased(rw_lock& lock) {
  for (int reads = 1; reads <= most_reads_until_biased; ++reads) {
    lock.lock_shared();
    lock.unlock_shared();
    if (lock.is_biased()) return reads;
  }
  return 0;
}

/// Reads, and writes now and then, until writers leave the bias as it is.
inline bool make_standing(rw_lock& lock) {
  constexpr int reads_per_write = 500;
  if (make_biased(lock) == 0) return false;
  for (int reads = 0; reads <= most_reads_until_biased && !lock.bias_stands(); ++reads) {
    if (reads % reads_per_write == 0) {  // only a lock whose bias was revoked has its bias stand
      lock.lock();
      lock.unlock();
    }
    lock.lock_shared();
    lock.unlock_shared();
  }
  return lock.bias_stands();
}

}  // namespace evac_test

#endif
