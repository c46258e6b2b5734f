// evac's atomics on relacy's: included in place of include/evac/detail/sync/atomic.hpp, so that the headers
// under test are those that users include. Some of the bugs that are planted (bugs.hpp) are in here.
#ifndef EVAC_DETAIL_SYNC_ATOMIC_HPP
#define EVAC_DETAIL_SYNC_ATOMIC_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <type_traits>

// The standard library first: relacy gives words of it another meaning for what follows.
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <evac/detail/config.hpp>
#include <relacy/relacy.hpp>
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#define errno (*__errno_location())
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst
#include "bugs.hpp"
#include "light_fences.hpp"
#include "plain.hpp"
#include "release_sequences.hpp"

namespace evac_model {

/// Whether threads now and then stop for long in the middle of something. relacy lets another thread go on after every
/// step, with equal chances: that another gets through dozens of steps in between hardly ever happens by itself.
inline bool lingering = false;
inline void stop_for_long() {
  for (unsigned steps = rl::rand(120); steps != 0; --steps) rl::ctx().sched();
}
inline void linger() {
  if (lingering && rl::rand(24) == 0) stop_for_long();
}

/// Whether seq_cst operations are in one order, beyond what they acquire and release. Models of protocols in which an
/// asymmetric fence takes the place of that order say that they are not, so that nothing rests on it.
inline bool one_order = true;

/// Words of buckets are never destroyed: their memory is just freed, which relacy's atomics do not bear. So these have
/// a place of their own until end(). What a run that failed has left behind is not touched.
template <class T>
class word_store {
 public:
  static void begin() {
    used_ = 0;
    if (all_ == nullptr) all_ = static_cast<T*>(std::malloc(most * sizeof(T)));
  }
  static void end() {
    while (used_ != 0) all_[--used_].~T();
  }
  [[nodiscard]] static T* make() {
    if (used_ == most) std::abort();
    return ::new (static_cast<void*>(all_ + used_++)) T;
  }

 private:
  static constexpr std::size_t most = 4096;
  static inline T* all_ = nullptr;
  static inline std::size_t used_ = 0;
};
using words = word_store<rl::atomic<std::uint64_t>>;

constexpr rl::thread_id_t most_threads = 4;
/// Where all sleep: a notification wakes more than it has to, who is awake looks at its own atomic again. A model that
/// is about lost wake-ups therefore has one lock only.
inline rl::waitset<most_threads> sleepers;
/// The value that a reader must find at its second look, after it has announced itself in rw_lock; by thread. For
/// planted bugs.
inline std::uint32_t wanted_word[most_threads];
/// The word of the registry in which a thread has its record; by thread. For planted bugs.
inline std::uint32_t own_word[most_threads];
/// Whether the bias of a lock may stand.
inline bool bias_may_stand = false;

}  // namespace evac_model

namespace evac::inline EVAC_ABI::detail {

inline constexpr auto relaxed = rl::mo_relaxed;
inline constexpr auto acquire = rl::mo_acquire;
inline constexpr auto release = rl::mo_release;
inline constexpr auto acq_rel = rl::mo_acq_rel;
inline constexpr auto seq_cst = rl::mo_seq_cst;

inline void compiler_fence() noexcept {
  if (evac_model::fence_planted != evac_model::fence_bug::no_compiler_fence) evac_model::light_fences::pass();
}

template <class T>
struct own_atomic;

template <class T>
class atomic {
  // Atomics that the planted bugs tell apart: state_ and bias_ of a lock; a slot of a record, and the mark behind the
  // last one that was used; head and flags of the list of records.
  static constexpr bool of_lock = std::is_same_v<T, std::uint32_t>;
  static constexpr bool is_slot = std::is_same_v<T, const void*>;
  static constexpr bool is_mark = std::is_same_v<T, std::uint16_t>;
  static constexpr bool of_list = !of_lock && !is_slot && !is_mark;
  // Of the lock's state.
  static constexpr std::uint32_t writer = 1;
  static constexpr std::uint32_t parked = 4;
  // A word of a lock that was biased: its state is less in a model.
  [[nodiscard]] static bool is_bias(std::uint32_t word) { return word >= 1U << 15U; }
  using bug = evac_model::bug;
  using sync_bug = evac_model::sync_bug;
  using fence_bug = evac_model::fence_bug;
  // A word of a bucket, among others.
  static constexpr bool is_word = std::is_same_v<T, std::uint64_t>;
  // Whether a word is an address: all else that words hold in models is less.
  [[nodiscard]] static bool is_node(std::uint64_t word) { return word >> 40U != 0; }
  // relacy knows pointers to void only.
  using stored = std::conditional_t<std::is_pointer_v<T>, void*, T>;
  using implementation = rl::atomic<stored>;
  [[nodiscard]] static stored in(T value) {
    if constexpr (std::is_pointer_v<T>) {
      return const_cast<std::remove_const_t<std::remove_pointer_t<T>>*>(value);
    } else {
      return value;
    }
  }
  [[nodiscard]] static T out(stored value) { return static_cast<T>(value); }
  [[nodiscard]] static bool has(bug which) { return evac_model::planted == which; }
  [[nodiscard]] static bool has(sync_bug which) { return evac_model::sync_planted == which; }
  [[nodiscard]] static bool has(fence_bug which) { return evac_model::fence_planted == which; }

