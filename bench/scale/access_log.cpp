// The functions that the compiler calls, and the log behind them. This file itself is compiled without
// -fsanitize=thread.
#include "scale/access_log.hpp"

#include <pthread.h>

#include "scale/coherence.hpp"

namespace bench {
namespace {

struct stack_bounds {
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
  stack_bounds() {
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
    void* lowest = nullptr;
    std::size_t size = 0;
    ::pthread_attr_getstack(&attributes, &lowest, &size);
    ::pthread_attr_destroy(&attributes);
    low = reinterpret_cast<std::uintptr_t>(lowest);
    high = low + size;
  }
};

constinit thread_local access_log* current = nullptr;
thread_local const stack_bounds own_stack;
constinit thread_local std::uintptr_t stack_low = 0;
constinit thread_local std::uintptr_t stack_high = 0;

void note(const volatile void* where, std::size_t size, access_kind kind) {
  access_log* const log = current;
  if (log == nullptr || size == 0) return;
  const auto address = reinterpret_cast<std::uintptr_t>(where);
  if (address >= stack_low && address < stack_high) return;
  for (std::uintptr_t line = address >> line_bits; line <= (address + size - 1) >> line_bits; ++line) {
    log->accesses.emplace_back(line, kind);
  }
}

template <class T>
[[nodiscard]] volatile T* changed(volatile T* where) {
  note(where, sizeof(T), access_kind::read_modify_write);
  return where;
}

}  // namespace

logged_operation::logged_operation(access_log& log) noexcept : log_(log) {
  stack_low = own_stack.low;
  stack_high = own_stack.high;
  current = &log_;
}
logged_operation::~logged_operation() {
  current = nullptr;
  log_.ends.push_back(log_.accesses.size());
}

}  // namespace bench

// The interface of the compiler to the sanitizer: gcc/sanitizer.def,
// compiler-rt/include/sanitizer/tsan_interface_atomic.h.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
using bench::access_kind;
using bench::changed;
using bench::note;

extern "C" {
void __tsan_init() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_atomic_signal_fence(int) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_read_range(void* where, std::size_t size) { note(where, size, access_kind::read); }
void __tsan_write_range(void* where, std::size_t size) { note(where, size, access_kind::write); }

#define EVAC_BENCH_PLAIN(size)                                                            \
  void __tsan_read##size(void* where) { note(where, size, access_kind::read); }           \
  void __tsan_write##size(void* where) { note(where, size, access_kind::write); }         \
  void __tsan_unaligned_read##size(void* where) { note(where, size, access_kind::read); } \
  void __tsan_unaligned_write##size(void* where) { note(where, size, access_kind::write); }
EVAC_BENCH_PLAIN(1)
EVAC_BENCH_PLAIN(2)
EVAC_BENCH_PLAIN(4)
EVAC_BENCH_PLAIN(8)
EVAC_BENCH_PLAIN(16)

// Whatever order is asked for: the strongest is right for all.
#define EVAC_BENCH_FETCH(bits, type, operation)                                         \
  type __tsan_atomic##bits##_fetch_##operation(volatile type* where, type value, int) { \
    return __atomic_fetch_##operation(changed(where), value, __ATOMIC_SEQ_CST);         \
  }
#define EVAC_BENCH_EXCHANGE(bits, type, strength, is_weak)                                                        \
  bool __tsan_atomic##bits##_compare_exchange_##strength(volatile type* where, type* expected, type desired, int, \
                                                         int) {                                                   \
    return __atomic_compare_exchange_n(changed(where), expected, desired, is_weak, __ATOMIC_SEQ_CST,              \
                                       __ATOMIC_SEQ_CST);                                                         \
  }
#define EVAC_BENCH_ATOMIC(bits, type)                                          \
  type __tsan_atomic##bits##_load(const volatile type* where, int) {           \
    note(where, sizeof(type), access_kind::atomic_load);                       \
    return __atomic_load_n(where, __ATOMIC_SEQ_CST);                           \
  }                                                                            \
  void __tsan_atomic##bits##_store(volatile type* where, type value, int) {    \
    note(where, sizeof(type), access_kind::atomic_store);                      \
    __atomic_store_n(where, value, __ATOMIC_SEQ_CST);                          \
  }                                                                            \
  type __tsan_atomic##bits##_exchange(volatile type* where, type value, int) { \
    return __atomic_exchange_n(changed(where), value, __ATOMIC_SEQ_CST);       \
  }                                                                            \
  EVAC_BENCH_FETCH(bits, type, add)                                            \
  EVAC_BENCH_FETCH(bits, type, sub)                                            \
  EVAC_BENCH_FETCH(bits, type, and)                                            \
  EVAC_BENCH_FETCH(bits, type, or)                                             \
  EVAC_BENCH_FETCH(bits, type, xor)                                            \
  EVAC_BENCH_EXCHANGE(bits, type, strong, false)                               \
  EVAC_BENCH_EXCHANGE(bits, type, weak, true)
EVAC_BENCH_ATOMIC(8, std::uint8_t)
EVAC_BENCH_ATOMIC(16, std::uint16_t)
EVAC_BENCH_ATOMIC(32, std::uint32_t)
EVAC_BENCH_ATOMIC(64, std::uint64_t)
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
