// absl::Mutex with the names of the standard, as a sharded map takes it.
#ifndef EVAC_TESTS_SUPPORT_ABSL_SHARED_MUTEX_HPP
#define EVAC_TESTS_SUPPORT_ABSL_SHARED_MUTEX_HPP

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <evac/detail/config.hpp>

// ThreadSanitizer cannot see into an absl that was built without it.
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}

namespace evac_test {

class ABSL_LOCKABLE absl_shared_mutex {
 public:
  absl_shared_mutex() {
    // absl's own search for deadlocks keeps a graph whose lock is hidden from ThreadSanitizer, too.
    if constexpr (EVAC_THREAD_SANITIZER != 0) absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  }

  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    mutex_.Lock();
    entered();
  }
  [[nodiscard]] bool try_lock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) { return mutex_.TryLock() && entered(); }
  void unlock() ABSL_UNLOCK_FUNCTION() {
    leaving();
    mutex_.Unlock();
  }
  void lock_shared() ABSL_SHARED_LOCK_FUNCTION() {
    mutex_.ReaderLock();
    entered();
  }
  [[nodiscard]] bool try_lock_shared() ABSL_SHARED_TRYLOCK_FUNCTION(true) {
    return mutex_.ReaderTryLock() && entered();
  }
  void unlock_shared() ABSL_UNLOCK_FUNCTION() {
    leaving();
    mutex_.ReaderUnlock();
  }

 private:
  bool entered() {
    if constexpr (EVAC_THREAD_SANITIZER != 0) __tsan_acquire(this);
    return true;
  }
  void leaving() {
    if constexpr (EVAC_THREAD_SANITIZER != 0) __tsan_release(this);
  }

  absl::Mutex mutex_;
};

}  // namespace evac_test

#endif