 public:
  atomic() : atomic(T{}) {}
  atomic(T initial) {
    modelled().store(in(initial), relaxed, RL_INFO);
  }  // NOLINT(google-explicit-constructor): as std::atomic
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;
  ~atomic() = default;

  T load(rl::memory_order order) const {
    evac_model::linger();
    if constexpr (is_word) {
      if (order == acquire && has(sync_bug::words_are_loaded_relaxed)) order = relaxed;
      if (order == acquire && has(sync_bug::nodes_are_loaded_relaxed) && is_node(modelled().debug_value()))
        order = relaxed;
    }
    if (of_list && order == seq_cst && has(bug::list_is_not_seq_cst)) order = acquire;
    if constexpr (of_lock) {
      const std::uint32_t wanted = evac_model::wanted_word[rl::thread_index()];
      if (order == seq_cst && (has(bug::no_second_look) || has(fence_bug::no_second_look))) return wanted;
      if (order == seq_cst && has(bug::any_bias_will_do)) return (load(acquire) >> 31U) != 0 ? wanted : 0;
      if (order == seq_cst && has(bug::bias_is_relaxed)) order = relaxed;
      if (order == seq_cst && has(bug::writer_is_not_asked_for)) {
        const std::uint32_t seen = load(acquire);
        return is_bias(seen) ? seen : 0;
      }
      if (order == seq_cst && has(bug::bias_was_asked_before)) {
        const std::uint32_t seen = out(modelled().load(order, RL_INFO));
        return is_bias(seen) ? wanted : seen;
      }
    }
    return out(modelled().load(or_else(acquire, order), RL_INFO));
  }
  void store(T value, rl::memory_order order) {
    const bool announces = is_own_ && order == release && value != T{};
    if (is_own_ && order == release && (announces ? announcing_is_relaxed() : leaving_is_relaxed())) order = relaxed;
    if constexpr (is_word) {
      if (order == release && has(sync_bug::words_are_stored_relaxed)) order = relaxed;
      if (order == release && has(sync_bug::nodes_are_stored_relaxed) && is_node(value)) order = relaxed;
    }
    if (is_state_ && order == release && has(sync_bug::changing_is_relaxed)) order = relaxed;
    if constexpr (of_lock) {
      if (order == release && has(bug::bias_is_not_put_back)) value = 0;
      if (order == seq_cst && has(bug::revoked_word_names_nothing)) value = 0;
    }
    if (of_lock && order == seq_cst && has(bug::revocation_is_relaxed)) order = relaxed;
    modelled().store(in(value), or_else(release, order), RL_INFO);
    if (announces) evac_model::light_fences::announced();
  }
  T exchange(T value, rl::memory_order order) {
    if constexpr (is_slot) {
      if (has(bug::announcement_is_a_store)) {
        modelled().store(in(value), release, RL_INFO);
        return T{};
      }
    }
    if constexpr (is_word) {
      if (order == seq_cst && (has(sync_bug::entering_is_a_store) || has(sync_bug::unlocking_is_a_store))) {
        modelled().store(in(value), release, RL_INFO);
        return T{};
      }
    }
    if constexpr (is_mark) {
      if (has(bug::mark_is_not_raised)) return T{};
      if (has(bug::mark_is_relaxed)) order = relaxed;
    }
    if (of_lock && order == release && has(bug::unlock_is_relaxed)) order = relaxed;
    return out(modelled().rmw(rl::rmw_type_t<rl::rmw_type_swap>(), in(value), or_else(acq_rel, order), RL_INFO));
  }
  bool compare_exchange_strong(T& expected, T desired, rl::memory_order order, rl::memory_order failure) {
    if constexpr (of_lock) {
      if (order == seq_cst && has(bug::writer_acquires_only)) order = acquire;
      if (expected >> 30U == 3 && desired >> 30U == 2 && has(bug::bias_moves_to_own_registry)) {
        desired = evac_model::own_word[rl::thread_index()];
      }
    }
    return compare_exchange<false>(expected, desired, order, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, rl::memory_order order, rl::memory_order failure) {
    if (of_list && order == seq_cst && has(bug::list_is_not_seq_cst)) order = release;
    if constexpr (std::is_pointer_v<T>) {
      if (expected == desired && has(sync_bug::list_is_only_read)) {
        expected = load(seq_cst);
        return true;
      }
    }
    if (is_word && order == acquire && has(sync_bug::locking_is_relaxed)) order = relaxed;
    if constexpr (of_lock) {
      if (order == seq_cst && has(bug::writer_acquires_only)) order = acquire;
      if (desired == (writer | parked) && has(bug::writer_forgets_parked)) desired = writer;
    }
    return compare_exchange<true>(expected, desired, order, failure);
  }
  T fetch_add(T value, rl::memory_order order) {
    if (is_word && order == acq_rel && value == T{} && has(sync_bug::stamp_is_a_load)) return load(acquire);
    return modelled().rmw(rl::rmw_type_t<rl::rmw_type_add>(), value, or_else(acq_rel, order), RL_INFO);
  }
  T fetch_sub(T value, rl::memory_order order) {
    if (of_lock && order == release && has(bug::unlock_shared_is_relaxed)) order = relaxed;
    const T before = modelled().rmw(rl::rmw_type_t<rl::rmw_type_sub>(), value, or_else(acq_rel, order), RL_INFO);
    return has(bug::leaving_reader_wakes_nobody) ? before & ~parked : before;
  }
  T fetch_or(T value, rl::memory_order order) {
    return modelled().rmw(rl::rmw_type_t<rl::rmw_type_or>(), value, or_else(acq_rel, order), RL_INFO);
  }
  T fetch_and(T value, rl::memory_order order) {
    return modelled().rmw(rl::rmw_type_t<rl::rmw_type_and>(), value, or_else(acq_rel, order), RL_INFO);
  }

  /// As futex(2): compares with the newest value and falls asleep in one step; orders nothing. A thread that nobody
  /// wakes is a deadlock, which relacy reports.
  void wait(T old, rl::memory_order) const {
    while (modelled().rmw(rl::rmw_type_t<rl::rmw_type_or>(), T{0}, relaxed, RL_INFO) == old) {
      evac_model::sleepers.park_current(rl::ctx(), false, false, false, RL_INFO);
    }
  }
  /// By address: touches nothing of the object, which may be gone.
  void notify_all() const {
    if (rl::rand(4) == 0) evac_model::stop_for_long();
    if (has(bug::notification_touches_lock)) modelled().load(relaxed, RL_INFO);
    rl::ctx().sched();
    if (!has(bug::no_wake_up)) evac_model::sleepers.unpark_all(rl::ctx(), RL_INFO);
  }

 private:
  template <bool Weak>
  bool compare_exchange(T& expected, T desired, rl::memory_order order, rl::memory_order failure) {
    // One that fails is a load like any other. relacy's always finds the newest value.
    if (rl::rand(4) == 0) {
      const T older = out(modelled().load(failure, RL_INFO));
      if (older != expected) {
        expected = older;
        return false;
      }
    }
    order = or_else(acq_rel, order);
    stored seen = in(expected);
    const bool done = modelled().compare_exchange(rl::bool_t<Weak>(), seen, in(desired), order, failure, RL_INFO);
    expected = out(seen);
    if (is_word && done && order == acquire) is_state_ = true;
    return done;
  }

  // The order of a seq_cst operation where there is no one order of all.
  [[nodiscard]] static rl::memory_order or_else(rl::memory_order weaker, rl::memory_order order) {
    return order == seq_cst && !evac_model::one_order ? weaker : order;
  }

  [[nodiscard]] static bool leaving_is_relaxed() {
    return has(bug::leave_is_relaxed) || has(sync_bug::leaving_is_relaxed) || has(fence_bug::leaving_is_relaxed);
  }
  [[nodiscard]] static bool announcing_is_relaxed() { return has(fence_bug::announcing_is_relaxed); }

  [[nodiscard]] implementation& modelled() const {
    if constexpr (is_word) {
      return *value_;
    } else {
      return value_;
    }
  }
  [[nodiscard]] static auto make() {
    if constexpr (is_word) {
      return evac_model::words::make();
    } else {
      return implementation();
    }
  }
  mutable std::conditional_t<is_word, implementation*, implementation> value_ = make();
  // The state of a bucket, which is what a lock of a bucket is taken in. For the planted bugs.
  bool is_state_ = false;
  // A word of a record, where a thread announces itself.
  bool is_own_ = false;
  friend own_atomic<T>;
};

/// A choice that is made once in a process, maybe before there is a model: not modelled.
template <class T>
  requires std::is_enum_v<T>
class atomic<T> {
 public:
  constexpr atomic(T initial) noexcept : value_(initial) {}  // NOLINT(google-explicit-constructor): as std::atomic
  T load(rl::memory_order) const { return value_; }
  bool compare_exchange_strong(T& expected, T desired, rl::memory_order, rl::memory_order) {
    if (value_ != expected) {
      expected = value_;
      return false;
    }
    value_ = desired;
    return true;
  }

 private:
  T value_;
};

template <class T>
struct own_atomic : atomic<T> {
  own_atomic() : own_atomic(T{}) {}
  own_atomic(T initial) : atomic<T>(initial) { this->is_own_ = true; }  // NOLINT(google-explicit-constructor)
};

inline void sleep_while(const atomic<std::uint32_t>& word, std::uint32_t value) { word.wait(value, relaxed); }
inline void wake_all(atomic<std::uint32_t>& word) { word.notify_all(); }

}  // namespace evac::inline EVAC_ABI::detail

#endif
